/* The in-flight recorder; tracing is off. */
#include <irpfuzz_wpp.h>
#define WppRecorderLogCreate(...) 0
#define WppRecorderLogDelete(...) ((void)0)
#define WppRecorderLogGetDefault() 0
#define WppRecorderConfigure(...) ((void)0)
#define RECORDER_CONFIGURE_PARAMS_INIT(...) ((void)0)
