#include "shared_types.h"

BOOLEAN OtherSees(WDFOBJECT Object) { return SharedGetContext(Object) != NULL && SharedGetContext(Object)->Value == 7; }
