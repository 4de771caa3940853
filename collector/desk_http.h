/* desk_http.h - the office's own page: files are checked and sent from a browser of this machine, receipts are seen. Kind: E.
 *
 * A thread and an event loop of its own beside the collector's; off unless collector.http is set. Nothing here judges or numbers a
 * figure: files go to `rekap push` (desk_http_job.c), questions to the collector's control socket, as the command line's do. */
#ifndef REKAP_DESK_HTTP_H
#define REKAP_DESK_HTTP_H

#include <stddef.h>

enum {
    DESK_HTTP_FILE_MAX = 16 << 20,      /* bytes of one file from the browser */
    DESK_HTTP_CONNECTIONS_MAX = 16,     /* each may bring one file, so this bounds what lies in memory */
    DESK_HTTP_JOBS_MAX = 2,             /* files read at one time; beyond it 503 */
    DESK_HTTP_JOB_MS = 120 * 1000,
    DESK_HTTP_SECRET_SIZE = 65,         /* 64 digits and NUL */
    DESK_HTTP_SENT_MAX = 50,            /* files of which it is told what became of them */
};

struct desk_http;
struct desk_http_options {
    const char *listen;                 /* "127.0.0.1:7420"; an address of this machine alone */
    const char *dir;                    /* the installation that `rekap push --dir` is given */
    const char *control, *offices;      /* the collector's own socket and key directory */
};
/* Writes DIR/collector/desk.link (mode 0600), the address with the secret that opens the page, and starts the thread. err: a
 * sentence. ST_INVALID: the options; ST_BUSY: the address is taken; ST_IO, ST_NO_MEMORY. The texts of o outlive it. */
int desk_http_new(const struct desk_http_options *o, struct desk_http **ret, char *err, size_t err_size);
void desk_http_free(struct desk_http **p);      /* stops the thread; a file that is being read is given up, whole or not at all */

#endif
