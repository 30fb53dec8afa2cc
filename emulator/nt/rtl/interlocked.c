/*
 * Interlocked operations (W-LCK-40): each is a scheduling point, then one indivisible step; they order all that touch the address.
 *
 * The emulator runs alone inside the gate, and is not seen by ThreadSanitizer: the pair of annotations is the order a driver relies on.
 */
#include "../nt.h"

#define BEGIN(name)                                   \
    gate_enter(DDI_##name, trace_object((void *)(uintptr_t)Target), 0); \
    hb_acquire(Target)
#define END(value)              \
    hb_release(Target);         \
    gate_leave((uint64_t)value)

/* Also YieldProcessor: it orders nothing for others who have no part in it, but lets them run. */
VOID KeMemoryBarrier(VOID)
{
    gate_enter(DDI_KeMemoryBarrier, 0, 0);
    gate_leave(0);
}

int InterlockedIncrement(int volatile *Target)
{
    BEGIN(InterlockedIncrement);
    int old = *Target, value = old + 1;
    *Target = value;
    END(value);
    return value;
}

int InterlockedDecrement(int volatile *Target)
{
    BEGIN(InterlockedDecrement);
    int old = *Target, value = old - 1;
    *Target = value;
    END(value);
    return value;
}

int InterlockedExchange(int volatile *Target, int Value)
{
    BEGIN(InterlockedExchange);
    int old = *Target, value = Value;
    *Target = value;
    END(old);
    return old;
}

int InterlockedExchangeAdd(int volatile *Target, int Value)
{
    BEGIN(InterlockedExchangeAdd);
    int old = *Target, value = old + Value;
    *Target = value;
    END(old);
    return old;
}

int InterlockedAdd(int volatile *Target, int Value)
{
    BEGIN(InterlockedAdd);
    int old = *Target, value = old + Value;
    *Target = value;
    END(value);
    return value;
}

int InterlockedAnd(int volatile *Target, int Value)
{
    BEGIN(InterlockedAnd);
    int old = *Target, value = old & Value;
    *Target = value;
    END(old);
    return old;
}

int InterlockedOr(int volatile *Target, int Value)
{
    BEGIN(InterlockedOr);
    int old = *Target, value = old | Value;
    *Target = value;
    END(old);
    return old;
}

int InterlockedXor(int volatile *Target, int Value)
{
    BEGIN(InterlockedXor);
    int old = *Target, value = old ^ Value;
    *Target = value;
    END(old);
    return old;
}

int InterlockedCompareExchange(int volatile *Target, int Exchange, int Comparand)
{
    BEGIN(InterlockedCompareExchange);
    int old = *Target;
    if (old == Comparand)
        *Target = Exchange;
    END(old);
    return old;
}

long long InterlockedIncrement64(long long volatile *Target)
{
    BEGIN(InterlockedIncrement);
    long long old = *Target, value = old + 1;
    *Target = value;
    END(value);
    return value;
}

long long InterlockedDecrement64(long long volatile *Target)
{
    BEGIN(InterlockedDecrement);
    long long old = *Target, value = old - 1;
    *Target = value;
    END(value);
    return value;
}

long long InterlockedExchange64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedExchange);
    long long old = *Target, value = Value;
    *Target = value;
    END(old);
    return old;
}

long long InterlockedExchangeAdd64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedExchangeAdd);
    long long old = *Target, value = old + Value;
    *Target = value;
    END(old);
    return old;
}

long long InterlockedAdd64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedAdd);
    long long old = *Target, value = old + Value;
    *Target = value;
    END(value);
    return value;
}

long long InterlockedAnd64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedAnd);
    long long old = *Target, value = old & Value;
    *Target = value;
    END(old);
    return old;
}

long long InterlockedOr64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedOr);
    long long old = *Target, value = old | Value;
    *Target = value;
    END(old);
    return old;
}

long long InterlockedXor64(long long volatile *Target, long long Value)
{
    BEGIN(InterlockedXor);
    long long old = *Target, value = old ^ Value;
    *Target = value;
    END(old);
    return old;
}

long long InterlockedCompareExchange64(long long volatile *Target, long long Exchange, long long Comparand)
{
    BEGIN(InterlockedCompareExchange);
    long long old = *Target;
    if (old == Comparand)
        *Target = Exchange;
    END(old);
    return old;
}

short InterlockedIncrement16(short volatile *Target)
{
    BEGIN(InterlockedIncrement);
    short old = *Target, value = (short)(old + 1);
    *Target = value;
    END(value);
    return value;
}

short InterlockedDecrement16(short volatile *Target)
{
    BEGIN(InterlockedDecrement);
    short old = *Target, value = (short)(old - 1);
    *Target = value;
    END(value);
    return value;
}

short InterlockedExchange16(short volatile *Target, short Value)
{
    BEGIN(InterlockedExchange);
    short old = *Target, value = (short)(Value);
    *Target = value;
    END(old);
    return old;
}

