/* conf_test.c - configuration against golden files, and what is printed is parsed again; whole files; key files.
 *
 * Each tests/golden/conf/NAME.in has NAME.ok (what conf_print prints) or NAME.err (all faults). REKAP_GOLDEN_UPDATE=1 writes
 * them anew. Run from the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "proto/conf.h"

#define GOLDEN "tests/golden/conf/"

static const struct conf_option TABLE[] = {
    {"worker.listen", CONF_TEXT, true, NULL, 0, 0, "endpoint"},
    {"worker.store", CONF_PATH, true, NULL, 0, 0, "directory of the ledger"},
    {"worker.id", CONF_TEXT, false, "w1", 0, 0, "name"},
    {"worker.notes", CONF_TEXT, false, NULL, 0, 0, "free text"},
    {"worker.map", CONF_SIZE, false, "0", 0, INT64_C(1) << 44, "address space"},
    {"worker.idle", CONF_DURATION, false, "1500ms", 100000, INT64_C(86400000000), "time before a ping"},
    {"worker.peers", CONF_COUNT, false, "256", 1, 4096, "connections"},
    {"worker.watch", CONF_BOOL, false, "no", 0, 0, "watch the folder"},
    {"log.level", CONF_TEXT, false, "info", 0, 0, "least level"},
};
enum { OPTIONS = sizeof TABLE / sizeof *TABLE };

static struct slice text_of(const char *s)
{
    return slice_of(s, strlen(s));
}

static char *ending(const char *path, const char *from, const char *to, char ret[300])
{
    snprintf(ret, 300, "%.*s%s", (int)(strlen(path) - strlen(from)), path, to);
    return ret;
}

static void compare_or_update(const char *path, const char *other, const struct buf *got)
{
    struct buf want;

    if (getenv("REKAP_GOLDEN_UPDATE")) {
        unlink(other);
        assert_int_equal(conf_file_write(path, buf_slice(got), 0644), ST_OK);
        return;
    }
    buf_init(&want, 1 << 20);
    if (conf_file_read(path, 1 << 20, &want) != ST_OK) fail_msg("%s is missing; got:\n%.*s", path, (int)got->n, (char *)got->p);
    if (access(other, F_OK) == 0) fail_msg("%s should not be there", other);
    if (want.n != got->n || memcmp(want.p, got->p, got->n) != 0) fail_msg("%s: got\n%.*s", path, (int)got->n, (const char *)got->p);
    buf_done(&want);
}

/* What was printed must be the same after another round. */
static void reprint(const struct conf *c, bool origin)
{
    struct buf once, twice, errors;
    struct conf *again = NULL;

    buf_init(&once, 1 << 20);
    buf_init(&twice, 1 << 20);
    buf_init(&errors, 1 << 20);
    conf_print(c, origin, &once);
    if (conf_parse(TABLE, OPTIONS, "again", buf_slice(&once), &again, &errors) != ST_OK)
        fail_msg("%.*s", (int)errors.n, (char *)errors.p);
    buf_clear(&once);
    conf_print(c, false, &once);
    conf_print(again, false, &twice);
    assert_int_equal(once.n, twice.n);
    assert_memory_equal(once.p, twice.p, once.n);
    conf_free(&again);
    buf_done(&once);
    buf_done(&twice);
    buf_done(&errors);
}

static void golden(const char *name)
{
    char path[300], ok[300], err[300];
    struct buf in, out;
    struct conf *c = NULL;
    int st;

    snprintf(path, sizeof path, GOLDEN "%.200s", name);
    ending(path, ".in", ".ok", ok);
    ending(path, ".in", ".err", err);
    buf_init(&in, 1 << 20);
    buf_init(&out, 1 << 20);
    assert_int_equal(conf_file_read(path, 1 << 20, &in), ST_OK);
    st = conf_parse(TABLE, OPTIONS, name, buf_slice(&in), &c, &out);
    if (st == ST_OK) {
        assert_int_equal(out.n, 0);
        conf_print(c, true, &out);
        compare_or_update(ok, err, &out);
        reprint(c, false);
        reprint(c, true);
    } else {
        assert_int_equal(st, ST_INVALID);
        assert_null(c);
        compare_or_update(err, ok, &out);
    }
    conf_free(&c);
    buf_done(&in);
    buf_done(&out);
}

