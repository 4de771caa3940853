/* audit_memory.c - memory for rekap-audit: there is enough, or the run ends with a word. Kind: E.
 *
 * An auditor that goes on with less than it needs would call a store sound that it has not seen, so there is one way to ask and no
 * answer to check. Invariant: what is returned is never NULL. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/audit_part.h"

enum { EXIT_NO_MEMORY = 2 };

void *audit_memory(void *old, size_t n, size_t size)
{
    void *p = reallocarray(old, n, size);

    if (p != NULL) return p;
    fputs("rekap-audit: memori habis (out of memory)\n", stderr);
    exit(EXIT_NO_MEMORY);
}
