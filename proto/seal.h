/* seal.h - the consolidated quarter of a region as a file: a signed note over the root of its lines. Kind: P; verifying goes
 * through a port.
 *
 *   rekap/segel/1
 *   wilayah 18.72
 *   triwulan 2022-Q4
 *   versi 1                      2 and more are restatements
 *   sebelum -                    the root of the version before; "-" for version 1
 *   oleh pusat-1872              who consolidates
 *   kunci <16 hex>               id of the key that signs
 *   waktu <wall ms>              of the newest record that belongs to the seal
 *   baris <n>
 *   akar <64 hex>                RFC 6962 root over the n lines (merkle.h), each without its newline
 *   <empty line>
 *   <one signature line>         proto/note.h, the key's name is the office
 *   <n lines>                    docs/STORAGE.md, "A seal": what stood at the cut
 *
 * The note is small, so who prints the root on minutes or keeps it elsewhere keeps everything; an inclusion proof of one line needs
 * no other. Among the lines are those of the register, each with the register's own signature: a file is verified with the
 * register's public key and nothing else. */
#ifndef REKAP_SEAL_H
#define REKAP_SEAL_H

#include "code.h"
#include "limits.h"
#include "note.h"

enum { SEAL_NOTE_MAX = 1024, SEAL_VERSION_MAX = 999 };
struct seal {
    region_code region;
    unsigned year, quarter, version;    /* quarter 1..4, version 1..SEAL_VERSION_MAX */
    struct hash before;                 /* zero exactly when version is 1 */
    char actor[OFFICE_ID_MAX + 1];
    uint64_t key_id;                    /* sign_key_id of the key that signs */
    struct wall at;
    uint64_t lines;
    struct hash root;
};
/* Number and root of lines. ST_INVALID: none, or the last one does not end. */
int seal_root(struct slice lines, uint64_t *ret_lines, struct hash *ret_root);
/* Appends the signed note. ST_NO_MEMORY, or what sign gives. */
int seal_put(const struct seal *s, const uint8_t pub[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b);
/* The head of a file, whoever signed it, and where its note ends and its lines begin. ST_INVALID: not in this one spelling. */
int seal_read(struct slice file, struct seal *ret, struct slice *ret_note, struct slice *ret_lines);

enum seal_fault {
    SEAL_SOUND,
    SEAL_FORM,          /* no such file, or another spelling of one */
    SEAL_ROOT,          /* lines that are not those of the root: changed, moved, dropped, added */
    SEAL_REGISTER,      /* the register in it cannot be read, is not the version it says, or is not signed by the given key */
    SEAL_SIGNER,        /* by that register the signer was not the centre of the region, or has no such key */
    SEAL_SIGNATURE,     /* the note is not signed by that key */
    SEAL_FAULTS
};
const char *seal_fault_name(unsigned fault); /* "bentuk", "akar", "daftar", "penanda-tangan", "tanda-tangan"; "" when sound */
/* Verifies a file from nothing but its bytes and the register's public key. ST_OK with *ret and SEAL_SOUND, or the first fault;
 * ST_NO_MEMORY. */
int seal_check(struct slice file, const uint8_t issuer[PUBKEY_SIZE], const struct verifier *v, struct seal *ret,
               enum seal_fault *ret_fault);

/* The part of it that needs no root: the register among `lines` against its key, the signer against the register, the signature
 * over the note. Lines end by a newline each and may be some of the seal's, as long as the register's are all there. The register
 * is the caller's to free, also after a fault. */
struct registry;
int seal_check_signed(const struct seal *s, struct slice note, struct slice lines, const uint8_t issuer[PUBKEY_SIZE],
                      const struct verifier *v, struct registry **ret_register, enum seal_fault *ret_fault);

/* The root as it stands in the log: a figure of MEASURE_SEAL that the sealing centre states of itself, month = last of the quarter,
 * indicator REGION "/" VERSION, text ROOT " " CUTS, where CUTS is "w1:17,w2:4". So a root is as old as its record, and who has the
 * log knows which statements came after the cut. ST_FULL: more workers than a text of TEXT_MAX names (about 90). */
enum { SEAL_MARK_KEY_MAX = 5 + 1 + 3 + 1 };
struct seal_mark { struct hash root; struct slice position; };
size_t seal_mark_key(region_code region, unsigned version, char ret[SEAL_MARK_KEY_MAX]);
int seal_mark_key_parse(struct slice key, region_code *ret_region, unsigned *ret_version);   /* ST_INVALID */
int seal_mark_text(const struct seal_mark *m, char ret[TEXT_MAX + 1]);
int seal_mark_parse(struct slice text, struct seal_mark *ret);  /* ST_INVALID; position points into text, asof_parse reads it */

#endif
