/* receipt_test.c - a small log, a receipt for each of its batches, and everything that may be done to one: each single bit of the
 * text turned over, cut at each byte, shown for another batch, with another worker's key, with a checkpoint of another time.
 *
 * The leaf encoding is held against bytes written by hand, and a whole receipt against the one in docs/PROTOCOL.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/receipt.h"

enum { BATCHES = 11, LEVELS = 5 };
struct log { /* the tree of a log with an office entry and BATCHES batches, its nodes in memory, and the keys */
    struct signer keys;
    struct verifier verify;
    struct note_key worker, other;
    struct merkle tree;
    struct hash node[LEVELS][BATCHES + 1];
    struct receipt receipt[BATCHES];
    struct buf checkpoint;
};

static bool no_memory;
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n) { return no_memory ? NULL : __real_realloc(p, n); }

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int put(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    ((struct log *)ctx)->node[level][index] = *h;
    return ST_OK;
}

static int get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    *ret = ((struct log *)ctx)->node[level][index];
    return ST_OK;
}

static int sign(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    const struct signer *s = ctx;

    return s->sign(s->ctx, text("w1"), t, ret);
}

static struct note_key add_key(struct log *l, const char *id, uint8_t seed_byte)
{
    uint8_t seed[32] = {seed_byte}, pub[PUBKEY_SIZE];
    struct note_key k;

    assert_int_equal(sign_ed25519_ring_add(&l->keys, text(id), seed), ST_OK);
    assert_int_equal(l->keys.public_key(l->keys.ctx, text(id), pub), ST_OK);
    assert_int_equal(note_key_make(text("rekap.example/w1"), pub, &k), ST_OK);
    return k;
}

/* The next batch of the office's stream, as the collector would have signed it. */
static void make_batch(const struct log *l, uint64_t first, const struct hash *previous, struct receipt *ret)
{
    struct batch_header h = {.installation = {1, 2, 3},
                             .office = text("gen-3374-01"),
                             .stream = 0,
                             .epoch = UINT64_C(1) << 62 | 1,
                             .sequence = first,
                             .count = 3,
                             .previous = *previous,
                             .signed_at = {1671000000000}};
    struct buf header, payload;
    uint8_t sig[SIG_SIZE], pub[PUBKEY_SIZE];
    struct batch b;

    assert_int_equal(l->keys.public_key(l->keys.ctx, h.office, pub), ST_OK);
    h.body_hash = sign_hash("body", 4);
    h.key_id = sign_key_id(pub);
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&payload, BATCH_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    assert_int_equal(l->keys.sign(l->keys.ctx, h.office, buf_slice(&header), sig), ST_OK);
    codec_batch_put(&payload, buf_slice(&header), sig, text("body"));
    assert_int_equal(codec_batch_parse(buf_slice(&payload), &b), ST_OK);
    assert_int_equal(receipt_of_batch(&b, ret), ST_OK);
    struct hash hash = receipt_batch_hash(ret);
    assert_memory_equal(hash.b, b.hash.b, HASH_SIZE); /* what the receipt says follows from what was signed */
    buf_done(&header);
    buf_done(&payload);
}

static void append(struct log *l, const struct record *r, const struct hash *batch)
{
    const struct merkle_nodes nodes = {l, put, get};
    struct receipt_leaf leaf = receipt_leaf_of(r, batch);
    struct hash h = receipt_leaf_hash(&leaf);

    assert_int_equal(merkle_append(&l->tree, &h, &nodes), ST_OK);
}

static void checkpoint(struct log *l)
{
    struct note_checkpoint c = {.origin = text(l->worker.name), .size = l->tree.size, .root = merkle_root(&l->tree)};
    struct buf b;

    buf_init(&b, NOTE_BYTES_MAX);
    note_checkpoint_put(&c, &b);
    buf_clear(&l->checkpoint);
    assert_int_equal(note_sign(buf_slice(&b), &l->worker, sign, &l->keys, &l->checkpoint), ST_OK);
    buf_done(&b);
}

