/* query_notice.c - what each office has to do by when, what came back to it, what was refused, and who is silent. Kind: P.
 *
 * Everything is computed from what the rehearsal knows (query_closing.h): its blockers become notices of who can remove them, with
 * the deadline of the office's region. What was handed in is the planner's to verify, a region whose offices are all verified is
 * the centre's to consolidate; of several the nearest to the office, by region. Follow-ups have the day their auditor set, and past
 * it the auditor is told too. The quarter asked for, else the one that ended last and three before it: of those before only what
 * was begun, and open findings only of the newest that is not consolidated, so that none is told twice.
 *
 * A notice has an id: a hash of office, kind, quarter, what it is about and how near its day is. So it is the same in every answer
 * and in both languages as long as it stands, and another one when the day comes near (two working days) and when it has passed.
 * Invariant: texts and counts that change do not change an id; two notices of an office have different ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_habit.h"
#include "aggregator/query_review.h"
#include "proto/period.h"
#include "proto/sign.h"

enum { QUARTERS = 4, NEAR_DAYS = 2, ID_BYTES = 8 };

struct tally { /* of one region and quarter */
    region_code region;
    unsigned quarter, verified, others;
};
struct noticing {
    const struct query_context *q;
    struct query_scope s;
    const struct office *only; /* NULL: everybody of the scope */
    unsigned quarter;          /* 0: those of the time */
    json_t *of;                /* office id: its notices */
    json_t *found;             /* quarter: office id: findings */
    struct tally *tally;
    size_t tallies;
    bool habits;
};
struct notice {
    const char *kind, *code, *where, *text, *todo, *by, *at, *reason;
    const char *mark; /* what tells it from others of its kind and quarter; NULL: the code */
    unsigned quarter; /* 0: of none */
    bool dated;
    region_code region; /* whose clock and holidays count */
    calendar_day due;
};

static bool english(const struct noticing *x) { return x->q->lang == LANG_EN; }
static const char *say(const struct noticing *x, const char *id, const char *en) { return x->q->lang == LANG_EN ? en : id; }
/* ---- one notice ---- */

static unsigned hours_of(const struct noticing *x, region_code region, unsigned quarter)
{
    struct closing_terms t;
    closing_rules_for(x->q->closing, region, quarter ? quarter : closing_quarter(YEAR_MIN, 1), &t);
    return t.hours_ahead;
}

/* How near its day is. */
static const char *stage_of(const struct noticing *x, const struct notice *n, unsigned hours)
{
    calendar_day today = calendar_today(x->q->now.wall, hours);
    if (!n->dated) return "";
    if (today > n->due) return "lewat";
    return closing_rules_left(x->q->closing, n->region, today, n->due) <= NEAR_DAYS ? "dekat" : "jauh";
}

static void quarter_text(unsigned quarter, char ret[16])
{
    ret[0] = '\0';
    if (quarter) snprintf(ret, 16, "%u-Q%u", quarter / 4 % 10000, quarter % 4 + 1);
}

static void put_id(const char *office, const struct notice *n, const char *stage, json_t *o)
{
    const char *part[] = { "rekap-notice 1", office, n->kind, "", n->mark ? n->mark : n->code ? n->code : "", stage };
    char quarter[16], hex[2 * ID_BYTES + 1];
    struct buf b;
    quarter_text(n->quarter, quarter);
    part[3] = quarter;
    buf_init(&b, 16 << 10);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        buf_str(&b, part[i]);
        buf_u8(&b, '\n');
    }
    const struct hash h = sign_hash(b.p, b.n);
    bytes_hex(h.b, ID_BYTES, hex);
    json_object_set_new(o, "id", json_string(hex));
    buf_done(&b);
}

static json_t *text_json(const char *s) { return s && *s ? json_string(s) : json_null(); }

