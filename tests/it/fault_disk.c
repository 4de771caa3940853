/* fault_disk.c - full disks, with a small tmpfs of the test's own under one store. Nothing that was acknowledged or queued may be
 * lost, the sender must be told, and all goes on when there is room. Needs the right to mount; without it the tests say so and are
 * left out. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/it/fault.h"

enum { LONG_MS = 40 * 1000, TOLD_MS = 20 * 1000, OFFICES = 2 };
static const char SMALL[] = "size=24m,mode=0700", LARGE[] = "size=256m,mode=0700";

/* ---- mounts ---- */

static bool write_line(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return ok;
}

/* Who is not root may mount in a user namespace, where he is root to himself. */
bool fault_disk_own_mounts(void)
{
    char map[64];
    const unsigned uid = (unsigned)getuid(), gid = (unsigned)getgid();
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        snprintf(map, sizeof map, "0 %u 1\n", uid);
        if (!write_line("/proc/self/setgroups", "deny") || !write_line("/proc/self/uid_map", map)) return false;
        snprintf(map, sizeof map, "0 %u 1\n", gid);
        if (!write_line("/proc/self/gid_map", map)) return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* The world is down: its directory `below` becomes a small tmpfs with the same content. */
static bool shrink(const struct fault *f, const char *below)
{
    char dir[512], aside[560], from[600];
    world_path(&f->w, below, dir);
    snprintf(aside, sizeof aside, "%s.aside", dir);
    snprintf(from, sizeof from, "%s/.", aside);
    const char *const args[] = { "/bin/cp", "-a", "--sparse=always", from, dir, NULL };
    if (rename(dir, aside) != 0 || mkdir(dir, 0700) != 0) return false;
    return mount("rekap-it", dir, "tmpfs", MS_NOSUID | MS_NODEV, SMALL) == 0 && world_run(&f->w, LONG_MS, args) == 0;
}

static void restore(const struct fault *f, const char *below)
{
    char dir[512];
    world_path(&f->w, below, dir);
    if (umount2(dir, MNT_DETACH) != 0) world_note("%s stays mounted: %s", dir, strerror(errno));
}

static bool enlarge(const struct fault *f, const char *below)
{
    char dir[512];
    world_path(&f->w, below, dir);
    return mount("rekap-it", dir, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, LARGE) == 0;
}

/* A file of the test's own takes all that is left of the disk. */
static bool stuff(const struct fault *f, const char *below)
{
    char dir[512], path[560];
    struct statvfs v;
    static const char zeros[65536];
    world_path(&f->w, below, dir);
    snprintf(path, sizeof path, "%s/stuffing", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, zeros, sizeof zeros) > 0) {}
    bool full = errno == ENOSPC;
    if (fd >= 0) close(fd);
    return fd >= 0 && full && statvfs(dir, &v) == 0 && v.f_bavail == 0;
}

static int64_t acked(const struct fault *f)
{
    uint64_t n = world_acked(&f->w, NULL);
    return n == UINT64_MAX ? -1 : (int64_t)n;
}

struct waiting { const struct fault *f; int64_t updates; };
static bool all_acked(void *ctx)
{
    const struct waiting *w = ctx;
    return acked(w->f) == w->updates;
}

/* ---- the worker's disk ---- */

struct refused { const struct world *w; bool collector, office; };
static bool sender_knows(void *ctx)
{
    struct refused *r = ctx;
    json_t *j = world_status(r->w, WORLD_COLLECTOR);
    const json_t *list = json_object_get(j, "offices");
    r->collector |= !strcmp(world_text(j, "refused"), "PENYIMPANAN_PENUH");
    for (size_t i = 0; i < json_array_size(list); i++)
        r->office |= !strcmp(world_text(json_array_get(list, i), "state"), "PENYIMPANAN_PENUH");
    json_decref(j);
    return r->collector || r->office;
}

static void worker_full(struct fault *f)
{
    world_check(fault_push(f, 0, 0, 2, "--wait") == 0, "push before the worker's disk is full");
    int64_t before = acked(f);
    world_check(stuff(f, "worker"), "the worker's disk cannot be filled");
    world_check(fault_push(f, 0, 2, LOAD_FILES, NULL) == 0, "a push while the worker's disk is full must be kept");
    struct refused r = { .w = &f->w };
    world_check(world_until(TOLD_MS, sender_knows, &r), "the sender is not told PENYIMPANAN_PENUH");
    const char *const args[] = { "status", NULL };
    (void)world_rekap(&f->w, LONG_MS, args);
    world_check(fault_says(&f->w, "out", "PENYIMPANAN_PENUH") || fault_says(&f->w, "out", "penuh"),
                "status does not say that the worker's store is full");
    world_check(fault_logs(&f->w, WORLD_WORKER, "store is full", 1000), "the worker's log does not say that its store is full");
    world_check(world_answers(&f->w, WORLD_WORKER), "a worker with a full disk does not answer");
    world_check(acked(f) >= before, "acknowledged updates went away");
    world_check(fault_push(f, 1, 0, LOAD_FILES, NULL) == 0, "another office's push while the worker's disk is full");
    world_check(enlarge(f, "worker"), "the worker's disk cannot be enlarged");
    fault_exact(f, OFFICES, "after the worker's disk has room again");
}

