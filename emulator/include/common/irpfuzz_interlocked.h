/*
 * Interlocked operations (W-LCK-40): each one is a call to the emulator, because it is a scheduling point and the only place
 * where the emulator can see that the driver synchronises. All are full barriers and return the old value, except Increment,
 * Decrement and Add, which return the new one. The NoFence, Acquire and Release spellings are the same functions: a model
 * that is never weaker than x64 needs no others.
 *
 * There is no include guard: packaged headers define these names as macros, and the overlay takes them back after each.
 * Any IRQL. Operands are naturally aligned. The implementation is emulator/nt's; nothing here touches memory.
 */

#ifdef __cplusplus
extern "C" {
#endif

#undef InterlockedIncrement
int InterlockedIncrement(int volatile *Target);
#undef InterlockedDecrement
int InterlockedDecrement(int volatile *Target);
#undef InterlockedExchange
int InterlockedExchange(int volatile *Target, int Value);
#undef InterlockedExchangeAdd
int InterlockedExchangeAdd(int volatile *Target, int Value);
#undef InterlockedAdd
int InterlockedAdd(int volatile *Target, int Value);
#undef InterlockedAnd
int InterlockedAnd(int volatile *Target, int Value);
#undef InterlockedOr
int InterlockedOr(int volatile *Target, int Value);
#undef InterlockedXor
int InterlockedXor(int volatile *Target, int Value);
#undef InterlockedCompareExchange
int InterlockedCompareExchange(int volatile *Target, int Exchange, int Comparand);

#undef InterlockedIncrement64
long long InterlockedIncrement64(long long volatile *Target);
#undef InterlockedDecrement64
long long InterlockedDecrement64(long long volatile *Target);
#undef InterlockedExchange64
long long InterlockedExchange64(long long volatile *Target, long long Value);
#undef InterlockedExchangeAdd64
long long InterlockedExchangeAdd64(long long volatile *Target, long long Value);
#undef InterlockedAdd64
long long InterlockedAdd64(long long volatile *Target, long long Value);
#undef InterlockedAnd64
long long InterlockedAnd64(long long volatile *Target, long long Value);
#undef InterlockedOr64
long long InterlockedOr64(long long volatile *Target, long long Value);
#undef InterlockedXor64
long long InterlockedXor64(long long volatile *Target, long long Value);
#undef InterlockedCompareExchange64
long long InterlockedCompareExchange64(long long volatile *Target, long long Exchange, long long Comparand);

#undef InterlockedIncrement16
short InterlockedIncrement16(short volatile *Target);
#undef InterlockedDecrement16
short InterlockedDecrement16(short volatile *Target);
#undef InterlockedExchange16
short InterlockedExchange16(short volatile *Target, short Value);
#undef InterlockedExchangeAdd16
short InterlockedExchangeAdd16(short volatile *Target, short Value);
#undef InterlockedAnd16
short InterlockedAnd16(short volatile *Target, short Value);
#undef InterlockedOr16
short InterlockedOr16(short volatile *Target, short Value);
#undef InterlockedXor16
short InterlockedXor16(short volatile *Target, short Value);
#undef InterlockedCompareExchange16
short InterlockedCompareExchange16(short volatile *Target, short Exchange, short Comparand);

#undef InterlockedExchange8
char InterlockedExchange8(char volatile *Target, char Value);
#undef InterlockedExchangeAdd8
char InterlockedExchangeAdd8(char volatile *Target, char Value);
#undef InterlockedAnd8
char InterlockedAnd8(char volatile *Target, char Value);
#undef InterlockedOr8
char InterlockedOr8(char volatile *Target, char Value);
#undef InterlockedXor8
char InterlockedXor8(char volatile *Target, char Value);
#undef InterlockedCompareExchange8
char InterlockedCompareExchange8(char volatile *Target, char Exchange, char Comparand);

#undef InterlockedExchangePointer
void *InterlockedExchangePointer(void *volatile *Target, void *Value);
#undef InterlockedCompareExchangePointer
void *InterlockedCompareExchangePointer(void *volatile *Target, void *Exchange, void *Comparand);
#undef InterlockedCompareExchange128
unsigned char InterlockedCompareExchange128(
    long long volatile *Target, long long ExchangeHigh, long long ExchangeLow, long long *ComparandResult);
#undef InterlockedBitTestAndSet
unsigned char InterlockedBitTestAndSet(int volatile *Base, int Bit);
#undef InterlockedBitTestAndReset
unsigned char InterlockedBitTestAndReset(int volatile *Base, int Bit);
#undef InterlockedBitTestAndComplement
unsigned char InterlockedBitTestAndComplement(int volatile *Base, int Bit);
#undef InterlockedBitTestAndSet64
unsigned char InterlockedBitTestAndSet64(long long volatile *Base, long long Bit);
#undef InterlockedBitTestAndReset64
unsigned char InterlockedBitTestAndReset64(long long volatile *Base, long long Bit);

#ifdef __cplusplus
}
#endif

