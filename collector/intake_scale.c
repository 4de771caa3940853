/* intake_scale.c - one row of `skala` (a band of a rating scale, or where a scale holds) or `aturan` (a setting). Kind: P.
 *
 * Both are the centre's. A version of a scale is (name, month it holds from): it is stated as one RULE_SCALE with the number of its
 * bands and one RULE_BAND a band, from the top down, so that a corrected version with fewer bands leaves none of the old ones.
 * Without a name the scale is the default one (`bawaan`); without `berlaku` a rule holds from the month it was entered, never
 * earlier: what was rated before stays as it was. `batas_bawah` decides (">100": above, not at); `batas_atas` is what reports
 * print, and a gap between it and the band above is closed from below (domain.md 5) and noted. Rows without `kriteria` say where
 * the scale holds. Invariant: a file of scales is taken whole or not at all, since half a scale rates wrongly. */
#include <stdlib.h>
#include <string.h>

#include "collector/intake_priv.h"
#include "proto/achieve.h"
#include "proto/period.h"
#include "proto/setting.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){id, en})

enum { RULE_NAME_MAX = 39, RULE_INDICATOR_MAX = 200 };
static const char *const SUBJECTS[] = {"capaian", "nilai", "predikat"};

/* ---- cells that all rules share ---- */

const char *intake_rule_from(struct intake *in)
{
    struct slice s = intake_cell(in, COLUMN_BERLAKU);
    int year, month;
    char now[32];
    if (s.n > 0 && period_parse_year_month(s, &year, &month) == ST_OK) return intake_text(in, "%04d-%02d", year, month);
    if (s.n > 0) {
        intake_refuse(in, COLUMN_BERLAKU, CODE_PERIOD_BROKEN, SAY("bukan bulan (2022-01)", "is no month (2022-01)"));
        return NULL;
    }
    const struct intake_options *o = &in->priv->o;
    period_format_time((struct wall){ o->entered.ms + (int64_t)o->hours_ahead * 3600000 }, now);
    intake_note(in, COLUMN_UNKNOWN, "tanpa-berlaku",
                intake_text(in, "%s %.7s", SAY("tanpa berlaku: mulai", "no berlaku: from"), now));
    return intake_text(in, "%.7s", now);
}

/* A word of a key: no blanks or marks that part keys; "-" where the cell is empty. */
static bool key_word(struct intake *in, enum shape_column c, size_t max, const char **ret)
{
    struct slice s = intake_cell(in, c);
    bool ok = s.n <= max && (s.n == 0 || !memchr(s.p, '#', s.n));
    for (size_t i = 0; ok && i < s.n; i++) ok = s.p[i] > ' ';
    if (!ok) intake_refuse(in, c, CODE_RULE_BROKEN, SAY("bukan satu kata, atau terlalu panjang", "is not one word, or too long"));
    *ret = s.n ? intake_text(in, "%.*s", (int)s.n, (const char *)s.p) : "-";
    return ok;
}

static bool read_where(struct intake *in, const char **region, const char **office)
{
    region_code r;
    bool ok = key_word(in, COLUMN_WILAYAH, REGION_CODE_MAX, region);
    ok = key_word(in, COLUMN_KANTOR, OFFICE_ID_MAX, office) && ok;
    if (ok && (*region)[0] != '-' && code_region_parse(intake_cell(in, COLUMN_WILAYAH), &r) != ST_OK) {
        intake_refuse(in, COLUMN_WILAYAH, CODE_CODE_BROKEN, SAY("bukan kode wilayah (33.74)", "is no region code (33.74)"));
        return false;
    }
    return ok;
}

static void add_rule(struct intake *in, enum shape_column c, unsigned measure, const char *key, const char *text)
{
    intake_add(in, c, &(struct figure){.measure = (uint16_t)measure, .kind = VALUE_TEXT, .indicator = intake_keep(in, key),
                                       .text = intake_keep(in, text)});
}

