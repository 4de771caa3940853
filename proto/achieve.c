/* achieve.c - one indicator: from target and reached to an achievement and its rating.
 *
 * Design notes: a formula is one small function over exact ratios; what is n/a is decided before it, once, in the order a reader
 * would ask (is there a target, is there a result, do the units fit, can the formula be applied). Sums of 128 bits are checked
 * with the compiler's overflow builtins; comparisons never multiply (Euclid's algorithm on both at once), so they cannot overflow.
 * Invariant: a result of state ACHIEVE_OK has share = raw, or 0 where the formula has a floor and raw is below it. */
#include "achieve.h"

#include <string.h>

#include "decimal.h"
#include "status.h"

/* ---- ratios ---- */

static i128 absolute(i128 v) { return v < 0 ? -v : v; }

static i128 common_divisor(i128 a, i128 b)
{
    while (b != 0) {
        i128 r = a % b;
        a = b;
        b = r;
    }
    return absolute(a);
}

#define I128_MIN (-(i128)(~(unsigned __int128)0 >> 1) - 1)

bool achieve_ratio(i128 num, i128 den, struct ratio *ret)
{
    if (den == 0 || num == I128_MIN || den == I128_MIN) return false;
    i128 d = common_divisor(absolute(num), absolute(den));
    *ret = (struct ratio){(den < 0 ? -num : num) / d, absolute(den) / d};
    return true;
}

bool achieve_ratio_multiply(struct ratio a, struct ratio b, struct ratio *ret)
{
    struct ratio x, y; /* crosswise reduced, so that only results which really are too large overflow */
    i128 num, den;
    if (!achieve_ratio(a.num, b.den, &x) || !achieve_ratio(b.num, a.den, &y)) return false;
    if (__builtin_mul_overflow(x.num, y.num, &num) || __builtin_mul_overflow(x.den, y.den, &den)) return false;
    return achieve_ratio(num, den, ret);
}

bool achieve_ratio_add(struct ratio a, struct ratio b, struct ratio *ret)
{
    i128 d = common_divisor(a.den, b.den), x, y, num, den;
    if (__builtin_mul_overflow(a.num, b.den / d, &x) || __builtin_mul_overflow(b.num, a.den / d, &y)) return false;
    if (__builtin_add_overflow(x, y, &num) || __builtin_mul_overflow(a.den, b.den / d, &den)) return false;
    return achieve_ratio(num, den, ret);
}

static bool subtract(struct ratio a, struct ratio b, struct ratio *ret)
{
    return achieve_ratio_add(a, (struct ratio){-b.num, b.den}, ret);
}

/* a / b; b is not 0. */
static bool divide(struct ratio a, struct ratio b, struct ratio *ret)
{
    struct ratio inverse;
    ASSERT(b.num != 0);
    return achieve_ratio(b.den, b.num, &inverse) && achieve_ratio_multiply(a, inverse, ret);
}

/* The integer below or at r, and what is left, 0 <= left < den. */
static i128 whole(struct ratio r, i128 *ret_left)
{
    i128 q = r.num / r.den, left = r.num % r.den;
    *ret_left = left < 0 ? left + r.den : left;
    return left < 0 ? q - 1 : q;
}

int achieve_ratio_compare(struct ratio a, struct ratio b)
{
    for (int sign = 1;; sign = -sign) {
        i128 left_a, left_b, qa = whole(a, &left_a), qb = whole(b, &left_b);
        if (qa != qb) return qa < qb ? -sign : sign;
        if (left_a == 0 || left_b == 0) return sign * ((left_a > 0) - (left_b > 0));
        a = (struct ratio){a.den, left_a}; /* the inverse of the rest: compares the other way round */
        b = (struct ratio){b.den, left_b};
    }
}

/* ---- names ---- */

static const char *const FORMULAS[] = {"", "MAX", "MIN", "MIN_RATIO", "RANGE", "RANGE_MIN", "STABLE", "SCALE", "TEXT", "DELTA"};
enum { FORMULAS_COUNT = sizeof FORMULAS / sizeof *FORMULAS };

const char *achieve_formula_name(unsigned formula) { return formula < FORMULAS_COUNT ? FORMULAS[formula] : ""; }

void achieve_name_fold(struct slice s, char *ret)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        ret[i] = c == '-' || c == ' ' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    ret[s.n] = '\0';
}

