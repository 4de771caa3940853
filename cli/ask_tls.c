/* ask_tls.c - see ask_tls.h. Kind: E. TLS 1.2 and 1.3 with OpenSSL's own choice of ciphers.
 *
 * Invariant: a handshake is over only with a chain that was verified for the dialled name. */
#include "cli/ask_tls.h"

#include <arpa/inet.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct ask_tls { SSL_CTX *ctx; };

int ask_tls_new(const char *authorities, struct ask_tls **ret)
{
    struct ask_tls *t = calloc(1, sizeof *t);
    if (!t) return ST_NO_MEMORY;
    t->ctx = SSL_CTX_new(TLS_client_method());
    bool ok = t->ctx && SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) == 1;
    if (ok) SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    if (ok)
        ok = (authorities ? SSL_CTX_load_verify_locations(t->ctx, authorities, NULL) : SSL_CTX_set_default_verify_paths(t->ctx)) ==
             1;
    int st = ok ? ST_OK : t->ctx ? ST_INVALID : ST_NO_MEMORY;
    if (ok) *ret = t;
    else ask_tls_free(&t);
    return st;
}

void ask_tls_free(struct ask_tls **t)
{
    if (!t || !*t) return;
    SSL_CTX_free((*t)->ctx);
    free(*t);
    *t = NULL;
}

/* An address is no name: it is verified as an address and not sent ahead. */
static bool expect(SSL *ssl, const char *host)
{
    unsigned char address[16];
    bool number = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    if (number) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct bufferevent *ask_tls_socket(const struct ask_tls *t, struct event_base *base, const char *host)
{
    SSL *ssl = SSL_new(t->ctx);
    struct bufferevent *b = NULL;
    if (ssl && expect(ssl, host))
        b = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (ssl && !b) SSL_free(ssl);
    if (b) bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
    return b;
}
