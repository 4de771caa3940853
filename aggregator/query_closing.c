/* query_closing.c - the quarter of every office of a region: states, steps, and with `rehearse` what stands in the way. Kind: P.
 *
 * Steps of the quarter's year are read, of the year before when the quarter before lies there, and of the years after as long as
 * something in their first quarter can hold a reopening. Judged from the last quarter backwards (closing.h). Findings are those
 * that `findings` lists for the region, asked once. */
#include "aggregator/query_closing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_sealed.h"
#include "aggregator/query_review.h"
#include "aggregator/statement.h"
#include "proto/lines.h"
#include "proto/period.h"
#include "proto/sign.h"

/* ---- collecting ---- */

static void keep(char *to, size_t size, struct slice from, struct slice *ret)
{
    size_t n = from.n < size ? from.n : size - 1;
    if (n) memcpy(to, from.p, n);
    to[n] = '\0';
    *ret = slice_of(to, n);
}

static int room(struct query_closing *c)
{
    if (c->n < c->cap) return ST_OK;
    size_t cap = 2 * c->cap + 8;
    struct closing_step *step = realloc(c->step, cap * sizeof *step);
    if (step) c->step = step;
    struct query_closing_words **words = step ? realloc(c->words, cap * sizeof *words) : NULL;
    if (!words) return ST_NO_MEMORY;
    c->words = words;
    c->cap = cap;
    return ST_OK;
}

/* Who signed it, when, and which key that was. The state of a release that kept no statements answers with nobody. */
static int speaker_of(struct query_closing *c, provenance prov, struct closing_step *e, struct query_closing_words *w,
                      char said_by[OFFICE_ID_MAX + 1])
{
    struct statement st = { 0 };
    struct slice why = { 0 }, unused;
    int rc = statement_get(c->q->t, figure_prov_worker(prov), figure_prov_lsn(prov), figure_prov_index(prov), &st);
    if (rc != ST_OK && rc != ST_NOT_FOUND) return rc;
    keep(said_by, OFFICE_ID_MAX + 1, st.office, &unused);
    keep(w->clerk, sizeof w->clerk, st.clerk, &e->clerk);
    w->at = st.at;
    w->entered = st.entered;
    rc = statement_why(c->q->t, prov, &why);
    if (rc == ST_OK) keep(w->reason, sizeof w->reason, why, &e->reason);
    const struct office *o = registry_office(c->q->registry, slice_of(said_by, strlen(said_by)));
    if (o) memcpy(e->key, o->signing, PUBKEY_SIZE);
    return rc == ST_NOT_FOUND ? ST_OK : rc;
}

static int add_step(struct query_closing *c, const struct unit *u, const struct leaf *l, unsigned month)
{
    const struct slot *s = &l->slot[month - 1];
    struct closing_step judged, told = { 0 };
    struct slice indicator, text;
    char said_by[OFFICE_ID_MAX + 1] = "";
    struct query_closing_words *w = room(c) == ST_OK ? calloc(1, sizeof *w) : NULL;
    if (!w) return ST_NO_MEMORY;
    c->words[c->n] = w;
    int st = unit_dict_text(c->q->t, FOLD_DICT_ID, l->key.indicator, &indicator);
    if (st == ST_OK) keep(w->indicator, sizeof w->indicator, indicator, &indicator);
    keep(w->text, sizeof w->text, unit_text(u, s), &text);
    if (st == ST_OK) st = speaker_of(c, s->prov, &told, w, said_by);
    if (st == ST_OK) {
        closing_read(slice_of(c->office->id, strlen(c->office->id)), slice_of(said_by, strlen(said_by)), u->year, month,
                     l->key.source, indicator, text, s->prov, &judged);
        judged.clerk = told.clerk;
        judged.reason = told.reason;
        memcpy(judged.key, told.key, PUBKEY_SIZE);
        c->step[c->n] = judged;
    }
    c->n++; /* its words are freed with the others */
    return st;
}

static int add_unit(struct query_closing *c, const struct unit *u)
{
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        for (unsigned m = 3; st == ST_OK && l->key.measure == MEASURE_STEP && m <= 12; m += 3)
            if (l->slot[m - 1].kind == VALUE_TEXT) st = add_step(c, u, l, m);
    }
    return st;
}

