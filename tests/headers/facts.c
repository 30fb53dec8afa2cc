/*
 * The facts of facts_kernel.def or facts_app.def as a table in a section of its own. Compiled twice, once by each compiler; neither
 * object is run.
 */
#ifdef FACTS_KERNEL
#include <ntddk.h>
#include <csq.h>
#include <wmistr.h>
#include <wmilib.h>
#define FACTS "facts_kernel.def"
#else
#include <windows.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <dbt.h>
#include <time.h>
#define FACTS "facts_app.def"
#endif

#define SIZE(type) sizeof(type),
#define ALIGN(type) _Alignof(type),
#define OFFSET(type, field) __builtin_offsetof(type, field),
#define VALUE(constant) (unsigned long long)(long long)(constant),

const unsigned long long facts[] __attribute__((section(".facts"), used)) = {
#include FACTS
};
