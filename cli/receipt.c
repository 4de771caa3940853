/* receipt.c - `rekap receipt`: what the office keeps as proof that the centre has its figures. Kind: E.
 *
 * Listing and showing ask the collector, which has verified every receipt before it kept it. `receipt verify` asks nobody: file and
 * key are enough, on any machine, and with the register of an installation the office's own signature is checked as well. The key
 * comes as a verifier key (--key) or from the installation's collector.conf; then the log's name is taken from the receipt, for the
 * key alone decides who speaks.
 *
 * --deadline judges lateness on the receipt: what an office signed in time may have reached the centre after it, when the line was
 * down, and only the two times together say so. The office's clock made the first, the centre's the second.
 *
 * Invariant: nothing is called valid that receipt_verify (proto/receipt.h) does not prove. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place.h"
#include "cli/print.h"
#include "proto/conf.h"
#include "proto/period.h"
#include "proto/receipt.h"

enum { ASK_MS = 5000 };

/* ---- lateness ---- */

/* tepat-waktu: on record in time. tiba-terlambat: signed in time, on record after. terlambat: signed after. */
static const char *deadline_verdict(struct wall deadline, struct wall signed_at, struct wall on_record)
{
    if (on_record.ms <= deadline.ms) return "tepat-waktu";
    return signed_at.ms <= deadline.ms ? "tiba-terlambat" : "terlambat";
}

static const char *deadline_words(const struct cli *c, const char *verdict)
{
    if (strcmp(verdict, "tepat-waktu") == 0)
        return cli_say(c, "Tepat waktu: tercatat di pusat sebelum tenggat.", "In time: on record before the deadline.");
    if (strcmp(verdict, "tiba-terlambat") == 0)
        return cli_say(c, "Ditandatangani sebelum tenggat, tiba di pusat sesudahnya.",
                       "Signed before the deadline, arrived after it.");
    return cli_say(c, "Terlambat: ditandatangani sesudah tenggat.", "Late: signed after the deadline.");
}

static bool time_of(const json_t *o, const char *name, struct wall *ret)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL && period_parse_time(slice_of(s, strlen(s)), ret) == ST_OK;
}

static void deadline_put(struct wall deadline, json_t *o)
{
    struct wall signed_at, on_record;

    if (deadline.ms == INT64_MIN || !time_of(o, "signed_at", &signed_at) || !time_of(o, "committed_at", &on_record)) return;
    json_object_set_new(o, "deadline", json_string(deadline_verdict(deadline, signed_at, on_record)));
}

/* ---- asking the collector ---- */

static int ask(const struct cli *c, const struct place *p, json_t *request, json_t **ret)
{
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    int st = text ? place_ask(p, "collector", text, ASK_MS, ret) : ST_NO_MEMORY;
    free(text);
    json_decref(request);
    if (st == ST_OK) return EXIT_OK;
    return cli_fail(c, "collector tidak menjawab; jalankan rekap up", "the collector does not answer; start rekap up", NULL);
}

/* All pages of the list in one array. */
static int ask_all(const struct cli *c, const struct place *p, json_t *list, json_int_t *ret_owed)
{
    json_t *after = json_pack("[i,i]", 0, 0), *answer = NULL;
    int rc = EXIT_OK;
    while (rc == EXIT_OK && after) {
        const char *office = c->value[OPT_OFFICE];
        json_t *q = json_pack("{s:s,s:o}", "verb", "receipts", "after", after);
        if (office) json_object_set_new(q, "office", json_string(office));
        after = NULL;
        rc = ask(c, p, q, &answer);
        if (rc != EXIT_OK) break;
        json_array_extend(list, json_object_get(answer, "receipts"));
        *ret_owed = json_integer_value(json_object_get(answer, "owed"));
        after = json_incref(json_object_get(answer, "next"));
        json_decref(answer);
    }
    json_decref(after);
    return rc;
}

