/* naive.c - see naive.h: hands the records to the verifier's recomputation (cli/audit_roll.h) and takes its text.
 *
 * The verifier was written a second time on purpose, with its own decoder, arithmetic of codes, names and rules; so what the tests
 * hold the fold against is the program that an auditor runs. Invariant: there is no state between two calls. */
#include "naive.h"

#include <string.h>

#include "cli/audit_roll.h"

static bool equal(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static void read_log(struct audit_roll *x, const struct naive_log *log)
{
    struct audit_hash hash = {{0}};

    for (size_t i = 0; i < log->count; i++) {
        struct audit_span bytes = audit_span_of(log->record[i].p, log->record[i].n);
        struct audit_record r;
        bool read = audit_log_record(bytes, &r);

        ASSERT(read && r.lsn == i + 1);
        hash = audit_hash_blake(audit_span_of(hash.b, AUDIT_HASH), bytes);
        audit_roll_record(x, log->worker, &r, &hash);
    }
}

void naive_part(const struct naive_log *log, size_t logs, const struct naive_ask *ask, struct buf *out)
{
    const struct audit_room room = { .dir = "/tmp", .bytes = ask->room };
    struct audit_roll *x = audit_roll_new(&room);
    struct audit_text text = { .p = NULL };

    if (ask->year != 0) audit_roll_about(x, ask->region, ask->year);
    for (size_t i = 0; i < logs; i++) read_log(x, &log[i]);
    audit_roll_text(x, &text);
    buf_put(out, text.p, text.n);
    audit_text_done(&text);
    audit_roll_free(x);
}

void naive_state(const struct naive_log *log, size_t logs, struct buf *out)
{
    const struct naive_ask all = { .room = 0 };

    naive_part(log, logs, &all, out);
}

static struct slice next_line(struct slice text, size_t at)
{
    const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
    return end ? slice_of(text.p + at, (size_t)(end - (text.p + at)) + 1) : slice_of(text.p + at, text.n - at);
}

bool naive_compare(struct slice got, struct slice expected, struct buf *why)
{
    enum { SHOWN = 6 };
    size_t at = 0, line[SHOWN] = { 0 }, n = 0;
    if (equal(got, expected)) return true;
    while (at < got.n && at < expected.n && equal(next_line(got, at), next_line(expected, at))) {
        line[n++ % SHOWN] = at;
        at += next_line(got, at).n;
    }
    for (size_t i = n < SHOWN ? 0 : n - SHOWN; i < n; i++) {
        struct slice l = next_line(got, line[i % SHOWN]);
        buf_printf(why, "        %.*s", (int)l.n, (const char *)l.p);
    }
    if (at < got.n) buf_printf(why, "fold    %.*s", (int)next_line(got, at).n, (const char *)got.p + at);
    if (at < expected.n) buf_printf(why, "naive   %.*s", (int)next_line(expected, at).n, (const char *)expected.p + at);
    return false;
}
