/* spelling_test.c - number text against 100.000 generated spellings.
 *
 * The generator knows nothing of the parser: it draws a value and a style of the contract for cells (money, quantity, percent),
 * writes the text digit by digit, and says what must come out: the value, or why the cell is refused. So a rule that the parser got
 * wrong the same way its own tests did shows here. Numbers are built as digit strings, never by the product's formatters. The seed
 * is printed; SEED=n sets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/decimal.h"
#include "proto/rng.h"
#include "tests/unit/env.h"

enum { SPELLINGS = 100000, SHOWN = 10 };
struct spelling {
    char text[160];
    const char *style, *hint; /* hint: the row's unit cell */
    enum { MONEY, QUANTITY, PERCENT } column;
    enum decimal_dash dash;
    bool realised, refused;
    unsigned code; /* when refused */
    enum decimal_kind kind;
    int64_t value;
};
static struct rng rng;

static unsigned pick(unsigned n) { return (unsigned)rng_below(&rng, n); }
static const char *one_of(const char *const *list, unsigned n) { return list[pick(n)]; }
#define ONE_OF(...) one_of((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void add(struct spelling *s, const char *text)
{
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s", text);
}

/* ---- digits ---- */

/* A whole number of so many digits, no zero in front; *ret its value. */
static void digits(unsigned n, char ret[24], int64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned d = i == 0 ? 1 + pick(9) : pick(10);
        ret[i] = (char)('0' + d);
        *value = *value * 10 + d;
    }
    ret[n] = '\0';
}

/* A dot before each group of three from the right. */
static void group(const char *plain, char ret[40])
{
    size_t n = strlen(plain), at = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) ret[at++] = '.';
        ret[at++] = plain[i];
    }
    ret[at] = '\0';
}

/* Fraction digits, 1..n of them, and what they are worth at 10^-scale. */
static unsigned fraction(unsigned n, unsigned scale, char ret[8], int64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned d = pick(10);
        ret[i] = (char)('0' + d);
        *value = *value * 10 + d;
    }
    ret[n] = '\0';
    for (unsigned i = n; i < scale; i++) *value *= 10;
    return n;
}

static const char *blank(void) { return ONE_OF("", " ", "  ", "\xc2\xa0"); }

/* ---- money ---- */

/* Currency and sign around a number; the value's sign follows. */
static void wrap_money(struct spelling *s, const char *number)
{
    static const char *const CURRENCY[] = { "", "", "Rp", "Rp ", "Rp. ", "Rp.", "rp ", "IDR " };
    const char *currency = one_of(CURRENCY, 8);
    unsigned sign = pick(6);
    add(s, blank());
    if (sign == 0) add(s, "(");
    add(s, sign == 1 && pick(2) ? "-" : "");
    bool before = s->text[strlen(s->text) ? strlen(s->text) - 1 : 0] == '-';
    add(s, currency);
    if (sign == 1 && !before) add(s, ONE_OF("-", "\xe2\x88\x92"));
    add(s, number);
    if (sign == 0) add(s, ")");
    add(s, blank());
    if (sign <= 1) s->value = -s->value;
}

static void money_grouped(struct spelling *s)
{
    char plain[24], text[64];
    int64_t sen = 0;
    char frac[8];
    s->style = "grouped";
    digits(1 + pick(14), plain, &s->value);
    s->value *= 100;
    group(plain, text);
    unsigned tail = pick(4);
    if (tail == 1) {
        fraction(1 + pick(2), 2, frac, &sen);
        snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", frac);
        s->value += sen;
    } else if (tail == 2) {
        snprintf(text + strlen(text), sizeof text - strlen(text), ",-");
    }
    wrap_money(s, text);
}

static void money_plain(struct spelling *s)
{
    char plain[40];
    char frac[8];
    int64_t sen = 0;
    s->style = "plain";
    digits(1 + pick(15), plain, &s->value);
    s->value *= 100;
    if (pick(2)) {
        fraction(1 + pick(2), 2, frac, &sen);
        snprintf(plain + strlen(plain), sizeof plain - strlen(plain), "%s%s", ONE_OF(".", ","), frac);
        s->value += sen;
    }
    wrap_money(s, plain);
}

/* A digit short or too many in a group behind the first, a first group of four, or commas for dots. */
static void money_broken(struct spelling *s)
{
    char plain[24], text[64];
    int64_t v;
    s->style = "broken groups";
    s->refused = true;
    s->code = CODE_NUMBER_BROKEN;
    digits(7 + pick(7), plain, &v); /* two dots at least */
    group(plain, text);
    char *dot = strchr(text, '.');
    switch (pick(4)) {
    case 0:
        memmove(dot + 1, dot + 2, strlen(dot + 1));
        break;
    case 1:
        memmove(dot + 2, dot + 1, strlen(dot + 1) + 1);
        break;
    case 2:
        for (char *p = text; *p; p++)
            if (*p == '.') *p = ',';
        break;
    default:
        digits(4 + pick(3), plain, &v);
        snprintf(text, sizeof text, "%s.%03u", plain, pick(1000));
    }
    wrap_money(s, text);
    s->value = 0;
}

