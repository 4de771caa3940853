/* codec_scan_test.c - the strict scan against tables of bytes, and against msgpack-c as an oracle in both directions.
 *
 * Accepted bytes must unpack with msgpack-c to what our in-place readers see, and pack again to the same bytes. Refused bytes
 * must have a reason msgpack-c's reading shows as well: not parsed to the end, a kind we do not take, a text that is not
 * UTF-8, too deep, or bytes that pack differently. So the scan is neither too lax nor too strict. Inputs are random but seeded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <msgpack.h>

#include "proto/codec_elem.h"
#include "proto/codec_pack.h"
#include "proto/codec_scan.h"
#include "proto/limits.h"
#include "proto/rng.h"

enum { ROUNDS = 20000, INPUT_MAX = 1 << 20 };

/* ---- tables ---- */

static int scan_hex(const char *hex)
{
    uint8_t bytes[128];
    size_t n = strlen(hex);
    assert_true(n / 2 <= sizeof bytes && bytes_unhex(hex, n, bytes) == ST_OK);
    uint8_t *exact = malloc(n / 2 + 1); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, bytes, n / 2);
    int st = codec_scan(slice_of(exact, n / 2));
    free(exact);
    return st;
}

static void accepted(void **state)
{
    static const char *const rows[] = {
        "00",
        "7f",
        "e0",
        "ff",
        "c0",
        "90",
        "a0",
        "9100",
        "93010203",
        "a161",
        "cc80",
        "ccff",
        "cd0100",
        "cdffff",
        "ce00010000",
        "ceffffffff",
        "cf0000000100000000",
        "cfffffffffffffffff",
        "d0df",
        "d080",
        "d1ff7f",
        "d18000",
        "d2ffff7fff",
        "d280000000",
        "d3ffffffff7fffffff",
        "d38000000000000000",
        "c400",
        "c40100",
        "9191919191919100",
        "919191919191919100",
        "a2c3a9",
        "a9c3a96162636465c3a9",
        "aa6162636465666768c3a9",
        "a3e282ac",
        "a4f09f8e89",
        "a3efbfbf",
        "a4f48fbfbf",
        "dc0010"
        "00000000000000000000000000000000",
        "d920"
        "6161616161616161616161616161616161616161616161616161616161616161",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (scan_hex(rows[i]) != ST_OK) fail_msg("refused: %s", rows[i]);
}

static const struct {
    const char *hex, *why;
} refusals[] = {
    {"", "nothing"},
    {"0000", "two elements"},
    {"9200", "too few elements"},
    {"9100c0", "an element too many"},
    {"80", "map"},
    {"de0000", "map16"},
    {"df00000000", "map32"},
    {"c1", "never used"},
    {"c2", "false"},
    {"c3", "true"},
    {"ca00000000", "float"},
    {"cb0000000000000000", "double"},
    {"c70000", "ext8"},
    {"c8000000", "ext16"},
    {"c90000000000", "ext32"},
    {"d40000", "fixext1"},
    {"d5000000", "fixext2"},
    {"d60000000000", "fixext4"},
    {"cc7f", "127 in two bytes"},
    {"cd00ff", "255 in three"},
    {"ce0000ffff", "65535 in five"},
    {"cf00000000ffffffff", "2^32-1 in nine"},
    {"d0e0", "-32 in two bytes"},
    {"d000", "0 as signed"},
    {"d07f", "127 as signed"},
    {"d1ff80", "-128 in three"},
    {"d10080", "128 as signed"},
    {"d2ffff8000", "-32768 in five"},
    {"d3ffffffff80000000", "-2^31 in nine"},
    {"d37fffffffffffffff", "2^63-1 as signed"},
    {"d900", "empty str8"},
    {"d90161", "short str8"},
    {"da000161", "short str16"},
    {"db0000000161", "short str32"},
    {"c5000100", "short bin16"},
    {"c60000000100", "short bin32"},
    {"dc000100", "short array16"},
    {"dd0000000100", "short array32"},
    {"dc000f000000000000000000000000000000", "15 elements as array16"},
    {"92c40200", "bin past the end, element after it"},
    {"cc", "cut u8"},
    {"cd01", "cut u16"},
    {"cf00000001000000", "cut u64"},
    {"a2"
     "61",
     "cut str"},
    {"c4", "cut bin"},
    {"c40200", "cut bin content"},
    {"ddffffffff", "16 GiB of nothing"},
    {"dbffffffff", "4 GiB text"},
    {"c6ffffffff", "4 GiB bin"},
    {"9f00", "more elements than bytes"},
    {"a100", "NUL"},
    {"a180", "lone continuation"},
    {"a1c3", "cut sequence"},
    {"a2c080", "overlong NUL"},
    {"a2c1bf", "overlong"},
    {"a3e08080", "overlong"},
    {"a3eda080", "surrogate"},
    {"a4f4908080", "above U+10FFFF"},
    {"a1ff", "no UTF-8"},
    {"a861626364656667"
     "00",
     "NUL at the end of a word"},
    {"aa6162636465666768"
     "6900",
     "NUL in the tail"},
    {"aa6162636465666768"
     "69c3",
     "cut sequence in the tail"},
    {"92a100c0c0c0c0c0c0", "NUL, much behind it"},
    {"91919191919191919100", "nine deep"},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (scan_hex(refusals[i].hex) != ST_INVALID) fail_msg("accepted: %s (%s)", refusals[i].hex, refusals[i].why);
}

static void depth_costs_nothing(void **state)
{
    uint8_t *deep = malloc(INPUT_MAX);
    (void)state;
    assert_non_null(deep);
    memset(deep, 0x91, INPUT_MAX);
    assert_int_equal(codec_scan(slice_of(deep, INPUT_MAX)), ST_INVALID);
    free(deep);
}

/* Text of every length around the word size, with one bad byte at every place. */
static void text_words(void **state)
{
    uint8_t bytes[64];
    (void)state;
    for (size_t n = 1; n < 32; n++)
        for (size_t surplus = 0; surplus < 10; surplus += 9)
            for (size_t bad = 0; bad < n; bad++) {
                memset(bytes, 'a', sizeof bytes);
                bytes[0] = 0x92;
                bytes[1] = (uint8_t)(0xa0 | n);
                bytes[2 + n] = (uint8_t)(0xa0 | surplus);
                size_t total = 3 + n + surplus;
                assert_int_equal(codec_scan(slice_of(bytes, total)), ST_OK);
                bytes[2 + bad] = 0;
                assert_int_equal(codec_scan(slice_of(bytes, total)), ST_INVALID);
                bytes[2 + bad] = 0x80;
                assert_int_equal(codec_scan(slice_of(bytes, total)), ST_INVALID);
            }
}

/* ---- the oracle ---- */

static uint64_t random_number(struct rng *g) { return rng_next(g) >> rng_below(g, 64); }

static void put_random_text(struct buf *b, struct rng *g)
{
    static const char *const pieces[] = {"a", "Belanja ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89", "0123456789abcdef"};
    char text[400];
    size_t n = 0, want = rng_below(g, rng_chance(g, 1, 8) ? 380 : 40);
    while (n < want) {
        const char *piece = pieces[rng_below(g, sizeof pieces / sizeof *pieces)];
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    codec_put_str(b, slice_of(text, n));
}

static void put_random(struct buf *b, struct rng *g, unsigned depth)
{
    uint64_t filler[64];
    switch (rng_below(g, depth < NESTING_MAX ? 8 : 6)) {
    case 0:
        codec_put_uint(b, random_number(g));
        break;
    case 1:
        codec_put_int(b, (int64_t)random_number(g));
        break;
    case 2:
        codec_put_int(b, -(int64_t)(random_number(g) >> 1) - 1);
        break;
    case 3:
        put_random_text(b, g);
        break;
    case 4:
        for (size_t i = 0; i < 64; i++) filler[i] = rng_next(g);
        codec_put_bin(b, slice_of(filler, rng_below(g, sizeof filler)));
        break;
    case 5:
        codec_put_nil(b);
        break;
    default: {
        uint32_t n = (uint32_t)rng_below(g, rng_chance(g, 1, 10) ? 40 : 6);
        codec_put_array(b, n);
        while (n--) put_random(b, g, depth + 1);
    }
    }
}

/* Do our readers see, element by element, what msgpack-c sees? */
static bool reads_as(struct rd *r, const msgpack_object *o)
{
    uint64_t u;
    int64_t i;
    uint32_t n;
    struct slice s;
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        return elem_nil(r);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return elem_uint(r, &u) && u == o->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return elem_int(r, &i) && i == o->via.i64;
    case MSGPACK_OBJECT_STR:
        return elem_str(r, &s) && s.n == o->via.str.size && (s.n == 0 || memcmp(s.p, o->via.str.ptr, s.n) == 0);
    case MSGPACK_OBJECT_BIN:
        return elem_bin(r, &s) && s.n == o->via.bin.size && (s.n == 0 || memcmp(s.p, o->via.bin.ptr, s.n) == 0);
    case MSGPACK_OBJECT_ARRAY:
        if (!elem_array(r, &n) || n != o->via.array.size) return false;
        for (uint32_t k = 0; k < n; k++)
            if (!reads_as(r, &o->via.array.ptr[k])) return false;
        return true;
    default:
        return false;
    }
}

/* Only kinds we take, texts well-formed, not too deep? */
static bool takeable(const msgpack_object *o, unsigned depth)
{
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    case MSGPACK_OBJECT_BIN:
        return true;
    case MSGPACK_OBJECT_STR:
        return bytes_utf8_ok(o->via.str.ptr, o->via.str.size);
    case MSGPACK_OBJECT_ARRAY:
        if (depth == NESTING_MAX && o->via.array.size > 0) return false;
        for (uint32_t k = 0; k < o->via.array.size; k++)
            if (!takeable(&o->via.array.ptr[k], depth + 1)) return false;
        return true;
    default:
        return false;
    }
}

