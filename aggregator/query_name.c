/* query_name.c - names of codes an office uses that are unlike the official ones (finding uraian-berbeda). Kind: P.
 *
 * Compared are letters and digits only: case, blanks and marks are spelling. Only codes that live in the year are asked about, so
 * a name shows with the figures it stands beside. A code whose official name the office itself prints elsewhere (`alias`) is no
 * finding. Invariant: at most one finding a code and year. */
#include <stdio.h>
#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_beside.h"

/* The next letter or digit in lower case; 0 at the end. */
static unsigned next_letter(struct slice s, size_t *at)
{
    for (; *at < s.n; ++*at) {
        unsigned c = s.p[*at];
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80) {
            ++*at;
            return c;
        }
    }
    return 0;
}

static bool same_name(struct slice a, struct slice b)
{
    size_t i = 0, j = 0;
    for (;;) {
        unsigned x = next_letter(a, &i), y = next_letter(b, &j);
        if (x != y) return false;
        if (x == 0) return true;
    }
}

static bool has_alias(const struct query_context *q, const struct unit *u, activity_code activity, struct slice name)
{
    struct slice text;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        if (l->key.measure != MEASURE_ALIAS || l->key.activity != activity || l->slot[0].kind != VALUE_TEXT) continue;
        if (unit_dict_text(q->t, FOLD_DICT_ID, l->key.indicator, &text) == ST_OK && same_name(text, name)) return true;
    }
    return false;
}

static bool lives(const struct unit *u, activity_code activity)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->leaf[i].key.activity == activity && figure_measure_is_own(u->leaf[i].key.measure)) return true;
    return false;
}

static int put(const struct query_finding_ask *ask, const struct office *office, int year, const char *code, struct slice own,
               const char *official)
{
    char where[64];
    json_t *o = json_object();
    snprintf(where, sizeof where, "%s %s", code, ask->q->lang == LANG_EN ? "name" : "uraian");
    json_object_set_new(o, "kind", json_string(status_code_spelling(CODE_NAME_DIFFERS)));
    json_object_set_new(o, "office", json_string(office->id));
    json_object_set_new(o, "year", json_integer(year));
    json_object_set_new(o, "code", json_string(code));
    json_object_set_new(o, "indicator", json_null());
    json_object_set_new(o, "where", json_string(where));
    json_object_set_new(o, "printed", json_stringn((const char *)own.p, own.n));
    json_object_set_new(o, "computed", json_string(official));
    json_object_set_new(o, "difference", json_null());
    json_object_set_new(o, "state", json_string("open"));
    json_object_set_new(o, "rule", json_string(status_code_text(CODE_NAME_DIFFERS, ask->q->lang)));
    return json_array_append_new(ask->list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int name_finding(const struct query_finding_ask *ask, const struct office *office, int year, const struct unit *u,
                        const struct unit *names, const struct leaf *l)
{
    char code[32];
    const char *kind = status_code_spelling(CODE_NAME_DIFFERS), *official;
    if (l->key.measure != MEASURE_NAME || l->slot[0].kind != VALUE_TEXT || l->key.activity == 0) return ST_OK;
    if (ask->kind.n && !bytes_is(ask->kind, kind)) return ST_OK;
    official = ask->q->names ? names_activity(ask->q->names, l->key.activity) : NULL;
    code_format_activity(l->key.activity, code);
    if (!official || !query_parse_below(ask->s->code, code) || !lives(u, l->key.activity)) return ST_OK;
    struct slice own = unit_text(names, &l->slot[0]), right = slice_of(official, strlen(official));
    if (same_name(own, right) || has_alias(ask->q, names, l->key.activity, right)) return ST_OK;
    return put(ask, office, year, code, own, official);
}

int query_name_findings(const struct query_finding_ask *ask, const struct office *office, uint32_t id, int year,
                        const struct unit *u)
{
    struct unit names;
    unit_init(&names);
    int st = asof_unit(ask->q->t, asof_position(ask->q->past), id, 0, &names);
    for (uint32_t i = 0; st == ST_OK && i < names.count; i++) st = name_finding(ask, office, year, u, &names, &names.leaf[i]);
    unit_done(&names);
    return st;
}
