/* office_join.c - an office's own installation: joining a centre, and asking for another key. Kind: E.
 *
 * Both are repeated until the centre has answered: the keys that were made the first time are taken up again, the centre gives the
 * same answer to the same request, and nothing is replaced before the register has it. The same request is printed as a line, for
 * when the network to the centre is closed.
 *
 * What the office notes of itself (registry/office.tsv) serves its own commands; it gives no authority to anybody.
 *
 * Invariant: secret keys are written into DIR/keys and nowhere else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "cli/setup.h"
#include "proto/conf.h"
#include "proto/period.h"

enum { SEND_S = 10 };
struct asking {
    const struct cli *c;
    struct place p;
    struct join_invitation invitation;
    struct office_door door;
    struct join_request request;
    struct office_sent sent;
    char address[JOIN_ADDRESS_MAX + 1];
    int timeout_s;
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- keys ---- */

/* Signs the request with the key of this file, made when it is missing. */
static int sign(const struct asking *a, const char *path, struct join_request *r, bool present)
{
    uint8_t secret[32], pub[PUBKEY_SIZE];
    struct signer ring = { 0 };
    struct buf b;
    int st = conf_key_create(path, "ed25519", secret, pub);
    buf_init(&b, JOIN_LINE_MAX);
    if (st == ST_OK && !present) memcpy(r->signing, pub, sizeof pub);
    join_request_message(&b, r);
    if (st == ST_OK) st = sign_ed25519_ring_new(&ring);
    if (st == ST_OK) st = sign_ed25519_ring_add(&ring, text(r->office), secret);
    if (st == ST_OK) st = ring.sign(ring.ctx, text(r->office), buf_slice(&b), present ? r->by_present : r->signature);
    explicit_bzero(secret, sizeof secret);
    if (ring.ctx) sign_ed25519_ring_free(&ring);
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : cli_fail(a->c, "kunci kantor tidak dapat dipakai", "the office's key cannot be used", path);
}

static int transport_key(const struct asking *a, struct link_keys *ret)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    place_path(&a->p, "keys/collector.key", path);
    int st = conf_key_read(path, "curve25519", ret->secret, ret->pub, err, sizeof err);
    return st == ST_OK ? EXIT_OK : cli_fail(a->c, "kunci sambungan tidak dapat dibaca", "the transport key cannot be read", err);
}

/* ---- the office's note of itself ---- */

static int note_locked(const struct asking *a, struct office *o)
{
    struct registry *r = NULL;
    int rc = place_registry(a->c, &a->p, &r);
    if (rc != EXIT_OK) return rc;
    const struct office *old = registry_office(r, text(o->id));
    bool same = old && !memcmp(old->signing, o->signing, PUBKEY_SIZE) && !memcmp(old->transport, o->transport, PUBKEY_SIZE);
    registry_free(&r);
    return same ? EXIT_OK : office_append(a->c, &a->p, o);
}

static int note(const struct asking *a, struct office *o)
{
    int fd = office_lock(a->c, &a->p);
    int rc = fd < 0 ? EXIT_FAILED : note_locked(a, o);
    if (fd >= 0) close(fd);
    office_nudge(&a->p);
    return rc;
}

static int note_joined(const struct asking *a)
{
    struct office o = { .region = a->invitation.region, .role = a->invitation.role, .status = OFFICE_ACTIVE,
                        .valid_to = { INT64_MAX } };
    memcpy(o.id, a->invitation.office, sizeof a->invitation.office);
    memcpy(o.name, a->invitation.name, sizeof a->invitation.name);
    memcpy(o.transport, a->request.transport, PUBKEY_SIZE);
    memcpy(o.signing, a->request.signing, PUBKEY_SIZE);
    return note(a, &o);
}

/* ---- telling ---- */

static const char *how_name(enum office_how how)
{
    switch (how) {
    case SENT_WAITS: return "pending";
    case SENT_REGISTERED: return "registered";
    case SENT_REFUSED: return "refused";
    case SENT_SILENT:
    case SENT_UNKNOWN: break;
    }
    return "undelivered";
}

static void tell_people(const struct asking *a, const char *fingerprint, const char *line)
{
    const struct cli *c = a->c;
    const char *id = a->request.office;
    printf("%s %s\n", cli_say(c, "sidik jari kunci:", "fingerprint of the keys:"), fingerprint);
    if (a->sent.how == SENT_WAITS)
        printf(c->lang == LANG_EN
                   ? "%s waits for the centre's approval; compare the fingerprint by telephone. Centre: rekap office approve %s\n"
                   : "%s menunggu persetujuan pusat; cocokkan sidik jari lewat telepon. Di pusat: rekap office approve %s\n",
               id, id);
    if (a->sent.how == SENT_REGISTERED) printf(c->lang == LANG_EN ? "%s is registered\n" : "%s sudah terdaftar\n", id);
    if (a->sent.how == SENT_SILENT || a->sent.how == SENT_UNKNOWN)
        printf("%s\n%s\n", cli_say(c, "kirim baris ini ke pusat; di sana: rekap office approve 'BARIS'",
                                   "send this line to the centre; there: rekap office approve 'LINE'"), line);
}

