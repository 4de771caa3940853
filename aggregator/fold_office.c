/* fold_office.c - the offices the fold knows: ids, registry entries, regions, dictionary numbers.
 *
 * All offices are kept in memory (at most OFFICES_MAX, read back at recover), because every section of every batch names one.
 * An entry is the newest by version; between entries of one version (each worker logs every entry) the lesser line and then
 * the lesser worker number win, so that the state does not depend on which log was read first.
 * A subject whose entry has not come yet is an office without a region: its figures are kept and enter no cell until it comes.
 * Invariant: was_known and was_region are what the cells in the store were made with. */
#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

enum { INDEX_MIN = 256, LINE_MAX = 1024 };

void fold_office_clear(struct fold *f)
{
    for (uint32_t i = 0; i < f->offices; i++) free(f->office[i].line);
    f->offices = 0;
    if (f->index) memset(f->index, 0, f->index_size * sizeof *f->index);
}

static uint32_t *place_of(const struct fold *f, struct slice id)
{
    uint32_t h = bytes_crc32c(0, id.p, id.n) * UINT32_C(0x9e3779b1), mask = f->index_size - 1, i = (h >> 8) & mask;
    for (; f->index[i]; i = (i + 1) & mask) {
        const struct fold_office *o = &f->office[f->index[i] - 1];
        if (o->id_size == id.n && memcmp(o->id, id.p, id.n) == 0) break;
    }
    return &f->index[i];
}

int fold_office_find(const struct fold *f, struct slice id, uint32_t *ret)
{
    if (f->offices == 0) return ST_NOT_FOUND;
    uint32_t number = *place_of(f, id);
    if (number == 0) return ST_NOT_FOUND;
    *ret = number - 1;
    return ST_OK;
}

static struct slice office_id(const struct fold_office *o) { return slice_of(o->id, o->id_size); }

static bool index_room(struct fold *f)
{
    if ((f->offices + 1) * 2 <= f->index_size) return true;
    uint32_t size = f->index_size ? f->index_size * 2 : INDEX_MIN, *index = calloc(size, sizeof *index);
    if (!index) return false;
    free(f->index);
    f->index = index;
    f->index_size = size;
    for (uint32_t i = 0; i < f->offices; i++) *place_of(f, office_id(&f->office[i])) = i + 1;
    return true;
}

int fold_office_get(struct fold *f, struct slice id, uint32_t *ret)
{
    if (fold_office_find(f, id, ret) == ST_OK) return ST_OK;
    if (!registry_id_ok(id)) return ST_INVALID;
    if (!FOLD_ROOM(f->office, f->office_cap, f->offices + 1) || !index_room(f)) return ST_NO_MEMORY;
    struct fold_office *o = &f->office[f->offices];
    *o = (struct fold_office){ .id_size = (uint8_t)id.n };
    memcpy(o->id, id.p, id.n);
    *place_of(f, id) = ++f->offices;
    *ret = f->offices - 1;
    return ST_OK;
}

/* ---- entries ---- */

static bool entry_newer(const struct fold_office *o, uint64_t version, struct slice line, unsigned worker)
{
    if (!o->known || version != o->version) return !o->known || version > o->version;
    size_t n = line.n < o->line_size ? line.n : o->line_size;
    int c = memcmp(line.p, o->line, n);
    if (c == 0) c = (line.n > o->line_size) - (line.n < o->line_size);
    return c < 0 || (c == 0 && worker < o->worker);
}

static int entry_keep(struct fold_office *o, uint64_t version, struct slice line, unsigned worker, region_code region)
{
    char *copy = malloc(line.n + 1);
    if (!copy) return ST_NO_MEMORY;
    memcpy(copy, line.p, line.n);
    free(o->line);
    o->line = copy;
    o->line_size = (uint32_t)line.n;
    o->version = version;
    o->worker = (uint8_t)worker;
    o->region = region;
    o->known = true;
    return ST_OK;
}

