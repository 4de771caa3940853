/* audit_edit.c - see audit_edit.h: single edits of a log, each a fraud somebody could think of. The ledger around the changed log
 * is written anew in full by audit_world_write, so chain, indexes and positions are always in order; only what was signed is not.
 */
#include "audit_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static bool is_batch(const struct audit_copy *c, size_t i, struct batch *ret)
{
    return i < c->n && audit_world_batch(c->r[i], ret);
}

static bool same_stream(const struct batch *a, const struct batch *b)
{
    return a->h.epoch == b->h.epoch && a->h.office.n == b->h.office.n && memcmp(a->h.office.p, b->h.office.p, a->h.office.n) == 0;
}

/* The next batch of the same stream after i; c->n when there is none. */
static size_t next_of(const struct audit_copy *c, size_t i)
{
    struct batch b, other;
    size_t k = i + 1;

    assert_true(is_batch(c, i, &b));
    while (k < c->n && (!is_batch(c, k, &other) || !same_stream(&b, &other))) k++;
    return k;
}

static uint64_t drop(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;
    size_t next;

    (void)a;
    if (!is_batch(c, i, &b)) return 0;
    next = next_of(c, i);
    if (next == c->n) return 0;
    audit_world_remove(c, i);
    return next; /* index next - 1 now, lsn one more */
}

static void swap(struct audit_copy *c, size_t i, size_t k)
{
    struct audit_entry_copy *e = c->r[i];
    int64_t at = e->at;

    e->at = c->r[k]->at; /* times stay in order */
    c->r[k]->at = at;
    c->r[i] = c->r[k];
    c->r[k] = e;
}

static uint64_t reorder(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;
    size_t next;

    (void)a;
    if (!is_batch(c, i, &b)) return 0;
    next = next_of(c, i);
    if (next == c->n) return 0;
    swap(c, i, next);
    return i + 1;
}

static uint64_t repeat(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;

    (void)a;
    if (!is_batch(c, i, &b)) return 0;
    audit_world_insert(c, i + 1, c->r[i]);
    return i + 1; /* the index has one row for the two */
}

static uint64_t change_body(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;

    (void)a;
    if (!is_batch(c, i, &b) || sign_hash_zero(&b.h.previous)) return 0; /* the writer could not tell that an epoch began */
    c->r[i]->content.p[(size_t)(b.body.p - c->r[i]->content.p) + b.body.n - 1] ^= 1;
    return i + 1;
}

/* Writes the batch anew: its header as given, signed by the operator or with the signature as it was. */
static void rewrite(struct audit_world *a, struct audit_entry_copy *e, const struct batch *b, bool sign_it)
{
    struct slice who = a->operator.ctx == a->w.signer.ctx ? b->h.office : text("operator");
    uint8_t sig[SIG_SIZE];
    struct buf header, payload;

    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&payload, RECORD_BYTES_MAX);
    codec_batch_header_put(&header, &b->h);
    memcpy(sig, b->signature.p, SIG_SIZE);
    if (sign_it) assert_int_equal(a->operator.sign(a->operator.ctx, who, buf_slice(&header), sig), ST_OK);
    codec_batch_put(&payload, buf_slice(&header), sig, b->body);
    assert_true(buf_ok(&payload));
    buf_done(&header);
    buf_done(&e->content);
    e->content = payload;
}

static uint64_t change_body_and_hash(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;

    if (change_body(a, c, i) == 0) return 0;
    c->r[i]->content.p[c->r[i]->content.n - 1] ^= 1; /* parse it as it was */
    assert_true(is_batch(c, i, &b));
    c->r[i]->content.p[c->r[i]->content.n - 1] ^= 1;
    b.h.body_hash = sign_hash(b.body.p, b.body.n);
    rewrite(a, c->r[i], &b, false);
    return i + 1;
}

static uint64_t sign_as_the_office(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b;

    if (!is_batch(c, i, &b)) return 0;
    rewrite(a, c->r[i], &b, true);
    return i + 1;
}

