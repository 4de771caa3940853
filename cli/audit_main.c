/* audit_main.c - rekap-audit: checks a stopped worker's ledger and says the first position that does not hold, and why. Kind: E.
 *
 *   rekap-audit [--json] [--lang id|en] [--anchor LSN:HASH].. [--log-key VKEY] [--checkpoint FILE].. [--registry-key HEX] LEDGER
 *
 * Exit codes: 0 everything holds, 1 something does not, 2 usage, or the ledger is not there or in use. The data goes to stdout, the
 * first faults in words to stderr as well. audit_part.h says why nothing of the other programs is linked in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { EXIT_SOUND = 0, EXIT_BAD = 1, EXIT_USAGE = 2 };

struct options {
    const char *dir, *checkpoint[AUDIT_ANCHORS_MAX / 2];
    unsigned checkpoints;
    bool json, english, has_issuer, has_key;
    uint8_t issuer[AUDIT_KEY];
    struct audit_note_key key;
};

void *audit_memory(void *old, size_t n, size_t size)
{
    void *p = reallocarray(old, n, size);

    if (p != NULL) return p;
    fputs("rekap-audit: memori habis (out of memory)\n", stderr);
    exit(EXIT_BAD);
}

static int usage(const char *why)
{
    fprintf(stderr,
            "rekap-audit: %s\n"
            "pemakaian: rekap-audit [--json] [--lang id|en] [--anchor LSN:HASH]..\n"
            "           [--log-key VKEY] [--checkpoint BERKAS].. [--registry-key HEX] LEDGER\n"
            "LEDGER: direktori ledger worker yang sedang berhenti, misalnya DIR/worker/ledger\n",
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

static void examine(struct audit *a)
{
    struct audit_span row;
    uint64_t rows;

    audit_store_check(a->store, a->report);
    a->has_tree = audit_store_table(a->store, "tree", &rows);
    if (audit_store_get(a->store, "meta", audit_span_of("checkpoint", 10), &row)) (void)add_root(a, row, a->key);
    audit_log_walk(a);
    audit_index_rest(a);
}

static int audit(const struct options *o, struct audit *a)
{
    struct audit_report *report = a->report;
    char why[AUDIT_TEXT];
    bool damaged;
    struct audit_store *s = audit_store_open(o->dir, &damaged, why);

    if (s == NULL && !damaged) {
        fprintf(stderr, "rekap-audit: %s: %s\n", o->dir, why);
        return EXIT_USAGE;
    }
    a->store = s;
    a->offices.issuer = o->has_issuer ? o->issuer : NULL;
    if (s != NULL) {
        examine(a);
        audit_store_close(s);
    } else
        audit_report_bad(report, 0, audit_span_of(NULL, 0), "store", why, "berkas LMDB yang utuh");
    if (o->json)
        audit_report_json(report);
    else
        audit_report_text(report);
    audit_office_done(&a->offices);
    return report->bad == 0 ? EXIT_SOUND : EXIT_BAD;
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
