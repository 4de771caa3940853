/* intake_typed.c - cells that are more than text: numbers and dates of a workbook, numbers of JSON lines, faults. Kind: P.
 *
 * Design notes: before a row is read, each such cell of a known column becomes the text that the column's own grammar reads without
 * doubt (decimal comma, no grouping), so that every rule of CSV holds unchanged; a cell that cannot be said without guessing
 * refuses the row. A number that lost its last zero (1.1 or 1.10?) is no code; a date is a month or nothing; below the sen there is
 * no money. What a report prints (*_tercetak) is what its cell shows, other quantities are what it holds, to six decimals.
 * Invariant: decimal digits are moved and rounded as text; no number type stands between the file and the figure. */
#include <string.h>

#include "collector/intake_priv.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

enum type { TYPE_TEXT, TYPE_MONEY, TYPE_QUANTITY, TYPE_PRINTED, TYPE_CODE, TYPE_MONTH, TYPE_YEAR };
enum { DIGITS_MAX = 60, FRACTION_MAX = 6, SEN_DIGITS = 2 };

static enum type type_of(enum shape_kind k, enum shape_column c)
{
    static const uint8_t TYPE[COLUMN_COUNT] = {
        [COLUMN_PAGU] = TYPE_MONEY, [COLUMN_PAGU_TEKS] = TYPE_MONEY, [COLUMN_RAK] = TYPE_MONEY, [COLUMN_PAGU_LAMA] = TYPE_MONEY,
        [COLUMN_PAGU_BARU] = TYPE_MONEY, [COLUMN_TARGET] = TYPE_QUANTITY, [COLUMN_TARGET_TEKS] = TYPE_QUANTITY,
        [COLUMN_REALISASI] = TYPE_QUANTITY, [COLUMN_REALISASI_TEKS] = TYPE_QUANTITY, [COLUMN_REALISASI_SD] = TYPE_QUANTITY,
        [COLUMN_FISIK] = TYPE_QUANTITY, [COLUMN_PEMBILANG] = TYPE_QUANTITY, [COLUMN_PENYEBUT] = TYPE_QUANTITY,
        [COLUMN_BOBOT] = TYPE_QUANTITY, [COLUMN_AWAL] = TYPE_QUANTITY, [COLUMN_CAPAIAN] = TYPE_QUANTITY,
        [COLUMN_PERSEN_TERCETAK] = TYPE_PRINTED, [COLUMN_CAPAIAN_TERCETAK] = TYPE_PRINTED, [COLUMN_KODE] = TYPE_CODE,
        [COLUMN_REKENING] = TYPE_CODE, [COLUMN_KODE_LAMA] = TYPE_CODE, [COLUMN_KODE_BARU] = TYPE_CODE,
        [COLUMN_PARENT] = TYPE_CODE, [COLUMN_SAMPAI] = TYPE_MONTH, [COLUMN_BULAN] = TYPE_MONTH, [COLUMN_BERLAKU] = TYPE_MONTH,
        [COLUMN_TAHUN] = TYPE_YEAR,
    };
    bool money = (k == SHAPE_ANGGARAN || k == SHAPE_PEMBANDING) && (c == COLUMN_REALISASI || c == COLUMN_REALISASI_TEKS);
    return money ? TYPE_MONEY : (enum type)TYPE[c];
}

/* ---- a decimal number as digits ---- */

struct digits { bool negative; char d[DIGITS_MAX + 4]; size_t n, fraction; /* of the n digits, how many stand behind the point */ };

/* "-12.50" taken apart; false when it is too long to be any figure. */
static bool take_digits(struct slice s, struct digits *ret)
{
    struct digits v = { .negative = s.n > 0 && s.p[0] == '-' };
    bool point = false;
    for (size_t i = v.negative; i < s.n; i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        if (v.n == DIGITS_MAX || s.p[i] < '0' || s.p[i] > '9')
            return false;
        v.d[v.n++] = (char)s.p[i];
        v.fraction += point;
    }
    *ret = v;
    return v.n > 0;
}

static void times_100(struct digits *v)
{
    for (unsigned k = 0; k < 2; k++) {
        if (v->fraction > 0)
            v->fraction--;
        else
            v->d[v->n++] = '0';
    }
}