static void test_golden_files(void **state)
{
    DIR *d = opendir(GOLDEN);
    struct dirent *e;
    unsigned n = 0;

    (void)state;
    assert_non_null(d);
    while (d && (e = readdir(d)))
        if (strlen(e->d_name) > 3 && strcmp(e->d_name + strlen(e->d_name) - 3, ".in") == 0) {
            golden(e->d_name);
            n++;
        }
    if (d) closedir(d);
    assert_true(n >= 10);
}

static void test_values(void **state)
{
    static const char text[] = "[worker]\nlisten = tcp://*:1\nstore = /s\nmap = 64M\nidle = 2m\nwatch = on\n";
    struct conf *c = NULL;
    struct buf errors;

    (void)state;
    buf_init(&errors, 4096);
    assert_int_equal(conf_parse(TABLE, OPTIONS, "f", text_of(text), &c, &errors), ST_OK);
    assert_string_equal(conf_text(c, "worker.listen"), "tcp://*:1");
    assert_string_equal(conf_text(c, "worker.id"), "w1");
    assert_string_equal(conf_text(c, "worker.notes"), "");
    assert_int_equal(conf_int(c, "worker.map"), 64 << 20);
    assert_int_equal(conf_int(c, "worker.idle"), 120000000);
    assert_int_equal(conf_int(c, "worker.peers"), 256);
    assert_true(conf_bool(c, "worker.watch"));
    conf_free(&c);
    assert_null(c);
    conf_free(&c);
    buf_done(&errors);
}

static void test_faults_are_capped(void **state)
{
    struct conf *c = NULL;
    struct buf text, errors;
    unsigned lines = 0;

    (void)state;
    buf_init(&text, 1 << 16);
    buf_init(&errors, 1 << 16);
    for (int i = 0; i < 500; i++)
        buf_str(&text, "nonsense\n");
    assert_int_equal(conf_parse(TABLE, OPTIONS, "f", buf_slice(&text), &c, &errors), ST_INVALID);
    assert_true(buf_ok(&errors));
    for (size_t i = 0; i < errors.n; i++)
        lines += errors.p[i] == '\n';
    assert_int_equal(lines, 101);
    buf_done(&text);
    buf_done(&errors);
}

/* ---- files ---- */

struct scratch {
    char dir[64], path[80];
};

static int make_scratch(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);

    if (!s) return -1;
    snprintf(s->dir, sizeof s->dir, "/tmp/rekap-conf-test-XXXXXX");
    if (!mkdtemp(s->dir)) return -1;
    snprintf(s->path, sizeof s->path, "%s/f", s->dir);
    *state = s;
    return 0;
}

static int drop_scratch(void **state)
{
    struct scratch *s = *state;

    unlink(s->path);
    if (rmdir(s->dir) != 0) return -1;          /* also proves that no temporary file was left */
    free(s);
    return 0;
}

