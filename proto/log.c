/* log.c - one line per event on stderr: logfmt, or the journal's priorities when it listens. Kind: E.
 *
 * Design notes: a line is built whole and leaves in one write(2), so lines of two threads never mix. When stderr is the
 * journal (JOURNAL_STREAM names its device and inode) time and program are the journal's own and the line starts with <N>;
 * else it carries them itself. Of one message at most RATE_BURST lines leave in a second, so that three peers lost at once are
 * all named but a broken loop cannot fill the disk; what was held back is counted on the next line of it, as "repeated=N".
 *
 * A log that cannot be written must not stop a daemon: the result of write is ignored, and errno is kept for the caller.
 *
 * Invariant: errno after log_write is what it was before. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "period.h"

enum { LINE_MAX_BYTES = 2048, RATE_SLOTS = 64, RATE_BURST = 10, PROGRAM_BYTES = 32 };
#define RATE_WINDOW_US INT64_C(1000000)

static const char *const NAMES[] = {"error", "warn", "info", "debug"};
static const char PRIORITIES[] = {'3', '4', '6', '7'};          /* sd-daemon(3) */

struct rate {                           /* one message, told by its constant sentence */
    const char *msg;
    int64_t since_us;           /* start of its second */
    unsigned sent, held;        /* in that second */
};
static struct {
    pthread_mutex_t lock;
    char program[PROGRAM_BYTES];
    enum log_level level;
    bool journal;
    struct rate rate[RATE_SLOTS];
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .program = "rekap", .level = LOG_L_INFO};

/* Is stderr the stream that systemd connected to the journal? (systemd.exec(5), JOURNAL_STREAM) */
static bool stderr_is_journal(void)
{
    const char *env = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;

    if (!env || fstat(STDERR_FILENO, &st) != 0) return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return !strcmp(env, own);
}

void log_init(const char *program, enum log_level level)
{
    pthread_mutex_lock(&logger.lock);
    snprintf(logger.program, sizeof logger.program, "%s", program);
    logger.level = level;
    logger.journal = stderr_is_journal();
    pthread_mutex_unlock(&logger.lock);
}

/* Lets through or holds back. *ret_held: how many of this message were held back since the last one. Called locked. */
static bool rate_pass(const char *msg, struct mono now, unsigned *ret_held)
{
    struct rate *r = &logger.rate[((uintptr_t)msg >> 3) % RATE_SLOTS];

    *ret_held = 0;
    if (r->msg != msg || now.us - r->since_us >= RATE_WINDOW_US) {
        *ret_held = r->msg == msg ? r->held : 0;
        *r = (struct rate){msg, now.us, 0, 0};
    }
    if (r->sent < RATE_BURST) {
        r->sent++;
        return true;
    }
    r->held++;
    return false;
}

static size_t put_head(char *line, size_t size, enum log_level l, const char *msg, struct wall now)
{
    char time[32];
    int n;

    period_format_time(now, time);
    if (logger.journal)
        n = snprintf(line, size, "<%c>level=%s msg=\"%s\"", PRIORITIES[l], NAMES[l], msg);
    else
        n = snprintf(line, size, "time=%s level=%s program=%s msg=\"%s\"", time, NAMES[l], logger.program, msg);
    ASSERT(n > 0);                      /* fixed formats */
    return (size_t)n < size ? (size_t)n : size - 1;
}

/* A value from outside must not start a line of its own, nor move the terminal's cursor. */
static void defuse(char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f) p[i] = '?';
}

static size_t put_pairs(char *line, size_t n, size_t size, const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
static size_t put_pairs(char *line, size_t n, size_t size, const char *fmt, va_list ap)
{
    int k;

    if (n + 2 > size) return n;
    line[n] = ' ';
    k = vsnprintf(line + n + 1, size - n - 1, fmt, ap);
    if (k <= 0) return n;
    return (size_t)k < size - n - 1 ? n + 1 + (size_t)k : size - 1;
}

void log_write(enum log_level l, const char *msg, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    const size_t room = sizeof line - 32;       /* the rest is for "repeated=" and the line's end */
    struct now now;
    int keep = errno;
    unsigned held;
    va_list ap;
    size_t n;
    bool pass;

    if (l > logger.level) return;
    now = clock_posix().now(NULL);
    pthread_mutex_lock(&logger.lock);
    pass = rate_pass(msg, now.mono, &held);
    pthread_mutex_unlock(&logger.lock);
    if (pass) {
        n = put_head(line, room, l, msg, now.wall);
        va_start(ap, fmt);
        n = put_pairs(line, n, room, fmt, ap);
        va_end(ap);
        defuse(line, n);
        if (held) n += (size_t)snprintf(line + n, sizeof line - n, " repeated=%u", held);
        line[n++] = '\n';
        (void)!write(STDERR_FILENO, line, n);
    }
    errno = keep;
}
