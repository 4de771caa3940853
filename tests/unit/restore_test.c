/* restore_test.c - the note with which a restored log begins: there and back, by the register's key alone, in its one spelling.
 *
 * Every bad text here is signed by the right key: what is refused is refused for what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/lines.h"
#include "proto/restore.h"

#define HASH64 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
#define HEAD "rekap/pemulihan/1\n"
#define WORKER "worker w1\n"
#define BEFORE "lama 00000000000000a7\n"
#define AFTER "baru 00000000000000b8\n"
#define AT "waktu 1795255200123\n"
#define LSN "lsn 4711\n"
#define HASH "hash " HASH64 "\n"
#define ROOT "akar " HASH64 "\n"
#define STREAMS "aliran 3 " HASH64 "\n"
#define SOUND HEAD WORKER BEFORE AFTER AT LSN HASH ROOT STREAMS

static struct signer signer;
static struct verifier verifier;
static uint8_t registry[PUBKEY_SIZE];

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static int sign(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    (void)ctx;
    return signer.sign(signer.ctx, text_of("r"), t, ret);
}

static int setup(void **state)
{
    const uint8_t seed[32] = {7};
    (void)state;
    verifier = sign_ed25519_verifier();
    assert_int_equal(sign_ed25519_ring_new(&signer), ST_OK);
    assert_int_equal(sign_ed25519_ring_add(&signer, text_of("r"), seed), ST_OK);
    assert_int_equal(signer.public_key(signer.ctx, text_of("r"), registry), ST_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sign_ed25519_ring_free(&signer);
    return 0;
}

/* Signs the text and opens it. */
static int opened(const char *text, struct restore *ret)
{
    struct note_key key;
    struct buf b;
    assert_int_equal(note_key_make(text_of(RESTORE_KEY_NAME), registry, &key), ST_OK);
    buf_init(&b, 8192);
    assert_int_equal(note_sign(text_of(text), &key, sign, NULL, &b), ST_OK);
    int st = restore_open(buf_slice(&b), registry, &verifier, ret);
    buf_done(&b);
    return st;
}

static void there_and_back(void **state)
{
    struct restore r, again;
    struct buf b;
    uint8_t other[PUBKEY_SIZE];
    (void)state;
    assert_int_equal(opened(SOUND, &r), ST_OK);
    assert_string_equal(r.worker, "w1");
    assert_true(r.before == 0xa7 && r.after == 0xb8 && r.at.ms == INT64_C(1795255200123) && r.lsn == 4711 && r.streams == 3);
    assert_true(r.hash.b[1] == 1 && r.root.b[31] == 15 && r.watermarks.b[16] == 0);
    buf_init(&b, RESTORE_NOTE_MAX);
    assert_int_equal(restore_put(&r, registry, sign, NULL, &b), ST_OK);
    assert_memory_equal(b.p, SOUND, sizeof SOUND - 1);
    assert_int_equal(restore_open(buf_slice(&b), registry, &verifier, &again), ST_OK);
    assert_memory_equal(&again, &r, sizeof r);
    memcpy(other, registry, sizeof other);
    other[0] ^= 1;
    assert_int_equal(restore_open(buf_slice(&b), other, &verifier, &again), ST_DENIED);
    buf_done(&b);
    buf_init(&b, 16);
    assert_int_equal(restore_put(&r, registry, sign, NULL, &b), ST_NO_MEMORY);
    buf_done(&b);
}

static void other_texts_are_none(void **state)
{
    static const char *const bad[] = {
        "rekap/pemulihan/1\nx\n",
        "rekap/pemulihan/2\n" WORKER BEFORE AFTER AT LSN HASH ROOT STREAMS,
        "x\n",
        HEAD "worker \n" BEFORE AFTER AT LSN HASH ROOT STREAMS,
        HEAD "worker\n" BEFORE AFTER AT LSN HASH ROOT STREAMS,
        HEAD "Worker w1\n" BEFORE AFTER AT LSN HASH ROOT STREAMS,
        HEAD "worker-w1\n" BEFORE AFTER AT LSN HASH ROOT STREAMS,
        HEAD "worker w12345678901\n" BEFORE AFTER AT LSN HASH ROOT STREAMS,
        HEAD WORKER "lama 0000000000000a7\n" AFTER AT LSN HASH ROOT STREAMS,
        HEAD WORKER "lama 00000000000000A7\n" AFTER AT LSN HASH ROOT STREAMS, /* read, and written otherwise */
        HEAD WORKER "lama 00000000000000g7\n" AFTER AT LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE "baru -\n" AT LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER "waktu x\n" LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER "waktu 1:\n" LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER "waktu -1\n" LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER "waktu 9223372036854775808\n" LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER "waktu 99999999999999999999\n" LSN HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER AT "lsn 04711\n" HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER AT "lsn \n" HASH ROOT STREAMS,
        HEAD WORKER BEFORE AFTER AT LSN "hash 00\n" ROOT STREAMS,
        HEAD WORKER BEFORE AFTER AT LSN HASH "akar 00\n" STREAMS,
        HEAD WORKER BEFORE AFTER AT LSN HASH ROOT,
        HEAD WORKER BEFORE AFTER AT LSN HASH ROOT "aliran 3\n",
        HEAD WORKER BEFORE AFTER AT LSN HASH ROOT "aliran  " HASH64 "\n",
        HEAD WORKER BEFORE AFTER AT LSN HASH ROOT "aliran x " HASH64 "\n",
        HEAD WORKER BEFORE AFTER AT LSN HASH ROOT "aliran 3 00\n",
        SOUND "lagi\n",
    };
    static char longest[RESTORE_NOTE_MAX + 1];
    struct restore r;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (opened(bad[i], &r) != ST_INVALID) fail_msg("%s", bad[i]);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(restore_open(slice_of(longest, sizeof longest), registry, &verifier, &r), ST_INVALID);
    assert_int_equal(opened(HEAD WORKER BEFORE AFTER "waktu 9223372036854775807\n" LSN HASH ROOT STREAMS, &r), ST_OK);
    assert_true(r.at.ms == INT64_MAX);
}

/* What notes are read with (lines.h): a text that does not fit, has a zero in it, or is not there. */
static void texts_are_the_same_or_not(void **state)
{
    (void)state;
    char small[4] = "";
    uint8_t room[4];
    struct buf b;
    assert_false(lines_copy(slice_of("", 0), small, sizeof small));
    assert_false(lines_copy(text_of("abcd"), small, sizeof small));
    assert_false(lines_copy(slice_of("a\0b", 3), small, sizeof small));
    assert_true(lines_copy(text_of("abc"), small, sizeof small));
    assert_string_equal(small, "abc");
    buf_over(&b, room, sizeof room);
    assert_true(lines_same(&b, slice_of(NULL, 0)));
    assert_false(lines_same(&b, text_of("a")));
    buf_str(&b, "ab");
    assert_true(lines_same(&b, text_of("ab")));
    assert_false(lines_same(&b, text_of("ac")));
    buf_str(&b, "cdef");
    assert_false(lines_same(&b, slice_of(b.p, b.n)));   /* it did not fit: nothing is the same as it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(other_texts_are_none),
                                       cmocka_unit_test(texts_are_the_same_or_not)};
    return cmocka_run_group_tests_name("restore", tests, setup, teardown);
}
