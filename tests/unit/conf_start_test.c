/* conf_start_test.c - a daemon's command line: what starts it, what ends it with which code, and what is said where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <getopt.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/conf_start.h"
#include "tests/unit/failing.h"

FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)

static const struct conf_option TABLE[] = {
    { "log.level", CONF_TEXT, false, "info", 0, 0, "how much" },
    { "worker.id", CONF_TEXT, true, NULL, 0, 0, "who" },
};
static const struct conf_start START = { "rekap-test", TABLE, 2 };
static char path[64];

/* What was said on one of the two streams while it started. */
static struct heard { FILE *stream; int was, memory; char text[8192]; } out, err;

static void listen_to(struct heard *h, FILE *stream)
{
    h->stream = stream;
    fflush(stream);
    h->was = dup(fileno(stream));
    h->memory = memfd_create("heard", MFD_CLOEXEC);
    assert_true(h->was >= 0 && h->memory >= 0 && dup2(h->memory, fileno(stream)) >= 0);
}

static void hear(struct heard *h)
{
    fflush(h->stream);
    const ssize_t n = pread(h->memory, h->text, sizeof h->text - 1, 0);

    dup2(h->was, fileno(h->stream));
    close(h->was);
    close(h->memory);
    assert_true(n >= 0);
    h->text[n] = '\0';
}

static int start(const char *a, const char *b, const char *c, struct conf **ret)
{
    char *argv[] = { strdup("rekap-test"), a ? strdup(a) : NULL, b ? strdup(b) : NULL, c ? strdup(c) : NULL, NULL };
    int argc = 1 + !!a + !!b + !!c, code;

    listen_to(&out, stdout);
    listen_to(&err, stderr);
    optind = 0;                         /* each time anew */
    errno = 0;
    code = conf_start(&START, argc, argv, ret);
    hear(&out);
    hear(&err);
    for (int i = 0; i < 4; i++) free(argv[i]);
    return code;
}

static void file_is(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void a_good_file_starts_it(void **state)
{
    static const char *const level[] = { "error", "warn", "info", "debug" };
    char text[80];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct conf *c = NULL;
        snprintf(text, sizeof text, "[worker]\nid = w1\n[log]\nlevel = %s\n", level[i]);
        file_is(text);
        assert_int_equal(start("--config", path, NULL, &c), -1);
        assert_string_equal(conf_text(c, "worker.id"), "w1");
        assert_string_equal(out.text, "");
        assert_string_equal(err.text, "");
        conf_free(&c);
    }
}

static void a_good_file_that_is_only_checked_is_printed(void **state)
{
    struct conf *c = NULL;

    (void)state;
    file_is("[worker]\nid=w1\n");
    assert_int_equal(start("--config", path, "--check", &c), 0);
    assert_null(c);
    assert_non_null(strstr(out.text, "[worker]\nid = w1\n"));
    assert_non_null(strstr(out.text, "level = info\n"));
}

static void a_faulty_file_is_said_and_starts_nothing(void **state)
{
    static const struct { const char *text, *says; } row[] = {
        { "[worker]\nid = w1\n[log]\nlevel = loud\n", "log.level: \"loud\" is not error, warn, info or debug" },
        { "[log]\nlevel = info\n", "worker.id" },
        { "[worker]\nid = w1\nidd = w2\n", "idd" },
    };
    char *big = calloc(1, (1 << 20) + 2);
    struct conf *c = NULL;

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        file_is(row[i].text);
        assert_int_equal(start("--config", path, i % 2 ? "--check" : NULL, &c), 1);
        assert_null(c);
        assert_string_equal(out.text, "");
        assert_non_null(strstr(err.text, row[i].says));
        assert_non_null(strstr(err.text, path));
    }
    assert_int_equal(start("--config", "/nonexistent/rekap.conf", NULL, &c), 1);
    assert_non_null(strstr(err.text, "/nonexistent/rekap.conf: No such file or directory\n"));
    memset(big, '\n', (1 << 20) + 1);
    file_is(big);
    free(big);
    assert_int_equal(start("--config", path, NULL, &c), 1);     /* no error of the system: the status says it */
    assert_non_null(strstr(err.text, status_str(ST_FULL)));
}

static void memory_that_is_not_there_is_said_too(void **state)
{
    struct conf *c = NULL;

    (void)state;
    file_is("[worker]\nid = w1\n");
    failing_at(1, ENOMEM);
    assert_int_equal(start("--config", path, NULL, &c), 1);
    assert_string_equal(failing_end(), "calloc");
    assert_null(c);
    assert_string_equal(err.text, "rekap-test: no memory\n");
}

static void anything_else_is_no_command_line(void **state)
{
    static const char *const bad[][3] = {
        { NULL }, { "--check" }, { "--config" }, { "--konfig", "x" }, { "--config", "x", "more" }, { "x" },
    };
    struct conf *c = NULL;

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(start(bad[i][0], bad[i][1], bad[i][2], &c), 2);
        assert_non_null(strstr(err.text, "usage: rekap-test --config FILE [--check] | --version\n"));
    }
    assert_int_equal(start("--version", NULL, NULL, &c), 0);
    assert_memory_equal(out.text, "rekap-test ", 11);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_starts_it),
        cmocka_unit_test(a_good_file_that_is_only_checked_is_printed),
        cmocka_unit_test(a_faulty_file_is_said_and_starts_nothing),
        cmocka_unit_test(memory_that_is_not_there_is_said_too),
        cmocka_unit_test(anything_else_is_no_command_line),
    };
    int fd, rc;

    snprintf(path, sizeof path, "/tmp/rekap-start-test-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    rc = cmocka_run_group_tests_name("conf_start", tests, NULL, NULL);
    unlink(path);
    return rc;
}
