/* place.h - a local installation DIR: where everything of it lies. Kind: E.
 *
 *   DIR/etc/{worker,collector,aggregator}.conf   DIR/keys/NAME.key, DIR/keys/office/ID.key   DIR/log/NAME.log   DIR/up.lock
 *   of an office: DIR/etc/{collector,centre}.conf and the collector's part of the rest
 *   DIR/registry/{office.tsv,region.csv,nomenklatur.csv}   DIR/worker/ledger   DIR/collector/{outbox,tray}   DIR/aggregator/state
 *   runtime: /tmp/rekap-<uid of DIR's owner>-<16 hex of the hash of DIR's real path>/NAME.sock
 *
 * Socket paths have at most 107 bytes, so they cannot lie below DIR. They follow from DIR alone and never from the environment of
 * the caller: a session, a timer and a service must all find the same sockets. */
#ifndef REKAP_PLACE_H
#define REKAP_PLACE_H

#include "cli/cli.h"
#include "proto/registry.h"

enum { PLACE_PATH_MAX = 4096, PLACE_DIR_MAX = 3500, PLACE_SOCKET_MAX = 108, PLACE_HTTP_MAX = 280 };
enum { PLACE_REGISTRY_BYTES_MAX = 64 << 20 };

struct place {
    char dir[PLACE_DIR_MAX];            /* real path */
    char runtime[80];
    bool office;                        /* an office's installation (rekap office join): a collector and nothing else */
    char http[PLACE_HTTP_MAX];          /* host:port from DIR/etc/aggregator.conf; "" before the first start */
};
/* All return EXIT_OK, or EXIT_FAILED after saying on stderr what is wrong and what to do. */
int place_open(const struct cli *c, struct place *ret);         /* of an installation that `up` has set up; of a centre */
int place_open_any(const struct cli *c, struct place *ret);     /* of a centre, or of an office */
int place_find(const struct cli *c, struct place *ret);         /* of any DIR that is there, set up or broken; http stays "" */
int place_create(const struct cli *c, struct place *ret);       /* creates DIR when missing */
int place_registry(const struct cli *c, const struct place *p, struct registry **ret);
/* The i-th directory of aggregator.worker_dirs, from 0: an installation whose worker this aggregator follows as well. *ret_there
 * false: there are no more. */
int place_beside(const struct cli *c, const struct place *p, unsigned i, struct place *ret, bool *ret_there);

/* Says that an office is not registered, the nearest id, and the command that adds it. EXIT_FAILED. */
int office_unknown(const struct cli *c, const struct registry *r, const char *id);

void place_path(const struct place *p, const char *below, char ret[PLACE_PATH_MAX]);
/* Where an office's signing key lies; tail: "", or what stands behind the name of one that is not in use. */
void place_office_key(const struct place *p, const char *office, const char *tail, char ret[PLACE_PATH_MAX]);
/* "worker", "collector", "aggregator": a daemon's control socket; "feed", "publish": those between them. */
void place_socket(const struct place *p, const char *name, char ret[PLACE_SOCKET_MAX]);
/* The runtime directory: made when missing, refused when it is not ours alone. Its maker, who holds DIR/up.lock, removes it. */
int place_runtime(const struct cli *c, const struct place *p);
/* The value of a key in an INI file; ST_NOT_FOUND when file, section or key is missing, ST_FULL when it does not fit. */
int place_setting(const char *file, const char *section, const char *key, char *ret, size_t size);
/* One request on a daemon's control socket and its JSON answer (caller decrefs). ST_NOT_FOUND: it does not run; ST_AGAIN: no
 * answer in time; ST_INVALID: not JSON. */
int place_ask(const struct place *p, const char *daemon, const char *request, int timeout_ms, json_t **ret);
/* Does a process hold the daemon's control socket? A port can pass to another installation, this socket cannot. */
bool place_alive(const struct place *p, const char *daemon);
void place_refresh(struct place *p);    /* reads http again: `up` moves the port when somebody else took it */
/* The directory of the running program; with a trailing part such as "/rekap-worker". ST_NOT_FOUND when it cannot be told. */
int place_program(const char *part, char ret[PLACE_PATH_MAX]);

#endif