static void test_file_is_replaced_whole(void **state)
{
    struct scratch *s = *state;
    struct stat st;
    struct buf b;

    buf_init(&b, 1 << 20);
    assert_int_equal(conf_file_read(s->path, 10, &b), ST_NOT_FOUND);
    assert_int_equal(conf_file_write(s->path, text_of("0123456789"), 0640), ST_OK);
    assert_int_equal(stat(s->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(conf_file_read(s->path, 10, &b), ST_OK);
    assert_int_equal(b.n, 10);
    assert_int_equal(conf_file_read(s->path, 9, &b), ST_FULL);
    buf_clear(&b);
    assert_int_equal(conf_file_write(s->path, text_of("x"), 0600), ST_OK);
    assert_int_equal(conf_file_read(s->path, 10, &b), ST_OK);
    assert_int_equal(b.n, 1);
    assert_int_equal(conf_file_read(s->dir, 10, &b), ST_IO);
    assert_int_equal(conf_file_write("/nonexistent-directory/f", text_of("x"), 0600), ST_NOT_FOUND);
    buf_done(&b);
}

static void test_key_is_created_once(void **state)
{
    static const char *const types[] = {"ed25519", "curve25519"};
    struct scratch *s = *state;
    uint8_t secret[32], pub[32], secret2[32], pub2[32];
    char err[200];
    struct stat st;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(conf_key_read(s->path, types[i], secret, pub, err, sizeof err), ST_NOT_FOUND);
        assert_int_equal(conf_key_create(s->path, types[i], secret, pub), ST_OK);
        assert_int_equal(stat(s->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(conf_key_read(s->path, types[i], secret2, pub2, err, sizeof err), ST_OK);
        assert_memory_equal(secret, secret2, 32);
        assert_memory_equal(pub, pub2, 32);
        assert_int_equal(conf_key_create(s->path, types[i], secret2, pub2), ST_OK);
        assert_memory_equal(secret, secret2, 32);
        assert_int_equal(conf_key_read(s->path, types[1 - i], secret2, pub2, err, sizeof err), ST_INVALID);
        assert_non_null(strstr(err, "jenis lain"));
        assert_int_equal(conf_key_create(s->path, types[1 - i], secret2, pub2), ST_INVALID);
        unlink(s->path);
    }
}

/* RFC 8032 section 7.1, test 1: the public half is computed, not believed. */
#define ED_SEED "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define ED_PUB "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static void test_key_files_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned mode;
        int want;
        const char *err;
    } rows[] = {
        {"rekap-key 1 ed25519 " ED_SEED " " ED_PUB "\n", 0600, ST_OK, ""},
        {"rekap-key 1 ed25519 " ED_SEED " " ED_PUB, 0400, ST_OK, ""},
        {"rekap-key 1 ed25519 " ED_SEED " " ED_PUB "\n", 0640, ST_DENIED, "chmod 600"},
        {"rekap-key 1 ed25519 " ED_SEED " " ED_SEED "\n", 0600, ST_INVALID, "tidak cocok"},
        {"rekap-key 1 ed25519 " ED_SEED "\n", 0600, ST_INVALID, "rusak"},
        {"rekap-key 1 ed25519 " ED_SEED " " ED_PUB " x\n", 0600, ST_INVALID, "rusak"},
        {"rekap-key 2 ed25519 " ED_SEED " " ED_PUB "\n", 0600, ST_INVALID, "bukan berkas kunci"},
        {"rekap-key 1 curve25519 " ED_SEED " " ED_PUB "\n", 0600, ST_INVALID, "jenis lain"},
        {"", 0600, ST_INVALID, "bukan berkas kunci"},
    };
    struct scratch *s = *state;
    uint8_t secret[32], pub[32], want[32];
    char err[200];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(secret, 7, sizeof secret);
        *err = '\0';
        assert_int_equal(conf_file_write(s->path, text_of(rows[i].text), rows[i].mode), ST_OK);
        assert_int_equal(conf_key_read(s->path, "ed25519", secret, pub, err, sizeof err), rows[i].want);
        if (!strstr(err, rows[i].err)) fail_msg("%s", err);
        if (rows[i].want == ST_OK) {
            assert_int_equal(bytes_unhex(ED_PUB, 64, want), ST_OK);
            assert_memory_equal(pub, want, 32);
        } else {
            assert_int_equal(secret[0], 7);
        }
        unlink(s->path);
    }
}

