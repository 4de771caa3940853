/* collect.c - see collect.h. Kind: P.
 *
 * The node ties the three parts: tray files come in as messages of PEER_TRAY and leave as batches of the outbox; the uplink moves
 * batches to the worker and acks back. Everything that must survive is in the store before the effect that speaks of it leaves. */
#include "collector/collect.h"

#include <stdlib.h>
#include <string.h>

#include "collector/collect_import.h"

struct collect {
    struct collect_options o;
    struct outbox_identity identity;
    struct uplink *uplink;
    char (*ids)[OFFICE_ID_MAX + 1];     /* offices to be taken over at the next step */
    size_t id_count;
    bool ids_new;
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

static int take_offices(struct collect *c, struct store_txn *t)
{
    struct uplink_office *list = calloc(c->id_count ? c->id_count : 1, sizeof *list);
    int st = list ? ST_OK : ST_NO_MEMORY;
    for (size_t i = 0; st == ST_OK && i < c->id_count; i++) {
        memcpy(list[i].id, c->ids[i], sizeof list[i].id);
        st = unit_dict_add(t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, slice_of(list[i].id, strlen(list[i].id)), &list[i].office);
    }
    if (st == ST_OK) st = uplink_set_offices(c->uplink, list, c->id_count);
    if (st == ST_OK) c->ids_new = false;
    free(list);
    return st;
}

static int node_recover(void *self, struct store_txn *t, struct now now)
{
    struct collect *c = self;
    (void)now;
    int st = outbox_identity(t, &c->o.fresh, &c->identity);
    if (st == ST_OK) st = uplink_new(&c->identity, c->o.node_name, &c->uplink);
    if (st != ST_OK) return st;
    uplink_dialled(c->uplink, c->worker);
    return c->ids_new ? take_offices(c, t) : ST_OK;
}

static int answer_tray(struct effects *x, char verdict, struct slice id)
{
    uint8_t b[1 + OUTBOX_TRAY_ID_MAX];
    b[0] = (uint8_t)verdict;
    ASSERT(id.n <= OUTBOX_TRAY_ID_MAX);
    if (id.n) memcpy(b + 1, id.p, id.n);
    return effects_send(x, PEER_TRAY, slice_of(b, 1 + id.n));
}

static int on_tray(struct collect *c, struct store_txn *t, struct now now, struct slice bytes, struct effects *x)
{
    const struct import_context context = { .signer = c->o.signer, .identity = &c->identity };
    struct slice id = { 0 };
    uint32_t office = 0;
    int st = collect_import(t, &context, now, bytes, &id, &office);
    if (st == ST_NOT_FOUND) return answer_tray(x, COLLECT_WAIT, id);
    if (st == ST_INVALID) return answer_tray(x, COLLECT_DAMAGED, id);
    if (st != ST_OK) return st;
    uplink_appended(c->uplink, office);
    return answer_tray(x, COLLECT_IMPORTED, id);
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
    int st = c->ids_new ? take_offices(c, t) : ST_OK;
    return st == ST_OK ? uplink_work(c->uplink, t, now, x) : st;
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
    (void)now;
    uplink_reset(c->uplink);
    c->ids_new = true; /* numbers given in the lost transaction are not in the dictionary */
    return ST_OK;
}

static struct mono node_deadline(const void *self) { return uplink_next_deadline(((const struct collect *)self)->uplink); }

static bool node_wants(const void *self)
{
    const struct collect *c = self;
    return c->ids_new || uplink_wants_step(c->uplink);
}

struct node collect_node(struct collect *c)
{
    static const struct node_ops ops = { .recover = node_recover, .on_message = node_message, .on_tick = node_tick, .flush = node_flush,
                                         .on_abort = node_abort, .next_deadline = node_deadline, .wants_step = node_wants };
    return (struct node){ .ops = &ops, .self = c };
}

void collect_status(const struct collect *c, struct uplink_status *ret) { uplink_status(c->uplink, ret); }
