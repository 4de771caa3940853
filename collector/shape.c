/* shape.c - recognition by header. Kind: P.
 *
 * Design notes: one table says what each shape requires (up to five groups of alternatives), one lists synonyms with the
 * shapes they hold for. A row is a header when the required columns of a shape are all in it; where several fit, the
 * precedence of intake.md 1 decides and is written out in choose(). When none fits, the nearest shape is the one with most
 * required columns present, counting half a column whose name is part of a heading (target_renstra_rp).
 * Invariant: recognition reads headings only, never cells, so that the same header always means the same shape. */
#include "collector/shape.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

enum { NAME_MAX_BYTES = 48, GROUPS_MAX = 5, ALTERNATIVES_MAX = 2, COLUMNS_READ_MAX = 256 };

static const char *const NAMES[COLUMN_COUNT] = {
    [COLUMN_UNKNOWN] = "",
#define X(NAME, text) [COLUMN_##NAME] = text,
    SHAPE_COLUMNS(X)
#undef X
};

#define MASK(k) (1u << SHAPE_##k)
enum { MONEY = MASK(ANGGARAN) | MASK(PEMBANDING), ALL = (1u << SHAPE_COUNT) - 1, ANY_BUT_SKALA = ALL & ~MASK(SKALA) };

static const struct { const char *name; enum shape_column column; unsigned shapes; } SYNONYMS[] = {
    { "tingkat_keberhasilan", COLUMN_KATEGORI_TERCETAK, MASK(INDIKATOR) },
    { "kriteria", COLUMN_KATEGORI_TERCETAK, MASK(INDIKATOR) },
    { "kategori", COLUMN_KATEGORI_TERCETAK, MASK(INDIKATOR) },
    { "tribulan", COLUMN_TRIWULAN, ANY_BUT_SKALA },
    { "s/d", COLUMN_SAMPAI, ANY_BUT_SKALA },
    { "sd", COLUMN_SAMPAI, ANY_BUT_SKALA },
    { "s.d", COLUMN_SAMPAI, ANY_BUT_SKALA },
    { "sampai_dengan", COLUMN_SAMPAI, ANY_BUT_SKALA },
    { "anggaran", COLUMN_PAGU, MONEY | MASK(RENSTRA) | MASK(INDIKATOR) },
    { "pagu_anggaran", COLUMN_PAGU, MONEY | MASK(RENSTRA) },
    { "realisasi_anggaran", COLUMN_REALISASI, MONEY },
    { "tahun_anggaran", COLUMN_TAHUN, ANY_BUT_SKALA },
    { "realisasi_fisik", COLUMN_FISIK, MASK(ANGGARAN) },
    { "kode_rekening", COLUMN_REKENING, MASK(ANGGARAN) },
};

