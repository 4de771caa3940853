/* peer_pg.c - the same job in PostgreSQL: rollups current in SQL, one transaction a batch.
 *
 *   peer_pg CONNINFO SIZE MODE BATCH SECONDS       stops after SECONDS (0: runs to the end); prints `name value unit` lines
 *
 * Each batch is copied (binary) into a staging table; one statement then takes the newest value of each key, upserts the figures,
 * sums the differences over 3 region and 5 activity levels, upserts the cells and moves the watermarks. */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "tests/bench/load.h"

static const char SETUP[] =
    "CREATE TABLE fact(ym int2, office int4, act int2, meas int2, value int8, PRIMARY KEY(ym,office,act,meas)) WITH "
    "(fillfactor=95);"
    "CREATE TABLE mark(office int4 PRIMARY KEY, seq int8) WITH (fillfactor=50);"
    "CREATE TABLE cell(ym int2, geo int4, node int2, meas int2, value int8, PRIMARY KEY(ym,geo,node,meas)) WITH (fillfactor=70);"
    "CREATE TABLE region(city int4, geo int4); CREATE TABLE tree(act int2, node int2);"
    "INSERT INTO region SELECT c, unnest(ARRAY[1000+c, 1+c/5, 0]) FROM generate_series(0,999) c;"
    "INSERT INTO tree SELECT a, unnest(ARRAY[a/24, 5+a/12, 15+a/6, 35+a/3, 75+a]) FROM generate_series(0,119) a; ANALYZE;"
    "CREATE TEMP TABLE stage(ym int2, office int4, act int2, meas int2, value int8, seq int4);"
    "SET enable_mergejoin=off; SET plan_cache_mode=force_custom_plan;";
static const char MERGE[] =
    "PREPARE merge AS WITH d AS MATERIALIZED (SELECT DISTINCT ON (ym,office,act,meas) ym,office,act,meas,value,seq FROM stage "
    "ORDER BY ym,office,act,meas,seq DESC),"
    " o AS (SELECT d.ym, d.office/2 city, d.act, d.meas, d.value-coalesce(f.value,0) dv FROM d LEFT JOIN fact f "
    "USING(ym,office,act,meas)),"
    " u AS (INSERT INTO fact SELECT ym,office,act,meas,value FROM d ON CONFLICT (ym,office,act,meas) DO UPDATE SET "
    "value=excluded.value),"
    " k AS (INSERT INTO mark SELECT office,max(seq) FROM stage GROUP BY 1 ON CONFLICT (office) DO UPDATE SET seq=excluded.seq)"
    " INSERT INTO cell AS c (ym,geo,node,meas,value) SELECT ym, r.geo, t.node, meas, sum(v) FROM (SELECT ym,city,act,meas,sum(dv) "
    "v FROM o WHERE dv<>0 GROUP BY 1,2,3,4) z"
    " JOIN region r USING(city) JOIN tree t USING(act) GROUP BY 1,2,3,4 ORDER BY 1,2,3,4 ON CONFLICT (ym,geo,node,meas) DO UPDATE "
    "SET value=c.value+excluded.value";

static PGconn *db;

static PGresult *query(const char *sql)
{
    PGresult *r = PQexec(db, sql);
    ExecStatusType s = PQresultStatus(r);
    if (s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_IN) return r;
    fprintf(stderr, "postgresql: %s\n", PQerrorMessage(db));
    exit(1);
}

static void execute(const char *sql) { PQclear(query(sql)); }

static long long number(const char *sql)
{
    PGresult *r = query(sql);
    long long v = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return v;
}

static char *put(char *p, uint64_t v, unsigned size)
{
    const uint32_t n = htonl(size);
    memcpy(p, &n, 4);
    for (unsigned i = 0; i < size; i++) p[4 + i] = (char)(v >> 8 * (size - 1 - i));
    return p + 4 + size;
}

static char *put_row(char *p, const struct load_update *u, uint32_t seq)
{
    memcpy(p, "\0\6", 2);
    p = put(p + 2, u->month, 2);
    p = put(p, u->office, 4);
    p = put(p, u->leaf, 2);
    p = put(p, u->measure, 2);
    p = put(p, (uint64_t)u->value, 8);
    return put(p, seq, 4);
}

static void batch(const struct load *l, uint64_t from, uint64_t n, char *buf, uint32_t *seq)
{
    char *p = buf;
    execute("BEGIN");
    execute("COPY stage FROM STDIN BINARY");
    memcpy(p, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    p += 19;
    for (uint64_t i = 0; i < n; i++) p = put_row(p, &l->u[from + i], ++seq[l->u[from + i].office]);
    memcpy(p, "\377\377", 2);
    if (PQputCopyData(db, buf, (int)(p + 2 - buf)) != 1 || PQputCopyEnd(db, NULL) != 1) exit(1);
    for (PGresult *r; (r = PQgetResult(db));) PQclear(r);
    if (from == 0) execute("ANALYZE stage");
    execute("EXECUTE merge");
    execute("TRUNCATE stage");
    execute("COMMIT");
}

int main(int argc, char **argv)
{
    struct load l;
    enum load_mode mode;
    uint64_t size = argc == 6 ? strtoull(argv[4], NULL, 10) : 0, n = 0, batches = 0;
    int64_t limit = argc == 6 ? strtoll(argv[5], NULL, 10) * 1000000 : 0;
    if (!size || !load_mode_of(argv[3], &mode)) return fprintf(stderr, "peer_pg CONNINFO SIZE MODE BATCH SECONDS\n"), 2;
    load_make(argv[2][0], mode, &l);
    char *buf = malloc(size * 64 + 64);
    uint32_t *seq = calloc(l.offices, sizeof *seq);
    db = PQconnectdb(argv[1]);
    if (!buf || !seq || PQstatus(db) != CONNECTION_OK) return fprintf(stderr, "postgresql: %s", PQerrorMessage(db)), 1;
    execute(SETUP);
    execute(MERGE);
    struct clock c = clock_posix();
    int64_t start = c.now(c.ctx).mono.us, us = 0;
    while (n < l.n && (!limit || us < limit)) {
        uint64_t k = l.n - n < size ? l.n - n : size;
        batch(&l, n, k, buf, seq);
        n += k;
        batches++;
        if (batches == 5 || batches == 50 || batches == 400) execute("ANALYZE fact; ANALYZE cell");
        us = c.now(c.ctx).mono.us - start;
    }
    printf("postgresql_%s_rate %.0f updates/s\n", argv[3], (double)n / ((double)us / 1e6));
    printf("postgresql_%s_updates %llu updates\n", argv[3], (unsigned long long)n);
    printf("postgresql_%s_difference %lld sen\n", argv[3],
           number("SELECT (SELECT sum(value) FROM fact) - (SELECT sum(value) FROM cell WHERE geo=0 AND node<5)"));
    printf("postgresql_%s_disk %.1f B/update\n", argv[3],
           (double)number("SELECT pg_total_relation_size('fact')+pg_total_relation_size('cell')") / (double)n);
    PQfinish(db);
    return 0;
}
