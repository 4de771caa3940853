/* audit_code.c - activity and account codes, and the names of measures, sources, stages and vintages, for the recomputed state.
 * Kind: E.
 *
 * A code is one ordered number, most general segment first: each segment of w digits and value v stands in its own bits as
 * 1 + 10 + .. + 10^(w-1) + v, and 0 is "no such segment" (docs/STORAGE.md 2). So a code cut to a level is a mask, and what is below
 * a code is what equals it after that cut. Written from the documents, not from the programs: this is the second opinion.
 * Texts are taken only as the log spells them, digit for digit. Invariant: what is parsed is formatted to the same text. */
#include <stdio.h>
#include <string.h>

#include "cli/audit_roll.h"

struct segment {
    uint8_t shift, bits, least, most;
};
/* urusan, bidang, program, kegiatan (2006: one number of 2..3 digits; later: a kind and a number), sub kegiatan of 2 or 4 digits */
static const struct segment OLD[] = { { 52, 4, 1, 1 }, { 45, 7, 2, 2 }, { 38, 7, 2, 2 }, { 23, 11, 2, 3 } };
static const struct segment NEW[] = { { 52, 4, 1, 1 }, { 45, 7, 2, 2 },  { 38, 7, 2, 2 },
                                      { 34, 4, 1, 1 }, { 23, 11, 2, 2 }, { 9, 14, 2, 4 } };
static const struct segment ACCOUNT[] = { { 60, 4, 1, 1 }, { 56, 4, 1, 1 },  { 49, 7, 1, 2 },
                                          { 42, 7, 1, 2 }, { 31, 11, 1, 3 }, { 17, 14, 1, 4 } };
enum { OLD_SEGMENTS = 4, NEW_SEGMENTS = 6, ACCOUNT_SEGMENTS = 6, KIND = 3, VINTAGE_OLD = 1, WIDTH_MAX = 4 };
static const unsigned FIRST_OF_WIDTH[] = { 0, 1, 11, 111, 1111 };

static const char *const VINTAGE[] = {
    "", "permendagri-13-2006", "permendagri-90-2019", "kepmen-050-3708-2020", "kepmen-050-5889-2021", "kepmen-900-1-15-5-1317-2023"
};
static const char *const SOURCE[] = { "", "opd", "bud", "renja", "pk-2", "pk-3", "pk-4", "dpa", "renstra", "rpjmd", "standar",
                                      "verifikator", "pusat", "pemeriksa" };
