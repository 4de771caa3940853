/* lines.h - the text of our signed notes, line by line: a word, a blank, a value. Kind: P.
 *
 * What is read with these is put again by its writer and must be the same text (lines_same), so that a note has one spelling and
 * nothing in it goes unread. Used by the notes about a log: its restore (restore.h) and its cuts (cut.h). */
#ifndef REKAP_LINES_H
#define REKAP_LINES_H

#include "bytes.h"

/* The value of the next line when that begins with `word` and a blank and ends with a newline, *text then stands behind it; else
 * empty, and *text is as it was. */
struct slice lines_next(struct slice *text, const char *word);
/* The heading, a line of its own. False: *text does not begin with it, and is as it was. */
bool lines_head(struct slice *text, const char *head);
bool lines_decimal(struct slice s, uint64_t *ret);              /* one to 19 digits */
bool lines_hex(struct slice s, uint8_t *ret, size_t n);         /* exactly n bytes */
bool lines_hex_u64(struct slice s, uint64_t *ret);              /* exactly 16 digits */
/* Copies a value with its NUL; false: it is empty, does not fit, or has a NUL in it. */
bool lines_copy(struct slice s, char *ret, size_t size);
bool lines_same(const struct buf *b, struct slice text);        /* is all that was put this text? */

#endif
