/* intake_plan.c - one row of `renstra`: a plan's target and ceiling of one year, or its start and end. Kind: P.
 *
 * The plan is (office, jenis, periode); jenis renstra or rpjmd is the source of its figures. periode is the column, else the span
 * of the years in the file (said in a note). Its codes are of the list of its first year unless a column says otherwise. What a row
 * states: target -> TARGET, pagu -> BUDGET of that source and year, month 1; of `awal` -> PLAN_START; of `akhir` -> PLAN_END and
 * PLAN_END_BUDGET, in the plan's first year; realisasi_sd -> PLAN_REACHED of an indicator, else PLAN_REALISED; and PLAN, the
 * plan's period, in the years it speaks of. Name and number of an indicator carry the plan's source, so that what the office itself
 * prints in its own indicators goes before. Invariant: each figure added passes figure_check, or its cell is refused. */
#include <stdio.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"
#include "proto/period.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

enum { PLAN_YEARS_MAX = 25 };
enum plan_when { PLAN_YEARLY, PLAN_AT_START, PLAN_AT_END };
struct plan_row {
    enum plan_when when;
    uint16_t year, first, last, stage;
    activity_code activity;
    account_code account;
    uint8_t source;
    struct slice name, identity, no, unit, reason;
    struct intake_amount target, reached;
    struct decimal_reading budget, realised;
};

/* ---- the plan ---- */

