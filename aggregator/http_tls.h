/* http_tls.h - the certificate HTTP is served under. Kind: E, HTTP thread. The only file that knows OpenSSL. */
#ifndef REKAP_HTTP_TLS_H
#define REKAP_HTTP_TLS_H

#include <event2/bufferevent.h>
#include <stddef.h>

struct http_tls;
/* Two PEM files: the chain (own certificate first) and its key, which others must not be able to read. They are copied as names and
 * read again when they change. err: a sentence. ST_INVALID: they cannot be used. */
int http_tls_new(const char *certificate, const char *key, struct http_tls **ret, char *err, size_t err_size);
struct bufferevent *http_tls_make(const struct http_tls *t, struct event_base *base);   /* for one connection; NULL: no memory */
void http_tls_refresh(struct http_tls *t);      /* looks whether the files are others: a renewed certificate needs no restart */
void http_tls_free(struct http_tls **p);

#endif
