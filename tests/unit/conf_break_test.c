/* conf_break_test.c - whole files, directories and keys when a call below them fails, each in turn with several errors (failing.h).
 *
 * What must hold: a file has its old bytes or its new ones, whole; of a key that was made both ends know the same, or there is
 * none; nothing of a temporary file is left where its removal did not fail itself; no descriptor is; the next attempt goes well. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/conf.h"
#include "tests/unit/failing.h"

static const int WHY[] = { EIO, ENOSPC, EDQUOT, EFBIG, EACCES, ENOTDIR, EINTR, ENOMEM };
enum { WHYS = sizeof WHY / sizeof *WHY, KEY_BYTES = 32 };

struct scene { char dir[64], path[96]; };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "%s", "/tmp/rekap-conf-break-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/file", s->dir);
    *state = s;
    return 0;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct scene *s = *state;

    assert_int_equal(nftw(s->dir, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(s);
    return 0;
}

static unsigned entries(const struct scene *s)
{
    DIR *d = opendir(s->dir);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n - 2;
}

static void assert_content(const struct scene *s, const char *one, const char *other)
{
    struct buf b;

    buf_init(&b, 1000);
    assert_int_equal(conf_file_read(s->path, 1000, &b), ST_OK);
    const bool is_one = b.n == strlen(one) && memcmp(b.p, one, b.n) == 0;
    assert_true(is_one || (b.n == strlen(other) && memcmp(b.p, other, b.n) == 0));
    buf_done(&b);
}

/* The status that an error is: full, not there, busy, or what the call says of itself. */
static void assert_status(const char *call, int why, int st)
{
    const bool memory = strcmp(call, "realloc") == 0 || strcmp(call, "asprintf") == 0 || strcmp(call, "strndup") == 0
                        || strcmp(call, "strdup") == 0;
    const int of_error = why == ENOSPC || why == EDQUOT || why == EFBIG ? ST_FULL : why == ENOTDIR ? ST_NOT_FOUND : ST_IO;

    if (memory) assert_true(st == ST_NO_MEMORY || st == ST_IO);
    else if (st != ST_IO && st != of_error) fail_msg("%s failed with %d: %s", call, why, status_str(st));
}

static const char OLD[] = "the old bytes", NEW[] = "bytes that are new";

static void a_file_has_its_old_bytes_or_its_new_ones(void **state)
{
    const struct scene *s = *state;
    unsigned tried = 0, interrupted = 0;

    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++, tried++) {
            assert_int_equal(conf_file_write(s->path, text(OLD), 0600), ST_OK);
            const unsigned open_now = failing_descriptors();
            failing_at(n, WHY[w]);
            const int st = conf_file_write(s->path, text(NEW), 0600);
            const char *call = failing_end();
            more = call != NULL;
            if (st != ST_OK) assert_status(call, WHY[w], st);
            else if (call && WHY[w] == EINTR && strcmp(call, "write") == 0) interrupted++;
            else if (call) assert_string_equal(call, "close");          /* of the directory, which was only read */
            assert_content(s, st == ST_OK ? NEW : OLD, NEW);
            assert_int_equal(failing_descriptors(), open_now);
            assert_int_equal(entries(s), 1);
        }
    }
    assert_int_equal(interrupted, 1);
    assert_true(tried > WHYS * 8);
}

static void a_file_is_read_whole_or_not(void **state)
{
    const struct scene *s = *state;
    struct buf b;

    assert_int_equal(conf_file_write(s->path, text(NEW), 0600), ST_OK);
    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++) {
            const unsigned open_now = failing_descriptors();
            buf_init(&b, 1000);
            failing_at(n, WHY[w]);
            const int st = conf_file_read(s->path, 1000, &b);
            const char *call = failing_end();
            more = call != NULL;
            if (st != ST_OK) assert_status(call, WHY[w], st);
            else assert_true(b.n == strlen(NEW) && memcmp(b.p, NEW, b.n) == 0);
            if (st == ST_OK && call) assert_true((WHY[w] == EINTR && !strcmp(call, "read")) || !strcmp(call, "close"));
            buf_done(&b);
            assert_int_equal(failing_descriptors(), open_now);
        }
    }
    buf_init(&b, 4);                    /* room for less than there is */
    assert_int_equal(conf_file_read(s->path, 1000, &b), ST_NO_MEMORY);
    buf_done(&b);
}

