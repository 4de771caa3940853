/* scales.c - see scales.h. Kind: P. Two arrays: versions of scales with their bands, and rules in the order they were read. The
 * list of the file is read whole and taken whole; a fault names its line. What the centre states is put over a copy of it: the same
 * version takes the file's place, another one stands beside it. Invariant: a scale that is answered with has all its bands. */
#include "aggregator/scales.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/decimal.h"
#include "proto/figure.h"
#include "proto/period.h"

enum { RULES_MAX = 4096 };
enum column { C_SCALE, C_SUBJECT, C_LOWER, C_WORD, C_REGION, C_OFFICE, C_YEAR, C_REQUIRED, C_FROM = C_REQUIRED, C_COUNT };
struct rule {
    region_code region;
    bool has_region;
    char office[OFFICE_ID_MAX + 1];
    int year;
    unsigned from;
    char name[sizeof((struct achieve_scale *)0)->name];
};
struct version {
    struct achieve_scale s;
    unsigned wanted;                    /* stated: bands it is to have; 0: of the file, complete */
};
struct scales {
    struct version scale[SCALES_MAX];
    unsigned count;
    struct rule *rule;
    unsigned rules;
};
struct reading {
    struct scales *s;
    const struct csv_table *t;
    uint32_t row;
    const char *fault;
};

static struct slice cell(const struct reading *r, enum column c) { return csv_list_cell(r->t, r->row, (uint32_t)c); }

static bool fail(struct reading *r, const char *fault)
{
    r->fault = fault;
    return false;
}

static bool named(const char *name, struct slice s) { return strlen(name) == s.n && memcmp(name, s.p, s.n) == 0; }

static const struct achieve_scale *built_in(struct slice name)
{
    if (named(achieve_scale_default.name, name)) return &achieve_scale_default;
    return named(achieve_scale_second.name, name) ? &achieve_scale_second : NULL;
}

static bool whole(const struct version *v) { return v->wanted == 0 || v->s.count == v->wanted; }

/* The newest version of a scale that holds at `at`; of equals the one read last. */
static const struct achieve_scale *find(const struct scales *s, struct slice name, unsigned at)
{
    const struct achieve_scale *best = built_in(name);
    for (unsigned i = 0; s && i < s->count; i++) {
        const struct version *v = &s->scale[i];
        if (named(v->s.name, name) && whole(v) && v->s.from <= at && (!best || v->s.from >= best->from)) best = &v->s;
    }
    return best;
}

/* "2023-01" */
static bool read_from(struct slice s, unsigned *ret)
{
    int year, month;
    *ret = 0;
    if (s.n == 0) return true;
    if (s.n < 7 || period_parse_year_month(s, &year, &month) != ST_OK) return false;
    *ret = (unsigned)(100 * year + month);
    return true;
}

/* ---- bands ---- */

static bool read_lower(struct reading *r, struct achieve_band *b)
{
    struct slice s = cell(r, C_LOWER);
    struct decimal_reading d;
    b->lower = INT64_MIN;
    if (s.n == 0) return true;
    b->open = s.p[0] == '>';
    if (b->open) s = bytes_trim(slice_of(s.p + 1, s.n - 1));
    if (decimal_percent(s, &d) != ST_OK || d.kind != DEC_NUMBER) return fail(r, "batas_bawah is no percentage");
    b->lower = d.value;
    return true;
}

static struct achieve_scale *scale_being_read(struct reading *r)
{
    struct scales *s = r->s;
    struct slice name = cell(r, C_SCALE), subject = cell(r, C_SUBJECT);
    struct achieve_scale *last = s->count ? &s->scale[s->count - 1].s : NULL;
    unsigned from;
    if (!read_from(cell(r, C_FROM), &from)) {
        (void)fail(r, "berlaku is no month");
        return NULL;
    }
    if (last && named(last->name, name) && last->from == from) return last;
    bool value = bytes_is(subject, "nilai"), words = bytes_is(subject, "predikat");
    for (unsigned i = 0; i < s->count; i++)
        if (named(s->scale[i].s.name, name) && s->scale[i].s.from == from)
            (void)fail(r, "the bands of a scale must stand together");
    if (from == 0 && built_in(name))
        (void)fail(r, "another version of a built-in scale names the month it holds from");
    else if (s->count == SCALES_MAX || name.n == 0 || name.n >= sizeof s->scale[0].s.name)
        (void)fail(r, "too many scales, or no name");
    else if (subject.n && !value && !words && !bytes_is(subject, "capaian"))
        (void)fail(r, "subjek is capaian, nilai or predikat");
    if (r->fault) return NULL;
    last = &s->scale[s->count++].s;
    memcpy(last->name, name.p, name.n);
    last->from = from;
    last->of_value = value;
    last->of_words = words;
    return last;
}

