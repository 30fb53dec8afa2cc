/*
 * After this header DEFINE_GUID defines, before it declares (W-TYP-21). May come before or after guiddef.h, and headers that
 * define GUIDs may be included in both modes; definitions are merged by the linker.
 */
#ifndef INITGUID
#define INITGUID
#endif
#include <guiddef.h>

#undef DEFINE_GUID
#ifdef __cplusplus
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    extern "C" const GUID __declspec(selectany) name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                                                   \
    extern const GUID name;                                                                                            \
    const GUID __declspec(selectany) name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#endif
