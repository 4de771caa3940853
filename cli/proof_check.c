/* proof_check.c - judging a proof pack from its bytes and the register's key. Kind: E; no files.
 *
 * Order: the lines against the root that the note names, the register among them against its key, who signed the note against the
 * register, then each batch: its receipt against the log's checkpoint, its signature against the register. Last, that every
 * statement the office's leaf rows name is in one of the batches: what was sealed of the office, somebody has signed.
 *
 * Invariant: total on any input; nothing is called sound that these steps have not shown. */
#include <stdlib.h>
#include <string.h>

#include "cli/proof.h"
#include "proto/base64.h"
#include "proto/lines.h"
#include "proto/registry.h"

static const char HEAD[] = "rekap/bukti/1\n";

struct judging {
    const uint8_t *issuer;
    struct verifier v;
    struct proof *proof;
    enum proof_fault fault;
    struct registry *registry;
    struct slice note;
    struct buf lines;           /* the proven ones, as they stand in a seal */
    struct proof_names names;
    struct proof_names stated;  /* a name for each number in the batches */
    uint8_t *record;
    uint8_t receipt[RECEIPT_BYTES_MAX];
};

const char *proof_fault_name(unsigned fault)
{
    static const char *const NAMES[PROOF_FAULTS] = { "",        "bentuk",       "baris",           "segel",
                                                     "kiriman", "tanda-tangan", "tidak-dinyatakan" };
    return fault < PROOF_FAULTS ? NAMES[fault] : "";
}

bool proof_is(struct slice text) { return text.n >= sizeof HEAD - 1 && memcmp(text.p, HEAD, sizeof HEAD - 1) == 0; }

/* ---- the head ---- */

static bool read_head(struct slice *text, struct proof *p)
{
    if (!lines_head(text, HEAD)) return false;
    struct slice office = lines_next(text, "kantor");
    if (!registry_id_ok(office) || !lines_copy(office, p->office, sizeof p->office)) return false;
    if (!lines_decimal(lines_next(text, "baris"), &p->lines)) return false;
    if (!lines_decimal(lines_next(text, "kiriman"), &p->records)) return false;
    if (note_key_parse(lines_next(text, "log"), &p->log) != ST_OK) return false;
    if (text->n == 0 || text->p[0] != '\n') return false;
    *text = slice_of(text->p + 1, text->n - 1);
    return true;
}

/* The seal's note ends behind its one signature line. */
static bool read_note(struct slice *text, struct judging *j)
{
    struct slice lines;
    if (seal_read(*text, &j->proof->seal, &j->note, &lines) != ST_OK) return false;
    *text = lines;
    return true;
}

/* ---- lines ---- */

static bool read_path(struct slice text, struct merkle_proof *ret)
{
    size_t n = 0;
    *ret = (struct merkle_proof){ .n = 0 };
    if (text.n == 1 && text.p[0] == '-') return true;
    if (base64_read(text, (uint8_t *)ret->h, sizeof ret->h, &n) != ST_OK || n == 0 || n % HASH_SIZE != 0) return false;
    ret->n = (unsigned)(n / HASH_SIZE);
    return true;
}

static int take_line(struct judging *j, struct slice row, uint64_t *io_next)
{
    struct slice line = seal_file_rest(row, 2), who = seal_file_field(line, 1);
    struct merkle_proof path;
    uint64_t index = 0;
    if (!lines_decimal(seal_file_field(row, 0), &index) || index < *io_next || !read_path(seal_file_field(row, 1), &path)) {
        j->fault = PROOF_FORM;
        return ST_OK;
    }
    const struct hash leaf = merkle_leaf(line);
    if (!merkle_inclusion_verify(&leaf, index, j->proof->seal.lines, &path, &j->proof->seal.root)) {
        j->fault = PROOF_LINE;
        return ST_OK;
    }
    *io_next = index + 1;
    buf_put(&j->lines, line.p, line.n);
    buf_u8(&j->lines, '\n');
    if (!buf_ok(&j->lines)) return ST_NO_MEMORY;
    bool own = who.n == strlen(j->proof->office) && memcmp(who.p, j->proof->office, who.n) == 0;
    return own && seal_file_is(line, "leaf") ? proof_names_add(&j->names, line) : ST_OK;
}

static int take_lines(struct judging *j, struct slice *text)
{
    uint64_t next = 0;
    struct slice row;
    int st = ST_OK;
    for (uint64_t i = 0; st == ST_OK && j->fault == PROOF_SOUND && i < j->proof->lines; i++) {
        if (seal_file_line(text, &row)) st = take_line(j, row, &next);
        else j->fault = PROOF_FORM;
    }
    return st;
}

static int check_seal(struct judging *j)
{
    enum seal_fault fault = SEAL_SOUND;
    int st = seal_check_signed(&j->proof->seal, j->note, buf_slice(&j->lines), j->issuer, &j->v, &j->registry, &fault);
    j->proof->seal_fault = fault;
    if (fault != SEAL_SOUND) j->fault = PROOF_SEAL;
    return st;
}

/* ---- batches ---- */

/* "-" for none. */
static bool read_bytes(struct slice text, uint8_t *room, size_t size, struct slice *ret)
{
    size_t n = 0;
    *ret = slice_of(NULL, 0);
    if (text.n == 1 && text.p[0] == '-') return true;
    if (base64_read(text, room, size, &n) != ST_OK || n == 0) return false;
    *ret = slice_of(room, n);
    return true;
}