static const char *const MEASURE[] = {
    [1] = "budget",
    [2] = "realised",
    [3] = "cash_plan",
    [4] = "physical",
    [5] = "target",
    [6] = "reached",
    [7] = "numerator",
    [8] = "denominator",
    [9] = "baseline",
    [10] = "weight",
    [16] = "printed_absorption",
    [17] = "printed_achievement",
    [18] = "printed_rating",
    [19] = "compared_budget",
    [20] = "compared_realised",
    [21] = "compared_absorption",
    [22] = "plan_start",
    [23] = "plan_end",
    [24] = "plan_end_budget",
    [25] = "plan_reached",
    [26] = "plan_realised",
    [27] = "plan_start_unit",
    [28] = "plan_end_unit",
    [32] = "name",
    [33] = "complete",
    [34] = "plan",
    [35] = "bridge",
    [36] = "alias",
    [37] = "bridge_set",
    [40] = "indicator_name",
    [41] = "indicator_no",
    [42] = "target_unit",
    [43] = "reached_unit",
    [44] = "formula",
    [45] = "over_time",
    [46] = "over_units",
    [47] = "tier",
    [48] = "owner",
    [49] = "fund",
    [50] = "component",
    [51] = "component_unit",
    [52] = "component_source",
    [53] = "component_excluded",
    [54] = "component_of",
    [56] = "note_driver",
    [57] = "note_hindrance",
    [58] = "note_follow_up",
    [59] = "note_explanation",
    [60] = "indicator_alias",
    [61] = "sub_unit",
    [64] = "rule_scale",
    [65] = "rule_band",
    [66] = "rule_scale_for",
    [67] = "rule_unit",
    [68] = "rule_unit_base",
    [69] = "rule_unit_counts",
    [70] = "rule_setting",
    [72] = "standard_name",
    [73] = "standard_unit",
    [74] = "standard_definition",
    [75] = "standard_formula",
    [76] = "standard_over_time",
    [77] = "standard_over_units",
    [78] = "standard_operator",
    [79] = "standard_denominator",
    [84] = "office_name",
    [85] = "office_region",
    [86] = "region_name",
    [87] = "office_document",
    [92] = "evidence_name",
    [96] = "step",
    [97] = "seal",
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- names ---- */

static const char *name_at(const char *const *names, size_t count, unsigned i)
{
    return i < count && names[i] != NULL ? names[i] : "";
}

const char *audit_code_vintage_name(unsigned vintage) { return name_at(VINTAGE, COUNT(VINTAGE), vintage); }

const char *audit_code_measure_name(unsigned measure) { return name_at(MEASURE, COUNT(MEASURE), measure); }

const char *audit_code_source_name(unsigned source) { return name_at(SOURCE, COUNT(SOURCE), source); }

static bool is(struct audit_span s, const char *text) { return audit_same(s, audit_span_of(text, strlen(text))); }

static bool name_find(const char *const *names, size_t count, struct audit_span s, unsigned *ret)
{
    for (unsigned i = 0; i < count; i++)
        if (is(s, names[i])) {
            *ret = i;
            return true;
        }
    return false;
}

bool audit_code_vintage_parse(struct audit_span s, unsigned *ret) { return name_find(VINTAGE, COUNT(VINTAGE), s, ret); }

bool audit_code_source_parse(struct audit_span s, unsigned *ret) { return name_find(SOURCE, COUNT(SOURCE), s, ret); }

void audit_code_stage_format(unsigned stage, char ret[20])
{
    static const char *const kind[] = { "", "murni", "pergeseran", "perubahan", "efisiensi" };

    if (stage >> 8 == 2)
        snprintf(ret, 20, "pergeseran-%u", stage & 0xff);
    else
        snprintf(ret, 20, "%s", name_at(kind, COUNT(kind), stage >> 8));
}

bool audit_code_stage_parse(struct audit_span s, unsigned *ret)
{
    char name[20];

    for (unsigned kind = 0; kind <= 4; kind++)
        for (unsigned n = kind == 2; n <= (kind == 2 ? 99u : 0u); n++) {
            audit_code_stage_format(kind << 8 | n, name);
            if (!is(s, name)) continue;
            *ret = kind << 8 | n;
            return true;
        }
    return false;
}

/* ---- text to code and back ---- */

/* Reads the digits of one segment from s at *at. */
static bool segment_read(const struct segment *g, struct audit_span s, size_t *at, uint64_t *code)
{
    unsigned width = 0, value = 0;

    for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && width <= WIDTH_MAX; ++*at, width++)
        value = 10 * value + (s.p[*at] - '0');
    if (width < g->least || width > g->most || (g->least == 2 && g->most == 4 && width == 3)) return false;
    *code |= (uint64_t)(FIRST_OF_WIDTH[width] + value) << g->shift;
    return true;
}

static bool code_read(const struct segment *g, size_t segments, struct audit_span s, uint64_t *code)
{
    size_t at = 0;

    for (size_t i = 0; i < segments; i++) {
        if (!segment_read(&g[i], s, &at, code)) return false;
        if (at == s.n) return !(segments == NEW_SEGMENTS && g == NEW && i == KIND); /* the kind alone is no level */
        if (s.p[at++] != '.') return false;
    }
    return false;
}

bool audit_code_activity_parse(struct audit_span s, unsigned vintage, activity_code *ret)
{
    bool old = vintage == VINTAGE_OLD;

    *ret = (uint64_t)vintage << 56;
    if (is(s, "total")) {
        *ret = CODE_TOTAL;
        return true;
    }
    return vintage != 0 && code_read(old ? OLD : NEW, old ? OLD_SEGMENTS : NEW_SEGMENTS, s, ret);
}

bool audit_code_account_parse(struct audit_span s, account_code *ret)
{
    *ret = 0;
    return s.n > 0 && s.p[0] >= '4' && s.p[0] <= '6' && code_read(ACCOUNT, ACCOUNT_SEGMENTS, s, ret);
}

