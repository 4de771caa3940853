/* registry.c - the table of offices: parsed whole, indexed by id, by transport key and by version. Kind: P.
 *
 * Design notes: entries stand in file order, so entry n is version n and history is there for the asking. Two arrays beside
 * them answer the rest by binary search: the newest entry of each id, in id order, and those of them that are active and have
 * a transport key, in key order. A registry is never changed: a daemon parses the new file and swaps the pointer.
 *
 * "-" stands for what is not there: no end of validity, no start, no key yet. A zero key matches nobody.
 *
 * Invariant: version of entry i is i + 1; newest[] is sorted by id without duplicates; by_key[] holds only active offices. */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "period.h"

enum { FIELDS = 10, ENTRIES_MAX = 4 * OFFICES_MAX, SEEN_BYTES_MAX = 60, DATE_BYTES = 10 };
static const char HEADING[] = "#rekap-office 1";
static const char *const FIELD_NAMES[FIELDS] = {"id",       "wilayah",         "peran",             "status", "berlaku-dari",
                                                "berlaku-sampai", "kunci-sambungan", "kunci-tanda-tangan", "nama",
                                                "tanda-tangan"};
static const char *const ROLES[] = {"", "office", "treasurer", "planner", "auditor", "centre"};
enum { ROLES_COUNT = sizeof ROLES / sizeof *ROLES };

struct registry {
    struct office *entry;
    size_t entries, cap;
    const struct office **newest, **by_key;     /* into entry */
    size_t offices, keys;
};

struct place {                          /* where a fault is told */
    size_t line;
    char *err;
    size_t err_size;
};

/* ---- small texts ---- */

