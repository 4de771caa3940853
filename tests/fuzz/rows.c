/* rows.c - what stands in our own stores, after a fault that the store's checksum did not see: leaf rows, slots of the history,
 * cells, a worker's stream rows, an outbox's rows, statements behind a provenance. Nothing may be read that writing would not have
 * written: a row that is taken must be written again byte for byte; the others must be refused without a fault of ours. */
#include "aggregator/cell.h"
#include "aggregator/fold.h"
#include "aggregator/statement.h"
#include "collector/outbox.h"
#include "proto/unit.h"
#include "proto/unit_part.h"
#include "tests/fuzz/fuzz.h"
#include "worker/ledger.h"

static void leaf_row(struct slice in)
{
    struct unit u;
    struct leaf l = { .dirty = false };
    struct buf b;
    unit_init(&u);
    buf_init(&b, 1 << 20);
    if (unit_row_decode(in, &u, &l) == ST_OK) {
        unit_row_encode(&b, &u, &l);
        ASSERT(buf_ok(&b) && fuzz_same(buf_slice(&b), in));
        i128 sums[12];
        unit_cumulate(l.slot, sums);
    }
    unit_done(&u);
    buf_done(&b);
}

static void slot(struct slice in)
{
    struct unit u;
    struct slot s;
    struct rd r = rd_of(in);
    struct buf b;
    unit_init(&u);
    buf_init(&b, 1 << 20);
    if (unit_slot_decode(&r, &u, &s) == ST_OK) {
        unit_slot_encode(&b, &u, &s);
        ASSERT(buf_ok(&b) && fuzz_same(buf_slice(&b), slice_of(in.p, in.n - rd_left(&r))));
    }
    unit_done(&u);
    buf_done(&b);
}

static void cell(struct slice in)
{
    struct cell c;
    struct cell_key k;
    uint8_t key[STORE_KEY_MAX];
    struct buf b;
    buf_init(&b, 1 << 16);
    if (cell_decode(in, &c) == ST_OK) {
        cell_encode(&b, &c);
        ASSERT(buf_ok(&b) && fuzz_same(buf_slice(&b), in));
    }
    if (cell_key_parse(in, &k) == ST_OK) ASSERT(fuzz_same(slice_of(key, cell_key_bytes(&k, key)), in));
    buf_done(&b);
}

static struct store_txn *with_row(const char *const *tables, struct store **s, unsigned table, struct slice key, struct slice value)
{
    struct store_txn *t = NULL;
    ASSERT(store_mem_new(tables, s) == ST_OK && store_begin(*s, true, &t) == ST_OK && store_put(t, table, key, value) == ST_OK);
    return t;
}

static bool seen(void *ctx, const struct stream *s)
{
    (void)ctx;
    ASSERT(strlen(s->office) <= OFFICE_ID_MAX);
    return true;
}

/* A worker that finds this in its store says that it is damaged, or goes on from it. */
static void ledger_rows(struct slice in)
{
    static const char stream_key[] = "gen-3374-01\0\0\0\0";
    const struct ledger_identity id = { .id = "w1", .number = 1 };
    struct ledger l;
    struct stream *stream = NULL;
    struct store *s = NULL;
    struct store_txn *t = with_row(ledger_tables, &s, LEDGER_STREAM, slice_of(stream_key, sizeof stream_key), in);
    ASSERT(ledger_init(&l, &id, NULL) == ST_OK && ledger_recover(&l, t) == ST_OK);
    (void)ledger_list(t, slice_of("", 0), 0, seen, NULL);
    (void)ledger_stream(&l, t, slice_of("gen-3374-01", 11), 0, &stream);
    ledger_done(&l);
    ASSERT(store_put(t, LEDGER_META, slice_of("log", 3), in) == ST_OK);
    ASSERT(ledger_init(&l, &id, NULL) == ST_OK);
    (void)ledger_recover(&l, t);
    ledger_done(&l);
    store_abort(&t);
    store_mem_free(&s);
}

static void outbox_rows(struct slice in)
{
    static const uint8_t office[4] = { 0, 0, 0, 1 }, out[12] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9 };
    struct outbox_stream stream;
    struct outbox_pushed pushed;
    struct outbox_batch batch;
    struct outbox_due due;
    struct store *s = NULL;
    struct store_txn *t = with_row(outbox_tables, &s, OUTBOX_STREAM, slice_of(office, 4), in);
    ASSERT(store_put(t, OUTBOX_PUSHED, slice_of("tray", 4), in) == ST_OK &&
           store_put(t, OUTBOX_DUE, slice_of(out, 12), in) == ST_OK);
    ASSERT(store_put(t, OUTBOX_OUT, slice_of(out, 12), in) == ST_OK);
    if (outbox_stream_get(t, 1, &stream) == ST_OK) {
        const struct hash none = { { 0 } };
        (void)outbox_knows(t, 1, 9, &none, &stream);
    }
    (void)outbox_next(t, 1, 0, &batch);
    if (outbox_pushed_get(t, slice_of("tray", 4), &pushed) == ST_OK) ASSERT(memchr(pushed.file, 0, sizeof pushed.file) != NULL);
    (void)outbox_due_next(t, 1, 0, &due);
    (void)outbox_refuse_list_ok(in);
    store_abort(&t);
    store_mem_free(&s);
}

static int line(void *ctx, const struct statement_line *l)
{
    (void)ctx;
    return l->content.n <= RECORD_BYTES_MAX ? ST_OK : ST_INVALID;
}

static void state_rows(struct slice in)
{
    static const uint8_t record[9] = { 1, 0, 0, 0, 0, 0, 0, 0, 5 }, office[4] = { 0, 0, 0, 1 }, at[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
    static struct fold_changed changed[FOLD_CHANGE_PAIRS];
    struct statement st;
    struct fold_count count;
    uint64_t position;
    size_t n;
    uint8_t month;
    struct store *s = NULL;
    struct buf text;
    struct store_txn *t = with_row(fold_tables, &s, FOLD_RECORD, slice_of(record, 9), in);
    ASSERT(store_put(t, FOLD_COUNT, slice_of(office, 4), in) == ST_OK && store_put(t, FOLD_CHANGE, slice_of(at, 8), in) == ST_OK);
    if (in.n > 0 && in.n <= STORE_KEY_MAX)
        ASSERT(store_put(t, FOLD_ENTRY, in, in) == ST_OK && store_put(t, FOLD_LEAF, in, in) == ST_OK);
    (void)statement_get(t, 1, 5, 0, &st);
    (void)statement_position(t, 1, 5, (struct wall){ 1700000000000 }, &position);
    (void)statement_entries(t, line, NULL);
    (void)fold_count_get(t, 1, &count);
    (void)fold_last_month(t, 1, 2024, &month);
    (void)fold_change_next(t, 0, &position, changed, FOLD_CHANGE_PAIRS, &n);
    buf_init(&text, 1 << 20);
    (void)export_state(t, &text);
    buf_done(&text);
    store_abort(&t);
    store_mem_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    if (n > 4096) return 0;
    leaf_row(in);
    slot(in);
    cell(in);
    ledger_rows(in);
    outbox_rows(in);
    state_rows(in);
    return 0;
}
