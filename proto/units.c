/* units.c - see units.h. Kind: P. One array of pairs (word, what it means, how many); a lookup is a walk over some hundred of them,
 * made only where two units are not spelled alike. Spelling is resolved once, a base once: chains are not followed, so a circle in
 * the data cannot hang. Invariant: factors of a base are positive. */
#include "proto/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/decimal.h"
#include "proto/figure.h"

enum { PAIRS_MAX = 2048, COLUMNS = 5 };
enum pair_kind { SPELLING, BASE, COUNTS };
struct pair {
    char word[UNIT_TEXT_MAX + 1], means[UNIT_TEXT_MAX + 1];
    enum pair_kind kind;
    int64_t factor;                     /* of BASE, 1e-6; of COUNTS 1 or 0 */
};
struct units {
    struct pair *pair;
    unsigned count;
};

static struct slice of(const char *s) { return slice_of(s, strlen(s)); }

static bool add(struct units *u, enum pair_kind kind, struct slice word, struct slice means, int64_t factor)
{
    if (u->count == PAIRS_MAX || word.n == 0 || means.n == 0 || word.n > UNIT_TEXT_MAX || means.n > UNIT_TEXT_MAX) return false;
    struct pair *p = &u->pair[u->count++];
    *p = (struct pair){.kind = kind, .factor = factor};
    memcpy(p->word, word.p, word.n);
    memcpy(p->means, means.p, means.n);
    return true;
}

static bool read_factor(struct slice s, int64_t *ret)
{
    struct decimal_reading d;
    if (decimal_quantity(s, slice_of("kg", 2), false, &d) != ST_OK || d.kind != DEC_NUMBER || d.value <= 0) return false;
    *ret = d.value;
    return true;
}

void units_state(struct units *u, unsigned measure, struct slice key, struct slice text)
{
    struct slice number;
    int64_t factor;
    if (measure == MEASURE_RULE_UNIT) (void)add(u, SPELLING, key, text, 0);
    if (measure == MEASURE_RULE_UNIT_COUNTS) (void)add(u, COUNTS, key, key, bytes_is(text, "ya"));
    if (measure != MEASURE_RULE_UNIT_BASE || !bytes_word(&text, &number)) return;
    if (read_factor(number, &factor)) (void)add(u, BASE, key, text, factor);
}

static const char *read_row(struct units *u, const struct slice s[COLUMNS])
{
    int64_t factor;
    for (struct slice rest = s[1]; rest.n > 0;) {
        const uint8_t *end = memchr(rest.p, ';', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct slice word = bytes_trim(slice_of(rest.p, n));
        if (word.n > 0 && !add(u, SPELLING, word, s[0], 0)) return "a spelling is too long, or there are too many";
        rest = slice_of(rest.p + n + (end != NULL), rest.n - n - (end != NULL));
    }
    if (s[2].n > 0 && !bytes_is(s[2], "ya") && !bytes_is(s[2], "tidak")) return "menghitung is neither ya nor tidak";
    if (s[2].n > 0 && !add(u, COUNTS, s[0], s[0], bytes_is(s[2], "ya"))) return "a unit is too long, or there are too many";
    if (s[3].n == 0 && s[4].n == 0) return NULL;
    if (s[3].n == 0 || !read_factor(s[4], &factor)) return "dasar and faktor go together";
    return add(u, BASE, s[0], s[3], factor) ? NULL : "a unit is too long, or there are too many";
}

static const char *read_all(void *ctx, const struct csv_table *c, uint32_t *row)
{
    static const char *const HEAD[COLUMNS] = {"satuan", "sinonim", "menghitung", "dasar", "faktor"};
    if (!csv_list_heading(c, HEAD, COLUMNS)) return "heading is not satuan,sinonim,..";
    for (*row = 1; *row < c->rows; ++*row) {
        struct slice s[COLUMNS];
        for (uint32_t i = 0; i < COLUMNS; i++) s[i] = csv_list_cell(c, *row, i);
        const char *why = s[0].n ? read_row(ctx, s) : NULL;
        if (why) return why;
    }
    return NULL;
}

int units_copy(const struct units *u, struct units **ret)
{
    struct units *c = calloc(1, sizeof *c);
    if (c) c->pair = calloc(PAIRS_MAX, sizeof *c->pair);
    if (!c || !c->pair) {
        free(c);
        return ST_NO_MEMORY;
    }
    if (u) {
        memcpy(c->pair, u->pair, u->count * sizeof *c->pair);
        c->count = u->count;
    }
    *ret = c;
    return ST_OK;
}

int units_parse(struct slice bytes, struct units **ret, char *err, size_t err_size)
{
    struct units *u = NULL;
    int st = units_copy(NULL, &u);
    if (st == ST_OK) st = csv_list_read(bytes, "satuan.csv", read_all, u, err, err_size);
    if (st == ST_OK) *ret = u;
    else units_free(&u);
    return st;
}

void units_free(struct units **u)
{
    if (!*u) return;
    free((*u)->pair);
    free(*u);
    *u = NULL;
}

/* ---- questions; the newest row of a word counts ---- */

static struct slice meaning(const struct units *u, struct slice s)
{
    for (unsigned i = u ? u->count : 0; i-- > 0;)
        if (u->pair[i].kind == SPELLING && decimal_unit_same(of(u->pair[i].word), s)) return of(u->pair[i].means);
    return s;
}

bool units_same(const struct units *u, struct slice a, struct slice b)
{
    return decimal_unit_same(a, b) || (u && u->count > 0 && decimal_unit_same(meaning(u, a), meaning(u, b)));
}

/* The base of a unit and how many of it one is; the unit itself where it has none. */
static struct slice base_of(const struct units *u, struct slice s, int64_t *ret)
{
    struct slice word = meaning(u, s);
    *ret = 1000000;
    for (unsigned i = u->count; i-- > 0;)
        if (u->pair[i].kind == BASE && decimal_unit_same(of(u->pair[i].word), word)) {
            *ret = u->pair[i].factor;
            return meaning(u, of(u->pair[i].means));
        }
    return word;
}

bool units_convert(const struct units *u, struct slice from, struct slice to, struct ratio *ret)
{
    int64_t a, b;
    if (!u || u->count == 0) return false;
    struct slice x = base_of(u, from, &a), y = base_of(u, to, &b);
    if (!decimal_unit_same(x, y)) return false;
    bool fits = achieve_ratio(a, b, ret);
    ASSERT(fits);                       /* factors are positive */
    return true;
}

int units_counts(const struct units *u, struct slice unit)
{
    struct slice word = meaning(u, unit);
    for (unsigned i = u ? u->count : 0; i-- > 0;)
        if (u->pair[i].kind == COUNTS && decimal_unit_same(of(u->pair[i].word), word)) return u->pair[i].factor > 0;
    return -1;
}

const char *units_near(const struct units *u, struct slice unit)
{
    const char *near = NULL;
    for (unsigned i = 0; u && i < u->count; i++) {
        const char *word[] = {u->pair[i].word, u->pair[i].means};
        for (unsigned k = 0; k < 2; k++) {
            if (decimal_unit_same(of(word[k]), unit)) return NULL;
            if (unit.n >= 4 && strlen(word[k]) >= 4 && bytes_distance(unit, of(word[k])) == 1) near = word[k];
        }
    }
    return near ? near : decimal_unit_near(unit);
}
