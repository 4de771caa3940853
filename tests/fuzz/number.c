/* number.c - number, code and period text; what is taken must read the same again in its canonical form. */
#include "proto/code.h"
#include "proto/decimal.h"
#include "proto/period.h"
#include "tests/fuzz/fuzz.h"

static void money(struct slice in)
{
    struct decimal_reading r, again;
    char text[64];
    if (decimal_money(in, DASH_REFUSE, false, &r) != ST_OK || r.kind != DEC_NUMBER) return;
    int n = decimal_format_sen_id(r.value, text);
    ASSERT(decimal_money(slice_of(text, (size_t)n), DASH_REFUSE, false, &again) == ST_OK && again.value == r.value);
}

static void codes(struct slice in)
{
    struct code_reading c, again;
    char text[32];
    for (int v = VINTAGE_PERMENDAGRI_13_2006; v <= VINTAGE_KEPMEN_900_1_15_5_1317_2023; v++) {
        if (code_parse_activity((enum vintage)v, in, &c) != ST_OK) continue;
        int n = code_format_activity(c.code, text);
        ASSERT(code_parse_activity((enum vintage)v, slice_of(text, (size_t)n), &again) == ST_OK && again.code == c.code &&
               !again.padded);
    }
    if (code_parse_account(in, &c) != ST_OK) return;
    int n = code_format_account(c.code, text);
    ASSERT(code_parse_account(slice_of(text, (size_t)n), &again) == ST_OK && again.code == c.code);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n), none = slice_of("", 0);
    struct decimal_reading r;
    int a, b;
    struct wall w;
    money(in);
    (void)decimal_quantity(in, none, true, &r);
    (void)decimal_percent(in, &r);
    codes(in);
    (void)period_parse_month(in, &a);
    (void)period_parse_year_month(in, &a, &b);
    (void)period_parse_quarter(in, &a);
    (void)period_parse_time(in, &w);
    return 0;
}
