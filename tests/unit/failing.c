/* failing.c - see failing.h. */
#include "failing.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static _Thread_local struct { unsigned left; int why; bool arms; const char *only, *hit; } now;
static struct { _Atomic(const char *) call; atomic_uint left; atomic_int why; _Atomic(const char *) hit; } elsewhere;
bool failing_commit_done;
void (*failing_hook)(void *ctx);
void *failing_hook_ctx;

void failing_at(unsigned n, int why) { failing_call(NULL, n, why); }

void failing_call(const char *call, unsigned n, int why)
{
    now.arms = true;
    now.only = call;
    now.left = n;
    now.why = why;
    now.hit = NULL;
}

void failing_elsewhere(const char *call, unsigned n, int why)
{
    now.arms = true;
    now.hit = NULL;
    atomic_store(&elsewhere.hit, NULL);
    atomic_store(&elsewhere.why, why);
    atomic_store(&elsewhere.left, n);
    atomic_store(&elsewhere.call, call);
}

const char *failing_end(void)
{
    const char *there = atomic_exchange(&elsewhere.hit, NULL);

    now.left = 0;
    atomic_store(&elsewhere.call, NULL);
    return now.hit ? now.hit : there;
}

/* For a thread that has armed nothing: is it the call that another one waits for? */
static bool fails_elsewhere(const char *call)
{
    const char *want = atomic_load(&elsewhere.call);

    if (now.arms || !want || strcmp(want, call) != 0 || atomic_fetch_sub(&elsewhere.left, 1) != 1) return false;
    now.why = atomic_load(&elsewhere.why);
    atomic_store(&elsewhere.hit, call);
    return true;
}

bool failing_now(const char *call)
{
    if (now.left == 0) return fails_elsewhere(call);
    if ((now.only && strcmp(now.only, call) != 0) || --now.left > 0) return false;
    now.hit = call;
    if (failing_hook) failing_hook(failing_hook_ctx);
    return true;
}

int failing_why(void) { return now.why; }

int failing_errno(void)
{
    errno = now.why > 0 ? now.why : EIO;
    return -1;
}

unsigned failing_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}
