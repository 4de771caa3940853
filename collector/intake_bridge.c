/* intake_bridge.c - one row of `padanan` (which new code an old one became) or `alias` (another print of a name). Kind: P.
 *
 * Bridges are the centre's: only its role may push them. A pair is one timeless figure: the old code, the new one with its list as
 * `indicator`, and the part of the old code that goes there. Weights out of one source must sum to 1, over the rows of one file
 * (a file replaces what it names); where they do not, every row of that source is refused. A row with one side only says nothing.
 * Invariant: each figure added passes figure_check, or its cell is refused. */
#include <stdlib.h>
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"
#include "proto/code.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

enum { WHOLE = 1000000 };

static bool read_list(struct intake *in, enum shape_column c, enum vintage def, enum vintage *ret)
{
    struct slice s = intake_cell(in, c);
    *ret = def;
    if (s.n == 0 || code_vintage_parse(s, ret) == ST_OK) return true;
    intake_refuse(in, c, CODE_VINTAGE_UNKNOWN, SAY("nomenklatur tidak dikenal", "unknown vintage"));
    return false;
}

static bool read_code(struct intake *in, enum shape_column c, enum vintage v, activity_code *ret)
{
    struct code_reading r;
    if (code_parse_activity(v, intake_cell(in, c), &r) == ST_OK) {
        *ret = r.code;
        return true;
    }
    intake_nearest(in, intake_refuse(in, c, CODE_CODE_BROKEN, SAY("bukan kode kegiatan", "not an activity code")), r.nearest);
    return false;
}

static bool read_weight(struct intake *in, int64_t *ret)
{
    struct decimal_reading d;
    *ret = WHOLE;
    if (decimal_quantity(intake_cell(in, COLUMN_BOBOT), slice_of("", 0), false, &d) != ST_OK || d.kind == DEC_TEXT) {
        intake_refuse(in, COLUMN_BOBOT, CODE_NUMBER_BROKEN, SAY("bukan bobot (0,5)", "is no weight (0.5)"));
        return false;
    }
    if (d.kind == DEC_NUMBER) *ret = d.value;
    return true;
}

/* What became of the code, and by which decree: kept with the statement as its reason. */
static bool read_why(struct intake *in, struct slice *ret)
{
    static const char *const KINDS[] = {"sama", "ganti-nama", "gabung", "pecah", "baru", "dihapus"};
    struct slice kind = intake_cell(in, COLUMN_JENIS), basis;
    bool known = kind.n == 0;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) known |= bytes_is(kind, KINDS[i]);
    if (!known) {
        intake_refuse(in, COLUMN_JENIS, CODE_AMBIGUOUS, SAY("bukan sama, ganti-nama, gabung, pecah, baru atau dihapus",
                                                            "is none of sama, ganti-nama, gabung, pecah, baru, dihapus"));
        return false;
    }
    if (!intake_short_text(in, COLUMN_DASAR, &basis)) return false;
    if (kind.n + basis.n + 2 > TEXT_MAX) basis.n = 0;
    *ret = intake_keep(in, intake_text(in, "%.*s%s%.*s", kind.n ? (int)kind.n : 4, kind.n ? (const char *)kind.p : "sama",
                                       basis.n ? "; " : "", (int)basis.n, (const char *)basis.p));
    return true;
}

/* All that an old code goes to, in one figure: what a corrected file no longer names is no pair any more (aggregator/bridge.h). */
static void add_to_set(struct intake *in, const struct figure *pair)
{
    struct intake_priv *p = in->priv;
    for (uint32_t i = p->items; i-- > 0;) {
        struct figure *set = &p->item[i].f;
        if (set->measure != MEASURE_BRIDGE_SET || set->activity != pair->activity || p->item[i].vintage != p->vintage) continue;
        if (set->text.n + pair->indicator.n + 1 > TEXT_MAX)
            intake_refuse(in, COLUMN_KODE_BARU, CODE_TEXT_BROKEN, SAY("satu kode lama dengan terlalu banyak kode baru",
                                                                      "too many new codes of one old code"));
        else
            set->text = intake_keep(in, intake_text(in, "%.*s;%.*s", (int)set->text.n, (const char *)set->text.p,
                                                    (int)pair->indicator.n, (const char *)pair->indicator.p));
        return;
    }
    intake_add(in, COLUMN_KODE_BARU, &(struct figure){.activity = pair->activity, .measure = MEASURE_BRIDGE_SET, .kind = VALUE_TEXT,
                                                      .text = pair->indicator});
}

bool intake_bridge_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    enum vintage from, to;
    activity_code old = 0, new = 0;
    int64_t weight;
    char text[CODE_TEXT_MAX + 1];
    if (intake_cell(in, COLUMN_KODE_LAMA).n == 0 || intake_cell(in, COLUMN_KODE_BARU).n == 0) {
        intake_note_at(in, p->line, 0, "satu-sisi", SAY("hanya satu sisi; tidak menyatakan apa pun",
                                                        "one side only; states nothing"));
        return true;
    }
    bool ok = read_list(in, COLUMN_NOMENKLATUR_LAMA, VINTAGE_PERMENDAGRI_13_2006, &from);
    ok = read_list(in, COLUMN_NOMENKLATUR_BARU, VINTAGE_PERMENDAGRI_90_2019, &to) && ok;
    ok = ok && read_code(in, COLUMN_KODE_LAMA, from, &old);
    ok = ok && read_code(in, COLUMN_KODE_BARU, to, &new);
    struct slice why;
    ok = read_why(in, &why) && ok;
    if (!read_weight(in, &weight) || !ok) return true;
    code_format_activity(new, text);
    struct figure f = {.activity = old, .measure = MEASURE_BRIDGE, .kind = VALUE_NUMBER, .value = weight, .reason = why};
    f.indicator = intake_keep(in, intake_text(in, "%s %s", code_vintage_name(to), text));
    p->vintage = from;
    intake_add(in, intake_has(in, COLUMN_BOBOT) ? COLUMN_BOBOT : COLUMN_KODE_BARU, &f);
    add_to_set(in, &f);
    return true;
}

