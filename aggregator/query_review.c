/* query_review.c - see query_review.h.
 *
 * Nothing of it is stored: a review is a step with effect (closing.h), and a follow-up is done when its finding is not proven any
 * more, or was explained after the auditor had set it. An explanation that was there before is what the auditor looked at, so it
 * does not end anything.
 *
 * A follow-up that was set again (after a reopening the quarter has a new round, with a seal of its own) takes the place of the one
 * before it, of the same auditor about the same finding. Invariant: a finding and an auditor have one follow-up in a quarter. */
#include "aggregator/query_review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "proto/period.h"

static const char PART[] = "/finding/";

static json_t *root_json(const struct closing_step *s)
{
    char hex[2 * HASH_SIZE + 1];
    bytes_hex(s->words.beside.b, HASH_SIZE, hex);
    return json_string(hex);
}

/* "" where no time is known. */
static void time_of(const struct query_closing *c, size_t i, char ret[32])
{
    ret[0] = '\0';
    if (c->words[i]->at.ms > 0) (void)period_format_time(c->words[i]->at, ret);
}

/* by, at, root, clerk, text: what every one of these statements has. */
static json_t *said_json(const struct query_closing *c, size_t i)
{
    const struct closing_step *s = &c->step[i];
    char at[32];
    json_t *o = json_object();
    time_of(c, i, at);
    json_object_set_new(o, "by", query_words(s->speaker));
    json_object_set_new(o, "clerk", query_words(s->clerk));
    json_object_set_new(o, "at", at[0] ? json_string(at) : json_null());
    json_object_set_new(o, "root", root_json(s));
    json_object_set_new(o, "text", query_words(s->reason));
    return o;
}

static json_t *reviews_json(const struct query_closing *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n; i++) {
        const struct closing_step *s = &c->step[i];
        bool review = s->step == STEP_REVIEW || s->step == STEP_AUDIT;
        if (!review || s->quarter != c->quarter || s->round != c->now.round || s->why != CLOSING_EFFECTIVE) continue;
        json_t *o = said_json(c, i);
        json_object_set_new(o, "step", json_string(step_name(s->step)));
        json_object_set_new(o, "opinion", query_words(s->words.about));
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- follow-ups ---- */

static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n)); }

/* Does this step stand as a follow-up of its quarter, and is there none of a later round in its place? */
static bool follows(const struct query_closing *c, const struct closing_step *s)
{
    if (s->step != STEP_FOLLOW_UP || s->why != CLOSING_EFFECTIVE) return false;
    for (size_t i = 0; i < c->n; i++) {
        const struct closing_step *t = &c->step[i];
        if (t->step == STEP_FOLLOW_UP && t->why == CLOSING_EFFECTIVE && t->quarter == s->quarter && t->round > s->round &&
            same(t->speaker, s->speaker) && same(t->finding, s->finding))
            return false;
    }
    return true;
}

/* Is this the finding of that part of an address? `until` and as_of behind it do not count. */
static bool is_finding(const json_t *finding, struct slice part)
{
    const char *figure = json_string_value(json_object_get(finding, "figure")), *at = figure ? strstr(figure, PART) : NULL;
    if (!at) return false;
    at += sizeof PART - 1;
    return strcspn(at, "?") == part.n && !memcmp(at, part.p, part.n);
}

/* Explained, and after the step? By their places in one log; in two, by time. */
static bool explained_after(const json_t *finding, const struct query_closing *c, size_t i)
{
    const json_t *statement = json_object_get(json_object_get(finding, "explanation"), "statement");
    const char *worker = json_string_value(json_object_get(statement, "worker")),
               *then = json_string_value(json_object_get(statement, "committed_at"));
    const provenance prov = c->step[i].prov;
    char at[32], mine[8];
    time_of(c, i, at);
    snprintf(mine, sizeof mine, "w%u", figure_prov_worker(prov));
    if (worker && !strcmp(worker, mine))
        return json_integer_value(json_object_get(statement, "lsn")) > (json_int_t)figure_prov_lsn(prov);
    return then && strcmp(then, at) > 0;
}

static const char *state_of(const struct query_closing *c, size_t i, const json_t *findings, calendar_day due)
{
    size_t k;
    json_t *f;
    bool there = false;
    json_array_foreach(findings, k, f) there |= is_finding(f, c->step[i].finding) && !explained_after(f, c, i);
    if (!there) return "done";
    return calendar_today(c->q->now.wall, c->terms.hours_ahead) > due ? "late" : "open";
}

