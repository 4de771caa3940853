/* report_minutes.c - the minutes of a consolidated quarter (berita acara konsolidasi): who, what, how complete, and the root. Kind:
 * E.
 *
 * Design notes: of a sealed quarter every figure, name, step and finding is read from the seal's own lines, so that the minutes say
 * what was signed and nothing else; only what was stated after the cut is asked of the centre. With --seal nothing is asked: the
 * minutes come from the file alone. Before the seal the same document is made of today's answers and called a draft.
 *
 * Invariant: minutes with a root hold no figure that is not under it, but for the table of late statements, which says so. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/report.h"
#include "proto/period.h"

enum { LEVELS = 3, ROMAN = 4 };
struct minutes {
    struct report *r;
    json_t *rollup[LEVELS], *indicators, *findings, *closes, *names;    /* names: id -> name of office */
};
static const char *const LEVEL[LEVELS] = { "urusan", "bidang", "program" };

/* ---- answers: of the seal, or of today ---- */

static json_t *sealed_answer(const struct report *r, const char *name, const char *level)
{
    struct slice rest = r->seal.lines, line;
    while (seal_file_line(&rest, &line)) {
        struct slice n = seal_file_field(line, 1), l = seal_file_field(line, 2), text = seal_file_rest(line, 3);
        if (!seal_file_is(line, "jawab") || n.n != strlen(name) || memcmp(n.p, name, n.n) != 0) continue;
        if (l.n == strlen(level) && memcmp(l.p, level, l.n) == 0) return json_loadb((const char *)text.p, text.n, 0, NULL);
    }
    return NULL;
}

static void from_seal(struct minutes *m)
{
    for (unsigned l = 0; l < LEVELS; l++) m->rollup[l] = sealed_answer(m->r, "rollup", LEVEL[l]);
    m->indicators = sealed_answer(m->r, "indicators", "");
    m->findings = sealed_answer(m->r, "findings", "");
    m->closes = sealed_answer(m->r, "closes", "");
    if (!m->rollup[0] || !m->closes || !m->indicators || !m->findings)
        m->r->rc = cli_fail(m->r->c, "jawaban di dalam segel tidak dikenal rilis ini",
                            "this release does not know the answers in the seal", NULL);
}

static void from_today(struct minutes *m)
{
    for (unsigned l = 0; l < LEVELS; l++) m->rollup[l] = report_rollup(m->r, m->r->year, m->r->until, LEVEL[l], NULL);
    m->indicators = report_indicators(m->r, m->r->year, m->r->until);
    m->findings = report_findings(m->r);
    m->closes = report_closes(m->r);
}

/* Later lines of the register stand behind earlier ones: the last name counts. */
static void names_of_seal(struct minutes *m)
{
    struct slice rest = m->r->seal.lines, line;
    while (seal_file_line(&rest, &line)) {
        if (!seal_file_is(line, "kantor")) continue;
        struct slice id = seal_file_field(line, 1), name = seal_file_field(line, 9);
        json_t *key = json_stringn((const char *)id.p, id.n);
        json_object_set_new(m->names, json_string_value(key), json_stringn((const char *)name.p, name.n));
        json_decref(key);
    }
}

static void names_of_today(struct minutes *m)
{
    json_t *answer = report_offices(m->r), *o;
    size_t i;
    json_array_foreach(json_object_get(answer, "offices"), i, o)
        json_object_set(m->names, report_string(o, "office"), json_object_get(o, "name"));
    json_array_foreach(json_object_get(m->closes, "closes"), i, o)
        json_object_set(m->names, report_string(o, "office"), json_object_get(o, "name"));
    json_decref(answer);
}

static const char *name_of(const struct minutes *m, const char *id)
{
    const char *name = report_string(m->names, id);
    return *name ? name : id;
}

/* ---- opening ---- */

