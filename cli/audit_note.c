/* audit_note.c - signed checkpoints of a log (docs/PROTOCOL.md, receipts and checkpoints), read a second time. Kind: E.
 *
 * A checkpoint that somebody outside keeps is what an operator cannot write anew: it comes as a note of its own or at the end of a
 * receipt, and is taken only with a signature of the log's key. Base64 is libsodium's strict one, the rest is lines. Invariant:
 * nothing of a note is returned before the signature was verified, unless no key was given. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { ALGORITHM = 1, KEY_BYTES = 1 + AUDIT_KEY, LINE_SIG = 4 + AUDIT_SIG, SIG_TEXT = (LINE_SIG + 2) / 3 * 4 };
static const char DASH[] = "\xe2\x80\x94 ";

static bool unbase64(struct audit_span s, uint8_t *ret, size_t size)
{
    size_t n = 0;

    return sodium_base642bin(ret, size, (const char *)s.p, s.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 && n == size;
}

/* Up to c, moving on behind it; false when there is none. */
static bool cut(struct audit_span *rest, uint8_t c, struct audit_span *ret)
{
    const uint8_t *at = rest->n > 0 ? memchr(rest->p, c, rest->n) : NULL;

    if (at == NULL) return false;
    *ret = audit_span_of(rest->p, (size_t)(at - rest->p));
    *rest = audit_span_of(at + 1, rest->n - ret->n - 1);
    return true;
}

static void key_id(struct audit_span name, const uint8_t pub[AUDIT_KEY], struct audit_hash *ret)
{
    const uint8_t middle[2] = {'\n', ALGORITHM};
    crypto_hash_sha256_state st;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, name.p, name.n);
    crypto_hash_sha256_update(&st, middle, sizeof middle);
    crypto_hash_sha256_update(&st, pub, AUDIT_KEY);
    crypto_hash_sha256_final(&st, ret->b);
}

bool audit_note_key(const char *vkey, struct audit_note_key *ret)
{
    struct audit_span rest = audit_span_of(vkey, strlen(vkey)), name, hash;
    uint8_t bytes[KEY_BYTES], id[4];
    struct audit_hash h;

    if (!cut(&rest, '+', &name) || !cut(&rest, '+', &hash) || name.n == 0 || name.n >= sizeof ret->name || hash.n != 8)
        return false;
    if (!audit_hash_unhex((const char *)hash.p, 4, id) || !unbase64(rest, bytes, sizeof bytes) || bytes[0] != ALGORITHM)
        return false;
    key_id(name, bytes + 1, &h);
    memset(ret, 0, sizeof *ret);
    memcpy(ret->name, name.p, name.n);
    memcpy(ret->id, id, sizeof id);
    memcpy(ret->pub, bytes + 1, AUDIT_KEY);
    return memcmp(h.b, id, sizeof id) == 0;
}

/* Does one of the signature lines verify, and none of this key's fail? */
static bool is_signed(struct audit_span text, struct audit_span lines, const struct audit_note_key *key)
{
    struct audit_span line, name;
    unsigned good = 0;

    while (cut(&lines, '\n', &line)) {
        uint8_t bytes[LINE_SIG];
        size_t n = strlen(DASH);

        if (line.n < n || memcmp(line.p, DASH, n) != 0) return false;
        line = audit_span_of(line.p + n, line.n - n);
        if (!cut(&line, ' ', &name)) return false;
        if (!audit_same(name, audit_span_of(key->name, strlen(key->name))) || line.n != SIG_TEXT) continue;
        if (!unbase64(line, bytes, sizeof bytes) || memcmp(bytes, key->id, sizeof key->id) != 0) continue;
        if (!audit_hash_signed(key->pub, text, bytes + 4)) return false;
        good++;
    }
    return good > 0;
}

