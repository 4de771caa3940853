/* breaking.h - what happens when call n fails: of the calls to the store, and of the allocations; n from 1 on, each.
 *
 * A test describes its world as a row of steps, each one transaction. breaking_each plays them undisturbed and remembers the state
 * after each; then, for each step and each n, it builds the world anew, lets call n of that step fail, and holds: the step returns
 * the failure, not another status and not success; what was undone is the state before; played again it ends in the very state of
 * the undisturbed run, and so do the steps after it. What a module keeps in memory beside the store belongs into `state`.
 *
 * Allocations are counted where the test is linked with --wrap=malloc,--wrap=calloc,--wrap=realloc; there success is allowed, too,
 * because a table may do without growing. */
#ifndef REKAP_TESTS_BREAKING_H
#define REKAP_TESTS_BREAKING_H

#include "proto/sign.h"
#include "proto/store.h"

struct breaking {
    unsigned steps;
    void *(*make)(void);                /* its stores given to breaking_store */
    void (*done)(void *world);
    int (*step)(void *world, unsigned i);       /* commits when it goes well */
    void (*undo)(void *world, unsigned i);      /* after a step that failed: abort, and whatever the daemon does then */
    struct hash (*state)(void *world);  /* of what is committed, and of what is in memory */
};
void breaking_each(const struct breaking *b);

/* From here on the calls to s are counted; it is called when s is made. */
void breaking_store(struct store *s);
/* Rows of all tables as the last commit left them, in order, hashed together with `more`. */
struct hash breaking_rows(struct store *s, unsigned tables, const void *more, size_t n);

/* Each row of each table damaged in four ways (gone, empty, a byte shorter, a byte longer), one at a time, before the last step of
 * the world: no crash; calls `say` with what the step returned. */
void breaking_damage(const struct breaking *b, struct store *(*store_of)(void *world), unsigned tables,
                     void (*say)(unsigned table, struct slice key, unsigned way, int st));
enum { DAMAGE_GONE, DAMAGE_EMPTY, DAMAGE_SHORT, DAMAGE_LONG, DAMAGE_WAYS };

/* For what is no row of steps: of the calls that follow, number n fails, until breaking_end, which says whether it came to that. */
enum breaking_kind { BREAKING_CALLS, BREAKING_ALLOCATIONS, BREAKING_KINDS };
void breaking_one(enum breaking_kind kind, uint32_t n);
bool breaking_end(void);

#endif
