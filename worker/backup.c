/* backup.c - see backup.h. Kind: E.
 *
 * The thread touches the store only through its own copy (store_lmdb_copy), never a transaction of the loop, so the loop goes on
 * taking batches. What it has to say it leaves in `state`, which is written last and read first.
 *
 * Invariant: while state is BACKUP_RUNNING only the thread writes `why`, and the thread is not joined. */
#include "worker/backup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/log.h"

struct backup {
    pthread_t thread;
    bool started;                       /* and not joined yet */
    bool lasting;
    struct store *store;
    char dir[4096], why[512];
    _Atomic int state;
};

static void *copy(void *arg)
{
    struct backup *b = arg;
    int st = store_lmdb_copy(b->store, b->dir, b->lasting, b->why, sizeof b->why);

    if (st == ST_OK) log_write(LOG_L_INFO, "ledger copied", "to=%s", b->dir);
    else log_write(LOG_L_ERROR, "ledger not copied", "reason=\"%s\"", b->why);
    atomic_store(&b->state, st == ST_OK ? BACKUP_DONE : BACKUP_FAILED);
    return NULL;
}

static void join(struct backup *b)
{
    if (b->started) pthread_join(b->thread, NULL);
    b->started = false;
}

int backup_start(struct backup **pb, struct store *s, const char *dir, bool lasting)
{
    struct backup *b = *pb != NULL ? *pb : calloc(1, sizeof *b);

    if (b == NULL) return ST_NO_MEMORY;
    *pb = b;
    if (atomic_load(&b->state) == BACKUP_RUNNING) return ST_BUSY;
    join(b);
    if (strlen(dir) >= sizeof b->dir) return ST_INVALID;
    memcpy(b->dir, dir, strlen(dir) + 1);
    b->store = s;
    b->lasting = lasting;
    b->why[0] = '\0';
    atomic_store(&b->state, BACKUP_RUNNING);
    b->started = pthread_create(&b->thread, NULL, copy, b) == 0;
    if (!b->started) atomic_store(&b->state, BACKUP_NONE);
    return b->started ? ST_OK : ST_NO_MEMORY;
}

enum backup_state backup_state(struct backup *b, const char **ret_why)
{
    enum backup_state state = b != NULL ? (enum backup_state)atomic_load(&b->state) : BACKUP_NONE;

    *ret_why = state == BACKUP_FAILED ? b->why : "";
    return state;
}

void backup_free(struct backup **pb)
{
    if (*pb == NULL) return;
    join(*pb);
    free(*pb);
    *pb = NULL;
}
