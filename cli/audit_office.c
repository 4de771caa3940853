/* audit_office.c - who may speak at each position, as the log itself tells it (records of kind 2). Kind: E.
 *
 * A line: id, region, role, status, valid from, valid to, transport key, signing key, name, and (since registers are signed) a
 * signature; parted by tabs, after "version TAB". The newest line of an office is in force; a signing key that a later line
 * replaced may still sign for ROTATED_DAYS, as docs/PROTOCOL.md has it.
 *
 * With the register's public key each line's signature is checked too: over the chain head before the line and its first nine
 * fields. Invariant: versions of the lines taken are 1, 2, 3.. without a gap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { FIELDS = 9, LINE_MAX = 1100 };
static const int64_t ROTATED_MS = INT64_C(35) * 86400 * 1000;
static const char HEADING[] = "#rekap-office 1";

/* ---- the table of offices ---- */

static size_t slot_of(const struct audit_offices *o, struct audit_span id)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < id.n; i++) h = (h ^ id.p[i]) * 16777619u;
    for (i = h & (o->size - 1); o->slot[i] != NULL; i = (i + 1) & (o->size - 1))
        if (audit_same(audit_span_of(o->slot[i]->id, strlen(o->slot[i]->id)), id)) break;
    return i;
}

struct audit_office *audit_office_find(const struct audit_offices *o, struct audit_span id)
{
    return o->size > 0 ? o->slot[slot_of(o, id)] : NULL;
}

static void widen(struct audit_offices *o)
{
    struct audit_offices wide = *o;

    wide.size = o->size > 0 ? 2 * o->size : 256;
    wide.slot = audit_memory(NULL, wide.size, sizeof(struct audit_office *));
    memset((void *)wide.slot, 0, wide.size * sizeof(struct audit_office *));
    for (size_t i = 0; i < o->size; i++) {
        struct audit_office *f = o->slot[i];

        if (f != NULL) wide.slot[slot_of(&wide, audit_span_of(f->id, strlen(f->id)))] = f;
    }
    free((void *)o->slot);
    *o = wide;
}

static struct audit_office *office_of(struct audit_offices *o, struct audit_span id)
{
    struct audit_office *f = audit_office_find(o, id);

    if (f != NULL) return f;
    if (2 * o->used >= o->size) widen(o);
    f = audit_memory(NULL, 1, sizeof *f);
    memset(f, 0, sizeof *f);
    memcpy(f->id, id.p, id.n);
    o->slot[slot_of(o, id)] = f;
    o->used++;
    return f;
}

void audit_office_done(struct audit_offices *o)
{
    for (size_t i = 0; i < o->size; i++) {
        struct audit_office *f = o->slot[i];

        while (f != NULL && f->streams != NULL) {
            struct audit_stream *s = f->streams;

            f->streams = s->next;
            free(s);
        }
        if (f != NULL) free(f->entry);
        free(f);
    }
    free((void *)o->slot);
}

struct audit_stream *audit_office_stream(struct audit_office *o, uint32_t number)
{
    struct audit_stream *s = o->streams;

    while (s != NULL && s->number != number) s = s->next;
    if (s != NULL) return s;
    s = audit_memory(NULL, 1, sizeof *s);
    *s = (struct audit_stream){.number = number, .next = o->streams};
    o->streams = s;
    return s;
}

/* ---- one line ---- */

static bool is(struct audit_span s, const char *text) { return audit_same(s, audit_span_of(text, strlen(text))); }

/* n digits. */
static bool digits(const uint8_t *p, unsigned n, int *ret)
{
    *ret = 0;
    for (; n > 0; n--, p++) {
        if (*p < '0' || *p > '9') return false;
        *ret = 10 * *ret + (*p - '0');
    }
    return true;
}

/* Days from 1970-01-01, of the proleptic Gregorian calendar; counts the years' days since year 0 with March as the first month. */
static int64_t days(int y, int m, int d)
{
    int64_t year = m > 2 ? y : y - 1, shifted = m > 2 ? m - 3 : m + 9;

    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + d - 1 - 719468;
}

