/* query_figure.c - see query_figure.h: from the text of an address to the node it names, and back. Kind: P. */
#include "aggregator/query_figure.h"

#include <stdio.h>
#include <string.h>

#include "proto/decimal.h"

/* ---- the address as it was asked ---- */

static void add_param(struct buf *b, char *mark, const char *name, struct slice value)
{
    if (value.n == 0) return;
    buf_printf(b, "%c%s=", *mark, name);
    buf_put(b, value.p, value.n);
    *mark = '&';
}

static int fault(const struct query_context *q, const struct address_fault *f, struct query_problem *problem)
{
    static const struct {
        const char *part, *id, *en;
    } TEXTS[] = {{"SCOPE", "alamat angka dimulai dengan wilayah atau kantor, misalnya 33.74/2020/realised/1.06.01?until=8",
                  "an address begins with a region or office, such as 33.74/2020/realised/1.06.01?until=8"},
                 {"YEAR", "bagian kedua alamat adalah tahun, misalnya 33.74/2020/realised/total",
                  "the second part is a year, such as 33.74/2020/realised/total"},
                 {"MEASURE", "bagian ketiga alamat: budget, realised, absorption, match, finding; dari indikator target, reached, "
                  "achievement, rating",
                  "the third part: budget, realised, absorption, match, finding; of an indicator target, reached, achievement, "
                  "rating"},
                 {"CODE", "bagian keempat alamat: kode menurut daftar tahun itu, misalnya 1.06.01, 5.1, total",
                  "the fourth part: a code of that year's list, such as 1.06.01, 5.1, total"},
                 {"INDICATOR", "indikator (target, reached, achievement, rating) atau jenis temuan (finding) ditulis sesudah kode",
                  "an indicator (target, reached, achievement, rating) or a finding's kind (finding) follows the code"},
                 {"PARAM", "keterangan alamat: until=1..12, stage=murni, level=daun, vintage=NAMA, source=SUMBER, "
                  "bridge=NAMA, cap=BATAS, as_of=KAPAN",
                  "parameters of an address: until=1..12, stage=murni, level=daun, vintage=NAME, source=NAME, "
                  "bridge=NAME, cap=CAP, as_of=WHEN"}};
    size_t i = 0;
    while (strcmp(TEXTS[i].part, f->part) != 0 && i + 1 < sizeof TEXTS / sizeof TEXTS[0]) i++;
    return query_refuse(problem, q, "figure", slice_of(f->seen, strlen(f->seen)), TEXTS[i].id, TEXTS[i].en);
}

static int parse(const struct query_context *q, const struct query_params *p, struct address *ret, struct query_problem *problem)
{
    struct address_fault f;
    struct buf b;
    char mark = memchr(p->figure.p ? (const void *)p->figure.p : "", '?', p->figure.n) ? '&' : '?';
    buf_init(&b, 16 << 10);
    buf_put(&b, p->figure.p, p->figure.n);
    add_param(&b, &mark, "until", p->until);
    add_param(&b, &mark, "stage", p->stage);
    add_param(&b, &mark, "level", p->level);
    add_param(&b, &mark, "vintage", p->vintage);
    add_param(&b, &mark, "source", p->source);
    add_param(&b, &mark, "bridge", p->bridge);
    add_param(&b, &mark, "cap", p->cap);
    int st = !buf_ok(&b) ? ST_NO_MEMORY : address_parse(buf_slice(&b), ret, &f) == ST_OK ? ST_OK : fault(q, &f, problem);
    buf_done(&b);
    return st;
}

static void place_node(struct query_figure *f)
{
    static const uint8_t KINDS[] = {NODE_TOTAL, NODE_TOTAL, NODE_TOTAL, NODE_ACTIVITY, NODE_ACCOUNT, NODE_ACCOUNT_LINE};
    f->node = (struct derived_key){.node = f->a.code, .node_kind = KINDS[f->a.part]};
    if (f->a.part <= ADDRESS_ACCOUNTS) f->node.node = f->a.part;
    f->level = f->a.part <= ADDRESS_ACCOUNTS   ? 0
               : f->a.part == ADDRESS_ACTIVITY ? (unsigned)code_level(f->a.code)
                                               : code_account_depth(f->a.code);
}

