/* fault.c - see fault.h; and the program: fault BIN [GROUP...] runs process, stop, disk, store, peer, wire, bell, limit, clock. */
#include "tests/it/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PUSH_MS = 90 * 1000, SETTLE_MS = 60 * 1000, FILES_MAX = LOAD_FILES };

bool fault_begin(struct fault *f, const char *bin, unsigned offices)
{
    char regions[512], csv[512];
    *f = (struct fault){ .pushed = 0 };
    if (!world_make(&f->w, bin) || !world_up(&f->w)) {
        world_check(false, "the installation does not start");
        world_logs(&f->w);
        return false;
    }
    world_path(&f->w, "registry/region.csv", regions);
    world_path(&f->w, "csv", csv);
    bool ok = load_offices(&f->load, regions) && mkdir(csv, 0700) == 0;
    for (unsigned i = 0; ok && i < offices; i++) ok = world_office(&f->w, f->load.o[i].id, f->load.o[i].region);
    world_check(ok, "the offices cannot be added");
    if (ok) load_make(&f->load, 7, 0);
    return ok;
}

void fault_end(struct fault *f)
{
    load_free(&f->load);
    world_free(&f->w);
}

static bool write_csv(struct fault *f, unsigned office, unsigned file, char path[512])
{
    char below[96];
    struct buf b;
    snprintf(below, sizeof below, "csv/%s-%02u.csv", f->load.o[office].id, file);
    world_path(&f->w, below, path);
    buf_init(&b, 1 << 20);
    load_csv(&f->load, office, file, &b);
    bool ok = buf_ok(&b) && world_write(path, b.p, b.n);
    buf_done(&b);
    return ok;
}

int fault_push(struct fault *f, unsigned office, unsigned from, unsigned to, const char *option)
{
    char path[FILES_MAX][512];
    const char *args[FILES_MAX + 8] = { "push", "--office", f->load.o[office].id };
    unsigned n = 3;
    for (unsigned i = from; i < to; i++) {
        if (!write_csv(f, office, i, path[i - from])) return -1;
        args[n++] = path[i - from];
    }
    for (uint32_t i = 0; i < f->load.o[office].n; i++)
        f->pushed += f->load.o[office].s[i].file >= from && f->load.o[office].s[i].file < to;
    args[n++] = option;
    args[n] = NULL;
    return world_rekap(&f->w, PUSH_MS, args);
}

static bool money_is(const json_t *total, const char *key, int64_t sen)
{
    char want[40];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(total, key), want);
}

static int64_t sum(const struct load_office *o, unsigned month)
{
    int64_t s = 0;
    for (unsigned leaf = 0; leaf < LOAD_LEAVES; leaf++) s += o->value[leaf][month];
    return s;
}

static void check_office(struct fault *f, unsigned at, unsigned month, const char *test)
{
    char target[256];
    const struct load_office *o = &f->load.o[at];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&office=%s&year=%u&until=%u", o->region, o->id, (unsigned)f->load.year,
             month);
    json_t *j = world_get(&f->w, target);
    const json_t *total = json_object_get(j, "total");
    world_check(money_is(total, "budget", sum(o, 0)) && money_is(total, "realised", sum(o, month)), "%s: %s has %s / %s", test,
                o->id, world_text(total, "budget"), world_text(total, "realised"));
    json_decref(j);
}

void fault_exact(struct fault *f, unsigned offices, const char *test)
{
    unsigned failures = world_failures();
    world_check(world_settled(&f->w, f->pushed, SETTLE_MS), "%s: %llu updates were pushed, not all are acknowledged and visible",
                test, (unsigned long long)f->pushed);
    for (unsigned i = 0; i < offices; i++) {
        check_office(f, i, LOAD_MONTHS, test);
        check_office(f, i, i % LOAD_MONTHS + 1, test);
    }
    json_t *j = world_get(&f->w, "/api/v1/offices?region=");
    const json_t *list = json_object_get(j, "offices");
    uint64_t received = 0, ended = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        received += (uint64_t)world_number(o, "received");
        ended += (uint64_t)(world_number(o, "effective") + world_number(o, "superseded"));
    }
    world_check(received == f->pushed && ended == f->pushed, "%s: %llu updates pushed, %llu received, %llu counted", test,
                (unsigned long long)f->pushed, (unsigned long long)received, (unsigned long long)ended);
    json_decref(j);
    if (world_failures() != failures) world_logs(&f->w);
}

bool fault_says(const struct world *w, const char *name, const char *text)
{
    char *s = world_output(w, name);
    bool says = strstr(s, text) != NULL;
    free(s);
    return says;
}

struct logging { const struct world *w; enum world_part part; const char *text; };
static bool has_logged(void *ctx)
{
    const struct logging *l = ctx;
    return world_log_has(l->w, l->part, l->text);
}

bool fault_logs(const struct world *w, enum world_part p, const char *text, int ms)
{
    struct logging l = { w, p, text };
    return world_until(ms, has_logged, &l);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(const char *bin);
    } groups[] = {
        { "process", fault_process }, { "stop", fault_stop }, { "disk", fault_disk },
        { "store", fault_store },     { "peer", fault_peer }, { "wire", fault_wire }, { "bell", fault_bell },
        { "limit", fault_limit }, { "clock", fault_clock },
    };
    if (argc < 2) return fprintf(stderr, "fault BIN [GROUP...]\n"), 2;
    world_check(fault_disk_own_mounts(),
                "no mount namespace of its own: full disks cannot be tested (root or user namespaces are needed)");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        bool wanted = argc == 2;
        for (int a = 2; a < argc; a++) wanted |= !strcmp(argv[a], groups[i].name);
        if (!wanted) continue;
        int64_t t0 = world_ms();
        groups[i].run(argv[1]);
        world_note("%s: %.1f s", groups[i].name, (double)(world_ms() - t0) / 1e3);
    }
    return world_done();
}
