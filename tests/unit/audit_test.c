/* audit_test.c - the verifier against a real ledger: the sound one is sound; every bit turned over in the file is found or was in
 * no row; single rows changed by hand are found; and what an operator with the worker's keys can make of the log is found, without
 * anything but the offices' signatures where those suffice, and with a position that somebody else remembers where they cannot.
 *
 * AUDIT_FLIPS and AUDIT_EDITS say how many (default 2000 and ten of each kind), SEED which. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/receipt.h"
#include "tests/unit/audit_edit.h"
#include "tests/unit/env.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- a sound ledger ---- */

static void a_sound_ledger_is_sound(void **state)
{
    struct audit_world *a = *state;
    struct audit_result r = audit_world_run(a, "sound", "--anchor", a->anchor);
    struct work_status s;

    work_status(a->w.work, &s);
    assert_true(r.rc == 0 && r.ok);
    assert_int_equal(r.records, a->log.n);
    assert_int_equal(r.batches, s.counters.batches);
    assert_int_equal(r.updates, s.counters.updates);
    assert_true(r.lsn == s.lsn && strncmp(strchr(a->anchor, ':') + 1, r.hash, 64) == 0);
    assert_int_equal(audit_world_run(a, "sound", "--anchor", "1:00").rc, 2);
    assert_int_equal(audit_world_run(a, "nowhere", NULL, NULL).rc, 2);
    assert_int_equal(
        audit_world_run(a, "sound", "--anchor", "999:0000000000000000000000000000000000000000000000000000000000000000").rc, 1);
}

static void a_ledger_in_use_is_refused(void **state)
{
    struct audit_world *a = *state;
    struct store *s = audit_world_open(a, "sound");

    assert_int_equal(audit_world_run(a, "sound", NULL, NULL).rc, 2);
    store_lmdb_close(&s);
    assert_int_equal(audit_world_run(a, "sound", NULL, NULL).rc, 0);
}

/* ---- bits ---- */

struct image {
    uint8_t *p;
    size_t n;
};

static struct image slurp(const char *path)
{
    struct image m = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    m.n = (size_t)st.st_size;
    m.p = malloc(m.n);
    assert_non_null(m.p);
    assert_int_equal(read(fd, m.p, m.n), m.n);
    close(fd);
    return m;
}

static void write_at(const char *path, const uint8_t *p, size_t n, size_t at)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, p, n, (off_t)at), n);
    close(fd);
}

/* A byte of some record (or of an old copy of it that a page split left behind); else one of the whole file. */
static size_t pick(const struct audit_world *a, const struct image *m, struct rng *g, bool row)
{
    const struct audit_entry_copy *e = a->log.r[rng_below(g, a->log.n)];
    const uint8_t *at = row ? memmem(m->p, m->n, e->content.p, e->content.n) : NULL;

    return at != NULL ? (size_t)(at - m->p) + rng_below(g, e->content.n) : rng_below(g, m->n);
}

/* Not found: then what the real store reads out of the file is what was written. */
static void expect_harmless(const struct audit_world *a, const struct hash *dump, size_t at, unsigned bit)
{
    struct hash seen = audit_world_dump(a, "flip");

    if (memcmp(seen.b, dump->b, HASH_SIZE) != 0) fail_msg("bit %u of byte %zu changed the rows unseen", bit, at);
}

static void every_flipped_bit_is_found_or_in_no_row(void **state)
{
    struct audit_world *a = *state;
    struct hash dump = audit_world_dump(a, "sound");
    uint64_t flips = env_number("AUDIT_FLIPS", 2000), found = 0;
    char from[PATH_BYTES], to[PATH_BYTES];
    struct image m;
    struct rng g;

    audit_world_write(a, &a->log, "flip");
    audit_world_path(a, "sound/data.mdb", from);
    audit_world_path(a, "flip/data.mdb", to);
    m = slurp(from);
    assert_int_equal(truncate(to, 0), 0);
    write_at(to, m.p, m.n, 0);
    rng_seed(&g, env_number("SEED", 1));
    for (uint64_t i = 0; i < flips; i++) {
        size_t at = pick(a, &m, &g, i % 2 == 0);
        unsigned bit = (unsigned)rng_below(&g, 8);
        uint8_t byte = (uint8_t)(m.p[at] ^ 1 << bit);

        write_at(to, &byte, 1, at);
        if (audit_world_run(a, "flip", "--anchor", a->anchor).rc == 1)
            found++;
        else
            expect_harmless(a, &dump, at, bit);
        assert_int_equal(truncate(to, (off_t)m.n), 0);
        write_at(to, m.p, m.n, 0); /* opening may have written: begin from the same bytes again */
    }
    print_message("flips: %llu, found: %llu\n", (unsigned long long)flips, (unsigned long long)found);
    assert_true(found > flips / 2);
    free(m.p);
}

