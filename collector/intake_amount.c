/* intake_amount.c - cells of a row that more than one shape has: source, stage, quantities with their unit. Kind: P.
 *
 * A quantity is printed twice in many tables, as a number and as text with its unit ("1.485 lansia"). The number column is read
 * when it has something, else the text; where both hold a number they must agree, or the row is refused naming both. The unit is
 * the one written beside the number, else the row's `satuan`: a unit only the text shows (100 % for a target of 2 kegiatan) is how
 * a mismatch is found at all. What a cell may hold is intake.md 3, column type quantity (proto/decimal). Invariant: a function that
 * returns false has refused a cell of the row; ret is written only on true. */
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"
#include "proto/units.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

bool intake_stage(struct intake *in, uint16_t *ret)
{
    struct slice s = intake_cell(in, COLUMN_TAHAP);
    if (s.n == 0 || figure_stage_parse(s, ret) == ST_OK) return true;
    struct intake_refusal *r = intake_refuse(in, COLUMN_TAHAP, CODE_STAGE_UNKNOWN,
                                             SAY("bukan tahap anggaran (murni, pergeseran-1.., perubahan, efisiensi)",
                                                 "not a budget stage (murni, pergeseran-1.., perubahan, efisiensi)"));
    if (bytes_is(s, "pergeseran")) intake_nearest(in, r, "pergeseran-1");
    return false;
}

bool intake_source(struct intake *in, uint8_t *ret)
{
    struct slice s = intake_cell(in, COLUMN_SUMBER);
    uint8_t source;
    if (s.n == 0) return true;
    if (figure_source_parse(s, &source) != ST_OK || source > SOURCE_STANDAR) {
        intake_refuse(in, COLUMN_SUMBER, CODE_SOURCE_UNKNOWN,
                      SAY("bukan sumber (opd, bud, dpa, renja, ..)", "not a source (opd, bud, dpa, renja, ..)"));
        return false;
    }
    if (source == SOURCE_BUD && !in->priv->o.treasurer) {
        intake_refuse(in, COLUMN_SUMBER, CODE_UNAUTHORISED,
                      SAY("hanya bendahara umum daerah (BPKAD) yang boleh menyatakan sumber ini",
                          "only the region's treasurer may state this source"));
        return false;
    }
    *ret = source;
    return true;
}

/* ---- quantities ---- */

static bool refuse_amount(struct intake *in, enum shape_column c, const struct decimal_reading *d)
{
    const char *why = d->code == CODE_AMBIGUOUS     ? SAY("dapat dibaca lebih dari satu cara", "can be read in more than one way")
                      : d->code == CODE_VALUE_RANGE ? SAY("di luar batas yang masuk akal", "out of range")
                                                    : SAY("bukan satu angka dengan satuannya", "is not one number and its unit");
    struct intake_refusal *r = intake_refuse(in, c, d->code, why);
    for (unsigned i = 0; i < d->nearest_count; i++) intake_nearest(in, r, d->nearest[i]);
    return false;
}

static void note_amount(struct intake *in, enum shape_column c, const struct decimal_reading *d)
{
    if (d->notes & NOTE_NIL)
        intake_note(in, c, "nihil-tanpa-nilai",
                    SAY("nihil di kolom ini dibaca sebagai tidak ada nilai", "nihil in this column is read as no value"));
    if (d->notes & NOTE_DASH) intake_note(in, c, "strip", SAY("strip dibaca sebagai kosong", "a dash is read as empty"));
    if (d->notes & NOTE_LONE_DOT_DECIMAL)
        intake_note(in, c, "titik-desimal", SAY("titik dibaca sebagai tanda desimal", "the dot is read as a decimal mark"));
    if (d->notes & NOTE_NEGATIVE_PERCENT_SIGN)
        intake_note(in, c, "persen-dalam-kurung",
                    SAY("persentase dalam kurung dibaca positif", "a percentage in brackets is read as positive"));
    if (d->notes & NOTE_WORDS)
        intake_note(in, c, "kata-diabaikan", SAY("kata di sekitar angka diabaikan", "words around the number are dropped"));
}

static bool has_digit(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') return true;
    return false;
}

