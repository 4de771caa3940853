/* note_test.c - the published example of Go's sumdb (a secret key, its verifier key, and the note both make), a tree head that
 * sum.golang.org has signed, and every way to spoil them: each byte changed, each cut, malformed notes of the reference tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base64.h"
#include "proto/note.h"

static const char VKEY[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char SEED[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"; /* 0x01, then the seed */
static const char TEXT[] = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
static const char PETER[] = "\xe2\x80\x94 PeterNeumann "
                            "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
static const char ENOCH[] = "\xe2\x80\x94 EnochRoot "
                            "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
static const char ENOCH_VKEY[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static struct note_key key_of(const char *vkey)
{
    struct note_key k;

    assert_int_equal(note_key_parse(text(vkey), &k), ST_OK);
    return k;
}

static int open_note(const char *note, const char *vkey, struct slice *ret)
{
    struct verifier v = sign_ed25519_verifier();
    struct note_key k = key_of(vkey);

    return note_open(text(note), &k, &v, ret);
}

/* ---- base64 ---- */

static void base64_has_one_spelling(void **state)
{
    static const struct {
        const char *text, *bytes;
    } rows[] = {{"", ""},
                {"Zg==", "f"},
                {"Zm8=", "fo"},
                {"Zm9v", "foo"},
                {"Zm9vYg==", "foob"},
                {"Zm9vYmE=", "fooba"},
                {"Zm9vYmFy", "foobar"}};
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "=Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm9v ", "Zm9v\n", "Zm-v", "Zg==Zg==", "Zm9vYmFyZm9v"};
    uint8_t out[8];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) { /* RFC 4648, section 10 */
        struct buf b;

        buf_init(&b, 64);
        base64_put(&b, rows[i].bytes, strlen(rows[i].bytes));
        assert_int_equal(b.n, strlen(rows[i].text));
        if (b.n > 0) assert_memory_equal(b.p, rows[i].text, b.n);
        assert_int_equal(base64_read(text(rows[i].text), out, sizeof out, &n), ST_OK);
        assert_int_equal(n, strlen(rows[i].bytes));
        assert_memory_equal(out, rows[i].bytes, n);
        buf_done(&b);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(base64_read(text(bad[i]), out, sizeof out, &n), ST_INVALID);
}

/* ---- keys ---- */

static void a_published_key_is_read_and_written(void **state)
{
    static const char *const keys[] = {VKEY, ENOCH_VKEY, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct note_key k = key_of(keys[i]), again;
        struct buf b;

        buf_init(&b, 256);
        note_key_format(&k, &b);
        assert_int_equal(b.n, strlen(keys[i]));
        assert_memory_equal(b.p, keys[i], b.n);
        assert_int_equal(note_key_make(text(k.name), k.pub, &again), ST_OK);
        assert_int_equal(again.hash, k.hash);
        buf_done(&b);
    }
}

