/* Annotations under the name that most Windows headers include. */
#ifndef IRPFUZZ_SPECSTRINGS_H
#define IRPFUZZ_SPECSTRINGS_H

#include "sal.h"
#include "driverspecs.h"

#endif