/* The office itself signs another batch under the same number: a fork of its stream. */
static uint64_t fork_a_stream(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct signer operator= a->operator;
    struct batch b;
    size_t next = is_batch(c, i, &b) ? next_of(c, i) : c->n;

    if (next == c->n) return 0;
    b.h.signed_at.ms++;
    a->operator= a->w.signer;
    rewrite(a, c->r[i], &b, true);
    a->operator= operator;
    return next + 1;
}

static uint64_t sign_with_another_key(struct audit_world *a, struct audit_copy *c, size_t i)
{
    uint8_t pub[PUBKEY_SIZE];
    struct batch b;

    if (!is_batch(c, i, &b)) return 0;
    assert_int_equal(a->operator.public_key(a->operator.ctx, text("operator"), pub), ST_OK);
    b.h.key_id = sign_key_id(pub);
    rewrite(a, c->r[i], &b, true);
    return i + 1;
}

static uint64_t refuse_a_row(struct audit_world *a, struct audit_copy *c, size_t i)
{
    static const uint8_t refused[] = {0x91, 0x92, 0x00, CODE_UNAUTHORISED};
    struct batch b;

    (void)a;
    if (!is_batch(c, i, &b) || c->r[i]->dispositions.n > 1) return 0;
    buf_clear(&c->r[i]->dispositions);
    buf_put(&c->r[i]->dispositions, refused, sizeof refused);
    return i + 1;
}

static uint64_t let_rows_in(struct audit_world *a, struct audit_copy *c, size_t i)
{
    (void)a;
    if (c->r[i]->dispositions.n <= 1) return 0;
    buf_clear(&c->r[i]->dispositions);
    buf_u8(&c->r[i]->dispositions, 0x90);
    return i + 1;
}

static uint64_t turn_the_clock_back(struct audit_world *a, struct audit_copy *c, size_t i)
{
    (void)a;
    if (i == 0) return 0;
    c->r[i]->at = c->r[i - 1]->at - 1;
    return i + 1;
}

/* The first batch after registry line i of the office it is about. */
static size_t first_of(const struct audit_copy *c, size_t i)
{
    const char *id = (const char *)memchr(c->r[i]->content.p, '\t', c->r[i]->content.n) + 1;
    struct batch b;
    size_t k = i + 1;

    while (k < c->n && !(is_batch(c, k, &b) && memcmp(id, b.h.office.p, b.h.office.n) == 0 && id[b.h.office.n] == '\t')) k++;
    return k;
}

/* The office is registered after its first batch. Only the last line may move, else versions are out of order too. */
static uint64_t register_late(struct audit_world *a, struct audit_copy *c, size_t i)
{
    size_t first;

    (void)a;
    if (c->r[i]->kind != RECORD_OFFICE || c->r[i + 1]->kind == RECORD_OFFICE) return 0;
    first = first_of(c, i);
    if (first == c->n) return 0;
    audit_world_insert(c, first + 1, c->r[i]);
    c->r[first + 1]->at = c->r[first]->at;
    audit_world_remove(c, i);
    return first;
}

/* The registry line gives the office another signing key; its batches stay as they are. */
static uint64_t change_the_key(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct buf *line = &c->r[i]->content;
    uint8_t pub[PUBKEY_SIZE];
    char hex[2 * PUBKEY_SIZE + 1], *at;
    unsigned tabs = 0;
    size_t k;

    if (c->r[i]->kind != RECORD_OFFICE) return 0;
    assert_int_equal(a->operator.public_key(a->operator.ctx, text("operator"), pub), ST_OK);
    bytes_hex(pub, PUBKEY_SIZE, hex);
    for (at = (char *)line->p; tabs < 8; at++) tabs += *at == '\t';
    memcpy(at, hex, 2 * PUBKEY_SIZE);
    k = first_of(c, i);
    return k < c->n ? k + 1 : 0;
}

static uint64_t forget_the_end(struct audit_world *a, struct audit_copy *c, size_t i)
{
    (void)a;
    (void)i;
    audit_world_remove(c, c->n - 1);
    return c->n;
}

