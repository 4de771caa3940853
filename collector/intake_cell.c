/* intake_cell.c - the cells of a row by column type: year, vintage, code, period, money, percentage. Kind: P.
 *
 * Design notes: each function reads one meaning and, where it cannot, adds the refusal itself with what was seen, why and the
 * nearest reading; the row goes on so that all its faults are named at once. Number grammar is proto/decimal, code grammar
 * proto/code: here are only the rules that join cells (two prints of one amount, one period a row, a code and its vintage).
 * Invariant: a function that returns false has refused a cell of the row; ret is written only on true. */
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/period.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

bool intake_has(const struct intake *in, enum shape_column c)
{
    return in->priv->shape.column[c] > 0;
}

struct slice intake_cell(const struct intake *in, enum shape_column c)
{
    const struct intake_priv *p = in->priv;
    uint32_t at = p->shape.column[c];
    if (p->typed[c].p)
        return p->typed[c];
    return at ? bytes_trim(csv_table_cell(&p->table, p->table_row, at - 1)) : slice_of("", 0);
}

static bool missing(struct intake *in, enum shape_column c)
{
    intake_refuse(in, c, CODE_MISSING_KEY, SAY("kolom kunci kosong", "a required key cell is empty"));
    return false;
}

bool intake_year(struct intake *in, uint16_t *ret)
{
    int year;
    struct slice s = intake_cell(in, COLUMN_TAHUN);
    if (s.n == 0)
        return missing(in, COLUMN_TAHUN);
    if (period_parse_year(s, &year) != ST_OK) {
        intake_refuse(in, COLUMN_TAHUN, CODE_PERIOD_BROKEN, SAY("bukan tahun anggaran", "not a fiscal year"));
        return false;
    }
    *ret = (uint16_t)year;
    return true;
}

bool intake_vintage(struct intake *in, unsigned year, enum vintage *ret)
{
    struct slice s = intake_cell(in, COLUMN_NOMENKLATUR);
    if (s.n == 0 && year == 0)
        return missing(in, COLUMN_NOMENKLATUR);
    if (s.n == 0) {
        *ret = code_vintage_of_year((int)year);
        return true;
    }
    if (code_vintage_parse(s, ret) == ST_OK)
        return true;
    struct intake_refusal *r = intake_refuse(in, COLUMN_NOMENKLATUR, CODE_VINTAGE_UNKNOWN,
                                             SAY("nomenklatur tidak dikenal", "unknown vintage"));
    intake_nearest(in, r, code_vintage_name(VINTAGE_PERMENDAGRI_13_2006));
    intake_nearest(in, r, code_vintage_name(VINTAGE_PERMENDAGRI_90_2019));
    return false;
}

/* ---- codes ---- */

static void note_padded(struct intake *in, enum shape_column c, const char *read_as)
{
    intake_note(in, c, "kode-dirapikan", intake_text(in, "%s %s", SAY("dibaca sebagai", "read as"), read_as));
}

/* The vintage, other than v, under which the text is a code; NONE. */
static enum vintage other_vintage(enum vintage v, struct slice s)
{
    static const enum vintage TRIED[] = { VINTAGE_PERMENDAGRI_13_2006, VINTAGE_PERMENDAGRI_90_2019 };
    struct code_reading r;
    for (size_t i = 0; i < 2; i++)
        if (TRIED[i] != v && code_parse_activity(TRIED[i], s, &r) == ST_OK)
            return TRIED[i];
    return VINTAGE_NONE;
}

