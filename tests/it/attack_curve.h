/* attack_curve.h - ZMTP 3 with CURVE spoken by hand over TCP, so that every byte may be wrong, late or missing. Kind: E, tests
 * only.
 *
 * libzmq sends whole messages, reads what it is given and keeps to its own pace; who attacks does none of that. The handshake is
 * RFC 26's: HELLO, WELCOME, INITIATE, READY; after it each frame is a MESSAGE box. Everything has a deadline; a peer that was cut
 * off says so by false or -1 and is dialled anew by the caller. */
#ifndef REKAP_IT_ATTACK_CURVE_H
#define REKAP_IT_ATTACK_CURVE_H

#include "proto/bytes.h"

enum { WIRE_GREETING = 64, WIRE_HELLO = 202 };
struct curve_keys { uint8_t secret[32], pub[32]; };
struct curve {
    int fd;                             /* -1: none */
    uint8_t shared[32];
    uint64_t nonce;
    struct buf in;                      /* read and not yet taken apart */
    size_t taken;                       /* of it */
    uint8_t *plain;                     /* the last message */
};

/* A connection to 127.0.0.1:port, not blocking; -1. rcvbuf 0: the system's. */
int wire_connect(unsigned port, int rcvbuf);
bool wire_send(int fd, const void *p, size_t n, int ms);        /* all of it, within ms */
bool wire_gone(int fd);                 /* has the other side ended it? Reads nothing */
void wire_close(int *fd);
void wire_greeting(uint8_t ret[WIRE_GREETING]);
/* A HELLO command that opens for this server, with its frame head; keys of its own. ret_transient: their secret half. */
void wire_hello(const uint8_t server[32], uint8_t ret[WIRE_HELLO], uint8_t ret_transient[32]);

bool curve_dial(struct curve *c, unsigned port, int rcvbuf, const struct curve_keys *k, const uint8_t server[32], int ms);
bool curve_send(struct curve *c, struct slice frame, bool more, int ms);
/* 1: a message (lives until the next call); 0: none within ms; -1: the connection is gone. Answers pings. */
int curve_recv(struct curve *c, struct slice *ret, int ms);
void curve_close(struct curve *c);

#endif
