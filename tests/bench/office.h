/* office.h - ids and regions of the generated offices: two a city, five cities a province, real region codes. */
#ifndef REKAP_BENCH_OFFICE_H
#define REKAP_BENCH_OFFICE_H

#include "proto/types.h"

struct bench_office {
    char id[41], region[8];
};
/* Reads the region list; NULL (with a line on stderr) when it cannot be read or has too few cities. The caller frees. */
struct bench_office *bench_offices(const char *regions, uint32_t n);

#endif
