/* http_start.h - who may ask over HTTP, by configuration. Kind: E. */
#ifndef REKAP_HTTP_START_H
#define REKAP_HTTP_START_H

#include "aggregator/http.h"
#include "proto/conf.h"

/* Fills what o says of login and TLS from aggregator.access, .https, .certificate, .certificate_key, .sessions and .session;
 * o->listen is set. An address that others reach is never open. o->access is the caller's to free (http_access_free), texts live as
 * long as c. ST_INVALID, ST_IO, ST_NO_MEMORY with the key and the reason in err; the certificate is tried here, before anything is
 * opened. */
int http_start_access(const struct conf *c, struct http_options *o, char *err, size_t err_size);

#endif