/* "2021-2026", "2021 s.d. 2026", "2021/2026": two years, nothing but marks and letters between. */
bool intake_plan_period(struct slice s, uint16_t *ret_first, uint16_t *ret_last)
{
    int first, last;
    if (s.n < 9 || period_parse_year(slice_of(s.p, 4), &first) != ST_OK) return false;
    if (period_parse_year(slice_of(s.p + s.n - 4, 4), &last) != ST_OK) return false;
    for (size_t i = 4; i < s.n - 4; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') return false;
    if (last < first || last - first >= PLAN_YEARS_MAX) return false;
    *ret_first = (uint16_t)first;
    *ret_last = (uint16_t)last;
    return true;
}

/* The span of the years in the file; 0 when no row has one. */
static void span_of_file(struct intake *in, uint16_t *ret_first, uint16_t *ret_last)
{
    const struct intake_priv *p = in->priv;
    uint32_t at = p->shape.column[COLUMN_TAHUN];
    int year;
    *ret_first = *ret_last = 0;
    for (uint32_t r = p->shape.header + 1; r < p->table.rows; r++) {
        if (period_parse_year(bytes_trim(csv_table_cell(&p->table, r, at - 1)), &year) != ST_OK) continue;
        if (*ret_first == 0 || year < *ret_first) *ret_first = (uint16_t)year;
        if (year > *ret_last) *ret_last = (uint16_t)year;
    }
}

static bool read_period(struct intake *in, struct plan_row *w)
{
    struct intake_priv *p = in->priv;
    struct slice s = intake_cell(in, COLUMN_PERIODE);
    if (s.n > 0) {
        if (intake_plan_period(s, &w->first, &w->last)) return true;
        intake_refuse(in, COLUMN_PERIODE, CODE_PERIOD_BROKEN, SAY("bukan periode rencana (2021-2026)",
                                                                  "no period of a plan (2021-2026)"));
        return false;
    }
    if (p->plan_first == 0) {
        span_of_file(in, &p->plan_first, &p->plan_last);
        if (p->plan_first)
            intake_note_at(in, p->table.row[p->shape.header].line, 0, "periode-rencana",
                           intake_text(in, "%s %u-%u", SAY("tanpa kolom periode; dari tahun-tahun di berkas:",
                                                           "no column periode; from the years in the file:"),
                                       p->plan_first, p->plan_last));
    }
    w->first = p->plan_first;
    w->last = p->plan_last;
    if (w->first > 0 && w->last - w->first < PLAN_YEARS_MAX) return true;
    intake_refuse(in, COLUMN_TAHUN, CODE_MISSING_KEY, SAY("periode rencana tidak diketahui; tambahkan kolom periode (2021-2026)",
                                                          "the plan's period is not known; add a column periode (2021-2026)"));
    return false;
}

static bool read_year(struct intake *in, struct plan_row *w)
{
    struct slice s = intake_cell(in, COLUMN_TAHUN);
    w->when = bytes_is(s, "awal") ? PLAN_AT_START : bytes_is(s, "akhir") ? PLAN_AT_END : PLAN_YEARLY;
    bool ok = w->when != PLAN_YEARLY || intake_year(in, &w->year);
    if (!read_period(in, w)) return false;
    if (w->when != PLAN_YEARLY) w->year = w->first;
    if (!ok || (w->year >= w->first && w->year <= w->last)) return ok;
    intake_refuse(in, COLUMN_TAHUN, CODE_PERIOD_BROKEN, SAY("tahun di luar periode rencana",
                                                            "the year is outside the plan's period"));
    return false;
}

static bool read_kind(struct intake *in, struct plan_row *w)
{
    struct slice s = intake_cell(in, COLUMN_JENIS);
    if (s.n == 0) s = intake_cell(in, COLUMN_SUMBER);
    w->source = SOURCE_RENSTRA;
    if (s.n == 0 || (figure_source_parse(s, &w->source) == ST_OK && (w->source == SOURCE_RENSTRA || w->source == SOURCE_RPJMD)))
        return true;
    intake_refuse(in, COLUMN_JENIS, CODE_SOURCE_UNKNOWN, SAY("bukan jenis rencana (renstra, rpjmd)",
                                                             "no kind of plan (renstra, rpjmd)"));
    return false;
}

/* ---- cells ---- */

static bool only_dash(struct slice s) { return bytes_is(s, "-") || bytes_is(s, "\xe2\x80\x93"); }

/* A dash in the text beside an empty amount is how plans print "none": nothing is said. */
static bool read_budget(struct intake *in, struct plan_row *w)
{
    bool dash = intake_cell(in, COLUMN_PAGU).n == 0 && only_dash(intake_cell(in, COLUMN_PAGU_TEKS));
    if (dash && in->priv->o.dash != DASH_ZERO) {
        intake_note(in, COLUMN_PAGU_TEKS, "strip", SAY("strip dibaca sebagai kosong", "a dash is read as empty"));
        w->budget = (struct decimal_reading){.kind = DEC_EMPTY};
        return true;
    }
    return intake_money(in, COLUMN_PAGU, COLUMN_PAGU_TEKS, false, &w->budget);
}

/* Nothing printed as its name: it is known by its number below the code. */
static bool read_identity(struct intake *in, struct plan_row *w)
{
    char folded[TEXT_MAX + 1];
    if (!intake_short_text(in, COLUMN_INDIKATOR, &w->name) || !intake_short_text(in, COLUMN_NO, &w->no)) return false;
    if (w->name.n == 0 && w->target.d.kind == DEC_EMPTY && w->target.text.n == 0) return true;
    if (w->name.n == 0) {
        w->name = intake_keep(in, intake_text(in, "indikator %.*s", w->no.n ? (int)w->no.n : 1, w->no.n ? (const char *)w->no.p
                                              : "1"));
        intake_note(in, COLUMN_INDIKATOR, "indikator-tanpa-nama",
                    intake_text(in, "%s \"%s\"", SAY("tanpa nama; disimpan sebagai", "without a name; stored as"),
                                (const char *)w->name.p));
    }
    (void)achieve_identity(w->name, folded);
    w->identity = intake_keep(in, folded);
    if (w->identity.n > 0) return true;
    intake_refuse(in, COLUMN_INDIKATOR, CODE_MISSING_KEY, SAY("bukan nama indikator", "is no name of an indicator"));
    return false;
}

static bool read_amounts(struct intake *in, struct plan_row *w)
{
    const struct intake_amount_rule target = {COLUMN_TARGET, COLUMN_TARGET_TEKS, false, false, false, w->unit};
    const struct intake_amount_rule reached = {COLUMN_REALISASI_SD, COLUMN_UNKNOWN, true, false, false, w->unit};
    bool ok = intake_amount(in, &target, &w->target);
    ok = read_budget(in, w) && ok;
    ok = read_identity(in, w) && ok;
    if (w->identity.n > 0) return intake_amount(in, &reached, &w->reached) && ok;
    return intake_money(in, COLUMN_REALISASI_SD, COLUMN_UNKNOWN, true, &w->realised) && ok;
}

static bool read_row(struct intake *in, struct plan_row *w)
{
    struct intake_priv *p = in->priv;
    *w = (struct plan_row){0};
    bool ok = read_year(in, w);
    ok = ok && intake_vintage(in, w->first, &p->vintage);
    ok = ok && intake_code(in, p->vintage, &w->activity, &w->account);
    ok = read_kind(in, w) && ok;
    ok = intake_stage(in, &w->stage) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &w->reason) && ok;
    w->unit = intake_cell(in, COLUMN_SATUAN);
    if (w->unit.n > UNIT_TEXT_MAX) {
        intake_refuse(in, COLUMN_SATUAN, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
        ok = false;
    }
    ok = read_amounts(in, w) && ok;
    if (w->activity == 0) p->vintage = VINTAGE_NONE;
    return ok;
}

/* ---- figures ---- */

static struct figure base(const struct plan_row *w, unsigned measure)
{
    return (struct figure){.activity = w->activity, .account = w->account, .measure = (uint16_t)measure, .stage = w->stage,
                           .year = w->year, .source = w->source, .month = 1, .reason = w->reason};
}

static void add_words(struct intake *in, const struct plan_row *w, unsigned measure, enum shape_column c, struct slice text)
{
    struct figure f = base(w, measure);
    if (text.n == 0) return;
    f.indicator = w->identity;
    f.kind = VALUE_TEXT;
    f.text = text;
    if (measure == MEASURE_INDICATOR_NAME || measure == MEASURE_INDICATOR_NO) f.stage = STAGE_NONE;
    intake_add(in, c, &f);
}

static void add_amount(struct intake *in, const struct plan_row *w, unsigned measure, enum shape_column c,
                       const struct intake_amount *a)
{
    struct figure f = base(w, measure);
    f.indicator = w->identity;
    if (a->d.kind == DEC_EMPTY && !(bytes_is(w->reason, "dicabut") && intake_has(in, c))) return;
    f.kind = a->d.kind == DEC_NUMBER ? VALUE_NUMBER : a->d.kind == DEC_NIL ? VALUE_NIL : a->d.kind == DEC_TEXT ? VALUE_TEXT
        : VALUE_WITHDRAWN;
    if (a->d.kind == DEC_NUMBER) f.value = a->d.value;
    if (a->d.kind == DEC_TEXT) f.text = a->text;
    intake_add(in, a->d.kind == DEC_EMPTY ? c : a->from, &f);
}

static void add_money(struct intake *in, const struct plan_row *w, unsigned measure, enum shape_column c,
                      const struct decimal_reading *d)
{
    struct figure f = base(w, measure);
    if (d->kind != DEC_NUMBER && d->kind != DEC_NIL && !(bytes_is(w->reason, "dicabut") && intake_has(in, c))) return;
    f.kind = d->kind == DEC_NUMBER ? VALUE_NUMBER : d->kind == DEC_NIL ? VALUE_NIL : VALUE_WITHDRAWN;
    if (d->kind == DEC_NUMBER) f.value = d->value;
    intake_add(in, c, &f);
}

static void add_marker(struct intake *in, const struct plan_row *w, uint16_t year)
{
    struct figure f = {.measure = MEASURE_PLAN, .year = year, .source = w->source, .month = 1, .kind = VALUE_TEXT};
    f.text = f.indicator = intake_keep(in, intake_text(in, "%u-%u", w->first, w->last));
    intake_add(in, COLUMN_TAHUN, &f);
}

bool intake_plan_row(struct intake *in)
{
    struct plan_row w;
    struct slice year = intake_cell(in, COLUMN_TAHUN);
    bool ends = bytes_is(year, "awal") || bytes_is(year, "akhir");
    if (!ends && !intake_row_is_data(in, COLUMN_KODE, COLUMN_TAHUN)) return false;
    if (!read_row(in, &w)) return true;
    if (w.identity.n > 0) {
        add_words(in, &w, MEASURE_INDICATOR_NAME, COLUMN_INDIKATOR, w.name);
        add_words(in, &w, MEASURE_INDICATOR_NO, COLUMN_NO, w.no);
        add_words(in, &w, w.when == PLAN_YEARLY ? MEASURE_TARGET_UNIT : w.when == PLAN_AT_START ? MEASURE_PLAN_START_UNIT
                  : MEASURE_PLAN_END_UNIT, COLUMN_SATUAN, w.target.unit.n ? w.target.unit : w.unit);
        add_amount(in, &w, w.when == PLAN_YEARLY ? MEASURE_TARGET : w.when == PLAN_AT_START ? MEASURE_PLAN_START : MEASURE_PLAN_END,
                   COLUMN_TARGET, &w.target);
        add_amount(in, &w, MEASURE_PLAN_REACHED, COLUMN_REALISASI_SD, &w.reached);
    } else {
        add_money(in, &w, MEASURE_PLAN_REALISED, COLUMN_REALISASI_SD, &w.realised);
    }
    if (w.when != PLAN_AT_START)
        add_money(in, &w, w.when == PLAN_YEARLY ? MEASURE_BUDGET : MEASURE_PLAN_END_BUDGET, COLUMN_PAGU, &w.budget);
    if (in->priv->figures == 0) {
        intake_note_at(in, in->priv->line, 0, "tanpa-nilai", SAY("baris tidak menyatakan apa pun", "the row states nothing"));
        return true;
    }
    add_marker(in, &w, w.year);
    if (w.year != w.first) add_marker(in, &w, w.first);
    return true;
}
