/* audit_report.c - what rekap-audit found: the first fault in full, all of them counted, for people and as one JSON object. Kind:
 * E.
 *
 * Faults come in the order of the walk, which is the order of the log, except that damage in the file is found before anything is
 * walked; so the fault with the least position is kept as the first. The words in `what` are stable, the sentences are for people.
 * Invariant: bad counts every call of audit_report_bad. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_part.h"

enum { SHOWN_MAX = 20 };

void audit_report_bad(struct audit_report *r, uint64_t lsn, struct audit_span office, const char *what, const char *seen,
                      const char *expected, ...)
{
    char wanted[AUDIT_TEXT];
    va_list ap;

    va_start(ap, expected);
    vsnprintf(wanted, sizeof wanted, expected, ap);
    va_end(ap);
    if (r->shown++ < SHOWN_MAX)
        fprintf(stderr, "lsn %" PRIu64 " %.*s: %s: %s; seharusnya %s\n", lsn,
                (int)(office.n < AUDIT_OFFICE_MAX ? office.n : AUDIT_OFFICE_MAX), office.n > 0 ? (const char *)office.p : "", what,
                seen, wanted);
    r->bad++;
    if (r->bad > 1 && (lsn == 0 || (r->first.lsn != 0 && r->first.lsn <= lsn))) return;
    r->first.lsn = lsn;
    snprintf(r->first.what, sizeof r->first.what, "%s", what);
    snprintf(r->first.office, sizeof r->first.office, "%.*s", (int)(office.n < AUDIT_OFFICE_MAX ? office.n : AUDIT_OFFICE_MAX),
             office.n > 0 ? (const char *)office.p : "");
    snprintf(r->first.seen, sizeof r->first.seen, "%s", seen);
    snprintf(r->first.expected, sizeof r->first.expected, "%s", wanted);
}

void audit_report_text(const struct audit_report *r)
{
    char hash[2 * AUDIT_HASH + 1], root[2 * AUDIT_HASH + 1];
    bool en = r->english;

    audit_hash_hex(r->hash.b, AUDIT_HASH, hash);
    audit_hash_hex(r->root.b, AUDIT_HASH, root);
    printf("%s %" PRIu64 ", %s %" PRIu64 ", %s %" PRIu64 ", %s %zu\n", en ? "records" : "catatan", r->records,
           en ? "batches" : "kiriman", r->batches, en ? "statements" : "pernyataan", r->updates, en ? "offices" : "kantor",
           r->offices);
    printf("%s lsn %" PRIu64 " %s\n%s %s\n", en ? "head" : "kepala log", r->lsn, hash, en ? "root" : "akar", root);
    if (r->bad == 0) {
        printf("%s\n", en ? "sound: every record, signature, chain and index holds"
                          : "utuh: setiap catatan, tanda tangan, rantai, dan indeks cocok");
        return;
    }
    printf("%s: %" PRIu64 "\n", en ? "faults" : "RUSAK, jumlah temuan", r->bad);
    printf("%s lsn %" PRIu64 "%s%s: %s\n  %s %s\n  %s %s\n", en ? "first:" : "pertama:", r->first.lsn,
           r->first.office[0] ? " " : "", r->first.office, r->first.what, en ? "seen:    " : "terlihat:  ", r->first.seen,
           en ? "expected:" : "seharusnya:", r->first.expected);
}

/* Text of anybody's making as a JSON string; what is no plain ASCII becomes an escape or '?'. */
static void json_text(const char *s)
{
    putchar('"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c < 0x7f ? c : '?');
    }
    putchar('"');
}

void audit_report_json(const struct audit_report *r)
{
    char hash[2 * AUDIT_HASH + 1], root[2 * AUDIT_HASH + 1];

    audit_hash_hex(r->hash.b, AUDIT_HASH, hash);
    audit_hash_hex(r->root.b, AUDIT_HASH, root);
    printf("{\"ok\":%s,\"records\":%" PRIu64 ",\"batches\":%" PRIu64 ",\"updates\":%" PRIu64 ",\"offices\":%zu,\"bad\":%" PRIu64
           ",",
           r->bad == 0 ? "true" : "false", r->records, r->batches, r->updates, r->offices, r->bad);
    printf("\"head\":{\"lsn\":%" PRIu64 ",\"hash\":\"%s\",\"root\":\"%s\"},\"first_bad\":", r->lsn, hash, root);
    if (r->bad == 0) {
        puts("null}");
        return;
    }
    printf("{\"lsn\":%" PRIu64 ",\"office\":", r->first.lsn);
    json_text(r->first.office);
    printf(",\"what\":");
    json_text(r->first.what);
    printf(",\"seen\":");
    json_text(r->first.seen);
    printf(",\"expected\":");
    json_text(r->first.expected);
    puts("}}");
}
