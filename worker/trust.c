/* trust.c - see trust.h. Kind: P.
 *
 * A line is verified alone against the chain before it, so taking a register of n lines costs n signatures; the whole text is only
 * parsed again when a batch asks after a new line, once for a run of them.
 *
 * Invariant: text and chain speak of the same lines; registry is NULL or parsed from text as it stands. */
#include "worker/trust.h"

#include <stdlib.h>
#include <string.h>

#include "proto/restore.h"
#include "worker/authority.h"

static const char HEADING[] = "#rekap-office 1\n";
enum { TEXT_MAX_BYTES = 64 << 20, ERR_MAX = 256 };

static void restart(struct trust *w)
{
    buf_clear(&w->text);
    buf_str(&w->text, HEADING);
    registry_chain_start(&w->chain);
    registry_free(&w->registry);
}

int trust_init(struct trust *w)
{
    buf_init(&w->text, TEXT_MAX_BYTES);
    w->registry = NULL;
    restart(w);
    return buf_ok(&w->text) ? ST_OK : ST_NO_MEMORY;
}

void trust_done(struct trust *w)
{
    registry_free(&w->registry);
    buf_done(&w->text);
}

/* ---- the register ---- */

/* Is the line signed over the chain so far? Moves the chain. */
static int verify_line(struct trust *w, struct slice line)
{
    struct registry_chain chain = { .head = w->chain.head };
    struct registry *one = NULL;
    char err[ERR_MAX];
    struct buf text;
    int st = ST_NO_MEMORY;

    buf_init(&text, sizeof HEADING + REGISTRY_LINE_MAX + 2);
    buf_str(&text, HEADING);
    buf_put(&text, line.p, line.n);
    buf_str(&text, "\n");
    if (buf_ok(&text)) st = registry_parse(buf_slice(&text), &one, err, sizeof err);
    if (st == ST_OK && w->registry_key != NULL)
        st = registry_verify(one, &chain, w->registry_key, &w->verifier, err, sizeof err);
    if (st == ST_OK) w->chain = (struct registry_chain){ chain.head, w->chain.version + 1 };
    registry_free(&one);
    buf_done(&text);
    return st;
}

static int add_line(struct trust *w, struct slice line)
{
    int st = line.n <= REGISTRY_LINE_MAX && memchr(line.p, '\n', line.n) == NULL ? verify_line(w, line) : ST_INVALID;

    if (st != ST_OK) return st;
    buf_put(&w->text, line.p, line.n);
    buf_str(&w->text, "\n");
    if (!buf_ok(&w->text)) return ST_NO_MEMORY;
    registry_free(&w->registry);
    return ST_OK;
}

static int add_known(struct trust *w, const struct ledger *l, const struct registry *known)
{
    uint64_t last = registry_version(known) < l->registry_version ? registry_version(known) : l->registry_version;
    char line[REGISTRY_LINE_MAX];
    int st = ST_OK;

    for (uint64_t v = 1; st == ST_OK && v <= last; v++) {
        int n = registry_line_format(registry_entry(known, v), line, sizeof line);

        ASSERT(n > 0 && (size_t)n < sizeof line);
        st = add_line(w, slice_of(line, (size_t)n));
    }
    return st;
}

