/* fill.c - puts a generated workload into a collector's outbox, as signed batches, durably; prints what that cost.
 *
 *   fill OUTBOX KEYS SIZE MODE REGIONS     with the collector stopped
 *   fill --offices SIZE MODE               prints how many offices the workload has
 *
 * The workload is taken in windows, as a collector that imports whatever is queued would: each window's updates are grouped by
 * office, signed as batches, and committed (fsync) in one transaction. Offices are gen-<city code>-<n>; KEYS holds their signing
 * keys. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/outbox.h"
#include "proto/clock.h"
#include "proto/conf.h"
#include "tests/bench/load.h"
#include "tests/bench/office.h"

enum { WINDOWS = 20 }; /* so an office's batches are as long at every size: what grows with the size is the store alone */
struct fill {
    struct store *store;
    struct signer signer;
    struct outbox_identity identity;
    struct load load;
    struct bench_office *office;
    char code[LOAD_LEAVES][32], indicator[LOAD_LEAVES][40];
    bool indicators;
    activity_code leaf[LOAD_LEAVES];
    uint32_t *order; /* update numbers of a window, by office and year */
    uint64_t batches, bytes;
};

static _Noreturn void die(const char *what, int st)
{
    fprintf(stderr, "fill: %s: %s\n", what, status_str(st));
    exit(1);
}

static void must(int st, const char *what)
{
    if (st != ST_OK) die(what, st);
}

static void load_keys(struct fill *f, const char *dir)
{
    must(sign_ed25519_ring_new(&f->signer), "key ring");
    for (uint32_t i = 0; i < f->load.offices; i++) {
        char path[512], err[256];
        uint8_t secret[32], pub[PUBKEY_SIZE];
        snprintf(path, sizeof path, "%s/%s.key", dir, f->office[i].id);
        if (conf_key_read(path, "ed25519", secret, pub, err, sizeof err) != ST_OK) die(err, ST_NOT_FOUND);
        must(sign_ed25519_ring_add(&f->signer, slice_of(f->office[i].id, strlen(f->office[i].id)), secret), "key");
    }
}

static struct figure figure_of(const struct fill *f, const struct load_update *u)
{
    if (f->indicators && u->measure)
        return (struct figure){.activity = f->leaf[u->leaf],
                               .indicator = slice_of(f->indicator[u->leaf], strlen(f->indicator[u->leaf])),
                               .measure = MEASURE_REACHED,
                               .source = SOURCE_OPD,
                               .year = (uint16_t)(LOAD_FIRST_YEAR + u->month / 12),
                               .month = (uint8_t)(u->month % 12 + 1),
                               .basis = BASIS_CUMULATIVE,
                               .kind = VALUE_NUMBER,
                               .value = u->value};
    return (struct figure){.activity = f->leaf[u->leaf],
                           .measure = u->measure ? MEASURE_CASH_PLAN : MEASURE_REALISED,
                           .source = SOURCE_OPD,
                           .year = (uint16_t)(LOAD_FIRST_YEAR + u->month / 12),
                           .month = (uint8_t)(u->month % 12 + 1),
                           .basis = BASIS_CUMULATIVE,
                           .kind = VALUE_NUMBER,
                           .value = u->value};
}

/* Updates i..j of the order: one office. Sections by year, in arrival order within the office. */
static void put_batch(struct fill *f, struct store_txn *t, uint32_t at, uint32_t end, struct wall now)
{
    const struct load_update *u = f->load.u;
    uint32_t office = u[f->order[at]].office, dict;
    const char *id = f->office[office].id;
    struct slice name = slice_of(id, strlen(id));
    struct buf sections, body;
    uint32_t count = 0;
    buf_init(&sections, BATCH_BYTES_MAX);
    buf_init(&body, BATCH_BYTES_MAX);
    for (uint32_t i = at, j; i < end; i = j, count++) {
        unsigned year = u[f->order[i]].month / 12;
        for (j = i; j < end && u[f->order[j]].month / 12 == year; j++) {
        }
        const struct section s = {.office = name,
                                  .year = (uint16_t)(LOAD_FIRST_YEAR + year),
                                  .source = SOURCE_OPD,
                                  .vintage = VINTAGE_PERMENDAGRI_90_2019,
                                  .entered = now};
        codec_section_begin(&sections, &s, j - i);
        for (uint32_t k = i; k < j; k++) {
            struct figure g = figure_of(f, &u[f->order[k]]);
            codec_row_put(&sections, &g);
        }
    }
    codec_put_array(&body, count);
    buf_put(&body, sections.p, sections.n);
    if (!buf_ok(&body) || !buf_ok(&sections)) die("batch", ST_FULL);
    must(unit_dict_add(t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, name, &dict), "dictionary");
    const struct outbox_speaker who = {.office = dict, .id = name, .signer = &f->signer, .identity = &f->identity};
    struct outbox_stream stream;
    must(outbox_stream_get(t, dict, &stream), "stream");
    must(outbox_append(t, &who, now, buf_slice(&body), end - at, &stream), "append");
    f->batches++;
    f->bytes += body.n;
    buf_done(&body);
    buf_done(&sections);
}

