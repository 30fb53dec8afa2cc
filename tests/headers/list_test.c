/* The lists' checks (W-TYP-25, W-TYP-26), run. Exit status is the number of the first check that failed, 0 if none did. */
#include <ntddk.h>

static ULONG empty_removals;
static ULONG expected_code;

int main(void);
__attribute__((__noreturn__)) void irpfuzz_test_exit(int status) __asm__("_exit");

/* The last check is meant to end here. */
VOID RtlFailFast(ULONG Code)
{
    irpfuzz_test_exit(Code == expected_code ? 0 : 100);
}

VOID irpfuzz_remove_from_empty_list(PLIST_ENTRY ListHead)
{
    UNREFERENCED_PARAMETER(ListHead);
    empty_removals++;
}

int main(void)
{
    LIST_ENTRY head, a, b, c;

    InitializeListHead(&head);
    if (!IsListEmpty(&head) || RemoveHeadList(&head) != &head || empty_removals != 1)
        return 1;
    InsertTailList(&head, &a);
    InsertTailList(&head, &b);
    InsertHeadList(&head, &c);
    if (head.Flink != &c || head.Blink != &b || c.Flink != &a)
        return 2;
    if (RemoveEntryList(&a) || RemoveTailList(&head) != &b || RemoveHeadList(&head) != &c || !IsListEmpty(&head))
        return 3;
    InsertTailList(&head, &a);
    if (!RemoveEntryList(&a))
        return 4;
    /* The second removal is a fast fail with code 3. */
    expected_code = 3;
    RemoveEntryList(&a);
    return 5;
}
