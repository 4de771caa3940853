/* office.c - see office.h. Kind: E.
 *
 * Design notes: handshakes are rare (a few a second), so a mutex is enough and nothing needs a clever reclamation: the ZAP thread
 * looks up under the lock, the loop swaps under it. The registry that was in force before is kept until the next swap, because the
 * node may still point to it between the poll and work_set_registry.
 *
 * The file is stat-ed before it is read: a write between the two is seen as a change at the next poll.
 *
 * Invariant: `current` is never NULL after office_open, and its text begins with the text of `previous`. */
#include "office.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "proto/sign.h"

static const int64_t POLL_US = 200 * 1000;

struct stamp { struct timespec mtime; off_t size; ino_t inode; };
struct office_book {
    char *path, *invite_path;
    pthread_mutex_t lock;
    struct invites *invites, *old_invites;
    struct stamp invite_stamp;
    uint8_t (*pending)[PUBKEY_SIZE];
    unsigned pending_count;
    struct registry *current, *previous;
    struct registry_chain chain;        /* of `current`: every line of it was verified */
    uint8_t issuer[PUBKEY_SIZE];
    struct verifier verifier;
    struct hash text_hash;              /* of the text in force */
    size_t text_size;
    struct stamp stamp;
    struct mono looked;
    uint8_t (*follower_key)[PUBKEY_SIZE];
    unsigned follower_keys;
};

static bool stamp_read(const char *path, struct stamp *ret)
{
    struct stat st;

    if (stat(path, &st) != 0) return false;
    *ret = (struct stamp){ st.st_mtim, st.st_size, st.st_ino };
    return true;
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
    return a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec && a->size == b->size && a->inode == b->inode;
}

/* Does the text go on from the one in force? */
static bool continues(const struct office_book *b, struct slice text)
{
    struct hash h;

    if (b->current == NULL) return true;
    if (text.n < b->text_size) return false;
    h = sign_hash(text.p, b->text_size);
    return sign_hash_equal(&h, &b->text_hash);
}

static void take(struct office_book *b, struct registry *r, struct slice text)
{
    pthread_mutex_lock(&b->lock);
    registry_free(&b->previous);
    b->previous = b->current;
    b->current = r;
    pthread_mutex_unlock(&b->lock);
    b->text_hash = sign_hash(text.p, text.n);
    b->text_size = text.n;
}

static int load(struct office_book *b, char *err, size_t err_size)
{
    struct registry_chain chain = b->chain;
    struct registry *r = NULL;
    struct buf text;
    int st;

    buf_init(&text, OFFICE_FILE_BYTES_MAX);
    st = conf_file_read(b->path, OFFICE_FILE_BYTES_MAX, &text);
    if (st != ST_OK) snprintf(err, err_size, "%s: %s", b->path, st == ST_IO ? strerror(errno) : status_str(st));
    if (st == ST_OK && !continues(b, buf_slice(&text))) {
        snprintf(err, err_size, "%s: lines already taken were changed; only append", b->path);
        st = ST_INVALID;
    }
    if (st == ST_OK) st = registry_parse(buf_slice(&text), &r, err, err_size);
    if (st == ST_OK) st = registry_verify(r, &chain, b->issuer, &b->verifier, err, err_size);
    if (st == ST_OK) {
        take(b, r, buf_slice(&text));
        b->chain = chain;
    } else if (r != NULL) registry_free(&r);
    buf_done(&text);
    return st;
}

/* ---- invitations ---- */

static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    char *ret = malloc(n + strlen(name) + 1);

    if (ret == NULL) return NULL;
    memcpy(ret, path, n);
    memcpy(ret + n, name, strlen(name) + 1);
    return ret;
}

static int load_invites(struct office_book *b, char *err, size_t err_size)
{
    struct invites *i = NULL;
    char why[256] = "";
    struct buf text;
    int st;

    buf_init(&text, INVITE_FILE_BYTES_MAX);
    st = conf_file_read(b->invite_path, INVITE_FILE_BYTES_MAX, &text);
    if (st == ST_NOT_FOUND) st = ST_OK;                 /* nobody was invited yet */
    if (st != ST_OK) snprintf(why, sizeof why, "%s", st == ST_IO ? strerror(errno) : status_str(st));
    else st = invite_parse(buf_slice(&text), &i, why, sizeof why);
    buf_done(&text);
    if (st != ST_OK) {
        snprintf(err, err_size, "%s: %s", b->invite_path, why);
        return st;
    }
    pthread_mutex_lock(&b->lock);
    invite_free(&b->old_invites);
    b->old_invites = b->invites;
    b->invites = i;
    pthread_mutex_unlock(&b->lock);
    return ST_OK;
}

const struct invites *office_invites(const struct office_book *b)
{
    return b->invites;
}

int office_set_pending(struct office_book *b, const uint8_t (*key)[PUBKEY_SIZE], unsigned n)
{
    uint8_t(*copy)[PUBKEY_SIZE] = calloc(n + 1u, sizeof *copy), (*old)[PUBKEY_SIZE];

    if (copy == NULL) return ST_NO_MEMORY;
    if (n > 0) memcpy(copy, key, n * sizeof *copy);
    pthread_mutex_lock(&b->lock);
    old = b->pending;
    b->pending = copy;
    b->pending_count = n;
    pthread_mutex_unlock(&b->lock);
    free(old);
    return ST_OK;
}

