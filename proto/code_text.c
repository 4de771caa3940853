/* code_text.c - codes as people write them: parsing, nearest readings, formatting; regions. Kind: P.
 *
 * Design notes: the canonical dotted text is by far the most frequent, and is read in one pass over its bytes without a
 * copy (it runs once per update). Only when that fails is the text split into digit groups at any separator, for the two
 * tolerant uses: text with blanks or `|` between its segments is taken with each segment padded; of any other text the
 * same fitting gives the nearest reading to show, never to store.
 *
 * A nearest reading is offered only where there is one: `1.1.06.01` may be an unpadded 1.01 or a doubled 1, so there is none.
 *
 * Invariant: format(parse(text)) == text for every canonical text, digit for digit. */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "code.h"

enum { GROUPS_MAX = 8, TEXT_BYTES_MAX = 64 };

/* Number of a digit string of width w and value v = FIRST[w] + v; 0 = absent (code.h). */
static const uint16_t FIRST[] = {0, 1, 11, 111, 1111};
enum { WIDTH_MAX = 4 };

/* One field of a code: its lowest bit and how many digits it may have (3 is not between 2 and 4 in a sub kegiatan). */
struct field {
    uint8_t shift, min, max;
    bool inner;                 /* may not be the last one of a code: the kind of a kegiatan */
};
static const struct field ACTIVITY_13[] = {{52, 1, 1, false}, {45, 2, 2, false}, {38, 2, 2, false}, {23, 2, 3, false}};
static const struct field ACTIVITY_90[] = {{52, 1, 1, false}, {45, 2, 2, false}, {38, 2, 2, false},
                                           {34, 1, 1, true},  {23, 2, 2, false}, {9, 2, 4, false}};
static const struct field ACCOUNT[] = {{60, 1, 1, false}, {56, 1, 1, false}, {49, 1, 2, false},
                                       {42, 1, 2, false}, {31, 1, 3, false}, {17, 1, 4, false}};

struct grammar {
    const struct field *field;
    unsigned count;
    unsigned dot_before;        /* the one segment that keeps its dot where blanks part the others: 2.02; 0 = none */
    bool account;
};
static const struct grammar GRAMMAR_13 = {ACTIVITY_13, 4, 0, false};
static const struct grammar GRAMMAR_90 = {ACTIVITY_90, 6, 4, false};
static const struct grammar GRAMMAR_ACCOUNT = {ACCOUNT, 6, 0, true};

/* ---- the fast path: canonical dotted text ---- */

static bool first_is_account(uint8_t c)
{
    return c >= '4' && c <= '6';
}

/* ret: the fields alone, without the vintage. */
static bool read_dotted(const struct grammar *g, struct slice s, uint64_t *ret)
{
    const uint8_t *p = s.p, *end = s.p + s.n;
    uint64_t code = 0;

    if (s.n == 0 || (g->account && !first_is_account(*p))) return false;
    for (unsigned i = 0; i < g->count; i++) {
        const struct field *f = &g->field[i];
        unsigned value = 0, width = 0, digit;

        for (; p < end && (digit = (unsigned)*p - '0') < 10; p++) {
            if (++width > f->max) return false;
            value = 10 * value + digit;
        }
        if (width < f->min || (width == 3 && f->min == 2 && f->max == 4)) return false;
        code |= (uint64_t)(FIRST[width] + value) << f->shift;
        if (p == end) {
            *ret = code;
            return !f->inner;
        }
        if (*p++ != '.') return false;
    }
    return false;
}

/* ---- the tolerant path ---- */

struct groups {
    char digits[GROUPS_MAX][WIDTH_MAX + 1];
    unsigned width[GROUPS_MAX], count;
    unsigned dots, odd;         /* bit i: a bare dot, or something else than blanks and one bar, stands before group i */
};

/* Takes the separators at s[i..] and notes what stands before the group that comes next. False: an empty segment. */
static bool split_separator(struct slice s, size_t *i, struct groups *g)
{
    unsigned blanks = 0, bars = 0, dots = 0, others = 0;

    for (; *i < s.n; ++*i) {
        uint8_t c = s.p[*i];

        if (c == ' ' || c == '\t') blanks++;
        else if (c == '|') bars++;
        else if (c == '.') dots++;
        else if (c == ',' || c == '-' || c == '/') others++;
        else break;
    }
    if (dots && !blanks && !bars && !others)
        g->dots |= 1u << g->count;
    else if (dots || others)
        g->odd |= 1u << g->count;
    return bars + dots + others <= 1;
}

