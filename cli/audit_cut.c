/* audit_cut.c - the marks at which quarters are consolidated (records of kind 4), read a second time. Kind: E.
 *
 * The note is nine lines and a signature (docs/PROTOCOL.md 5): who may set it is the centre of the region, by the register as the
 * log has it there, with the key that the note names. One region, quarter and version of a seal is marked once. Invariant: with no
 * fault told, the table `cut` has exactly the rows that the log demands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { VERSION_MAX = 999, YEAR_MIN = 1990, YEAR_MAX = 2100, ROW = 8 };

/* The value of the next line, which begins with the word. */
static bool line(struct audit_span *text, const char *word, char *ret, size_t size)
{
    size_t n = strlen(word), length;
    const uint8_t *end = text->n > n ? memchr(text->p, '\n', text->n) : NULL;

    if (end == NULL || memcmp(text->p, word, n) != 0) return false;
    length = (size_t)(end - text->p);
    if (length <= n || length - n >= size || memchr(text->p, 0, length) != NULL) return false;
    memcpy(ret, text->p + n, length - n);
    ret[length - n] = '\0';
    *text = audit_span_of(end + 1, text->n - length - 1);
    return true;
}

/* A number in its one spelling, at most `most`. */
static bool number(const char *s, uint64_t most, uint64_t *ret)
{
    char again[24];
    char *end;

    if (s[0] < '0' || s[0] > '9' || strlen(s) > 19) return false;
    *ret = strtoull(s, &end, 10);
    snprintf(again, sizeof again, "%" PRIu64, *ret);
    return *end == '\0' && strcmp(s, again) == 0 && *ret <= most;
}

/* 33 or 33.74, two digits each. */
static bool region_of(const char *s, uint32_t *ret)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++)
        if (i == 2 ? s[i] != '.' : s[i] < '0' || s[i] > '9') return false;
    if (n != 2 && n != 5) return false;
    *ret = (uint32_t)strtoul(s, NULL, 10) << 16 | (n == 5 ? (uint32_t)strtoul(s + 3, NULL, 10) : 0);
    return *ret != 0;
}

static bool quarter_of(const char *s, uint64_t *ret_year, uint64_t *ret_quarter)
{
    char year[5] = "";

    if (strlen(s) != 7 || s[4] != '-' || s[5] != 'Q' || s[6] < '1' || s[6] > '4') return false;
    memcpy(year, s, 4);
    *ret_quarter = (uint64_t)(s[6] - '0');
    return number(year, YEAR_MAX, ret_year) && *ret_year >= YEAR_MIN;
}

static bool key_of(const char *s, uint64_t *ret)
{
    uint8_t b[8];

    if (strlen(s) != 16 || !audit_hash_unhex(s, 8, b)) return false;
    for (size_t i = 0; i < 16; i++)
        if (s[i] >= 'A' && s[i] <= 'F') return false;
    *ret = audit_be(b, 8);
    return true;
}

struct mark {
    uint32_t region;
    uint64_t year, quarter, version, registry, key, at;
    char actor[AUDIT_OFFICE_MAX + 1];
};

static bool read_mark(struct audit_span text, struct mark *m)
{
    static const char head[] = "rekap/potong/1\n";
    char s[64];

    if (text.n < sizeof head || memcmp(text.p, head, sizeof head - 1) != 0) return false;
    text = audit_span_of(text.p + sizeof head - 1, text.n - (sizeof head - 1));
    if (!line(&text, "wilayah ", s, sizeof s) || !region_of(s, &m->region)) return false;
    if (!line(&text, "triwulan ", s, sizeof s) || !quarter_of(s, &m->year, &m->quarter)) return false;
    if (!line(&text, "versi ", s, sizeof s) || !number(s, VERSION_MAX, &m->version) || m->version == 0) return false;
    if (!line(&text, "daftar ", s, sizeof s) || !number(s, UINT64_MAX, &m->registry)) return false;
    if (!line(&text, "oleh ", m->actor, sizeof m->actor)) return false;
    if (!line(&text, "kunci ", s, sizeof s) || !key_of(s, &m->key)) return false;
    return line(&text, "waktu ", s, sizeof s) && number(s, INT64_MAX, &m->at) && text.n == 0;
}

static bool holds(uint32_t outer, uint32_t inner)
{
    return outer == 0 || outer == inner || ((outer & 0xffff) == 0 && (inner & 0xffff0000u) == outer);
}

/* What is wrong with who set it; NULL: nothing. */
static const char *speaker_wrong(const struct audit *a, const struct audit_record *r, const struct mark *m, char why[AUDIT_TEXT])
{
    const struct audit_office *o = audit_office_find(&a->offices, audit_span_of(m->actor, strlen(m->actor)));
    const struct audit_entry *now = o != NULL ? &o->entry[o->entries - 1] : NULL, *signer;
    const char *what;

    snprintf(why, AUDIT_TEXT, "%s", m->actor);
    if (now == NULL) return "authority";
    signer = audit_office_signer(o, m->key, (int64_t)r->at, &what, why);
    if (signer == NULL) return what;
    snprintf(why, AUDIT_TEXT, "%s bukan pusat wilayah itu", m->actor);
    if (now->role != AUDIT_ROLE_CENTRE || !holds(now->region, m->region)) return "authority";
    snprintf(why, AUDIT_TEXT, "tanda tangan %s tidak sah", m->actor);
    return audit_note_signed(r->content, m->actor, signer->signing) ? NULL : "signature";
}

static void check_row(struct audit *a, const struct audit_record *r, const struct mark *m)
{
    const uint64_t part[] = { m->region, m->year, m->quarter, m->version };
    static const unsigned width[] = { 4, 2, 1, 2 };
    struct audit_span row;
    uint8_t key[9];
    size_t n = 0;

    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = width[i]; k-- > 0;) key[n++] = (uint8_t)(part[i] >> (8 * k));
    if (audit_store_get(a->store, "cut", audit_span_of(key, n), &row) && row.n == ROW && audit_be(row.p, 8) == r->lsn) return;
    audit_report_bad(a->report, r->lsn, audit_span_of(NULL, 0), "index", "baris cut hilang atau lain", "lsn %" PRIu64, r->lsn);
}

void audit_cut_take(struct audit *a, const struct audit_record *r)
{
    const struct audit_span nobody = audit_span_of(NULL, 0);
    const uint8_t *end = r->content.n > 0 ? memmem(r->content.p, r->content.n, "\n\n", 2) : NULL;
    struct mark m;
    char why[AUDIT_TEXT];
    const char *what;

    a->cuts++;
    if (r->dispositions.n != 1)
        audit_report_bad(a->report, r->lsn, nobody, "dispositions", "disposisi pada tanda potong", "tidak ada");
    if (end == NULL || !read_mark(audit_span_of(r->content.p, (size_t)(end - r->content.p) + 1), &m)) {
        audit_report_bad(a->report, r->lsn, nobody, "cut", "tanda potong tidak dapat dibaca", "catatan rekap/potong/1");
        return;
    }
    if (m.registry > a->offices.version)
        audit_report_bad(a->report, r->lsn, nobody, "cut", "daftar kantor yang disebut belum ada di log", "paling tinggi %" PRIu64,
                         a->offices.version);
    what = speaker_wrong(a, r, &m, why);
    if (what != NULL) audit_report_bad(a->report, r->lsn, audit_span_of(m.actor, strlen(m.actor)), what, why, "pusat wilayah itu");
    check_row(a, r, &m);
}
