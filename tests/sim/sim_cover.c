/* sim_cover.c - see sim_cover.h. Kind: P (printing goes to standard output).
 *
 * Required are: every fault at every role it can hit, those of processes and commits in every state of the node; every armed commit
 * met; every message of the protocol that these nodes speak with every fate; every code that a NACK has a reason for here.
 *
 * Not required: BYE (no node sends it), JOIN and JOINED overtaken or blocked (one request, as soon as a
 * connection is there).
 *
 * Invariant: counting changes nothing in a run. */
#include "tests/sim/sim_cover.h"

#include <stdio.h>

#include "proto/codec.h"

static const struct { const char *name, *text; } FAULTS[] = {
#define SIM_FAULT(NAME, text) { #NAME, text },
#include "tests/sim/sim_fault.def"
#undef SIM_FAULT
};
static const char *const SEEN[] = {
#define SIM_SEEN(NAME, text) text,
#include "tests/sim/sim_seen.def"
#undef SIM_SEEN
};
static const char *const ROLES[] = { "collector", "worker", "aggregator", "follower" },
                  *const STATES[] = { "down", "idle", "busy", "owed" },
                  *const FATES[] = { "delivered", "lost", "repeated", "overtaken", "blocked", "stale" },
                  *const ARMED[] = { "none", "before", "done", "lost", "after", "full" };
static const unsigned SPOKEN[] = { MSG_HELLO, MSG_HELLO_OK, MSG_OPEN,      MSG_OPEN_OK, MSG_BATCH,   MSG_ACK,  MSG_NACK,
                                   MSG_PING,  MSG_PONG,     MSG_SUBSCRIBE, MSG_RECORDS, MSG_CREDIT,  MSG_IDLE, MSG_CHECKPOINT,
                                   MSG_PROVE, MSG_PROOF,    MSG_PLACE,     MSG_PLACED,  MSG_RESTORED, MSG_STORED,
                                   MSG_JOIN,  MSG_JOINED };
static const unsigned NACKS[] = { CODE_STORE_FULL, CODE_REVOKED, CODE_STALE, CODE_GAP, CODE_BUSY, CODE_DIFFERENT_HISTORY,
                                  CODE_BAD_SIGNATURE, CODE_EXPIRED, CODE_BAD_VERSION, CODE_CONFLICT };
enum { COLLECTOR = 1, WORKER = 2, AGGREGATOR = 4, FOLLOWER = 8, ALL = 15 };

const char *sim_fault_name(enum sim_fault f) { return FAULTS[f].text; }

void sim_cover_add(struct sim_cover *to, const struct sim_cover *c)
{
    uint64_t *a = (uint64_t *)to;
    const uint64_t *b = (const uint64_t *)c;
    for (size_t i = 0; i < sizeof *to / sizeof *a; i++) a[i] += b[i];
}

/* Which roles a fault can hit, and whether in every state of it. */
static unsigned roles_of(enum sim_fault f, bool *ret_every)
{
    *ret_every = f >= SIM_FAULT_CRASH && f <= SIM_FAULT_REBOOT && f != SIM_FAULT_SQUEEZE;
    if (f <= SIM_FAULT_CLOG) return COLLECTOR | AGGREGATOR | FOLLOWER;
    if (f == SIM_FAULT_SQUEEZE) return COLLECTOR | WORKER | FOLLOWER;
    if (f <= SIM_FAULT_DRIFT) return ALL;
    if (f == SIM_FAULT_STATE_LOST) return AGGREGATOR;
    if (f == SIM_FAULT_UPGRADE || f == SIM_FAULT_MAJOR || f == SIM_FAULT_DOWNGRADE) return ALL;
    if (f == SIM_FAULT_REJOIN || f == SIM_FAULT_LAG) return FOLLOWER;
    return f >= SIM_FAULT_BACKUP ? WORKER : COLLECTOR;
}

static unsigned hole(uint64_t n, const char *a, const char *b, const char *c)
{
    if (n) return 0;
    printf("not met: %s, %s %s\n", a, b, c);
    return 1;
}

static unsigned fault_holes(const struct sim_cover *c, enum sim_fault f, unsigned *required)
{
    bool every;
    unsigned roles = roles_of(f, &every), holes = 0;
    for (unsigned r = 0; r < SIM_COVER_ROLES; r++) {
        uint64_t any = 0;
        if (!(roles >> r & 1)) continue;
        for (unsigned k = SIM_IDLE; k < SIM_STATES; k++) {
            any += c->fault[f][r][k];
            if (!every || (r == 3 && k == SIM_BUSY)) continue;      /* a follower is busy for microseconds */
            holes += hole(c->fault[f][r][k], FAULTS[f].name, ROLES[r], STATES[k]);
            ++*required;
        }
        if (every) continue;
        holes += hole(any + c->fault[f][r][SIM_DOWN], FAULTS[f].name, ROLES[r], "");
        ++*required;
    }
    return holes;
}

unsigned sim_cover_holes(const struct sim_cover *c, unsigned *ret_required)
{
    unsigned holes = 0;
    *ret_required = 0;
    for (unsigned f = 0; f < SIM_FAULT_COUNT; f++) holes += fault_holes(c, (enum sim_fault)f, ret_required);
    for (unsigned r = 0; r < SIM_COVER_ROLES; r++)
        for (unsigned k = 1; k < 6; k++, ++*ret_required) holes += hole(c->commit[r][k], "a commit", ROLES[r], ARMED[k]);
    for (size_t i = 0; i < sizeof SPOKEN / sizeof *SPOKEN; i++)
        for (unsigned k = 0; k < SIM_FATES; k++) {
            bool brief = SPOKEN[i] == MSG_JOIN || SPOKEN[i] == MSG_JOINED;
            if (brief && (k == SIM_OVERTAKEN || k == SIM_BLOCKED)) continue;
            ++*ret_required;
            holes += hole(c->fate[SPOKEN[i]][k], "a message", codec_msg_name(SPOKEN[i]), FATES[k]);
        }
    for (size_t i = 0; i < sizeof NACKS / sizeof *NACKS; i++, ++*ret_required)
        holes += hole(c->nack[NACKS[i]], "a NACK", status_code_spelling(NACKS[i]), "");
    for (unsigned i = 0; i < SIM_SEEN_COUNT; i++, ++*ret_required) holes += hole(c->seen[i], "seen", SEEN[i], "");
    return holes;
}

void sim_cover_print(const struct sim_cover *c)
{
    for (unsigned f = 0; f < SIM_FAULT_COUNT; f++) {
        printf("%-12s", FAULTS[f].name);
        for (unsigned r = 0; r < SIM_COVER_ROLES; r++)
            for (unsigned k = 0; k < SIM_STATES; k++) printf(" %7llu", (unsigned long long)c->fault[f][r][k]);
        putchar('\n');
    }
    for (unsigned i = 0; i < SIM_COVER_TYPES && i < MSG_TYPE_COUNT; i++) {
        printf("%-12s", codec_msg_name(i));
        for (unsigned k = 0; k < SIM_FATES; k++) printf(" %9llu", (unsigned long long)c->fate[i][k]);
        putchar('\n');
    }
    for (unsigned i = 0; i < SIM_COVER_CODES; i++)
        if (c->nack[i]) printf("NACK %-24s %9llu\n", status_code_spelling(i), (unsigned long long)c->nack[i]);
    for (unsigned i = 0; i < SIM_SEEN_COUNT; i++) printf("%9llu %s\n", (unsigned long long)c->seen[i], SEEN[i]);
}