/* Splits at any separator. False when anything else is in the text, or a group is empty or too long. */
static bool split(struct slice s, struct groups *g)
{
    *g = (struct groups){.count = 0};
    for (size_t i = 0; i < s.n;) {
        size_t start = i;

        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        if (i == start || i - start > WIDTH_MAX || g->count == GROUPS_MAX) return false;
        memcpy(g->digits[g->count], s.p + start, i - start);
        g->width[g->count++] = (unsigned)(i - start);
        if (!split_separator(s, &i, g)) return false;
    }
    return g->count > 0;
}

/* Blanks or bars between the segments, a dot only inside a kegiatan: to be taken, padded. */
static bool parted_by_blanks(const struct grammar *g, const struct groups *in)
{
    unsigned allowed = g->dot_before ? 1u << g->dot_before : 0;

    return in->count > 1 && in->odd == 0 && (in->dots & ~allowed) == 0;
}

/* 1.1.06.01: unpadded 1.01, or the first digit twice? Two readings are no reading. */
static bool doubled_first(const struct grammar *g, const struct groups *in)
{
    return !g->account && in->count > 1 && in->width[1] == 1 && in->digits[1][0] == in->digits[0][in->width[0] - 1];
}

/* Digits of a group made to fit a field: padded up to its least width, or one zero before its only digit taken away (not of
 * a kegiatan's kind: 1.06.2.02.01 lacks its program, it is not an ill-written 1.06.02.2.01). */
static bool fit(const struct grammar *g, unsigned i, const struct groups *in, char *out)
{
    const struct field *f = &g->field[i];
    const char *digits = in->digits[i];
    unsigned width = in->width[i];

    if (width == 2 && f->max == 1 && !f->inner && digits[0] == '0') digits++, width--;
    if (width > f->max) return false;
    for (unsigned k = width; k < f->min; k++)
        *out++ = '0';
    memcpy(out, digits, width + 1);
    return true;
}

static bool fit_all(const struct grammar *g, const struct groups *in, char ret[40], uint64_t *ret_code)
{
    char text[TEXT_BYTES_MAX];
    size_t n = 0;

    if (in->count > g->count) return false;
    for (unsigned i = 0; i < in->count; i++) {
        if (i > 0) text[n++] = '.';
        if (!fit(g, i, in, text + n)) return false;
        n += strlen(text + n);
    }
    if (!read_dotted(g, slice_of(text, n), ret_code)) return false;
    memcpy(ret, text, n);
    ret[n] = '\0';
    return true;
}

static int read_tolerant(const struct grammar *g, struct slice s, struct code_reading *ret)
{
    struct groups in;
    char nearest[40];
    uint64_t code;

    ret->nearest[0] = '\0';
    if (s.n >= TEXT_BYTES_MAX || !split(s, &in) || !fit_all(g, &in, nearest, &code)) return ST_INVALID;
    if (parted_by_blanks(g, &in)) {
        ret->code = code;
        ret->padded = true;
        return ST_OK;
    }
    if (!doubled_first(g, &in)) memcpy(ret->nearest, nearest, strlen(nearest) + 1);
    return ST_INVALID;
}

static int read_code(const struct grammar *g, uint64_t base, struct slice s, struct code_reading *ret)
{
    uint64_t code;
    int status = ST_OK;

    if (read_dotted(g, s, &code)) {
        ret->code = base | code;
        ret->padded = false;
        ret->nearest[0] = '\0';
    } else {
        status = read_tolerant(g, s, ret);
        if (status == ST_OK) ret->code |= base;
    }
    return status;
}

int code_parse_activity(enum vintage v, struct slice text, struct code_reading *ret)
{
    ASSERT(v > VINTAGE_NONE && v <= VINTAGE_KEPMEN_900_1_15_5_1317_2023);
    text = bytes_trim(text);
    if (text.n == 5 && bytes_is(text, "total")) {
        *ret = (struct code_reading){.code = CODE_TOTAL};
        return ST_OK;
    }
    return read_code(v == VINTAGE_PERMENDAGRI_13_2006 ? &GRAMMAR_13 : &GRAMMAR_90, (uint64_t)v << 56, text, ret);
}