static bool refuse_code(struct intake *in, enum shape_column c, enum vintage v, const char *nearest)
{
    struct slice s = intake_cell(in, c);
    enum vintage other = v == VINTAGE_NONE ? VINTAGE_NONE : other_vintage(v, s);
    const char *why = c == COLUMN_REKENING || v == VINTAGE_NONE ? SAY("bukan kode rekening", "not an account code")
                                                               : SAY("bukan kode kegiatan", "not an activity code");
    if (other != VINTAGE_NONE)
        why = intake_text(in, "%s %s; %s %s", SAY("adalah kode menurut", "is a code of"), code_vintage_name(other),
                          SAY("baris ini memakai", "this row uses"), code_vintage_name(v));
    struct intake_refusal *r = intake_refuse(in, c, CODE_CODE_BROKEN, why);
    if (other == VINTAGE_NONE)
        intake_nearest(in, r, nearest);
    return false;
}

static bool read_account(struct intake *in, enum shape_column c, account_code *ret)
{
    struct code_reading reading;
    char text[32];
    if (code_parse_account(intake_cell(in, c), &reading) != ST_OK)
        return refuse_code(in, c, VINTAGE_NONE, reading.nearest);
    if (reading.padded) {
        code_format_account(reading.code, text);
        note_padded(in, c, text);
    }
    *ret = reading.code;
    return true;
}

static bool read_activity(struct intake *in, enum vintage v, struct slice s, activity_code *ret)
{
    struct code_reading reading;
    char text[32];
    if (bytes_is(s, "total")) {
        *ret = CODE_TOTAL;
        return true;
    }
    if (code_parse_activity(v, s, &reading) != ST_OK)
        return refuse_code(in, COLUMN_KODE, v, bytes_is(s, "jumlah") ? "total" : reading.nearest);
    if (reading.padded) {
        code_format_activity(reading.code, text);
        note_padded(in, COLUMN_KODE, text);
    }
    *ret = reading.code;
    return true;
}

bool intake_code(struct intake *in, enum vintage v, activity_code *ret, account_code *ret_account)
{
    struct slice s = intake_cell(in, COLUMN_KODE);
    activity_code activity = 0;
    account_code account = 0;
    if (s.n == 0)
        return missing(in, COLUMN_KODE);
    bool only_account = code_looks_account(s);
    bool ok = only_account ? read_account(in, COLUMN_KODE, &account) : read_activity(in, v, s, &activity);
    if (ok && intake_cell(in, COLUMN_REKENING).n > 0) {
        if (only_account || activity == CODE_TOTAL) {
            intake_refuse(in, COLUMN_REKENING, CODE_CODE_BROKEN, SAY("kode baris ini sudah rekening atau total",
                                                                     "this row's code is an account or the total already"));
            return false;
        }
        ok = read_account(in, COLUMN_REKENING, &account);
    }
    if (!ok)
        return false;
    *ret = activity;
    *ret_account = account;
    return true;
}

/* ---- periods ---- */

static bool refuse_period(struct intake *in, enum shape_column c, const char *reason, unsigned near_year, int near_month)
{
    struct intake_refusal *r = intake_refuse(in, c, CODE_PERIOD_BROKEN, reason);
    if (near_month)
        intake_nearest(in, r, intake_text(in, "%04u-%02d", near_year, near_month));
    return false;
}

/* YYYY-MM of the row's own year. A bare month is read only where `bare` allows it, else offered as the nearest reading. */
static bool read_month(struct intake *in, enum shape_column c, unsigned year, bool bare, unsigned *ret)
{
    struct slice s = intake_cell(in, c);
    int y, m;
    if (period_parse_year_month(s, &y, &m) == ST_OK) {
        if ((unsigned)y != year)
            return refuse_period(in, c, SAY("tahunnya bukan tahun baris ini", "its year is not the row's year"), year, m);
        *ret = (unsigned)m;
        return true;
    }
    bool month = period_parse_month(s, &m) == ST_OK;
    if (!month || !bare)
        return refuse_period(in, c, SAY("bukan bulan (TTTT-BB)", "not a month (YYYY-MM)"), year, month ? m : 0);
    *ret = (unsigned)m;
    return true;
}

bool intake_month(struct intake *in, enum shape_column c, unsigned year, unsigned *ret)
{
    return read_month(in, c, year, false, ret);
}

