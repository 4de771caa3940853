/* control.h - the worker's answers on its control socket, and its housekeeping between turns. Kind: E.
 *
 * Requests and answers are JSON objects: {"verb":"status"}, {"verb":"streams","after":{"office":"","stream":0}} (pages of
 * CONTROL_STREAMS_MAX, "more" tells that there are others), {"verb":"reload"} (the registry file, now), {"verb":"pending"}
 * (requests that wait for approval, as the lines office join prints), {"verb":"reject","office":ID}, {"verb":"stop"};
 * {"verb":"backup","to":PATH} begins a copy of the ledger into a new directory, {"verb":"backup-state"} tells {"state":"none" |
 * "running" | "done" | "failed","why":TEXT}; {"verb":"archived","lsn":N,"hash":HEX}: up to there it lies elsewhere;
 * {"verb":"cut","note":NOTE} (proto/cut.h): {"lsn":N,"hash":HEX}, or {"pending":true} while the next step logs it;
 * {"verb":"records","after":N}: {"records":[BASE64..]} from N + 1 on, as many as fit an answer. An answer is
 * the object asked for, {"ok":true}, or {"error":TEXT}. */
#ifndef REKAP_CONTROL_H
#define REKAP_CONTROL_H

#include "proto/run.h"
#include "proto/scrub.h"
#include "worker/backup.h"
#include "worker/office.h"
#include "worker/work.h"

enum { CONTROL_STREAMS_MAX = 4096 };
struct control { struct work *work; struct office_book *book; struct link *link; struct run *run; struct clock clock;
                 uint64_t guest_changes /* work_guests when the book was told last */;
                 struct store *store; struct scrub scrub; struct ledger_scrub chain;
                 struct backup *backup;
                 const char *register_path /* a follower writes the register its log tells into it */;
                 unsigned told_code, told_state /* what was logged of a follower's state last */; };

void control_answer(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake);        /* run_control_fn */
void control_turn(void *ctx, struct now now);   /* takes a changed registry file; SIGHUP forces a look */

void control_after(void *ctx);                  /* after a step: who asked in it may connect */

#endif
