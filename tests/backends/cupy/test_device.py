"""What a device promises, on each that there is: played by the processor, the same with strict arrays, and a GPU."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from made_np.backends._cupy import cuda
from made_np.backends._cupy.products import Matrix, gemm

from .emulation import Emulated, missing

SOURCE = r"""
extern "C" __global__ void keep_arguments(const real* x, const real* none, double d, int i, int yes, double* out) {
    if (threadIdx.x > 0) return;
    out[0] = x[0];
    out[1] = none == nullptr;
    out[2] = d;
    out[3] = i;
    out[4] = yes;
}

extern "C" __global__ void add_one(real* x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] += 1;
}

extern "C" __global__ void reverse(const int* x, int* y) {
    SHARED(int, memory);
    memory[threadIdx.x * 64] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = memory[(blockDim.x - 1 - threadIdx.x) * 64];
}

extern "C" __global__ void number_grid(int* out) {
    out[blockIdx.y * gridDim.x + blockIdx.x] = blockIdx.x + 10 * blockIdx.y;
}
"""


@pytest.fixture(scope="module", params=["emulated", "strict", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request: Any) -> Any:
    if request.param == "gpu":
        try:
            return cuda.Cuda(cuda.get_device().cupy, extra=SOURCE)
        except (ImportError, RuntimeError) as error:
            pytest.skip(str(error))
    why = missing()
    if why is not None:
        pytest.skip(why)
    if request.param == "strict":
        pytest.importorskip("array_api_strict")
    return Emulated(extra=SOURCE, strict=request.param == "strict")


def test_what_is_put_comes_back(device: Any) -> None:
    rng = np.random.default_rng(0)
    for array in (rng.normal(size=(3, 4)), rng.normal(size=(4, 6))[::2, 1::2], np.zeros((0, 3)), np.arange(5)):
        for dtype in (np.float32, np.float64, np.int32, np.int64, np.uint8):
            given = array.astype(dtype)
            expected = given.copy()
            held = device.put(given)
            given[...] = 7
            assert device.owns(held)
            assert not device.owns(given)
            found = device.get(held)
            assert type(found) is np.ndarray
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, expected)
    assert device.owns(device.empty((2, 3), np.float32))
    np.testing.assert_array_equal(device.get(device.zeros((2, 3), np.float64)), np.zeros((2, 3)))
    np.testing.assert_array_equal(device.get(device.zeros(4, np.int32)), np.zeros(4))


def test_writing(device: Any) -> None:
    target = device.zeros((4, 3), np.float32)
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    device.write(rows, target[1:3, :])
    rows[...] = 0
    device.write(np.zeros((0, 3), np.float32), target[:0, :])
    expected = np.zeros((4, 3), np.float32)
    expected[1:3] = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(device.get(target), expected)

    pinned = device.pinned((4, 3), np.float32)
    assert (type(pinned), pinned.dtype, pinned.shape) == (np.ndarray, np.float32, (4, 3))
    pinned[...] = expected + 1
    device.write(pinned, target)
    device.wait()
    pinned[...] = 0
    np.testing.assert_array_equal(device.get(target), expected + 1)
    assert device.pinned(0, np.float64).shape == (0,)
    for wrong in (np.zeros((4, 3)), np.zeros((3, 4), np.float32)):
        with pytest.raises(ValueError, match=r"4, 3"):
            device.write(wrong, target)


def test_copying_and_reshaping(device: Any) -> None:
    x = np.arange(12, dtype=np.float64).reshape(4, 3)
    source = device.put(x)
    target = device.zeros((2, 3), np.float64)
    device.copy(source[1:3, :], target)
    np.testing.assert_array_equal(device.get(target), x[1:3])
    device.copy(source[:2, :], target)
    np.testing.assert_array_equal(device.get(target), x[:2])
    device.copy(source[:0, :], target[:0, :])
    flat = device.reshape(source, (12,))
    assert device.address(flat) == device.address(source)
    assert device.address(flat[3:]) == device.address(source) + 24
    device.copy(device.put(np.ones(3)), flat[3:6])
    np.testing.assert_array_equal(device.get(source)[1], np.ones(3))
    with pytest.raises(ValueError, match="copied"):
        device.copy(source, target)


def test_memory_is_counted(device: Any) -> None:
    assert device.n_multiprocessors > 0
    assert device.shared_limit >= 48 << 10
    assert device.free_bytes() > 0


def views(device: Any, x: np.ndarray) -> list[Any]:
    """The same matrix in several places: by rows, by columns, within a larger one of either kind."""
    rows, columns = x.shape
    wide = np.full((rows + 3, columns + 5), 99, dtype=x.dtype)
    wide[2 : 2 + rows, 1 : 1 + columns] = x
    high = np.full((columns + 5, rows + 3), 99, dtype=x.dtype)
    high[1 : 1 + columns, 2 : 2 + rows] = x.T
    return [
        device.put(x),
        device.put(np.ascontiguousarray(x.T)).T,
        device.put(wide)[2 : 2 + rows, 1 : 1 + columns],
        device.put(high)[1 : 1 + columns, 2 : 2 + rows].T,
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [(5, 7, 6), (1, 7, 6), (5, 1, 6), (5, 7, 1), (1, 1, 1), (1, 3, 1), (0, 3, 2), (3, 0, 2)]
)
def test_products_of_matrices_wherever_they_lie(device: Any, dtype: str, sizes: tuple[int, int, int]) -> None:
    m, k, n = sizes
    rng = np.random.default_rng(1)
    a = rng.normal(size=(m, k)).astype(dtype)
    b = rng.normal(size=(k, n)).astype(dtype)
    start = rng.normal(size=(m, n)).astype(dtype)
    tolerance = 20 * float(np.finfo(dtype).eps)
    for one in views(device, a):
        for other in views(device, b):
            for add in (False, True):
                for out in views(device, start):
                    device.product(one, other, out, add=add)
                    np.testing.assert_allclose(device.get(out), a @ b + add * start, rtol=tolerance, atol=tolerance)


def test_a_product_writes_to_its_matrix_alone(device: Any) -> None:
    whole = device.put(np.full((6, 9), 4.0))
    device.product(device.zeros((3, 2), np.float64), device.zeros((2, 4), np.float64), whole[2:5, 3:7])
    expected = np.full((6, 9), 4.0)
    expected[2:5, 3:7] = 0
    np.testing.assert_array_equal(device.get(whole), expected)


def test_a_product_without_add_does_not_read_what_it_writes_to(device: Any) -> None:
    out = device.put(np.full((2, 2), np.nan))
    device.product(device.put(np.eye(2)), device.put(np.ones((2, 2))), out)
    np.testing.assert_array_equal(device.get(out), np.ones((2, 2)))


def test_float32_is_multiplied_as_such(device: Any) -> None:
    """With fewer digits, as TF32 has them, these numbers would be rounded."""
    a = np.full((64, 64), 1 + 2.0**-20, dtype=np.float32)
    out = device.empty((64, 64), np.float32)
    device.product(device.put(a), device.put(np.eye(64, dtype=np.float32)), out)
    np.testing.assert_array_equal(device.get(out), a)


@pytest.mark.parametrize("recorded", [False, True])
def test_work_aside(device: Any, recorded: bool) -> None:
    """Products side by side, of which another needs two: it waits for them where it is done aside itself."""
    rng = np.random.default_rng(2)
    sizes = [(3, 4, 5), (1, 70, 9), (40, 2, 3), (6, 6, 6), (64, 64, 64), (2, 3, 3), (5, 5, 5)]
    factors = [(rng.normal(size=(m, k)), rng.normal(size=(k, n))) for m, k, n in sizes]
    given = [(device.put(a), device.put(b), device.empty((len(a), b.shape[1]), np.float64)) for a, b in factors]
    last = device.empty((64, 64), np.float64)

    def work() -> None:
        pieces = [device.aside(partial(device.product, *each)) for each in given]

        def square() -> None:
            device.join([pieces[4]])
            device.product(given[4][2], given[4][2], last)

        device.join([*pieces, device.aside(square)])

    work()
    if recorded:
        again = device.record(work)
        for _, _, out in given:
            device.write(np.zeros(out.shape), out)
        again()
    for (a, b), (_, _, out) in zip(factors, given, strict=True):
        np.testing.assert_allclose(device.get(out), a @ b, rtol=1e-12, atol=1e-12)
    product = factors[4][0] @ factors[4][1]
    np.testing.assert_allclose(device.get(last), product @ product, rtol=1e-9, atol=1e-9)


def test_products_that_do_not_fit(device: Any) -> None:
    x = device.zeros((3, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(3, 2\) by \(3, 3\) is not \(3, 3\)"):
        device.product(x[:, :2], x, device.zeros((3, 3), np.float32))
    with pytest.raises(TypeError, match="float64"):
        device.product(x, x, device.zeros((3, 3), np.float64))


def test_no_unit_stride_is_refused() -> None:
    row_by_row = Matrix((3, 3), (3, 1))
    for matrices in ([Matrix((3, 3), (6, 2))] + [row_by_row] * 2, [row_by_row] * 2 + [Matrix((3, 3), (6, 2))]):
        with pytest.raises(ValueError, match="no unit stride"):
            gemm(*matrices)
    with pytest.raises(ValueError, match="no unit stride"):
        gemm(row_by_row, Matrix((3, 3), (0, 1)), row_by_row)  # one row for all of them


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arguments_of_a_launch(device: Any, dtype: str) -> None:
    x = device.put(np.arange(4, dtype=dtype))
    out = device.zeros(5, np.float64)
    device.launch("keep_arguments", dtype, 1, 32, x[2:], None, 0.1, -(2**31), True, out)
    np.testing.assert_array_equal(device.get(out), [2, 1, 0.1, -(2**31), 1])


def test_launches_come_in_their_order(device: Any) -> None:
    x = device.zeros(1000, np.float32)
    for _ in range(5):
        device.launch("add_one", np.float32, 4, 256, x, 1000)
        device.launch("add_one", np.float32, 0, 256, x, 1000)
        device.launch("add_one", np.float32, (4, 0), 256, x, 1000)
    assert (device.get(x) == 5).all()


def test_a_grid_of_two_dimensions(device: Any) -> None:
    out = device.zeros(6, np.int32)
    device.launch("number_grid", np.float64, (3, 2), 1, out)
    np.testing.assert_array_equal(device.get(out), [0, 1, 2, 10, 11, 12])


def test_much_shared_memory(device: Any) -> None:
    n = device.shared_limit // 256
    x = np.arange(n, dtype=np.int32)
    for threads in (8, n, 8):
        out = device.zeros(n, np.int32)
        device.launch("reverse", np.float32, 1, threads, device.put(x), out, shared=threads * 256)
        np.testing.assert_array_equal(device.get(out)[:threads], x[:threads][::-1])


def test_recorded_work_is_done_again(device: Any) -> None:
    x = device.zeros(4, np.float32)
    a = device.put(np.full((2, 2), 2, np.float32))
    b = device.put(np.ones((2, 2), np.float32))
    out = device.zeros((2, 2), np.float32)

    def work() -> None:
        device.launch("add_one", np.float32, 1, 32, x, 4)
        device.product(a, b, out, add=True)
        device.copy(device.reshape(out, (4,)), x)
        device.launch("add_one", np.float32, 1, 32, x, 4)

    work()
    again = device.record(work)
    assert (device.get(x) == 5).all(), "recording does nothing"
    for step in range(2, 5):
        again()
        assert (device.get(out) == 4 * step).all()
        assert (device.get(x) == 4 * step + 1).all()
