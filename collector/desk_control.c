/* desk_control.c - the collector's answers on its control socket (verbs: desk.h). Kind: E.
 *
 * Answers are read from the store in a short read transaction of their own; what is in memory only (session, credit) comes from the
 * node. Every number a person may compare with the centre's is a sequence, an lsn or a count of rows. */
#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "collector/collect_import.h"
#include "collector/desk_priv.h"
#include "proto/clock.h"
#include "proto/conf.h"
#include "proto/period.h"
#include "proto/scrub_json.h"

enum { SENT_MAX = 500 };

static json_t *time_or_null(struct wall t)
{
    char s[32];
    return t.ms > 0 && period_format_time(t, s) > 0 ? json_string(s) : json_null();
}

static json_t *office_json(const struct outbox_stream *s, struct slice id)
{
    json_t *o = json_object();
    json_object_set_new(o, "office", json_stringn((const char *)id.p, id.n));
    json_object_set_new(o, "last", json_integer((json_int_t)s->last));
    json_object_set_new(o, "acked", json_integer((json_int_t)s->acked));
    json_object_set_new(o, "lsn", json_integer((json_int_t)s->lsn));
    json_object_set_new(o, "waiting_bytes", json_integer((json_int_t)s->out_bytes));
    json_object_set_new(o, "refused", json_integer((json_int_t)s->refused));
    json_object_set_new(o, "kept_bytes", json_integer((json_int_t)s->kept_bytes));
    json_object_set_new(o, "archived", json_integer((json_int_t)s->archived));
    json_object_set_new(o, "let_go", json_integer((json_int_t)s->let_go));
    json_object_set_new(o, "state", json_string(status_code_spelling(s->state)));
    json_object_set_new(o, "state_text", json_string(status_code_text(s->state, LANG_ID)));
    json_object_set_new(o, "last_at", time_or_null(s->last_at));
    json_object_set_new(o, "acked_at", time_or_null(s->acked_at));
    return o;
}

