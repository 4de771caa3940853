/* attack_meter.c - memory of its own and descriptors of two processes, looked at again and again by a thread. Kind: E, tests only.
 *
 * RssAnon and not VmRSS: pages of a mapped store belong to the system's cache and go when somebody else needs the room. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/it/attack.h"

enum { LOOK_EVERY_MS = 20, FDS_EVERY = 10 };
struct meter { pthread_t thread; atomic_bool stop; pid_t pid[2]; struct meter_look most[2]; };

static int64_t memory_of(pid_t pid)
{
    char path[64], line[256];
    long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "RssAnon:", 8)) kib = strtoll(line + 8, NULL, 10);
    if (f) fclose(f);
    return kib;
}

static unsigned descriptors_of(pid_t pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

struct meter_look meter_look(pid_t pid) { return (struct meter_look){ memory_of(pid), descriptors_of(pid) }; }

static void *watch(void *arg)
{
    struct meter *m = arg;
    for (unsigned n = 0; !atomic_load(&m->stop); n++, world_pause(LOOK_EVERY_MS))
        for (unsigned i = 0; i < 2; i++) {
            int64_t kib = memory_of(m->pid[i]);
            unsigned fds = n % FDS_EVERY == 0 ? descriptors_of(m->pid[i]) : 0;
            if (kib > m->most[i].memory_kib) m->most[i].memory_kib = kib;
            if (fds > m->most[i].fds) m->most[i].fds = fds;
        }
    return NULL;
}

struct meter *meter_start(pid_t worker, pid_t aggregator)
{
    struct meter *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->pid[0] = worker;
    m->pid[1] = aggregator;
    if (pthread_create(&m->thread, NULL, watch, m) == 0) return m;
    free(m);
    return NULL;
}

void meter_stop(struct meter *m, struct meter_look ret[2])
{
    atomic_store(&m->stop, true);
    pthread_join(m->thread, NULL);
    memcpy(ret, m->most, sizeof m->most);
    free(m);
}
