/* plain_link.c - the network port without encryption, for one row of the benchmark. Kind: E, linked with benchmark daemons only.
 *
 * Stands in place of proto/link_zmq_zap.c, and of two functions of link_zmq_option.c (the linker's --wrap): ZeroMQ's PLAIN
 * mechanism, with the peer's public key as its name, so that everything above the transport finds the keys it is used to. No
 * shipped program is linked with this object, and there is no switch that could turn a shipped one into this. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "proto/link_zmq.h"

enum { FRAMES = 8, AT_ID = 1, AT_NAME = 6 };
int __wrap_link_zmq_server(void *z, const char *domain, const struct link_keys *keys);
int __wrap_link_zmq_client(void *z, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE]);

int __wrap_link_zmq_server(void *z, const char *domain, const struct link_keys *keys)
{
    int one = 1;
    (void)keys;
    return zmq_setsockopt(z, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           zmq_setsockopt(z, ZMQ_PLAIN_SERVER, &one, sizeof one) == 0 ? ST_OK : ST_IO;
}

int __wrap_link_zmq_client(void *z, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE])
{
    char name[2 * PUBKEY_SIZE + 1];
    (void)server;
    bytes_hex(keys->pub, PUBKEY_SIZE, name);
    return zmq_setsockopt(z, ZMQ_PLAIN_USERNAME, name, strlen(name)) == 0 &&
           zmq_setsockopt(z, ZMQ_PLAIN_PASSWORD, "-", 1) == 0 ? ST_OK : ST_IO;
}

static bool request(void *z, char f[FRAMES][128], int n[FRAMES])
{
    int more = 1;
    size_t size = sizeof more;
    memset(n, 0, FRAMES * sizeof *n);
    for (int i = 0; more; i++) {
        char extra[128];
        int rc = zmq_recv(z, i < FRAMES ? f[i] : extra, sizeof extra, 0);
        if (rc < 0 || zmq_getsockopt(z, ZMQ_RCVMORE, &more, &size) != 0) return false;
        if (i < FRAMES) n[i] = rc < 128 ? rc : 127;
    }
    return true;
}

static void *zap_main(void *arg)
{
    struct zap *zap = arg;
    char f[FRAMES][128];
    int n[FRAMES];
    while (request(zap->z, f, n)) {
        uint8_t key[PUBKEY_SIZE];
        bool ok = n[AT_NAME] == 2 * PUBKEY_SIZE && bytes_unhex(f[AT_NAME], 2 * PUBKEY_SIZE, key) == ST_OK;
        const char *code = ok && zap->domains[0].admit(zap->domains[0].ctx, key) == 200 ? "200" : "400";
        zmq_send(zap->z, "1.0", 3, ZMQ_SNDMORE);
        zmq_send(zap->z, f[AT_ID], (size_t)n[AT_ID], ZMQ_SNDMORE);
        zmq_send(zap->z, code, 3, ZMQ_SNDMORE);
        zmq_send(zap->z, "", 0, ZMQ_SNDMORE);
        zmq_send(zap->z, f[AT_NAME], (size_t)n[AT_NAME], ZMQ_SNDMORE);
        zmq_send(zap->z, "", 0, 0);
    }
    zmq_close(zap->z);
    return NULL;
}

int link_zmq_zap_add(struct link *l, link_admit_fn admit, void *ctx, const char **ret_domain)
{
    sigset_t all, old;
    snprintf(l->zap.domains[0].name, sizeof l->zap.domains[0].name, "plain");
    l->zap.domains[0].admit = admit;
    l->zap.domains[0].ctx = ctx;
    *ret_domain = l->zap.domains[0].name;
    if (l->zap.started) return ST_OK;
    l->zap.z = link_zmq_socket(l->zctx, SOCK_ZAP);
    if (!l->zap.z || zmq_bind(l->zap.z, "inproc://zeromq.zap.01") != 0) return ST_IO;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    l->zap.started = pthread_create(&l->zap.thread, NULL, zap_main, &l->zap) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return l->zap.started ? ST_OK : ST_NO_MEMORY;
}

int link_zmq_zap_test(struct link *l, const char *domain, const struct link_keys *keys)
{
    (void)l, (void)domain, (void)keys;
    return ST_OK;                       /* the door is open: that is what is measured */
}

void link_zmq_zap_join(struct link *l)
{
    if (l->zap.started) pthread_join(l->zap.thread, NULL);
    l->zap.started = false;
}
