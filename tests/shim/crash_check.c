/* crash_check.c - is an image what was promised? Kind: E, tests only.
 *
 * First pass over the record: after every commit of a store its contents are learnt (crash_facts.h), every version of every file
 * that was put in place whole is remembered. Then each image is held against that: a store stands at exactly one commit, not older
 * than the last one that had returned, and holds what that commit left, row by row; files are one of their versions; and the three
 * stores, found together after one cut, agree: nothing counts as acknowledged that the log does not have, nothing is folded that is
 * not in the log, no checked file is gone before it is in the outbox. A store in which nothing was pending was read once before. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/tray.h"
#include "tests/shim/crash_facts.h"

enum { META_TXN = 144, PAGE = 4096, PATHS = 128, VERSIONS = 64 };
struct versions { char path[160]; struct hash of[VERSIONS]; unsigned n; bool at_ready; int seen /* node found whole */; };
struct crash_check {
    const struct crash_scene *scene;
    char dir[400], audit[600];          /* where images are opened */
    struct facts **facts;
    size_t n, cap, opened;
    int last_node[FACTS_STORES];        /* learnt last */
    uint64_t last_txn[FACTS_STORES];
    struct chain chain;
    struct versions path[PATHS];
    unsigned paths;
    char tray[CRASH_IDS][49];           /* ids of the files that were put into the tray, in this order */
    unsigned trays;
    char why[900];
};

static const char *say(struct crash_check *c, const char *what, const char *why)
{
    char text[sizeof c->why];
    snprintf(text, sizeof text, "%s: %s", what, why);
    memcpy(c->why, text, sizeof text);
    return c->why;
}

bool crash_check_new(struct crash_check **ret, const struct crash_scene *s, const char *bin, const char *dir)
{
    struct crash_check *c = calloc(1, sizeof *c);
    char below[500];
    if (!c) return false;
    c->scene = s;
    snprintf(c->dir, sizeof c->dir, "%s", dir);
    snprintf(c->audit, sizeof c->audit, "%s/rekap-audit", bin);
    bool ok = mkdir(dir, 0700) == 0;
    for (unsigned i = 0; ok && i < FACTS_STORES; i++) {
        snprintf(below, sizeof below, "%s/%u", dir, i);
        ok = mkdir(below, 0700) == 0;
    }
    *ret = c;
    return ok;
}

void crash_check_free(struct crash_check **c)
{
    for (size_t i = 0; *c && i < (*c)->n; i++) free((*c)->facts[i]);
    if (*c) free((*c)->facts), free((*c)->chain.at);
    free(*c);
    *c = NULL;
}

size_t crash_check_commits(const struct crash_check *c) { return c->n; }
size_t crash_check_opened(const struct crash_check *c) { return c->opened; }

/* ---- stores ---- */

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

static uint64_t txn_of(struct slice data)
{
    if (data.n < 2 * PAGE) return 0;
    uint64_t a = le64(data.p + META_TXN), b = le64(data.p + PAGE + META_TXN);
    return a > b ? a : b;
}

static struct facts *facts_of(const struct crash_check *c, int node, uint64_t txn)
{
    for (size_t i = c->n; i > 0; i--)
        if (c->facts[i - 1]->node == node && c->facts[i - 1]->txn == txn) return c->facts[i - 1];
    return NULL;
}

static int store_node(const struct crash_names *names, enum facts_store s)
{
    char path[64];
    snprintf(path, sizeof path, "%s/data.mdb", facts_dir[s]);
    return crash_log_find(names, path);
}

/* In the place of glibc's for the store below: an image that is read and thrown away needs no room kept behind it, and making that
 * room was a third of the time. */
int fallocate(int fd, int mode, off_t offset, off_t n)
{
    (void)fd;
    (void)mode;
    (void)offset;
    (void)n;
    errno = EOPNOTSUPP;
    return -1;
}

/* Over the bytes of the image before: its pages are there already. */
static bool put_image(const char *path, struct slice data)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0;
    for (size_t at = 0; ok && at < data.n;) {
        ssize_t n = pwrite(fd, data.p + at, data.n - at, (off_t)at);
        ok = n > 0;
        at += ok ? (size_t)n : 0;
    }
    ok = ok && ftruncate(fd, (off_t)data.n) == 0;
    return fd >= 0 && close(fd) == 0 && ok;
}

