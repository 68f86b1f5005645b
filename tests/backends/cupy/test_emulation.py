"""The processor that plays a GPU: it runs kernels as a GPU does, and sees what a GPU would let pass."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from .emulation import Emulated, KernelError, missing

if missing():
    pytest.skip(missing() or "", allow_module_level=True)

SOURCE = r"""
extern "C" __global__ void number_threads(int* out) {
    int block = blockIdx.y * gridDim.x + blockIdx.x;
    out[block * blockDim.x + threadIdx.x] = 1000 * block + threadIdx.x;
}

// Each thread takes from its neighbour, again and again: every barrier counts.
extern "C" __global__ void rotate(const int* x, int* y, int times) {
    SHARED(int, memory);
    memory[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    for (int i = 0; i < times; i++) {
        __syncthreads();
        int next = memory[(threadIdx.x + 1) % blockDim.x];
        __syncthreads();
        memory[threadIdx.x] = next;
    }
    y[blockIdx.x * blockDim.x + threadIdx.x] = memory[threadIdx.x];
}

// Lanes of a warp meet at barriers of their own, in halves.
extern "C" __global__ void halves(int* y) {
    SHARED(int, memory);
    unsigned half = threadIdx.x % 32 < 16 ? 0xffffu : 0xffff0000u;
    memory[threadIdx.x] = threadIdx.x;
    if (threadIdx.x % 32 < 16) {
        __syncwarp(half);
        y[threadIdx.x] = memory[threadIdx.x ^ 1];
        y[threadIdx.x] += 100 * __shfl_xor_sync(half, (int)threadIdx.x, 1);
    } else {
        y[threadIdx.x] = 7;
    }
}

extern "C" __global__ void shuffles(double* y, int width) {
    int lane = threadIdx.x;
    double x = lane;
    y[lane] = __shfl_sync(ALL_LANES, x, 5, width);
    y[32 + lane] = __shfl_xor_sync(ALL_LANES, x, 3, width);
    y[64 + lane] = __shfl_down_sync(ALL_LANES, x, 3, width);
    y[96 + lane] = __shfl_up_sync(ALL_LANES, x, 3, width);
}

extern "C" __global__ void votes(int* y) {
    int lane = threadIdx.x;
    y[lane] = (int)__ballot_sync(ALL_LANES, lane % 3 == 0);
    y[32 + lane] = __any_sync(ALL_LANES, lane == 9);
    y[64 + lane] = __all_sync(ALL_LANES, lane != 9);
    y[96 + lane] = __all_sync(ALL_LANES, lane < 32);
}

extern "C" __global__ void sum_block(const real* x, real* y, int n) {
    SHARED(real, memory);
    real sum = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[i];
    sum = block_sum(sum, memory);
    y[threadIdx.x] = sum;
}

extern "C" __global__ void ends_early(int n) {
    if (threadIdx.x == n) return;
    __syncthreads();
}

extern "C" __global__ void parts(int n) {
    if (threadIdx.x < n)
        __syncthreads();
    else
        __syncthreads();
}

extern "C" __global__ void half_a_warp(real* y, int n) {
    if (threadIdx.x < n) y[threadIdx.x] = warp_sum((real)1);
}

extern "C" __global__ void foreign_mask(real* y) { y[threadIdx.x] = __shfl_sync(1u, (real)1, 0); }

extern "C" __global__ void strange_lane(real* y) { y[threadIdx.x] = __shfl_sync(0xffu, (real)1, 20); }

extern "C" __global__ void write_at(real* y, int at) { y[at] = 1; }

extern "C" __global__ void write_shared(int at) {
    SHARED(real, memory);
    memory[at] = 1;
}

extern "C" __global__ void read_shared(real* y) {
    SHARED(real, memory);
    y[threadIdx.x] = memory[threadIdx.x];
    __syncthreads();
    memory[threadIdx.x] = 5;
}

extern "C" __global__ void divide(int* y, int by) { y[0] = 7 / by; }

extern "C" __global__ void forget_barrier(real* y) {
    SHARED(real, memory);
    memory[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = memory[(threadIdx.x + 1) % blockDim.x];
}

extern "C" __global__ void take(
    const real* a, const int* b, const double* c, const unsigned char* d, double e, int f) {}
"""
READ_BEHIND = r"""
extern "C" __global__ void read_at(const real* x, real* y, int at) { y[0] = x[at]; }
"""


@pytest.fixture(scope="module", params=["forwards", "backwards", "portable"])
def device(request: Any) -> Emulated:
    return Emulated(
        extra=SOURCE + READ_BEHIND, backwards=request.param == "backwards", portable=request.param == "portable"
    )


def test_every_thread_of_every_block_runs_once(device: Emulated) -> None:
    out = device.zeros(3 * 2 * 40, np.int32)
    device.launch("number_threads", np.float32, (3, 2), 40, out)
    blocks = np.arange(6)[:, None]
    np.testing.assert_array_equal(device.get(out).reshape(6, 40), 1000 * blocks + np.arange(40))


@pytest.mark.parametrize("n_threads", [1, 31, 32, 100, 1024])
def test_barriers_of_a_block(device: Emulated, n_threads: int) -> None:
    x = np.arange(2 * n_threads, dtype=np.int32).reshape(2, n_threads)
    out = device.empty(x.size, np.int32)
    device.launch("rotate", np.float32, 2, n_threads, device.put(x.ravel()), out, 5, shared=4 * n_threads)
    np.testing.assert_array_equal(device.get(out).reshape(x.shape), np.roll(x, -5, axis=1))


def test_halves_of_a_warp_meet_alone(device: Emulated) -> None:
    out = device.zeros(64, np.int32)
    device.launch("halves", np.float32, 1, 64, out, shared=256)
    thread = np.arange(64)
    np.testing.assert_array_equal(device.get(out), np.where(thread % 32 < 16, 101 * (thread ^ 1), 7))


@pytest.mark.parametrize("width", [32, 8])
def test_shuffles(device: Emulated, width: int) -> None:
    out = device.zeros(128, np.float64)
    device.launch("shuffles", np.float32, 1, 32, out, width)
    lane = np.arange(32)
    within = lane % width
    expected = [lane - within + 5, lane ^ 3, np.where(within + 3 < width, lane + 3, lane), lane - 3 * (within >= 3)]
    np.testing.assert_array_equal(device.get(out).reshape(4, 32), expected)


def test_votes(device: Emulated) -> None:
    out = device.zeros(128, np.int32)
    device.launch("votes", np.float32, 1, 32, out)
    found = device.get(out).reshape(4, 32)
    third = sum(1 << lane for lane in range(0, 32, 3))
    assert (found[0].view(np.uint32) == third).all()
    assert (found[1:] == np.array([[1], [0], [1]])).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_of_a_block_are_the_same_bits_for_each_thread(device: Emulated, dtype: str) -> None:
    x = np.random.default_rng(0).uniform(size=1000).astype(dtype)
    out = device.empty(96, dtype)
    device.launch("sum_block", dtype, 1, 96, device.put(x), out, 1000, shared=3 * x.itemsize)
    found = device.get(out)
    assert (found == found[0]).all()
    assert found[0] == pytest.approx(x.sum(dtype=np.float64), rel=100 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        (("ends_early", 1, 64, 40), "ends_early.*thread 40 has ended.*waits for it at extra:"),
        (("parts", 1, 64, 40), "parts.* waits at extra:.*but thread .* at extra:"),
        (("half_a_warp", 1, 32, "array", 20), "half_a_warp.*thread .* waits for thread .* has ended"),
        (("foreign_mask", 1, 32, "array"), "foreign_mask.*not in its own mask 00000001"),
        (("strange_lane", 1, 8, "array"), "strange_lane.*lane 20, which takes no part"),
        (("write_at", 1, 1, "array", 100), "write_at.*thread 0 touches byte 400 of the 400 bytes of argument 0"),
        (("write_at", 1, 1, "five", 5), "write_at.*writes to byte 20 of the 20 bytes of argument 0"),
        (("write_at", 1, 1, "array", -1), "write_at.*writes 1 bytes before the array of argument 0"),
        (("write_at", 1, 1, "array", 1 << 30), "write_at.*thread 0 touches memory that is not there"),
        (("write_at", 1, 1, None, 0), "write_at.*thread 0 touches memory that is not there"),
        (("write_shared", 1, 1, 10), "write_shared.*writes to byte 40 of 40 bytes of shared memory"),
        (("write_shared", 1, 1, 12), "write_shared.*thread 0 touches byte 48 of 40 bytes of shared memory"),
        (("write_shared", 1, 1, -1), "write_shared.*writes 1 bytes before the shared memory"),
        (("divide", 1, 1, "integers", 0), "divide.*divides an integer by 0"),
        (("no_such_kernel", 1, 1), "there is no kernel 'no_such_kernel'"),
        (("divide", 1, 2048, "integers", 1), "a block of 2048 threads"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{value[0]}-{value[-1]}",
)
def test_what_a_gpu_leaves_undefined_is_an_error(device: Emulated, launch: tuple[Any, ...], words: str) -> None:
    name, grid, block, *args = launch
    sizes = {"array": (100, np.float32), "five": (5, np.float32), "integers": (1, np.int32)}
    arrays = {each: device.zeros(*size) for each, size in sizes.items()}
    given = [arrays[each] if isinstance(each, str) else each for each in args]
    with pytest.raises(KernelError, match=words):
        device.launch(name, np.float32, grid, block, *given, shared=40)
    # and the next launch is none the worse for it
    out = device.empty(64, np.int32)
    device.launch("rotate", np.float32, 1, 64, device.put(np.arange(64, dtype=np.int32)), out, 1, shared=256)
    np.testing.assert_array_equal(device.get(out), np.roll(np.arange(64), -1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_was_never_written_is_nan(device: Emulated, dtype: str) -> None:
    x = device.empty(3, dtype)
    y = device.empty(1, dtype)
    for at in (-1, 0, 3):
        device.launch("read_at", dtype, 1, 1, x, y, at)
        assert np.isnan(device.get(y)).all()
    with pytest.raises(KernelError, match=r"read_at.*thread 0 touches byte .* of argument 0"):
        device.launch("read_at", dtype, 1, 1, x, y, 4)
    z = device.zeros(8, dtype)
    device.launch("read_shared", dtype, 2, 8, z, shared=8 * 8)
    assert np.isnan(device.get(z)).all(), "shared memory of the block before"
    assert (device.get(device.empty(3, np.int32)) < -(2**30)).all()


def test_a_missing_barrier_shows(device: Emulated) -> None:
    y = device.empty(32, np.float32)
    device.launch("forget_barrier", np.float32, 1, 32, y, shared=128)
    assert np.isnan(device.get(y)).any()


def test_arguments_are_held_against_the_signature(device: Emulated) -> None:
    types = [np.float64, np.int32, np.float64, np.bool_]
    right: list[Any] = [*(device.zeros(2, dtype) for dtype in types), 0.5, 3]
    device.launch("take", np.float64, 1, 1, *right)
    device.launch("take", np.float64, 1, 1, None, None, None, None, 0.5, True)
    wrong = [device.zeros(2, np.float32), device.zeros(2, np.int64), np.zeros(2), right[0], 1, 2.0]
    for k, value in enumerate(wrong):
        with pytest.raises(KernelError, match=f"take, argument {k} is"):
            device.launch("take", np.float64, 1, 1, *right[:k], value, *right[k + 1 :])
    with pytest.raises(KernelError, match="takes 6 arguments, not 5"):
        device.launch("take", np.float64, 1, 1, *right[:5])
    with pytest.raises(KernelError, match="not 2147483648 of int"):
        device.launch("take", np.float64, 1, 1, *right[:5], 2**31)
    with pytest.raises(KernelError, match="200000 bytes of shared memory, of 101376"):
        device.launch("take", np.float64, 1, 1, *right, shared=200_000)


def test_memory_goes_with_its_arrays() -> None:
    device = Emulated()
    view = device.zeros((4, 6), np.float32)[1:3, 2:4]
    assert device.owns(view)
    assert not Emulated().owns(view)
    assert not device.owns(np.zeros(3))
    memory = weakref.ref(device._find(view))
    del view
    assert memory() is None


def test_memory_may_go_in_any_thread() -> None:
    """The collector runs where it likes: arrays that go in one thread leave those of the others as they are."""
    device = Emulated()
    done = threading.Event()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def drop() -> None:
        while not done.is_set():
            device.zeros(3, np.float64)

    dropping = [threading.Thread(target=drop) for _ in range(3)]
    for each in dropping:
        each.start()
    try:
        for k in range(3000):
            array = device.put(np.full(2, float(k)))
            assert device.owns(array)
            np.testing.assert_array_equal(device.get(array), k)
    finally:
        done.set()
        for each in dropping:
            each.join()
        sys.setswitchinterval(interval)


AVERAGE = ("if (i < n) averaged[i] +=", "if (i <= n) averaged[i] +=")
BARRIER = ("    __syncthreads();\n    T sum = 0;", "    T sum = 0;")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [299, 300])
def test_an_off_by_one_planted_in_a_kernel_is_caught(dtype: str, n: int) -> None:
    """The last thread adds to one number too many, where on a GPU another array may lie."""

    def average(device: Emulated) -> Any:
        averaged = device.zeros(n, dtype)
        device.launch("average", dtype, 2, 256, averaged, device.put(np.ones(n, dtype=dtype)), n, 0.5)
        return device.get(averaged)

    assert (average(Emulated()) == 0.5).all()
    size = n * np.dtype(dtype).itemsize
    with pytest.raises(KernelError, match=rf"average, .* byte \d+ of the {size} bytes of argument "):
        average(Emulated(plant=AVERAGE))


def test_a_barrier_taken_from_a_kernel_is_missed() -> None:
    """Sums of a block, where threads no longer wait for those of the other warps, in one order of the threads."""

    def total(device: Emulated) -> float:
        totals = device.zeros(2, np.float64)
        device.launch("add_losses", np.float64, 1, 256, totals, device.put(np.ones(200)), None, 200, shared=8 * 8)
        return float(device.get(totals)[0])

    assert [total(Emulated(backwards=backwards)) for backwards in (False, True)] == [200, 200]
    assert np.isnan(total(Emulated(plant=BARRIER)))
