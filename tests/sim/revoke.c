/* revoke.c - see revoke.h. Kind: P. */
#include "tests/sim/revoke.h"

#include <string.h>

#include "proto/registry.h"

enum { KNOWN_MAX = 256 };
struct known { char id[OFFICE_ID_MAX + 1]; bool revoked; };
struct scan { struct known v[KNOWN_MAX]; unsigned n; };

static struct known *of(struct scan *s, struct slice id)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strlen(s->v[i].id) == id.n && memcmp(s->v[i].id, id.p, id.n) == 0) return &s->v[i];
    if (s->n == KNOWN_MAX || id.n > OFFICE_ID_MAX) return NULL;
    memcpy(s->v[s->n].id, id.p, id.n);
    return &s->v[s->n++];
}

/* "version TAB line" */
static int on_line(struct scan *s, struct slice content, struct revoke_count *ret)
{
    const uint8_t *tab = memchr(content.p, '\t', content.n);
    struct office o;
    char err[256];
    struct known *k;

    if (tab == NULL) return ST_CORRUPT;
    if (registry_line_parse(slice_of(tab + 1, content.n - (size_t)(tab + 1 - content.p)), &o, err, sizeof err) != ST_OK)
        return ST_CORRUPT;
    k = of(s, slice_of(o.id, strlen(o.id)));
    if (k == NULL) return ST_FULL;
    ret->revocations += !k->revoked && o.status == OFFICE_REVOKED;
    k->revoked = o.status == OFFICE_REVOKED;
    return ST_OK;
}

static int on_batch(struct scan *s, struct slice content, struct revoke_count *ret)
{
    const struct known *k;
    struct batch b;

    if (codec_batch_parse(content, &b) != ST_OK) return ST_CORRUPT;
    k = of(s, b.h.office);
    if (k == NULL) return ST_FULL;
    ret->batches++;
    ret->after += k->revoked;
    return ST_OK;
}

static int on_record(struct scan *s, struct slice bytes, struct revoke_count *ret)
{
    struct record r;

    if (codec_record_parse(bytes, &r) != ST_OK) return ST_CORRUPT;
    ret->records++;
    if (r.kind == RECORD_OFFICE) return on_line(s, r.content, ret);
    return r.kind == RECORD_BATCH ? on_batch(s, r.content, ret) : ST_OK;
}

int revoke_scan(struct store *store, struct revoke_count *ret)
{
    struct scan s = { .n = 0 };
    struct store_txn *t = NULL;
    struct slice bytes;
    int st = store_begin(store, false, &t);

    for (uint64_t lsn = 1; st == ST_OK && (st = ledger_record(t, lsn, &bytes)) == ST_OK; lsn++) st = on_record(&s, bytes, ret);
    store_abort(&t);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