static void test_a_directory_is_made_or_found(void **state)
{
    const struct scratch *s = *state;
    char below[300], slash[300];
    struct stat sb;

    snprintf(below, sizeof below, "%s/d", s->dir);
    snprintf(slash, sizeof slash, "%s/d/", s->dir);
    assert_int_equal(conf_dir_make(slash), ST_OK);
    assert_int_equal(conf_dir_make(below), ST_OK);
    assert_int_equal(stat(below, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0700);
    snprintf(slash, sizeof slash, "%s/e", s->dir);
    assert_int_equal(conf_file_rename(below, slash), ST_OK);
    assert_int_equal(conf_file_rename(below, slash), ST_NOT_FOUND);
    snprintf(below, sizeof below, "%s/none/d", s->dir);
    assert_int_equal(conf_dir_make(below), ST_NOT_FOUND);
    assert_int_equal(rmdir(slash), 0);
}

/* found by fuzzing: `id =;x` was taken as a value, and printed as `id = ;x`, which is a comment */
static void test_a_value_that_is_a_comment(void **state)
{
    static const struct conf_option one[] = { { "worker.id", CONF_TEXT, false, "w1", 0, 0, "id" } };
    struct conf *c = NULL;
    struct buf errors;

    (void)state;
    buf_init(&errors, 4096);
    assert_int_equal(conf_parse(one, 1, "f", text_of("[worker]\nid =;x\n"), &c, &errors), ST_INVALID);
    conf_free(&c);
    buf_done(&errors);
}

/* What a configuration shows is what is in force; a key that stands where its file should be named is not shown, nor said by a
 * fault. */
static void items_hide_keys(void **state)
{
    static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct buf text, errors;
    struct conf *c = NULL;
    struct conf_item item;
    char number[40];

    (void)state;
    buf_init(&text, 1 << 12);
    buf_init(&errors, 1 << 12);
    buf_printf(&text, "[worker]\nlisten = ipc://x\nstore = %s\nidle = 2000ms\n", hex);
    assert_int_equal(conf_parse(TABLE, OPTIONS, "f", buf_slice(&text), &c, &errors), ST_OK);
    assert_true(conf_item(c, 0, number, &item) && item.line == 2 && !item.secret);
    assert_true(conf_item(c, 1, number, &item) && item.line == 3 && item.secret);
    assert_true(conf_item(c, 2, number, &item) && item.line == 0);
    assert_string_equal(item.value, "w1");
    assert_true(conf_item(c, 3, number, &item) && item.value == NULL && !item.secret);
    assert_true(conf_item(c, 5, number, &item) && item.line == 4);
    assert_string_equal(item.value, "2s");
    assert_false(conf_item(c, OPTIONS, number, &item));
    conf_free(&c);
    buf_clear(&text);
    buf_printf(&text, "[worker]\nlisten = x\nstore = y\nstroe = %s\nrekap-key 1 ed25519 %s\n", hex, hex);
    assert_int_equal(conf_parse(TABLE, OPTIONS, "f", buf_slice(&text), &c, &errors), ST_INVALID);
    buf_u8(&errors, 0);
    assert_null(strstr((const char *)errors.p, "0123456789"));
    assert_non_null(strstr((const char *)errors.p, "f:4:worker.stroe: \"(rahasia)\" kunci tidak dikenal; maksudnya worker.store?"));
    buf_done(&text);
    buf_done(&errors);
}

/* What `rekap config show` asks: every option in the table's order, where it stands, and whether it is a key in the place of a
 * path. */
static void test_items_are_told_one_by_one(void **state)
{
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const struct conf_option path = { "worker.copy", CONF_PATH, false, NULL, 0, 0, "directory of a copy" };
    char text[300], number[40];
    struct conf *c = NULL;
    struct conf_item it;
    struct buf errors;

    (void)state;
    for (int secret = 0; secret < 2; secret++) {
        buf_init(&errors, 4096);
        snprintf(text, sizeof text, "[worker]\nlisten = ipc:///a\nstore = %s\n", secret ? key : "ledger");
        assert_int_equal(conf_parse(TABLE, OPTIONS, "f", text_of(text), &c, &errors), ST_OK);
        assert_true(conf_item(c, 1, number, &it));
        assert_string_equal(it.name, "worker.store");
        assert_string_equal(it.value, secret ? key : "ledger");
        assert_int_equal(it.line, 3);
        assert_int_equal(it.secret, secret);
        assert_true(conf_item(c, 3, number, &it));
        assert_null(it.value);          /* not set, and nothing is set in its place */
        assert_false(it.secret);
        assert_true(conf_item(c, 6, number, &it));
        assert_string_equal(it.value, "256");
        assert_int_equal(it.line, 0);
        assert_false(conf_item(c, OPTIONS, number, &it));
        conf_free(&c);
        assert_int_equal(conf_parse(&path, 1, "f", text_of(""), &c, &errors), ST_OK);
        assert_true(conf_item(c, 0, number, &it));
        assert_true(!it.value && !it.secret);
        conf_free(&c);
        buf_done(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_hide_keys),
        cmocka_unit_test(test_golden_files),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults_are_capped),
        cmocka_unit_test(test_a_value_that_is_a_comment),
        cmocka_unit_test_setup_teardown(test_file_is_replaced_whole, make_scratch, drop_scratch),
        cmocka_unit_test(test_items_are_told_one_by_one),
        cmocka_unit_test_setup_teardown(test_a_directory_is_made_or_found, make_scratch, drop_scratch),
        cmocka_unit_test_setup_teardown(test_key_is_created_once, make_scratch, drop_scratch),
        cmocka_unit_test_setup_teardown(test_key_files_that_are_refused, make_scratch, drop_scratch),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
