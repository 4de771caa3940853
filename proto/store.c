/* store.c - the store port's front: every call passes here, is checked against the rules of store.h and goes on to the
 * implementation behind it. Kind: P.
 *
 * The checks are of our own mistakes (a wrong key size, a write through a read transaction, a freed store), so they assert;
 * the implementations may then rely on them. Keys come from our own key builders, never straight from a peer.
 *
 * The checksum lives here because both implementations and offline tools must agree on it: crc32c, seeded with the table's
 * name and the key's length, over the key and then the value. A value that moved to another key or table fails it as surely
 * as a flipped bit.
 *
 * Invariant: *ret... is written only when ST_OK is returned. */
#include <string.h>

#include "bytes.h"
#include "store.h"

static void check_txn(const struct store_txn *t, struct slice key)
{
    ASSERT(t && t->store && t->store->magic);
    ASSERT(key.p && key.n >= 1 && key.n <= STORE_KEY_MAX);
}

static void check_write(const struct store_txn *t, struct slice key)
{
    check_txn(t, key);
    ASSERT(t->write);
}

static const struct store_ops *cursor_ops(const struct store_cursor *c)
{
    ASSERT(c && c->txn && c->txn->store && c->txn->store->magic);
    return c->txn->store->ops;
}

int store_begin(struct store *s, bool write, struct store_txn **ret)
{
    ASSERT(s && s->magic && s->ops);
    return s->ops->begin(s, write, ret);
}

int store_commit(struct store_txn **t)
{
    ASSERT(t && *t && (*t)->store->magic);
    struct store_txn *mine = *t;

    *t = NULL;
    return mine->store->ops->commit(mine);
}

void store_abort(struct store_txn **t)
{
    if (!*t)
        return;
    struct store_txn *mine = *t;

    *t = NULL;
    mine->store->ops->abort(mine);
}

int store_get(struct store_txn *t, unsigned table, struct slice key, struct slice *ret_value)
{
    check_txn(t, key);
    return t->store->ops->get(t, table, key, ret_value);
}

int store_put(struct store_txn *t, unsigned table, struct slice key, struct slice value)
{
    check_write(t, key);
    ASSERT(value.n <= RECORD_BYTES_MAX);
    return t->store->ops->put(t, table, key, value, false);
}

int store_append(struct store_txn *t, unsigned table, struct slice key, struct slice value)
{
    check_write(t, key);
    ASSERT(value.n <= RECORD_BYTES_MAX);
    return t->store->ops->put(t, table, key, value, true);
}

int store_del(struct store_txn *t, unsigned table, struct slice key)
{
    check_write(t, key);
    return t->store->ops->del(t, table, key);
}

int store_cursor(struct store_txn *t, unsigned table, struct store_cursor **ret)
{
    ASSERT(t && t->store && t->store->magic);
    return t->store->ops->cursor(t, table, ret);
}

int store_seek(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_value)
{
    ASSERT(key.n <= STORE_KEY_MAX);
    return cursor_ops(c)->seek(c, key, ret_key, ret_value);
}

int store_next(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    return cursor_ops(c)->step(c, +1, ret_key, ret_value);
}

int store_prev(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    return cursor_ops(c)->step(c, -1, ret_key, ret_value);
}

int store_last(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    return cursor_ops(c)->last(c, ret_key, ret_value);
}

int store_cursor_put(struct store_cursor *c, struct slice key, struct slice value)
{
    const struct store_ops *ops = cursor_ops(c);

    check_write(c->txn, key);
    ASSERT(value.n <= RECORD_BYTES_MAX);
    return ops->cursor_put(c, key, value);
}

void store_cursor_close(struct store_cursor **c)
{
    if (!*c)
        return;
    cursor_ops(*c)->cursor_close(*c);
    *c = NULL;
}

int store_usage(struct store *s, uint64_t *ret_used, uint64_t *ret_size)
{
    ASSERT(s && s->magic);
    return s->ops->usage(s, ret_used, ret_size);
}

uint32_t store_check_seed(const char *table)
{
    return bytes_crc32c(0, table, strlen(table) + 1);
}

uint32_t store_check(uint32_t seed, struct slice key, struct slice value)
{
    uint32_t crc = bytes_crc32c(seed ^ (uint32_t)key.n, key.p, key.n);

    return value.n ? bytes_crc32c(crc, value.p, value.n) : crc;
}

int store_room(struct store_txn *t, uint64_t bytes)
{
    ASSERT(t && t->store && t->store->magic && t->write);
    return t->store->ops->room(t, bytes);
}