/* ---- single rows, by hand ---- */

enum row_change { ROW_DROP, ROW_CHANGE, ROW_ADD };

/* A stream or epoch that was granted and holds nothing: the log cannot know its number. */
static bool empty(unsigned table, struct slice v)
{
    return (table == LEDGER_STREAM || table == LEDGER_EPOCH) && bytes_rd64(v.p + 16) == 0;
}

/* Changes a random row of a table, drops it, or adds one beside it. */
static void change_row(struct audit_world *a, unsigned table, enum row_change how, struct rng *g)
{
    struct store *s = audit_world_open(a, "row");
    uint8_t value[RECORD_BYTES_MAX], key[STORE_KEY_MAX];
    struct store_cursor *c = NULL;
    struct slice k, v, new_key;
    struct store_txn *t = NULL;
    uint64_t rows = 0, at;

    assert_int_equal(store_begin(s, true, &t), ST_OK);
    assert_int_equal(store_cursor(t, table, &c), ST_OK);
    while (store_next(c, &k, &v) == ST_OK) rows++;
    do {
        at = rng_below(g, rows);
        store_cursor_close(&c);
        assert_int_equal(store_cursor(t, table, &c), ST_OK);
        for (uint64_t i = 0; i <= at; i++) assert_int_equal(store_next(c, &k, &v), ST_OK);
    } while (empty(table, v));
    memcpy(value, v.p, v.n);
    memcpy(key, k.p, k.n);
    new_key = slice_of(key, k.n);
    if (how == ROW_CHANGE && v.n > 0)
        value[rng_below(g, v.n > 48 ? 48 : v.n)] ^= 1; /* the installation behind it is for record */
    else if (how != ROW_DROP)
        key[k.n - 1] ^= 0x40;
    if (how == ROW_ADD && table == LEDGER_EPOCH) value[7] ^= 0x40; /* its own number fits */
    if (how != ROW_ADD) assert_int_equal(store_del(t, table, slice_of(k.p, k.n)), ST_OK);
    if (how != ROW_DROP) assert_int_equal(store_put(t, table, new_key, slice_of(value, v.n)), ST_OK);
    store_cursor_close(&c);
    assert_int_equal(store_commit(&t), ST_OK);
    store_lmdb_close(&s);
}

/* Rows with checksums in order, but not what the log says. */
static void single_rows_changed_by_hand_are_found(void **state)
{
    static const unsigned tables[] = {LEDGER_LOG, LEDGER_STREAM, LEDGER_EPOCH, LEDGER_BY_OFFICE, LEDGER_TIME, LEDGER_TREE,
                                      LEDGER_CUT};
    struct audit_world *a = *state;
    struct rng g;

    rng_seed(&g, env_number("SEED", 1));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (unsigned how = 0; how < 3; how++)
            for (unsigned round = 0; round < 4; round++) {
                struct audit_result r;

                audit_world_write(a, &a->log, "row");
                change_row(a, tables[i], (enum row_change)how, &g);
                r = audit_world_run(a, "row", NULL, NULL);
                if (r.rc != 1) fail_msg("table %s, change %u: exit %d", ledger_tables[tables[i]], how, r.rc);
                if (tables[i] == LEDGER_LOG) assert_true(r.bad_lsn > 0); /* the chain tells where */
            }
}

/* ---- an operator at work ---- */

/* One edit at a random place that suits; all of the ledger is written anew around it. */
static void edit_once(struct audit_world *a, const struct edit *e, struct rng *g)
{
    struct audit_copy c = {.n = 0};
    struct audit_result r;
    uint64_t lsn = 0;

    while (lsn == 0) {
        audit_world_copy_done(&c);
        audit_world_copy(&a->log, &c);
        lsn = e->make(a, &c, rng_below(g, c.n));
    }
    audit_world_write(a, &c, "edit");
    audit_world_copy_done(&c);
    r = audit_world_run(a, "edit", NULL, NULL);
    if (e->unsigned_by_offices) {
        assert_int_equal(r.rc, 0);
        r = audit_world_run(a, "edit", "--anchor", a->anchor);
    }
    if (r.rc != 1 || r.bad_lsn != lsn || (e->what != NULL && strcmp(r.what, e->what) != 0))
        fail_msg("%s: exit %d, lsn %llu %s; expected lsn %llu %s", e->name, r.rc, (unsigned long long)r.bad_lsn, r.what,
                 (unsigned long long)lsn, e->what != NULL ? e->what : "anything");
}

