/* crash_image.c - one disk as it may be found after a cut: names and sectors chosen among what is not certain. Kind: E, tests only.
 *
 * A sector's bytes are those of one moment: when a write into it is there, so are all earlier writes into the same sector, because
 * they lay in the same page of memory. So a sector is a number: how many of the file's pending writes it has seen. The modes differ
 * in how these numbers are drawn. The same seed gives the same image. */
#include "tests/shim/crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECTOR = 512, SECTORS_A_PAGE = 8, IMAGE_MAX = 1 << 30 };

static void apply(struct crash_names *s, const struct crash_op *op)
{
    if (op->removes)
        for (unsigned i = 0; i < s->n; i++)
            if (s->e[i].parent == op->from.parent && !strcmp(s->e[i].name, op->from.name)) {
                s->e[i] = s->e[--s->n];
                break;
            }
    if (!op->adds) return;
    for (unsigned i = 0; i < s->n; i++)
        if (s->e[i].parent == op->to.parent && !strcmp(s->e[i].name, op->to.name)) {
            s->e[i].child = op->to.child;
            return;
        }
    ASSERT(s->n < CRASH_NAMES);
    s->e[s->n++] = op->to;
}

/* Names: none, all, the first ones of them, or each by itself. */
static void choose_names(struct crash_image *i)
{
    const struct crash_log *l = i->log;
    unsigned how = i->mode == CRASH_NONE ? 0 : i->mode == CRASH_ALL ? 1 : (unsigned)rng_below(&i->rng, 4);
    unsigned first = (unsigned)rng_below(&i->rng, l->ops + 1);
    i->names = l->certain;
    for (unsigned k = 0; k < l->ops; k++)
        if (how == 1 || (how == 2 && k < first) || (how == 3 && rng_chance(&i->rng, 1, 2))) apply(&i->names, &l->op[k]);
}

void crash_image_begin(struct crash_image *i, const struct crash_log *l, uint64_t seed, enum crash_mode mode)
{
    i->log = l;
    i->mode = mode;
    rng_seed(&i->rng, seed);
    i->garbage = mode > CRASH_ALL && rng_chance(&i->rng, 1, 4);
    buf_init(&i->bytes, IMAGE_MAX);
    choose_names(i);
}

void crash_image_done(struct crash_image *i) { buf_done(&i->bytes); }

/* ---- sectors ---- */

struct drawing { struct crash_image *i; const struct crash_node *f; uint32_t *version; size_t sectors, k, torn, lost; bool *in; };
static const uint32_t UNSET = UINT32_MAX;

static uint32_t draw(struct drawing *d, size_t sector, size_t piece)
{
    struct rng *r = &d->i->rng;
    uint32_t all = (uint32_t)d->f->pending_n;
    switch (d->i->mode) {
    case CRASH_NONE: return 0;
    case CRASH_PREFIX: return (uint32_t)(d->k + (piece == d->k && sector < d->torn));
    case CRASH_HOLE: return sector == d->lost ? 0 : all;
    case CRASH_FEW: return rng_chance(r, 1, 16) ? (uint32_t)rng_below(r, all + 1) : all;
    case CRASH_SECTORS: case CRASH_PAGES: return (uint32_t)rng_below(r, all + 1);
    default: return all;
    }
}

static void draw_piece(struct drawing *d, size_t j)
{
    const struct crash_piece *p = &d->f->pending[j];
    if (p->n == 0) return;
    for (size_t s = p->at / SECTOR; s <= (p->at + p->n - 1) / SECTOR; s++) {
        uint32_t *v = &d->version[s];
        if (d->i->mode == CRASH_WRITES) {
            if (*v == UNSET) *v = 0;
            if (d->in[j]) *v = (uint32_t)j + 1;
        } else if (d->i->mode == CRASH_PREFIX) {
            *v = draw(d, s, j);         /* of the write that is torn the sectors before some point have it */
        } else if (*v == UNSET) {
            size_t first = s - s % SECTORS_A_PAGE;
            bool shared = d->i->mode == CRASH_PAGES && s != first && first < d->sectors && d->version[first] != UNSET;
            *v = shared ? d->version[first] : draw(d, s, j);
        }
    }
}

