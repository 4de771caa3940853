/* audit_main.c - rekap-audit: checks a stopped worker's ledger and says the first position that does not hold, and why. Kind: E.
 *
 *   rekap-audit [--json] [--lang id|en] [--anchor LSN:HASH].. [--log-key VKEY] [--checkpoint FILE].. [--registry-key HEX]
 *               [--state STATE | --seal FILE [--about REGION/YEAR] [--rebuilt FILE]] [--also LEDGER]..
 *               [--scratch DIR] LEDGER
 *
 * With --state the aggregator's store is recomputed from the logs it has folded, to the positions it names, and compared fact by
 * fact; with --seal the tables of a sealed quarter, up to its cuts. --also names the ledgers of further workers, which are then
 * examined as well. --about: FILE is the bare lines of a seal (`rekap close` asks before it signs); --rebuilt: where to write the
 * rebuilt tables, sorted lines. --scratch: a directory on a disk, for what is put in order and does not fit into memory; else
 * $TMPDIR or /var/tmp. Memory does not grow with the log (audit_roll.c).
 *
 * Exit codes: 0 everything holds, 1 something does not, 2 nothing was judged: usage, ledger not there or in use, no memory, no
 * room on disk. The data goes to stdout, the
 * first faults in words to stderr as well. audit_part.h says why nothing of the other programs is linked in. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { EXIT_SOUND = 0, EXIT_BAD = 1, EXIT_USAGE = 2, ALSO_MAX = 31 };

struct options {
    const char *dir, *state, *seal, *about, *rebuilt, *scratch, *also[ALSO_MAX], *checkpoint[AUDIT_ANCHORS_MAX / 2];
    unsigned alsos, checkpoints;
    bool json, english, has_issuer, has_key;
    uint8_t issuer[AUDIT_KEY];
    struct audit_note_key key;
};

static int usage(const char *why)
{
    fprintf(stderr,
            "rekap-audit: %s\n"
            "pemakaian: rekap-audit [--json] [--lang id|en] [--anchor LSN:HASH]..\n"
            "           [--log-key VKEY] [--checkpoint BERKAS].. [--registry-key HEX]\n"
            "           [--state STATE | --seal SEGEL [--about WILAYAH/TAHUN] [--rebuilt BERKAS]] [--also LEDGER]..\n"
            "           [--scratch DIR] LEDGER\n"
            "LEDGER: direktori ledger worker yang sedang berhenti, misalnya DIR/worker/ledger\n"
            "STATE: direktori keadaan aggregator yang sedang berhenti, misalnya DIR/aggregator/state\n",
            why);
    return EXIT_USAGE;
}

static bool read_anchor(const char *text, struct audit *a)
{
    struct audit_anchor *to = &a->anchor[a->anchors];
    char *end;

    if (a->anchors == AUDIT_ANCHORS_MAX || text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    to->lsn = strtoull(text, &end, 10);
    if (errno != 0 || *end != ':' || strlen(end + 1) != 2 * AUDIT_HASH || !audit_hash_unhex(end + 1, AUDIT_HASH, to->hash.b))
        return false;
    a->anchors++;
    return true;
}

/* One option and its value; NULL, or what is wrong with it. */
static const char *read_option(const char *name, const char *value, struct options *o, struct audit *a)
{
    if (value == NULL) return "pilihan tidak dikenal atau tanpa nilai";
    if (strcmp(name, "--anchor") == 0) return read_anchor(value, a) ? NULL : "--anchor: LSN:HASH, hash 64 angka heksadesimal";
    if (strcmp(name, "--registry-key") == 0) {
        o->has_issuer = strlen(value) == 2 * AUDIT_KEY && audit_hash_unhex(value, AUDIT_KEY, o->issuer);
        return o->has_issuer ? NULL : "--registry-key: 64 angka heksadesimal";
    }
    if (strcmp(name, "--log-key") == 0) {
        o->has_key = audit_note_key(value, &o->key);
        return o->has_key ? NULL : "--log-key: nama+hash+base64";
    }
    if (strcmp(name, "--checkpoint") == 0) {
        if (o->checkpoints == AUDIT_ANCHORS_MAX / 2) return "--checkpoint: terlalu banyak";
        o->checkpoint[o->checkpoints++] = value;
        return NULL;
    }
    if (strcmp(name, "--state") == 0) {
        o->state = value;
        return NULL;
    }
    if (strcmp(name, "--seal") == 0 || strcmp(name, "--about") == 0) {
        *(name[2] == 's' ? &o->seal : &o->about) = value;
        return NULL;
    }
    if (strcmp(name, "--rebuilt") == 0) {
        o->rebuilt = value;
        return NULL;
    }
    if (strcmp(name, "--scratch") == 0) {
        o->scratch = value;
        return NULL;
    }
    if (strcmp(name, "--also") == 0) {
        if (o->alsos == ALSO_MAX) return "--also: terlalu banyak";
        o->also[o->alsos++] = value;
        return NULL;
    }
    if (strcmp(name, "--lang") != 0) return "pilihan tidak dikenal";
    o->english = strcmp(value, "en") == 0;
    return o->english || strcmp(value, "id") == 0 ? NULL : "--lang: id atau en";
}