/* The batch as it stands in the log, what was decided about its rows, and the receipt of both; PROOF_SOUND when they are of each
 * other and in that log. */
static enum proof_fault open_record(struct judging *j, struct slice row, uint64_t *io_lsn, struct batch *b, struct receipt *rc)
{
    struct slice content, decided, text;
    uint64_t lsn = 0;
    if (!lines_decimal(seal_file_field(row, 0), &lsn) || lsn <= *io_lsn) return PROOF_FORM;
    if (!read_bytes(seal_file_field(row, 1), j->record, RECORD_BYTES_MAX, &content) ||
        !read_bytes(seal_file_field(row, 2), j->record + content.n, RECORD_BYTES_MAX - content.n, &decided) ||
        !read_bytes(seal_file_rest(row, 3), j->receipt, sizeof j->receipt, &text))
        return PROOF_FORM;
    if (codec_batch_parse(content, b) != ST_OK || receipt_parse(text, rc) != ST_OK) return PROOF_RECORD;
    const struct hash dispositions = receipt_dispositions_hash(decided);
    if (rc->lsn != lsn || !sign_hash_equal(&rc->dispositions, &dispositions)) return PROOF_RECORD;
    *io_lsn = lsn;
    return receipt_verify(rc, &j->proof->log, &j->v, &b->hash) == RECEIPT_OK ? PROOF_SOUND : PROOF_RECORD;
}

static bool signed_by_office(struct judging *j, const struct receipt *rc)
{
    const struct office *o = registry_office(j->registry, slice_of(rc->office, strlen(rc->office)));
    const struct office *line = o ? registry_signing(j->registry, o, rc->key_id, rc->at) : NULL;
    return line && receipt_signed_by(rc, line->signing, &j->v);
}

/* The numbers of a batch as one span: its first, and behind it the last (proof_names are sorted). */
static int add_span(struct proof_names *list, const struct batch *b)
{
    if (list->n + 2 > list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct proof_name *more = reallocarray(list->list, room, sizeof *more);
        if (!more) return ST_NO_MEMORY;
        list->list = more;
        list->room = room;
    }
    struct proof_name name = { .stream = b->h.stream, .epoch = b->h.epoch, .sequence = b->h.sequence };
    bool fits = lines_copy(b->h.office, name.office, sizeof name.office);
    ASSERT(fits);               /* the receipt has taken the same id */
    list->list[list->n++] = name;
    name.sequence += b->h.count - 1;
    list->list[list->n++] = name;
    return ST_OK;
}

static int take_records(struct judging *j, struct slice *text)
{
    struct slice row;
    struct receipt rc;
    struct batch b;
    int st = ST_OK;
    for (uint64_t i = 0, lsn = 0; st == ST_OK && j->fault == PROOF_SOUND && i < j->proof->records; i++) {
        if (!seal_file_line(text, &row)) j->fault = PROOF_FORM;
        else j->fault = open_record(j, row, &lsn, &b, &rc);
        if (j->fault == PROOF_SOUND && !signed_by_office(j, &rc)) j->fault = PROOF_SIGNATURE;
        if (j->fault != PROOF_SOUND) break;
        j->proof->statements += b.h.count;
        st = add_span(&j->stated, &b);
    }
    return st;
}

static bool same_stream(const struct proof_name *a, const struct proof_name *b)
{
    return strcmp(a->office, b->office) == 0 && a->stream == b->stream && a->epoch == b->epoch;
}

/* Spans are in log order, in which numbers of a stream ascend; there are few of them. */
static bool is_stated(const struct proof_names *spans, const struct proof_name *name)
{
    for (size_t i = 0; i + 1 < spans->n; i += 2)
        if (same_stream(&spans->list[i], name) && name->sequence >= spans->list[i].sequence &&
            name->sequence <= spans->list[i + 1].sequence)
            return true;
    return false;
}

static void check_stated(struct judging *j)
{
    j->proof->figures = j->names.n;
    for (size_t i = 0; i < j->names.n && j->fault == PROOF_SOUND; i++)
        if (!is_stated(&j->stated, &j->names.list[i])) j->fault = PROOF_UNSTATED;
}

static int judge(struct judging *j, struct slice text)
{
    if (!read_head(&text, j->proof) || !read_note(&text, j)) {
        j->fault = PROOF_FORM;
        return ST_OK;
    }
    int st = take_lines(j, &text);
    if (st == ST_OK && j->fault == PROOF_SOUND) st = check_seal(j);
    if (st == ST_OK && j->fault == PROOF_SOUND) st = take_records(j, &text);
    if (st == ST_OK && j->fault == PROOF_SOUND && text.n != 0) j->fault = PROOF_FORM;
    if (st == ST_OK) check_stated(j);
    return st;
}

int proof_check(struct slice text, const uint8_t issuer[PUBKEY_SIZE], struct proof *ret, enum proof_fault *ret_fault)
{
    struct judging *j = calloc(1, sizeof *j);
    if (!j) return ST_NO_MEMORY;
    *ret = (struct proof){ .lines = 0 };
    j->issuer = issuer;
    j->v = sign_ed25519_verifier();
    j->proof = ret;
    j->record = malloc(RECORD_BYTES_MAX);
    buf_init(&j->lines, text.n + 1);
    int st = j->record ? judge(j, text) : ST_NO_MEMORY;
    *ret_fault = j->fault;
    registry_free(&j->registry);
    proof_names_done(&j->names);
    proof_names_done(&j->stated);
    buf_done(&j->lines);
    free(j->record);
    free(j);
    return st;
}