static bool read_band(struct reading *r)
{
    struct achieve_scale *scale = scale_being_read(r);
    struct slice word = cell(r, C_WORD);
    struct achieve_band b = {0};
    if (!scale || !read_lower(r, &b)) return false;
    if (scale->count == ACHIEVE_BANDS_MAX || word.n >= sizeof b.word) return fail(r, "too many bands, or a word that is too long");
    if (scale->count && scale->band[scale->count - 1].lower <= b.lower) return fail(r, "bands go from the top down");
    memcpy(b.word, word.p, word.n);
    scale->band[scale->count++] = b;
    return true;
}

/* ---- rules ---- */

static bool read_rule(struct reading *r)
{
    struct rule rule = {0};
    struct slice region = cell(r, C_REGION), office = cell(r, C_OFFICE), year = cell(r, C_YEAR);
    struct slice name = cell(r, C_SCALE);
    if (!find(r->s, name, UINT_MAX) || name.n >= sizeof rule.name) return fail(r, "no such scale above");
    if (!read_from(cell(r, C_FROM), &rule.from)) return fail(r, "berlaku is no month");
    memcpy(rule.name, name.p, name.n);
    if (r->s->rules == RULES_MAX || office.n > OFFICE_ID_MAX) return fail(r, "too many rules, or no office id");
    if (region.n && code_region_parse(region, &rule.region) != ST_OK) return fail(r, "wilayah is no region code");
    if (year.n && period_parse_year(year, &rule.year) != ST_OK) return fail(r, "tahun is no year");
    rule.has_region = region.n > 0;
    memcpy(rule.office, office.p, office.n);
    r->s->rule[r->s->rules++] = rule;
    return true;
}

static const char *read_all(void *ctx, const struct csv_table *t, uint32_t *row)
{
    static const char *const HEAD[C_COUNT] = {"skala", "subjek", "batas_bawah", "kriteria", "wilayah", "kantor", "tahun",
                                               "berlaku"};
    struct reading r = {.s = ctx, .t = t};
    bool versions = t->rows > 0 && csv_table_cell(t, 0, C_FROM).n > 0;
    if (!csv_list_heading(t, HEAD, versions ? C_COUNT : C_REQUIRED)) return "heading is not skala,subjek,..";
    for (*row = r.row = 1; r.row < t->rows; *row = ++r.row) {
        if (cell(&r, C_SCALE).n == 0 && cell(&r, C_WORD).n == 0) continue;
        if (!(cell(&r, C_WORD).n ? read_band(&r) : read_rule(&r))) return r.fault;
    }
    return NULL;
}

int scales_parse(struct slice bytes, struct scales **ret, char *err, size_t err_size)
{
    struct scales *s = NULL;
    int st = scales_copy(NULL, &s);
    if (st == ST_OK) st = csv_list_read(bytes, "skala.csv", read_all, s, err, err_size);
    if (st == ST_OK)
        *ret = s;
    else
        scales_free(&s);
    return st;
}

void scales_free(struct scales **s)
{
    if (!*s) return;
    free((*s)->rule);
    free(*s);
    *s = NULL;
}

/* ---- questions ---- */

/* Newest month first among rules that are equally particular: a later rule takes an earlier one's place from its month on. */
static unsigned rank_of(const struct rule *r)
{
    return 1 + (r->office[0] ? 16u : 0) + (r->has_region ? 2 * (code_region_depth(r->region) + 1) : 0) + (r->year ? 1 : 0);
}

const struct achieve_scale *scales_for(const struct scales *s, region_code region, const char *office, int year, unsigned at)
{
    const struct rule *best = NULL;
    unsigned best_rank = 0;
    for (unsigned i = 0; s && i < s->rules; i++) {
        const struct rule *r = &s->rule[i];
        if (r->office[0] && strcmp(r->office, office) != 0) continue;
        if ((r->year && r->year != year) || r->from > at) continue;
        if (r->has_region && !code_region_holds(r->region, region)) continue;
        unsigned rank = rank_of(r);
        if (rank > best_rank || (rank == best_rank && best && r->from >= best->from)) {
            best = r;
            best_rank = rank;
        }
    }
    return best ? find(s, slice_of(best->name, strlen(best->name)), at) : NULL;
}

size_t scales_known(const struct scales *s, unsigned at, const struct achieve_scale *ret[SCALES_MAX + 2])
{
    size_t n = 0;
    const struct achieve_scale *const first[] = {&achieve_scale_default, &achieve_scale_second};
    for (size_t i = 0; i < 2; i++) ret[n++] = find(s, slice_of(first[i]->name, strlen(first[i]->name)), at);
    for (unsigned i = 0; s && i < s->count; i++) {
        const struct achieve_scale *v = &s->scale[i].s;
        struct slice name = slice_of(v->name, strlen(v->name));
        if (!v->of_words && !built_in(name) && find(s, name, at) == v) ret[n++] = v;
    }
    return n;
}

