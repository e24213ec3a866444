#include "tests.h"
void test_stress(int nthreads, unsigned n) {(void)nthreads;(void)n;}
