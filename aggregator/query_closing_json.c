/* query_closing_json.c - an office's quarter as `closes` answers it, and what stands in the way of closing it. Kind: P.
 *
 * A blocker names its kind, the line and place it is about, what is wrong in words and what to do about it, so that whoever reads
 * it needs no other screen. Invariant: an office without blockers is verified and nothing of it has changed since it was handed in,
 * or it is consolidated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_closing.h"
#include "aggregator/query_figure.h"

static json_t *id_json(const struct closing_step *s)
{
    char hex[2 * HASH_SIZE + 1];
    if (!s) return json_null();
    bytes_hex(s->id.b, HASH_SIZE, hex);
    return json_string(hex);
}

/* ---- steps ---- */

static json_t *step_json(const struct query_closing *c, size_t i)
{
    const struct closing_step *s = &c->step[i];
    const struct query_closing_words *w = c->words[i];
    char after[2 * HASH_SIZE + 1];
    json_t *o = json_object();
    bytes_hex(s->words.after.b, HASH_SIZE, after);
    json_object_set_new(o, "step", s->step ? json_string(step_name(s->step)) : json_null());
    json_object_set_new(o, "round", json_integer((json_int_t)s->round));
    json_object_set_new(o, "as", json_string(figure_source_name(s->source)));
    json_object_set_new(o, "by", query_words(s->speaker));
    json_object_set_new(o, "clerk", query_words(s->clerk));
    json_object_set_new(o, "at", query_time(w->at));
    json_object_set_new(o, "entered", query_time(w->entered));
    json_object_set_new(o, "reason", query_words(s->reason));
    json_object_set_new(o, "about", query_words(s->words.about));
    json_object_set_new(o, "seen", query_words(s->words.seen));
    if (s->step >= STEP_REVIEW) {
        char root[2 * HASH_SIZE + 1];
        bytes_hex(s->words.beside.b, HASH_SIZE, root);
        json_object_set_new(o, "root", s->words.has_beside ? json_string(root) : json_null());
        json_object_set_new(o, "finding", query_words(s->finding));
    }
    json_object_set_new(o, "id", s->step ? id_json(s) : json_null());
    json_object_set_new(o, "after", s->words.follows ? json_string(after) : json_null());
    json_object_set_new(o, "effect", json_boolean(s->why == CLOSING_EFFECTIVE));
    json_object_set_new(o, "why", s->why ? json_string(closing_why_name(s->why)) : json_null());
    json_object_set_new(o, "why_text", s->why ? json_string(closing_why_text(s->why, c->q->lang)) : json_null());
    return o;
}

struct place { const struct query_closing *c; size_t i; };

/* By round and kind of step, which is how they follow each other; alike: by id. */
static int step_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const struct closing_step *s = &x->c->step[x->i], *t = &y->c->step[y->i];
    if (s->round != t->round) return s->round < t->round ? -1 : 1;
    if (s->step != t->step) return s->step < t->step ? -1 : 1;
    return memcmp(s->id.b, t->id.b, HASH_SIZE);
}

static json_t *steps_json(const struct query_closing *c)
{
    json_t *list = json_array();
    struct place *p = calloc(c->n + 1, sizeof *p);
    size_t n = 0;
    for (size_t i = 0; p && i < c->n; i++)
        if (c->step[i].quarter == c->quarter) p[n++] = (struct place){ c, i };
    if (n > 1) qsort(p, n, sizeof *p, step_order);
    for (size_t i = 0; i < n; i++) json_array_append_new(list, step_json(c, p[i].i));
    free(p);
    return list;
}

/* The step that gave the state its name. */
static const struct closing_step *head(const struct closing *s)
{
    switch (s->state) {
    case CLOSING_OPEN: return NULL;
    case CLOSING_SUBMITTED: return s->submission;
    case CLOSING_VERIFIED: return s->verification;
    case CLOSING_CONSOLIDATED: return s->consolidation;
    case CLOSING_RETURNED: return s->returned;
    default: return s->reopened;
    }
}

/* What a step to come has to name: see proto/step.h. */
static json_t *next_json(const struct query_closing *c)
{
    const struct closing *s = &c->now;
    json_t *o = json_object();
    json_object_set_new(o, "round", json_integer((json_int_t)s->round + 1));
    json_object_set_new(o, "after", id_json(s->inside ? s->inside : s->last));
    json_object_set_new(o, "inside", s->inside ? json_string(step_name(s->inside->step)) : json_null());
    json_object_set_new(o, "submission", id_json(s->submission));
    json_object_set_new(o, "verification", id_json(s->verification));
    json_object_set_new(o, "consolidation", id_json(s->consolidation));
    json_object_set_new(o, "before_consolidation",
                        id_json(c->before.state == CLOSING_CONSOLIDATED ? c->before.consolidation : NULL));
    json_object_set_new(o, "freed_by", id_json(query_closing_freed(c)));
    json_t *demanded = json_array();
    for (unsigned k = STEP_OPERATOR; k <= STEP_KASUBBAG; k++)
        if (c->terms.rules.inside >> k & 1) json_array_append_new(demanded, json_string(step_name(k)));
    json_object_set_new(o, "demanded", demanded);
    return o;
}