static void money_words(struct spelling *s)
{
    char plain[24];
    int64_t v;
    s->style = "words";
    s->refused = true;
    s->code = CODE_NUMBER_BROKEN;
    digits(1 + pick(6), plain, &v);
    if (pick(2))
        add(s, plain), add(s, ONE_OF(" juta", " ribu", " miliar", " orang"));
    else
        add(s, ONE_OF("belum ada", "Paving Block", "lima juta", "tidak tersedia"));
}

static void absent(struct spelling *s)
{
    bool nil = pick(3) == 0;
    s->style = "absent";
    s->kind = DEC_EMPTY;
    if (nil) {
        add(s, ONE_OF("nihil", "Nihil", "NIHIL", " nihil "));
        if (s->realised) s->kind = DEC_NIL;
        return;
    }
    add(s, ONE_OF("", " ", "\xc2\xa0"));
}

static void money_dash(struct spelling *s)
{
    s->style = "dash";
    add(s, ONE_OF("-", " - ", "--", "\xe2\x80\x93"));
    s->refused = s->dash == DASH_REFUSE;
    s->code = CODE_NUMBER_BROKEN;
    s->kind = s->dash == DASH_ZERO ? DEC_NUMBER : DEC_EMPTY;
}

static void money_range(struct spelling *s)
{
    char plain[24];
    int64_t v;
    s->style = "over the range";
    digits(18, plain, &v); /* 10^17 rupiah and more are over 10^18 sen */
    s->refused = true;
    s->code = CODE_VALUE_RANGE;
    char text[40];
    group(plain, text);
    wrap_money(s, pick(2) ? plain : text);
    s->value = 0;
}

/* ---- quantities ---- */

static const char *counting(void) { return ONE_OF("orang", "dokumen", "KPM", "unit", "kegiatan"); }
static const char *measured(void) { return ONE_OF("kg", "ha", "km", "ton"); }

static void with_unit(struct spelling *s, const char *number, const char *unit)
{
    add(s, blank());
    add(s, number);
    if (unit && pick(2)) {
        add(s, ONE_OF(" ", "  "));
        add(s, unit);
        s->hint = pick(2) ? unit : "";
    } else {
        s->hint = unit ? unit : "";
    }
    add(s, blank());
}

static void quantity_whole(struct spelling *s)
{
    char plain[24], text[64];
    s->style = "whole";
    digits(1 + pick(9), plain, &s->value);
    s->value *= 1000000;
    group(plain, text);
    /* one group of three is thousands only where things are counted; the plain spelling is always whole */
    bool dots = strchr(text, '.') && strchr(text, '.') != strrchr(text, '.');
    with_unit(s, dots && pick(2) ? text : plain, pick(2) ? counting() : measured());
}

static void quantity_thousands(struct spelling *s)
{
    char plain[24], text[64];
    bool counted = pick(2);
    s->style = "one dot, three digits";
    digits(4 + pick(3), plain, &s->value);
    s->value *= 1000000;
    group(plain, text);
    if (!counted) {
        s->refused = true;
        s->code = CODE_AMBIGUOUS;
        s->value = 0;
    }
    with_unit(s, text, counted ? counting() : pick(2) ? measured() : NULL);
}

/* The fraction has no three digits: those are a question of the unit. */
static void quantity_fraction(struct spelling *s)
{
    static const unsigned LENGTHS[] = { 1, 2, 4, 5, 6 };
    char text[64], frac[8];
    int64_t micro;
    bool comma = pick(2);
    s->style = comma ? "comma and a fraction" : "dot and a fraction";
    digits(1 + pick(3), text, &s->value);
    s->value *= 1000000;
    fraction(LENGTHS[pick(5)], 6, frac, &micro);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s", comma ? ',' : '.', frac);
    s->value += micro;
    with_unit(s, text, measured());
}

static void quantity_comma_three(struct spelling *s)
{
    char text[64], frac[8];
    int64_t micro;
    bool counted = pick(2);
    s->style = "comma, three digits";
    digits(1 + pick(3), text, &s->value);
    fraction(3, 6, frac, &micro);
    snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", frac);
    s->value = s->value * 1000000 + micro;
    if (counted) {
        s->refused = true;
        s->code = CODE_AMBIGUOUS;
        s->value = 0;
    }
    with_unit(s, text, counted ? counting() : measured());
}

