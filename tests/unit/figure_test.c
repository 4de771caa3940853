/* figure_test.c - what may stand in the log: one good figure of each measure, and every way to spoil it; names of the parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/figure.h"

static struct slice text_of(const char *s)
{
    return slice_of(s, strlen(s));
}

static struct figure money(uint16_t measure)
{
    return (struct figure){.activity = UINT64_C(0x0210000000000000),
                           .measure = measure,
                           .year = 2022,
                           .source = SOURCE_OPD,
                           .month = 12,
                           .basis = BASIS_CUMULATIVE,
                           .kind = VALUE_NUMBER,
                           .value = 294995831200};
}

static struct figure named(void)
{
    struct figure f = money(MEASURE_NAME);

    f.year = f.month = 0;
    f.source = SOURCE_NONE;
    f.basis = BASIS_NONE;
    f.kind = VALUE_TEXT;
    f.value = 0;
    f.text = text_of("Program Rehabilitasi Sosial");
    return f;
}

static struct figure complete(void)
{
    struct figure f = money(MEASURE_COMPLETE);

    f.activity = 0;
    f.basis = BASIS_NONE;
    f.stage = STAGE_PERUBAHAN;
    f.value = 1;
    return f;
}

static void test_good_figures(void **state)
{
    static const uint16_t measures[] = {MEASURE_BUDGET, MEASURE_REALISED, MEASURE_CASH_PLAN, MEASURE_TARGET, MEASURE_REACHED,
                                        MEASURE_PRINTED_ABSORPTION};
    struct figure f;

    (void)state;
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        f = money(measures[i]);
        assert_int_equal(figure_check(&f), CODE_OK);
        f.kind = VALUE_NIL;
        f.value = 0;
        assert_int_equal(figure_check(&f), CODE_OK);
        f.kind = VALUE_WITHDRAWN;
        f.reason = text_of("dicabut");
        assert_int_equal(figure_check(&f), CODE_OK);
    }
    f = money(MEASURE_PHYSICAL);
    f.value = 1000000000;
    assert_int_equal(figure_check(&f), CODE_OK);
    f = named();
    assert_int_equal(figure_check(&f), CODE_OK);
    f = complete();
    assert_int_equal(figure_check(&f), CODE_OK);
    f = money(MEASURE_REACHED);
    f.kind = VALUE_TEXT;
    f.value = 0;
    f.text = text_of("recofusing");
    assert_int_equal(figure_check(&f), CODE_OK);
}

/* One thing wrong at a time. */
#define SPOIL(base, change, want)                                                                                               \
    do {                                                                                                                        \
        struct figure f = base;                                                                                                 \
        change;                                                                                                                 \
        if (figure_check(&f) != (want)) fail_msg("%s: %s", #change, status_code_spelling(figure_check(&f)));                    \
    } while (0)

static void test_shape(void **state)
{
    (void)state;
    SPOIL(money(MEASURE_REALISED), f.measure = 0, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.measure = 11, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.measure = 0xffff, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.kind = VALUE_EMPTY, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.kind = 6, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.kind = 200, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.kind = VALUE_TEXT, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.basis = BASIS_NONE, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.basis = 3, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.basis = BASIS_MONTHLY, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_PHYSICAL), f.basis = BASIS_MONTHLY, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.activity = 0, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.stage = STAGE_MURNI, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.stage = STAGE_PERGESERAN, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.stage = STAGE_PERGESERAN | 100, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.stage = STAGE_MURNI | 1, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.stage = 0x500, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.source = SOURCE_NONE, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.source = 11, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.indicator = text_of("x"), CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.decimals = 1, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_PRINTED_ABSORPTION), f.decimals = 7, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.evidence = text_of("short"), CODE_BAD_FORMAT);
    SPOIL(complete(), f.activity = CODE_TOTAL, CODE_BAD_FORMAT);
    SPOIL(complete(), f.account = 1, CODE_BAD_FORMAT);
    SPOIL(complete(), (f.kind = VALUE_NIL, f.value = 0), CODE_BAD_FORMAT);
    SPOIL(named(), f.kind = VALUE_NIL, CODE_BAD_FORMAT);
}

static struct figure step(void)
{
    return (struct figure){ .measure = MEASURE_STEP, .source = SOURCE_VERIFIER, .year = 2022, .month = 12, .kind = VALUE_TEXT,
                            .indicator = text_of("1/verifikasi/gen-3374-08"), .text = text_of("-") };
}

