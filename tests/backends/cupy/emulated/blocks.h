// The blocks of a launch, one after the other, with their shared memory, and what lies around arrays.

#include <setjmp.h>
#include <signal.h>

namespace emulated {

// Behind an array, and behind the shared memory, no memory can be touched, from the next multiple of 16 bytes on. What is
// left before that, and as many bytes before the array, keep a filling that tells whether anything was written there.
const size_t GUARD = 1024;
const size_t MOST_SHARED = 232448;  // 227 KB
static unsigned char* shared_memory;
static size_t n_shared;

struct Buffer {
    const unsigned char* begin;
    const unsigned char* end;
    uint64_t filling;  // 8 bytes, again and again
    uint64_t argument;
};

static long left_behind(long size) { return -size & 15; }

// How far from an array the filling around it was written to, in bytes: below 0 before it. 0 if it was not.
static long damage(const Buffer& buffer) {
    static unsigned char expected[GUARD + 32];
    if (memcmp(expected, &buffer.filling, 8))
        for (size_t k = 0; k < sizeof expected; k++) expected[k] = (unsigned char)(buffer.filling >> k % 8 * 8);
    long size = buffer.end - buffer.begin;
    if (memcmp(buffer.begin - GUARD, expected, GUARD))
        for (long k = 1;; k++)
            if (buffer.begin[-k] != expected[GUARD - k]) return -k;
    for (long k = 0; k < left_behind(size); k++)
        if (buffer.end[k] != expected[size % 8 + k]) return k + 1;
    return 0;
}

// Let the shared memory of a block end where no memory is.
static void place_shared_memory(size_t size) {
    static unsigned char* behind;
    if (!behind) {
        size_t all = (GUARD + MOST_SHARED + PAGE - 1) / PAGE * PAGE;
        unsigned char* memory = (unsigned char*)mmap(nullptr, all + PAGE, PROT_READ | PROT_WRITE,
                                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        behind = memory + all;
        mprotect(behind, PAGE, PROT_NONE);
    }
    n_shared = size;
    shared_memory = behind - size - left_behind(size);
    memset(shared_memory - GUARD, 0xff, behind - shared_memory + GUARD);
}

static void check_shared_memory() {
    long where = damage({shared_memory, shared_memory + n_shared, ~0ull, 0});
    if (where < 0) fail("writes %ld bytes before the shared memory", -where);
    if (where > 0) fail("writes to byte %ld of %zu bytes of shared memory", (long)n_shared + where - 1, n_shared);
}

// Return whether all threads have ended, or fail where they do not wait at the same barrier.
static bool have_ended() {
    int waiting = -1;
    int ended = -1;
    for (int i = 0; i < n_threads; i++) {
        const Thread& own = threads[i];
        if (own.state == ENDED) {
            ended = i;
        } else if (waiting < 0) {
            waiting = i;
        } else if (!same(own.site, threads[waiting].site)) {
            fail("thread %d waits at %s, but thread %d at %s", waiting, threads[waiting].site, i, own.site);
        }
    }
    if (waiting >= 0 && ended >= 0)
        fail("thread %d has ended, but thread %d waits for it at %s", ended, waiting, threads[waiting].site);
    return waiting < 0;
}

static void run_block() {
    int n_warps = (n_threads + WARP - 1) / WARP;
    for (int i = 0; i < n_threads; i++) threads[i].state = NEW;
    memset(shared_memory, 0xff, n_shared);
    for (;;) {
        for (int k = 0; k < n_warps && !failed; k++) run_warp((step > 0 ? k : n_warps - 1 - k) * WARP);
        if (failed || have_ended() || failed) break;
        for (int i = 0; i < n_threads; i++) threads[i].state = READY;
    }
    if (!failed) check_shared_memory();
}

static sigjmp_buf way_out;
static const unsigned char* touched;  // the address that was no thread's to touch

static void caught(int signal, siginfo_t* info, void*) {
    touched = (const unsigned char*)info->si_addr;
    siglongjmp(way_out, signal);
}

static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static void explain_signal(int signal, const Buffer* buffers, int n_buffers) {
    if (signal != SIGSEGV && signal != SIGBUS) {
        fail("thread %d divides an integer by 0, or something as bad", thread);
        return;
    }
    if (touched >= shared_memory && touched < shared_memory + n_shared + PAGE)
        fail("thread %d touches byte %ld of %zu bytes of shared memory", thread, touched - shared_memory, n_shared);
    for (int i = 0; i < n_buffers; i++) {
        const Buffer& own = buffers[i];
        if (touched >= own.end && touched < own.end + PAGE)
            fail("thread %d touches byte %ld of the %ld bytes of argument %d", thread, touched - own.begin,
                 own.end - own.begin, (int)own.argument);
    }
    fail("thread %d touches memory that is not there", thread);
}

// Run all blocks; what the processor refuses to do is a failure of the kernel.
static void run_blocks(unsigned x, unsigned y, const Buffer* buffers, int n_buffers) {
    static char memory[64 << 10];
    stack_t own = {}, before_stack;
    own.ss_sp = memory;
    own.ss_size = sizeof memory;
    sigaltstack(&own, &before_stack);
    struct sigaction action = {}, before[4];
    action.sa_sigaction = caught;
    action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
    for (int i = 0; i < 4; i++) sigaction(SIGNALS[i], &action, &before[i]);
    int signal = sigsetjmp(way_out, 0);
    if (!signal) {
        uint64_t n = (uint64_t)x * y;
        for (uint64_t k = 0; k < n && !failed; k++) {
            uint64_t index = step > 0 ? k : n - 1 - k;
            blockIdx.x = index % x;
            blockIdx.y = index / x;
            run_block();
        }
    } else {
        explain_signal(signal, buffers, n_buffers);
    }
    for (int i = 0; i < 4; i++) sigaction(SIGNALS[i], &before[i], nullptr);
    sigaltstack(&before_stack, nullptr);
}

}  // namespace emulated
