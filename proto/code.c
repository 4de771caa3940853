/* code.c - arithmetic on packed codes: levels, ancestors, key ranges; vintages and level names. Kind: P.
 *
 * Design notes: a code is a row of fixed bit fields, most general first, and an absent level is 0 in its field and in all
 * below it. So "cut to a level" is a mask, "below" is equality after that mask, and the range of a subtree is one addition.
 * Nothing here loops over text; code_text.c turns text into these numbers and back.
 *
 * Fields, by the bit each ends at (code.h draws them): SHIFT and ACCOUNT_SHIFT below are indexed by level and by depth.
 *
 * Invariant: in a well-formed code every field below the first absent one is 0. */
#include "code.h"

#include "bytes.h"

/* Lowest bit of the field of a level. A kegiatan is two fields (kind and number), cut as one. */
static const uint8_t SHIFT[] = {[LEVEL_NONE] = 56, [LEVEL_URUSAN] = 52,   [LEVEL_BIDANG] = 45,
                                [LEVEL_PROGRAM] = 38, [LEVEL_KEGIATAN] = 23, [LEVEL_SUBKEGIATAN] = 9};
static const uint8_t ACCOUNT_SHIFT[] = {64, 60, 56, 49, 42, 31, 17};
enum { ACCOUNT_DEPTH_MAX = 6 };

static const char *const VINTAGES[] = {
    [VINTAGE_NONE] = "",
    [VINTAGE_PERMENDAGRI_13_2006] = "permendagri-13-2006",
    [VINTAGE_PERMENDAGRI_90_2019] = "permendagri-90-2019",
    [VINTAGE_KEPMEN_050_3708_2020] = "kepmen-050-3708-2020",
    [VINTAGE_KEPMEN_050_5889_2021] = "kepmen-050-5889-2021",
    [VINTAGE_KEPMEN_900_1_15_5_1317_2023] = "kepmen-900-1-15-5-1317-2023",
};
static const char *const LEVELS[] = {
    [LEVEL_NONE] = "",          [LEVEL_URUSAN] = "urusan",           [LEVEL_BIDANG] = "bidang",
    [LEVEL_PROGRAM] = "program", [LEVEL_KEGIATAN] = "kegiatan",       [LEVEL_SUBKEGIATAN] = "subkegiatan",
    [LEVEL_ACCOUNT] = "rekening", [LEVEL_LEAF] = "daun",               [LEVEL_TOTAL] = "total",
};

const char *code_vintage_name(enum vintage v)
{
    return (unsigned)v < sizeof VINTAGES / sizeof *VINTAGES ? VINTAGES[v] : "";
}

int code_vintage_parse(struct slice text, enum vintage *ret)
{
    for (unsigned v = 1; v < sizeof VINTAGES / sizeof *VINTAGES; v++)
        if (bytes_is(text, VINTAGES[v])) {
            *ret = (enum vintage)v;
            return ST_OK;
        }
    return ST_INVALID;
}

enum vintage code_vintage_of_year(int year)
{
    return year <= 2020 ? VINTAGE_PERMENDAGRI_13_2006 : VINTAGE_PERMENDAGRI_90_2019;
}

const char *code_level_name(enum level l)
{
    return (unsigned)l < sizeof LEVELS / sizeof *LEVELS ? LEVELS[l] : "";
}

int code_level_parse(struct slice text, enum level *ret)
{
    for (unsigned l = 1; l < sizeof LEVELS / sizeof *LEVELS; l++)
        if (bytes_is(text, LEVELS[l])) {
            *ret = (enum level)l;
            return ST_OK;
        }
    return ST_INVALID;
}

/* ---- activity ---- */

/* All bits of c from `shift` up; shift 64 keeps none. */
static uint64_t cut(uint64_t c, unsigned shift)
{
    return shift >= 64 ? 0 : c >> shift << shift;
}

enum level code_level(activity_code c)
{
    if (c == CODE_TOTAL) return LEVEL_TOTAL;
    for (unsigned l = LEVEL_SUBKEGIATAN; l >= LEVEL_URUSAN; l--)
        if (cut(c, SHIFT[l]) != cut(c, SHIFT[l - 1])) return (enum level)l;
    return LEVEL_NONE;
}

enum level code_leaf_level(enum vintage v)
{
    return v == VINTAGE_PERMENDAGRI_13_2006 ? LEVEL_KEGIATAN : LEVEL_SUBKEGIATAN;
}

activity_code code_parent(activity_code c)
{
    enum level l = code_level(c);

    return l >= LEVEL_BIDANG && l <= LEVEL_SUBKEGIATAN ? cut(c, SHIFT[l - 1]) : 0;
}

activity_code code_ancestor(activity_code c, enum level l)
{
    if (l == LEVEL_LEAF) l = code_leaf_level(code_vintage(c));
    ASSERT(l >= LEVEL_URUSAN);
    return l > LEVEL_SUBKEGIATAN || c == CODE_TOTAL ? c : cut(c, SHIFT[l]);
}

bool code_below(activity_code ancestor, activity_code c)
{
    enum level l = code_level(ancestor);

    return l >= LEVEL_URUSAN && l <= LEVEL_SUBKEGIATAN && c != ancestor && cut(c, SHIFT[l]) == ancestor;
}

void code_range(activity_code c, uint64_t *ret_first, uint64_t *ret_end)
{
    enum level l = code_level(c);

    *ret_first = c;
    if (l == LEVEL_TOTAL)
        *ret_end = c + 1;
    else
        *ret_end = l == LEVEL_NONE && c == 0 ? 0 : c + (UINT64_C(1) << SHIFT[l]);
}

/* ---- account ---- */

unsigned code_account_depth(account_code c)
{
    unsigned depth = 0;

    while (depth < ACCOUNT_DEPTH_MAX && cut(c, ACCOUNT_SHIFT[depth + 1]) != cut(c, ACCOUNT_SHIFT[depth]))
        depth++;
    return depth;
}

account_code code_account_parent(account_code c)
{
    unsigned depth = code_account_depth(c);

    return depth > 1 ? cut(c, ACCOUNT_SHIFT[depth - 1]) : 0;
}

account_code code_account_ancestor(account_code c, unsigned depth)
{
    return depth < ACCOUNT_DEPTH_MAX ? cut(c, ACCOUNT_SHIFT[depth]) : c;
}

bool code_account_below(account_code ancestor, account_code c)
{
    return ancestor != 0 && c != ancestor && cut(c, ACCOUNT_SHIFT[code_account_depth(ancestor)]) == ancestor;
}