/* ---- the collector's disk ---- */

/* The outbox has no room but the tray has: files wait there, in their order, and the collector says so. */
static void outbox_full(struct fault *f)
{
    world_check(fault_push(f, 0, 0, 2, "--wait") == 0, "push before the collector's disk is full");
    int64_t before = acked(f);
    world_check(stuff(f, "collector/outbox"), "the collector's disk cannot be filled");
    world_check(fault_push(f, 0, 2, LOAD_FILES, NULL) == 0, "a push that the tray still has room for");
    world_check(fault_logs(&f->w, WORLD_COLLECTOR, "store is full", TOLD_MS),
                "the collector's log does not say that its store is full");
    world_check(world_tray_files(&f->w) > 0, "a collector with a full disk let go of the tray's files");
    world_check(fault_push(f, 1, 0, LOAD_FILES, NULL) == 0, "another office's push that the tray still has room for");
    world_check(acked(f) >= before && world_answers(&f->w, WORLD_COLLECTOR),
                "a collector with a full disk forgets or does not answer");
    world_check(enlarge(f, "collector/outbox"), "the collector's disk cannot be enlarged");
    fault_exact(f, OFFICES, "after the collector's disk has room again");
    world_check(world_tray_files(&f->w) == 0, "files are left in the tray");
}

/* The tray itself has no room: the push fails and says why, and leaves nothing half written; later the same push works. */
static void tray_full(struct fault *f)
{
    world_check(stuff(f, "collector/tray"), "the tray's disk cannot be filled");
    uint64_t pushed = f->pushed;
    int rc = fault_push(f, 0, 0, LOAD_FILES, NULL);
    world_check(rc == 1 || rc == 3, "a push without any room ends with %d", rc);
    world_check(fault_says(&f->w, "err", "space") || fault_says(&f->w, "out", "space"), "a push without any room does not say why");
    world_check(world_tray_files(&f->w) == 0, "a push without any room leaves %u files", world_tray_files(&f->w));
    f->pushed = pushed;
    world_check(enlarge(f, "collector/tray"), "the tray's disk cannot be enlarged");
    world_check(fault_push(f, 0, 0, LOAD_FILES, "--wait") == 0 && fault_push(f, 1, 0, LOAD_FILES, "--wait") == 0,
                "a push after there is room");
    fault_exact(f, OFFICES, "after the tray has room again");
}

/* ---- the aggregator's disk ---- */

/* What it shows stays as it was, the offices are acknowledged all the same, and it catches up by itself. */
static void state_full(struct fault *f)
{
    world_check(fault_push(f, 0, 0, 2, "--wait") == 0, "push before the aggregator's disk is full");
    world_check(stuff(f, "aggregator"), "the aggregator's disk cannot be filled");
    world_check(fault_push(f, 0, 2, LOAD_FILES, NULL) == 0, "a push while the aggregator's disk is full");
    world_check(fault_push(f, 1, 0, LOAD_FILES, NULL) == 0, "another office's push while the aggregator's disk is full");
    world_check(fault_logs(&f->w, WORLD_AGGREGATOR, "store is full", TOLD_MS),
                "the aggregator's log does not say that its store is full");
    struct waiting w = { f, (int64_t)f->pushed };
    world_check(world_until(TOLD_MS, all_acked, &w), "a full aggregator holds up the offices");
    world_check(world_get_status(&f->w, "/api/v1/offices?region=", NULL) == 200, "a full aggregator does not answer");
    world_check(enlarge(f, "aggregator"), "the aggregator's disk cannot be enlarged");
    fault_exact(f, OFFICES, "after the aggregator's disk has room again");
}

static void on_small_disk(const char *bin, const char *below, void (*test)(struct fault *f))
{
    static struct fault f;
    if (fault_begin(&f, bin, OFFICES)) {
        world_check(world_down(&f.w), "`up` does not end by itself");
        bool small = shrink(&f, below), up = small && world_up(&f.w);
        world_check(up, "`up` does not start with a small disk for %s: %s", below, small ? "see its log" : strerror(errno));
        if (up) test(&f);
        (void)world_down(&f.w);
        restore(&f, below);
    }
    fault_end(&f);
}

void fault_disk(const char *bin)
{
    on_small_disk(bin, "worker", worker_full);
    on_small_disk(bin, "collector/outbox", outbox_full);
    on_small_disk(bin, "collector/tray", tray_full);
    on_small_disk(bin, "aggregator", state_full);
}
