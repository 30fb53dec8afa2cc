/*
 * Formatted output with Windows' formats (W-DBG-2, W-DBG-3): `l` has 32 bits, %ws %wZ %Z %S %C %hs %I64 exist, %p is sixteen
 * upper-case hexadecimal digits. Implemented in emulator/nt/rtl_format.c without the host's libc. Floating formats (e f g a) are for
 * apps; in a kernel driver they print as a question mark (W-DBG-2).
 *
 * Any IRQL; wide conversions touch the strings they are given (V-IRQ-30 is the caller's to check).
 */
#ifndef IRPFUZZ_FORMAT_H
#define IRPFUZZ_FORMAT_H

#include <stddef.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * size counts characters including the terminator, which is always written if size > 0. Returns the length that the whole text has,
 * so a result >= size means that it was cut.
 */
int irpfuzz_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
int irpfuzz_snprintf(char *to, size_t size, const char *format, ...);
int irpfuzz_vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list arguments);
int irpfuzz_snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...);

/* True if the format holds a conversion that is allowed at PASSIVE_LEVEL only (W-DBG-4). */
int irpfuzz_format_is_wide(const char *format);

/* The C runtime's older forms: no terminator when the text fills the buffer, and -1 when it does not fit. */
int irpfuzz_old_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
int irpfuzz_old_snprintf(char *to, size_t size, const char *format, ...);
int irpfuzz_old_vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list arguments);
int irpfuzz_old_snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...);
int irpfuzz_sprintf(char *to, const char *format, ...);
int irpfuzz_vsprintf(char *to, const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif

#endif