static void tell_trouble(const struct asking *a)
{
    const struct cli *c = a->c;
    if (a->sent.how == SENT_SILENT)
        cli_talk(c, "pusat di %s tidak menjawab; permohonan belum sampai, ulangi perintah ini nanti",
                 "the centre at %s does not answer; the request has not arrived, repeat this command later", a->address);
    if (a->sent.how == SENT_UNKNOWN)
        cli_talk(c, "pusat di %s tidak mengenal kunci ini: undangan sudah dipakai, ditarik atau kedaluwarsa",
                 "the centre at %s does not know this key: the invitation was used, taken back or has expired", a->address);
    if (a->sent.how == SENT_REFUSED)
        cli_talk(c, "pusat menolak permohonan: %s (%s); yang benar: %s", "the centre refuses the request: %s (%s); expected: %s",
                 status_code_text(a->sent.code, c->lang), status_code_spelling(a->sent.code), a->sent.expected);
}

static int report(const struct asking *a)
{
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    struct buf b;
    buf_init(&b, JOIN_LINE_MAX);
    join_request_put(&b, &a->request);
    buf_u8(&b, 0);
    if (!buf_ok(&b)) {
        buf_done(&b);
        return cli_fail(a->c, "memori habis; ulangi perintah ini", "no memory; repeat this command", a->request.office);
    }
    join_fingerprint(&a->request, fingerprint);
    if (a->c->format == FORMAT_JSON)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s}", "office", a->request.office, "state", how_name(a->sent.how), "fingerprint",
                             fingerprint, "centre", a->address, "request", (char *)b.p));
    else tell_people(a, fingerprint, (char *)b.p);
    buf_done(&b);
    fflush(stdout);
    tell_trouble(a);
    return a->sent.how == SENT_WAITS || a->sent.how == SENT_REGISTERED ? EXIT_OK
           : a->sent.how == SENT_REFUSED                               ? EXIT_REFUSED
                                                                       : EXIT_FAILED;
}

/* ---- join ---- */

static int read_invitation(struct asking *a)
{
    enum join_fault fault;
    char until[32];
    if (join_invitation_read(text(a->c->operand[1]), &a->invitation, &fault) != ST_OK) {
        if (fault == JOIN_FAULT_MISTYPED)
            return cli_fail(a->c, "baris undangan terpotong atau salah ketik; salin lagi seluruhnya",
                            "the invitation was cut or mistyped; copy the whole line again", NULL);
        return cli_fail(a->c, "ini bukan baris undangan rekap", "this is no invitation of rekap", NULL);
    }
    if (!setup_address_ok(a->invitation.address))
        return cli_fail(a->c, "alamat pusat dalam undangan tidak dapat dipakai", "the invitation's address cannot be used",
                        a->invitation.address);
    if (wall_ms() < a->invitation.until.ms) return EXIT_OK;
    (void)period_format_time(a->invitation.until, until);
    return cli_fail(a->c, "undangan sudah kedaluwarsa; minta yang baru ke pusat. Berlaku sampai",
                    "the invitation has expired; ask the centre for a new one. It was valid until", until);
}

static int prepare_join(struct asking *a)
{
    char path[PLACE_PATH_MAX];
    struct join_request *r = &a->request;
    struct link_keys mine;
    int rc = transport_key(a, &mine);
    if (rc != EXIT_OK) return rc;
    if (link_keys_of(a->invitation.secret, &a->door.keys) != ST_OK)
        return cli_fail(a->c, "kunci undangan tidak dapat dipakai", "the invitation's key cannot be used", NULL);
    *r = (struct join_request){ .kind = JOIN_NEW, .asked = { wall_ms() } };
    memcpy(r->invitation, a->door.keys.pub, PUBKEY_SIZE);
    memcpy(r->office, a->invitation.office, sizeof r->office);
    memcpy(r->transport, mine.pub, PUBKEY_SIZE);
    explicit_bzero(&mine, sizeof mine);
    place_office_key(&a->p, r->office, "", path);
    return sign(a, path, r, false);
}

/* The office was revoked and begins again: its old key is kept under another name, and a new one is made. */
static int renew_key(struct asking *a)
{
    char path[PLACE_PATH_MAX], aside[PLACE_PATH_MAX], tail[40];
    snprintf(tail, sizeof tail, ".dicabut-%lld", (long long)wall_ms());
    place_office_key(&a->p, a->request.office, "", path);
    place_office_key(&a->p, a->request.office, tail, aside);
    if (conf_file_rename(path, aside) != ST_OK)
        return cli_fail(a->c, "kunci lama tidak dapat disisihkan", "the old key cannot be set aside", path);
    return prepare_join(a);
}

