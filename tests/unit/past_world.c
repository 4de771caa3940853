/* past_world.c - see past_world.h. Invariant: the same seed gives the same bytes. */
#include "past_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CITY, SISTER, OTHER, TREASURER, CENTRE, OFFICES };
static const struct {
    const char *id, *region;
    unsigned worker, role;
} WHO[OFFICES] = {{"gen-3374-01", "33.74", 0, ROLE_OFFICE},
                  {"gen-3374-02", "33.74", 1, ROLE_OFFICE},
                  {"gen-3302-01", "33.02", 0, ROLE_OFFICE},
                  {"gen-3374-09", "33.74", 1, ROLE_TREASURER},
                  {"gen-00-01", "", 2, ROLE_CENTRE}};
static const char *const REGIONS[] = {"33.74", "33.02", "33", "32.01"};
static const char *const CODES[] = {"1.06", "1.06.02", "1.06.02.2.02", "1.06.02.2.02.01", "1.06.02.2.02.02", "total"};
static const char *const LEAVES[] = {"1.06.02.2.02.01", "1.06.02.2.02.01", "1.06.02.2.02.02"};
static const char *const OLD[] = {"1.06.15.01", "1.06.15.02"};
static const char *const IDS[] = {"ikk-1", "ikk-1", "ikk-1", "persen_terlayani"};
static const char DOCUMENT[HASH_SIZE + 1] = "a document of thirty-two bytes..";
#define DOCUMENT_HEX "6120646f63756d656e74206f66207468697274792d74776f2062797465732e2e"
static const char *const UNITS[] = {"%", "persen", "orang", "jiwa"};
#define PICK(w, list) (list)[rng_below(&(w)->rng, sizeof(list) / sizeof *(list))]

static unsigned below(struct past_world *w, unsigned n) { return (unsigned)rng_below(&w->rng, n); }
static bool chance(struct past_world *w, unsigned percent) { return below(w, 100) < percent; }
static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static void number(struct past_world *w, struct figure *f, int64_t unit, unsigned most)
{
    f->kind = chance(w, 88) ? VALUE_NUMBER : chance(w, 50) ? VALUE_NIL : VALUE_WITHDRAWN;
    f->value = f->kind == VALUE_NUMBER ? (int64_t)below(w, most) * unit : 0;
}

static void words(struct past_world *w, struct figure *f, const char *text)
{
    f->kind = chance(w, 85) ? VALUE_TEXT : VALUE_WITHDRAWN;
    if (f->kind == VALUE_TEXT) f->text = text_of(text);
}

/* ---- what offices say ---- */

static void money(struct past_world *w, struct figure *f)
{
    bool old = chance(w, 25), budget = chance(w, 40);
    f->year = old ? 2020 : chance(w, 80) ? 2022 : 2021;
    const char *code = old ? PICK(w, OLD) : chance(w, 75) ? PICK(w, LEAVES) : PICK(w, CODES);
    f->activity = fixture_activity(code, old ? 2020 : 2021);
    f->measure = budget ? MEASURE_BUDGET : MEASURE_REALISED;
    f->source = budget ? chance(w, 80) ? SOURCE_DPA : SOURCE_RENSTRA : SOURCE_OPD;
    f->stage = budget && f->source == SOURCE_DPA ? chance(w, 70) ? STAGE_MURNI : STAGE_PERUBAHAN : STAGE_NONE;
    f->basis = budget ? BASIS_NONE : chance(w, 80) ? BASIS_CUMULATIVE : BASIS_MONTHLY;
    f->month = budget && f->stage == STAGE_MURNI ? 1 : (uint8_t)(1 + below(w, 12));
    number(w, f, chance(w, 10) ? 1000000 : 1000, 9);
    if (chance(w, 40)) f->evidence = slice_of(DOCUMENT, HASH_SIZE);
}

static void printed(struct past_world *w, struct figure *f)
{
    f->year = 2022;
    f->activity = fixture_activity(PICK(w, CODES), 2021);
    f->measure = MEASURE_PRINTED_ABSORPTION;
    f->source = SOURCE_OPD;
    f->month = (uint8_t)(6 + below(w, 7));
    f->decimals = 2;
    number(w, f, 250000, 500);
}