/* The code and kind that the address names: CODE/KIND-MARK. */
static void put_place(const struct closing_step *s, const char *office, unsigned year, json_t *o)
{
    char figure[STEP_FINDING_MAX + OFFICE_ID_MAX + 32];
    const uint8_t *p = s->finding.p, *slash = memchr(p, '/', s->finding.n), *dash = memrchr(p, '-', s->finding.n);
    snprintf(figure, sizeof figure, "%s/%u%s%.*s", office, year, PART, (int)s->finding.n, (const char *)p);
    json_object_set_new(o, "finding", json_string(figure));
    bool parts = slash && dash > slash;
    json_object_set_new(o, "code", parts ? query_words(slice_of(p, (size_t)(slash - p))) : json_null());
    json_object_set_new(o, "kind", parts ? query_words(slice_of(slash + 1, (size_t)(dash - slash - 1))) : json_null());
}

/* findings: those of the office up to the quarter's end, with their addresses. */
static json_t *follow_up_json(const struct query_closing *c, size_t i, const json_t *findings)
{
    const struct closing_step *s = &c->step[i];
    calendar_day due = 0;
    char until[32], quarter[16];
    json_t *o = said_json(c, i);
    snprintf(quarter, sizeof quarter, "%u-Q%u", s->quarter / 4 % 10000, s->quarter % 4 + 1);
    put_place(s, c->office->id, s->quarter / 4, o);
    json_object_set_new(o, "quarter", json_string(quarter));
    bool dated = calendar_parse(s->words.about, &due) == ST_OK;
    if (dated) (void)period_format_time(calendar_end_of(due, c->terms.hours_ahead), until);
    json_object_set_new(o, "due", dated ? query_words(s->words.about) : json_null());
    json_object_set_new(o, "until", dated ? json_string(until) : json_null());
    json_object_set_new(o, "state", json_string(state_of(c, i, findings, dated ? due : INT64_MAX)));
    return o;
}

static int findings_of(const struct query_closing *c, json_t *list)
{
    const struct query_scope s = { .region = c->office->region, .has_region = true, .office = c->office, .office_id = c->id,
                                   .year = (int)(c->quarter / 4), .until = (int)(3 * (c->quarter % 4 + 1)) };
    int st = query_finding_list(c->q, &s, slice_of("", 0), list);
    return st == ST_OK ? query_finding_addresses(c->q, &s, slice_of("", 0), list) : st;
}

static int put_follow_ups(const struct query_closing *c, json_t *list)
{
    json_t *findings = NULL;
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < c->n; i++) {
        if (c->step[i].quarter != c->quarter || !follows(c, &c->step[i])) continue;
        if (!findings) st = findings_of(c, findings = json_array());
        if (st == ST_OK && json_array_append_new(list, follow_up_json(c, i, findings)) != 0) st = ST_NO_MEMORY;
    }
    json_decref(findings);
    return st;
}

int query_review_put(const struct query_closing *c, json_t *o)
{
    json_t *list = json_array();
    json_object_set_new(o, "year_state", json_string(closing_year_name(c->audited)));
    json_object_set_new(o, "reviews", reviews_json(c));
    json_object_set(o, "follow_ups", list);
    int st = put_follow_ups(c, list);
    json_decref(list);
    return st;
}

/* ---- findings ---- */

static void put_into(const struct query_closing *c, json_t *finding)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct closing_step *s = &c->step[i];
        if (s->quarter / 4 != c->quarter / 4 || !follows(c, s) || !is_finding(finding, s->finding)) continue;
        json_t *list = json_object_get(finding, "follow_ups"), *one = json_array();
        if (!list) json_object_set_new(finding, "follow_ups", list = json_array());
        json_array_append(one, finding);
        json_array_append_new(list, follow_up_json(c, i, one));
        json_decref(one);
    }
}

int query_review_findings(const struct query_context *q, json_t *list)
{
    struct query_closing c = { .q = q };
    bool open = false;
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < json_array_size(list); i++) {
        json_t *f = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(f, "office"));
        json_int_t year = json_integer_value(json_object_get(f, "year"));
        const struct office *o = id ? registry_office(q->registry, slice_of(id, strlen(id))) : NULL;
        if (!o || o->role != ROLE_OFFICE || year < YEAR_MIN || year > YEAR_MAX) continue;
        unsigned first = closing_quarter((unsigned)year, 1);
        if (!open || c.office != o || c.quarter != first) {
            if (open) query_closing_close(&c);
            open = true;
            st = query_closing_open(q, o, first, &c);
        }
        if (st == ST_OK) put_into(&c, f);
    }
    if (open) query_closing_close(&c);
    return st;
}
