#include "tests.h"
void test_units(void) {}