static int setup(void **state)
{
    static struct log l;
    struct record office = {.kind = RECORD_OFFICE, .lsn = 1, .at = {1671000000100}, .content = text("1\tgen-3374-01\t33.74")};
    struct hash previous = {{0}};

    memset(&l, 0, sizeof l);
    assert_int_equal(sign_ed25519_ring_new(&l.keys), ST_OK);
    l.verify = sign_ed25519_verifier();
    l.worker = add_key(&l, "w1", 7);
    l.other = add_key(&l, "w2", 8);
    (void)add_key(&l, "gen-3374-01", 9);
    buf_init(&l.checkpoint, NOTE_BYTES_MAX);
    append(&l, &office, NULL);
    for (unsigned i = 0; i < BATCHES; i++) {
        static const uint8_t refused[] = {0x91, 0x92, 0x02, 0x13};
        struct record r = {.kind = RECORD_BATCH, .lsn = i + 2, .at = {1671000000250 + i}};
        struct receipt *t = &l.receipt[i];

        if (i == 4) r.dispositions = slice_of(refused, sizeof refused);
        make_batch(&l, 3 * i + 1, &previous, t);
        previous = receipt_batch_hash(t);
        append(&l, &r, &previous);
        t->lsn = r.lsn;
        t->at = r.at;
        t->dispositions = receipt_dispositions_hash(r.dispositions);
    }
    checkpoint(&l);
    for (unsigned i = 0; i < BATCHES; i++) {
        const struct merkle_nodes nodes = {&l, put, get};

        assert_int_equal(merkle_inclusion(&nodes, l.receipt[i].lsn - 1, l.tree.size, &l.receipt[i].path), ST_OK);
        l.receipt[i].checkpoint = buf_slice(&l.checkpoint);
    }
    *state = &l;
    return 0;
}

static int teardown(void **state)
{
    struct log *l = *state;

    sign_ed25519_ring_free(&l->keys);
    buf_done(&l->checkpoint);
    return 0;
}

/* ---- tests ---- */

static void a_leaf_is_its_documented_bytes(void **state)
{
    static const uint8_t head[] = {0x95, 0x01, 0xcd, 0x01, 0x02, 0xcf, 0, 0, 0x01, 0x85, 0x0f, 0x5c, 0x86, 0xfa, 0xc4, 0x20};
    struct record r = {.kind = RECORD_BATCH, .lsn = 258, .at = {1671000000250}};
    struct hash content = {{0xaa}}, none = sign_hash("\x90", 1), want, seen;
    struct receipt_leaf leaf = receipt_leaf_of(&r, &content);
    uint8_t bytes[sizeof head + HASH_SIZE + 2 + HASH_SIZE];

    (void)state;
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, content.b, HASH_SIZE);
    memcpy(bytes + sizeof head + HASH_SIZE, "\xc4\x20", 2);
    memcpy(bytes + sizeof head + HASH_SIZE + 2, none.b, HASH_SIZE);
    want = merkle_leaf(slice_of(bytes, sizeof bytes));
    seen = receipt_leaf_hash(&leaf);
    assert_memory_equal(seen.b, want.b, HASH_SIZE);
    r.kind = RECORD_OFFICE;
    r.content = text("1\tline");
    leaf = receipt_leaf_of(&r, NULL);
    want = sign_hash("1\tline", 6);
    assert_memory_equal(leaf.content.b, want.b, HASH_SIZE);
    r.dispositions = text("\x90"); /* as written and as read: one hash */
    leaf = receipt_leaf_of(&r, NULL);
    assert_memory_equal(leaf.dispositions.b, none.b, HASH_SIZE);
}

static void every_batch_has_a_receipt_that_verifies(void **state)
{
    const struct log *l = *state;

    for (unsigned i = 0; i < BATCHES; i++) {
        struct hash batch = receipt_batch_hash(&l->receipt[i]), next = receipt_batch_hash(&l->receipt[(i + 1) % BATCHES]);
        struct receipt back;
        struct buf b;

        buf_init(&b, RECEIPT_BYTES_MAX);
        receipt_format(&l->receipt[i], &b);
        assert_true(buf_ok(&b));
        assert_int_equal(receipt_parse(buf_slice(&b), &back), ST_OK);
        assert_int_equal(receipt_verify(&back, &l->worker, &l->verify, &batch), RECEIPT_OK);
        assert_int_equal(receipt_verify(&back, &l->worker, &l->verify, NULL), RECEIPT_OK);
        assert_int_equal(receipt_verify(&back, &l->worker, &l->verify, &next), RECEIPT_OTHER_BATCH);
        assert_int_equal(receipt_verify(&back, &l->other, &l->verify, &batch), RECEIPT_CHECKPOINT);
        assert_true(!strcmp(back.office, "gen-3374-01") && back.first == 3 * i + 1 && back.count == 3 && back.lsn == i + 2);
        buf_done(&b);
    }
}

static bool taken(const struct log *l, struct slice t)
{
    struct receipt r;

    return receipt_parse(t, &r) == ST_OK && receipt_verify(&r, &l->worker, &l->verify, NULL) == RECEIPT_OK;
}

