/* derive_test.c - the counting rules (derive.h, line.h) and the findings (claim.h), case by case, and two real reports.
 *
 * A case is a list of figures (fixture.h) and what must come out: values at a node, or the findings. Node: `t0`..`t2` totals,
 * `a:CODE` activity, `r:CODE` account, `l:CODE` account-only line. The reports are read from tests/data by a reader of no more than
 * these files need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/derive.h"
#include "tests/unit/fixture.h"

enum { ANY = -99, NONE = -98 };         /* not checked; the row must not be there */
struct expect { const char *node; int derived, source, month; int64_t value; int offices, lines, bare, assumed; };
struct found { unsigned code; const char *at; unsigned measure, from, to; int64_t printed, computed; };
struct derive_case { const char *name; unsigned year; const char *figures[24]; struct expect expect[16]; struct found found[6]; };

#define V(node, derived, source, month, value) { node, DERIVED_##derived, SOURCE_##source, month, value, ANY, ANY, ANY, ANY }
#define O(node, derived, source, month, value, offices) \
    { node, DERIVED_##derived, SOURCE_##source, month, value, offices, ANY, ANY, ANY }
#define L(node, derived, source, month, value, lines, bare, assumed) \
    { node, DERIVED_##derived, SOURCE_##source, month, value, ANY, lines, bare, assumed }
#define NOT(node, derived, source) { node, DERIVED_##derived, SOURCE_##source, 0, NONE, ANY, ANY, ANY, ANY }

static const struct derive_case CASES[] = {
    { "leaves add up, a parent is a control total",
      2022,
      { "1.06.02.2.02.01 realised 8 100", "1.06.02.2.02.02 realised 6 40", "1.06.02.2.02 realised 8 140", "total realised 8 140",
        NULL },
      { L("a:1.06.02.2.02", REALISED, OPD, 8, 140, 2, 0, 0), V("a:1.06", REALISED, OPD, 7, 40), V("a:1", REALISED, OPD, 12, 140),
        V("t1", REALISED, OPD, 12, 140), O("a:1.06.02.2.02", CONTROL_REALISED, OPD, 8, 140, 1),
        O("a:1.06.02.2.02", CONTROL_REALISED, OPD, 9, 140, 0), O("t0", CONTROL_REALISED, OPD, 8, 140, 1),
        O("a:1.06.02.2.02.02", REALISED, OPD, 8, 40, 0), O("a:1.06.02.2.02", REALISED, OPD, 8, 140, 1), NOT("t2", REALISED, OPD),
        NOT("t1", CONTROL_REALISED, OPD) },
      { { 0 } } },
    { "tanpa-rincian at program level",
      2022,
      { "1.06.02 realised 3 70", "1.06.03.2.01.01 realised 3 5", NULL },
      { L("a:1.06.02", REALISED, OPD, 3, 70, 1, 1, 0), L("a:1.06", REALISED, OPD, 3, 75, 2, 1, 0),
        NOT("a:1.06.02", CONTROL_REALISED, OPD) },
      { { 0 } } },
    { "the first leaf stops tanpa-rincian of kegiatan and program",
      2022,
      { "1.06.02 realised 3 70", "1.06.02.2.02 realised 3 70", "1.06.02.2.02.01 realised 3 70", NULL },
      { L("a:1.06.02", REALISED, OPD, 3, 70, 1, 0, 0), V("a:1.06.02", CONTROL_REALISED, OPD, 3, 70),
        V("a:1.06.02.2.02", CONTROL_REALISED, OPD, 3, 70) },
      { { 0 } } },
    { "counted per measure and source",
      2022,
      { "1.06.02 realised:bud 3 70", "1.06.02.2.02.01 realised 3 60", "1.06.02 cash_plan 3 9", NULL },
      { L("a:1.06.02", REALISED, BUD, 3, 70, 1, 1, 0), L("a:1.06.02", REALISED, OPD, 3, 60, 1, 0, 0),
        L("a:1.06.02", CASH_PLAN, OPD, 3, 9, 1, 1, 0) },
      { { 0 } } },
    { "permendagri 13: kegiatan is the leaf",
      2020,
      { "1.06.01.002 realised 8 5", NULL },
      { L("a:1.06.01.002", REALISED, OPD, 8, 5, 1, 0, 0) },
      { { 0 } } },
    { "monthly and cumulative mixed; gaps carried; nil",
      2022,
      { "1.06.02.2.02.01 realised 2m 10", "1.06.02.2.02.01 realised 3m 5", "1.06.02.2.02.01 realised 5 40",
        "1.06.02.2.02.01 realised 6m nil", "1.06.02.2.02.01 realised 7m -4", NULL },
      { V("t0", REALISED, OPD, 1, 0), V("t0", REALISED, OPD, 2, 10), V("t0", REALISED, OPD, 4, 15), V("t0", REALISED, OPD, 5, 40),
        V("t0", REALISED, OPD, 6, 40), O("t0", REALISED, OPD, 7, 36, 1), O("t0", REALISED, OPD, 8, 36, 0) },
      { { 0 } } },
    { "withdrawn and n.a. are unreported",
      2022,
      { "1.06.02.2.02.01 realised 2 10", "1.06.02.2.02.01 realised 3 na", "1.06.02.2.02.02 realised 3 5",
        "1.06.02.2.02.02 realised 3 withdrawn", "1.06.02.2.02 realised 3 10", "1.06.02.2.02 realised 3 withdrawn", NULL },
      { L("a:1.06.02.2.02", REALISED, OPD, 12, 10, 1, 0, 0), NOT("a:1.06.02.2.02.02", REALISED, OPD),
        NOT("a:1.06.02.2.02", CONTROL_REALISED, OPD) },
      { { 0 } } },
    { "stages by effective month; murni; lines of an incomplete stage only",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.02 budget:dpa:murni 1 50",
        "1.06.02.2.02.01 budget:dpa:perubahan 9 120", NULL },
      { V("t0", BUDGET, DPA, 8, 150), V("t0", BUDGET, DPA, 9, 170), V("t0", BUDGET_MURNI, DPA, 12, 150),
        L("t0", BUDGET, DPA, 12, 170, 2, 0, 0) },
      { { 0 } } },
    { "in one month the greater stage number is the newer",
      2022,
      { "1.06.02.2.02.01 budget:dpa:perubahan 3 9", "1.06.02.2.02.01 budget:dpa:pergeseran-2 3 8",
        "1.06.02.2.02.01 budget:dpa:murni 1 7", NULL },
      { V("t0", BUDGET, DPA, 2, 7), V("t0", BUDGET, DPA, 3, 9) },
      { { 0 } } },
    { "the first known stage is stretched, marked",
      2022,
      { "1.06.02.2.02.01 budget:dpa:perubahan 12 120", "1.06.02.2.02.02 budget:dpa:murni 1 5", NULL },
      { L("t0", BUDGET, DPA, 1, 125, 2, 0, 1), L("a:1.06.02.2.02.02", BUDGET, DPA, 1, 5, 1, 0, 0),
        NOT("a:1.06.02.2.02.01", BUDGET_MURNI, DPA) },
      { { 0 } } },
    { "a complete stage zeroes absent lines",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.02 budget:dpa:murni 1 50",
        "1.06.02.2.02.01 budget:dpa:perubahan 9 120", "- complete:dpa:perubahan 9 1", "1.06.02.2.02.02 realised 9 7",
        "1.06.02.2.02 budget:dpa:murni 1 150", NULL },
      { V("t0", BUDGET, DPA, 8, 150), V("t0", BUDGET, DPA, 9, 120), V("a:1.06.02.2.02.02", BUDGET, DPA, 9, 0),
        V("t0", BUDGET_MURNI, DPA, 9, 150), O("a:1.06.02.2.02", CONTROL_BUDGET, DPA, 8, 150, 1),
        O("a:1.06.02.2.02", CONTROL_BUDGET, DPA, 9, 0, 0) },
      { { CODE_BUDGET_REMOVED, "1.06.02.2.02.02", MEASURE_REALISED, 9, 12, 7, 0 } } },
    { "a line only in a stage after the complete one is 0 before it",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "- complete:dpa:murni 1 1", "1.06.02.2.02.02 budget:dpa:perubahan 9 30", NULL },
      { V("a:1.06.02.2.02.02", BUDGET, DPA, 8, 0), L("a:1.06.02.2.02.02", BUDGET, DPA, 9, 30, 1, 0, 0) },
      { { 0 } } },
    { "a withdrawn marker is none",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "- complete:dpa:perubahan 9 1", "- complete:dpa:perubahan 9 withdrawn", NULL },
      { V("t0", BUDGET, DPA, 12, 100) },
      { { 0 } } },
    { "account rows are the sum of a line that is not stated; shallow wins",
      2022,
      { "1.06.02.2.02.01/5.1.02 realised 3 30", "1.06.02.2.02.01/5.1.02.01 realised 3 30",
        "1.06.02.2.02.01/5.2.03.01 realised 4 12", NULL },
      { L("a:1.06.02.2.02.01", REALISED, OPD, 4, 42, 1, 0, 0), V("r:5.1.02", REALISED, OPD, 3, 30),
        V("r:5.1.02.01", REALISED, OPD, 3, 30), O("r:5.2", REALISED, OPD, 4, 12, 1), O("r:5.1", REALISED, OPD, 4, 30, 0),
        V("r:5", REALISED, OPD, 12, 42), NOT("t2", REALISED, OPD) },
      { { 0 } } },
    { "account rows beside their line are detail",
      2022,
      { "1.06.02.2.02.01 realised 3 30", "1.06.02.2.02.01/5.1.02.01 realised 3 28", NULL },
      { V("t0", REALISED, OPD, 3, 30), V("r:5.1", REALISED, OPD, 3, 28) },
      { { CODE_PARENT_SUM, "1.06.02.2.02.01", MEASURE_REALISED, 3, 12, 30, 28 } } },
    { "the first account row counts the line in its stage only",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.01/5.1.02 budget:dpa:perubahan 9 70",
        "1.06.02.2.02.01/5.2.03 budget:dpa:perubahan 9 60", NULL },
      { V("t0", BUDGET, DPA, 8, 100), V("t0", BUDGET, DPA, 9, 130), L("r:5.1.02", BUDGET, DPA, 1, 70, 1, 0, 1),
        V("r:5", BUDGET, DPA, 12, 130) },
      { { 0 } } },
    { "accounts follow the stage in force of their line",
      2022,
      { "1.06.02.2.02.01/5.1.02 budget:dpa:murni 1 70", "1.06.02.2.02.01/5.2.03 budget:dpa:murni 1 60",
        "1.06.02.2.02.01/5.1.02 budget:dpa:perubahan 9 90", NULL },
      { V("t0", BUDGET, DPA, 8, 130), V("t0", BUDGET, DPA, 9, 90), V("r:5.2.03", BUDGET, DPA, 8, 60),
        V("r:5.2.03", BUDGET, DPA, 9, 0), V("r:5", BUDGET_MURNI, DPA, 12, 130) },
      { { 0 } } },
    { "account-only line with detail",
      2020,
      { "5.1 realised 8 50", "5.1.1.01 realised 8 20", "5.1.1.02 realised 8 30", "1.06.01.002 realised 8 7", NULL },
      { L("t2", REALISED, OPD, 8, 50, 1, 0, 0), V("t1", REALISED, OPD, 8, 7), L("t0", REALISED, OPD, 8, 57, 2, 0, 0),
        V("r:5.1.1", REALISED, OPD, 8, 50), V("r:5", REALISED, OPD, 8, 50), V("r:5.1.1.02", REALISED, OPD, 8, 30) },
      { { 0 } } },
    { "account-only line not stated is the sum of its detail; 5 above is a control total",
      2020,
      { "5.1.1.01 realised 8 20", "5.1.1.02 realised 8 30", "5 realised 8 51", NULL },
      { L("t2", REALISED, OPD, 8, 50, 1, 0, 0), V("r:5", CONTROL_REALISED, OPD, 8, 51), V("r:5", REALISED, OPD, 8, 50),
        O("r:5", FINDINGS, NONE, 8, 1, 0), V("t2", FINDINGS, NONE, 8, 1), V("t0", FINDINGS, NONE, 7, 0),
        NOT("t1", FINDINGS, NONE) },
      { { CODE_PARENT_SUM, "5", MEASURE_REALISED, 8, 12, 51, 50 } } },
    { "account-only lines as lines: stage, murni, presence, findings; never the accounts of activities",
      2022,
      { "5.1 budget:dpa:murni 1 100", "5.1 budget:dpa:perubahan 9 90", "5.1.02.01 realised 4 120", "5.2.02 realised 3m 7",
        "1.06.02.2.02.01/5.1.02 realised 8 1000", "5.1 cash_plan 2 30", NULL },
      { L("l:5.1", BUDGET, DPA, 8, 100, 1, 0, 0), V("l:5.1", BUDGET, DPA, 9, 90), L("l:5.1", BUDGET_MURNI, DPA, 12, 100, 1, 0, 0),
        O("l:5.1", REALISED, OPD, 4, 120, 1), O("l:5.1", REALISED, OPD, 12, 120, 0), O("l:5.1", CASH_PLAN, OPD, 2, 30, 1),
        O("l:5.1", PRESENCE, NONE, 12, 0, 1), O("l:5.2", PRESENCE, NONE, 3, 0, 1), O("l:5.2", PRESENCE, NONE, 4, 0, 0),
        L("l:5.2", REALISED, OPD, 12, 7, 1, 0, 0), V("l:5.1", FINDINGS, NONE, 3, 0), V("l:5.1", FINDINGS, NONE, 4, 1),
        V("r:5.1", REALISED, OPD, 12, 1120), NOT("l:5", REALISED, OPD), NOT("l:5.1.02", REALISED, OPD) },
      { { CODE_OVER_BUDGET, "5.1", MEASURE_REALISED, 4, 8, 120, 100 },
        { CODE_OVER_BUDGET, "5.1", MEASURE_REALISED, 9, 12, 120, 90 },
        { CODE_NO_BUDGET, "5.2", MEASURE_REALISED, 3, 12, 7, 0 },
        { CODE_NO_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 8, 12, 1000, 0 } } },
    { "an account-only line whose first stage is stretched",
      2022,
      { "5.1.01 budget:dpa:perubahan 6 8", NULL },
      { L("l:5.1", BUDGET, DPA, 1, 8, 1, 0, 1), NOT("l:5.1", BUDGET_MURNI, DPA) },
      { { 0 } } },
    { "5 alone counts as tanpa-rincian", 2020, { "5 realised 8 51", NULL }, { L("t2", REALISED, OPD, 8, 51, 1, 1, 0) }, { { 0 } } },
    { "presence: budgets all year, realised to its last month, control totals too",
      2022,
      { "1.06.02.2.02.01 realised 3 1", "1.06.03 realised 5 9", "1.06.03.2.01.01 realised 4 9", "1.06.04.2.01.01 budget 1 4",
        "1.06.05.2.01.01 cash_plan 2 4", NULL },
      { O("a:1.06.02", PRESENCE, NONE, 3, 0, 1), O("a:1.06.02", PRESENCE, NONE, 4, 0, 0), O("a:1.06.03", PRESENCE, NONE, 5, 0, 1),
        O("a:1.06.03.2.01.01", PRESENCE, NONE, 5, 0, 0), O("a:1.06", PRESENCE, NONE, 12, 0, 1), NOT("a:1.06.05", PRESENCE, NONE),
        O("a:1.06.03", REALISED, OPD, 5, 9, 0) },
      { { CODE_NO_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 3, 12, 1, 0 },
        { CODE_NO_BUDGET, "1.06.03.2.01.01", MEASURE_REALISED, 4, 12, 9, 0 } } },
    { "a negative total with nothing below it proves nothing",
      2022,
      { "total realised:bud 2 -100", "1.06.02 realised 2 5", NULL },
      { V("t0", CONTROL_REALISED, BUD, 2, -100), NOT("t0", FINDINGS, NONE) },
      { { 0 } } },
    { "overspending within the year shows the figures of its own months",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.01 realised 3 110", "1.06.02.2.02.01 realised 6 150",
        "1.06.02.2.02.01 budget:dpa:perubahan 9 140", NULL },
      { V("t0", FINDINGS, NONE, 2, 0), V("t0", FINDINGS, NONE, 3, 1), V("t0", FINDINGS, NONE, 6, 1),
        V("t0", FINDINGS, NONE, 12, 1) },
      { { CODE_OVER_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 3, 5, 110, 100 },
        { CODE_OVER_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 6, 8, 150, 100 },
        { CODE_OVER_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 9, 12, 150, 140 } } },
    { "over the budget, without budget, and what proves nothing",
      2022,
      { "1.06.02.2.02.01 budget 1 100", "1.06.02.2.02.01 realised 2 100", "1.06.02.2.02.01 realised 3 101",
        "1.06.02.2.02.02 budget 1 0", "1.06.02.2.02.02 realised 4 1", "1.06.03 budget 1 50", "1.06.03.2.01.01 realised 2 20",
        "1.06.03.2.01.02 realised 5 40", NULL },
      { V("a:1.06.02", FINDINGS, NONE, 3, 1), V("a:1.06.02", FINDINGS, NONE, 4, 2), V("t0", FINDINGS, NONE, 5, 3),
        V("a:1.06.03", FINDINGS, NONE, 4, 0), NOT("t2", FINDINGS, NONE) },
      { { CODE_OVER_BUDGET, "1.06.02.2.02.01", MEASURE_REALISED, 3, 12, 101, 100 },
        { CODE_NO_BUDGET, "1.06.02.2.02.02", MEASURE_REALISED, 4, 12, 1, 0 },
        { CODE_OVER_BUDGET, "1.06.03", MEASURE_REALISED, 5, 12, 60, 50 } } },
    { "what a line can still become: the room until it is reported, the budget once it is",
      2022,
      { "1.06.02.2.02.01 budget 1 100", "1.06.02.2.02.01 realised 8 40", "1.06.02.2.02.02 budget 1 50",
        "1.06.03.2.01.01 budget 1 30", "1.06.03.2.01.01 realised 10 45", "1.06.02.2.02.01 budget:dpa:perubahan 10 120", NULL },
      { V("t0", OPEN, DPA, 8, 95), V("t0", REPORTED, DPA, 8, 130), V("t0", OPEN, DPA, 7, 135),
        V("t0", OPEN, DPA, 9, 155), V("t0", REPORTED, DPA, 9, 30),
        V("t0", OPEN, DPA, 10, 130), V("t0", OPEN, DPA, 11, 130), V("t0", REPORTED, DPA, 11, 0),
        L("a:1.06.02.2.02.02", OPEN, DPA, 1, 50, 0, 0, 0), NOT("a:1.06.02.2.02.02", REPORTED, DPA),
        V("a:1.06.03", OPEN, DPA, 9, 45), V("a:1.06.03", OPEN, DPA, 10, 0), V("a:1.06.02", OPEN, DPA, 7, 90),
        NOT("t0", PHYSICAL, DPA) },
      { { CODE_OVER_BUDGET, "1.06.03.2.01.01", MEASURE_REALISED, 10, 12, 45, 30 } } },
    { "a budget above or below the lines that are realised",
      2022,
      { "1.06.02.2.02 budget 1 100", "1.06.02.2.02.01 realised 8 40", "1.06.02.2.02.02 realised 6 10",
        "1.06.03.2.01.01 budget 1 30", "1.06.03.2.01 realised 7 12", "5.1 budget 1 9", "5.1 realised 3 4", NULL },
      { V("a:1.06.02", REPORTED, DPA, 6, 100), V("a:1.06.02", OPEN, DPA, 7, 90), V("a:1.06.02", REPORTED, DPA, 7, 0),
        V("a:1.06.02", OPEN, DPA, 9, 50), V("a:1.06.02", OPEN, DPA, 5, 50), V("a:1.06.02", OPEN, DPA, 6, 40),
        V("a:1.06.03", REPORTED, DPA, 7, 30), V("a:1.06.03", OPEN, DPA, 8, 30),
        V("l:5.1", OPEN, DPA, 4, 5), V("l:5.1", REPORTED, DPA, 3, 9), V("t2", OPEN, DPA, 12, 5), NOT("r:5.1", OPEN, DPA) },
      { { 0 } } },
    { "physical progress is weighted by budget, from its first month on",
      2022,
      { "1.06.02.2.02.01 budget 1 600", "1.06.02.2.02.01 physical 6 50000000", "1.06.02.2.02.02 budget 1 300",
        "1.06.02.2.02.02 physical 6 80000000", "1.06.02.2.02.03 budget 1 100", "1.06.02.2.02.03 physical 7 100000000",
        "1.06.02.2.02.04 budget 1 77", NULL },
      { V("t0", PHYSICAL, DPA, 7, 64000000000), V("t0", PHYSICAL_BUDGET, DPA, 7, 1000), V("t0", PHYSICAL_BUDGET, DPA, 6, 900),
        V("t0", PHYSICAL, DPA, 5, 0), NOT("a:1.06.02.2.02.04", PHYSICAL, DPA) },
      { { 0 } } },
    { "no budget anywhere proves nothing",
      2022,
      { "1.06.02.2.02.01 realised 2 100", NULL },
      { NOT("t0", FINDINGS, NONE) },
      { { 0 } } },
    { "a new stage under what is spent",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.01 realised 8 90", "1.06.02.2.02.01 budget:dpa:perubahan 9 80",
        "1.06.02.2.02.01 realised 11 70", NULL },
      { V("t0", FINDINGS, NONE, 8, 0), V("t0", FINDINGS, NONE, 10, 1), V("t0", FINDINGS, NONE, 11, 1) },
      { { CODE_CUMULATIVE_FALLS, "1.06.02.2.02.01", MEASURE_REALISED, 11, 12, 70, 90 },
        { CODE_BUDGET_BELOW, "1.06.02.2.02.01", MEASURE_REALISED, 9, 10, 90, 80 } } },
    { "a fall with a reason is none, a negative month is none",
      2022,
      { "1.06.02.2.02.01 realised 3 90", "1.06.02.2.02.01 realised 4 80 !koreksi", "1.06.02.2.02.01 realised 5m -10", NULL },
      { NOT("t0", FINDINGS, NONE), V("t0", REALISED, OPD, 5, 70) },
      { { 0 } } },
    { "named once, at the lowest level",
      2022,
      { "1.06.02.2.02.01 realised 3 10", "1.06.02.2.02.02 realised 3 20", "1.06.02.2.02 realised 3 31", "1.06.02 realised 3 31",
        "1.06 realised 3 30", "total realised 3 32", NULL },
      { V("a:1.06.02.2.02", FINDINGS, NONE, 3, 1), V("a:1.06", FINDINGS, NONE, 3, 1), V("t1", FINDINGS, NONE, 3, 1),
        V("t0", FINDINGS, NONE, 3, 2) },
      { { CODE_PARENT_SUM, "1.06.02.2.02", MEASURE_REALISED, 3, 12, 31, 30 },
        { CODE_PARENT_SUM, "total", MEASURE_REALISED, 3, 12, 32, 30 } } },
    { "an urusan is judged by its own parts, the total by the bidang below it",
      2022,
      { "1.06.02.2.02.01 realised 3 30", "1.06.02 realised 3 30", "1 realised 3 31", "total realised 3 31", NULL },
      { V("t0", FINDINGS, NONE, 3, 2) },
      { { CODE_PARENT_SUM, "1", MEASURE_REALISED, 3, 12, 31, 30 },
        { CODE_PARENT_SUM, "total", MEASURE_REALISED, 3, 12, 31, 30 } } },
    { "the total is judged by what stands at the second level of accounts, not by what is below it",
      2022,
      { "total realised 3 100", "5.1 realised 3 100", "5.1.02 realised 3 60", NULL },
      { V("t0", FINDINGS, NONE, 3, 1) },
      { { CODE_PARENT_SUM, "5.1", MEASURE_REALISED, 3, 12, 100, 60 } } },
    { "spent to the last sen before the budget was lowered",
      2022,
      { "1.06.02.2.02.01 budget:dpa:murni 1 100", "1.06.02.2.02.01 realised 8 100", "1.06.02.2.02.01 budget:dpa:perubahan 9 80",
        NULL },
      { V("t0", FINDINGS, NONE, 8, 0) },
      { { CODE_BUDGET_BELOW, "1.06.02.2.02.01", MEASURE_REALISED, 9, 12, 100, 80 } } },
    { "a missing or late child proves only an excess",
      2022,
      { "1.06.02.2.02.01 realised 3 10", "1.06.02.2.02.02 cash_plan 1 9", "1.06.02.2.02 realised 3 40",
        "1.06.03.2.02.01 realised 3 10", "1.06.03.2.02 realised 4 15", "1.06.04.2.02.01 realised 3 10", "1.06.04.2.02 realised 4 9",
        NULL },
      { V("a:1.06.02", FINDINGS, NONE, 3, 1), V("a:1.06.03", FINDINGS, NONE, 3, 0), V("a:1.06.03", FINDINGS, NONE, 4, 1),
        V("a:1.06.04", FINDINGS, NONE, 4, 1) },
      { { CODE_INCOMPLETE, "1.06.02.2.02", MEASURE_REALISED, 3, 12, 40, 10 },
        { CODE_INCOMPLETE, "1.06.03.2.02", MEASURE_REALISED, 4, 12, 15, 10 },
        { CODE_PARENT_SUM, "1.06.04.2.02", MEASURE_REALISED, 4, 12, 9, 10 } } },
    { "the late child arrives: nothing is incomplete any more",
      2022,
      { "1.06.02.2.02.01 realised 3 10", "1.06.02.2.02.02 realised 5 30", "1.06.02.2.02 realised 3 40",
        "1.06.02.2.02 realised 5 40", NULL },
      { V("t0", FINDINGS, NONE, 3, 1), V("t0", FINDINGS, NONE, 4, 1), V("t0", FINDINGS, NONE, 5, 0) },
      { { CODE_PARENT_SUM, "1.06.02.2.02", MEASURE_REALISED, 3, 4, 40, 10 } } },
    { "a wrong report shows until the next one of the parent",
      2022,
      { "1.06.02.2.02.01 realised 3 10", "1.06.02.2.02 realised 3 11", "1.06.02.2.02.01 realised 6 20",
        "1.06.02.2.02 realised 6 20", NULL },
      { V("t0", FINDINGS, NONE, 5, 1), V("t0", FINDINGS, NONE, 6, 0) },
      { { CODE_PARENT_SUM, "1.06.02.2.02", MEASURE_REALISED, 3, 5, 11, 10 } } },
    { "a printed percentage against its own pair",
      2022,
      { "1.06.02.2.02.01 budget:dpa:perubahan 12 3203475382", "1.06.02.2.02.01 realised 12 2949958312",
        "1.06.02.2.02.01 printed_absorption:opd:perubahan 12 90000000.0", "1.06.02.2.02.02 budget 1 13920",
        "1.06.02.2.02.02 realised 12 12295", "1.06.02.2.02.02 printed_absorption 12 88320000.2", "1.06.02.2.02.03 budget 1 0",
        "1.06.02.2.02.03 printed_absorption 12 5000000.0", "1.06.02.2.02.03 realised 12 0", NULL },
      { V("a:1.06.02.2.02.01", FINDINGS, NONE, 12, 1), V("t0", FINDINGS, NONE, 11, 0), V("t0", FINDINGS, NONE, 12, 1) },
      { { CODE_PERCENT, "1.06.02.2.02.01", MEASURE_PRINTED_ABSORPTION, 12, 12, 90000000, 0 } } },
};

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
    derive_done(&d);
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
        cmocka_unit_test(metro_2022), cmocka_unit_test(semarang_2020),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
