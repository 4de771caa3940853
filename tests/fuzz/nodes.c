/* nodes.c - the real collector, worker and aggregator over RAM stores, driven by the input: which node takes its next step, what
 * arrives of what was sent (lost, twice, out of order, with a byte turned), frames that nobody of ours sent, when a process ends
 * before its commit or after it, when a store is full, how far the clock goes, and at which allocation memory runs out. A process
 * that is told ST_NO_MEMORY ends, as the real one does, and another starts from the store.
 *
 * Whatever came first, when the trouble is over: everything that was put into the tray is in the log exactly once, in its order,
 * and acknowledged (P1, P2, P3, P10); the aggregator's state is that of a fold from record 1 (P4). The binary is linked with
 * --wrap=malloc,calloc,realloc: only allocations of the code under test fail, and only within a step. */
#include "tests/fuzz/nodes_part.h"

enum { OPS_MAX = 400, CALM_STEPS = 400, LONG_MS = 40000 };

/* ---- memory that runs out ---- */

static long fail_after = -1; /* allocations that still work; -1: all */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
    if (fail_after < 0) return false;
    if (fail_after > 0) return fail_after--, false;
    return true;
}
void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

void nodes_memory(long allocations) { fail_after = allocations; }

/* ---- operations ---- */

static void one(struct nodes *n, struct rd *r)
{
    unsigned op = rd_u8(r), with = rd_u8(r);
    enum nodes_part part = (enum nodes_part)(with % NODES_PARTS);
    switch (op % 16) {
    case 0:
    case 1:
    case 2:
        nodes_step(n, part, with / NODES_PARTS, NODES_STEP_GOOD);
        break;
    case 3:
        nodes_push(n, with);
        break;
    case 4:
        nodes_drop(n, part, with / NODES_PARTS);
        break;
    case 5:
        nodes_repeat(n, part, with / NODES_PARTS);
        break;
    case 6:
        nodes_swap(n, part, with / NODES_PARTS);
        break;
    case 7:
        nodes_turn_byte(n, part, with / NODES_PARTS, rd_be16(r), rd_u8(r));
        break;
    case 8:
        nodes_end(n, part);
        break;
    case 9:
        nodes_step(n, part, with / NODES_PARTS, NODES_STEP_LOST);
        break;
    case 10:
        nodes_step(n, part, with / NODES_PARTS, NODES_STEP_DONE_UNSAID);
        break;
    case 11:
        nodes_step(n, part, with / NODES_PARTS, NODES_STEP_FULL);
        break;
    case 12:
        n->memory = rd_be16(r) % 600;
        nodes_step(n, part, with / NODES_PARTS, NODES_STEP_GOOD);
        n->memory = -1;
        break;
    case 13:
        n->now.mono.us += with * INT64_C(200000);
        n->now.wall.ms += with * INT64_C(200) - (op > 127 ? 100000 : 0);
        break;
    case 14:
        nodes_cut(n, part);
        break;
    case 15: {
        size_t size = with < rd_left(r) ? with : rd_left(r);
        nodes_foreign(n, part, op / 16, rd_bytes(r, size));
        break;
    }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
    struct rd r = rd_of(slice_of(p, size));
    struct nodes *n = nodes_new();
    for (unsigned i = 0; i < OPS_MAX && rd_left(&r) >= 2; i++) one(n, &r);
    nodes_calm(n);
    for (unsigned i = 0; i < CALM_STEPS && !nodes_settled(n); i++) {
        n->now.mono.us += INT64_C(1000000);
        n->now.wall.ms += 1000;
        for (enum nodes_part part = 0; part < NODES_PARTS; part++) nodes_step(n, part, 16, NODES_STEP_GOOD);
    }
    ASSERT(nodes_settled(n));
    nodes_check(n);
    nodes_free(&n);
    return 0;
}