static const char *read_options(int argc, char **argv, struct options *o, struct audit *a)
{
    for (int i = 1; i < argc; i++) {
        const char *why;

        if (strcmp(argv[i], "--json") == 0)
            o->json = true;
        else if (argv[i][0] != '-' && o->dir == NULL)
            o->dir = argv[i];
        else {
            why = argv[i][0] == '-' ? read_option(argv[i], argv[i + 1], o, a) : "hanya satu LEDGER";
            if (why != NULL) return why;
            i++;
        }
    }
    if (o->checkpoints > 0 && !o->has_key) return "--checkpoint memerlukan --log-key";
    if (o->alsos > 0 && o->state == NULL && o->seal == NULL) return "--also memerlukan --state atau --seal";
    if (o->state != NULL && o->seal != NULL) return "--state atau --seal";
    if ((o->about != NULL || o->rebuilt != NULL) && o->seal == NULL) return "--about dan --rebuilt memerlukan --seal";
    return o->dir != NULL ? NULL : "LEDGER harus disebut";
}

static bool add_root(struct audit *a, struct audit_span note, const struct audit_note_key *key)
{
    struct audit_checkpoint c;

    if (a->anchors == AUDIT_ANCHORS_MAX || !audit_note_open(note, key, &c)) return false;
    a->anchor[a->anchors++] = (struct audit_anchor){.lsn = c.size, .hash = c.root, .root = true};
    return true;
}

/* A note or receipt that somebody kept: its checkpoint becomes an anchor. */
static bool read_checkpoint(const char *path, struct audit *a)
{
    uint8_t bytes[32768];
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;

    if (f != NULL) fclose(f);
    return n > 0 && n < sizeof bytes && add_root(a, audit_span_of(bytes, n), a->key);
}

/* The worker's number, as the ledger gives it (docs/STORAGE.md 4); 0 when it does not. */
static unsigned worker_of(const struct audit_store *s)
{
    struct audit_span row;

    return audit_store_get(s, "meta", audit_span_of("identity", 8), &row) && row.n > 4 ? row.p[4] : 0;
}

/* What the recomputation is held against: a state, or a seal; both NULL: nothing. */
struct against {
    struct audit_store *state;
    struct audit_seal *seal;
};

/* The recomputation reads the log up to here, and the log hash there must be this one. */
static void stop_at_cut(struct audit *a, struct audit_seal *seal)
{
    struct audit_anchor cut;

    if (!audit_seal_cut(seal, a->worker, &cut)) return;
    a->folded = cut.lsn;
    a->anchor[a->anchors++] = cut;
}

static void examine(struct audit *a, const struct against *g)
{
    const struct audit_store *state = g->state;
    struct audit_span row;
    uint64_t rows;

    audit_store_check(a->store, a->report);
    a->has_tree = audit_store_table(a->store, "tree", &rows);
    if (audit_store_get(a->store, "meta", audit_span_of("checkpoint", 10), &row)) (void)add_root(a, row, a->key);
    a->worker = worker_of(a->store);
    if (state != NULL) a->folded = audit_state_applied(state, a->worker);
    if (g->seal != NULL) stop_at_cut(a, g->seal);
    audit_log_walk(a);
    audit_index_rest(a);
    if (state != NULL && a->folded > a->report->lsn)
        audit_report_bad(a->report, a->report->lsn, audit_span_of(NULL, 0), "state", "keadaan lebih maju daripada log",
                         "posisi paling jauh %" PRIu64, a->report->lsn);
}

