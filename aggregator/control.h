/* control.h - the aggregator's answers on its control socket. Kind: E. {"verb":"status"}: address, workers, runner's counters,
 * store. */
#ifndef REKAP_CONTROL_H
#define REKAP_CONTROL_H

#include "aggregator/http.h"
#include "aggregator/dump.h"
#include "proto/run.h"
#include "proto/scrub.h"

struct control_context {
    const struct aggregate *aggregate;
    const char *address;
    struct http *http;
    struct run **run;
    struct store *store;
    struct scrub scrub;
    struct dump *dump; /* of the state, when one was asked for */
};
void control_after(void *ctx); /* hands the live state to the HTTP thread after each step */
void control_turn(void *ctx, struct now now); /* between turns: a share of the scrub */
void control_answer(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake);

#endif