/* ---- bands ---- */

struct band_row {
    const char *from, *bound;           /* ">100", "91" or "-" */
    struct slice name, word, subject;
    int64_t lower;
    bool open;
};

static bool read_bound(struct intake *in, struct band_row *w)
{
    struct slice s = intake_cell(in, COLUMN_BATAS_BAWAH);
    struct decimal_reading d;
    char text[32];
    w->bound = "-";
    w->lower = INT64_MIN;
    if (s.n == 0) return true;
    w->open = s.p[0] == '>' && !(s.n > 1 && s.p[1] == '=');
    size_t mark = s.p[0] == '>' ? w->open ? 1 : 2 : 0;
    if (decimal_percent(bytes_trim(slice_of(s.p + mark, s.n - mark)), &d) != ST_OK || d.kind != DEC_NUMBER) {
        intake_refuse(in, COLUMN_BATAS_BAWAH, CODE_NUMBER_BROKEN,
                      SAY("bukan satu batas (91 atau >100)", "is no bound (91 or >100)"));
        return false;
    }
    w->lower = d.value;
    decimal_format_micro(d.value, 0, text);
    w->bound = intake_text(in, "%s%s", w->open ? ">" : "", text);
    return true;
}

static bool read_subject(struct intake *in, struct slice *ret)
{
    *ret = intake_cell(in, COLUMN_SUBJEK);
    for (size_t i = 0; ret->n > 0 && i < 3; i++)
        if (bytes_is(*ret, SUBJECTS[i])) return true;
    if (ret->n == 0) *ret = slice_of(SUBJECTS[0], strlen(SUBJECTS[0]));
    else intake_refuse(in, COLUMN_SUBJEK, CODE_RULE_BROKEN, SAY("bukan capaian, nilai atau predikat",
                                                               "is neither capaian, nilai nor predikat"));
    return bytes_is(*ret, SUBJECTS[0]);
}

static bool read_scale_name(struct intake *in, struct slice *ret)
{
    *ret = intake_cell(in, COLUMN_SKALA);
    if (ret->n == 0) *ret = slice_of("bawaan", 6);
    if (ret->n <= RULE_NAME_MAX && !memchr(ret->p, '#', ret->n)) return true;
    intake_refuse(in, COLUMN_SKALA, CODE_RULE_BROKEN, SAY("nama skala terlalu panjang atau memuat #",
                                                          "name of a scale is too long or holds #"));
    return false;
}

/* The band's own upper bound against the band above: closed from below, and said. */
static void note_upper(struct intake *in, const struct band_row *w, int64_t above)
{
    struct decimal_reading d;
    struct slice s = intake_cell(in, COLUMN_BATAS_ATAS);
    if (s.n > 0 && (decimal_percent(s, &d) != ST_OK || d.kind != DEC_NUMBER || d.value < w->lower))
        intake_refuse(in, COLUMN_BATAS_ATAS, CODE_RULE_BROKEN,
                      SAY("bukan batas di atas batas_bawah", "is no bound above batas_bawah"));
    else if (s.n > 0 && d.value < above && above != INT64_MAX)
        intake_note(in, COLUMN_BATAS_ATAS, "celah-skala",
                    SAY("ada celah sampai batas berikutnya; setiap pita berlaku sampai pita di atasnya",
                        "there is a gap to the next bound; each band holds up to the band above it"));
    else if (s.n > 0 && d.value > above)
        intake_refuse(in, COLUMN_BATAS_ATAS, CODE_RULE_BROKEN, SAY("melewati pita di atasnya", "is beyond the band above"));
}

/* The scale's figures so far in the file: its head, and the bound of its last band. */
struct so_far { struct intake_item *head; unsigned bands; int64_t lower; };