static void mangled_keys_are_refused(void **state)
{
    static const char *const bad[] = {
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", /* another length, with the hash for it */
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",         /* another algorithm, with the hash for it */
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    size_t n = strlen(VKEY);
    struct note_key k;
    char copy[128];

    (void)state;
    for (size_t from = 0; from <= n; from++)
        for (size_t to = from; to <= n; to++)
            if (from != 0 || to != n) assert_int_equal(note_key_parse(slice_of(VKEY + from, to - from), &k), ST_INVALID);
    for (size_t i = 0; i < n; i++) {
        memcpy(copy, VKEY, n);
        copy[i]++;
        assert_int_equal(note_key_parse(slice_of(copy, n), &k), ST_INVALID);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(note_key_parse(text(bad[i]), &k), ST_INVALID);
}

static void names_hold_no_spaces(void **state)
{
    static const char *const bad[] = {"",
                                      "a b",
                                      "a+b",
                                      "a\tb",
                                      "a\nb",
                                      "a\xc2\xa0"
                                      "b",
                                      "a\xe2\x80\x83",
                                      "\xe2\x80\xa8",
                                      "a\xe3\x80\x80",
                                      "\xff",
                                      "a\x7f"};
    static const char *const good[] = {"rekap/w1", "pusat.example/log", "dinas-\xc3\xa9", "a\xe2\x82\xac", "a\xe2\x80\x93z"};
    const uint8_t pub[PUBKEY_SIZE] = {1};
    char longest[NOTE_NAME_MAX + 2];
    struct note_key k;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(note_key_make(text(bad[i]), pub, &k), ST_INVALID);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_int_equal(note_key_make(text(good[i]), pub, &k), ST_OK);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(note_key_make(slice_of(longest, NOTE_NAME_MAX), pub, &k), ST_OK);
    assert_int_equal(note_key_make(slice_of(longest, NOTE_NAME_MAX + 1), pub, &k), ST_INVALID);
}

/* ---- notes ---- */

static int ring_sign(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    const struct signer *s = ctx;

    return s->sign(s->ctx, text("peter"), t, ret);
}

static void signing_gives_the_published_note(void **state)
{
    struct note_key k = key_of(VKEY);
    struct signer s;
    uint8_t seed[33], pub[PUBKEY_SIZE];
    char want[512];
    struct buf b;
    size_t n;

    (void)state;
    assert_int_equal(base64_read(text(SEED), seed, sizeof seed, &n), ST_OK);
    assert_int_equal(sign_ed25519_ring_new(&s), ST_OK);
    assert_int_equal(sign_ed25519_ring_add(&s, text("peter"), seed + 1), ST_OK);
    assert_int_equal(s.public_key(s.ctx, text("peter"), pub), ST_OK);
    assert_memory_equal(pub, k.pub, PUBKEY_SIZE);
    buf_init(&b, NOTE_BYTES_MAX);
    assert_int_equal(note_sign(text(TEXT), &k, ring_sign, &s, &b), ST_OK);
    n = (size_t)snprintf(want, sizeof want, "%s\n%s", TEXT, PETER);
    assert_int_equal(b.n, n);
    assert_memory_equal(b.p, want, n);
    buf_clear(&b);
    assert_int_equal(note_sign(text("no newline"), &k, ring_sign, &s, &b), ST_INVALID);
    assert_int_equal(note_sign(text(""), &k, ring_sign, &s, &b), ST_INVALID);
    assert_int_equal(note_sign(text("a\tb\n"), &k, ring_sign, &s, &b), ST_INVALID);
    assert_int_equal(note_sign(text("\xff\n"), &k, ring_sign, &s, &b), ST_INVALID);
    sign_ed25519_ring_free(&s);
    assert_int_equal(b.n, 0);
    buf_done(&b);
}

static int no_key(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    (void)ctx, (void)t, (void)ret;
    return ST_NOT_FOUND;
}

static int any_sign(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    (void)ctx, (void)t;
    memset(ret, 7, SIG_SIZE);
    return ST_OK;
}

/* Nothing is written of a note that cannot be signed, and none is signed that would be too long to be opened. */
static void a_note_is_signed_whole_or_not_at_all(void **state)
{
    static char longest[NOTE_BYTES_MAX];
    struct note_key k = key_of(VKEY);
    struct buf b;
    size_t n = 1;

    (void)state;
    buf_init(&b, 2 * NOTE_BYTES_MAX);
    assert_int_equal(note_sign(text(TEXT), &k, no_key, NULL, &b), ST_NOT_FOUND);
    assert_int_equal(b.n, 0);
    memset(longest, 'a', sizeof longest);
    for (int st = ST_OK; st == ST_OK; n++) {
        longest[n - 1] = 'a', longest[n] = '\n';
        if (n < NOTE_BYTES_MAX - 512) continue;
        buf_clear(&b);
        st = note_sign(slice_of(longest, n + 1), &k, any_sign, NULL, &b);
        assert_true(st == ST_OK ? b.n <= NOTE_BYTES_MAX : st == ST_INVALID);
    }
    assert_true(n > NOTE_BYTES_MAX - 512 && n < NOTE_BYTES_MAX - 100);
    buf_done(&b);
    buf_init(&b, 20);
    assert_int_equal(note_sign(text(TEXT), &k, any_sign, NULL, &b), ST_NO_MEMORY);
    buf_done(&b);
}

static void a_note_opens_for_the_keys_that_signed_it(void **state)
{
    char note[1024], bad[128];
    struct slice t;

    (void)state;
    snprintf(note, sizeof note, "%s\n%s%s", TEXT, PETER, ENOCH);
    assert_int_equal(open_note(note, VKEY, &t), ST_OK);
    assert_true(t.n == strlen(TEXT) && memcmp(t.p, TEXT, t.n) == 0);
    assert_int_equal(open_note(note, ENOCH_VKEY, &t), ST_OK);
    snprintf(note, sizeof note, "%s\n%s", TEXT, ENOCH);
    assert_int_equal(open_note(note, VKEY, &t), ST_DENIED);
    snprintf(bad, sizeof bad, "%s", PETER);
    bad[60] ^= 1;
    snprintf(note, sizeof note, "%s\n%s%s", TEXT, PETER, bad); /* one good, one bad of the same key */
    assert_int_equal(open_note(note, VKEY, &t), ST_DENIED);
    snprintf(note, sizeof note, "%s\n%s%s", TEXT, ENOCH, bad);
    assert_int_equal(open_note(note, VKEY, &t), ST_DENIED);
    snprintf(note, sizeof note, "above\n\n%s\n%s", TEXT, PETER); /* the text ends at the last empty line */
    assert_int_equal(open_note(note, VKEY, &t), ST_DENIED);
}

static void every_changed_byte_is_seen(void **state)
{
    struct verifier v = sign_ed25519_verifier();
    struct note_key k = key_of(VKEY);
    size_t n;
    char note[512], copy[512];
    struct slice t;

    (void)state;
    n = (size_t)snprintf(note, sizeof note, "%s\n%s", TEXT, PETER);
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(copy, note, n);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            assert_int_not_equal(note_open(slice_of(copy, n), &k, &v, &t), ST_OK);
        }
    for (size_t cut = 0; cut < n; cut++) assert_int_not_equal(note_open(slice_of(note, cut), &k, &v, &t), ST_OK);
}

static void malformed_notes_are_refused(void **state)
{
    static const struct {
        const char *before, *text, *between, *lines, *after;
    } rows[] = {
        {"", TEXT, "", "", ""},
        {"", TEXT, "\n", "", ""},
        {"\x01", TEXT, "\n", PETER, ""},
        {"\xff", TEXT, "\n", PETER, ""},
        {"", TEXT, "\n", PETER, "Unexpected line.\n"},
        {"", TEXT, "\n", PETER, "x"},
        {"", TEXT, "\n", PETER, "x\n"},
        {"", "", "", PETER, ""},
        {"", "", "\n", PETER, ""},
        {"", TEXT, "\n", PETER, "\xe2\x80\x94 a AAAA\n"},
        {"", TEXT, "\n", PETER, "\xe2\x80\x94 Bad Name AAAAAAAA\n"},
        {"", TEXT, "\n", PETER, "- a AAAAAAAA\n"},
    };
    static char many[NOTE_BYTES_MAX + 4096];
    char note[1024];
    struct slice t;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(note, sizeof note, "%s%s%s%s%s", rows[i].before, rows[i].text, rows[i].between, rows[i].lines, rows[i].after);
        assert_int_equal(open_note(note, VKEY, &t), ST_INVALID);
    }
    for (unsigned count = NOTE_SIGNATURES_MAX; count <= NOTE_SIGNATURES_MAX + 1; count++) {
        n = (size_t)snprintf(many, sizeof many, "%s\n", TEXT);
        for (unsigned i = 0; i < count; i++) n += (size_t)snprintf(many + n, sizeof many - n, "%s", PETER);
        assert_int_equal(open_note(many, VKEY, &t), count <= NOTE_SIGNATURES_MAX ? ST_OK : ST_INVALID);
    }
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 2] = '\n';
    assert_int_equal(open_note(many, VKEY, &t), ST_INVALID);
}

