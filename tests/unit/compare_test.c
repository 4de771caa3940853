/* compare_test.c - second prints against what is stated, money beside outputs: tables of cases over units made by hand. */
#include "aggregator/compare.h"
#include "aggregator/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proto/status.h"

static char told[4096];

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static activity_code code_of(const char *text)
{
    struct code_reading r;
    assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, txt(text), &r), ST_OK);
    return r.code;
}

struct row { const char *code; unsigned measure, source, indicator; int64_t value; const char *text; };

/* indicator: number of the table or identity; 0 none. Month 12, values in sen or 1e-6. */
static void put(struct unit *u, const struct row *r)
{
    struct figure f = {.activity = code_of(r->code), .measure = (uint16_t)r->measure, .year = u->year, .source = (uint8_t)r->source,
                       .month = r->measure == MEASURE_BUDGET ? 1 : 12, .kind = r->text ? VALUE_TEXT : VALUE_NUMBER,
                       .value = r->text ? 0 : r->value};
    enum unit_result result;
    uint32_t leaf;
    if (r->measure == MEASURE_REALISED || r->measure == MEASURE_REACHED || r->measure == MEASURE_COMPARED_REALISED)
        f.basis = BASIS_CUMULATIVE;
    if (r->measure == MEASURE_COMPARED_ABSORPTION) f.decimals = 2;
    if (r->text) f.text = txt(r->text);
    if (r->indicator) f.indicator = txt("x");
    assert_int_equal(figure_check(&f), CODE_OK);
    assert_int_equal(unit_set(u, &f, r->indicator, 1, &result, NULL, &leaf), ST_OK);
}

static void fill(struct unit *u, uint16_t year, const struct row *row, size_t n)
{
    unit_init(u);
    u->year = year;
    for (size_t i = 0; i < n; i++) put(u, &row[i]);
}

static int tell_print(void *ctx, const struct compare_claim *c)
{
    char code[32];
    size_t at = strlen(told);
    (void)ctx;
    code_format_activity(c->activity, code);
    if (c->whole)
        snprintf(told + at, sizeof told - at, "%s %u: %u/%u;", status_code_spelling(c->code), c->table, c->differ, c->of);
    else
        snprintf(told + at, sizeof told - at, "%s %u %s %lld %lld%s;", status_code_spelling(c->code), c->table, code,
                 (long long)c->printed, (long long)(c->column == COMPARE_PERCENT ? c->num : c->computed), c->own_pair ? " own"
                     : "");
    return ST_OK;
}

static void compares(const struct row *row, size_t n, unsigned until, const char *want)
{
    struct unit u;
    fill(&u, 2022, row, n);
    told[0] = '\0';
    assert_int_equal(compare_claims(&u, until, tell_print, NULL), ST_OK);
    assert_string_equal(told, want);
    unit_done(&u);
}
#define COMPARES(until, want, ...) \
    do { \
        const struct row rows_[] = {__VA_ARGS__}; \
        compares(rows_, sizeof rows_ / sizeof *rows_, until, want); \
    } while (0)
#define A "1.06.01.2.02.01"
#define B "1.06.01.2.02.02"
#define PARENT "1.06.01.2.02"

static void test_amounts(void **state)
{
    (void)state;
    COMPARES(12, "", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL});
    COMPARES(12, "", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL}, {A, MEASURE_COMPARED_REALISED, 0, 7, 500, NULL});
    COMPARES(12, "antar-tabel 7 " A " 490 500;", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL},
             {A, MEASURE_COMPARED_REALISED, 0, 7, 490, NULL});
    COMPARES(11, "", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL}, {A, MEASURE_COMPARED_REALISED, 0, 7, 490, NULL});
    COMPARES(12, "", {A, MEASURE_COMPARED_REALISED, 0, 7, 490, NULL});          /* nothing is stated */
    COMPARES(12, "antar-tabel 7 " PARENT " 700 800;", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL},
             {B, MEASURE_REALISED, SOURCE_OPD, 0, 300, NULL}, {PARENT, MEASURE_COMPARED_REALISED, 0, 7, 700, NULL});
    /* stated, though its parts say something else */
    COMPARES(12, "", {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL}, {PARENT, MEASURE_REALISED, SOURCE_OPD, 0, 700, NULL},
             {PARENT, MEASURE_COMPARED_REALISED, 0, 7, 700, NULL});
}

