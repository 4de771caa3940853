/* registry_test.c - the office file: taken whole or refused with its place; questions by id, key and version; a big one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/registry.h"

#define HEAD "#rekap-office 1\n"
#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define METRO "dinsos-1872\t18.72\toffice\tactive\t2026-01-01\t-\t" KEY_A "\t" KEY_B "\tDinas Sosial Kota Metro\n"
#define SEMARANG_KEYS "\t" KEY_A "\t" KEY_A "\tDinas Sosial Kota Semarang\n"
#define SEMARANG "dinsos-3374\t33.74\toffice\tactive\t2026-01-01T07:00:00+07:00\t2027-01-01T00:00:00Z" SEMARANG_KEYS
#define SEMARANG_REVOKED "dinsos-3374\t33.74\toffice\trevoked\t-\t-" SEMARANG_KEYS
#define CENTRE "pusat\t\tcentre\tactive\t-\t-\t-\t-\tPusat\n"

static struct slice text_of(const char *s)
{
    return slice_of(s, strlen(s));
}

static struct registry *parsed(const char *text)
{
    struct registry *r = NULL;
    char err[300];

    if (registry_parse(text_of(text), &r, err, sizeof err) != ST_OK) fail_msg("%s", err);
    return r;
}

static void test_questions(void **state)
{
    struct registry *r = parsed(HEAD SEMARANG CENTRE METRO);
    uint8_t key[PUBKEY_SIZE];
    const struct office *o = registry_office(r, text_of("dinsos-1872"));

    (void)state;
    assert_int_equal(registry_version(r), 3);
    assert_int_equal(registry_count(r), 3);
    assert_string_equal(registry_at(r, 0)->id, "dinsos-1872");
    assert_string_equal(registry_at(r, 2)->id, "pusat");
    assert_non_null(o);
    assert_int_equal(o->region, 18 << 16 | 72);
    assert_int_equal(o->role, ROLE_OFFICE);
    assert_int_equal(o->version, 3);
    assert_string_equal(o->name, "Dinas Sosial Kota Metro");
    assert_true(o->valid_from.ms == INT64_C(1767225600000) && o->valid_to.ms == INT64_MAX);
    assert_true(registry_entry(r, 1)->valid_from.ms == INT64_C(1767225600000));
    assert_int_equal(bytes_unhex(KEY_A, 64, key), ST_OK);
    assert_non_null(registry_transport(r, key));
    assert_memory_equal(registry_transport(r, key)->transport, key, sizeof key);
    memset(key, 0, sizeof key);
    assert_null(registry_transport(r, key));    /* "-" is no key that anybody could hold */
    memset(key, 0xff, sizeof key);
    assert_null(registry_transport(r, key));
    assert_null(registry_office(r, text_of("dinsos-187")));
    assert_null(registry_office(r, text_of("dinsos-18722")));
    assert_null(registry_office(r, text_of("")));
    registry_free(&r);
    assert_null(r);
    registry_free(&r);
}

static void test_later_line_replaces(void **state)
{
    struct registry *r = parsed(HEAD SEMARANG METRO SEMARANG_REVOKED);
    uint8_t key[PUBKEY_SIZE];

    (void)state;
    assert_int_equal(registry_version(r), 3);
    assert_int_equal(registry_count(r), 2);
    assert_int_equal(registry_office(r, text_of("dinsos-3374"))->status, OFFICE_REVOKED);
    assert_int_equal(registry_entry(r, 1)->status, OFFICE_ACTIVE);
    assert_int_equal(bytes_unhex(KEY_A, 64, key), ST_OK);
    assert_string_equal(registry_transport(r, key)->id, "dinsos-1872");         /* the other holder is revoked */
    registry_free(&r);
    r = parsed(HEAD SEMARANG_REVOKED);
    assert_null(registry_transport(r, key));
    registry_free(&r);
    r = parsed("#rekap-office 1");
    assert_int_equal(registry_version(r), 0);
    assert_int_equal(registry_count(r), 0);
    assert_null(registry_office(r, text_of("pusat")));
    registry_free(&r);
}