static const struct print_column LIST[] = {
    { "Tanda terima", "Receipt", "receipt", PRINT_TEXT },    { "Kantor", "Office", "office", PRINT_TEXT },
    { "Berkas", "File", "file", PRINT_TEXT },                { "Nomor akhir", "Last number", "last", PRINT_COUNT },
    { "Posisi", "Position", "lsn", PRINT_COUNT },            { "Ditandatangani", "Signed", "signed_at", PRINT_TEXT },
    { "Tercatat di pusat", "On record", "committed_at", PRINT_TEXT }, { "Kiriman", "Push", "id", PRINT_TEXT },
    { "Tenggat", "Deadline", "deadline", PRINT_TEXT },
};

static void print_list(const struct cli *c, const json_t *list)
{
    size_t columns = sizeof LIST / sizeof LIST[0] - (c->value[OPT_DEADLINE] == NULL), i;
    struct print *t = print_begin(c, LIST, columns);
    json_t *o;
    if (!t) return;
    json_array_foreach(list, i, o) for (size_t k = 0; k < columns; k++) print_json_cell(t, json_object_get(o, LIST[k].csv));
    print_end(&t);
}

static int list_run(const struct cli *c, const struct place *p, struct wall deadline)
{
    json_t *list = json_array(), *o;
    json_int_t owed = 0;
    size_t i;
    int rc = ask_all(c, p, list, &owed);
    json_array_foreach(list, i, o) deadline_put(deadline, o);
    if (rc == EXIT_OK && c->format == FORMAT_JSON) print_json(json_pack("{s:O,s:I}", "receipts", list, "owed", owed));
    else if (rc == EXIT_OK) print_list(c, list);
    if (rc == EXIT_OK && owed > 0)
        cli_talk(c, "%lld kiriman masih menunggu tanda terima", "%lld pushes still wait for their receipt", (long long)owed);
    json_decref(list);
    return rc;
}

/* ---- in plain words ---- */

static struct slice origin_of(const struct receipt *r)
{
    const uint8_t *end = r->checkpoint.n ? memchr(r->checkpoint.p, '\n', r->checkpoint.n) : NULL;
    return slice_of(r->checkpoint.p, end ? (size_t)(end - r->checkpoint.p) : 0);
}

static uint64_t size_of(const struct receipt *r)
{
    struct slice origin = origin_of(r);
    return origin.n < r->checkpoint.n ? strtoull((const char *)origin.p + origin.n + 1, NULL, 10) : 0;
}

static void say(const struct cli *c, const struct receipt *r)
{
    char signed_at[32], committed[32];
    struct slice log = origin_of(r);
    unsigned long long first = r->first, last = r->first + r->count - 1, lsn = r->lsn, size = size_of(r);
    period_format_time(r->signed_at, signed_at);
    period_format_time(r->at, committed);
    printf(c->lang == LANG_EN ? "Statements %llu to %llu of office %s, signed %s,\nare on record at the centre since %s at "
                                "position %llu of log %.*s,\nwhich held %llu records when the centre signed it.\n"
                              : "Pernyataan nomor %llu s.d. %llu kantor %s, ditandatangani %s,\ntercatat di pusat %s pada posisi "
                                "%llu log %.*s,\nyang berisi %llu catatan ketika pusat menandatanganinya.\n",
           first, last, r->office, signed_at, committed, lsn, (int)log.n, (const char *)log.p, size);
}

/* ---- one receipt ---- */

static int export(const struct cli *c, struct slice text)
{
    const char *path = c->value[OPT_OUTPUT];
    int st = conf_file_write(path, text, 0644);
    if (st != ST_OK) return cli_fail(c, "tidak dapat ditulis", "cannot be written", path);
    cli_talk(c, "tanda terima ditulis ke %s", "the receipt is written to %s", path);
    return EXIT_OK;
}

static int show(const struct cli *c, json_t *o, struct wall deadline)
{
    const char *text = json_string_value(json_object_get(o, "text"));
    struct receipt r;
    struct slice s = slice_of(text, text ? strlen(text) : 0);
    if (!text || receipt_parse(s, &r) != ST_OK)
        return cli_fail(c, "tanda terima rusak", "the receipt is damaged", NULL);
    if (c->value[OPT_OUTPUT]) return export(c, s);
    deadline_put(deadline, o);
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(o));
        return EXIT_OK;
    }
    if (c->format == FORMAT_CSV) {
        json_t *list = json_pack("[O]", o);
        print_list(c, list);
        json_decref(list);
        return EXIT_OK;
    }
    printf("%s  %s  %s\n", json_string_value(json_object_get(o, "receipt")), json_string_value(json_object_get(o, "file")),
           json_string_value(json_object_get(o, "id")));
    say(c, &r);
    if (deadline.ms != INT64_MIN) puts(deadline_words(c, deadline_verdict(deadline, r.signed_at, r.at)));
    return EXIT_OK;
}

