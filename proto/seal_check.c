/* seal_check.c - a seal verified from its bytes and one key. Kind: P.
 *
 * What has to be believed is the register's public key. Its signatures make the register lines in the file the register; the
 * register gives the centre its key; that key has signed the root; the root is that of the lines. The register is judged before the
 * signature because without it nobody knows whose signature to ask for.
 *
 * Invariant: a file that is sound has no byte that could be another. */
#include <string.h>

#include "lines.h"
#include "registry.h"
#include "seal.h"

static const char REGISTER_LINE[] = "kantor\t", VERSION_LINE[] = "daftar\t", HEADING[] = "#rekap-office 1\n";

const char *seal_fault_name(unsigned fault)
{
    static const char *const NAMES[SEAL_FAULTS] = { "", "bentuk", "akar", "daftar", "penanda-tangan", "tanda-tangan" };
    return fault < SEAL_FAULTS ? NAMES[fault] : "";
}

static bool begins(struct slice line, const char *with, struct slice *ret_rest)
{
    size_t n = strlen(with);
    if (line.n < n || memcmp(line.p, with, n) != 0) return false;
    *ret_rest = slice_of(line.p + n, line.n - n);
    return true;
}

/* The register as a text of its own, and the version that the file says it is. */
static int read_register(struct slice lines, struct buf *out, uint64_t *ret_version)
{
    bool said = false;
    buf_str(out, HEADING);
    for (size_t at = 0; at < lines.n;) {
        const uint8_t *end = memchr(lines.p + at, '\n', lines.n - at);
        struct slice line = slice_of(lines.p + at, (size_t)(end - (lines.p + at))), rest;
        at += line.n + 1;
        if (begins(line, VERSION_LINE, &rest)) {
            if (said || !lines_decimal(rest, ret_version)) return ST_INVALID;
            said = true;
        } else if (begins(line, REGISTER_LINE, &rest)) {
            buf_put(out, rest.p, rest.n);
            buf_u8(out, '\n');
        }
    }
    if (!said) return ST_INVALID;
    return buf_ok(out) ? ST_OK : ST_NO_MEMORY;
}

static int check_register(struct slice lines, const uint8_t issuer[PUBKEY_SIZE], const struct verifier *v, struct registry **ret)
{
    struct registry_chain chain;
    uint64_t version = 0;
    char err[256];
    struct buf text;
    buf_init(&text, lines.n + sizeof HEADING);
    int st = read_register(lines, &text, &version);
    if (st == ST_OK) st = registry_parse(buf_slice(&text), ret, err, sizeof err);
    buf_done(&text);
    if (st != ST_OK) return st;
    if (registry_version(*ret) != version) return ST_INVALID;
    registry_chain_start(&chain);
    return registry_verify(*ret, &chain, issuer, v, err, sizeof err);
}

/* registry_signing asks for who is active. */
static enum seal_fault check_signer(const struct seal *s, struct slice note, const struct registry *r, const struct verifier *v)
{
    const struct office *o = registry_office(r, slice_of(s->actor, strlen(s->actor)));
    struct note_key key;
    struct slice text;
    if (!o || o->role != ROLE_CENTRE || !code_region_holds(o->region, s->region)) return SEAL_SIGNER;
    if (s->at.ms < o->valid_from.ms || s->at.ms >= o->valid_to.ms) return SEAL_SIGNER;
    const struct office *line = registry_signing(r, o, s->key_id, s->at);
    if (!line) return SEAL_SIGNER;
    int st = note_key_make(slice_of(s->actor, strlen(s->actor)), line->signing, &key);
    ASSERT(st == ST_OK);                /* an id of the register is a name */
    return note_open(note, &key, v, &text) == ST_OK ? SEAL_SOUND : SEAL_SIGNATURE;
}

int seal_check_signed(const struct seal *s, struct slice note, struct slice lines, const uint8_t issuer[PUBKEY_SIZE],
                      const struct verifier *v, struct registry **ret_register, enum seal_fault *ret_fault)
{
    *ret_fault = SEAL_REGISTER;
    int st = check_register(lines, issuer, v, ret_register);
    if (st == ST_OK) *ret_fault = check_signer(s, note, *ret_register, v);
    return st == ST_NO_MEMORY ? st : ST_OK;
}

int seal_check(struct slice file, const uint8_t issuer[PUBKEY_SIZE], const struct verifier *v, struct seal *ret,
               enum seal_fault *ret_fault)
{
    struct registry *r = NULL;
    struct slice note, lines;
    struct hash root;
    uint64_t n;
    *ret_fault = SEAL_FORM;
    if (seal_read(file, ret, &note, &lines) != ST_OK) return ST_OK;
    *ret_fault = SEAL_ROOT;
    if (seal_root(lines, &n, &root) != ST_OK || n != ret->lines || !sign_hash_equal(&root, &ret->root)) return ST_OK;
    int st = seal_check_signed(ret, note, lines, issuer, v, &r, ret_fault);
    registry_free(&r);
    return st;
}