static bool read_quarter(struct intake *in, unsigned *ret)
{
    int quarter;
    if (period_parse_quarter(intake_cell(in, COLUMN_TRIWULAN), &quarter) != ST_OK)
        return refuse_period(in, COLUMN_TRIWULAN, SAY("bukan triwulan (1-4)", "not a quarter (1-4)"), 0, 0);
    *ret = 3 * (unsigned)quarter;
    return true;
}

static bool refuse_two_periods(struct intake *in, enum shape_column first, enum shape_column second)
{
    const char *why = intake_text(in, "%s: %s, %s", SAY("lebih dari satu periode", "more than one period"),
                                  shape_column_name(first), shape_column_name(second));
    return refuse_period(in, second, why, 0, 0);
}

bool intake_period(struct intake *in, unsigned year, struct intake_period *ret)
{
    static const enum shape_column COLUMNS[] = { COLUMN_SAMPAI, COLUMN_BULAN, COLUMN_TRIWULAN };
    enum shape_column used = COLUMN_UNKNOWN;
    struct intake_period p = { .month = 12, .basis = BASIS_CUMULATIVE };
    for (size_t i = 0; i < 3; i++) {
        if (intake_cell(in, COLUMNS[i]).n == 0)
            continue;
        if (used != COLUMN_UNKNOWN)
            return refuse_two_periods(in, used, COLUMNS[i]);
        used = COLUMNS[i];
    }
    p.stated = used != COLUMN_UNKNOWN;
    if (used == COLUMN_BULAN)
        p.basis = BASIS_MONTHLY;
    bool ok = used == COLUMN_UNKNOWN || (used == COLUMN_TRIWULAN ? read_quarter(in, &p.month)
                                                                 : read_month(in, used, year, used == COLUMN_BULAN, &p.month));
    if (ok)
        *ret = p;
    return ok;
}

/* ---- amounts ---- */

static const char *number_reason(const struct intake *in, unsigned code, bool money, bool dash)
{
    if (dash)
        return SAY("bukan angka rupiah; nyatakan artinya dengan --dash nol atau --dash kosong",
                   "is no rupiah amount; say what it means with --dash nol or --dash kosong");
    if (code == CODE_AMBIGUOUS)
        return SAY("dapat dibaca lebih dari satu cara", "can be read in more than one way");
    if (code == CODE_VALUE_RANGE)
        return SAY("di luar batas yang masuk akal", "out of range");
    return money ? SAY("bukan angka rupiah", "is no rupiah amount") : SAY("bukan satu persentase", "is not one percentage");
}

static bool only_dashes(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return false;
    return memchr(s.p, '-', s.n) != NULL || (s.n == 3 && s.p[0] == 0xe2 && s.p[1] == 0x80);
}

static bool refuse_number(struct intake *in, enum shape_column c, const struct decimal_reading *d, bool money)
{
    struct slice s = intake_cell(in, c);
    bool dash = money && s.n > 0 && d->code == CODE_NUMBER_BROKEN && s.n <= 8 && only_dashes(s);
    struct intake_refusal *r = intake_refuse(in, c, d->code, number_reason(in, d->code, money, dash));
    for (unsigned i = 0; i < d->nearest_count; i++)
        intake_nearest(in, r, d->nearest[i]);
    return false;
}

static void note_reading(struct intake *in, enum shape_column c, const struct decimal_reading *d)
{
    if (d->notes & NOTE_NIL)
        intake_note(in, c, "nihil-tanpa-nilai", SAY("nihil di kolom ini dibaca sebagai tidak ada nilai",
                                                    "nihil in this column is read as no value"));
    if (d->notes & NOTE_DASH)
        intake_note(in, c, "strip", d->kind == DEC_NUMBER ? SAY("strip dibaca sebagai nol", "a dash is read as zero")
                                                          : SAY("strip dibaca sebagai kosong", "a dash is read as empty"));
    if (d->notes & NOTE_NEGATIVE_PERCENT_SIGN)
        intake_note(in, c, "persen-dalam-kurung", SAY("persentase dalam kurung dibaca positif",
                                                      "a percentage in brackets is read as positive"));
    if (d->notes & NOTE_WORDS)
        intake_note(in, c, "kata-diabaikan", SAY("kata di sekitar angka diabaikan", "words around the number are dropped"));
}

