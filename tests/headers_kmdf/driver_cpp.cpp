// The same driver, compiled as C++.
#include "driver.c"
