/* ask_tls.h - TLS for questions to an aggregator on another machine. Kind: E.
 *
 * The other side must show a certificate for the very name that was dialled, signed by an authority of this machine or of the given
 * file; there is no way to go on without. */
#ifndef REKAP_ASK_TLS_H
#define REKAP_ASK_TLS_H

#include "cli/ask.h"

struct event_base;
struct bufferevent;

/* authorities: a PEM file; NULL: those of this machine. ST_INVALID: the file holds none. ST_NO_MEMORY. */
int ask_tls_new(const char *authorities, struct ask_tls **ret);
void ask_tls_free(struct ask_tls **t);
/* A socket that will speak TLS to `host` (a name or an IP address); closed with what it is given to. NULL: no memory. */
struct bufferevent *ask_tls_socket(const struct ask_tls *t, struct event_base *base, const char *host);

#endif
