/* query_past.h - questions about earlier states, for who asks several of them. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_PAST_H
#define REKAP_QUERY_PAST_H

#include "aggregator/query.h"

/* Asks fn as of `past` with the register and the centre's rules of that position, whatever position q is about. Errors as fn. */
int query_past_ask(query_fn fn, const struct query_context *q, struct asof *past, const struct query_params *p, json_t **ret,
                   struct query_problem *problem);
/* "w1:17,w2:4", as --as-of takes it; empty where no worker has said anything. */
void query_past_vector(const struct asof_position *x, char *ret, size_t size);

#endif
