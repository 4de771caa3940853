/* setup_edit.c - one line of a configuration file changed by a program, everything else left as people wrote it. Kind: E.
 *
 * Invariant: the file has each key that was set once; lines of other keys keep their bytes and their order. */
#include <stdio.h>
#include <string.h>

#include "cli/setup_part.h"
#include "proto/conf.h"

enum { CONF_BYTES_MAX = 64 << 10 };

static bool is_key(struct slice line, const char *key)
{
    size_t n = strlen(key);
    return line.n > n && !memcmp(line.p, key, n) && strchr(" \t=", line.p[n]);
}

/* The text without the key's lines; with a value, the line stands right after the section's heading. */
static void edit(struct slice text, const char *heading, const char *key, const char *value, struct buf *out)
{
    const size_t length = strlen(heading);
    while (text.n) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) + 1 : text.n;
        struct slice line = bytes_trim(slice_of(text.p, end ? n - 1 : n));
        if (!is_key(line, key)) buf_put(out, text.p, n);
        if (value && line.n == length && !memcmp(line.p, heading, length))
            buf_printf(out, "%s%s = %s\n", end ? "" : "\n", key, value);
        text = slice_of(text.p + n, text.n - n);
    }
}

int setup_daemon(const struct cli *c, const struct place *p, const char *daemon, const char *key, const char *value)
{
    char path[PLACE_PATH_MAX], below[64], heading[64];
    struct buf b, out;
    snprintf(below, sizeof below, "etc/%.20s.conf", daemon);
    snprintf(heading, sizeof heading, "[%.20s]", daemon);
    place_path(p, below, path);
    buf_init(&b, CONF_BYTES_MAX);
    buf_init(&out, 2 * CONF_BYTES_MAX);
    int st = conf_file_read(path, CONF_BYTES_MAX, &b);
    if (st == ST_OK) edit(buf_slice(&b), heading, key, value, &out);
    if (st == ST_OK) st = buf_ok(&out) ? conf_file_write(path, buf_slice(&out), 0600) : ST_NO_MEMORY;
    buf_done(&b);
    buf_done(&out);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

int setup_worker(const struct cli *c, const struct place *p, const char *key, const char *value)
{
    return setup_daemon(c, p, "worker", key, value);
}
