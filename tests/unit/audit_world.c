/* audit_world.c - see audit_world.h. The program is run as people run it, so a crash of it is seen as one. */
#include "audit_world.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/merkle.h"
#include "proto/receipt.h"

extern char **environ;
static const struct store_lmdb_options OPTIONS = {ledger_tables, UINT64_C(16) << 20, "ledger", LEDGER_FORMAT};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- making the log ---- */

static void push(struct world *w, struct sender *s, const char *subject, unsigned source, uint32_t rows, int64_t value)
{
    struct buf body, frame;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_body(&body, subject, source, MEASURE_REALISED, rows, value);
    work_world_batch(w, s, rows, buf_slice(&body), &frame);
    work_world_deliver(w, s, buf_slice(&frame));
    buf_done(&body);
    buf_done(&frame);
}

/* The centre marks the end of a quarter. */
static void mark(struct world *w)
{
    const struct cut c = work_world_cut(w, CENTRE, "33.74", 1);
    struct work_mark at;
    struct buf b;
    unsigned code;
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);

    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_OK);
    buf_done(&b);
}

/* Three offices, a treasurer and the centre, rows that are refused, a body nobody can read, an epoch that ends and one that holds
 * nothing. */
static void tell(struct world *w)
{
    struct sender a = work_world_open(w, PEER_A, OFFICE_A, 5), b = work_world_open(w, PEER_B, OFFICE_B, 5);
    struct sender c = work_world_open(w, PEER_C, OFFICE_C, 5), t = work_world_open(w, PEER_T, TREASURER, 5);
    struct buf frame;

    work_world_register(w, CENTRE, "33", ROLE_CENTRE, OFFICE_ACTIVE, INT64_MAX);
    struct sender d = work_world_open(w, PEER_FOLLOWER + 1, CENTRE, 5);

    push(w, &d, CENTRE, SOURCE_OPD, 2, 5);
    assert_int_equal(work_world_commit(w), ST_OK);
    for (unsigned i = 0; i < 12; i++) {
        w->now.wall.ms += 1000 * (int64_t)(i % 3);
        push(w, &a, i % 4 == 3 ? OFFICE_B : OFFICE_A, SOURCE_OPD, 3 + i, i * 1000);
        push(w, &b, OFFICE_B, i % 5 == 4 ? SOURCE_BUD : SOURCE_OPD, i == 7 ? 900 : 2, i * 500);
        push(w, &c, OFFICE_C, SOURCE_OPD, 1 + i % 3, i);
        if (i % 2 == 0) push(w, &t, i % 4 == 0 ? OFFICE_A : OFFICE_C, SOURCE_BUD, 4, i * 10);
        assert_int_equal(work_world_commit(w), ST_OK);
        if (i == 8) mark(w);
    }
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_batch(w, &c, 7, text("\xc1"), &frame);
    work_world_deliver(w, &c, buf_slice(&frame));
    buf_done(&frame);
    assert_int_equal(work_world_commit(w), ST_OK);
    a = work_world_open(w, PEER_A, OFFICE_A, 6);
    push(w, &a, OFFICE_A, SOURCE_OPD, 3, 7);
    assert_int_equal(work_world_commit(w), ST_OK);
    (void)work_world_open(w, PEER_C, OFFICE_C, 9);
}

/* ---- records ---- */

static struct audit_entry_copy *entry_new(unsigned kind, int64_t at, struct slice content, struct slice dispositions)
{
    struct audit_entry_copy *e = calloc(1, sizeof *e);

    assert_non_null(e);
    e->kind = kind;
    e->at = at;
    buf_init(&e->content, RECORD_BYTES_MAX);
    buf_init(&e->dispositions, RECORD_BYTES_MAX);
    buf_put(&e->content, content.p, content.n);
    buf_put(&e->dispositions, dispositions.p, dispositions.n);
    assert_true(buf_ok(&e->content) && buf_ok(&e->dispositions));
    return e;
}

