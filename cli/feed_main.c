/* feed_main.c - for deploy/demo only, never installed: offices of one province that do not exist, and a year of figures that nobody
 * stated, so that a newcomer sees a living monitor. Kind: E.
 *
 *   feed DIR PROVINCE YEAR CITIES OFFICES SPEED
 *
 * Registers OFFICES offices (gen-3374-07) in each of the province's first CITIES cities and pushes their year, the budget first and
 * then month by month, at SPEED statements a second (0: as fast as it goes). Everything takes the way of a real push: CSV, intake,
 * the tray of the one collector, its keys and signatures. Rejected: a verb of `rekap`, because it could put such offices into the
 * register of a real centre.
 *
 * Invariant: every office made here says in its name that it is generated, and figures follow from the arguments alone. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/push_part.h"
#include "proto/conf.h"
#include "proto/csv.h"
#include "proto/limits.h"
#include "proto/rng.h"
#include "proto/sign.h"

enum { CITIES_MAX = 40, PER_CITY_MAX = 99, LEAVES = 6, CODES_MAX = 400, MONTHS = 12, LIST_BYTES_MAX = 16 << 20 };
struct city { char code[8], name[100]; };
struct feed {
    struct cli c;
    struct place p;
    struct city city[CITIES_MAX];
    char code[CODES_MAX][32];
    unsigned cities, offices, codes;
    int year, speed;
    uint64_t sent;              /* statements */
    int64_t start;              /* monotonic ms */
};
static volatile sig_atomic_t stopped;

static void on_signal(int sig) { stopped = sig; }

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "feed: %s: %s\n", what, why);
    return EXIT_FAILED;
}

/* ---- lists of the installation ---- */

static int read_list(const struct feed *f, const char *name, struct csv_table *ret)
{
    char path[PLACE_PATH_MAX];
    struct csv_fault fault;
    struct buf b;
    place_path(&f->p, name, path);
    buf_init(&b, LIST_BYTES_MAX);
    int st = conf_file_read(path, LIST_BYTES_MAX, &b);
    if (st == ST_OK) st = csv_table_read(buf_slice(&b), ret, &fault);
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : fail(path, status_str(st));
}

static void text(char *ret, size_t size, struct slice s) { snprintf(ret, size, "%.*s", (int)s.n, (const char *)s.p); }

static int read_cities(struct feed *f, const char *province, unsigned wanted)
{
    struct csv_table t = { 0 };
    int rc = read_list(f, "registry/region.csv", &t);
    for (uint32_t i = 1; rc == EXIT_OK && i < t.rows && f->cities < wanted && f->cities < CITIES_MAX; i++) {
        struct slice code = csv_table_cell(&t, i, 0);
        if (code.n != 5 || memcmp(code.p, province, 2) != 0) continue;
        struct city *c = &f->city[f->cities++];
        text(c->code, sizeof c->code, code);
        text(c->name, sizeof c->name, csv_table_cell(&t, i, 2));
    }
    csv_table_done(&t);
    return rc != EXIT_OK || f->cities ? rc : fail(province, "no such province");
}

static int read_codes(struct feed *f)
{
    struct csv_table t = { 0 };
    int rc = read_list(f, "registry/nomenklatur.csv", &t);
    for (uint32_t i = 1; rc == EXIT_OK && i < t.rows && f->codes < CODES_MAX; i++)
        if (bytes_is(csv_table_cell(&t, i, 0), "permendagri-90-2019") && bytes_is(csv_table_cell(&t, i, 2), "subkegiatan"))
            text(f->code[f->codes++], sizeof f->code[0], csv_table_cell(&t, i, 1));
    csv_table_done(&t);
    return rc != EXIT_OK || f->codes >= LEAVES ? rc : fail("nomenklatur.csv", "too few codes");
}

/* ---- the register: all new lines in one write ---- */

static void office_id(const struct feed *f, unsigned n, char ret[OFFICE_ID_MAX + 1])
{
    const char *code = f->city[n / f->offices].code;
    snprintf(ret, OFFICE_ID_MAX + 1, "gen-%.2s%.2s-%02u", code, code + 3, n % f->offices + 1);
}

static int make_office(const struct feed *f, unsigned n, const uint8_t transport[PUBKEY_SIZE], struct office *ret)
{
    const struct city *c = &f->city[n / f->offices];
    char path[PLACE_PATH_MAX];
    uint8_t secret[32];
    *ret = (struct office){ .role = ROLE_OFFICE, .status = OFFICE_ACTIVE, .valid_to = { INT64_MAX } };
    office_id(f, n, ret->id);
    snprintf(ret->name, sizeof ret->name, "Dinas contoh %02u %s (dibangkitkan)", n % f->offices + 1, c->name);
    ret->valid_from.ms = (int64_t)time(NULL) / 86400 * 86400 * 1000;
    memcpy(ret->transport, transport, PUBKEY_SIZE);
    int st = code_region_parse(slice_of(c->code, strlen(c->code)), &ret->region);
    place_office_key(&f->p, ret->id, "", path);
    if (st == ST_OK) st = conf_key_create(path, "ed25519", secret, ret->signing);
    explicit_bzero(secret, sizeof secret);
    return st;
}