int query_figure_open(const struct query_context *q, const struct query_params *p, struct query_figure *ret,
                      struct query_problem *problem)
{
    struct query_figure f = {0};
    struct slice id;
    int st = parse(q, p, &f.a, problem);
    if (st != ST_OK) return st;
    if (f.a.as_of[0] && !q->past)
        return query_refuse(problem, q, "figure", p->figure, "as_of diberikan di luar alamat: --as-of KAPAN atau as_of=",
                            "give as_of beside the address: --as-of WHEN or as_of=");
    f.s = (struct query_scope){.region = f.a.region, .has_region = true, .year = f.a.year, .until = f.a.until, .murni = f.a.murni,
                               .source = f.a.source};
    id = slice_of(f.a.office, strlen(f.a.office));
    if (id.n) {
        f.s.office = registry_office(q->registry, id);
        if (!f.s.office) return query_refuse(problem, q, "figure", id, "kantor tidak terdaftar", "office is not registered");
        f.s.region = f.s.office->region;
        st = unit_dict_get(q->t, FOLD_DICT_TEXT, id, &f.s.office_id);
        if (st != ST_OK && st != ST_NOT_FOUND) return st;
    } else if (f.a.region && q->names && !names_region(q->names, f.a.region)) {
        return query_refuse(problem, q, "figure", p->figure, "wilayah tidak ada dalam daftar", "region is not in the list");
    }
    enum address_kind kind = address_kind(&f.a);
    bool joined = kind == ADDRESS_OF_INDICATOR && f.a.code == CODE_TOTAL && !f.a.source; /* one that offices share */
    if (kind != ADDRESS_OF_MONEY && kind != ADDRESS_OF_MEAN && !joined && !f.s.office)
        return query_refuse(problem, q, "figure", p->figure,
                            "indikator, temuan dan cocokan adalah milik satu kantor: mulai alamat dengan kantornya",
                            "an indicator, a finding, a match belongs to one office: begin the address with it");
    if (kind == ADDRESS_OF_MONEY) place_node(&f);
    *ret = f;
    return ST_OK;
}

/* ---- values ---- */

int query_figure_row(const struct query_context *q, const struct query_figure *f, struct figure_row *ret)
{
    return query_rows_one(q, &f->s, &f->node, f->level, ret);
}

json_t *query_figure_money(i128 sen)
{
    char t[48];
    decimal_format_sen(sen, t);
    return json_string(t);
}

json_t *query_figure_percent(i128 num, i128 den)
{
    char t[32];
    return den != 0 && decimal_percent_text(num, den, 2, t) > 0 ? json_string(t) : json_null();
}

json_t *query_figure_value(const struct query_figure *f, const struct figure_row *row)
{
    i128 budget = f->s.murni ? row->murni : row->budget;
    if (f->a.measure == ADDRESS_BUDGET) return row->has_budget ? query_figure_money(budget) : json_null();
    if (!row->has_realised) return json_null();
    if (f->a.measure == ADDRESS_REALISED) return query_figure_money(row->realised);
    return query_figure_percent(row->realised, budget);
}

/* ---- names and addresses ---- */

json_t *query_figure_code(const struct query_figure *f)
{
    static const char *const TOTALS[] = {"total", "total-kegiatan", "total-rekening"};
    char code[32];
    if (f->a.measure == ADDRESS_FINDING) return json_string(f->a.place);
    if (f->a.part == ADDRESS_ACTIVITY || f->a.code == CODE_TOTAL)
        code_format_activity(f->a.code, code);
    else if (f->a.part >= ADDRESS_ACCOUNT)
        code_format_account(f->a.code, code);
    return json_string(f->a.part <= ADDRESS_ACCOUNTS ? TOTALS[f->a.part] : code);
}