static void entry_free(struct audit_entry_copy *e)
{
    buf_done(&e->content);
    buf_done(&e->dispositions);
    free(e);
}

static void read_log(struct world *w, struct audit_copy *ret)
{
    struct store_txn *t = NULL;
    struct slice bytes;
    struct record r;

    assert_int_equal(store_begin(w->store, false, &t), ST_OK);
    while (ledger_record(t, ret->n + 1, &bytes) == ST_OK) {
        assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
        assert_true(ret->n < RECORDS_MAX - 8);
        ret->r[ret->n++] = entry_new(r.kind, r.at.ms, r.content, r.dispositions);
    }
    store_abort(&t);
}

void audit_world_copy(const struct audit_copy *from, struct audit_copy *ret)
{
    ret->n = from->n;
    for (size_t i = 0; i < from->n; i++)
        ret->r[i] =
            entry_new(from->r[i]->kind, from->r[i]->at, buf_slice(&from->r[i]->content), buf_slice(&from->r[i]->dispositions));
}

void audit_world_copy_done(struct audit_copy *c)
{
    for (size_t i = 0; i < c->n; i++) entry_free(c->r[i]);
    c->n = 0;
}

void audit_world_remove(struct audit_copy *c, size_t i)
{
    entry_free(c->r[i]);
    memmove((void *)&c->r[i], (void *)&c->r[i + 1], (c->n - i - 1) * sizeof(struct audit_entry_copy *));
    c->n--;
}

void audit_world_insert(struct audit_copy *c, size_t i, const struct audit_entry_copy *e)
{
    assert_true(c->n < RECORDS_MAX);
    memmove((void *)&c->r[i + 1], (void *)&c->r[i], (c->n - i) * sizeof(struct audit_entry_copy *));
    c->r[i] = entry_new(e->kind, e->at, buf_slice(&e->content), buf_slice(&e->dispositions));
    c->n++;
}

bool audit_world_batch(const struct audit_entry_copy *e, struct batch *ret)
{
    return e->kind == RECORD_BATCH && codec_batch_parse(buf_slice(&e->content), ret) == ST_OK;
}

/* ---- the ledger of a log ---- */

struct tail {
    char office[OFFICE_ID_MAX + 1];
    uint64_t epoch, watermark, lsn;
    struct hash head;
    uint8_t installation[16];
};
struct writer {
    struct store_txn *t;
    struct tail tail[8];
    unsigned tails;
    struct hash hash;
    uint64_t registry;
    struct merkle tree;
};

static unsigned table_of(const char *name)
{
    unsigned i = 0;

    while (ledger_tables[i] != NULL && strcmp(ledger_tables[i], name) != 0) i++;
    return i;
}

static void put(struct writer *x, unsigned table, const struct buf *key, const struct buf *row)
{
    assert_true(buf_ok(key) && buf_ok(row));
    assert_int_equal(store_put(x->t, table, buf_slice(key), buf_slice(row)), ST_OK);
}

static void put_tail(struct writer *x, unsigned table, const struct tail *s)
{
    struct buf key, row;

    buf_init(&key, STORE_KEY_MAX);
    buf_init(&row, 256);
    buf_put(&key, s->office, strlen(s->office) + 1);
    buf_be32(&key, 0);
    if (table == LEDGER_EPOCH) buf_be64(&key, s->epoch);
    buf_be64(&row, s->epoch);
    buf_be64(&row, s->watermark);
    buf_be64(&row, s->lsn);
    buf_put(&row, s->head.b, HASH_SIZE);
    buf_put(&row, s->installation, sizeof s->installation);
    put(x, table, &key, &row);
    buf_done(&key);
    buf_done(&row);
}

static struct tail *tail_of(struct writer *x, const struct batch *b)
{
    struct tail *s = x->tail;

    while (s < x->tail + x->tails && strncmp(s->office, (const char *)b->h.office.p, b->h.office.n) != 0) s++;
    if (s == x->tail + x->tails) {
        assert_true(++x->tails <= 8);
        memcpy(s->office, b->h.office.p, b->h.office.n);
    } else if (s->epoch != b->h.epoch)
        put_tail(x, LEDGER_EPOCH, s);
    s->epoch = b->h.epoch;
    memcpy(s->installation, b->h.installation, sizeof s->installation);
    return s;
}