/* A key that could be made is the one that is read; one that could not, is made the next time. */
static void a_key_is_made_once_or_not(void **state)
{
    const struct scene *s = *state;
    uint8_t secret[KEY_BYTES], pub[KEY_BYTES], secret2[KEY_BYTES], pub2[KEY_BYTES];
    unsigned tried = 0, made = 0;

    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++, tried++) {
            const unsigned open_now = failing_descriptors();
            (void)unlink(s->path);
            failing_at(n, WHY[w]);
            const int st = conf_key_create(s->path, "ed25519", secret, pub);
            const char *call = failing_end();
            more = call != NULL;
            made += st == ST_OK;
            assert_int_equal(failing_descriptors(), open_now);
            assert_true(entries(s) <= (call && strcmp(call, "unlink") == 0 ? 2 : 1));
            assert_int_equal(conf_key_create(s->path, "ed25519", secret2, pub2), ST_OK);
            if (st == ST_OK) assert_true(memcmp(secret, secret2, KEY_BYTES) == 0 && memcmp(pub, pub2, KEY_BYTES) == 0);
            else assert_status(call, WHY[w], st);
        }
    }
    assert_true(made >= WHYS && tried > WHYS * 10);
}

/* Another process is faster: both know the key of the one that came first. */
struct race { const struct scene *s; uint8_t secret[KEY_BYTES], pub[KEY_BYTES]; };

static void make_it_first(void *ctx)
{
    struct race *r = ctx;

    assert_int_equal(conf_key_create(r->s->path, "ed25519", r->secret, r->pub), ST_OK);
}

static void who_comes_second_takes_the_key_of_the_first(void **state)
{
    struct race r = { .s = *state };
    uint8_t secret[KEY_BYTES], pub[KEY_BYTES];
    bool raced = false;

    failing_hook = make_it_first;
    failing_hook_ctx = &r;
    for (unsigned n = 1; !raced; n++) {
        (void)unlink(r.s->path);
        failing_at(n, EEXIST);
        const int st = conf_key_create(r.s->path, "ed25519", secret, pub);
        const char *call = failing_end();
        assert_non_null(call);
        raced = strcmp(call, "link") == 0;
        if (raced) assert_int_equal(st, ST_OK);
    }
    failing_hook = NULL;
    assert_true(memcmp(secret, r.secret, KEY_BYTES) == 0 && memcmp(pub, r.pub, KEY_BYTES) == 0);
    assert_int_equal(entries(r.s), 1);
}

static void key_files_that_are_none(void **state)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char public_of_zeros[] = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
    static const struct { const char *head, *secret, *pub, *tail, *reason; } row[] = {
        { "rekap-key 1 ed25519", zeros, public_of_zeros, "", NULL }, { "rekap-key 1 ed25519", zeros, public_of_zeros, "\n", NULL },
        { "rekap-kex 1 ed25519", zeros, public_of_zeros, "", "bukan berkas kunci rekap" },
        { "rekap-key 2 ed25519", zeros, public_of_zeros, "", "bukan berkas kunci rekap" },
        { "rekap-key 1 curve25519", zeros, public_of_zeros, "", "kunci jenis lain" },
        { "rekap-key 1 ed25519", "zz", public_of_zeros, "", "berkas kunci rusak" },
        { "rekap-key 1 ed25519", zeros, "00", "", "berkas kunci rusak" },
        { "rekap-key 1 ed25519", zeros, public_of_zeros, " x", "berkas kunci rusak" },
        { "rekap-key 1 ed25519", zeros, zeros, "", "kunci publik tidak cocok dengan kunci rahasianya" },
    };
    const struct scene *s = *state;
    uint8_t secret[KEY_BYTES], pub[KEY_BYTES];
    char line[700], err[300];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(line, sizeof line, "%s %s %s%s", row[i].head, row[i].secret, row[i].pub, row[i].tail);
        assert_int_equal(conf_file_write(s->path, text(line), 0600), ST_OK);
        assert_int_equal(conf_key_read(s->path, "ed25519", secret, pub, err, sizeof err), row[i].reason ? ST_INVALID : ST_OK);
        if (row[i].reason) assert_non_null(strstr(err, row[i].reason));
    }
    snprintf(line, sizeof line, "rekap-key 1 ed25519 %sg %s", "000000000000000000000000000000000000000000000000000000000000000",
             public_of_zeros);                  /* 64 characters, the last one no digit */
    assert_int_equal(conf_file_write(s->path, text(line), 0600), ST_OK);
    assert_int_equal(conf_key_read(s->path, "ed25519", secret, pub, err, sizeof err), ST_INVALID);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    assert_int_equal(conf_file_write(s->path, text(line), 0600), ST_OK);        /* longer than any key file */
    assert_int_equal(conf_key_read(s->path, "ed25519", secret, pub, err, sizeof err), ST_INVALID);
    assert_non_null(strstr(err, "bukan berkas kunci rekap"));
}

static void names_of_every_sort(void **state)
{
    const struct scene *s = *state;
    char was[4096];

    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(s->dir), 0);
    assert_int_equal(conf_file_write("file", text(NEW), 0600), ST_OK);          /* beside us */
    assert_int_equal(conf_dir_make("below///"), ST_OK);
    assert_int_equal(chdir(was), 0);
    assert_content(s, NEW, NEW);
    assert_int_equal(conf_dir_make("/"), ST_OK);        /* is there */
}

