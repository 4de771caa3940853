/* proof.c - see proof.h: making a pack, and the verdict on one. Kind: E.
 *
 * Design notes: paths are RFC 6962 inclusion proofs, one a line, so that any tool for transparency logs can follow a single one; a
 * joint proof of all lines would be smaller and readable by nothing else. A pack is judged by proof_check before it is written:
 * what leaves this program verifies elsewhere.
 *
 * Invariant: a pack names no line that is not the seal's, and no record behind its cut. */
#include "cli/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "proto/base64.h"
#include "proto/conf.h"
#include "proto/period.h"

/* ---- which lines ---- */

static bool wanted(struct slice line, struct slice office)
{
    static const char *const HEAD[] = { "rilis", "daftar", "potong", "aturan", "kantor" };
    for (size_t i = 0; i < sizeof HEAD / sizeof *HEAD; i++)
        if (seal_file_is(line, HEAD[i])) return true;
    struct slice who = seal_file_field(line, 1);
    return (seal_file_is(line, "langkah") || seal_file_is(line, "leaf")) && who.n == office.n &&
           memcmp(who.p, office.p, who.n) == 0;
}

static int all_leaves(struct slice lines, struct proof_nodes *nodes, uint64_t *ret_n)
{
    const struct merkle_nodes port = proof_nodes_port(nodes);
    struct merkle m = { 0 };
    struct slice line;
    int st = ST_OK;
    while (st == ST_OK && seal_file_line(&lines, &line)) {
        struct hash leaf = merkle_leaf(line);
        st = merkle_append(&m, &leaf, &port);
    }
    *ret_n = m.size;
    return st;
}

static int put_line(const struct proof_nodes *nodes, uint64_t index, uint64_t n, struct slice line, struct buf *out)
{
    const struct merkle_nodes port = proof_nodes_port((struct proof_nodes *)(uintptr_t)nodes);
    struct merkle_proof path;
    int st = merkle_inclusion(&port, index, n, &path);
    if (st != ST_OK) return st;
    buf_printf(out, "%" PRIu64 "\t", index);
    if (path.n) base64_put(out, path.h, path.n * HASH_SIZE);
    else buf_u8(out, '-');
    buf_u8(out, '\t');
    buf_put(out, line.p, line.n);
    buf_u8(out, '\n');
    return buf_ok(out) ? ST_OK : ST_NO_MEMORY;
}

struct making { struct buf lines, pack; uint64_t n; struct proof_names names; bool known; };

static int take_lines(const struct seal_file *seal, const char *office, struct making *m)
{
    struct proof_nodes nodes = { .n = { 0 } };
    struct slice rest = seal->lines, line, id = slice_of(office, strlen(office));
    uint64_t n = 0;
    int st = all_leaves(seal->lines, &nodes, &n);
    for (uint64_t i = 0; st == ST_OK && seal_file_line(&rest, &line); i++) {
        if (!wanted(line, id)) continue;
        st = put_line(&nodes, i, n, line, &m->lines);
        if (st == ST_OK && seal_file_is(line, "leaf")) st = proof_names_add(&m->names, line);
        m->known = m->known || seal_file_is(line, "leaf") || seal_file_is(line, "langkah");
        m->n++;
    }
    proof_nodes_done(&nodes);
    proof_names_sort(&m->names);
    return st;
}

/* ---- making ---- */

static int put_pack(const struct cli *c, const struct seal_file *seal, const char *office, const struct proof_log *log,
                    struct making *m, const uint8_t key[PUBKEY_SIZE])
{
    struct proof proof;
    enum proof_fault fault;
    buf_printf(&m->pack, "rekap/bukti/1\nkantor %s\nbaris %" PRIu64 "\nkiriman %" PRIu64 "\nlog %s\n\n", office, m->n, log->records,
               log->vkey);
    buf_put(&m->pack, seal->note.p, seal->note.n);
    buf_put(&m->pack, m->lines.p, m->lines.n);
    if (log->lines.n) buf_put(&m->pack, log->lines.p, log->lines.n);
    int st = buf_ok(&m->pack) ? proof_check(buf_slice(&m->pack), key, &proof, &fault) : ST_NO_MEMORY;
    if (st != ST_OK) return cli_fail(c, "paket bukti tidak dapat dibuat", "the proof pack cannot be made", status_str(st));
    if (fault != PROOF_SOUND)
        return cli_fail(c, "catatan pusat tidak cocok dengan segel", "the centre's log does not fit the seal",
                        proof_fault_name(fault));
    st = conf_file_write(c->value[OPT_OUTPUT], buf_slice(&m->pack), 0644);
    if (st != ST_OK) return cli_fail(c, "tidak dapat ditulis", "cannot be written", c->value[OPT_OUTPUT]);
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}", "office", office, "file", c->value[OPT_OUTPUT], "lines",
                             (json_int_t)proof.lines, "records", (json_int_t)proof.records, "statements",
                             (json_int_t)proof.statements, "figures", (json_int_t)proof.figures));
    else
        cli_talk(c, "%s ditulis: %" PRIu64 " baris segel, %" PRIu64 " kiriman",
                 "%s written: %" PRIu64 " lines of the seal, %" PRIu64 " batches", c->value[OPT_OUTPUT], proof.lines,
                 proof.records);
    return EXIT_OK;
}

