/* intake_money.c - one row of `anggaran`: money by line. Kind: P.
 *
 * Design notes: first it is decided whether the row is data at all (a row is data when its year, its code or an amount can be
 * read; totals without a code and signature blocks are none). Then every cell is read, so that all faults of a row show at once,
 * and only a row without a fault becomes figures. Which measure takes which source, stage and month: collector/intake.h.
 * Invariant: each figure added passes figure_check, or its cell is refused. */
#include "collector/intake_priv.h"

#include <string.h>

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

/* What the cells of one row say, before it is known whether all of them could be read. */
struct money_row {
    uint16_t year, stage;
    activity_code activity;
    account_code account;
    struct intake_period period;
    unsigned effective;                 /* month a BUDGET of this row counts from */
    uint8_t source;                     /* SOURCE_NONE: the default of each measure */
    bool complete, withdraw;
    struct slice reason;
    struct decimal_reading pagu, realisasi, rak, fisik, persen;
};

/* ---- is it a data row? ---- */

static bool amount_like(struct intake *in, enum shape_column c)
{
    struct decimal_reading d;
    struct slice s = intake_cell(in, c);
    return s.n > 0 && decimal_money(s, DASH_EMPTY, true, &d) == ST_OK && d.kind == DEC_NUMBER;
}

static bool any_amount(struct intake *in)
{
    return amount_like(in, COLUMN_PAGU) || amount_like(in, COLUMN_REALISASI) || amount_like(in, COLUMN_RAK) ||
           amount_like(in, COLUMN_PAGU_TEKS) || amount_like(in, COLUMN_REALISASI_TEKS);
}

static bool reads_as_code(struct slice s)
{
    struct code_reading r;
    if (s.n == 0)
        return false;
    if (bytes_is(s, "total") || code_looks_account(s))
        return true;
    return code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, s, &r) == ST_OK ||
           code_parse_activity(VINTAGE_PERMENDAGRI_13_2006, s, &r) == ST_OK;
}

static bool starts_with_digit(struct slice s)
{
    return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

static bool says_total(struct slice s)
{
    static const char *const WORDS[] = { "jumlah", "total", "grand total", "sub total", "subtotal", "sub jumlah" };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t n = strlen(WORDS[i]);
        if (s.n < n || !bytes_is(slice_of(s.p, n), WORDS[i]))
            continue;
        if (s.n == n || s.p[n] == ' ' || s.p[n] == ':' || s.p[n] == '.')
            return true;
    }
    return false;
}

bool intake_says_total(const struct intake *in)
{
    const struct intake_priv *p = in->priv;
    for (uint32_t c = 0; c < p->table.row[p->table_row].count; c++)
        if (says_total(bytes_trim(csv_table_cell(&p->table, p->table_row, c))))
            return true;
    return false;
}

static bool year_reads(struct slice s)
{
    return s.n == 4 && starts_with_digit(s) && (s.p[0] == '1' || s.p[0] == '2') && s.p[3] >= '0' && s.p[3] <= '9';
}

static bool is_data(struct intake *in)
{
    struct slice code = intake_cell(in, COLUMN_KODE), year = intake_cell(in, COLUMN_TAHUN);
    if (code.n == 0 && intake_says_total(in)) {
        intake_note_at(in, in->priv->line, 0, "baris-jumlah",
                       SAY("baris jumlah tanpa kode dilewati", "a total row without a code is skipped"));
        return false;
    }
    bool keyed = starts_with_digit(code) || starts_with_digit(year);
    if (year_reads(year) || reads_as_code(code) || (keyed && any_amount(in)) || (code.n == 0 && year.n == 0 && any_amount(in)))
        return true;
    intake_note_at(in, in->priv->line, 0, "bukan-data", SAY("bukan baris data, dilewati", "not a data row, skipped"));
    return false;
}

/* ---- the cells that say what kind of statement it is ---- */

/* The month from which a budget of this row counts (intake.md 4, Stage). */
static bool read_effective(struct intake *in, struct money_row *m)
{
    struct intake_period p = { 0 };
    if (intake_cell(in, COLUMN_BERLAKU).n == 0) {
        bool from_start = m->stage == STAGE_MURNI || m->stage == STAGE_NONE || !m->period.stated;
        m->effective = from_start ? 1 : m->period.month;
        return true;
    }
    if (!intake_month(in, COLUMN_BERLAKU, m->year, &p.month))
        return false;
    m->effective = p.month;
    return true;
}