/* The image's data file in a directory of its own, opened and read. */
static const char *read_store(struct crash_check *c, enum facts_store s, struct slice data, bool grow, struct facts *ret)
{
    char dir[500], path[520];
    snprintf(dir, sizeof dir, "%s/%u", c->dir, (unsigned)s);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    if (!put_image(path, data)) return "the image cannot be written";
    c->opened++;
    return facts_read(s, dir, &c->scene->load, &c->chain, grow, ret);
}

static bool learn_store(struct crash_check *c, struct crash_log *l, enum facts_store s, int node)
{
    struct crash_image i;
    struct facts *f = calloc(1, sizeof *f);
    ASSERT(f);
    crash_image_begin(&i, l, 1, CRASH_ALL);
    struct slice data = crash_image_file(&i, node);
    uint64_t txn = txn_of(data);
    const char *fault = read_store(c, s, data, true, f);
    crash_image_done(&i);
    if (fault) {
        world_check(false, "%s after commit %llu as recorded: %s", facts_dir[s], (unsigned long long)txn, fault);
        free(f);
        return false;
    }
    f->node = node;
    f->txn = txn;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 256;
        c->facts = realloc(c->facts, c->cap * sizeof *c->facts);
        ASSERT(c->facts);
    }
    c->facts[c->n++] = f;
    c->last_node[s] = node;
    c->last_txn[s] = l->node[node].txn;
    return true;
}

/* ---- files that are put in place whole ---- */

static bool is_store(const char *path) { return strstr(path, "/ledger") || strstr(path, "/outbox") || strstr(path, "/state"); }

static struct versions *versions_of(struct crash_check *c, const char *path, bool make)
{
    for (unsigned i = 0; i < c->paths; i++)
        if (!strcmp(c->path[i].path, path)) return &c->path[i];
    if (!make) return NULL;
    ASSERT(c->paths < PATHS && strlen(path) < sizeof c->path[0].path);
    struct versions *v = &c->path[c->paths++];
    *v = (struct versions){ .seen = CRASH_NO_NODE };
    memcpy(v->path, path, strlen(path) + 1);
    return v;
}

static bool path_of(const struct crash_names *s, const struct crash_name *e, char ret[160])
{
    char tail[160];
    snprintf(ret, 160, "%s", e->name);
    for (int at = e->parent; at > 0;) {
        unsigned i = 0;
        while (i < s->n && s->e[i].child != at) i++;
        if (i == s->n) return false;
        memcpy(tail, ret, sizeof tail);
        if (snprintf(ret, 160, "%s/%s", s->e[i].name, tail) >= 160) return false;
        at = s->e[i].parent;
    }
    return true;
}

static void learn_file(struct crash_check *c, struct crash_log *l)
{
    const struct crash_op *op = l->ops ? &l->op[l->ops - 1] : NULL;
    char path[160];
    if (!op || !op->adds || op->to.child < 0 || l->node[op->to.child].dir || !path_of(&l->now, &op->to, path)) return;
    size_t n = strlen(path);
    static const char tray[] = "collector/tray/";
    if (!strncmp(path, tray, sizeof tray - 1) && n > 5 && !strcmp(path + n - 5, ".tray")) {
        ASSERT(c->trays < CRASH_IDS);
        snprintf(c->tray[c->trays++], sizeof c->tray[0], "%.*s", (int)(n - 5 - (sizeof tray - 1)), path + sizeof tray - 1);
    }
    if (is_store(path) || strstr(path, "tray/") || strstr(path, ".lock")) return;
    struct crash_image i;
    crash_image_begin(&i, l, 1, CRASH_ALL);
    struct slice bytes = crash_image_file(&i, op->to.child);
    struct versions *v = versions_of(c, path, true);
    ASSERT(v->n < VERSIONS);
    v->of[v->n++] = sign_hash(bytes.p, bytes.n);
    crash_image_done(&i);
}

static uint32_t op_now(const struct crash_log *l, size_t before)
{
    struct record_head h;
    if (before + sizeof h > l->size) return 0;
    memcpy(&h, l->map + before, sizeof h);
    return h.op;
}