/* As the log writes it: 2026-11-21T10:00:00.123Z, or "-". */
static bool moment(struct audit_span s, int64_t open, int64_t *ret)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    int y, mo, d, h, mi, sec, ms;

    *ret = open;
    if (is(s, "-")) return true;
    if (s.n != sizeof form - 1) return false;
    for (size_t i = 0; i < s.n; i++)
        if (form[i] != 'd' && s.p[i] != (uint8_t)form[i]) return false;
    if (!digits(s.p, 4, &y) || !digits(s.p + 5, 2, &mo) || !digits(s.p + 8, 2, &d) || !digits(s.p + 11, 2, &h)) return false;
    if (!digits(s.p + 14, 2, &mi) || !digits(s.p + 17, 2, &sec) || !digits(s.p + 20, 3, &ms)) return false;
    *ret = ((days(y, mo, d) * 24 + h) * 60 + mi) * 60000 + sec * INT64_C(1000) + ms;
    return mo >= 1 && mo <= 12 && d >= 1 && d <= 31;
}

static bool region(struct audit_span s, uint32_t *ret)
{
    int province = 0, city = 0;

    if (s.n != 0 && s.n != 2 && s.n != 5) return false;
    if (s.n > 0 && !digits(s.p, 2, &province)) return false;
    if (s.n == 5 && (s.p[2] != '.' || !digits(s.p + 3, 2, &city))) return false;
    *ret = (uint32_t)province << 16 | (uint32_t)city;
    return true;
}

static bool role(struct audit_span s, uint8_t *ret)
{
    static const char *const names[] = {"office", "treasurer", "planner", "auditor", "centre"};

    for (uint8_t i = 0; i < 5; i++)
        if (is(s, names[i])) {
            *ret = (uint8_t)(i + 1);
            return true;
        }
    return false;
}

static bool key(struct audit_span s, uint8_t ret[AUDIT_KEY])
{
    memset(ret, 0, AUDIT_KEY);
    return is(s, "-") || (s.n == 2 * AUDIT_KEY && audit_hash_unhex((const char *)s.p, AUDIT_KEY, ret));
}

/* The span up to the next tab, moving on behind it; the last one has none. */
static struct audit_span field(struct audit_span *rest)
{
    const uint8_t *tab = rest->n > 0 ? memchr(rest->p, '\t', rest->n) : NULL;
    size_t n = tab != NULL ? (size_t)(tab - rest->p) : rest->n;
    struct audit_span f = audit_span_of(rest->p, n);

    *rest = tab != NULL ? audit_span_of(tab + 1, rest->n - n - 1) : audit_span_of(NULL, 0);
    return f;
}

static bool line_read(struct audit_span line, struct audit_span f[FIELDS + 1], struct audit_entry *e)
{
    struct audit_span rest = line;
    uint8_t transport[AUDIT_KEY];
    unsigned n = 0;

    while (rest.p != NULL && n <= FIELDS) f[n++] = field(&rest);
    if (n < FIELDS || rest.p != NULL || f[0].n == 0 || f[0].n > AUDIT_OFFICE_MAX || f[8].n == 0) return false;
    if (n == FIELDS) f[FIELDS] = audit_span_of(NULL, 0);
    e->active = is(f[3], "active");
    return region(f[1], &e->region) && role(f[2], &e->role) && (e->active || is(f[3], "revoked")) &&
           moment(f[4], INT64_MIN, &e->from) && moment(f[5], INT64_MAX, &e->to) && key(f[6], transport) && key(f[7], e->signing);
}

/* The register's signature over the chain head and the line without it; moves the chain on. */
static bool sealed(struct audit_offices *o, struct audit_span line, struct audit_span signature)
{
    uint8_t message[AUDIT_HASH + LINE_MAX], sig[AUDIT_SIG];
    size_t bare = line.n - (signature.n > 0 ? signature.n + 1 : 0);

    if (o->version == 1) o->chain = audit_hash_blake(audit_span_of(HEADING, sizeof HEADING - 1), audit_span_of(NULL, 0));
    if (line.n > LINE_MAX || signature.n != 2 * AUDIT_SIG || !audit_hash_unhex((const char *)signature.p, AUDIT_SIG, sig))
        return false;
    memcpy(message, o->chain.b, AUDIT_HASH);
    memcpy(message + AUDIT_HASH, line.p, bare);
    o->chain = audit_hash_blake(audit_span_of(o->chain.b, AUDIT_HASH), line);
    return audit_hash_signed(o->issuer, audit_span_of(message, AUDIT_HASH + bare), sig);
}

