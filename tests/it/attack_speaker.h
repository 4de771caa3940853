/* attack_speaker.h - our protocol over a hand-made connection: greeting, opening a stream, signed batches. Kind: E, tests only.
 *
 * What goes wrong is left to the caller: nothing is sent again here, and nothing is kept of what was not answered. */
#ifndef REKAP_IT_ATTACK_SPEAKER_H
#define REKAP_IT_ATTACK_SPEAKER_H

#include "proto/codec.h"
#include "tests/it/attack.h"

struct speaker {
    const struct attack *a;
    const struct attack_office *o;
    struct curve c;
    uint8_t installation[16];
    uint32_t stream;
    uint64_t epoch, next;               /* next sequence */
    struct hash head;
    struct signer ring;
    struct buf frame, body, header;
};
void speaker_init(struct speaker *s, const struct attack *a, const struct attack_office *o, uint8_t installation);
void speaker_done(struct speaker *s);
bool speaker_send(struct speaker *s, unsigned type, const struct field *f, int ms);
/* The next message of that type; others are passed over. 1, 0 (none within ms), -1 (gone). f points into the connection. */
int speaker_await(struct speaker *s, unsigned type, struct field f[FIELDS_MAX], int ms);
bool speaker_greet(struct speaker *s, int rcvbuf, int ms);      /* dial, HELLO, HELLO_OK */
bool speaker_hello(struct speaker *s);  /* HELLO alone, on a connection that stands */
bool speaker_open(struct speaker *s, int ms);   /* OPEN, OPEN_OK: next and head as the worker has them */
/* The next BATCH, built and counted: rows of `subject`, the first about leaf `leaf`. The frame lives until the next call. */
struct slice speaker_batch(struct speaker *s, const char *subject, uint32_t rows, unsigned leaf, int64_t value);

#endif
