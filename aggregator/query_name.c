/* query_name.c - names of codes an office uses that are unlike the official ones (finding uraian-berbeda), and codes that the list
 * does not have (kode-tak-dikenal). Kind: P.
 *
 * Compared are letters and digits only: case, blanks and marks are spelling. Only codes that live in the year are asked about, so
 * a name shows with the figures it stands beside. A code whose official name the office itself prints elsewhere (`alias`) is no
 * finding. Invariant: at most one finding a code and year. */
#include <stdio.h>
#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"

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

/* Does the office itself, not a plan of several years, say anything of the code in this year? What it
 * took back it no longer says. */
static bool lives(const struct leaf *l)
{
    bool stands = false;
    for (unsigned m = 0; m < 12; m++) stands |= l->slot[m].kind != VALUE_EMPTY && l->slot[m].kind != VALUE_WITHDRAWN;
    return stands && figure_measure_is_own(l->key.measure) && !indicator_source_is_plan(l->key.source);
}

static bool lives_in(const struct unit *u, activity_code activity)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->leaf[i].key.activity == activity && lives(&u->leaf[i])) return true;
    return false;
}

static int put(const struct query_finding_ask *ask, const struct office *office, int year, const char *code, struct slice own,
               const char *official)
{
    char where[64];
    snprintf(where, sizeof where, "%s %s", code, ask->q->lang == LANG_EN ? "name" : "uraian");
    json_t *o = query_finding_new(ask, office->id, year, CODE_NAME_DIFFERS, code, where);
    if (!o) return ST_OK;
    query_finding_text(o, "printed", own);
    json_object_set_new(o, "computed", json_string(official));
    return query_finding_add(ask, o);
}

static int name_finding(const struct query_finding_ask *ask, const struct office *office, int year, const struct unit *u,
                        const struct unit *names, const struct leaf *l)
{
    char code[32];
    const char *official;
    if (l->key.measure != MEASURE_NAME || l->slot[0].kind != VALUE_TEXT || l->key.activity == 0) return ST_OK;
    official = ask->q->names ? names_activity(ask->q->names, l->key.activity) : NULL;
    code_format_activity(l->key.activity, code);
    if (!official || !query_finding_wanted(ask, CODE_NAME_DIFFERS, code) || !lives_in(u, l->key.activity)) return ST_OK;
    struct slice own = unit_text(names, &l->slot[0]), right = slice_of(official, strlen(official));
    if (same_name(own, right) || has_alias(ask->q, names, l->key.activity, right)) return ST_OK;
    return put(ask, office, year, code, own, official);
}

/* ---- codes that the list does not have ---- */

/* A list speaks of a bidang when it names it: where it does, a code of that bidang it lacks is unknown. */
static bool unknown(const struct names *n, activity_code code)
{
    activity_code at = code;
    if (!n || code == 0 || code == CODE_TOTAL || names_activity(n, code)) return false;
    while (at != 0 && code_level(at) != LEVEL_BIDANG) at = code_parent(at);
    return at != 0 && names_activity(n, at) != NULL;
}

/* u is sorted by its codes: each is asked about once. */
static int code_findings(const struct query_finding_ask *ask, const struct office *office, int year, const struct unit *u)
{
    activity_code last = 0;
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++) {
        activity_code code = u->leaf[i].key.activity;
        char dotted[32], where[120];
        if (code == last || !lives(&u->leaf[i])) continue;
        last = code;
        if (!unknown(ask->q->names, code)) continue;
        code_format_activity(code, dotted);
        snprintf(where, sizeof where, "%s %s %s", dotted,
                ask->q->lang == LANG_EN ? "is not in the list of" : "tidak ada dalam daftar",
                 code_vintage_name(code_vintage(code)));
        json_t *o = query_finding_new(ask, office->id, year, CODE_CODE_UNKNOWN, dotted, where);
        if (!o) continue;
        json_object_set_new(o, "printed", json_string(dotted));
        st = query_finding_add(ask, o);
    }
    return st;
}

int query_name_findings(const struct query_finding_ask *ask, const struct office *office, uint32_t id, int year,
                        const struct unit *u)
{
    struct unit names;
    unit_init(&names);
    int st = asof_unit(ask->q->t, asof_position(ask->q->past), id, 0, &names);
    for (uint32_t i = 0; st == ST_OK && i < names.count; i++) st = name_finding(ask, office, year, u, &names, &names.leaf[i]);
    if (st == ST_OK) st = code_findings(ask, office, year, u);
    unit_done(&names);
    return st;
}