static int add(struct noticing *x, const struct office *to, const struct notice *n)
{
    char quarter[16], date[11] = "", until[32] = "";
    unsigned hours = hours_of(x, n->region ? n->region : to->region, n->quarter);
    const char *stage = stage_of(x, n, hours);
    json_t *o = json_object(), *list = json_object_get(x->of, to->id);
    if (!list) json_object_set_new(x->of, to->id, list = json_array());
    quarter_text(n->quarter, quarter);
    if (n->dated) {
        calendar_to_date(n->due, date);
        (void)period_format_time(calendar_end_of(n->due, hours), until);
    }
    put_id(to->id, n, stage, o);
    json_object_set_new(o, "kind", json_string(n->kind));
    json_object_set_new(o, "quarter", text_json(quarter));
    json_object_set_new(o, "stage", text_json(stage));
    json_object_set_new(o, "due", text_json(date));
    json_object_set_new(o, "until", text_json(until));
    json_object_set_new(o, "code", text_json(n->code));
    json_object_set_new(o, "where", text_json(n->where));
    json_object_set_new(o, "text", text_json(n->text));
    json_object_set_new(o, "reason", text_json(n->reason));
    json_object_set_new(o, "by", text_json(n->by));
    json_object_set_new(o, "at", text_json(n->at));
    json_object_set_new(o, "todo", text_json(n->todo));
    return json_array_append_new(list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

/* To those of a role who are nearest to a region: of the longest region that holds it. */
static int add_nearest(struct noticing *x, unsigned role, region_code region, const struct notice *n)
{
    unsigned depth = 0;
    bool any = false;
    int st = ST_OK;
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; st == ST_OK && i < registry_count(x->q->registry); i++) {
            const struct office *o = registry_at(x->q->registry, i);
            if (o->role != role || o->status != OFFICE_ACTIVE || !code_region_holds(o->region, region)) continue;
            unsigned here = code_region_depth(o->region);
            if (pass == 0) depth = !any || here > depth ? here : depth;
            else if (here == depth) st = add(x, o, n);
            any = true;
        }
    return st;
}

/* ---- an office's quarter ---- */

/* The findings of the scope up to a quarter's end, by office; asked once. */
static int findings_of(struct noticing *x, unsigned quarter, const char *office, json_t **ret)
{
    char name[16];
    int st = ST_OK;
    quarter_text(quarter, name);
    json_t *by_office = json_object_get(x->found, name), *f;
    size_t i;
    if (!by_office) {
        struct query_scope s = x->s;
        json_t *all = json_array();
        s.year = (int)(quarter / 4);
        s.until = (int)(3 * (quarter % 4 + 1));
        json_object_set_new(x->found, name, by_office = json_object());
        st = query_finding_list(x->q, &s, slice_of("", 0), all);
        if (st == ST_OK) st = query_finding_addresses(x->q, &s, slice_of("", 0), all);
        if (st == ST_OK) st = query_review_findings(x->q, all);
        json_array_foreach(all, i, f)
        {
            json_t *own = json_object_get(by_office, query_text_of(f, "office"));
            if (!own) json_object_set_new(by_office, query_text_of(f, "office"), own = json_array());
            json_array_append(own, f);
        }
        json_decref(all);
    }
    *ret = json_object_get(by_office, office);
    return st;
}

/* What a blocker is to the office itself: its kind, or NULL when somebody else has to act or it is told elsewhere. */
static const char *kind_of(const struct query_closing *c, const char *blocker)
{
    static const char *const HALTS[CLOSING_STATES] = { [CLOSING_OPEN] = "belum-diajukan", [CLOSING_RETURNED] = "dikembalikan",
                                                       [CLOSING_REOPENED] = "dibuka-kembali" };
    if (!strcmp(blocker, "belum-diverifikasi")) return HALTS[c->now.state];
    return !strcmp(blocker, "triwulan-sebelumnya-terbuka") ? NULL : blocker;
}

/* The follow-up of a finding is a notice of its own. */
static bool has_follow_up(const json_t *blocker)
{
    size_t i;
    const json_t *f;
    json_array_foreach(json_object_get(blocker, "follow_ups"), i, f)
        if (strcmp(query_text_of(f, "state"), "done") != 0) return true;
    return false;
}

static int add_blockers(struct noticing *x, const struct query_closing *c, const json_t *o)
{
    size_t i;
    const json_t *b;
    int st = ST_OK;
    json_array_foreach(json_object_get(o, "blockers"), i, b)
    {
        struct notice n = { .kind = kind_of(c, query_text_of(b, "kind")),
                            .code = query_text_of(b, "code"),
                            .where = query_text_of(b, "where"),
                            .text = query_text_of(b, "text"),
                            .todo = query_text_of(b, "todo"),
                            .quarter = c->quarter,
                            .dated = true,
                            .region = c->office->region,
                            .due = c->terms.office_day };
        if (!n.kind || has_follow_up(b)) continue;
        const char *figure = query_text_of(b, "figure");
        if (figure[0]) n.mark = figure;
        if (!strcmp(n.kind, "dikembalikan") || !strcmp(n.kind, "dibuka-kembali")) {
            n.by = query_text_of(o, "by");
            n.at = query_text_of(o, "since");
            n.reason = query_text_of(o, "reason");
            n.mark = n.at; /* returned again is another notice */
        } else if (!strcmp(n.kind, "berubah-setelah-diajukan")) {
            n.code = NULL; /* the line that is named first may be another one the next time */
        }
        if (st == ST_OK) st = add(x, c->office, &n);
    }
    return st;
}

/* Steps without effect are told to who took them, those of the round that stands or a later one. */
static int add_refused(struct noticing *x, const struct query_closing *c, const json_t *o)
{
    size_t i;
    const json_t *s;
    int st = ST_OK;
    json_array_foreach(json_object_get(o, "steps"), i, s)
    {
        char text[320];
        const char *by = query_text_of(s, "by");
        const struct office *to = registry_office(x->q->registry, slice_of(by, strlen(by)));
        bool old = json_integer_value(json_object_get(s, "round")) < (json_int_t)c->now.round;
        if (st != ST_OK || json_is_true(json_object_get(s, "effect")) || old || !to) continue;
        snprintf(text, sizeof text, "%s: %s %s: %s", c->office->id, say(x, "langkah tidak berlaku", "a step without effect"),
                 query_text_of(s, "step"), query_text_of(s, "why_text"));
        st = add(x, to, &(struct notice){ .kind = "langkah-ditolak", .text = text, .mark = query_text_of(s, "id"), .by = by,
                                          .at = query_text_of(s, "at"), .quarter = c->quarter, .region = c->office->region });
    }
    return st;
}

static int add_follow_up(struct noticing *x, const struct query_closing *c, const json_t *f)
{
    char todo[480];
    const char *by = query_text_of(f, "by"), *day = query_text_of(f, "due");
    const struct office *auditor = registry_office(x->q->registry, slice_of(by, strlen(by)));
    snprintf(todo, sizeof todo,
             english(x) ? "correct the figure or explain it: rekap push --office %s penjelasan.csv (code %s)"
                        : "perbaiki angkanya atau jelaskan: rekap push --office %s penjelasan.csv (kode %s)",
             c->office->id, query_text_of(f, "code"));
    struct notice n = { .kind = "tindak-lanjut",
                        .code = query_text_of(f, "code"),
                        .where = query_text_of(f, "finding"),
                        .mark = query_text_of(f, "finding"),
                        .text = query_text_of(f, "text"),
                        .todo = todo,
                        .by = by,
                        .at = query_text_of(f, "at"),
                        .quarter = c->quarter,
                        .region = c->office->region };
    n.dated = calendar_parse(slice_of(day, strlen(day)), &n.due) == ST_OK;
    int st = add(x, c->office, &n);
    if (st != ST_OK || strcmp(query_text_of(f, "state"), "late") != 0 || !auditor) return st;
    n.kind = "tindak-lanjut-lewat";
    n.todo = say(x, "tindak lanjut kantor ini lewat tenggat", "the office's follow-up is overdue");
    return add(x, auditor, &n);
}

/* What was handed in waits for the planner. */
static int add_waiting(struct noticing *x, const struct query_closing *c, const json_t *o)
{
    char text[240], todo[160], quarter[16];
    if (c->now.state != CLOSING_SUBMITTED) return ST_OK;
    quarter_text(c->quarter, quarter);
    snprintf(text, sizeof text,
             english(x) ? "%s has handed in %s; not verified yet"
                        : "%s mengajukan %s; belum diverifikasi",
             c->office->id, quarter);
    snprintf(todo, sizeof todo, "rekap verify-office %s --office %s", quarter, c->office->id);
    return add_nearest(x, ROLE_PLANNER, c->office->region,
                       &(struct notice){ .kind = "belum-diverifikasi",
                                         .text = text,
                                         .todo = todo,
                                         .mark = query_text_of(o, "since"),
                                         .by = c->office->id,
                                         .at = query_text_of(o, "since"),
                                         .quarter = c->quarter,
                                         .dated = true,
                                         .region = c->office->region,
                                         .due = c->terms.city_day });
}

static int count(struct noticing *x, const struct query_closing *c)
{
    struct tally *t = NULL;
    for (size_t i = 0; i < x->tallies && !t; i++)
        if (x->tally[i].region == c->office->region && x->tally[i].quarter == c->quarter) t = &x->tally[i];
    if (!t) {
        struct tally *more = realloc(x->tally, (x->tallies + 1) * sizeof *more);
        if (!more) return ST_NO_MEMORY;
        x->tally = more;
        t = &more[x->tallies++];
        *t = (struct tally){ .region = c->office->region, .quarter = c->quarter };
    }
    t->verified += c->now.state == CLOSING_VERIFIED;
    t->others += c->now.state != CLOSING_VERIFIED && c->now.state != CLOSING_CONSOLIDATED;
    return ST_OK;
}

static bool begun(const struct query_closing *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->step[i].quarter == c->quarter) return true;
    return c->reported;
}

