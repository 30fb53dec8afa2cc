/* The console's keyboard; keys come from the layer that serves apps. */
#ifndef IRPFUZZ_UM_CONIO_H
#define IRPFUZZ_UM_CONIO_H

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
/* 1 if a key waits. */
int irpfuzz_key_waits(void);
#ifdef __cplusplus
}
#endif

#define _kbhit irpfuzz_key_waits
#define kbhit irpfuzz_key_waits
#define _getch() irpfuzz_read_byte(0)
#define getch() irpfuzz_read_byte(0)
#define _getche() irpfuzz_read_byte(0)
#define _putch(character) irpfuzz_fputc((character), stdout)
#define _cprintf irpfuzz_printf
#define _cputs irpfuzz_puts

#endif