/* Which budget a column repeats: what most rows agree with, unless the rows name it. */
static void test_sources(void **state)
{
    (void)state;
    COMPARES(12, "antar-tabel 7 " B " 9 8;", {A, MEASURE_BUDGET, SOURCE_DPA, 0, 500, NULL}, {A, MEASURE_BUDGET, SOURCE_RENSTRA, 0,
                                                                                             90, NULL},
             {B, MEASURE_BUDGET, SOURCE_DPA, 0, 7, NULL}, {B, MEASURE_BUDGET, SOURCE_RENSTRA, 0, 8, NULL},
             {A, MEASURE_COMPARED_BUDGET, 0, 7, 90, NULL}, {B, MEASURE_COMPARED_BUDGET, 0, 7, 9, NULL});
    COMPARES(12, "antar-tabel 7 " A " 90 500;", {A, MEASURE_BUDGET, SOURCE_DPA, 0, 500, NULL},
             {A, MEASURE_BUDGET, SOURCE_RENSTRA, 0, 90, NULL}, {A, MEASURE_COMPARED_BUDGET, SOURCE_DPA, 7, 90, NULL});
}

static void test_percentages(void **state)
{
    const struct row money[] = {{A, MEASURE_BUDGET, SOURCE_DPA, 0, 1000, NULL}, {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL}};
    (void)state;
#define MONEY money[0], money[1]
    COMPARES(12, "", MONEY, {A, MEASURE_COMPARED_ABSORPTION, 0, 7, 50000000, NULL});
    COMPARES(12, "persen 7 " A " 51000000 500;", MONEY, {A, MEASURE_COMPARED_ABSORPTION, 0, 7, 51000000, NULL});
    /* right by its own row, though the stated pair says 50 */
    COMPARES(12, "antar-tabel 7 " A " 250 500;", MONEY, {A, MEASURE_COMPARED_ABSORPTION, 0, 7, 25000000, NULL},
             {A, MEASURE_COMPARED_BUDGET, 0, 7, 1000, NULL}, {A, MEASURE_COMPARED_REALISED, 0, 7, 250, NULL});
    COMPARES(12, "antar-tabel 7 " A " 250 500;", MONEY, {A, MEASURE_COMPARED_ABSORPTION, 0, 7, 50000000, NULL},
             {A, MEASURE_COMPARED_BUDGET, 0, 7, 1000, NULL}, {A, MEASURE_COMPARED_REALISED, 0, 7, 250, NULL});
    COMPARES(12, "antar-tabel 7 " A " 250 500;persen 7 " A " 26000000 250 own;", MONEY,
             {A, MEASURE_COMPARED_ABSORPTION, 0, 7, 26000000, NULL}, {A, MEASURE_COMPARED_BUDGET, 0, 7, 1000, NULL},
             {A, MEASURE_COMPARED_REALISED, 0, 7, 250, NULL});
}

/* A column in which most rows differ from everything is one finding. */
static void test_whole_column(void **state)
{
    struct unit u;
    (void)state;
    for (unsigned wrong = 0; wrong <= 8; wrong += 4) {
        char code[8][32], want[64];
        unit_init(&u);
        u.year = 2022;
        for (unsigned i = 0; i < 8; i++) {
            snprintf(code[i], sizeof code[i], "1.06.01.2.02.%02u", i + 1);
            put(&u, &(struct row){code[i], MEASURE_BUDGET, SOURCE_DPA, 0, 100, NULL});
            put(&u, &(struct row){code[i], MEASURE_COMPARED_BUDGET, 0, 7, i < wrong ? 90 : 100, NULL});
        }
        told[0] = '\0';
        assert_int_equal(compare_claims(&u, 12, tell_print, NULL), ST_OK);
        snprintf(want, sizeof want, "antar-tabel 7: %u/8;", wrong);
        if (wrong == 8) assert_string_equal(told, want);
        else assert_int_equal(strlen(told) > 0, wrong == 4);
        unit_done(&u);
    }
}

/* ---- outputs ---- */