/* Steps of the close: no line, a capacity, the end of a quarter; and no figure speaks in a capacity. */
static void test_steps(void **state)
{
    (void)state;
    SPOIL(step(), f.reason = text_of("angka honorarium keliru"), CODE_OK);
    SPOIL(step(), f.source = SOURCE_OPD, CODE_OK);
    SPOIL(step(), f.source = SOURCE_AUDITOR, CODE_OK);
    SPOIL(step(), f.source = SOURCE_NONE, CODE_BAD_FORMAT);
    SPOIL(step(), f.source = SOURCE_BUD, CODE_BAD_FORMAT);
    SPOIL(step(), f.source = SOURCE_AUDITOR + 1, CODE_BAD_FORMAT);
    SPOIL(step(), f.month = 11, CODE_BAD_FORMAT);
    SPOIL(step(), f.month = 0, CODE_PERIOD_BROKEN);
    SPOIL(step(), f.activity = CODE_TOTAL, CODE_BAD_FORMAT);
    SPOIL(step(), f.indicator.n = 0, CODE_BAD_FORMAT);
    SPOIL(step(), f.text.n = 0, CODE_TEXT_BROKEN);
    SPOIL(step(), (f.kind = VALUE_WITHDRAWN, f.text.n = 0), CODE_BAD_FORMAT);
    SPOIL(step(), f.basis = BASIS_CUMULATIVE, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_REALISED), f.source = SOURCE_VERIFIER, CODE_BAD_FORMAT);
    SPOIL(money(MEASURE_BUDGET), f.source = SOURCE_CENTRE, CODE_BAD_FORMAT);
}

/* The root of a seal: no line, words that stay. */
static void test_seals(void **state)
{
    const struct figure root = { .measure = MEASURE_SEAL, .source = SOURCE_OPD, .year = 2022, .month = 12, .kind = VALUE_TEXT,
                                 .indicator = text_of("33.74/1"), .text = text_of("00 w1:1") };
    (void)state;
    SPOIL(root, f.reason = text_of("koreksi"), CODE_OK);
    SPOIL(root, (f.kind = VALUE_WITHDRAWN, f.text.n = 0), CODE_BAD_FORMAT);
    SPOIL(root, f.activity = CODE_TOTAL, CODE_BAD_FORMAT);
    SPOIL(root, f.source = SOURCE_CENTRE, CODE_BAD_FORMAT);
    SPOIL(root, f.basis = BASIS_CUMULATIVE, CODE_BAD_FORMAT);
    SPOIL(root, f.text.n = 0, CODE_TEXT_BROKEN);
}

static void test_ranges(void **state)
{
    (void)state;
    SPOIL(money(MEASURE_REALISED), f.month = 0, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.month = 13, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.year = YEAR_MIN - 1, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.year = YEAR_MAX + 1, CODE_PERIOD_BROKEN);
    SPOIL(named(), f.month = 1, CODE_PERIOD_BROKEN);
    SPOIL(named(), f.year = 2022, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.value = VALUE_SEN_MAX, CODE_OK);
    SPOIL(money(MEASURE_REALISED), f.value = VALUE_SEN_MAX + 1, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_REALISED), f.value = -VALUE_SEN_MAX, CODE_OK);
    SPOIL(money(MEASURE_REALISED), f.value = INT64_MIN, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_REALISED), f.kind = VALUE_NIL, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_PHYSICAL), f.value = -1, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_PHYSICAL), f.value = 1000000001, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_TARGET), f.value = INT64_MIN, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_TARGET), f.value = INT64_MAX, CODE_VALUE_RANGE);
    SPOIL(complete(), f.value = 2, CODE_VALUE_RANGE);
    SPOIL(money(MEASURE_COMPONENT), f.value = 1, CODE_OK);
    SPOIL(money(MEASURE_COMPONENT), f.year = f.month = 0, CODE_OK); /* of any year */
    SPOIL(money(MEASURE_COMPONENT), f.month = 0, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_COMPONENT), f.year = 0, CODE_PERIOD_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.year = f.month = 0, CODE_PERIOD_BROKEN);
}

static void test_texts(void **state)
{
    static char longer[TEXT_MAX + 1];
    const struct slice fits = slice_of(longer, TEXT_MAX), over = slice_of(longer, TEXT_MAX + 1);

    (void)state;
    memset(longer, 'a', sizeof longer);
    SPOIL(named(), f.text = fits, CODE_OK);
    SPOIL(named(), f.text = over, CODE_TEXT_BROKEN);
    SPOIL(named(), f.text.n = 0, CODE_TEXT_BROKEN);
    SPOIL(named(), f.kind = VALUE_WITHDRAWN, CODE_OK);
    SPOIL(named(), (f.kind = VALUE_WITHDRAWN, f.text.n = 0), CODE_OK);
    SPOIL(named(), f.text = text_of("\xff"), CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.text = text_of("x"), CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.reason = over, CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_REALISED), f.reason = slice_of("a\0b", 3), CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_TARGET), f.unit = slice_of(longer, UNIT_TEXT_MAX), CODE_OK);
    SPOIL(money(MEASURE_TARGET), f.unit = slice_of(longer, UNIT_TEXT_MAX + 1), CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_TARGET), f.indicator = over, CODE_TEXT_BROKEN);
    SPOIL(money(MEASURE_TARGET), f.indicator = text_of("Jumlah PSM"), CODE_OK);
    SPOIL(money(MEASURE_REALISED), f.evidence = slice_of(longer, HASH_SIZE), CODE_OK);
}