/* ---- checkpoints ---- */

static void a_checkpoint_is_read_and_written(void **state)
{
    static const char sample[] = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    static const char *const bad[] = {"",
                                      "a\n1\n",
                                      "a\n",
                                      "a\n1x\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "a\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "a\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                                      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
                                      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n",
                                      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nx\n",
                                      "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="};
    struct note_checkpoint c;
    struct buf b;

    (void)state;
    assert_int_equal(note_checkpoint_parse(text(sample), &c), ST_OK);
    assert_true(c.origin.n == 27 && c.size == 20852163 && c.extension.n == 0);
    buf_init(&b, 1024);
    note_checkpoint_put(&c, &b);
    assert_true(b.n == strlen(sample) && memcmp(b.p, sample, b.n) == 0);
    buf_done(&b);
    assert_int_equal(note_checkpoint_parse(text("a\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nx\ny\n"), &c), ST_OK);
    assert_true(c.size == 0 && c.extension.n == 4);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(note_checkpoint_parse(text(bad[i]), &c), ST_INVALID);
}

/* A tree head as sum.golang.org serves it. */
static void a_public_log_s_tree_head_verifies(void **state)
{
    static const char head[] =
        "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n\xe2\x80\x94 sum.golang.org "
        "Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";
    struct note_checkpoint c;
    struct slice t;

    (void)state;
    assert_int_equal(open_note(head, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", &t), ST_OK);
    assert_int_equal(note_checkpoint_parse(t, &c), ST_OK);
    assert_true(c.size == 6476701 && c.origin.n == 20 && c.extension.n == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_has_one_spelling),          cmocka_unit_test(a_published_key_is_read_and_written),
        cmocka_unit_test(mangled_keys_are_refused),         cmocka_unit_test(names_hold_no_spaces),
        cmocka_unit_test(signing_gives_the_published_note), cmocka_unit_test(a_note_opens_for_the_keys_that_signed_it),
        cmocka_unit_test(every_changed_byte_is_seen),       cmocka_unit_test(malformed_notes_are_refused),
        cmocka_unit_test(a_checkpoint_is_read_and_written), cmocka_unit_test(a_public_log_s_tree_head_verifies),
        cmocka_unit_test(a_note_is_signed_whole_or_not_at_all)};

    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
