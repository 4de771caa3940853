/* scales.c - see scales.h. Kind: P. Two small arrays: scales with their bands, and rules in file order. The list is read whole and
 * taken whole; a fault names its line. */
#include "aggregator/scales.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv.h"
#include "proto/decimal.h"
#include "proto/period.h"

enum { RULES_MAX = 4096 };
enum column { C_SCALE, C_SUBJECT, C_LOWER, C_WORD, C_REGION, C_OFFICE, C_YEAR, C_COUNT };
struct rule {
    const struct achieve_scale *scale;
    region_code region;
    bool has_region;
    char office[OFFICE_ID_MAX + 1];
    int year;
};
struct scales {
    struct achieve_scale scale[SCALES_MAX];
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

static struct slice cell(const struct reading *r, enum column c) { return bytes_trim(csv_table_cell(r->t, r->row, (uint32_t)c)); }

static bool fail(struct reading *r, const char *fault)
{
    r->fault = fault;
    return false;
}

static bool named(const char *name, struct slice s) { return strlen(name) == s.n && memcmp(name, s.p, s.n) == 0; }

static const struct achieve_scale *find(const struct scales *s, struct slice name)
{
    for (unsigned i = 0; i < s->count; i++)
        if (named(s->scale[i].name, name)) return &s->scale[i];
    if (named(achieve_scale_default.name, name)) return &achieve_scale_default;
    return named(achieve_scale_second.name, name) ? &achieve_scale_second : NULL;
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
    struct achieve_scale *last = s->count ? &s->scale[s->count - 1] : NULL;
    if (last && named(last->name, name)) return last;
    bool value = bytes_is(subject, "nilai");
    if (find(s, name))
        (void)fail(r, "the bands of a scale must stand together, and built-in names are taken");
    else if (s->count == SCALES_MAX || name.n == 0 || name.n >= sizeof s->scale[0].name)
        (void)fail(r, "too many scales, or no name");
    else if (subject.n && !value && !bytes_is(subject, "capaian"))
        (void)fail(r, "subjek is capaian or nilai");
    if (r->fault) return NULL;
    last = &s->scale[s->count++];
    memcpy(last->name, name.p, name.n);
    last->of_value = value;
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
    struct rule rule = {.scale = find(r->s, cell(r, C_SCALE))};
    struct slice region = cell(r, C_REGION), office = cell(r, C_OFFICE), year = cell(r, C_YEAR);
    if (!rule.scale) return fail(r, "no such scale above");
    if (r->s->rules == RULES_MAX || office.n > OFFICE_ID_MAX) return fail(r, "too many rules, or no office id");
    if (region.n && code_region_parse(region, &rule.region) != ST_OK) return fail(r, "wilayah is no region code");
    if (year.n && period_parse_year(year, &rule.year) != ST_OK) return fail(r, "tahun is no year");
    rule.has_region = region.n > 0;
    memcpy(rule.office, office.p, office.n);
    r->s->rule[r->s->rules++] = rule;
    return true;
}

static bool read_all(struct reading *r)
{
    static const char *const HEAD[C_COUNT] = {"skala", "subjek", "batas_bawah", "kriteria", "wilayah", "kantor", "tahun"};
    for (uint32_t c = 0; c < C_COUNT; c++)
        if (r->t->rows == 0 || !bytes_is(bytes_trim(csv_table_cell(r->t, 0, c)), HEAD[c]))
            return fail(r, "heading is not skala,subjek,..");
    for (r->row = 1; r->row < r->t->rows; r->row++) {
        if (cell(r, C_SCALE).n == 0 && cell(r, C_WORD).n == 0) continue;
        if (!(cell(r, C_WORD).n ? read_band(r) : read_rule(r))) return false;
    }
    return true;
}

int scales_parse(struct slice bytes, struct scales **ret, char *err, size_t err_size)
{
    struct csv_table t = {0};
    struct csv_fault fault = {0};
    struct scales *s = calloc(1, sizeof *s);
    if (s) s->rule = calloc(RULES_MAX, sizeof *s->rule);
    int st = s && s->rule ? csv_table_read(bytes, &t, &fault) : ST_NO_MEMORY;
    if (st == ST_INVALID) snprintf(err, err_size, "skala.csv:%u: %s", fault.line, status_code_text(fault.code, LANG_EN));
    if (st == ST_OK) {
        struct reading r = {.s = s, .t = &t};
        if (!read_all(&r)) {
            snprintf(err, err_size, "skala.csv:%u: %s", r.row < t.rows ? t.row[r.row].line : 1, r.fault);
            st = ST_INVALID;
        }
    }
    csv_table_done(&t);
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

static bool region_above(region_code outer, region_code inner, unsigned *ret_depth)
{
    while (inner != outer && inner != 0) inner = code_region_parent(inner);
    *ret_depth = code_region_depth(outer);
    return inner == outer;
}

const struct achieve_scale *scales_for(const struct scales *s, region_code region, const char *office, int year)
{
    const struct achieve_scale *best = NULL;
    unsigned best_rank = 0;
    for (unsigned i = 0; s && i < s->rules; i++) {
        const struct rule *r = &s->rule[i];
        unsigned depth = 0;
        if (r->office[0] && strcmp(r->office, office) != 0) continue;
        if (r->year && r->year != year) continue;
        if (r->has_region && !region_above(r->region, region, &depth)) continue;
        unsigned rank = 1 + (r->office[0] ? 16u : 0) + (r->has_region ? 2 * (depth + 1) : 0) + (r->year ? 1 : 0);
        if (rank >= best_rank) {
            best = r->scale;
            best_rank = rank;
        }
    }
    return best;
}

size_t scales_known(const struct scales *s, const struct achieve_scale *ret[SCALES_MAX + 2])
{
    size_t n = 0;
    ret[n++] = &achieve_scale_default;
    ret[n++] = &achieve_scale_second;
    for (unsigned i = 0; s && i < s->count; i++) ret[n++] = &s->scale[i];
    return n;
}
