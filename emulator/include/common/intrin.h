/*
 * Compiler intrinsics that Windows sources use. Those with an effect the emulator must see (interlocked operations, barriers,
 * breakpoints, ports, control registers) are calls; the pure ones (bit scans, rotates, byte swaps) are inline.
 */
#ifndef IRPFUZZ_INTRIN_H
#define IRPFUZZ_INTRIN_H

#include "irpfuzz_interlocked.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Provided by the emulator. Any IRQL. */
void KeMemoryBarrier(void);
void DbgBreakPoint(void);
__attribute__((__noreturn__)) void RtlFailFast(unsigned int Code);
/* Processor state is the machine's: reading it natively would be nondeterministic. */
unsigned long long irpfuzz_rdtsc(void);
unsigned long long irpfuzz_read_eflags(void);
void irpfuzz_cpuid(int info[4], int function, int subfunction);
void irpfuzz_interrupt_flag(int enable);

/* Port access goes through the hal, under its WDK names. */
unsigned char READ_PORT_UCHAR(unsigned char *Port);
unsigned short READ_PORT_USHORT(unsigned short *Port);
unsigned int READ_PORT_ULONG(unsigned int *Port);
void WRITE_PORT_UCHAR(unsigned char *Port, unsigned char Value);
void WRITE_PORT_USHORT(unsigned short *Port, unsigned short Value);
void WRITE_PORT_ULONG(unsigned int *Port, unsigned int Value);

#ifdef __cplusplus
}
#endif

#define __debugbreak() DbgBreakPoint()
#define __fastfail(code) RtlFailFast(code)
#define __rdtsc() irpfuzz_rdtsc()
#define __readeflags() irpfuzz_read_eflags()
#define __cpuid(info, function) irpfuzz_cpuid((info), (function), 0)
#define __cpuidex(info, function, subfunction) irpfuzz_cpuid((info), (function), (subfunction))
#define _disable() irpfuzz_interrupt_flag(0)
#define _enable() irpfuzz_interrupt_flag(1)
#define __halt() irpfuzz_interrupt_flag(1)
#define __nop() ((void)0)
#define _mm_pause() KeMemoryBarrier()
#define _mm_mfence() KeMemoryBarrier()
#define _mm_lfence() KeMemoryBarrier()
#define _mm_sfence() KeMemoryBarrier()
#define __faststorefence() KeMemoryBarrier()
#define _ReadWriteBarrier() __asm__ __volatile__("" ::: "memory")
#define _ReadBarrier() __asm__ __volatile__("" ::: "memory")
#define _WriteBarrier() __asm__ __volatile__("" ::: "memory")
#define _ReturnAddress() __builtin_return_address(0)
#define _AddressOfReturnAddress() __builtin_frame_address(0)
#define __inbyte(port) READ_PORT_UCHAR((unsigned char *)(unsigned long long)(port))
#define __inword(port) READ_PORT_USHORT((unsigned short *)(unsigned long long)(port))
#define __indword(port) READ_PORT_ULONG((unsigned int *)(unsigned long long)(port))
#define __outbyte(port, value) WRITE_PORT_UCHAR((unsigned char *)(unsigned long long)(port), (value))
#define __outword(port, value) WRITE_PORT_USHORT((unsigned short *)(unsigned long long)(port), (value))
#define __outdword(port, value) WRITE_PORT_ULONG((unsigned int *)(unsigned long long)(port), (value))