int achieve_formula_parse(struct slice text, uint8_t *ret)
{
    char name[16];
    struct slice s = bytes_trim(text);
    if (s.n == 0 || s.n >= sizeof name) return ST_INVALID;
    achieve_name_fold(s, name);
    for (unsigned i = 1; i < FORMULAS_COUNT; i++)
        if (strcmp(name, FORMULAS[i]) == 0) {
            *ret = (uint8_t)i;
            return ST_OK;
        }
    return ST_INVALID;
}

const char *achieve_state_name(unsigned state)
{
    static const char *const NAMES[] = {"",
                                        "target-nol",
                                        "target-negatif",
                                        "target-kosong",
                                        "target-teks",
                                        "realisasi-kosong",
                                        "realisasi-teks",
                                        "satuan-berbeda",
                                        "awal-kosong",
                                        "tak-terdefinisi",
                                        "di-luar-batas"};
    return state < sizeof NAMES / sizeof *NAMES ? NAMES[state] : "";
}

/* ---- words ---- */

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The next folded character of s from *at: lower case, runs of blanks as one; 0 at the end. */
static uint8_t next_folded(struct slice s, size_t *at)
{
    if (*at >= s.n) return 0;
    uint8_t c = s.p[(*at)++];
    if (blank(c)) {
        while (*at < s.n && blank(s.p[*at])) (*at)++;
        return ' ';
    }
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static struct slice without_dot(struct slice s)
{
    s = bytes_trim(s);
    while (s.n > 0 && s.p[s.n - 1] == '.') s.n--;
    return bytes_trim(s);
}

bool achieve_same_words(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    uint8_t x;
    a = without_dot(a);
    b = without_dot(b);
    while ((x = next_folded(a, &i)) == next_folded(b, &k))
        if (x == 0) return true;
    return false;
}

static size_t lower_single(struct slice s, char ret[TEXT_MAX + 1])
{
    size_t n = 0;
    ASSERT(s.n <= TEXT_MAX);
    while (s.n > 0 && (s.p[0] == '-' || blank(s.p[0]))) s = slice_of(s.p + 1, s.n - 1);
    for (size_t at = 0; at < s.n;) ret[n++] = (char)next_folded(s, &at);
    while (n > 0 && (ret[n - 1] == ' ' || ret[n - 1] == '.')) n--;
    return n;
}

size_t achieve_identity(struct slice name, char ret[TEXT_MAX + 1])
{
    static const char right[] = "persentase";
    const size_t len = sizeof right - 1;
    size_t n = lower_single(name, ret);
    for (size_t i = 0; i + len <= n; i++) {
        bool start = i == 0 || ret[i - 1] == ' ' || ret[i - 1] == '(';
        if (start && (memcmp(ret + i, "prosentase", len) == 0 || memcmp(ret + i, "presentase", len) == 0))
            memcpy(ret + i, right, len);
    }
    ret[n] = '\0';
    return n;
}

const struct achieve_score achieve_opinions[] = {
    {"wtp", 4}, {"wajar tanpa pengecualian", 4}, {"wdp", 3}, {"wajar dengan pengecualian", 3},
    {"tw", 2},  {"tidak wajar", 2},              {"tmp", 1}, {"tidak menyatakan pendapat", 1},
    {NULL, 0},
};

static bool score_of(const struct achieve_score *scores, struct achieve_value *v)
{
    if (v->kind == ACHIEVE_NUMBER) return true; /* the score itself */
    for (; v->kind == ACHIEVE_WORDS && scores->words; scores++)
        if (achieve_same_words(v->words, slice_of(scores->words, strlen(scores->words)))) {
            *v = (struct achieve_value){.kind = ACHIEVE_NUMBER, .number = {scores->score, 1}};
            return true;
        }
    return false;
}

/* ---- ranges ---- */

/* A plain number at the head of s: what is behind it stays in s. */
static bool bound_read(struct slice *s, int64_t *ret)
{
    size_t n = 0;
    struct decimal_reading d;
    *s = bytes_trim(*s);
    while (n < s->n && ((s->p[n] >= '0' && s->p[n] <= '9') || s->p[n] == '.' || s->p[n] == ',')) n++;
    while (n > 0 && (s->p[n - 1] == '.' || s->p[n - 1] == ',')) n--;
    if (n == 0 || decimal_quantity(slice_of(s->p, n), slice_of("%", 1), false, &d) != ST_OK) return false;
    ASSERT(d.kind == DEC_NUMBER);       /* its last character is a digit */
    *s = bytes_trim(slice_of(s->p + n, s->n - n));
    *ret = d.value;
    return true;
}

static bool skip_between(struct slice *s)
{
    static const char *const WORDS[] = {"s.d.", "s.d", "s/d", "sd", "sampai dengan", "sampai", "hingga", "-", "\xe2\x80\x93"};
    if (s->n > 0 && s->p[0] == '%') *s = bytes_trim(slice_of(s->p + 1, s->n - 1));
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t n = strlen(WORDS[i]);
        if (s->n < n || !bytes_is(slice_of(s->p, n), WORDS[i])) continue;
        *s = slice_of(s->p + n, s->n - n);
        return true;
    }
    return false;
}

