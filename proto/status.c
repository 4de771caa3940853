/* status.c - status names and the texts of the reason codes. Kind: P.
 *
 * Design notes: both tables are made from the same list that defines the numbers (codes.def), so a code cannot exist
 * without a spelling and two texts. Codes are sparse but small, so the table is indexed by the number itself; a hole has
 * no spelling and reads as unknown.
 *
 * status_assert_failed is the one place of the pure core that writes to a stream: the process is about to end because of
 * a mistake of ours, and the sentence must not depend on anything that may be broken.
 *
 * Invariant: no function here returns NULL. */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>

struct code_row {
    const char *spelling, *id, *en;
};

static const struct code_row CODES[] = {
#define CODE(num, NAME, spelling, id, en) [num] = {spelling, id, en},
#include "codes.def"
#undef CODE
};

static const char *const STATUSES[] = {
    "ok",       "not found",     "invalid",   "full",   "input/output error", "corrupt", "commit outcome unknown",
    "no memory", "try again later", "denied", "busy", "unsupported version",
};

const char *status_str(int status)
{
    unsigned i = 0u - (unsigned)status;

    return i < sizeof STATUSES / sizeof *STATUSES ? STATUSES[i] : "unknown status";
}

bool status_code_known(unsigned code)
{
    return code < sizeof CODES / sizeof *CODES && CODES[code].spelling != NULL;
}

const char *status_code_spelling(unsigned code)
{
    return status_code_known(code) ? CODES[code].spelling : "?";
}

const char *status_code_text(unsigned code, enum lang lang)
{
    if (!status_code_known(code)) return "?";
    return lang == LANG_EN ? CODES[code].en : CODES[code].id;
}

_Noreturn void status_assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "assertion failed: %s at %s:%d\n", expr, file, line);
    abort();
}