#define _byteswap_ushort(value) __builtin_bswap16(value)
#define _byteswap_ulong(value) __builtin_bswap32(value)
#define _byteswap_uint64(value) __builtin_bswap64(value)
#define __popcnt16(value) ((unsigned short)__builtin_popcount((unsigned short)(value)))
#define __popcnt(value) ((unsigned int)__builtin_popcount(value))
#define __popcnt64(value) ((unsigned long long)__builtin_popcountll(value))
#define __lzcnt(value) irpfuzz_lzcnt(value)
#define _rotl irpfuzz_rotl
#define _rotr irpfuzz_rotr
#define _lrotl irpfuzz_rotl
#define _lrotr irpfuzz_rotr
#define _rotl64 irpfuzz_rotl64
#define _rotr64 irpfuzz_rotr64
#define _BitScanForward irpfuzz_scan_forward
#define _BitScanReverse irpfuzz_scan_reverse
#define _BitScanForward64 irpfuzz_scan_forward64
#define _BitScanReverse64 irpfuzz_scan_reverse64
#define _bittest irpfuzz_bit_test
#define _bittest64 irpfuzz_bit_test64
#define _bittestandset irpfuzz_bit_test_and_set
#define _bittestandreset irpfuzz_bit_test_and_reset
#define __emulu(a, b) ((unsigned long long)(unsigned int)(a) * (unsigned int)(b))
#define __emul(a, b) ((long long)(int)(a) * (int)(b))
#define __ll_lshift(value, shift) ((unsigned long long)(value) << ((shift) & 63))
#define __ll_rshift(value, shift) ((long long)(value) >> ((shift) & 63))
#define __ull_rshift(value, shift) ((unsigned long long)(value) >> ((shift) & 63))
#define __umulh irpfuzz_umulh
#define __mulh irpfuzz_mulh

static __inline__ __attribute__((__unused__)) unsigned long long irpfuzz_umulh(unsigned long long a, unsigned long long b)
{
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}

static __inline__ __attribute__((__unused__)) long long irpfuzz_mulh(long long a, long long b)
{
    return (long long)(((__int128)a * b) >> 64);
}

static __inline__ __attribute__((__unused__)) unsigned int irpfuzz_lzcnt(unsigned int value)
{
    return value == 0 ? 32 : (unsigned int)__builtin_clz(value);
}

static __inline__ __attribute__((__unused__)) unsigned int irpfuzz_rotl(unsigned int value, int shift)
{
    return (value << (shift & 31)) | (value >> (-shift & 31));
}

static __inline__ __attribute__((__unused__)) unsigned int irpfuzz_rotr(unsigned int value, int shift)
{
    return (value >> (shift & 31)) | (value << (-shift & 31));
}

static __inline__ __attribute__((__unused__)) unsigned long long irpfuzz_rotl64(unsigned long long value, int shift)
{
    return (value << (shift & 63)) | (value >> (-shift & 63));
}

static __inline__ __attribute__((__unused__)) unsigned long long irpfuzz_rotr64(unsigned long long value, int shift)
{
    return (value >> (shift & 63)) | (value << (-shift & 63));
}

/* The scans leave *index alone when no bit is set, as the processor does. */
static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_scan_forward64(
    unsigned int *index, unsigned long long mask)
{
    if (mask == 0)
        return 0;
    *index = (unsigned int)__builtin_ctzll(mask);
    return 1;
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_scan_reverse64(
    unsigned int *index, unsigned long long mask)
{
    if (mask == 0)
        return 0;
    *index = 63u - (unsigned int)__builtin_clzll(mask);
    return 1;
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_scan_forward(unsigned int *index, unsigned int mask)
{
    return irpfuzz_scan_forward64(index, mask);
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_scan_reverse(unsigned int *index, unsigned int mask)
{
    return irpfuzz_scan_reverse64(index, mask);
}

/* The bit offset may lie outside the first word and may be negative. */
static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_bit_test(const int *base, int bit)
{
    return (unsigned char)(((unsigned int)base[bit >> 5] >> (bit & 31)) & 1);
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_bit_test64(const long long *base, long long bit)
{
    return (unsigned char)(((unsigned long long)base[bit >> 6] >> (bit & 63)) & 1);
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_bit_test_and_set(int *base, int bit)
{
    unsigned char old = irpfuzz_bit_test(base, bit);
    base[bit >> 5] = (int)((unsigned int)base[bit >> 5] | (1u << (bit & 31)));
    return old;
}

static __inline__ __attribute__((__unused__)) unsigned char irpfuzz_bit_test_and_reset(int *base, int bit)
{
    unsigned char old = irpfuzz_bit_test(base, bit);
    base[bit >> 5] = (int)((unsigned int)base[bit >> 5] & ~(1u << (bit & 31)));
    return old;
}

#endif
