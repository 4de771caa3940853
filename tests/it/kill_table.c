/* kill_table.c - where the kills fell and how long it took to be well again (see kill.h). */
#include <stdio.h>
#include <stdlib.h>

#include "tests/it/kill.h"

enum { LOOK_SLACK_MS = 8000 };           /* looking for the process takes a moment itself on a busy machine */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* One line: the least, quartiles, 95 of 100 and the greatest of the values, which are sorted in place. */
static void line(const char *what, int64_t *v, unsigned n)
{
    qsort(v, n, sizeof *v, by_value);
    printf("  %-34s %8lld %8lld %8lld %8lld %8lld %8lld\n", what, (long long)v[0], (long long)v[n / 4], (long long)v[n / 2],
           (long long)v[n * 3 / 4], (long long)v[n * 95 / 100], (long long)v[n - 1]);
}

bool kill_table(const struct kill *k, enum world_part part)
{
    const struct kill_tally *t = &k->tally[part];
    int64_t acked[KILL_SAMPLES], waiting[KILL_SAMPLES], there[KILL_SAMPLES], back[KILL_SAMPLES], settled[KILL_SAMPLES];
    unsigned deciles[KILL_DECILES] = { 0 };
    for (unsigned i = 0; i < t->kills; i++) {
        unsigned d = (unsigned)(t->s[i].acked * KILL_DECILES / LOAD_UPDATES);
        deciles[d < KILL_DECILES ? d : KILL_DECILES - 1]++;
        acked[i] = (int64_t)t->s[i].acked;
        waiting[i] = (int64_t)t->s[i].waiting;
        there[i] = t->s[i].there_ms;
        back[i] = t->s[i].back_ms;
        settled[i] = t->s[i].settled_ms;
    }
    printf("%s: %u kills; acked share of the push at the kill, by tenths 0-10 %% .. 90-100 %%:", world_names[part], t->kills);
    for (unsigned d = 0; d < KILL_DECILES; d++) printf(" %u", deciles[d]);
    printf("\n  %-34s %8s %8s %8s %8s %8s %8s\n", "", "least", "25 %", "median", "75 %", "95 %", "most");
    line("updates acked at the kill", acked, t->kills);
    line("updates on their way at the kill", waiting, t->kills);
    line("new process there, ms", there, t->kills);
    line("it answers, ms", back, t->kills);
    line("all settled, ms", settled, t->kills);
    printf("figure: %u kills -9 of the %s; all settled again after %lld ms (median), %lld ms (most)\n", t->kills,
           world_names[part], (long long)settled[t->kills / 2], (long long)settled[t->kills - 1]);
    return there[t->kills - 1] <= KILL_PROMISED_MS + LOOK_SLACK_MS;
}