struct book {
    struct buf b;
    struct registry *r;
    struct registry_chain chain;
    struct signer signer;
    uint8_t pub[PUBKEY_SIZE], transport[PUBKEY_SIZE];
};

static int open_book(const struct feed *f, struct book *k, char *err, size_t size)
{
    char path[PLACE_PATH_MAX];
    uint8_t secret[32];
    struct verifier v = sign_ed25519_verifier();
    place_path(&f->p, "keys/collector.key", path);
    int st = conf_key_read(path, "curve25519", secret, k->transport, err, size);
    place_path(&f->p, "keys/registry.key", path);
    if (st == ST_OK) st = conf_key_read(path, "ed25519", secret, k->pub, err, size);
    if (st == ST_OK) st = sign_ed25519_ring_new(&k->signer);
    if (st == ST_OK) st = sign_ed25519_ring_add(&k->signer, slice_of(REGISTRY_KEY_ID, sizeof REGISTRY_KEY_ID - 1), secret);
    explicit_bzero(secret, sizeof secret);
    place_path(&f->p, "registry/office.tsv", path);
    if (st == ST_OK) st = conf_file_read(path, PLACE_REGISTRY_BYTES_MAX, &k->b);
    if (st == ST_OK) st = registry_parse(buf_slice(&k->b), &k->r, err, size);
    registry_chain_start(&k->chain);
    return st == ST_OK ? registry_verify_last(k->r, &k->chain, k->pub, &v, err, size) : st;
}

static int add_office(const struct feed *f, struct book *k, unsigned n)
{
    char line[REGISTRY_LINE_MAX];
    struct office o;
    int st = make_office(f, n, k->transport, &o);
    if (st != ST_OK || registry_office(k->r, slice_of(o.id, strlen(o.id)))) return st;
    st = registry_seal(&k->chain, &o, &k->signer);
    if (st == ST_OK && registry_line_format(&o, line, sizeof line) < 0) st = ST_FULL;
    if (st == ST_OK) buf_printf(&k->b, "%s\n", line);
    return st == ST_OK && !buf_ok(&k->b) ? ST_NO_MEMORY : st;
}

static int register_all(const struct feed *f)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    struct book k = { .r = NULL };
    int fd = office_lock(&f->c, &f->p);
    if (fd < 0) return EXIT_FAILED;
    buf_init(&k.b, PLACE_REGISTRY_BYTES_MAX);
    int st = open_book(f, &k, err, sizeof err);
    for (unsigned n = 0; st == ST_OK && n < f->cities * f->offices && !stopped; n++) st = add_office(f, &k, n);
    place_path(&f->p, "registry/office.tsv", path);
    if (st == ST_OK) st = conf_file_write(path, buf_slice(&k.b), 0600);
    if (k.signer.ctx) sign_ed25519_ring_free(&k.signer);
    registry_free(&k.r);
    buf_done(&k.b);
    close(fd);
    if (st != ST_OK) return fail("register", err[0] ? err : status_str(st));
    office_nudge(&f->p);
    return EXIT_OK;
}

/* ---- figures ---- */

/* Budget and what was spent up to a month of one line, in rupiah: spending is slow at first and hurries at the end of the year. */
static int64_t spent(const struct feed *f, unsigned office, unsigned leaf, unsigned month, int64_t *ret_budget)
{
    static const int64_t CURVE[MONTHS + 1] = { 0, 15, 50, 110, 170, 240, 330, 410, 490, 580, 680, 790, 960 };
    struct rng r;
    rng_seed(&r, (uint64_t)f->year * 1000003 + office * 97 + leaf);
    int64_t budget = (int64_t)(rng_below(&r, 9000) + 200) * 1000000, pace = (int64_t)rng_below(&r, 40) + 65;
    bool beyond = rng_chance(&r, 1, 150) && month == MONTHS; /* more than the budget: something for the findings */
    *ret_budget = budget;
    return beyond ? budget + budget / 20 : budget / 1000 * (CURVE[month] * (pace > 100 ? 100 : pace) / 100);
}

/* Does the office report that month? Some are late by a month, a few never finish the year. */
static bool reports(const struct feed *f, unsigned office, unsigned month)
{
    struct rng r;
    rng_seed(&r, (uint64_t)f->year * 7919 + office * 31 + month);
    return month == 0 || !rng_chance(&r, 1, month == MONTHS ? 40 : 12);
}

static void write_csv(const struct feed *f, unsigned office, unsigned month, struct buf *b)
{
    buf_str(b, "tahun,nomenklatur,kode,sampai,pagu,realisasi\n");
    for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
        int64_t budget, sum = spent(f, office, leaf, month, &budget);
        buf_printf(b, "%d,permendagri-90-2019,%s,", f->year, f->code[(office % 8 * LEAVES + leaf) * 7 % f->codes]);
        if (month) buf_printf(b, "%d-%02u,,%lld\n", f->year, month, (long long)sum);
        else buf_printf(b, ",%lld,\n", (long long)budget);
    }
}

