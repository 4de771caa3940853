/* inbox.h - a watched folder: what is put into it is checked and sent without a browser or a command. Kind: E.
 *
 *   INBOX/ID/            made for each office whose key is here; files are put here
 *   INBOX/ID/terkirim/   sent whole
 *   INBOX/ID/ditolak/    refused rows (what stood was sent) or the whole file, with NAME.kesalahan.txt and a marked copy beside
 *   INBOX/ID/.dibaca/    being read; after a crash it is read again
 *
 * A file is taken when it has been left alone for INBOX_QUIET_MS, no process has it open for writing (where the file system can
 * tell), and no older file of the office waits. Names that begin with a dot or "~", end with "~" or in .tmp, .part, .crdownload,
 * and whatever is no regular file, are left alone. */
#ifndef REKAP_INBOX_H
#define REKAP_INBOX_H

#include "proto/types.h"

enum { INBOX_QUIET_MS = 2000, INBOX_RESCAN_MS = 10 * 1000, INBOX_RETRY_MS = 30 * 1000, INBOX_READ_MS = 300 * 1000 };

struct inbox;
struct inbox_options { const char *dir, *home, *offices; };     /* absolute; the installation; the key directory. They outlive it */
/* Makes the folder; with an empty dir nothing is watched and ret stays NULL. ST_INVALID, ST_IO, ST_NO_MEMORY with a sentence in
 * err. */
int inbox_new(const struct inbox_options *o, struct inbox **ret, char *err, size_t err_size);
void inbox_turn(struct inbox *b, struct now now);       /* as often as one likes; never waits */
void inbox_free(struct inbox **p);      /* a file that is being read stays in .dibaca and is read again */

#endif
