/* http_login.h - who is asking: the credentials of a request, and the way from a one-time link to a session. Kind: E, HTTP thread.
 */
#ifndef REKAP_HTTP_LOGIN_H
#define REKAP_HTTP_LOGIN_H

#include "aggregator/http_access.h"
#include "aggregator/http_answer.h"

/* Who asks. ST_OK: somebody, or everybody where nobody has to say who he is. ST_NOT_FOUND: nobody that is known. */
int http_login_viewer(struct http *h, struct evhttp_request *req, struct http_viewer *ret);
/* The same; who is unknown gets the answer 401 here, and false comes back. */
bool http_login_known(struct http *h, struct evhttp_request *req, struct http_viewer *ret);
/* /login, /logout and /api/v1/session; false: another path, nothing was answered. */
bool http_login(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query);
bool http_login_posts(const char *path);        /* may that path be posted to? */
/* A browser led here under a foreign name (its page could read what stands open on this machine). */
bool http_login_foreign(const struct http *h, struct evhttp_request *req);

#endif
