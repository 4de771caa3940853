/* seal_file.h - a sealed quarter as a file of an installation: where it lies, verified before anything of it is read. Kind: E.
 *
 * DIR/segel/REGION/QUARTER-VERSION.segel, such as DIR/segel/18.72/2022-Q4-1.segel; the format is proto/seal.h's. */
#ifndef REKAP_SEAL_FILE_H
#define REKAP_SEAL_FILE_H

#include "cli/place.h"
#include "proto/seal.h"

#define SEAL_FILE_BYTES_MAX ((size_t)4 << 30)
struct seal_file { struct buf bytes; struct seal seal; struct slice note, lines; };     /* slices point into bytes */
/* The register's public key: --key, else of the installation. EXIT_OK, or an exit code after saying why. */
int seal_file_key(const struct cli *c, uint8_t ret[PUBKEY_SIZE]);
/* Reads and verifies. EXIT_OK with a sound seal (seal_file_done), or an exit code after saying what is wrong with it. */
int seal_file_open(const struct cli *c, const char *path, const uint8_t key[PUBKEY_SIZE], struct seal_file *ret);
void seal_file_done(struct seal_file *f);
const char *seal_file_reason(const struct cli *c, unsigned fault);     /* in words */
/* The newest version of a quarter in this installation that is older than `below`, and where it lies. 0: there is none. */
unsigned seal_file_newest(const struct place *p, region_code region, unsigned year, unsigned quarter, unsigned below,
                          char ret[PLACE_PATH_MAX]);
/* The next line without its newline; false at the end. */
bool seal_file_line(struct slice *rest, struct slice *ret);
/* The nth field of a line, fields parted by tabs; an empty slice where there is none. The last one asked for may be the rest. */
struct slice seal_file_field(struct slice line, unsigned n);
struct slice seal_file_rest(struct slice line, unsigned n);             /* from the nth field on */
bool seal_file_is(struct slice line, const char *kind);                /* its first field */

#endif