int code_parse_account(struct slice text, struct code_reading *ret)
{
    return read_code(&GRAMMAR_ACCOUNT, 0, bytes_trim(text), ret);
}

size_t code_transfers(enum vintage v, account_code ret[CODE_TRANSFERS])
{
    static const char *const TEXT[2][CODE_TRANSFERS] = {{"5.4"}, {"5.1.6", "5.1.7"}};
    size_t n = 0;
    for (const char *const *p = TEXT[v == VINTAGE_PERMENDAGRI_13_2006]; n < CODE_TRANSFERS && p[n]; n++) {
        struct code_reading r;
        int st = code_parse_account(slice_of(p[n], strlen(p[n])), &r);
        ASSERT(st == ST_OK);
        ret[n] = r.code;
    }
    return n;
}

bool code_looks_account(struct slice text)
{
    struct slice s = bytes_trim(text);

    if (s.n < 3 || !first_is_account(s.p[0]) || s.p[1] != '.' || s.p[2] < '0' || s.p[2] > '9') return false;
    return s.n == 3 || s.p[3] == '.';
}

/* ---- text of a code ---- */

static unsigned width_of(unsigned number)
{
    return number >= FIRST[4] ? 4 : number >= FIRST[3] ? 3 : number >= FIRST[2] ? 2 : 1;
}

static char *put_number(char *p, unsigned number)
{
    unsigned width = width_of(number), v = number - FIRST[width];

    for (unsigned i = width; i-- > 0; v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + width;
}

static int format(const struct field *f, unsigned count, unsigned top, uint64_t code, char ret[32])
{
    char *p = ret;

    for (unsigned i = 0; i < count; top = f[i++].shift) {
        unsigned number = (unsigned)(code >> f[i].shift & ((UINT64_C(1) << (top - f[i].shift)) - 1));

        if (number == 0) break;
        if (p > ret) *p++ = '.';
        p = put_number(p, number);
    }
    *p = '\0';
    return (int)(p - ret);
}

int code_format_activity(activity_code c, char ret[32])
{
    if (c == CODE_TOTAL) {
        memcpy(ret, "total", 6);
        return 5;
    }
    /* in the old vintage the kind is always empty: its number is read as if it began where the program ends */
    return code_vintage(c) == VINTAGE_PERMENDAGRI_13_2006 ? format(ACTIVITY_13, 4, 56, c, ret) : format(ACTIVITY_90, 6, 56, c, ret);
}

int code_format_account(account_code c, char ret[32])
{
    return format(ACCOUNT, 6, 64, c, ret);
}

/* ---- regions ---- */

static bool two_digits(const uint8_t *p, unsigned *ret)
{
    unsigned a = (unsigned)p[0] - '0', b = (unsigned)p[1] - '0';

    *ret = 10 * a + b;
    return a < 10 && b < 10 && *ret > 0;
}

int code_region_parse(struct slice text, region_code *ret)
{
    unsigned province = 0, city = 0;

    if (text.n != 0 && text.n != 2 && text.n != 5) return ST_INVALID;
    if (text.n >= 2 && !two_digits(text.p, &province)) return ST_INVALID;
    if (text.n == 5 && (text.p[2] != '.' || !two_digits(text.p + 3, &city))) return ST_INVALID;
    *ret = province << 16 | city;
    return ST_OK;
}

static char digit(unsigned v) { return (char)('0' + v % 10); }

/* Kalimantan is divided: west and central keep WIB, the rest WITA. */
unsigned code_region_hours(region_code r)
{
    unsigned province = r >> 16;
    if (province >= 81) return CODE_WIT;
    if (province >= 71 || (province >= 63 && province <= 65) || (province >= 51 && province <= 53)) return CODE_WITA;
    return CODE_WIB;
}

int code_region_format(region_code r, char ret[8])
{
    unsigned province = r >> 16 & 0xff, city = r & 0xff;

    if (r == 0) {
        ret[0] = '\0';
        return 0;
    }
    ret[0] = digit(province / 10), ret[1] = digit(province), ret[2] = '\0';
    if (city == 0) return 2;
    ret[2] = '.', ret[3] = digit(city / 10), ret[4] = digit(city), ret[5] = '\0';
    return 5;
}
