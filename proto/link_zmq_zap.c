/* link_zmq_zap.c - who may connect: the ZAP handler (RFC 27) and the self-test that proves it is asked. Kind: E.
 *
 * Design notes: a CURVE server without a running handler admits every key, so the handler is bound first, on its own thread
 * (libzmq's I/O thread only queues requests); its thread may end only with the context (anything else stops the process); and
 * before the first bind a fresh random key must be turned away by a private socket made by the same code with the same domain.
 * The test watches the server's monitor for the verdict; it does not depend on time beyond a bound.
 *
 * The User-Id given on admission is the key itself in hex: it travels with each message, out of the peer's reach.
 * Domains are appended and published by a release store; entries never change, so the thread reads without a lock.
 *
 * Invariant: any reply other than 200 comes from a mismatch or from admit(); there is no path to 200 around it. */
#include "link_zmq.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "run.h"

enum { ZAP_VERSION, ZAP_REQUEST, ZAP_DOMAIN, ZAP_ADDRESS, ZAP_IDENTITY, ZAP_MECHANISM, ZAP_KEY, ZAP_FRAMES };

struct frame { uint8_t b[64]; size_t n; };

static bool frame_is(const struct frame *f, const char *text)
{
    return f->n == strlen(text) && memcmp(f->b, text, f->n) == 0;
}

/* Reads one request; frames longer than we look at are cut (and then match nothing). False: the context is ending. */
static bool request(void *z, struct frame f[ZAP_FRAMES], size_t *ret_frames)
{
    size_t n = 0;
    int more = 1;
    size_t size = sizeof more;

    memset(f, 0, sizeof *f * ZAP_FRAMES);
    while (more) {
        struct frame extra, *to = n < ZAP_FRAMES ? &f[n] : &extra;
        int rc = zmq_recv(z, to->b, sizeof to->b, 0);

        if (rc < 0 && errno == EINTR) continue;
        if (rc < 0 || zmq_getsockopt(z, ZMQ_RCVMORE, &more, &size) != 0) return false;
        to->n = (size_t)rc;
        n++;
    }
    *ret_frames = n;
    return true;
}

static int verdict(const struct zap *zap, const struct frame f[ZAP_FRAMES], size_t frames)
{
    unsigned n = atomic_load_explicit(&zap->count, memory_order_acquire);

    if (frames != ZAP_FRAMES || !frame_is(&f[ZAP_VERSION], "1.0") || !frame_is(&f[ZAP_MECHANISM], "CURVE")
        || f[ZAP_KEY].n != PUBKEY_SIZE)
        return 400;
    for (unsigned i = 0; i < n; i++) {
        int code;

        if (!frame_is(&f[ZAP_DOMAIN], zap->domains[i].name)) continue;
        code = zap->domains[i].admit(zap->domains[i].ctx, f[ZAP_KEY].b);
        return code == 200 || code == 300 ? code : 400;
    }
    return 400;
}

static bool reply(void *z, const struct frame *id, int code, const struct frame *key)
{
    const char *status = code == 200 ? "200" : code == 300 ? "300" : "400";
    const char *text = code == 200 ? "admitted" : code == 300 ? "awaiting approval" : "not admitted";
    char user[2 * PUBKEY_SIZE + 1] = "";

    if (code == 200) bytes_hex(key->b, PUBKEY_SIZE, user);
    return zmq_send(z, "1.0", 3, ZMQ_SNDMORE) >= 0
           && zmq_send(z, id->b, id->n < sizeof id->b ? id->n : sizeof id->b, ZMQ_SNDMORE) >= 0
           && zmq_send(z, status, 3, ZMQ_SNDMORE) >= 0 && zmq_send(z, text, strlen(text), ZMQ_SNDMORE) >= 0
           && zmq_send(z, user, strlen(user), ZMQ_SNDMORE) >= 0 && zmq_send(z, "", 0, 0) >= 0;
}

static void *zap_main(void *arg)
{
    struct zap *zap = arg;
    struct frame f[ZAP_FRAMES];
    size_t frames;

    while (request(zap->z, f, &frames)) {
        int code = verdict(zap, f, frames);

        if (code != 200) atomic_fetch_add_explicit(&zap->refused, 1, memory_order_relaxed);
        if (!reply(zap->z, &f[ZAP_REQUEST], code, &f[ZAP_KEY])) break;
    }
    if (errno != ETERM) {               /* nobody would be let in any more; a process that is started again can */
        log_write(LOG_L_ERROR, "keys cannot be looked up any more", "reason=\"%s\"", zmq_strerror(errno));
        _exit(EXIT_CRASH);
    }
    zmq_close(zap->z);
    return NULL;
}