int achieve_range_parse(struct slice text, int64_t *ret_lo, int64_t *ret_hi)
{
    int64_t lo, hi;
    struct slice s = text;
    if (!bound_read(&s, &lo) || !skip_between(&s) || !bound_read(&s, &hi) || lo > hi) return ST_INVALID;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') return ST_INVALID;
    *ret_lo = lo;
    *ret_hi = hi;
    return ST_OK;
}

/* ---- formulas: each writes raw and says whether it could ---- */

static const struct ratio ONE = {1, 1}, ZERO = {0, 1};

static bool done(struct achieve_result *r, struct ratio raw, bool floored)
{
    r->raw = raw;
    r->share = floored && raw.num < 0 ? ZERO : raw;
    return true;
}

static bool as_max(struct ratio target, struct ratio reached, struct achieve_result *r)
{
    struct ratio raw;
    if (!divide(reached, target, &raw)) return false;
    return done(r, raw, false);
}

/* (2T-R)/T = 2 - R/T */
static bool as_min(struct ratio target, struct ratio reached, struct achieve_result *r)
{
    struct ratio share, raw;
    if (!divide(reached, target, &share) || !subtract((struct ratio){2, 1}, share, &raw)) return false;
    return done(r, raw, true);
}

static bool as_min_ratio(struct ratio target, struct ratio reached, struct achieve_result *r)
{
    struct ratio raw;
    if (reached.num == 0) {
        r->state = ACHIEVE_UNDEFINED;
        return true;
    }
    if (!divide(target, reached, &raw)) return false;
    return done(r, raw, false);
}

static bool as_stable(struct ratio target, struct ratio reached, struct achieve_result *r)
{
    struct ratio distance, share, raw;
    if (!subtract(reached, target, &distance)) return false;
    distance.num = absolute(distance.num);
    bool fits = divide(distance, target, &share);
    fits &= subtract(ONE, share, &raw);
    ASSERT(fits);                       /* the parts of the share stood in the distance before it was reduced; it is not below 0 */
    return done(r, raw, true);
}

static bool as_delta(const struct achieve_input *in, struct achieve_result *r)
{
    struct ratio way, gone, raw;
    if (in->baseline.kind != ACHIEVE_NUMBER) {
        r->state = ACHIEVE_BASELINE_MISSING;
        return true;
    }
    if (!subtract(in->target.number, in->baseline.number, &way) || !subtract(in->reached.number, in->baseline.number, &gone))
        return false;
    if (way.num == 0) {
        r->state = ACHIEVE_UNDEFINED;
        return true;
    }
    if (!divide(gone, way, &raw)) return false;
    return done(r, raw, false);
}

static bool as_range(const struct achieve_input *in, struct achieve_result *r)
{
    int64_t bound[2];
    if (in->target.kind != ACHIEVE_WORDS || achieve_range_parse(in->target.words, &bound[0], &bound[1]) != ST_OK) {
        r->state = ACHIEVE_TARGET_TEXT;
        return true;
    }
    struct ratio lo, hi, missed;
    bool fits = achieve_ratio(bound[0], 1000000, &lo);
    fits &= achieve_ratio(bound[1], 1000000, &hi);
    ASSERT(fits);                       /* of 64 bits */
    bool below = achieve_ratio_compare(in->reached.number, lo) < 0, above = achieve_ratio_compare(in->reached.number, hi) > 0;
    if (!below && !above) return done(r, ONE, false);
    missed = below ? lo : hi;
    if (missed.num == 0) {
        r->state = ACHIEVE_TARGET_ZERO;
        return true;
    }
    return in->formula == ACHIEVE_RANGE ? as_max(missed, in->reached.number, r) : as_min(missed, in->reached.number, r);
}

