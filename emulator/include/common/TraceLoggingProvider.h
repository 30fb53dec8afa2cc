/* Self-describing events; nobody listens, so writing one evaluates nothing. */
#ifndef IRPFUZZ_TRACELOGGING_H
#define IRPFUZZ_TRACELOGGING_H

struct irpfuzz_trace_provider {
    int registered;
};
typedef struct irpfuzz_trace_provider *TraceLoggingHProvider;

#define TRACELOGGING_DECLARE_PROVIDER(variable) extern TraceLoggingHProvider const variable
#define TRACELOGGING_DEFINE_PROVIDER(variable, name, id, ...)                                                          \
    static struct irpfuzz_trace_provider variable##_storage;                                                           \
    TraceLoggingHProvider const variable = &variable##_storage
#define TraceLoggingRegister(provider) ((void)(provider), 0)
#define TraceLoggingRegisterEx(provider, ...) ((void)(provider), 0)
#define TraceLoggingUnregister(provider) ((void)(provider))
#define TraceLoggingProviderEnabled(provider, ...) (0)
#define TraceLoggingWrite(provider, ...) ((void)(provider))
#define TraceLoggingWriteActivity(provider, ...) ((void)(provider))

#endif