static void result(struct past_world *w, struct figure *f)
{
    static const uint16_t MEASURES[] = {MEASURE_REACHED, MEASURE_REACHED, MEASURE_NUMERATOR, MEASURE_DENOMINATOR};
    f->measure = PICK(w, MEASURES);
    f->source = SOURCE_OPD;
    f->month = (uint8_t)(1 + below(w, 12));
    number(w, f, 5000000, 25);
}

static void target(struct past_world *w, struct figure *f)
{
    f->measure = MEASURE_TARGET;
    f->source = chance(w, 70) ? SOURCE_PK3 : SOURCE_RENSTRA;
    f->stage = f->source == SOURCE_PK3 && chance(w, 30) ? STAGE_PERUBAHAN : STAGE_NONE;
    f->month = 1;
    number(w, f, 5000000, 25);
}

static void about_indicator(struct past_world *w, struct figure *f)
{
    static const char *const FORMULAS[] = {"MAX", "MIN", "STABLE"};
    f->measure = chance(w, 40) ? MEASURE_TARGET_UNIT : chance(w, 60) ? MEASURE_REACHED_UNIT : MEASURE_FORMULA;
    f->month = 1;
    f->source = f->measure == MEASURE_TARGET_UNIT ? SOURCE_PK3 : f->measure == MEASURE_REACHED_UNIT ? SOURCE_OPD : SOURCE_NONE;
    words(w, f, f->measure == MEASURE_FORMULA ? PICK(w, FORMULAS) : PICK(w, UNITS));
}

static void indicator(struct past_world *w, struct figure *f)
{
    f->year = chance(w, 80) ? 2022 : 2021;
    f->activity = fixture_activity(chance(w, 85) ? "1.06.02" : "1.06", 2021);
    f->indicator = text_of(PICK(w, IDS));
    unsigned p = below(w, 10);
    if (p < 5) result(w, f);
    else if (p < 8) target(w, f);
    else about_indicator(w, f);
}

static void beside(struct past_world *w, struct figure *f)
{
    f->activity = fixture_activity(chance(w, 50) ? "1.06.02" : PICK(w, LEAVES), 2021);
    if (chance(w, 30)) { /* the name of the document that proves figures */
        f->activity = 0;
        f->measure = MEASURE_EVIDENCE_NAME;
        f->indicator = text_of(DOCUMENT_HEX);
        words(w, f, chance(w, 50) ? "lra.pdf" : "lra-revisi.pdf");
        return;
    }
    if (chance(w, 50)) {
        f->year = 2022;
        f->measure = MEASURE_NOTE_EXPLANATION;
        f->month = (uint8_t)(6 + below(w, 7));
        words(w, f, "lelang ulang");
        return;
    }
    f->activity = fixture_activity("1.06.02", 2021);
    f->measure = MEASURE_INDICATOR_ALIAS;
    f->indicator = text_of("persen_terlayani");
    words(w, f, "ikk-1");
}

static void of_office(struct past_world *w, struct figure *f)
{
    unsigned p = below(w, 100);
    if (p < 50) money(w, f);
    else if (p < 60) printed(w, f);
    else if (p < 90) indicator(w, f);
    else beside(w, f);
}

/* ---- what the centre says ---- */

static void scale(struct past_world *w, struct figure *f)
{
    static const struct {
        uint16_t measure;
        const char *key, *text;
    } SAID[] = {{MEASURE_RULE_SCALE, "2021-01 kota", "capaian 2"},      {MEASURE_RULE_BAND, "2021-01 kota #1", "90 Baik"},
                {MEASURE_RULE_BAND, "2021-01 kota #1", "70 Baik"},      {MEASURE_RULE_BAND, "2021-01 kota #2", "- Kurang"},
                {MEASURE_RULE_SCALE_FOR, "2021-01 33 - -", "kota"},     {MEASURE_RULE_SCALE_FOR, "2021-01 33.74 - -", "berhasil"},
                {MEASURE_RULE_SETTING, "2021-01 lonjakan-kali - -", "3"},
                {MEASURE_RULE_SETTING, "2021-01 lonjakan-rupiah - -", "5"},
                {MEASURE_RULE_SETTING, "2021-01 batas-capaian - -", "100"}, {MEASURE_RULE_UNIT, "jiwa", "orang"},
                {MEASURE_RULE_UNIT_BASE, "jiwa", "2 orang"},            {MEASURE_RULE_UNIT, "persen", "%"}};
    unsigned i = below(w, sizeof SAID / sizeof *SAID);
    f->measure = SAID[i].measure;
    f->indicator = text_of(SAID[i].key);
    words(w, f, SAID[i].text);
}

