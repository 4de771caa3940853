/* invite_test.c - lines that a person pastes and the list the register's clerk keeps: every field of them spoilt under a checksum
 * that is right, texts at their limits, and memory that fails. The way through the worker: join_test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/base64.h"
#include "proto/invite.h"

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

/* ---- memory that fails ---- */

static unsigned allocation; /* the n-th from now on fails, from 1; 0: none */
static bool fails(void) { return allocation > 0 && --allocation == 0; }
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

/* ---- lines under a right checksum ---- */

enum { CHECK = 8 };

static void seal(const char *prefix, struct slice bytes, struct buf *line)
{
    struct hash h = sign_hash2(prefix, strlen(prefix), bytes.p, bytes.n);
    struct buf all, text;
    buf_init(&all, 4096);
    buf_init(&text, 8192);
    buf_put(&all, bytes.p, bytes.n);
    buf_put(&all, h.b, CHECK);
    base64_put(&text, all.p, all.n);
    buf_clear(line);
    buf_str(line, prefix);
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++)
        buf_u8(line, text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i]);
    buf_done(&all);
    buf_done(&text);
}

static void put_text(struct buf *b, const char *s)
{
    buf_u8(b, (uint8_t)strlen(s));
    buf_str(b, s);
}

static int invitation(const char *office, const char *name, const char *address, int extra)
{
    static const uint8_t keys[4 * PUBKEY_SIZE];
    struct join_invitation i;
    enum join_fault fault = JOIN_FAULT_NONE;
    struct buf b, line;
    buf_init(&b, 4096);
    buf_init(&line, 8192);
    put_text(&b, office);
    buf_be32(&b, 33 << 16 | 74);
    buf_u8(&b, 1);
    buf_be64(&b, 1000);
    put_text(&b, name);
    put_text(&b, address);
    buf_put(&b, keys, sizeof keys + (size_t)(extra < 0 ? extra : 0));
    if (extra > 0) buf_u8(&b, 0);
    seal(JOIN_INVITATION_PREFIX, buf_slice(&b), &line);
    int st = join_invitation_read(buf_slice(&line), &i, &fault);
    assert_int_equal(fault, st == ST_OK ? JOIN_FAULT_NONE : JOIN_FAULT_BROKEN);
    buf_done(&b);
    buf_done(&line);
    return st;
}

static void fields_of_an_invitation(void **state)
{
    static const char *const bad_ids[] = {"", "-a", ".a", "A", "a_b", "a{", "a/", "a:", "a@", "\xc3\xa9", "a\x01",
                                          "a1234567890123456789012345678901234567890"};
    static const char *const good_ids[] = {"a", "0", "z9.-", "gen-3374-01"};
    char longest[JOIN_NAME_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof good_ids / sizeof *good_ids; i++)
        assert_int_equal(invitation(good_ids[i], "n", "tcp://h:1", 0), ST_OK);
    for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++)
        if (invitation(bad_ids[i], "n", "tcp://h:1", 0) != ST_INVALID) fail_msg("%s", bad_ids[i]);
    for (size_t n = JOIN_NAME_MAX; n <= JOIN_NAME_MAX + 1; n++) {
        memset(longest, 'n', n);
        longest[n] = '\0';
        assert_int_equal(invitation("a", longest, "x", 0), n == JOIN_NAME_MAX ? ST_OK : ST_INVALID);
    }
    assert_int_equal(invitation("a", "\xff", "x", 0), ST_INVALID);
    assert_int_equal(invitation("a", "\x7f", "x", 0), ST_INVALID);
    assert_int_equal(invitation("a", "a\tb", "x", 0), ST_INVALID);
    assert_int_equal(invitation("a", "n", "", 0), ST_INVALID);
    assert_int_equal(invitation("a", "n", "x", 1), ST_INVALID);
    assert_int_equal(invitation("a", "n", "x", -1), ST_INVALID);
}

static int request(unsigned kind, const char *office, int extra)
{
    static const uint8_t zero[2 * SIG_SIZE];
    struct join_request r;
    enum join_fault fault = JOIN_FAULT_NONE;
    struct buf b, line;
    buf_init(&b, 4096);
    buf_init(&line, 8192);
    buf_u8(&b, (uint8_t)kind);
    buf_put(&b, zero, PUBKEY_SIZE);
    put_text(&b, office);
    buf_put(&b, zero, 2 * PUBKEY_SIZE);
    buf_be64(&b, 5);
    buf_put(&b, zero, sizeof zero + (size_t)(extra < 0 ? extra : 0));
    if (extra > 0) buf_u8(&b, 0);
    seal(JOIN_REQUEST_PREFIX, buf_slice(&b), &line);
    int st = join_request_read(buf_slice(&line), &r, &fault);
    assert_int_equal(fault, st == ST_OK ? JOIN_FAULT_NONE : JOIN_FAULT_BROKEN);
    buf_done(&b);
    buf_done(&line);
    return st;
}

