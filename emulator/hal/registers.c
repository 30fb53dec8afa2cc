/*
 * READ_REGISTER_*, WRITE_REGISTER_* and the ports (W-HAL-1): one access of exactly the width that was asked for each, a buffer Count of them. A buffer of registers
 * advances the address, a buffer of a port does not.
 */
#include "hal.h"

static uint64_t read_one(struct hal_register r, unsigned width)
{
    uint64_t value = ~0ull;
    if (r.model)
        return device_read(r.model, r.window, r.offset, width);
    if (r.memory)
        memcpy(&value, r.memory, width);
    return value;
}

static void write_one(struct hal_register r, unsigned width, uint64_t value)
{
    if (r.model)
        device_write(r.model, r.window, r.offset, width, value);
    else if (r.memory)
        memcpy(r.memory, &value, width);
}

/* What the trace names a register by: the same in every build. */
static uint64_t name_of(const volatile void *address) { return (uint64_t)address - IO_SPACE_BASE; }

#define REGISTER(TYPE)                                                                                                             \
    TYPE READ_REGISTER_##TYPE(volatile TYPE *Register)                                                                             \
    {                                                                                                                              \
        gate_enter(DDI_READ_REGISTER_##TYPE, name_of(Register), 0);                                                                \
        TYPE value = (TYPE)read_one(hal_register_at(Register, sizeof(TYPE), "READ_REGISTER_" #TYPE), sizeof(TYPE));                \
        gate_leave(value);                                                                                                         \
        return value;                                                                                                              \
    }                                                                                                                              \
    VOID WRITE_REGISTER_##TYPE(volatile TYPE *Register, TYPE Value)                                                                \
    {                                                                                                                              \
        gate_enter(DDI_WRITE_REGISTER_##TYPE, name_of(Register), Value);                                                           \
        write_one(hal_register_at(Register, sizeof(TYPE), "WRITE_REGISTER_" #TYPE), sizeof(TYPE), Value);                          \
        gate_leave(0);                                                                                                             \
    }                                                                                                                              \
    VOID READ_REGISTER_BUFFER_##TYPE(volatile TYPE *Register, P##TYPE Buffer, ULONG Count)                                         \
    {                                                                                                                              \
        gate_enter(DDI_READ_REGISTER_BUFFER_##TYPE, name_of(Register), Count);                                                     \
        memory_check(Buffer, Count * sizeof(TYPE), "READ_REGISTER_BUFFER_" #TYPE);                                                 \
        for (ULONG i = 0; i < Count; i++)                                                                                          \
            Buffer[i] = (TYPE)read_one(hal_register_at(Register + i, sizeof(TYPE), "READ_REGISTER_BUFFER_" #TYPE), sizeof(TYPE));  \
        msan_define(Buffer, Count * sizeof(TYPE));                                                                                 \
        gate_leave(0);                                                                                                             \
    }                                                                                                                              \
    VOID WRITE_REGISTER_BUFFER_##TYPE(volatile TYPE *Register, P##TYPE Buffer, ULONG Count)                                        \
    {                                                                                                                              \
        gate_enter(DDI_WRITE_REGISTER_BUFFER_##TYPE, name_of(Register), Count);                                                    \
        memory_check(Buffer, Count * sizeof(TYPE), "WRITE_REGISTER_BUFFER_" #TYPE);                                                \
        for (ULONG i = 0; i < Count; i++)                                                                                          \
            write_one(hal_register_at(Register + i, sizeof(TYPE), "WRITE_REGISTER_BUFFER_" #TYPE), sizeof(TYPE), Buffer[i]);       \
        gate_leave(0);                                                                                                             \
    }
REGISTER(UCHAR)
REGISTER(USHORT)
REGISTER(ULONG)
REGISTER(ULONG64)

#define PORT(TYPE)                                                                                                                 \
    TYPE READ_PORT_##TYPE(P##TYPE Port)                                                                                            \
    {                                                                                                                              \
        gate_enter(DDI_READ_PORT_##TYPE, (uint64_t)Port, 0);                                                                       \
        TYPE value = (TYPE)read_one(hal_port_at((ULONG_PTR)Port, sizeof(TYPE), "READ_PORT_" #TYPE), sizeof(TYPE));                 \
        gate_leave(value);                                                                                                         \
        return value;                                                                                                              \
    }                                                                                                                              \
    VOID WRITE_PORT_##TYPE(P##TYPE Port, TYPE Value)                                                                               \
    {                                                                                                                              \
        gate_enter(DDI_WRITE_PORT_##TYPE, (uint64_t)Port, Value);                                                                  \
        write_one(hal_port_at((ULONG_PTR)Port, sizeof(TYPE), "WRITE_PORT_" #TYPE), sizeof(TYPE), Value);                           \
        gate_leave(0);                                                                                                             \
    }                                                                                                                              \
    VOID READ_PORT_BUFFER_##TYPE(P##TYPE Port, P##TYPE Buffer, ULONG Count)                                                        \
    {                                                                                                                              \
        gate_enter(DDI_READ_PORT_BUFFER_##TYPE, (uint64_t)Port, Count);                                                            \
        memory_check(Buffer, Count * sizeof(TYPE), "READ_PORT_BUFFER_" #TYPE);                                                     \
        for (ULONG i = 0; i < Count; i++)                                                                                          \
            Buffer[i] = (TYPE)read_one(hal_port_at((ULONG_PTR)Port, sizeof(TYPE), "READ_PORT_BUFFER_" #TYPE), sizeof(TYPE));       \
        msan_define(Buffer, Count * sizeof(TYPE));                                                                                 \
        gate_leave(0);                                                                                                             \
    }                                                                                                                              \
    VOID WRITE_PORT_BUFFER_##TYPE(P##TYPE Port, P##TYPE Buffer, ULONG Count)                                                       \
    {                                                                                                                              \
        gate_enter(DDI_WRITE_PORT_BUFFER_##TYPE, (uint64_t)Port, Count);                                                           \
        memory_check(Buffer, Count * sizeof(TYPE), "WRITE_PORT_BUFFER_" #TYPE);                                                    \
        for (ULONG i = 0; i < Count; i++)                                                                                          \
            write_one(hal_port_at((ULONG_PTR)Port, sizeof(TYPE), "WRITE_PORT_BUFFER_" #TYPE), sizeof(TYPE), Buffer[i]);            \
        gate_leave(0);                                                                                                             \
    }
PORT(UCHAR)
PORT(USHORT)
PORT(ULONG)
