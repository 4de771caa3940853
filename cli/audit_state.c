/* audit_state.c - the aggregator's store read row by row into canonical text, and held against the recomputed one. Kind: E.
 *
 * docs/STORAGE.md 2 and 5 say what the rows are; this reader shares nothing with the programs that write them. Both texts are
 * sorted lines, so they are compared like two lists: a fact that only one has, or that differs behind its key, is a fault with the
 * key, what is stored and what follows from the log. Dictionary numbers, the change list and the tables that repeat the log
 * (`record`, `entry`, `reason`) are not part of the state.
 * Invariant: every row of the covered tables gives one line or one fault. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_roll.h"

enum { KEY_BYTES = 31, CELL_KEY = 18, SLOT_EMPTY = 0xf0, TEXT_MOST = 1500 };

struct reader { /* bytes of a value; bad when they ran out or were not the shortest spelling */
    const uint8_t *p, *end;
    bool bad;
};
struct state {
    const struct audit_store *store;
    struct audit_report *report;
    struct audit_text *out; /* the lines of one row */
    struct audit_spill *lines;
    const char *table;
    void (*row)(struct state *s, struct audit_span key, struct audit_span value);
};

static void broken(struct state *s, const char *why)
{
    audit_report_bad(s->report, 0, audit_span_of(NULL, 0), "state-row", s->table, "%s", why);
}

/* ---- numbers ---- */

static uint8_t byte(struct reader *r)
{
    if (r->p < r->end) return *r->p++;
    r->bad = true;
    return 0;
}

/* LEB128 of at most `bits` bits in its shortest form. */
static unsigned __int128 leb(struct reader *r, unsigned bits)
{
    unsigned __int128 v = 0;

    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t c = byte(r);

        if (r->bad || (shift > 0 && c == 0)) break;
        v |= (unsigned __int128)(c & 0x7f) << shift;
        if (shift + 7 > bits && (c & 0x7f) >> (bits - shift) != 0) break;
        if (c < 0x80) return v;
    }
    r->bad = true;
    return 0;
}

static uint64_t varint(struct reader *r) { return (uint64_t)leb(r, 64); }

