/* desk.h - the collector's edge beside the network: tray directory, office key files, control verbs. Kind: E. */
#ifndef REKAP_DESK_H
#define REKAP_DESK_H

#include "collector/collect.h"
#include "collector/inbox.h"
#include "proto/run.h"

struct desk;
struct desk_options {
    const char *tray, *offices;
    struct signer *signer;
    struct collect *collect;
    struct clock clock;
    struct link *link;
    struct store *store;
    struct inbox *inbox;                /* NULL: no folder is watched */
};
/* Creates the tray directory when missing and loads the keys. ST_IO with errno. */
int desk_new(const struct desk_options *o, struct desk **ret);
void desk_free(struct desk **d);
struct run_source desk_source(struct desk *d);          /* tray files as messages */
void desk_turn(void *desk, struct now now);             /* looks for new keys and tray files, at most each 200 ms */
/* {"verb":"status"} | {"verb":"push"} (look into the tray now) | {"verb":"pushed","ids":[..]} | {"verb":"reload"}
 * {"verb":"sent"[,"limit":N]}: the files pushed last, the youngest first, with what became of each; at most 500.
 * {"verb":"receipts"[,"office":ID][,"id":ID][,"after":[number,sequence]]}: kept receipts, at most 500; "next" when there are more;
 * of an id the text too.
 * {"verb":"figures","office":ID[,"year":Y][,"until":MONTH]}: what the office last stated, line by line and indicator by indicator,
 * with the year before and how much of it is not acknowledged; without a year the newest, "years" has all.
 * {"verb":"judge","files":[PATH..]}: what an import of these tray files, one after the other, would count now; nothing is kept. */
void desk_control(void *desk, struct store *s, struct slice request, struct buf *out, bool *ret_wake);

#endif
