/* http_start.c - see http_start.h. Kind: E. */
#include "aggregator/http_start.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/http_access.h"
#include "aggregator/http_tls.h"

/* Only this machine can reach it. */
static bool loopback(const char *address)
{
    return !strncmp(address, "127.", 4) || !strncmp(address, "localhost:", 10) || !strncmp(address, "[::1]:", 6);
}

int http_start_access(const struct conf *c, struct http_options *o, char *err, size_t err_size)
{
    const char *access = conf_text(c, "aggregator.access"), *https = conf_text(c, "aggregator.https");
    o->login = !strcmp(access, "login") || (!access[0] && !loopback(o->listen));
    o->secure_listen = https;
    o->certificate = conf_text(c, "aggregator.certificate");
    o->certificate_key = conf_text(c, "aggregator.certificate_key");
    snprintf(err, err_size, "aggregator.access: \"%s\" is neither open nor login", access);
    if (access[0] && strcmp(access, "open") != 0 && strcmp(access, "login") != 0) return ST_INVALID;
    snprintf(err, err_size, "aggregator.access: open is only for an address of this machine, not for %s", o->listen);
    if (!o->login && !loopback(o->listen)) return ST_INVALID;
    snprintf(err, err_size, "aggregator.https: certificate and certificate_key are needed");
    if (https[0] && (!o->certificate[0] || !o->certificate_key[0])) return ST_INVALID;
    struct http_tls *tls = NULL;        /* tried here, before anything is opened */
    int st = https[0] ? http_tls_new(o->certificate, o->certificate_key, &tls, err, err_size) : ST_OK;
    http_tls_free(&tls);
    if (st == ST_OK)
        st = http_access_new(conf_text(c, "aggregator.sessions"), conf_int(c, "aggregator.session") / 1000, &o->access, err,
                             err_size);
    return st;
}