static bool refuse_prints(struct intake *in, const struct intake_amount_rule *rule, const struct decimal_reading *a,
                          const struct decimal_reading *b)
{
    char number[32];
    struct slice s = intake_cell(in, rule->text);
    const char *why = intake_text(in, "%s %s \"%.*s\"", SAY("berbeda dari", "differs from"), shape_column_name(rule->text),
                                  (int)(s.n < INTAKE_SEEN_MAX ? s.n : INTAKE_SEEN_MAX), (const char *)s.p);
    struct intake_refusal *r = intake_refuse(in, rule->column, CODE_AMBIGUOUS, why);
    decimal_format_micro(a->value, 0, number);
    intake_nearest(in, r, number);
    decimal_format_micro(b->value, 0, number);
    intake_nearest(in, r, number);
    return false;
}

static int listed_counts(const void *ctx, struct slice unit) { return units_counts(ctx, unit); }

static int read_quantity(struct intake *in, const struct intake_amount_rule *rule, struct slice s, struct decimal_reading *ret)
{
    const struct decimal_counting by = {listed_counts, in->priv->o.units};
    return decimal_quantity_by(s, rule->unit, rule->is_realised, &by, ret);
}

/* A unit nobody knows that is one letter apart from one: taken as written, since it may be a unit all the same. */
static void note_unit(struct intake *in, const struct intake_amount_rule *rule, const struct intake_amount *a)
{
    bool own = a->unit.p == rule->unit.p;
    if (a->unit.n == 0 || (own && rule->column == COLUMN_REALISASI && intake_cell(in, COLUMN_TARGET).n > 0)) return;
    const char *near = units_near(in->priv->o.units, a->unit);
    if (!near) return;
    intake_note(in, own ? COLUMN_SATUAN : a->from, "satuan-mirip",
                intake_text(in, "%s \"%.*s\"; %s %s?", SAY("satuan tidak dikenal", "unknown unit"), (int)a->unit.n,
                            (const char *)a->unit.p, SAY("maksudnya", "did you mean"), near));
}

/* The text beside a number: it must say the same, and may say the unit. */
static bool read_text_beside(struct intake *in, const struct intake_amount_rule *rule, struct intake_amount *a)
{
    struct decimal_reading other;
    struct slice s = rule->text == COLUMN_UNKNOWN ? slice_of("", 0) : intake_cell(in, rule->text);
    if (!has_digit(s) || (a->d.kind != DEC_NUMBER && a->d.kind != DEC_NIL)) return true;
    if (read_quantity(in, rule, s, &other) != ST_OK) {
        intake_note(in, rule->text, "teks-tak-terbaca",
                    SAY("teks ini bukan satu angka dengan satuannya; yang dipakai kolom angkanya",
                        "this text is not one number and its unit; the number column is used"));
        return true;
    }
    if (other.kind != DEC_NUMBER || other.value != a->d.value) return refuse_prints(in, rule, &a->d, &other);
    if (a->d.unit[0] == '\0' && other.unit[0] != '\0') a->unit = intake_keep(in, other.unit);
    return true;
}

/* Text where the formula wants text, or the two bounds of a range. */
static bool takes_text(const struct intake_amount_rule *rule, struct slice s)
{
    int64_t lo, hi;
    return s.n > 0 && (rule->words || (rule->range && achieve_range_parse(s, &lo, &hi) == ST_OK));
}

bool intake_amount(struct intake *in, const struct intake_amount_rule *rule, struct intake_amount *ret)
{
    bool number = intake_cell(in, rule->column).n > 0 || rule->text == COLUMN_UNKNOWN;
    struct intake_amount a = {.from = number ? rule->column : rule->text};
    struct slice s = intake_cell(in, a.from);
    if (takes_text(rule, s)) {
        a.d.kind = DEC_TEXT;
    } else if (read_quantity(in, rule, s, &a.d) != ST_OK) {
        return refuse_amount(in, a.from, &a.d);
    }
    note_amount(in, a.from, &a.d);
    if (a.d.kind == DEC_TEXT) {
        a.text = s;
        if (s.n > TEXT_MAX) return intake_short_text(in, a.from, &a.text);
    }
    if (a.d.kind == DEC_NUMBER) a.unit = a.d.unit[0] ? intake_keep(in, a.d.unit) : rule->unit;
    if (number && !read_text_beside(in, rule, &a)) return false;
    note_unit(in, rule, &a);
    *ret = a;
    return true;
}
