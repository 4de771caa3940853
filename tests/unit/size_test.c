/* size_test.c - sizes against the line's history, and parents within one printed column: tables by hand. */
#include "aggregator/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "aggregator/compare_tree.h"
#include "proto/status.h"

/* value, the others (0 ends), what is found, against which median */
static const struct size_case { int64_t value, others[5]; unsigned code; int64_t usual; } SIZES[] = {
    {100, {0}, CODE_OK, 0},                             /* no history */
    {1000, {1000}, CODE_OK, 1000},
    {9999, {1000}, CODE_OK, 1000},                      /* below ten times */
    {10000, {1000}, CODE_JUMP, 1000},
    {1000, {10000}, CODE_JUMP, 10000},                  /* as much less */
    {315999, {1000}, CODE_JUMP, 1000},
    {316000, {1000}, CODE_SCALE_1000, 1000},            /* nearer to a thousand than to a hundred */
    {3162000, {1000}, CODE_SCALE_1000, 1000},
    {3163000, {1000}, CODE_JUMP, 1000},
    {1000000000, {1000}, CODE_SCALE_1000, 1000},        /* a million times */
    {5000, {250, 250, 250, 250}, CODE_JUMP, 250},       /* the ceiling of 5 milliards among 250 millions */
    {250, {5000, 250, 250, 250}, CODE_OK, 250},         /* one slip does not make the others wrong */
    {1000, {100, 300}, CODE_OK, 200},                   /* of an even number: the middle of the two */
    {0, {1000}, CODE_OK, 1000},
    {-5000, {1000}, CODE_OK, 1000},
};

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        i128 others[5], usual = 0;
        size_t n = 0;
        while (n < 5 && SIZES[i].others[n]) others[n] = SIZES[i].others[n], n++;
        unsigned code = size_judge(SIZES[i].value, others, n, &(struct size_rule){1, 10}, &usual);
        if (code != SIZES[i].code || (int64_t)usual != SIZES[i].usual)
            fail_msg("case %zu: code %u against %lld", i, code, (long long)usual);
    }
}

static void test_small_figures_jump(void **state)
{
    i128 one = 2, usual;
    (void)state;
    assert_int_equal(size_judge(90, &one, 1, &(struct size_rule){100, 10}, &usual), CODE_OK);
    assert_int_equal(size_judge(100, &one, 1, &(struct size_rule){100, 10}, &usual), CODE_JUMP);
}

/* ---- parents ---- */

static activity_code code_of(const char *text)
{
    struct code_reading r;
    assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(text, strlen(text)), &r), ST_OK);
    return r.code;
}

enum { EMPTY = -1 };
static const struct tree_case {
    const char *name;
    struct { const char *code; int64_t amount; } row[6];
    unsigned code;
    int64_t sum;
} TREES[] = {
    {"adds up", {{"1.06.02.2.03", 30}, {"1.06.02.2.03.01", 10}, {"1.06.02.2.03.02", 20}}, CODE_OK, 0},
    {"does not", {{"1.06.02.2.03", 31}, {"1.06.02.2.03.01", 10}, {"1.06.02.2.03.02", 20}}, CODE_PARENT_SUM, 30},
    {"an empty cell, below the parent", {{"1.06.02.2.03", 31}, {"1.06.02.2.03.01", 10}, {"1.06.02.2.03.02", EMPTY}},
     CODE_INCOMPLETE, 10},
    {"an empty cell, already above", {{"1.06.02.2.03", 31}, {"1.06.02.2.03.01", 40}, {"1.06.02.2.03.02", EMPTY}},
     CODE_PARENT_SUM, 40},
    {"no child printed", {{"1.06.02.2.03", 31}, {"1.06.02.2.03.02", EMPTY}}, CODE_OK, 0},
    {"a kegiatan without its own print", {{"1.06.02", 10}, {"1.06.02.2.03", EMPTY}, {"1.06.02.2.03.01", 10}}, CODE_OK, 0},
    {"a wrong child taken as it is", {{"1.06.02", 31}, {"1.06.02.2.03", 31}, {"1.06.02.2.03.01", 10}}, CODE_OK, 0},
    {"the sum of the leaves", {{"1.06.02", 10}, {"1.06.02.2.03", 31}, {"1.06.02.2.03.01", 10}}, CODE_OK, 0},
    {"another branch is no child", {{"1.06.02", 10}, {"1.06.02.2.03", 10}, {"1.06.03.2.01", 99}}, CODE_OK, 0},
};

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TREES / sizeof *TREES; i++) {
        struct compare_point p[6];
        struct compare_sum sum;
        size_t n = 0;
        for (; n < 6 && TREES[i].row[n].code; n++)
            p[n] = (struct compare_point){.activity = code_of(TREES[i].row[n].code), .printed = TREES[i].row[n].amount != EMPTY,
                                          .amount = TREES[i].row[n].amount};
        bool wrong = compare_tree_judge(p, n, 0, &sum);
        unsigned code = wrong ? compare_tree_code(&sum, p[0].amount) : CODE_OK;
        if (code != TREES[i].code || (wrong && (int64_t)sum.sum != TREES[i].sum))
            fail_msg("%s: code %u, sum %lld", TREES[i].name, code, (long long)sum.sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_small_figures_jump),
                                       cmocka_unit_test(test_trees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
