/* audit_seal.c - the tables of a sealed quarter, rebuilt from the log and compared with the seal bit by bit. Kind: E.
 *
 * Not by the program that made the seal: the rules are those of audit_roll*.c, written a second time (audit_part.h says why). Of a
 * seal the register, every leaf and every cell follow from the records up to its cuts; so do the cuts' hashes, which the walk
 * through the log checks as anchors. What a seal holds beside (steps, which are leaves as well, and answers) is spelled by a
 * release and belongs to its root, not to this. The file is read once, line by line: it may be larger than memory.
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
    FILE *f;
    char *line; /* the one that was read last, with its newline; n 0: there is none */
    size_t n, room;
    region_code region;
    unsigned year;
    struct cut cut[CUTS_MAX];
    unsigned cuts;
};

/* ---- reading ---- */

/* False at the end of the file. */
static bool next_line(struct audit_seal *s)
{
    ssize_t n = getline(&s->line, &s->room, s->f);

    s->n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool begins(const struct audit_seal *s, const char *with)
{
    size_t n = strlen(with);

    return s->n > n && memcmp(s->line, with, n) == 0;
}

static bool line_is(const struct audit_seal *s, const char *text)
{
    return s->n == strlen(text) && memcmp(s->line, text, s->n) == 0;
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

/* The head, its empty line and its one signature line; the line after them is the next one. */
static bool head_read(struct audit_seal *s)
{
    static const char region[] = "wilayah ", quarter[] = "triwulan ";
    char text[PATH_REGION];
    size_t n;

    if (!next_line(s) || !line_is(s, "rekap/segel/1\n") || !next_line(s) || !begins(s, region)) return false;
    n = s->n - sizeof region; /* neither the word nor the newline */
    if (n >= sizeof text) return false;
    memcpy(text, s->line + sizeof region - 1, n);
    text[n] = '\0';
    if (!next_line(s) || !begins(s, quarter) || !about_read(s, text, n, s->line + sizeof quarter - 1)) return false;
    while (next_line(s) && s->line[0] != '\n') continue;
    return s->n > 0 && next_line(s) && s->line[s->n - 1] == '\n';
}

/* "potong TAB w1 TAB lsn TAB hash" */
static bool cut_read(struct audit_seal *s)
{
    static const char word[] = "potong\tw";
    struct cut *c = &s->cut[s->cuts];
    char *end;

    if (s->cuts == CUTS_MAX || s->n <= sizeof word || memcmp(s->line, word, sizeof word - 1) != 0) return false;
    if (s->line[s->n - 1] == '\n') s->line[s->n - 1] = '\0';
    c->worker = (unsigned)strtoul(s->line + sizeof word - 1, &end, 10);
    if (*end != '\t' || c->worker == 0) return false;
    c->at.lsn = strtoull(end + 1, &end, 10);
    s->cuts++;
    return *end == '\t' && strlen(end + 1) == 2 * AUDIT_HASH && audit_hash_unhex(end + 1, AUDIT_HASH, c->at.hash.b);
}

/* Cuts come before the register, whose first line is then the one that was read. */
static bool cuts_read(struct audit_seal *s)
{
    while (next_line(s) && !begins(s, "kantor\t"))
        if (begins(s, "potong\t") && !cut_read(s)) return false;
    return s->cuts > 0 && ferror(s->f) == 0;
}

struct audit_seal *audit_seal_open(const char *path, const char *about, char why[AUDIT_TEXT])
{
    struct audit_seal *s = audit_memory(NULL, 1, sizeof *s);
    const char *slash = about != NULL ? strchr(about, '/') : NULL;
    bool ok;

    memset(s, 0, sizeof *s);
    s->f = fopen(path, "rb");
    if (s->f == NULL) {
        snprintf(why, AUDIT_TEXT, "%s", strerror(errno));
        audit_seal_close(s);
        return NULL;
    }
    ok = about == NULL ? head_read(s) : slash != NULL && about_read(s, about, (size_t)(slash - about), slash + 1);
    if (ok && cuts_read(s)) return s;
    snprintf(why, AUDIT_TEXT, "%s", ferror(s->f) != 0 ? strerror(errno) : "bukan segel");
    audit_seal_close(s);
    return NULL;
}

void audit_seal_close(struct audit_seal *s)
{
    if (s->f != NULL) fclose(s->f);
    free(s->line);
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

void audit_seal_about(const struct audit_seal *s, struct audit_roll *roll) { audit_roll_about(roll, s->region, s->year); }

/* ---- comparing ---- */

static bool no_file(const char *path)
{
    fprintf(stderr, "rekap-audit: %s: %s\n", path, strerror(errno));
    return false;
}

/* Its register, leaves and cells, in order. */
static struct audit_spill *facts_of(struct audit_seal *s, const struct audit_room *room)
{
    struct audit_spill *lines = audit_spill_new(room);

    for (; s->n > 0; (void)next_line(s))
        if (begins(s, "kantor\t") || begins(s, "leaf\t") || begins(s, "cell\t")) audit_spill_put(lines, s->line, s->n);
    audit_spill_sort(lines);
    return lines;
}

bool audit_seal_check(struct audit_seal *s, struct audit_roll *roll, const struct audit_room *room, struct audit_report *r,
                      const char *to)
{
    FILE *rebuilt = to != NULL ? fopen(to, "wb") : NULL;
    struct audit_spill *seen, *expected;
    bool written;

    if (to != NULL && rebuilt == NULL) return no_file(to);
    for (unsigned i = 0; i < s->cuts; i++)
        if (!s->cut[i].used)
            audit_report_bad(r, 0, audit_span_of(NULL, 0), "seal", "log worker ini tidak diberikan", "w%u", s->cut[i].worker);
    expected = audit_roll_lines(roll);
    seen = facts_of(s, room);
    written = audit_state_compare(seen, expected, rebuilt, r);
    if (ferror(s->f) != 0) audit_report_bad(r, 0, audit_span_of(NULL, 0), "seal", strerror(errno), "segel yang terbaca");
    if (rebuilt != NULL && fclose(rebuilt) != 0) written = false;
    audit_spill_free(seen);
    return written || no_file(to);
}
