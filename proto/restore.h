/* restore.h - the record with which a restored log begins its new incarnation. Kind: P; signing and verifying go through ports.
 *
 * After the loss of a log its last backup goes on under a new incarnation. Whoever remembers the lost one accepts that only with
 * this note, signed by the register's key (proto/note.h, key name RESTORE_KEY_NAME):
 *
 *   rekap/pemulihan/1
 *   worker <id>
 *   lama <incarnation, 16 hex>         the one in the backup
 *   baru <incarnation, 16 hex>         the one that begins after it
 *   waktu <wall ms>                    grows from restore to restore: an older note is never taken after a newer one
 *   lsn <last surviving position>
 *   hash <log hash at lsn>
 *   akar <root of the tree of lsn records>
 *   aliran <count> <BLAKE2b-256 of the list of watermarks>
 *
 * The list has a line "office TAB stream TAB epoch TAB watermark TAB head" for each stream that survives, in the order of office
 * and stream; it follows from the log up to lsn, so the note need not carry it. The note is the content of record lsn + 1, kind 3.
 */
#ifndef REKAP_RESTORE_H
#define REKAP_RESTORE_H

#include "note.h"

#define RESTORE_KEY_NAME "rekap-daftar-kantor"
enum { RESTORE_NOTE_MAX = 2048, RESTORE_WORKER_MAX = 12 };
struct restore {
    char worker[RESTORE_WORKER_MAX];
    uint64_t before, after;             /* incarnations */
    struct wall at;
    uint64_t lsn;
    struct hash hash, root;
    uint64_t streams;
    struct hash watermarks;
};
/* Appends the signed note. ST_NO_MEMORY, or what sign gives. */
int restore_put(const struct restore *r, const uint8_t registry_key[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b);
/* ST_DENIED: not signed by that key. ST_INVALID: not such a note, or not in this one spelling. */
int restore_open(struct slice note, const uint8_t registry_key[PUBKEY_SIZE], const struct verifier *v, struct restore *ret);

#endif