struct rule { const char *name; enum shape_column need[GROUPS_MAX][ALTERNATIVES_MAX]; };
#define ONE(C) { COLUMN_##C }
#define EITHER(C, D) { COLUMN_##C, COLUMN_##D }
static const struct rule RULES[SHAPE_COUNT] = {
    [SHAPE_NONE] = { "", { { 0 } } },
    [SHAPE_ANGGARAN] = { "anggaran", { ONE(TAHUN), ONE(KODE), EITHER(PAGU, REALISASI) } },
    [SHAPE_INDIKATOR] = { "indikator", { ONE(TAHUN), ONE(KODE), ONE(INDIKATOR), EITHER(TARGET, REALISASI) } },
    [SHAPE_RENSTRA] = { "renstra", { ONE(KODE), ONE(TAHUN), EITHER(TARGET, PAGU) } },
    [SHAPE_PEMBANDING] = { "pembanding", { ONE(TAHUN), ONE(KODE), ONE(TABEL), EITHER(REALISASI, PAGU) } },
    [SHAPE_KOMPONEN] = { "komponen", { ONE(KOMPONEN), ONE(CAPAIAN), ONE(SATUAN), ONE(DIHITUNG) } },
    [SHAPE_CATATAN] = { "catatan", { ONE(TAHUN), ONE(KODE), ONE(JENIS), ONE(TEKS) } },
    [SHAPE_OFFICE] = { "office", { ONE(OFFICE), ONE(WILAYAH) } },
    [SHAPE_NOMENKLATUR] = { "nomenklatur", { ONE(NOMENKLATUR), ONE(KODE), ONE(URAIAN) } },
    [SHAPE_PADANAN] = { "padanan", { ONE(KODE_LAMA), ONE(KODE_BARU) } },
    [SHAPE_SKALA] = { "skala", { ONE(BATAS_BAWAH), ONE(BATAS_ATAS), ONE(KRITERIA) } },
    [SHAPE_ALIAS] = { "alias", { ONE(KODE), ONE(URAIAN_TERCETAK) } },
    [SHAPE_INDIKATOR_BAKU] = { "indikator-baku", { ONE(ID), ONE(INDIKATOR), ONE(SATUAN), ONE(DEFINISI) } },
    [SHAPE_SATUAN] = { "satuan", { ONE(SATUAN), ONE(SINONIM) } },
    [SHAPE_ATURAN] = { "aturan", { ONE(ATURAN), ONE(NILAI) } },
};

const char *shape_name(enum shape_kind k)
{
    ASSERT(k < SHAPE_COUNT);
    return RULES[k].name;
}

const char *shape_column_name(enum shape_column c)
{
    ASSERT(c < COLUMN_COUNT);
    return NAMES[c];
}

int shape_parse(struct slice text, enum shape_kind *ret)
{
    for (unsigned k = 1; k < SHAPE_COUNT; k++)
        if (bytes_is(bytes_trim(text), RULES[k].name)) {
            *ret = (enum shape_kind)k;
            return ST_OK;
        }
    return ST_INVALID;
}

/* ---- headings ---- */

static bool is_gap(char c)
{
    return c == ' ' || c == '_' || c == '-' || c == '\t' || c == '\n' || c == '\r';
}

/* Folds a heading to the form of the tables: lower case, gaps as one underscore, no trailing `(Rp)`, dots or colons. */
static size_t fold_heading(struct slice s, char ret[NAME_MAX_BYTES])
{
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = (char)s.p[i];
        if (c == '(' && n > 0)
            break;
        if (c == (char)0xc2 && i + 1 < s.n && s.p[i + 1] == 0xa0) {
            gap = true;
            i++;
            continue;
        }
        if (is_gap(c)) {
            gap = true;
            continue;
        }
        if (n + 2 >= NAME_MAX_BYTES)
            return 0;
        if (gap && n > 0)
            ret[n++] = '_';
        gap = false;
        ret[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    while (n > 0 && (ret[n - 1] == '.' || ret[n - 1] == ':' || ret[n - 1] == '*'))
        n--;
    ret[n] = '\0';
    return n;
}

static enum shape_column column_of(enum shape_kind k, const char *name)
{
    for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++)
        if ((SYNONYMS[i].shapes >> k & 1) && strcmp(SYNONYMS[i].name, name) == 0)
            return SYNONYMS[i].column;
    for (unsigned c = 1; c < COLUMN_COUNT; c++)
        if (strcmp(NAMES[c], name) == 0)
            return (enum shape_column)c;
    return COLUMN_UNKNOWN;
}

enum shape_column shape_column_of(enum shape_kind k, struct slice heading)
{
    char name[NAME_MAX_BYTES];
    return fold_heading(heading, name) ? column_of(k, name) : COLUMN_UNKNOWN;
}

/* ---- one row as a header ---- */

struct header {
    char name[COLUMNS_READ_MAX][NAME_MAX_BYTES];
    uint32_t count;
};