static int zap_start(struct link *l)
{
    sigset_t all, old;
    int rc;

    l->zap.z = link_zmq_socket(l->zctx, SOCK_ZAP);
    if (!l->zap.z) return ST_IO;
    if (zmq_bind(l->zap.z, "inproc://zeromq.zap.01") != 0) {
        zmq_close(l->zap.z);
        return ST_IO;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);           /* signals belong to the main thread */
    rc = pthread_create(&l->zap.thread, NULL, zap_main, &l->zap);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        zmq_close(l->zap.z);
        return ST_NO_MEMORY;
    }
    l->zap.started = true;
    return ST_OK;
}

int link_zmq_zap_add(struct link *l, link_admit_fn admit, void *ctx, const char **ret_domain)
{
    unsigned n = atomic_load_explicit(&l->zap.count, memory_order_relaxed);
    int rc;

    ASSERT(admit);
    if (n == DOMAINS_MAX) return ST_FULL;
    if (!l->zap.started) {
        rc = zap_start(l);
        if (rc != ST_OK) return rc;
    }
    snprintf(l->zap.domains[n].name, sizeof l->zap.domains[n].name, "rekap-%u", n);
    l->zap.domains[n].admit = admit;
    l->zap.domains[n].ctx = ctx;
    atomic_store_explicit(&l->zap.count, n + 1, memory_order_release);
    *ret_domain = l->zap.domains[n].name;
    return ST_OK;
}

/* ST_OK only when the handler turned the key away; an admission, another failure or silence is ST_DENIED. */
static int zap_verdict(void *mon)
{
    int64_t end = link_zmq_ms() + SELF_TEST_MS;

    for (;;) {
        zmq_pollitem_t item = { mon, 0, ZMQ_POLLIN, 0 };
        int64_t left = end - link_zmq_ms();
        unsigned event;
        uint32_t value;

        while (link_zmq_event(mon, &event, &value)) {
            if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return ST_OK;         /* 300 or 400: reply() knows nothing else */
            if (event != ZMQ_EVENT_ACCEPTED) return ST_DENIED;
        }
        if (left <= 0) return ST_DENIED;
        if (zmq_poll(&item, 1, left) < 0 && errno != EINTR) return ST_IO;
    }
}

static int zap_knock(struct link *l, void *server, void *mon, const struct link_keys *keys)
{
    struct link_keys stranger;
    char endpoint[64];
    uint8_t rnd[16];
    char hex[2 * sizeof rnd + 1], err[160];
    void *client = link_zmq_socket(l->zctx, SOCK_PROBE);
    int rc = ST_IO;

    randombytes_buf(rnd, sizeof rnd);
    bytes_hex(rnd, sizeof rnd, hex);
    snprintf(endpoint, sizeof endpoint, "ipc://@rekap-self-test-%s", hex);
    crypto_box_keypair(stranger.pub, stranger.secret);
    if (client && link_zmq_client(client, &stranger, keys->pub) == ST_OK
        && link_zmq_bind(server, endpoint, err, sizeof err) == ST_OK
        && zmq_connect(client, endpoint) == 0)
        rc = zap_verdict(mon);
    sodium_memzero(&stranger, sizeof stranger);
    if (client) zmq_close(client);
    return rc;
}

int link_zmq_zap_test(struct link *l, const char *domain, const struct link_keys *keys)
{
    int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
                 | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
    void *server, *mon = NULL;
    int rc = ST_IO;

    server = link_zmq_socket(l->zctx, SOCK_LISTEN);
    if (!server) return ST_IO;
    if (link_zmq_server(server, domain, keys) == ST_OK && link_zmq_monitor(l, server, events, &mon) == ST_OK)
        rc = zap_knock(l, server, mon, keys);
    link_zmq_close(&server, &mon, 0);
    return rc;
}

void link_zmq_zap_join(struct link *l)
{
    if (l->zap.started) pthread_join(l->zap.thread, NULL);
    l->zap.started = false;
}
