/* breaking.c - see breaking.h. The store's table of functions is replaced by one that counts; allocations are the linker's --wrap.
 */
#include "breaking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"

enum { EACH = 120, STRIDE = 7 };         /* in a step with very many calls, not each of the later ones */
static struct { bool armed, hit; enum breaking_kind kind; uint32_t left; } now;
static struct store_ops broken;
static const struct store_ops *real;

static bool fails(enum breaking_kind kind)
{
    if (!now.armed || now.kind != kind || now.left == 0 || --now.left > 0) return false;
    now.hit = true;
    return true;
}

void breaking_one(enum breaking_kind kind, uint32_t n)
{
    now.armed = true, now.hit = false, now.kind = kind, now.left = n;
}

bool breaking_end(void)
{
    now.armed = false;
    return now.hit;
}

/* ---- allocations ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n) { return fails(BREAKING_ALLOCATIONS) ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails(BREAKING_ALLOCATIONS) ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails(BREAKING_ALLOCATIONS) ? NULL : __real_realloc(p, n); }

/* ---- the store ---- */

static int get(struct store_txn *t, unsigned table, struct slice key, struct slice *ret)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->get(t, table, key, ret);
}

static int put(struct store_txn *t, unsigned table, struct slice key, struct slice value, bool append)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->put(t, table, key, value, append);
}

static int del(struct store_txn *t, unsigned table, struct slice key)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->del(t, table, key);
}

static int cursor(struct store_txn *t, unsigned table, struct store_cursor **ret)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->cursor(t, table, ret);
}

static int seek(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_value)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->seek(c, key, ret_key, ret_value);
}

static int step(struct store_cursor *c, int dir, struct slice *ret_key, struct slice *ret_value)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->step(c, dir, ret_key, ret_value);
}

static int last(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->last(c, ret_key, ret_value);
}

static int cursor_put(struct store_cursor *c, struct slice key, struct slice value)
{
    return fails(BREAKING_CALLS) ? ST_IO : real->cursor_put(c, key, value);
}

void breaking_store(struct store *s)
{
    if (s->ops != &broken) real = s->ops;
    broken = *real;
    broken.get = get;
    broken.put = put;
    broken.del = del;
    broken.cursor = cursor;
    broken.seek = seek;
    broken.step = step;
    broken.last = last;
    broken.cursor_put = cursor_put;
    s->ops = &broken;
}

struct hash breaking_rows(struct store *s, unsigned tables, const void *more, size_t n)
{
    struct hash h = sign_hash(more, n);
    struct store_txn *t = NULL;
    assert_int_equal(store_begin(s, false, &t), ST_OK);
    for (unsigned table = 0; table < tables; table++) {
        struct store_cursor *c = NULL;
        struct slice k, v;
        assert_int_equal(store_cursor(t, table, &c), ST_OK);
        for (int st = store_seek(c, slice_of("", 0), &k, &v); st == ST_OK; st = store_next(c, &k, &v)) {
            h = sign_hash2(h.b, HASH_SIZE, k.p, k.n);
            h = sign_hash2(h.b, HASH_SIZE, v.n ? v.p : (const uint8_t *)"", v.n);
        }
        store_cursor_close(&c);
    }
    store_abort(&t);
    return h;
}

/* ---- every step, every call ---- */

static void play(const struct breaking *b, void *w, unsigned from, unsigned end)
{
    for (unsigned i = from; i < end; i++) {
        int st = b->step(w, i);
        if (st != ST_OK) print_error("step %u: %s\n", i, status_str(st));
        assert_int_equal(st, ST_OK);
    }
}

static void same(const char *what, unsigned step_number, uint32_t n, struct hash is, struct hash was)
{
    if (!sign_hash_equal(&is, &was)) fail_msg("%s, step %u, call %u: not the state of the undisturbed run", what, step_number, n);
}