static int make(const struct cli *c, const struct place *p, const struct seal_file *seal, const uint8_t key[PUBKEY_SIZE])
{
    const char *office = c->value[OPT_OFFICE];
    struct making m = { .n = 0 };
    struct proof_log log = { .records = 0 };
    buf_init(&m.lines, SEAL_FILE_BYTES_MAX);
    buf_init(&m.pack, SEAL_FILE_BYTES_MAX);
    buf_init(&log.lines, SEAL_FILE_BYTES_MAX);
    int st = take_lines(seal, office, &m);
    int rc = st != ST_OK ? cli_fail(c, "segel tidak dapat dibaca", "the seal cannot be read", status_str(st))
             : !m.known ? cli_fail(c, "tidak ada baris kantor itu di dalam segel", "the seal has no lines of that office", office)
                        : proof_log_read(c, p, seal, office, &m.names, &log);
    if (rc == EXIT_OK) rc = put_pack(c, seal, office, &log, &m, key);
    buf_done(&m.lines);
    buf_done(&m.pack);
    buf_done(&log.lines);
    proof_names_done(&m.names);
    return rc;
}

int proof_run(struct cli *c)
{
    uint8_t key[PUBKEY_SIZE];
    struct seal_file seal;
    struct place p;
    if (c->operand_count != 2 || !c->value[OPT_OFFICE] || !c->value[OPT_OUTPUT])
        return cli_usage(c, "rekap seal proof SEGEL --office ID -o BERKAS", "rekap seal proof SEAL --office ID -o FILE", NULL);
    int rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = seal_file_key(c, key);
    if (rc == EXIT_OK) rc = seal_file_open(c, c->operand[1], key, &seal);
    if (rc != EXIT_OK) return rc;
    rc = make(c, &p, &seal, key);
    seal_file_done(&seal);
    return rc;
}

/* ---- the verdict ---- */

static const char *reason_of(const struct cli *c, const struct proof *p, unsigned fault)
{
    switch (fault) {
    case PROOF_SOUND: return "";
    case PROOF_FORM: return cli_say(c, "bukan paket bukti, atau terpotong", "not a proof pack, or one that was cut off");
    case PROOF_LINE: return cli_say(c, "ada baris yang tidak berada di bawah akar segel", "a line is not under the seal's root");
    case PROOF_SEAL: return seal_file_reason(c, p->seal_fault);
    case PROOF_RECORD:
        return cli_say(c, "ada kiriman yang tanda terimanya tidak sah", "the receipt of a batch is not valid");
    case PROOF_SIGNATURE:
        return cli_say(c, "ada kiriman yang tidak ditandatangani kantornya", "a batch is not signed by its office");
    default:
        return cli_say(c, "ada angka tersegel yang tidak dinyatakan dalam kiriman mana pun",
                       "a sealed figure is stated by no batch in the pack");
    }
}

/* The key of the installation, where there is one: true, false; else null, and people compare the key that is printed. */
static json_t *known_log(const struct cli *c, const struct proof *p)
{
    char path[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 2];
    uint8_t pub[PUBKEY_SIZE];
    struct place place;
    if (c->value[OPT_KEY] || place_open_any(c, &place) != EXIT_OK) return json_null();
    place_path(&place, "etc/collector.conf", path);
    if (place_setting(path, "collector", "worker_checkpoint_key", hex, sizeof hex) != ST_OK ||
        bytes_unhex(hex, 2 * PUBKEY_SIZE, pub) != ST_OK)
        return json_null();
    return json_boolean(memcmp(pub, p->log.pub, PUBKEY_SIZE) == 0);
}

