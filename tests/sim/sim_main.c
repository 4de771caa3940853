/* sim_main.c - the program: plays seeds, says what it found, and with what command to see it again. Kind: E.
 *
 *   sim [--seed N] [--seeds N | --seconds S] [--trace] [--cover] [--cells]
 *
 * Exit code: 0 all is well; 2 usage; 3 safety (a promise was broken); 4 liveness (it does not settle when the faults stop); 5 the
 * generator left a required cell empty (--cover); 6 a seed played twice was not the same; 7 crash (an assertion, a signal, an
 * endless step). The failing seed is the first and the last thing printed.
 *
 * One of every SAMPLE seeds is played twice. Seeds are never taken from a clock; --seconds only says how many there is time for.
 *
 * Invariant: a seed's run depends on the seed and the program alone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sim.h"
#include "tests/sim/sim_bug.h"

enum { EXIT_FINE = 0, EXIT_USE = 2, EXIT_SAFETY = 3, EXIT_LIVENESS = 4, EXIT_COVER = 5, EXIT_DIGEST = 6, EXIT_CRASHED = 7 };
enum { SAMPLE = 20, SECONDS_PER_SEED = 60 };
struct asked { uint64_t seed, seeds; unsigned seconds, bug; bool trace, cover, cells; };
struct total { uint64_t seeds, events, steps, packets, files, updates, probes, answers, again, twice;
               double hours; struct sim_cover cover; };
static char last_words[256];

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a crash names its seed, too ---- */

static void crashed(int sig)
{
    static const char endless[] = "\nan endless step";
    ssize_t n = sig == SIGVTALRM ? write(STDOUT_FILENO, endless, sizeof endless - 1) : 0;
    n += write(STDOUT_FILENO, last_words, strlen(last_words));
    _exit(n > 0 ? EXIT_CRASHED : EXIT_CRASHED + 0);
}

static void replay_command(char *ret, size_t size, const struct asked *a, uint64_t seed)
{
    char bug[32] = "";
    if (a->bug) snprintf(bug, sizeof bug, " --bug %u", a->bug);
    snprintf(ret, size, "build/tests/sim/sim%s%s --seed %llu --trace", a->bug ? "_bugs" : "", bug, (unsigned long long)seed);
}

static void watch(const struct asked *a, uint64_t seed)
{
    static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM };
    char command[160];
    replay_command(command, sizeof command, a, seed);
    snprintf(last_words, sizeof last_words, "\nSEED=%llu crashed; again with: %s\n", (unsigned long long)seed, command);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], crashed);
    const struct itimerval t = { .it_value = { .tv_sec = SECONDS_PER_SEED } };
    setitimer(ITIMER_VIRTUAL, &t, NULL);       /* of its own time: the machine may be busy */
}

/* ---- one seed ---- */

static int play(const struct asked *a, uint64_t seed, struct total *n, uint64_t *ret_digest)
{
    char command[160];
    watch(a, seed);
    fflush(stdout);
    struct sim *s = sim_new(seed, a->trace);
    sim_play(s);
    *ret_digest = s->digest;
    int rc = !s->why[0] ? EXIT_FINE : s->stuck ? EXIT_LIVENESS : EXIT_SAFETY;
    n->seeds++;
    n->events += s->n.events;
    n->steps += s->n.steps;
    n->packets += s->n.packets;
    n->files += s->n.files;
    n->updates += s->n.updates;
    n->probes += s->n.probes;
    n->answers += s->n.answers;
    n->again += s->n.again;
    n->hours += (double)s->us / 3.6e9;
    sim_cover_add(&n->cover, &s->cover);
    replay_command(command, sizeof command, a, seed);
    if (rc) printf("SEED=%llu %s: %s\nagain with: %s\nSEED=%llu\n", (unsigned long long)seed,
                   rc == EXIT_LIVENESS ? "liveness" : "safety", s->why, command, (unsigned long long)seed);
    sim_free(&s);
    return rc;
}

