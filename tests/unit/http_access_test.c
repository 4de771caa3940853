/* http_access_test.c - links, sessions and keys (aggregator/http_access.h): good once, good until, of one kind, and of nobody when
 * changed by one digit; kept as hashes in a file that only its owner reads, whole or not at all. The clock is the test's. */
#include "aggregator/http_access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"

enum { HOUR = 3600 * 1000, SESSION = 12 * HOUR };
static const struct wall NOW = { 1790000000000 };
static const struct http_viewer OFFICE = { .role = ROLE_OFFICE, .office = "gen-3374-01" };
struct place { char dir[64], file[96]; struct http_access *a; };

static struct wall later(int64_t ms) { return (struct wall){ NOW.ms + ms }; }

static void again(struct place *p)
{
    char err[200] = "";
    http_access_free(&p->a);
    if (http_access_new(p->file, SESSION, &p->a, err, sizeof err) != ST_OK) fail_msg("%s", err);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/rekap-access-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->file, sizeof p->file, "%s/sessions", p->dir);
    again(p);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    http_access_free(&p->a);
    unlink(p->file);
    rmdir(p->dir);
    free(p);
    return 0;
}

static void made(struct place *p, enum http_access_kind kind, const struct http_viewer *who, int64_t ms,
                 char secret[HTTP_SECRET_SIZE])
{
    assert_int_equal(http_access_make(p->a, kind, who, NOW, ms, secret), ST_OK);
    assert_int_equal(strlen(secret), HTTP_SECRET_SIZE - 1);
    assert_int_equal(strspn(secret, "0123456789abcdef"), HTTP_SECRET_SIZE - 1);
}

static int find(struct place *p, const char *secret, enum http_access_kind kind, struct wall now)
{
    struct http_viewer v;
    return http_access_find(p->a, secret, kind, now, &v);
}

static void a_link_is_good_once_and_in_time(void **state)
{
    struct place *p = *state;
    char link[HTTP_SECRET_SIZE], late[HTTP_SECRET_SIZE], session[HTTP_SECRET_SIZE];
    struct http_viewer v;
    made(p, HTTP_ACCESS_LINK, &OFFICE, HTTP_LINK_MS, link);
    made(p, HTTP_ACCESS_LINK, &OFFICE, HTTP_LINK_MS, late);
    assert_int_equal(http_access_enter(p->a, link, later(HTTP_LINK_MS - 1), session), ST_OK);
    assert_string_not_equal(link, session);
    assert_int_equal(http_access_enter(p->a, link, later(HTTP_LINK_MS - 1), session), ST_NOT_FOUND);
    assert_int_equal(http_access_find(p->a, session, HTTP_ACCESS_SESSION, later(HTTP_LINK_MS), &v), ST_OK);
    assert_string_equal(v.office, "gen-3374-01");
    assert_true(v.role == ROLE_OFFICE && !v.open && v.until.ms == NOW.ms + HTTP_LINK_MS - 1 + SESSION);
    assert_int_equal(http_access_enter(p->a, late, later(HTTP_LINK_MS), session), ST_NOT_FOUND);
}

static void a_session_ends_by_itself(void **state)
{
    struct place *p = *state;
    char link[HTTP_SECRET_SIZE], session[HTTP_SECRET_SIZE];
    made(p, HTTP_ACCESS_LINK, &OFFICE, HTTP_LINK_MS, link);
    assert_int_equal(http_access_enter(p->a, link, NOW, session), ST_OK);
    assert_int_equal(find(p, session, HTTP_ACCESS_SESSION, later(SESSION - 1)), ST_OK);
    assert_int_equal(find(p, session, HTTP_ACCESS_SESSION, later(SESSION)), ST_NOT_FOUND);
    /* and is forgotten at the next change */
    assert_int_equal(http_access_make(p->a, HTTP_ACCESS_LINK, &OFFICE, later(SESSION), 1, link), ST_OK);
    assert_int_equal(http_access_count(p->a), 1);
}

static void each_secret_is_of_one_kind(void **state)
{
    static const enum http_access_kind KINDS[] = { HTTP_ACCESS_LINK, HTTP_ACCESS_SESSION, HTTP_ACCESS_KEY };
    struct place *p = *state;
    char secret[HTTP_SECRET_SIZE];
    for (unsigned i = 0; i < 3; i++) {
        made(p, KINDS[i], &OFFICE, HOUR, secret);
        for (unsigned k = 0; k < 3; k++) assert_int_equal(find(p, secret, KINDS[k], NOW), i == k ? ST_OK : ST_NOT_FOUND);
        if (KINDS[i] != HTTP_ACCESS_LINK) {
            char session[HTTP_SECRET_SIZE];
            assert_int_equal(http_access_enter(p->a, secret, NOW, session), ST_NOT_FOUND);
        }
    }
}

