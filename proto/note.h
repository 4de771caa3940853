/* note.h - signed notes (c2sp.org/signed-note) with Ed25519, and the checkpoint of a log as the text of one
 * (c2sp.org/tlog-checkpoint). Kind: P; signing and verifying go through ports.
 *
 *   <text, each line ended by a newline>
 *   <empty line>
 *   — <key name> base64(key hash u32 || signature 64)
 *
 * key hash = first four bytes of SHA-256(name || 0x0a || 0x01 || public key). A public key travels as a verifier key (vkey):
 * "name+hash in hex+base64(0x01 || public key)". Both formats are those of Go's sumdb, so its tools read ours. */
#ifndef REKAP_NOTE_H
#define REKAP_NOTE_H

#include "bytes.h"
#include "sign.h"

enum { NOTE_BYTES_MAX = 16384, NOTE_SIGNATURES_MAX = 16, NOTE_NAME_MAX = 128, NOTE_SIGNATURE_MAX = 5120 };

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint32_t hash;
    uint8_t pub[PUBKEY_SIZE];
};
/* ST_INVALID: the name is empty, too long, not UTF-8, or holds a space of any kind, a control character or a plus sign. */
int note_key_make(struct slice name, const uint8_t pub[PUBKEY_SIZE], struct note_key *ret);
int note_key_parse(struct slice vkey, struct note_key *ret); /* ST_INVALID, also when its hash is not that of name and key */
void note_key_format(const struct note_key *k, struct buf *b);

/* Signs text; ret_sig is written on ST_OK, any other status is handed on. */
typedef int (*note_sign_fn)(void *ctx, struct slice text, uint8_t ret_sig[SIG_SIZE]);
/* Appends the whole note. ST_INVALID: text that cannot be one (empty, not ended by a newline, not UTF-8, control characters, or too
 * long), ST_NO_MEMORY. */
int note_sign(struct slice text, const struct note_key *k, note_sign_fn sign, void *ctx, struct buf *b);
/* The text of a note that this key has signed; *ret_text points into note. Signatures of other keys are passed over, as the format
 * wants it. ST_INVALID: not a note. ST_DENIED: no signature of this key, or one that does not verify. */
int note_open(struct slice note, const struct note_key *k, const struct verifier *v, struct slice *ret_text);

struct note_checkpoint {
    struct slice origin; /* names the log; for ours also the key's name */
    uint64_t size;       /* leaves */
    struct hash root;
    struct slice extension; /* further lines, each ended by a newline; empty for ours */
};
void note_checkpoint_put(const struct note_checkpoint *c, struct buf *b);
int note_checkpoint_parse(struct slice text, struct note_checkpoint *ret); /* slices point into text; ST_INVALID */

#endif