static void what_an_operator_changes_is_found_and_named(void **state)
{
    uint64_t edits = env_number("AUDIT_EDITS", 10 * audit_edit_count);
    struct rng g;

    rng_seed(&g, env_number("SEED", 1));
    for (uint64_t i = 0; i < edits; i++) edit_once(*state, &audit_edits[i % audit_edit_count], &g);
}

/* ---- the register's own signature ---- */

/* Signs the registry lines of a log in their order, as the register's key would have. */
static void seal(struct audit_world *a, struct audit_copy *c)
{
    struct registry_chain chain;

    registry_chain_start(&chain);
    for (size_t i = 0; i < c->n; i++) {
        struct buf *content = &c->r[i]->content;
        const uint8_t *tab = memchr(content->p, '\t', content->n);
        char line[REGISTRY_LINE_MAX], err[256];
        struct office o;
        int n;

        if (c->r[i]->kind != RECORD_OFFICE) continue;
        assert_int_equal(registry_line_parse(slice_of(tab + 1, content->n - (size_t)(tab + 1 - content->p)), &o, err, sizeof err),
                         ST_OK);
        assert_int_equal(registry_seal(&chain, &o, &a->operator), ST_OK);
        n = registry_line_format(&o, line, sizeof line);
        assert_true(n > 0);
        buf_clear(content);
        buf_printf(content, "%llu\t", (unsigned long long)chain.version);
        buf_put(content, line, (size_t)n);
    }
}

static void a_signed_register_is_held_to_its_key(void **state)
{
    struct audit_world *a = *state;
    uint8_t pub[PUBKEY_SIZE], seed[32] = {0x77};
    char hex[2 * PUBKEY_SIZE + 1], *region;
    struct audit_copy c = {.n = 0};
    struct audit_result r;

    assert_int_equal(sign_ed25519_ring_add(&a->operator, text(REGISTRY_KEY_ID), seed), ST_OK);
    assert_int_equal(a->operator.public_key(a->operator.ctx, text(REGISTRY_KEY_ID), pub), ST_OK);
    bytes_hex(pub, PUBKEY_SIZE, hex);
    r = audit_world_run(a, "sound", "--registry-key", hex); /* its lines carry no signature */
    assert_true(r.rc == 1 && r.bad_lsn == 1 && strcmp(r.what, "registry") == 0);
    audit_world_copy(&a->log, &c);
    seal(a, &c);
    audit_world_write(a, &c, "sealed");
    assert_int_equal(audit_world_run(a, "sealed", NULL, NULL).rc, 0);
    assert_int_equal(audit_world_run(a, "sealed", "--registry-key", hex).rc, 0);
    region = memmem(c.r[2]->content.p, c.r[2]->content.n, "\t33.02\t", 7);
    assert_non_null(region);
    region[5] = '9';
    audit_world_write(a, &c, "sealed");
    r = audit_world_run(a, "sealed", "--registry-key", hex);
    assert_true(r.rc == 1 && r.bad_lsn == 3 && strcmp(r.what, "registry") == 0);
    audit_world_copy_done(&c);
}

/* ---- checkpoints that somebody kept ---- */

static int sign_note(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    const struct signer *s = ctx;

    return s->sign(s->ctx, text("operator"), t, ret);
}

/* The worker's checkpoint over the first `size` records, signed with the operator's key, in ROOT/kept; before it what a receipt
 * has. */
