/* attack.h - a running installation under attack: who is who, what is watched, and one row for each attack. Kind: E, tests only.
 *
 * The world listens on TCP. Three offices: one honest and one hostile, each joined from a directory of its own and so with a
 * transport key of its own, and one of the centre, whose collector works as always. A hostile follower has a key in the worker's
 * list. The honest office's thread states one figure after the other and measures every ACK; a second thread watches memory and
 * descriptors. Nothing here depends on the product's code for what it sends but the codec. */
#ifndef REKAP_IT_ATTACK_H
#define REKAP_IT_ATTACK_H

#include "tests/it/attack_curve.h"
#include "tests/it/world.h"

#define ATTACK_REGION "33.74"
enum { ATTACK_YEAR = 2024, ATTACK_LEAVES = 120 };

struct attack_office { char id[41]; struct curve_keys keys; uint8_t seed[32], pub[32]; };
struct attack {
    struct world w;
    unsigned port;                      /* of the worker */
    uint8_t server[32];                 /* its key */
    struct attack_office honest, hostile, local;
    struct curve_keys follower;
    unsigned http_port;
    uint64_t done, cut;                 /* of the present attack: what was tried; how often the victim ended it */
};
bool attack_make(struct attack *a, const char *bin);    /* false: said why */
void attack_free(struct attack *a);
bool attack_keys(const char *dir, struct attack_office *o);       /* of the office o->id of the installation in dir */
/* A figure of the office of the centre, through its collector: pushed, acknowledged and visible. */
void attack_push(struct attack *a, unsigned n);
void attack_pushed(const struct attack *a, unsigned n, const char *test);
/* The realised total of an office as the aggregator shows it, in sen; -1: no answer. */
int64_t attack_total(const struct attack *a, const char *office);

/* ---- attack_meter.c: memory of its own (RssAnon) and descriptors of worker and aggregator, the most seen ---- */
struct meter_look { int64_t memory_kib; unsigned fds; };
struct meter_look meter_look(pid_t pid);
struct meter;
struct meter *meter_start(pid_t worker, pid_t aggregator);
void meter_stop(struct meter *m, struct meter_look ret[2]);     /* the most of each; frees */

/* ---- attack_honest.c ---- */
struct honest;
struct honest_result { unsigned acks, again; int64_t p50, p99, most; /* ms */ int64_t total; /* sen that must be shown */ };
struct honest *honest_new(const struct attack *a, const struct attack_office *o);
bool honest_begin(struct honest *h);    /* its thread; false: the office is not served at all */
void honest_end(struct honest *h, struct honest_result *ret);   /* of this run; every statement of it is acknowledged */
void honest_free(struct honest *h);

/* ---- the attacks: until the time is over, as fast as they can ---- */
typedef void (*attack_fn)(struct attack *a, int64_t until_ms);
void wire_idle(struct attack *a, int64_t until_ms);     /* attack_wire.c: who has no key */
void wire_half_greeting(struct attack *a, int64_t until_ms);
void wire_half_hello(struct attack *a, int64_t until_ms);
void wire_slow(struct attack *a, int64_t until_ms);
void wire_garbage(struct attack *a, int64_t until_ms);
void wire_commands(struct attack *a, int64_t until_ms);
void wire_swollen(struct attack *a, int64_t until_ms);
void wire_stranger(struct attack *a, int64_t until_ms);
void office_endless(struct attack *a, int64_t until_ms);        /* attack_office.c: an office with right keys */
void office_bombs(struct attack *a, int64_t until_ms);
void office_credit(struct attack *a, int64_t until_ms);
void office_deaf(struct attack *a, int64_t until_ms);
void office_replay(struct attack *a, int64_t until_ms);
void office_epochs(struct attack *a, int64_t until_ms);
void office_questions(struct attack *a, int64_t until_ms);
void office_sessions(struct attack *a, int64_t until_ms);
void office_follower(struct attack *a, int64_t until_ms);
void local_flood(struct attack *a, int64_t until_ms);   /* attack_local.c: control sockets */
void http_idle(struct attack *a, int64_t until_ms);     /* attack_http.c: the aggregator */
void http_slow(struct attack *a, int64_t until_ms);
void http_headers(struct attack *a, int64_t until_ms);
void http_deaf(struct attack *a, int64_t until_ms);
void http_viewers(struct attack *a, int64_t until_ms);

#endif