static uint64_t swap_two_offices(struct audit_world *a, struct audit_copy *c, size_t i)
{
    struct batch b, other;

    (void)a;
    if (!is_batch(c, i, &b) || !is_batch(c, i + 1, &other) || same_stream(&b, &other)) return 0;
    if (b.h.office.n == other.h.office.n && memcmp(b.h.office.p, other.h.office.p, b.h.office.n) == 0) return 0;
    swap(c, i, i + 1);
    return c->n;
}

static uint64_t move_a_moment(struct audit_world *a, struct audit_copy *c, size_t i)
{
    (void)a;
    if (i + 1 < c->n && c->r[i]->at + 1 > c->r[i + 1]->at) return 0;
    c->r[i]->at++;
    return c->n;
}

static int sign_as_operator(void *ctx, struct slice what, uint8_t ret_sig[SIG_SIZE])
{
    struct audit_world *a = ctx;

    return a->operator.sign(a->operator.ctx, text("operator"), what, ret_sig);
}

/* The mark of a quarter that the office has set, anew with the operator's key. */
static void mark_anew(struct audit_world *a, struct audit_entry_copy *e, struct slice id, const uint8_t pub[PUBKEY_SIZE])
{
    struct cut c;

    if (e->kind != RECORD_CUT) return;
    assert_int_equal(cut_read(buf_slice(&e->content), &c), ST_OK);
    if (strlen(c.actor) != id.n || memcmp(c.actor, id.p, id.n) != 0) return;
    c.key_id = sign_key_id(pub);
    buf_clear(&e->content);
    assert_int_equal(cut_put(&c, pub, sign_as_operator, a, &e->content), ST_OK);
}

/* Key, signatures, chain and marks of one office, all anew by the operator. */
static uint64_t forge_an_office(struct audit_world *a, struct audit_copy *c, size_t i)
{
    uint8_t pub[PUBKEY_SIZE];
    struct hash previous = {{0}};
    uint64_t epoch = 0;
    struct slice id;

    if (change_the_key(a, c, i) == 0) return 0;
    assert_int_equal(a->operator.public_key(a->operator.ctx, text("operator"), pub), ST_OK);
    id.p = (uint8_t *)memchr(c->r[i]->content.p, '\t', c->r[i]->content.n) + 1;
    id.n = (size_t)((uint8_t *)memchr(id.p, '\t', c->r[i]->content.n) - id.p);
    for (size_t k = i + 1; k < c->n; k++) {
        struct batch b;

        mark_anew(a, c->r[k], id, pub);
        if (!is_batch(c, k, &b) || b.h.office.n != id.n || memcmp(b.h.office.p, id.p, id.n) != 0) continue;
        if (b.h.epoch != epoch) memset(&previous, 0, sizeof previous);
        epoch = b.h.epoch;
        b.h.previous = previous;
        b.h.key_id = sign_key_id(pub);
        rewrite(a, c->r[k], &b, true);
        assert_true(is_batch(c, k, &b));
        previous = b.hash;
    }
    return c->n;
}

const struct edit audit_edits[] = {
    {"drop", "sequence", drop, false},
    {"reorder", "sequence", reorder, false},
    {"repeat", "index", repeat, false},
    {"change the body", "body-hash", change_body, false},
    {"change body and hash", "signature", change_body_and_hash, false},
    {"sign as the office", "signature", sign_as_the_office, false},
    {"sign with another key", "key", sign_with_another_key, false},
    {"fork a stream", "previous", fork_a_stream, false},
    {"refuse a row", "dispositions", refuse_a_row, false},
    {"let rows in", "dispositions", let_rows_in, false},
    {"turn the clock back", "commit-time", turn_the_clock_back, false},
    {"register late", "authority", register_late, false},
    {"change the key", "key", change_the_key, false},
    {"forget the end", "anchor", forget_the_end, true},
    {"swap two offices", "anchor", swap_two_offices, true},
    {"move a moment", "anchor", move_a_moment, true},
    {"forge an office", "anchor", forge_an_office, true},
};
const size_t audit_edit_count = sizeof audit_edits / sizeof *audit_edits;