/* *findings: whether open findings are still to be told, of the newest quarter that is not consolidated. */
static int look_quarter(struct noticing *x, struct query_closing *c, bool newest, bool *findings)
{
    json_t *found = NULL, *o, *f;
    size_t i;
    bool closed = c->now.state == CLOSING_CONSOLIDATED;
    if (!newest && !begun(c)) return ST_OK;
    int st = *findings && !closed ? findings_of(x, c->quarter, c->office->id, &found) : ST_OK;
    if (!closed) *findings = false;
    o = query_closing_json(c);
    if (st == ST_OK) st = query_closing_rehearse(c, found, 0, o);
    if (st == ST_OK) st = query_review_put(c, o);
    if (st == ST_OK) st = add_blockers(x, c, o);
    if (st == ST_OK) st = add_refused(x, c, o);
    if (st == ST_OK) st = add_waiting(x, c, o);
    json_array_foreach(json_object_get(o, "follow_ups"), i, f)
        if (st == ST_OK && strcmp(query_text_of(f, "state"), "done") != 0) st = add_follow_up(x, c, f);
    json_decref(o);
    return st == ST_OK ? count(x, c) : st;
}

/* ---- an office ---- */

static int add_silence(struct noticing *x, const struct office *o)
{
    json_t *habit = NULL;
    bool silent = false;
    char text[240];
    int st = x->habits ? query_habit_office(x->q, o, &habit, &silent) : ST_OK;
    if (st == ST_OK && silent) {
        snprintf(text, sizeof text,
                 english(x) ? "usually reports on day %d after the month; %s is not there"
                            : "biasanya melapor pada hari ke-%d sesudah akhir bulan; %s belum ada",
                 (int)json_integer_value(json_object_get(habit, "day")) + 1, query_text_of(habit, "next"));
        st = add(
            x, o,
            &(struct notice){ .kind = "diam",
                              .text = text,
                              .mark = query_text_of(habit, "next"),
                              .region = o->region,
                              .todo = say(x, "kirim angka bulan itu, atau nyatakan nihil", "push that month, or state nihil") });
    }
    json_decref(habit);
    return st;
}

