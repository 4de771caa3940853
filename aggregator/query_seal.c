/* query_seal.c - see query_seal.h. Kind: P.
 *
 * Facts come first (register, steps, leaves, cells), answers after them: who has the facts and a program of that release computes
 * the answers anew, and who only has the file reads them. One line is one fact or one answer, so a proof of inclusion shows one of
 * them without the others.
 *
 * Invariant: no line names a position but those of the cuts, nor a number of this state's dictionaries. */
#include "aggregator/query_seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_closing.h"
#include "aggregator/query_past.h"
#include "proto/sign.h"

struct sealing {
    struct query_context q; /* as of the cuts */
    const struct query_seal_ask *ask;
    struct asof *past;
    struct buf *out;
};

enum { PIECE = 1 << 20 };

/* Hands over what has come together, if somebody takes it in pieces. */
static int spill(struct sealing *s, size_t least)
{
    if (!buf_ok(s->out)) return ST_NO_MEMORY;
    if (!s->ask->take || s->out->n < least || s->out->n == 0) return ST_OK;
    int st = s->ask->take(s->ask->ctx, buf_slice(s->out));
    buf_clear(s->out);
    return st;
}

/* ---- where it stands ---- */

static void head_lines(struct sealing *s)
{
    char hex[2 * HASH_SIZE + 1];
    buf_str(s->out, "rilis\t" REKAP_VERSION "\n"); /* whose answers these are: the facts are the same in every one */
    buf_printf(s->out, "daftar\t%" PRIu64 "\n", asof_version(s->past));
    for (unsigned i = 0; i < s->ask->cuts; i++) {
        const struct query_seal_cut *c = &s->ask->cut[i];
        bytes_hex(c->hash.b, HASH_SIZE, hex);
        buf_printf(s->out, "potong\tw%u\t%" PRIu64 "\t%s\n", c->worker, c->lsn, hex);
    }
    for (unsigned i = 0; i < s->ask->lists; i++) {
        const struct query_seal_list *l = &s->ask->list[i];
        bytes_hex(l->hash.b, HASH_SIZE, hex);
        buf_printf(s->out, "aturan\t%s\t%s\n", l->name, l->there ? hex : "-");
    }
}

/* The whole register, not the region's lines alone: each line is signed with the chain of those before it. */
static int register_lines(struct sealing *s)
{
    const struct registry *r = asof_offices(s->past);
    char line[REGISTRY_LINE_MAX];
    if (registry_version(r) != asof_version(s->past)) return ST_INVALID;
    for (uint64_t v = 1; v <= registry_version(r); v++) {
        int n = registry_line_format(registry_entry(r, v), line, sizeof line);
        ASSERT(n > 0);
        buf_str(s->out, "kantor\t");
        buf_put(s->out, line, (size_t)n);
        buf_u8(s->out, '\n');
    }
    return spill(s, PIECE);
}

/* ---- who signed ---- */

static void step_line(struct sealing *s, const char *office, const struct closing_step *step, struct wall at)
{
    char id[2 * HASH_SIZE + 1];
    bytes_hex(step->id.b, HASH_SIZE, id);
    buf_printf(s->out, "langkah\t%s\t%u\t%s\t%s\t", office, step->round, step_name(step->step), figure_source_name(step->source));
    export_text(s->out, step->speaker);
    buf_u8(s->out, '\t');
    export_text(s->out, step->clerk);
    buf_printf(s->out, "\t%lld\t%016" PRIx64 "\t%s\n", (long long)at.ms, sign_key_id(step->key), id);
}

