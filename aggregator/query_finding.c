/* query_finding.c - what is provably wrong in the figures of a region's offices, listed. Kind: P.
 *
 * Claims are a pure function of one office-year (claim.h), so the list is computed from the units at the asked cut-off; counts a
 * node carries in cells come from the same function and cannot differ. difference = printed - computed, as the reports' own
 * correction tables have it. */
#include <stdio.h>
#include <string.h>

#include "aggregator/claim.h"
#include "aggregator/query_beside.h"
#include "proto/decimal.h"
#include "proto/period.h"

struct listing {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    json_t *list;
    struct claims claims;
};

static const char *measure_text(unsigned measure, enum lang lang)
{
    if (measure == MEASURE_BUDGET) return lang == LANG_EN ? "budget" : "pagu";
    if (measure == MEASURE_REALISED) return lang == LANG_EN ? "realised" : "realisasi";
    if (measure == MEASURE_PRINTED_ABSORPTION) return lang == LANG_EN ? "printed percentage" : "persen tercetak";
    return figure_measure_name(measure);
}

/* A budget counts from a month on, everything else is said about the year up to one. */
static const char *period_text(const struct claim *c, enum lang lang)
{
    if (c->measure == MEASURE_BUDGET) return lang == LANG_EN ? "in force from" : "berlaku mulai";
    return lang == LANG_EN ? "up to" : "s.d.";
}

/* The place of the figure: code and account, measure and stage, month. */
static json_t *where_json(const struct listing *l, const struct claim *c, const char *code)
{
    char text[224], stage[20], account[32] = "";
    bool spent = c->measure == MEASURE_REALISED;        /* then the stage is that of the budget it is held against */
    figure_stage_format(c->stage, stage);
    if (c->account && c->activity) code_format_account(c->account, account);
    bool plain = c->measure == MEASURE_PRINTED_ABSORPTION || c->source == (spent ? SOURCE_OPD : SOURCE_DPA);
    int n = snprintf(text, sizeof text, "%s%s%s %s%s%s%s%s %s %s", code, account[0] ? " " : "", account,
                     measure_text(c->measure, l->q->lang), plain ? "" : " ", plain ? "" : figure_source_name(c->source),
                     stage[0] && !spent ? " " : "", spent ? "" : stage,
                     period_text(c, l->q->lang), period_month_name(c->month ? c->month : 12, l->q->lang));
    if (spent && stage[0] && n > 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ", %s %s", measure_text(MEASURE_BUDGET, l->q->lang), stage);
    return json_string(text);
}

static void put_percent(json_t *o, const struct claim *c)
{
    char printed[32], computed[32] = "", difference[32];
    unsigned decimals = c->decimals > 2 ? c->decimals : 2;
    int64_t scale = 1, right = 0, shown = (int64_t)c->printed;
    for (unsigned i = decimals; i < 6; i++) scale *= 10;
    decimal_format_micro(shown, c->decimals, printed);
    json_object_set_new(o, "printed", json_string(printed));
    if (c->den == 0 || !decimal_ratio_percent(c->num, c->den, decimals, false, &right)) {
        json_object_set_new(o, "computed", json_null());
        json_object_set_new(o, "difference", json_null());
        return;
    }
    decimal_percent_text(c->num, c->den, decimals, computed);
    decimal_format_micro(shown - right * scale, decimals, difference);
    json_object_set_new(o, "computed", json_string(computed));
    json_object_set_new(o, "difference", json_string(difference));
}