static bool as_words(const struct achieve_input *in, struct achieve_result *r)
{
    bool same = in->target.kind == in->reached.kind &&
                (in->target.kind == ACHIEVE_WORDS ? achieve_same_words(in->target.words, in->reached.words)
                                                  : achieve_ratio_compare(in->target.number, in->reached.number) == 0);
    return done(r, same ? ONE : ZERO, false);
}

/* T = 0: nothing to divide by. Zero deaths promised: none is 100, any is 0. */
static bool target_zero(const struct achieve_input *in, struct achieve_result *r)
{
    if (in->formula == ACHIEVE_MIN) return done(r, in->reached.number.num <= 0 ? ONE : ZERO, false);
    if (in->formula == ACHIEVE_MIN_RATIO && in->reached.number.num != 0) return done(r, ZERO, false);
    r->state = in->formula == ACHIEVE_MIN_RATIO ? ACHIEVE_UNDEFINED : ACHIEVE_TARGET_ZERO;
    return true;
}

/* Target and reached are numbers. */
static bool as_numbers(const struct achieve_input *in, struct achieve_result *r)
{
    struct ratio target = in->target.number, reached = in->reached.number;
    if (in->formula == ACHIEVE_DELTA) return as_delta(in, r);
    if (target.num == 0) return target_zero(in, r);
    if (target.num < 0) {
        r->state = ACHIEVE_TARGET_NEGATIVE;
        return true;
    }
    switch (in->formula) {
    case ACHIEVE_MIN:
        return as_min(target, reached, r);
    case ACHIEVE_MIN_RATIO:
        return as_min_ratio(target, reached, r);
    case ACHIEVE_STABLE:
        return as_stable(target, reached, r);
    default:
        return as_max(target, reached, r);
    }
}

static enum achieve_state state_of(const struct achieve_input *in)
{
    bool words_fit = in->formula == ACHIEVE_TEXT;
    if (in->target.kind == ACHIEVE_ABSENT) return ACHIEVE_TARGET_MISSING;
    if (in->target.kind == ACHIEVE_WORDS && !words_fit && in->formula != ACHIEVE_RANGE && in->formula != ACHIEVE_RANGE_MIN)
        return ACHIEVE_TARGET_TEXT;
    if (in->reached.kind == ACHIEVE_ABSENT) return ACHIEVE_REACHED_MISSING;
    if (in->reached.kind == ACHIEVE_WORDS && !words_fit) return ACHIEVE_REACHED_TEXT;
    return in->units_differ && !words_fit ? ACHIEVE_UNITS_DIFFER : ACHIEVE_OK;
}

/* ---- rounding ---- */

static const char *const ROUNDINGS[] = {[DECIMAL_HALF] = "setengah", [DECIMAL_EVEN] = "genap", [DECIMAL_CUT] = "potong"};
enum { ROUNDINGS_COUNT = sizeof ROUNDINGS / sizeof *ROUNDINGS, ROUNDING_EARLY = 1000, ROUNDING_USUAL = 2 };

static struct achieve_rounding rounding_of(struct achieve_rounding r)
{
    return r.set ? r : achieve_rounding_unpack(ROUNDING_USUAL);
}

int64_t achieve_rounding_pack(struct achieve_rounding r)
{
    r = rounding_of(r);
    return (r.early ? ROUNDING_EARLY : 0) + 10 * (int64_t)r.how + r.places;
}

struct achieve_rounding achieve_rounding_unpack(int64_t packed)
{
    ASSERT(packed >= 0 && packed % ROUNDING_EARLY / 10 < ROUNDINGS_COUNT);
    return (struct achieve_rounding){.set = true, .early = packed >= ROUNDING_EARLY, .places = (uint8_t)(packed % 10),
                                     .how = (enum decimal_round)(packed % ROUNDING_EARLY / 10)};
}

