/* office_register.c - the register of offices as a file: locked, read, gone on from and written whole. Kind: E.
 *
 * The register only grows: its new text is the old one and a signed line, written as a whole file under a lock; the worker refuses
 * a register that does not go on from the one it knows, or of which a line is not signed by the register's key. Daemons that run
 * are told at once; one that does not run reads the register when it starts. A validity that begins now begins with its day,
 * because the clocks of two machines differ.
 *
 * Invariant: a line is written only after the one before it verified, whose signature covers all before. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "proto/conf.h"
#include "proto/sign.h"

enum { NUDGE_MS = 1000 };

int office_lock(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "registry/.lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) return fd;
    cli_fail(c, "daftar kantor tidak dapat dikunci", "the register cannot be locked", strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

static void nudge(const struct place *p, const char *daemon)
{
    json_t *a = NULL;
    if (place_ask(p, daemon, "{\"verb\":\"reload\"}", NUDGE_MS, &a) == ST_OK) json_decref(a);
}

void office_nudge(const struct place *p)
{
    nudge(p, "worker");
    nudge(p, "collector");
}

/* The register's key: the centre's alone, so only its machine can add a line. */
static int registry_key(const struct place *p, struct signer *ret, uint8_t ret_pub[PUBKEY_SIZE], char *err, size_t err_size)
{
    char path[PLACE_PATH_MAX];
    uint8_t seed[32];
    place_path(p, "keys/registry.key", path);
    int st = conf_key_read(path, "ed25519", seed, ret_pub, err, err_size);
    if (st == ST_OK) st = sign_ed25519_ring_new(ret);
    if (st == ST_OK) st = sign_ed25519_ring_add(ret, slice_of(REGISTRY_KEY_ID, sizeof REGISTRY_KEY_ID - 1), seed);
    explicit_bzero(seed, sizeof seed);
    return st;
}

/* Puts o, signed, after the lines in b, which must all verify. */
static int add_line(const struct place *p, struct buf *b, struct office *o, char *err, size_t err_size)
{
    char line[REGISTRY_LINE_MAX];
    struct registry_chain chain;
    struct registry *r = NULL;
    struct signer signer = { 0 };
    struct verifier v = sign_ed25519_verifier();
    uint8_t pub[PUBKEY_SIZE];
    int st = registry_parse(buf_slice(b), &r, err, err_size);
    registry_chain_start(&chain);
    o->sealed = false;
    if (st == ST_OK && p->office) chain.version = registry_version(r) + 1;
    else if (st == ST_OK) st = registry_key(p, &signer, pub, err, err_size);
    if (st == ST_OK && !p->office) st = registry_verify_last(r, &chain, pub, &v, err, err_size);
    if (st == ST_OK && !p->office) st = registry_seal(&chain, o, &signer);
    if (st == ST_OK && registry_line_format(o, line, sizeof line) < 0) st = ST_FULL;
    if (st == ST_OK) {
        if (b->n && b->p[b->n - 1] != '\n') buf_u8(b, '\n');
        buf_printf(b, "%s\n", line);
        o->version = chain.version;
        if (!buf_ok(b)) st = ST_NO_MEMORY;
    }
    if (signer.ctx) sign_ed25519_ring_free(&signer);
    registry_free(&r);
    return st;
}

int office_append(const struct cli *c, const struct place *p, struct office *o)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    struct timespec now;
    struct buf b;
    clock_gettime(CLOCK_REALTIME, &now);
    o->valid_from.ms = (int64_t)now.tv_sec / 86400 * 86400 * 1000;
    place_path(p, "registry/office.tsv", path);
    buf_init(&b, PLACE_REGISTRY_BYTES_MAX);
    int st = conf_file_read(path, PLACE_REGISTRY_BYTES_MAX, &b);
    if (st == ST_OK) st = add_line(p, &b, o, err, sizeof err);
    if (st == ST_OK) {
        st = conf_file_write(path, buf_slice(&b), 0600);
        if (st != ST_OK) snprintf(err, sizeof err, "%s", strerror(errno));
    }
    if (st != ST_OK && !err[0]) snprintf(err, sizeof err, "%s", status_str(st));
    buf_done(&b);
    return st == ST_OK ? EXIT_OK
                       : cli_fail(c, "kantor tidak dapat ditulis ke daftar", "the office cannot be written to the register", err);
}