static int load(struct query_closing *c, unsigned year, struct unit *u)
{
    int st = asof_unit(c->q->t, asof_position(c->q->past), c->id, (uint16_t)year, u);
    if (st == ST_OK) unit_sort(u);
    return st == ST_OK ? add_unit(c, u) : st;
}

static bool stated_of(const struct query_closing *c, unsigned quarter, unsigned step)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->step[i].quarter == quarter && (step == 0 || c->step[i].step == step)) return true;
    return false;
}

/* The years beside the quarter's own. *ret_last: the last quarter that has to be judged. */
static int load_others(struct query_closing *c, unsigned *ret_last)
{
    struct unit u;
    unsigned year = c->quarter / 4;
    int st = ST_OK;
    unit_init(&u);
    if (c->quarter % 4 == 0 && year > YEAR_MIN) {
        st = load(c, year - 1, &u);
        c->before_due = st == ST_OK && closing_reported(&u, c->quarter - 1);
    } else {
        c->before_due = closing_reported(&c->u, c->quarter - 1);
    }
    while (st == ST_OK && year < YEAR_MAX && stated_of(c, closing_quarter(year, 4), STEP_REOPEN)) st = load(c, ++year, &u);
    unit_done(&u);
    *ret_last = closing_quarter(year, 4);
    return st;
}

static void judge(struct query_closing *c, unsigned last)
{
    for (unsigned quarter = last; quarter + 1 >= c->quarter; quarter--) {
        struct closing_terms terms;
        struct closing state;
        closing_rules_for(c->q->closing, c->office->region, quarter, &terms);
        closing_judge(c->step, c->n, quarter, &terms.rules, &state);
        if (quarter == closing_quarter(c->quarter / 4, 4)) c->audited = closing_audited(&state);
        if (quarter == c->quarter) {
            c->terms = terms;
            c->now = state;
        } else if (quarter + 1 == c->quarter) {
            c->before = state;
        }
    }
    c->before_due |= stated_of(c, c->quarter - 1, 0);
}

int query_closing_open(const struct query_context *q, const struct office *o, unsigned quarter, struct query_closing *ret)
{
    unsigned last = quarter;
    *ret = (struct query_closing){ .q = q, .office = o, .quarter = quarter };
    unit_init(&ret->u);
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &ret->id);
    if (st == ST_NOT_FOUND) ret->id = 0;
    if (st == ST_OK) st = load(ret, quarter / 4, &ret->u);
    if (st == ST_OK) st = load_others(ret, &last);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    judge(ret, last);
    ret->reported = closing_reported(&ret->u, quarter);
    if (ret->now.submission) ret->changed = closing_changed(&ret->u, quarter, ret->now.submission->prov, &ret->changed_first);
    return ST_OK;
}

void query_closing_close(struct query_closing *c)
{
    for (size_t i = 0; i < c->n; i++) free(c->words[i]);
    free(c->words);
    free(c->step);
    unit_done(&c->u);
}

const struct closing_step *query_closing_freed(const struct query_closing *c)
{
    const struct closing_step *held = NULL, *mine = c->now.consolidation;
    for (size_t i = 0; mine && i < c->n; i++) {
        const struct closing_step *s = &c->step[i];
        if (s->quarter != c->quarter + 1 || s->step != STEP_CONSOLIDATE || s->why != CLOSING_EFFECTIVE || !s->words.has_beside)
            continue;
        if (sign_hash_equal(&s->words.beside, &mine->id) && (!held || s->round > held->round)) held = s;
    }
    for (size_t i = 0; held && i < c->n; i++) {
        const struct closing_step *s = &c->step[i];
        if (s->quarter == held->quarter && s->round == held->round && s->step == STEP_REOPEN && s->why == CLOSING_EFFECTIVE)
            return s;
    }
    return NULL;
}

/* ---- the answer ---- */

enum { SHOWN_DIGITS = 5 };
struct closes {
    const struct query_context *q;
    struct query_scope s;
    unsigned quarter;
    bool rehearse;
    size_t shown;                  /* so many findings of an office are told; the others only counted */
    json_t *list, *findings, *more; /* of each office, by its id: the open findings that are told, how many others there are */
    int64_t states[CLOSING_STATES], blockers, audited;
};

