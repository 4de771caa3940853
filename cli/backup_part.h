/* backup_part.h - what backup, archive and restore share: the directory of a backup and its manifest. Kind: E.
 *
 *   MANIFEST           written last: without it a directory is no backup
 *   ledger/data.mdb    the worker's ledger
 *   registry/, etc/    as in DIR; keys/ only with --with-keys (mode 0600)
 *
 * MANIFEST is lines of fields parted by tabs: "#rekap-cadangan 1"; "time" RFC 3339; "log" lsn, log hash, root of the tree; "file"
 * bytes, BLAKE2b-256, path for each file; "end" BLAKE2b-256 of everything before this line. */
#ifndef REKAP_BACKUP_PART_H
#define REKAP_BACKUP_PART_H

#include "cli/place.h"

enum { BACKUP_FILES_MAX = 4096, BACKUP_MANIFEST_MAX = 2 << 20 };
struct backup_log { uint64_t lsn; char hash[2 * HASH_SIZE + 1], root[2 * HASH_SIZE + 1]; };
/* Runs a program and takes what it writes to stdout; its exit code, -1: it did not run or was killed. */
int backup_program(char *const argv[], struct buf *out);
/* Asks the worker of the running installation for a copy of its ledger as target/ledger, and waits for it; of a stopped one it is
 * copied here. lasting: synced; else for who reads it at once and deletes it. EXIT_OK, or an exit code after saying why. */
int backup_ledger(const struct cli *c, const struct place *p, const char *target, bool lasting);
/* Asks rekap-audit about the ledger in the backup; its complaints go to stderr. EXIT_OK or EXIT_FAILED. */
int backup_audit(const struct cli *c, const char *dir, struct backup_log *ret);
/* Writes and syncs MANIFEST over all files below dir. */
int backup_manifest_write(const struct cli *c, const char *dir, const struct backup_log *log);
/* Every file there with its bytes, no other file, and the log sound as far as the manifest says. */
int backup_manifest_check(const struct cli *c, const char *dir, struct backup_log *ret);
/* Copies the regular files of from/sub whose names end with tail into to/sub, mode 0600. What is there already stays. A missing
 * directory is none. */
int backup_copy_files(const struct cli *c, const char *from, const char *to, const char *sub, const char *tail);
/* Into DIR, which has no ledger and does not run (backup_refuse_existing): what is missing of register, configuration and keys
 * (backup_bring), the ledger's file into a new directory, that directory as worker/ledger. */
int backup_refuse_existing(const struct cli *c, const struct place *p);
int backup_bring(const struct cli *c, const struct place *p, const char *from);
int backup_copy_ledger(const struct cli *c, const char *from, const char *to);
int backup_ledger_in_place(const struct cli *c, const struct place *p, const char *fresh);
/* The time of a restore record: now, or just after --after. An office takes one only if it is younger than the last it took, and
 * that one may have been made under a clock that was ahead. EXIT_USAGE: --after is no time. */
int backup_record_time(const struct cli *c, struct wall *ret);
/* Appends the restore record to the ledger in dir; *ret_lsn: its position. */
int backup_begin_incarnation(const struct cli *c, const struct place *p, const char *dir, struct wall at, uint64_t *ret_lsn);
/* An export (export.c) instead of a backup: makes the ledger in the new directory `to` from its log, every record verified, and
 * DIR's register. */
bool export_is(const char *dir);
int export_read(const struct cli *c, const struct place *p, const char *from, const char *to, uint64_t *ret_lsn);
int backup_fail(const struct cli *c, const char *path, const char *why);        /* EXIT_FAILED */
/* Maps a file: ST_OK with *ret empty for an empty one. The caller unmaps with backup_unmap. */
int backup_map(const char *path, struct slice *ret);
void backup_unmap(struct slice *s);

#endif