static void begin_sealed(struct report *r)
{
    char at[32], code[8];
    json_t *answer = sealed_answer(r, "rollup", LEVEL[0]);
    if (!answer) {
        r->rc = cli_fail(r->c, "tidak ada rekapitulasi di dalam segel", "there is no rollup in the seal", NULL);
        return;
    }
    period_format_time(r->seal.seal.at, at);
    json_object_set_new(answer, "as_of", json_pack("{s:O,s:s}", "position", r->cut_position, "time", at));
    report_begin(r, answer);
    code_region_format(r->seal.seal.region, code);
    const char *name = report_string(answer, "region_name");
    json_object_set_new(r->model, "place", json_string(*name ? name : code));
    r->place_name = report_string(r->model, "place");
    r->rc = report_seal_put(r, r->region ? r->region : code, true);
    json_decref(answer);
}

int report_minutes_open(struct report *r)
{
    const bool file = r->c->value[OPT_SEAL] != NULL;
    if (r->office || (!file && !r->region))
        return cli_usage(r->c, "berita acara dibuat untuk wilayah: --region KODE", "minutes are of a region: --region CODE", NULL);
    r->rc = file ? EXIT_OK : place_open(r->c, &r->p);
    if (r->rc == EXIT_OK) r->rc = report_seal_given(r);
    if (r->rc == EXIT_OK && !file) r->rc = report_seal_find(r, r->region, NULL);
    if (r->rc != EXIT_OK) return r->rc;
    if (!r->sealed) return report_open(r);
    begin_sealed(r);
    return r->rc;
}

static unsigned hours_of(const char *zone) { return strcmp(zone, "WIT") == 0 ? 9 : strcmp(zone, "WITA") == 0 ? 8 : 7; }

/* By the clock of the region. False: no time. */
static bool local_of(const char *time, const char *zone, struct tm *ret)
{
    struct wall at;
    if (period_parse_time(slice_of(time, strlen(time)), &at) != ST_OK) return false;
    time_t seconds = (time_t)(at.ms / 1000 + 3600 * (int64_t)hours_of(zone));
    return gmtime_r(&seconds, ret) != NULL;
}

/* "Jumat, 13 Januari 2023, pukul 10.05 WIB" */
static void date_of(const char *time, const char *zone, char *ret, size_t size)
{
    static const char *const DAY[] = { "Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu" };
    struct tm tm;
    snprintf(ret, size, "-");
    if (local_of(time, zone, &tm))
        snprintf(ret, size, "%s, %d %s %d, pukul %02d.%02d %s", DAY[tm.tm_wday], tm.tm_mday, report_month(tm.tm_mon + 1),
                 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, zone);
}