static int show_run(const struct cli *c, const struct place *p, struct wall deadline)
{
    json_t *answer = NULL;
    int rc = ask(c, p, json_pack("{s:s,s:s}", "verb", "receipts", "id", c->operand[0]), &answer);
    if (rc != EXIT_OK) return rc;
    json_t *o = json_array_get(json_object_get(answer, "receipts"), 0);
    rc = o ? show(c, o, deadline)
           : cli_fail(c, "tidak ada tanda terima dengan nama itu (atau belum ada)", "no receipt of that name (or not yet)",
                      c->operand[0]);
    json_decref(answer);
    return rc;
}

/* ---- receipt verify ---- */

enum office_signature { OFFICE_NOT_ASKED, OFFICE_GOOD, OFFICE_BAD };

static int log_key(const struct cli *c, const struct receipt *r, const struct place *p, struct note_key *ret)
{
    char path[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 2];
    uint8_t pub[PUBKEY_SIZE];
    const char *vkey = c->value[OPT_KEY];
    if (vkey && note_key_parse(slice_of(vkey, strlen(vkey)), ret) != ST_OK)
        return cli_usage(c, "--key bukan kunci pemeriksa (nama+hash+kunci)", "--key is not a verifier key (name+hash+key)", vkey);
    if (vkey) return EXIT_OK;
    place_path(p, "etc/collector.conf", path);
    if (place_setting(path, "collector", "worker_checkpoint_key", hex, sizeof hex) != ST_OK ||
        strlen(hex) != 2 * PUBKEY_SIZE || bytes_unhex(hex, 2 * PUBKEY_SIZE, pub) != ST_OK)
        return cli_fail(c, "tidak ada worker_checkpoint_key; beri --key", "no worker_checkpoint_key; give --key", path);
    if (note_key_make(origin_of(r), pub, ret) == ST_OK) return EXIT_OK;
    return cli_fail(c, "tanda terima ini tidak menyebut log yang dikenali", "this receipt names no log that can be one", NULL);
}

/* By the register as it is now; a key that was rotated away since is not there any more. */
static enum office_signature office_signature(const struct cli *c, const struct place *p, const struct receipt *r)
{
    const struct verifier v = sign_ed25519_verifier();
    struct registry *registry = NULL;
    enum office_signature s = OFFICE_NOT_ASKED;
    if (c->value[OPT_KEY] || place_registry(c, p, &registry) != EXIT_OK) return s;
    const struct office *o = registry_office(registry, slice_of(r->office, strlen(r->office)));
    if (o && sign_key_id(o->signing) == r->key_id) s = receipt_signed_by(r, o->signing, &v) ? OFFICE_GOOD : OFFICE_BAD;
    registry_free(&registry);
    return s;
}

static void verdict_json(const struct receipt *r, bool valid, const char *reason, enum office_signature s, struct wall deadline)
{
    static const char *const signatures[] = { "unchecked", "valid", "invalid" };
    char signed_at[32], committed[32];
    struct slice log = origin_of(r);
    period_format_time(r->signed_at, signed_at);
    period_format_time(r->at, committed);
    json_t *o = json_pack("{s:b,s:s,s:s,s:I,s:I,s:I,s:s%,s:I,s:s,s:s,s:s}", "valid", (int)valid, "reason", reason, "office",
                         r->office, "first", (json_int_t)r->first, "last", (json_int_t)(r->first + r->count - 1), "lsn",
                         (json_int_t)r->lsn, "log", (const char *)log.p, log.n, "size", (json_int_t)size_of(r), "signed_at",
                         signed_at, "committed_at", committed, "office_signature", signatures[s]);
    deadline_put(deadline, o);
    print_json(o);
}