static void header_of(const struct csv_table *t, uint32_t row, struct header *h)
{
    h->count = t->row[row].count < COLUMNS_READ_MAX ? t->row[row].count : COLUMNS_READ_MAX;
    for (uint32_t i = 0; i < h->count; i++)
        if (fold_heading(csv_table_cell(t, row, i), h->name[i]) == 0)
            h->name[i][0] = '\0';
}

struct columns { uint32_t at[COLUMN_COUNT], twice; };

static void place_columns(enum shape_kind k, const struct header *h, struct columns *c)
{
    memset(c, 0, sizeof *c);
    for (uint32_t i = 0; i < h->count; i++) {
        if (h->name[i][0] == '\0')
            continue;
        enum shape_column id = column_of(k, h->name[i]);
        if (id == COLUMN_UNKNOWN)
            continue;
        if (c->at[id] == 0)
            c->at[id] = i + 1;
        else if (c->twice == 0)
            c->twice = i + 1;
    }
}

static bool group_met(const enum shape_column group[ALTERNATIVES_MAX], const struct columns *c)
{
    return c->at[group[0]] > 0 || (group[1] && c->at[group[1]] > 0);
}

static bool fits(enum shape_kind k, const struct header *h, struct columns *c)
{
    place_columns(k, h, c);
    for (unsigned g = 0; g < GROUPS_MAX && RULES[k].need[g][0]; g++)
        if (!group_met(RULES[k].need[g], c))
            return false;
    return true;
}

/* What fits the money shape may speak of something else: figures of indicators or of a plan are never taken for money. */
static enum shape_kind money_or(const struct header *h)
{
    struct columns c;
    place_columns(SHAPE_RENSTRA, h, &c);
    if (c.at[COLUMN_INDIKATOR])
        return SHAPE_INDIKATOR;
    return c.at[COLUMN_TARGET] || c.at[COLUMN_PERIODE] ? SHAPE_RENSTRA : SHAPE_ANGGARAN;
}

/* The shape of a header, by the precedence of intake.md 1. */
static enum shape_kind choose(const struct header *h)
{
    static const enum shape_kind REST[] = { SHAPE_CATATAN, SHAPE_ANGGARAN, SHAPE_KOMPONEN, SHAPE_OFFICE, SHAPE_PADANAN, SHAPE_SKALA,
                                            SHAPE_ALIAS, SHAPE_INDIKATOR_BAKU, SHAPE_SATUAN, SHAPE_ATURAN, SHAPE_NOMENKLATUR };
    struct columns c;
    bool renstra = fits(SHAPE_RENSTRA, h, &c);
    if (renstra && c.at[COLUMN_INDIKATOR] && c.at[COLUMN_PAGU] && !c.at[COLUMN_REALISASI])
        return SHAPE_RENSTRA;
    if (fits(SHAPE_INDIKATOR, h, &c))
        return SHAPE_INDIKATOR;
    if (fits(SHAPE_PEMBANDING, h, &c))
        return SHAPE_PEMBANDING;
    place_columns(SHAPE_RENSTRA, h, &c);
    if (renstra && (c.at[COLUMN_TARGET] || c.at[COLUMN_PERIODE]))
        return SHAPE_RENSTRA;
    for (size_t i = 0; i < sizeof REST / sizeof *REST; i++)
        if (fits(REST[i], h, &c))
            return REST[i] == SHAPE_ANGGARAN ? money_or(h) : REST[i];
    return SHAPE_NONE;
}

/* ---- the nearest shape ---- */

static bool part_of_heading(const struct header *h, enum shape_column c)
{
    for (uint32_t i = 0; i < h->count; i++)
        if (strstr(h->name[i], NAMES[c]))
            return true;
    return false;
}