static int64_t more_of(const struct closes *x, const char *office)
{
    return (int64_t)json_integer_value(json_object_get(x->more, office));
}

static int list_office(struct closes *x, const struct office *o)
{
    struct query_closing c;
    int st = query_closing_open(x->q, o, x->quarter, &c);
    json_t *j = st == ST_OK ? query_closing_json(&c) : NULL;
    if (st == ST_OK) st = query_review_put(&c, j);
    if (st == ST_OK && x->rehearse) st = query_closing_rehearse(&c, json_object_get(x->findings, o->id), more_of(x, o->id), j);
    if (st == ST_OK) {
        x->states[c.now.state]++;
        x->audited += c.audited;
        x->blockers += (int64_t)json_integer_value(json_object_get(j, "blocker_count"));
        if (json_array_append_new(x->list, j) != 0) st = ST_NO_MEMORY;
    } else {
        json_decref(j);
    }
    query_closing_close(&c);
    return st;
}

/* One more of its office: told, or only counted. */
static bool told(struct closes *x, json_t *finding)
{
    const char *office = json_string_value(json_object_get(finding, "office")),
               *state = json_string_value(json_object_get(finding, "state"));
    if (!office || !state || strcmp(state, "open") != 0) return false; /* explained: not in the way */
    json_t *own = json_object_get(x->findings, office);
    if (!own) json_object_set_new(x->findings, office, own = json_array());
    if (json_array_size(own) < x->shown) return json_array_append(own, finding) == 0;
    json_object_set_new(x->more, office, json_integer((json_int_t)more_of(x, office) + 1));
    return false;
}

/* The findings of the scope, each under its office. What is only counted needs no address and no follow-up: with many findings
 * those and their words are what takes the time. */
static int find_all(struct closes *x)
{
    json_t *all = json_array(), *words = NULL, *some = json_array(), *same = json_array();
    int st = query_finding_list(x->q, &x->s, slice_of("", 0), all);
    if (st == ST_OK) st = query_finding_indonesian(x->q, &x->s, slice_of("", 0), all, &words);
    for (size_t i = 0; st == ST_OK && i < json_array_size(all); i++) {
        if (!told(x, json_array_get(all, i))) continue;
        json_array_append(some, json_array_get(all, i));
        json_array_append(same, json_array_get(words, i));
    }
    if (st == ST_OK) query_finding_address(x->q, &x->s, same, some);
    if (st == ST_OK) st = query_review_findings(x->q, some);
    json_decref(all);
    json_decref(words);
    json_decref(some);
    json_decref(same);
    return st;
}

static int list_all(struct closes *x)
{
    int st = x->rehearse ? find_all(x) : ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(x->q->registry); i++) {
        const struct office *o = registry_at(x->q->registry, i);
        bool closes = o->role == ROLE_OFFICE && (o->status == OFFICE_ACTIVE || x->s.office == o);
        if (closes && query_indicators_inside(&x->s, o)) st = list_office(x, o);
    }
    return st;
}

static json_t *deadline(const struct closes *x, const struct closing_terms *t, region_code region, calendar_day day)
{
    char date[11], until[32];
    calendar_to_date(day, date);
    (void)period_format_time(calendar_end_of(day, t->hours_ahead), until);
    int left = closing_rules_left(x->q->closing, region, calendar_today(x->q->now.wall, t->hours_ahead), day);
    return json_pack("{s:s,s:s,s:i}", "date", date, "until", until, "working_days_left", left);
}

static void put_deadlines(const struct closes *x, json_t *answer)
{
    struct closing_terms t;
    region_code region = x->s.office ? x->s.office->region : x->s.region;
    closing_rules_for(x->q->closing, region, x->quarter, &t);
    json_object_set_new(answer, "zone", json_string(t.zone));
    json_object_set_new(answer, "deadline",
                        json_pack("{s:o,s:o}", "office", deadline(x, &t, region, t.office_day), "city",
                                  deadline(x, &t, region, t.city_day)));
}

