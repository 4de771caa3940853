/* setting.c - see setting.h. Kind: P. One row a setting; words stand for the integers they mean, so that everything that counts
 * by a setting counts by an integer. Invariant: each default is within its own range. */
#include "setting.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"

enum { DIGITS_MAX = 15 };

static const struct {
    const char *name, *word;            /* word: what `word_value` is written as */
    int64_t word_value, def, min, max;
    const char *id, *en;                /* what it may be */
} TABLE[SETTING_COUNT] = {
    [SETTING_CAP] = {"batas-capaian", "tanpa", 0, 120, 100, 1000, "100 sampai 1000, atau tanpa", "100 to 1000, or tanpa"},
    [SETTING_JUMP] = {"lonjakan-kali", NULL, 0, 10, 2, 300, "2 sampai 300", "2 to 300"},
    [SETTING_JUMP_RUPIAH] = {"lonjakan-rupiah", NULL, 0, 1000000, 0, INT64_C(1000000000000), "0 sampai 10^12", "0 to 10^12"},
    [SETTING_COPIED_LINES] = {"salinan-baris", NULL, 0, 5, 2, 10000, "2 sampai 10000", "2 to 10000"},
    [SETTING_COPIED_COLUMN] = {"salinan-kolom", NULL, 0, 10, 2, 10000, "2 sampai 10000", "2 to 10000"},
    [SETTING_COPIED_SHARE] = {"salinan-persen", NULL, 0, 90, 50, 100, "50 sampai 100", "50 to 100"},
    [SETTING_BRIDGED_SHARE] = {"padanan-persen", NULL, 0, 95, 0, 100, "0 sampai 100", "0 to 100"},
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
    else snprintf(ret, 32, "%lld", (long long)value);
}

const char *setting_fault(struct slice name, struct slice value, enum lang lang)
{
    enum setting s;
    int64_t v;
    if (setting_parse(name, &s) != ST_OK) return lang == LANG_EN ? "no such setting" : "aturan tidak dikenal";
    if (setting_value(s, value, &v) == ST_OK) return NULL;
    return lang == LANG_EN ? TABLE[s].en : TABLE[s].id;
}