struct oracle {
    bool whole, takeable, same_bytes, same_values;
};

static struct oracle ask(struct slice bytes)
{
    struct oracle a = {0};
    msgpack_unpacked u;
    msgpack_sbuffer again;
    size_t at = 0;
    msgpack_unpacked_init(&u);
    if (msgpack_unpack_next(&u, (const char *)bytes.p, bytes.n, &at) == MSGPACK_UNPACK_SUCCESS && at == bytes.n) {
        struct rd r = rd_of(bytes);
        msgpack_packer pk;
        a.whole = true;
        a.takeable = takeable(&u.data, 0);
        a.same_values = a.takeable && reads_as(&r, &u.data) && r.p == r.end;
        msgpack_sbuffer_init(&again);
        msgpack_packer_init(&pk, &again, msgpack_sbuffer_write);
        msgpack_pack_object(&pk, u.data);
        a.same_bytes = again.size == bytes.n && memcmp(again.data, bytes.p, bytes.n) == 0;
        msgpack_sbuffer_destroy(&again);
    }
    msgpack_unpacked_destroy(&u);
    return a;
}

static void check_against_oracle(struct slice bytes, int st, unsigned round)
{
    if (st != ST_OK && (memchr(bytes.p, 0xdd, bytes.n) || memchr(bytes.p, 0xdf, bytes.n)))
        return; /* msgpack-c would reserve gigabytes */
    struct oracle a = ask(bytes);
    bool good = a.whole && a.takeable && a.same_bytes;
    if (st == ST_OK && !(good && a.same_values)) fail_msg("round %u: accepted what msgpack-c does not read alike", round);
    if (st != ST_OK && good) fail_msg("round %u: refused canonical bytes", round);
}

