/* desk.c - see desk.h. Kind: E.
 *
 * Tray files are read in name order (their names start with the time they were written). A file is handed to the node once per
 * listing; it is unlinked only after the transaction that holds its batches is committed, so a crash in between imports it again,
 * which the node recognises by its id. A damaged file is set aside under another name and never looked at again.
 *
 * Invariant: of one office, no file is taken before an older one that could still be taken: the later statement of a figure is the
 * one that counts. So whatever makes an earlier file wait (a step thrown away, a full store, a key that was not there yet) ends the
 * listing. Files that wait for a key are passed over until the keys change; while the store is full none is read at all. */
#include "collector/desk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/collect_import.h"
#include "collector/desk_priv.h"
#include "proto/conf.h"
#include "proto/log.h"
#include "proto/scrub_json.h"

static const int64_t LOOK_US = 200 * 1000, KEYS_LOOK_US = 1000 * 1000, FULL_LOOK_US = 1000 * 1000;
enum { KEYS_A_SECOND = 1024 };

/* ---- directory listings ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list_free(struct desk_list *l)
{
    for (size_t i = 0; i < l->n; i++) free(l->name[i]);
    free(l->name);
    *l = (struct desk_list){ 0 };
}

static bool list_add(struct desk_list *l, const char *name)
{
    char **bigger = realloc(l->name, (l->n + 1) * sizeof *bigger);
    if (!bigger) return false;
    l->name = bigger;
    l->name[l->n] = strdup(name);
    return l->name[l->n] ? (l->n++, true) : false;
}

static int list_dir(const char *dir, const char *suffix, struct desk_list *ret)
{
    DIR *d = opendir(dir);
    if (!d) return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    struct desk_list l = { 0 };
    int st = ST_OK;
    for (struct dirent *e; st == ST_OK && (e = readdir(d));) {
        size_t n = strlen(e->d_name), s = strlen(suffix);
        if (e->d_name[0] != '.' && n > s && !strcmp(e->d_name + n - s, suffix) && !list_add(&l, e->d_name)) st = ST_NO_MEMORY;
    }
    closedir(d);
    if (st == ST_OK && l.n) qsort(l.name, l.n, sizeof *l.name, by_name);
    if (st == ST_OK) *ret = l;
    else list_free(&l);
    return st;
}

/* Forgets the rest of the present listing; the next one begins with the oldest file there is. */
static void list_again(struct desk *d)
{
    list_free(&d->files);
    d->at = 0;
    d->look_now = true;
}

/* ---- office keys ---- */

static int load_key(struct desk *d, const char *name, struct signer *ring, struct slice *ret_id)
{
    char path[4096], err[256];
    uint8_t secret[32], pub[PUBKEY_SIZE];
    size_t n = strlen(name) - strlen(".key");
    struct slice id = slice_of(name, n);
    snprintf(path, sizeof path, "%s/%s", d->o.offices, name);
    if (n == 0 || n > OFFICE_ID_MAX) return ST_INVALID;
    int st = conf_key_read(path, "ed25519", secret, pub, err, sizeof err);
    if (st != ST_OK) {
        log_write(LOG_L_WARN, "office key cannot be used", "file=%s reason=\"%s\"", path, err);
        return st;
    }
    st = sign_ed25519_ring_add(ring, id, secret);
    explicit_bzero(secret, sizeof secret);
    if (st == ST_OK) *ret_id = id;
    return st;
}

static int load_keys(struct desk *d)
{
    struct desk_list l = { 0 };
    struct signer ring;
    int st = list_dir(d->o.offices, ".key", &l);
    if (st == ST_NOT_FOUND) st = ST_OK;
    if (st != ST_OK) return st;
    struct slice *ids = calloc(l.n ? l.n : 1, sizeof *ids);
    st = ids ? sign_ed25519_ring_new(&ring) : ST_NO_MEMORY;
    size_t n = 0;
    d->keys_again = false;
    for (size_t i = 0; st == ST_OK && i < l.n; i++) {
        int one = load_key(d, l.name[i], &ring, &ids[n]);
        n += one == ST_OK;
        d->keys_again |= one == ST_IO || one == ST_NO_MEMORY;
    }
    if (st == ST_OK) {
        struct signer old = *d->o.signer;
        *d->o.signer = ring;
        if (old.ctx) sign_ed25519_ring_free(&old);
        st = collect_set_offices(d->o.collect, ids, n);
        d->key_count = n;
    }
    free(ids);
    list_free(&l);
    return st;
}

