// The threads of a block and its warps: each has a fiber from when it first waits, until it ends.

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

namespace emulated {

enum State { NEW, READY, AT_BARRIER, IN_WARP, ENDED };
enum Exchange { SYNC, VALUE, BALLOT };

struct Thread {
    State state;
    Fiber* fiber;
    const char* site;  // where it waits: file and line
    unsigned mask;     // with which lanes
    Exchange exchange;
    int source;  // the lane whose value it wants
    uint64_t value;
    uint64_t result;
};

static Thread threads[MOST_THREADS];
static Fiber fibers[MOST_THREADS];
static Fiber* unused[MOST_THREADS];  // fibers without a thread
static int n_unused;
static int n_fibers;
static Fiber scheduler;
static Fiber* running;
static int thread;  // which of the block runs
static int n_threads;
static int next_new;  // threads from here on, up to `n_new` of them, have not begun
static int n_new;
static int step;  // 1, or -1: threads, warps and blocks run from the last to the first

static void (*kernel)(const uint64_t*);
static const uint64_t* arguments;
static const char* name;

static char message[1000];
static bool failed;

static void fail(const char* format, ...) {
    if (failed) return;
    failed = true;
    int n = snprintf(message, sizeof message, "%s, block (%u, %u): ", name, blockIdx.x, blockIdx.y);
    va_list list;
    va_start(list, format);
    vsnprintf(message + n, sizeof message - n, format, list);
    va_end(list);
}

static void choose(int index) {
    thread = index;
    threadIdx.x = index;
}

// What a fiber runs: threads of the warp from their beginning, one after the other.
static void body() {
    for (;;) {
        while (n_new > 0) {
            choose(next_new);
            next_new += step;
            n_new--;
            kernel(arguments);
            threads[thread].state = ENDED;
        }
        running->idle = true;
        change(*running, scheduler);
    }
}

static Fiber* take_fiber() {
    if (n_unused) return unused[--n_unused];
    Fiber& fiber = fibers[n_fibers];
    char* memory = (char*)mmap(nullptr, PAGE + STACK, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mprotect(memory, PAGE, PROT_NONE);
    fiber.stack = memory + PAGE;
    n_fibers++;
    prepare(fiber);
    return &fiber;
}

// Let a fiber run until its thread waits, or it has none.
static void run(Fiber* fiber) {
    running = fiber;
    fiber->idle = false;
    change(scheduler, *fiber);
    if (fiber->idle) unused[n_unused++] = fiber;
}

// All fibers as they were at first: after a failure, threads stay where they are for ever.
static void forget_threads() {
    n_unused = 0;
    for (int i = n_fibers - 1; i >= 0; i--) {
        prepare(fibers[i]);
        unused[n_unused++] = &fibers[i];
    }
}

static void wait(State state, const char* site) {
    Thread& own = threads[thread];
    own.state = state;
    own.site = site;
    own.fiber = running;
    change(*running, scheduler);
}

static bool same(const char* a, const char* b) { return a == b || !strcmp(a, b); }

// ------------------------------------------------------------------------------------------------ warps

// Lanes of the warp that begins at `first` which exist.
static unsigned lanes_of(int first) {
    int n = n_threads - first;
    return n >= WARP ? 0xffffffffu : (1u << n) - 1;
}

// Do what the lanes of a mask wait for, if all of them have come.
static bool exchange(int first, unsigned mask) {
    const Thread* one = nullptr;
    for (int lane = 0; lane < WARP; lane++) {
        if (!(mask >> lane & 1)) continue;
        const Thread& other = threads[first + lane];
        if (!one) one = &other;
        bool here = other.state == IN_WARP && (other.mask & lanes_of(first)) == mask && same(other.site, one->site);
        if (!here) return false;
    }
    uint64_t ballot = 0;
    for (int lane = 0; lane < WARP; lane++)
        if (mask >> lane & 1 && threads[first + lane].value) ballot |= 1ull << lane;
    for (int lane = 0; lane < WARP; lane++) {
        if (!(mask >> lane & 1)) continue;
        Thread& own = threads[first + lane];
        own.state = READY;
        if (own.exchange == BALLOT) own.result = ballot;
        if (own.exchange != VALUE) continue;
        if (!(mask >> own.source & 1))
            fail("thread %d wants the value of lane %d, which takes no part (%s)", first + lane, own.source, own.site);
        own.result = threads[first + own.source].value;
    }
    return true;
}

static const char* what(const Thread& other) {
    return other.state == ENDED ? "has ended" : other.state == AT_BARRIER ? "waits for the block at" : "waits at";
}

static void explain_stuck(int first) {
    for (int lane = 0; lane < WARP; lane++) {
        const Thread& own = threads[first + lane];
        if (!(lanes_of(first) >> lane & 1) || own.state != IN_WARP) continue;
        for (int k = 0; k < WARP; k++) {
            const Thread& other = threads[first + k];
            if (!(own.mask & lanes_of(first) & 1u << k)) continue;
            if (other.state == IN_WARP && other.mask == own.mask && same(other.site, own.site)) continue;
            fail("thread %d waits for thread %d at %s, which %s %s", first + lane, first + k, own.site, what(other),
                 other.state == ENDED ? "" : other.site);
            return;
        }
    }
}

// Run the warp that begins at `first` until each lane waits for the block, or has ended.
static void run_warp(int first) {
    int n = n_threads - first < WARP ? n_threads - first : WARP;
    int from = step > 0 ? first : first + n - 1;
    if (threads[first].state == NEW) {
        next_new = from;
        n_new = n;
        while (n_new > 0) run(take_fiber());
    }
    for (;;) {
        bool waits = false;
        for (int k = 0; k < n; k++) {
            int index = from + k * step;
            if (threads[index].state == READY) {
                choose(index);
                run(threads[index].fiber);
            }
            waits = waits || threads[index].state == IN_WARP;
        }
        if (!waits) return;
        bool moved = false;
        for (int lane = 0; lane < n; lane++)
            if (threads[first + lane].state == IN_WARP)
                moved = exchange(first, threads[first + lane].mask & lanes_of(first)) || moved;
        if (!moved) explain_stuck(first);
        if (failed) return;
    }
}

static uint64_t in_warp(const char* site, unsigned mask, Exchange kind, uint64_t value, int source) {
    int lane = thread % WARP;
    if (!(mask >> lane & 1)) fail("thread %d is not in its own mask %08x (%s)", thread, mask, site);
    Thread& own = threads[thread];
    own.mask = mask;
    own.exchange = kind;
    own.value = value;
    own.source = source;
    wait(IN_WARP, site);
    return own.result;
}

template <class T>
static T shuffle(const char* site, unsigned mask, T value, int source) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle moves 4 or 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = in_warp(site, mask, VALUE, bits, source);
    memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
static T shuffle_from(const char* site, unsigned mask, T value, int source, int width = WARP) {
    int lane = thread % WARP;
    return shuffle(site, mask, value, (lane & -width) | (source & (width - 1)));
}

template <class T>
static T shuffle_xor(const char* site, unsigned mask, T value, int bits, int width = WARP) {
    int lane = thread % WARP;
    int source = lane ^ bits;
    return shuffle(site, mask, value, source >= (lane & -width) + width ? lane : source);
}

template <class T>
static T shuffle_down(const char* site, unsigned mask, T value, unsigned by, int width = WARP) {
    int lane = thread % WARP;
    return shuffle(site, mask, value, (lane & (width - 1)) + (int)by >= width ? lane : lane + (int)by);
}

template <class T>
static T shuffle_up(const char* site, unsigned mask, T value, unsigned by, int width = WARP) {
    int lane = thread % WARP;
    return shuffle(site, mask, value, (lane & (width - 1)) < (int)by ? lane : lane - (int)by);
}

static unsigned ballot(const char* site, unsigned mask, bool value) {
    return (unsigned)in_warp(site, mask, BALLOT, value, 0);
}

static unsigned mask_of(unsigned mask = 0xffffffffu) { return mask; }

static int counts(const char* site, unsigned mask, bool value, bool all) {
    unsigned those = ballot(site, mask, value);
    return all ? those == (mask & lanes_of(thread / WARP * WARP)) : those != 0;
}

}  // namespace emulated

// The words of CUDA that make threads wait, each with the place where it stands.
#define EMULATED_TEXT_(x) #x
#define EMULATED_TEXT(x) EMULATED_TEXT_(x)
#define SITE __FILE__ ":" EMULATED_TEXT(__LINE__)
#define __syncthreads() emulated::wait(emulated::AT_BARRIER, SITE)
#define __syncwarp(...) emulated::in_warp(SITE, emulated::mask_of(__VA_ARGS__), emulated::SYNC, 0, 0)
#define __shfl_sync(...) emulated::shuffle_from(SITE, __VA_ARGS__)
#define __shfl_xor_sync(...) emulated::shuffle_xor(SITE, __VA_ARGS__)
#define __shfl_down_sync(...) emulated::shuffle_down(SITE, __VA_ARGS__)
#define __shfl_up_sync(...) emulated::shuffle_up(SITE, __VA_ARGS__)
#define __ballot_sync(mask, value) emulated::ballot(SITE, mask, value)
#define __any_sync(mask, value) emulated::counts(SITE, mask, value, false)
#define __all_sync(mask, value) emulated::counts(SITE, mask, value, true)