static void cut_zeros(struct digits *v)
{
    for (; v->fraction > 0 && v->d[v->n - 1] == '0'; v->n--)
        v->fraction--;
}

/* Half away from zero. */
static void round_to(struct digits *v, size_t fraction)
{
    if (v->fraction <= fraction)
        return;
    size_t cut = v->fraction - fraction;
    bool up = cut <= v->n && v->d[v->n - cut] >= '5';
    v->n = cut < v->n ? v->n - cut : 0;
    v->fraction = fraction;
    size_t i = v->n;
    for (; up && i > 0; i--) {
        up = v->d[i - 1] == '9';
        v->d[i - 1] = up ? '0' : (char)(v->d[i - 1] + 1);
    }
    if (up) {
        memmove(v->d + 1, v->d, v->n);
        v->d[0] = '1';
        v->n++;
    }
}

static struct slice written(struct intake *in, const struct digits *v, char point, const char *tail)
{
    char s[2 * DIGITS_MAX + 16];
    size_t n = 0, whole = v->n - v->fraction, i = 0;
    if (v->negative)
        s[n++] = '-';
    while (i + 1 < whole && v->d[i] == '0')
        i++;
    if (whole == 0)
        s[n++] = '0';
    for (; i < v->n; i++) {
        if (i == whole)
            s[n++] = point;
        s[n++] = v->d[i];
    }
    s[n] = '\0';
    const char *t = intake_text(in, "%s%s", s, tail);
    return slice_of(t, strlen(t));
}

/* ---- one cell ---- */

struct cell { enum shape_column c; enum type type; struct csv_mark mark; struct slice text; };

static bool refuse(struct intake *in, const struct cell *k, unsigned code, const char *reason, const char *near, const char *other)
{
    struct intake_priv *p = in->priv;
    p->bad = true;
    struct intake_refusal *r = intake_refuse_at(in, p->line, p->shape.column[k->c], k->text, code, reason);
    intake_nearest(in, r, near);
    intake_nearest(in, r, other);
    return false;
}

/* A code with one digit behind a dot may have lost a zero there: in one of its segments, or as a whole. 0: no such place. */
static size_t lost_zero(struct slice s)
{
    size_t dot = 0;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] == '.') {
            dot = i + 1;
        } else if (i == s.n || s.p[i] == '|') {
            if (dot > 0 && i - dot == 1)
                return i;
            dot = 0;
        }
    }
    return 0;
}

static bool code_cell(struct intake *in, const struct cell *k)
{
    size_t at = lost_zero(k->text);
    const char *s = (const char *)k->text.p;
    if (at == 0 && k->mark.kind == CSV_NUMBER)
        return true;
    bool plain = memchr(s, 'e', k->text.n) == NULL && memchr(s, 'E', k->text.n) == NULL;
    const char *other = at && plain ? intake_text(in, "%.*s0%.*s", (int)at, s, (int)(k->text.n - at), s + at) : "";
    return refuse(in, k, CODE_AMBIGUOUS,
                  SAY("kode sebagai bilangan kehilangan nol di belakangnya; tulis sebagai teks",
                      "a code as a number loses its last zero; write it as text"),
                  plain ? intake_text(in, "%.*s", (int)k->text.n, s) : "", other);
}

static bool money_cell(struct intake *in, const struct cell *k, struct digits *v)
{
    if (k->mark.percent)
        return refuse(in, k, CODE_NUMBER_BROKEN, SAY("sel persen di kolom rupiah", "a percentage in a rupiah column"), "", "");
    if (v->fraction > SEN_DIGITS)
        return refuse(in, k, CODE_NUMBER_BROKEN, SAY("pecahan rupiah lebih kecil dari sen", "a fraction of a rupiah below the sen"),
                      "", "");
    return true;
}

