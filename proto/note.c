/* note.c - see note.h. Kind: P.
 *
 * Design notes: reading is strict and bounded before anything is verified: size, UTF-8, control characters, the shape and number of
 * the signature lines. A note is taken whole or not at all. The text ends at the last empty line, so a text may hold empty lines of
 * its own and nothing behind the signatures is ever taken for text.
 *
 * A signature line of a key we know by name and hash must verify, every one of them; lines of other keys (witnesses, a rotated key)
 * say nothing to us, whatever their length.
 *
 * Invariant: the text that note_open returns is byte for byte what the key signed. */
#include "note.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "sign_sha256.h"

enum { ALGORITHM_ED25519 = 1, KEY_BYTES = 1 + PUBKEY_SIZE, HASH_DIGITS = 8, SIGNATURE_LEAST = 5 };
static const char DASH[] = "\xe2\x80\x94 "; /* em dash, space */
static const size_t DASH_BYTES = sizeof DASH - 1;

/* ---- names and keys ---- */

/* One of Unicode's spaces at p, in UTF-8 (checked before)? */
static bool is_space(const uint8_t *p, size_t n)
{
    static const char *const spaces[] = { " ",            "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                          "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80" };

    if (*p < 0x20) return true;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (strlen(spaces[i]) <= n && memcmp(p, spaces[i], strlen(spaces[i])) == 0) return true;
    return n >= 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] <= 0x8a; /* U+2000..U+200A */
}

static bool name_ok(struct slice name)
{
    if (name.n == 0 || name.n > NOTE_NAME_MAX || !bytes_utf8_ok(name.p, name.n)) return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '+' || name.p[i] == 0x7f || is_space(name.p + i, name.n - i)) return false;
    return true;
}

int note_key_make(struct slice name, const uint8_t pub[PUBKEY_SIZE], struct note_key *ret)
{
    static const uint8_t middle[] = { '\n', ALGORITHM_ED25519 };
    const struct slice part[] = { name, slice_of(middle, sizeof middle), slice_of(pub, PUBKEY_SIZE) };
    struct note_key k = { .hash = 0 };
    struct hash h;

    if (!name_ok(name)) return ST_INVALID;
    h = sign_sha256(part, 3);
    memcpy(k.name, name.p, name.n);
    memcpy(k.pub, pub, PUBKEY_SIZE);
    k.hash = bytes_rd32(h.b);
    *ret = k;
    return ST_OK;
}

/* Cuts at the first c; false when there is none. */
static bool cut(struct slice s, uint8_t c, struct slice *ret_before, struct slice *ret_after)
{
    const uint8_t *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

    if (at == NULL) return false;
    *ret_before = slice_of(s.p, (size_t)(at - s.p));
    *ret_after = slice_of(at + 1, s.n - ret_before->n - 1);
    return true;
}

int note_key_parse(struct slice vkey, struct note_key *ret)
{
    char digits[HASH_DIGITS + 1];
    struct slice name, hash, key;
    uint8_t bytes[KEY_BYTES];
    struct note_key k;
    size_t n;

    if (!cut(vkey, '+', &name, &hash) || !cut(hash, '+', &hash, &key) || hash.n != HASH_DIGITS) return ST_INVALID;
    if (base64_read(key, bytes, sizeof bytes, &n) != ST_OK || n != KEY_BYTES || bytes[0] != ALGORITHM_ED25519) return ST_INVALID;
    if (note_key_make(name, bytes + 1, &k) != ST_OK) return ST_INVALID;
    snprintf(digits, sizeof digits, "%08x", (unsigned)k.hash);
    if (memcmp(digits, hash.p, HASH_DIGITS) != 0) return ST_INVALID;
    *ret = k;
    return ST_OK;
}

void note_key_format(const struct note_key *k, struct buf *b)
{
    uint8_t bytes[KEY_BYTES] = { ALGORITHM_ED25519 };

    memcpy(bytes + 1, k->pub, PUBKEY_SIZE);
    buf_printf(b, "%s+%08x+", k->name, (unsigned)k->hash);
    base64_put(b, bytes, sizeof bytes);
}

/* ---- signing ---- */

static bool bytes_ok(struct slice s)
{
    if (s.n == 0 || s.n > NOTE_BYTES_MAX || s.p[s.n - 1] != '\n' || !bytes_utf8_ok(s.p, s.n)) return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 && s.p[i] != '\n') return false;
    return true;
}

