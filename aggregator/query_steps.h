/* query_steps.h - walking back over the records that an answer rests on. Kind: P. Used by the query_*.c files only.
 *
 * A question asked as of a position reads units and the register. Between two positions at which none of what it read changed its
 * answer is the same; so whoever wants every change asks at the end, looks for the newest record that changed any of what was read
 * (query_steps_back), asks again as of just before that record, and so on until nothing is left. Which rules stand behind the
 * answer need not be known: a rule of the centre is a statement in a unit like any other, and a unit that is looked at is noted.
 *
 * Records are ordered by commit time, then worker, then number (replay_order); "just before" one means everything that comes before
 * it in that order. Of the register only entries count of the offices of the scope, of those in their regions, and of the centre:
 * those the questions look at (query_finding.c "neighbours", query_rule.c). */
#ifndef REKAP_QUERY_STEPS_H
#define REKAP_QUERY_STEPS_H

#include "aggregator/query_parse.h"
#include "aggregator/replay.h"

struct query_steps;
struct query_step { /* one record */
    struct wall at;
    provenance prov; /* of its row 0 */
};
/* Up to the position q asks about; s: office or region of the question. ST_NO_MEMORY, ST_CORRUPT; ST_NOT_FOUND: the state keeps no
 * commit times. */
int query_steps_new(const struct query_context *q, const struct query_scope *s, struct query_steps **ret);
void query_steps_free(struct query_steps **s);
/* fn as of just before a record; NULL: at the end. *ret is NULL where it is refused (an office not registered yet). What was read
 * is noted in the place of what was read before. */
int query_steps_ask(struct query_steps *s, query_fn fn, const struct query_params *p, const struct query_step *before,
                    json_t **ret);
/* The newest record before `before` (NULL: the end) that changed anything the last answer read; *ret_any: there is one. */
int query_steps_back(struct query_steps *s, const struct query_step *before, struct query_step *ret, bool *ret_any);
/* How many units were read so far: what a question costs, some tens of microseconds each. */
uint32_t query_steps_read(const struct query_steps *s);
/* "w1:17,w2:4": just before a record, as --as-of takes it; the worker numbers that have nothing are left out ("w1:0": none has). */
int query_steps_position(const struct query_steps *s, const struct query_step *before, char *ret, size_t size);
bool query_steps_entry(const struct query_steps *s, const struct query_step *step); /* an entry of the register, not a batch */
/* The record changed these slots of units that an answer read so far; fn: ST_OK or a status that ends it. */
struct query_steps_slot {
    const char *office; /* whose unit it is */
    const struct replay *replay;
    uint32_t number; /* replay->v[number] */
};
int query_steps_slots(const struct query_steps *s, const struct query_step *step,
                      int (*fn)(void *ctx, const struct query_steps_slot *slot), void *ctx);

#endif