static bool id_start(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool registry_id_ok(struct slice id)
{
    if (id.n == 0 || id.n > OFFICE_ID_MAX || !id_start(id.p[0])) return false;
    for (size_t i = 1; i < id.n; i++)
        if (!id_start(id.p[i]) && id.p[i] != '.' && id.p[i] != '-') return false;
    return true;
}

const char *registry_role_name(unsigned role)
{
    return role < ROLES_COUNT ? ROLES[role] : "";
}

int registry_role_parse(struct slice text, uint8_t *ret)
{
    for (unsigned i = 1; i < ROLES_COUNT; i++)
        if (bytes_is(text, ROLES[i])) {
            *ret = (uint8_t)i;
            return ST_OK;
        }
    return ST_INVALID;
}

static bool absent(struct slice s)
{
    return s.n == 1 && s.p[0] == '-';
}

/* RFC 3339, or a date alone: its first moment in UTC. */
static bool read_time(struct slice s, int64_t open, struct wall *ret)
{
    char text[32];

    if (absent(s)) {
        ret->ms = open;
        return true;
    }
    if (s.n != DATE_BYTES) return period_parse_time(s, ret) == ST_OK;
    memcpy(text, s.p, DATE_BYTES);
    memcpy(text + DATE_BYTES, "T00:00:00Z", 10);
    return period_parse_time(slice_of(text, DATE_BYTES + 10), ret) == ST_OK;
}

static bool read_key(struct slice s, uint8_t ret[PUBKEY_SIZE])
{
    memset(ret, 0, PUBKEY_SIZE);
    return absent(s) || (s.n == 2 * PUBKEY_SIZE && bytes_unhex((const char *)s.p, s.n, ret) == ST_OK);
}

static bool read_name(struct slice s, char *ret, size_t size)
{
    if (s.n == 0 || s.n >= size || !bytes_utf8_ok(s.p, s.n)) return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
    memcpy(ret, s.p, s.n);
    ret[s.n] = '\0';
    return true;
}

static bool key_set(const uint8_t key[PUBKEY_SIZE])
{
    static const uint8_t zero[PUBKEY_SIZE];

    return memcmp(key, zero, PUBKEY_SIZE) != 0;
}

/* ---- one line ---- */

/* Reads field i. NULL, or why it is refused. */
static const char *read_field(unsigned i, struct slice s, struct office *o)
{
    switch (i) {
    case 0:
        if (!registry_id_ok(s)) return "bukan id kantor: huruf kecil, angka, titik, tanda hubung, paling panjang 40";
        memcpy(o->id, s.p, s.n);
        return NULL;
    case 1: return code_region_parse(s, &o->region) == ST_OK ? NULL : "bukan kode wilayah: kosong, 33 atau 33.74";
    case 2: return registry_role_parse(s, &o->role) == ST_OK ? NULL : "bukan peran: office, treasurer, planner, auditor, centre";
    case 3:
        o->status = bytes_is(s, "active") ? OFFICE_ACTIVE : OFFICE_REVOKED;
        return o->status == OFFICE_ACTIVE || bytes_is(s, "revoked") ? NULL : "bukan status: active, revoked";
    case 4: return read_time(s, INT64_MIN, &o->valid_from) ? NULL : "bukan waktu RFC 3339 atau \"-\"";
    case 5:
        if (!read_time(s, INT64_MAX, &o->valid_to)) return "bukan waktu RFC 3339 atau \"-\"";
        return o->valid_from.ms < o->valid_to.ms ? NULL : "tidak sesudah berlaku-dari";
    case 6: return read_key(s, o->transport) ? NULL : "bukan kunci: 64 angka heksadesimal atau \"-\"";
    case 7: return read_key(s, o->signing) ? NULL : "bukan kunci: 64 angka heksadesimal atau \"-\"";
    case 8: return read_name(s, o->name, sizeof o->name) ? NULL : "bukan nama: 1 sampai 160 bita UTF-8";
    default:
        o->sealed = s.n == 2 * SIG_SIZE && bytes_unhex((const char *)s.p, s.n, o->signature) == ST_OK;
        return o->sealed ? NULL : "bukan tanda tangan: 128 angka heksadesimal";
    }
}

static int refuse(const struct place *at, size_t column, const char *field, struct slice seen, const char *reason)
{
    char shown[SEEN_BYTES_MAX + 1];
    size_t n = seen.n < SEEN_BYTES_MAX ? seen.n : SEEN_BYTES_MAX;

    for (size_t i = 0, top = bytes_utf8_ok(seen.p, n) ? 0xff : 0x7e; i < n; i++)
        shown[i] = seen.p[i] < 0x20 || seen.p[i] == 0x7f || seen.p[i] > top ? '?' : (char)seen.p[i];
    shown[n] = '\0';
    snprintf(at->err, at->err_size, "%zu:%zu (%s): \"%s\" %s", at->line, column, field, shown, reason);
    return ST_INVALID;
}

static int parse_line(struct slice line, const struct place *at, struct office *ret)
{
    struct office o = {.version = 0};
    size_t start = 0;

    for (unsigned i = 0; i < FIELDS; i++) {
        ASSERT(start <= line.n);        /* behind the tab before it */
        const uint8_t *tab = start < line.n ? memchr(line.p + start, '\t', line.n - start) : NULL;
        size_t end = tab && i + 1 < FIELDS ? (size_t)(tab - line.p) : line.n;
        struct slice field = slice_of(line.p + start, end - start);
        const char *reason;

        reason = tab || i + 2 >= FIELDS ? read_field(i, field, &o) : "baris tidak lengkap: harus sepuluh kolom berpisah tab";
        if (reason) return refuse(at, start + 1, FIELD_NAMES[i], field, reason);
        if (!tab && i + 2 == FIELDS) break; /* no signature: registry_verify decides what that means */
        start = end + 1;
    }
    *ret = o;
    return ST_OK;
}

int registry_line_parse(struct slice line, struct office *ret, char *err, size_t err_size)
{
    struct place at = {1, err, err_size};

    return parse_line(line, &at, ret);
}

static void put_time(struct buf *b, struct wall t, int64_t open)
{
    char text[32];

    period_format_time(t, text);
    buf_str(b, t.ms == open ? "-" : text);
    buf_u8(b, '\t');
}

static void put_key(struct buf *b, const uint8_t key[PUBKEY_SIZE])
{
    char text[2 * PUBKEY_SIZE + 1];

    bytes_hex(key, PUBKEY_SIZE, text);
    buf_str(b, key_set(key) ? text : "-");
    buf_u8(b, '\t');
}

int registry_line_format(const struct office *o, char *ret, size_t size)
{
    struct buf b;
    char region[8];

    ASSERT(o->role >= ROLE_OFFICE && o->role < ROLES_COUNT);
    code_region_format(o->region, region);
    buf_over(&b, ret, size);
    buf_printf(&b, "%s\t%s\t%s\t%s\t", o->id, region, ROLES[o->role], o->status == OFFICE_ACTIVE ? "active" : "revoked");
    put_time(&b, o->valid_from, INT64_MIN);
    put_time(&b, o->valid_to, INT64_MAX);
    put_key(&b, o->transport);
    put_key(&b, o->signing);
    buf_str(&b, o->name);
    if (o->sealed) {
        char text[2 * SIG_SIZE + 1];

        bytes_hex(o->signature, SIG_SIZE, text);
        buf_printf(&b, "\t%s", text);
    }
    ret[b.n] = '\0';
    return buf_ok(&b) ? (int)b.n : ST_FULL;
}

/* ---- the whole file ---- */

/* The line at *pos, without its end (LF or CRLF); moves *pos behind it. */
static struct slice next_line(struct slice text, size_t *pos)
{
    const uint8_t *start = text.p + *pos, *lf = memchr(start, '\n', text.n - *pos);
    size_t n = lf ? (size_t)(lf - start) : text.n - *pos;

    *pos += n + (lf != NULL);
    return slice_of(start, n > 0 && start[n - 1] == '\r' ? n - 1 : n);
}

static int add_entry(struct registry *r, const struct office *o)
{
    if (r->entries == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        struct office *p = reallocarray(r->entry, cap, sizeof *p);

        if (!p) return ST_NO_MEMORY;
        r->entry = p;
        r->cap = cap;
    }
    r->entry[r->entries] = *o;
    r->entry[r->entries].version = r->entries + 1;
    r->entries++;
    return ST_OK;
}

static int parse_entries(struct registry *r, struct slice text, struct place *at)
{
    size_t pos = 0;
    struct slice line = text.n ? next_line(text, &pos) : text;
    struct office o;
    int st;

    if (!bytes_is(line, HEADING)) return refuse(at, 1, "judul", line, "baris pertama harus \"#rekap-office 1\"");
    for (at->line = 2; pos < text.n; at->line++) {
        line = next_line(text, &pos);
        st = r->entries < ENTRIES_MAX ? parse_line(line, at, &o) : refuse(at, 1, "id", line, "terlalu banyak baris");
        if (st == ST_OK) st = add_entry(r, &o);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct office *x = *(const struct office *const *)a, *y = *(const struct office *const *)b;
    int c = strcmp(x->id, y->id);

    return c ? c : (x->version > y->version) - (x->version < y->version);
}

static int by_key(const void *a, const void *b)
{
    const struct office *x = *(const struct office *const *)a, *y = *(const struct office *const *)b;
    int c = memcmp(x->transport, y->transport, PUBKEY_SIZE);

    return c ? c : strcmp(x->id, y->id);
}

static int build_indexes(struct registry *r, struct place *at)
{
    r->newest = calloc(r->entries + 1, sizeof(struct office *));
    r->by_key = calloc(r->entries + 1, sizeof(struct office *));
    if (!r->newest || !r->by_key) return ST_NO_MEMORY;
    for (size_t i = 0; i < r->entries; i++)
        r->newest[i] = &r->entry[i];
    qsort(r->newest, r->entries, sizeof *r->newest, by_id);
    for (size_t i = 1; i < r->entries; i++)
        if (strcmp(r->newest[i - 1]->id, r->newest[i]->id) == 0)
            r->entry[r->newest[i]->version - 1].before = r->newest[i - 1]->version;
    for (size_t i = 0; i < r->entries; i++)
        if (i + 1 == r->entries || strcmp(r->newest[i]->id, r->newest[i + 1]->id) != 0) r->newest[r->offices++] = r->newest[i];
    for (size_t i = 0; i < r->offices; i++)
        if (r->newest[i]->status == OFFICE_ACTIVE && key_set(r->newest[i]->transport)) r->by_key[r->keys++] = r->newest[i];
    qsort(r->by_key, r->keys, sizeof *r->by_key, by_key);
    return r->offices <= OFFICES_MAX ? ST_OK : refuse(at, 1, "id", slice_of("", 0), "terlalu banyak kantor");
}

int registry_parse(struct slice text, struct registry **ret, char *err, size_t err_size)
{
    struct registry *r = calloc(1, sizeof *r);
    struct place at = {1, err, err_size};
    int st = r ? parse_entries(r, text, &at) : ST_NO_MEMORY;

    if (st == ST_OK) st = build_indexes(r, &at);
    if (st != ST_OK) {
        if (st == ST_NO_MEMORY) snprintf(err, err_size, "memori habis");
        registry_free(&r);
        return st;
    }
    *ret = r;
    return ST_OK;
}

void registry_free(struct registry **r)
{
    if (!*r) return;
    free((*r)->entry);
    free((*r)->newest);
    free((*r)->by_key);
    free(*r);
    *r = NULL;
}

/* ---- questions ---- */

uint64_t registry_version(const struct registry *r)
{
    return r->entries;
}

static int compare_id(struct slice id, const char *text)
{
    size_t n = strlen(text), least = id.n < n ? id.n : n;
    int c = least ? memcmp(id.p, text, least) : 0;

    return c ? c : (id.n > n) - (id.n < n);
}

const struct office *registry_office(const struct registry *r, struct slice id)
{
    size_t low = 0, high = r->offices;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = compare_id(id, r->newest[mid]->id);

        if (c == 0) return r->newest[mid];
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct office *registry_transport(const struct registry *r, const uint8_t key[PUBKEY_SIZE])
{
    size_t low = 0, high = r->keys;

    while (low < high) {                /* the first entry that is not below key */
        size_t mid = low + (high - low) / 2;

        if (memcmp(r->by_key[mid]->transport, key, PUBKEY_SIZE) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < r->keys && memcmp(r->by_key[low]->transport, key, PUBKEY_SIZE) == 0 ? r->by_key[low] : NULL;
}

size_t registry_count(const struct registry *r)
{
    return r->offices;
}

const struct office *registry_at(const struct registry *r, size_t i)
{
    ASSERT(i < r->offices);
    return r->newest[i];
}

const struct office *registry_entry(const struct registry *r, uint64_t version)
{
    ASSERT(version >= 1 && version <= r->entries);
    return &r->entry[version - 1];
}