bool audit_office_take(struct audit_offices *o, struct audit_span content, char ret_why[AUDIT_TEXT])
{
    struct audit_span line = content, version = field(&line), f[FIELDS + 1];
    struct audit_entry e = {.version = o->version + 1};
    struct audit_office *office;
    char want[24];

    snprintf(want, sizeof want, "%llu", (unsigned long long)e.version);
    snprintf(ret_why, AUDIT_TEXT, "versi %.*s, bukan %s", (int)(version.n < 20 ? version.n : 20),
             version.n > 0 ? (const char *)version.p : "", want);
    if (!is(version, want)) return false;
    snprintf(ret_why, AUDIT_TEXT, "baris daftar kantor tidak dapat dibaca");
    if (line.p == NULL || !line_read(line, f, &e)) return false;
    o->version++;
    office = office_of(o, f[0]);
    office->entry = audit_memory(office->entry, office->entries + 1, sizeof *office->entry);
    office->entry[office->entries++] = e;
    snprintf(ret_why, AUDIT_TEXT, "tanda tangan daftar kantor tidak sah");
    return o->issuer == NULL || sealed(o, line, f[FIELDS]);
}

/* ---- questions ---- */

const struct audit_entry *audit_office_signer(const struct audit_office *o, uint64_t key_id, int64_t at, const char **ret_what,
                                              char ret_why[AUDIT_TEXT])
{
    const struct audit_entry *now = &o->entry[o->entries - 1];

    *ret_what = "authority";
    snprintf(ret_why, AUDIT_TEXT, "kantor dicabut (versi %llu)", (unsigned long long)now->version);
    if (!now->active) return NULL;
    *ret_what = "validity";
    snprintf(ret_why, AUDIT_TEXT, "di luar masa berlaku (%lld)", (long long)at);
    if (at < now->from || at >= now->to) return NULL;
    *ret_what = "key";
    snprintf(ret_why, AUDIT_TEXT, "kunci %016llx", (unsigned long long)key_id);
    for (size_t i = o->entries; i-- > 0 && o->entry[i].active;) {
        if (audit_hash_key_id(o->entry[i].signing) == key_id) return &o->entry[i];
        if (o->entry[i].from != INT64_MIN && at - o->entry[i].from > ROTATED_MS) break;
    }
    return NULL;
}

static bool holds(uint32_t outer, uint32_t inner)
{
    return outer == 0 || outer == inner || ((outer & 0xffff) == 0 && (inner & 0xffff0000u) == outer);
}

bool audit_office_may(const struct audit_offices *o, const struct audit_office *speaker, struct audit_span subject,
                      struct audit_span source, unsigned *ret_only)
{
    static const struct { const char *source; uint8_t role; unsigned only; } CAPACITY[] = {
        {"bud", AUDIT_ROLE_TREASURER, 2}, {"verifikator", AUDIT_ROLE_PLANNER, 96}, {"pusat", AUDIT_ROLE_CENTRE, 96},
        {"pemeriksa", AUDIT_ROLE_AUDITOR, 96},
    };
    const struct audit_entry *now = &speaker->entry[speaker->entries - 1], *about;
    const struct audit_office *other;
    size_t i = 0;

    *ret_only = 0;
    while (i < sizeof CAPACITY / sizeof *CAPACITY && !is(source, CAPACITY[i].source)) i++;
    if (i == sizeof CAPACITY / sizeof *CAPACITY) return is(subject, speaker->id);
    *ret_only = CAPACITY[i].only;
    other = now->role == CAPACITY[i].role ? audit_office_find(o, subject) : NULL;
    if (other == NULL) return false;
    about = &other->entry[other->entries - 1];
    return holds(now->region, about->region) && (*ret_only == 2 || about->role == AUDIT_ROLE_OFFICE);
}