int achieve_rounding_parse(struct slice text, int64_t *ret)
{
    static const char EARLY[] = "/dulu";
    const size_t tail = sizeof EARLY - 1;
    struct slice s = text;
    bool early = s.n > tail && bytes_is(slice_of(s.p + s.n - tail, tail), EARLY);
    if (early) s.n -= tail;
    if (s.n < 3 || s.p[s.n - 2] != '/' || s.p[s.n - 1] < '0' || s.p[s.n - 1] > '6') return ST_INVALID;
    for (unsigned i = 0; i < ROUNDINGS_COUNT; i++)
        if (bytes_is(slice_of(s.p, s.n - 2), ROUNDINGS[i])) {
            *ret = (early ? ROUNDING_EARLY : 0) + 10 * (int64_t)i + (s.p[s.n - 1] - '0');
            return ST_OK;
        }
    return ST_INVALID;
}

void achieve_rounding_name(struct achieve_rounding r, char ret[32])
{
    r = rounding_of(r);
    size_t n = strlen(ROUNDINGS[r.how]);
    memcpy(ret, ROUNDINGS[r.how], n);
    ret[n++] = '/';
    ret[n++] = (char)('0' + r.places);
    memcpy(ret + n, r.early ? "/dulu" : "", r.early ? 6 : 1);
}

int achieve_percent_text(struct ratio share, struct achieve_rounding r, char ret[32])
{
    r = rounding_of(r);
    return decimal_round_text(share.num, share.den, r.places, r.how, ret);
}

/* Where the registry says so a share is rounded before it is rated and averaged, not only when it is printed. */
static bool round_early(struct achieve_rounding r, struct ratio *share)
{
    int64_t v, hundred = 100;
    if (!r.set || !r.early) return true;
    for (unsigned i = 0; i < r.places; i++) hundred *= 10;
    if (!decimal_ratio_round(share->num, share->den, r.places, r.how, &v)) return false;
    bool fits = achieve_ratio(v, hundred, share);
    ASSERT(fits);                       /* of 64 bits */
    return true;
}

void achieve_compute(const struct achieve_input *given, struct achieve_result *ret)
{
    struct achieve_input in = *given;
    const struct achieve_score *scores = in.scores ? in.scores : achieve_opinions;
    if (in.formula == ACHIEVE_SCALE) { /* words the list does not know stay words, and are n/a as such */
        (void)score_of(scores, &in.target);
        (void)score_of(scores, &in.reached);
    }
    *ret = (struct achieve_result){.state = state_of(&in), .raw = ZERO, .share = ZERO, .rounding = in.rounding};
    if (ret->state != ACHIEVE_OK) return;
    bool range = in.formula == ACHIEVE_RANGE || in.formula == ACHIEVE_RANGE_MIN;
    bool fits = in.formula == ACHIEVE_TEXT ? as_words(&in, ret) : range ? as_range(&in, ret) : as_numbers(&in, ret);
    if (!fits || (ret->state == ACHIEVE_OK && !round_early(in.rounding, &ret->share))) ret->state = ACHIEVE_OVERFLOW;
    if (ret->state != ACHIEVE_OK) ret->raw = ret->share = ZERO;
}

/* ---- rating ---- */

#define PERCENT(p) (INT64_C(p) * 1000000)
const struct achieve_scale achieve_scale_default = {.name = "bawaan",
                                                    .count = 5,
                                                    .band = {{PERCENT(91), false, "sangat tinggi"},
                                                             {PERCENT(76), false, "tinggi"},
                                                             {PERCENT(66), false, "sedang"},
                                                             {PERCENT(51), false, "rendah"},
                                                             {INT64_MIN, false, "sangat rendah"}}};
const struct achieve_scale achieve_scale_second = {.name = "berhasil",
                                                   .count = 4,
                                                   .band = {{PERCENT(100), true, "sangat berhasil"},
                                                            {PERCENT(85), false, "berhasil"},
                                                            {PERCENT(55), false, "cukup"},
                                                            {INT64_MIN, false, "kurang"}}};

const struct achieve_band *achieve_rate(const struct achieve_scale *s, struct ratio share)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct achieve_band *b = &s->band[i];
        int c = b->lower == INT64_MIN ? 1 : achieve_ratio_compare(share, (struct ratio){b->lower, 100000000});
        if (c > 0 || (c == 0 && !b->open)) return b;
    }
    return s->count ? &s->band[s->count - 1] : NULL;
}

const struct achieve_band *achieve_scale_find(const struct achieve_scale *s, struct slice word)
{
    for (unsigned i = 0; i < s->count; i++)
        if (achieve_same_words(word, slice_of(s->band[i].word, strlen(s->band[i].word)))) return &s->band[i];
    return NULL;
}