static struct so_far look_back(struct intake *in, const char *key)
{
    struct intake_priv *p = in->priv;
    struct so_far ret = {.lower = INT64_MAX};
    size_t n = strlen(key);
    for (uint32_t i = 0; i < p->items; i++) {
        struct intake_item *it = &p->item[i];
        struct slice id = it->f.indicator;
        if (id.n < n || memcmp(id.p, key, n) != 0) continue;
        if (it->f.measure == MEASURE_RULE_SCALE && id.n == n) ret.head = it;
        if (it->f.measure != MEASURE_RULE_BAND || id.n < n + 2 || id.p[n + 1] != '#') continue;
        struct decimal_reading d;
        struct slice bound = it->f.text;
        size_t blank = 0;
        while (blank < bound.n && bound.p[blank] != ' ') blank++;
        bool open = bound.p[0] == '>';
        ret.bands++;
        bool number = decimal_percent(slice_of(bound.p + open, blank - open), &d) == ST_OK && d.kind == DEC_NUMBER;
        ret.lower = number ? d.value : INT64_MIN;
    }
    return ret;
}

/* The head says how many bands there are: the last row is the one that knows. */
static void add_band(struct intake *in, const struct band_row *w, const char *key, const struct so_far *before)
{
    const char *head = intake_text(in, "%.*s %u", (int)w->subject.n, (const char *)w->subject.p, before->bands + 1);
    if (before->head) before->head->f.text = intake_keep(in, head);
    else add_rule(in, COLUMN_KRITERIA, MEASURE_RULE_SCALE, key, head);
    add_rule(in, COLUMN_KRITERIA, MEASURE_RULE_BAND, intake_text(in, "%s #%u", key, before->bands + 1),
             intake_text(in, "%s %.*s", w->bound, (int)w->word.n, (const char *)w->word.p));
}

static bool read_band(struct intake *in, struct band_row *w)
{
    bool ok = read_bound(in, w);
    ok = read_subject(in, &w->subject) && ok;
    w->word = intake_cell(in, COLUMN_KRITERIA);
    if (w->word.n <= RULE_NAME_MAX) return ok;
    intake_refuse(in, COLUMN_KRITERIA, CODE_TEXT_BROKEN, SAY("teks terlalu panjang", "text is too long"));
    return false;
}

static void band(struct intake *in, struct band_row *w)
{
    const char *key = intake_text(in, "%s %.*s", w->from, (int)w->name.n, (const char *)w->name.p);
    struct so_far before = look_back(in, key);
    if (before.bands > 0 && w->lower >= before.lower)
        intake_refuse(in, COLUMN_BATAS_BAWAH, CODE_RULE_BROKEN,
                      SAY("pita disusun dari atas ke bawah", "bands go from the top down"));
    else if (before.bands == ACHIEVE_BANDS_MAX)
        intake_refuse(in, COLUMN_KRITERIA, CODE_RULE_BROKEN, SAY("terlalu banyak pita", "too many bands"));
    else {
        note_upper(in, w, before.lower);
        add_band(in, w, key, &before);
    }
}

static void holds(struct intake *in, const struct band_row *w)
{
    const char *region, *office;
    uint16_t year = 0;
    bool ok = read_where(in, &region, &office);
    if (intake_cell(in, COLUMN_TAHUN).n > 0) ok = intake_year(in, &year) && ok;
    if (!ok) return;
    const char *of = year ? intake_text(in, "%u", year) : "-";
    add_rule(in, COLUMN_SKALA, MEASURE_RULE_SCALE_FOR, intake_text(in, "%s %s %s %s", w->from, region, office, of),
             intake_text(in, "%.*s", (int)w->name.n, (const char *)w->name.p));
}

bool intake_scale_row(struct intake *in)
{
    struct band_row w = {0};
    bool ok = read_scale_name(in, &w.name);
    ok = read_band(in, &w) && ok;
    w.from = intake_rule_from(in);
    if (!ok || !w.from) return true;
    if (w.word.n > 0) band(in, &w);
    else if (strcmp(w.bound, "-") == 0 && intake_cell(in, COLUMN_SKALA).n > 0) holds(in, &w);
    else intake_refuse(in, COLUMN_KRITERIA, CODE_MISSING_KEY, SAY("kolom kunci kosong", "a required key cell is empty"));
    return true;
}

