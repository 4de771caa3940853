/* net_world.c - see net.h: namespaces, the centre and the machines of the offices, made as people make them: invite, join, approve.
 * Kind: E, tests only.
 *
 * The test lives in a network namespace of its own where the kernel lets it (root, or a user namespace), so its ports meet nobody;
 * elsewhere it takes free ports of the loopback. The ledger's and one office's disk are small tmpfs in its own mount namespace, for
 * the full disks. An office's invitation names the proxy's address, so an office knows no other way to the worker. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/it/net.h"

enum { COMMAND_MS = 30 * 1000 };
static const char SMALL[] = "size=48m,mode=0700";

/* ---- namespaces ---- */

static bool write_line(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return ok;
}

static bool as_own_root(int flags)
{
    char uid[64], gid[64];
    snprintf(uid, sizeof uid, "0 %u 1\n", (unsigned)getuid());
    snprintf(gid, sizeof gid, "0 %u 1\n", (unsigned)getgid());
    return unshare(CLONE_NEWUSER | flags) == 0 && write_line("/proc/self/setgroups", "deny") &&
           write_line("/proc/self/uid_map", uid) && write_line("/proc/self/gid_map", gid);
}

static bool loopback_up(void)
{
    struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

bool net_namespace(void)
{
    bool mounts = unshare(CLONE_NEWNS) == 0 || as_own_root(CLONE_NEWNS);
    bool alone = mounts && unshare(CLONE_NEWNET) == 0;
    world_note("network: %s", alone ? "a namespace of its own" : "the loopback of this machine");
    if (alone && !loopback_up()) return world_note("the namespace has no loopback: %s", strerror(errno)), false;
    return mounts && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool small_disk(const struct world *w, const char *below)
{
    char dir[512];
    world_path(w, below, dir);
    return mkdir(dir, 0700) == 0 && mount("rekap-it", dir, "tmpfs", MS_NOSUID | MS_NODEV, SMALL) == 0;
}

static void no_disk(const struct world *w, const char *below)
{
    char dir[512];
    world_path(w, below, dir);
    (void)umount2(dir, MNT_DETACH);
}

/* ---- machines ---- */

static bool centre_up(struct net *n, const char *bin, unsigned *ret_port)
{
    unsigned http = world_port();
    *ret_port = world_port_from(http + 1);
    if (!world_make(&n->centre, bin) || !small_disk(&n->centre, "worker") || !world_clock_make(&n->centre)) return false;
    snprintf(n->centre.http, sizeof n->centre.http, "127.0.0.1:%u", http);
    snprintf(n->centre.listen, sizeof n->centre.listen, "tcp://127.0.0.1:%u", *ret_port);
    return world_up(&n->centre);
}

/* The first line a command printed. */
static bool first_line(const struct world *w, char *ret, size_t size)
{
    char *text = world_output(w, "out");
    if (text) text[strcspn(text, "\n")] = '\0';
    bool ok = text && *text && snprintf(ret, size, "%s", text) < (int)size;
    free(text);
    return ok;
}

static bool join(struct net *n, struct net_machine *m, const char *id)
{
    char address[64], line[4096];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%u", m->port);
    const char *const invite[] = { "office", "invite", id, "--region", "33.74", "--name", id, "--address", address, NULL };
    const char *const approve[] = { "office", "approve", id, NULL };
    if (world_rekap(&n->centre, COMMAND_MS, invite) != 0 || !first_line(&n->centre, line, sizeof line)) return false;
    const char *const joining[] = { "office", "join", line, NULL };
    return world_rekap(m->w, COMMAND_MS, joining) == 0 && world_rekap(&n->centre, COMMAND_MS, approve) == 0;
}

static bool machine_up(struct net *n, struct net_machine *m, const char *bin, unsigned *port)
{
    m->w = &m->own;
    unsigned to = (unsigned)strtoul(strrchr(n->centre.listen, ':') + 1, NULL, 10);
    m->port = *port = world_port_from(*port + 1);
    m->proxy = proxy_new(m->port, to, n->seed + m->number);
    if (!m->proxy || !world_make(&m->own, bin) || !world_clock_make(&m->own)) return false;
    if (m->number == 1 && !small_disk(&m->own, "collector")) return false;
    if (!join(n, m, n->h.o[m->number].id)) return world_logs(&n->centre), false;
    m->own.office = true;
    return world_up(&m->own);
}

bool net_begin(struct net *n, const char *bin)
{
    unsigned port = 0;
    bool ok = centre_up(n, bin, &port);
    if (!ok) world_logs(&n->centre);
    for (unsigned i = 0; ok && i < NET_MACHINES; i++) {
        struct net_machine *m = &n->m[i];
        *m = (struct net_machine){ .w = &n->centre, .number = i, .net = n };
        rng_seed(&m->rng, n->seed * 1000 + i);
        snprintf(n->h.o[i].id, sizeof n->h.o[i].id, "gen-3374-%02u", 41 + i);
        ok = i == NET_LOCAL ? world_office(&n->centre, n->h.o[i].id, "33.74") : machine_up(n, m, bin, &port);
        if (!ok) world_note("machine %u cannot be set up", i);
    }
    return ok;
}

void net_end(struct net *n)
{
    for (unsigned i = 1; i < NET_MACHINES; i++) {
        if (n->m[i].own.up) (void)world_down(&n->m[i].own);
        if (i == 1 && n->m[i].own.dir[0]) no_disk(&n->m[i].own, "collector");
        world_free(&n->m[i].own);
        proxy_free(&n->m[i].proxy);
    }
    if (n->centre.up) (void)world_down(&n->centre);
    if (n->centre.dir[0]) no_disk(&n->centre, "worker");
    world_free(&n->centre);
    history_free(&n->h);
}