static void quantity_cell(struct intake *in, const struct cell *k, struct digits *v)
{
    bool printed = k->type == TYPE_PRINTED, shown = printed && k->mark.decimals != CSV_DECIMALS_ANY;
    size_t limit = shown && k->mark.decimals < FRACTION_MAX ? k->mark.decimals : FRACTION_MAX;
    if (!printed && v->fraction > limit)
        intake_note(in, k->c, "dibulatkan", SAY("dibulatkan sampai enam desimal", "rounded to six decimals"));
    round_to(v, limit);
    if (!shown)
        cut_zeros(v);
    for (; shown && v->fraction < limit && v->n < DIGITS_MAX; v->fraction++)
        v->d[v->n++] = '0';
}

static bool number_cell(struct intake *in, const struct cell *k)
{
    struct intake_priv *p = in->priv;
    bool quantity = k->type == TYPE_QUANTITY || k->type == TYPE_PRINTED;
    struct digits v;
    if (k->type == TYPE_CODE)
        return code_cell(in, k);
    if (!take_digits(k->text, &v))
        return refuse(in, k, CODE_VALUE_RANGE, SAY("di luar batas yang masuk akal", "out of range"), "", "");
    if (k->mark.percent && k->type != TYPE_MONEY)
        times_100(&v);
    cut_zeros(&v);
    if (k->type == TYPE_MONEY && !money_cell(in, k, &v))
        return false;
    if (quantity)
        quantity_cell(in, k, &v);
    p->typed[k->c] = written(in, &v, quantity || k->type == TYPE_MONEY ? ',' : '.', k->mark.percent ? "%" : "");
    return true;
}

static bool date_cell(struct intake *in, const struct cell *k)
{
    if (k->type == TYPE_MONTH)
        in->priv->typed[k->c] = slice_of(k->text.p, k->text.n < 7 ? k->text.n : 7);      /* YYYY-MM */
    if (k->type == TYPE_MONTH || k->type == TYPE_TEXT)
        return true;
    return refuse(in, k,
                  k->type == TYPE_CODE   ? CODE_CODE_BROKEN
                  : k->type == TYPE_YEAR ? CODE_PERIOD_BROKEN
                                         : CODE_NUMBER_BROKEN,
                  SAY("sel ini berisi tanggal; tulis isinya sebagai teks", "the cell holds a date; write what is meant as text"),
                  "", "");
}

static bool fraction_cell(struct intake *in, const struct cell *k)
{
    if (k->type == TYPE_CODE)
        return code_cell(in, k);
    return refuse(in, k, CODE_AMBIGUOUS,
                  SAY("bilangan JSON dengan pecahan atau eksponen; tulis sebagai teks dalam tanda kutip",
                      "a JSON number with a fraction or an exponent; write it as text in quotes"),
                  intake_text(in, "\"%.*s\"", (int)(k->text.n < 40 ? k->text.n : 40), (const char *)k->text.p), "");
}

static bool typed_cell(struct intake *in, const struct cell *k)
{
    switch (k->mark.kind) {
    case CSV_NUMBER: return number_cell(in, k);
    case CSV_DATE: return date_cell(in, k);
    case CSV_FRACTION: return fraction_cell(in, k);
    case CSV_TWICE:
        return refuse(in, k, CODE_AMBIGUOUS, SAY("nama ini dua kali dalam objeknya", "the object has this name twice"), "", "");
    case CSV_ERROR: return refuse(in, k, CODE_NUMBER_BROKEN, SAY("sel berisi kesalahan rumus", "the cell holds an error"), "", "");
    case CSV_NO_RESULT:
        return refuse(in, k, CODE_NUMBER_BROKEN,
                      SAY("rumus tanpa hasil; buka berkasnya, hitung, dan simpan lagi",
                          "a formula without its result; open the file, calculate, and save it again"), "", "");
    default: return true;
    }
}

bool intake_typed_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    bool ok = true;
    for (unsigned c = 1; p->table.marked && c < COLUMN_COUNT; c++) {
        uint32_t at = p->shape.column[c];
        if (at == 0)
            continue;
        const struct cell k = { .c = (enum shape_column)c, .type = type_of(in->shape, (enum shape_column)c),
                                .mark = csv_table_mark(&p->table, p->table_row, at - 1),
                                .text = bytes_trim(csv_table_cell(&p->table, p->table_row, at - 1)) };
        ok = typed_cell(in, &k) && ok;
    }
    return ok;
}