static int tell_output(void *ctx, const struct output_claim *c)
{
    char code[32];
    size_t at = strlen(told);
    (void)ctx;
    code_format_activity(c->activity, code);
    snprintf(told + at, sizeof told - at, "%s %s %u/%u;", status_code_spelling(c->code), code, c->same, c->of);
    return ST_OK;
}

static void outputs(const struct row *row, size_t n, const char *want)
{
    struct unit u;
    struct indicators v = {0};
    fill(&u, 2022, row, n);
    assert_int_equal(indicator_view(&u, &v), ST_OK);
    const struct output_office o = {.u = &u, .v = &v};
    told[0] = '\0';
    assert_int_equal(output_claims(&o, 12, tell_output, NULL), ST_OK);
    assert_string_equal(told, want);
    indicator_done(&v);
    unit_done(&u);
}
#define OUTPUTS(want, ...) \
    do { \
        const struct row rows_[] = {__VA_ARGS__}; \
        outputs(rows_, sizeof rows_ / sizeof *rows_, want); \
    } while (0)

static void test_outputs(void **state)
{
    const struct row a[] = {{A, MEASURE_BUDGET, SOURCE_DPA, 0, 1000, NULL}, {A, MEASURE_REALISED, SOURCE_OPD, 0, 500, NULL},
                            {A, MEASURE_TARGET, SOURCE_DPA, 1, 10000000, NULL}};
    const struct row b[] = {{B, MEASURE_TARGET, SOURCE_DPA, 2, 10000000, NULL}, {B, MEASURE_REACHED, SOURCE_OPD, 2, 10000000,
                                                                                 NULL}};
    (void)state;
    OUTPUTS("", a[0], a[1], a[2]);                                      /* no results at all: not yet reported */
    OUTPUTS("uang-tanpa-keluaran " A " 0/0;keluaran-tanpa-uang " B " 0/0;", a[0], a[1], a[2], b[0], b[1]);
    OUTPUTS("uang-tanpa-keluaran " A " 0/0;", a[0], a[1], a[2], {A, MEASURE_REACHED, SOURCE_OPD, 1, 0, "Recofusing"});
    OUTPUTS("", a[0], a[1], a[2], {A, MEASURE_REACHED, SOURCE_OPD, 1, 0, "Lakip dan LKPJ"});
    OUTPUTS("", a[0], a[1], a[2], {A, MEASURE_REACHED, SOURCE_OPD, 1, 5000000, NULL});
    OUTPUTS("", b[0], b[1]);                                            /* no money is stated at all */
    OUTPUTS("", a[0], b[0], b[1], {B, MEASURE_BUDGET, SOURCE_DPA, 0, 5, NULL});
    OUTPUTS("", b[0], b[1], {PARENT, MEASURE_BUDGET, SOURCE_DPA, 0, 5, NULL});       /* counted above */
    OUTPUTS("", a[0], a[1], {A, MEASURE_TARGET, SOURCE_RENSTRA, 1, 10000000, NULL}, {B, MEASURE_BUDGET, SOURCE_DPA, 0, 5, NULL},
            b[0],
            b[1]);                                                      /* promised by the plan alone */
}

static void test_last_year(void **state)
{
    struct unit u[2];
    struct indicators v[2] = {{0}, {0}};
    (void)state;
    for (unsigned y = 0; y < 2; y++) {
        unit_init(&u[y]);
        u[y].year = (uint16_t)(2021 + y);
        for (unsigned i = 1; i <= 6; i++)
            put(&u[y], &(struct row){A, MEASURE_REACHED, SOURCE_OPD, i, 1000000 * (i + (y == 1 && i > 4)), NULL});
        assert_int_equal(indicator_view(&u[y], &v[y]), ST_OK);
    }
    const struct output_office o = {.u = &u[1], .v = &v[1], .before = &u[0], .v_before = &v[0]};
    told[0] = '\0';
    assert_int_equal(output_claims(&o, 12, tell_output, NULL), ST_OK);
    assert_string_equal(told, "sama-dengan-tahun-lalu total 4/6;");
    for (unsigned y = 0; y < 2; y++) {
        indicator_done(&v[y]);
        unit_done(&u[y]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),      cmocka_unit_test(test_sources), cmocka_unit_test(test_percentages),
        cmocka_unit_test(test_whole_column), cmocka_unit_test(test_outputs), cmocka_unit_test(test_last_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
