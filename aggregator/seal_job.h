/* seal_job.h - writing the lines of a quarter's seal into a file while the aggregator works, on a thread of its own. Kind: E. One
 * at a time.
 *
 * The lists beside the register are read here anew, so that the hashes in the seal are those of the very bytes that answers were
 * given by; the HTTP thread's own lists may be older. */
#ifndef REKAP_SEAL_JOB_H
#define REKAP_SEAL_JOB_H

#include "aggregator/query_seal.h"
#include "proto/clock.h"

enum { SEAL_JOB_CUTS_MAX = 255 };
struct seal_job_files { const char *registry, *regions, *names; }; /* as in http.h */
struct seal_job_ask {
    region_code region;
    unsigned year, quarter;             /* quarter 1..4 */
    struct query_seal_cut cut[SEAL_JOB_CUTS_MAX];
    unsigned cuts;
    const char *to;                     /* a path that does not exist */
};
enum seal_job_state { SEAL_JOB_NONE, SEAL_JOB_RUNNING, SEAL_JOB_DONE, SEAL_JOB_FAILED };
struct seal_job;
/* Begins; *j is made at the first call, ask and files are copied. ST_BUSY: one is running. ST_INVALID, ST_NO_MEMORY. */
int seal_job_start(struct seal_job **j, struct store *s, struct clock clock, const struct seal_job_files *files,
                   const struct seal_job_ask *ask);
/* why: the sentence of the last failure; at: of one that is done, when the newest record of the seal was committed. j may be NULL.
 */
enum seal_job_state seal_job_state(struct seal_job *j, const char **ret_why, struct wall *ret_at);
void seal_job_free(struct seal_job **j); /* waits for a running one; before the store is closed */

#endif
