/* conf_file.c - whole files in and out, and key files. Kind: E (files; keys through libsodium).
 *
 * Design notes: a file is replaced, never written over: a temporary file in the same directory is written and synced, takes
 * the name in one step, and the directory is synced, so that a crash leaves the old file or the new one. A new key file is
 * linked instead of renamed, which fails when the name exists: of two processes that create one key both end up with the same.
 *
 * A key file that others may read is refused, as ssh does: a signing key states figures in the office's name. The public half in
 * the file is for people and is checked against the secret one.
 *
 * Invariant: no copy of a secret is left in memory that this file gave back. */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_BYTES = 32, KEY_FILE_BYTES_MAX = 512, READ_BYTES = 64 << 10 };

/* ---- whole files ---- */

static int status_of_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR) return ST_NOT_FOUND;
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? ST_FULL : ST_IO;
}

static void close_keeping_errno(int fd)
{
    int keep = errno;

    close(fd);
    errno = keep;
}

/* Reads to the end. One byte more than max is asked for, to tell a full file from one that is too large. */
static int read_chunks(int fd, size_t max, uint8_t *chunk, struct buf *b)
{
    size_t total = 0;

    for (;;) {
        size_t want = max - total + 1 < READ_BYTES ? max - total + 1 : READ_BYTES;
        ssize_t n = read(fd, chunk, want);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ST_IO;
        if (n == 0) return buf_ok(b) ? ST_OK : ST_NO_MEMORY;
        total += (size_t)n;
        if (total > max) return ST_FULL;
        buf_put(b, chunk, (size_t)n);
    }
}

static int read_all(int fd, size_t max, struct buf *b)
{
    uint8_t chunk[READ_BYTES];
    int st = read_chunks(fd, max, chunk, b);

    sodium_memzero(chunk, max < sizeof chunk ? max + 1 : sizeof chunk);         /* it may have been a key */
    return st;
}

int conf_file_read(const char *path, size_t max, struct buf *b)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), st;

    if (fd < 0) return status_of_errno();
    st = read_all(fd, max, b);
    close_keeping_errno(fd);
    return st;
}

static int write_all(int fd, struct slice s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return status_of_errno();
        s = slice_of(s.p + n, s.n - (size_t)n);
    }
    return ST_OK;
}

static int sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, st = fd >= 0 && fsync(fd) == 0 ? ST_OK : ST_IO;

    if (fd >= 0) close_keeping_errno(fd);
    free(dir);
    return st;
}

/* Fills and syncs the temporary file behind fd. */
static int fill(int fd, struct slice bytes, unsigned mode)
{
    int st = fchmod(fd, mode) == 0 ? write_all(fd, bytes) : ST_IO;

    if (st == ST_OK && fsync(fd) != 0) st = status_of_errno();
    if (st == ST_OK) return close(fd) == 0 ? ST_OK : status_of_errno();
    close_keeping_errno(fd);
    return st;
}

/* Gives the finished temporary file its name: replacing, or only if the name is free (ST_BUSY when it is not). */
static int take_name(const char *temp, const char *path, bool replace)
{
    if (replace) return rename(temp, path) == 0 ? ST_OK : status_of_errno();
    if (link(temp, path) != 0) return errno == EEXIST ? ST_BUSY : status_of_errno();
    return unlink(temp) == 0 ? ST_OK : ST_IO;
}

static int write_file(const char *path, struct slice bytes, unsigned mode, bool replace)
{
    char *temp = NULL;
    int fd, st, keep;

    if (asprintf(&temp, "%s.XXXXXX", path) < 0) return ST_NO_MEMORY;
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) {
        st = status_of_errno();
    } else {
        st = fill(fd, bytes, mode);
        if (st == ST_OK) st = take_name(temp, path, replace);
        keep = errno;
        if (st != ST_OK) unlink(temp);
        errno = keep;
        if (st == ST_OK) st = sync_directory_of(path);
    }
    free(temp);
    return st;
}

int conf_file_write(const char *path, struct slice bytes, unsigned mode)
{
    return write_file(path, bytes, mode, true);
}

/* ---- directories and names ---- */

int conf_dir_make(const char *path)
{
    size_t n = strlen(path);
    char *plain;
    int st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST) return status_of_errno();
    while (n > 1 && path[n - 1] == '/') n--;
    plain = strndup(path, n);
    /* Also of one that is there: who made it may not have come so far. A parent that we may not read cannot be synced by us. */
    st = !plain ? ST_NO_MEMORY : sync_directory_of(plain) == ST_OK || errno == EACCES ? ST_OK : ST_IO;
    free(plain);
    return st;
}

int conf_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? sync_directory_of(to) : status_of_errno();
}

enum { ASIDE_MAX = 10000 };
int conf_file_aside(const char *path, char ret_to[CONF_ASIDE_SIZE])
{
    if (access(path, F_OK) != 0) return status_of_errno();
    for (unsigned n = 1; n <= ASIDE_MAX; n++) {
        if (snprintf(ret_to, CONF_ASIDE_SIZE, "%s.lama-%u", path, n) >= CONF_ASIDE_SIZE) break;
        if (access(ret_to, F_OK) != 0) return conf_file_rename(path, ret_to);
    }
    errno = ENAMETOOLONG;
    return ST_FULL;
}

/* ---- key files ---- */

static bool type_signs(const char *type)
{
    bool signs = strcmp(type, "ed25519") == 0;
    int ready = sodium_init();

    ASSERT(signs || strcmp(type, "curve25519") == 0);
    ASSERT(ready >= 0);
    return signs;
}