/* Every step of the quarter that stands, in the order in which they follow each other. */
static int steps_of(struct sealing *s, const struct office *o)
{
    struct query_closing c;
    int st = query_closing_open(&s->q, o, closing_quarter(s->ask->year, s->ask->quarter), &c);
    for (unsigned round = 1; st == ST_OK && round <= c.now.round; round++)
        for (unsigned step = STEP_OPERATOR; step <= STEP_REOPEN; step++)
            for (size_t i = 0; i < c.n; i++) {
                const struct closing_step *x = &c.step[i];
                if (x->quarter == c.quarter && x->round == round && x->step == step && x->why == CLOSING_EFFECTIVE)
                    step_line(s, o->id, x, c.words[i]->at);
            }
    query_closing_close(&c);
    return st;
}

/* ---- figures ---- */

static int unit_lines(struct sealing *s, uint32_t id, unsigned year, bool lineless)
{
    const struct asof_position *at = asof_position(s->past);
    struct unit u;
    unit_init(&u);
    int st = lineless ? asof_unit_lineless(s->q.t, at, id, (uint16_t)year, &u) : asof_unit(s->q.t, at, id, (uint16_t)year, &u);
    if (st == ST_OK) st = export_unit(s->q.t, &u, s->out);
    unit_done(&u);
    return st;
}

/* All that was stated about an office of the region; of a centre elsewhere only its rules. */
static int leaves_of(struct sealing *s, const struct office *o)
{
    bool inside = code_region_holds(s->ask->region, o->region);
    uint32_t id;
    if (!inside && o->role != ROLE_CENTRE) return ST_OK;
    int st = unit_dict_get(s->q.t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_OK) st = unit_lines(s, id, 0, !inside);
    if (st == ST_OK) st = unit_lines(s, id, s->ask->year, !inside);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int each_office(struct sealing *s, int (*fn)(struct sealing *s, const struct office *o))
{
    const struct registry *r = asof_offices(s->past);
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(r); i++) {
        st = fn(s, registry_at(r, i));
        if (st == ST_OK) st = spill(s, PIECE);
    }
    return st;
}

static int steps_inside(struct sealing *s, const struct office *o)
{
    return o->role == ROLE_OFFICE && code_region_holds(s->ask->region, o->region) ? steps_of(s, o) : ST_OK;
}

/* ---- sums ---- */