json_t *query_figure_name(const struct query_context *q, const struct query_figure *f)
{
    const char *name = f->a.part == ADDRESS_ACTIVITY && q->names ? names_activity(q->names, f->a.code) : NULL;
    char own[TEXT_MAX + 1];
    struct query_printed *printed = NULL;
    json_t *found = name ? json_string(name) : json_null();
    if (name || f->a.part != ADDRESS_ACTIVITY || query_printed_load(q, &f->s, &printed) != ST_OK) return found;
    if (query_printed_name(printed, f->a.code, own, sizeof own)) {
        json_decref(found);
        found = json_string(own);
    }
    query_printed_free(&printed);
    return found;
}

json_t *query_figure_address(const struct query_context *q, const struct address *a)
{
    struct address at = *a;
    struct buf b;
    buf_init(&b, 16 << 10);
    at.as_of[0] = '\0';
    if (q->past) snprintf(at.as_of, sizeof at.as_of, "%s", asof_asked(q->past));
    address_format(&at, &b);
    json_t *text = buf_ok(&b) ? json_stringn((const char *)b.p, b.n) : json_null();
    buf_done(&b);
    return text;
}

static struct address address_in(const struct query_scope *s)
{
    struct address a = {.region = s->region, .year = s->year, .until = s->until, .murni = s->murni, .measure = ADDRESS_REALISED,
                        .source = s->source, .cap = ADDRESS_CAP};
    if (s->office) {
        a.region = 0;
        snprintf(a.office, sizeof a.office, "%s", s->office->id);
    }
    return a;
}

struct address query_figure_at(const struct query_scope *s, const struct derived_key *node, enum address_measure measure)
{
    static const uint8_t PARTS[] = {ADDRESS_TOTAL, ADDRESS_ACTIVITY, ADDRESS_ACCOUNT, ADDRESS_LINE};
    struct address a = address_in(s);
    a.measure = measure;
    a.part = (enum address_part)PARTS[node->node_kind];
    a.code = node->node;
    if (node->node_kind == NODE_TOTAL) {
        a.part = (enum address_part)node->node;
        a.code = 0;
    } else if (node->node == CODE_TOTAL) {
        a.part = ADDRESS_TOTAL;
        a.code = 0;
    }
    return a;
}

json_t *query_figure_of_row(const struct query_context *q, const struct query_scope *s, const struct derived_key *node)
{
    const struct address a = query_figure_at(s, node, ADDRESS_REALISED);
    return query_figure_address(q, &a);
}

json_t *query_figure_of_rows(const struct query_context *q, const struct query_scope *s, const struct derived_key *node,
                             unsigned plan)
{
    static const enum address_measure MEASURES[] = {ADDRESS_BUDGET, ADDRESS_REALISED, ADDRESS_ABSORPTION};
    json_t *o = json_object();
    struct address a;
    for (unsigned i = 0; i < sizeof MEASURES / sizeof *MEASURES; i++) {
        a = query_figure_at(s, node, MEASURES[i]);
        json_object_set_new(o, address_measure_name(a.measure), query_figure_address(q, &a));
    }
    a = query_figure_at(s, node, ADDRESS_BUDGET);
    a.source = (uint8_t)plan;
    if (plan) json_object_set_new(o, "plan", query_figure_address(q, &a));
    return o;
}