static void test_faults_are_placed(void **state)
{
    static const struct {
        const char *text, *err;
    } rows[] = {
        { "", "1:1 (judul): \"\"" },
        { "#rekap-office 2\n", "1:1 (judul): \"#rekap-office 2\"" },
        { HEAD METRO "\n", "3:1 (id): \"\"" },
        { HEAD "Dinsos\t33\toffice\tactive\t-\t-\t-\t-\tx\n", "2:1 (id): \"Dinsos\"" },
        { HEAD METRO "d\t3374\toffice\tactive\t-\t-\t-\t-\tx\n", "3:3 (wilayah): \"3374\"" },
        { HEAD "d\t33\tdinas\tactive\t-\t-\t-\t-\tx\n", "2:6 (peran): \"dinas\"" },
        { HEAD "d\t33\toffice\taktif\t-\t-\t-\t-\tx\n", "2:13 (status): \"aktif\"" },
        { HEAD "d\t33\toffice\tactive\t2026-02-30\t-\t-\t-\tx\n", "2:20 (berlaku-dari): \"2026-02-30\"" },
        { HEAD "d\t33\toffice\tactive\t2026-02-01\t2026-02-01\t-\t-\tx\n", "2:31 (berlaku-sampai): \"2026-02-01\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t0011\t-\tx\n", "2:24 (kunci-sambungan): \"0011\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t\tx\n", "2:26 (kunci-tanda-tangan): \"\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\t\n", "2:28 (nama): \"\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\ta\tb\n", "2:30 (tanda-tangan): \"b\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\n", "2:24 (kunci-sambungan): \"-\" baris tidak lengkap" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\t\xff\n", "2:28 (nama): \"?\"" },
        { HEAD "d\t33\toffice\tactive\t-\t2026-13-01\t-\t-\tx\n", "2:22 (berlaku-sampai): \"2026-13-01\"" },
        { HEAD "d\t33\toffice\tactive\tx\t-\t-\t-\tx\n", "2:20 (berlaku-dari): \"x\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t" KEY_A "x\t-\tx\n", "2:24 (kunci-sambungan): \"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\tz0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\t-\tx\n",
          "2:24 (kunci-sambungan): \"z0112233" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\ta\x01z\n", "2:28 (nama): \"a?z\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\ta\x7fz\n", "2:28 (nama): \"a?z\"" },
        { HEAD "d\xc3\xa9\t33\toffice\tactive\t-\t-\t-\t-\tz\n", "2:1 (id): \"d\xc3\xa9\"" },
        { HEAD "{a\t33\toffice\tactive\t-\t-\t-\t-\tz\n", "2:1 (id): \"{a\"" },
        { HEAD "/a\t33\toffice\tactive\t-\t-\t-\t-\tz\n", "2:1 (id): \"/a\"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\tz\t" KEY_A KEY_A "0\n", "2:30 (tanda-tangan): \"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\tz\tx" KEY_A KEY_B "\n", "2:30 (tanda-tangan): \"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\tz\t" KEY_A "x"
               "0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
          "2:30 (tanda-tangan): \"" },
        { HEAD "d\t33\toffice\tactive\t-\t-\t-\t-\tz\t" KEY_A KEY_B "\tx\n", "2:30 (tanda-tangan): \"" },
        { HEAD "d\t33\n", "2:3 (wilayah): \"33\" baris tidak lengkap" },
        { HEAD "d\t\n", "2:3 (wilayah): \"\" baris tidak lengkap" },
    };
    struct registry *r = NULL;
    char err[300];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(registry_parse(text_of(rows[i].text), &r, err, sizeof err), ST_INVALID);
        assert_null(r);
        if (strncmp(err, rows[i].err, strlen(rows[i].err)) != 0) fail_msg("%s, not %s", err, rows[i].err);
    }
    assert_int_equal(registry_parse(text_of("x"), &r, err, 4), ST_INVALID);     /* cut, and ended */
    assert_string_equal(err, "1:1");
}

/* A name of any length up to its room, and a file as another system ends its lines. */
static void test_names_and_ends_of_lines(void **state)
{
    static char text[400], name[200];
    struct registry *r = NULL;
    char err[300];

    (void)state;
    for (size_t n = 159; n <= 161; n++) {
        memset(name, 'a', sizeof name);
        name[n] = '\0';
        snprintf(text, sizeof text, "%sd\t33\toffice\tactive\t-\t-\t-\t-\t%s\r\n", HEAD, name);
        assert_int_equal(registry_parse(text_of(text), &r, err, sizeof err), n <= 160 ? ST_OK : ST_INVALID);
        if (n <= 160) assert_string_equal(registry_at(r, 0)->name, name);
        registry_free(&r);
    }
}

static void test_line_there_and_back(void **state)
{
    static const char *const lines[] = {METRO, SEMARANG, SEMARANG_REVOKED, CENTRE};
    struct office o, back;
    char text[600], again[600], err[200];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int n, line = registry_line_parse(slice_of(lines[i], strlen(lines[i]) - 1), &o, err, sizeof err);

        assert_int_equal(line, ST_OK);
        n = registry_line_format(&o, text, sizeof text);
        assert_int_equal(n, strlen(text));
        assert_int_equal(registry_line_parse(text_of(text), &back, err, sizeof err), ST_OK);
        assert_int_equal(registry_line_format(&back, again, sizeof again), n);
        assert_string_equal(text, again);
    }
    assert_int_equal(registry_line_format(&o, text, strlen(CENTRE)), strlen(CENTRE) - 1);
    assert_string_equal(text, "pusat\t\tcentre\tactive\t-\t-\t-\t-\tPusat");
    assert_int_equal(registry_line_format(&o, text, strlen(CENTRE) - 1), ST_FULL);
}

