/* merkle_test.c - the tree against the published vectors (certificate-transparency's tree of eight leaves, RFC 6962's hasher) and
 * against its own definition: every size up to SIZES, every leaf, every pair of sizes, every single bit turned over.
 *
 * The definition is written down here once more, recursively over the leaf hashes, as RFC 6962 section 2.1 has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/merkle.h"

enum { SIZES = 70, LEVELS = 8, ALL_BITS_TO = 16 };

/* Every bit of small trees, every 61st of the others. */
static unsigned stride(unsigned size) { return size <= ALL_BITS_TO ? 1 : 61; }

struct tree {
    struct hash leaf[SIZES], node[LEVELS][SIZES];
    bool there[LEVELS][SIZES];
    unsigned puts, puts_left;
};

static struct hash unhex(const char *text)
{
    struct hash h;

    assert_int_equal(strlen(text), 2 * HASH_SIZE);
    assert_int_equal(bytes_unhex(text, 2 * HASH_SIZE, h.b), ST_OK);
    return h;
}

static void expect(const struct hash *seen, const char *hex)
{
    struct hash want = unhex(hex);

    assert_memory_equal(seen->b, want.b, HASH_SIZE);
}

static int put(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    struct tree *t = ctx;

    if (t->puts_left == 0) return ST_FULL;
    t->puts_left--;
    t->puts++;
    assert_true(level < LEVELS && index < SIZES);
    if (t->there[level][index]) assert_memory_equal(t->node[level][index].b, h->b, HASH_SIZE);
    t->node[level][index] = *h;
    t->there[level][index] = true;
    return ST_OK;
}

static int get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    const struct tree *t = ctx;

    if (level >= LEVELS || index >= SIZES || !t->there[level][index]) return ST_NOT_FOUND;
    *ret = t->node[level][index];
    return ST_OK;
}

/* ---- the definition ---- */

static unsigned below(unsigned n)
{
    unsigned k = 1;

    while (2 * k < n) k *= 2;
    return k;
}

static struct hash naive_root(const struct hash *leaf, unsigned n)
{
    struct hash left, right;
    unsigned k = below(n);

    if (n == 1) return leaf[0];
    left = naive_root(leaf, k);
    right = naive_root(leaf + k, n - k);
    return merkle_node(&left, &right);
}

/* Adds MTH(D[n]); leaf NULL: only the shape of the proof is asked. */
static void naive_add(const struct hash *leaf, unsigned n, struct merkle_proof *p)
{
    if (leaf != NULL) p->h[p->n] = naive_root(leaf, n);
    p->n++;
}

static const struct hash *past(const struct hash *leaf, unsigned k) { return leaf != NULL ? leaf + k : NULL; }

/* PATH(m, D[n]); shape gets a letter a step: which side the sibling is on. Proofs with one shape verify alike. */
static void naive_path(const struct hash *leaf, unsigned m, unsigned n, struct merkle_proof *p, char *shape)
{
    unsigned k = below(n);

    if (n == 1) return;
    if (m < k)
        naive_path(leaf, m, k, p, shape);
    else
        naive_path(past(leaf, k), m - k, n - k, p, shape);
    shape[p->n] = m < k ? 'r' : 'l';
    naive_add(m < k ? past(leaf, k) : leaf, m < k ? n - k : k, p);
}

/* SUBPROOF(m, D[n], b) */
static void naive_subproof(const struct hash *leaf, unsigned m, unsigned n, bool b, struct merkle_proof *p, char *shape)
{
    unsigned k = below(n);

    if (m == n) {
        shape[p->n] = b ? '\0' : '=';
        if (!b) naive_add(leaf, n, p);
        return;
    }
    if (m <= k)
        naive_subproof(leaf, m, k, b, p, shape);
    else
        naive_subproof(past(leaf, k), m - k, n - k, false, p, shape);
    shape[p->n] = m <= k ? 'r' : 'l';
    naive_add(m <= k ? past(leaf, k) : leaf, m <= k ? n - k : k, p);
}

static void same_proof(const struct merkle_proof *a, const struct merkle_proof *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->h, b->h, a->n * sizeof *a->h);
}

/* A tree of SIZES leaves with all of its nodes; *ret its frontier. */
static void grow(struct tree *t, struct merkle *ret)
{
    const struct merkle_nodes nodes = {t, put, get};
    struct merkle m = {.size = 0};

    memset(t, 0, sizeof *t);
    t->puts_left = UINT32_MAX;
    for (unsigned i = 0; i < SIZES; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "leaf %u", i);

        t->leaf[i] = merkle_leaf(slice_of(text, (size_t)n));
        assert_int_equal(merkle_append(&m, &t->leaf[i], &nodes), ST_OK);
    }
    *ret = m;
}

/* ---- published vectors ---- */