/* "version TAB line" */
static bool content_split(struct slice content, uint64_t *ret_version, struct slice *ret_line)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < content.n && content.p[i] >= '0' && content.p[i] <= '9' && i < 18; i++) v = v * 10 + (content.p[i] - '0');
    if (i == 0 || v == 0 || i >= content.n || content.p[i] != '\t' || content.n - i - 1 > LINE_MAX) return false;
    *ret_version = v;
    *ret_line = slice_of(content.p + i + 1, content.n - i - 1);
    return true;
}

int fold_office_entry(struct fold *f, unsigned worker, struct slice content)
{
    struct office entry;
    struct slice line;
    uint64_t version;
    uint32_t number;
    char err[160];
    if (!content_split(content, &version, &line) || registry_line_parse(line, &entry, err, sizeof err) != ST_OK) return ST_CORRUPT;
    int st = fold_office_get(f, slice_of(entry.id, strlen(entry.id)), &number);
    ASSERT(st != ST_INVALID);           /* a line that parses names an office */
    if (st != ST_OK) return st;
    struct fold_office *o = &f->office[number];
    if (!entry_newer(o, version, line, worker)) return ST_OK;
    o->changed = true;
    return entry_keep(o, version, line, worker, entry.region);
}

/* ---- store ---- */

static int entry_read(struct fold *f, struct store_txn *t, uint32_t dict, struct slice value)
{
    struct rd r = rd_of(value);
    uint64_t version = rd_varint(&r), n = rd_varint(&r);
    struct slice line = n <= rd_left(&r) ? rd_bytes(&r, (size_t)n) : slice_of(NULL, 0), id;
    unsigned worker = rd_u8(&r);
    struct office entry;
    uint32_t number;
    char err[160];
    if (r.bad || rd_left(&r) > 0 || registry_line_parse(line, &entry, err, sizeof err) != ST_OK) return ST_CORRUPT;
    int st = fold_office_get(f, slice_of(entry.id, strlen(entry.id)), &number);
    ASSERT(st != ST_INVALID);           /* a line that parses names an office */
    if (st != ST_OK) return st;
    struct fold_office *o = &f->office[number];
    if ((st = entry_keep(o, version, line, worker, entry.region)) != ST_OK) return st;
    o->was_known = true;
    o->was_region = entry.region;
    o->dict = dict;
    st = unit_dict_text(t, FOLD_DICT_ID, dict, &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    return id.n == o->id_size && memcmp(id.p, o->id, id.n) == 0 ? ST_OK : ST_CORRUPT;
}

int fold_office_recover(struct fold *f, struct store_txn *t)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, FOLD_OFFICE, &c);
    if (st == ST_OK) st = store_seek(c, slice_of("", 0), &key, &value);
    while (st == ST_OK) {
        st = key.n == 4 ? entry_read(f, t, bytes_rd32(key.p), value) : ST_CORRUPT;
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int fold_office_dict(struct fold *f, struct store_txn *t)
{
    for (uint32_t i = 0; i < f->offices; i++) {
        struct fold_office *o = &f->office[i];
        if (o->dict) continue;
        int st = unit_dict_add(t, FOLD_DICT_TEXT, FOLD_DICT_ID, office_id(o), &o->dict);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

int fold_office_save(struct fold *f, struct store_txn *t)
{
    uint8_t key[4];
    for (uint32_t i = 0; i < f->offices; i++) {
        struct fold_office *o = &f->office[i];
        if (!o->changed) continue;
        buf_clear(&f->bytes);
        buf_varint(&f->bytes, o->version);
        buf_varint(&f->bytes, o->line_size);
        buf_put(&f->bytes, o->line, o->line_size);
        buf_u8(&f->bytes, o->worker);
        bytes_be32(key, o->dict);
        int st = buf_ok(&f->bytes) ? store_put(t, FOLD_OFFICE, slice_of(key, 4), buf_slice(&f->bytes)) : ST_NO_MEMORY;
        if (st != ST_OK) return st;
        o->changed = false;
        o->was_known = true;
        o->was_region = o->region;
    }
    return ST_OK;
}
