/*
 * WDFVERIFY: an assertion that stays in free builds and acts only while the framework's verifier is on for the
 * driver (WdfVerifyOn in its globals).
 */
#pragma once

#define WDFVERIFY(Expression)                                              \
    do {                                                                   \
        if ((WdfDriverGlobals->DriverFlags & WdfVerifyOn) && !(Expression)) { \
            WdfVerifierDbgBreakPoint();                                    \
        }                                                                  \
    } while (0)

#define VERIFY_IS_IRQL_PASSIVE_LEVEL() WDFVERIFY(KeGetCurrentIrql() == PASSIVE_LEVEL)
