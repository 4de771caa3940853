/* office.c - see office.h; with -DBENCH_OFFICE_MAIN a program that lists them: "ID REGION" a line. */
#include "tests/bench/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CITIES_PER_PROVINCE = 5, CITIES_MAX = 600 };

/* The first five cities of each province, in code order; provinces with fewer are passed over. */
static size_t cities(FILE *f, char (*ret)[8])
{
    char line[256], run[CITIES_PER_PROVINCE][8];
    size_t n = 0, in_run = 0;
    while (fgets(line, sizeof line, f)) {
        if (strlen(line) < 6 || line[2] != '.' || line[5] != ',') continue;
        if (in_run && strncmp(run[0], line, 2)) in_run = 0;
        if (in_run >= CITIES_PER_PROVINCE) continue;
        snprintf(run[in_run++], 8, "%.5s", line);
        if (in_run == CITIES_PER_PROVINCE && n + CITIES_PER_PROVINCE <= CITIES_MAX) {
            memcpy(ret + n, run, sizeof run);
            n += CITIES_PER_PROVINCE;
        }
    }
    return n;
}

struct bench_office *bench_offices(const char *regions, uint32_t n)
{
    static char city[CITIES_MAX][8];
    FILE *f = fopen(regions, "r");
    size_t have = f ? cities(f, city) : 0;
    if (f) fclose(f);
    /* sparse workloads have five times the offices: more offices in each city, not more cities than the country has */
    size_t per_city = 2;
    while (have && have * per_city < n) per_city++;
    struct bench_office *o = have ? calloc(n, sizeof *o) : NULL;
    if (!o) {
        fprintf(stderr, "bench: %s: no regions\n", regions);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        const char *c = city[i / per_city];
        memcpy(o[i].region, c, 8);
        snprintf(o[i].id, sizeof o[i].id, "gen-%.2s%.2s-%02u", c, c + 3, (unsigned)(i % per_city + 1));
    }
    return o;
}

#ifdef BENCH_OFFICE_MAIN
int main(int argc, char **argv)
{
    uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    struct bench_office *o = n ? bench_offices(argv[1], n) : NULL;
    for (uint32_t i = 0; o && i < n; i++) printf("%s %s\n", o[i].id, o[i].region);
    free(o);
    return o ? 0 : 1;
}
#endif