static bool checkpoint_read(struct audit_span text, struct audit_checkpoint *ret)
{
    struct audit_span size, root, rest = text;
    char digits[24], *end;

    if (!cut(&rest, '\n', &ret->origin) || !cut(&rest, '\n', &size) || !cut(&rest, '\n', &root)) return false;
    if (size.n == 0 || size.n > 19 || size.p[0] < '0' || size.p[0] > '9') return false;
    memcpy(digits, size.p, size.n);
    digits[size.n] = '\0';
    ret->size = strtoull(digits, &end, 10);
    return *end == '\0' && unbase64(root, ret->root.b, AUDIT_HASH);
}

/* The place of the last empty line at or before `to`: the bytes before it end with a newline; SIZE_MAX when there is none. */
static size_t empty_line(struct audit_span s, size_t to)
{
    for (size_t i = to; i >= 2; i--)
        if (s.p[i - 1] == '\n' && s.p[i - 2] == '\n') return i - 1;
    return SIZE_MAX;
}

bool audit_note_open(struct audit_span note, const struct audit_note_key *key, struct audit_checkpoint *ret)
{
    size_t end = empty_line(note, note.n), begin;
    struct audit_span text, lines;

    if (end == SIZE_MAX || end + 1 == note.n || note.p[note.n - 1] != '\n') return false;
    begin = empty_line(note, end); /* of a receipt: the line before its checkpoint */
    begin = begin == SIZE_MAX ? 0 : begin + 1;
    text = audit_span_of(note.p + begin, end - begin);
    lines = audit_span_of(note.p + end + 1, note.n - end - 1);
    if (key != NULL && !is_signed(text, lines, key)) return false;
    return checkpoint_read(text, ret) && (key == NULL || audit_same(ret->origin, audit_span_of(key->name, strlen(key->name))));
}

/* Text and signature lines of a note that is nothing else. */
static bool parts_of(struct audit_span note, struct audit_span *text, struct audit_span *lines)
{
    size_t end = empty_line(note, note.n);

    if (end == SIZE_MAX || end == note.n || note.p[note.n - 1] != '\n') return false;
    *text = audit_span_of(note.p, end);
    *lines = audit_span_of(note.p + end + 1, note.n - end - 1);
    return true;
}

bool audit_note_signed(struct audit_span note, const char *name, const uint8_t pub[AUDIT_KEY])
{
    struct audit_note_key key = { .name = "" };
    struct audit_span text, lines;
    struct audit_hash id;

    if (!parts_of(note, &text, &lines) || strlen(name) >= sizeof key.name) return false;
    memcpy(key.name, name, strlen(name) + 1);
    memcpy(key.pub, pub, AUDIT_KEY);
    key_id(audit_span_of(name, strlen(name)), pub, &id);
    memcpy(key.id, id.b, sizeof key.id);
    return is_signed(text, lines, &key);
}

/* proto/restore.h gives the text; what the walk knows must stand in it word for word. */
bool audit_note_restore(struct audit_span content, const uint8_t *issuer, const struct audit_restore *known)
{
    static const char head[] = "rekap/pemulihan/1\nworker ", name[] = "rekap-daftar-kantor";
    char expected[128 + 6 * AUDIT_HASH], log_hex[2 * AUDIT_HASH + 1], root_hex[2 * AUDIT_HASH + 1], marks[2 * AUDIT_HASH + 1];
    size_t n;
    struct audit_span text, lines;

    if (!parts_of(content, &text, &lines) || text.n < sizeof head) return false;
    if (issuer != NULL && !audit_note_signed(content, name, issuer)) return false;
    audit_hash_hex(known->hash.b, AUDIT_HASH, log_hex);
    audit_hash_hex(known->root.b, AUDIT_HASH, root_hex);
    audit_hash_hex(known->watermarks.b, AUDIT_HASH, marks);
    n = (size_t)snprintf(expected, sizeof expected, "\nlsn %llu\nhash %s\nakar %s\n", (unsigned long long)known->lsn, log_hex,
                         root_hex);
    if (known->has_watermarks)
        snprintf(expected + n, sizeof expected - n, "aliran %llu %s\n", (unsigned long long)known->streams, marks);
    return memcmp(text.p, head, sizeof head - 1) == 0 && memmem(text.p, text.n, expected, strlen(expected)) != NULL;
}