json_t *query_closing_json(const struct query_closing *c)
{
    const struct closing_step *h = head(&c->now);
    json_t *o = json_object(), *since = json_null();
    for (size_t i = 0; h && i < c->n; i++)
        if (h == &c->step[i]) since = query_time(c->words[i]->at);
    json_object_set_new(o, "office", json_string(c->office->id));
    json_object_set_new(o, "name", json_string(c->office->name));
    json_object_set_new(o, "state", json_string(closing_state_name(c->now.state)));
    json_object_set_new(o, "round", json_integer((json_int_t)c->now.round));
    json_object_set_new(o, "by", h ? query_words(h->speaker) : json_null());
    json_object_set_new(o, "since", since);
    json_object_set_new(o, "reason", h ? query_words(h->reason) : json_null());
    json_object_set_new(o, "about", h ? query_words(h->words.about) : json_null());
    json_object_set_new(o, "reported", json_boolean(c->reported));
    json_object_set_new(o, "changed", json_integer((json_int_t)c->changed));
    json_object_set_new(o, "steps", steps_json(c));
    json_object_set_new(o, "next", next_json(c));
    return o;
}

/* ---- what stands in the way ---- */

static bool english(const struct query_closing *c) { return c->q->lang == LANG_EN; }

static const char *say(const struct query_closing *c, const char *id, const char *en) { return c->q->lang == LANG_EN ? en : id; }

static void block(json_t *list, const char *kind, const char *code, const char *where, const char *text, const char *todo)
{
    json_array_append_new(list, json_pack("{s:s,s:s?,s:s?,s:s,s:s}", "kind", kind, "code", code, "where", where, "text", text,
                                          "todo", todo));
}

static void block_report(const struct query_closing *c, json_t *list)
{
    char todo[160];
    if (c->reported) return;
    snprintf(todo, sizeof todo,
             english(c) ? "rekap push --office %s FILE (state nihil where there is nothing)"
                        : "rekap push --office %s BERKAS (tulis nihil bila memang tidak ada)",
             c->office->id);
    block(list, "belum-lapor", NULL, NULL, say(c, "belum ada realisasi triwulan ini dan tidak ada pernyataan nihil",
                                               "nothing reported for this quarter and no nihil stated"), todo);
}

/* Where the way to a verified quarter has come to a halt. */
static void block_state(const struct query_closing *c, json_t *list)
{
    static const struct { const char *id, *en, *todo; } HALTS[CLOSING_STATES] = {
        [CLOSING_OPEN] = { "belum diajukan oleh kantor", "not handed in by the office", "submit" },
        [CLOSING_SUBMITTED] = { "diajukan, belum diverifikasi", "handed in, not verified", "verify-office" },
        [CLOSING_RETURNED] = { "dikembalikan, belum diajukan lagi", "returned, not handed in again", "submit" },
        [CLOSING_REOPENED] = { "dibuka kembali, belum diajukan lagi", "reopened, not handed in again", "submit" },
    };
    const struct closing_step *h = head(&c->now);
    char todo[160], text[TEXT_MAX + 120];
    if (!HALTS[c->now.state].id) return;
    snprintf(todo, sizeof todo, "rekap %s %u-Q%u --office %s", HALTS[c->now.state].todo, c->quarter / 4, c->quarter % 4 + 1,
             c->office->id);
    snprintf(text, sizeof text, "%s%s%.*s", say(c, HALTS[c->now.state].id, HALTS[c->now.state].en), h && h->reason.n ? ": " : "",
             h ? (int)h->reason.n : 0, h && h->reason.n ? (const char *)h->reason.p : "");
    char about[CODE_TEXT_MAX + 1] = "";
    if (h) snprintf(about, sizeof about, "%.*s", (int)h->words.about.n, h->words.about.n ? (const char *)h->words.about.p : "");
    block(list, "belum-diverifikasi", about[0] ? about : NULL, NULL, text, todo);
}

static void block_changed(const struct query_closing *c, json_t *list)
{
    char code[32] = "", text[160], todo[160];
    const struct leaf_key *k = &c->changed_first;
    if (c->changed == 0 || (c->now.state != CLOSING_SUBMITTED && c->now.state != CLOSING_VERIFIED)) return;
    if (k->activity) code_format_activity(k->activity, code);
    else if (k->account) code_format_account(k->account, code);
    snprintf(text, sizeof text,
             english(c) ? "%zu figures of the office changed after it was handed in" : "%zu angka kantor berubah setelah diajukan",
             c->changed);
    snprintf(todo, sizeof todo, "rekap submit %u-Q%u --office %s", c->quarter / 4, c->quarter % 4 + 1, c->office->id);
    block(list, "berubah-setelah-diajukan", code[0] ? code : NULL, NULL, text, todo);
}