static bool has_digit(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

/* Two prints of one amount, the number and its text: a row where they differ is refused, naming both. */
static bool prints_agree(struct intake *in, enum shape_column c, enum shape_column text, bool is_realised,
                         const struct decimal_reading *d)
{
    struct decimal_reading other;
    struct slice s = intake_cell(in, text);
    if (!has_digit(s))
        return true;
    if (decimal_money(s, in->priv->o.dash, is_realised, &other) != ST_OK) {
        intake_note(in, text, "teks-tak-terbaca", SAY("teks ini bukan satu angka rupiah; yang dipakai kolom angkanya",
                                                      "this text is not one rupiah amount; the number column is used"));
        return true;
    }
    if (other.kind == d->kind && other.value == d->value)
        return true;
    char a[64], b[64];
    decimal_format_sen_id(d->value, a);
    decimal_format_sen_id(other.value, b);
    const char *why = intake_text(in, "%s %s \"%.*s\"", SAY("berbeda dari", "differs from"), shape_column_name(text),
                                  (int)(s.n < INTAKE_SEEN_MAX ? s.n : INTAKE_SEEN_MAX), (const char *)s.p);
    struct intake_refusal *r = intake_refuse(in, c, CODE_AMBIGUOUS, why);
    intake_nearest(in, r, a);
    intake_nearest(in, r, b);
    return false;
}

bool intake_money(struct intake *in, enum shape_column c, enum shape_column text, bool is_realised, struct decimal_reading *ret)
{
    struct decimal_reading d;
    enum shape_column from = intake_cell(in, c).n == 0 && text != COLUMN_UNKNOWN ? text : c;
    if (decimal_money(intake_cell(in, from), in->priv->o.dash, is_realised, &d) != ST_OK)
        return refuse_number(in, from, &d, true);
    if (from == c && text != COLUMN_UNKNOWN && d.kind != DEC_EMPTY && !prints_agree(in, c, text, is_realised, &d))
        return false;
    note_reading(in, from, &d);
    *ret = d;
    return true;
}

/* fisik is a state reached, so `nihil` is a zero there; persen_tercetak is a claim, where it says nothing. */
static int read_percent(struct slice s, bool is_realised, struct decimal_reading *d)
{
    int st = is_realised ? decimal_quantity(s, slice_of("%", 1), true, d) : decimal_percent(s, d);
    if (st == ST_OK && d->unit[0] && strcmp(d->unit, "%") != 0) {
        d->code = CODE_NUMBER_BROKEN;
        return ST_INVALID;
    }
    return st;
}

bool intake_percent(struct intake *in, enum shape_column c, struct decimal_reading *ret)
{
    struct decimal_reading d;
    if (read_percent(intake_cell(in, c), c == COLUMN_FISIK, &d) != ST_OK)
        return refuse_number(in, c, &d, false);
    note_reading(in, c, &d);
    if (d.kind == DEC_TEXT) {
        intake_note(in, c, "teks-diabaikan", SAY("teks di kolom persentase tidak disimpan",
                                                 "text in a percentage column is not stored"));
        d.kind = DEC_EMPTY;
    }
    *ret = d;
    return true;
}

bool intake_short_text(struct intake *in, enum shape_column c, struct slice *ret)
{
    struct slice s = intake_cell(in, c);
    if (s.n > TEXT_MAX) {
        intake_refuse(in, c, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
        return false;
    }
    *ret = s;
    return true;
}