/* The record that is about to be read begins at l->at; call crash_log_step through here. */
bool crash_check_learn(struct crash_check *c, struct crash_log *l)
{
    size_t before = l->at;
    if (!crash_log_step(l)) return false;
    uint32_t op = op_now(l, before);
    if (op == RECORD_RENAME || op == RECORD_LINK) learn_file(c, l);
    if (l->mark_n == sizeof(struct crash_mark)) {
        struct crash_mark m;
        memcpy(&m, l->mark, sizeof m);
        for (unsigned i = 0; m.ready && i < c->paths; i++)
            if (crash_log_find(&l->now, c->path[i].path) >= 0) c->path[i].at_ready |= m.offices == 0;
    }
    if (op != RECORD_RANGE && op != RECORD_RENAME) return true;
    for (unsigned s = 0; s < FACTS_STORES; s++) {
        int node = store_node(&l->now, s);
        if (node < 0 || (c->last_node[s] == node && c->last_txn[s] == l->node[node].txn)) continue;
        if (!learn_store(c, l, s, node)) return false;
    }
    return true;
}

static int by_lsn(const void *a, const void *b)
{
    const struct facts *x = *(const struct facts *const *)a, *y = *(const struct facts *const *)b;
    return (x->lsn > y->lsn) - (x->lsn < y->lsn);
}

/* After the first pass: the states that were learnt are what the log folds to (the ledger learnt last still lies there). */
bool crash_check_learnt(struct crash_check *c)
{
    char dir[500];
    const struct facts **states = calloc(c->n + 1, sizeof *states);
    size_t n = 0;
    ASSERT(states);
    for (size_t i = 0; i < c->n; i++)
        if (c->facts[i]->store == FACTS_STATE) states[n++] = c->facts[i];
    qsort(states, n, sizeof *states, by_lsn);
    snprintf(dir, sizeof dir, "%s/%u", c->dir, (unsigned)FACTS_LEDGER);
    const char *fault = facts_refold(dir, states, n);
    world_check(fault == NULL && n > 2, "%zu states as recorded: %s", n, fault ? fault : "too few");
    free(states);
    return fault == NULL;
}

/* ---- one image ---- */

static const char *check_store(struct crash_check *c, struct crash_image *i, enum facts_store s, bool ready,
                               const struct facts **ret)
{
    int node = store_node(&i->names, s);
    struct facts found;
    *ret = NULL;
    if (node < 0) return ready ? say(c, facts_dir[s], "it is not there") : NULL;
    const struct crash_node *f = &i->log->node[node];
    struct slice data = crash_image_file(i, node);
    uint64_t txn = txn_of(data);
    struct facts *want = facts_of(c, node, txn);
    if (want && f->pending_n == 0 && want->seen && txn >= f->txn && s != FACTS_LEDGER) return *ret = want, NULL;
    const char *fault = read_store(c, s, data, false, &found);
    if (fault) return say(c, facts_dir[s], fault);
    if (!want) return say(c, facts_dir[s], "it stands at no commit");
    if (txn < f->txn) return say(c, facts_dir[s], "a commit that had returned is lost");
    if (memcmp(&found.dump, &want->dump, sizeof found.dump)) return say(c, facts_dir[s], "it is not what its commit left");
    want->seen = true;
    *ret = want;
    return NULL;
}

static const char *check_together(struct crash_check *c, const struct facts *f[FACTS_STORES], const struct crash_mark *known)
{
    static const struct facts none;
    const struct facts *l = f[FACTS_LEDGER] ? f[FACTS_LEDGER] : &none, *o = f[FACTS_OUTBOX] ? f[FACTS_OUTBOX] : &none,
                       *s = f[FACTS_STATE] ? f[FACTS_STATE] : &none;
    for (unsigned i = 0; i < CRASH_OFFICES; i++) {
        if (l->watermark[i] < known->acked[i]) return "the log lacks updates that were acknowledged";
        if (o->acked[i] < known->acked[i]) return "the outbox has forgotten an acknowledgement";
        if (l->watermark[i] < o->acked[i]) return "the outbox has an acknowledgement of what the log lacks";
        if (o->last[i] < l->watermark[i]) return "the log has what the outbox never signed";
    }
    if (s->lsn > l->lsn) return "the state has folded what the log lacks";
    if (s->lsn && memcmp(&s->log, &c->chain.at[s->lsn], sizeof s->log)) return "the state stands in another log";
    return NULL;
}