static void code_write(const struct segment *g, size_t segments, uint64_t code, char ret[32])
{
    size_t n = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < segments; i++) {
        unsigned number = (unsigned)(code >> g[i].shift & ((UINT64_C(1) << g[i].bits) - 1)), width = WIDTH_MAX;

        if (number == 0) return;
        while (number < FIRST_OF_WIDTH[width]) width--;
        if (i > 0) ret[n++] = '.';
        for (unsigned left = number - FIRST_OF_WIDTH[width], at = width; at-- > 0; left /= 10)
            ret[n + at] = (char)('0' + left % 10);
        n += width;
        assert(n < 32);
        ret[n] = '\0';
    }
}

void audit_code_format_activity(activity_code c, char ret[32])
{
    if (c == CODE_TOTAL)
        snprintf(ret, 32, "total");
    else if (audit_code_vintage(c) == VINTAGE_OLD)
        code_write(OLD, OLD_SEGMENTS, c, ret);
    else
        code_write(NEW, NEW_SEGMENTS, c, ret);
}

void audit_code_format_account(account_code c, char ret[32]) { code_write(ACCOUNT, ACCOUNT_SEGMENTS, c, ret); }

static char digit(unsigned v) { return (char)('0' + v % 10); }

void audit_code_region_format(region_code r, char ret[8])
{
    unsigned province = r >> 16 & 0xff, city = r & 0xff;

    if (r == 0) {
        ret[0] = '\0';
    } else {
        const char text[8] = { digit(province / 10), digit(province), city != 0 ? '.' : '\0', digit(city / 10), digit(city) };

        memcpy(ret, text, sizeof text);
    }
}

/* ---- levels ---- */

/* Lowest bit of what a code has down to a level, or of an account down to a depth. */
static const uint8_t LEVEL_SHIFT[] = { 56, 52, 45, 38, 23, 9 };
static const uint8_t DEPTH_SHIFT[] = { 64, 60, 56, 49, 42, 31, 17 };

static uint64_t cut(uint64_t c, unsigned shift) { return shift > 63 ? 0 : c >> shift << shift; }

unsigned audit_code_level(activity_code c)
{
    unsigned level = LEVEL_SUBKEGIATAN;

    if (c == CODE_TOTAL) return LEVEL_TOTAL;
    while (level > 0 && cut(c, LEVEL_SHIFT[level]) == cut(c, LEVEL_SHIFT[level - 1])) level--;
    return level;
}

unsigned audit_code_leaf_level(unsigned vintage) { return vintage == VINTAGE_OLD ? LEVEL_KEGIATAN : LEVEL_SUBKEGIATAN; }

activity_code audit_code_parent(activity_code c)
{
    unsigned level = audit_code_level(c);

    return level > LEVEL_URUSAN && level <= LEVEL_SUBKEGIATAN ? cut(c, LEVEL_SHIFT[level - 1]) : 0;
}

bool audit_code_below(activity_code ancestor, activity_code c)
{
    unsigned level = audit_code_level(ancestor);

    return level >= LEVEL_URUSAN && level <= LEVEL_SUBKEGIATAN && c != ancestor && cut(c, LEVEL_SHIFT[level]) == ancestor;
}

unsigned audit_code_account_depth(account_code c)
{
    unsigned depth = ACCOUNT_SEGMENTS;

    while (depth > 0 && cut(c, DEPTH_SHIFT[depth]) == cut(c, DEPTH_SHIFT[depth - 1])) depth--;
    return depth;
}

account_code audit_code_account_parent(account_code c)
{
    unsigned depth = audit_code_account_depth(c);

    return depth > 1 ? cut(c, DEPTH_SHIFT[depth - 1]) : 0;
}

account_code audit_code_account_ancestor(account_code c, unsigned depth)
{
    return depth <= ACCOUNT_SEGMENTS ? cut(c, DEPTH_SHIFT[depth]) : c;
}

bool audit_code_account_below(account_code ancestor, account_code c)
{
    if (ancestor == 0 || c <= ancestor) return false; /* it is what they share, and nothing behind it */
    return cut(c, DEPTH_SHIFT[audit_code_account_depth(ancestor)]) == ancestor;
}