/* Opens a store; damage is a fault of the report, anything else ends the run. */
static bool open_store(const char *dir, struct audit_report *r, struct audit_store **ret)
{
    char why[AUDIT_TEXT];
    bool damaged;

    *ret = audit_store_open(dir, &damaged, why);
    if (*ret != NULL) return true;
    if (damaged)
        audit_report_bad(r, 0, audit_span_of(NULL, 0), "store", why, "berkas LMDB yang utuh");
    else
        fprintf(stderr, "rekap-audit: %s: %s\n", dir, why);
    return damaged;
}

/* The ledger of a further worker: its faults count with the others. The store stays open: the recomputation points into it. */
static bool examine_also(const char *dir, const struct audit *a, const struct against *g, struct audit_store **ret)
{
    struct audit_report report = {.english = a->report->english};
    struct audit also = {.report = &report, .roll = a->roll};

    if (!open_store(dir, &report, ret)) return false;
    also.store = *ret;
    also.offices.issuer = a->offices.issuer;
    if (also.store != NULL) examine(&also, g);
    audit_office_done(&also.offices);
    if (report.bad == 0) return true;
    if (a->report->bad == 0) a->report->first = report.first;
    a->report->bad += report.bad;
    return true;
}

static bool open_seal(const struct options *o, struct audit_seal **ret)
{
    char why[AUDIT_TEXT];

    *ret = audit_seal_open(o->seal, o->about, why);
    if (*ret == NULL) fprintf(stderr, "rekap-audit: %s: %s\n", o->seal, why);
    return *ret != NULL;
}

static bool examine_all(const struct options *o, struct audit *a, struct audit_store *also[ALSO_MAX], struct against *g)
{
    const struct audit_room room = { .dir = o->scratch != NULL ? o->scratch : getenv("TMPDIR") };

    if (o->seal != NULL && !open_seal(o, &g->seal)) return false;
    if (!open_store(o->dir, a->report, &a->store)) return false;
    if (o->state != NULL && !open_store(o->state, a->report, &g->state)) return false;
    if (g->state != NULL) audit_store_check(g->state, a->report);
    if (g->state != NULL || g->seal != NULL) a->roll = audit_roll_new(&room);
    if (g->seal != NULL) audit_seal_about(g->seal, a->roll);
    if (a->store != NULL) examine(a, g);
    for (unsigned i = 0; i < o->alsos; i++)
        if (!examine_also(o->also[i], a, g, &also[i])) return false;
    if (g->state != NULL && a->store != NULL) audit_state_check(g->state, a->roll, &room, a->report);
    if (g->seal != NULL && a->store != NULL) return audit_seal_check(g->seal, a->roll, &room, a->report, o->rebuilt);
    return true;
}

static int audit(const struct options *o, struct audit *a)
{
    struct audit_store *also[ALSO_MAX] = {NULL};
    struct against g = {NULL, NULL};
    bool done;

    a->offices.issuer = o->has_issuer ? o->issuer : NULL;
    done = examine_all(o, a, also, &g);
    if (done && o->json)
        audit_report_json(a->report);
    else if (done)
        audit_report_text(a->report);
    for (unsigned i = 0; i < o->alsos; i++)
        if (also[i] != NULL) audit_store_close(also[i]);
    if (g.state != NULL) audit_store_close(g.state);
    if (g.seal != NULL) audit_seal_close(g.seal);
    if (a->store != NULL) audit_store_close(a->store);
    if (a->roll != NULL) audit_roll_free(a->roll);
    audit_office_done(&a->offices);
    return !done ? EXIT_USAGE : a->report->bad == 0 ? EXIT_SOUND : EXIT_BAD;
}

int main(int argc, char **argv)
{
    static struct audit a;
    static struct options o;
    static struct audit_report report;
    const char *why = audit_hash_start() ? read_options(argc, argv, &o, &a) : "libsodium";

    if (why != NULL) return usage(why);
    a.key = o.has_key ? &o.key : NULL;
    for (unsigned i = 0; i < o.checkpoints; i++)
        if (!read_checkpoint(o.checkpoint[i], &a))
            return usage("--checkpoint: bukan titik periksa yang ditandatangani kunci log itu");
    report.english = o.english;
    a.report = &report;
    return audit(&o, &a);
}
