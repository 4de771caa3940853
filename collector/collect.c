/* collect.c - see collect.h. Kind: P.
 *
 * The node ties the three parts: tray files come in as messages of PEER_TRAY and leave as batches of the outbox; the uplink moves
 * batches to the worker and acks back. Everything that must survive is in the store before the effect that speaks of it leaves.
 *
 * A full store: imports stop while there still is room for what the worker answers (acks delete and overwrite, they hardly
 * grow), so the outbox drains and nothing is dropped. What a file needs is guessed from its size; should a step be lost to
 * ST_FULL nevertheless, the guess doubles and imports rest, so that the next step takes the acks.
 *
 * Invariant: while `full`, no step imports and none adds an office: every step can commit. */
#include "collector/collect.h"

#include <stdlib.h>
#include <string.h>

#include "collector/collect_import.h"

/* Bytes of pages an import may take: the batches about once the file, new rows of the own copy the rest; and what stays free. */
enum { FILE_FACTOR = 8, RESERVE_BYTES = 1 << 20, DOUBT_MAX = 6 };
static const int64_t ROOM_LOOK_US = 1000 * 1000;

struct collect {
    struct collect_options o;
    struct outbox_identity identity;
    struct uplink *uplink;
    char (*ids)[OFFICE_ID_MAX + 1];     /* offices to be taken over at the next step */
    size_t id_count;
    bool ids_new;
    bool ids_late;                      /* some office has no number yet: there was no room to give it one */
    bool full;                          /* imports rest */
    unsigned doubt;                     /* the guess is doubled so often */
    uint64_t wanted;                    /* room that ends the rest */
    uint64_t step_import;               /* size of the largest file imported in this step */
    struct mono look_at;                /* for room, while full */
    peer_id worker;
};

int collect_new(const struct collect_options *o, struct collect **ret)
{
    struct collect *c = calloc(1, sizeof *c);
    if (!c) return ST_NO_MEMORY;
    c->o = *o;
    *ret = c;
    return ST_OK;
}

void collect_free(struct collect **c)
{
    if (!c || !*c) return;
    uplink_free(&(*c)->uplink);
    free((*c)->ids);
    free(*c);
    *c = NULL;
}

int collect_set_offices(struct collect *c, const struct slice *ids, size_t n)
{
    char(*copy)[OFFICE_ID_MAX + 1] = calloc(n ? n : 1, sizeof *copy);
    if (!copy) return ST_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        ASSERT(ids[i].n > 0 && ids[i].n <= OFFICE_ID_MAX);
        memcpy(copy[i], ids[i].p, ids[i].n);
    }
    free(c->ids);
    c->ids = copy;
    c->id_count = n;
    c->ids_new = true;
    return ST_OK;
}

void collect_dialled(struct collect *c, peer_id worker)
{
    c->worker = worker;
    if (c->uplink) uplink_dialled(c->uplink, worker);
}

static uint64_t need(const struct collect *c, size_t file) { return (((uint64_t)file * FILE_FACTOR) << c->doubt) + RESERVE_BYTES; }

static void rest(struct collect *c, uint64_t wanted, struct now now)
{
    if (!c->full) c->look_at.us = now.mono.us + ROOM_LOOK_US;
    c->wanted = c->full && c->wanted > wanted ? c->wanted : wanted;
    c->full = true;
}

static int look_for_room(struct collect *c, struct store_txn *t, struct now now)
{
    if (!c->full || now.mono.us < c->look_at.us) return ST_OK;
    c->look_at.us = now.mono.us + ROOM_LOOK_US;
    int st = outbox_release(t, c->wanted);
    if (st != ST_OK) return st == ST_FULL ? ST_OK : st;
    c->full = false;
    c->ids_new |= c->ids_late;
    return ST_OK;
}

/* The number of an office; ST_FULL: it has none yet and there is no room, nothing was changed. */
static int office_number(struct store_txn *t, struct slice id, uint32_t *ret)
{
    int st = unit_dict_get(t, OUTBOX_DICT_TEXT, id, ret);
    if (st != ST_NOT_FOUND) return st;
    if (store_room(t, RESERVE_BYTES) != ST_OK) return ST_FULL;
    return unit_dict_add(t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, id, ret);
}

static int take_offices(struct collect *c, struct store_txn *t, struct now now)
{
    struct uplink_office *list = calloc(c->id_count ? c->id_count : 1, sizeof *list);
    int st = list ? ST_OK : ST_NO_MEMORY;
    size_t n = 0;
    c->ids_late = false;
    for (size_t i = 0; st == ST_OK && i < c->id_count; i++) {
        memcpy(list[n].id, c->ids[i], sizeof list[n].id);
        st = office_number(t, slice_of(list[n].id, strlen(list[n].id)), &list[n].office);
        if (st == ST_OK) n++;
        if (st != ST_FULL) continue;
        c->ids_late = true;
        rest(c, RESERVE_BYTES, now);
        st = ST_OK;
    }
    if (st == ST_OK) st = uplink_set_offices(c->uplink, list, n);
    if (st == ST_OK) c->ids_new = false;
    free(list);
    return st;
}

