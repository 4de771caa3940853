/* fault_disk.c - full disks, with a small tmpfs of the test's own under one store. Nothing that was acknowledged or queued may be
 * lost, the sender must be told, and all goes on when there is room. Needs the right to mount; without it the tests say so and are
 * left out. */
#include <dirent.h>
#include <errno.h>
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

/* The world is down: its directory `below` becomes a small tmpfs with the same content. */
static bool shrink(const struct fault *f, const char *below)
{
    char dir[512], aside[560];
    world_path(&f->w, below, dir);
    snprintf(aside, sizeof aside, "%s.aside", dir);
    char from[600];
    snprintf(from, sizeof from, "%s/.", aside);
    const char *const args[] = { "/bin/cp", "-a", "--sparse=always", from, dir, NULL };
    if (rename(dir, aside) != 0 || mkdir(dir, 0700) != 0) return false;
    if (mount("rekap-it", dir, "tmpfs", MS_NOSUID | MS_NODEV, SMALL) == 0) return world_run(&f->w, LONG_MS, args) == 0;
    world_note("LEWAT: a tmpfs cannot be mounted here (%s); a full disk is not tested", strerror(errno));
    (void)rmdir(dir);
    (void)rename(aside, dir);
    return false;
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

/* A file of the test's own takes what is left of the disk but `leave` bytes. */
static bool stuff(const struct fault *f, const char *below, uint64_t leave)
{
    char dir[512], path[560];
    struct statvfs v;
    static const char zeros[65536];
    world_path(&f->w, below, dir);
    snprintf(path, sizeof path, "%s/stuffing", dir);
    FILE *o = statvfs(dir, &v) == 0 ? fopen(path, "w") : NULL;
    uint64_t left = (uint64_t)v.f_bavail * v.f_frsize;
    bool ok = o != NULL;
    for (; ok && left > leave; left -= sizeof zeros < left ? sizeof zeros : left)
        ok = fwrite(zeros, 1, sizeof zeros, o) == sizeof zeros;
    return o && fclose(o) == 0 && ok;
}

static int64_t acked(const struct fault *f)
{
    uint64_t n = world_acked(&f->w, NULL);
    return n == UINT64_MAX ? -1 : (int64_t)n;
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
    world_check(stuff(f, "worker", 1 << 20), "the worker's disk cannot be filled");
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

static unsigned tray_files(const struct fault *f)
{
    char path[512];
    unsigned n = 0;
    world_path(&f->w, "collector/tray", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += strstr(e->d_name, ".tray") != NULL;
    if (d) closedir(d);
    return n;
}

/* The outbox has no room but the tray has: files wait there, the collector says so. Without any room the push fails loudly. */
static void outbox_full(struct fault *f)
{
    world_check(fault_push(f, 0, 0, 2, "--wait") == 0, "push before the collector's disk is full");
    int64_t before = acked(f);
    world_check(stuff(f, "collector", 2 << 20), "the collector's disk cannot be filled");
    world_check(fault_push(f, 0, 2, LOAD_FILES, NULL) == 0, "a push that the tray still has room for");
    world_check(fault_logs(&f->w, WORLD_COLLECTOR, "store is full", TOLD_MS),
                "the collector's log does not say that its store is full");
    world_check(tray_files(f) == LOAD_FILES - 2, "of %u files that cannot be imported %u are in the tray", LOAD_FILES - 2,
                tray_files(f));
    world_check(acked(f) >= before && world_answers(&f->w, WORLD_COLLECTOR),
                "a collector with a full disk forgets or does not answer");
    uint64_t pushed = f->pushed;
    world_check(stuff(f, "collector/tray", 0), "the tray's disk cannot be filled");
    int rc = fault_push(f, 1, 0, 1, NULL);
    world_check(rc == 1 || rc == 3, "a push without any room ends with %d", rc);
    world_check(fault_says(&f->w, "err", "space") || fault_says(&f->w, "out", "space"), "a push without any room does not say why");
    f->pushed = pushed;
    world_check(enlarge(f, "collector"), "the collector's disk cannot be enlarged");
    world_check(fault_push(f, 1, 0, LOAD_FILES, "--wait") == 0, "a push after there is room");
    fault_exact(f, OFFICES, "after the collector's disk has room again");
    world_check(tray_files(f) == 0, "files are left in the tray");
}

static void on_small_disk(const char *bin, const char *below, void (*test)(struct fault *f))
{
    static struct fault f;
    if (fault_begin(&f, bin, OFFICES)) {
        world_check(world_down(&f.w), "`up` does not end by itself");
        if (shrink(&f, below)) {
            bool up = world_up(&f.w);
            world_check(up, "`up` does not start on a small disk");
            if (up) test(&f);
            (void)world_down(&f.w);
            restore(&f, below);
        }
    }
    fault_end(&f);
}

void fault_disk(const char *bin)
{
    on_small_disk(bin, "worker", worker_full);
    on_small_disk(bin, "collector", outbox_full);
}
