// Stacks, and the switch from one to another.

#include <stddef.h>

namespace emulated {

const int WARP = 32;
const int MOST_THREADS = 1024;
const size_t STACK = 256 << 10;
const size_t PAGE = 64 << 10;  // at least one page of any processor

struct Fiber {
    void* saved;  // where its stack stands while it does not run
    char* stack;
    bool idle;  // it has no thread
};

static void body();

#if defined(__x86_64__) && !defined(EMULATED_PORTABLE)
// Keep what a function must leave as it was on this stack, go to the other, and take back what lies there.
extern "C" void emulated_switch(void** from, void* to);
asm(R"(
.text
.type emulated_switch, @function
emulated_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emulated_switch, . - emulated_switch
)");
static void prepare(Fiber& fiber) {
    void** top = (void**)(fiber.stack + STACK);
    *--top = nullptr;  // where `body` would return to
    *--top = (void*)body;
    fiber.saved = top - 6;
}
static void change(Fiber& from, Fiber& to) { emulated_switch(&from.saved, to.saved); }

#elif defined(__aarch64__) && !defined(EMULATED_PORTABLE)
extern "C" void emulated_switch(void** from, void* to);
asm(R"(
.text
.type emulated_switch, %function
emulated_switch:
    stp x19, x20, [sp, #-160]!
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x19, x20, [sp], #160
    ret
.size emulated_switch, . - emulated_switch
)");
static void prepare(Fiber& fiber) {
    void** top = (void**)(fiber.stack + STACK) - 20;
    memset(top, 0, 160);
    top[11] = (void*)body;  // x30, where it returns to
    fiber.saved = top;
}
static void change(Fiber& from, Fiber& to) { emulated_switch(&from.saved, to.saved); }

#else
}  // namespace emulated
#include <ucontext.h>
namespace emulated {
static ucontext_t contexts[MOST_THREADS + 1];
static int n_contexts;
static ucontext_t* context(Fiber& fiber) {
    if (!fiber.saved) fiber.saved = &contexts[n_contexts++];
    return (ucontext_t*)fiber.saved;
}
static void prepare(Fiber& fiber) {
    ucontext_t* own = context(fiber);
    getcontext(own);
    own->uc_stack.ss_sp = fiber.stack;
    own->uc_stack.ss_size = STACK;
    own->uc_link = nullptr;
    makecontext(own, body, 0);
}
static void change(Fiber& from, Fiber& to) { swapcontext(context(from), context(to)); }
#endif

}  // namespace emulated
