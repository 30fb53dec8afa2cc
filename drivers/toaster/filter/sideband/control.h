/*
 * Sideband filter: the control device, and which filter devices there are. Called by filter.c.
 *
 * One lock guards both, so that whether the control device is needed is decided and carried out in one piece.
 */

#pragma once

/* Once, after WdfDriverCreate. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
FilterControlInitialize(VOID);

/* A filter device has come. That there is no control device for it is no reason for it to go: the toaster works without. */
_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS
FilterControlAdd(_In_ WDFDEVICE Device);

/* A filter device goes, one that FilterControlAdd took. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID
FilterControlRemove(_In_ WDFDEVICE Device);