/* The compiler intrinsics of the same names. */
#undef _InterlockedIncrement
#define _InterlockedIncrement InterlockedIncrement
#undef _InterlockedDecrement
#define _InterlockedDecrement InterlockedDecrement
#undef _InterlockedExchange
#define _InterlockedExchange InterlockedExchange
#undef _InterlockedExchangeAdd
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#undef _InterlockedAdd
#define _InterlockedAdd InterlockedAdd
#undef _InterlockedAnd
#define _InterlockedAnd InterlockedAnd
#undef _InterlockedOr
#define _InterlockedOr InterlockedOr
#undef _InterlockedXor
#define _InterlockedXor InterlockedXor
#undef _InterlockedCompareExchange
#define _InterlockedCompareExchange InterlockedCompareExchange
#undef _InterlockedIncrement64
#define _InterlockedIncrement64 InterlockedIncrement64
#undef _InterlockedDecrement64
#define _InterlockedDecrement64 InterlockedDecrement64
#undef _InterlockedExchange64
#define _InterlockedExchange64 InterlockedExchange64
#undef _InterlockedExchangeAdd64
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#undef _InterlockedAdd64
#define _InterlockedAdd64 InterlockedAdd64
#undef _InterlockedAnd64
#define _InterlockedAnd64 InterlockedAnd64
#undef _InterlockedOr64
#define _InterlockedOr64 InterlockedOr64
#undef _InterlockedXor64
#define _InterlockedXor64 InterlockedXor64
#undef _InterlockedCompareExchange64
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#undef _InterlockedIncrement16
#define _InterlockedIncrement16 InterlockedIncrement16
#undef _InterlockedDecrement16
#define _InterlockedDecrement16 InterlockedDecrement16
#undef _InterlockedExchange16
#define _InterlockedExchange16 InterlockedExchange16
#undef _InterlockedExchangeAdd16
#define _InterlockedExchangeAdd16 InterlockedExchangeAdd16
#undef _InterlockedAnd16
#define _InterlockedAnd16 InterlockedAnd16
#undef _InterlockedOr16
#define _InterlockedOr16 InterlockedOr16
#undef _InterlockedXor16
#define _InterlockedXor16 InterlockedXor16
#undef _InterlockedCompareExchange16
#define _InterlockedCompareExchange16 InterlockedCompareExchange16
#undef _InterlockedExchange8
#define _InterlockedExchange8 InterlockedExchange8
#undef _InterlockedExchangeAdd8
#define _InterlockedExchangeAdd8 InterlockedExchangeAdd8
#undef _InterlockedAnd8
#define _InterlockedAnd8 InterlockedAnd8
#undef _InterlockedOr8
#define _InterlockedOr8 InterlockedOr8
#undef _InterlockedXor8
#define _InterlockedXor8 InterlockedXor8
#undef _InterlockedCompareExchange8
#define _InterlockedCompareExchange8 InterlockedCompareExchange8
#undef _InterlockedExchangePointer
#define _InterlockedExchangePointer InterlockedExchangePointer
#undef _InterlockedCompareExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#undef _InterlockedCompareExchange128
#define _InterlockedCompareExchange128 InterlockedCompareExchange128
#undef _interlockedbittestandset
#define _interlockedbittestandset InterlockedBitTestAndSet
#undef _interlockedbittestandreset
#define _interlockedbittestandreset InterlockedBitTestAndReset
#undef _interlockedbittestandset64
#define _interlockedbittestandset64 InterlockedBitTestAndSet64
#undef _interlockedbittestandreset64
#define _interlockedbittestandreset64 InterlockedBitTestAndReset64

