/* audit_edit.h - what an operator who owns the machine and the worker's keys can do to a log (see audit_world.h). */
#ifndef REKAP_TESTS_AUDIT_EDIT_H
#define REKAP_TESTS_AUDIT_EDIT_H

#include "tests/unit/audit_world.h"

/* Changes the log around record i and says at which lsn the first fault must lie; 0: this place does not suit. */
typedef uint64_t (*edit_fn)(struct audit_world *a, struct audit_copy *c, size_t i);
struct edit {
    const char *name, *what; /* what: of the first fault */
    edit_fn make;
    bool unsigned_by_offices; /* no office has signed anything that this contradicts: only an anchor tells */
};
extern const struct edit audit_edits[];
extern const size_t audit_edit_count;

#endif
