/* The user-mode name of the checked arithmetic. */
#include <ntintsafe.h>
