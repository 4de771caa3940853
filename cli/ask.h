/* ask.h - questions to the aggregator over HTTP, from the command line. Kind: E. Blocking, with a deadline. */
#ifndef REKAP_ASK_H
#define REKAP_ASK_H

#include "cli/place.h"

enum { ASK_TIMEOUT_MS = 30 * 1000, ASK_RETRY_MS = 10 * 1000 };

struct ask_answer { int status; /* HTTP */ char *body; size_t n; };      /* body: malloc-ed, NUL-terminated */
/* One GET. ST_OK: there was an answer, of whatever status (caller frees body). ST_NOT_FOUND: no connection, or it was cut;
 * ST_AGAIN: time-out. */
int ask_get(const char *address, const char *target, int timeout_ms, struct ask_answer *ret);
/* The same of an aggregator elsewhere: the header `Authorization` (NULL or "": none), and TLS (ask_tls.h; NULL: in the clear). */
struct ask_tls;
struct ask_who { const char *key; const struct ask_tls *tls; };
int ask_as(const char *address, const char *target, int timeout_ms, const struct ask_who *who, struct ask_answer *ret);
/* The same, of this installation's own aggregator at the address it has now. ST_NOT_FOUND also when another installation answers on
 * that port: its figures must never pass for ours. */
int ask_own(const struct place *p, const char *target, int timeout_ms, struct ask_answer *ret);
/* The header `Authorization` for this installation's own aggregator, where it asks who one is: made over its control socket, good
 * for some minutes. ST_NOT_FOUND, ST_AGAIN, ST_INVALID: none was given. */
enum { ASK_KEY_SIZE = 80 };
int ask_key(const struct place *p, char ret[ASK_KEY_SIZE]);
struct ask_param { const char *name, *value; };         /* value NULL or "": not sent */
/* Encoded path and query, NUL-terminated. */
void ask_target(struct buf *b, const char *path, const struct ask_param *params, size_t n);
/* Asks, tries again for up to ASK_RETRY_MS while nobody can be reached (the aggregator may be restarting), and parses. EXIT_OK
 * with the answer (caller decrefs); else what is wrong is said on stderr: EXIT_USAGE for a bad question, EXIT_FAILED otherwise. */
int ask_question(const struct cli *c, const struct place *p, const char *path, const struct ask_param *params, size_t n,
                 json_t **ret);
/* Where to connect to for a listening address. */
void ask_split(const char *address, char *ret_host, size_t size, uint16_t *ret_port);

#endif
