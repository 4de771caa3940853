/* setting.c - see setting.h. Kind: P. One row a setting; words stand for the integers they mean, so that everything that counts
 * by a setting counts by an integer. Invariant: each default is within its own range. */
#include "setting.h"

#include <stdio.h>
#include <string.h>

#include "achieve.h"
#include "bytes.h"

enum { DIGITS_MAX = 15 };

/* Settings that are words: how they are read and written, and the words there are (at of 0, 1, ..; "" or NULL ends). */
struct words {
    int (*parse)(struct slice text, int64_t *ret);
    void (*format)(int64_t value, char ret[32]);
    const char *(*at)(unsigned i);
    const char *id, *en;
};

static int parse_formula(struct slice text, int64_t *ret)
{
    uint8_t id;
    int st = achieve_formula_parse(text, &id);
    if (st == ST_OK) *ret = id;
    return st;
}

static int parse_over_time(struct slice text, int64_t *ret)
{
    uint8_t id;
    int st = achieve_time_parse(text, &id);
    if (st == ST_OK) *ret = id;
    return st;
}

static const char *formula_at(unsigned i) { return achieve_formula_name(i + 1); }
static const char *over_time_at(unsigned i) { return i == 0 ? "menurut-satuan" : achieve_time_name(i); }
static void format_formula(int64_t v, char ret[32]) { snprintf(ret, 32, "%s", achieve_formula_name((unsigned)v)); }
static void format_over_time(int64_t v, char ret[32]) { snprintf(ret, 32, "%s", achieve_time_name((unsigned)v)); }
static void format_rounding(int64_t v, char ret[32]) { achieve_rounding_name(achieve_rounding_unpack(v), ret); }

static const char *rounding_at(unsigned i)
{
    static const char *const USUAL[] = {"setengah/2", "genap/2", "potong/2", "setengah/2/dulu", "genap/2/dulu", "potong/2/dulu"};
    return i < sizeof USUAL / sizeof *USUAL ? USUAL[i] : NULL;
}

static const struct words FORMULA = {parse_formula, format_formula, formula_at,
                                     "MAX, MIN, MIN_RATIO, RANGE, RANGE_MIN, STABLE, SCALE, TEXT atau DELTA",
                                     "MAX, MIN, MIN_RATIO, RANGE, RANGE_MIN, STABLE, SCALE, TEXT or DELTA"};
static const struct words OVER_TIME = {parse_over_time, format_over_time, over_time_at,
                                       "AKUMULATIF, AKHIR, RATA, MAKS, MIN, atau menurut-satuan",
                                       "AKUMULATIF, AKHIR, RATA, MAKS, MIN, or menurut-satuan"};
static const struct words ROUNDING = {
    achieve_rounding_parse, format_rounding, rounding_at,
    "setengah, genap atau potong, dan angka desimal 0 sampai 6: setengah/2; /dulu: sebelum dinilai",
    "setengah, genap or potong, and 0 to 6 decimals: setengah/2; /dulu: before it is rated"
};

static const struct {
    const char *name, *word;            /* word: what `word_value` is written as */
    int64_t word_value, def, min, max;
    const char *id, *en;                /* what it may be */
    const struct words *kind;           /* NULL: an integer */
} TABLE[SETTING_COUNT] = {
    [SETTING_CAP] = {"batas-capaian", "tanpa", 0, 120, 100, 1000, "100 sampai 1000, atau tanpa", "100 to 1000, or tanpa", NULL},
    [SETTING_JUMP] = {"lonjakan-kali", NULL, 0, 10, 2, 300, "2 sampai 300", "2 to 300", NULL},
    [SETTING_JUMP_RUPIAH] = {"lonjakan-rupiah", NULL, 0, 1000000, 0, INT64_C(1000000000000), "0 sampai 10^12", "0 to 10^12", NULL},
    [SETTING_COPIED_LINES] = {"salinan-baris", NULL, 0, 5, 2, 10000, "2 sampai 10000", "2 to 10000", NULL},
    [SETTING_COPIED_COLUMN] = {"salinan-kolom", NULL, 0, 10, 2, 10000, "2 sampai 10000", "2 to 10000", NULL},
    [SETTING_COPIED_SHARE] = {"salinan-persen", NULL, 0, 90, 50, 100, "50 sampai 100", "50 to 100", NULL},
    [SETTING_BRIDGED_SHARE] = {"padanan-persen", NULL, 0, 95, 0, 100, "0 sampai 100", "0 to 100", NULL},
    [SETTING_FORMULA] = {.name = "formula", .def = ACHIEVE_MAX, .kind = &FORMULA},
    [SETTING_OVER_TIME] = {.name = "agregasi", .word = "menurut-satuan", .def = 0, .kind = &OVER_TIME},
    [SETTING_ROUNDING] = {.name = "pembulatan", .def = 2, .kind = &ROUNDING},
};

