/* query_bridge.h - the rupiah of an old year in the codes of a newer list. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_BRIDGE_H
#define REKAP_QUERY_BRIDGE_H

#include "aggregator/bridge.h"
#include "aggregator/query_rows.h"

struct query_bridge {
    struct bridges pairs;
    enum vintage target;                /* list of the last year */
    activity_code node;                 /* asked for, of that list; 0: everything */
};
struct query_bridge_year { struct figure_row row; struct bridged budget, realised; bool any; };
/* The centre's pairs, and the asked code (empty or total: everything) in the list of year `to`. ST_INVALID when it is none of it.
 * */
int query_bridge_open(const struct query_context *q, struct slice code, int to, struct query_bridge *ret,
                      struct query_problem *problem);
void query_bridge_close(struct query_bridge *b);
/* s->year in the codes of the list: what reaches the node goes to row, and how it is known goes to budget and realised. */
int query_bridge_sum(const struct query_context *q, const struct query_scope *s, const struct query_bridge *b,
                     struct query_bridge_year *ret);
/* {exact, estimated, unmapped} in percent; null when there is nothing. *ret_mapped: are at least 95 % mapped? */
json_t *query_bridge_shares(const struct bridged *x, unsigned least, bool *ret_mapped);

#endif
