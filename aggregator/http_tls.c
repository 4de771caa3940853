/* http_tls.c - see http_tls.h.
 *
 * TLS 1.2 and 1.3 with OpenSSL's own choice of ciphers; no compression, no renegotiation, no tickets (a session ticket key would
 * have to be turned over). A connection keeps the certificate it began with. Files that cannot be used any more are told and the
 * pair before stays: a renewal writes two files, one after the other. */
#include "aggregator/http_tls.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/log.h"
#include "proto/status.h"

struct http_tls { SSL_CTX *ctx; char *certificate, *key; struct timespec seen[2]; };

static int fail(const char *file, const char *why, char *err, size_t err_size)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(err, err_size, "%s: %s%s%s", file, why, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return ST_INVALID;
}

static int times_of(const struct http_tls *t, struct timespec ret[2], char *err, size_t err_size)
{
    struct stat sb;
    if (stat(t->certificate, &sb) != 0) return fail(t->certificate, "cannot be read", err, err_size);
    ret[0] = sb.st_ctim;            /* moves with rights and names, too: mended by chmod or mv is mended */
    if (stat(t->key, &sb) != 0) return fail(t->key, "cannot be read", err, err_size);
    ret[1] = sb.st_ctim;
    return sb.st_mode & 07 ? fail(t->key, "everybody may read it (chmod o=)", err, err_size) : ST_OK;
}

static int load(const struct http_tls *t, SSL_CTX **ret, char *err, size_t err_size)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int st = ctx ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK && !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)) st = fail("TLS", "no TLS 1.2", err, err_size);
    if (st == ST_OK && SSL_CTX_use_certificate_chain_file(ctx, t->certificate) != 1)
        st = fail(t->certificate, "is no certificate", err, err_size);
    if (st == ST_OK && SSL_CTX_use_PrivateKey_file(ctx, t->key, SSL_FILETYPE_PEM) != 1)
        st = fail(t->key, "is no key of that certificate", err, err_size);
    if (st == ST_OK && SSL_CTX_check_private_key(ctx) != 1) st = fail(t->key, "is no key of that certificate", err, err_size);
    if (st == ST_OK) {
        SSL_CTX_set_options(ctx,
                            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        *ret = ctx;
    } else SSL_CTX_free(ctx);
    return st;
}

int http_tls_new(const char *certificate, const char *key, struct http_tls **ret, char *err, size_t err_size)
{
    struct http_tls *t = calloc(1, sizeof *t);
    snprintf(err, err_size, "no memory");
    if (!t) return ST_NO_MEMORY;
    t->certificate = strdup(certificate);
    t->key = strdup(key);
    int st = t->certificate && t->key ? times_of(t, t->seen, err, err_size) : ST_NO_MEMORY;
    if (st == ST_OK) st = load(t, &t->ctx, err, err_size);
    if (st == ST_OK) *ret = t;
    else http_tls_free(&t);
    return st;
}

struct bufferevent *http_tls_make(const struct http_tls *t, struct event_base *base)
{
    SSL *ssl = SSL_new(t->ctx);
    struct bufferevent *b =
        ssl ? bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE) : NULL;
    if (b) bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
    else SSL_free(ssl);
    return b;
}

void http_tls_refresh(struct http_tls *t)
{
    char err[512];
    struct timespec now[2] = {t->seen[0], t->seen[1]};
    SSL_CTX *fresh = NULL;
    int st = times_of(t, now, err, sizeof err);
    bool same = now[0].tv_sec == t->seen[0].tv_sec && now[0].tv_nsec == t->seen[0].tv_nsec &&
                now[1].tv_sec == t->seen[1].tv_sec && now[1].tv_nsec == t->seen[1].tv_nsec;
    if (same) return;                   /* also what could not be read a moment ago */
    if (st == ST_OK) st = load(t, &fresh, err, sizeof err);
    memcpy(t->seen, now, sizeof now);
    if (st != ST_OK) {
        log_write(LOG_L_ERROR, "certificate not taken, the one before stays", "reason=\"%s\"", err);
        return;
    }
    SSL_CTX_free(t->ctx);               /* connections hold it as long as they need it */
    t->ctx = fresh;
    log_write(LOG_L_INFO, "certificate read again", "file=%s", t->certificate);
}

void http_tls_free(struct http_tls **p)
{
    struct http_tls *t = *p;
    if (!t) return;
    SSL_CTX_free(t->ctx);
    free(t->certificate);
    free(t->key);
    free(t);
    *p = NULL;
}
