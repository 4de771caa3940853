/* report_number.c - the arithmetic a form asks for, on decimal text as the aggregator writes it. Kind: E; pure.
 *
 * Invariant: integers only; a number that is not there stays not there, it never becomes zero on its own. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "proto/decimal.h"

struct report_decimal report_decimal(const json_t *v, unsigned decimals)
{
    const char *s = json_string_value(v);
    struct report_decimal d = { .is = false };
    unsigned fraction = 0;
    bool point = false, negative = s && *s == '-', any = false;
    for (s += negative; s && *s; s++) {
        if (*s == '.' && !point) {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9' || fraction == decimals + !point || d.v > INT64_MAX) return (struct report_decimal){ .is = false };
        d.v = 10 * d.v + (*s - '0');
        fraction += point;
        any = true;
    }
    for (; any && fraction < decimals; fraction++) d.v *= 10;
    d.v = negative ? -d.v : d.v;
    d.is = any;
    return d;
}

struct report_decimal report_add(struct report_decimal a, struct report_decimal b)
{
    return (struct report_decimal){ a.is || b.is, (a.is ? a.v : 0) + (b.is ? b.v : 0) };
}

struct report_decimal report_less(struct report_decimal a, struct report_decimal b)
{
    return (struct report_decimal){ a.is, a.is ? a.v - (b.is ? b.v : 0) : 0 };
}

void report_sen(json_t *cells, struct report_decimal d)
{
    char text[48] = "";
    if (d.is) decimal_format_sen(d.v, text);
    report_cell(cells, text);
}

void report_micro(json_t *cells, struct report_decimal d)
{
    char text[32] = "";
    if (d.is && d.v <= INT64_MAX && d.v >= INT64_MIN) decimal_format_micro((int64_t)d.v, 0, text);
    report_cell(cells, text);
}

void report_share(json_t *cells, struct report_decimal part, struct report_decimal whole)
{
    char text[32] = "";
    if (part.is && whole.is && whole.v != 0) (void)decimal_percent_text(part.v, whole.v, 2, text);
    report_cell(cells, text);
}
