/* intake_words.c - one row of `komponen` (a part of an indicator) or `catatan` (a note about a line). Kind: P.
 *
 * A part is known by its name as printed. tahun, kode and indikator say whose part it is; without them (as reports print such
 * tables) it is timeless, below `total`, and belongs to the one indicator whose base (`penyebut`) the office states. Counted or not
 * is said in every row: `dihitung = tidak` states why, `ya` takes an earlier reason back. A note is signed like a figure and said
 * about a line and a quarter; `no` tells several of one kind apart. Invariant: each figure added passes figure_check, or its cell
 * is refused. */
#include "collector/intake_priv.h"
#include "proto/achieve.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

struct part_row {
    uint16_t year;
    activity_code activity;
    account_code account;
    struct slice name, of, source, unit, why;
    bool counted;
    struct intake_amount amount;
};

static bool read_counted(struct intake *in, struct part_row *w)
{
    struct slice s = intake_cell(in, COLUMN_DIHITUNG);
    w->counted = bytes_is(s, "ya") || bytes_is(s, "y") || bytes_is(s, "1");
    if (w->counted || bytes_is(s, "tidak") || bytes_is(s, "t") || bytes_is(s, "0")) return true;
    intake_refuse(in, COLUMN_DIHITUNG, s.n ? CODE_AMBIGUOUS : CODE_MISSING_KEY, SAY("bukan ya atau tidak", "neither ya nor tidak"));
    return false;
}

/* Whose part: everything is optional, but a code needs the year whose list it is of. */
static bool read_place(struct intake *in, struct part_row *w)
{
    struct intake_priv *p = in->priv;
    struct slice of;
    char folded[TEXT_MAX + 1];
    bool ok = intake_cell(in, COLUMN_TAHUN).n == 0 || intake_year(in, &w->year);
    w->activity = CODE_TOTAL;
    p->vintage = w->year ? code_vintage_of_year(w->year) : VINTAGE_PERMENDAGRI_90_2019;
    if (intake_cell(in, COLUMN_KODE).n > 0)
        ok = ok && intake_vintage(in, w->year ? w->year : 2021, &p->vintage) &&
             intake_code(in, p->vintage, &w->activity, &w->account);
    if (!intake_short_text(in, COLUMN_INDIKATOR, &of)) return false;
    if (of.n > 0) {
        (void)achieve_identity(of, folded);
        w->of = intake_keep(in, folded);
    }
    if (w->activity == 0) p->vintage = VINTAGE_NONE;
    return ok;
}

static bool read_part(struct intake *in, struct part_row *w)
{
    *w = (struct part_row){0};
    bool ok = read_place(in, w);
    ok = intake_required_text(in, COLUMN_KOMPONEN, &w->name) && ok;
    ok = intake_short_text(in, COLUMN_SUMBER, &w->source) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &w->why) && ok;
    ok = read_counted(in, w) && ok;
    w->unit = intake_cell(in, COLUMN_SATUAN);
    if (w->unit.n > UNIT_TEXT_MAX) {
        intake_refuse(in, COLUMN_SATUAN, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
        return false;
    }
    const struct intake_amount_rule rule = {COLUMN_CAPAIAN, COLUMN_UNKNOWN, true, false, false, w->unit};
    return intake_amount(in, &rule, &w->amount) && ok;
}

static struct figure of_part(const struct part_row *w, unsigned measure)
{
    return (struct figure){.activity = w->activity, .account = w->account, .indicator = w->name, .measure = (uint16_t)measure,
                           .year = w->year, .month = w->year ? 1 : 0};
}

static void add_words(struct intake *in, struct figure f, enum shape_column c, struct slice text)
{
    if (text.n == 0) return;
    f.kind = VALUE_TEXT;
    f.text = text;
    intake_add(in, c, &f);
}