static void verdict_csv(const struct cli *c, const struct receipt *r, bool valid, const char *reason)
{
    static const struct print_column columns[] = {
        { "", "", "valid", PRINT_TEXT }, { "", "", "office", PRINT_TEXT }, { "", "", "first", PRINT_COUNT },
        { "", "", "lsn", PRINT_COUNT },  { "", "", "reason", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    if (!t) return;
    print_cell(t, valid ? "true" : "false");
    print_cell(t, r->office);
    print_count(t, (int64_t)r->first);
    print_count(t, (int64_t)r->lsn);
    print_cell(t, reason);
    print_end(&t);
}

static void verdict_text(const struct cli *c, const struct receipt *r, bool valid, const char *reason, enum office_signature s,
                         struct wall deadline)
{
    if (!valid) {
        cli_talk(c, "TIDAK SAH: %s", "NOT VALID: %s", reason);
        return;
    }
    puts(cli_say(c, "SAH.", "VALID."));
    say(c, r);
    if (deadline.ms != INT64_MIN) puts(deadline_words(c, deadline_verdict(deadline, r->signed_at, r->at)));
    puts(cli_say(c, "Isinya, waktunya dan keputusan atas tiap barisnya tidak dapat diubah lagi tanpa ketahuan.",
                 "Its content, its time and what was decided about each row cannot be changed any more unnoticed."));
    if (s == OFFICE_GOOD)
        puts(cli_say(c, "Tanda tangan kantor cocok dengan daftar kantor.", "The office's signature fits the register."));
    else puts(cli_say(c, "Tanda tangan kantor tidak diperiksa.", "The office's signature was not checked."));
}

static int judge(const struct cli *c, const struct receipt *r, const struct place *p, struct wall deadline)
{
    const struct verifier v = sign_ed25519_verifier();
    struct note_key key;
    int rc = log_key(c, r, p, &key);
    if (rc != EXIT_OK) return rc;
    enum receipt_fault f = receipt_verify(r, &key, &v, NULL);
    enum office_signature s = f == RECEIPT_OK ? office_signature(c, p, r) : OFFICE_NOT_ASKED;
    bool valid = f == RECEIPT_OK && s != OFFICE_BAD;
    const char *reason = s == OFFICE_BAD ? cli_say(c, "tanda tangan kantor tidak sah", "the office's signature is not valid")
                                         : receipt_fault_text(f, c->lang);
    if (c->format == FORMAT_JSON) verdict_json(r, valid, reason, s, deadline);
    else if (c->format == FORMAT_CSV) verdict_csv(c, r, valid, reason);
    else verdict_text(c, r, valid, reason, s, deadline);
    return valid ? EXIT_OK : EXIT_FAILED;
}

static int verify_run(const struct cli *c, struct wall deadline)
{
    const char *path = c->operand[1];
    struct place p = { 0 };
    struct receipt r;
    struct buf b;
    int rc = c->value[OPT_KEY] ? EXIT_OK : place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    buf_init(&b, RECEIPT_BYTES_MAX);
    int st = conf_file_read(path, RECEIPT_BYTES_MAX, &b);
    if (st != ST_OK) rc = cli_fail(c, "tidak dapat dibaca", "cannot be read", path);
    else if (receipt_parse(buf_slice(&b), &r) != ST_OK)
        rc = cli_fail(c, "TIDAK SAH: bukan tanda terima, atau sudah diubah", "NOT VALID: not a receipt, or it was changed", path);
    else rc = judge(c, &r, &p, deadline);
    buf_done(&b);
    return rc;
}

int receipt_run(struct cli *c)
{
    struct place p;
    bool verify = c->operand_count > 0 && !strcmp(c->operand[0], "verify");
    struct wall deadline;
    int rc = cli_time(c, OPT_DEADLINE, &deadline);
    if (rc != EXIT_OK) return rc;
    if (verify && c->operand_count == 2) return verify_run(c, deadline);
    if (verify || c->operand_count > 1 || c->value[OPT_KEY] || (c->value[OPT_OUTPUT] && !c->operand_count))
        return cli_usage(c, "rekap receipt [ID] [-o BERKAS], atau rekap receipt verify BERKAS --key KUNCI",
                         "rekap receipt [ID] [-o FILE], or rekap receipt verify FILE --key VKEY", NULL);
    rc = place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    return c->operand_count ? show_run(c, &p, deadline) : list_run(c, &p, deadline);
}