static int play_twice(const struct asked *a, uint64_t seed, struct total *n, uint64_t before)
{
    uint64_t again = 0;
    struct total nothing = { 0 };
    n->twice++;
    int rc = play(a, seed, &nothing, &again);
    if (rc || again == before) return rc;
    printf("SEED=%llu is not the same when it is played again: %016llx, %016llx\nSEED=%llu\n", (unsigned long long)seed,
           (unsigned long long)before, (unsigned long long)again, (unsigned long long)seed);
    return EXIT_DIGEST;
}

static void report(const struct total *n, double took, uint64_t digest)
{
    printf(
        "%llu seeds (%llu of them twice): %llu events, %llu steps, %llu packets; %llu files with %llu rows; %llu states compared\n",
        (unsigned long long)n->seeds, (unsigned long long)n->twice, (unsigned long long)n->events, (unsigned long long)n->steps,
        (unsigned long long)n->packets, (unsigned long long)n->files, (unsigned long long)n->updates,
        (unsigned long long)n->probes);
    printf("%llu batches came to a worker once more; rollup == recomputation at %llu log positions, %llu answers compared\n",
           (unsigned long long)n->again, (unsigned long long)n->probes, (unsigned long long)n->answers);
    printf("%.0f simulated hours in %.1f CPU seconds; digest %016llx\n", n->hours, took, (unsigned long long)digest);
    printf("figure: the simulator plays %.0f events in a second of CPU time (user and system, one thread)\n",
           took > 0 ? (double)n->events / took : 0);
}

static int cells(const struct asked *a, const struct total *n)
{
    unsigned required, holes;
    if (a->cells) sim_cover_print(&n->cover);
    if (!a->cover) return EXIT_FINE;
    holes = sim_cover_holes(&n->cover, &required);
    printf("%u of %u required cells met\n", required - holes, required);
    return holes ? EXIT_COVER : EXIT_FINE;
}

static int play_all(const struct asked *a)
{
    struct total n = { 0 };
    uint64_t digest = 0, one;
    double start = seconds(CLOCK_MONOTONIC), used = 0;
    int rc = EXIT_FINE;
    printf("SEED=%llu\n", (unsigned long long)a->seed);
    for (uint64_t i = 0; rc == EXIT_FINE && (a->seconds ? seconds(CLOCK_MONOTONIC) - start < a->seconds : i < a->seeds); i++) {
        double t = seconds(CLOCK_PROCESS_CPUTIME_ID);
        rc = play(a, a->seed + i, &n, &one);
        used += seconds(CLOCK_PROCESS_CPUTIME_ID) - t;
        digest = sim_mix(digest, one);
        if (rc == EXIT_FINE && i % SAMPLE == SAMPLE - 1) rc = play_twice(a, a->seed + i, &n, one);
    }
    if (rc != EXIT_FINE) return rc;
    report(&n, used, digest);
    return cells(a, &n);
}

/* ---- what was asked ---- */

static bool option(struct asked *a, const char *name, const char *value, bool *ret_took)
{
    uint64_t n = value ? strtoull(value, NULL, 10) : 0;
    *ret_took = true;
    if (!strcmp(name, "--seed") && value) a->seed = n;
    else if (!strcmp(name, "--seeds") && value) a->seeds = n;
    else if (!strcmp(name, "--seconds") && value) a->seconds = (unsigned)n;
    else if (!strcmp(name, "--bug") && value && sim_bug_set((unsigned)n)) a->bug = (unsigned)n;
    else {
        *ret_took = false;
        if (!strcmp(name, "--trace")) a->trace = true;
        else if (!strcmp(name, "--cover")) a->cover = true;
        else if (!strcmp(name, "--cells")) a->cells = true;
        else return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct asked a = { .seed = 1, .seeds = 1 };
    for (int i = 1; i < argc; i++) {
        bool took;
        if (!option(&a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took)) {
            fprintf(stderr, "sim [--seed N] [--seeds N | --seconds S] [--trace] [--cover] [--cells]\n");
            return EXIT_USE;
        }
        i += took;
    }
    return play_all(&a);
}
