/* log_test.c - lines of the log as they leave on stderr, under a clock of the test's own: both forms, levels, what does not fit,
 * what comes from outside, what is held back and counted, and a stderr that takes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/clock.h"
#include "proto/log.h"

static struct now at = { .wall = { INT64_C(1795255200123) }, .mono = { INT64_C(5000000) } };

static struct now now_of(void *ctx)
{
    (void)ctx;
    return at;
}

struct clock clock_posix(void) { return (struct clock){ .now = now_of }; }

/* stderr is a file in memory between seen_begin and seen_end, which returns its text. */
static int was, memory;
static char seen[64 << 10];

static void seen_begin(void)
{
    fflush(stderr);
    was = dup(2);
    memory = memfd_create("log", MFD_CLOEXEC);
    assert_true(was >= 0 && memory >= 0 && dup2(memory, 2) == 2);
}

static const char *seen_end(void)
{
    const ssize_t n = pread(memory, seen, sizeof seen - 1, 0);

    dup2(was, 2);
    close(was);
    close(memory);
    assert_true(n >= 0);
    seen[n] = '\0';
    return seen;
}

static unsigned lines(const char *s)
{
    unsigned n = 0;

    for (; (s = strchr(s, '\n')); s++) n++;
    return n;
}

static void a_line_says_when_who_and_what(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_init("rekap-test", LOG_L_INFO);
    at.mono.us += 5000000;
    seen_begin();
    log_write(LOG_L_WARN, "the disk is nearly full", "used=%d%% of=\"%s\"", 81, "a\tb\x7f\nc");
    log_write(LOG_L_INFO, "no pairs", "%s", "");
    log_write(LOG_L_DEBUG, "not asked for", "a=%d", 1);
    assert_string_equal(seen_end(),
                        "time=2026-11-21T10:00:00.123Z level=warn program=rekap-test msg=\"the disk is nearly full\" used=81% "
                        "of=\"a?b??c\"\n"
                        "time=2026-11-21T10:00:00.123Z level=info program=rekap-test msg=\"no pairs\"\n");
}

/* The journal has time and program of its own; only when this very stream is its. */
static void the_journal_gets_priorities(void **state)
{
    static const char *const priority[] = { "<3>level=error", "<4>level=warn", "<6>level=info", "<7>level=debug" };
    char name[64];
    struct stat st;

    (void)state;
    seen_begin();
    assert_int_equal(fstat(2, &st), 0);
    snprintf(name, sizeof name, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", name, 1);
    log_init("rekap-test", LOG_L_DEBUG);
    at.mono.us += 5000000;
    for (unsigned l = LOG_L_ERROR; l <= LOG_L_DEBUG; l++) log_write((enum log_level)l, "a line", "n=%u", l);
    const char *s = seen_end();
    for (unsigned l = 0; l < 4; l++, s = strchr(s, '\n') + 1) {
        assert_int_equal(strncmp(s, priority[l], strlen(priority[l])), 0);
        assert_int_equal(strncmp(s + strlen(priority[l]), " msg=\"a line\" n=", 16), 0);
    }
    assert_int_equal(*s, '\0');
    setenv("JOURNAL_STREAM", "1:1", 1);         /* another stream is the journal's */
    log_init("rekap-test", LOG_L_INFO);
    seen_begin();
    log_write(LOG_L_INFO, "not the journal's", "n=%d", 1);
    assert_int_equal(strncmp(seen_end(), "time=", 5), 0);
    const int keep = dup(2);
    close(2);                           /* nor is a stream that is closed */
    log_init("rekap-test", LOG_L_INFO);
    log_write(LOG_L_INFO, "into nothing", "n=%d", 1);
    assert_int_equal(dup2(keep, 2), 2);
    close(keep);
    unsetenv("JOURNAL_STREAM");
    log_init("rekap-test", LOG_L_INFO);
}

/* A line is at most 2 KiB, whole at its end. */
static void what_does_not_fit_is_cut(void **state)
{
    static char value[3000], sentence[3000];

    (void)state;
    memset(value, 'v', sizeof value - 1);
    memset(sentence, 's', sizeof sentence - 1);
    at.mono.us += 5000000;
    seen_begin();
    log_write(LOG_L_INFO, "a long value", "a=%s", value);
    const char *s = seen_end();
    assert_true(lines(s) == 1 && strlen(s) > 1900 && strlen(s) <= 2048 && strstr(s, " a=vvv"));
    seen_begin();
    log_write(LOG_L_INFO, sentence, "a=%d", 1);
    s = seen_end();
    assert_true(lines(s) == 1 && strlen(s) <= 2048 && !strstr(s, "a=1"));
}

/* Of one sentence ten lines in a second; the first one of a later second says how many there were besides. */
static void a_loop_cannot_fill_the_disk(void **state)
{
    (void)state;
    at.mono.us += 5000000;
    seen_begin();
    for (unsigned i = 0; i < 1000; i++) log_write(LOG_L_INFO, "again and again", "i=%u", i);
    log_write(LOG_L_INFO, "another one", "i=%u", 0u);
    const char *s = seen_end();
    assert_int_equal(lines(s), 11);
    assert_true(strstr(s, "i=9\n") && !strstr(s, "i=10\n") && !strstr(s, "repeated"));
    at.mono.us += 1000000;
    seen_begin();
    log_write(LOG_L_INFO, "again and again", "i=%u", 1000u);
    log_write(LOG_L_INFO, "again and again", "i=%u", 1001u);
    assert_int_equal(lines(seen_end()), 2);
}

static void held(unsigned i) { log_write(LOG_L_INFO, "held back", "i=%u", i); }

static void what_was_held_back_is_counted(void **state)
{
    (void)state;
    at.mono.us += 5000000;
    seen_begin();
    for (unsigned i = 0; i < 1000; i++) held(i);
    at.mono.us += 999999;
    held(1000);                         /* the same second */
    at.mono.us += 1;
    held(1001);
    held(1002);
    const char *s = seen_end();
    assert_int_equal(lines(s), 12);
    assert_non_null(strstr(s, "i=1001 repeated=991\n"));
    assert_non_null(strstr(s, "i=1002\n"));
}

static void errno_is_kept(void **state)
{
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC), keep = dup(2);

    (void)state;
    assert_true(full >= 0 && keep >= 0 && dup2(full, 2) == 2);
    at.mono.us += 5000000;
    errno = EXDEV;
    log_write(LOG_L_ERROR, "nobody hears it", "n=%d", 1);
    const int after = errno;
    dup2(keep, 2);
    close(keep);
    close(full);
    assert_int_equal(after, EXDEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_when_who_and_what), cmocka_unit_test(the_journal_gets_priorities),
        cmocka_unit_test(what_does_not_fit_is_cut),      cmocka_unit_test(a_loop_cannot_fill_the_disk),
        cmocka_unit_test(what_was_held_back_is_counted), cmocka_unit_test(errno_is_kept),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