static void fields_of_a_request(void **state)
{
    (void)state;
    assert_int_equal(request(JOIN_NEW, "a", 0), ST_OK);
    assert_int_equal(request(JOIN_ROTATE, "a", 0), ST_OK);
    assert_int_equal(request(0, "a", 0), ST_INVALID);
    assert_int_equal(request(3, "a", 0), ST_INVALID);
    assert_int_equal(request(JOIN_NEW, "A", 0), ST_INVALID);
    assert_int_equal(request(JOIN_NEW, "a", 1), ST_INVALID);
    assert_int_equal(request(JOIN_NEW, "a", -1), ST_INVALID);
}

static enum join_fault fault_of(const char *s, size_t n)
{
    struct join_request r;
    enum join_fault fault = JOIN_FAULT_NONE;
    assert_int_equal(join_request_read(slice_of(s, n), &r, &fault), ST_INVALID);
    return fault;
}

/* Blanks of every sort are no part of a line; its own alphabet is. */
static void characters_of_a_line(void **state)
{
    static char big[JOIN_TEXT_MAX + 1];
    (void)state;
    assert_int_equal(fault_of("", 0), JOIN_FAULT_OTHER);
    assert_int_equal(fault_of("rekap", 5), JOIN_FAULT_OTHER);
    assert_int_equal(fault_of(JOIN_INVITATION_PREFIX "AAAA", sizeof JOIN_INVITATION_PREFIX + 3), JOIN_FAULT_OTHER);
    static const char *const marks[] = {"A+AA", "A/AA", "AAA=", "AAA*", "A", "AAAA", "A-_A", "\x01"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "\t rekap-permohonan\n-1: \r%s", marks[i]);
        assert_int_equal(fault_of(line, (size_t)n), JOIN_FAULT_MISTYPED);
    }
    memset(big, 'A', sizeof big);
    memcpy(big, JOIN_REQUEST_PREFIX, sizeof JOIN_REQUEST_PREFIX - 1);
    assert_int_equal(fault_of(big, JOIN_LINE_MAX), JOIN_FAULT_MISTYPED);
    assert_int_equal(fault_of(big, JOIN_LINE_MAX + 1), JOIN_FAULT_MISTYPED);
    assert_int_equal(fault_of(big, sizeof big), JOIN_FAULT_MISTYPED);
}

static void a_line_without_memory_is_bad(void **state)
{
    const struct join_invitation i = {.office = "a", .name = "n", .address = "x"};
    const struct join_request r = {.kind = JOIN_NEW, .office = "a"};
    const struct verifier v = sign_ed25519_verifier();
    const struct join_request keyed = {.kind = JOIN_NEW, .office = "a", .transport = {1}, .signing = {1}};
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        bool bad = true;
        for (unsigned n = 1; bad; n++) {
            struct buf b;
            buf_init(&b, 4096);
            allocation = n;
            if (kind) join_request_put(&b, &r);
            else join_invitation_put(&b, &i);
            bad = allocation == 0; /* it was reached */
            allocation = 0;
            assert_int_equal(buf_ok(&b), !bad);
            buf_done(&b);
        }
    }
    allocation = 1;
    assert_false(join_request_signed(&keyed, &v));
    allocation = 0;
    assert_false(join_request_signed(&keyed, &v));
    assert_false(join_request_signed(&r, &v)); /* a key of zeros is none */
    const struct join_request half = {.kind = JOIN_NEW, .office = "a", .transport = {1}};
    assert_false(join_request_signed(&half, &v));
    assert_false(join_request_by(&keyed, half.signing, &v));
}

static void the_same_request(void **state)
{
    struct join_request a = {.kind = JOIN_NEW, .office = "a", .transport = {1}, .signing = {1}}, b;
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        b = a;
        b.asked.ms = 5;
        if (i == 1) b.kind = JOIN_ROTATE;
        if (i == 2) b.office[0] = 'b';
        if (i == 3) b.invitation[31] = 1;
        if (i == 4) b.transport[31] = 1;
        if (i == 5) b.signing[31] = 1;
        assert_int_equal(join_request_same(&a, &b), i == 0);
    }
}

/* ---- the list ---- */

#define KEY64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define LINE(key, id, region, role, st, until, name) key "\t" id "\t" region "\t" role "\t" st "\t" until "\t" name "\n"
#define UNTIL "2026-11-21T10:00:00.000Z"

