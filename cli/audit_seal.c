/* audit_seal.c - the tables of a sealed quarter, rebuilt from the log and compared with the seal bit by bit. Kind: E.
 *
 * Not by the program that made the seal: the rules are those of audit_roll*.c, written a second time (audit_part.h says why). Of a
 * seal the register, every leaf and every cell follow from the records up to its cuts; so do the cuts' hashes, which the walk
 * through the log checks as anchors. What a seal holds beside (steps, which are leaves as well, and answers) is spelled by a
 * release and belongs to its root, not to this.
 * Invariant: without a fault told, the seal has exactly the lines of those kinds that follow from the logs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_roll.h"

enum { CUTS_MAX = 255, PATH_REGION = 8 };
struct cut {
    unsigned worker;
    struct audit_anchor at;
    bool used; /* a ledger of that worker was read */
};
struct audit_seal {
    uint8_t *bytes;
    size_t size;
    struct audit_span lines;
    region_code region;
    unsigned year;
    struct cut cut[CUTS_MAX];
    unsigned cuts;
};

/* ---- reading ---- */

static bool read_all(struct audit_seal *s, const char *path, char why[AUDIT_TEXT])
{
    FILE *f = fopen(path, "rb");
    size_t room = 0, n = 1;

    while (f != NULL && n > 0) {
        if (s->size == room) {
            room = room != 0 ? 2 * room : 1 << 20;
            s->bytes = audit_memory(s->bytes, room, 1);
        }
        n = fread(s->bytes + s->size, 1, room - s->size, f);
        s->size += n;
    }
    if (f == NULL || ferror(f) != 0) {
        snprintf(why, AUDIT_TEXT, "%s", strerror(errno));
        if (f != NULL) fclose(f);
        return false;
    }
    return fclose(f) == 0;
}

/* 33 or 33.74, and 2022, of two texts. */
static bool about_read(struct audit_seal *s, const char *region, size_t n, const char *year)
{
    char text[PATH_REGION] = "", again[PATH_REGION], *end;
    unsigned long province, city = 0;

    if (n >= sizeof text || n < 2) return false;
    memcpy(text, region, n);
    province = strtoul(text, &end, 10);
    if (*end == '.') city = strtoul(end + 1, NULL, 10);
    s->region = (region_code)(province % 100) << 16 | (region_code)(city % 100);
    s->year = (unsigned)strtoul(year, NULL, 10);
    audit_code_region_format(s->region, again);
    return s->region != 0 && strcmp(text, again) == 0 && s->year >= YEAR_MIN && s->year <= YEAR_MAX;
}

/* The lines behind the head's empty line and its one signature line. */
static bool head_read(struct audit_seal *s)
{
    static const char head[] = "rekap/segel/1\nwilayah ", quarter[] = "\ntriwulan ";
    const uint8_t *empty, *end, *line;

    if (s->size < sizeof head || memcmp(s->bytes, head, sizeof head - 1) != 0) return false;
    empty = memmem(s->bytes, s->size, "\n\n", 2);
    line = memchr(s->bytes + sizeof head - 1, '\n', s->size - sizeof head + 1);
    if (empty == NULL || line > empty || (size_t)(empty - line) < sizeof quarter + 4) return false;
    if (memcmp(line, quarter, sizeof quarter - 1) != 0) return false;
    if (!about_read(s, (const char *)s->bytes + sizeof head - 1, (size_t)(line - s->bytes) - (sizeof head - 1),
                    (const char *)line + sizeof quarter - 1))
        return false;
    end = memchr(empty + 2, '\n', s->size - (size_t)(empty + 2 - s->bytes));
    if (end == NULL) return false;
    s->lines = audit_span_of(end + 1, s->size - (size_t)(end + 1 - s->bytes));
    return true;
}

/* The next line with its newline; s goes behind it. Of an empty s an empty one. */
static struct audit_span next_line(struct audit_span *s)
{
    const uint8_t *end = s->n > 0 ? memchr(s->p, '\n', s->n) : NULL;
    struct audit_span line = audit_span_of(s->p, end != NULL ? (size_t)(end - s->p) + 1 : s->n);

