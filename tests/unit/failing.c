/* failing.c - see failing.h. */
#include "failing.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>

static _Thread_local struct { unsigned left; int why; const char *hit; } now;
bool failing_commit_done;
void (*failing_hook)(void *ctx);
void *failing_hook_ctx;

void failing_at(unsigned n, int why)
{
    now.left = n;
    now.why = why;
    now.hit = NULL;
}

const char *failing_end(void)
{
    now.left = 0;
    return now.hit;
}

bool failing_now(const char *call)
{
    if (now.left == 0 || --now.left > 0) return false;
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
