/* query_figure_slot.c - rows of a unit as their office stated them: twelve slots, the statement behind each, what stood there
 * before. Kind: P.
 *
 * Everything is read from the aggregator's own tables, so it answers while the workers are away. A state that was folded by a
 * release without these tables still names worker, position and index: statement details are then null. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "proto/decimal.h"
#include "proto/period.h"

const char *query_text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

json_t *query_words(struct slice s) { return s.n ? json_stringn((const char *)s.p, s.n) : json_null(); }

json_t *query_time(struct wall w)
{
    char t[32];
    return w.ms > 0 && period_format_time(w, t) > 0 ? json_string(t) : json_null();
}

static void put_batch(json_t *o, const struct statement *s, unsigned index)
{
    char hex[2 * HASH_SIZE + 1];
    bytes_hex(s->batch.b, HASH_SIZE, hex);
    json_object_set_new(o, "office", query_words(s->office));
    json_object_set_new(o, "sequence", json_integer((json_int_t)(s->sequence + index)));
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)s->epoch);
    json_object_set_new(o, "epoch", json_string(hex));
    bytes_hex(s->batch.b, HASH_SIZE, hex);
    json_object_set_new(o, "entered_at", query_time(s->entered));
    json_object_set_new(o, "signed_at", query_time(s->signed_at));
    json_object_set_new(o, "committed_at", query_time(s->at));
    json_object_set_new(o, "clerk", query_words(s->clerk));
    json_object_set_new(o, "batch", json_string(hex));
}

/* ---- documents that prove it ---- */

struct proofs {
    const struct query_context *q;
    provenance of;
    json_t *list;
};

