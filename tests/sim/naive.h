/* naive.h - the rollup a second time, from the log alone and as simply as possible: what the aggregator's fold is held against.
 *
 * It is what rekap-audit computes (cli/audit_roll.h): another decoder, other arithmetic, the rules written again; no code of the
 * fold's is in it. Nothing is kept between calls: every state is computed from the first record on.
 * Assumes what holds in production: a slot is stated through one worker only. */
#ifndef REKAP_TESTS_NAIVE_H
#define REKAP_TESTS_NAIVE_H

#include "proto/bytes.h"

struct naive_log { unsigned worker; const struct slice *record; size_t count; };       /* records lsn 1.. of one worker */
/* Appends the canonical state after all records, in the text of aggregator/export.c. Asserts that the logs are sound. */
void naive_state(const struct naive_log *log, size_t logs, struct buf *out);
/* Recomputed in that room (bytes of a sorter; 0 the usual), and of a year only what a seal of the region holds; 0: the state. */
struct naive_ask { size_t room; uint32_t region; unsigned year; };
void naive_part(const struct naive_log *log, size_t logs, const struct naive_ask *ask, struct buf *out);
/* True when equal; else the first line that differs, with some lines before it, is written to why. */
bool naive_compare(struct slice got, struct slice expected, struct buf *why);

#endif
