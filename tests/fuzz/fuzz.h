/* fuzz.h - shared by the fuzz targets: each is one libFuzzer entry over bytes from outside. A crash, an assert, a leak or undefined
 * behaviour is a finding; what a parser says is checked against what it then gives. */
#ifndef REKAP_FUZZ_H
#define REKAP_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "proto/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
