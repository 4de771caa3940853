/* intake_standard.c - one row of `satuan` (a unit and its spellings), `indikator-baku` (an indicator that offices share) or
 * `office` (the list of offices as printed). Kind: P.
 *
 * All are the centre's. A unit's spellings are stated one by one, so that two files may each add some; a spelling that means two
 * units in one file is a contradiction like any other. `dasar` and `faktor` say how many of another unit it is (1 ton = 1000 kg).
 * A version of a shared indicator is (id, month it holds from); without `berlaku` the month it was entered. What `office` says is
 * for display and is compared with the register: who may speak, and for which region, stands there alone.
 * Invariant: each figure added passes figure_check, or its cell is refused. */
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"
#include "proto/registry.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

static void add_text(struct intake *in, enum shape_column c, unsigned measure, struct slice key, struct slice text)
{
    if (text.n > 0)
        intake_add(in, c, &(struct figure){.measure = (uint16_t)measure, .kind = VALUE_TEXT, .indicator = key, .text = text});
}

/* Lower case, single blanks: what a spelling is known by. */
static struct slice folded(struct intake *in, struct slice s)
{
    char text[UNIT_TEXT_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < UNIT_TEXT_MAX; i++) {
        char c = (char)s.p[i];
        if (c == ' ' && (n == 0 || text[n - 1] == ' ')) continue;
        text[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    while (n > 0 && text[n - 1] == ' ') n--;
    text[n] = '\0';
    return intake_keep(in, text);
}

/* ---- satuan ---- */

static bool read_unit(struct intake *in, enum shape_column c, bool required, struct slice *ret)
{
    struct slice s = intake_cell(in, c);
    if (s.n > UNIT_TEXT_MAX || (s.n == 0 && required)) {
        intake_refuse(in, c, s.n ? CODE_TEXT_BROKEN : CODE_MISSING_KEY,
                      s.n ? SAY("teks terlalu panjang", "text is too long")
                          : SAY("kolom kunci kosong", "a required key cell is empty"));
        return false;
    }
    *ret = folded(in, s);
    return true;
}

/* "org; oorang; orag" */
static void add_spellings(struct intake *in, struct slice unit)
{
    struct slice rest = intake_cell(in, COLUMN_SINONIM);
    for (unsigned k = 0; rest.n > 0; k++) {
        const uint8_t *end = memchr(rest.p, ';', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct slice one = bytes_trim(slice_of(rest.p, n));
        rest = slice_of(rest.p + n + (end != NULL), rest.n - n - (end != NULL));
        if (k == INTAKE_ROW_FIGURES_MAX - 2 || one.n > UNIT_TEXT_MAX) {
            intake_refuse(in, COLUMN_SINONIM, CODE_RULE_BROKEN,
                          SAY("terlalu banyak ejaan dalam satu baris (paling banyak 18), atau terlalu panjang",
                              "too many spellings in a row (at most 18), or too long"));
            return;
        }
        if (one.n > 0) add_text(in, COLUMN_SINONIM, MEASURE_RULE_UNIT, folded(in, one), unit);
    }
}

static void add_base(struct intake *in, struct slice unit)
{
    struct slice base, factor = intake_cell(in, COLUMN_FAKTOR);
    struct decimal_reading d;
    char text[32];
    if (!read_unit(in, COLUMN_DASAR, false, &base) || (base.n == 0 && factor.n == 0)) return;
    bool number = decimal_quantity(factor, slice_of("kg", 2), false, &d) == ST_OK && d.kind == DEC_NUMBER && d.value > 0;
    if (base.n == 0 || !number || d.unit[0]) {
        intake_refuse(in, base.n ? COLUMN_FAKTOR : COLUMN_DASAR, CODE_RULE_BROKEN,
                      SAY("dasar dan faktor disebut bersama: 1 satuan = faktor x dasar",
                          "dasar and faktor go together: 1 unit = faktor x dasar"));
        return;
    }
    decimal_format_micro(d.value, 0, text);
    add_text(in, COLUMN_FAKTOR, MEASURE_RULE_UNIT_BASE, unit,
             intake_keep(in, intake_text(in, "%s %.*s", text, (int)base.n, (const char *)base.p)));
}

bool intake_unit_row(struct intake *in)
{
    struct slice unit, counts = intake_cell(in, COLUMN_MENGHITUNG);
    bool yes = bytes_is(counts, "ya"), no = bytes_is(counts, "tidak");
    if (!read_unit(in, COLUMN_SATUAN, true, &unit)) return true;
    if (counts.n > 0 && !yes && !no) {
        intake_refuse(in, COLUMN_MENGHITUNG, CODE_AMBIGUOUS, SAY("bukan ya atau tidak", "neither ya nor tidak"));
        return true;
    }
    add_spellings(in, unit);
    add_base(in, unit);
    if (counts.n > 0) add_text(in, COLUMN_MENGHITUNG, MEASURE_RULE_UNIT_COUNTS, unit, intake_keep(in, yes ? "ya" : "tidak"));
    if (in->priv->figures == 0)
        intake_note_at(in, in->priv->line, 0, "tanpa-nilai", SAY("baris tidak menyatakan apa pun", "the row states nothing"));
    return true;
}

/* ---- indikator-baku ---- */

/* A declared word in its own spelling; empty stays empty. */
static bool read_word(struct intake *in, enum shape_column c, int (*parse)(struct slice, uint8_t *), const char *(*name)(unsigned),
                      struct slice *ret)
{
    struct slice s = intake_cell(in, c);
    uint8_t id;
    *ret = slice_of("", 0);
    if (s.n == 0) return true;
    if (parse(s, &id) != ST_OK) {
        intake_refuse(in, c, CODE_FORMULA_UNKNOWN, SAY("rumus atau cara agregasi tidak dikenal", "unknown formula or aggregation"));
        return false;
    }
    *ret = intake_keep(in, name(id));
    return true;
}

enum { STANDARD_PARTS = 8, STANDARD_ID_MAX = 200 };
struct part { enum shape_column column; unsigned measure; struct slice text; };

static bool read_standard(struct intake *in, struct part p[STANDARD_PARTS])
{
    bool ok = intake_required_text(in, COLUMN_INDIKATOR, &p[0].text);
    ok = intake_required_text(in, COLUMN_DEFINISI, &p[1].text) && ok;
    ok = read_unit(in, COLUMN_SATUAN, true, &p[2].text) && ok;
    ok = read_word(in, COLUMN_FORMULA, achieve_formula_parse, achieve_formula_name, &p[3].text) && ok;
    ok = read_word(in, COLUMN_AGREGASI, achieve_time_parse, achieve_time_name, &p[4].text) && ok;
    ok = read_word(in, COLUMN_AGREGASI_UNIT, achieve_units_parse, achieve_units_name, &p[5].text) && ok;
    ok = intake_short_text(in, COLUMN_OPERATOR, &p[6].text) && ok;
    return intake_short_text(in, COLUMN_PENYEBUT, &p[7].text) && ok;
}

bool intake_standard_row(struct intake *in)
{
    struct part p[STANDARD_PARTS] = {
        {COLUMN_INDIKATOR, MEASURE_STANDARD_NAME, {0}},     {COLUMN_DEFINISI, MEASURE_STANDARD_DEFINITION, {0}},
        {COLUMN_SATUAN, MEASURE_STANDARD_UNIT, {0}},        {COLUMN_FORMULA, MEASURE_STANDARD_FORMULA, {0}},
        {COLUMN_AGREGASI, MEASURE_STANDARD_OVER_TIME, {0}}, {COLUMN_AGREGASI_UNIT, MEASURE_STANDARD_OVER_UNITS, {0}},
        {COLUMN_OPERATOR, MEASURE_STANDARD_OPERATOR, {0}},  {COLUMN_PENYEBUT, MEASURE_STANDARD_DENOMINATOR, {0}},
    };
    struct slice id;
    bool ok = intake_required_text(in, COLUMN_ID, &id);
    ok = read_standard(in, p) && ok;
    const char *from = intake_rule_from(in);
    if (!ok || !from) return true;
    if (id.n > STANDARD_ID_MAX) {
        intake_refuse(in, COLUMN_ID, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
        return true;
    }
    struct slice key = intake_keep(in, intake_text(in, "%s %.*s", from, (int)id.n, (const char *)id.p));
    for (size_t i = 0; i < STANDARD_PARTS; i++) add_text(in, p[i].column, p[i].measure, key, p[i].text);
    return true;
}

/* ---- office ---- */

bool intake_office_row(struct intake *in)
{
    struct slice id = intake_cell(in, COLUMN_OFFICE), region = intake_cell(in, COLUMN_WILAYAH), name, region_name, document;
    region_code r;
    uint16_t year = 0;
    bool ok = intake_short_text(in, COLUMN_OPD, &name);
    ok = intake_short_text(in, COLUMN_NAMA_WILAYAH, &region_name) && ok;
    ok = intake_short_text(in, COLUMN_DOKUMEN, &document) && ok;
    if (intake_cell(in, COLUMN_TAHUN).n > 0) ok = intake_year(in, &year) && ok;
    if (!registry_id_ok(id)) {
        intake_refuse(in, COLUMN_OFFICE, id.n ? CODE_CODE_BROKEN : CODE_MISSING_KEY,
                      SAY("bukan id kantor: huruf kecil, angka, titik, tanda hubung, paling panjang 40",
                          "is no office id: small letters, digits, dot, dash, at most 40"));
        return true;
    }
    if (region.n == 0 || code_region_parse(region, &r) != ST_OK) {
        intake_refuse(in, COLUMN_WILAYAH, region.n ? CODE_CODE_BROKEN : CODE_MISSING_KEY,
                      SAY("bukan kode wilayah (33.74)", "is no region code (33.74)"));
        return true;
    }
    if (!ok) return true;
    add_text(in, COLUMN_OPD, MEASURE_OFFICE_NAME, id, name);
    add_text(in, COLUMN_WILAYAH, MEASURE_OFFICE_REGION, id, region);
    add_text(in, COLUMN_NAMA_WILAYAH, MEASURE_REGION_NAME, region, region_name);
    struct figure f = {.measure = MEASURE_OFFICE_DOCUMENT, .kind = VALUE_TEXT, .indicator = id, .text = document, .year = year,
                       .month = year ? 1 : 0};
    if (document.n > 0) intake_add(in, COLUMN_DOKUMEN, &f);
    return true;
}