static int add_denied(struct noticing *x, const struct office *o, uint32_t id)
{
    struct fold_count c = { 0 };
    char text[160], mark[24];
    int st = id ? fold_count_get(x->q->t, id, &c) : ST_OK;
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (c.refused == 0) return ST_OK;
    snprintf(mark, sizeof mark, "%llu", (unsigned long long)c.refused);
    snprintf(text, sizeof text,
             english(x) ? "the centre has refused %s statements of this office" : "pusat menolak %s pernyataan kantor ini", mark);
    return add(x, o, &(struct notice){ .kind = "ditolak", .text = text, .mark = mark, .region = o->region,
                                       .todo = say(x, "lihat kolom Ditolak: rekap status; lalu kirim lagi yang benar",
                                                   "see the column Refused: rekap status; then push what is right") });
}

static unsigned last_ended(const struct noticing *x, const struct office *o)
{
    char today[11];
    calendar_to_date(calendar_today(x->q->now.wall, hours_of(x, o->region, 0)), today);
    unsigned year = 0, month = 10 * (unsigned)(today[5] - '0') + (unsigned)(today[6] - '0');
    for (unsigned i = 0; i < 4; i++) year = 10 * year + (unsigned)(today[i] - '0');
    return closing_quarter(year, 1) + (month - 1) / 3 - 1;
}

static int look_office(struct noticing *x, const struct office *o)
{
    unsigned last = x->quarter ? x->quarter : last_ended(x, o), n = x->quarter ? 1 : QUARTERS;
    bool findings = true;
    uint32_t id = 0;
    int st = ST_OK;
    for (unsigned i = 0; st == ST_OK && i < n; i++) {
        struct query_closing c;
        st = query_closing_open(x->q, o, last - i, &c);
        if (st == ST_OK) st = look_quarter(x, &c, i == 0, &findings);
        id = c.id;
        query_closing_close(&c);
    }
    if (st == ST_OK) st = add_silence(x, o);
    return st == ST_OK && !x->q->past ? add_denied(x, o, id) : st;
}

