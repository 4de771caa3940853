/* query_finding.c - what is provably wrong in the figures of a region's offices, listed. Kind: P.
 *
 * Claims are a pure function of one office-year (claim.h), so the list is computed from the units at the asked cut-off; counts a
 * node carries in cells come from the same function and cannot differ. difference = printed - computed, as the reports' own
 * correction tables have it. */
#include <stdio.h>
#include <string.h>

#include "aggregator/claim.h"
#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_review.h"
#include "proto/period.h"

struct listing {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    json_t *list;
    bool counted;                       /* only how many at which code: nothing is worded or explained */
    struct claims claims;
    struct query_copies *copies;
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
static void where_text(const struct listing *l, const struct claim *c, const char *code, char *text, size_t size)
{
    char stage[20], account[32] = "";
    bool spent = c->measure == MEASURE_REALISED;        /* then the stage is that of the budget it is held against */
    figure_stage_format(c->stage, stage);
    if (c->account && c->activity) code_format_account(c->account, account);
    bool plain = c->measure == MEASURE_PRINTED_ABSORPTION || c->source == (spent ? SOURCE_OPD : SOURCE_DPA);
    int n = snprintf(text, size, "%s%s%s %s%s%s%s%s %s %s", code, account[0] ? " " : "", account,
                     measure_text(c->measure, l->q->lang), plain ? "" : " ", plain ? "" : figure_source_name(c->source),
                     stage[0] && !spent ? " " : "", spent ? "" : stage,
                     period_text(c, l->q->lang), period_month_name(c->month ? c->month : 12, l->q->lang));
    if (spent && stage[0] && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ", %s %s", measure_text(MEASURE_BUDGET, l->q->lang), stage);
}

static int put_claim(const struct listing *l, const struct query_finding_ask *ask, const struct office *o, int year,
                     const struct claim *c, const char *code)
{
    char where[224];
    if (l->counted) {
        if (!query_finding_wanted(ask, c->code, code)) return ST_OK;
        return query_finding_add(ask, json_pack("{ss}", "code", code));
    }
    where_text(l, c, code, where, sizeof where);
    json_t *j = query_finding_new(ask, o->id, year, c->code, code, where);
    if (!j) return ST_OK;
    if (c->code == CODE_PERCENT) query_finding_percent(j, (int64_t)c->printed, c->decimals, c->num, c->den);
    else query_finding_money(j, c->printed, c->computed);
    return query_finding_add(ask, j);
}

static int list_unit(struct listing *l, const struct office *o, uint32_t id, int year)
{
    struct unit u;
    const struct query_finding_ask ask = {l->q, l->s, l->kind, l->list};
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
        if (l->s->until >= c->from && l->s->until <= c->to) st = put_claim(l, &ask, o, year, c, code);
    }
    if (st == ST_OK && year != 0) st = query_indicators_findings(&ask, o, year);
    if (st == ST_OK && year != 0) st = query_beside_findings(&ask, o, year);
    if (st == ST_OK && year != 0) st = query_name_findings(&ask, o, id, year, &u);
    if (st == ST_OK && year != 0) st = query_size_findings(&ask, o, id, year, &u);
    if (st == ST_OK && year != 0 && l->copies) st = query_copies_add(l->copies, o, &u, (unsigned)l->s->until);
    if (st == ST_OK && !l->counted) st = query_beside_explain(l->q, o, &u, l->s->until, l->list, first);
    unit_done(&u);
    return st;
}

