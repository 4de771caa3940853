/* step.c - see step.h. Kind: P.
 *
 * Keys and texts are read strictly: one step has one spelling, because its id is a hash of that spelling.
 * Invariant: what parses formats to the same bytes again. */
#include "step.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "registry.h"
#include "sign.h"

static const struct { const char *name; uint16_t sources; } STEPS[STEP_COUNT] = {
    [STEP_OPERATOR] = { "operator", 1 << SOURCE_OPD },
    [STEP_KASUBBAG] = { "kasubbag", 1 << SOURCE_OPD },
    [STEP_KEPALA] = { "kepala", 1 << SOURCE_OPD },
    [STEP_VERIFY] = { "verifikasi", 1 << SOURCE_VERIFIER },
    [STEP_RETURN] = { "kembalikan", 1 << SOURCE_VERIFIER },
    [STEP_CONSOLIDATE] = { "konsolidasi", 1 << SOURCE_CENTRE },
    [STEP_REOPEN] = { "buka-kembali", 1 << SOURCE_VERIFIER | 1 << SOURCE_CENTRE | 1 << SOURCE_AUDITOR },
    [STEP_REVIEW] = { "reviu", 1 << SOURCE_AUDITOR },
    [STEP_AUDIT] = { "audit", 1 << SOURCE_AUDITOR },
    [STEP_FOLLOW_UP] = { "tindak-lanjut", 1 << SOURCE_AUDITOR },
};
_Static_assert(SOURCE_AUDITOR < 16, "a capacity is a bit of sources");

const char *step_name(unsigned step) { return step > 0 && step < STEP_COUNT ? STEPS[step].name : ""; }

int step_parse(struct slice text, unsigned *ret)
{
    for (unsigned i = 1; i < STEP_COUNT; i++)
        if (text.n == strlen(STEPS[i].name) && !memcmp(text.p, STEPS[i].name, text.n)) {
            *ret = i;
            return ST_OK;
        }
    return ST_INVALID;
}

bool step_of_source(unsigned step, unsigned source)
{
    return step > 0 && step < STEP_COUNT && source <= SOURCE_AUDITOR && (STEPS[step].sources >> source & 1);
}

uint8_t step_source_of_role(unsigned role)
{
    switch (role) {
    case ROLE_OFFICE: return SOURCE_OPD;
    case ROLE_PLANNER: return SOURCE_VERIFIER;
    case ROLE_CENTRE: return SOURCE_CENTRE;
    case ROLE_AUDITOR: return SOURCE_AUDITOR;
    default: return SOURCE_NONE;
    }
}

/* ---- keys ---- */

/* What stands before the next `mark`; *s goes behind it. */
static bool part(struct slice *s, uint8_t mark, struct slice *ret)
{
    const uint8_t *end = s->n ? memchr(s->p, mark, s->n) : NULL;
    if (!end) return false;
    *ret = slice_of(s->p, (size_t)(end - s->p));
    *s = slice_of(end + 1, s->n - ret->n - 1);
    return true;
}

static bool round_of(struct slice s, unsigned *ret)
{
    unsigned v = 0;
    if (s.n == 0 || s.n > 3 || s.p[0] == '0') return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = 10 * v + (unsigned)(s.p[i] - '0');
    }
    *ret = v;
    return true;
}

static bool speaker_ok(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!letter && (i == 0 || (s.p[i] != '.' && s.p[i] != '-'))) return false;
    }
    return s.n > 0 && s.n <= OFFICE_ID_MAX;
}

static bool word_ok(struct slice s, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f) return false;
    return s.n > 0 && s.n <= max;
}

static bool finding_ok(const struct step_key *k)
{
    return k->step == STEP_FOLLOW_UP ? word_ok(k->finding, STEP_FINDING_MAX) : k->finding.n == 0;
}

int step_key_parse(struct slice indicator, struct step_key *ret)
{
    struct slice rest = indicator, round, step;
    struct step_key k = { 0 };
    if (!part(&rest, '/', &round) || !part(&rest, '/', &step)) return ST_INVALID;
    if (!round_of(round, &k.round) || step_parse(step, &k.step) != ST_OK) return ST_INVALID;
    k.speaker = rest;
    if (k.step == STEP_FOLLOW_UP) {
        if (!part(&rest, '/', &k.speaker)) return ST_INVALID;
        k.finding = rest;
    }
    if (!speaker_ok(k.speaker) || !finding_ok(&k)) return ST_INVALID;
    *ret = k;
    return ST_OK;
}