bool intake_part_row(struct intake *in)
{
    struct part_row w;
    if (intake_cell(in, COLUMN_KOMPONEN).n == 0 && (intake_cell(in, COLUMN_CAPAIAN).n == 0 || intake_says_total(in))) {
        intake_note_at(in, in->priv->line, 0, "bukan-data", SAY("bukan baris data, dilewati", "not a data row, skipped"));
        return false;
    }
    if (!read_part(in, &w)) return true;
    struct figure f = of_part(&w, MEASURE_COMPONENT), why = of_part(&w, MEASURE_COMPONENT_EXCLUDED);
    f.kind = w.amount.d.kind == DEC_NUMBER ? VALUE_NUMBER : w.amount.d.kind == DEC_NIL ? VALUE_NIL : VALUE_NA;
    if (f.kind == VALUE_NUMBER) f.value = w.amount.d.value;
    intake_add(in, COLUMN_CAPAIAN, &f);
    add_words(in, of_part(&w, MEASURE_COMPONENT_UNIT), COLUMN_SATUAN, w.amount.unit.n ? w.amount.unit : w.unit);
    add_words(in, of_part(&w, MEASURE_COMPONENT_SOURCE), COLUMN_SUMBER, w.source);
    add_words(in, of_part(&w, MEASURE_COMPONENT_OF), COLUMN_INDIKATOR, w.of);
    why.kind = w.counted ? VALUE_WITHDRAWN : VALUE_TEXT;
    if (!w.counted) why.text = w.why.n ? w.why : intake_keep(in, SAY("tidak dihitung", "not counted"));
    intake_add(in, COLUMN_DIHITUNG, &why);
    if (!w.counted && w.why.n == 0)
        intake_note(in, COLUMN_ALASAN, "tanpa-alasan", SAY("tidak dihitung tanpa alasan", "not counted, and no reason given"));
    return true;
}

/* ---- catatan ---- */

static const struct {
    const char *word;
    unsigned measure;
} NOTES[] = {
    {"pendorong", MEASURE_NOTE_DRIVER},           {"faktor pendorong", MEASURE_NOTE_DRIVER},
    {"penghambat", MEASURE_NOTE_HINDRANCE},       {"faktor penghambat", MEASURE_NOTE_HINDRANCE},
    {"tindak-lanjut", MEASURE_NOTE_FOLLOW_UP},    {"tindak lanjut", MEASURE_NOTE_FOLLOW_UP},
    {"penjelasan", MEASURE_NOTE_EXPLANATION},
};

static bool read_kind(struct intake *in, uint16_t *ret)
{
    struct slice s = intake_cell(in, COLUMN_JENIS);
    for (size_t i = 0; i < sizeof NOTES / sizeof *NOTES; i++)
        if (bytes_is(s, NOTES[i].word)) {
            *ret = (uint16_t)NOTES[i].measure;
            return true;
        }
    intake_refuse(in, COLUMN_JENIS, s.n ? CODE_AMBIGUOUS : CODE_MISSING_KEY,
                  SAY("bukan jenis catatan (pendorong, penghambat, tindak-lanjut, penjelasan)",
                      "no kind of note (pendorong, penghambat, tindak-lanjut, penjelasan)"));
    return false;
}

bool intake_note_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    struct figure f = {.kind = VALUE_TEXT};
    struct intake_period period = {0};
    if (!intake_row_is_data(in, COLUMN_KODE, COLUMN_TAHUN)) return false;
    bool year = intake_year(in, &f.year);
    bool ok = year && intake_vintage(in, f.year, &p->vintage);
    ok = ok && intake_code(in, p->vintage, &f.activity, &f.account);
    ok = year && intake_period(in, f.year, &period) && ok;
    ok = read_kind(in, &f.measure) && ok;
    ok = intake_short_text(in, COLUMN_NO, &f.indicator) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &f.reason) && ok;
    bool withdrawn = bytes_is(f.reason, "dicabut") && intake_cell(in, COLUMN_TEKS).n == 0;
    ok = (withdrawn || intake_required_text(in, COLUMN_TEKS, &f.text)) && ok;
    if (f.activity == 0) p->vintage = VINTAGE_NONE;
    if (!ok) return true;
    f.month = (uint8_t)period.month;
    if (withdrawn) f.kind = VALUE_WITHDRAWN;
    intake_add(in, COLUMN_TEKS, &f);
    return true;
}
