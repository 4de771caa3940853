/* env.h - a number that the environment may set for a test: which seed, how many. Without it every run is the same. */
#ifndef REKAP_TESTS_ENV_H
#define REKAP_TESTS_ENV_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);

    return s != NULL && *s != '\0' ? strtoull(s, NULL, 10) : otherwise;
}

#endif
