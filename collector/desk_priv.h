/* desk_priv.h - what desk.c and desk_control.c share. Kind: E. */
#ifndef REKAP_DESK_PRIV_H
#define REKAP_DESK_PRIV_H

#include <jansson.h>
#include <time.h>

#include "collector/desk.h"
#include "collector/tray.h"
#include "proto/scrub.h"

enum { DESK_FILES_PER_STEP = 256 };
struct desk_list { char **name; size_t n; };
struct desk {
    struct desk_options o;
    struct desk_list files;             /* the listing being handed over, and how far */
    size_t at;
    struct desk_list held;              /* files whose office has no key here: not read again before the keys change */
    struct buf read[DESK_FILES_PER_STEP];       /* contents handed to the step that runs */
    size_t read_count, replies;         /* of the step that runs: files handed over, verdicts that came back */
    uint64_t keys_seen;                 /* stamp of the key files that are loaded */
    struct mono keys_looked, looked;
    size_t key_count, waiting, damaged;
    bool look_now, check_damaged, full, keys_again;
    enum witness_fault told;            /* what the log was told last of the worker's history, and its sizes */
    uint64_t told_kept, told_seen;
    struct scrub scrub;                 /* of the outbox */
};
void desk_reload(struct desk *d);
/* desk_receipt.c; what is returned belongs to the caller. */
void desk_receipt_of(json_t *o, struct store_txn *t, const struct outbox_pushed *p, const struct outbox_stream *s);
json_t *desk_receipts(struct store *s, const json_t *request);
json_t *desk_witness(const struct uplink_witness *w);
json_t *desk_evidence(struct store_txn *t);
/* desk_figure.c: {"verb":"figures"} */
json_t *desk_figures(struct store *s, const json_t *request);

#endif
