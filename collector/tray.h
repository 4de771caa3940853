/* tray.h - the checked file that `rekap push` (and the desk) puts into the collector's tray. Kind: P (bytes only; the edge does the
 * files: temp, fsync, rename, fsync of the directory).
 *
 * bytes = msgpack array ["rekap-tray", 2, tray id s, office s, file name s, SHA-256 of the pushed file b (or empty), sheet s,
 *         entered wall ms u, clerk s, rows u, refused rows u, duplicates within the file u, [[common, [[line u, row]..]]..]]
 *         followed by crc32c of it, big-endian. Format 1 has neither hash nor sheet; it is read, never written.
 * common and row are the section and row of the wire (proto/codec.h); the line is the row's line in the pushed file
 * (1 = header; 0: of no line), and never leaves this machine. One CSV row may give several rows here with the same line, in
 * different sections. */
#ifndef REKAP_TRAY_H
#define REKAP_TRAY_H

#include "proto/codec.h"

enum { TRAY_BYTES_MAX = 256 << 20, TRAY_FILE_NAME_MAX = 127, TRAY_SHEET_MAX = 127, TRAY_ID_MAX = 48 };

struct tray {
    struct slice id, office, file, clerk;
    struct slice hash, sheet;           /* SHA-256 of the pushed file, empty where none was; of a workbook the sheet read */
    struct wall entered;
    uint32_t rows, refused, duplicate;  /* of the pushed file: data rows, rows refused, rows that repeat another row of the file */
};
/* Writing: begin, then for each section section_begin + its rows, then end. b's max bounds the file; check buf_ok(b) at the end. */
void tray_begin(struct buf *b, const struct tray *head, uint32_t sections);
void tray_section(struct buf *b, const struct section *s, uint32_t rows);
void tray_row(struct buf *b, uint32_t line, const struct figure *f);
void tray_end(struct buf *b);           /* appends the checksum */

/* Reading. tray_open checks the checksum, scans strictly and reads the head: ST_INVALID, ST_VERSION (another format number).
 * tray_next gives row by row: ST_OK, ST_NOT_FOUND at the end, ST_INVALID when a row does not parse or fails figure_check. */
struct tray_reader { struct rd r; uint32_t sections_left, rows_left; struct section section; };
struct tray_row { uint32_t line; struct figure figure; };
int tray_open(struct slice bytes, struct tray *ret, struct tray_reader *ret_reader);
int tray_next(struct tray_reader *r, struct tray_row *ret);     /* r->section is the row's section */

#endif