static size_t slot_of(const struct fill *f, uint64_t i)
{
    return (size_t)f->load.u[i].office * f->load.years + f->load.u[i].month / 12;
}

/* Stable by office and year: arrival order within an office-year is kept. */
static void group_window(struct fill *f, uint64_t from, uint32_t n)
{
    static uint32_t *first;
    size_t slots = (size_t)f->load.offices * f->load.years;
    if (!first && !(first = calloc(slots + 1, sizeof *first))) die("memory", ST_NO_MEMORY);
    memset(first, 0, (slots + 1) * sizeof *first);
    for (uint32_t i = 0; i < n; i++) first[slot_of(f, from + i) + 1]++;
    for (size_t o = 0; o < slots; o++) first[o + 1] += first[o];
    for (uint32_t i = 0; i < n; i++) f->order[first[slot_of(f, from + i)]++] = (uint32_t)(from + i);
}

static void put_window(struct fill *f, uint64_t from, uint32_t n)
{
    struct store_txn *t = NULL;
    const struct wall now = {1767225600000};
    group_window(f, from, n);
    must(store_begin(f->store, true, &t), "begin");
    for (uint32_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && j - i < 4096 && f->load.u[f->order[j]].office == f->load.u[f->order[i]].office; j++) {
        }
        put_batch(f, t, i, j, now);
    }
    must(store_commit(&t), "commit");
}

static void open_outbox(struct fill *f, const char *dir)
{
    const struct store_lmdb_options o = {.tables = outbox_tables, .kind = "outbox", .format = 1};
    struct store_txn *t = NULL;
    struct outbox_identity fresh;
    char err[512];
    if (store_lmdb_open(dir, &o, &f->store, err, sizeof err) != ST_OK) die(err, ST_IO);
    randombytes_buf(&fresh, sizeof fresh);
    fresh.epoch = (fresh.epoch >> 1) | 1;
    must(store_begin(f->store, true, &t), "begin");
    must(outbox_identity(t, &fresh, &f->identity), "identity");
    must(store_commit(&t), "commit");
}

int main(int argc, char **argv)
{
    struct fill f = {0};
    enum load_mode mode;
    if (argc == 4 && !strcmp(argv[1], "--offices") && load_mode_of(argv[3], &mode))
        return printf("%u\n", load_offices(argv[2][0], mode)) < 0;
    if (argc != 6 || sodium_init() < 0 || !load_mode_of(argv[4], &mode))
        return fprintf(stderr, "fill OUTBOX KEYS SIZE MODE REGIONS\n"), 2;
    load_make(argv[3][0], mode, &f.load);
    f.indicators = mode == LOAD_INDICATORS;
    const uint64_t window = (f.load.n + WINDOWS - 1) / WINDOWS;
    f.office = bench_offices(argv[5], f.load.offices);
    f.order = malloc((size_t)window * sizeof *f.order);
    if (!f.office || !f.order) die("memory or regions", ST_NO_MEMORY);
    for (unsigned i = 0; i < LOAD_LEAVES; i++) {
        struct code_reading c;
        load_code(i, f.code[i]);
        snprintf(f.indicator[i], sizeof f.indicator[i], "jumlah keluaran buatan %u", i);
        must(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(f.code[i], strlen(f.code[i])), &c), "code");
        f.leaf[i] = c.code;
    }
    load_keys(&f, argv[2]);
    open_outbox(&f, argv[1]);
    struct clock clock = clock_posix();
    int64_t start = clock.now(clock.ctx).mono.us;
    for (uint64_t at = 0; at < f.load.n; at += window)
        put_window(&f, at, (uint32_t)(f.load.n - at < window ? f.load.n - at : window));
    int64_t us = clock.now(clock.ctx).mono.us - start;
    store_lmdb_close(&f.store);
    printf("{\"updates\":%llu,\"batches\":%llu,\"bytes\":%llu,\"us\":%lld}\n", (unsigned long long)f.load.n,
           (unsigned long long)f.batches, (unsigned long long)f.bytes, (long long)us);
    return 0;
}