/* ---- the centre ---- */

static int look_region(struct noticing *x, const struct tally *t)
{
    char text[240], todo[160], quarter[16], region[8];
    struct closing_terms terms;
    closing_rules_for(x->q->closing, t->region, t->quarter, &terms);
    quarter_text(t->quarter, quarter);
    code_region_format(t->region, region);
    struct notice n = { .text = text, .todo = todo, .mark = region, .quarter = t->quarter, .dated = true, .region = t->region,
                        .due = terms.city_day };
    if (t->others == 0 && t->verified > 0) {
        n.kind = "siap-dikonsolidasikan";
        snprintf(text, sizeof text,
                 english(x) ? "%s: every office is verified"
                            : "%s: semua kantor sudah diverifikasi", region);
        snprintf(todo, sizeof todo, "rekap close %s --region %s", quarter, region);
    } else if (t->others > 0 && strcmp(stage_of(x, &n, terms.hours_ahead), "jauh") != 0) {
        n.kind = "belum-siap";
        snprintf(text, sizeof text,
                 english(x) ? "%s: offices not verified yet (%u)" : "%s: masih ada kantor yang belum diverifikasi (%u)", region,
                 t->others);
        snprintf(todo, sizeof todo, "rekap rehearse %s --region %s", quarter, region);
    } else {
        return ST_OK;
    }
    return add_nearest(x, ROLE_CENTRE, t->region, &n);
}

static int look_all(struct noticing *x)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(x->q->registry); i++) {
        const struct office *o = registry_at(x->q->registry, i);
        if (o->role == ROLE_OFFICE && o->status == OFFICE_ACTIVE && query_indicators_inside(&x->s, o)) st = look_office(x, o);
    }
    for (size_t i = 0; st == ST_OK && !x->s.office && i < x->tallies; i++) st = look_region(x, &x->tally[i]);
    return st;
}

/* ---- the answer ---- */

/* Whoever has notices, and everybody of the scope who could have some. */
static json_t *offices_json(const struct noticing *x)
{
    json_t *list = json_array();
    for (size_t i = 0; i < registry_count(x->q->registry); i++) {
        const struct office *o = registry_at(x->q->registry, i);
        struct closing_terms t;
        char region[8];
        json_t *own = json_object_get(x->of, o->id);
        if (o->status != OFFICE_ACTIVE || (x->only && x->only != o) || (!own && !query_indicators_inside(&x->s, o))) continue;
        closing_rules_for(x->q->closing, o->region, x->quarter ? x->quarter : last_ended(x, o), &t);
        code_region_format(o->region, region);
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "office", o->id, "name", o->name, "role",
                                              registry_role_name(o->role), "region", region, "zone", t.zone, "notices",
                                              own ? json_incref(own) : json_array()));
    }
    return list;
}

static int parse(struct noticing *x, const struct query_params *p, struct query_problem *problem)
{
    struct query_params without = *p;
    int year, quarter;
    without.year = without.until = slice_of(NULL, 0);
    int st = query_parse_scope(x->q, &without, false, &x->s, problem);
    if (st != ST_OK) return st;
    x->only = x->s.office;
    if (x->only && x->only->role != ROLE_OFFICE) { /* what concerns it lies at the offices of its region */
        x->s.region = x->only->region;
        x->s.has_region = true;
        x->s.office = NULL;
    }
    if (p->quarter.n == 0) return ST_OK;
    if (period_parse_year_quarter(p->quarter, &year, &quarter) != ST_OK)
        return query_refuse(problem, x->q, "quarter", p->quarter, "triwulan harus seperti 2022-Q4, 2022-TW4 atau 4/2022",
                            "a quarter is written 2022-Q4, 2022-TW4 or 4/2022");
    x->quarter = closing_quarter((unsigned)year, (unsigned)quarter);
    return ST_OK;
}

int query_notices(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct noticing x = { .q = q };
    int st = parse(&x, p, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    x.of = json_object();
    x.found = json_object();
    x.habits = query_habit_told(q, &x.s);
    st = query_parse_stamp(q, answer);
    if (st == ST_OK) st = look_all(&x);
    json_object_set_new(answer, "silence_told", json_boolean(x.habits));
    json_object_set_new(answer, "offices", offices_json(&x));
    json_decref(x.of);
    json_decref(x.found);
    free(x.tally);
    if (st == ST_OK) *ret = answer;
    else json_decref(answer);
    return st;
}