static int copy_followers(struct office_book *b, const uint8_t (*key)[PUBKEY_SIZE], unsigned n)
{
    b->follower_key = calloc(n + 1u, sizeof *b->follower_key);
    if (b->follower_key == NULL) return ST_NO_MEMORY;
    if (n > 0) memcpy(b->follower_key, key, n * sizeof *b->follower_key);
    b->follower_keys = n;
    return ST_OK;
}

int office_open(const struct office_options *o, struct office_book **ret, char *err, size_t err_size)
{
    struct office_book *b = calloc(1, sizeof *b);
    int st;

    snprintf(err, err_size, "no memory");
    if (b == NULL) return ST_NO_MEMORY;
    pthread_mutex_init(&b->lock, NULL);
    b->path = strdup(o->path);
    b->invite_path = beside(o->path, "invite.tsv");
    b->looked.us = INT64_MIN / 2;
    memcpy(b->issuer, o->issuer, PUBKEY_SIZE);
    b->verifier = sign_ed25519_verifier();
    registry_chain_start(&b->chain);
    st = b->path != NULL && b->invite_path != NULL ? copy_followers(b, o->follower_key, o->follower_keys) : ST_NO_MEMORY;
    if (st == ST_OK) {
        (void)stamp_read(b->path, &b->stamp);
        (void)stamp_read(b->invite_path, &b->invite_stamp);
        st = load(b, err, err_size);
    }
    if (st == ST_OK) st = load_invites(b, err, err_size);
    if (st != ST_OK) office_close(&b);
    else *ret = b;
    return st;
}

void office_close(struct office_book **b)
{
    if (b == NULL || *b == NULL) return;
    registry_free(&(*b)->current);
    registry_free(&(*b)->previous);
    invite_free(&(*b)->invites);
    invite_free(&(*b)->old_invites);
    pthread_mutex_destroy(&(*b)->lock);
    free((*b)->pending);
    free((*b)->invite_path);
    free((*b)->follower_key);
    free((*b)->path);
    free(*b);
    *b = NULL;
}

const struct registry *office_registry(const struct office_book *b)
{
    return b->current;
}

/* Has this file changed since it was looked at last? */
static bool changed(const char *path, struct stamp *seen, bool force)
{
    struct stamp stamp = { 0 };

    if (!stamp_read(path, &stamp)) memset(&stamp, 0, sizeof stamp);
    if (!force && stamp_same(&stamp, seen)) return false;
    *seen = stamp;
    return true;
}

/* What the machine could not read just now is looked at again, though the file stays as it is. */
static void look_again(struct stamp *seen, int st)
{
    if (st == ST_IO || st == ST_NO_MEMORY) *seen = (struct stamp){ 0 };
}

static bool poll_registry(struct office_book *b, bool force)
{
    char err[512];
    int st;

    if (!changed(b->path, &b->stamp, force)) return false;
    st = load(b, err, sizeof err);
    if (st != ST_OK) {
        look_again(&b->stamp, st);
        log_write(LOG_L_ERROR, "the registry file is refused; the one in force stays", "reason=\"%s\"", err);
        return false;
    }
    log_write(LOG_L_INFO, "registry taken", "version=%llu offices=%zu", (unsigned long long)registry_version(b->current),
              registry_count(b->current));
    return true;
}

static bool poll_invites(struct office_book *b, bool force)
{
    char err[512];
    int st;

    if (!changed(b->invite_path, &b->invite_stamp, force)) return false;
    st = load_invites(b, err, sizeof err);
    if (st == ST_OK) return true;
    look_again(&b->invite_stamp, st);
    log_write(LOG_L_ERROR, "the list of invitations is refused; the one in force stays", "reason=\"%s\"", err);
    return false;
}

bool office_poll(struct office_book *b, struct now now, bool force)
{
    bool registry, invites;

    if (!force && now.mono.us - b->looked.us < POLL_US) return false;
    b->looked = now.mono;
    registry = poll_registry(b, force);
    invites = poll_invites(b, force);
    return registry || invites;
}

static bool is_follower(const struct office_book *b, const uint8_t key[PUBKEY_SIZE])
{
    for (unsigned i = 0; i < b->follower_keys; i++)
        if (memcmp(b->follower_key[i], key, PUBKEY_SIZE) == 0) return true;
    return false;
}

/* Under the lock. */
static bool is_guest(const struct office_book *b, const uint8_t key[PUBKEY_SIZE])
{
    struct clock c = clock_posix();

    for (unsigned i = 0; i < b->pending_count; i++)
        if (memcmp(b->pending[i], key, PUBKEY_SIZE) == 0) return true;
    return invite_may_ask(invite_find(b->invites, key), c.now(c.ctx).wall);
}

int office_admit(void *book, const uint8_t key[PUBKEY_SIZE])
{
    struct office_book *b = book;
    bool known;

    if (is_follower(b, key)) return 200;
    pthread_mutex_lock(&b->lock);
    known = registry_transport(b->current, key) != NULL || is_guest(b, key);
    pthread_mutex_unlock(&b->lock);
    return known ? 200 : 400;
}