static void draw_all(struct drawing *d)
{
    const struct crash_node *f = d->f;
    struct rng *r = &d->i->rng;
    d->k = rng_below(r, f->pending_n);
    const struct crash_piece *k = &f->pending[d->k];
    d->torn = k->at / SECTOR + rng_below(r, k->n / SECTOR + 2);
    const struct crash_piece *lost = &f->pending[rng_below(r, f->pending_n)];
    d->lost = lost->at / SECTOR + rng_below(r, lost->n / SECTOR + 1);
    for (size_t j = 0; j < f->pending_n; j++) d->in[j] = rng_chance(r, 1, 2);
    for (size_t j = 0; j < f->pending_n; j++) draw_piece(d, j);
}

static void copy_piece(struct drawing *d, size_t j, uint64_t size)
{
    const struct crash_piece *p = &d->f->pending[j];
    uint8_t *image = d->i->bytes.p;
    if (!p->p || p->n == 0) return;
    for (size_t s = p->at / SECTOR; s <= (p->at + p->n - 1) / SECTOR; s++) {
        uint64_t from = s * SECTOR > p->at ? s * SECTOR : p->at;
        uint64_t to = (s + 1) * SECTOR < p->at + p->n ? (s + 1) * SECTOR : p->at + p->n;
        if (to > size) to = size;
        if (d->version[s] <= j || from >= to) continue;
        memcpy(image + from, p->p + (from - p->at), to - from);
    }
}

/* The length that the file is found with: that of its certain part, of what has arrived, or of all. */
static uint64_t choose_size(struct drawing *d, uint64_t end)
{
    uint64_t arrived = d->f->n;
    if (d->i->mode == CRASH_ALL) return end;
    if (d->i->mode == CRASH_NONE) return arrived;
    for (size_t j = 0; j < d->f->pending_n; j++) {
        const struct crash_piece *p = &d->f->pending[j];
        for (uint64_t s = p->at / SECTOR; p->n && s <= (p->at + p->n - 1) / SECTOR; s++) {
            uint64_t to = (s + 1) * SECTOR < p->at + p->n ? (s + 1) * SECTOR : p->at + p->n;
            if (d->version[s] > j && to > arrived) arrived = to;
        }
    }
    uint64_t how = rng_below(&d->i->rng, 4);
    return how == 0 ? d->f->n : how == 1 ? end : arrived;
}

struct slice crash_image_file(struct crash_image *i, int node)
{
    const struct crash_node *f = &i->log->node[node];
    uint64_t end = f->n;
    buf_clear(&i->bytes);
    for (size_t j = 0; j < f->pending_n; j++)
        if (f->pending[j].at + f->pending[j].n > end) end = f->pending[j].at + f->pending[j].n;
    uint8_t *to = buf_grow(&i->bytes, end + 1);
    ASSERT(to);
    if (f->n) memcpy(to, f->durable, f->n);
    if (f->pending_n == 0) return slice_of(i->bytes.p, f->n);
    memset(to + f->n, i->garbage ? 0xa5 : 0, end - f->n);
    struct drawing d = { .i = i, .f = f, .sectors = end / SECTOR + 1 };
    d.version = malloc(d.sectors * sizeof *d.version);
    d.in = calloc(f->pending_n, sizeof *d.in);
    ASSERT(d.version && d.in);
    for (size_t s = 0; s < d.sectors; s++) d.version[s] = UNSET;
    draw_all(&d);
    uint64_t size = choose_size(&d, end);
    for (size_t j = 0; j < f->pending_n; j++) copy_piece(&d, j, size);
    free(d.version);
    free(d.in);
    return slice_of(i->bytes.p, size);
}

static bool write_below(struct crash_image *i, const char *path, int dir)
{
    char below[600];
    bool ok = true;
    for (unsigned k = 0; ok && k < i->names.n; k++) {
        const struct crash_name *e = &i->names.e[k];
        if (e->parent != dir || e->child < 0) continue;
        snprintf(below, sizeof below, "%.400s/%s", path, e->name);
        if (i->log->node[e->child].dir) {
            ok = mkdir(below, 0700) == 0 && write_below(i, below, e->child);
            continue;
        }
        struct slice bytes = crash_image_file(i, e->child);
        ok = world_write(below, bytes.p, bytes.n) && chmod(below, 0600) == 0;
    }
    return ok;
}

bool crash_image_write(struct crash_image *i, const char *dir) { return write_below(i, dir, 0); }