static void keep_checkpoint(struct audit_world *a, uint64_t size, struct note_key *key, char ret_path[PATH_BYTES])
{
    struct note_checkpoint c = {.origin = text(key->name), .size = size};
    struct merkle m = {.size = 0};
    struct buf body, file;

    for (uint64_t i = 0; i < size; i++) {
        const struct audit_entry_copy *e = a->log.r[i];
        struct record r = {.kind = e->kind,
                           .lsn = i + 1,
                           .at = {e->at},
                           .content = buf_slice(&e->content),
                           .dispositions = buf_slice(&e->dispositions)};
        struct batch b;
        struct receipt_leaf leaf = receipt_leaf_of(&r, audit_world_batch(e, &b) ? &b.hash : NULL);
        struct hash h = receipt_leaf_hash(&leaf);

        assert_int_equal(merkle_append(&m, &h, NULL), ST_OK);
    }
    c.root = merkle_root(&m);
    buf_init(&body, NOTE_BYTES_MAX);
    buf_init(&file, NOTE_BYTES_MAX);
    note_checkpoint_put(&c, &body);
    buf_str(&file, "rekap-receipt 1\nand so on\n\n");
    assert_int_equal(note_sign(buf_slice(&body), key, sign_note, &a->operator, & file), ST_OK);
    audit_world_path(a, "kept", ret_path);
    (void)remove(ret_path);
    write_at(ret_path, file.p, file.n, 0);
    buf_done(&body);
    buf_done(&file);
}

static void a_kept_checkpoint_holds_the_operator(void **state)
{
    struct audit_world *a = *state;
    char path[PATH_BYTES], vkey[256];
    const char *args[] = {"--log-key", vkey, "--checkpoint", path, NULL};
    struct audit_copy c = {.n = 0};
    uint8_t pub[PUBKEY_SIZE];
    struct note_key key;
    struct audit_result r;
    struct buf b;

    assert_int_equal(a->operator.public_key(a->operator.ctx, text("operator"), pub), ST_OK);
    assert_int_equal(note_key_make(text("rekap/w1/0707000000000000"), pub, &key), ST_OK);
    buf_init(&b, sizeof vkey);
    note_key_format(&key, &b);
    buf_u8(&b, '\0');
    memcpy(vkey, b.p, b.n);
    buf_done(&b);
    for (uint64_t size = 1; size <= a->log.n; size += 5) {
        keep_checkpoint(a, size, &key, path);
        assert_int_equal(audit_world_run_with(a, "sound", args).rc, 0);
    }
    keep_checkpoint(a, a->log.n, &key, path);
    audit_world_copy(&a->log, &c);
    audit_world_remove(&c, c.n - 1); /* the end is forgotten, everything else in order */
    audit_world_write(a, &c, "edit");
    assert_int_equal(audit_world_run(a, "edit", NULL, NULL).rc, 0);
    r = audit_world_run_with(a, "edit", args);
    assert_true(r.rc == 1 && strcmp(r.what, "anchor") == 0);
    audit_world_copy_done(&c);
    audit_world_copy(&a->log, &c);
    c.r[c.n - 1]->at++; /* a moment later than it was */
    audit_world_write(a, &c, "edit");
    assert_int_equal(audit_world_run(a, "edit", NULL, NULL).rc, 0);
    r = audit_world_run_with(a, "edit", args);
    assert_true(r.rc == 1 && r.bad_lsn == c.n && strcmp(r.what, "anchor") == 0);
    audit_world_copy_done(&c);
    write_at(path, (const uint8_t *)"X", 1, strlen("rekap-receipt 1\nand so on\n\nrekap/w1/0707000000000000\n"));
    assert_int_equal(audit_world_run_with(a, "sound", args).rc, 2); /* the size is another: not what was signed */
    write_at(path, (const uint8_t *)"9", 1, strlen("rekap-receipt 1\nand so on\n\nrekap/w1/0707000000000000\n"));
    assert_int_equal(audit_world_run_with(a, "sound", args).rc, 2);
    vkey[strlen(vkey) - 1] = vkey[strlen(vkey) - 1] == 'A' ? 'B' : 'A';
    assert_int_equal(audit_world_run_with(a, "sound", args).rc, 2);
    assert_int_equal(audit_world_run(a, "sound", "--checkpoint", path).rc, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_sound_ledger_is_sound),
                                       cmocka_unit_test(a_ledger_in_use_is_refused),
                                       cmocka_unit_test(every_flipped_bit_is_found_or_in_no_row),
                                       cmocka_unit_test(single_rows_changed_by_hand_are_found),
                                       cmocka_unit_test(what_an_operator_changes_is_found_and_named),
                                       cmocka_unit_test(a_signed_register_is_held_to_its_key),
                                       cmocka_unit_test(a_kept_checkpoint_holds_the_operator)};

    return cmocka_run_group_tests_name("audit", tests, audit_world_setup, audit_world_teardown);
}
