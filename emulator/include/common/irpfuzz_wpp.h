/*
 * What a .tmh file brings (W-TYP-18): tracing is off, its macros accept anything and evaluate nothing. TraceEvents and the functions
 * that a driver's own trace header configures are variadic, so their annotations cost nothing.
 */
#ifndef IRPFUZZ_WPP_H
#define IRPFUZZ_WPP_H

#define WPP_INIT_TRACING(...) ((void)0)
#define WPP_CLEANUP(...) ((void)0)
#define WPP_RECORDER_INITIALIZED 0
#ifndef WPP_CONTROL_GUIDS
#define WPP_CONTROL_GUIDS
#endif
#ifndef TraceEvents
#define TraceEvents(level, flags, ...) ((void)0)
#endif
#ifndef DoTraceMessage
#define DoTraceMessage(flags, ...) ((void)0)
#endif
#ifndef Trace
#define Trace(level, ...) ((void)0)
#endif
#define WPP_LEVEL_ENABLED(flags) 0
#define WPP_LEVEL_FLAGS_ENABLED(level, flags) 0
#define WPP_FLAG_LEVEL_ENABLED(flags, level) 0

#endif
