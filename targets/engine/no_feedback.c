/*
 * What coverage-instrumented driver code calls when no fuzzer and no sanitizer is there to listen: the programs of the builds fuzz-none and
 * afl-none that no fuzzer runs. Sanitizers' run-time libraries have the same, so other builds do without this file.
 */
#include <stdint.h>

__thread uintptr_t __sancov_lowest_stack;

#define IGNORE(name, ...) \
    void name(__VA_ARGS__); \
    void name(__VA_ARGS__) {}

IGNORE(__sanitizer_cov_8bit_counters_init, char *a, char *b)
IGNORE(__sanitizer_cov_pcs_init, const uintptr_t *a, const uintptr_t *b)
IGNORE(__sanitizer_cov_trace_cmp1, uint8_t a, uint8_t b)
IGNORE(__sanitizer_cov_trace_cmp2, uint16_t a, uint16_t b)
IGNORE(__sanitizer_cov_trace_cmp4, uint32_t a, uint32_t b)
IGNORE(__sanitizer_cov_trace_cmp8, uint64_t a, uint64_t b)
IGNORE(__sanitizer_cov_trace_const_cmp1, uint8_t a, uint8_t b)
IGNORE(__sanitizer_cov_trace_const_cmp2, uint16_t a, uint16_t b)
IGNORE(__sanitizer_cov_trace_const_cmp4, uint32_t a, uint32_t b)
IGNORE(__sanitizer_cov_trace_const_cmp8, uint64_t a, uint64_t b)
IGNORE(__sanitizer_cov_trace_switch, uint64_t a, uint64_t *b)
IGNORE(__sanitizer_cov_trace_div4, uint32_t a)
IGNORE(__sanitizer_cov_trace_div8, uint64_t a)
IGNORE(__sanitizer_cov_trace_gep, uintptr_t a)
IGNORE(__sanitizer_cov_trace_pc_indir, uintptr_t a)
IGNORE(__sanitizer_cov_trace_pc_guard, uint32_t *a)
IGNORE(__sanitizer_cov_trace_pc_guard_init, uint32_t *a, uint32_t *b)
