/* derive_test.c - the counting rules (derive.h, line.h) and the findings (claim.h), case by case, and two real reports.
 *
 * The cases stand in derive_cases.h. The reports are read from tests/data by a reader of no more than these files need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/derive.h"
#include "derive_cases.h"
#include "tests/unit/fixture.h"

/* ---- running the table ---- */

static struct derived_key key_of(const struct expect *e, unsigned year)
{
    struct derived_key k = { .derived = (uint8_t)e->derived, .source = (uint8_t)e->source };
    if (e->node[0] == 't') k.node = (uint64_t)(e->node[1] - '0');
    if (e->node[0] == 'a') {
        k.node_kind = NODE_ACTIVITY;
        k.node = fixture_activity(e->node + 2, year);
    }
    if (e->node[0] == 'r' || e->node[0] == 'l') {
        k.node_kind = e->node[0] == 'r' ? NODE_ACCOUNT : NODE_ACCOUNT_LINE;
        k.node = fixture_account(e->node + 2);
    }
    return k;
}

static void number_is(const struct derive_case *c, const struct expect *e, const char *what, int64_t got, int64_t want)
{
    if (want != ANY && got != want)
        fail_msg("%s: %s derived %d source %d month %d: %s is %lld, not %lld", c->name, e->node, e->derived, e->source, e->month,
                 what, (long long)got, (long long)want);
}

static void node_row(const struct derive_case *c, const struct derived_set *d, const struct expect *e)
{
    struct derived_key k = key_of(e, c->year);
    const struct derived_row *row = derive_find(d, &k);
    if (e->value == NONE) {
        if (row) fail_msg("%s: %s derived %d source %d is there", c->name, e->node, e->derived, e->source);
        return;
    }
    if (!row) fail_msg("%s: %s derived %d source %d is missing", c->name, e->node, e->derived, e->source);
    number_is(c, e, "value", (int64_t)row->value[e->month - 1], e->value);
    number_is(c, e, "offices", row->offices[e->month - 1], e->offices);
    number_is(c, e, "lines", row->lines, e->lines);
    number_is(c, e, "bare", row->bare, e->bare);
    number_is(c, e, "assumed", row->assumed, e->assumed);
}

static void unit_found(const struct derive_case *c, struct unit *u)
{
    struct claims claims;
    uint32_t want = 0;
    claim_init(&claims);
    assert_int_equal(claim_unit(u, &claims), ST_OK);
    while (want < 6 && c->found[want].code) want++;
    if (claims.count != want) fail_msg("%s: %u findings, not %u", c->name, claims.count, want);
    for (uint32_t i = 0; i < want; i++) {
        const struct claim *got = &claims.c[i];
        const struct found *f = &c->found[i];
        char at[32];
        if (got->activity) code_format_activity(got->activity, at);
        else code_format_account(got->account, at);
        bool right = got->code == f->code && strcmp(at, f->at) == 0 && got->measure == f->measure && got->from == f->from &&
            got->to == f->to &&
                     got->printed == f->printed && got->computed == f->computed;
        if (!right) fail_msg("%s: finding %u is %s at %s, %d..%d, %lld for %lld", c->name, i, status_code_spelling(got->code), at,
                             got->from, got->to,
                             (long long)got->printed, (long long)got->computed);
    }
    claim_done(&claims);
}

static void set_ordered(const struct derived_set *d)
{
    for (uint32_t i = 0; i < d->count; i++) assert_ptr_equal(derive_find(d, &d->row[i].key), &d->row[i]);
}

static void cases(void **state)
{
    (void)state;
    struct derived_set d;
    derive_init(&d);                    /* one set for all cases: it must not remember */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct unit u;
        fixture_unit(&u, CASES[i].year, CASES[i].figures);
        assert_int_equal(derive_unit(&u, &d), ST_OK);
        set_ordered(&d);
        for (size_t j = 0; j < 16 && CASES[i].expect[j].node; j++) node_row(&CASES[i], &d, &CASES[i].expect[j]);
        unit_found(&CASES[i], &u);
        unit_done(&u);
    }
    derive_done(&d);
}