/* Changes whenever a key file comes, goes, is renamed or written over: a directory's own time does not tell the last. */
static bool keys_stamp(const struct desk *d, uint64_t *ret)
{
    struct desk_list l = { 0 };
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    if (list_dir(d->o.offices, ".key", &l) != ST_OK) return false;
    for (size_t i = 0; i < l.n; i++) {
        char path[4096];
        struct stat sb = { 0 };
        snprintf(path, sizeof path, "%s/%s", d->o.offices, l.name[i]);
        (void)stat(path, &sb);
        const uint64_t parts[] = { sb.st_ino, (uint64_t)sb.st_size, (uint64_t)sb.st_mtim.tv_sec, (uint64_t)sb.st_mtim.tv_nsec,
                                   (uint64_t)sb.st_mode };
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) h = (h ^ parts[k]) * UINT64_C(0x100000001b3);
    }
    *ret = h ^ l.n;
    list_free(&l);
    return true;
}

static void look_for_keys(struct desk *d)
{
    uint64_t stamp = 0;
    if (!keys_stamp(d, &stamp) || stamp == d->keys_seen) return;
    d->keys_seen = stamp;
    if (load_keys(d) != ST_OK) {
        log_write(LOG_L_ERROR, "office keys cannot be loaded", "dir=%s", d->o.offices);
        d->keys_seen = 0;
        return;
    }
    /* A key that the machine could not read just now is not gone: its office's files would wait until the directory changes. */
    if (d->keys_again) d->keys_seen = 0;
    log_write(LOG_L_INFO, "offices served", "count=%zu", d->key_count);
    list_free(&d->held);
    list_again(d);                      /* files that waited for a key come before those not looked at yet */
}

void desk_reload(struct desk *d)
{
    d->keys_seen = 0;
    look_for_keys(d);
}

/* ---- the tray ---- */

static void tray_path(const struct desk *d, const char *name, char *ret, size_t size)
{
    snprintf(ret, size, "%s/%s", d->o.tray, name);
}

/* The machine is out of something for a moment; anything else is the file's own fault, and the others need not wait for it. */
static bool passing(int st)
{
    return st == ST_NO_MEMORY || errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EINTR;
}

static int source_next(void *ctx, struct message *ret)
{
    struct desk *d = ctx;
    if (collect_full(d->o.collect)) d->at = d->files.n;
    while (d->at < d->files.n && d->read_count < DESK_FILES_PER_STEP) {
        char path[4096];
        tray_path(d, d->files.name[d->at++], path, sizeof path);
        struct buf *b = &d->read[d->read_count];
        buf_init(b, TRAY_BYTES_MAX);
        int st = conf_file_read(path, TRAY_BYTES_MAX, b);
        if (st != ST_OK) {
            buf_done(b);
            if (st == ST_NOT_FOUND) continue;
            log_write(LOG_L_ERROR, "tray file cannot be read", "file=%s reason=\"%s\"", path, strerror(errno));
            if (passing(st)) d->at = d->files.n;
            continue;
        }
        d->read_count++;
        *ret = (struct message){ .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = buf_slice(b) };
        return ST_OK;
    }
    if (d->at == d->files.n) list_free(&d->files), d->at = 0;
    return ST_AGAIN;
}

static void source_release(void *ctx)
{
    struct desk *d = ctx;
    for (size_t i = 0; i < d->read_count; i++) buf_done(&d->read[i]);
    if (d->replies < d->read_count) list_again(d);      /* the step was thrown away */
    d->read_count = d->replies = 0;
}

static void set_aside(struct desk *d, const char *path)
{
    char to[4200];
    snprintf(to, sizeof to, "%s.rusak", path);
    if (rename(path, to) != 0)
        log_write(LOG_L_ERROR, "damaged tray file cannot be set aside", "file=%s reason=\"%s\"", path, strerror(errno));
    else log_write(LOG_L_ERROR, "damaged tray file set aside", "file=%s", to);
    d->damaged++;
}

/* Answers carry the id; the file is <id>.tray. A damaged file may not even have an id: it is found by trying each that was read. */
static void source_reply(void *ctx, struct slice bytes)
{
    struct desk *d = ctx;
    char name[OUTBOX_TRAY_ID_MAX + 8] = { 0 }, path[4096];
    if (bytes.n < 1 || bytes.n - 1 > OUTBOX_TRAY_ID_MAX) return;
    d->replies++;
    snprintf(name, sizeof name, "%.*s.tray", (int)(bytes.n - 1), (const char *)bytes.p + 1);
    tray_path(d, name, path, sizeof path);
    if (bytes.p[0] == COLLECT_IMPORTED) {
        if (unlink(path) != 0 && errno != ENOENT) log_write(LOG_L_ERROR, "imported tray file cannot be removed", "file=%s", path);
    } else if (bytes.p[0] == COLLECT_DAMAGED) {
        d->check_damaged = true;
    } else {
        d->waiting++;
        if (bytes.p[0] == COLLECT_WAIT) (void)list_add(&d->held, name); /* else it is only read again */
    }
}