static void no_other_text_is_a_secret(void **state)
{
    struct place *p = *state;
    char secret[HTTP_SECRET_SIZE], other[2 * HTTP_SECRET_SIZE];
    made(p, HTTP_ACCESS_SESSION, &OFFICE, HOUR, secret);
    for (size_t i = 0; i < HTTP_SECRET_SIZE - 1; i++) {
        memcpy(other, secret, HTTP_SECRET_SIZE);
        other[i] = other[i] == '0' ? '1' : '0';
        assert_int_equal(find(p, other, HTTP_ACCESS_SESSION, NOW), ST_NOT_FOUND);
    }
    snprintf(other, sizeof other, "%s0", secret);
    assert_int_equal(find(p, other, HTTP_ACCESS_SESSION, NOW), ST_NOT_FOUND);
    snprintf(other, sizeof other, "%.63s", secret);
    assert_int_equal(find(p, other, HTTP_ACCESS_SESSION, NOW), ST_NOT_FOUND);
    assert_int_equal(find(p, "", HTTP_ACCESS_SESSION, NOW), ST_NOT_FOUND);
    assert_int_equal(find(p, secret, HTTP_ACCESS_SESSION, NOW), ST_OK);
}

static void a_session_that_is_left_is_gone(void **state)
{
    struct place *p = *state;
    char one[HTTP_SECRET_SIZE], two[HTTP_SECRET_SIZE];
    made(p, HTTP_ACCESS_SESSION, &OFFICE, HOUR, one);
    made(p, HTTP_ACCESS_SESSION, &OFFICE, HOUR, two);
    http_access_leave(p->a, one);
    assert_int_equal(find(p, one, HTTP_ACCESS_SESSION, NOW), ST_NOT_FOUND);
    assert_int_equal(find(p, two, HTTP_ACCESS_SESSION, NOW), ST_OK);
    http_access_leave(p->a, one);
    made(p, HTTP_ACCESS_KEY, &OFFICE, HOUR, one);
    http_access_leave(p->a, one); /* a key is not left */
    assert_int_equal(find(p, one, HTTP_ACCESS_KEY, NOW), ST_OK);
    again(p);
    assert_int_equal(find(p, two, HTTP_ACCESS_SESSION, NOW), ST_OK);
}

static void each_session_has_a_token_of_its_own(void **state)
{
    struct place *p = *state;
    char secret[HTTP_SECRET_SIZE];
    struct http_viewer one, two, key;
    made(p, HTTP_ACCESS_SESSION, &OFFICE, HOUR, secret);
    assert_int_equal(http_access_find(p->a, secret, HTTP_ACCESS_SESSION, NOW, &one), ST_OK);
    again(p);
    struct http_viewer same;
    assert_int_equal(http_access_find(p->a, secret, HTTP_ACCESS_SESSION, NOW, &same), ST_OK);
    assert_string_equal(one.csrf, same.csrf);
    assert_int_equal(strlen(one.csrf), HTTP_CSRF_SIZE - 1);
    assert_null(strstr(secret, one.csrf));
    made(p, HTTP_ACCESS_SESSION, &OFFICE, HOUR, secret);
    assert_int_equal(http_access_find(p->a, secret, HTTP_ACCESS_SESSION, NOW, &two), ST_OK);
    assert_string_not_equal(one.csrf, two.csrf);
    made(p, HTTP_ACCESS_KEY, &OFFICE, HOUR, secret);
    assert_int_equal(http_access_find(p->a, secret, HTTP_ACCESS_KEY, NOW, &key), ST_OK);
    assert_string_equal(key.csrf, "");
}

/* ---- the file ---- */