static int offices_json(struct store_txn *t, json_t *list)
{
    struct store_cursor *c = NULL;
    struct slice key, value, id;
    struct outbox_stream s;
    int st = store_cursor(t, OUTBOX_DICT_ID, &c);
    if (st != ST_OK) return st;
    for (st = store_seek(c, slice_of("", 1), &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
        if (key.n != 4) continue;
        uint32_t office = bytes_rd32(key.p);
        uint8_t k[4];
        struct slice row;
        bytes_be32(k, office);
        id = value;
        /* the dictionary also holds indicator texts: an office is what has a stream */
        if (store_get(t, OUTBOX_STREAM, slice_of(k, 4), &row) != ST_OK) continue;
        if ((st = outbox_stream_get(t, office, &s)) != ST_OK) break;
        uint64_t resigned;
        if ((st = outbox_resigned(t, office, &resigned)) != ST_OK) break;
        json_t *o = office_json(&s, id);
        json_object_set_new(o, "resigned", json_integer((json_int_t)resigned));
        json_array_append_new(list, o);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static json_t *link_json(const struct desk *d)
{
    struct link_counters n;
    json_t *o = json_object();
    link_counters(d->o.link, &n);
    json_object_set_new(o, "received", json_integer((json_int_t)n.received));
    json_object_set_new(o, "sent", json_integer((json_int_t)n.sent));
    return o;
}

static json_t *status_json(struct desk *d, struct store *s)
{
    static const char *const sessions[] = { "down", "greeted", "up" };
    struct uplink_status u;
    struct store_txn *t = NULL;
    uint64_t used = 0, size = 0;
    json_t *o = json_object(), *list = json_array(), *store = json_object();
    collect_status(d->o.collect, &u);
    (void)store_usage(s, &used, &size);
    json_object_set_new(o, "program", json_string("rekap-collector"));
    json_object_set_new(o, "version", json_string(REKAP_VERSION));
    json_object_set_new(o, "session", json_string(sessions[u.session]));
    json_object_set_new(o, "worker", json_string(u.worker));
    json_object_set_new(o, "refused", u.refused_code ? json_string(status_code_spelling(u.refused_code)) : json_null());
    json_object_set_new(o, "witness", desk_witness(&u.witness));
    json_object_set_new(o, "in_flight_batches", json_integer((json_int_t)u.in_flight_batches));
    json_object_set_new(o, "tray_waiting", json_integer((json_int_t)d->waiting));
    json_object_set_new(o, "tray_damaged", json_integer((json_int_t)d->damaged));
    json_object_set_new(o, "keys", json_integer((json_int_t)d->key_count));
    json_object_set_new(store, "used", json_integer((json_int_t)used));
    json_object_set_new(store, "size", json_integer((json_int_t)size));
    json_object_set_new(store, "full", json_boolean(collect_full(d->o.collect)));
    json_object_set_new(o, "store", store);
    json_object_set_new(o, "link", link_json(d));
    json_object_set_new(o, "scrub", scrub_json(&d->scrub));
    int st = store_begin(s, false, &t);
    if (st == ST_OK) st = offices_json(t, list);
    if (st == ST_OK) json_object_set_new(o, "evidence", desk_evidence(t));
    store_abort(&t);
    json_object_set_new(o, "offices", list);
    if (st != ST_OK) json_object_set_new(o, "error", json_string(status_str(st)));
    return o;
}

/* ---- what became of pushed files ---- */

static json_t *pushed_json(struct store_txn *t, const char *id)
{
    struct outbox_pushed p;
    struct outbox_stream s;
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(id));
    bool found = outbox_pushed_get(t, slice_of(id, strlen(id)), &p) == ST_OK && outbox_stream_get(t, p.office, &s) == ST_OK;
    json_object_set_new(o, "found", json_boolean(found));
    if (!found) return o;
    json_object_set_new(o, "file", json_string(p.file));
    json_object_set_new(o, "rows", json_integer(p.rows));
    json_object_set_new(o, "accepted", json_integer(p.accepted));
    json_object_set_new(o, "duplicate", json_integer(p.duplicate));
    json_object_set_new(o, "superseded", json_integer(p.superseded));
    json_object_set_new(o, "refused", json_integer(p.refused));
    json_object_set_new(o, "last", json_integer((json_int_t)p.last));
    bool acked = s.acked >= p.last && s.acked > 0;
    json_object_set_new(o, "acked", json_boolean(acked || p.last == 0));
    json_object_set_new(o, "state", json_string(status_code_spelling(s.state)));
    json_object_set_new(o, "state_text", json_string(status_code_text(s.state, LANG_ID)));
    if (acked) desk_receipt_of(o, t, &p, &s);
    return o;
}

static json_t *pushed_list(struct store *s, const json_t *request)
{
    json_t *o = json_object(), *files = json_array();
    const json_t *ids = json_object_get(request, "ids");
    struct store_txn *t = NULL;
    json_object_set_new(o, "files", files);
    if (store_begin(s, false, &t) != ST_OK) return o;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (id && *id && strlen(id) <= OUTBOX_TRAY_ID_MAX) json_array_append_new(files, pushed_json(t, id));
    }
    store_abort(&t);
    return o;
}

/* ---- the files pushed last ---- */

static json_t *sent_json(struct store_txn *t, struct slice id)
{
    struct outbox_pushed p;
    struct slice office;
    char text[OUTBOX_TRAY_ID_MAX + 1];
    if (id.n > OUTBOX_TRAY_ID_MAX || outbox_pushed_get(t, id, &p) != ST_OK) return NULL;
    snprintf(text, sizeof text, "%.*s", (int)id.n, (const char *)id.p);
    json_t *o = pushed_json(t, text), *name = NULL;
    if (unit_dict_text(t, OUTBOX_DICT_ID, p.office, &office) == ST_OK) name = json_stringn((const char *)office.p, office.n);
    json_object_set_new(o, "office", name ? name : json_null());
    json_object_set_new(o, "at", time_or_null(p.at));
    return o;
}

/* The youngest first. */
static json_t *sent_list(struct store *s, const json_t *request)
{
    json_t *o = json_object(), *files = json_array();
    json_int_t limit = json_integer_value(json_object_get(request, "limit"));
    struct store_cursor *c = NULL;
    struct store_txn *t = NULL;
    struct slice key, value;
    json_object_set_new(o, "files", files);
    if (limit < 1 || limit > SENT_MAX) limit = SENT_MAX;
    if (store_begin(s, false, &t) != ST_OK) return o;
    int st = store_cursor(t, OUTBOX_PUSHED_AT, &c);
    if (st == ST_OK) st = store_last(c, &key, &value);
    while (st == ST_OK && json_array_size(files) < (size_t)limit) {
        json_t *one = key.n > 8 ? sent_json(t, slice_of(key.p + 8, key.n - 8)) : NULL;
        if (one) json_array_append_new(files, one);
        st = store_prev(c, &key, &value);
    }
    store_cursor_close(&c);
    store_abort(&t);
    if (st != ST_OK && st != ST_NOT_FOUND) json_object_set_new(o, "error", json_string(status_str(st)));
    return o;
}

/* ---- where statements stood ---- */

/* null: another epoch's (an outbox of before), or not known. */
static json_t *origin_json(struct store_txn *t, const char *epoch, const json_t *asked)
{
    const char *office = json_string_value(json_object_get(asked, "office"));
    const char *of = json_string_value(json_object_get(asked, "epoch"));
    json_int_t sequence = json_integer_value(json_object_get(asked, "sequence"));
    struct import_origin x;
    char hash[2 * HASH_SIZE + 1];
    if (!office || !of || strcmp(of, epoch) || sequence < 1) return json_null();
    if (collect_import_origin(t, slice_of(office, strlen(office)), (uint64_t)sequence, &x) != ST_OK) return json_null();
    json_t *o = json_object(), *file = json_stringn((const char *)x.file.p, x.file.n);
    json_object_set_new(o, "file", file ? file : json_string("?"));
    bytes_hex(x.hash.p, x.hash.n, hash);
    json_object_set_new(o, "hash", x.hash.n ? json_string(hash) : json_null());
    json_object_set_new(o, "sheet", x.sheet.n ? json_stringn((const char *)x.sheet.p, x.sheet.n) : json_null());
    json_object_set_new(o, "line", json_integer(x.line));
    return o;
}

static json_t *origin_list(struct store *s, const json_t *request)
{
    const struct outbox_identity none = { .epoch = 0 };
    struct outbox_identity own;
    char epoch[17];
    json_t *o = json_object(), *list = json_array(), *asked;
    struct store_txn *t = NULL;
    size_t i;
    json_object_set_new(o, "origins", list);
    if (store_begin(s, false, &t) != ST_OK) return o;
    bool known = outbox_identity(t, &none, &own) == ST_OK;
    snprintf(epoch, sizeof epoch, "%016llx", known ? (unsigned long long)own.epoch : 0ULL);
    json_array_foreach(json_object_get(request, "statements"), i, asked) json_array_append_new(list, origin_json(t, epoch, asked));
    store_abort(&t);
    return o;
}

/* ---- dry runs ---- */

static json_t *judged_json(struct desk *d, struct store_txn *t, const char *path)
{
    struct outbox_pushed p = { 0 };
    struct buf b;
    buf_init(&b, TRAY_BYTES_MAX);
    int st = path ? conf_file_read(path, TRAY_BYTES_MAX, &b) : ST_INVALID;
    const struct clock clock = clock_posix();
    if (st == ST_OK) st = collect_rehearse(d->o.collect, t, clock.now(clock.ctx), buf_slice(&b), &p);
    buf_done(&b);
    return json_pack("{s:b,s:I,s:I,s:I}", "found", st == ST_OK, "accepted", (json_int_t)p.accepted, "duplicate",
                     (json_int_t)p.duplicate, "superseded", (json_int_t)p.superseded);
}

/* The one transaction is never committed. A file that cannot be tried makes those after it uncertain, so it ends the list. */
static json_t *judged_list(struct desk *d, struct store *s, const json_t *request)
{
    json_t *o = json_object(), *files = json_array(), *path;
    struct store_txn *t = NULL;
    bool going_on = true;
    size_t i;
    json_object_set_new(o, "files", files);
    if (store_begin(s, true, &t) != ST_OK) return o;
    json_array_foreach(json_object_get(request, "files"), i, path)
    {
        json_t *one = going_on ? judged_json(d, t, json_string_value(path)) : NULL;
        going_on = one && json_is_true(json_object_get(one, "found"));
        if (one) json_array_append_new(files, one);
    }
    store_abort(&t);
    return o;
}

static json_t *answer(struct desk *d, struct store *s, const json_t *request, bool *ret_wake)
{
    const char *verb = json_string_value(json_object_get(request, "verb"));
    if (verb && !strcmp(verb, "status")) return status_json(d, s);
    if (verb && !strcmp(verb, "pushed")) return pushed_list(s, request);
    if (verb && !strcmp(verb, "sent")) return sent_list(s, request);
    if (verb && !strcmp(verb, "receipts")) return desk_receipts(s, request);
    if (verb && !strcmp(verb, "figures")) return desk_figures(s, request);
    if (verb && !strcmp(verb, "origin")) return origin_list(s, request);
    if (verb && !strcmp(verb, "judge")) return judged_list(d, s, request);
    if (verb && !strcmp(verb, "push")) {
        d->look_now = *ret_wake = true;
        return json_pack("{s:b}", "ok", 1);
    }
    if (verb && !strcmp(verb, "reload")) {
        desk_reload(d);
        *ret_wake = true;
        return json_pack("{s:b,s:i}", "ok", 1, "keys", (int)d->key_count);
    }
    return json_pack("{s:s}", "error", "unknown verb");
}

void desk_control(void *desk, struct store *s, struct slice request, struct buf *out, bool *ret_wake)
{
    json_t *q = json_loadb((const char *)request.p, request.n, JSON_REJECT_DUPLICATES, NULL);
    json_t *a = answer(desk, s, q, ret_wake);
    char *text = a ? json_dumps(a, JSON_COMPACT) : NULL;
    buf_str(out, text ? text : "{\"error\":\"no memory\"}");
    free(text);
    json_decref(a);
    json_decref(q);
}
