/* scrub.c - see scrub.h. Kind: P.
 *
 * A turn goes on behind the last key it saw, whether that is still there or not; rows written behind it are seen in the next pass.
 * A row that does not pass is named and passed over; where not even its key can be read, the rest of that table cannot be walked
 * and is named as a whole (an empty key).
 *
 * Invariant: between two turns the scrub holds no transaction, so it pins no page. */
#include "proto/scrub.h"

#include <string.h>

struct share { struct scrub *s; struct store_txn *t; struct now now; uint32_t rows, found; uint64_t bytes; };

unsigned scrub_named(const struct scrub *s)
{
    unsigned n = 0;

    while (n < SCRUB_DAMAGE_MAX && s->damage[n].at.ms != 0) n++;
    return n;
}

static void damaged(struct share *h, struct slice key)
{
    struct scrub *s = h->s;
    unsigned n = scrub_named(s);
    struct scrub_damage d = { .table = s->table, .key_n = (uint32_t)key.n, .at = h->now.wall };

    if (key.n > 0) memcpy(d.key, key.p, key.n);
    s->damaged_now++;
    s->damaged = s->damaged_now > s->damaged_last ? s->damaged_now : s->damaged_last;
    for (unsigned i = 0; i < n; i++)
        if (s->damage[i].table == d.table && s->damage[i].key_n == d.key_n && memcmp(s->damage[i].key, d.key, d.key_n) == 0) return;
    h->found++;
    if (n < SCRUB_DAMAGE_MAX) s->damage[n] = d;
}

static void end_pass(struct scrub *s, struct now now)
{
    int64_t rest = (now.mono.us - s->began.us) * SCRUB_REST_TIMES;

    s->passes++;
    s->last_rows = s->rows;
    s->last_full = now.wall;
    s->damaged_last = s->damaged = s->damaged_now;
    if (s->damaged == 0) memset(s->damage, 0, sizeof s->damage);
    s->damaged_now = 0;
    s->table = 0;
    s->rows = 0;
    s->inside = false;
    if (rest < SCRUB_REST_MS * INT64_C(1000)) rest = SCRUB_REST_MS * INT64_C(1000);
    s->next.us = now.mono.us + rest;
}

/* Remembers the place and looks at what the row says. */
static void take(struct share *h, int st, struct slice key, struct slice value)
{
    struct scrub *s = h->s;
    bool first = !s->inside;

    h->rows++;
    s->rows++;
    memcpy(s->key, key.p, key.n);
    s->key_n = (uint32_t)key.n;
    s->inside = true;
    if (st == ST_OK) {
        h->bytes += key.n + value.n;
        if (s->row != NULL) st = s->row(s->ctx, s->table, first, key, value);
    }
    if (st == ST_CORRUPT) damaged(h, slice_of(s->key, s->key_n));
}

/* To the first row behind the last one seen. */
static int resume(const struct scrub *s, struct store_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    int st = store_seek(c, s->inside ? slice_of(s->key, s->key_n) : slice_of("", 0), ret_key, ret_value);

    if ((st == ST_OK || st == ST_CORRUPT) && s->inside && ret_key->n == s->key_n && memcmp(ret_key->p, s->key, s->key_n) == 0) {
        *ret_key = slice_of("", 0);
        st = store_next(c, ret_key, ret_value);
    }
    return st;
}

/* Rows of one table; ST_NOT_FOUND at its end, ST_OK when the share is used up. */
static int walk(struct share *h)
{
    struct store_cursor *c = NULL;
    struct slice key = slice_of("", 0), value = slice_of("", 0);
    int st = store_cursor(h->t, h->s->table, &c);

    if (st == ST_OK) st = resume(h->s, c, &key, &value);
    while ((st == ST_OK || st == ST_CORRUPT) && key.n > 0) {
        take(h, st, key, value);
        st = ST_OK;
        if (h->rows >= SCRUB_ROWS_MAX || h->bytes >= SCRUB_BYTES_MAX) break;
        key = slice_of("", 0);
        st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    if (st != ST_CORRUPT) return st;
    damaged(h, slice_of("", 0));        /* its pages cannot be walked any further */
    return ST_NOT_FOUND;
}

static int use_share(struct share *h)
{
    struct scrub *s = h->s;
    int st = ST_OK;

    while (st == ST_OK && h->rows < SCRUB_ROWS_MAX && h->bytes < SCRUB_BYTES_MAX) {
        st = walk(h);
        if (st != ST_NOT_FOUND) continue;
        st = ST_OK;
        s->table++;
        s->inside = false;
        if (s->tables[s->table] != NULL) continue;
        end_pass(s, h->now);
        break;
    }
    return st;
}

int scrub_turn(struct scrub *s, struct store *store, struct now now, uint32_t *ret_found)
{
    struct share h = { .s = s, .now = now };
    int st;

    *ret_found = 0;
    if (now.mono.us < s->next.us) return ST_OK;
    s->next.us = now.mono.us + SCRUB_EVERY_MS * INT64_C(1000);
    if (s->table == 0 && !s->inside) s->began = now.mono;
    st = store_begin(store, false, &h.t);
    if (st == ST_OK) st = use_share(&h);
    store_abort(&h.t);
    *ret_found = h.found;
    return st;
}