static char *contents(const struct place *p)
{
    static char text[4096];
    FILE *f = fopen(p->file, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    return text;
}

static void write_file(const struct place *p, const char *text)
{
    FILE *f = fopen(p->file, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void only_hashes_are_kept(void **state)
{
    struct place *p = *state;
    struct http_viewer who = { .role = ROLE_PLANNER, .region = 0 }, v;
    struct stat sb;
    char link[HTTP_SECRET_SIZE], session[HTTP_SECRET_SIZE], key[HTTP_SECRET_SIZE];
    assert_int_equal(code_region_parse(slice_of("33.74", 5), &who.region), ST_OK);
    made(p, HTTP_ACCESS_LINK, &who, HTTP_LINK_MS, link);
    made(p, HTTP_ACCESS_KEY, &OFFICE, HOUR, key);
    assert_int_equal(http_access_enter(p->a, link, NOW, session), ST_OK);
    const char *text = contents(p);
    assert_null(strstr(text, link));
    assert_null(strstr(text, session));
    assert_null(strstr(text, key));
    assert_int_equal(stat(p->file, &sb), 0);
    assert_int_equal(sb.st_mode & 07777, 0600);
    /* a restart forgets nobody and revives no link */
    again(p);
    assert_int_equal(http_access_count(p->a), 2);
    assert_int_equal(find(p, key, HTTP_ACCESS_KEY, NOW), ST_OK);
    assert_int_equal(http_access_find(p->a, session, HTTP_ACCESS_SESSION, NOW, &v), ST_OK);
    assert_true(v.role == ROLE_PLANNER && v.region == who.region && v.office[0] == '\0');
    assert_int_equal(http_access_enter(p->a, link, NOW, session), ST_NOT_FOUND);
}

static void a_damaged_file_lets_nobody_in(void **state)
{
    struct place *p = *state;
    char key[HTTP_SECRET_SIZE], whole[4096], err[200], line[400];
    static const char *const BAD[] = { "", "#rekap-access 2\n", "rekap" };
    static const char HASH[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char *const TAILS[] = { "\t9\t1\t-\tx\t1\n",      "\t0\t1\t-\tx\t1\n", "\t3\t0\t-\tx\t1\n",   "\t3\t6\t-\tx\t1\n",
                                         "\t3\t1\t99x\tx\t1\n",    "\t3\t1\t-\n",       "\t3\t1\t-\tx\n",      "x\t3\t1\t-\tx\t1\n",
                                         "\t3\t1\t-\t0123456789012345678901234567890123456789x\t1\n" };
    struct http_access *a = NULL;
    made(p, HTTP_ACCESS_KEY, &OFFICE, HOUR, key);
    snprintf(whole, sizeof whole, "%s", contents(p));
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        write_file(p, BAD[i]);
        assert_int_equal(http_access_new(p->file, SESSION, &a, err, sizeof err), ST_INVALID);
        assert_non_null(strstr(err, p->file));
    }
    for (size_t i = 0; i < sizeof TAILS / sizeof TAILS[0]; i++) {
        snprintf(line, sizeof line, "#rekap-access 1\n%s%s", HASH, TAILS[i]);
        write_file(p, line);
        if (http_access_new(p->file, SESSION, &a, err, sizeof err) != ST_INVALID) fail_msg("taken: %s", line);
        assert_null(a);
    }
    write_file(p, whole);
    again(p);
    assert_int_equal(find(p, key, HTTP_ACCESS_KEY, NOW), ST_OK);
}

/* A disk that takes nothing: no secret is handed out that a restart would not know, and a link that could not be exchanged is still
 * good. */
static void what_cannot_be_kept_is_not_given(void **state)
{
    struct place *p = *state;
    char link[HTTP_SECRET_SIZE], secret[HTTP_SECRET_SIZE], moved[sizeof p->dir + 2];
    made(p, HTTP_ACCESS_LINK, &OFFICE, HTTP_LINK_MS, link);
    snprintf(moved, sizeof moved, "%s.x", p->dir);
    assert_int_equal(rename(p->dir, moved), 0);
    assert_int_not_equal(http_access_make(p->a, HTTP_ACCESS_KEY, &OFFICE, NOW, HOUR, secret), ST_OK);
    assert_int_equal(http_access_count(p->a), 1);
    assert_int_not_equal(http_access_enter(p->a, link, NOW, secret), ST_OK);
    assert_int_equal(http_access_count(p->a), 1);
    assert_int_equal(rename(moved, p->dir), 0);
    assert_int_equal(http_access_enter(p->a, link, NOW, secret), ST_OK);
    assert_int_equal(http_access_enter(p->a, link, NOW, secret), ST_NOT_FOUND);
}

static void there_is_an_end_to_secrets(void **state)
{
    struct http_access *a = NULL;
    struct http_viewer v;
    char err[200] = "", link[HTTP_SECRET_SIZE], secret[HTTP_SECRET_SIZE];
    (void)state;
    assert_int_equal(http_access_new("", SESSION, &a, err, sizeof err), ST_OK); /* in memory: no file is written 8192 times */
    assert_int_equal(http_access_make(a, HTTP_ACCESS_LINK, &OFFICE, NOW, HTTP_LINK_MS, link), ST_OK);
    for (unsigned i = 1; i < HTTP_ACCESS_MAX; i++)
        assert_int_equal(http_access_make(a, HTTP_ACCESS_KEY, &OFFICE, NOW, i % 2 ? HOUR : 2 * HOUR, secret), ST_OK);
    assert_int_equal(http_access_make(a, HTTP_ACCESS_KEY, &OFFICE, NOW, HOUR, secret), ST_FULL);
    assert_int_equal(http_access_enter(a, link, NOW, secret), ST_OK); /* a link has the room of its session */
    assert_int_equal(http_access_find(a, secret, HTTP_ACCESS_SESSION, NOW, &v), ST_OK);
    /* what has ended makes room */
    assert_int_equal(http_access_make(a, HTTP_ACCESS_KEY, &OFFICE, later(HOUR), HOUR, secret), ST_OK);
    assert_int_equal(http_access_count(a), 1 + HTTP_ACCESS_MAX / 2 - 1 + 1);
    http_access_free(&a);
    assert_null(a);
    http_access_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_link_is_good_once_and_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_ends_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(each_secret_is_of_one_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(no_other_text_is_a_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_that_is_left_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(each_session_has_a_token_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(only_hashes_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_lets_nobody_in, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_not_given, setup, teardown),
        cmocka_unit_test(there_is_an_end_to_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