size_t step_key_format(const struct step_key *k, char ret[STEP_KEY_MAX])
{
    ASSERT(k->round >= 1 && k->round <= STEP_ROUND_MAX && k->step > 0 && k->step < STEP_COUNT && speaker_ok(k->speaker));
    ASSERT(finding_ok(k));
    int n = snprintf(ret, STEP_KEY_MAX, "%u/%s/%.*s%s%.*s", k->round, STEPS[k->step].name, (int)k->speaker.n,
                     (const char *)k->speaker.p, k->finding.n ? "/" : "", (int)k->finding.n,
                     k->finding.n ? (const char *)k->finding.p : "");
    return (size_t)n;
}

/* ---- texts ---- */

/* "-" or 64 small hexadecimal digits. */
static bool id_of(struct slice s, bool *ret_there, struct hash *ret)
{
    *ret_there = !(s.n == 1 && s.p[0] == '-');
    if (!*ret_there) return true;
    if (s.n != 2 * HASH_SIZE) return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = s.p[i], v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
        if (v == 16) return false;
        ret->b[i / 2] = (uint8_t)((unsigned)ret->b[i / 2] << 4 | v);
    }
    return true;
}

int step_words_parse(struct slice text, struct step_words *ret)
{
    struct slice rest = text, after, beside;
    struct step_words w = { 0 };
    if (!part(&rest, ' ', &after) || !part(&rest, ' ', &beside)) return ST_INVALID;
    if (!id_of(after, &w.follows, &w.after) || !id_of(beside, &w.has_beside, &w.beside)) return ST_INVALID;
    if (part(&rest, ' ', &w.seen)) {
        w.about = rest;
        if (!word_ok(w.about, CODE_TEXT_MAX)) return ST_INVALID;
    } else {
        w.seen = rest;
    }
    if (!word_ok(w.seen, STEP_SEEN_MAX)) return ST_INVALID;
    *ret = w;
    return ST_OK;
}

static const char *id_text(bool there, const struct hash *h, char ret[2 * HASH_SIZE + 1])
{
    if (!there) return "-";
    bytes_hex(h->b, HASH_SIZE, ret);
    return ret;
}

size_t step_words_format(const struct step_words *w, char ret[STEP_WORDS_MAX])
{
    char after[2 * HASH_SIZE + 1], beside[2 * HASH_SIZE + 1];
    ASSERT(word_ok(w->seen, STEP_SEEN_MAX) && (w->about.n == 0 || word_ok(w->about, CODE_TEXT_MAX)));
    int n = snprintf(ret, STEP_WORDS_MAX, "%s %s %.*s%s%.*s", id_text(w->follows, &w->after, after),
                     id_text(w->has_beside, &w->beside, beside), (int)w->seen.n, (const char *)w->seen.p, w->about.n ? " " : "",
                     (int)w->about.n, w->about.n ? (const char *)w->about.p : "");
    return (size_t)n;
}

struct hash step_id(struct slice office, unsigned year, unsigned quarter, unsigned source, struct slice indicator,
                    struct slice text)
{
    char head[160];
    ASSERT(office.n <= OFFICE_ID_MAX && quarter >= 1 && quarter <= 4 && indicator.n < STEP_KEY_MAX && text.n < STEP_WORDS_MAX);
    int n = snprintf(head, sizeof head, "rekap-step 1\n%.*s\n%u-Q%u\n%s\n", (int)office.n, (const char *)office.p, year, quarter,
                     figure_source_name(source));
    char words[sizeof head + STEP_KEY_MAX + STEP_WORDS_MAX];
    struct buf b;
    buf_over(&b, words, sizeof words);
    buf_put(&b, head, (size_t)n);
    buf_printf(&b, "%.*s\n%.*s\n", (int)indicator.n, (const char *)indicator.p, (int)text.n, (const char *)text.p);
    ASSERT(buf_ok(&b));
    return sign_hash(b.p, b.n);
}