    *s = audit_span_of(s->p + line.n, s->n - line.n);
    return line;
}

static bool begins(struct audit_span line, const char *with)
{
    size_t n = strlen(with);

    return line.n > n && memcmp(line.p, with, n) == 0;
}

/* "potong TAB w1 TAB lsn TAB hash" */
static bool cut_read(struct audit_seal *s, struct audit_span line)
{
    static const char word[] = "potong\tw";
    char text[120], *end;
    struct cut *c = &s->cut[s->cuts];

    if (s->cuts == CUTS_MAX || line.n >= sizeof text || line.n <= sizeof word) return false;
    memcpy(text, line.p, line.n);
    text[line.n - 1] = '\0'; /* the newline */
    c->worker = (unsigned)strtoul(text + sizeof word - 1, &end, 10);
    if (*end != '\t' || c->worker == 0) return false;
    c->at.lsn = strtoull(end + 1, &end, 10);
    s->cuts++;
    return *end == '\t' && strlen(end + 1) == 2 * AUDIT_HASH && audit_hash_unhex(end + 1, AUDIT_HASH, c->at.hash.b);
}

static bool cuts_read(struct audit_seal *s)
{
    struct audit_span rest = s->lines;

    while (rest.n > 0) {
        struct audit_span line = next_line(&rest);

        if (begins(line, "potong\t") && !cut_read(s, line)) return false;
        if (begins(line, "kantor\t")) break; /* what comes before the register */
    }
    return s->cuts > 0;
}

struct audit_seal *audit_seal_open(const char *path, const char *about, char why[AUDIT_TEXT])
{
    struct audit_seal *s = audit_memory(NULL, 1, sizeof *s);
    const char *slash = about != NULL ? strchr(about, '/') : NULL;
    bool ok;

    memset(s, 0, sizeof *s);
    snprintf(why, AUDIT_TEXT, "bukan segel");
    if (!read_all(s, path, why)) {
        audit_seal_close(s);
        return NULL;
    }
    s->lines = audit_span_of(s->bytes, s->size);
    ok = about == NULL ? head_read(s) : slash != NULL && about_read(s, about, (size_t)(slash - about), slash + 1);
    if (ok && cuts_read(s)) return s;
    audit_seal_close(s);
    return NULL;
}

void audit_seal_close(struct audit_seal *s)
{
    free(s->bytes);
    free(s);
}

bool audit_seal_cut(struct audit_seal *s, unsigned worker, struct audit_anchor *ret)
{
    for (unsigned i = 0; i < s->cuts; i++) {
        if (s->cut[i].worker != worker) continue;
        s->cut[i].used = true;
        *ret = s->cut[i].at;
        return true;
    }
    return false;
}

/* ---- comparing ---- */

static bool write_rebuilt(const struct audit_text *t, const char *to)
{
    FILE *f = to != NULL ? fopen(to, "wb") : NULL;
    bool ok = to == NULL || (f != NULL && fwrite(t->p, 1, t->n, f) == t->n);

    if (f != NULL && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "rekap-audit: %s: %s\n", to, strerror(errno));
    return ok;
}

bool audit_seal_check(struct audit_seal *s, struct audit_roll *roll, struct audit_report *r, const char *to)
{
    bool written;

    struct audit_text seen = { .p = NULL }, expected = { .p = NULL };
    struct audit_span rest = s->lines;

    for (unsigned i = 0; i < s->cuts; i++)
        if (!s->cut[i].used)
            audit_report_bad(r, 0, audit_span_of(NULL, 0), "seal", "log worker ini tidak diberikan", "w%u", s->cut[i].worker);
    while (rest.n > 0) {
        struct audit_span line = next_line(&rest);

        if (begins(line, "kantor\t") || begins(line, "leaf\t") || begins(line, "cell\t")) audit_text_put(&seen, line.p, line.n);
    }
    audit_text_sort(&seen);
    audit_roll_seal(roll, s->region, s->year, &expected);
    audit_state_compare(&seen, &expected, r);
    written = write_rebuilt(&expected, to);
    audit_text_done(&seen);
    audit_text_done(&expected);
    return written;
}