static void series_equal_cumulate(void **state)
{
    (void)state;
    struct unit u;
    const char *const figures[] = { "1.06.02.2.02.01 realised 2m 10", "1.06.02.2.02.01 realised 4 7 !x",
                                    "1.06.02.2.02.01 realised 5m nil", "1.06.02.2.02.01 realised 6 nil",
                                    "1.06.02.2.02.01 realised 7 na", "1.06.02.2.02.01 realised 9m -3",
                                        "1.06.02.2.02.01 realised 10m 1000000000000000000",
                                    "1.06.02.2.02.01 realised 11m 1000000000000000000", NULL };
    struct series s;
    i128 want[12];
    fixture_unit(&u, 2022, figures);
    line_row_series(&u.leaf[0], &s);
    unit_cumulate(u.leaf[0].slot, want);
    assert_memory_equal(s.value, want, sizeof want);
    assert_int_equal(s.first, 2);
    assert_int_equal(s.last, 11);
    unit_done(&u);
}

static void a_wrong_percentage_says_its_pair(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 budget 1 1000", "1.06.02.2.02.01 realised 3 100",
                                    "1.06.02.2.02.01 printed_absorption 3 20000000.0", NULL };
    struct unit u;
    struct claims claims;
    fixture_unit(&u, 2022, figures);
    claim_init(&claims);
    assert_int_equal(claim_unit(&u, &claims), ST_OK);
    assert_true(claims.count == 1 && claims.c[0].num == 100 && claims.c[0].den == 1000);
    claim_done(&claims);
    unit_done(&u);
}

static void names_derive_nothing(void **state)
{
    (void)state;
    struct unit u;
    struct derived_set d;
    unit_init(&u);
    derive_init(&d);
    u.year = 0;
    struct figure f = { .activity = fixture_activity("1.06.02", 2022), .measure = MEASURE_NAME, .kind = VALUE_TEXT,
                        .text = slice_of("Program", 7) };
    enum unit_result r;
    assert_int_equal(unit_set(&u, &f, 0, 1, &r, NULL, NULL), ST_OK);
    assert_int_equal(derive_unit(&u, &d), ST_OK);
    assert_int_equal(d.count, 0);
    struct claims claims;
    claim_init(&claims);
    assert_int_equal(claim_unit(&u, &claims), ST_OK);
    assert_int_equal(claims.count, 0);
    claim_done(&claims);
    derive_done(&d);
    unit_done(&u);
}

static void set_damaged(struct unit *u, const char *code, unsigned measure, unsigned source, unsigned stage, uint32_t indicator)
{
    char text[64];
    struct fixture_figure x;
    enum unit_result r;
    snprintf(text, sizeof text, "%s realised 5 7", code);
    fixture_figure(text, u->year, &x);
    x.f.measure = (uint16_t)measure;
    x.f.source = (uint8_t)source;
    x.f.stage = (uint16_t)stage;
    assert_int_equal(unit_set(u, &x.f, indicator, 99, &r, NULL, NULL), ST_OK);
}

/* Rows that no figure could have made, as a damaged state may hold them: money of an indicator, a realisation of a stage. They are
 * passed over wherever rows are read. */
