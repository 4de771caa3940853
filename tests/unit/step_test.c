/* step_test.c - steps of the close as they stand in figures: keys and words there and back, and every spelling that is none; who
 * may take which step; and the settings by which the rest of the rules count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/registry.h"
#include "proto/achieve.h"
#include "proto/setting.h"
#include "proto/step.h"

#define ID64 "00ff02030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static void keys(void **state)
{
    static const char *const good[] = {"1/operator/a", "999/verifikasi/perencana-1872", "10/buka-kembali/0.b-9z", "2/kepala/z.0",
                                       "1/reviu/a", "2/audit/b", "1/tindak-lanjut/pemeriksa-1872/1.06.01.2.02/persen-5f0c21"};
    static const char *const bad[] = {"", "1", "1/", "1/operator", "1/operator/", "/operator/a", "0/operator/a", "01/operator/a",
                                      "1000/operator/a", "x/operator/a", "1:/operator/a", "1./operator/a", "1/Operator/a",
                                      "1/operato/a", "1//a", "1/operator/A", "1/operator/.a", "1/operator/-a", "1/operator/a_b",
                                      "1/operator/a{", "1/operator/a:", "1/operator/a/b", "1/reviu/a/persen-5f0c21",
                                      "1/tindak-lanjut/a", "1/tindak-lanjut/a/", "1/tindak-lanjut//x", "1/tindak-lanjut/a/x y",
                                      "1/tindak-lanjut/a/x\x7f",
                                      "1/operator/a1234567890123456789012345678901234567890"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct step_key k;
        char text[STEP_KEY_MAX];
        assert_int_equal(step_key_parse(text_of(good[i]), &k), ST_OK);
        assert_int_equal(step_key_format(&k, text), strlen(good[i]));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct step_key k;
        if (step_key_parse(text_of(bad[i]), &k) != ST_INVALID) fail_msg("%s", bad[i]);
    }
}

static void words(void **state)
{
    static const char *const good[] = {"- - w1:4711,w2:80", ID64 " - -", "- " ID64 " w1:1 1.06.01", ID64 " " ID64 " - 5.1"};
    static const char *const bad[] = {"", "-", "- -", "- - ", "x - w1:1", "- x w1:1", ID64 "0 - w1:1", "- - w1:1 ", "- - w1:1 a b",
                                      "- - w1:\x7f", "- - w1:1 12345678901234567890123456789012",
                                      "00FF02030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f - -",
                                      "00g002030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f - -",
                                      "00/002030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f - -"};
    char longest[300] = "- - ";
    struct step_words w;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[STEP_WORDS_MAX];
        assert_int_equal(step_words_parse(text_of(good[i]), &w), ST_OK);
        assert_int_equal(step_words_format(&w, text), strlen(good[i]));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (step_words_parse(text_of(bad[i]), &w) != ST_INVALID) fail_msg("%s", bad[i]);
    memset(longest + 4, 'w', STEP_SEEN_MAX + 1);
    assert_int_equal(step_words_parse(slice_of(longest, 4 + STEP_SEEN_MAX), &w), ST_OK);
    assert_int_equal(step_words_parse(slice_of(longest, 4 + STEP_SEEN_MAX + 1), &w), ST_INVALID);
}

/* The table of the close: capacities by step, and what is none. */
static void who_may_take_it(void **state)
{
    static const struct {
        unsigned step, sources;
    } rows[] = {{0, 0},
                {STEP_OPERATOR, 1 << SOURCE_OPD},
                {STEP_KASUBBAG, 1 << SOURCE_OPD},
                {STEP_KEPALA, 1 << SOURCE_OPD},
                {STEP_VERIFY, 1 << SOURCE_VERIFIER},
                {STEP_RETURN, 1 << SOURCE_VERIFIER},
                {STEP_CONSOLIDATE, 1 << SOURCE_CENTRE},
                {STEP_REOPEN, 1 << SOURCE_VERIFIER | 1 << SOURCE_CENTRE | 1 << SOURCE_AUDITOR},
                {STEP_COUNT, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned step;
        for (unsigned source = 0; source < 20; source++)
            assert_int_equal(step_of_source(rows[i].step, source), rows[i].sources >> source & 1);
        assert_int_equal(step_parse(text_of(step_name(rows[i].step)), &step), rows[i].sources ? ST_OK : ST_INVALID);
        if (rows[i].sources) assert_int_equal(step, rows[i].step);
    }
    assert_int_equal(step_source_of_role(ROLE_OFFICE), SOURCE_OPD);
    assert_int_equal(step_source_of_role(ROLE_PLANNER), SOURCE_VERIFIER);
    assert_int_equal(step_source_of_role(ROLE_CENTRE), SOURCE_CENTRE);
    assert_int_equal(step_source_of_role(ROLE_AUDITOR), SOURCE_AUDITOR);
    assert_int_equal(step_source_of_role(ROLE_TREASURER), SOURCE_NONE);
    assert_int_equal(step_source_of_role(99), SOURCE_NONE);
}

/* ---- settings ---- */

static void settings(void **state)
{
    static const struct {
        const char *name, *value;
        int64_t want; /* -1: refused */
    } rows[] = {{"batas-capaian", "120", 120},  {"batas-capaian", "tanpa", 0}, {"batas-capaian", "TANPA", 0},
                {"batas-capaian", "0", -1},     {"batas-capaian", "99", -1},   {"batas-capaian", "1001", -1},
                {"batas-capaian", "", -1},      {"batas-capaian", "1/0", -1},  {"batas-capaian", "1:0", -1},
                {"lonjakan-kali", "tanpa", -1}, {"lonjakan-kali", "300", 300}, {"lonjakan-rupiah", "1000000000000", 1000000000000},
                {"lonjakan-rupiah", "0000000000000001", -1},                   {"padanan-persen", "0", 0},
                {"agregasi", "menurut-satuan", 0},                              {"agregasi", "rata", ACHIEVE_RATA},
                {"agregasi", "kira-kira", -1},                                  {"formula", "min", ACHIEVE_MIN},
                {"formula", "", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum setting s;
        int64_t v = -1;
        char text[32];
        assert_int_equal(setting_parse(text_of(rows[i].name), &s), ST_OK);
        assert_string_equal(setting_name(s), rows[i].name);
        int st = setting_value(s, text_of(rows[i].value), &v);
        if (st != (rows[i].want < 0 ? ST_INVALID : ST_OK) || v != rows[i].want) fail_msg("%s=%s", rows[i].name, rows[i].value);
        for (enum lang lang = LANG_ID; lang <= LANG_EN; lang++) {
            const char *fault = setting_fault(text_of(rows[i].name), text_of(rows[i].value), lang);
            assert_int_equal(fault == NULL, rows[i].want >= 0);
        }
        if (rows[i].want < 0) continue;
        setting_format(s, v, text);
        int64_t again;
        assert_int_equal(setting_value(s, text_of(text), &again), ST_OK);
        assert_true(again == v);
    }
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        int64_t v;
        char text[32];
        setting_format((enum setting)s, setting_default((enum setting)s), text);
        assert_int_equal(setting_value((enum setting)s, text_of(text), &v), ST_OK);
        assert_true(v == setting_default((enum setting)s));
    }
    assert_string_equal(setting_fault(text_of("x"), text_of("1"), LANG_ID), "aturan tidak dikenal");
    assert_string_equal(setting_fault(text_of("x"), text_of("1"), LANG_EN), "no such setting");
    assert_string_equal(setting_fault(text_of("lonjakan-kali"), text_of("1"), LANG_EN), "2 to 300");
    for (unsigned s = 0; s < SETTING_COUNT; s++)
        assert_int_equal(setting_per_indicator((enum setting)s), s == SETTING_CAP || s == SETTING_FORMULA ||
                         s == SETTING_OVER_TIME || s == SETTING_ROUNDING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(words), cmocka_unit_test(who_may_take_it),
                                       cmocka_unit_test(settings)};
    return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}