/* The name the office gave the file; null when it gave none. */
static int document_name(const struct query_context *q, struct slice office, struct slice hex, json_t **ret)
{
    struct leaf_key key = {.measure = MEASURE_EVIDENCE_NAME};
    struct unit u;
    uint32_t id = 0;
    *ret = NULL;
    unit_init(&u);
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, office, &id);  /* first: it points into the store */
    if (st == ST_OK) st = unit_dict_get(q->t, FOLD_DICT_TEXT, hex, &key.indicator);
    if (st == ST_OK) st = asof_unit_lineless(q->t, asof_position(q->past), id, 0, &u);
    const struct leaf *l = st == ST_OK ? unit_find(&u, &key) : NULL;
    if (l && l->slot[0].kind == VALUE_TEXT) *ret = query_words(unit_text(&u, &l->slot[0]));
    unit_done(&u);
    if (!*ret) *ret = json_null();
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int put_proof(void *ctx, struct slice document, provenance by)
{
    struct proofs *p = ctx;
    const struct asof_position *x = asof_position(p->q->past);
    char hex[2 * HASH_SIZE + 1], worker[8];
    struct statement s;
    json_t *name;
    if (x && !asof_reached(x, by)) return ST_OK;
    bytes_hex(document.p, document.n, hex);
    int st = statement_get(p->q->t, figure_prov_worker(by), figure_prov_lsn(by), figure_prov_index(by), &s);
    if (st == ST_OK) st = document_name(p->q, s.office, slice_of(hex, 2 * HASH_SIZE), &name);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;       /* who has evidence has records */
    snprintf(worker, sizeof worker, "w%u", figure_prov_worker(by));
    json_t *o = json_pack("{s:s,s:o,s:b,s:s,s:I,s:I}", "sha256", hex, "name", name, "later", by != p->of, "worker", worker, "lsn",
                          (json_int_t)figure_prov_lsn(by), "index", (json_int_t)figure_prov_index(by));
    json_object_set_new(o, "committed_at", query_time(s.at));
    return json_array_append_new(p->list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

int query_figure_statement(const struct query_context *q, provenance prov, json_t **ret)
{
    struct statement s;
    struct slice why = {0};
    char worker[8];
    unsigned index = figure_prov_index(prov);
    int st = statement_get(q->t, figure_prov_worker(prov), figure_prov_lsn(prov), index, &s);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    json_t *o = json_object();
    snprintf(worker, sizeof worker, "w%u", figure_prov_worker(prov));
    json_object_set_new(o, "worker", json_string(worker));
    json_object_set_new(o, "lsn", json_integer((json_int_t)figure_prov_lsn(prov)));
    json_object_set_new(o, "index", json_integer(index));
    if (st == ST_OK) put_batch(o, &s, index);
    st = statement_why(q->t, prov, &why);
    json_object_set_new(o, "reason", st == ST_OK ? query_words(why) : json_null());
    struct proofs proofs = {q, prov, json_array()};
    if (st == ST_OK || st == ST_NOT_FOUND) st = statement_proofs(q->t, prov, put_proof, &proofs);
    json_object_set_new(o, "evidence", proofs.list);
    if (st != ST_OK) {
        json_decref(o);
        return st;
    }
    *ret = o;
    return ST_OK;
}

const char *query_figure_kind(unsigned kind)
{
    static const char *const KINDS[] = {"empty", "number", "nil", "na", "text", "withdrawn"};
    return KINDS[kind < sizeof KINDS / sizeof KINDS[0] ? kind : 0];
}

/* Sen: of figures, and of what other tables and plans print of them. */
static bool is_money(unsigned measure)
{
    return figure_measure_is_money(measure) || measure == MEASURE_COMPARED_BUDGET || measure == MEASURE_COMPARED_REALISED;
}

json_t *query_figure_slot_value(const struct unit *u, const struct slot *s, unsigned measure)
{
    char t[48];
    if (s->kind == VALUE_TEXT) return query_words(unit_text(u, s));
    if (s->kind != VALUE_NUMBER && s->kind != VALUE_NIL) return json_null();
    int64_t v = s->kind == VALUE_NUMBER ? s->value : 0;
    if (is_money(measure)) return query_figure_money(v);
    decimal_format_micro(v, s->decimals, t);
    return json_string(t);
}

static int put_slot(const struct query_context *q, const struct unit *u, const struct slot *s, unsigned measure, json_t *o)
{
    static const char *const BASES[] = {"", "cumulative", "monthly"};
    json_t *statement = NULL;
    json_object_set_new(o, "kind", json_string(query_figure_kind(s->kind)));
    json_object_set_new(o, "value", query_figure_slot_value(u, s, measure));
    json_object_set_new(o, "basis", s->basis ? json_string(BASES[s->basis]) : json_null());
    int st = query_figure_statement(q, s->prov, &statement);
    if (st == ST_OK) json_object_set_new(o, "statement", statement);
    return st;
}

/* ---- what stood there before ---- */

struct before {
    const struct query_context *q;
    struct unit *u;
    const struct leaf *const *rows;
    size_t n;
    json_t **slots;
};

static bool same_leaf(const struct leaf_key *a, const struct leaf_key *b)
{
    return a->activity == b->activity && a->account == b->account && a->indicator == b->indicator && a->measure == b->measure &&
           a->stage == b->stage && a->source == b->source;
}

static int add_before(void *ctx, const struct asof_past *p)
{
    struct before *b = ctx;
    for (size_t i = 0; i < b->n; i++) {
        const struct leaf *l = b->rows[i];
        if (!same_leaf(&l->key, &p->leaf)) continue;
        if (l->slot[p->slot].prov <= p->old.prov) return ST_OK; /* after the position asked for, or what stands there */
        json_t *slot = json_array_get(b->slots[i], p->slot), *list = json_object_get(slot, "earlier"), *o = json_object();
        if (!list) {
            list = json_array();
            json_object_set_new(slot, "earlier", list);
        }
        int st = put_slot(b->q, b->u, &p->old, l->key.measure, o);
        if (json_array_insert_new(list, 0, o) != 0 && st == ST_OK) st = ST_NO_MEMORY; /* newest first */
        return st;
    }
    return ST_OK;
}

/* ---- rows ---- */

static bool is_flow(unsigned measure) { return measure == MEASURE_REALISED || measure == MEASURE_CASH_PLAN; }

/* The indicator of a row, the table of a second print; null of a line's own figures. */
static json_t *of_json(const struct query_context *q, const struct leaf_key *k)
{
    struct slice text;
    if (!k->indicator || unit_dict_text(q->t, FOLD_DICT_ID, k->indicator, &text) != ST_OK) return json_null();
    return json_stringn((const char *)text.p, text.n);
}

static int row_json(const struct query_context *q, const struct unit *u, const struct leaf *l, unsigned until, json_t **ret)
{
    char account[32] = "", stage[20];
    i128 state[12];
    json_t *o = json_object(), *slots = json_array();
    int st = ST_OK, used = -1;
    figure_stage_format(l->key.stage, stage);
    if (l->key.account) code_format_account(l->key.account, account);
    unit_cumulate(l->slot, state);
    for (unsigned m = 0; m < until; m++)
        if (figure_kind_reported(l->slot[m].kind)) used = (int)m;
    for (unsigned m = 0; st == ST_OK && m < 12; m++) {
        const struct slot *s = &l->slot[m];
        json_t *slot = json_object();
        json_object_set_new(slot, "month", json_integer(m + 1));
        if (s->kind == VALUE_EMPTY)
            json_object_set_new(slot, "kind", json_null());
        else
            st = put_slot(q, u, s, l->key.measure, slot);
        if (is_flow(l->key.measure)) json_object_set_new(slot, "cumulative", query_figure_money(state[m]));
        json_object_set_new(slot, "used", json_boolean((int)m == used));
        json_array_append_new(slots, slot);
    }
    json_object_set_new(o, "measure", json_string(figure_measure_name(l->key.measure)));
    json_object_set_new(o, "account", account[0] ? json_string(account) : json_null());
    json_object_set_new(o, "source", json_string(figure_source_name(l->key.source)));
    json_object_set_new(o, "stage", json_string(stage));
    json_object_set_new(o, "of", of_json(q, &l->key));
    json_object_set_new(o, "slots", slots);
    *ret = o;
    return st;
}

/* rows[from..end) of n are shown. */
static void put_more(size_t from, size_t end, size_t n, json_t *answer)
{
    json_t *more = end == n ? json_null()
                            : json_pack("{s:I,s:I,s:I}", "shown", (json_int_t)(end - from), "of", (json_int_t)n, "from",
                                        (json_int_t)(end + 1));
    json_object_set_new(answer, "rows_more", more);
}

int query_figure_rows(const struct query_context *q, const struct query_figure *f, struct unit *u, const struct leaf *const *rows,
                      size_t n, json_t *answer)
{
    json_t *slots[QUERY_ROWS_SHOWN], *list = json_array();
    size_t from = f->rows_from < n ? f->rows_from : n, end = n - from < QUERY_ROWS_SHOWN ? n : from + QUERY_ROWS_SHOWN;
    struct before b = {q, u, rows + from, end - from, slots};
    int st = ST_OK;
    json_object_set_new(answer, "rows", list);
    put_more(from, end, n, answer);
    for (size_t i = 0; st == ST_OK && i < b.n; i++) {
        json_t *o = NULL;
        st = row_json(q, u, b.rows[i], (unsigned)f->s.until, &o);
        slots[i] = json_object_get(o, "slots");
        json_array_append_new(list, o);
    }
    return st == ST_OK && b.n > 0 ? asof_history(q->t, u, add_before, &b) : st;
}