static void public_of(bool signs, const uint8_t secret[SECRET_BYTES], uint8_t ret[PUBKEY_SIZE])
{
    uint8_t expanded[crypto_sign_SECRETKEYBYTES];

    if (signs)
        crypto_sign_seed_keypair(ret, expanded, secret);
    else
        crypto_scalarmult_base(ret, secret);
    sodium_memzero(expanded, sizeof expanded);
}

/* The next word of a line, up to a blank or its end. */
static struct slice word(struct slice *s)
{
    size_t n = 0;
    struct slice w;

    while (n < s->n && s->p[n] != ' ')
        n++;
    w = slice_of(s->p, n);
    *s = n < s->n ? slice_of(s->p + n + 1, s->n - n - 1) : slice_of(s->p + n, 0);
    return w;
}

static bool read_hex(struct slice s, uint8_t ret[32])
{
    return s.n == 64 && bytes_unhex((const char *)s.p, s.n, ret) == ST_OK;
}

/* NULL, or what is wrong with the text of a key file. */
static const char *parse_key(struct slice s, const char *type, uint8_t secret[SECRET_BYTES], uint8_t pub[PUBKEY_SIZE])
{
    uint8_t stated[PUBKEY_SIZE];
    bool head;

    if (s.n > 0 && s.p[s.n - 1] == '\n') s.n--;
    head = bytes_is(word(&s), "rekap-key");
    if (!bytes_is(word(&s), "1") || !head) return "bukan berkas kunci rekap";
    if (!bytes_is(word(&s), type)) return "kunci jenis lain";
    if (!read_hex(word(&s), secret) || !read_hex(word(&s), stated) || s.n > 0) return "berkas kunci rusak";
    public_of(type_signs(type), secret, pub);
    return memcmp(pub, stated, PUBKEY_SIZE) == 0 ? NULL : "kunci publik tidak cocok dengan kunci rahasianya";
}

/* Reads the file behind fd; *ret_fault is set when it was read but may not be used. */
static int load_key(int fd, const char *type, uint8_t secret[SECRET_BYTES], uint8_t pub[PUBKEY_SIZE], const char **ret_fault)
{
    struct stat st;
    struct buf b;
    int status;

    if (fstat(fd, &st) != 0) return ST_IO;
    if ((st.st_mode & 077) != 0) {
        *ret_fault = "dapat dibaca orang lain; jalankan chmod 600";
        return ST_DENIED;
    }
    buf_init(&b, KEY_FILE_BYTES_MAX);
    status = buf_grow(&b, KEY_FILE_BYTES_MAX) ? ST_OK : ST_NO_MEMORY;   /* at once: growing would leave copies behind */
    buf_clear(&b);
    if (status == ST_OK) status = read_all(fd, KEY_FILE_BYTES_MAX, &b);
    if (status == ST_OK) *ret_fault = parse_key(buf_slice(&b), type, secret, pub);
    if (status == ST_FULL) *ret_fault = "bukan berkas kunci rekap";
    if (b.p) sodium_memzero(b.p, b.cap);
    buf_done(&b);
    return *ret_fault ? ST_INVALID : status;
}

int conf_key_read(const char *path, const char *type, uint8_t ret_secret[32], uint8_t ret_pub[PUBKEY_SIZE], char *err,
                  size_t err_size)
{
    uint8_t secret[SECRET_BYTES], pub[PUBKEY_SIZE];
    const char *fault = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int st = fd < 0 ? status_of_errno() : load_key(fd, type, secret, pub, &fault);

    if (fd >= 0) close_keeping_errno(fd);
    if (st == ST_OK) {
        memcpy(ret_secret, secret, SECRET_BYTES);
        memcpy(ret_pub, pub, PUBKEY_SIZE);
    } else if (st == ST_NOT_FOUND) {
        snprintf(err, err_size, "%s: tidak ada", path);
    } else {
        snprintf(err, err_size, "%s: %s", path, fault ? fault : strerrordesc_np(errno));
    }
    sodium_memzero(secret, sizeof secret);
    return st;
}

int conf_key_create(const char *path, const char *type, uint8_t ret_secret[32], uint8_t ret_pub[PUBKEY_SIZE])
{
    uint8_t secret[SECRET_BYTES], pub[PUBKEY_SIZE];
    char line[KEY_FILE_BYTES_MAX], secret_hex[2 * SECRET_BYTES + 1], pub_hex[2 * PUBKEY_SIZE + 1], err[1];
    bool signs = type_signs(type);
    int n, st = conf_key_read(path, type, ret_secret, ret_pub, err, sizeof err);

    if (st != ST_NOT_FOUND) return st;
    randombytes_buf(secret, sizeof secret);
    public_of(signs, secret, pub);
    bytes_hex(secret, sizeof secret, secret_hex);
    bytes_hex(pub, sizeof pub, pub_hex);
    n = snprintf(line, sizeof line, "rekap-key 1 %s %s %s\n", type, secret_hex, pub_hex);
    st = write_file(path, slice_of(line, (size_t)n), 0600, false);
    if (st == ST_OK) {
        memcpy(ret_secret, secret, sizeof secret);
        memcpy(ret_pub, pub, sizeof pub);
    }
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(secret_hex, sizeof secret_hex);
    sodium_memzero(line, sizeof line);
    return st == ST_BUSY ? conf_key_read(path, type, ret_secret, ret_pub, err, sizeof err) : st;
}