static void standard(struct past_world *w, struct figure *f)
{
    static const char *const OVER[] = {"JUMLAH", "RASIO", "RATA_SEDERHANA"};
    unsigned p = below(w, 4);
    f->measure = p == 0 ? MEASURE_STANDARD_UNIT : p == 1 ? MEASURE_STANDARD_FORMULA : MEASURE_STANDARD_OVER_UNITS;
    f->indicator = text_of("2021-01 ikk-1");
    words(w, f, p == 0 ? PICK(w, UNITS) : p == 1 ? "MAX" : PICK(w, OVER));
}

static void bridge(struct past_world *w, struct figure *f)
{
    static const char *const TO[] = {"permendagri-90-2019 1.06.02.2.02.01", "permendagri-90-2019 1.06.02.2.02.02"};
    f->activity = fixture_activity(PICK(w, OLD), 2020);
    f->measure = MEASURE_BRIDGE;
    f->indicator = text_of(PICK(w, TO));
    f->kind = chance(w, 80) ? VALUE_NUMBER : VALUE_WITHDRAWN;
    f->value = f->kind == VALUE_NUMBER ? 250000 * (int64_t)(1 + below(w, 4)) : 0;
}

static void named(struct past_world *w, struct figure *f)
{
    f->activity = fixture_activity(PICK(w, CODES), 2021);
    f->measure = MEASURE_NAME;
    words(w, f, "Rehabilitasi Sosial");
}

static void of_centre(struct past_world *w, struct figure *f)
{
    unsigned p = below(w, 100);
    if (p < 45) scale(w, f);
    else if (p < 65) standard(w, f);
    else if (p < 92) bridge(w, f);
    else named(w, f);
}

/* ---- records ---- */

static void entry(struct past_world *w, unsigned who)
{
    w->office[who].version = ++w->version;
    const char *region = who == CENTRE ? "" : w->office[who].region ? REGIONS[w->office[who].region - 1] : WHO[who].region;
    unsigned log = w->office[who].entered ? below(w, PAST_WORKERS) : WHO[who].worker;
    fixture_log_office(&w->log[log], w->version, WHO[who].id, region,
                       w->resigned && who == CENTRE ? ROLE_AUDITOR : WHO[who].role);
    w->office[who].entered = true;
}

static void batch(struct past_world *w, unsigned who)
{
    struct fixture_statement s[12];
    unsigned n = 1 + below(w, chance(w, 30) ? 12 : 3);
    for (unsigned i = 0; i < n; i++) {
        s[i] = (struct fixture_statement){.subject = WHO[who].id};
        if (who == CENTRE) of_centre(w, &s[i].f);
        else if (who == TREASURER) money(w, &s[i].f);
        else of_office(w, &s[i].f);
        if (who == TREASURER) {
            s[i].f.measure = MEASURE_REALISED;
            s[i].f.source = SOURCE_BUD;
            s[i].f.stage = STAGE_NONE;
            s[i].f.basis = BASIS_CUMULATIVE;
            s[i].subject = WHO[below(w, TREASURER)].id;
        }
        unsigned code = figure_check(&s[i].f);
        if (code != CODE_OK) fail_msg("measure %u: %s", s[i].f.measure, status_code_spelling(code));
    }
    fixture_log_batch(&w->log[WHO[who].worker], WHO[who].id, s, n);
}

