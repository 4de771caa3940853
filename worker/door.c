/* door.c - see door.h. Kind: E.
 *
 * Each part writes into err what would be wrong before it looks, so that every way out is a plain return.
 * Invariant: secret keys are wiped before this file returns. */
#include "worker/door.h"

#include <stdio.h>
#include <string.h>

struct opening { const struct door *d; struct link *link; char *err; size_t size; };

static int listen_each(const struct opening *o, const struct link_keys *keys)
{
    int st = ST_OK;
    for (const char *p = conf_text(o->d->conf, "worker.listen"); st == ST_OK && *p != '\0';) {
        char endpoint[512];
        size_t n = strcspn(p, ", ");
        if (n >= sizeof endpoint) {
            snprintf(o->err, o->size, "worker.listen: an endpoint over %zu bytes", sizeof endpoint - 1);
            return ST_INVALID;
        }
        snprintf(endpoint, sizeof endpoint, "%.*s", (int)n, p);
        if (n != 0) st = link_listen(o->link, endpoint, keys, office_admit, o->d->book, o->err, o->size);
        p += n + (p[n] != '\0');
    }
    return st;
}

static int listen_all(const struct opening *o)
{
    const char *control = conf_text(o->d->conf, "worker.control");
    struct link_keys keys;
    int st = conf_key_read(conf_text(o->d->conf, "worker.key"), "curve25519", keys.secret, keys.pub, o->err, o->size);
    if (st == ST_OK) st = listen_each(o, &keys);
    explicit_bzero(&keys, sizeof keys);
    if (st != ST_OK) return st;
    st = link_control(o->link, control);
    if (st != ST_OK) snprintf(o->err, o->size, "%s: %s", control, status_str(st));
    return st;
}

/* The worker whose log is kept here. */
static int dial_leader(const struct opening *o)
{
    const struct conf *c = o->d->conf;
    const char *own = conf_text(c, "worker.follow_key"), *endpoint = conf_text(c, "worker.follow");
    struct link_keys keys;
    peer_id leader;
    int st;
    if (!o->d->settings->options.follow) return ST_OK;
    st = conf_key_read(*own != '\0' ? own : conf_text(c, "worker.key"), "curve25519", keys.secret, keys.pub, o->err, o->size);
    if (st == ST_OK) {
        st = link_dial(o->link, endpoint, &keys, o->d->settings->leader_key, &leader);
        if (st != ST_OK) snprintf(o->err, o->size, "worker.follow: %s: %s", endpoint, status_str(st));
    }
    explicit_bzero(&keys, sizeof keys);
    if (st == ST_OK) work_dialled(o->d->work, leader);
    return st;
}

int door_open(const struct door *d, struct link **ret_link, char *err, size_t err_size)
{
    struct opening o = { d, NULL, err, err_size };
    int st = link_new(&o.link);
    if (st != ST_OK) snprintf(err, err_size, "%s", status_str(st));
    *ret_link = o.link;
    if (st == ST_OK) st = listen_all(&o);
    return st == ST_OK ? dial_leader(&o) : st;
}