void report_local(json_t *cells, const char *time, const char *zone)
{
    struct tm tm;
    if (local_of(time, zone, &tm))
        report_format(cells, "%d-%02d-%02d %02d.%02d.%02d %s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                      tm.tm_sec, zone);
    else report_cell(cells, NULL);
}

static void open_words(struct minutes *m)
{
    static const char *const NUMBER[ROMAN] = { "I", "II", "III", "IV" };
    struct report *r = m->r;
    const json_t *seal = json_object_get(r->model, "seal"), *total = json_object_get(m->rollup[0], "total");
    char date[96], money[64], share[32];
    const char *quarter = NUMBER[(r->quarter - 1) & (ROMAN - 1)];
    report_title(r, "BERITA ACARA KONSOLIDASI TRIWULAN");
    report_title(r, "%s", r->place_name);
    report_title(r, "Triwulan %s Tahun Anggaran %d (s.d. %s)", quarter, r->year, report_month(r->until));
    report_title(r, "%s", seal ? "Nomor: ........................................" : "KONSEP: triwulan ini belum disegel");
    date_of(report_string(seal ? seal : json_object_get(r->model, "as_of"), seal ? "at" : "time"),
            report_string(m->closes, "zone"), date, sizeof date);
    report_shown("money", report_string(total, "realised"), money, sizeof money);
    report_shown("percent", report_string(total, "absorption"), share, sizeof share);
    if (seal)
        report_opening(
            r,
            "Menurut keadaan %s angka pelaksanaan anggaran dan kinerja triwulan %s tahun %d dari %zu perangkat daerah %s "
            "dikonsolidasikan dan disegel oleh %s (%s), versi %" JSON_INTEGER_FORMAT ".",
            date, quarter, r->year, json_array_size(json_object_get(m->closes, "closes")), r->place_name,
            name_of(m, report_string(seal, "by")), report_string(seal, "by"), json_integer_value(json_object_get(seal, "version")));
    else
        report_opening(r, "Keadaan %s: angka triwulan %s tahun %d dari %zu perangkat daerah %s, sebelum dikonsolidasikan.", date,
                       quarter, r->year, json_array_size(json_object_get(m->closes, "closes")), r->place_name);
    if (*report_string(seal, "before"))
        report_opening(r, "Versi ini adalah penyajian kembali; akar versi sebelumnya %s.", report_string(seal, "before"));
    report_opening(r, "Realisasi s.d. %s sebesar Rp %s (%s %% dari anggaran).", report_month(r->until), money,
                   *share ? share : "-");
}

/* ---- figures ---- */

static const struct report_column MONEY[] = {
    { "", "Kode", "1", REPORT_TEXT, 12 },           { "", "Urusan / Bidang / Program", "2", REPORT_TEXT, 46 },
    { "", "Anggaran (Rp)", "3", REPORT_MONEY, 20 }, { "", "Realisasi (Rp)", "4", REPORT_MONEY, 20 },
    { "", "%", "5", REPORT_PERCENT, 8 },            { "", "Sisa (Rp)", "6", REPORT_MONEY, 20 },
    { "", "Lapor", "7", REPORT_TEXT, 8 },           { "", "Temuan data", "8", REPORT_NUMBER, 9 },
};
static const struct report_column RESULT[] = {
    { "", "Kode", "1", REPORT_TEXT, 12 },           { "", "Urusan / Bidang / Program", "2", REPORT_TEXT, 46 },
    { "", "Capaian (%)", "3", REPORT_PERCENT, 12 }, { "", "Penyerapan (%)", "4", REPORT_PERCENT, 12 },
    { "", "Efisiensi (%)", "5", REPORT_PERCENT, 12 }, { "", "Indikator dihitung", "6", REPORT_TEXT, 14 },
};
static void money_row(json_t *table, const json_t *o, const json_t *complete, unsigned depth, bool strong, const char *name)
{
    json_t *cells = report_row(table, depth, strong);
    report_value(cells, json_object_get(o, "code"));
    report_cell(cells, name);
    report_value(cells, json_object_get(o, "budget"));
    report_value(cells, json_object_get(o, "realised"));
    report_value(cells, json_object_get(o, "absorption"));
    report_sen(cells, report_less(report_decimal(json_object_get(o, "budget"), REPORT_SEN),
                                  report_decimal(json_object_get(o, "realised"), REPORT_SEN)));
    report_offices_cell(cells, complete);
    report_value(cells, json_object_get(o, "findings"));
}

/* Rows of the three levels below each other; a level is found by its number, for codes of one branch begin alike. */
static void put_money(struct minutes *m)
{
    json_t *table = report_table_numbered(m->r, "Anggaran dan realisasi menurut urusan, bidang, dan program",
                                          REPORT_COLUMNS(MONEY)), *o;
    json_t *rows = report_sorted(m->rollup, LEVELS);
    size_t i;
    json_array_foreach(rows, i, o) {
        const char *level = report_string(o, "level");
        unsigned depth = strcmp(level, "program") == 0 ? 2 : strcmp(level, "bidang") == 0 ? 1 : 0;
        money_row(table, o, json_object_get(o, "complete"), depth, depth < 2, report_string(o, "name"));
    }
    const json_t *total = json_object_get(m->rollup[0], "total"), *accounts = json_object_get(total, "accounts");
    const json_t *complete = json_object_get(m->rollup[0], "complete");
    struct report_decimal without = report_decimal(json_object_get(accounts, "budget"), REPORT_SEN);
    struct report_decimal spent = report_decimal(json_object_get(accounts, "realised"), REPORT_SEN);
    if (without.v != 0 || spent.v != 0) money_row(table, accounts, complete, 0, false, "Rekening tanpa kegiatan");
    money_row(table, total, complete, 0, true, "JUMLAH");
    json_decref(rows);
}

static void result_row(json_t *table, const json_t *o, const char *name, bool strong)
{
    static const char *const KEY[] = { "achievement", "absorption", "efficiency" };
    json_t *cells = report_row(table, strong ? 0 : 1, strong);
    report_value(cells, json_object_get(o, "code"));
    report_cell(cells, name);
    for (size_t k = 0; k < 3; k++) report_value(cells, json_object_get(o, KEY[k]));
    report_format(cells, "%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(o, "counted")),
                  json_integer_value(json_object_get(o, "of")));
}

static void put_results(struct minutes *m)
{
    json_t *table = report_table_numbered(m->r, "Capaian kinerja", REPORT_COLUMNS(RESULT)), *o;
    size_t i;
    json_array_foreach(json_object_get(m->indicators, "groups"), i, o) {
        const char *level = report_string(o, "level"), *code = report_string(o, "code");
        for (unsigned l = 0; l < LEVELS; l++)
            if (strcmp(level, LEVEL[l]) == 0)
                result_row(table, o, report_string(report_find(json_object_get(m->rollup[l], "rows"), code), "name"), l < 2);
    }
    result_row(table, json_object_get(m->indicators, "total"), "RATA-RATA", true);
}

/* ---- completeness ---- */

static const struct report_column OFFICES[] = {
    { "", "No", "1", REPORT_TEXT, 5 },        { "", "Perangkat Daerah", "2", REPORT_TEXT, 46 },
    { "", "Keadaan triwulan", "3", REPORT_TEXT, 20 }, { "", "Putaran", "4", REPORT_TEXT, 9 },
    { "", "Sejak", "5", REPORT_TEXT, 24 },    { "", "Melapor", "6", REPORT_TEXT, 10 },
};

static void put_offices(struct minutes *m)
{
    json_t *table = report_table_numbered(m->r, "Kelengkapan", REPORT_COLUMNS(OFFICES)), *o;
    const json_t *complete = json_object_get(m->rollup[0], "complete"), *coverage = json_object_get(m->rollup[0], "coverage");
    char share[32];
    size_t i;
    json_array_foreach(json_object_get(m->closes, "closes"), i, o) {
        json_t *cells = report_row(table, 0, false);
        report_format(cells, "%zu", i + 1);
        report_cell(cells, name_of(m, report_string(o, "office")));
        report_cell(cells, report_string(o, "state"));
        report_value(cells, json_object_get(o, "round"));
        report_local(cells, report_string(o, "since"), report_string(m->closes, "zone"));
        report_cell(cells, json_is_true(json_object_get(o, "reported")) ? "ya" : "belum");
    }
    report_shown("percent", report_string(coverage, "budget_share"), share, sizeof share);
    json_t *lines = json_array();
    json_array_append_new(lines, json_sprintf("%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT
                                              " kantor melapor; realisasi dilaporkan untuk %s %% anggaran.",
                                              json_integer_value(json_object_get(complete, "offices")),
                                              json_integer_value(json_object_get(complete, "of")), *share ? share : "-"));
    report_foot(m->r, "Kelengkapan", lines);
}

/* ---- findings ---- */

static const struct report_column FINDINGS[] = {
    { "", "Perangkat Daerah", "1", REPORT_TEXT, 26 }, { "", "Jenis", "2", REPORT_TEXT, 16 },
    { "", "Di mana", "3", REPORT_TEXT, 36 },         { "", "Tercetak", "4", REPORT_NUMBER, 18 },
    { "", "Dihitung", "5", REPORT_NUMBER, 18 },      { "", "Selisih", "6", REPORT_NUMBER, 16 },
    { "", "Keadaan", "7", REPORT_TEXT, 11 },         { "", "Penjelasan", "8", REPORT_TEXT, 26 },
};

static void finding_row(struct minutes *m, json_t *table, const json_t *o, bool open)
{
    static const char *const KEY[] = { "printed", "computed", "difference" };
    json_t *cells = report_row(table, 0, false);
    report_cell(cells, name_of(m, report_string(o, "office")));
    report_value(cells, json_object_get(o, "kind"));
    report_value(cells, json_object_get(o, "where"));
    for (size_t k = 0; k < 3; k++) report_value(cells, json_object_get(o, KEY[k]));
    report_cell(cells, open ? "terbuka" : "dijelaskan");
    report_value(cells, json_object_get(json_object_get(o, "explanation"), "text"));
}

static void put_findings(struct minutes *m)
{
    json_t *table = NULL, *o;
    size_t i, n[2] = { 0, 0 };
    for (unsigned pass = 0; pass < 2; pass++)
        json_array_foreach(json_object_get(m->findings, "findings"), i, o) {
            bool open = strcmp(report_string(o, "state"), "open") == 0;
            if (open != (pass == 0)) continue;
            if (!table) table = report_table_numbered(m->r, "Temuan data", REPORT_COLUMNS(FINDINGS));
            finding_row(m, table, o, open);
            n[pass]++;
        }
    report_foot(m->r, "Temuan data",
                json_pack("[o]", json_sprintf("%zu masih terbuka, %zu dijelaskan oleh kantornya.", n[0], n[1])));
}

/* ---- parties and steps ---- */

static const struct report_column PARTIES[] = {
    { "", "No", "1", REPORT_TEXT, 5 },     { "", "Pihak", "2", REPORT_TEXT, 44 }, { "", "Id", "3", REPORT_TEXT, 20 },
    { "", "Selaku", "4", REPORT_TEXT, 24 }, { "", "Tanda tangan", "5", REPORT_TEXT, 26 },
};
static const struct report_column STEPS[] = {
    { "", "Perangkat Daerah", "1", REPORT_TEXT, 32 }, { "", "Putaran", "2", REPORT_TEXT, 8 },
    { "", "Langkah", "3", REPORT_TEXT, 13 },         { "", "Oleh", "4", REPORT_TEXT, 30 },
    { "", "Petugas", "5", REPORT_TEXT, 15 },         { "", "Waktu", "6", REPORT_TEXT, 24 },
    { "", "Kunci", "7", REPORT_TEXT, 18 },           { "", "Id langkah", "8", REPORT_TEXT, 20 },
};

static const char *capacity(const char *source)
{
    if (strcmp(source, "opd") == 0) return "perangkat daerah";
    return strcmp(source, "pusat") == 0 ? "yang mengonsolidasikan" : "yang memverifikasi";
}

/* The key that signed a step, from the seal's line of that step; empty in a draft. */
static struct slice key_of(const struct report *r, const char *id)
{
    struct slice rest = r->seal.lines, line, at;
    while (seal_file_line(&rest, &line)) {
        if (!seal_file_is(line, "langkah")) continue;
        at = seal_file_field(line, 9);
        if (at.n == strlen(id) && memcmp(at.p, id, at.n) == 0) return seal_file_field(line, 8);
    }
    return slice_of(NULL, 0);
}

static void party(struct minutes *m, json_t *table, json_t *seen, const char *who, const char *as)
{
    if (json_object_get(seen, who)) return;
    json_object_set_new(seen, who, json_true());
    json_t *cells = report_row(table, 0, false);
    report_format(cells, "%zu", json_object_size(seen));
    report_cell(cells, name_of(m, who));
    report_cell(cells, who);
    report_cell(cells, capacity(as));
    report_format(cells, "%zu. ....................", json_object_size(seen));
    if (strcmp(as, "opd") != 0)
        report_sign(m->r, strcmp(as, "pusat") == 0 ? "Yang mengonsolidasikan," : "Yang memverifikasi,", name_of(m, who));
}

static void put_step(struct minutes *m, json_t *table, const json_t *office, const json_t *step)
{
    json_t *cells = report_row(table, 0, false);
    const char *id = report_string(step, "id");
    struct slice key = key_of(m->r, id);
    report_cell(cells, name_of(m, report_string(office, "office")));
    report_value(cells, json_object_get(step, "round"));
    report_value(cells, json_object_get(step, "step"));
    report_cell(cells, name_of(m, report_string(step, "by")));
    report_value(cells, json_object_get(step, "clerk"));
    report_local(cells, report_string(step, "at"), report_string(m->closes, "zone"));
    report_format(cells, "%.*s", (int)key.n, key.n ? (const char *)key.p : "");
    report_format(cells, "%.16s", id);
}

static void put_parties(struct minutes *m)
{
    json_t *parties = report_table_numbered(m->r, "Para pihak", REPORT_COLUMNS(PARTIES)),
           *steps = report_table_numbered(m->r, "Langkah penutupan yang ditandatangani", REPORT_COLUMNS(STEPS));
    json_t *seen = json_object(), *o, *step;
    size_t i, k;
    json_array_foreach(json_object_get(m->closes, "closes"), i, o)
        json_array_foreach(json_object_get(o, "steps"), k, step) {
            if (!json_is_true(json_object_get(step, "effect"))) continue;
            put_step(m, steps, o, step);
            party(m, parties, seen, report_string(step, "by"), report_string(step, "as"));
        }
    json_decref(seen);
}

/* ---- the seal ---- */

static void put_seal(struct minutes *m)
{
    const json_t *seal = json_object_get(m->r->model, "seal");
    struct slice rest = m->r->seal.lines, line;
    json_t *lines = json_array();
    if (!seal) {
        json_decref(lines);
        return;
    }
    json_array_append_new(lines, json_sprintf("Akar  %s", report_string(seal, "root")));
    json_array_append_new(lines, json_sprintf("Triwulan %s wilayah %s versi %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
                                              " baris, potongan %s", report_string(seal, "quarter"), report_string(seal, "region"),
                                              json_integer_value(json_object_get(seal, "version")),
                                              json_integer_value(json_object_get(seal, "lines")), report_string(seal, "position")));
    while (seal_file_line(&rest, &line)) {
        struct slice name = seal_file_field(line, 1), hash = seal_file_field(line, 2);
        if (seal_file_is(line, "aturan") && hash.n > 1)
            json_array_append_new(lines, json_sprintf("Aturan %.*s  %.*s", (int)name.n, (const char *)name.p, (int)hash.n,
                                                      (const char *)hash.p));
    }
    json_array_append_new(lines, json_string("Periksa: rekap seal verify BERKAS --key KUNCI-DAFTAR"));
    report_foot(m->r, "Segel", lines);
}

void report_minutes(struct report *r)
{
    struct minutes m = { .r = r, .names = json_object() };
    if (r->sealed) from_seal(&m);
    else from_today(&m);
    if (r->rc == EXIT_OK) {
        if (r->sealed) names_of_seal(&m);
        else names_of_today(&m);
        open_words(&m);
        put_money(&m);
        put_results(&m);
        put_offices(&m);
        put_findings(&m);
        put_parties(&m);
        if (r->sealed && !r->c->value[OPT_SEAL]) report_late(r, m.names);
        put_seal(&m);
        report_rules(r, m.indicators);
    }
    for (unsigned l = 0; l < LEVELS; l++) json_decref(m.rollup[l]);
    json_decref(m.indicators);
    json_decref(m.findings);
    json_decref(m.closes);
    json_decref(m.names);
}