bool intake_rule_allowed(struct intake *in)
{
    struct intake_priv *p = in->priv;
    if (p->o.centre) return true;
    bool bridge = in->shape == SHAPE_PADANAN;
    const char *why = bridge ? SAY("padanan kode hanya dinyatakan oleh pusat",
                                   "bridges between code lists are stated by the centre only")
                             : intake_text(in, "%s %s", shape_name(in->shape), SAY("hanya dinyatakan oleh pusat",
                                                                                   "is stated by the centre only"));
    intake_refuse_at(in, p->table.row[p->shape.header].line, 0, slice_of("", 0), CODE_UNAUTHORISED, why);
    return false;
}

/* ---- weights ---- */

static int by_code(const void *a, const void *b)
{
    const struct intake_item *x = *(struct intake_item *const *)a, *y = *(struct intake_item *const *)b;
    if (x->f.activity != y->f.activity) return x->f.activity < y->f.activity ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void refuse_source(struct intake *in, struct intake_item *const *it, uint32_t n, int64_t sum)
{
    struct intake_priv *p = in->priv;
    char text[32];
    decimal_format_micro(sum, 0, text);
    for (uint32_t i = 0; i < n; i++) {
        if (it[i]->f.measure != MEASURE_BRIDGE) continue;
        struct intake_data_row *row = &p->row[it[i]->row];
        row->refused = true;
        intake_refuse_at(in, row->line, it[i]->column, bytes_trim(csv_table_cell(&p->table, row->table_row, it[i]->column - 1)),
                         CODE_BRIDGE_WEIGHTS, intake_text(in, "%s %s", SAY("bobot dari kode lama ini berjumlah",
                                                                           "weights out of this old code sum to"), text));
    }
}

void intake_bridge_weights(struct intake *in)
{
    struct intake_priv *p = in->priv;
    struct intake_item **it = calloc(p->items ? p->items : 1, sizeof *it);
    if (!it) {
        p->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < p->items; i++) it[i] = &p->item[i];
    qsort(it, p->items, sizeof *it, by_code);
    for (uint32_t i = 0, end; i < p->items; i = end) {
        int64_t sum = 0;
        for (end = i; end < p->items && it[end]->f.activity == it[i]->f.activity; end++) sum += it[end]->f.value;
        if (sum != WHOLE) refuse_source(in, it + i, end - i, sum);
    }
    free(it);
}

/* ---- alias ---- */

/* With `indikator` the row says that the line's indicator of that name (or id) is also called uraian_tercetak: one series. */
static bool name_of_indicator(struct intake *in, struct slice of, struct figure *f)
{
    char name[TEXT_MAX + 1], folded[TEXT_MAX + 1];
    (void)achieve_identity(f->indicator, name);
    (void)achieve_identity(of, folded);
    if (!name[0] || !folded[0] || strcmp(name, folded) == 0) {
        intake_refuse(in, COLUMN_INDIKATOR, CODE_AMBIGUOUS,
                      SAY("bukan nama lain dari sebuah indikator", "is no other name of an indicator"));
        return false;
    }
    f->measure = MEASURE_INDICATOR_ALIAS;
    f->indicator = intake_keep(in, name);
    f->text = intake_keep(in, folded);
    return true;
}

bool intake_alias_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    struct figure f = {.measure = MEASURE_ALIAS, .kind = VALUE_TEXT};
    struct slice of;
    struct code_reading r;
    if (!intake_row_is_data(in, COLUMN_KODE, COLUMN_KODE)) return false;
    struct slice code = intake_cell(in, COLUMN_KODE);
    bool old = intake_cell(in, COLUMN_NOMENKLATUR).n == 0 && !code_looks_account(code) &&
               code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, code, &r) != ST_OK &&
               code_parse_activity(VINTAGE_PERMENDAGRI_13_2006, code, &r) == ST_OK;
    bool ok = intake_vintage(in, old ? 2020 : 2021, &p->vintage) && intake_code(in, p->vintage, &f.activity, &f.account);
    ok = intake_required_text(in, COLUMN_URAIAN_TERCETAK, &f.indicator) && ok;
    ok = intake_short_text(in, COLUMN_TABEL, &f.text) && ok;
    ok = intake_short_text(in, COLUMN_INDIKATOR, &of) && ok;
    if (f.text.n == 0) f.text = intake_keep(in, "-");
    if (f.activity == 0) p->vintage = VINTAGE_NONE;
    if (ok && of.n > 0) ok = name_of_indicator(in, of, &f);
    if (ok) intake_add(in, COLUMN_URAIAN_TERCETAK, &f);
    return true;
}
