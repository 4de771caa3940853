/* proof_log.c - the statements behind a proof pack, from the running worker's log. Kind: E.
 *
 * Design notes: all records up to the cut are read in order, once: their chained hash must be the one that the seal names at its
 * cut, so they are the log that was sealed, and the Merkle tree over them gives each batch its path. The checkpoint of exactly that
 * size is signed with the log's own key, as the worker signs its own: it says nothing that the log has not always said.
 *
 * Invariant: nothing behind the cut is read, and nothing is handed on before the hash at the cut has been found equal. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/proof.h"
#include "proto/base64.h"
#include "proto/conf.h"
#include "proto/lines.h"
#include "worker/tree.h"

enum { ASK_MS = 20000 };
struct kept { uint64_t lsn; struct slice record; struct kept *next; uint8_t bytes[]; };
struct reading {
    const struct place *p;
    const char *office;
    const struct proof_names *names;
    uint64_t lsn, end;
    struct hash hash, expected;
    struct merkle m;
    struct proof_nodes nodes;
    struct kept *first, **last;
    uint8_t *room;
};

/* The one cut of the seal. */
static bool read_cut(const struct seal_file *seal, struct reading *x, struct slice *ret_worker)
{
    struct slice rest = seal->lines, line;
    unsigned cuts = 0;
    while (seal_file_line(&rest, &line)) {
        if (!seal_file_is(line, "potong")) continue;
        *ret_worker = seal_file_field(line, 1);
        if (!lines_decimal(seal_file_field(line, 2), &x->end) || !lines_hex(seal_file_field(line, 3), x->expected.b, HASH_SIZE))
            return false;
        cuts++;
    }
    return cuts == 1;
}

static int keep(struct reading *x, struct slice record)
{
    struct kept *k = malloc(sizeof *k + record.n);
    if (!k) return ST_NO_MEMORY;
    memcpy(k->bytes, record.p, record.n);
    k->lsn = x->lsn;
    k->record = slice_of(k->bytes, record.n);
    k->next = NULL;
    *x->last = k;
    x->last = &k->next;
    return ST_OK;
}

static int take_record(struct reading *x, const char *text, size_t n)
{
    struct record r;
    struct batch b;
    size_t size;
    if (base64_read(slice_of(text, n), x->room, RECORD_BYTES_MAX, &size) != ST_OK) return ST_CORRUPT;
    struct slice record = slice_of(x->room, size);
    if (codec_record_parse(record, &r) != ST_OK || r.lsn != x->lsn + 1 || !sign_hash_equal(&r.previous, &x->hash))
        return ST_CORRUPT;
    bool batch = r.kind == RECORD_BATCH;
    if (batch && codec_batch_parse_covered(r.content, &b) != ST_OK) return ST_CORRUPT;
    const struct receipt_leaf leaf = receipt_leaf_of(&r, batch ? &b.hash : NULL);
    const struct hash h = receipt_leaf_hash(&leaf);
    const struct merkle_nodes port = proof_nodes_port(&x->nodes);
    x->hash = sign_hash2(x->hash.b, HASH_SIZE, record.p, record.n);
    x->lsn++;
    int st = merkle_append(&x->m, &h, &port);
    bool own = batch && b.h.office.n == strlen(x->office) && memcmp(b.h.office.p, x->office, b.h.office.n) == 0;
    if (st == ST_OK && batch && (own || proof_names_in(x->names, &b))) st = keep(x, record);
    return st;
}

static int read_log(struct reading *x)
{
    int st = ST_OK;
    while (st == ST_OK && x->lsn < x->end) {
        char request[80];
        json_t *o = NULL, *list, *one;
        size_t i;
        snprintf(request, sizeof request, "{\"verb\":\"records\",\"after\":%" PRIu64 "}", x->lsn);
        st = place_ask(x->p, "worker", request, ASK_MS, &o);
        list = json_object_get(o, "records");
        if (st == ST_OK && json_array_size(list) == 0) st = ST_CORRUPT;
        json_array_foreach(list, i, one)
            if (st == ST_OK && x->lsn < x->end)
                st = json_is_string(one) ? take_record(x, json_string_value(one), json_string_length(one)) : ST_CORRUPT;
        json_decref(o);
    }
    return st == ST_OK && !sign_hash_equal(&x->hash, &x->expected) ? ST_CORRUPT : st;
}

/* ---- receipts ---- */

