/* proof.c - what proves something to somebody: paths in the log's tree, signed notes, the lines people paste to join. A tree is
 * built from the input and its proofs must hold; with anything in them changed they must not. Texts that are taken have one
 * spelling, so they must be written again byte for byte. */
#include "proto/join.h"
#include "proto/merkle.h"
#include "proto/note.h"
#include "proto/restore.h"
#include "tests/fuzz/fuzz.h"

enum { LEAVES_MAX = 64 };
struct nodes {
    struct hash h[8][LEAVES_MAX];
    bool known[8][LEAVES_MAX];
};

static int put(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    struct nodes *n = ctx;
    ASSERT(level < 8 && index < LEAVES_MAX && !n->known[level][index]);
    n->h[level][index] = *h;
    n->known[level][index] = true;
    return ST_OK;
}

static int get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    const struct nodes *n = ctx;
    if (level >= 8 || index >= LEAVES_MAX || !n->known[level][index]) return ST_NOT_FOUND;
    *ret = n->h[level][index];
    return ST_OK;
}

/* The definition of RFC 6962, 2.1, as it stands there. */
static struct hash plain_root(const struct hash *leaf, uint64_t n)
{
    uint64_t k = 1;
    if (n == 1) return leaf[0];
    while (k * 2 < n) k *= 2;
    struct hash left = plain_root(leaf, k), right = plain_root(leaf + k, n - k);
    return merkle_node(&left, &right);
}

/* Changes one thing of a proof that holds. False: it stayed the same. */
static bool spoil(struct rd *r, struct merkle_proof *p, uint64_t *index, uint64_t *size, struct hash *root)
{
    unsigned how = rd_u8(r) % 5, at = rd_u8(r);
    if (how == 0 && p->n > 0) return p->h[at % p->n].b[at % HASH_SIZE] ^= 1, true;
    if (how == 1) return root->b[at % HASH_SIZE] ^= 0x80, true;
    if (how == 2 && p->n > 0) return p->n--, true;
    if (how == 3 && p->n < MERKLE_PROOF_MAX) return p->h[p->n] = *root, p->n++, true;
    if (how == 4 && *index > 0 && *size > 1) return (*index)--, true;
    return false;
}

static void tree(struct slice in)
{
    static struct nodes nodes;
    struct merkle m = { .size = 0 };
    struct hash leaf[LEAVES_MAX], roots[LEAVES_MAX + 1];
    struct rd r = rd_of(in);
    const struct merkle_nodes port = { &nodes, put, get };
    uint64_t n = 1 + rd_u8(&r) % LEAVES_MAX, index = rd_u8(&r) % n, size = index + 1 + rd_u8(&r) % (n - index);
    uint64_t older = rd_u8(&r) % (size + 1);
    struct merkle_proof p;
    memset(&nodes, 0, sizeof nodes);
    for (uint64_t i = 0; i < n; i++) {
        uint8_t data[2] = { rd_u8(&r), (uint8_t)i };
        leaf[i] = merkle_leaf(slice_of(data, 2));
        ASSERT(merkle_append(&m, &leaf[i], &port) == ST_OK);
        roots[i + 1] = merkle_root(&m);
        struct hash plain = plain_root(leaf, i + 1);
        ASSERT(!memcmp(&plain, &roots[i + 1], HASH_SIZE));
    }
    r = rd_of(in);
    ASSERT(merkle_inclusion(&port, index, size, &p) == ST_OK);
    ASSERT(merkle_inclusion_verify(&leaf[index], index, size, &p, &roots[size]));
    struct hash root = roots[size];
    uint64_t at = index, of = size;
    if (spoil(&r, &p, &at, &of, &root)) ASSERT(!merkle_inclusion_verify(&leaf[index], at, of, &p, &root));
    if (older == 0) return;
    ASSERT(merkle_consistency(&port, older, size, &p) == ST_OK);
    ASSERT(merkle_consistency_verify(older, &roots[older], size, &roots[size], &p));
    root = roots[size], at = older, of = size;
    if (spoil(&r, &p, &at, &of, &root)) ASSERT(!merkle_consistency_verify(at, &roots[older], of, &root, &p));
}