/* Some file of the last listing was damaged: find which, by reading each as the node does. */
static void sweep_damaged(struct desk *d)
{
    struct desk_list l = { 0 };
    d->check_damaged = false;
    if (list_dir(d->o.tray, ".tray", &l) != ST_OK) return;
    for (size_t i = 0; i < l.n; i++) {
        char path[4096];
        struct buf b;
        tray_path(d, l.name[i], path, sizeof path);
        buf_init(&b, TRAY_BYTES_MAX);
        if (conf_file_read(path, TRAY_BYTES_MAX, &b) == ST_OK && !collect_import_readable(buf_slice(&b))) set_aside(d, path);
        buf_done(&b);
    }
    list_free(&l);
}

struct run_source desk_source(struct desk *d)
{
    return (struct run_source){ .ctx = d, .next = source_next, .release = source_release, .reply = source_reply };
}

/* Takes out of a new listing what is held, and forgets what is held no more. */
static void pass_over(struct desk *d, struct desk_list *l)
{
    struct desk_list held = { 0 };
    size_t n = 0;
    if (d->held.n == 0) return;
    qsort(d->held.name, d->held.n, sizeof *d->held.name, by_name);
    for (size_t i = 0; i < l->n; i++) {
        if (!bsearch(&l->name[i], d->held.name, d->held.n, sizeof *d->held.name, by_name)) {
            l->name[n++] = l->name[i];
            continue;
        }
        (void)list_add(&held, l->name[i]);
        free(l->name[i]);
    }
    l->n = n;
    list_free(&d->held);
    d->held = held;
}

/* While the store is full the files are only counted. */
static void look_into_tray(struct desk *d)
{
    if (list_dir(d->o.tray, ".tray", &d->files) != ST_OK) {
        log_write(LOG_L_ERROR, "tray cannot be read", "dir=%s reason=\"%s\"", d->o.tray, strerror(errno));
        return;
    }
    d->waiting = d->files.n;
    if (d->full) {
        list_free(&d->files);
        return;
    }
    pass_over(d, &d->files);
    d->waiting -= d->files.n;
    if (d->files.n == 0) list_free(&d->files);
}

static void note_room(struct desk *d)
{
    bool full = collect_full(d->o.collect);
    if (full && !d->full) log_write(LOG_L_ERROR, "the store is full; checked files wait in the tray", "dir=%s", d->o.tray);
    if (!full && d->full) log_write(LOG_L_INFO, "the store has room again; the tray is read", "dir=%s", d->o.tray);
    if (!full && d->full) d->look_now = true;
    d->full = full;
}

/* Once for each finding, however often the worker is looked at again. */
static void note_history(struct desk *d)
{
    struct uplink_status u;
    collect_status(d->o.collect, &u);
    const struct uplink_witness *w = &u.witness;
    if (w->fault == d->told && w->fault_kept == d->told_kept && w->fault_seen == d->told_seen) return;
    if (w->fault != WITNESS_FINE)
        log_write(LOG_L_ERROR, "RIWAYAT_BEDA: the worker's log is not the one witnessed; nothing is sent, everything is kept",
                  "kind=%s worker=%s kept_size=%llu seen_size=%llu reason=\"%s\"", witness_fault_name(w->fault), u.worker,
                  (unsigned long long)w->fault_kept, (unsigned long long)w->fault_seen, witness_fault_text(w->fault, LANG_EN));
    else log_write(LOG_L_WARN, "the worker's log extends the one witnessed again", "worker=%s", u.worker);
    d->told = w->fault;
    d->told_kept = w->fault_kept;
    d->told_seen = w->fault_seen;
}

void desk_turn(void *desk, struct now now)
{
    struct desk *d = desk;
    (void)scrub_json_turn(&d->scrub, d->o.store, now);
    inbox_turn(d->o.inbox, now);
    note_room(d);
    note_history(d);
    if (d->check_damaged) sweep_damaged(d);
    /* each look costs a stat a key: with very many of them it is taken less often */
    if (now.mono.us - d->keys_looked.us >= KEYS_LOOK_US * (1 + (int64_t)(d->key_count / KEYS_A_SECOND))) {
        d->keys_looked = now.mono;
        look_for_keys(d);
    }
    int64_t pause = d->full ? FULL_LOOK_US : LOOK_US;
    if (d->files.n || (!d->look_now && now.mono.us - d->looked.us < pause)) return;
    d->looked = now.mono;
    d->look_now = false;
    look_into_tray(d);
}

/* ---- life ---- */

int desk_new(const struct desk_options *o, struct desk **ret)
{
    struct desk *d = calloc(1, sizeof *d);
    if (!d) return ST_NO_MEMORY;
    d->o = *o;
    d->scrub = (struct scrub){ .tables = outbox_tables };
    if (conf_dir_make(o->tray) != ST_OK) {
        free(d);
        return ST_IO;
    }
    int st = load_keys(d);
    if (st != ST_OK) desk_free(&d);
    else *ret = d;
    return st;
}

void desk_free(struct desk **d)
{
    if (!d || !*d) return;
    source_release(*d);
    list_free(&(*d)->files);
    list_free(&(*d)->held);
    free(*d);
    *d = NULL;
}