static int64_t zigzag(struct reader *r)
{
    uint64_t v = varint(r);

    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static i128 zigzag128(struct reader *r)
{
    unsigned __int128 v = leb(r, 128);

    return (i128)(v >> 1 ^ (v & 1 ? ~(unsigned __int128)0 : 0));
}

static struct audit_span span(struct reader *r, uint64_t n)
{
    struct audit_span s = audit_span_of(r->p, 0);

    if (r->bad || n > (uint64_t)(r->end - r->p)) {
        r->bad = true;
        return s;
    }
    s.n = (size_t)n;
    r->p += n;
    return s;
}

/* ---- leaves and history ---- */

static bool text_of(const struct state *s, uint64_t id, struct audit_span *ret)
{
    uint8_t key[4] = { (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };

    *ret = audit_span_of("", 0);
    return id == 0 || audit_store_get(s->store, "dict_id", audit_span_of(key, sizeof key), ret);
}

static bool key_read(const struct state *s, struct audit_span key, struct audit_roll_row *r)
{
    *r = (struct audit_roll_row){ .year = 0 };
    if (key.n != KEY_BYTES || !text_of(s, audit_be(key.p, 4), &r->office)) return false;
    r->year = (unsigned)audit_be(key.p + 4, 2);
    r->activity = audit_be(key.p + 6, 8);
    r->account = audit_be(key.p + 14, 8);
    r->measure = (unsigned)audit_be(key.p + 22, 2);
    r->source = key.p[24];
    r->stage = (unsigned)audit_be(key.p + 25, 2);
    return text_of(s, audit_be(key.p + 27, 4), &r->indicator);
}

/* One slot; its value and provenance are differences to what went before. */
static void slot_read(struct reader *r, uint64_t *value, uint64_t *prov, struct audit_roll_slot *ret)
{
    uint8_t head = byte(r);

    *ret =
        (struct audit_roll_slot){ .kind = head / 48u + 1, .basis = head / 16u % 3, .decimals = head >> 1 & 7, .reason = head & 1 };
    if (head >= SLOT_EMPTY) {
        r->bad = true;
        return;
    }
    if (ret->kind == VALUE_NUMBER) ret->value = (int64_t)(*value += (uint64_t)zigzag(r));
    ret->prov = *prov += (uint64_t)zigzag(r);
    if (ret->kind == VALUE_TEXT || ret->kind == VALUE_WITHDRAWN) ret->text = span(r, varint(r));
    if (ret->text.n > TEXT_MOST) r->bad = true;
}

static void leaf_row(struct state *s, struct audit_span key, struct audit_span value)
{
    struct reader r = { value.p, value.p + value.n, false };
    unsigned stated = (unsigned)byte(&r) << 8;
    uint64_t number = 0, prov = 0;
    struct audit_roll_row row;

    stated |= byte(&r);
    if (!key_read(s, key, &row)) {
        broken(s, "kunci baris yang dikenal kamusnya");
        return;
    }
    for (unsigned m = 1; m <= 12; m++)
        if (stated >> (m - 1) & 1) slot_read(&r, &number, &prov, &row.slot[m]);
    if (r.bad || r.p != r.end || stated == 0 || stated >> 12 != 0) {
        broken(s, "peta bulan dan bulan-bulannya");
        return;
    }
    audit_roll_put_leaf(s->out, &row);
}

static void history_row(struct state *s, struct audit_span key, struct audit_span value)
{
    struct reader r = { value.p, value.p + value.n, false };
    uint64_t number = 0, prov = 0;
    struct audit_roll_row row;
    struct audit_roll_slot slot;

    if (key.n != KEY_BYTES + 9 || key.p[KEY_BYTES] > 11 || !key_read(s, audit_span_of(key.p, KEY_BYTES), &row)) {
        broken(s, "kunci baris, bulan, asal nilai lama");
        return;
    }
    slot_read(&r, &number, &prov, &slot);
    if (r.bad || r.p != r.end || slot.prov != audit_be(key.p + KEY_BYTES + 1, 8)) {
        broken(s, "satu nilai lama dengan asalnya");
        return;
    }
    audit_roll_put_key(s->out, "history", &row);
    audit_roll_put_slot(s->out, key.p[KEY_BYTES] + 1u, &slot);
    audit_text_byte(s->out, '\n');
}

/* ---- cells ---- */

static bool level_right(struct audit_span key)
{
    uint64_t node = audit_be(key.p + 8, 8);
    unsigned kind = key.p[6], level = kind == NODE_TOTAL      ? 0
                                      : kind == NODE_ACTIVITY ? audit_code_level(node)
                                                              : audit_code_account_depth(node);

    return kind <= NODE_ACCOUNT_LINE && key.p[7] == level;
}

static bool offices_read(struct reader *r, int64_t ret[AUDIT_ROLL_MONTHS])
{
    int64_t count = 0;

    for (unsigned m = 1; m <= 12;) {
        unsigned run = byte(r);
        int64_t step = zigzag(r);

        if (r->bad || run == 0 || run > 13 - m || __builtin_add_overflow(count, step, &count)) return false;
        while (run-- > 0) ret[m++] = count;
    }
    return true;
}

static void cell_row(struct state *s, struct audit_span key, struct audit_span value)
{
    struct reader r = { value.p, value.p + value.n, false };
    struct audit_roll_cell x = { .region = 0 };

    for (unsigned m = 1; m <= 12; m++)
        if (__builtin_add_overflow(x.value[m - 1], zigzag128(&r), &x.value[m])) r.bad = true;
    if (!offices_read(&r, x.offices)) r.bad = true;
    x.lines = zigzag(&r), x.bare = zigzag(&r), x.assumed = zigzag(&r);
    if (r.bad || r.p != r.end || key.n != CELL_KEY || !level_right(key)) {
        broken(s, "kunci sel dan dua belas jumlah");
        return;
    }
    x.region = (region_code)audit_be(key.p, 4);
    x.year = (unsigned)audit_be(key.p + 4, 2);
    x.kind = key.p[6];
    x.node = audit_be(key.p + 8, 8);
    x.derived = key.p[16];
    x.source = key.p[17];
    audit_roll_put_cell(s->out, &x);
}

/* ---- the other tables ---- */

static bool party_put(struct state *s, const char *what, struct audit_span key)
{
    struct audit_span id;

    if (key.n != 4 || !text_of(s, audit_be(key.p, 4), &id) || id.n == 0) {
        broken(s, "kantor yang dikenal kamusnya");
        return false;
    }
    audit_text_printf(s->out, "%s\t", what);
    audit_text_escaped(s->out, id);
    return true;
}

static void office_row(struct state *s, struct audit_span key, struct audit_span value)
{
    struct reader r = { value.p, value.p + value.n, false };
    uint64_t version = varint(&r);
    struct audit_span line = span(&r, varint(&r));
    unsigned worker = byte(&r);

    if (r.bad || r.p != r.end) {
        broken(s, "versi, baris daftar kantor, worker");
        return;
    }
    if (!party_put(s, "office", key)) return;
    audit_text_printf(s->out, "\t%" PRIu64 "\tw%u\t", version, worker);
    audit_text_escaped(s->out, line);
    audit_text_byte(s->out, '\n');
}

static void count_row(struct state *s, struct audit_span key, struct audit_span value)
{
    struct reader r = { value.p, value.p + value.n, false };
    size_t from = s->out->n;

    if (!party_put(s, "count", key)) return;
    for (unsigned i = 0; i < 6; i++) audit_text_printf(s->out, "\t%" PRIu64, varint(&r));
    audit_text_byte(s->out, '\t');
    audit_text_provenance(s->out, varint(&r));
    audit_text_printf(s->out, "\t%" PRId64, zigzag(&r));
    while (!r.bad && r.p != r.end) {
        unsigned year = YEAR_MIN + (unsigned)byte(&r);

        audit_text_printf(s->out, "\t%u:%u", year, byte(&r));
    }
    audit_text_byte(s->out, '\n');
    if (!r.bad) return;
    s->out->n = from;
    broken(s, "hitungan kantor");
}

static void meta_row(struct state *s, struct audit_span key, struct audit_span value)
{
    char hex[2 * AUDIT_HASH + 1];
    bool applied = key.n == 8 && memcmp(key.p, "applied", 7) == 0;

    if (applied ? value.n != 8 + AUDIT_HASH : value.n > AUDIT_HASH) {
        broken(s, "posisi dan hash log");
        return;
    }
    if (applied) {
        audit_hash_hex(value.p + 8, AUDIT_HASH, hex);
        audit_text_printf(s->out, "applied\tw%u\t%" PRIu64 "\t%s\n", key.p[7], audit_be(value.p, 8), hex);
        return;
    }
    audit_hash_hex(value.p, value.n, hex);
    audit_text_str(s->out, "meta\t");
    audit_text_put(s->out, key.p, key.n);
    audit_text_printf(s->out, "\t%s\n", hex);
}

uint64_t audit_state_applied(const struct audit_store *state, unsigned worker)
{
    uint8_t key[8] = "applied";
    struct audit_span value;

    key[7] = (uint8_t)worker;
    if (!audit_store_get(state, "meta", audit_span_of(key, sizeof key), &value) || value.n != 8 + AUDIT_HASH) return 0;
    return audit_be(value.p, 8);
}

/* ---- the comparison ---- */

/* Bytes of a line that name the fact: the first fields; of a history row all of them. */
static size_t key_bytes(struct audit_span line)
{
    unsigned fields = line.n == 0                            ? 0
                      : line.p[0] == 'l'                     ? 10
                      : line.p[0] == 'h'                     ? 99
                      : line.p[0] == 'c' && line.p[1] == 'e' ? 8
                                                             : 2;

    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '\t' && --fields == 0) return i;
    return line.n;
}

static bool same_fact(struct audit_span a, struct audit_span b)
{
    size_t n = key_bytes(a);

    return n == key_bytes(b) && memcmp(a.p, b.p, n) == 0;
}

/* From `from` to the end of that number or field, for people. */
static void part(struct audit_span line, size_t from, char ret[AUDIT_TEXT])
{
    size_t n = 0;

    while (from > 0 && line.p[from - 1] != '\t' && line.p[from - 1] != ' ') from--;
    for (; from < line.n && n + 1 < AUDIT_TEXT && line.p[from] != '\n' && line.p[from] != '\t' && line.p[from] != ' '; from++)
        ret[n++] = (char)line.p[from];
    ret[n] = '\0';
}

static void put_name(struct audit_span line, char ret[AUDIT_TEXT])
{
    size_t n = key_bytes(line), at = 0;

    for (size_t i = 0; i < n && at + 1 < AUDIT_TEXT / 2 && line.p[i] != '\n'; i++)
        if (line.p[i] != '\t' || at == 0 || ret[at - 1] != ' ') ret[at++] = line.p[i] == '\t' ? ' ' : (char)line.p[i];
    ret[at] = '\0';
}

static struct audit_span office_of(struct audit_span line)
{
    const uint8_t *tab = memchr(line.p, '\t', line.n), *end;
    size_t left;

    if (tab == NULL || (line.p[0] == 'c' && line.p[1] == 'e') || line.p[0] == 'a' || line.p[0] == 'm' || line.p[0] == 'd')
        return audit_span_of(NULL, 0);
    left = line.n - (size_t)(tab + 1 - line.p);
    end = memchr(tab + 1, '\t', left);
    return audit_span_of(tab + 1, end != NULL ? (size_t)(end - tab) - 1 : left);
}

static void differ(struct audit_report *r, struct audit_span seen, struct audit_span expected)
{
    char name[AUDIT_TEXT], was[AUDIT_TEXT], wanted[AUDIT_TEXT], text[AUDIT_TEXT];
    size_t at = 0;

    while (at < seen.n && at < expected.n && seen.p[at] == expected.p[at]) at++;
    put_name(seen.n > 0 ? seen : expected, name);
    if (seen.n > 0) part(seen, at, was);
    if (expected.n > 0) part(expected, at, wanted);
    snprintf(text, sizeof text, "%.*s: %.*s", AUDIT_TEXT / 2, name, AUDIT_TEXT / 2 - 4,
             seen.n == 0 ? "tidak ada" : expected.n == 0 ? "ada" : was);
    audit_report_bad(r, 0, office_of(seen.n > 0 ? seen : expected), "state", text, "%s",
                     expected.n == 0 ? "tidak ada"
                     : seen.n == 0   ? "ada"
                                     : wanted);
}

bool audit_state_compare(struct audit_spill *seen, struct audit_spill *expected, FILE *to, struct audit_report *r)
{
    const struct audit_span none = { NULL, 0 };
    struct audit_span x = audit_spill_next(seen), y = audit_spill_next(expected);
    bool written = true;

    while (x.n > 0 || y.n > 0) {
        int c = x.n == 0 ? 1 : y.n == 0 ? -1 : audit_text_compare(x, y);
        bool both = c == 0 || (x.n > 0 && y.n > 0 && same_fact(x, y));

        if (both && c != 0) differ(r, x, y);
        if (!both && c < 0) differ(r, x, none);
        if (!both && c > 0) differ(r, none, y);
        if ((both || c > 0) && to != NULL && fwrite(y.p, 1, y.n, to) != y.n) written = false;
        if (both || c < 0) x = audit_spill_next(seen);
        if (both || c > 0) y = audit_spill_next(expected);
    }
    return written;
}

static void each(void *ctx, struct audit_span key, struct audit_span value, bool sound)
{
    struct state *s = ctx;

    if (sound) s->row(s, key, value); /* an unsound one has been told by audit_store_check */
    audit_spill_lines(s->lines, s->out);
}

void audit_state_check(const struct audit_store *state, struct audit_roll *roll, const struct audit_room *room,
                       struct audit_report *r)
{
    static const struct {
        const char *table;
        void (*row)(struct state *s, struct audit_span key, struct audit_span value);
    } tables[] = { { "meta", meta_row }, { "leaf", leaf_row },     { "history", history_row },
                   { "cell", cell_row }, { "office", office_row }, { "count", count_row } };
    struct audit_text line = { .p = NULL };
    struct state s = { .store = state, .report = r, .out = &line, .lines = audit_spill_new(room) };
    struct audit_spill *expected = audit_roll_lines(roll);

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        s.table = tables[i].table;
        s.row = tables[i].row;
        audit_store_each(state, s.table, each, &s);
    }
    audit_spill_sort(s.lines);
    (void)audit_state_compare(s.lines, expected, NULL, r);
    audit_spill_free(s.lines);
    audit_text_done(&line);
}
