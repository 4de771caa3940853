/* control.h - the aggregator's answers on its control socket. Kind: E. {"verb":"status"}: address, workers, runner's counters,
 * store. {"verb":"export","to"}, {"verb":"export-state"}: dump.h. {"verb":"seal","region","year","quarter","cuts":[{"number","lsn",
 * "hash"}],"to"}, {"verb":"seal-state"}: seal_job.h. */
#ifndef REKAP_CONTROL_H
#define REKAP_CONTROL_H

#include "aggregator/http.h"
#include "aggregator/dump.h"
#include "aggregator/seal_job.h"
#include "proto/run.h"
#include "proto/scrub.h"

struct http_access;
struct control_context {
    const struct aggregate *aggregate;
    const char *address, *secure; /* "": no TLS */
    struct http_access *access;
    struct http *http;
    struct run **run;
    struct store *store;
    struct scrub scrub;
    struct dump *dump; /* of the state, when one was asked for */
    struct seal_job *seal; /* of a quarter, likewise */
    struct seal_job_files files;
    struct clock clock;
};
void control_after(void *ctx); /* hands the live state to the HTTP thread after each step */
void control_turn(void *ctx, struct now now); /* between turns: a share of the scrub */
void control_answer(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake);

#endif
