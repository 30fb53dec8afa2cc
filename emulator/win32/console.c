/*
 * Console of apps (W-U-18): text goes to win32_console_hook, keys come from win32_input_hook. An app that asks for a key while the script has
 * none yet sleeps in virtual time until there is one or the script has ended.
 */
#include "win32.h"

#define KEY_POLL (10 * CLOCK_MS)

void (*win32_console_hook)(const char *text, size_t length);
int (*win32_input_hook)(bool take);

void console_write(const char *text, size_t length)
{
    trace(TRACE_PRINT, 0, length, trace_hash_bytes(text, length));
    if (win32_console_hook)
        win32_console_hook(text, length);
    else
        trace_text(text, length);
}

/* One call is one piece of text, already formatted (nt/rtl_stdio.c). */
void irpfuzz_write_text(int stream, const char *text, size_t length)
{
    user_enter(DDI_printf, (unsigned)stream, length);
    console_write(text, length);
    user_leave(length);
}

/* ---- Input ---- */

static int next_key(bool take) { return win32_input_hook ? win32_input_hook(take) : WIN32_INPUT_END; }

/* A character, or -1 at the end of the script. */
static int read_key(void)
{
    int key;
    while ((key = next_key(true)) == WIN32_INPUT_NONE_YET) {
        LARGE_INTEGER pause = {.QuadPart = -(LONGLONG)KEY_POLL};
        if (ke_delay_execution_thread(UserMode, FALSE, &pause) == STATUS_THREAD_IS_TERMINATING)
            break;
    }
    return key < 0 ? -1 : key;
}

int irpfuzz_read_byte(int stream)
{
    user_enter(DDI_getchar, (unsigned)stream, 0);
    int key = read_key();
    user_leave((uint64_t)(int64_t)key);
    return key;
}

int irpfuzz_key_waits(void)
{
    user_enter(DDI__kbhit, 0, 0);
    int waits = next_key(false) >= 0;
    user_leave((uint64_t)waits);
    return waits;
}

/* ---- Standard handles: 3, 7, 11, which no handle table holds ---- */

HANDLE GetStdHandle(DWORD which)
{
    user_enter(DDI_GetStdHandle, which, 0);
    DWORD index = (DWORD)-10 - which; /* STD_INPUT_HANDLE is -10 */
    HANDLE handle = index < 3 ? (HANDLE)(ULONG_PTR)(3 + index * 4) : INVALID_HANDLE;
    if (handle == INVALID_HANDLE)
        error_set(ERROR_INVALID_HANDLE);
    user_leave((ULONG_PTR)handle);
    return handle;
}

/* ---- rand(): the data lane's answers, so that an app's chance is the input's ---- */

void irpfuzz_srand(unsigned seed) { (void)seed; }

int irpfuzz_rand(void)
{
    user_enter(DDI_rand, 0, 0);
    int value = (int)choose(LANE_DATA, 0x8000);
    user_leave((uint64_t)value);
    return value;
}

void OutputDebugStringA(const char *text)
{
    user_enter(DDI_OutputDebugStringA, 0, 0);
    console_write(text, strlen(text));
    user_leave(0);
}
