/*
 * The tests' knobs, as far as the threading core knows them: see knob.h.
 */
#include "lwkt/knob.h"

uint32 knobs_on;
uint32 (*knob_reached)(enum kt_knob which);
