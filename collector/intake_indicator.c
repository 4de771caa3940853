/* intake_indicator.c - one row of `indikator`: what is measured, promised and reached. Kind: P.
 *
 * An indicator is named by its `id`, else by its folded name below its code (case, blanks, Prosentase = Presentase = Persentase);
 * `no` is print order. What a row states (collector/intake.h has the table for money): target -> TARGET, source = sumber or dpa,
 * stage = tahap, month of the row's period, else 1; its unit -> TARGET_UNIT realisasi, pembilang, penyebut -> REACHED, NUMERATOR,
 * DENOMINATOR, source opd (bud when sumber says so), month of the period; its unit -> REACHED_UNIT. sumber names where the target
 * stands: what was reached is the office's own figure beside any of them capaian_tercetak, kategori_tercetak -> claims beside the
 * target's source and stage, month of the period name, no, formula, agregasi, agregasi_unit, bobot, awal, tingkat,
 * penanggung_jawab, sumber_dana -> the indicator itself: no source, no stage, month 1. Target and realisation both empty: the row
 * only defines. A text target gives no achievement unless formula TEXT (any text) or RANGE (two bounds) is declared. Invariant:
 * each figure added passes figure_check, or its cell is refused. */
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

struct indicator_row {
    uint16_t year, stage;
    activity_code activity;
    account_code account;
    struct intake_period period;
    uint8_t source, formula, over_time, over_units;
    struct slice name, identity, no, unit, tier, owner, fund, reason;
    struct intake_amount target, reached, numerator, denominator, baseline, weight;
    struct decimal_reading achievement;
    struct slice rating;
};

/* ---- is it a data row? ---- */

