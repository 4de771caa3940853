/* http_scope.c - see http_scope.h.
 *
 * Decided by what is asked, before anything is computed: by region and office of the question, or the place an address begins with.
 * What is not understood is refused: a question that has no region asks about the nation, and an address that hides its place
 * behind percent signs has none. */
#include "aggregator/http_scope.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/query_parse.h"
#include "proto/code.h"

enum { PROGRAM_PARTS = 3 };


static int refuse(enum lang lang, const char *param, struct slice seen, const char *id, const char *en, struct query_problem *p)
{
    const struct query_context q = {.lang = lang};
    int st = query_refuse(p, &q, param, seen, id, en);
    p->status = 403;
    return st;
}

static int refuse_place(const struct http_viewer *v, enum lang lang, const char *param, struct slice seen, struct query_problem *p)
{
    char region[8] = "", id[160], en[160];
    if (v->region) code_region_format(v->region, region);
    snprintf(id, sizeof id, "di luar wewenang Anda; sebutkan %s=%s", v->role == ROLE_OFFICE ? "office" : "region",
             v->role == ROLE_OFFICE ? v->office : region);
    snprintf(en, sizeof en, "not yours to see; ask with %s=%s", v->role == ROLE_OFFICE ? "office" : "region",
             v->role == ROLE_OFFICE ? v->office : region);
    return refuse(lang, param, seen, id, en, p);
}

static int refuse_role(enum lang lang, const char *what, struct query_problem *p)
{
    return refuse(lang, "role", slice_of(what, strlen(what)), "peran Anda tidak melihat ini", "your role does not see this", p);
}

/* ---- addresses: SCOPE/YEAR/MEASURE/.. ---- */

static struct slice segment(struct slice address, unsigned n)
{
    size_t at = 0, end;
    for (; n > 0 && at < address.n; at++) n -= address.p[at] == '/';
    for (end = at; end < address.n && address.p[end] != '/'; end++) continue;
    return slice_of(address.p + at, end - at);
}

static bool results(struct slice measure)
{
    return !(bytes_is(measure, "budget") || bytes_is(measure, "realised") || bytes_is(measure, "absorption") ||
             bytes_is(measure, "match") || bytes_is(measure, "finding"));
}

static int check_figure(const struct http_viewer *v, const struct registry *r, struct slice figure, enum lang lang,
                        struct query_problem *p)
{
    struct slice place = segment(figure, 0);
    region_code region = 0;
    const struct office *o = registry_office(r, place);
    bool own = o && !strcmp(o->id, v->office);
    if (v->role == ROLE_OFFICE) return own ? ST_OK : refuse_place(v, lang, "figure", place, p);
    bool known = o || bytes_is(place, "nasional") || (place.n > 0 && code_region_parse(place, &region) == ST_OK);
    if (!known || !code_region_holds(v->region, o ? o->region : region)) return refuse_place(v, lang, "figure", place, p);
    return v->role == ROLE_TREASURER && results(segment(figure, 2)) ? refuse_role(lang, "figure", p) : ST_OK;
}

/* ---- questions ---- */

static bool coarse(const struct http_asked *a)
{
    struct slice level = a->value[HTTP_LEVEL], code = a->value[HTTP_CODE];
    unsigned parts = code.n > 0;
    for (size_t i = 0; i + 1 < code.n; i++) parts += code.p[i] == '.';
    return parts <= PROGRAM_PARTS &&
           (level.n == 0 || bytes_is(level, "urusan") || bytes_is(level, "bidang") || bytes_is(level, "program"));
}

static int check_office(const struct http_viewer *v, const struct http_question *k, const struct http_asked *a, bool own,
                        region_code region, enum lang lang, struct query_problem *p)
{
    bool totals = (k->ask == query_rollup || k->ask == query_trend) && !a->value[HTTP_INDICATOR].p && !a->value[HTTP_OFFICE].n;
    if (own || (totals && region == v->region && region != 0 && coarse(a))) return ST_OK;
    return refuse_place(v, lang, k->params >> HTTP_OFFICE & 1 ? "office" : "region",
                        a->value[a->value[HTTP_OFFICE].n ? HTTP_OFFICE : HTTP_REGION], p);
}

int http_scope_check(const struct http_viewer *v, const struct registry *r, const struct http_question *k,
                     const struct http_asked *a, struct slice figure, enum lang lang, struct query_problem *ret_problem)
{
    struct slice office = a->value[HTTP_OFFICE], region = a->value[HTTP_REGION];
    region_code place = 0;
    if (v->open || k->ask == query_status) return ST_OK;
    if (v->role != ROLE_OFFICE && !(k->roles >> v->role & 1)) return refuse_role(lang, k->name, ret_problem);
    if (figure.n) return check_figure(v, r, figure, lang, ret_problem);
    const struct office *o = office.n ? registry_office(r, office) : NULL;
    if (code_region_parse(region, &place) != ST_OK) return refuse_place(v, lang, "region", region, ret_problem);
    if (v->role == ROLE_OFFICE) return check_office(v, k, a, o && !strcmp(o->id, v->office), place, lang, ret_problem);
    if (office.n && (!o || !code_region_holds(v->region, o->region))) return refuse_place(v, lang, "office", office, ret_problem);
    if (!office.n && !code_region_holds(v->region, place)) return refuse_place(v, lang, "region", region, ret_problem);
    return v->role == ROLE_TREASURER && a->value[HTTP_INDICATOR].n ? refuse_role(lang, "indicator", ret_problem) : ST_OK;
}

bool http_scope_office(const struct http_viewer *v, const struct office *o, bool *ret_named)
{
    *ret_named = v->open || (o && (v->role != ROLE_OFFICE || !strcmp(o->id, v->office)));
    return v->open || (o && code_region_holds(v->region, o->region));
}

void http_scope_name(const struct http_viewer *v, char ret[96])
{
    if (v->open) ret[0] = '\0';
    else snprintf(ret, 96, "%u/%u/%s", (unsigned)v->role, (unsigned)v->region, v->office);
}