static bool read_complete(struct intake *in, struct money_row *m)
{
    static const char *const YES[] = { "ya", "y", "yes", "1", "lengkap" }, *const NO[] = { "tidak", "t", "no", "n", "0", "belum" };
    struct slice s = intake_cell(in, COLUMN_LENGKAP);
    m->complete = in->priv->o.complete;
    if (s.n == 0)
        return true;
    for (size_t i = 0; i < sizeof YES / sizeof *YES; i++)
        if (bytes_is(s, YES[i]))
            return m->complete = true;
    for (size_t i = 0; i < sizeof NO / sizeof *NO; i++)
        if (bytes_is(s, NO[i]))
            return true;
    intake_refuse(in, COLUMN_LENGKAP, CODE_AMBIGUOUS, SAY("bukan ya atau tidak", "neither ya nor tidak"));
    return false;
}

static bool read_amounts(struct intake *in, struct money_row *m)
{
    bool ok = intake_money(in, COLUMN_PAGU, COLUMN_PAGU_TEKS, false, &m->pagu);
    ok = intake_money(in, COLUMN_REALISASI, COLUMN_REALISASI_TEKS, true, &m->realisasi) && ok;
    ok = intake_money(in, COLUMN_RAK, COLUMN_UNKNOWN, false, &m->rak) && ok;
    ok = intake_percent(in, COLUMN_FISIK, &m->fisik) && ok;
    return intake_percent(in, COLUMN_PERSEN_TERCETAK, &m->persen) && ok;
}

/* A treasurer states what was spent in the name of the region's cash, of any other office; whatever else is that office's own. */
static bool subject_allows(struct intake *in, struct money_row *m)
{
    if (in->priv->o.subject.n == 0)
        return true;
    m->complete = false;
    if (m->source == SOURCE_NONE)
        m->source = SOURCE_BUD;
    if (m->source == SOURCE_BUD)
        return true;
    intake_refuse(in, COLUMN_SUMBER, CODE_UNAUTHORISED,
                  SAY("untuk kantor lain bendahara hanya menyatakan sumber bud",
                      "of another office a treasurer states source bud only"));
    return false;
}

/* Reads every cell, so that all faults of the row are named. */
static bool read_row(struct intake *in, struct money_row *m)
{
    struct intake_priv *p = in->priv;
    memset(m, 0, sizeof *m);
    bool year = intake_year(in, &m->year);
    bool vintage = (year || intake_cell(in, COLUMN_NOMENKLATUR).n > 0) && intake_vintage(in, m->year, &p->vintage);
    bool ok = vintage && intake_code(in, p->vintage, &m->activity, &m->account);
    bool period = year && intake_period(in, m->year, &m->period);
    bool stage = intake_stage(in, &m->stage);
    ok = year && period && stage && ok;
    if (period && stage)
        ok = read_effective(in, m) && ok;
    ok = intake_source(in, &m->source) && ok;
    ok = read_complete(in, m) && ok;
    ok = intake_short_text(in, COLUMN_ALASAN, &m->reason) && ok;
    m->withdraw = bytes_is(m->reason, "dicabut");
    ok = subject_allows(in, m) && ok;
    return read_amounts(in, m) && ok;
}

/* ---- figures ---- */

/* Kind and value of a cell; false: it says nothing. An empty cell of a withdrawing row takes its figure back. */
static bool take_value(const struct intake *in, const struct money_row *m, enum shape_column c,
                       const struct decimal_reading *d, struct figure *f)
{
    f->value = 0;
    f->decimals = 0;
    switch (d->kind) {
    case DEC_NUMBER:
        f->kind = VALUE_NUMBER;
        f->value = d->value;
        return true;
    case DEC_NIL:
        f->kind = VALUE_NIL;
        return true;
    case DEC_EMPTY:
    case DEC_TEXT:
    default:
        f->kind = VALUE_WITHDRAWN;
        return m->withdraw && intake_has(in, c);
    }
}

static struct figure base_figure(const struct money_row *m, unsigned measure, unsigned source)
{
    return (struct figure){ .activity = m->activity, .account = m->account, .measure = (uint16_t)measure, .year = m->year,
                            .source = m->source ? m->source : (uint8_t)source, .month = (uint8_t)m->period.month,
                            .reason = m->reason };
}