static bool digit_first(struct slice s) { return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9'; }

static bool is_data(struct intake *in)
{
    struct slice code = intake_cell(in, COLUMN_KODE), year = intake_cell(in, COLUMN_TAHUN),
                 name = intake_cell(in, COLUMN_INDIKATOR);
    bool valued = intake_cell(in, COLUMN_TARGET).n > 0 || intake_cell(in, COLUMN_REALISASI).n > 0;
    if (digit_first(code) || digit_first(year) || bytes_is(code, "total") || (name.n > 0 && valued)) return true;
    bool total = code.n == 0 && intake_says_total(in);
    intake_note_at(in, in->priv->line, 0, total ? "baris-jumlah" : "bukan-data",
                   total ? SAY("baris jumlah tanpa kode dilewati", "a total row without a code is skipped")
                         : SAY("bukan baris data, dilewati", "not a data row, skipped"));
    return false;
}

/* ---- identity ---- */

static bool read_identity(struct intake *in, struct indicator_row *w)
{
    struct slice id;
    char folded[TEXT_MAX + 1];
    if (!intake_short_text(in, COLUMN_INDIKATOR, &w->name) || !intake_short_text(in, COLUMN_ID, &id)) return false;
    if (w->name.n == 0) {
        intake_refuse(in, COLUMN_INDIKATOR, CODE_MISSING_KEY, SAY("kolom kunci kosong", "a required key cell is empty"));
        return false;
    }
    if (id.n == 0) (void)achieve_identity(w->name, folded);
    w->identity = id.n ? id : intake_keep(in, folded);
    if (w->identity.n > 0) return true;
    intake_refuse(in, COLUMN_INDIKATOR, CODE_MISSING_KEY, SAY("bukan nama indikator", "is no name of an indicator"));
    return false;
}

/* ---- the cells that say how the indicator is judged ---- */

static bool read_id(struct intake *in, enum shape_column c, int (*parse)(struct slice, uint8_t *), const char *known, uint8_t *ret)
{
    struct slice s = intake_cell(in, c);
    if (s.n == 0 || parse(s, ret) == ST_OK) return true;
    intake_refuse(in, c, CODE_FORMULA_UNKNOWN, intake_text(in, "%s (%s)", SAY("tidak dikenal", "is not known"), known));
    return false;
}

static bool read_rules(struct intake *in, struct indicator_row *w)
{
    bool ok = read_id(in, COLUMN_FORMULA, achieve_formula_parse,
                      "MAX, MIN, MIN_RATIO, RANGE, RANGE_MIN, STABLE, SCALE, TEXT, DELTA", &w->formula);
    ok = read_id(in, COLUMN_AGREGASI, achieve_time_parse, "AKUMULATIF, AKHIR, RATA, MAKS, MIN", &w->over_time) && ok;
    return read_id(in, COLUMN_AGREGASI_UNIT, achieve_units_parse, "SUM, RASIO, RATA_TERTIMBANG, MAX, MIN, NONE", &w->over_units) &&
           ok;
}

static bool read_words(struct intake *in, struct indicator_row *w)
{
    bool ok = intake_short_text(in, COLUMN_NO, &w->no);
    ok = intake_short_text(in, COLUMN_TINGKAT, &w->tier) && ok;
    ok = intake_short_text(in, COLUMN_PENANGGUNG_JAWAB, &w->owner) && ok;
    ok = intake_short_text(in, COLUMN_SUMBER_DANA, &w->fund) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &w->reason) && ok;
    ok = intake_short_text(in, COLUMN_KATEGORI_TERCETAK, &w->rating) && ok;
    w->unit = intake_cell(in, COLUMN_SATUAN);
    if (w->unit.n <= UNIT_TEXT_MAX) return ok;
    intake_refuse(in, COLUMN_SATUAN, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
    return false;
}

static bool read_amounts(struct intake *in, struct indicator_row *w)
{
    bool words = w->formula == ACHIEVE_TEXT, range = w->formula == ACHIEVE_RANGE || w->formula == ACHIEVE_RANGE_MIN;
    const struct {
        struct intake_amount_rule rule;
        struct intake_amount *ret;
    } cells[] = {
        {{COLUMN_TARGET, COLUMN_TARGET_TEKS, false, words, range, w->unit}, &w->target},
        {{COLUMN_REALISASI, COLUMN_REALISASI_TEKS, true, words, false, w->unit}, &w->reached},
        {{COLUMN_PEMBILANG, COLUMN_UNKNOWN, true, false, false, {0}}, &w->numerator},
        {{COLUMN_PENYEBUT, COLUMN_UNKNOWN, true, false, false, {0}}, &w->denominator},
        {{COLUMN_AWAL, COLUMN_UNKNOWN, true, false, false, w->unit}, &w->baseline},
        {{COLUMN_BOBOT, COLUMN_UNKNOWN, false, false, false, {(const uint8_t *)"%", 1}}, &w->weight},
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) ok = intake_amount(in, &cells[i].rule, cells[i].ret) && ok;
    return intake_percent(in, COLUMN_CAPAIAN_TERCETAK, &w->achievement) && ok;
}

static bool read_row(struct intake *in, struct indicator_row *w)
{
    struct intake_priv *p = in->priv;
    *w = (struct indicator_row){0};
    bool year = intake_year(in, &w->year);
    bool ok = year && intake_vintage(in, w->year, &p->vintage);
    ok = ok && intake_code(in, p->vintage, &w->activity, &w->account);
    ok = year && intake_period(in, w->year, &w->period) && ok;
    ok = intake_stage(in, &w->stage) && ok;
    ok = intake_source(in, &w->source) && ok;
    ok = read_identity(in, w) && ok;
    ok = read_rules(in, w) && ok;
    ok = read_words(in, w) && ok;
    ok = read_amounts(in, w) && ok;
    if (w->activity == 0) p->vintage = VINTAGE_NONE;
    return ok;
}

/* ---- figures ---- */

static struct figure about(const struct indicator_row *w, unsigned measure)
{
    return (struct figure){.activity = w->activity,
                           .account = w->account,
                           .indicator = w->identity,
                           .measure = (uint16_t)measure,
                           .year = w->year,
                           .month = 1,
                           .reason = w->reason};
}

static void add_words(struct intake *in, enum shape_column c, struct figure f, struct slice text)
{
    if (text.n == 0) return;
    f.kind = VALUE_TEXT;
    f.text = text;
    intake_add(in, c, &f);
}

static void add_definition(struct intake *in, const struct indicator_row *w)
{
    const struct {
        enum shape_column column;
        unsigned measure;
        struct slice text;
    } words[] = {
        {COLUMN_INDIKATOR, MEASURE_INDICATOR_NAME, w->name},
        {COLUMN_NO, MEASURE_INDICATOR_NO, w->no},
        {COLUMN_FORMULA, MEASURE_FORMULA, intake_keep(in, achieve_formula_name(w->formula))},
        {COLUMN_AGREGASI, MEASURE_OVER_TIME, intake_keep(in, achieve_time_name(w->over_time))},
        {COLUMN_AGREGASI_UNIT, MEASURE_OVER_UNITS, intake_keep(in, achieve_units_name(w->over_units))},
        {COLUMN_TINGKAT, MEASURE_TIER, w->tier},
        {COLUMN_PENANGGUNG_JAWAB, MEASURE_OWNER, w->owner},
        {COLUMN_SUMBER_DANA, MEASURE_FUND, w->fund},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_words(in, words[i].column, about(w, words[i].measure), words[i].text);
}

/* A cell's value into f and the figure into the row; an empty cell of a withdrawing row takes its figure back. */
static void add_amount(struct intake *in, const struct indicator_row *w, const struct intake_amount *a, enum shape_column c,
                       struct figure f)
{
    switch (a->d.kind) {
    case DEC_NUMBER:
        f.kind = VALUE_NUMBER;
        f.value = a->d.value;
        break;
    case DEC_NIL:
        f.kind = VALUE_NIL;
        break;
    case DEC_TEXT:
        f.kind = VALUE_TEXT;
        f.text = a->text;
        break;
    case DEC_EMPTY:
    default:
        if (!bytes_is(w->reason, "dicabut") || !intake_has(in, c)) return;
        f.kind = VALUE_WITHDRAWN;
    }
    intake_add(in, a->d.kind == DEC_EMPTY ? c : a->from, &f);
}

static uint8_t target_source(const struct indicator_row *w) { return w->source ? w->source : SOURCE_DPA; }

static void add_target(struct intake *in, const struct indicator_row *w)
{
    struct figure f = about(w, MEASURE_TARGET), unit;
    f.source = target_source(w);
    f.stage = w->stage;
    unit = f;
    unit.measure = MEASURE_TARGET_UNIT;
    if (w->period.stated) f.month = (uint8_t)w->period.month;
    add_amount(in, w, &w->target, COLUMN_TARGET, f);
    add_words(in, w->target.unit.p == w->unit.p ? COLUMN_SATUAN : w->target.from, unit, w->target.unit);
}

static void add_reached(struct intake *in, const struct indicator_row *w)
{
    const struct {
        const struct intake_amount *a;
        enum shape_column column;
        unsigned measure;
    } cells[] = {
        {&w->reached, COLUMN_REALISASI, MEASURE_REACHED},
        {&w->numerator, COLUMN_PEMBILANG, MEASURE_NUMERATOR},
        {&w->denominator, COLUMN_PENYEBUT, MEASURE_DENOMINATOR},
    };
    uint8_t source = w->source == SOURCE_BUD ? SOURCE_BUD : SOURCE_OPD;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        struct figure f = about(w, cells[i].measure);
        f.source = source;
        f.month = (uint8_t)w->period.month;
        f.basis = (uint8_t)w->period.basis;
        add_amount(in, w, cells[i].a, cells[i].column, f);
    }
    struct figure unit = about(w, MEASURE_REACHED_UNIT);
    unit.source = source;
    add_words(in, w->reached.unit.p == w->unit.p ? COLUMN_SATUAN : w->reached.from, unit, w->reached.unit);
}

static void add_printed(struct intake *in, const struct indicator_row *w)
{
    struct figure f = about(w, MEASURE_PRINTED_ACHIEVEMENT);
    f.source = target_source(w);
    f.stage = w->stage;
    f.month = (uint8_t)w->period.month;
    struct figure rating = f;
    rating.measure = MEASURE_PRINTED_RATING;
    add_words(in, COLUMN_KATEGORI_TERCETAK, rating, w->rating);
    if (w->achievement.kind != DEC_NUMBER) return;
    f.kind = VALUE_NUMBER;
    f.value = w->achievement.value;
    f.decimals = w->achievement.decimals;
    intake_add(in, COLUMN_CAPAIAN_TERCETAK, &f);
}

/* The unit of an indicator that is not yet measured is known all the same. */
static void add_unit_alone(struct intake *in, const struct indicator_row *w)
{
    struct figure f = about(w, MEASURE_TARGET_UNIT);
    if (w->target.unit.n > 0 || w->unit.n == 0) return;
    f.source = target_source(w);
    f.stage = w->stage;
    add_words(in, COLUMN_SATUAN, f, w->unit);
}

static void note_period(struct intake *in, const struct indicator_row *w)
{
    bool valued = w->reached.d.kind != DEC_EMPTY || w->achievement.kind == DEC_NUMBER || w->rating.n > 0;
    if (valued && !w->period.stated)
        intake_note(in, COLUMN_TAHUN, "tanpa-periode",
                    SAY("tanpa periode: dibaca kumulatif s.d. bulan 12", "no period: read as cumulative to month 12"));
}

bool intake_indicator_row(struct intake *in)
{
    struct indicator_row w;
    if (!is_data(in)) return false;
    if (!read_row(in, &w)) return true;
    add_definition(in, &w);
    add_target(in, &w);
    add_unit_alone(in, &w);
    add_reached(in, &w);
    add_printed(in, &w);
    const struct {
        enum shape_column column;
        unsigned measure;
        const struct intake_amount *a;
    } numbers[] = {{COLUMN_AWAL, MEASURE_BASELINE, &w.baseline}, {COLUMN_BOBOT, MEASURE_WEIGHT, &w.weight}};
    for (size_t i = 0; i < 2; i++)
        if (numbers[i].a->d.kind != DEC_TEXT) add_amount(in, &w, numbers[i].a, numbers[i].column, about(&w, numbers[i].measure));
    note_period(in, &w);
    return true;
}