const struct achieve_scale *scales_words(const struct scales *s, unsigned at)
{
    const struct achieve_scale *best = NULL;
    for (unsigned i = 0; s && i < s->count; i++) {
        const struct achieve_scale *v = &s->scale[i].s;
        if (v->of_words && whole(&s->scale[i]) && v->from <= at && (!best || v->from >= best->from)) best = v;
    }
    return best;
}

/* ---- what the centre states ---- */

int scales_copy(const struct scales *s, struct scales **ret)
{
    struct scales *c = calloc(1, sizeof *c);
    struct rule *rule = calloc(RULES_MAX, sizeof *rule);
    if (!c || !rule) {
        free(c);
        free(rule);
        return ST_NO_MEMORY;
    }
    if (s) {
        *c = *s;
        memcpy(rule, s->rule, s->rules * sizeof *rule);
    }
    c->rule = rule;
    *ret = c;
    return ST_OK;
}

static unsigned number(struct slice s)
{
    unsigned v = 0;
    for (size_t i = 0; i < s.n && i < 3 && s.p[i] >= '0' && s.p[i] <= '9'; i++) v = 10 * v + s.p[i] - '0';
    return v;
}

static struct version *version_of(struct scales *s, struct slice name, unsigned from)
{
    for (unsigned i = s->count; i-- > 0;)
        if (named(s->scale[i].s.name, name) && s->scale[i].s.from == from) return &s->scale[i];
    return NULL;
}

/* "2023-01 kinerja": "capaian 4" */
static void state_head(struct scales *s, struct slice key, struct slice text)
{
    struct slice from_text, subject, count;
    unsigned from;
    if (!bytes_word(&key, &from_text) || !read_from(from_text, &from) || key.n == 0 || key.n >= sizeof s->scale[0].s.name) return;
    if (!bytes_word(&text, &subject) || !bytes_word(&text, &count)) return;
    struct version *v = version_of(s, key, from);
    if (!v && s->count == SCALES_MAX) return;
    if (!v) v = &s->scale[s->count++];
    unsigned bands = number(count);
    *v = (struct version){.s = {.from = from, .of_value = bytes_is(subject, "nilai"), .of_words = bytes_is(subject, "predikat")},
                          .wanted = bands >= 1 && bands <= ACHIEVE_BANDS_MAX ? bands : ACHIEVE_BANDS_MAX + 1};
    memcpy(v->s.name, key.p, key.n);
}

/* "2023-01 kinerja #2": "91 tinggi", ">100 ..", "- rest" */
static void state_band(struct scales *s, struct slice key, struct slice text)
{
    struct slice from_text, bound;
    unsigned from;
    struct achieve_band b = {.lower = INT64_MIN};
    struct decimal_reading d;
    const uint8_t *mark = key.n ? memrchr(key.p, '#', key.n) : NULL;
    if (!mark || !bytes_word(&key, &from_text) || !read_from(from_text, &from) || mark <= key.p + 1) return;
    unsigned k = number(slice_of(mark + 1, (size_t)(key.p + key.n - mark - 1)));
    struct version *v = version_of(s, slice_of(key.p, (size_t)(mark - key.p - 1)), from);
    if (!v || k == 0 || k > v->wanted || k > ACHIEVE_BANDS_MAX || !bytes_word(&text, &bound) || text.n >= sizeof b.word) return;
    b.open = bound.p[0] == '>';
    if (!bytes_is(bound, "-")) {
        if (decimal_percent(slice_of(bound.p + b.open, bound.n - b.open), &d) != ST_OK || d.kind != DEC_NUMBER) return;
        b.lower = d.value;
    }
    memcpy(b.word, text.p, text.n);
    v->s.band[k - 1] = b;
    v->s.count++;
}

/* "2023-01 33.74 - 2023": "kinerja" */
static void state_rule(struct scales *s, struct slice key, struct slice text)
{
    struct slice from_text, region, office, year;
    struct rule r = {0};
    if (!bytes_word(&key, &from_text) || !bytes_word(&key, &region) || !bytes_word(&key, &office) || !bytes_word(&key, &year))
        return;
    if (!read_from(from_text, &r.from) || text.n >= sizeof r.name || office.n > OFFICE_ID_MAX || s->rules == RULES_MAX) return;
    r.has_region = !bytes_is(region, "-");
    if (r.has_region && code_region_parse(region, &r.region) != ST_OK) return;
    if (!bytes_is(year, "-") && period_parse_year(year, &r.year) != ST_OK) return;
    if (!bytes_is(office, "-")) memcpy(r.office, office.p, office.n);
    memcpy(r.name, text.p, text.n);
    s->rule[s->rules++] = r;
}

void scales_state(struct scales *s, unsigned measure, struct slice key, struct slice text)
{
    if (measure == MEASURE_RULE_SCALE) state_head(s, key, text);
    else if (measure == MEASURE_RULE_BAND) state_band(s, key, text);
    else if (measure == MEASURE_RULE_SCALE_FOR) state_rule(s, key, text);
}