short InterlockedExchangeAdd16(short volatile *Target, short Value)
{
    BEGIN(InterlockedExchangeAdd);
    short old = *Target, value = (short)(old + Value);
    *Target = value;
    END(old);
    return old;
}

short InterlockedAnd16(short volatile *Target, short Value)
{
    BEGIN(InterlockedAnd);
    short old = *Target, value = (short)(old & Value);
    *Target = value;
    END(old);
    return old;
}

short InterlockedOr16(short volatile *Target, short Value)
{
    BEGIN(InterlockedOr);
    short old = *Target, value = (short)(old | Value);
    *Target = value;
    END(old);
    return old;
}

short InterlockedXor16(short volatile *Target, short Value)
{
    BEGIN(InterlockedXor);
    short old = *Target, value = (short)(old ^ Value);
    *Target = value;
    END(old);
    return old;
}

short InterlockedCompareExchange16(short volatile *Target, short Exchange, short Comparand)
{
    BEGIN(InterlockedCompareExchange);
    short old = *Target;
    if (old == Comparand)
        *Target = Exchange;
    END(old);
    return old;
}

char InterlockedExchange8(char volatile *Target, char Value)
{
    BEGIN(InterlockedExchange);
    char old = *Target, value = (char)(Value);
    *Target = value;
    END(old);
    return old;
}

char InterlockedExchangeAdd8(char volatile *Target, char Value)
{
    BEGIN(InterlockedExchangeAdd);
    char old = *Target, value = (char)(old + Value);
    *Target = value;
    END(old);
    return old;
}

char InterlockedAnd8(char volatile *Target, char Value)
{
    BEGIN(InterlockedAnd);
    char old = *Target, value = (char)(old & Value);
    *Target = value;
    END(old);
    return old;
}

char InterlockedOr8(char volatile *Target, char Value)
{
    BEGIN(InterlockedOr);
    char old = *Target, value = (char)(old | Value);
    *Target = value;
    END(old);
    return old;
}

char InterlockedXor8(char volatile *Target, char Value)
{
    BEGIN(InterlockedXor);
    char old = *Target, value = (char)(old ^ Value);
    *Target = value;
    END(old);
    return old;
}

char InterlockedCompareExchange8(char volatile *Target, char Exchange, char Comparand)
{
    BEGIN(InterlockedCompareExchange);
    char old = *Target;
    if (old == Comparand)
        *Target = Exchange;
    END(old);
    return old;
}

void *InterlockedExchangePointer(void *volatile *Target, void *Value)
{
    BEGIN(InterlockedExchange);
    void *old = *Target;
    *Target = Value;
    END(trace_object(old));
    return old;
}

void *InterlockedCompareExchangePointer(void *volatile *Target, void *Exchange, void *Comparand)
{
    BEGIN(InterlockedCompareExchange);
    void *old = *Target;
    if (old == Comparand)
        *Target = Exchange;
    END(trace_object(old));
    return old;
}

unsigned char InterlockedCompareExchange128(long long volatile *Target, long long ExchangeHigh, long long ExchangeLow, long long *ComparandResult)
{
    BEGIN(InterlockedCompareExchange);
    unsigned char equal = Target[0] == ComparandResult[0] && Target[1] == ComparandResult[1];
    long long low = Target[0], high = Target[1];
    if (equal) {
        Target[0] = ExchangeLow;
        Target[1] = ExchangeHigh;
    }
    ComparandResult[0] = low;
    ComparandResult[1] = high;
    END(equal);
    return equal;
}

enum bit_change { BIT_SET, BIT_RESET, BIT_COMPLEMENT };

static unsigned char change_bit(int volatile *Target, int bit, enum bit_change change)
{
    Target += bit >> 5; /* the offset may lie outside the first word */
    unsigned mask = 1u << (bit & 31);
    BEGIN(InterlockedBitTest);
    unsigned old = (unsigned)*Target;
    *Target = (int)(change == BIT_SET ? old | mask : change == BIT_RESET ? old & ~mask : old ^ mask);
    unsigned char was = (old & mask) != 0;
    END(was);
    return was;
}

unsigned char InterlockedBitTestAndSet(int volatile *Base, int Bit) { return change_bit(Base, Bit, BIT_SET); }
unsigned char InterlockedBitTestAndReset(int volatile *Base, int Bit) { return change_bit(Base, Bit, BIT_RESET); }
unsigned char InterlockedBitTestAndComplement(int volatile *Base, int Bit) { return change_bit(Base, Bit, BIT_COMPLEMENT); }
unsigned char InterlockedBitTestAndSet64(long long volatile *Base, long long Bit) { return change_bit((int volatile *)Base, (int)Bit, BIT_SET); }
unsigned char InterlockedBitTestAndReset64(long long volatile *Base, long long Bit) { return change_bit((int volatile *)Base, (int)Bit, BIT_RESET); }