static void put_head(const struct closes *x, json_t *answer)
{
    char region[8], quarter[16];
    region_code at = x->s.office ? x->s.office->region : x->s.region;
    code_region_format(at, region);
    snprintf(quarter, sizeof quarter, "%u-Q%u", x->quarter / 4, x->quarter % 4 + 1);
    const char *name = x->q->names ? names_region(x->q->names, at) : NULL;
    json_object_set_new(answer, "region", json_string(region));
    json_object_set_new(answer, "region_name", name ? json_string(name) : json_null());
    json_object_set_new(answer, "quarter", json_string(quarter));
    json_object_set_new(answer, "year", json_integer((json_int_t)(x->quarter / 4)));
    json_object_set_new(answer, "until", json_integer(x->s.until));
    json_object_set_new(answer, "rehearse", json_boolean(x->rehearse));
    put_deadlines(x, answer);
}

static void put_counts(const struct closes *x, json_t *answer)
{
    json_t *states = json_object();
    for (unsigned i = 0; i < CLOSING_STATES; i++)
        if (x->states[i]) json_object_set_new(states, closing_state_name(i), json_integer((json_int_t)x->states[i]));
    json_object_set_new(answer, "states", states);
    bool all = json_array_size(x->list) > 0 && (size_t)x->audited == json_array_size(x->list);
    json_object_set_new(answer, "year_state", json_string(closing_year_name(all)));
    if (!x->rehearse) return;
    json_object_set_new(answer, "blocker_count", json_integer((json_int_t)x->blockers));
    json_object_set_new(answer, "ready", json_boolean(x->blockers == 0 && json_array_size(x->list) > 0));
}

static int parse_shown(const struct query_context *q, const struct query_params *p, struct closes *x,
                       struct query_problem *problem)
{
    uint64_t n = 0;
    x->shown = SIZE_MAX;
    if (p->shown.n == 0) return ST_OK;
    if (p->shown.n > SHOWN_DIGITS || !lines_decimal(p->shown, &n))
        return query_refuse(problem, q, "shown", p->shown, "banyaknya temuan per kantor: 0 sampai 99999",
                            "how many findings of an office: 0 to 99999");
    x->shown = (size_t)n;
    return ST_OK;
}

static int parse_quarter(const struct query_context *q, const struct query_params *p, struct closes *x,
                         struct query_problem *problem)
{
    int year, quarter;
    if (period_parse_year_quarter(p->quarter, &year, &quarter) != ST_OK)
        return query_refuse(problem, q, "quarter", p->quarter, "triwulan harus seperti 2022-Q4, 2022-TW4 atau 4/2022",
                            "a quarter is written 2022-Q4, 2022-TW4 or 4/2022");
    x->quarter = closing_quarter((unsigned)year, (unsigned)quarter);
    x->s.year = year;
    x->s.until = 3 * quarter;
    return ST_OK;
}

/* The seals of the region, or of the office's. */
static int put_seals(const struct closes *x, json_t *answer)
{
    struct query_sealed *list = NULL;
    size_t n = 0;
    region_code at = x->s.office ? x->s.office->region : x->s.region;
    int st = at ? query_sealed_list(x->q, at, x->quarter / 4, x->quarter % 4 + 1, &list, &n) : ST_OK;
    if (st == ST_OK && json_object_set_new(answer, "seals", query_sealed_json(list, n)) != 0) st = ST_NO_MEMORY;
    free(list);
    return st;
}

int query_closes(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct closes x = { .q = q, .rehearse = p->rehearse.n > 0 };
    struct query_params without = *p;
    without.year = without.until = slice_of(NULL, 0);
    int st = query_parse_scope(q, &without, false, &x.s, ret_problem);
    if (st == ST_OK) st = parse_quarter(q, p, &x, ret_problem);
    if (st == ST_OK) st = parse_shown(q, p, &x, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    x.list = json_array();
    x.findings = json_object();
    x.more = json_object();
    st = query_parse_stamp(q, answer);
    put_head(&x, answer);
    if (st == ST_OK) st = put_seals(&x, answer);
    if (st == ST_OK) st = list_all(&x);
    put_counts(&x, answer);
    json_object_set_new(answer, "closes", x.list);
    json_decref(x.findings);
    json_decref(x.more);
    if (st == ST_OK) *ret = answer;
    else json_decref(answer);
    return st;
}