static int ask_join(struct asking *a)
{
    int rc = prepare_join(a);
    if (rc != EXIT_OK) return rc;
    snprintf(a->address, sizeof a->address, "%s", a->invitation.address);
    a->door.address = a->address;
    memcpy(a->door.worker, a->invitation.worker, PUBKEY_SIZE);
    office_send(&a->door, &a->request, a->timeout_s, &a->sent);
    if (a->sent.how == SENT_REFUSED && a->sent.code == CODE_REVOKED) {
        rc = renew_key(a);
        if (rc == EXIT_OK) office_send(&a->door, &a->request, a->timeout_s, &a->sent);
    }
    return rc == EXIT_OK ? note_joined(a) : rc;
}

int office_join(struct cli *c)
{
    struct asking a = { .c = c };
    int rc = cli_number(c, OPT_TIMEOUT, SEND_S, 1, 600, &a.timeout_s);
    if (rc == EXIT_OK) rc = read_invitation(&a);
    if (rc == EXIT_OK) rc = place_create(c, &a.p);
    if (rc == EXIT_OK) rc = setup_office(c, &a.p, &a.invitation);
    a.p.office = true;
    if (rc == EXIT_OK) rc = ask_join(&a);
    if (rc == EXIT_OK) rc = report(&a);
    if ((rc == EXIT_OK || rc == EXIT_FAILED) && a.request.office[0])
        cli_talk(c, "menjalankan kantor ini: rekap up --dir %s", "to run this office: rekap up --dir %s", c->dir);
    explicit_bzero(&a.door.keys, sizeof a.door.keys);
    explicit_bzero(&a.invitation, sizeof a.invitation);
    return rc;
}

/* ---- another key ---- */

static int read_centre(struct asking *a)
{
    char path[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 1] = "";
    place_path(&a->p, "etc/collector.conf", path);
    if (place_setting(path, "collector", "worker", a->address, sizeof a->address) != ST_OK ||
        place_setting(path, "collector", "worker_key", hex, sizeof hex) != ST_OK ||
        bytes_unhex(hex, strlen(hex), a->door.worker) != ST_OK || strlen(hex) != 2 * PUBKEY_SIZE)
        return cli_fail(a->c, "alamat atau kunci pusat tidak terbaca", "the centre's address or key cannot be read", path);
    a->door.address = a->address;
    return transport_key(a, &a->door.keys);
}

/* The register has the new key: from now on it signs. */
static int take_key(const struct asking *a, struct office *o)
{
    char path[PLACE_PATH_MAX], fresh[PLACE_PATH_MAX];
    place_office_key(&a->p, o->id, "", path);
    place_office_key(&a->p, o->id, ".baru", fresh);
    memcpy(o->signing, a->request.signing, PUBKEY_SIZE);
    if (conf_file_rename(fresh, path) != ST_OK)
        return cli_fail(a->c, "kunci baru tidak dapat dipasang", "the new key cannot be put in place", strerror(errno));
    return note(a, o);
}

static int ask_rotation(struct asking *a, struct office *o)
{
    char path[PLACE_PATH_MAX], fresh[PLACE_PATH_MAX];
    struct join_request *r = &a->request;
    place_office_key(&a->p, o->id, "", path);
    place_office_key(&a->p, o->id, ".baru", fresh);
    if (access(path, F_OK) != 0)
        return cli_fail(a->c, "kunci kantor tidak ada di komputer ini", "the office's key is not on this machine", path);
    *r = (struct join_request){ .kind = JOIN_ROTATE, .asked = { wall_ms() } };
    memcpy(r->office, o->id, sizeof r->office);
    memcpy(r->transport, a->door.keys.pub, PUBKEY_SIZE);
    int rc = sign(a, fresh, r, false);
    if (rc == EXIT_OK) rc = sign(a, path, r, true);
    if (rc != EXIT_OK) return rc;
    office_send(&a->door, r, a->timeout_s, &a->sent);
    return a->sent.how == SENT_REGISTERED ? take_key(a, o) : EXIT_OK;
}

int office_rotate_here(const struct cli *c, const struct place *p)
{
    struct asking a = { .c = c, .p = *p };
    struct registry *r = NULL;
    struct office o;
    int rc = cli_number(c, OPT_TIMEOUT, SEND_S, 1, 600, &a.timeout_s);
    if (rc == EXIT_OK) rc = place_registry(c, p, &r);
    if (rc != EXIT_OK) return rc;
    const struct office *known = registry_office(r, text(c->operand[1]));
    if (known) o = *known;
    else rc = office_unknown(c, r, c->operand[1]);
    registry_free(&r);
    if (rc == EXIT_OK) rc = read_centre(&a);
    if (rc == EXIT_OK) rc = ask_rotation(&a, &o);
    explicit_bzero(&a.door.keys, sizeof a.door.keys);
    return rc == EXIT_OK ? report(&a) : rc;
}