#undef InterlockedIncrementNoFence
#define InterlockedIncrementNoFence InterlockedIncrement
#undef InterlockedIncrementAcquire
#define InterlockedIncrementAcquire InterlockedIncrement
#undef InterlockedIncrementRelease
#define InterlockedIncrementRelease InterlockedIncrement
#undef InterlockedDecrementNoFence
#define InterlockedDecrementNoFence InterlockedDecrement
#undef InterlockedDecrementAcquire
#define InterlockedDecrementAcquire InterlockedDecrement
#undef InterlockedDecrementRelease
#define InterlockedDecrementRelease InterlockedDecrement
#undef InterlockedExchangeNoFence
#define InterlockedExchangeNoFence InterlockedExchange
#undef InterlockedExchangeAcquire
#define InterlockedExchangeAcquire InterlockedExchange
#undef InterlockedExchangeRelease
#define InterlockedExchangeRelease InterlockedExchange
#undef InterlockedExchangeAddNoFence
#define InterlockedExchangeAddNoFence InterlockedExchangeAdd
#undef InterlockedExchangeAddAcquire
#define InterlockedExchangeAddAcquire InterlockedExchangeAdd
#undef InterlockedExchangeAddRelease
#define InterlockedExchangeAddRelease InterlockedExchangeAdd
#undef InterlockedAddNoFence
#define InterlockedAddNoFence InterlockedAdd
#undef InterlockedAddAcquire
#define InterlockedAddAcquire InterlockedAdd
#undef InterlockedAddRelease
#define InterlockedAddRelease InterlockedAdd
#undef InterlockedAndNoFence
#define InterlockedAndNoFence InterlockedAnd
#undef InterlockedAndAcquire
#define InterlockedAndAcquire InterlockedAnd
#undef InterlockedAndRelease
#define InterlockedAndRelease InterlockedAnd
#undef InterlockedOrNoFence
#define InterlockedOrNoFence InterlockedOr
#undef InterlockedOrAcquire
#define InterlockedOrAcquire InterlockedOr
#undef InterlockedOrRelease
#define InterlockedOrRelease InterlockedOr
#undef InterlockedXorNoFence
#define InterlockedXorNoFence InterlockedXor
#undef InterlockedXorAcquire
#define InterlockedXorAcquire InterlockedXor
#undef InterlockedXorRelease
#define InterlockedXorRelease InterlockedXor
#undef InterlockedCompareExchangeNoFence
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#undef InterlockedCompareExchangeAcquire
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#undef InterlockedCompareExchangeRelease
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#undef InterlockedIncrement64NoFence
#define InterlockedIncrement64NoFence InterlockedIncrement64
#undef InterlockedIncrementNoFence64
#define InterlockedIncrementNoFence64 InterlockedIncrement64
#undef InterlockedIncrement64Acquire
#define InterlockedIncrement64Acquire InterlockedIncrement64
#undef InterlockedIncrementAcquire64
#define InterlockedIncrementAcquire64 InterlockedIncrement64
#undef InterlockedIncrement64Release
#define InterlockedIncrement64Release InterlockedIncrement64
#undef InterlockedIncrementRelease64
#define InterlockedIncrementRelease64 InterlockedIncrement64
#undef InterlockedDecrement64NoFence
#define InterlockedDecrement64NoFence InterlockedDecrement64
#undef InterlockedDecrementNoFence64
#define InterlockedDecrementNoFence64 InterlockedDecrement64
#undef InterlockedDecrement64Acquire
#define InterlockedDecrement64Acquire InterlockedDecrement64
#undef InterlockedDecrementAcquire64
#define InterlockedDecrementAcquire64 InterlockedDecrement64
#undef InterlockedDecrement64Release
#define InterlockedDecrement64Release InterlockedDecrement64
#undef InterlockedDecrementRelease64
#define InterlockedDecrementRelease64 InterlockedDecrement64
#undef InterlockedExchange64NoFence
#define InterlockedExchange64NoFence InterlockedExchange64
#undef InterlockedExchangeNoFence64
#define InterlockedExchangeNoFence64 InterlockedExchange64
#undef InterlockedExchange64Acquire
#define InterlockedExchange64Acquire InterlockedExchange64
#undef InterlockedExchangeAcquire64
#define InterlockedExchangeAcquire64 InterlockedExchange64
#undef InterlockedExchange64Release
#define InterlockedExchange64Release InterlockedExchange64
#undef InterlockedExchangeRelease64
#define InterlockedExchangeRelease64 InterlockedExchange64
#undef InterlockedExchangeAdd64NoFence
#define InterlockedExchangeAdd64NoFence InterlockedExchangeAdd64
#undef InterlockedExchangeAddNoFence64
#define InterlockedExchangeAddNoFence64 InterlockedExchangeAdd64
#undef InterlockedExchangeAdd64Acquire
#define InterlockedExchangeAdd64Acquire InterlockedExchangeAdd64
#undef InterlockedExchangeAddAcquire64
#define InterlockedExchangeAddAcquire64 InterlockedExchangeAdd64
#undef InterlockedExchangeAdd64Release
#define InterlockedExchangeAdd64Release InterlockedExchangeAdd64
#undef InterlockedExchangeAddRelease64
#define InterlockedExchangeAddRelease64 InterlockedExchangeAdd64
#undef InterlockedAdd64NoFence
#define InterlockedAdd64NoFence InterlockedAdd64
#undef InterlockedAddNoFence64
#define InterlockedAddNoFence64 InterlockedAdd64
#undef InterlockedAdd64Acquire
#define InterlockedAdd64Acquire InterlockedAdd64
#undef InterlockedAddAcquire64
#define InterlockedAddAcquire64 InterlockedAdd64
#undef InterlockedAdd64Release
#define InterlockedAdd64Release InterlockedAdd64
#undef InterlockedAddRelease64
#define InterlockedAddRelease64 InterlockedAdd64
#undef InterlockedAnd64NoFence
#define InterlockedAnd64NoFence InterlockedAnd64
#undef InterlockedAndNoFence64
#define InterlockedAndNoFence64 InterlockedAnd64
#undef InterlockedAnd64Acquire
#define InterlockedAnd64Acquire InterlockedAnd64
#undef InterlockedAndAcquire64
#define InterlockedAndAcquire64 InterlockedAnd64
#undef InterlockedAnd64Release
#define InterlockedAnd64Release InterlockedAnd64
#undef InterlockedAndRelease64
#define InterlockedAndRelease64 InterlockedAnd64
#undef InterlockedOr64NoFence
#define InterlockedOr64NoFence InterlockedOr64
#undef InterlockedOrNoFence64
#define InterlockedOrNoFence64 InterlockedOr64
#undef InterlockedOr64Acquire
#define InterlockedOr64Acquire InterlockedOr64
#undef InterlockedOrAcquire64
#define InterlockedOrAcquire64 InterlockedOr64
#undef InterlockedOr64Release
#define InterlockedOr64Release InterlockedOr64
#undef InterlockedOrRelease64
#define InterlockedOrRelease64 InterlockedOr64
#undef InterlockedXor64NoFence
#define InterlockedXor64NoFence InterlockedXor64
#undef InterlockedXorNoFence64
#define InterlockedXorNoFence64 InterlockedXor64
#undef InterlockedXor64Acquire
#define InterlockedXor64Acquire InterlockedXor64
#undef InterlockedXorAcquire64
#define InterlockedXorAcquire64 InterlockedXor64
#undef InterlockedXor64Release
#define InterlockedXor64Release InterlockedXor64
#undef InterlockedXorRelease64
#define InterlockedXorRelease64 InterlockedXor64
#undef InterlockedCompareExchange64NoFence
#define InterlockedCompareExchange64NoFence InterlockedCompareExchange64
#undef InterlockedCompareExchangeNoFence64
#define InterlockedCompareExchangeNoFence64 InterlockedCompareExchange64
#undef InterlockedCompareExchange64Acquire
#define InterlockedCompareExchange64Acquire InterlockedCompareExchange64
#undef InterlockedCompareExchangeAcquire64
#define InterlockedCompareExchangeAcquire64 InterlockedCompareExchange64
#undef InterlockedCompareExchange64Release
#define InterlockedCompareExchange64Release InterlockedCompareExchange64
#undef InterlockedCompareExchangeRelease64
#define InterlockedCompareExchangeRelease64 InterlockedCompareExchange64
#undef InterlockedIncrement16NoFence
#define InterlockedIncrement16NoFence InterlockedIncrement16
#undef InterlockedIncrement16Acquire
#define InterlockedIncrement16Acquire InterlockedIncrement16
#undef InterlockedIncrement16Release
#define InterlockedIncrement16Release InterlockedIncrement16
#undef InterlockedDecrement16NoFence
#define InterlockedDecrement16NoFence InterlockedDecrement16
#undef InterlockedDecrement16Acquire
#define InterlockedDecrement16Acquire InterlockedDecrement16
#undef InterlockedDecrement16Release
#define InterlockedDecrement16Release InterlockedDecrement16
#undef InterlockedExchange16NoFence
#define InterlockedExchange16NoFence InterlockedExchange16
#undef InterlockedExchange16Acquire
#define InterlockedExchange16Acquire InterlockedExchange16
#undef InterlockedExchange16Release
#define InterlockedExchange16Release InterlockedExchange16
#undef InterlockedExchangeAdd16NoFence
#define InterlockedExchangeAdd16NoFence InterlockedExchangeAdd16
#undef InterlockedExchangeAdd16Acquire
#define InterlockedExchangeAdd16Acquire InterlockedExchangeAdd16
#undef InterlockedExchangeAdd16Release
#define InterlockedExchangeAdd16Release InterlockedExchangeAdd16
#undef InterlockedAnd16NoFence
#define InterlockedAnd16NoFence InterlockedAnd16
#undef InterlockedAnd16Acquire
#define InterlockedAnd16Acquire InterlockedAnd16
#undef InterlockedAnd16Release
#define InterlockedAnd16Release InterlockedAnd16
#undef InterlockedOr16NoFence
#define InterlockedOr16NoFence InterlockedOr16
#undef InterlockedOr16Acquire
#define InterlockedOr16Acquire InterlockedOr16
#undef InterlockedOr16Release
#define InterlockedOr16Release InterlockedOr16
#undef InterlockedXor16NoFence
#define InterlockedXor16NoFence InterlockedXor16
#undef InterlockedXor16Acquire
#define InterlockedXor16Acquire InterlockedXor16
#undef InterlockedXor16Release
#define InterlockedXor16Release InterlockedXor16
#undef InterlockedCompareExchange16NoFence
#define InterlockedCompareExchange16NoFence InterlockedCompareExchange16
#undef InterlockedCompareExchange16Acquire
#define InterlockedCompareExchange16Acquire InterlockedCompareExchange16
#undef InterlockedCompareExchange16Release
#define InterlockedCompareExchange16Release InterlockedCompareExchange16
#undef InterlockedExchange8NoFence
#define InterlockedExchange8NoFence InterlockedExchange8
#undef InterlockedExchange8Acquire
#define InterlockedExchange8Acquire InterlockedExchange8
#undef InterlockedExchange8Release
#define InterlockedExchange8Release InterlockedExchange8
#undef InterlockedExchangeAdd8NoFence
#define InterlockedExchangeAdd8NoFence InterlockedExchangeAdd8
#undef InterlockedExchangeAdd8Acquire
#define InterlockedExchangeAdd8Acquire InterlockedExchangeAdd8
#undef InterlockedExchangeAdd8Release
#define InterlockedExchangeAdd8Release InterlockedExchangeAdd8
#undef InterlockedAnd8NoFence
#define InterlockedAnd8NoFence InterlockedAnd8
#undef InterlockedAnd8Acquire
#define InterlockedAnd8Acquire InterlockedAnd8
#undef InterlockedAnd8Release
#define InterlockedAnd8Release InterlockedAnd8
#undef InterlockedOr8NoFence
#define InterlockedOr8NoFence InterlockedOr8
#undef InterlockedOr8Acquire
#define InterlockedOr8Acquire InterlockedOr8
#undef InterlockedOr8Release
#define InterlockedOr8Release InterlockedOr8
#undef InterlockedXor8NoFence
#define InterlockedXor8NoFence InterlockedXor8
#undef InterlockedXor8Acquire
#define InterlockedXor8Acquire InterlockedXor8
#undef InterlockedXor8Release
#define InterlockedXor8Release InterlockedXor8
#undef InterlockedCompareExchange8NoFence
#define InterlockedCompareExchange8NoFence InterlockedCompareExchange8
#undef InterlockedCompareExchange8Acquire
#define InterlockedCompareExchange8Acquire InterlockedCompareExchange8
#undef InterlockedCompareExchange8Release
#define InterlockedCompareExchange8Release InterlockedCompareExchange8
#undef InterlockedExchangePointerNoFence
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#undef InterlockedExchangePointerAcquire
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#undef InterlockedExchangePointerRelease
#define InterlockedExchangePointerRelease InterlockedExchangePointer
#undef InterlockedCompareExchangePointerNoFence
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer
#undef InterlockedCompareExchangePointerAcquire
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#undef InterlockedCompareExchangePointerRelease
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#undef InterlockedCompareExchange128NoFence
#define InterlockedCompareExchange128NoFence InterlockedCompareExchange128
#undef InterlockedCompareExchange128Acquire
#define InterlockedCompareExchange128Acquire InterlockedCompareExchange128
#undef InterlockedCompareExchange128Release
#define InterlockedCompareExchange128Release InterlockedCompareExchange128

#undef InterlockedIncrementSizeT
#define InterlockedIncrementSizeT(target) InterlockedIncrement64((long long volatile *)(target))
#undef InterlockedDecrementSizeT
#define InterlockedDecrementSizeT(target) InterlockedDecrement64((long long volatile *)(target))
#undef InterlockedExchangeAddSizeT
#define InterlockedExchangeAddSizeT(target, value) InterlockedExchangeAdd64((long long volatile *)(target), (long long)(value))
#undef InterlockedAddSizeT
#define InterlockedAddSizeT(target, value) InterlockedAdd64((long long volatile *)(target), (long long)(value))