static void structured_inputs(void **state)
{
    struct rng g;
    struct buf b;
    (void)state;
    rng_seed(&g, 20261121);
    buf_init(&b, INPUT_MAX);
    for (unsigned round = 0; round < ROUNDS; round++) {
        buf_clear(&b);
        put_random(&b, &g, 0);
        assert_true(buf_ok(&b));
        assert_int_equal(codec_scan(buf_slice(&b)), ST_OK);
        check_against_oracle(buf_slice(&b), ST_OK, round);
        if (b.n > 1) assert_int_equal(codec_scan(slice_of(b.p, rng_below(&g, b.n))), ST_INVALID);
        buf_u8(&b, (uint8_t)rng_next(&g));
        assert_int_equal(codec_scan(buf_slice(&b)), ST_INVALID);
    }
    buf_done(&b);
}

static void mutate(struct buf *b, struct rng *g)
{
    size_t at = rng_below(g, b->n);
    switch (rng_below(g, 4)) {
    case 0:
        b->p[at] ^= (uint8_t)(1u << rng_below(g, 8));
        break;
    case 1:
        b->p[at] = (uint8_t)rng_next(g);
        break;
    case 2:
        memmove(b->p + at, b->p + at + 1, b->n - at - 1);
        b->n--;
        break;
    default:
        buf_u8(b, 0);
        memmove(b->p + at + 1, b->p + at, b->n - at - 1);
        b->p[at] = (uint8_t)rng_next(g);
    }
}

static void mutated_inputs(void **state)
{
    struct rng g;
    struct buf b;
    unsigned accepted_n = 0, refused_n = 0;
    (void)state;
    rng_seed(&g, 4711);
    buf_init(&b, INPUT_MAX);
    for (unsigned round = 0; round < ROUNDS; round++) {
        buf_clear(&b);
        put_random(&b, &g, 0);
        for (uint64_t k = 1 + rng_below(&g, 3); k > 0 && b.n > 0; k--) mutate(&b, &g);
        int st = codec_scan(buf_slice(&b));
        if (b.n == 0) continue;
        check_against_oracle(buf_slice(&b), st, round);
        if (st == ST_OK)
            accepted_n++;
        else
            refused_n++;
    }
    assert_true(accepted_n > ROUNDS / 20 && refused_n > ROUNDS / 20); /* both sides were exercised */
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),   cmocka_unit_test(refused),           cmocka_unit_test(depth_costs_nothing),
        cmocka_unit_test(text_words), cmocka_unit_test(structured_inputs), cmocka_unit_test(mutated_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