static void put_batch(struct writer *x, const struct batch *b, uint64_t lsn)
{
    struct tail *s = tail_of(x, b);
    struct buf key, row;

    s->watermark = b->h.sequence + b->h.count - 1;
    s->lsn = lsn;
    s->head = b->hash;
    buf_init(&key, STORE_KEY_MAX);
    buf_init(&row, 64);
    buf_put(&key, s->office, strlen(s->office) + 1);
    buf_be32(&key, b->h.stream);
    buf_be64(&key, b->h.epoch);
    buf_be64(&key, b->h.sequence);
    buf_be64(&row, lsn);
    buf_be32(&row, b->h.count);
    buf_put(&row, b->hash.b, HASH_SIZE);
    put(x, LEDGER_BY_OFFICE, &key, &row);
    buf_done(&key);
    buf_done(&row);
}

static void put_cut(struct writer *x, struct slice note, uint64_t lsn)
{
    struct cut c;
    struct buf key, row;

    if (cut_read(note, &c) != ST_OK) return;
    buf_init(&key, STORE_KEY_MAX);
    buf_init(&row, 8);
    buf_be32(&key, c.region);
    buf_be16(&key, (uint16_t)c.year);
    buf_u8(&key, (uint8_t)c.quarter);
    buf_be16(&key, (uint16_t)c.version);
    buf_be64(&row, lsn);
    put(x, table_of("cut"), &key, &row);
    buf_done(&key);
    buf_done(&row);
}

static int put_node(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    struct writer *x = ctx;
    uint8_t key[9] = {(uint8_t)level};

    bytes_be64(key + 1, index);
    return store_put(x->t, table_of("tree"), slice_of(key, sizeof key), slice_of(h->b, HASH_SIZE));
}

static void put_leaf(struct writer *x, const struct record *r, const struct hash *batch)
{
    const struct merkle_nodes nodes = {x, put_node, NULL};
    struct receipt_leaf leaf = receipt_leaf_of(r, batch);
    struct hash h = receipt_leaf_hash(&leaf);

    assert_int_equal(merkle_append(&x->tree, &h, ledger_tables[table_of("tree")] != NULL ? &nodes : NULL), ST_OK);
}

static void put_record(struct writer *x, const struct audit_entry_copy *e, uint64_t lsn)
{
    struct record r = {.kind = e->kind,
                       .lsn = lsn,
                       .at = {e->at},
                       .previous = x->hash,
                       .content = buf_slice(&e->content),
                       .dispositions = buf_slice(&e->dispositions)};
    struct batch b = {.hash = sign_hash(e->content.p, e->content.n)};
    struct buf key, row;

    buf_init(&key, STORE_KEY_MAX);
    buf_init(&row, RECORD_BYTES_MAX);
    buf_be64(&key, lsn);
    codec_record_put(&row, &r);
    put(x, LEDGER_LOG, &key, &row);
    x->hash = sign_hash2(x->hash.b, HASH_SIZE, row.p, row.n);
    buf_clear(&key);
    buf_clear(&row);
    buf_be64(&key, (uint64_t)e->at);
    buf_be64(&key, lsn);
    put(x, LEDGER_TIME, &key, &row);
    buf_done(&key);
    buf_done(&row);
    if (audit_world_batch(e, &b)) put_batch(x, &b, lsn);
    if (e->kind == RECORD_OFFICE) x->registry++;
    if (e->kind == RECORD_CUT) put_cut(x, buf_slice(&e->content), lsn);
    put_leaf(x, &r, e->kind == RECORD_BATCH ? &b.hash : NULL);
}