static int node_recover(void *self, struct store_txn *t, struct now now)
{
    struct collect *c = self;
    int st = outbox_identity(t, &c->o.fresh, &c->identity);
    if (st == ST_OK) st = uplink_new(&c->identity, c->o.node_name, &c->o.witness, &c->o.keep, &c->uplink);
    if (st != ST_OK) return st;
    uplink_signer(c->uplink, c->o.signer);
    uplink_dialled(c->uplink, c->worker);
    return c->ids_new ? take_offices(c, t, now) : ST_OK;
}

static int answer_tray(struct effects *x, char verdict, struct slice id)
{
    uint8_t b[1 + OUTBOX_TRAY_ID_MAX];
    b[0] = (uint8_t)verdict;
    ASSERT(id.n <= OUTBOX_TRAY_ID_MAX);
    if (id.n) memcpy(b + 1, id.p, id.n);
    return effects_send(x, PEER_TRAY, slice_of(b, 1 + id.n));
}

/* Without room the file stays where it is, unless it is known already and only its unlinking was lost. */
static int put_off(struct store_txn *t, struct slice bytes, struct effects *x)
{
    struct tray head;
    struct tray_reader r;
    struct outbox_pushed before;
    if (tray_open(bytes, &head, &r) != ST_OK) return answer_tray(x, COLLECT_DAMAGED, slice_of("", 0));
    int st = outbox_pushed_get(t, head.id, &before);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    return answer_tray(x, st == ST_OK ? COLLECT_IMPORTED : COLLECT_FULL, head.id);
}

static int on_tray(struct collect *c, struct store_txn *t, struct now now, struct slice bytes, struct effects *x)
{
    const struct import_context context = { .signer = c->o.signer, .identity = &c->identity };
    struct import_result done;
    if (store_room(t, need(c, bytes.n)) != ST_OK) rest(c, need(c, bytes.n), now);
    if (c->full) return put_off(t, bytes, x);
    if (bytes.n > c->step_import) c->step_import = bytes.n;
    int st = collect_import(t, &context, now, bytes, &done);
    if (st == ST_NOT_FOUND) return answer_tray(x, COLLECT_WAIT, done.id);
    if (st == ST_INVALID) return answer_tray(x, COLLECT_DAMAGED, done.id);
    if (st != ST_OK) return st;
    uplink_appended(c->uplink, done.office);
    return answer_tray(x, COLLECT_IMPORTED, done.id);
}

int collect_rehearse(const struct collect *c, struct store_txn *t, struct now now, struct slice bytes, struct outbox_pushed *ret)
{
    const struct import_context context = { .signer = c->o.signer, .identity = &c->identity };
    struct import_result done;
    if (!c->uplink) return ST_AGAIN;
    if (store_room(t, need(c, bytes.n)) != ST_OK) return ST_FULL;
    int st = collect_import(t, &context, now, bytes, &done);
    return st == ST_OK ? outbox_pushed_get(t, done.id, ret) : st;
}

static int node_message(void *self, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    struct collect *c = self;
    if (m->peer == PEER_TRAY) return on_tray(c, t, now, m->bytes, x);
    return uplink_message(c->uplink, t, now, m, x);
}

static int node_flush(void *self, struct store_txn *t, struct now now, struct effects *x)
{
    struct collect *c = self;
    int st = look_for_room(c, t, now);
    if (st == ST_OK && c->ids_new) st = take_offices(c, t, now);
    if (st == ST_OK) st = uplink_work(c->uplink, t, now, x);
    if (st == ST_OK) c->step_import = 0;
    return st;
}

static int node_tick(void *self, struct store_txn *t, struct now now, struct effects *x)
{
    (void)self;
    (void)t;
    (void)now;
    (void)x;
    return ST_OK; /* everything that is due is done by flush, which every step ends with */
}

static int node_abort(void *self, struct store_txn *t, struct now now)
{
    struct collect *c = self;
    (void)t;
    if (c->step_import && c->doubt < DOUBT_MAX) c->doubt++;
    rest(c, need(c, (size_t)c->step_import), now);
    c->step_import = 0;
    uplink_reset(c->uplink);
    c->ids_new = true; /* numbers given in the lost transaction are not in the dictionary */
    return ST_OK;
}

static struct mono node_deadline(const void *self)
{
    const struct collect *c = self;
    struct mono d = uplink_next_deadline(c->uplink);
    return c->full && c->look_at.us < d.us ? c->look_at : d;
}

static bool node_wants(const void *self)
{
    const struct collect *c = self;
    return c->ids_new || uplink_wants_step(c->uplink);
}

struct node collect_node(struct collect *c)
{
    static const struct node_ops ops = { .recover = node_recover,
                                         .on_message = node_message,
                                         .on_tick = node_tick,
                                         .flush = node_flush,
                                         .on_abort = node_abort,
                                         .next_deadline = node_deadline,
                                         .wants_step = node_wants };
    return (struct node){ .ops = &ops, .self = c };
}

void collect_status(const struct collect *c, struct uplink_status *ret) { uplink_status(c->uplink, ret); }

bool collect_full(const struct collect *c) { return c->full; }
