/* conf.h - configuration as a table: name, type, default, bounds, unit, help. Kind: P (parses bytes). INI read through inih.
 *
 * The same rows parse, check, print (`--check`, `rekap config show --origin`) and document. Unknown key, bad value, missing
 * required key, line over 4096 bytes = an error "file:line:key: \"seen\" reason; nearest name"; all faults of a file at once.
 * Sizes `64M`, `1G`; durations `30s`, `200ms`, `5m`, `90d`; bare numbers only for counts. */
#ifndef REKAP_CONF_H
#define REKAP_CONF_H

#include "bytes.h"

enum conf_type { CONF_TEXT, CONF_PATH, CONF_COUNT, CONF_SIZE, CONF_DURATION, CONF_BOOL };
struct conf_option {
    const char *name;                   /* "section.key" */
    enum conf_type type;
    bool required;
    const char *def;                    /* as it would be written; NULL or "" = none */
    int64_t min, max;                   /* of the number; both 0 = any, max 0 = no upper bound */
    const char *help;
};
struct conf;
/* table must outlive the conf. ST_INVALID: every fault is a line of errors (at most 100 and a count of the rest). */
int conf_parse(const struct conf_option *table, size_t n, const char *file, struct slice text, struct conf **ret,
               struct buf *errors);
void conf_free(struct conf **c);
const char *conf_text(const struct conf *c, const char *name);          /* asserts that the name is in the table; "" = not set */
int64_t conf_int(const struct conf *c, const char *name);               /* bytes, microseconds or a count */
bool conf_bool(const struct conf *c, const char *name);
void conf_print(const struct conf *c, bool origin, struct buf *out);    /* canonical INI: parsing it gives the same */
/* Row i of the table as it is in force; false past its end. value: canonical (in number, or the conf's own); NULL = not set. line
 * 0: the default. secret: what stands there is (like) a key and not the name of one: it is not to be shown. */
struct conf_item { const char *name, *value; size_t line; bool secret; };
bool conf_item(const struct conf *c, size_t i, char number[40], struct conf_item *ret);

/* Edge helpers of the daemons (conf_file.c, E). Appends a whole file to b. ST_NOT_FOUND, ST_FULL (over max), ST_IO (errno kept). */
int conf_file_read(const char *path, size_t max, struct buf *b);
/* temp, write, fsync, rename, fsync of the directory. mode e.g. 0600. */
int conf_file_write(const char *path, struct slice bytes, unsigned mode);
/* Makes a directory (0700) or finds it made; its name is on the disk when this is ST_OK, so nothing put into it later can be lost
 * with it. ST_NOT_FOUND (no parent), ST_FULL, ST_NO_MEMORY, ST_IO (errno kept). */
int conf_dir_make(const char *path);
/* rename, then fsync of the directory that holds the new name. Within one directory. */
int conf_file_rename(const char *from, const char *to);
/* Makes room at path: what stands there is renamed to PATH.lama-N, the first N that is free. ret_to: its new name. Statuses of
 * conf_file_rename; ST_NOT_FOUND: nothing stands there; ST_FULL: no such name is left. */
enum { CONF_ASIDE_SIZE = 4096 };
int conf_file_aside(const char *path, char ret_to[CONF_ASIDE_SIZE]);
/* Key files of sign.h. type "ed25519" (the secret is the seed) or "curve25519". ST_DENIED: others may read the file. */
int conf_key_read(const char *path, const char *type, uint8_t ret_secret[32], uint8_t ret_pub[PUBKEY_SIZE], char *err,
                  size_t err_size);
/* Keeps (reads) an existing file. */
int conf_key_create(const char *path, const char *type, uint8_t ret_secret[32], uint8_t ret_pub[PUBKEY_SIZE]);

#endif
