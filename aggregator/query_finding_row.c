/* query_finding_row.c - one finding as `findings` lists it, and whether it is asked for. Kind: P.
 *
 * Every finding has the same members in the same order: kind, office, year, code, indicator, where, printed, computed, difference,
 * state, rule; who proves it fills in what it knows. Invariant: a finding that was not asked for is never built. */
#include "aggregator/query_finding.h"

#include <string.h>

bool query_finding_wanted(const struct query_finding_ask *ask, unsigned code, const char *dotted)
{
    const char *kind = status_code_spelling(code);
    if (ask->kind.n && (strlen(kind) != ask->kind.n || memcmp(kind, ask->kind.p, ask->kind.n) != 0)) return false;
    return query_parse_below(ask->s->code, dotted);
}

json_t *query_finding_new(const struct query_finding_ask *ask, const char *office, int year, unsigned code, const char *dotted,
                          const char *where)
{
    if (!query_finding_wanted(ask, code, dotted)) return NULL;
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(status_code_spelling(code)));
    json_object_set_new(o, "office", json_string(office));
    json_object_set_new(o, "year", json_integer(year));
    json_object_set_new(o, "code", json_string(dotted));
    json_object_set_new(o, "indicator", json_null());
    json_object_set_new(o, "where", json_string(where));
    json_object_set_new(o, "printed", json_null());
    json_object_set_new(o, "computed", json_null());
    json_object_set_new(o, "difference", json_null());
    json_object_set_new(o, "state", json_string("open"));
    json_object_set_new(o, "rule", json_string(status_code_text(code, ask->q->lang)));
    json_object_set_new(o, "thresholds", json_array());
    return o;
}

int query_finding_add(const struct query_finding_ask *ask, json_t *o)
{
    return json_array_append_new(ask->list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

void query_finding_money(json_t *o, i128 printed, i128 computed)
{
    char t[48];
    decimal_format_sen(printed, t);
    json_object_set_new(o, "printed", json_string(t));
    decimal_format_sen(computed, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_sen(printed - computed, t);
    json_object_set_new(o, "difference", json_string(t));
}

void query_finding_percent(json_t *o, int64_t printed, unsigned printed_decimals, i128 num, i128 den)
{
    char t[48];
    int64_t right, scale = 1;
    unsigned decimals = printed_decimals > 2 ? printed_decimals : 2;
    for (unsigned i = decimals; i < 6; i++) scale *= 10;
    decimal_format_micro(printed, printed_decimals, t);
    json_object_set_new(o, "printed", json_string(t));
    if (den == 0 || !decimal_ratio_percent(num, den, decimals, false, &right)) return;
    decimal_format_micro(right * scale, decimals, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_micro(printed - right * scale, decimals, t);
    json_object_set_new(o, "difference", json_string(t));
}

void query_finding_counts(json_t *o, uint32_t differ, uint32_t of)
{
    json_object_set_new(o, "differ", json_integer((json_int_t)differ));
    json_object_set_new(o, "of", json_integer((json_int_t)of));
}

void query_finding_text(json_t *o, const char *member, struct slice text)
{
    json_object_set_new(o, member, text.n ? json_stringn((const char *)text.p, text.n) : json_null());
}