static void rows_no_figure_makes_derive_nothing(void **state)
{
    (void)state;
    static const char *const CODES[] = { "1.06.02.2.02.01", "1.06.02.2.02.02", "1.06.02.2.02.02/5.1.02", "5.1.02" };
    const char *const figures[] = { "1.06.02.2.02.01 realised 2 100", "1.06.02.2.02.01 realised 3 90",
                                    "1.06.02.2.02.01 budget:dpa:murni 1 900", "1.06.02.2.02.02 budget:dpa:murni 1 50",
                                    "1.06.02.2.02.02/5.1.02 budget:dpa:murni 1 40", "1.06.02.2.02.02/5.1.02 realised 3 8",
                                    "5.1.02 budget:dpa:murni 1 10", "5.1.02 realised 1 9", "1.06.03.2.01.01 physical 3 7",
                                    "1.06.03.2.01.01 budget:dpa:murni 1 4", NULL };
    struct unit u;
    struct derived_set whole, damaged;
    struct claims claims[2];
    fixture_unit(&u, 2022, figures);
    derive_init(&whole);
    derive_init(&damaged);
    claim_init(&claims[0]);
    claim_init(&claims[1]);
    assert_int_equal(derive_unit(&u, &whole), ST_OK);
    assert_int_equal(claim_unit(&u, &claims[0]), ST_OK);
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        set_damaged(&u, CODES[i], MEASURE_REALISED, SOURCE_OPD, STAGE_MURNI, 0);
        set_damaged(&u, CODES[i], MEASURE_CASH_PLAN, SOURCE_OPD, STAGE_MURNI, 0);
        set_damaged(&u, CODES[i], MEASURE_BUDGET, SOURCE_DPA, STAGE_MURNI, 5);
        set_damaged(&u, CODES[i], MEASURE_PHYSICAL, SOURCE_OPD, STAGE_NONE, 5);
    }
    assert_int_equal(derive_unit(&u, &damaged), ST_OK);
    assert_int_equal(claim_unit(&u, &claims[1]), ST_OK);
    assert_int_equal(damaged.count, whole.count);
    for (uint32_t i = 0; i < whole.count; i++) {
        assert_true(damaged.row[i].key.node == whole.row[i].key.node && damaged.row[i].key.derived == whole.row[i].key.derived);
        assert_memory_equal(damaged.row[i].value, whole.row[i].value, sizeof whole.row[i].value);
    }
    assert_true(claims[0].count > 1 && claims[1].count == claims[0].count);
    for (unsigned i = 0; i < 2; i++) claim_done(&claims[i]);
    derive_done(&whole);
    derive_done(&damaged);
    unit_done(&u);
}

/* ---- two real reports ---- */

/* Splits a CSV line in place; returns the number of cells. Enough for these files: quotes hold commas, never quotes. */
static unsigned csv_split(char *line, char *cell[10])
{
    unsigned n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *p = line; n < 10;) {
        bool quoted = *p == '"';
        cell[n++] = quoted ? ++p : p;
        p += strcspn(p, quoted ? "\"" : ",");
        if (quoted && *p) *p++ = '\0';
        if (!*p) break;
        *p++ = '\0';
    }
    return n;
}

static int64_t sen(const char *text)
{
    char *end;
    long long v = strtoll(text, &end, 10) * 100;
    if (*end == '.') v += strtoll(end + 1, NULL, 10);   /* always two decimals here */
    return v;
}

static void percent(const char *text, char *ret, size_t size)
{
    char digits[32];
    unsigned decimals = 0;
    long long v = 0;
    snprintf(digits, sizeof digits, "%s", text);
    for (const char *p = digits; *p; p++) {
        if (*p >= '0' && *p <= '9') v = v * 10 + (*p - '0');
        else decimals = (unsigned)strlen(p + 1);
    }
    for (unsigned i = decimals; i < 6; i++) v *= 10;
    snprintf(ret, size, "%lld.%u", v, decimals);
}

/* One row of anggaran.csv (tahun, tahap, sampai, kode, pagu, realisasi, persen_tercetak) into the unit. */
static void report_row(struct unit *u, char *cell[10], const char *source)
{
    char text[160], value[48];
    unsigned until = cell[2][0] ? (unsigned)strtoul(cell[2] + 5, NULL, 10) : 1, start = strcmp(cell[1], "perubahan") == 0 ? until
        : 1;
    if (cell[4][0]) {
        snprintf(text, sizeof text, "%s budget:%s:%s %u %lld", cell[3], source, cell[1], start, (long long)sen(cell[4]));
        fixture_set(u, text, 1);
    }
    if (cell[5][0]) {
        snprintf(text, sizeof text, "%s realised %u %lld", cell[3], until, (long long)sen(cell[5]));
        fixture_set(u, text, 2);
    }
    if (cell[6][0]) {
        percent(cell[6], value, sizeof value);
        snprintf(text, sizeof text, "%s printed_absorption:opd:%s %u %s", cell[3], cell[1], until, value);
        fixture_set(u, text, 3);
    }
}