static const char *const LEAVES[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const ROOTS[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
enum { LEAF_COUNT = sizeof LEAVES / sizeof *LEAVES };

/* RFC 6962's hasher, and the tree of the certificate-transparency tests at each of its sizes. */
static void published_roots(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle m = {.size = 0};
    struct hash h = merkle_leaf(slice_of("L123456", 7)), root;

    (void)state;
    expect(&h, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    memset(&t, 0, sizeof t);
    t.puts_left = UINT32_MAX;
    for (unsigned i = 0; i <= LEAF_COUNT; i++) {
        uint8_t data[16];
        size_t n;

        root = merkle_root(&m);
        expect(&root, ROOTS[i]);
        if (i == LEAF_COUNT) break;
        n = strlen(LEAVES[i]) / 2;
        assert_int_equal(bytes_unhex(LEAVES[i], 2 * n, data), ST_OK);
        h = merkle_leaf(slice_of(data, n));
        assert_int_equal(merkle_append(&m, &h, &nodes), ST_OK);
    }
    assert_int_equal(t.puts, 15);
    expect(&t.node[1][2], "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
    expect(&t.node[2][1], "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
}

/* Proofs of the same tests; leaf and older counted as there: inclusion of leaf `a` (from 1), or consistency from `a`, size `b`. */
static const struct published {
    bool inclusion;
    unsigned a, b, n;
    const char *h[3];
} PROOFS[] = {
    {true, 1, 1, 0, {NULL}},
    {true,
     1,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {true,
     6,
     8,
     3,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {true, 3, 3, 1, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {true,
     2,
     5,
     3,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    {false, 1, 1, 0, {NULL}},
    {false,
     1,
     8,
     3,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {false,
     6,
     8,
     3,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {false,
     2,
     5,
     2,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static void published_proofs(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle m = {.size = 0};

    (void)state;
    memset(&t, 0, sizeof t);
    t.puts_left = UINT32_MAX;
    for (unsigned i = 0; i < LEAF_COUNT; i++) {
        uint8_t data[16];
        size_t n = strlen(LEAVES[i]) / 2;

        assert_int_equal(bytes_unhex(LEAVES[i], 2 * n, data), ST_OK);
        t.leaf[i] = merkle_leaf(slice_of(data, n));
        assert_int_equal(merkle_append(&m, &t.leaf[i], &nodes), ST_OK);
    }
    for (size_t i = 0; i < sizeof PROOFS / sizeof *PROOFS; i++) {
        struct hash older = unhex(ROOTS[PROOFS[i].a]), root = unhex(ROOTS[PROOFS[i].b]);
        struct merkle_proof p = {.n = 99};

        if (PROOFS[i].inclusion)
            assert_int_equal(merkle_inclusion(&nodes, PROOFS[i].a - 1, PROOFS[i].b, &p), ST_OK);
        else
            assert_int_equal(merkle_consistency(&nodes, PROOFS[i].a, PROOFS[i].b, &p), ST_OK);
        assert_int_equal(p.n, PROOFS[i].n);
        for (unsigned k = 0; k < p.n; k++) expect(&p.h[k], PROOFS[i].h[k]);
        if (PROOFS[i].inclusion)
            assert_true(merkle_inclusion_verify(&t.leaf[PROOFS[i].a - 1], PROOFS[i].a - 1, PROOFS[i].b, &p, &root));
        else
            assert_true(merkle_consistency_verify(PROOFS[i].a, &older, PROOFS[i].b, &root, &p));
    }
}

/* ---- against the definition ---- */

static void every_size_has_the_defined_root(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle grown, m = {.size = 0};

    (void)state;
    grow(&t, &grown);
    for (unsigned n = 1; n <= SIZES; n++) {
        struct hash want = naive_root(t.leaf, n), seen;

        assert_int_equal(merkle_append(&m, &t.leaf[n - 1], NULL), ST_OK);
        seen = merkle_root(&m);
        assert_memory_equal(seen.b, want.b, HASH_SIZE);
        assert_int_equal(merkle_load(&nodes, n, &grown), ST_OK); /* a frontier of any size from the stored nodes */
        seen = merkle_root(&grown);
        assert_memory_equal(seen.b, want.b, HASH_SIZE);
    }
    for (unsigned level = 0; level < LEVELS; level++)
        for (unsigned i = 0; i < SIZES; i++) assert_int_equal(t.there[level][i], (i + 1) << level <= SIZES);
}

static void inclusion_case(struct tree *t, unsigned index, unsigned size)
{
    const struct merkle_nodes nodes = {t, put, get};
    struct hash root = naive_root(t->leaf, size), *leaf = &t->leaf[index];
    struct merkle_proof want = {.n = 0}, p, q;
    char shape[MERKLE_PROOF_MAX + 1] = "";

    naive_path(t->leaf, index, size, &want, shape);
    assert_int_equal(merkle_inclusion(&nodes, index, size, &p), ST_OK);
    same_proof(&p, &want);
    assert_true(merkle_inclusion_verify(leaf, index, size, &p, &root));
    for (unsigned bit = 0; bit < 8 * HASH_SIZE; bit += stride(size)) {
        struct hash bad = root;

        bad.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(merkle_inclusion_verify(leaf, index, size, &p, &bad));
    }
    for (unsigned k = 0; k < p.n; k++)
        for (unsigned bit = 0; bit < 8 * HASH_SIZE; bit += stride(size)) {
            q = p;
            q.h[k].b[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(merkle_inclusion_verify(leaf, index, size, &q, &root));
        }
    q = p;
    q.n++;
    assert_false(merkle_inclusion_verify(leaf, index, size, &q, &root));
    q.n = p.n - 1;
    assert_false(merkle_inclusion_verify(leaf, index, size, &q, &root)); /* 0 - 1: beyond MERKLE_PROOF_MAX */
    for (unsigned bit = 0; bit < 64; bit++)
        assert_false(merkle_inclusion_verify(leaf, index ^ UINT64_C(1) << bit, size, &p, &root));
    for (unsigned other = 0; other <= SIZES; other++) {
        char other_shape[MERKLE_PROOF_MAX + 1] = "";

        want.n = 0;
        if (other > index) naive_path(NULL, index, other, &want, other_shape);
        assert_int_equal(merkle_inclusion_verify(leaf, index, other, &p, &root), other > index && !strcmp(shape, other_shape));
    }
}

static void every_leaf_of_every_size_is_proved(void **state)
{
    static struct tree t;
    struct merkle m;

    (void)state;
    grow(&t, &m);
    for (unsigned size = 1; size <= SIZES; size++)
        for (unsigned index = 0; index < size; index++) inclusion_case(&t, index, size);
}

static void consistency_bits(unsigned older, const struct hash *low, unsigned newer, const struct hash *high,
                             const struct merkle_proof *p)
{
    for (unsigned bit = 0; bit < 8 * HASH_SIZE; bit += stride(newer)) {
        struct hash bad_low = *low, bad_high = *high;
        struct merkle_proof q;

        bad_low.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bad_high.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(merkle_consistency_verify(older, &bad_low, newer, high, p));
        if (older > 0) assert_false(merkle_consistency_verify(older, low, newer, &bad_high, p));
        for (unsigned k = 0; k < p->n; k++) {
            q = *p;
            q.h[k].b[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(merkle_consistency_verify(older, low, newer, high, &q));
        }
    }
}

static void consistency_case(struct tree *t, unsigned older, unsigned newer)
{
    const struct merkle_nodes nodes = {t, put, get};
    struct merkle empty = {.size = 0};
    struct hash low = older > 0 ? naive_root(t->leaf, older) : merkle_root(&empty);
    struct hash high = newer > 0 ? naive_root(t->leaf, newer) : merkle_root(&empty);
    struct merkle_proof want = {.n = 0}, p, q;
    char shape[MERKLE_PROOF_MAX + 2] = "";

    if (older > 0) naive_subproof(t->leaf, older, newer, true, &want, shape);
    assert_int_equal(merkle_consistency(&nodes, older, newer, &p), ST_OK);
    same_proof(&p, &want);
    assert_true(merkle_consistency_verify(older, &low, newer, &high, &p));
    consistency_bits(older, &low, newer, &high, &p);
    q = p;
    q.n++;
    assert_false(merkle_consistency_verify(older, &low, newer, &high, &q));
    q.n = p.n - 1;
    assert_false(merkle_consistency_verify(older, &low, newer, &high, &q));
    if (older != newer) assert_false(merkle_consistency_verify(newer, &high, older, &low, &p));
    for (unsigned bit = 0; older > 0 && bit < 64; bit++) { /* another size passes only with the very same path */
        uint64_t other = older ^ UINT64_C(1) << bit;
        char other_shape[MERKLE_PROOF_MAX + 2] = "";

        want.n = 0;
        if (other > 0 && other <= newer) naive_subproof(NULL, (unsigned)other, newer, true, &want, other_shape);
        assert_int_equal(merkle_consistency_verify(other, &low, newer, &high, &p),
                         other > 0 && other <= newer && !strcmp(shape, other_shape));
    }
}

static void every_pair_of_sizes_is_consistent(void **state)
{
    static struct tree t;
    struct merkle m;

    (void)state;
    grow(&t, &m);
    for (unsigned newer = 0; newer <= SIZES; newer++)
        for (unsigned older = 0; older <= newer; older++) consistency_case(&t, older, newer);
}

/* ---- refusals ---- */

static void sizes_out_of_range_are_refused(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle_proof p = {.n = 0};
    struct hash h = {{1}};
    struct merkle m;

    (void)state;
    grow(&t, &m);
    assert_int_equal(merkle_inclusion(&nodes, 5, 5, &p), ST_INVALID);
    assert_int_equal(merkle_inclusion(&nodes, 0, MERKLE_SIZE_MAX + 1, &p), ST_INVALID);
    assert_int_equal(merkle_inclusion(&nodes, 0, SIZES + 1, &p), ST_NOT_FOUND);
    assert_int_equal(merkle_consistency(&nodes, 6, 5, &p), ST_INVALID);
    assert_int_equal(merkle_consistency(&nodes, 6, UINT64_MAX, &p), ST_INVALID);
    assert_int_equal(merkle_load(&nodes, UINT64_MAX, &m), ST_INVALID);
    assert_int_equal(merkle_load(&nodes, SIZES + 1, &m), ST_NOT_FOUND);
    assert_false(merkle_inclusion_verify(&h, 0, 0, &p, &h));
    assert_false(merkle_inclusion_verify(&h, UINT64_MAX, UINT64_MAX, &p, &h));
    assert_false(merkle_inclusion_verify(&h, UINT64_MAX - 1, UINT64_MAX, &p, &h));
    assert_false(merkle_consistency_verify(UINT64_MAX, &h, UINT64_MAX, &h, &p));
    assert_false(merkle_consistency_verify(0, &h, 0, &h, &p));
    m.size = MERKLE_SIZE_MAX;
    assert_int_equal(merkle_append(&m, &h, NULL), ST_FULL);
}

/* Nodes that a damaged store has lost: no proof, whichever of them it is. */
static void a_proof_without_its_nodes_is_none(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle m;

    (void)state;
    grow(&t, &m);
    for (unsigned level = 0; level < LEVELS; level++)
        for (unsigned i = 0; i < SIZES; i++) {
            struct merkle_proof p = {.n = 99};

            if (!t.there[level][i]) continue;
            t.there[level][i] = false;
            for (unsigned at = 0; at < SIZES; at++) { /* the proof of a leaf takes its sibling, of each level */
                int st = merkle_inclusion(&nodes, at, 64, &p);

                if (at < 64 && (at >> level ^ 1) == i) assert_int_equal(st, ST_NOT_FOUND);
                if (at >= 64) assert_int_equal(st, ST_INVALID);
            }
            t.there[level][i] = true;
        }
    t.there[1][0] = false; /* from 1 to 5 leaves: the second leaf, then the pair, then the fifth */
    struct merkle_proof p = {.n = 99};
    assert_int_equal(merkle_consistency(&nodes, 3, 5, &p), ST_NOT_FOUND);
    assert_int_equal(p.n, 99);
    t.there[1][0] = true;
    t.there[0][2] = false; /* the whole subtree that 3 ends with */
    assert_int_equal(merkle_consistency(&nodes, 3, 5, &p), ST_NOT_FOUND);
    assert_int_equal(p.n, 99);
    t.there[0][2] = true;
    assert_int_equal(merkle_consistency(&nodes, 3, 5, &p), ST_OK);
}

/* A store that is full half way: nothing is changed, and the same append succeeds later. */
static void an_append_that_cannot_be_stored_is_none(void **state)
{
    static struct tree t;
    const struct merkle_nodes nodes = {&t, put, get};
    struct merkle m = {.size = 0}, before;
    struct hash leaf = merkle_leaf(slice_of("x", 1));

    (void)state;
    memset(&t, 0, sizeof t);
    t.puts_left = 4; /* the fourth leaf needs three */
    for (unsigned i = 0; i < 2; i++) assert_int_equal(merkle_append(&m, &leaf, &nodes), ST_OK);
    t.puts_left = 3;
    assert_int_equal(merkle_append(&m, &leaf, &nodes), ST_OK);
    before = m;
    assert_int_equal(merkle_append(&m, &leaf, &nodes), ST_FULL);
    assert_memory_equal(&m, &before, sizeof m);
    t.puts_left = 9;
    assert_int_equal(merkle_append(&m, &leaf, &nodes), ST_OK);
    assert_int_equal(m.size, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_roots),
                                       cmocka_unit_test(published_proofs),
                                       cmocka_unit_test(every_size_has_the_defined_root),
                                       cmocka_unit_test(every_leaf_of_every_size_is_proved),
                                       cmocka_unit_test(every_pair_of_sizes_is_consistent),
                                       cmocka_unit_test(sizes_out_of_range_are_refused),
                                       cmocka_unit_test(a_proof_without_its_nodes_is_none),
                                       cmocka_unit_test(an_append_that_cannot_be_stored_is_none)};

    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
