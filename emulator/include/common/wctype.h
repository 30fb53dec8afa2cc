/* Kinds of wide characters. */
#include <wchar.h>