static int cells_of(struct sealing *s, region_code region)
{
    enum { PREFIX = 6 };
    struct store_cursor *c = NULL;
    struct store_txn *t = NULL;
    struct slice key, value;
    uint8_t prefix[PREFIX];
    bytes_be32(prefix, region);
    bytes_be16(prefix + 4, (uint16_t)s->ask->year);
    int st = asof_cells(s->past, s->q.t, region, (uint16_t)s->ask->year, &t);
    if (st == ST_OK) st = store_cursor(t, FOLD_CELL, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(prefix, PREFIX), &key, &value);
    while (st == ST_OK && key.n > PREFIX && memcmp(key.p, prefix, PREFIX) == 0) {
        st = export_cell(key, value, s->out);
        if (st == ST_OK) st = spill(s, PIECE);
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int region_order(const void *a, const void *b)
{
    const region_code *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The region, then those below it that have offices, by code. */
static int cell_lines(struct sealing *s)
{
    const struct registry *r = asof_offices(s->past);
    region_code *list = malloc((registry_count(r) + 1) * sizeof *list), before = s->ask->region;
    size_t n = 0;
    if (!list) return ST_NO_MEMORY;
    for (size_t i = 0; i < registry_count(r); i++) {
        region_code at = registry_at(r, i)->region;
        if (at != s->ask->region && code_region_holds(s->ask->region, at)) list[n++] = at;
    }
    if (n > 1) qsort(list, n, sizeof *list, region_order);
    int st = cells_of(s, s->ask->region);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        if (list[i] != before) st = cells_of(s, list[i]);
        before = list[i];
    }
    free(list);
    return st;
}

/* ---- answers ---- */

static int answer_line(struct sealing *s, const char *name, query_fn fn, const struct query_params *p, const char *of)
{
    struct query_problem problem = {0};
    json_t *answer = NULL;
    int st = query_past_ask(fn, &s->q, s->past, p, &answer, &problem);
    if (st != ST_OK) return st;
    json_object_del(answer, "as_of"); /* the lines at the head say it for all */
    char *text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(answer);
    if (!text) return ST_NO_MEMORY;
    buf_printf(s->out, "jawab\t%s\t%s\t", name, of);
    buf_str(s->out, text);
    buf_u8(s->out, '\n');
    free(text);
    return spill(s, PIECE);
}

static int answer_lines(struct sealing *s)
{
    char region[8], year[8], until[4], quarter[16];
    int n = code_region_format(s->ask->region, region);
    struct query_params p = {.region = slice_of(region, (size_t)n)}, closes = p;
    int st = ST_OK;
    p.year = slice_of(year, (size_t)snprintf(year, sizeof year, "%u", s->ask->year % 10000));
    p.until = slice_of(until, (size_t)snprintf(until, sizeof until, "%u", 3 * s->ask->quarter % 100));
    closes.quarter = slice_of(quarter, (size_t)snprintf(quarter, sizeof quarter, "%s-Q%u", year, s->ask->quarter % 10));
    for (unsigned l = LEVEL_URUSAN; st == ST_OK && l <= LEVEL_ACCOUNT; l++) {
        const char *name = code_level_name((enum level)l);
        struct query_params of = p;
        of.level = slice_of(name, strlen(name));
        st = answer_line(s, "rollup", query_rollup, &of, name);
    }
    if (st == ST_OK) st = answer_line(s, "indicators", query_indicators, &p, "");
    if (st == ST_OK) st = answer_line(s, "findings", query_findings, &p, "");
    return st == ST_OK ? answer_line(s, "closes", query_closes, &closes, "") : st;
}

/* ---- all of it ---- */

static int position_of(const struct query_context *q, const struct query_seal_ask *ask, struct asof_position *ret)
{
    struct asof_position applied;
    int st = asof_applied(q->t, &applied);
    *ret = (struct asof_position){0};
    for (unsigned i = 0; st == ST_OK && i < ask->cuts; i++) {
        const struct query_seal_cut *c = &ask->cut[i];
        ASSERT(c->worker > (i ? ask->cut[i - 1].worker : 0) && c->worker < ASOF_WORKERS);
        if (c->lsn > applied.lsn[c->worker]) st = ST_INVALID;
        ret->lsn[c->worker] = c->lsn;
    }
    return st;
}

static int all_lines(struct sealing *s)
{
    head_lines(s);
    int st = register_lines(s);
    if (st == ST_OK) st = each_office(s, steps_inside);
    if (st == ST_OK) st = each_office(s, leaves_of);
    if (st == ST_OK) st = cell_lines(s);
    if (st == ST_OK) st = answer_lines(s);
    return st == ST_OK ? spill(s, 1) : st;
}

int query_seal_lines(const struct query_context *q, const struct query_seal_ask *ask, struct buf *out, struct wall *ret_at)
{
    struct sealing s = {.q = q->base ? *q->base : *q, .ask = ask, .out = out};
    struct asof_position x;
    char asked[ASOF_ASKED_MAX + 1];
    struct wall at = {0};
    ASSERT(ask->region && ask->quarter >= 1 && ask->quarter <= 4 && ask->cuts > 0);
    int st = position_of(q, ask, &x);
    if (st == ST_OK) st = asof_time(q->t, &x, &at);
    if (st != ST_OK) return st;
    query_past_vector(&x, asked, sizeof asked);
    st = asof_new(q->t, &x, asked, &s.past);
    if (st != ST_OK) return st;
    s.q.live = (struct aggregate_status){0};
    s.q.now = (struct now){.wall = at};
    s.q.lang = LANG_ID;
    s.q.past = s.past;
    s.q.registry = asof_offices(s.past);
    st = all_lines(&s);
    asof_free(&s.past);
    if (st == ST_OK) *ret_at = at;
    return st;
}