/* false: the step has fewer than n such calls. want[i]: the state before step i. */
static bool break_one(const struct breaking *b, enum breaking_kind kind, unsigned i, uint32_t n, const struct hash *want)
{
    static const char *const what[] = { "call to the store", "allocation" };
    static const int status[] = { ST_IO, ST_NO_MEMORY };
    void *w = b->make();
    play(b, w, 0, i);
    breaking_one(kind, n);
    int st = b->step(w, i);
    bool hit = breaking_end();
    if (st != ST_OK) {
        if (!hit || st != status[kind]) fail_msg("%s %u of step %u: %s", what[kind], n, i, status_str(st));
        b->undo(w, i);
        same(what[kind], i, n, b->state(w), want[i]);
        play(b, w, i, i + 1);
    } else if (hit && kind == BREAKING_CALLS) {
        fail_msg("call %u to the store in step %u failed and nobody said so", n, i);
    }
    same(what[kind], i, n, b->state(w), want[i + 1]);
    play(b, w, i + 1, b->steps);
    same(what[kind], i, n, b->state(w), want[b->steps]);
    b->done(w);
    return hit;
}

void breaking_each(const struct breaking *b)
{
    struct hash *want = test_calloc(b->steps + 1, sizeof *want);
    uint32_t tried[BREAKING_KINDS] = { 0 };
    void *w = b->make();
    want[0] = b->state(w);
    for (unsigned i = 0; i < b->steps; i++) {
        play(b, w, i, i + 1);
        want[i + 1] = b->state(w);
    }
    b->done(w);
    for (unsigned kind = 0; kind < BREAKING_KINDS; kind++)
        for (unsigned i = 0; i < b->steps; i++)
            for (uint32_t n = 1; break_one(b, (enum breaking_kind)kind, i, n, want); n += n < EACH ? 1 : STRIDE) tried[kind]++;
    print_message("%u steps: %u calls to the store and %u allocations failed, one at a time\n", b->steps, tried[0], tried[1]);
    assert_true(tried[0] > 0 && tried[1] > 0);
    test_free(want);
}

/* ---- every row ---- */

struct victim { unsigned table; uint8_t key[STORE_KEY_MAX], value[4096]; size_t key_n, value_n; };

/* Row number `at` over all tables, in order; false: there are not so many. */
static bool find_row(struct store *s, unsigned tables, uint32_t at, struct victim *ret)
{
    struct store_txn *t = NULL;
    bool found = false;
    assert_int_equal(store_begin(s, false, &t), ST_OK);
    for (unsigned table = 0; !found && table < tables; table++) {
        struct store_cursor *c = NULL;
        struct slice k, v;
        assert_int_equal(store_cursor(t, table, &c), ST_OK);
        for (int st = store_seek(c, slice_of("", 0), &k, &v); st == ST_OK && !found; st = store_next(c, &k, &v)) {
            if (at-- > 0) continue;
            assert_true(v.n < sizeof ret->value);
            *ret = (struct victim){ .table = table, .key_n = k.n, .value_n = v.n };
            memcpy(ret->key, k.p, k.n);
            if (v.n) memcpy(ret->value, v.p, v.n);
            found = true;
        }
        store_cursor_close(&c);
    }
    store_abort(&t);
    return found;
}

static void damage(struct store *s, const struct victim *v, unsigned way)
{
    static const size_t none = 0;
    const size_t n = way == DAMAGE_EMPTY ? none : way == DAMAGE_SHORT ? v->value_n - (v->value_n > 0) : v->value_n + 1;
    struct store_txn *t = NULL;
    struct slice key = slice_of(v->key, v->key_n);
    assert_int_equal(store_begin(s, true, &t), ST_OK);
    assert_int_equal(way == DAMAGE_GONE ? store_del(t, v->table, key) : store_put(t, v->table, key, slice_of(v->value, n)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

void breaking_damage(const struct breaking *b, struct store *(*store_of)(void *world), unsigned tables,
                     void (*say)(unsigned table, struct slice key, unsigned way, int st))
{
    static struct victim v;
    bool more = true;
    for (uint32_t row = 0; more; row++) {
        for (unsigned way = 0; more && way < DAMAGE_WAYS; way++) {
            void *w = b->make();
            play(b, w, 0, b->steps - 1);
            more = find_row(store_of(w), tables, row, &v);
            if (more) {
                damage(store_of(w), &v, way);
                int st = b->step(w, b->steps - 1);
                say(v.table, slice_of(v.key, v.key_n), way, st);
            }
            b->done(w);
        }
    }
}