static void block_before(const struct query_closing *c, json_t *list)
{
    unsigned before = c->quarter - 1;
    char text[120], todo[160], region[8];
    if (!c->before_due || c->before.state == CLOSING_CONSOLIDATED) return;
    code_region_format(c->office->region, region);
    snprintf(text, sizeof text, english(c) ? "the quarter before (%u-Q%u) is still %s" : "triwulan sebelumnya (%u-Q%u) masih %s",
             before / 4, before % 4 + 1, closing_state_name(c->before.state));
    snprintf(todo, sizeof todo, "rekap close %u-Q%u --region %s --rehearse", before / 4, before % 4 + 1, region);
    block(list, "triwulan-sebelumnya-terbuka", NULL, NULL, text, todo);
}

static const char *text_of(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

static void block_finding(const struct query_closing *c, const json_t *f, json_t *list)
{
    const char *kind = text_of(f, "kind"), *code = text_of(f, "code"), *state = text_of(f, "state");
    char text[320], todo[320];
    if (!kind || !state || strcmp(state, "open") != 0) return;
    bool grave = closing_rules_grave(&c->terms, kind);
    const char *rule = text_of(f, "rule");
    snprintf(text, sizeof text, "%s: %s", kind, rule ? rule : "");
    if (grave)
        snprintf(todo, sizeof todo,
                 english(c) ? "correct the figure, or explain it: rekap push --office %s penjelasan.csv (code %s)"
                            : "perbaiki angkanya, atau jelaskan: rekap push --office %s penjelasan.csv (kode %s)",
                 c->office->id, code ? code : "");
    else
        snprintf(todo, sizeof todo, english(c) ? "explain it: rekap push --office %s penjelasan.csv (code %s), or correct it"
                                               : "jelaskan: rekap push --office %s penjelasan.csv (kode %s), atau perbaiki",
                 c->office->id, code ? code : "");
    block(list, grave ? "temuan-berat" : "peringatan", code, text_of(f, "where"), text, todo);
    json_t *set = json_object_get(f, "follow_ups"), *figure = json_object_get(f, "figure"),
           *b = json_array_get(list, json_array_size(list) - 1);
    if (set) json_object_set(b, "follow_ups", set);
    if (figure) json_object_set(b, "figure", figure);
}

/* ---- sums ---- */

static i128 sum_of(const struct derived_set *d, enum derived what, enum source source, unsigned until)
{
    const struct derived_key total = { .node = 0, .node_kind = NODE_TOTAL, .derived = (uint8_t)what, .source = (uint8_t)source };
    const struct derived_row *r = until ? derive_find(d, &total) : NULL;
    return r ? r->value[until - 1] : 0;
}

/* From the unit that the quarter was judged by: what stands at its end, and what it was more than at the end of the one before. */
static int put_sums(struct query_closing *c, json_t *o)
{
    const unsigned until = 3 * (c->quarter % 4 + 1);
    struct derived_set d;
    derive_init(&d);
    int st = c->id ? derive_unit(&c->u, &d) : ST_OK;
    i128 budget = sum_of(&d, DERIVED_BUDGET, SOURCE_DPA, until), realised = sum_of(&d, DERIVED_REALISED, SOURCE_OPD, until);
    i128 more = until > 3 ? budget - sum_of(&d, DERIVED_BUDGET, SOURCE_DPA, until - 3) : 0;
    json_object_set_new(o, "total",
                        json_pack("{s:o,s:o}", "budget", query_figure_money(budget), "realised", query_figure_money(realised)));
    json_object_set_new(o, "difference",
                        json_pack("{s:o,s:o}", "budget", query_figure_money(more), "realised",
                                  query_figure_money(realised - sum_of(&d, DERIVED_REALISED, SOURCE_OPD, until - 3))));
    derive_done(&d);
    return st;
}

int query_closing_rehearse(struct query_closing *c, const json_t *findings, int64_t more, json_t *o)
{
    json_t *list = json_array();
    json_object_set_new(o, "blockers", list);
    if (c->now.state != CLOSING_CONSOLIDATED) {
        block_report(c, list);
        block_state(c, list);
        block_changed(c, list);
        block_before(c, list);
        for (size_t i = 0; i < json_array_size(findings); i++) block_finding(c, json_array_get(findings, i), list);
    } else {
        more = 0;
    }
    json_object_set_new(o, "blocker_count", json_integer((json_int_t)json_array_size(list) + (json_int_t)more));
    return put_sums(c, o);
}
