// What Python calls: kernels by name, with arguments that are held against their signatures.

#include <type_traits>
#include <utility>

namespace emulated {

// What a parameter is called in the signature of a kernel.
template <class T>
struct Letter;
template <>
struct Letter<int> { static const char value = 'i'; };
template <>
struct Letter<double> { static const char value = 'd'; };
template <>
struct Letter<const int*> { static const char value = 'I'; };
template <>
struct Letter<const long long*> { static const char value = 'L'; };
template <>
struct Letter<const unsigned char*> { static const char value = 'B'; };
template <>
struct Letter<const bool*> { static const char value = 'B'; };
template <>
struct Letter<const float*> { static const char value = 'F'; };
template <>
struct Letter<const double*> { static const char value = 'D'; };
template <class T>
struct Letter<T*> : Letter<const T*> {};

template <auto function>
struct Call;
template <class... A, void (*function)(A...)>
struct Call<function> {
    template <size_t... I>
    static void unpack(const uint64_t* slots, std::index_sequence<I...>) {
        function(*(const A*)(slots + I)...);
    }
    static void run(const uint64_t* slots) { unpack(slots, std::make_index_sequence<sizeof...(A)>()); }
    static constexpr char signature[] = {Letter<A>::value..., 0};
};

struct Entry {
    const char* name;
    void (*run)(const uint64_t*);
    const char* signature;
};

// Run a kernel; return what was wrong, or nothing.
static const char* launch(const Entry& entry, unsigned x, unsigned y, unsigned block, uint64_t shared, int backwards,
                          const uint64_t* slots, const Buffer* buffers, int n_buffers) {
    name = entry.name;
    kernel = entry.run;
    arguments = slots;
    step = backwards ? -1 : 1;
    failed = false;
    n_threads = block;
    gridDim = {x, y, 1};
    blockDim = {block, 1, 1};
    blockIdx = {0, 0, 0};
    place_shared_memory(shared);
    run_blocks(x, y, buffers, n_buffers);
    for (int i = 0; i < n_buffers && !failed; i++) {
        long where = damage(buffers[i]);
        long size = buffers[i].end - buffers[i].begin;
        int k = (int)buffers[i].argument;
        if (where < 0) fail("writes %ld bytes before the array of argument %d", -where, k);
        if (where > 0) fail("writes to byte %ld of the %ld bytes of argument %d", size + where - 1, size, k);
    }
    if (failed) forget_threads();
    return failed ? message : nullptr;
}

}  // namespace emulated

// The table of kernels comes behind the program. Nothing else can be seen from outside: a process loads the programs of
// several dtypes, whose kernels have the same names.
#define EMULATED_PUBLIC extern "C" __attribute__((visibility("default")))
#define EMULATED_KERNELS(...)                                                                                    \
    static const emulated::Entry emulated_entries[] = {__VA_ARGS__ {nullptr, nullptr, nullptr}};                 \
    EMULATED_PUBLIC const char* emulated_signature(const char* name) {                                           \
        for (const emulated::Entry* entry = emulated_entries; entry->name; entry++)                              \
            if (!strcmp(entry->name, name)) return entry->signature;                                             \
        return nullptr;                                                                                          \
    }                                                                                                            \
    EMULATED_PUBLIC const char* emulated_launch(const char* name, unsigned x, unsigned y, unsigned block,        \
                                                uint64_t shared, int backwards, const uint64_t* slots,           \
                                                const emulated::Buffer* buffers, int n_buffers) {                \
        for (const emulated::Entry* entry = emulated_entries; entry->name; entry++)                              \
            if (!strcmp(entry->name, name))                                                                      \
                return emulated::launch(*entry, x, y, block, shared, backwards, slots, buffers, n_buffers);      \
        return "there is no such kernel";                                                                        \
    }
#define EMULATED_KERNEL(name) {#name, emulated::Call<&name>::run, emulated::Call<&name>::signature},