static void every_changed_bit_is_seen(void **state)
{
    const struct log *l = *state;
    struct buf b;

    buf_init(&b, RECEIPT_BYTES_MAX);
    receipt_format(&l->receipt[4], &b);
    assert_true(taken(l, buf_slice(&b)));
    for (size_t i = 0; i < b.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b.p[i] ^= (uint8_t)(1 << bit);
            if (taken(l, buf_slice(&b))) fail_msg("bit %u of byte %zu", bit, i);
            b.p[i] ^= (uint8_t)(1 << bit);
        }
        if (taken(l, slice_of(b.p, i))) fail_msg("cut at %zu", i);
    }
    buf_u8(&b, '\n');
    assert_false(taken(l, buf_slice(&b)));
    buf_done(&b);
}

/* Figures that are all in order by themselves but do not belong together. */
static void parts_of_two_receipts_do_not_fit(void **state)
{
    const struct log *l = *state;
    struct receipt r;

    r = l->receipt[3];
    r.lsn++;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_PATH);
    r.lsn = BATCHES + 2;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_BEYOND);
    r.lsn = 0;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_BEYOND);
    r = l->receipt[3];
    r.at.ms--;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_PATH);
    r = l->receipt[3];
    r.dispositions = l->receipt[4].dispositions;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_PATH);
    r = l->receipt[3];
    r.path = l->receipt[4].path;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_PATH);
    r = l->receipt[3];
    r.count++;
    assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_PATH);
}

/* A note signed by the very key, but no checkpoint of this log. */
static void another_note_of_the_same_key_is_no_checkpoint(void **state)
{
    static const char *const notes[] = {"rekap.example/w1\nnothing else\n",
                                        "rekap.example/w2\n12\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                        "rekap.example/w10\n12\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"};
    struct log *l = *state;

    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct receipt r = l->receipt[3];
        struct buf b;

        buf_init(&b, NOTE_BYTES_MAX);
        assert_int_equal(note_sign(text(notes[i]), &l->worker, sign, &l->keys, &b), ST_OK);
        r.checkpoint = buf_slice(&b);
        assert_int_equal(receipt_verify(&r, &l->worker, &l->verify, NULL), RECEIPT_CHECKPOINT);
        buf_done(&b);
    }
}

/* Other spellings of the same values, and values out of range. */
static void only_the_one_spelling_is_read(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"stream 0\n", "stream 00\n"},
        {"stream 0\n", "stream 4294967296\n"},
        {"count 3\n", "count 0\n"},
        {"count 3\n", "count 8193\n"},
        {"first 13\n", "first 0\n"},
        {"lsn 6\n", "lsn 0\n"},
        {"lsn 6\n", "lsn 4611686018427387904\n"},
        {"lsn 6\n", "lsn 6 \n"},
        {"receipt 1\n", "receipt 2\n"},
        {"first 13\n", "first 99999999999999999999999\n"},
        {"office gen-3374-01\n", "office gen 3374\n"},
        {"2022-12-14T06:40:00.000Z", "2022-12-14T06:40:00Z"},
        {"path ", "Path "},
        {"stream 0\n", ""},
        {"stream 0\n", "stream-0\n"},
        {"first 13\n", "first 18446744073709551616\n"},
        {"office gen-3374-01\n", "office \n"},
        {"office gen-3374-01\n", "x\n"},
        {"office gen-3374-01\n", "office \xff\n"},
        {"office gen-3374-01\n", "office a\x7f\n"},
        {"office gen-3374-01\n", "office a1234567890123456789012345678901234567890\n"},
    };
    const struct log *l = *state;
    struct receipt back;
    char whole[4096], copy[4200];
    struct buf b;

    buf_init(&b, RECEIPT_BYTES_MAX);
    receipt_format(&l->receipt[4], &b);
    assert_true(b.n < sizeof whole);
    memcpy(whole, b.p, b.n);
    whole[b.n] = '\0';
    buf_done(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(whole, rows[i].from);

        if (at == NULL) fail_msg("no \"%s\" in\n%s", rows[i].from, whole);
        snprintf(copy, sizeof copy, "%.*s%s%s", (int)(at - whole), whole, rows[i].to, at + strlen(rows[i].from));
        assert_int_equal(receipt_parse(text(copy), &back), ST_INVALID);
    }
}