static int put_receipt(const struct reading *x, const struct kept *k, struct slice checkpoint, struct buf *out)
{
    const struct merkle_nodes port = proof_nodes_port((struct proof_nodes *)(uintptr_t)&x->nodes);
    struct receipt rc;
    struct record r;
    struct batch b;
    struct buf text;
    if (codec_record_parse(k->record, &r) != ST_OK || codec_batch_parse_covered(r.content, &b) != ST_OK) return ST_CORRUPT;
    int st = receipt_of_batch(&b, &rc);
    rc.lsn = r.lsn;
    rc.at = r.at;
    rc.dispositions = receipt_dispositions_hash(r.dispositions);
    rc.checkpoint = checkpoint;
    if (st == ST_OK) st = merkle_inclusion(&port, k->lsn - 1, x->m.size, &rc.path);
    if (st != ST_OK) return st;
    buf_init(&text, RECEIPT_BYTES_MAX);
    receipt_format(&rc, &text);
    buf_printf(out, "%" PRIu64 "\t", k->lsn);
    base64_put(out, r.content.p, r.content.n);
    buf_u8(out, '\t');
    if (r.dispositions.n) base64_put(out, r.dispositions.p, r.dispositions.n);
    else buf_u8(out, '-');
    buf_u8(out, '\t');
    if (buf_ok(&text)) base64_put(out, text.p, text.n);
    st = buf_ok(&text) ? ST_OK : ST_NO_MEMORY;
    buf_u8(out, '\n');
    buf_done(&text);
    return st == ST_OK && !buf_ok(out) ? ST_NO_MEMORY : st;
}

static int put_receipts(const struct reading *x, struct tree *tr, struct proof_log *ret)
{
    struct slice checkpoint;
    struct buf vkey;
    tr->m = x->m;
    int st = tree_checkpoint(tr, &checkpoint);
    for (const struct kept *k = x->first; st == ST_OK && k; k = k->next) {
        st = put_receipt(x, k, checkpoint, &ret->lines);
        ret->records++;
    }
    buf_over(&vkey, ret->vkey, sizeof ret->vkey - 1);
    note_key_format(&tr->key, &vkey);
    ASSERT(buf_ok(&vkey));
    ret->vkey[vkey.n] = '\0';
    return st;
}

/* The name of the log as the worker has it now, and its key. */
static int with_key(const struct reading *x, struct signer *ring, struct slice worker, struct proof_log *ret)
{
    char path[PLACE_PATH_MAX], err[512], id[OFFICE_ID_MAX + 1];
    uint8_t seed[32], pub[PUBKEY_SIZE], incarnation[8];
    struct tree tr;
    json_t *o = NULL;
    place_path(x->p, "keys/checkpoint.key", path);
    int st = conf_key_read(path, "ed25519", seed, pub, err, sizeof err);
    if (st == ST_OK) st = sign_ed25519_ring_add(ring, slice_of(TREE_SIGNER_ID, strlen(TREE_SIGNER_ID)), seed);
    explicit_bzero(seed, sizeof seed);
    if (st == ST_OK) st = place_ask(x->p, "worker", "{\"verb\":\"status\"}", ASK_MS, &o);
    const char *name = json_string_value(json_object_get(o, "worker")), *hex = json_string_value(json_object_get(o, "incarnation"));
    if (st == ST_OK && (!name || !hex || strlen(hex) < 16 || bytes_unhex(hex, 16, incarnation) != ST_OK ||
                        !lines_copy(slice_of(name, strlen(name)), id, sizeof id)))
        st = ST_INVALID;
    char number[16];
    snprintf(number, sizeof number, "w%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(o, "number")));
    if (st == ST_OK && json_is_integer(json_object_get(o, "number")) &&
        (worker.n != strlen(number) || memcmp(worker.p, number, worker.n) != 0))
        st = ST_INVALID;
    json_decref(o);
    if (st != ST_OK) return st;
    st = tree_init(&tr, ring, 0, 0);
    if (st != ST_OK) return st;
    st = tree_name(&tr, id, incarnation);
    if (st == ST_OK) st = put_receipts(x, &tr, ret);
    tree_done(&tr);
    return st;
}

int proof_log_read(const struct cli *c, const struct place *p, const struct seal_file *seal, const char *office,
                   const struct proof_names *names, struct proof_log *ret)
{
    struct reading x = { .p = p, .office = office, .names = names, .last = &x.first };
    struct signer ring = { .ctx = NULL };
    struct slice worker;
    if (!read_cut(seal, &x, &worker))
        return cli_fail(c, "segel ini memotong lebih dari satu worker", "this seal cuts more than one worker", NULL);
    x.room = malloc(RECORD_BYTES_MAX);
    int st = x.room ? sign_ed25519_ring_new(&ring) : ST_NO_MEMORY;
    if (st == ST_OK) st = read_log(&x);
    if (st == ST_OK) st = with_key(&x, &ring, worker, ret);
    while (x.first) {
        struct kept *next = x.first->next;
        free(x.first);
        x.first = next;
    }
    if (ring.ctx) sign_ed25519_ring_free(&ring);
    free(x.room);
    proof_nodes_done(&x.nodes);
    if (st == ST_OK) return EXIT_OK;
    return st == ST_CORRUPT ? cli_fail(c, "catatan pusat tidak cocok dengan segel", "the centre's log does not fit the seal", NULL)
                            : cli_fail(c, "catatan pusat tidak dapat dibaca; jalankan rekap up",
                                       "the centre's log cannot be read; start rekap up", status_str(st));
}