static void put_money(json_t *o, const struct claim *c)
{
    char t[48];
    decimal_format_sen(c->printed, t);
    json_object_set_new(o, "printed", json_string(t));
    decimal_format_sen(c->computed, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_sen(c->printed - c->computed, t);
    json_object_set_new(o, "difference", json_string(t));
}

static json_t *claim_json(const struct listing *l, const struct office *o, int year, const struct claim *c, const char *code)
{
    json_t *j = json_object();
    json_object_set_new(j, "kind", json_string(status_code_spelling(c->code)));
    json_object_set_new(j, "office", json_string(o->id));
    json_object_set_new(j, "year", json_integer(year));
    json_object_set_new(j, "code", json_string(code));
    json_object_set_new(j, "indicator", json_null());
    json_object_set_new(j, "where", where_json(l, c, code));
    if (c->code == CODE_PERCENT)
        put_percent(j, c);
    else
        put_money(j, c);
    json_object_set_new(j, "state", json_string("open"));
    json_object_set_new(j, "rule", json_string(status_code_text(c->code, l->q->lang)));
    return j;
}

static bool asked_for(const struct listing *l, const struct claim *c, const char *code)
{
    const char *kind = status_code_spelling(c->code);
    if (l->s->until < c->from || l->s->until > c->to) return false;
    if (l->kind.n && (strlen(kind) != l->kind.n || memcmp(kind, l->kind.p, l->kind.n))) return false;
    return query_parse_below(l->s->code, code);
}

static int list_unit(struct listing *l, const struct office *o, uint32_t id, int year)
{
    struct unit u;
    size_t first = json_array_size(l->list);
    unit_init(&u);
    int st = asof_unit(l->q->t, asof_position(l->q->past), id, (uint16_t)year, &u);
    if (st == ST_OK) st = claim_unit(&u, &l->claims);
    for (uint32_t i = 0; st == ST_OK && i < l->claims.count; i++) {
        const struct claim *c = &l->claims.c[i];
        char code[32];
        if (c->activity)
            code_format_activity(c->activity, code);
        else
            code_format_account(c->account, code);
        if (asked_for(l, c, code)) json_array_append_new(l->list, claim_json(l, o, year, c, code));
    }
    const struct query_finding_ask ask = {l->q, l->s, l->kind, l->list};
    if (st == ST_OK && year != 0) st = query_indicators_findings(&ask, o, year);
    if (st == ST_OK && year != 0) st = query_beside_findings(&ask, o, year);
    if (st == ST_OK && year != 0) st = query_name_findings(&ask, o, id, year, &u);
    if (st == ST_OK) query_beside_explain(o, &u, l->s->until, l->list, first);
    unit_done(&u);
    return st;
}

/* The years an office has anything in, after `year`; ST_NOT_FOUND when there is none. */
static int next_year(const struct listing *l, uint32_t id, int year, int *ret)
{
    uint8_t k[6];
    struct store_cursor *c = NULL;
    struct slice key, value;
    bytes_be32(k, id);
    bytes_be16(k + 4, (uint16_t)(year + 1));
    int st = store_cursor(l->q->t, FOLD_LEAF, &c);
    if (st != ST_OK) return st;
    st = store_seek(c, slice_of(k, sizeof k), &key, &value);
    if (st == ST_OK && (key.n < 6 || bytes_rd32(key.p) != id)) st = ST_NOT_FOUND;
    if (st == ST_OK) *ret = bytes_rd16(key.p + 4);
    store_cursor_close(&c);
    return st;
}

static int list_office(struct listing *l, const struct office *o)
{
    uint32_t id;
    int st = unit_dict_get(l->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_NOT_FOUND) return ST_OK;
    if (st != ST_OK || l->s->year) return st == ST_OK ? list_unit(l, o, id, l->s->year) : st;
    for (int year = 0; (st = next_year(l, id, year, &year)) == ST_OK;) {
        st = list_unit(l, o, id, year);
        if (st != ST_OK) return st;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static bool inside(const struct query_scope *s, const struct office *o)
{
    if (s->office) return o == s->office;
    region_code at = o->region;
    while (at != s->region && at != 0) at = code_region_parent(at);
    return at == s->region;
}

/* The kinds of domain.md 7, those that only intake or nobody yet proves included: they list nothing, which is true of them. Two
 * have another name in older lists of findings. */
static int parse_kind(const struct query_context *q, struct slice text, struct slice *ret, struct query_problem *problem)
{
    static const char *const kinds[] = {
        "induk-rincian", "persen", "capaian", "kategori", "satuan", "melebihi-pagu", "tanpa-pagu", "pagu-minus", "pagu-dihapus",
        "kumulatif-turun", "belum-lengkap", "angka-rusak", "ambigu", "kode-rusak", "antar-tabel", "uraian-berbeda",
        "kode-tak-dikenal", "baris-ganda", "uang-tanpa-keluaran", "keluaran-tanpa-uang", "sama-dengan-bulan-lalu",
        "sama-dengan-tahun-lalu", "salinan", "skala-1000", "lonjakan", "target-nol"};
    static const struct { const char *old, *kind; } renamed[] = {{"jumlah-anak", "induk-rincian"}, {"nol-ganda", "baris-ganda"}};
    *ret = text;
    if (text.n == 0) return ST_OK;
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++)
        if (strlen(renamed[i].old) == text.n && !memcmp(renamed[i].old, text.p, text.n))
            *ret = slice_of(renamed[i].kind, strlen(renamed[i].kind));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i]) == ret->n && !memcmp(kinds[i], ret->p, ret->n)) return ST_OK;
    return query_refuse(problem, q, "kind", text, "jenis temuan tidak dikenal; misalnya induk-rincian, persen, melebihi-pagu",
                        "unknown kind of finding; such as induk-rincian, persen, melebihi-pagu");
}

int query_findings(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    int st = query_parse_scope(q, p, false, &s, ret_problem);
    struct slice kind;
    if (st == ST_OK) st = parse_kind(q, p->kind, &kind, ret_problem);
    if (st != ST_OK) return st;
    struct listing l = {.q = q, .s = &s, .kind = kind, .list = json_array()};
    json_t *answer = json_object();
    claim_init(&l.claims);
    st = query_parse_stamp(q, answer);
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (inside(&s, registry_at(q->registry, i))) st = list_office(&l, registry_at(q->registry, i));
    claim_done(&l.claims);
    for (size_t i = json_array_size(l.list); p->open.n > 0 && i-- > 0;) {
        const char *state = json_string_value(json_object_get(json_array_get(l.list, i), "state"));
        if (!state || strcmp(state, "open") != 0) json_array_remove(l.list, i);
    }
    json_object_set_new(answer, "findings", l.list);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
