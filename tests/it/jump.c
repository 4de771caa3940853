/* jump.c - a wall clock that a test moves: loaded into the daemons with LD_PRELOAD. Kind: E, tests only.
 *
 * CLOCK_REALTIME is the system's plus the milliseconds (int64, this machine's byte order) at the start of the file that
 * REKAP_TEST_CLOCK names, read anew for each call through one mapping; every other clock is the system's. Without the variable
 * nothing is changed. Only what asks through the C library is moved, by whichever of its names: a library below us may ask by
 * another one than clock_posix.c. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms(void)
{
    static const volatile int64_t *at;
    static int asked;
    if (at || __atomic_exchange_n(&asked, 1, __ATOMIC_RELAXED)) return at;
    const char *path = getenv("REKAP_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *p = fd >= 0 ? mmap(NULL, sizeof *at, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) close(fd);
    if (p != MAP_FAILED) at = p;
    return at;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, id, t);
    const volatile int64_t *ms = id == CLOCK_REALTIME ? offset_ms() : NULL;
    if (rc == 0 && ms) {
        t->tv_sec += *ms / 1000;
        t->tv_nsec += *ms % 1000 * 1000000;
        if (t->tv_nsec >= 1000000000) t->tv_sec++, t->tv_nsec -= 1000000000;
        if (t->tv_nsec < 0) t->tv_sec--, t->tv_nsec += 1000000000;
    }
    return rc;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    *t = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now;
    time_t s = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : (time_t)-1;
    if (ret) *ret = s;
    return s;
}