/* found by counting branches: a text at its limit whose times are not spelled out was told as memory that ran out */
static void texts_at_their_limits(void **state)
{
    static char whole[RECEIPT_BYTES_MAX], big[RECEIPT_BYTES_MAX];
    const struct log *l = *state;
    struct receipt back;
    struct slice path;
    struct buf b;

    buf_init(&b, RECEIPT_BYTES_MAX);
    receipt_format(&l->receipt[4], &b);
    memcpy(whole, b.p, b.n);
    char *at = strstr(whole, "\npath "), *signed_at = strstr(whole, "signed "), *spelled;
    assert_true(at != NULL && signed_at != NULL);

    no_memory = true;
    assert_int_equal(receipt_parse(buf_slice(&b), &back), ST_NO_MEMORY);
    no_memory = false;

    path = slice_of(at + 1, (size_t)(strchr(at + 1, '\n') - at));
    buf_clear(&b);
    buf_put(&b, whole, (size_t)(at + 1 - whole));
    for (unsigned i = 0; i < MERKLE_PROOF_MAX + 1; i++) buf_put(&b, path.p, path.n);
    buf_str(&b, "\nnote");
    assert_true(buf_ok(&b));
    assert_int_equal(receipt_parse(buf_slice(&b), &back), ST_INVALID);
    buf_done(&b);

    spelled = strchr(signed_at + strlen("signed "), ' ');
    memset(big, 'a', sizeof big);
    memcpy(big, whole, (size_t)(spelled - whole));
    memcpy(big + (spelled - whole), strchr(spelled, '\n'), strlen(strchr(spelled, '\n')));
    assert_int_equal(receipt_parse(slice_of(big, sizeof big), &back), ST_INVALID);
}

/* An office whose name could not be written on a line has no receipt; every outcome has its words in both languages. */
static void names_and_words(void **state)
{
    static const char *const bad[] = {"", "a b", "a\n", "\xff", "a\x7f", "a1234567890123456789012345678901234567890"};
    static char longest[RECEIPT_BYTES_MAX + 1];
    struct batch b = {.h = {.count = 1}};
    struct receipt r;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        b.h.office = text(bad[i]);
        assert_int_equal(receipt_of_batch(&b, &r), ST_INVALID);
    }
    for (unsigned f = RECEIPT_OK; f <= RECEIPT_PATH; f++)
        assert_string_not_equal(receipt_fault_text((enum receipt_fault)f, LANG_ID),
                                receipt_fault_text((enum receipt_fault)f, LANG_EN));
    memset(longest, 'a', sizeof longest);
    assert_int_equal(receipt_parse(slice_of(longest, sizeof longest), &r), ST_INVALID);
}

static size_t slurp(const char *path, char *ret, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(ret, 1, size - 1, f) : 0;

    if (f != NULL) fclose(f);
    ret[n] = '\0';
    return n;
}

/* REKAP_GOLDEN_UPDATE=1 rewrites the file; a change there is a change of the format. */
static void the_document_shows_this_very_receipt(void **state)
{
    static const char path[] = "tests/golden/receipt/receipt.txt";
    static char want[RECEIPT_BYTES_MAX], page[1 << 20];
    const struct log *l = *state;
    struct buf b;

    buf_init(&b, RECEIPT_BYTES_MAX);
    receipt_format(&l->receipt[4], &b);
    if (getenv("REKAP_GOLDEN_UPDATE") != NULL) {
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
        assert_int_equal(fclose(f), 0);
    }
    assert_int_equal(slurp(path, want, sizeof want), b.n);
    assert_memory_equal(want, b.p, b.n);
    assert_true(slurp("docs/PROTOCOL.md", page, sizeof page) > b.n);
    assert_non_null(strstr(page, want));
    buf_clear(&b);
    note_key_format(&l->worker, &b);
    buf_u8(&b, '\0');
    assert_true(buf_ok(&b));
    if (strstr(page, (const char *)b.p) == NULL) fail_msg("the document lacks %s", (const char *)b.p);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_leaf_is_its_documented_bytes),
                                       cmocka_unit_test(every_batch_has_a_receipt_that_verifies),
                                       cmocka_unit_test(every_changed_bit_is_seen),
                                       cmocka_unit_test(parts_of_two_receipts_do_not_fit),
                                       cmocka_unit_test(another_note_of_the_same_key_is_no_checkpoint),
                                       cmocka_unit_test(only_the_one_spelling_is_read),
                                       cmocka_unit_test(texts_at_their_limits),
                                       cmocka_unit_test(names_and_words),
                                       cmocka_unit_test(the_document_shows_this_very_receipt)};

    return cmocka_run_group_tests_name("receipt", tests, setup, teardown);
}