static int nearness(enum shape_kind k, const struct header *h)
{
    struct columns c;
    int score = 0;
    place_columns(k, h, &c);
    for (unsigned g = 0; g < GROUPS_MAX && RULES[k].need[g][0]; g++) {
        const enum shape_column *alternatives = RULES[k].need[g];
        if (group_met(alternatives, &c))
            score += alternatives[0] == COLUMN_URAIAN ? 1 : 4;          /* stands in tables of every kind */
        else if (part_of_heading(h, alternatives[0]) || (alternatives[1] && part_of_heading(h, alternatives[1])))
            score += 1;
        else
            score -= 1;
    }
    return score;
}

static void name_missing(enum shape_kind k, const struct header *h, char *ret, size_t size)
{
    struct columns c;
    size_t n = 0;
    place_columns(k, h, &c);
    ret[0] = '\0';
    for (unsigned g = 0; g < GROUPS_MAX && RULES[k].need[g][0] && n < size; g++) {
        const enum shape_column *a = RULES[k].need[g];
        if (group_met(a, &c))
            continue;
        int w = snprintf(ret + n, size - n, "%s%s%s%s", n ? ", " : "", NAMES[a[0]], a[1] ? "/" : "", a[1] ? NAMES[a[1]] : "");
        n += w > 0 ? (size_t)w : 0;
    }
}

static void found(enum shape_kind k, uint32_t row, const struct header *h, struct shape *ret)
{
    struct columns c;
    place_columns(k, h, &c);
    ret->verdict = c.twice ? SHAPE_TWICE : SHAPE_FOUND;
    ret->kind = k;
    ret->header = row;
    ret->twice = c.twice;
    memcpy(ret->column, c.at, sizeof ret->column);
}

static uint32_t known_headings(const struct header *h)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < h->count; i++)
        known += h->name[i][0] != '\0' && column_of(SHAPE_NONE, h->name[i]) != COLUMN_UNKNOWN;
    return known;
}

/* The row with most known headings, the first of equals, and the shape it comes nearest to: `anggaran` when nothing is known. */
static void find_nearest(const struct csv_table *t, enum shape_kind forced, struct shape *ret)
{
    struct header h;
    uint32_t most = 0;
    int best = 0;
    for (uint32_t row = 0; row < t->rows && row < INTAKE_HEADER_SEARCH_ROWS; row++) {
        header_of(t, row, &h);
        uint32_t known = known_headings(&h);
        if (known > most) {
            most = known;
            ret->header = row;
        }
    }
    h.count = 0;
    if (ret->header < t->rows)
        header_of(t, ret->header, &h);
    if (forced == SHAPE_NONE)
        ret->kind = SHAPE_ANGGARAN;
    for (unsigned k = 1; k < SHAPE_COUNT && forced == SHAPE_NONE; k++) {
        int score = nearness((enum shape_kind)k, &h);
        if (score > best) {
            best = score;
            ret->kind = (enum shape_kind)k;
        }
    }
    name_missing(ret->kind, &h, ret->missing, sizeof ret->missing);
}

void shape_find(const struct csv_table *t, enum shape_kind forced, struct shape *ret)
{
    struct header h;
    struct columns c;
    memset(ret, 0, sizeof *ret);
    ret->verdict = SHAPE_NOT_FOUND;
    ret->kind = forced;
    for (uint32_t row = 0; row < t->rows && row < INTAKE_HEADER_SEARCH_ROWS; row++) {
        header_of(t, row, &h);
        enum shape_kind k = forced == SHAPE_NONE ? choose(&h) : fits(forced, &h, &c) ? forced : SHAPE_NONE;
        if (k != SHAPE_NONE && (k != SHAPE_RENSTRA || fits(k, &h, &c))) {
            found(k, row, &h, ret);
            return;
        }
        if (k != SHAPE_NONE) {          /* speaks of a plan and says nothing of it that could be taken */
            ret->kind = k;
            ret->header = row;
            name_missing(k, &h, ret->missing, sizeof ret->missing);
            return;
        }
    }
    find_nearest(t, forced, ret);
}