static void a_key_is_read_or_the_reason_said(void **state)
{
    const struct scene *s = *state;
    uint8_t secret[KEY_BYTES], pub[KEY_BYTES], secret2[KEY_BYTES], pub2[KEY_BYTES];
    char err[200];

    assert_int_equal(conf_key_create(s->path, "curve25519", secret, pub), ST_OK);
    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++) {
            const unsigned open_now = failing_descriptors();
            memset(secret2, 0, sizeof secret2);
            failing_at(n, WHY[w]);
            const int st = conf_key_read(s->path, "curve25519", secret2, pub2, err, sizeof err);
            const char *call = failing_end();
            more = call != NULL;
            if (st == ST_OK) {
                assert_true(memcmp(secret, secret2, KEY_BYTES) == 0 && memcmp(pub, pub2, KEY_BYTES) == 0);
            } else {
                assert_status(call, WHY[w], st);
                assert_true(strncmp(err, s->path, strlen(s->path)) == 0 && strlen(err) > strlen(s->path) + 2);
                assert_int_equal(secret2[0] | secret2[31], 0);          /* nothing is given out */
            }
            assert_int_equal(failing_descriptors(), open_now);
        }
    }
}

static void a_directory_is_made_or_the_reason_said(void **state)
{
    const struct scene *s = *state;
    char below[110];

    snprintf(below, sizeof below, "%s/below", s->dir);
    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++) {
            const unsigned open_now = failing_descriptors();
            failing_at(n, WHY[w]);
            const int st = conf_dir_make(below);
            const char *call = failing_end();
            more = call != NULL;
            if (st != ST_OK) assert_status(call, WHY[w], st);
            else if (call && strcmp(call, "close") != 0) assert_int_equal(WHY[w], EACCES);      /* a parent we may not read */
            assert_int_equal(failing_descriptors(), open_now);
            assert_int_equal(conf_dir_make(below), ST_OK);
            assert_int_equal(rmdir(below), 0);
        }
    }
}

static void what_is_set_aside_is_never_written_over(void **state)
{
    const struct scene *s = *state;
    static char longer[CONF_ASIDE_SIZE + 10];
    char to[CONF_ASIDE_SIZE], want[120];

    assert_int_equal(conf_file_aside(s->path, to), ST_NOT_FOUND);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(conf_file_write(s->path, text(NEW), 0600), ST_OK);
        assert_int_equal(conf_file_aside(s->path, to), ST_OK);
        snprintf(want, sizeof want, "%s.lama-%u", s->path, i);
        assert_string_equal(to, want);
    }
    assert_int_equal(entries(s), 3);
    assert_int_equal(conf_file_write(s->path, text(NEW), 0600), ST_OK);
    failing_at(1, ENOSPC);
    assert_int_equal(conf_file_aside(s->path, to), ST_FULL);
    assert_string_equal(failing_end(), "rename");
    assert_content(s, NEW, NEW);
    size_t at = (size_t)snprintf(longer, sizeof longer, "%s", s->dir);
    while (at < CONF_ASIDE_SIZE - 8) at += (size_t)snprintf(longer + at, sizeof longer - at, "/.");
    snprintf(longer + at, sizeof longer - at, "/file");
    if (strlen(longer) < 4096) assert_int_equal(conf_file_aside(longer, to), ST_FULL);
    assert_content(s, NEW, NEW);
}

/* Ten thousand names are enough; then somebody has to look. */
static void names_run_out(void **state)
{
    const struct scene *s = *state;
    char to[CONF_ASIDE_SIZE], name[CONF_ASIDE_SIZE];

    assert_int_equal(conf_file_write(s->path, text(NEW), 0600), ST_OK);
    for (unsigned i = 1; i <= 10000; i++) {
        snprintf(name, sizeof name, "%s.lama-%u", s->path, i);
        assert_int_equal(symlink(s->path, name), 0);
    }
    assert_int_equal(conf_file_aside(s->path, to), ST_FULL);
    unlink(name);
    assert_int_equal(conf_file_aside(s->path, to), ST_OK);
    assert_string_equal(to, name);
    for (unsigned i = 1; i <= 10000; i++) {
        snprintf(name, sizeof name, "%s.lama-%u", s->path, i);
        unlink(name);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_file_has_its_old_bytes_or_its_new_ones),
        T(a_file_is_read_whole_or_not),
        T(a_key_is_made_once_or_not),
        T(who_comes_second_takes_the_key_of_the_first),
        T(key_files_that_are_none),
        T(names_of_every_sort),
        T(a_key_is_read_or_the_reason_said),
        T(a_directory_is_made_or_the_reason_said),
        T(what_is_set_aside_is_never_written_over),
        T(names_run_out),
    };
#undef T
    return cmocka_run_group_tests_name("conf_break", tests, NULL, NULL);
}