static void fill(struct buf *b, const struct tray *head, const void *ctx) { intake_tray(ctx, head, b); }

static int state(struct feed *f, struct push *u, unsigned office, unsigned month)
{
    char id[OFFICE_ID_MAX + 1], name[80];
    struct push_file file = { .path = name, .refused = json_array(), .notes = json_array() };
    struct intake *in = NULL;
    struct timespec now;
    struct buf b;
    office_id(f, office, id);
    snprintf(name, sizeof name, "%s-%d-%02u.csv", id, f->year, month);
    clock_gettime(CLOCK_REALTIME, &now);
    u->office = registry_office(u->registry, slice_of(id, strlen(id)));
    if (!u->office) return fail(id, "not in the register");
    u->intake.office = slice_of(u->office->id, strlen(u->office->id));
    u->intake.entered = (struct wall){ (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 };
    buf_init(&b, LIST_BYTES_MAX);
    write_csv(f, office, month, &b);
    int st = buf_ok(&b) ? intake_read(buf_slice(&b), &u->intake, &in) : ST_NO_MEMORY;
    if (st == ST_OK && in->refusals) st = fail(name, in->refusal[0].reason) == EXIT_OK ? ST_OK : ST_INVALID;
    if (st == ST_OK) st = push_store(u, &file, fill, in);
    intake_free(&in);
    buf_done(&b);
    json_decref(file.refused);
    json_decref(file.notes);
    f->sent += LEAVES;
    return st == ST_OK ? EXIT_OK : fail(name, status_str(st));
}

static void keep_pace(const struct feed *f)
{
    int64_t due = f->speed ? f->start + (int64_t)(f->sent * 1000 / (uint64_t)f->speed) : 0;
    for (int64_t left; !stopped && (left = due - cli_mono_ms()) > 0;) cli_pause(left < 1000 ? (int)left : 1000);
}

/* A step that meets every office once: without a common divisor with their number. */
static unsigned stride(unsigned all)
{
    for (unsigned step = all / 3 * 2 + 1;; step++) {
        unsigned a = step, b = all;
        while (b) {
            unsigned rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) return step;
    }
}

/* One month of all offices, each month in another order: the cities are to move together. */
static int stream_month(struct feed *f, struct push *u, unsigned month)
{
    unsigned all = f->cities * f->offices, step = stride(all), at = month;
    int rc = EXIT_OK;
    for (unsigned i = 0; rc == EXIT_OK && i < all && !stopped; i++, at = (at + step) % all) {
        if (!reports(f, at % all, month)) continue;
        rc = state(f, u, at % all, month);
        keep_pace(f);
    }
    return rc;
}

static int stream(struct feed *f)
{
    char first[OFFICE_ID_MAX + 1];
    struct push u = { .c = &f->c };
    office_id(f, 0, first);
    f->c.value[OPT_OFFICE] = first;
    int rc = push_open(&u);
    f->start = cli_mono_ms();
    for (unsigned month = 0; rc == EXIT_OK && month <= MONTHS && !stopped; month++) rc = stream_month(f, &u, month);
    push_done(&u);
    f->c.value[OPT_OFFICE] = NULL;
    return rc;
}

/* -1: no whole number within the bounds. */
static int number(const char *text, int min, int max)
{
    char *end;
    long n = strtol(text, &end, 10);
    return *text && !*end && n >= min && n <= max ? (int)n : -1;
}

int main(int argc, char **argv)
{
    static struct feed f;
    if (argc != 7 || sodium_init() < 0) return fprintf(stderr, "feed DIR PROVINCE YEAR CITIES OFFICES SPEED\n"), EXIT_USAGE;
    f.c.dir = argv[1];
    int year = number(argv[3], YEAR_MIN, YEAR_MAX), cities = number(argv[4], 1, CITIES_MAX),
        offices = number(argv[5], 1, PER_CITY_MAX);
    f.year = year;
    f.offices = (unsigned)offices;
    f.speed = number(argv[6], 0, 1000 * 1000);
    if (strlen(argv[2]) != 2 || year < 0 || cities < 0 || offices < 0 || f.speed < 0) return fail("arguments", "out of bounds");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    int rc = place_open(&f.c, &f.p);
    if (rc == EXIT_OK) rc = read_cities(&f, argv[2], (unsigned)cities);
    if (rc == EXIT_OK) rc = read_codes(&f);
    if (rc == EXIT_OK) rc = register_all(&f);
    if (rc == EXIT_OK && !stopped) rc = stream(&f);
    if (rc == EXIT_OK) printf("{\"offices\":%u,\"statements\":%llu}\n", f.cities * f.offices, (unsigned long long)f.sent);
    return rc;
}
