/* http_access.h - who may ask: one-time links, sessions, keys of programs. Kind: E. Shared by the HTTP thread and the control
 * socket, behind a lock of its own.
 *
 * A secret is 32 random bytes in hexadecimal; here and on disk lies only its SHA-256. Who opens the control socket makes one
 * (`rekap login`); a link is good once and for a quarter of an hour, and what it is exchanged for ends by itself. */
#ifndef REKAP_HTTP_ACCESS_H
#define REKAP_HTTP_ACCESS_H

#include "proto/clock.h"
#include "proto/registry.h"

enum {
    HTTP_SECRET_SIZE = 65,              /* 64 digits and NUL */
    HTTP_CSRF_SIZE = 33,
    HTTP_ACCESS_MAX = 8192,             /* secrets that are good at one time */
    HTTP_LINK_MS = 15 * 60 * 1000,
    HTTP_ACCESS_DAYS_MAX = 366,
};
enum http_access_kind { HTTP_ACCESS_LINK = 1, HTTP_ACCESS_SESSION, HTTP_ACCESS_KEY };
struct http_viewer {
    bool open;                          /* nobody has to say who he is here; the rest is empty */
    uint8_t role;
    region_code region;
    char office[OFFICE_ID_MAX + 1];     /* of role office always; of others when they came as that line of the register */
    struct wall until;
    char csrf[HTTP_CSRF_SIZE];          /* of a session; "": of a key */
};
struct http_access;
/* path: where the hashes are kept, mode 0600; "" = in memory only. session_ms: how long a session lasts. ST_INVALID, ST_IO: the
 * file cannot be read. */
int http_access_new(const char *path, int64_t session_ms, struct http_access **ret, char *err, size_t err_size);
void http_access_free(struct http_access **p);
/* Makes a secret of that kind for `who` (role, region, office), good until now + ms. ST_FULL: HTTP_ACCESS_MAX are good already. */
int http_access_make(struct http_access *a, enum http_access_kind kind, const struct http_viewer *who, struct wall now, int64_t ms,
                     char ret_secret[HTTP_SECRET_SIZE]);
/* Exchanges a link for a session, once. ST_NOT_FOUND: no such link, used, or too late. */
int http_access_enter(struct http_access *a, const char *link, struct wall now, char ret_secret[HTTP_SECRET_SIZE]);
/* Whose secret is that, of a session or a key. ST_NOT_FOUND. */
int http_access_find(struct http_access *a, const char *secret, enum http_access_kind kind, struct wall now,
                     struct http_viewer *ret);
void http_access_leave(struct http_access *a, const char *secret);     /* ends the session */
size_t http_access_count(struct http_access *a);

#endif