static void lines_of_the_list(void **state)
{
    static const struct {
        const char *text, *err; /* NULL: taken */
    } rows[] = {
        { "", NULL },
        { INVITE_HEADING, NULL },
        { INVITE_HEADING "\n\n" LINE(KEY64, "a", "33.74", "office", "open", UNTIL, "Nama"), NULL },
        { INVITE_HEADING LINE(KEY64, "a", "", "centre", "used", UNTIL, "Nama")
              LINE(KEY64, "a", "", "centre", "rejected", UNTIL, "N"),
          NULL },
        { "#rekap-undangan 2\n", "line 1: heading" },
        { "\n", "line 1: heading" },
        { INVITE_HEADING "a\n", "line 2: not 7 fields" },
        { INVITE_HEADING "a\tb\tc\td\te\tf\t", "line 2: key" },
        { INVITE_HEADING "a\t", "line 2: not 7 fields" },
        { INVITE_HEADING "a\tb\tc\td\te\tf\tg\th\n", "line 2: not 7 fields" },
        { INVITE_HEADING LINE("00", "a", "", "office", "open", UNTIL, "N"), "line 2: key" },
        { INVITE_HEADING LINE("g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "a", "", "office", "open", UNTIL,
                              "N"),
          "line 2: key" },
        { INVITE_HEADING LINE(KEY64, "A", "", "office", "open", UNTIL, "N"), "line 2: office id" },
        { INVITE_HEADING LINE(KEY64, "a", "3", "office", "open", UNTIL, "N"), "line 2: region" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "dinas", "open", UNTIL, "N"), "line 2: role" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "shut", UNTIL, "N"), "line 2: state" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "offn", UNTIL, "N"), "line 2: state" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "open", "nanti", "N"), "line 2: until" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "open", UNTIL, ""), "line 2: name" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "open", UNTIL, "\xff"), "line 2: name" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "open", UNTIL, "a\x7f"), "line 2: name" },
        { INVITE_HEADING LINE(KEY64, "a", "33", "office", "open", UNTIL, "a\x01"), "line 2: name" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct invites *list = NULL;
        char err[200] = "";
        int st = invite_parse(text_of(rows[i].text), &list, err, sizeof err);
        assert_string_equal(err, rows[i].err ? rows[i].err : "");
        assert_int_equal(st, rows[i].err ? ST_INVALID : ST_OK);
        invite_free(&list);
        invite_free(&list);
    }
    char text[400] = INVITE_HEADING KEY64 "\ta\t33\toffice\topen\t" UNTIL "\t", err[200];
    size_t n = strlen(text);
    for (size_t k = JOIN_NAME_MAX; k <= JOIN_NAME_MAX + 1; k++) {
        struct invites *list = NULL;
        memset(text + n, 'n', k);
        assert_int_equal(invite_parse(slice_of(text, n + k), &list, err, sizeof err), k == JOIN_NAME_MAX ? ST_OK : ST_INVALID);
        invite_free(&list);
    }
    invite_free(NULL);
    assert_int_equal(invite_count(NULL), 0);
    assert_null(invite_find(NULL, (const uint8_t *)text));
    assert_string_equal(invite_state_name(0), "?");
    assert_string_equal(invite_state_name(INVITE_REJECTED + 1), "?");
    assert_string_equal(invite_state_name(INVITE_USED), "used");
}

static void who_may_ask(void **state)
{
    struct invite i = {.state = INVITE_OPEN, .until = {1000}, .office = "a", .role = 1, .name = "n"};
    char line[INVITE_LINE_MAX];
    (void)state;
    assert_true(invite_may_ask(&i, (struct wall){999}));
    assert_false(invite_may_ask(&i, (struct wall){1000}));
    assert_false(invite_may_ask(NULL, (struct wall){0}));
    int n = invite_format(&i, line, sizeof line);
    assert_true(n > 0 && (size_t)n == strlen(line));
    assert_int_equal(invite_format(&i, line, (size_t)n + 1), n);
    assert_int_equal(invite_format(&i, line, (size_t)n), ST_FULL);
    i.state = INVITE_USED;
    assert_false(invite_may_ask(&i, (struct wall){999}));
}

static void a_list_without_memory_or_without_room(void **state)
{
    struct invites *list = NULL;
    struct buf b;
    char err[200];
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        allocation = n;
        assert_int_equal(invite_parse(text_of(INVITE_HEADING), &list, err, sizeof err), ST_NO_MEMORY);
        assert_string_equal(err, "no memory");
        assert_null(list);
    }
    allocation = 0;
    buf_init(&b, 1 << 20);
    for (unsigned over = 0; over < 2; over++) {
        buf_clear(&b);
        buf_str(&b, INVITE_HEADING);
        for (unsigned i = 0; i < INVITES_MAX + over; i++) buf_printf(&b, "%08x%056x\ta\t33\toffice\topen\t%s\tn\n", i, 0, UNTIL);
        assert_int_equal(invite_parse(buf_slice(&b), &list, err, sizeof err), over ? ST_FULL : ST_OK);
        if (over) assert_string_equal(err, "line 1026: too many invitations");
        else assert_int_equal(invite_count(list), INVITES_MAX);
        invite_free(&list);
    }
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(fields_of_an_invitation),
                                        cmocka_unit_test(fields_of_a_request),
                                        cmocka_unit_test(characters_of_a_line),
                                        cmocka_unit_test(a_line_without_memory_is_bad),
                                        cmocka_unit_test(the_same_request),
                                        cmocka_unit_test(lines_of_the_list),
                                        cmocka_unit_test(who_may_ask),
                                        cmocka_unit_test(a_list_without_memory_or_without_room) };
    return cmocka_run_group_tests_name("invite", tests, NULL, NULL);
}