static void test_ids_and_roles(void **state)
{
    uint8_t role;

    (void)state;
    assert_true(registry_id_ok(text_of("dinsos-3374")));
    assert_true(registry_id_ok(text_of("3374.upt-1")));
    assert_true(registry_id_ok(text_of("a123456789012345678901234567890123456789")));
    assert_false(registry_id_ok(text_of("a1234567890123456789012345678901234567890")));
    assert_false(registry_id_ok(text_of("")));
    assert_false(registry_id_ok(text_of("-a")));
    assert_false(registry_id_ok(text_of("a_b")));
    assert_false(registry_id_ok(text_of("../a")));
    for (unsigned i = ROLE_OFFICE; i <= ROLE_CENTRE; i++) {
        assert_int_equal(registry_role_parse(text_of(registry_role_name(i)), &role), ST_OK);
        assert_int_equal(role, i);
    }
    assert_int_equal(registry_role_parse(text_of(""), &role), ST_INVALID);
    assert_string_equal(registry_role_name(9), "");
}

static void test_twenty_thousand_lines(void **state)
{
    enum { LINES = 20000, OFFICES = 5000 };
    struct registry *r = NULL;
    struct buf b;
    char err[200], id[16];
    uint8_t key[PUBKEY_SIZE] = {0};

    (void)state;
    buf_init(&b, 16 << 20);
    buf_str(&b, HEAD);
    for (unsigned i = 0; i < LINES; i++) {      /* 7919 is coprime to 5000: every office comes up, in no order */
        unsigned office = i * 7919 % OFFICES;

        buf_printf(&b, "gen-%04u\t33.74\toffice\tactive\t-\t-\t%08x%056x\t-\tgen %u of %u\n", office, office + 1, 0, i / OFFICES,
                   office);
    }
    assert_true(buf_ok(&b));
    assert_int_equal(registry_parse(buf_slice(&b), &r, err, sizeof err), ST_OK);
    assert_int_equal(registry_version(r), LINES);
    assert_int_equal(registry_count(r), OFFICES);
    for (unsigned i = 0; i < OFFICES; i++) {
        const struct office *o;

        snprintf(id, sizeof id, "gen-%04u", i);
        bytes_be32(key, i + 1);
        o = registry_office(r, text_of(id));
        assert_non_null(o);
        assert_true(o->version > LINES - OFFICES);      /* the newest of its four lines */
        assert_ptr_equal(registry_transport(r, key), o);
        assert_ptr_equal(registry_at(r, i), o);
    }
    registry_free(&r);
    buf_done(&b);
}

/* ---- too many, and no memory ---- */

static unsigned allocation;             /* the n-th from now on fails, from 1; 0: none */
static bool fails(void) { return allocation > 0 && --allocation == 0; }
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_reallocarray(void *p, size_t n, size_t size) { return fails() ? NULL : __real_reallocarray(p, n, size); }

static void many_offices(struct buf *b, unsigned lines, unsigned offices)
{
    buf_clear(b);
    buf_str(b, HEAD);
    for (unsigned i = 0; i < lines; i++) buf_printf(b, "g%u\t\toffice\tactive\t-\t-\t-\t-\tx\n", i % offices);
    assert_true(buf_ok(b));
}

static void test_caps_and_memory(void **state)
{
    struct registry *r = NULL;
    char err[200];
    struct buf b;
    unsigned n = 0;

    (void)state;
    for (int st = ST_NO_MEMORY; st != ST_OK; registry_free(&r)) {
        allocation = ++n;
        st = registry_parse(text_of(HEAD METRO), &r, err, sizeof err);
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        if (st != ST_OK) assert_string_equal(err, "memori habis");
        assert_int_equal(r != NULL, st == ST_OK);
    }
    assert_int_equal(n, 5);             /* the registry, its entries, two indexes; then nothing failed */
    allocation = 0;
    buf_init(&b, 64 << 20);
    many_offices(&b, OFFICES_MAX, OFFICES_MAX);
    assert_int_equal(registry_parse(buf_slice(&b), &r, err, sizeof err), ST_OK);
    registry_free(&r);
    many_offices(&b, OFFICES_MAX + 1, OFFICES_MAX + 1);
    assert_int_equal(registry_parse(buf_slice(&b), &r, err, sizeof err), ST_INVALID);
    assert_non_null(strstr(err, "terlalu banyak kantor"));
    many_offices(&b, 4 * OFFICES_MAX + 1, 1);
    assert_int_equal(registry_parse(buf_slice(&b), &r, err, sizeof err), ST_INVALID);
    assert_non_null(strstr(err, "terlalu banyak baris"));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions),         cmocka_unit_test(test_later_line_replaces),
        cmocka_unit_test(test_faults_are_placed), cmocka_unit_test(test_line_there_and_back),
        cmocka_unit_test(test_ids_and_roles),     cmocka_unit_test(test_twenty_thousand_lines),
        cmocka_unit_test(test_names_and_ends_of_lines), cmocka_unit_test(test_caps_and_memory),
    };

    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
