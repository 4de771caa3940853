/* notice_hook_test.c - the administrator's command: its words, what it reads, sees and inherits; and that whatever it does, it is
 * over when notice_hook returns. Scripts lie in a directory of their own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/notice.h"

enum { LONG_MS = 60 * 1000, PATH_MAX_HERE = 256 };
static char dir[] = "/tmp/rekap-hook.XXXXXX";

static const char *below(const char *name)
{
    static char path[4][PATH_MAX_HERE];
    static unsigned n;
    char *p = path[n++ % 4];
    snprintf(p, PATH_MAX_HERE, "%s/%s", dir, name);
    return p;
}

static const char *script(const char *name, const char *text)
{
    const char *path = below(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", text);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

static char *content(const char *name)
{
    static char text[8192];
    FILE *f = fopen(below(name), "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static int hook_in(const char *command, const char *input, size_t n, int64_t ms, char why[NOTICE_WHY_MAX])
{
    why[0] = '\0';
    return notice_hook(command, slice_of(input, n), ms, dir, why);
}
static int hook(const char *command, char why[NOTICE_WHY_MAX]) { return hook_in(command, "x", 1, LONG_MS, why); }

static void words_without_a_shell(void **state)
{
    char command[600], why[NOTICE_WHY_MAX];
    (void)state;
    snprintf(command, sizeof command, "  %s a  \"b c\" d\"e f\"g \"\" $HOME `id` ; \t* ",
             script("args", "for a; do echo \"[$a]\"; done >args.out"));
    assert_int_equal(hook(command, why), ST_OK);
    assert_string_equal(content("args.out"), "[a]\n[b c]\n[de fg]\n[]\n[$HOME]\n[`id`]\n[;]\n[*]\n");
    assert_int_equal(hook("", why), ST_INVALID);
    assert_int_equal(hook("   ", why), ST_INVALID);
    assert_int_equal(hook("args a", why), ST_INVALID);                  /* the path is absolute, nothing is looked for */
    assert_int_equal(hook("/bin/echo \"a", why), ST_INVALID);
    char many[NOTICE_WORDS_MAX * 2 + 16] = "/bin/true";
    for (unsigned i = 1; i < NOTICE_WORDS_MAX; i++) memcpy(many + strlen(many), " a", 3);
    assert_int_equal(hook(many, why), ST_OK);
    memcpy(many + strlen(many), " a", 3);
    assert_int_equal(hook(many, why), ST_INVALID);
    char *longest = malloc(5000);
    assert_non_null(longest);
    memset(longest, 'a', 4999);
    longest[0] = '/';
    longest[4999] = '\0';
    assert_int_equal(hook(longest, why), ST_INVALID);
    free(longest);
}

static void what_it_reads_sees_and_inherits(void **state)
{
    char why[NOTICE_WHY_MAX];
    enum { BIG = 1 << 20 };
    char *big = malloc(BIG);
    (void)state;
    int open_here = open("/dev/null", O_RDONLY);
    assert_true(open_here > 2 && big);
    memset(big, 'j', BIG);
    assert_int_equal(
        hook_in(script("in", "cat >in.out; pwd >pwd.out; env | sort >env.out; ls /proc/self/fd | sort -n | tr '\\n' ' ' >fd.out"),
                "{\"a\":1}", 7, LONG_MS, why),
        ST_OK);
    assert_string_equal(content("in.out"), "{\"a\":1}");
    char *cwd = content("pwd.out");
    cwd[strcspn(cwd, "\n")] = '\0';
    assert_string_equal(cwd, dir);
    char *env = content("env.out");
    assert_non_null(strstr(env, "PATH=/usr/local/sbin:"));
    assert_non_null(strstr(env, "REKAP_DIR=/somewhere\n"));
    assert_null(strstr(env, "REKAP_SECRET"));
    assert_null(strchr(content("fd.out") + 6, '4'));                   /* 0 1 2 and the directory that ls itself has open */
    assert_int_equal(hook_in("/bin/true", big, BIG, LONG_MS, why), ST_OK);       /* does not read: holds nobody up */
    assert_int_equal(hook_in(script("size", "wc -c >size.out"), big, BIG, LONG_MS, why), ST_OK);
    assert_int_equal(strtol(content("size.out"), NULL, 10), BIG);
    free(big);
    close(open_here);
}

static void how_it_ends(void **state)
{
    char why[NOTICE_WHY_MAX];
    (void)state;
    assert_int_equal(hook(script("three", "exit 3"), why), ST_IO);
    assert_string_equal(why, "exit 3");
    assert_int_equal(hook(script("killed", "kill -9 $$"), why), ST_IO);
    assert_string_equal(why, "signal 9");
    assert_int_equal(hook(below("none"), why), ST_IO);
    assert_non_null(strstr(why, strerror(ENOENT)));
    const char *plain = script("plain", "exit 0");
    assert_int_equal(chmod(plain, 0600), 0);
    assert_int_equal(hook(plain, why), ST_IO);
    assert_non_null(strstr(why, strerror(EACCES)));
    assert_int_equal(notice_hook("/bin/true", slice_of("", 0), LONG_MS, below("nowhere"), why), ST_IO);
}

/* True: nobody has that process id any more, or only a dead one that its new parent has not looked at. */
static bool gone(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) close(fd);
    if (n <= 0) return true;
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    return end && end[1] == ' ' && end[2] == 'Z';
}

static void who_hangs_is_ended_with_all_it_started(void **state)
{
    char why[NOTICE_WHY_MAX];
    pid_t child = 0;
    (void)state;
    assert_int_equal(mkfifo(below("never"), 0600), 0);
    const char *hang = script("hang", "(exec 3<>never; read x <&3) & echo $! >child.new; mv child.new child.pid; exec 3<>never; "
                                      "read x <&3");
    for (int64_t ms = 250; child == 0 && ms < LONG_MS; ms *= 2) {       /* until it had the time to start somebody */
        assert_int_equal(hook_in(hang, "x", 1, ms, why), ST_AGAIN);
        assert_non_null(strstr(why, "over time"));
        if (access(below("child.pid"), F_OK) == 0) child = (pid_t)strtol(content("child.pid"), NULL, 10);
    }
    assert_true(child > 1);
    for (unsigned i = 0; i < 6000 && !gone(child); i++) (void)poll(NULL, 0, 10);
    assert_true(gone(child));
    /* who does not listen to being asked is not asked twice */
    assert_int_equal(hook_in(script("deaf", "trap '' TERM; exec 3<>never; while :; do read x <&3; done"), "x", 1, 100, why),
                     ST_AGAIN);
}

static int make(void **state)
{
    (void)state;
    if (setenv("REKAP_DIR", "/somewhere", 1) != 0 || setenv("REKAP_SECRET", "s", 1) != 0) return -1;
    return mkdtemp(dir) ? 0 : -1;
}

static int clean(void **state)
{
    static const char *const NAMES[] = { "args",   "args.out", "in",       "in.out",    "pwd.out",    "env.out",
                                         "fd.out", "size",     "size.out", "three",     "killed",     "plain",
                                         "hang",   "deaf",     "never",    "child.pid", "child.new" };
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) (void)unlink(below(NAMES[i]));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_without_a_shell),
        cmocka_unit_test(what_it_reads_sees_and_inherits),
        cmocka_unit_test(how_it_ends),
        cmocka_unit_test(who_hangs_is_ended_with_all_it_started),
    };
    return cmocka_run_group_tests_name("notice_hook", tests, make, clean);
}
