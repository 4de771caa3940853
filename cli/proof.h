/* proof.h - the proof pack of one office: its lines of a sealed quarter with their paths to the root, and the signed statements
 * that stand behind them with receipts. Verified offline, with the register's key. Kind: E.
 *
 *   rekap/bukti/1
 *   kantor dinsos-1872
 *   baris <n>                    lines of the seal that follow
 *   kiriman <m>                  records of the log that follow
 *   log <vkey>                   whose checkpoints the receipts hold (proto/note.h)
 *   <empty line>
 *   <the seal's signed note>     proto/seal.h
 *   <n times>  index TAB path TAB line           path: the hashes of RFC 6962, base64, "-" for none
 *   <m times>  lsn TAB batch TAB dispositions TAB receipt      base64, "-" for none: the batch and what was decided about its rows
 *                                as the log has them, the receipt's text
 *
 * The lines are those of the register (each is signed with the chain before it), the steps and leaf rows of the office, and the
 * head's. The records are the batches of the office, and those of others that its leaf rows name (a planner's verification). */
#ifndef REKAP_PROOF_H
#define REKAP_PROOF_H

#include "cli/seal_file.h"
#include "proto/receipt.h"

enum proof_fault {
    PROOF_SOUND,
    PROOF_FORM,         /* no such pack, or one that was cut off */
    PROOF_LINE,         /* a line that is not under the root at its place */
    PROOF_SEAL,         /* the register in it, or who signed the seal: proof.seal_fault says which */
    PROOF_RECORD,       /* a record that is no batch, or whose receipt does not lead to the log's checkpoint */
    PROOF_SIGNATURE,    /* a batch that its office has not signed */
    PROOF_UNSTATED,     /* a figure of the office that no batch in the pack states */
    PROOF_FAULTS
};
struct proof {
    struct seal seal;
    enum seal_fault seal_fault;
    char office[OFFICE_ID_MAX + 1];
    uint64_t lines, records, statements, figures;       /* statements: numbers in the batches; figures: those that leaf rows name */
    struct note_key log;
};
const char *proof_fault_name(unsigned fault);
/* Judges a pack by the register's key. ST_OK with *ret_fault; ST_NO_MEMORY. */
int proof_check(struct slice text, const uint8_t issuer[PUBKEY_SIZE], struct proof *ret, enum proof_fault *ret_fault);
bool proof_is(struct slice text);       /* does it begin like one? */

/* ---- `rekap seal proof FILE --office ID -o OUT` ---- */
int proof_run(struct cli *c);
/* ---- `rekap seal verify OUT` of a pack ---- */
int proof_verify(const struct cli *c, struct slice text, const uint8_t issuer[PUBKEY_SIZE]);

/* ---- between proof*.c ---- */
/* A statement that a leaf row names: who says it, in which stream and epoch, which number. */
struct proof_name { char office[OFFICE_ID_MAX + 1]; uint32_t stream; uint64_t epoch, sequence; };
struct proof_names { struct proof_name *list; size_t n, room; };
int proof_names_add(struct proof_names *names, struct slice line);      /* all that stand in a leaf row */
void proof_names_sort(struct proof_names *names);
bool proof_names_in(const struct proof_names *names, const struct batch *b);    /* sorted: does the batch hold one of them? */
void proof_names_done(struct proof_names *names);
/* Complete subtrees in memory. */
struct proof_nodes { struct hash *list[MERKLE_LEVELS]; size_t n[MERKLE_LEVELS], room[MERKLE_LEVELS]; };
struct merkle_nodes proof_nodes_port(struct proof_nodes *nodes);
void proof_nodes_done(struct proof_nodes *nodes);
/* The records of the worker's log up to the cut of the seal, checked against the hash that the seal has there: those that the pack
 * wants, with receipts, appended to out. EXIT_OK, or an exit code after saying why. */
struct proof_log { struct buf lines; uint64_t records; char vkey[256]; };
int proof_log_read(const struct cli *c, const struct place *p, const struct seal_file *seal, const char *office,
                   const struct proof_names *names, struct proof_log *ret);

#endif
