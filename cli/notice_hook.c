/* notice_hook.c - the administrator's command: run once, without a shell, for a bounded time. Kind: E.
 *
 * What it reads lies in a file in memory, so that a command that does not read, or reads slowly, holds nobody up and cannot break a
 * pipe. Whether the program could be started at all comes back through a descriptor that a successful exec closes. The wait is on
 * the process itself (pidfd) with a deadline; then its whole group is asked to end, and two seconds later ended.
 *
 * The command gets PATH, HOME, LANG and REKAP_DIR and nothing else of our environment, and no descriptor of ours but 0 to 2.
 * Invariant: when notice_hook returns, the command does not run any more. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/notice.h"
#include "proto/clock.h"

enum { GRACE_MS = 2000, COMMAND_MAX = 4096, VARIABLE_MAX = 4200 };

struct hook {
    char text[COMMAND_MAX];
    char *argv[NOTICE_WORDS_MAX + 1];
    char home[VARIABLE_MAX], dir[VARIABLE_MAX];
    char *env[5];
    const char *directory;
    int input;
};

/* ---- words ---- */

/* Cuts the text into words in its own place. False: too many, or a quote that does not end. */
static bool split(char *text, char *argv[NOTICE_WORDS_MAX + 1])
{
    size_t n = 0;
    char *to = text;
    for (const char *p = text; *p;) {
        bool quoted = false;
        while (*p == ' ' || *p == '\t') p++;
        if (!*p) break;
        if (n == NOTICE_WORDS_MAX) return false;
        argv[n++] = to;
        for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
            if (*p == '"') quoted = !quoted;
            else *to++ = *p;
        }
        if (quoted) return false;
        if (*p) p++; /* the end of the word is written over what was read already */
        *to++ = '\0';
    }
    argv[n] = NULL;
    return n > 0;
}

static int prepare(struct hook *h, const char *command, const char *directory, char why[NOTICE_WHY_MAX])
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
    const char *home = getenv("HOME"), *dir = getenv("REKAP_DIR");
    int n = snprintf(h->text, sizeof h->text, "%s", command);
    snprintf(why, NOTICE_WHY_MAX, "on_event: %.100s", command);
    if (n < 0 || (size_t)n >= sizeof h->text || !split(h->text, h->argv) || h->argv[0][0] != '/') return ST_INVALID;
    snprintf(h->home, sizeof h->home, "HOME=%.4000s", home ? home : "/");
    snprintf(h->dir, sizeof h->dir, "REKAP_DIR=%.4000s", dir ? dir : directory);
    h->directory = directory;
    h->env[0] = path;
    h->env[1] = lang;
    h->env[2] = h->home;
    h->env[3] = h->dir;
    h->env[4] = NULL;
    return ST_OK;
}

/* ---- the process ---- */

static int fill(struct slice input)
{
    int fd = memfd_create("rekap-notice", MFD_CLOEXEC);
    size_t at = 0;
    while (fd >= 0 && at < input.n) {
        ssize_t k = write(fd, input.p + at, input.n - at);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) {
            close(fd);
            return -1;
        }
        at += (size_t)k;
    }
    if (fd >= 0) (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

/* In the child, between fork and exec: system calls only. */
_Noreturn static void become(const struct hook *h, pid_t parent, int report)
{
    sigset_t none;
    sigemptyset(&none);
    bool ready = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && setpgid(0, 0) == 0 && dup2(h->input, 0) == 0 &&
                 chdir(h->directory) == 0 && close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
    if (ready) {
        (void)signal(SIGPIPE, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(h->argv[0], h->argv, h->env);
    }
    int error = errno;
    if (write(report, &error, sizeof error) != (ssize_t)sizeof error) _exit(126);
    _exit(127);
}

/* ST_OK: it runs. */
static int start(const struct hook *h, pid_t *ret, char why[NOTICE_WHY_MAX])
{
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) != 0) return ST_IO;
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become(h, self, report[1]);
    error = errno;
    close(report[1]);
    ssize_t n = pid > 0 ? read(report[0], &error, sizeof error) : (ssize_t)sizeof error;
    close(report[0]);
    *ret = pid;
    if (n == 0) return ST_OK;
    if (pid > 0) (void)waitpid(pid, NULL, 0);
    snprintf(why, NOTICE_WHY_MAX, "%.100s: %s", h->argv[0], strerror(error));
    return ST_IO;
}

static int64_t mono_ms(void)
{
    const struct clock c = clock_posix();
    return c.now(c.ctx).mono.us / 1000;
}

/* True: it has ended within that time. */
static bool wait_end(int fd, int64_t ms)
{
    int64_t end = mono_ms() + ms;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = end - mono_ms();
        int n = poll(&p, 1, left > 0 ? (int)(left < 1000000 ? left : 1000000) : 0);
        if (n > 0) return true;
        if (left <= 0 || (n < 0 && errno != EINTR)) return false;
    }
}

static int finish(pid_t pid, int64_t timeout_ms, char why[NOTICE_WHY_MAX])
{
    int status = 0, fd = pidfd_open(pid, 0);
    bool ended = fd >= 0 && wait_end(fd, timeout_ms);
    if (!ended) {
        (void)kill(-pid, SIGTERM);
        if (fd >= 0) (void)wait_end(fd, GRACE_MS);
        (void)kill(-pid, SIGKILL);
    }
    if (fd >= 0) close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (!ended) snprintf(why, NOTICE_WHY_MAX, "over time (%lld ms)", (long long)timeout_ms);
    else if (WIFSIGNALED(status)) snprintf(why, NOTICE_WHY_MAX, "signal %d", WTERMSIG(status));
    else snprintf(why, NOTICE_WHY_MAX, "exit %d", WEXITSTATUS(status));
    if (!ended) return ST_AGAIN;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ST_OK : ST_IO;
}

int notice_hook(const char *command, struct slice input, int64_t timeout_ms, const char *directory, char why[NOTICE_WHY_MAX])
{
    struct hook h;
    pid_t pid = 0;
    int st = prepare(&h, command, directory, why);
    if (st != ST_OK) return st;
    h.input = fill(input);
    snprintf(why, NOTICE_WHY_MAX, "%s", strerror(errno));
    if (h.input < 0) return ST_IO;
    st = start(&h, &pid, why);
    close(h.input);
    return st == ST_OK ? finish(pid, timeout_ms, why) : st;
}