static void add_flow(struct intake *in, const struct money_row *m, enum shape_column c, unsigned measure,
                     const struct decimal_reading *d)
{
    struct figure f = base_figure(m, measure, SOURCE_OPD);
    f.basis = (uint8_t)m->period.basis;
    if (measure == MEASURE_PHYSICAL)    /* a state reached, never the share of one month */
        f.basis = BASIS_CUMULATIVE;
    if (take_value(in, m, c, d, &f))
        intake_add(in, c, &f);
}

static void add_budget(struct intake *in, const struct money_row *m)
{
    struct figure f = base_figure(m, MEASURE_BUDGET, SOURCE_DPA);
    f.stage = m->stage;
    f.month = (uint8_t)m->effective;
    if (take_value(in, m, COLUMN_PAGU, &m->pagu, &f))
        intake_add(in, COLUMN_PAGU, &f);
}

static void add_printed(struct intake *in, const struct money_row *m)
{
    struct figure f = base_figure(m, MEASURE_PRINTED_ABSORPTION, SOURCE_OPD);
    f.stage = m->stage;
    if (!take_value(in, m, COLUMN_PERSEN_TERCETAK, &m->persen, &f))
        return;
    if (f.kind == VALUE_NUMBER)
        f.decimals = m->persen.decimals;
    intake_add(in, COLUMN_PERSEN_TERCETAK, &f);
}

/* Words about the line itself, like those about an indicator: no source, month 1. */
static void add_label(struct intake *in, const struct money_row *m, enum shape_column c, unsigned measure)
{
    struct slice s;
    if (!intake_short_text(in, c, &s) || s.n == 0 || m->activity == CODE_TOTAL)
        return;
    intake_add(in, c, &(struct figure){ .activity = m->activity, .account = m->account, .measure = (uint16_t)measure,
                                        .year = m->year, .month = 1, .kind = VALUE_TEXT, .text = s });
}

static void add_rest(struct intake *in, const struct money_row *m)
{
    add_label(in, m, COLUMN_SUMBER_DANA, MEASURE_FUND);
    add_label(in, m, COLUMN_UNIT, MEASURE_SUB_UNIT);
    add_flow(in, m, COLUMN_RAK, MEASURE_CASH_PLAN, &m->rak);
    add_flow(in, m, COLUMN_FISIK, MEASURE_PHYSICAL, &m->fisik);
    add_printed(in, m);
}

/* What the office calls the line: its own name of the code (shown where the centre has none, a finding where it is another), which
 * alone makes no row news. The centre's names are official: it gives them by `nomenklatur` only. An account's name within an
 * activity is said of that activity, not of the account. */
static void add_name(struct intake *in, const struct money_row *m)
{
    struct slice s;
    if (in->priv->o.centre || m->withdraw || m->activity == CODE_TOTAL || (m->activity && m->account) || in->priv->figures == 0)
        return;
    if (!intake_short_text(in, COLUMN_URAIAN, &s) || s.n == 0 || bytes_is(s, "nihil"))
        return;
    intake_add(in, COLUMN_URAIAN, &(struct figure){ .activity = m->activity, .account = m->account, .measure = MEASURE_NAME,
                                                    .kind = VALUE_TEXT, .text = s });
}

static void note_period(struct intake *in, const struct money_row *m)
{
    const struct intake_priv *p = in->priv;
    for (unsigned i = 0; i < p->figures && !m->period.stated; i++)
        if (p->figure[i].measure != MEASURE_BUDGET && p->figure[i].kind != VALUE_TEXT) {
            intake_note(in, COLUMN_TAHUN, "tanpa-periode", SAY("tanpa periode: dibaca kumulatif s.d. bulan 12",
                                                               "no period: read as cumulative to month 12"));
            return;
        }
}

bool intake_money_row(struct intake *in)
{
    struct money_row m;
    if (!is_data(in))
        return false;
    if (!read_row(in, &m))
        return true;
    bool own = in->priv->o.subject.n == 0;
    if (own)
        add_budget(in, &m);
    add_flow(in, &m, COLUMN_REALISASI, MEASURE_REALISED, &m.realisasi);
    if (own) {
        add_rest(in, &m);
        add_name(in, &m);
    }
    in->priv->complete = m.complete;
    note_period(in, &m);
    if (in->priv->figures == 0)
        intake_note_at(in, in->priv->line, 0, "tanpa-nilai", SAY("baris tidak menyatakan apa pun", "the row states nothing"));
    return true;
}