/* Total on any bytes, and true of none that were not made for it (a hash would have to be met). */
static void any_proof(struct slice in)
{
    struct rd r = rd_of(in);
    static struct merkle_proof p;
    uint64_t index = rd_be64(&r), size = rd_be64(&r);
    const struct hash a = { { 1 } }, b = { { 2 } };
    p.n = rd_u8(&r);
    size_t n = rd_left(&r) < sizeof p.h ? rd_left(&r) : sizeof p.h;
    struct slice hashes = rd_bytes(&r, n);
    memset(p.h, 0, sizeof p.h);
    if (n) memcpy(p.h, hashes.p, n);
    if (r.bad) return;
    ASSERT(!merkle_inclusion_verify(&a, index, size, &p, &b));
    if (index != size && index != 0) ASSERT(!merkle_consistency_verify(index, &a, size, &b, &p));
}

static int note_signer(void *ctx, struct slice text, uint8_t ret[SIG_SIZE])
{
    const struct note_key *k = ctx;
    fuzz_sign(k->pub, text, ret);
    return ST_OK;
}

static void notes(struct slice in)
{
    const struct verifier v = { NULL, fuzz_verify };
    struct note_key k;
    uint8_t pub[PUBKEY_SIZE];
    struct slice text;
    struct restore restore;
    struct buf b;
    (void)fuzz_key(NULL, slice_of("note", 4), pub);
    ASSERT(note_key_make(slice_of("rekap/w1", 8), pub, &k) == ST_OK);
    if (note_open(in, &k, &v, &text) == ST_OK) ASSERT(text.p >= in.p && text.p + text.n <= in.p + in.n);
    (void)restore_open(in, pub, &v, &restore);
    buf_init(&b, 4 * NOTE_BYTES_MAX);
    if (note_sign(in, &k, note_signer, &k, &b) == ST_OK) {
        ASSERT(note_open(buf_slice(&b), &k, &v, &text) == ST_OK && fuzz_same(text, in));
        b.p[in.n / 2] ^= 1;
        ASSERT(note_open(buf_slice(&b), &k, &v, &text) != ST_OK);
    }
    buf_done(&b);
}

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* What stands in a line besides spaces. */
static bool same_but_spaces(struct slice a, struct slice b)
{
    size_t i = 0, j = 0;
    for (;; i++, j++) {
        while (i < a.n && blank(a.p[i])) i++;
        while (j < b.n && blank(b.p[j])) j++;
        if (i == a.n || j == b.n) return i == a.n && j == b.n;
        if (a.p[i] != b.p[j]) return false;
    }
}

static void lines(struct slice in)
{
    struct join_invitation i;
    struct join_request q;
    enum join_fault fault;
    struct buf b;
    buf_init(&b, JOIN_TEXT_MAX);
    if (join_invitation_read(in, &i, &fault) == ST_OK) {
        join_invitation_put(&b, &i);
        ASSERT(buf_ok(&b) && same_but_spaces(buf_slice(&b), in));
    }
    buf_clear(&b);
    if (join_request_read(in, &q, &fault) == ST_OK) {
        join_request_put(&b, &q);
        ASSERT(buf_ok(&b) && same_but_spaces(buf_slice(&b), in));
    }
    buf_clear(&b);
    if (join_request_unpack(in, &q) == ST_OK) {
        join_request_pack(&b, &q);
        ASSERT(buf_ok(&b) && fuzz_same(buf_slice(&b), in));
        buf_clear(&b);
        join_request_put(&b, &q); /* its line carries the checksum that no fuzzer guesses */
        struct join_request again;
        ASSERT(buf_ok(&b) && join_request_read(buf_slice(&b), &again, &fault) == ST_OK && join_request_same(&q, &again));
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    if (n > 4) tree(in);
    any_proof(in);
    notes(in);
    lines(in);
    return 0;
}