/* Walks back until the log's register lines after `version` are all met; keeps their positions. */
static int find_lines(const struct trust *w, const struct ledger *l, struct store_txn *t, uint64_t *lsn)
{
    struct store_cursor *c = NULL;
    uint64_t wanted = l->registry_version - w->chain.version, version;
    struct slice key, bytes, line;
    struct record r;
    int st = store_cursor(t, LEDGER_LOG, &c);

    if (st == ST_OK) st = store_last(c, &key, &bytes);
    for (; st == ST_OK && wanted > 0; st = wanted > 0 ? store_prev(c, &key, &bytes) : ST_OK) {
        if (codec_record_parse(bytes, &r) != ST_OK) st = ST_CORRUPT;
        else if (r.kind == RECORD_OFFICE && ledger_copy_entry(r.content, &version, &line) != ST_OK) st = ST_CORRUPT;
        else if (r.kind == RECORD_OFFICE && version > w->chain.version && version <= l->registry_version) {
            lsn[version - w->chain.version - 1] = r.lsn;
            wanted--;
        }
        if (st != ST_OK) break;
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

static int add_logged(struct trust *w, const struct ledger *l, struct store_txn *t)
{
    uint64_t n = l->registry_version - w->chain.version, version, *lsn = n < OFFICES_MAX * 64u ? calloc(n, sizeof *lsn) : NULL;
    int st = lsn != NULL ? find_lines(w, l, t, lsn) : ST_NO_MEMORY;

    for (uint64_t i = 0; st == ST_OK && i < n; i++) {
        struct slice bytes, line;
        struct record r;

        st = ledger_record(t, lsn[i], &bytes);
        if (st == ST_OK && (codec_record_parse(bytes, &r) != ST_OK || ledger_copy_entry(r.content, &version, &line) != ST_OK))
            st = ST_CORRUPT;
        if (st == ST_OK) st = add_line(w, line);
    }
    free(lsn);
    return st;
}

int trust_recover(struct trust *w, const struct ledger *l, struct store_txn *t, const struct registry *known)
{
    int st = ST_OK;

    restart(w);
    if (known != NULL) st = add_known(w, l, known);
    if (st == ST_OK && w->chain.version < l->registry_version) st = add_logged(w, l, t);
    return st == ST_INVALID ? ST_DENIED : st;
}

/* ---- records ---- */

static int judge_entry(struct trust *w, const struct record *r, unsigned *ret_code)
{
    uint64_t version;
    struct slice line;
    int st;

    *ret_code = CODE_BAD_FORMAT;
    if (ledger_copy_entry(r->content, &version, &line) != ST_OK || version != w->chain.version + 1) return ST_OK;
    st = add_line(w, line);
    if (st == ST_DENIED) *ret_code = CODE_BAD_SIGNATURE;
    if (st == ST_OK) *ret_code = CODE_OK;
    return st == ST_NO_MEMORY ? st : ST_OK;
}

static int parse_register(struct trust *w)
{
    char err[ERR_MAX];

    return w->registry != NULL ? ST_OK : registry_parse(buf_slice(&w->text), &w->registry, err, sizeof err);
}

static int judge_batch(struct trust *w, const struct record *r, struct batch *b, unsigned *ret_code)
{
    const struct office *o, *line = NULL;

    *ret_code = CODE_BAD_FORMAT;
    if (codec_batch_parse(r->content, b) != ST_OK) return ST_OK;
    if (parse_register(w) != ST_OK) return ST_NO_MEMORY;
    o = registry_office(w->registry, b->h.office);
    *ret_code = o == NULL ? CODE_UNKNOWN_OFFICE
                : o->status != OFFICE_ACTIVE ? CODE_REVOKED
                : r->at.ms < o->valid_from.ms || r->at.ms >= o->valid_to.ms ? CODE_EXPIRED : CODE_OK;
    if (*ret_code != CODE_OK) return ST_OK;
    line = registry_signing(w->registry, o, b->h.key_id, r->at);
    if (line == NULL || !w->verifier.verify(w->verifier.ctx, line->signing, b->header, b->signature.p))
        *ret_code = CODE_BAD_SIGNATURE;
    return ST_OK;
}

static unsigned judge_restore(const struct trust *w, const struct ledger *l, const struct record *r)
{
    struct hash root = merkle_root(&l->tree.m);
    struct restore n;

    if (w->registry_key == NULL) return CODE_OK;
    if (restore_open(r->content, w->registry_key, &w->verifier, &n) != ST_OK) return CODE_BAD_SIGNATURE;
    const uint64_t own = bytes_rd64(l->identity.incarnation);   /* 0: a copy that has not been told */

    return strcmp(n.worker, l->identity.id) == 0 && (own == 0 || n.before == own) && n.lsn == l->lsn &&
                   sign_hash_equal(&n.hash, &l->hash) && sign_hash_equal(&n.root, &root)
               ? (unsigned)CODE_OK : (unsigned)CODE_DIFFERENT_HISTORY;
}

static int judge_cut(struct trust *w, const struct record *r, unsigned *ret_code)
{
    struct cut c;

    *ret_code = CODE_BAD_FORMAT;
    if (cut_read(r->content, &c) != ST_OK) return ST_OK;
    if (parse_register(w) != ST_OK) return ST_NO_MEMORY;
    *ret_code =
        c.registry > w->chain.version ? (unsigned)CODE_GAP : authority_cut(w->registry, r->content, &c, r->at, &w->verifier);
    return ST_OK;
}

int trust_record(struct trust *w, const struct ledger *l, const struct record *r, struct batch *ret_batch, unsigned *ret_code)
{
    if (r->kind == RECORD_OFFICE) return judge_entry(w, r, ret_code);
    if (r->kind == RECORD_BATCH) return judge_batch(w, r, ret_batch, ret_code);
    if (r->kind == RECORD_CUT) return judge_cut(w, r, ret_code);
    *ret_code = judge_restore(w, l, r);
    return ST_OK;
}
