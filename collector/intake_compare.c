/* intake_compare.c - one row of `pembanding`: a second print of figures that are stated elsewhere. Kind: P.
 *
 * The table it stands in is part of the key (figure.indicator), so two tables never overwrite each other and nothing of them is
 * ever added. What a row states: pagu -> COMPARED_BUDGET (source = sumber, none when not said: it is then held against whichever
 * budget it repeats, aggregator/compare.h), realisasi -> COMPARED_REALISED, persen_tercetak -> COMPARED_ABSORPTION, in the month
 * of the row's period (12 when there is none). An empty cell was not printed: nothing is said. Invariant: each figure added passes
 * figure_check, or its cell is refused. */
#include "collector/intake_priv.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

struct compare_row {
    uint16_t year, stage;
    activity_code activity;
    account_code account;
    struct intake_period period;
    uint8_t source;
    struct slice table, reason;
    struct decimal_reading budget, realised, percent;
};

bool intake_required_text(struct intake *in, enum shape_column c, struct slice *ret)
{
    if (!intake_short_text(in, c, ret)) return false;
    if (ret->n > 0) return true;
    intake_refuse(in, c, CODE_MISSING_KEY, SAY("kolom kunci kosong", "a required key cell is empty"));
    return false;
}

bool intake_row_is_data(struct intake *in, enum shape_column key, enum shape_column other)
{
    struct slice k = intake_cell(in, key), o = intake_cell(in, other);
    bool digit = (k.n > 0 && k.p[0] >= '0' && k.p[0] <= '9') || (o.n > 0 && o.p[0] >= '0' && o.p[0] <= '9');
    if (digit || bytes_is(k, "total")) return true;
    bool total = k.n == 0 && intake_says_total(in);
    intake_note_at(in, in->priv->line, 0, total ? "baris-jumlah" : "bukan-data",
                   total ? SAY("baris jumlah tanpa kode dilewati", "a total row without a code is skipped")
                         : SAY("bukan baris data, dilewati", "not a data row, skipped"));
    return false;
}

static bool read_row(struct intake *in, struct compare_row *w)
{
    struct intake_priv *p = in->priv;
    *w = (struct compare_row){0};
    bool year = intake_year(in, &w->year);
    bool ok = year && intake_vintage(in, w->year, &p->vintage);
    ok = ok && intake_code(in, p->vintage, &w->activity, &w->account);
    ok = year && intake_period(in, w->year, &w->period) && ok;
    ok = intake_stage(in, &w->stage) && ok;
    ok = intake_source(in, &w->source) && ok;
    ok = intake_required_text(in, COLUMN_TABEL, &w->table) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &w->reason) && ok;
    ok = intake_money(in, COLUMN_PAGU, COLUMN_PAGU_TEKS, false, &w->budget) && ok;
    ok = intake_money(in, COLUMN_REALISASI, COLUMN_REALISASI_TEKS, true, &w->realised) && ok;
    ok = intake_percent(in, COLUMN_PERSEN_TERCETAK, &w->percent) && ok;
    if (w->activity == 0) p->vintage = VINTAGE_NONE;
    return ok;
}

static void add(struct intake *in, const struct compare_row *w, unsigned measure, enum shape_column c,
                const struct decimal_reading *d)
{
    struct figure f = {.activity = w->activity, .account = w->account, .indicator = w->table, .measure = (uint16_t)measure,
                       .year = w->year, .month = (uint8_t)w->period.month, .basis = BASIS_CUMULATIVE, .reason = w->reason};
    if (measure != MEASURE_COMPARED_REALISED) f.stage = w->stage;
    if (measure == MEASURE_COMPARED_BUDGET) {
        f.source = w->source;
        f.basis = BASIS_NONE;
    }
    if (d->kind == DEC_NUMBER) {
        f.kind = VALUE_NUMBER;
        f.value = d->value;
        if (measure == MEASURE_COMPARED_ABSORPTION) f.decimals = d->decimals;
    } else if (d->kind == DEC_NIL) {
        f.kind = VALUE_NIL;
    } else if (bytes_is(w->reason, "dicabut") && intake_has(in, c)) {
        f.kind = VALUE_WITHDRAWN;
    } else {
        return;
    }
    intake_add(in, c, &f);
}

bool intake_compare_row(struct intake *in)
{
    struct compare_row w;
    if (!intake_row_is_data(in, COLUMN_KODE, COLUMN_TAHUN)) return false;
    if (!read_row(in, &w)) return true;
    add(in, &w, MEASURE_COMPARED_BUDGET, COLUMN_PAGU, &w.budget);
    add(in, &w, MEASURE_COMPARED_REALISED, COLUMN_REALISASI, &w.realised);
    add(in, &w, MEASURE_COMPARED_ABSORPTION, COLUMN_PERSEN_TERCETAK, &w.percent);
    if (in->priv->figures == 0)
        intake_note_at(in, in->priv->line, 0, "tanpa-nilai", SAY("baris tidak menyatakan apa pun", "the row states nothing"));
    return true;
}