static int order(const void *a, const void *b)
{
    const struct past_step *x = a, *y = b;
    if (x->at.ms != y->at.ms) return x->at.ms < y->at.ms ? -1 : 1;
    if (x->worker != y->worker) return x->worker < y->worker ? -1 : 1;
    return (x->lsn > y->lsn) - (x->lsn < y->lsn);
}

static void steps_make(struct past_world *w)
{
    for (unsigned l = 0; l < PAST_WORKERS; l++)
        for (uint32_t i = 0; i < w->log[l].count; i++) {
            struct record r;
            assert_int_equal(codec_record_parse(fixture_log_record(&w->log[l], i), &r), ST_OK);
            assert_true(w->steps < PAST_STEPS);
            w->step[w->steps++] = (struct past_step){l + 1, i + 1, r.at};
        }
    qsort(w->step, w->steps, sizeof *w->step, order);
}

struct past_world *past_world_new(uint64_t seed, uint32_t records)
{
    struct past_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = seed;
    rng_seed(&w->rng, seed);
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_init(&w->log[i], i + 1);
    for (uint32_t i = 0; i < records; i++) {
        unsigned who = i < 8 ? TREASURER : chance(w, 35) ? CENTRE : chance(w, 50) ? CITY : below(w, CENTRE);
        if (!w->office[who].entered) entry(w, who); /* before it says anything, in the log it speaks in */
        else if (who == CENTRE && chance(w, w->resigned ? 60 : 4)) { /* another office's part for a while: its rules lapse */
            w->resigned = !w->resigned;
            entry(w, who);
        } else if (who != CENTRE && chance(w, 5)) {
            w->office[who].region = 1 + below(w, 4);
            entry(w, who);
        } else
            batch(w, who);
    }
    for (unsigned who = 0; who < OFFICES; who++)
        if (!w->office[who].entered) entry(w, who);
    steps_make(w);
    return w;
}

void past_world_free(struct past_world *w)
{
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_done(&w->log[i]);
    free(w);
}

void past_world_position(const struct past_world *w, uint32_t i, char ret[96])
{
    uint64_t lsn[PAST_WORKERS + 1] = {0};
    for (uint32_t k = 0; k <= i; k++) lsn[w->step[k].worker] = w->step[k].lsn;
    snprintf(ret, 96, "w1:%llu,w2:%llu,w3:%llu", (unsigned long long)lsn[1], (unsigned long long)lsn[2],
             (unsigned long long)lsn[3]);
}

/* ---- states ---- */

static void closed(struct past_state *s)
{
    registry_free(&s->offices);
    store_abort(&s->t);
}

void past_state_init(struct past_state *s)
{
    struct store_txn *t = NULL;
    *s = (struct past_state){0};
    assert_int_equal(store_mem_new(fold_tables, &s->store), ST_OK);
    assert_int_equal(fold_new(&s->fold), ST_OK);
    assert_int_equal(store_begin(s->store, true, &t), ST_OK);
    assert_int_equal(fold_recover(s->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

void past_state_done(struct past_state *s)
{
    closed(s);
    fold_free(&s->fold);
    store_mem_free(&s->store);
}

void past_state_take(struct past_state *s, const struct past_world *w, uint32_t step)
{
    struct store_txn *t = NULL;
    closed(s);
    for (uint32_t i = 0; i <= step && i < w->steps; i++) {
        unsigned l = w->step[i].worker - 1;
        if (w->step[i].lsn <= s->taken[l]) continue;
        assert_int_equal(fold_record(s->fold, l + 1, fixture_log_record(&w->log[l], (uint32_t)s->taken[l])), ST_OK);
        s->taken[l]++;
    }
    assert_int_equal(store_begin(s->store, true, &t), ST_OK);
    assert_int_equal(fold_flush(s->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

void past_state_read(struct past_state *s)
{
    struct asof_position applied;
    uint64_t version;
    assert_int_equal(store_begin(s->store, false, &s->t), ST_OK);
    assert_int_equal(asof_applied(s->t, &applied), ST_OK);
    assert_int_equal(asof_registry(s->t, &applied, &s->offices, &version), ST_OK);
    s->q = (struct query_context){.t = s->t, .registry = s->offices, .now = {.wall = {INT64_C(1700000000000)}}};
}