int note_sign(struct slice text, const struct note_key *k, note_sign_fn sign, void *ctx, struct buf *b)
{
    uint8_t bytes[4 + SIG_SIZE];
    int st;

    if (!bytes_ok(text) || text.n + NOTE_NAME_MAX + BASE64_TEXT(sizeof bytes) + 8 > NOTE_BYTES_MAX) return ST_INVALID;
    bytes_be32(bytes, k->hash);
    st = sign(ctx, text, bytes + 4);
    if (st != ST_OK) return st;
    buf_put(b, text.p, text.n);
    buf_printf(b, "\n%s%s ", DASH, k->name);
    base64_put(b, bytes, sizeof bytes);
    buf_u8(b, '\n');
    return buf_ok(b) ? ST_OK : ST_NO_MEMORY;
}

/* ---- opening ---- */

/* Cuts at the last empty line. */
static bool note_split(struct slice note, struct slice *ret_text, struct slice *ret_lines)
{
    for (size_t i = note.n; i >= 2; i--) {
        if (note.p[i - 1] != '\n' || note.p[i - 2] != '\n') continue;
        *ret_text = slice_of(note.p, i - 1);
        *ret_lines = slice_of(note.p + i, note.n - i);
        return ret_lines->n > 0;
    }
    return false;
}

/* One signature line without its newline. *ret_ours: of key k, and then *ret_sig is its signature (NULL when of a wrong size). */
static bool line_read(struct slice line, const struct note_key *k, uint8_t bytes[NOTE_SIGNATURE_MAX], bool *ret_ours,
                      const uint8_t **ret_sig)
{
    struct slice name, sig;
    size_t n;

    if (line.n < DASH_BYTES || memcmp(line.p, DASH, DASH_BYTES) != 0) return false;
    if (!cut(slice_of(line.p + DASH_BYTES, line.n - DASH_BYTES), ' ', &name, &sig) || !name_ok(name)) return false;
    if (base64_read(sig, bytes, NOTE_SIGNATURE_MAX, &n) != ST_OK || n < SIGNATURE_LEAST) return false;
    *ret_ours = name.n == strlen(k->name) && memcmp(name.p, k->name, name.n) == 0 && bytes_rd32(bytes) == k->hash;
    *ret_sig = n == 4 + SIG_SIZE ? bytes + 4 : NULL;
    return true;
}

int note_open(struct slice note, const struct note_key *k, const struct verifier *v, struct slice *ret_text)
{
    uint8_t bytes[NOTE_SIGNATURE_MAX];
    struct slice text, lines, line;
    unsigned count = 0, good = 0, bad = 0;

    if (!bytes_ok(note) || !note_split(note, &text, &lines)) return ST_INVALID;
    while (cut(lines, '\n', &line, &lines)) {
        const uint8_t *sig = NULL;
        bool ours = false;

        if (++count > NOTE_SIGNATURES_MAX || !line_read(line, k, bytes, &ours, &sig)) return ST_INVALID;
        if (!ours) continue;
        if (sig != NULL && v->verify(v->ctx, k->pub, text, sig)) good++;
        else bad++;
    }
    if (good == 0 || bad > 0) return ST_DENIED;
    *ret_text = text;
    return ST_OK;
}

/* ---- checkpoints ---- */

void note_checkpoint_put(const struct note_checkpoint *c, struct buf *b)
{
    buf_put(b, c->origin.p, c->origin.n);
    buf_printf(b, "\n%llu\n", (unsigned long long)c->size);
    base64_put(b, c->root.b, HASH_SIZE);
    buf_u8(b, '\n');
    buf_put(b, c->extension.p, c->extension.n);
}

static bool number_read(struct slice s, uint64_t *ret)
{
    uint64_t v = 0;

    if (s.n == 0 || s.n > 19 || (s.n > 1 && s.p[0] == '0')) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = 10 * v + (uint64_t)(s.p[i] - '0');
    }
    *ret = v;
    return true;
}

int note_checkpoint_parse(struct slice text, struct note_checkpoint *ret)
{
    struct note_checkpoint c;
    struct slice size, root, rest, line;

    if (!bytes_ok(text)) return ST_INVALID;
    bool line_one = cut(text, '\n', &c.origin, &rest);
    ASSERT(line_one);           /* bytes_ok: the last byte is a newline */
    if (!cut(rest, '\n', &size, &rest) || !cut(rest, '\n', &root, &rest)) return ST_INVALID;
    if (c.origin.n == 0 || !number_read(size, &c.size) || base64_hash(root, &c.root) != ST_OK) return ST_INVALID;
    c.extension = rest;
    while (cut(rest, '\n', &line, &rest))
        if (line.n == 0) return ST_INVALID;
    *ret = c;
    return ST_OK;
}