/* Half a scale rates wrongly: with one row refused none is taken. */
void intake_scale_whole(struct intake *in)
{
    struct intake_priv *p = in->priv;
    uint32_t bad = p->rows;
    for (uint32_t i = p->rows; i-- > 0;)
        if (p->row[i].refused) bad = i;
    for (uint32_t i = 0; bad < p->rows && i < p->rows; i++) {
        struct intake_data_row *row = &p->row[i];
        if (row->refused) continue;
        row->refused = true;
        intake_refuse_at(in, row->line, 0, slice_of("", 0), CODE_RULE_BROKEN,
                         intake_text(in, "%s %u", SAY("skala diambil utuh atau tidak; ditolak karena baris",
                                                      "scales are taken whole or not; refused because of line"), p->row[bad].line));
    }
}

/* ---- aturan ---- */

/* The indicator that a rule names, as names fold; "" where the rule is of all. */
static bool rule_indicator(struct intake *in, const char **ret)
{
    char folded[TEXT_MAX + 1];
    struct slice s = intake_cell(in, COLUMN_INDIKATOR);
    *ret = "";
    if (s.n == 0) return true;
    size_t n = s.n <= RULE_INDICATOR_MAX ? achieve_identity(s, folded) : 0;
    if (n == 0) {
        intake_refuse(in, COLUMN_INDIKATOR, CODE_RULE_BROKEN,
                      SAY("bukan id atau nama indikator, atau terlalu panjang", "is no id or name of an indicator, or too long"));
        return false;
    }
    *ret = intake_text(in, " %s", folded);
    return true;
}

/* Says why a setting or its value is none, with the one that is most like it. */
static void refuse_setting(struct intake *in, struct slice name, struct slice value, const char *why)
{
    enum setting s;
    bool known = setting_parse(name, &s) == ST_OK;
    struct intake_refusal *r = intake_refuse(in, known ? COLUMN_NILAI : COLUMN_ATURAN, CODE_RULE_BROKEN, why);
    const char *near = known ? setting_nearest_value(s, value) : setting_nearest(name);
    if (r && near) intake_nearest(in, r, near);
}

bool intake_setting_row(struct intake *in)
{
    const char *name, *value, *region, *office, *indicator;
    enum setting s;
    bool ok = key_word(in, COLUMN_ATURAN, RULE_NAME_MAX, &name);
    ok = key_word(in, COLUMN_NILAI, RULE_NAME_MAX, &value) && ok;
    ok = read_where(in, &region, &office) && ok;
    ok = rule_indicator(in, &indicator) && ok;
    const char *from = intake_rule_from(in);
    if (!strcmp(name, "-") || !strcmp(value, "-")) {
        intake_refuse(in, !strcmp(name, "-") ? COLUMN_ATURAN : COLUMN_NILAI, CODE_MISSING_KEY,
                      SAY("kolom kunci kosong", "a required key cell is empty"));
        return true;
    }
    const struct slice named = slice_of(name, strlen(name)), valued = slice_of(value, strlen(value));
    const char *why = setting_fault(named, valued, in->priv->o.lang);
    if (why) refuse_setting(in, named, valued, why);
    else if (*indicator && setting_parse(named, &s) == ST_OK && !setting_per_indicator(s))
        intake_refuse(in, COLUMN_INDIKATOR, CODE_RULE_BROKEN,
                      SAY("aturan ini tidak berlaku per indikator", "this setting is not of one indicator"));
    else if (ok && from)
        add_rule(in, COLUMN_NILAI, MEASURE_RULE_SETTING, intake_text(in, "%s %s %s %s%s", from, name, region, office, indicator),
                 value);
    return true;
}
