/* Put in front of every driver source by add_kernel_driver(): the image's code and writable data get sections of their own, so that
 * the loader can restore the data and the emulator can tell driver code from its own. */
#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"
