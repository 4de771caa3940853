/* query_explain.c - what a figure of money is made of: formula, rules, the parts one level down, control totals, findings, and for
 * an office the rows it stated with the statement behind each slot. Kind: P.
 *
 * Parts are the rows a rollup would show one level down, and the offices or regions one level down, each with its own address, so
 * one goes on asking until statements stand there. The parts of a sum add up to it; a control total stands beside, with the
 * difference as findings have it (printed - computed). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_explain.h"
#include "aggregator/query_finding.h"
#include "proto/decimal.h"
#include "proto/period.h"

struct explain {
    const struct query_context *q;
    const struct query_figure *f;
    struct figure_row row;
    json_t *parts;
};

static const char *say(const struct query_context *q, const char *id, const char *en) { return q->lang == LANG_EN ? en : id; }

/* ---- parts ---- */

static i128 amount(const struct query_figure *f, const struct figure_row *r)
{
    if (f->a.measure == ADDRESS_BUDGET) return f->s.murni ? r->murni : r->budget;
    return r->realised;
}

/* Control total of the figure's measure at that node. */
static bool control_of(const struct query_figure *f, const struct figure_row *r, i128 *ret)
{
    bool budget = f->a.measure == ADDRESS_BUDGET;
    *ret = budget ? r->control_budget : r->control_realised;
    return f->a.measure != ADDRESS_ABSORPTION && !f->s.murni && (budget ? r->has_control_budget : r->has_control_realised);
}

static void put_control(const struct query_figure *f, const struct figure_row *r, json_t *o)
{
    i128 control;
    json_t *c = json_object();
    if (!control_of(f, r, &control)) {
        json_object_set_new(o, "control", json_null());
        json_decref(c);
        return;
    }
    json_object_set_new(c, "printed", query_figure_money(control));
    json_object_set_new(c, "computed", query_figure_money(amount(f, r)));
    json_object_set_new(c, "difference", query_figure_money(control - amount(f, r)));
    json_object_set_new(o, "control", c);
}

static json_t *part_json(const struct explain *x, const struct query_figure *at, const struct figure_row *r)
{
    char t[32];
    json_t *o = json_object();
    i128 whole = amount(x->f, &x->row);
    bool share = x->f->a.measure != ADDRESS_ABSORPTION && whole != 0;
    json_object_set_new(o, "figure", query_figure_address(x->q, &at->a));
    json_object_set_new(o, "value", query_figure_value(at, r));
    json_object_set_new(o, "share", share && decimal_percent_text(amount(at, r), whole, 2, t) > 0 ? json_string(t) : json_null());
    json_object_set_new(o, "findings", json_integer((json_int_t)r->findings));
    query_rows_complete(r, r->offices, o);
    put_control(at, r, o);
    return o;
}

static bool stated(const struct figure_row *r)
{
    return r->has_budget || r->has_realised || r->has_control_budget || r->has_control_realised || r->findings;
}