/* The address of an indicator's achievement; false: its identity cannot be read. */
static bool indicator_at(const struct query_context *q, const struct query_scope *s, const char *office,
                         const struct indicator *it, struct address *ret)
{
    struct address a = address_in(s);
    struct slice id;
    a.region = 0;
    a.murni = false;
    a.measure = ADDRESS_ACHIEVEMENT;
    snprintf(a.office, sizeof a.office, "%s", office);
    a.part = it->activity == CODE_TOTAL ? ADDRESS_TOTAL : it->activity ? ADDRESS_ACTIVITY : ADDRESS_ACCOUNT;
    a.code = it->activity ? it->activity : it->account;
    if (query_indicators_identity(q, it, &id) != ST_OK || id.n == 0 || id.n > TEXT_MAX) return false;
    memcpy(a.indicator, id.p, id.n);
    a.indicator[id.n] = '\0';
    *ret = a;
    return true;
}

json_t *query_figure_of_indicator(const struct query_context *q, const struct query_scope *s, const char *office,
                                  const struct indicator *it, enum address_measure measure)
{
    struct address a;
    if (!indicator_at(q, s, office, it, &a)) return json_null();
    a.measure = measure;
    return query_figure_address(q, &a);
}

json_t *query_figure_of_indicators(const struct query_context *q, const struct query_scope *s, const char *office,
                                   const struct indicator *it, unsigned plan)
{
    struct address a;
    json_t *o = json_object();
    if (!indicator_at(q, s, office, it, &a)) return o;
    for (unsigned m = ADDRESS_TARGET; m <= ADDRESS_RATING; m++) {
        a.measure = (enum address_measure)m;
        json_object_set_new(o, address_measure_name(a.measure), query_figure_address(q, &a));
    }
    a.measure = ADDRESS_TARGET;
    a.source = (uint8_t)plan;
    if (plan) json_object_set_new(o, "plan", query_figure_address(q, &a));
    return o;
}

void query_figure_of_shared(const struct query_context *q, const struct query_scope *s, const char *id, json_t *o)
{
    struct address a = address_in(s);
    json_t *figures = json_object();
    a.part = ADDRESS_TOTAL;
    a.code = CODE_TOTAL;
    a.murni = false;
    snprintf(a.indicator, sizeof a.indicator, "%s", id);
    for (unsigned m = ADDRESS_TARGET; m <= ADDRESS_RATING; m++) {
        a.measure = (enum address_measure)m;
        json_object_set_new(figures, address_measure_name(a.measure), query_figure_address(q, &a));
    }
    json_object_set(o, "figure", json_object_get(figures, address_measure_name(ADDRESS_ACHIEVEMENT)));
    json_object_set_new(o, "figures", figures);
}

json_t *query_figure_of_mean(const struct query_context *q, const struct query_scope *s, activity_code node, unsigned cap)
{
    struct address a = address_in(s);
    a.measure = ADDRESS_ACHIEVEMENT;
    a.part = node ? ADDRESS_ACTIVITY : ADDRESS_TOTAL;
    a.code = node ? node : CODE_TOTAL;
    a.murni = false;
    a.cap = cap;
    return query_figure_address(q, &a);
}

int query_figure_head(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    char region[8];
    const char *name = q->names ? names_region(q->names, f->s.region) : NULL;
    code_region_format(f->s.region, region);
    json_object_set_new(answer, "figure", query_figure_address(q, &f->a));
    json_object_set_new(answer, "region", json_string(region));
    json_object_set_new(answer, "region_name", name ? json_string(name) : json_null());
    json_object_set_new(answer, "office", f->s.office ? json_string(f->s.office->id) : json_null());
    json_object_set_new(answer, "office_name", f->s.office ? json_string(f->s.office->name) : json_null());
    json_object_set_new(answer, "year", json_integer(f->s.year));
    json_object_set_new(answer, "until", json_integer(f->s.until));
    json_object_set_new(answer, "measure", json_string(address_measure_name(f->a.measure)));
    json_object_set_new(answer, "stage", json_string(f->s.murni ? "murni" : "berlaku"));
    json_object_set_new(answer, "code", query_figure_code(f));
    json_object_set_new(answer, "name", query_figure_name(q, f));
    return query_parse_stamp(q, answer);
}