static void test_names_there_and_back(void **state)
{
    uint16_t m;
    uint8_t s;
    unsigned known = 0;

    (void)state;
    for (unsigned i = 0; i < 128; i++)
        if (*figure_measure_name(i)) {
            assert_int_equal(figure_measure_parse(text_of(figure_measure_name(i)), &m), ST_OK);
            assert_int_equal(m, i);
            known++;
        }
    assert_int_equal(known, 72);
    assert_int_equal(figure_measure_parse(text_of(""), &m), ST_INVALID);
    for (unsigned i = 1; i <= SOURCE_AUDITOR; i++) {
        assert_int_equal(figure_source_parse(text_of(figure_source_name(i)), &s), ST_OK);
        assert_int_equal(s, i);
    }
    assert_int_equal(figure_source_parse(text_of("PK-3"), &s), ST_OK);
    assert_int_equal(s, SOURCE_PK3);
    assert_int_equal(figure_source_parse(text_of(""), &s), ST_INVALID);
    assert_true(figure_measure_is_money(MEASURE_CASH_PLAN));
    assert_false(figure_measure_is_money(MEASURE_TARGET));
    assert_false(figure_measure_is_money(9999));
    assert_string_equal(figure_source_name(SOURCE_AUDITOR + 1), "");
    assert_string_equal(figure_measure_name(9999), "");
    static const uint16_t own[] = {MEASURE_BUDGET, MEASURE_PRINTED_RATING, MEASURE_INDICATOR_NAME, MEASURE_FUND};
    static const uint16_t beside[] = {MEASURE_NAME, MEASURE_COMPLETE, MEASURE_PLAN, MEASURE_COMPARED_BUDGET, MEASURE_PLAN_END_UNIT,
                                      MEASURE_COMPONENT, MEASURE_STEP, MEASURE_SEAL};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) assert_true(figure_measure_is_own(own[i]));
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) assert_false(figure_measure_is_own(beside[i]));
    assert_true(figure_kind_reported(VALUE_NIL));
    assert_false(figure_kind_reported(VALUE_NA));
}

static void test_stages(void **state)
{
    static const struct {
        const char *text;
        int stage;              /* -1: refused */
        const char *canonical;
    } rows[] = {{"", STAGE_NONE, ""},
                {"murni", STAGE_MURNI, "murni"},
                {" Perubahan ", STAGE_PERUBAHAN, "perubahan"},
                {"EFISIENSI", STAGE_EFISIENSI, "efisiensi"},
                {"pergeseran-2", STAGE_PERGESERAN | 2, "pergeseran-2"},
                {"Pergeseran 12", STAGE_PERGESERAN | 12, "pergeseran-12"},
                {"pergeseran-99", STAGE_PERGESERAN | 99, "pergeseran-99"},
                {"pergeseran", -1, NULL},
                {"pergeseran-0", -1, NULL},
                {"pergeseran-100", -1, NULL},
                {"pergeseran-x", -1, NULL},
                {"pergeseran-1x", -1, NULL},
                {"pergeseran--1", -1, NULL},
                {"murni-1", -1, NULL},
                {"induk", -1, NULL}};
    char text[20];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t stage = 0xffff;

        assert_int_equal(figure_stage_parse(text_of(rows[i].text), &stage), rows[i].stage < 0 ? ST_INVALID : ST_OK);
        assert_int_equal(stage, rows[i].stage < 0 ? 0xffff : rows[i].stage);
        if (rows[i].stage < 0) continue;
        assert_int_equal(figure_stage_format(stage, text), strlen(rows[i].canonical));
        assert_string_equal(text, rows[i].canonical);
    }
}

static void test_provenance(void **state)
{
    provenance p = figure_provenance(255, (UINT64_C(1) << 40) - 1, 65535);

    (void)state;
    assert_true(p == UINT64_MAX);
    assert_int_equal(figure_prov_worker(p), 255);
    assert_true(figure_prov_lsn(p) == (UINT64_C(1) << 40) - 1);
    assert_int_equal(figure_prov_index(p), 65535);
    assert_true(figure_prov_lsn(figure_provenance(1, 7, 9)) == 7);
    assert_true(figure_provenance(1, 7, 9) < figure_provenance(1, 8, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_figures),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_seals),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_names_there_and_back),
        cmocka_unit_test(test_provenance),
    };

    return cmocka_run_group_tests_name("figure", tests, NULL, NULL);
}
