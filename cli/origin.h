/* origin.h - where a statement stood in the file that was pushed, as this machine's collector knows it. Kind: E.
 *
 * Name and line never travel: the collector that signed the statement keeps them. So they are shown where the office works (or
 * where the whole system runs on one machine), and nowhere else. */
#ifndef REKAP_CLI_ORIGIN_H
#define REKAP_CLI_ORIGIN_H

#include "cli/place.h"

/* Puts "origin": {"file","hash","sheet","line"} (hash: the file's SHA-256; hash and sheet may be null) into every statement of the
 * answer that the local collector signed. Says nothing when it does not run or knows none. */
void origin_put(const struct place *p, json_t *answer);
/* "; anggaran.csv:17 (SHA-256 0123456789abcdef)", of a workbook "; pagu.xlsx, Lembar:17 (..)" of a statement, after what ret holds
 * already. */
void origin_text(const json_t *statement, char *ret, size_t size);

#endif
