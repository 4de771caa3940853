/* desk_http_part.h - what desk_http*.c share. Kind: E. Everything here belongs to the thread of the page. */
#ifndef REKAP_DESK_HTTP_PART_H
#define REKAP_DESK_HTTP_PART_H

#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "collector/child.h"
#include "collector/desk_http.h"

enum { DESK_HTTP_PATH_MAX = 4096, DESK_HTTP_NAME_MAX = 200 };
enum desk_http_what { DESK_HTTP_CHECK, DESK_HTTP_SEND, DESK_HTTP_MARK_BOOK, DESK_HTTP_MARK_TEXT, /* with a file */
                      DESK_HTTP_COMPARE };      /* without */

struct desk_http_job {                  /* one `rekap push` */
    struct desk_http *h;
    struct evhttp_request *req;         /* to be answered; libevent keeps it until then, also when its connection has gone */
    struct event *ended, *late;
    struct child child;
    enum desk_http_what what;
    bool cut;                           /* it took too long */
    char dir[DESK_HTTP_PATH_MAX], file[DESK_HTTP_PATH_MAX], copy[DESK_HTTP_PATH_MAX], name[DESK_HTTP_NAME_MAX + 1];
};
struct desk_http {
    struct desk_http_options o;
    struct event_base *base;
    struct evhttp *server;
    struct event *wake, *timer;
    struct evconnlistener *listener;
    struct bufferevent *held[DESK_HTTP_CONNECTIONS_MAX];
    unsigned helds;
    bool resting;                       /* nobody is accepted */
    int wake_fd;
    pthread_t thread;
    bool running;
    atomic_bool stopping;
    char program[DESK_HTTP_PATH_MAX];   /* rekap, beside this program */
    char trays[DESK_HTTP_PATH_MAX];     /* DIR/collector/desk: files that are being read */
    char host[280], local[280], cookie[40]; /* how browsers may call this address; the cookie's name */
    char secret[DESK_HTTP_SECRET_SIZE], token[DESK_HTTP_SECRET_SIZE];
    struct desk_http_job *job[DESK_HTTP_JOBS_MAX];
};
/* desk_http_reply.c */
void desk_http_reply(struct evhttp_request *req, int status, const char *type, const void *bytes, size_t n);
void desk_http_json(struct evhttp_request *req, int status, json_t *body);      /* takes body */
void desk_http_problem(struct evhttp_request *req, int status, const char *code, const char *title);
bool desk_http_page(struct evhttp_request *req, const char *path);      /* false: no such file, nothing was answered */
/* desk_http_job.c: the file in req's body is read by `rekap push`; answers req now or later, a copy as a file. */
struct desk_http_push { enum desk_http_what what; const char *office, *name; bool english; int year, until; /* of a comparison */ };
void desk_http_push(struct desk_http *h, struct evhttp_request *req, const struct desk_http_push *p);
void desk_http_jobs_end(struct desk_http *h);
int desk_http_jobs_begin(struct desk_http *h);  /* removes what a crash left; ST_IO with errno */
/* desk_http_door.c */
int desk_http_door(struct desk_http *h, char *err, size_t err_size);    /* binds; ST_INVALID, ST_BUSY, ST_NO_MEMORY */
void desk_http_door_look(struct desk_http *h);
void desk_http_door_end(struct desk_http *h);
/* Has the browser come under this address's own name, with the secret, from this page? */
bool desk_http_named(const struct desk_http *h, struct evhttp_request *req);
bool desk_http_known(const struct desk_http *h, struct evhttp_request *req);
bool desk_http_own(const struct desk_http *h, struct evhttp_request *req);
bool desk_http_same(const char *secret, const char *seen, size_t n);    /* in the same time for every answer */
int desk_http_secrets(struct desk_http *h);     /* the link file: read, or made; ST_IO */
void desk_http_link_path(const struct desk_http *h, char ret[DESK_HTTP_PATH_MAX]);

#endif