static void quantity_two(struct spelling *s)
{
    char a[24], b[24];
    int64_t v;
    s->style = "two numbers";
    s->refused = true;
    s->code = CODE_AMBIGUOUS;
    digits(1 + pick(3), a, &v);
    digits(1 + pick(3), b, &v);
    snprintf(s->text, sizeof s->text, "%s %s %s %s", a, counting(), b, counting());
    s->hint = "";
}

static void quantity_text(struct spelling *s)
{
    s->style = "text";
    s->kind = DEC_TEXT;
    s->hint = "";
    add(s, ONE_OF("recofusing", "Paving Block", "Lakip dan LKPJ", "belum terlaksana"));
}

/* ---- percentages ---- */

static void percent_number(struct spelling *s)
{
    char text[64] = "", frac[8];
    int64_t micro = 0;
    bool brackets = pick(5) == 0; /* print, not a sign: it stays positive */
    s->style = "percent";
    if (brackets) snprintf(text, sizeof text, "(");
    char whole[24];
    digits(1 + pick(3), whole, &s->value);
    s->value *= 1000000;
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s", whole);
    if (pick(3)) {
        fraction(1 + pick(2), 6, frac, &micro);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", ONE_OF(",", "."), frac);
        s->value += micro;
    }
    bool sign = brackets || pick(2);
    if (sign) snprintf(text + strlen(text), sizeof text - strlen(text), "%s", pick(2) ? "%" : " %");
    if (brackets) snprintf(text + strlen(text), sizeof text - strlen(text), ")");
    add(s, text);
    s->hint = "";
}

static void percent_three(struct spelling *s)
{
    char whole[24];
    int64_t v;
    s->style = "percent, one dot and three digits";
    s->refused = true;
    s->code = CODE_AMBIGUOUS;
    digits(1 + pick(3), whole, &v);
    snprintf(s->text, sizeof s->text, "%s.%03u%s", whole, pick(1000), ONE_OF("", "%", " %"));
    s->hint = "";
}

/* ---- the table ---- */

typedef void (*style_fn)(struct spelling *s);
static const style_fn STYLES[3][8] = {
    [MONEY] = { money_grouped, money_plain, money_broken, money_words, absent, money_dash, money_range, money_grouped },
    [QUANTITY] = { quantity_whole, quantity_thousands, quantity_fraction, quantity_comma_three, quantity_two, quantity_text, absent,
                   quantity_whole },
    [PERCENT] = { percent_number, percent_three, percent_number, absent, percent_number, percent_three, percent_number,
                  percent_number },
};

static struct spelling draw(void)
{
    struct spelling s = { .kind = DEC_NUMBER, .hint = "", .column = pick(5) < 2 ? MONEY : pick(2) ? QUANTITY : PERCENT };
    s.dash = (enum decimal_dash)pick(3);
    s.realised = pick(2);
    STYLES[s.column][pick(8)](&s);
    return s;
}

static bool right(const struct spelling *s, char seen[160])
{
    struct decimal_reading r;
    struct slice text = slice_of(s->text, strlen(s->text));
    int st = s->column == MONEY     ? decimal_money(text, s->dash, s->realised, &r)
             : s->column == PERCENT ? decimal_percent(text, &r)
                                    : decimal_quantity(text, slice_of(s->hint, strlen(s->hint)), s->realised, &r);
    snprintf(seen, 160, "%s, kind %d, code %s, value %lld", st == ST_OK ? "taken" : "refused", (int)r.kind,
             st == ST_OK ? "-" : status_code_spelling(r.code), (long long)r.value);
    if (s->refused) return st == ST_INVALID && r.code == s->code;
    if (st != ST_OK) return false;
    /* what a percentage column is not told is whether it is a realised one */
    if (s->column == PERCENT && s->kind == DEC_NIL) return r.kind == DEC_NIL || r.kind == DEC_EMPTY;
    return r.kind == s->kind && (r.kind != DEC_NUMBER || r.value == s->value);
}

static void every_spelling_reads_as_it_was_written(void **state)
{
    uint64_t first = env_number("SEED", 20201106);
    unsigned wrong = 0, refused = 0;
    (void)state;
    rng_seed(&rng, first);
    for (unsigned i = 0; i < SPELLINGS; i++) {
        char seen[160];
        struct spelling s = draw();
        refused += s.refused;
        if (right(&s, seen)) continue;
        if (wrong++ < SHOWN)
            print_message("\"%s\" (%s, hint \"%s\"): %s; written as %s %lld\n", s.text, s.style, s.hint, seen,
                          s.refused ? status_code_spelling(s.code) : "value", (long long)s.value);
    }
    print_message("seed %llu: %d spellings, %u of them to be refused, %u read otherwise\n", (unsigned long long)first, SPELLINGS,
                  refused, wrong);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_spelling_reads_as_it_was_written) };
    return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