static void report(const char *path, unsigned year, struct unit *u)
{
    char line[1024], *cell[10];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    unit_init(u);
    u->office = 1;
    u->year = (uint16_t)year;
    while (fgets(line, sizeof line, f)) {
        unsigned n = csv_split(line, cell);
        if (n >= 7 && (unsigned)strtoul(cell[0], NULL, 10) == year) report_row(u, cell, "dpa");
    }
    fclose(f);
}

static void node_value(const struct derived_set *d, unsigned kind, uint64_t node, unsigned derived, unsigned source,
                       unsigned month, int64_t want)
{
    struct derived_key k = { .node_kind = (uint8_t)kind, .node = node, .derived = (uint8_t)derived, .source = (uint8_t)source };
    const struct derived_row *r = derive_find(d, &k);
    assert_non_null(r);
    assert_int_equal((int64_t)r->value[month - 1], want);
}

static void metro_2022(void **state)
{
    (void)state;
    struct unit u;
    struct derived_set d;
    struct claims c;
    activity_code program = fixture_activity("1.06.01", 2022);
    report("tests/data/metro/anggaran.csv", 2022, &u);
    derive_init(&d);
    claim_init(&c);
    assert_int_equal(derive_unit(&u, &d), ST_OK);
    node_value(&d, NODE_ACTIVITY, program, DERIVED_BUDGET, SOURCE_DPA, 12, 320347538200);
    node_value(&d, NODE_ACTIVITY, program, DERIVED_REALISED, SOURCE_OPD, 12, 295361831200);
    node_value(&d, NODE_ACTIVITY, program, DERIVED_CONTROL_REALISED, SOURCE_OPD, 12, 294995831200);
    node_value(&d, NODE_ACTIVITY, program, DERIVED_FINDINGS, 0, 12, 2);
    assert_int_equal(claim_unit(&u, &c), ST_OK);
    assert_int_equal(c.count, 3);       /* 2458742427 for five lines of 2462402427; 90 and 100 printed */
    assert_int_equal(c.c[0].code, CODE_PERCENT);
    assert_int_equal(c.c[0].activity, program);
    assert_int_equal(c.c[1].code, CODE_PARENT_SUM);
    assert_int_equal(c.c[1].activity, fixture_activity("1.06.01.2.02", 2022));
    assert_int_equal((int64_t)(c.c[1].printed - c.c[1].computed), -366000000);
    assert_int_equal(c.c[2].code, CODE_PERCENT);
    assert_int_equal(c.c[2].activity, fixture_activity("1.06.02", 2022));
    claim_done(&c);
    derive_done(&d);
    unit_done(&u);
}

static void semarang_2020(void **state)
{
    (void)state;
    struct unit u;
    struct derived_set d;
    struct claims c;
    report("tests/data/semarang/anggaran.csv", 2020, &u);
    derive_init(&d);
    claim_init(&c);
    assert_int_equal(derive_unit(&u, &d), ST_OK);
    node_value(&d, NODE_TOTAL, 1, DERIVED_BUDGET, SOURCE_DPA, 8, 2231252000000);
    node_value(&d, NODE_TOTAL, 2, DERIVED_BUDGET, SOURCE_DPA, 8, 773398610900);
    node_value(&d, NODE_TOTAL, 1, DERIVED_REALISED, SOURCE_OPD, 8, 1427699876000);
    node_value(&d, NODE_TOTAL, 2, DERIVED_REALISED, SOURCE_OPD, 8, 532789938700);
    assert_int_equal(claim_unit(&u, &c), ST_OK);
    assert_int_equal(c.count, 2);
    for (unsigned i = 0; i < 2; i++) assert_int_equal(c.c[i].code, CODE_OVER_BUDGET);
    assert_int_equal(c.c[0].activity, fixture_activity("1.06.01.011", 2020));
    assert_int_equal(c.c[1].activity, fixture_activity("1.06.01.012", 2020));
    claim_done(&c);
    derive_done(&d);
    unit_done(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases), cmocka_unit_test(series_equal_cumulate), cmocka_unit_test(names_derive_nothing),
        cmocka_unit_test(a_wrong_percentage_says_its_pair),
        cmocka_unit_test(rows_no_figure_makes_derive_nothing),
        cmocka_unit_test(metro_2022), cmocka_unit_test(semarang_2020),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