const char *setting_name(enum setting s)
{
    ASSERT(s < SETTING_COUNT);
    return TABLE[s].name;
}

int64_t setting_default(enum setting s)
{
    ASSERT(s < SETTING_COUNT);
    return TABLE[s].def;
}

int setting_parse(struct slice name, enum setting *ret)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++)
        if (bytes_is(name, TABLE[i].name)) {
            *ret = (enum setting)i;
            return ST_OK;
        }
    return ST_INVALID;
}

int setting_value(enum setting s, struct slice text, int64_t *ret)
{
    int64_t v = 0;
    ASSERT(s < SETTING_COUNT);
    if (TABLE[s].word && bytes_is(text, TABLE[s].word)) {
        *ret = TABLE[s].word_value;
        return ST_OK;
    }
    if (TABLE[s].kind) return TABLE[s].kind->parse(text, ret);
    if (text.n == 0 || text.n > DIGITS_MAX) return ST_INVALID;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return ST_INVALID;
        v = 10 * v + text.p[i] - '0';
    }
    if (v < TABLE[s].min || v > TABLE[s].max) return ST_INVALID;
    *ret = v;
    return ST_OK;
}

void setting_format(enum setting s, int64_t value, char ret[32])
{
    ASSERT(s < SETTING_COUNT);
    if (TABLE[s].word && value == TABLE[s].word_value) snprintf(ret, 32, "%s", TABLE[s].word);
    else if (TABLE[s].kind) TABLE[s].kind->format(value, ret);
    else snprintf(ret, 32, "%lld", (long long)value);
}

const char *setting_fault(struct slice name, struct slice value, enum lang lang)
{
    enum setting s;
    int64_t v;
    if (setting_parse(name, &s) != ST_OK) return lang == LANG_EN ? "no such setting" : "aturan tidak dikenal";
    if (setting_value(s, value, &v) == ST_OK) return NULL;
    if (TABLE[s].kind) return lang == LANG_EN ? TABLE[s].kind->en : TABLE[s].kind->id;
    return lang == LANG_EN ? TABLE[s].en : TABLE[s].id;
}

bool setting_per_indicator(enum setting s) { return TABLE[s].kind || s == SETTING_CAP; }

/* ---- what was probably meant ---- */

struct near { struct slice seen; const char *best; size_t least; };

static struct near near_to(struct slice seen) { return (struct near){.seen = seen, .least = seen.n / 3 + 2}; }

static void near_try(struct near *n, const char *word)
{
    size_t d = bytes_distance(n->seen, slice_of(word, strlen(word)));
    if (d >= n->least) return;
    n->least = d;
    n->best = word;
}

const char *setting_nearest(struct slice name)
{
    struct near n = near_to(name);
    for (unsigned i = 0; i < SETTING_COUNT; i++) near_try(&n, TABLE[i].name);
    return n.best;
}

const char *setting_nearest_value(enum setting s, struct slice text)
{
    struct near n = near_to(text);
    const char *word;
    ASSERT(s < SETTING_COUNT);
    for (unsigned i = 0; TABLE[s].kind && (word = TABLE[s].kind->at(i)) && *word; i++) near_try(&n, word);
    if (TABLE[s].word) near_try(&n, TABLE[s].word);
    return n.best;
}