static void verdict_json(const struct cli *c, const struct proof *p, unsigned fault, json_t *known)
{
    char region[8], quarter[16], root[2 * HASH_SIZE + 1];
    struct buf vkey;
    json_t *o = json_pack("{s:b,s:s,s:s}", "valid", (int)(fault == PROOF_SOUND && !json_is_false(known)), "fault",
                          proof_fault_name(fault), "reason", reason_of(c, p, fault));
    buf_init(&vkey, 512);
    if (fault != PROOF_FORM) {
        code_region_format(p->seal.region, region);
        snprintf(quarter, sizeof quarter, "%u-Q%u", p->seal.year % 10000, p->seal.quarter % 10);
        bytes_hex(p->seal.root.b, HASH_SIZE, root);
        note_key_format(&p->log, &vkey);
        buf_u8(&vkey, 0);
        json_object_update_new(o, json_pack("{s:s,s:s,s:s,s:i,s:s,s:I,s:I,s:I,s:I,s:s?,s:O}", "office", p->office, "region", region,
                                            "quarter", quarter, "version", (int)p->seal.version, "root", root, "lines",
                                            (json_int_t)p->lines, "records", (json_int_t)p->records, "statements",
                                            (json_int_t)p->statements, "figures", (json_int_t)p->figures, "log",
                                            buf_ok(&vkey) ? (const char *)vkey.p : NULL, "log_known", known));
    }
    buf_done(&vkey);
    print_json(o);
}

static void verdict_text(const struct cli *c, const struct proof *p, unsigned fault, const json_t *known)
{
    char region[8], root[2 * HASH_SIZE + 1];
    if (fault != PROOF_SOUND || json_is_false(known)) {
        cli_talk(c, "TIDAK SAH: %s", "NOT VALID: %s",
                 fault != PROOF_SOUND ? reason_of(c, p, fault)
                                      : cli_say(c, "tanda terimanya dari log lain", "its receipts are of another log"));
        return;
    }
    code_region_format(p->seal.region, region);
    bytes_hex(p->seal.root.b, HASH_SIZE, root);
    puts(cli_say(c, "SAH.", "VALID."));
    printf(c->lang == LANG_EN ? "Office %s, quarter %u-Q%u of region %s, version %u, root %s:\n"
                              : "Kantor %s, triwulan %u-Q%u wilayah %s, versi %u, akar %s:\n",
           p->office, p->seal.year, p->seal.quarter, region, p->seal.version, root);
    printf(c->lang == LANG_EN
               ? "%" PRIu64 " lines of the seal stand under the root; each of the %" PRIu64
                 " figures in them\nis stated in one of %" PRIu64 " batches, signed by their offices and on record in the log.\n"
               : "%" PRIu64 " baris segel berada di bawah akar; setiap dari %" PRIu64
                 " angka di dalamnya\ndinyatakan dalam salah satu dari %" PRIu64
                 " kiriman, ditandatangani kantornya dan tercatat di log.\n",
           p->lines, p->figures, p->records);
    const char *compare = cli_say(c, " (bandingkan dengan kunci pemeriksa pusat)", " (compare it with the centre's verifier key)");
    printf(c->lang == LANG_EN ? "Log %s, key %08" PRIx32 "%s\n" : "Log %s, kunci %08" PRIx32 "%s\n", p->log.name, p->log.hash,
           json_is_true(known) ? "" : compare);
}

int proof_verify(const struct cli *c, struct slice text, const uint8_t issuer[PUBKEY_SIZE])
{
    struct proof p = { .lines = 0 };
    enum proof_fault fault;
    int st = proof_check(text, issuer, &p, &fault);
    if (st != ST_OK) return cli_fail(c, "tidak dapat diperiksa", "cannot be verified", status_str(st));
    json_t *known = fault == PROOF_FORM ? json_null() : known_log(c, &p);
    int rc = fault == PROOF_SOUND && !json_is_false(known) ? EXIT_OK : EXIT_FAILED;
    if (c->format == FORMAT_JSON) verdict_json(c, &p, fault, known);
    else verdict_text(c, &p, fault, known);
    json_decref(known);
    return rc;
}
