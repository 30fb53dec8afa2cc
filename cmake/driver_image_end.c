/* The last source of every driver image: see driver_image.c.in. */
#define MARK __attribute__((used, no_sanitize("address", "memory", "thread")))
MARK void irpfuzz_text_end(void) {}
MARK __attribute__((section("PAGE"))) void irpfuzz_page_end(void) {}
MARK __attribute__((section("INIT"))) void irpfuzz_init_end(void) {}
MARK char irpfuzz_data_end[16] = {1};
MARK char irpfuzz_bss_end[16];
