/* desk_receipt.c - receipts and the witness's findings, as the control socket tells them. Kind: E.
 *
 * A receipt is named "worker:lsn:first 16 hex digits of the batch hash", as push says it; the id of the push names it as well.
 * Before the receipt itself is kept, push tells that of the ack which covers the batch: the same when the ack was of one batch,
 * and of a later batch of the same chain when it was of several.
 *
 * Invariant: nothing here writes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/desk_priv.h"
#include "proto/period.h"

enum { LIST_MAX = 500 };

static json_t *time_json(struct wall t)
{
    char s[32];
    return t.ms > 0 && period_format_time(t, s) > 0 ? json_string(s) : json_null();
}

static json_t *text_json(struct slice s)
{
    json_t *t = json_stringn((const char *)s.p, s.n);
    return t ? t : json_string("");
}

static json_t *name_json(const char *worker, uint64_t lsn, const struct hash *batch)
{
    char hex[2 * HASH_SIZE + 1];
    bytes_hex(batch->b, HASH_SIZE, hex);
    return json_sprintf("%s:%llu:%.16s", worker[0] ? worker : "?", (unsigned long long)lsn, hex);
}

/* ---- what push is told ---- */

static void told(json_t *o, const char *worker, uint64_t lsn, const struct hash *batch)
{
    json_object_set_new(o, "receipt", name_json(worker, lsn, batch));
    json_object_set_new(o, "lsn", json_integer((json_int_t)lsn));
    json_object_set_new(o, "worker", json_string(worker));
}

void desk_receipt_of(json_t *o, struct store_txn *t, const struct outbox_pushed *p, const struct outbox_stream *s)
{
    struct witness_receipt kept;
    struct outbox_due due;
    struct receipt r;
    if (witness_receipt_get(t, p->office, p->last, &kept) == ST_OK && receipt_parse(kept.text, &r) == ST_OK) {
        struct hash batch = receipt_batch_hash(&r);
        told(o, kept.worker, r.lsn, &batch);
        return;
    }
    int st = outbox_due_get(t, p->office, p->last, &due);
    if (st == ST_OK && due.acked) told(o, due.worker, due.lsn, &due.hash);
    else told(o, s->worker, s->lsn, &s->acked_hash);
    json_object_set_new(o, "receipt_due", json_boolean(st == ST_OK)); /* it is asked for, and then says another name perhaps */
}

/* ---- {"verb":"receipts"} ---- */

static json_t *one_json(struct store_txn *t, const struct witness_receipt *k, bool whole)
{
    struct receipt r;
    struct slice office = slice_of("", 0);
    if (receipt_parse(k->text, &r) != ST_OK || unit_dict_text(t, OUTBOX_DICT_ID, k->office, &office) != ST_OK) return NULL;
    struct hash batch = receipt_batch_hash(&r);
    json_t *o = json_object();
    json_object_set_new(o, "receipt", name_json(k->worker, r.lsn, &batch));
    json_object_set_new(o, "id", text_json(k->id));
    json_object_set_new(o, "file", text_json(k->file));
    json_object_set_new(o, "office", text_json(office));
    json_object_set_new(o, "worker", json_string(k->worker));
    json_object_set_new(o, "first", json_integer((json_int_t)r.first));
    json_object_set_new(o, "last", json_integer((json_int_t)k->sequence));
    json_object_set_new(o, "lsn", json_integer((json_int_t)r.lsn));
    json_object_set_new(o, "pushed_at", time_json(k->pushed_at));
    json_object_set_new(o, "signed_at", time_json(r.signed_at));
    json_object_set_new(o, "committed_at", time_json(r.at));
    if (whole) json_object_set_new(o, "text", text_json(k->text));
    return o;
}

static bool is_field(const json_t *o, const char *field, const char *want)
{
    const char *seen = json_string_value(json_object_get(o, field));
    return want && seen && !strcmp(seen, want);
}

static json_int_t owed(struct store_txn *t)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    json_int_t n = 0;
    if (store_cursor(t, OUTBOX_DUE, &c) != ST_OK) return 0;
    for (int st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK; st = store_next(c, &key, &value)) n++;
    store_cursor_close(&c);
    return n;
}

/* Of one office when it is named; of one receipt, with its text, when an id is. Returns ST_NOT_FOUND at the end. */
static int collect_list(struct store_txn *t, const char *office, const char *id, struct witness_receipt *at, json_t *list)
{
    int st = ST_OK;
    while (json_array_size(list) < LIST_MAX && (st = witness_receipt_next(t, at->office, at->sequence, at)) == ST_OK) {
        json_t *o = one_json(t, at, id != NULL);
        bool wanted = o && (!office || is_field(o, "office", office)) &&
                      (!id || is_field(o, "id", id) || is_field(o, "receipt", id));
        if (wanted) json_array_append(list, o);
        json_decref(o);
        if (wanted && id) return ST_NOT_FOUND;
    }
    return st;
}

json_t *desk_receipts(struct store *s, const json_t *request)
{
    const char *office = json_string_value(json_object_get(request, "office")),
               *id = json_string_value(json_object_get(request, "id"));
    const json_t *after = json_object_get(request, "after");
    struct witness_receipt at = { .office = (uint32_t)json_integer_value(json_array_get(after, 0)),
                                  .sequence = (uint64_t)json_integer_value(json_array_get(after, 1)) };
    struct store_txn *t = NULL;
    json_t *o = json_object(), *list = json_array();
    json_object_set_new(o, "receipts", list);
    if (store_begin(s, false, &t) != ST_OK) return o;
    int st = collect_list(t, office, id, &at, list);
    json_object_set_new(o, "owed", json_integer(owed(t)));
    store_abort(&t);
    if (st == ST_OK) json_object_set_new(o, "next", json_pack("[I,I]", (json_int_t)at.office, (json_int_t)at.sequence));
    else if (st != ST_NOT_FOUND) json_object_set_new(o, "error", json_string(status_str(st)));
    return o;
}

/* ---- in status ---- */

static void fault_json(json_t *o, enum witness_fault f, uint64_t kept, uint64_t seen)
{
    json_object_set_new(o, "fault", f ? json_string(witness_fault_name(f)) : json_null());
    if (!f) return;
    json_object_set_new(o, "text", json_string(witness_fault_text(f, LANG_ID)));
    json_object_set_new(o, "text_en", json_string(witness_fault_text(f, LANG_EN)));
    json_object_set_new(o, "kept_size", json_integer((json_int_t)kept));
    json_object_set_new(o, "seen_size", json_integer((json_int_t)seen));
}

json_t *desk_witness(const struct uplink_witness *w)
{
    if (!w->on) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "size", json_integer((json_int_t)w->size));
    json_object_set_new(o, "trusted", json_boolean(w->trusted));
    fault_json(o, w->fault, w->fault_kept, w->fault_seen);
    if (w->fault == WITNESS_OLD_RESTORE) json_object_set_new(o, "restored_at", time_json(w->restored_at));
    return o;
}

static void evidence_json(void *ctx, const struct witness_evidence *e)
{
    json_t *list = ctx, *o = json_object();
    json_object_set_new(o, "at", time_json(e->at));
    json_object_set_new(o, "worker", json_string(e->worker));
    fault_json(o, e->fault, e->kept_size, e->seen_size);
    json_object_set_new(o, "kept", text_json(e->kept));
    json_object_set_new(o, "seen", text_json(e->seen));
    json_array_append_new(list, o);
}

json_t *desk_evidence(struct store_txn *t)
{
    json_t *list = json_array();
    (void)witness_evidence_list(t, evidence_json, list);
    return list;
}