/* A node below the figure's own. */
static int add_code(void *ctx, const struct figure_row *r)
{
    struct explain *x = ctx;
    struct query_figure at = *x->f;
    bool activity = r->node.node_kind == NODE_ACTIVITY;
    if (x->f->a.part == ADDRESS_ACTIVITY && code_parent(r->node.node) != x->f->a.code) return ST_OK;
    if (x->f->a.part == ADDRESS_ACCOUNT && code_account_parent(r->node.node) != x->f->a.code) return ST_OK;
    if (!stated(r)) return ST_OK;
    at.a.part = activity ? ADDRESS_ACTIVITY : r->node.node_kind == NODE_ACCOUNT ? ADDRESS_ACCOUNT : ADDRESS_LINE;
    at.a.code = r->node.node;
    json_t *o = part_json(x, &at, r);
    json_object_set_new(o, "code", query_figure_code(&at));
    json_object_set_new(o, "level", json_string(code_level_name(activity ? code_level(r->node.node) : LEVEL_ACCOUNT)));
    json_object_set_new(o, "name", query_figure_name(x->q, &at));
    return json_array_append_new(x->parts, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int add_total(struct explain *x, enum address_part part, const struct figure_row *r)
{
    struct query_figure at = *x->f;
    at.a.part = part;
    json_t *o = part_json(x, &at, r);
    json_object_set_new(o, "code", query_figure_code(&at));
    json_object_set_new(o, "level", json_string("total"));
    json_object_set_new(o, "name",
                        json_string(part == ADDRESS_ACTIVITIES ? say(x->q, "kegiatan", "activities")
                                                               : say(x->q, "rekening tanpa kegiatan", "account-only lines")));
    return json_array_append_new(x->parts, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int activity_parts(struct explain *x) { return query_rows(x->q, &x->f->s, NODE_ACTIVITY, LEVEL_URUSAN, add_code, x); }
static int line_parts(struct explain *x) { return query_rows(x->q, &x->f->s, NODE_ACCOUNT_LINE, 2, add_code, x); }

/* The total's two parts where both are there, else the parts of the one. */
static int total_parts(struct explain *x)
{
    struct figure_row r[3];
    for (unsigned i = 1; i < 3; i++) {
        const struct derived_key k = {.node = i, .node_kind = NODE_TOTAL};
        int st = query_rows_one(x->q, &x->f->s, &k, 0, &r[i]);
        if (st != ST_OK) return st;
    }
    if (!stated(&r[2])) return activity_parts(x);
    if (!stated(&r[1])) return line_parts(x);
    int st = add_total(x, ADDRESS_ACTIVITIES, &r[1]);
    return st == ST_OK ? add_total(x, ADDRESS_ACCOUNTS, &r[2]) : st;
}

static int code_parts(struct explain *x)
{
    const struct query_figure *f = x->f;
    switch (f->a.part) {
    case ADDRESS_TOTAL:
        return total_parts(x);
    case ADDRESS_ACTIVITIES:
        return activity_parts(x);
    case ADDRESS_ACCOUNTS:
        return line_parts(x);
    case ADDRESS_ACTIVITY:
        return f->level < LEVEL_SUBKEGIATAN ? query_rows(x->q, &f->s, NODE_ACTIVITY, f->level + 1, add_code, x) : ST_OK;
    case ADDRESS_ACCOUNT:
        return f->level < 6 ? query_rows(x->q, &f->s, NODE_ACCOUNT, f->level + 1, add_code, x) : ST_OK;
    case ADDRESS_LINE:
    default:
        return ST_OK;
    }
}

/* ---- places: the regions or offices one level down ---- */

static int add_place(struct explain *x, region_code region, const struct office *office)
{
    struct query_figure at = *x->f;
    struct figure_row r;
    char code[8];
    at.s.region = at.a.region = region;
    at.s.office = office;
    if (office) {
        snprintf(at.a.office, sizeof at.a.office, "%s", office->id);
        int st = unit_dict_get(x->q->t, FOLD_DICT_TEXT, slice_of(office->id, strlen(office->id)), &at.s.office_id);
        if (st == ST_NOT_FOUND) return ST_OK;
        if (st != ST_OK) return st;
    }
    int st = query_figure_row(x->q, &at, &r);
    if (st != ST_OK || !stated(&r)) return st;
    const char *name = office ? office->name : x->q->names ? names_region(x->q->names, region) : NULL;
    json_t *o = part_json(x, &at, &r);
    code_region_format(region, code);
    json_object_set_new(o, "region", json_string(code));
    json_object_set_new(o, "office", office ? json_string(office->id) : json_null());
    json_object_set_new(o, "name", name ? json_string(name) : json_null());
    return json_array_append_new(x->parts, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int region_order(const void *a, const void *b)
{
    region_code x = *(const region_code *)a, y = *(const region_code *)b;
    return (x > y) - (x < y);
}

static int place_parts(struct explain *x)
{
    const struct query_scope *s = &x->f->s;
    size_t all = registry_count(x->q->registry), n = 0;
    unsigned depth = code_region_depth(s->region);
    region_code *region = calloc(all + 1, sizeof *region);
    int st = region ? ST_OK : ST_NO_MEMORY;
    for (size_t i = 0; st == ST_OK && i < all; i++) {
        const struct office *o = registry_at(x->q->registry, i);
        region_code at = o->region;
        if (at == s->region) st = add_place(x, at, o);
        while (code_region_depth(at) > depth + 1) at = code_region_parent(at);
        if (code_region_depth(at) == depth + 1 && code_region_parent(at) == s->region) region[n++] = at;
    }
    if (st == ST_OK && n > 1) qsort(region, n, sizeof *region, region_order);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (i == 0 || region[i] != region[i - 1]) st = add_place(x, region[i], NULL);
    free(region);
    return st;
}

/* ---- words ---- */

static void rule(const struct explain *x, json_t *list, const char *id, const char *text_id, const char *text_en)
{
    json_array_append_new(list, json_pack("{s:s,s:s}", "rule", id, "text", say(x->q, text_id, text_en)));
}

static json_t *formula(const struct explain *x)
{
    const struct query_figure *f = x->f;
    char id[240], en[240];
    const char *month_id = period_month_name((unsigned)f->s.until, LANG_ID),
               *month_en = period_month_name((unsigned)f->s.until, LANG_EN);
    if (f->a.measure == ADDRESS_ABSORPTION) {
        snprintf(id, sizeof id, "100 x realisasi / pagu %s, s.d. %s", f->s.murni ? "murni" : "yang berlaku", month_id);
        snprintf(en, sizeof en, "100 x realised / budget %s, up to %s", f->s.murni ? "murni" : "in force", month_en);
    } else if (f->a.measure == ADDRESS_BUDGET) {
        snprintf(id, sizeof id, "jumlah pagu baris yang dihitung (daun), %s pada akhir %s",
                 f->s.murni ? "tahap murni" : "tahap yang berlaku", month_id);
        snprintf(en, sizeof en, "sum of the budgets of the counted lines (leaves), %s at the end of %s",
                 f->s.murni ? "stage murni" : "stage in force", month_en);
    } else {
        snprintf(id, sizeof id, "jumlah realisasi baris yang dihitung (daun), kumulatif s.d. %s", month_id);
        snprintf(en, sizeof en, "sum of the realisations of the counted lines (leaves), cumulative up to %s", month_en);
    }
    return json_string(say(x->q, id, en));
}

static json_t *rules(const struct explain *x)
{
    const struct figure_row *r = &x->row;
    i128 control;
    json_t *list = json_array();
    if (x->f->a.measure == ADDRESS_ABSORPTION)
        rule(x, list, "jumlah-per-jumlah", "persen kelompok dihitung dari jumlahnya, tidak pernah dari rata-rata persen",
             "a group's percentage is sum by sum, never a mean of percentages");
    if (x->f->a.measure != ADDRESS_REALISED && !x->f->s.murni)
        rule(x, list, "tahap-berlaku",
             "pagu sebuah baris adalah tahap terbaru yang sudah berlaku pada akhir bulan itu; baris yang hilang dari tahap lengkap "
             "berpagu 0",
             "a line's budget is the newest stage in force at the end of that month; a line absent from a complete stage has 0");
    if (x->f->a.measure != ADDRESS_REALISED && r->assumed)
        rule(x, list, "tahap-diperkirakan", "tahap pertama yang diketahui dari sebagian baris dianggap berlaku sejak Januari",
             "the first known stage of some lines is taken from January on");
    if (x->f->a.measure != ADDRESS_BUDGET)
        rule(x, list, "kumulatif",
             "dua belas bulan dibaca berurutan: angka kumulatif menggantikan, angka bulanan menambah, bulan tanpa laporan "
             "meneruskan",
             "the twelve months are read in order: a cumulative value replaces, a monthly one adds, an unreported one carries on");
    if (r->bare)
        rule(x, list, "tanpa-rincian", "sebagian baris dihitung walau rinciannya tidak dilaporkan",
             "some lines count although no detail of them is reported");
    if (control_of(x->f, r, &control))
        rule(x, list, "induk-terpisah",
             "total kontrol yang dilaporkan pada kode ini ditampilkan di samping, tidak ikut dijumlahkan",
             "the control total reported at this code stands beside, it is never added");
    if (x->f->s.source) rule(x, list, "sumber", figure_source_name(x->f->s.source), figure_source_name(x->f->s.source));
    if (!x->f->s.source && (r->has_other_realised || r->has_other_budget))
        rule(x, list, "sumber-lain", "sumber lain (bendahara, renja) tidak ikut dijumlahkan",
             "other sources (treasurer, renja) are not added");
    return list;
}

/* ---- findings at this very code ---- */

/* Other prints of a value: what a second table says of it, where that differs. */
static void put_prints(const json_t *found, json_t *o)
{
    size_t i;
    json_t *f, *list = json_array(), *value = json_object_get(o, "value");
    json_array_foreach(found, i, f)
    {
        if (!json_object_get(f, "table") || !json_equal(json_object_get(f, "code"), json_object_get(o, "code"))) continue;
        if (!json_is_string(value) || !json_equal(json_object_get(f, "computed"), value)) continue;
        json_t *p = json_object();
        static const char *const NAMES[] = {"table", "printed", "difference", "figure"};
        for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++) json_object_set(p, NAMES[k], json_object_get(f, NAMES[k]));
        json_array_append_new(list, p);
    }
    if (json_array_size(list) > 0) json_object_set(o, "prints", list);
    json_decref(list);
}

static void parts_found(const struct explain *x, const json_t *found, json_t *answer)
{
    size_t i, k;
    json_t *part, *f;
    json_array_foreach(json_object_get(answer, "parts"), i, part)
    {
        const char *code = json_string_value(json_object_get(part, "code"));
        json_int_t n = 0;
        if (x->f->a.part <= ADDRESS_ACCOUNTS && strncmp(code, "total", 5) == 0) continue;
        json_array_foreach(found, k, f)
            n += query_parse_below(slice_of(code, strlen(code)), json_string_value(json_object_get(f, "code")));
        json_object_set_new(part, "findings", json_integer(n));
        put_prints(found, part);
    }
}

static bool few_offices(const struct query_context *q, const struct query_scope *s)
{
    size_t n = 0;
    for (size_t i = 0; i < registry_count(q->registry); i++) n += query_indicators_inside(s, registry_at(q->registry, i));
    return n <= QUERY_COUNT_OFFICES;
}

/* Where all findings can be listed they are also what the parts count; above that the fold's own counts stand. */
static int findings(const struct explain *x, json_t *answer)
{
    const struct query_figure *f = x->f;
    struct query_scope s = f->s;
    json_t *found = json_array(), *list = json_array(), *code = query_figure_code(f), *o;
    size_t i;
    int st = ST_OK;
    bool near = (s.office || code_region_depth(s.region) == 2) && few_offices(x->q, &s);
    bool all = f->a.part == ADDRESS_TOTAL, none = f->a.part == ADDRESS_ACTIVITIES || f->a.part == ADDRESS_ACCOUNTS;
    s.code = all ? slice_of("", 0) : slice_of(json_string_value(code), json_string_length(code));
    s.source = 0;
    json_object_set_new(answer, "findings_below", json_integer((json_int_t)x->row.findings));
    if (near && !none) st = query_finding_list(x->q, &s, slice_of("", 0), found);
    if (st == ST_OK && near && !none) st = query_finding_addresses(x->q, &s, slice_of("", 0), found);
    if (st == ST_OK && near && !none) {
        json_object_set_new(answer, "findings_below", json_integer((json_int_t)json_array_size(found)));
        parts_found(x, found, answer);
        put_prints(found, answer);
    }
    json_array_foreach(found, i, o) if (json_equal(json_object_get(o, "code"), code)) json_array_append(list, o);
    json_decref(found);
    json_decref(code);
    json_object_set_new(answer, "findings", list);
    return st;
}

/* ---- the office's own rows at this code ---- */

static unsigned source_of(const struct query_figure *f)
{
    return f->s.source ? f->s.source : f->a.measure == ADDRESS_BUDGET ? SOURCE_DPA : SOURCE_OPD;
}

static bool row_is_of(const struct query_figure *f, const struct leaf *l)
{
    bool budget = f->a.measure == ADDRESS_BUDGET;
    if (l->key.indicator || l->key.measure != (budget ? MEASURE_BUDGET : MEASURE_REALISED)) return false;
    if (l->key.source != source_of(f)) return false;
    if (f->a.part == ADDRESS_TOTAL) return l->key.activity == CODE_TOTAL;
    if (f->a.part == ADDRESS_ACTIVITY) return l->key.activity == f->a.code;
    if (f->a.part == ADDRESS_LINE) return l->key.activity == 0 && code_account_ancestor(l->key.account, 2) == f->a.code;
    return f->a.part == ADDRESS_ACCOUNT && l->key.account == f->a.code;
}

/* counted or control, and the stage in force at the cut-off, of the figure's line. */
static int line_state(const struct query_figure *f, struct unit *u, json_t *answer)
{
    struct lines v;
    bool budget = f->a.measure == ADDRESS_BUDGET;
    char stage[20] = "";
    line_view_init(&v);
    int st = line_view(u, &v);
    for (uint32_t i = 0; st == ST_OK && i < v.count; i++) {
        const struct line *l = &v.line[i];
        bool same = f->a.part == ADDRESS_ACTIVITY ? l->activity == f->a.code
                                                  : f->a.part == ADDRESS_LINE && !l->activity && l->account == f->a.code;
        const struct line_item *it =
            same ? line_item_of(&v, l, budget ? MEASURE_BUDGET : MEASURE_REALISED, source_of(f)) : NULL;
        if (!it) continue;
        json_object_set_new(
            answer, "line",
            json_string(it->flags & LINE_COUNTED ? it->flags & LINE_BARE ? "tanpa-rincian" : "dihitung" : "total-kontrol"));
        if (!budget || it->stage[f->s.until - 1] == LINE_NO_STAGE) continue;
        figure_stage_format(it->stage[f->s.until - 1], stage);
        json_object_set_new(answer, "stage_in_force", json_string(stage));
    }
    line_view_done(&v);
    return st;
}

static json_t *label_json(struct unit *u, const struct query_figure *f, unsigned measure)
{
    struct leaf_key k = {.measure = (uint16_t)measure};
    if (f->a.part == ADDRESS_ACTIVITY) k.activity = f->a.code;
    else k.account = f->a.code;
    const struct leaf *l = unit_find(u, &k);
    if (!l || l->slot[0].kind != VALUE_TEXT) return json_null();
    struct slice s = unit_text(u, &l->slot[0]);
    return json_stringn((const char *)s.p, s.n);
}

/* How the office itself writes about the line: its name of the code, where the money comes from, who below it answers for it. */
static int put_labels(const struct explain *x, struct unit *u, json_t *answer)
{
    const struct query_figure *f = x->f;
    struct unit names;
    if (f->a.part != ADDRESS_ACTIVITY && f->a.part != ADDRESS_LINE && f->a.part != ADDRESS_ACCOUNT) return ST_OK;
    unit_init(&names);
    int st = asof_unit(x->q->t, asof_position(x->q->past), f->s.office_id, 0, &names);
    if (st == ST_OK)
        json_object_set_new(answer, "labels", json_pack("{s:o,s:o,s:o}", "name", label_json(&names, f, MEASURE_NAME), "fund",
                                                        label_json(u, f, MEASURE_FUND), "unit",
                                                        label_json(u, f, MEASURE_SUB_UNIT)));
    unit_done(&names);
    return st;
}

static int own_rows(const struct explain *x, json_t *answer)
{
    const struct query_figure *f = x->f;
    struct unit u;
    size_t n = 0;
    json_object_set_new(answer, "rows", json_array());
    json_object_set_new(answer, "rows_more", json_null());
    if (!f->s.office || !f->s.office_id || f->a.measure == ADDRESS_ABSORPTION) return ST_OK;
    unit_init(&u);
    int st = asof_unit(x->q->t, asof_position(x->q->past), f->s.office_id, (uint16_t)f->s.year, &u);
    const struct leaf **rows = st == ST_OK ? calloc(u.count + 1, sizeof *rows) : NULL;
    if (st == ST_OK && !rows) st = ST_NO_MEMORY;
    if (st == ST_OK) st = put_labels(x, &u, answer);
    if (st == ST_OK) st = line_state(f, &u, answer); /* sorts the unit, so before pointers into it are taken */
    for (uint32_t i = 0; st == ST_OK && i < u.count; i++)
        if (row_is_of(f, &u.leaf[i])) rows[n++] = &u.leaf[i];
    if (st == ST_OK) st = query_figure_rows(x->q, f, &u, rows, n, answer);
    free(rows);
    unit_done(&u);
    return st;
}

/* Budget and realisation behind a percentage. */
static void components(const struct explain *x, json_t *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < 2 && x->f->a.measure == ADDRESS_ABSORPTION; i++) {
        struct query_figure at = *x->f;
        at.a.measure = i ? ADDRESS_BUDGET : ADDRESS_REALISED;
        json_t *o = json_object();
        json_object_set_new(o, "measure", json_string(address_measure_name(at.a.measure)));
        json_object_set_new(o, "figure", query_figure_address(x->q, &at.a));
        json_object_set_new(o, "value", query_figure_value(&at, &x->row));
        json_array_append_new(list, o);
    }
    json_object_set_new(answer, "components", list);
}

static int explain_money(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct explain x = {.q = q, .f = f};
    int st = query_figure_row(q, f, &x.row);
    if (st != ST_OK) return st;
    json_object_set_new(answer, "value", query_figure_value(f, &x.row));
    json_object_set_new(answer, "formula", formula(&x));
    json_object_set_new(answer, "rules", rules(&x));
    query_rows_complete(&x.row, x.row.offices, answer);
    components(&x, answer);
    put_control(f, &x.row, answer);
    json_object_set_new(answer, "parts", x.parts = json_array());
    st = code_parts(&x);
    json_object_set_new(answer, "places", x.parts = json_array());
    if (st == ST_OK && !f->s.office) st = place_parts(&x);
    if (st == ST_OK) st = findings(&x, answer);
    return st == ST_OK ? own_rows(&x, answer) : st;
}

int query_explain_value(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    switch (address_kind(&f->a)) {
    case ADDRESS_OF_INDICATOR:
        return f->s.office ? query_explain_indicator(q, f, answer) : query_explain_shared(q, f, answer);
    case ADDRESS_OF_MEAN:
        return query_explain_mean(q, f, answer);
    case ADDRESS_OF_MATCH:
        return query_explain_match(q, f, answer);
    case ADDRESS_OF_FINDING:
        return query_explain_finding(q, f, answer);
    case ADDRESS_OF_MONEY:
    default:
        return f->a.bridge ? query_explain_bridge(q, f, answer) : explain_money(q, f, answer);
    }
}

/* What the offices near it say of that code in words, each signed like a figure. */
static int put_notes(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    char region[8], year[8], until[8];
    struct query_problem problem = {0};
    json_t *found = NULL, *list = json_array(), *code = query_figure_code(f), *o;
    size_t i;
    int st = ST_OK;
    code_region_format(f->s.region, region);
    snprintf(year, sizeof year, "%d", f->s.year);
    snprintf(until, sizeof until, "%d", f->s.until);
    struct query_params p = {.region = slice_of(region, strlen(region)), .year = slice_of(year, strlen(year)),
                             .until = slice_of(until, strlen(until))};
    p.code = slice_of(json_string_value(code), json_string_length(code));
    if (f->s.office) p.office = slice_of(f->s.office->id, strlen(f->s.office->id));
    bool near = (f->s.office || code_region_depth(f->s.region) == 2) && few_offices(q, &f->s);
    bool part = p.code.n > 5 && memcmp(p.code.p, "total", 5) == 0; /* total-kegiatan: no code anybody writes notes about */
    if (near && !part) st = query_notes(q, &p, &found, &problem);
    json_array_foreach(json_object_get(found, "notes"), i, o) if (json_equal(json_object_get(o, "code"), code))
        json_array_append(list, o);
    json_object_set_new(answer, "notes", list);
    json_decref(found);
    json_decref(code);
    return st == ST_INVALID ? ST_CORRUPT : st;
}

/* "65": the first row that is shown, as `rows_more` gives it. */
static int parse_rows_from(const struct query_context *q, struct slice text, uint32_t *ret, struct query_problem *problem)
{
    uint32_t v = 0;
    size_t i = 0;
    for (; i < text.n && i < 9 && text.p[i] >= '0' && text.p[i] <= '9'; i++) v = 10 * v + (uint32_t)(text.p[i] - '0');
    if (text.n > 0 && (i < text.n || v == 0))
        return query_refuse(problem, q, "from", text, "nomor baris pertama yang ditampilkan: 1, 65, ..",
                            "number of the first row that is shown: 1, 65, ..");
    *ret = v ? v - 1 : 0;
    return ST_OK;
}

int query_explain(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_figure f;
    int st = query_figure_open(q, p, &f, ret_problem);
    if (st == ST_OK) st = parse_rows_from(q, p->from, &f.rows_from, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    st = query_figure_head(q, &f, answer);
    if (st == ST_OK) st = query_explain_value(q, &f, answer);
    if (st == ST_OK) st = put_notes(q, &f, answer);
    if (st == ST_NOT_FOUND)
        st = query_refuse(ret_problem, q, "figure", p->figure, "indikator tidak dinyatakan kantor itu pada kode dan tahun itu",
                          "the office states no such indicator at that code and year");
    if (st == ST_INVALID)
        st = query_refuse(ret_problem, q, "figure", p->figure, "kode itu tidak dapat dibawa ke daftar itu",
                          "that code cannot be brought to that list");
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