/* Rows that no record speaks of: the identity, and the epoch that was granted and holds nothing. */
static void put_rest(struct audit_world *a, struct writer *x, uint64_t lsn, int64_t at)
{
    static const char empty[] = OFFICE_C "\0\0\0\0"; /* key: id, 0, stream u32 */
    struct store_txn *from = NULL;
    struct slice row;
    struct buf log;

    assert_int_equal(store_begin(a->w.store, false, &from), ST_OK);
    assert_int_equal(store_get(from, LEDGER_META, text("identity"), &row), ST_OK);
    assert_int_equal(store_put(x->t, LEDGER_META, text("identity"), row), ST_OK);
    for (unsigned i = 0; i < x->tails; i++)
        put_tail(x, strcmp(x->tail[i].office, OFFICE_C) == 0 ? LEDGER_EPOCH : LEDGER_STREAM, &x->tail[i]);
    assert_int_equal(store_get(from, LEDGER_STREAM, slice_of(empty, sizeof empty), &row), ST_OK);
    assert_int_equal(store_put(x->t, LEDGER_STREAM, slice_of(empty, sizeof empty), row), ST_OK);
    store_abort(&from);
    buf_init(&log, 128);
    buf_be64(&log, lsn);
    buf_put(&log, x->hash.b, HASH_SIZE);
    buf_be64(&log, (uint64_t)at);
    buf_be64(&log, x->registry);
    assert_int_equal(store_put(x->t, LEDGER_META, text("log"), buf_slice(&log)), ST_OK);
    buf_done(&log);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st;
    (void)what;
    (void)at;
    return remove(path);
}

void audit_world_path(const struct audit_world *a, const char *name, char ret[PATH_BYTES])
{
    snprintf(ret, PATH_BYTES, "%s/%s", a->root, name);
}

struct store *audit_world_open(const struct audit_world *a, const char *name)
{
    char path[PATH_BYTES], err[400];
    struct store *s = NULL;

    audit_world_path(a, name, path);
    if (store_lmdb_open(path, &OPTIONS, &s, err, sizeof err) != ST_OK) fail_msg("%s", err);
    return s;
}

void audit_world_write(struct audit_world *a, const struct audit_copy *c, const char *name)
{
    struct writer x = {.tails = 0};
    char path[PATH_BYTES];
    struct store *s;

    audit_world_path(a, name, path);
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    s = audit_world_open(a, name);
    assert_int_equal(store_begin(s, true, &x.t), ST_OK);
    for (size_t i = 0; i < c->n; i++) put_record(&x, c->r[i], i + 1);
    put_rest(a, &x, c->n, c->r[c->n - 1]->at);
    assert_int_equal(store_commit(&x.t), ST_OK);
    store_lmdb_close(&s);
}

struct hash audit_world_dump(const struct audit_world *a, const char *name)
{
    struct store *s = audit_world_open(a, name);
    struct store_txn *t = NULL;
    struct hash h = {{0}};