static const char *check_tray_file(struct slice bytes)
{
    struct tray_reader r;
    struct tray_row row;
    struct tray t;
    int st = tray_open(bytes, &t, &r);
    while (st == ST_OK) st = tray_next(&r, &row);
    return st == ST_NOT_FOUND ? NULL : "a file in the tray is not whole";
}

static const char *check_tray(const struct crash_check *c, struct crash_image *i, const struct facts *outbox,
                              const struct crash_mark *known)
{
    int tray = crash_log_find(&i->names, "collector/tray");
    unsigned returned = 0;
    for (unsigned k = 0; k < CRASH_OFFICES; k++) returned += known->returned[k];
    for (unsigned k = 0; k < i->names.n; k++) {
        const struct crash_name *e = &i->names.e[k];
        size_t n = strlen(e->name);
        if (e->parent != tray || n < 5 || strcmp(e->name + n - 5, ".tray")) continue;
        const char *fault = check_tray_file(crash_image_file(i, e->child));
        if (fault) return fault;
    }
    for (unsigned k = 0; k < returned && k < c->trays; k++) {
        char path[96];
        bool taken = false;
        for (unsigned j = 0; outbox && j < outbox->ids && !taken; j++) taken = !strcmp(outbox->id[j], c->tray[k]);
        snprintf(path, sizeof path, "collector/tray/%s.tray", c->tray[k]);
        if (!taken && crash_log_find(&i->names, path) < 0) return "a push that had returned is neither in the tray nor imported";
    }
    return NULL;
}

static const char *check_file(struct crash_check *c, struct crash_image *i, struct versions *v,
                              const struct crash_mark *known)
{
    int node = crash_log_find(&i->names, v->path);
    if (node < 0) return known->ready && v->at_ready ? say(c, v->path, "it is not there") : NULL;
    bool offices = !strcmp(v->path, "registry/office.tsv");
    if (node == v->seen && i->log->node[node].pending_n == 0 && !offices) return NULL;
    struct slice bytes = crash_image_file(i, node);
    const struct hash h = sign_hash(bytes.p, bytes.n);
    unsigned k = 0, lines = 0;
    while (k < v->n && memcmp(&h, &v->of[k], sizeof h)) k++;
    if (k == v->n) return say(c, v->path, "it is none of its versions");
    for (size_t at = 0; offices && at < bytes.n; at++) lines += bytes.p[at] == '\n';
    if (offices && lines < known->offices + 1) return say(c, v->path, "an office that was added is lost");
    v->seen = node;
    return NULL;
}

static const char *check_keys(const struct crash_check *c, const struct crash_image *i, const struct crash_mark *known)
{
    char path[96];
    for (unsigned k = 0; k < known->offices; k++) {
        snprintf(path, sizeof path, "keys/office/%s.key", c->scene->load.o[k].id);
        if (crash_log_find(&i->names, path) < 0) return "the key of an office that was added is lost";
    }
    return NULL;
}

static const char *run_audit(struct crash_check *c)
{
    char dir[500];
    snprintf(dir, sizeof dir, "%s/%u", c->dir, (unsigned)FACTS_LEDGER);
    const char *const args[] = { c->audit, dir, NULL };
    return world_run(&c->scene->w, 20000, args) == 0 ? NULL : say(c, "rekap-audit", "it finds a fault");
}

const char *crash_check_image(struct crash_check *c, struct crash_image *i, const struct crash_mark *known, bool audit)
{
    const struct facts *f[FACTS_STORES];
    const char *fault = NULL;
    for (unsigned s = 0; !fault && s < FACTS_STORES; s++) fault = check_store(c, i, s, known->ready, &f[s]);
    if (!fault) fault = check_together(c, f, known);
    if (!fault) fault = check_tray(c, i, f[FACTS_OUTBOX], known);
    for (unsigned k = 0; !fault && k < c->paths; k++) fault = check_file(c, i, &c->path[k], known);
    if (!fault) fault = check_keys(c, i, known);
    if (!fault && audit && f[FACTS_LEDGER] && f[FACTS_LEDGER]->lsn) fault = run_audit(c);
    return fault;
}
