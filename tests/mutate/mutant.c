/* mutant.c - which of the planted mutants is on: the number in the environment variable MUTANT, 0 without. Linked into every
 * program of the build with mutants (tests/mutate/cc); read before main, because some tests fork and some read the environment
 * late. */
#include <stdlib.h>

extern unsigned mutant_on;
unsigned mutant_on;

__attribute__((constructor)) static void mutant_read(void)
{
    const char *n = getenv("MUTANT");
    if (n) mutant_on = (unsigned)strtoul(n, NULL, 10);
}
