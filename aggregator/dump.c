/* dump.c - see dump.h. Kind: E.
 *
 * One read transaction, so the text is of one position of each log; the loop folds on meanwhile, and the pages it replaces are free
 * again afterwards. The text is made and sorted in memory (about the size of the store) and written as a whole.
 *
 * Invariant: while state is DUMP_RUNNING only the thread touches the other fields, and the thread is not joined. */
#include "aggregator/dump.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/conf.h"
#include "proto/log.h"

enum { WORKERS_MAX = 256 };
static const size_t TEXT_BYTES_MAX = (size_t)64 << 30;
struct dump {
    pthread_t thread;
    bool started;                       /* and not joined yet */
    struct store *store;
    char path[4096], why[512];
    struct dump_position at[WORKERS_MAX];
    unsigned n;
    _Atomic int state;
};

static int positions(struct dump *d, struct store_txn *t)
{
    int st = ST_OK;
    d->n = 0;
    for (unsigned w = 1; st == ST_OK && w < WORKERS_MAX; w++) {
        struct dump_position *p = &d->at[d->n];
        p->worker = w;
        st = fold_applied(t, w, &p->lsn, &p->hash);
        d->n += st == ST_OK && p->lsn > 0;
    }
    return st;
}

static int write_text(struct dump *d, struct slice text)
{
    if (access(d->path, F_OK) == 0) return ST_BUSY;
    return conf_file_write(d->path, text, 0600);
}

static void *work(void *arg)
{
    struct dump *d = arg;
    struct store_txn *t = NULL;
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    int st = store_begin(d->store, false, &t);
    if (st == ST_OK) st = positions(d, t);
    if (st == ST_OK) st = export_portable(t, &text);
    store_abort(&t);
    if (st == ST_OK) st = write_text(d, buf_slice(&text));
    buf_done(&text);
    if (st != ST_OK) snprintf(d->why, sizeof d->why, "%s", status_str(st));
    log_write(st == ST_OK ? LOG_L_INFO : LOG_L_ERROR, "state exported", "to=%s status=\"%s\"", d->path, status_str(st));
    atomic_store(&d->state, st == ST_OK ? DUMP_DONE : DUMP_FAILED);
    return NULL;
}

static void join(struct dump *d)
{
    if (d->started) pthread_join(d->thread, NULL);
    d->started = false;
}

int dump_start(struct dump **pd, struct store *s, const char *path)
{
    struct dump *d = *pd ? *pd : calloc(1, sizeof *d);
    if (!d) return ST_NO_MEMORY;
    *pd = d;
    if (atomic_load(&d->state) == DUMP_RUNNING) return ST_BUSY;
    join(d);
    if (strlen(path) >= sizeof d->path) return ST_INVALID;
    memcpy(d->path, path, strlen(path) + 1);
    d->store = s;
    d->why[0] = '\0';
    atomic_store(&d->state, DUMP_RUNNING);
    d->started = pthread_create(&d->thread, NULL, work, d) == 0;
    if (!d->started) atomic_store(&d->state, DUMP_NONE);
    return d->started ? ST_OK : ST_NO_MEMORY;
}

enum dump_state dump_state(struct dump *d, const char **ret_why, const struct dump_position **ret_at, unsigned *ret_n)
{
    enum dump_state state = d ? (enum dump_state)atomic_load(&d->state) : DUMP_NONE;
    *ret_why = state == DUMP_FAILED ? d->why : "";
    *ret_at = d ? d->at : NULL;
    *ret_n = state == DUMP_DONE ? d->n : 0;
    return state;
}

void dump_free(struct dump **d)
{
    if (!*d) return;
    join(*d);
    free(*d);
    *d = NULL;
}