    assert_int_equal(store_begin(s, false, &t), ST_OK);
    for (unsigned table = 0; ledger_tables[table] != NULL; table++) {
        struct store_cursor *c = NULL;
        struct slice key, value;
        int st;

        assert_int_equal(store_cursor(t, table, &c), ST_OK);
        for (st = store_next(c, &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
            h = sign_hash2(h.b, HASH_SIZE, key.p, key.n);
            h = sign_hash2(h.b, HASH_SIZE, value.p, value.n);
        }
        h.b[0] ^= (uint8_t)(st != ST_NOT_FOUND ? 0xff : table + 1);
        store_cursor_close(&c);
    }
    store_abort(&t);
    store_lmdb_close(&s);
    return h;
}

/* ---- the program ---- */

static void result_read(const char *json, struct audit_result *ret)
{
    const char *bad = strstr(json, "\"first_bad\":{"), *head = strstr(json, "\"head\":{");
    unsigned long long records = 0, batches = 0, updates = 0, lsn = 0, bad_lsn = 0;

    if (head == NULL) return;
    ret->ok = strncmp(json, "{\"ok\":true,", 11) == 0;
    assert_int_equal(
        sscanf(strstr(json, "\"records\":"), "\"records\":%llu,\"batches\":%llu,\"updates\":%llu", &records, &batches, &updates),
        3);
    assert_int_equal(sscanf(head, "\"head\":{\"lsn\":%llu,\"hash\":\"%64[0-9a-f]", &lsn, ret->hash), 2);
    if (bad != NULL) {
        assert_int_equal(sscanf(bad, "\"first_bad\":{\"lsn\":%llu", &bad_lsn), 1);
        assert_int_equal(sscanf(strstr(bad, "\"what\":"), "\"what\":\"%23[a-z-]", ret->what), 1);
    }
    ret->records = records;
    ret->batches = batches;
    ret->updates = updates;
    ret->lsn = lsn;
    ret->bad_lsn = bad_lsn;
}

/* bin/rekap-audit beside the tests of this build. */
static void program(char ret[PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", ret, PATH_BYTES - 32);

    assert_true(n > 0);
    ret[n] = '\0';
    for (int up = 0; up < 3; up++) *strrchr(ret, '/') = '\0';
    memcpy(ret + strlen(ret), "/bin/rekap-audit", sizeof "/bin/rekap-audit");
}

enum { ARGS_MAX = 8, ARG_BYTES = 1024 };

struct audit_result audit_world_run_with(const struct audit_world *a, const char *name, const char *const *args)
{
    static char word[ARGS_MAX][ARG_BYTES];
    char path[PATH_BYTES], tool[PATH_BYTES], out[PATH_BYTES], json[4096], flag[] = "--json";
    char *argv[ARGS_MAX + 4] = {tool, flag, path};
    struct audit_result r = {.rc = -1};
    posix_spawn_file_actions_t files;
    int status = 0, fd;
    ssize_t n;
    pid_t pid;

    audit_world_path(a, name, path);
    audit_world_path(a, "out", out);
    program(tool);
    for (size_t i = 0; args[i] != NULL; i++) {
        assert_true(i < ARGS_MAX);
        snprintf(word[i], ARG_BYTES, "%s", args[i]);
        argv[3 + i] = word[i];
    }
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawn(&pid, tool, &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status)) fail_msg("rekap-audit ended by signal %d", WTERMSIG(status));
    r.rc = WEXITSTATUS(status);
    fd = open(out, O_RDONLY);
    assert_true(fd >= 0);
    n = read(fd, json, sizeof json - 1);
    close(fd);
    json[n > 0 ? n : 0] = '\0';
    result_read(json, &r);
    return r;
}

struct audit_result audit_world_run(const struct audit_world *a, const char *name, const char *option, const char *value)
{
    const char *args[] = {option, value, NULL};

    return audit_world_run_with(a, name, args);
}

static void init(struct audit_world *a)
{
    const char *tmp = getenv("TMPDIR");
    uint8_t seed[32] = {0x66};
    char hex[2 * HASH_SIZE + 1];
    struct work_status s;

    memset(a, 0, sizeof *a);
    snprintf(a->root, sizeof a->root, "%s/rekap-audit-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(a->root));
    work_world_init(&a->w, true);
    tell(&a->w);
    read_log(&a->w, &a->log);
    work_status(a->w.work, &s);
    assert_int_equal(s.lsn, a->log.n);
    bytes_hex(s.hash.b, HASH_SIZE, hex);
    snprintf(a->anchor, sizeof a->anchor, "%llu:%s", (unsigned long long)s.lsn, hex);
    assert_int_equal(sign_ed25519_ring_new(&a->operator), ST_OK);
    assert_int_equal(sign_ed25519_ring_add(&a->operator, text("operator"), seed), ST_OK);
}

int audit_world_setup(void **state)
{
    static struct audit_world a;

    init(&a);
    audit_world_write(&a, &a.log, "sound");
    *state = &a;
    return 0;
}

int audit_world_teardown(void **state)
{
    struct audit_world *a = *state;

    audit_world_copy_done(&a->log);
    work_world_done(&a->w);
    sign_ed25519_ring_free(&a->operator);
    (void)nftw(a->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
