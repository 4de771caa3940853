/* setup_desk.c - the address of an office's page, in the collector's configuration. Kind: E.
 *
 * An office's DIR gets its page at the first `rekap up` of a release that has one, without a question: it is for the people who
 * have no command line. An empty `http =` in the file is somebody's decision and stays. As with the monitor, a port is tried by
 * binding it; the collector that loses a race goes on without a page and says so in its log. */
#include <string.h>
#include <stdio.h>

#include "cli/setup_part.h"

enum { DESK_PORT_FIRST = 7421 };

static int write_http(const struct cli *c, const struct place *p, const char *path, const char *http)
{
    char dir[PLACE_DIR_MAX];
    int rc = setup_daemon(c, p, "collector", "http", http);
    if (rc == EXIT_OK && place_setting(path, "collector", "directory", dir, sizeof dir) != ST_OK)
        rc = setup_daemon(c, p, "collector", "directory", p->dir);
    return rc;
}

int setup_desk(const struct cli *c, const struct place *p, const char *asked, char ret[PLACE_HTTP_MAX])
{
    char path[PLACE_PATH_MAX], now[PLACE_HTTP_MAX] = "";
    place_path(p, "etc/collector.conf", path);
    bool there = place_setting(path, "collector", "http", now, sizeof now) == ST_OK;
    snprintf(ret, PLACE_HTTP_MAX, "%s", asked ? asked : now);
    if (!asked && there && (!now[0] || setup_http_free(now))) return EXIT_OK;
    if (asked && (strncmp(asked, "127.", 4) != 0 || strpbrk(asked, " \t\r\n#;")))
        return cli_usage(c, "--http di kantor harus 127.0.0.1:PORT", "--http at an office must be 127.0.0.1:PORT", asked);
    if (asked && !setup_http_free(asked))
        return cli_fail(c, "alamat halaman kantor sudah dipakai", "the address of the office's page is taken", asked);
    if (!asked && !setup_http_choose(DESK_PORT_FIRST, ret)) return cli_fail(c, "tidak ada port bebas", "no free port", NULL);
    if (!asked && there)
        cli_talk(c, "%s sudah dipakai program lain; halaman kantor pindah ke %s",
                 "%s is taken by another program; the office's page moves to %s", now, ret);
    return there && !strcmp(now, ret) ? EXIT_OK : write_http(c, p, path, ret);
}