int query_finding_next_year(const struct query_context *q, uint32_t id, int year, int *ret)
{
    uint8_t k[6];
    struct store_cursor *c = NULL;
    struct slice key, value;
    bytes_be32(k, id);
    bytes_be16(k + 4, (uint16_t)(year + 1));
    int st = store_cursor(q->t, FOLD_LEAF, &c);
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
    for (int year = 0; (st = query_finding_next_year(l->q, id, year, &year)) == ST_OK;) {
        st = list_unit(l, o, id, year);
        if (st != ST_OK) return st;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
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

/* Offices of the regions that are asked about, listed elsewhere or not at all: only to be compared with. */
static int add_neighbours(struct listing *l, const struct office *of)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(l->q->registry); i++) {
        const struct office *o = registry_at(l->q->registry, i);
        uint32_t id;
        if (o == of || o->region != of->region) continue;
        st = unit_dict_get(l->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
        int year = l->s->year - 1;
        while (st == ST_OK && (st = query_finding_next_year(l->q, id, year, &year)) == ST_OK &&
               (l->s->year == 0 || year == l->s->year)) {
            struct unit u;
            unit_init(&u);
            st = asof_unit(l->q->t, asof_position(l->q->past), id, (uint16_t)year, &u);
            if (st == ST_OK && year != 0) st = query_copies_add(l->copies, o, &u, (unsigned)l->s->until);
            unit_done(&u);
        }
        if (st == ST_NOT_FOUND) st = ST_OK;
    }
    return st;
}

int query_finding_office(const struct query_context *q, const struct query_scope *s, struct slice kind, const struct office *o,
                         json_t *list)
{
    struct listing l = {.q = q, .s = s, .kind = kind, .list = list};
    claim_init(&l.claims);
    int st = list_office(&l, o);
    claim_done(&l.claims);
    return st;
}

static bool wants_copies(const struct listing *l) { return l->kind.n == 0 || bytes_is(l->kind, status_code_spelling(CODE_COPIED)); }

static int list_scope(struct listing *l)
{
    const struct query_finding_ask ask = {l->q, l->s, l->kind, l->list};
    claim_init(&l->claims);
    int st = query_copies_new(&l->copies);
    for (size_t i = 0; st == ST_OK && i < registry_count(l->q->registry); i++)
        if (query_indicators_inside(l->s, registry_at(l->q->registry, i))) st = list_office(l, registry_at(l->q->registry, i));
    if (st == ST_OK && l->s->office && wants_copies(l)) st = add_neighbours(l, l->s->office);
    if (st == ST_OK) st = query_copies_findings(&ask, l->copies);
    query_copies_free(&l->copies);
    claim_done(&l->claims);
    return st;
}

int query_finding_list(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list)
{
    struct listing l = {.q = q, .s = s, .kind = kind, .list = list};
    return list_scope(&l);
}

static size_t count_below(const json_t *list, struct slice code)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += query_parse_below(code, json_string_value(json_object_get(json_array_get(list, i), "code")));
    return n;
}

int query_finding_count(const struct query_context *q, const struct query_scope *s, json_t *rows, json_t *total, bool *ret_all)
{
    struct query_scope whole = *s;
    size_t offices = 0;
    whole.code = slice_of("", 0);
    for (size_t i = 0; i < registry_count(q->registry); i++) offices += query_indicators_inside(s, registry_at(q->registry, i));
    *ret_all = offices <= QUERY_COUNT_OFFICES;
    if (!*ret_all) return ST_OK;
    json_t *list = json_array();
    struct listing l = {.q = q, .s = &whole, .kind = slice_of("", 0), .list = list, .counted = true};
    int st = list_scope(&l);
    for (size_t i = 0; st == ST_OK && i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *code = json_string_value(json_object_get(row, "code"));
        json_object_set_new(row, "findings", json_integer((json_int_t)count_below(list, slice_of(code, strlen(code)))));
    }
    if (st == ST_OK) json_object_set_new(total, "findings", json_integer((json_int_t)json_array_size(list)));
    json_decref(list);
    return st;
}

static int list_corrected(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list,
                          struct query_problem *problem)
{
    int st = query_finding_corrected(q, s, kind, list);
    if (st == ST_FULL)
        return query_refuse(problem, q, "corrected", slice_of("1", 1), "terlalu banyak pernyataan; sebutkan --office dan --year",
                            "too many statements; give --office and --year");
    if (st == ST_NOT_FOUND)
        return query_refuse(problem, q, "corrected", slice_of("1", 1),
                            "waktu catatan belum tersimpan lengkap; hitung ulang aggregator/state",
                            "times of records are not all kept; fold aggregator/state again");
    return st;
}

int query_findings(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    int st = query_parse_scope(q, p, false, &s, ret_problem);
    struct slice kind;
    if (st == ST_OK) st = parse_kind(q, p->kind, &kind, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object(), *list = json_array();
    st = query_parse_stamp(q, answer);
    if (st == ST_OK) st = p->corrected.n ? list_corrected(q, &s, kind, list, ret_problem) : query_finding_list(q, &s, kind, list);
    if (st == ST_OK && !p->corrected.n) st = query_finding_addresses(q, &s, kind, list);
    if (st == ST_OK && !p->corrected.n) st = query_review_findings(q, list);
    for (size_t i = json_array_size(list); p->open.n > 0 && i-- > 0;) {
        const char *state = json_string_value(json_object_get(json_array_get(list, i), "state"));
        if (!state || strcmp(state, "open") != 0) json_array_remove(list, i);
    }
    json_object_set_new(answer, "findings", list);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
