/* peer_sqlite.c - the same job in SQLite, in process: durable upsert of figures, rollups current in the same transaction.
 *
 *   peer_sqlite FILE SIZE MODE BATCH       prints `name value unit` lines
 *
 * WAL with synchronous=FULL; figures and cells in the tightest table SQLite has (integer primary key); differences of a batch are
 * combined in memory before the cells are touched, the best variant found. Watermarks of all offices are written with each batch.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/clock.h"
#include "tests/bench/load.h"

enum { SLOTS = 1 << 21 };
struct delta {
    uint64_t key;
    int64_t value;
};
struct peer {
    sqlite3 *db;
    sqlite3_stmt *get, *put, *cell, *mark, *begin, *commit;
    struct delta *slot, *list;
    uint32_t *used, count;
    struct load load;
    uint64_t *seq;
};

static void check(struct peer *p, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW) return;
    fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(p->db));
    exit(1);
}

static void execute(struct peer *p, const char *sql) { check(p, sqlite3_exec(p->db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(struct peer *p, const char *sql)
{
    sqlite3_stmt *s = NULL;
    check(p, sqlite3_prepare_v2(p->db, sql, -1, &s, NULL));
    return s;
}

static void run(struct peer *p, sqlite3_stmt *s)
{
    check(p, sqlite3_step(s));
    sqlite3_reset(s);
}

static void open_db(struct peer *p, const char *file)
{
    char path[600];
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", file, tails[i]);
        unlink(path);
    }
    check(p, sqlite3_open(file, &p->db));
    execute(p, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2000000; PRAGMA "
               "mmap_size=8589934592;"
               "PRAGMA wal_autocheckpoint=20000; PRAGMA temp_store=MEMORY;"
               "CREATE TABLE fact(k INTEGER PRIMARY KEY, value INTEGER NOT NULL); CREATE TABLE cell(k INTEGER PRIMARY KEY, value "
               "INTEGER NOT NULL);"
               "CREATE TABLE mark(office INTEGER PRIMARY KEY, seq INTEGER)");
    p->get = prepare(p, "SELECT value FROM fact WHERE k=?");
    p->put = prepare(p, "INSERT INTO fact VALUES(?,?) ON CONFLICT(k) DO UPDATE SET value=excluded.value");
    p->cell = prepare(p, "INSERT INTO cell VALUES(?,?) ON CONFLICT(k) DO UPDATE SET value=value+excluded.value");
    p->mark = prepare(p, "INSERT INTO mark VALUES(?,?) ON CONFLICT(office) DO UPDATE SET seq=excluded.seq");
    p->begin = prepare(p, "BEGIN IMMEDIATE");
    p->commit = prepare(p, "COMMIT");
}

static void combine(struct peer *p, uint64_t key, int64_t value)
{
    uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 43);
    while (p->slot[i].key != key) {
        if (p->slot[i].key == UINT64_MAX) {
            p->slot[i] = (struct delta){key, 0};
            p->used[p->count++] = i;
            break;
        }
        i = (i + 1) & (SLOTS - 1);
    }
    p->slot[i].value += value;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = ((const struct delta *)a)->key, y = ((const struct delta *)b)->key;
    return x < y ? -1 : x > y;
}

static void one(struct peer *p, const struct load_update *u)
{
    uint64_t month = (uint64_t)u->month << 40, k = month | (uint64_t)u->office << 16 | (uint64_t)u->leaf << 4 | u->measure;
    const uint64_t region[3] = {1000 + load_city(u->office), 1 + load_province(u->office), 0};
    int64_t change = u->value;
    sqlite3_bind_int64(p->get, 1, (int64_t)k);
    if (sqlite3_step(p->get) == SQLITE_ROW) change -= sqlite3_column_int64(p->get, 0);
    sqlite3_reset(p->get);
    sqlite3_bind_int64(p->put, 1, (int64_t)k);
    sqlite3_bind_int64(p->put, 2, u->value);
    run(p, p->put);
    p->seq[u->office]++;
    for (unsigned g = 0; change && g < 3; g++)
        for (unsigned l = 0; l < 5; l++)
            combine(p, month | region[g] << 24 | (uint64_t)load_node(l, u->leaf) << 8 | u->measure, change);
}

static void write_cells(struct peer *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        p->list[i] = p->slot[p->used[i]];
        p->slot[p->used[i]].key = UINT64_MAX;
    }
    qsort(p->list, p->count, sizeof *p->list, by_key);
    for (uint32_t i = 0; i < p->count; i++) {
        sqlite3_bind_int64(p->cell, 1, (int64_t)p->list[i].key);
        sqlite3_bind_int64(p->cell, 2, p->list[i].value);
        run(p, p->cell);
    }
    p->count = 0;
}

static void batch(struct peer *p, uint64_t from, uint64_t n)
{
    run(p, p->begin);
    for (uint64_t i = 0; i < n; i++) one(p, &p->load.u[from + i]);
    write_cells(p);
    for (uint32_t o = 0; o < p->load.offices; o++) {
        sqlite3_bind_int64(p->mark, 1, o);
        sqlite3_bind_int64(p->mark, 2, (int64_t)p->seq[o]);
        run(p, p->mark);
    }
    run(p, p->commit);
}

static int64_t single(struct peer *p, const char *sql)
{
    sqlite3_stmt *s = prepare(p, sql);
    check(p, sqlite3_step(s));
    int64_t v = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return v;
}

int main(int argc, char **argv)
{
    struct peer p = {0};
    enum load_mode mode;
    uint64_t size = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    if (!size || !load_mode_of(argv[3], &mode)) return fprintf(stderr, "peer_sqlite FILE SIZE MODE BATCH\n"), 2;
    load_make(argv[2][0], mode, &p.load);
    p.slot = malloc(SLOTS * sizeof *p.slot);
    p.list = malloc(SLOTS * sizeof *p.list);
    p.used = malloc(SLOTS * sizeof *p.used);
    p.seq = calloc(p.load.offices, sizeof *p.seq);
    if (!p.slot || !p.list || !p.used || !p.seq) return 1;
    for (uint32_t i = 0; i < SLOTS; i++) p.slot[i].key = UINT64_MAX;
    open_db(&p, argv[1]);
    struct clock c = clock_posix();
    int64_t start = c.now(c.ctx).mono.us;
    for (uint64_t at = 0; at < p.load.n; at += size) batch(&p, at, p.load.n - at < size ? p.load.n - at : size);
    double s = (double)(c.now(c.ctx).mono.us - start) / 1e6;
    printf("sqlite_%s_rate %.0f updates/s\n", argv[3], (double)p.load.n / s);
    printf("sqlite_%s_difference %lld sen\n", argv[3],
           (long long)(single(&p, "SELECT sum(value) FROM fact") -
                       single(&p, "SELECT sum(value) FROM cell WHERE (k>>24)&65535=0 AND ((k>>8)&65535)<5")));
    printf("sqlite_%s_disk %.1f B/update\n", argv[3],
           (double)single(&p, "SELECT page_count*page_size FROM pragma_page_count, pragma_page_size") / (double)p.load.n);
    return 0;
}
