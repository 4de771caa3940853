/* property_world.c - the generator: one figure after another from a seed.
 *
 * Values are few and small, so that parents often do equal their parts and a month often says what the one before said; now and
 * then one is huge, negative or odd. Codes are few as well: what matters is how statements meet each other in one unit. Invariant:
 * the same seed and sizes give the same bytes. */
#include "property_world.h"

#include <stdlib.h>
#include <string.h>

#include "proto/registry.h"

struct place { const char *id, *region; unsigned worker, role; };
static const struct place OFFICES[WORLD_OFFICES] = {
    { "gen-3374-01", "33.74", 0, ROLE_OFFICE }, { "gen-3374-09", "33.74", 1, ROLE_TREASURER },
    { "gen-3302-01", "33.02", 1, ROLE_OFFICE }, { "gen-3374-02", "33.74", 0, ROLE_OFFICE },
    { "gen-3201-01", "32.01", 2, ROLE_OFFICE }, { "gen-3374-03", "33.74", 2, ROLE_OFFICE },
    { "gen-33-01", "33", 2, ROLE_OFFICE },      { "gen-3302-02", "33.02", 0, ROLE_OFFICE },
};
enum { TREASURER = 1 };
static const char *const REGIONS[] = { "33.74", "33.02", "32.01", "33", "" };
static const char *const OLD_CODES[] = {        /* permendagri-13-2006: kegiatan are the leaves */
    "1", "1.06", "1.06.15", "1.06.15.01", "1.06.15.02", "1.06.15.003", "1.06.16", "1.06.16.01", "1.06.16.07", "1.06.01.02",
    "2", "2.16.15", "2.16.15.01", "1.02.15.01", "total",
};
static const char *const NEW_CODES[] = {
    /* permendagri-90-2019: sub kegiatan */
    "1",
    "1.06",
    "1.06.02",
    "1.06.02.2.02",
    "1.06.02.2.02.01",
    "1.06.02.2.02.02",
    "1.06.02.2.02.0003",
    "1.06.02.2.03",
    "1.06.02.2.03.01",
    "1.06.01",
    "1.06.01.2.01",
    "1.06.01.2.01.01",
    "2",
    "2.16.02.2.01",
    "2.16.02.2.01.01",
    "7.01.01.2.02.01",
    "total",
};
static const char *const DETAILS[] = {
    "5",         "5.1",    "5.1.02",    "5.1.02.01", "5.1.02.01.01", "5.1.02.01.01.0024", "5.1.02.01.01.0025",
    "5.1.02.02", "5.1.01", "5.1.01.03", "5.2",       "5.2.02",
};
static const char *const ACCOUNT_LINES[] = { "5", "5.1", "5.1.1", "5.1.1.01", "5.1.02.01", "5.2", "5.2.2", "6.1", "6", "4.1.1.01" };
static const uint8_t DOCUMENTS[][HASH_SIZE] = { "sp2d", "bast", "bukti kas" };
static const char *const REASONS[] = { "koreksi", "pengembalian belanja" };
static const char *const TEXTS[] = { "recofusing", "Paving Block", "dua\tkolom", "garis \\ miring", "Lakip dan LKPJ" };
static const char *const INDICATORS[] = {
    "jumlah orang", "ikk-1", "persentase kelompok masyarakat yang memperoleh layanan dasar menurut standar pelayanan minimal",
};
#define PICK(w, list) (list)[rng_below(&(w)->rng, sizeof (list) / sizeof *(list))]

const char *property_world_office(unsigned i) { return OFFICES[i].id; }

static unsigned below(struct world *w, unsigned n) { return (unsigned)rng_below(&w->rng, n); }
static struct slice text_of(const char *text) { return slice_of(text, strlen(text)); }
static bool chance(struct world *w, unsigned percent) { return below(w, 100) < percent; }

/* ---- parts of a figure ---- */

static int64_t money(struct world *w)
{
    switch (below(w, 40)) {
    case 0: return (int64_t)(below(w, 2) ? VALUE_SEN_MAX : -VALUE_SEN_MAX);
    case 1: return -100 * (int64_t)below(w, 4);
    case 2: return (int64_t)below(w, 1000000);
    case 3: return (int64_t)rng_below(&w->rng, UINT64_C(400000000000));
    default: return 100 * (int64_t)below(w, 5);
    }
}

static unsigned month(struct world *w) { return chance(w, 25) ? 1 + below(w, 3) : 1 + below(w, 12); }

static unsigned stage(struct world *w)
{
    static const unsigned stages[] = {
        STAGE_NONE,           STAGE_MURNI,          STAGE_MURNI,     STAGE_MURNI,     STAGE_MURNI,
        STAGE_PERGESERAN | 1, STAGE_PERGESERAN | 2, STAGE_PERUBAHAN, STAGE_PERUBAHAN, STAGE_EFISIENSI
    };
    return PICK(w, stages);
}

static void amount(struct world *w, struct figure *f)
{
    unsigned p = below(w, 100);
    f->kind = p < 80 ? VALUE_NUMBER : p < 87 ? VALUE_NIL : p < 92 ? VALUE_NA : VALUE_WITHDRAWN;
    if (f->kind == VALUE_NUMBER) f->value = money(w);
    if (chance(w, 12)) f->reason = text_of(PICK(w, REASONS));
    if (chance(w, 5)) f->unit = text_of("Rp");
    if (chance(w, 20)) f->evidence = slice_of(PICK(w, DOCUMENTS), HASH_SIZE);
}

static void code(struct world *w, struct figure *f)
{
    if (chance(w, 20)) {
        f->account = fixture_account(PICK(w, ACCOUNT_LINES));
        return;
    }
    bool old = f->year <= 2020 || chance(w, 4);
    f->activity = fixture_activity(old ? PICK(w, OLD_CODES) : PICK(w, NEW_CODES), old ? 2020 : 2021);
    if (chance(w, 35)) f->account = fixture_account(PICK(w, DETAILS));
}

/* ---- figures by measure ---- */

static void budget(struct world *w, struct figure *f)
{
    f->measure = MEASURE_BUDGET;
    f->source = (uint8_t)(chance(w, 88) ? SOURCE_DPA : chance(w, 60) ? SOURCE_RENJA : chance(w, 50) ? SOURCE_RENSTRA : SOURCE_OPD);
    f->stage = (uint16_t)stage(w);
    if (f->stage <= STAGE_MURNI && chance(w, 70)) f->month = 1;
    f->basis = (uint8_t)(chance(w, 90) ? BASIS_NONE : BASIS_CUMULATIVE);
    amount(w, f);
}

static void flow(struct world *w, struct figure *f, unsigned measure)
{
    f->measure = (uint16_t)measure;
    f->source = (uint8_t)(chance(w, 90) ? SOURCE_OPD : SOURCE_RENSTRA);
    f->basis = (uint8_t)(chance(w, 60) ? BASIS_CUMULATIVE : BASIS_MONTHLY);
    amount(w, f);
}

static void complete(struct world *w, struct figure *f)
{
    f->measure = MEASURE_COMPLETE;
    f->activity = f->account = 0;
    f->source = (uint8_t)(chance(w, 90) ? SOURCE_DPA : SOURCE_RENJA);
    f->stage = (uint16_t)stage(w);
    f->kind = (uint8_t)(chance(w, 55) ? VALUE_NUMBER : VALUE_WITHDRAWN);
    f->value = f->kind == VALUE_NUMBER;
}

/* Right for some pair of small values, in one of the two ways to cut it, or a hair beside it. */
static void printed(struct world *w, struct figure *f)
{
    int64_t power = 1, b = 1 + below(w, 4), r = below(w, 9), scaled;
    f->measure = MEASURE_PRINTED_ABSORPTION;
    f->source = (uint8_t)(chance(w, 85) ? SOURCE_OPD : SOURCE_DPA);
    f->stage = (uint16_t)stage(w);
    f->decimals = (uint8_t)below(w, 3);
    f->kind = (uint8_t)(chance(w, 92) ? VALUE_NUMBER : VALUE_WITHDRAWN);
    for (unsigned i = 0; i < f->decimals; i++) power *= 10;
    scaled = 100 * power * r;
    scaled = chance(w, 50) ? scaled / b : (2 * scaled + b) / (2 * b);
    if (chance(w, 8)) scaled++;
    if (f->kind == VALUE_NUMBER) f->value = scaled * (1000000 / power) + chance(w, 2);
}

static void indicator(struct world *w, struct figure *f)
{
    f->measure = (uint16_t)(chance(w, 50) ? MEASURE_TARGET : MEASURE_REACHED);
    f->source = (uint8_t)(chance(w, 50) ? SOURCE_OPD : SOURCE_PK3);
    if (chance(w, 80)) f->indicator = text_of(PICK(w, INDICATORS));
    f->kind = (uint8_t)(chance(w, 70) ? VALUE_NUMBER : VALUE_TEXT);
    if (f->kind == VALUE_TEXT) f->text = text_of(PICK(w, TEXTS));
    else f->value = (int64_t)below(w, 5) * 1000000;
}

/* Copies of figures in other tables, ends of plans, parts of indicators: they stand beside and change nothing. */
static void beside(struct world *w, struct figure *f)
{
    static const uint16_t MEASURES[] = { MEASURE_COMPARED_BUDGET, MEASURE_COMPARED_REALISED, MEASURE_COMPARED_ABSORPTION,
                                         MEASURE_PLAN_START, MEASURE_PLAN_END, MEASURE_PLAN_END_BUDGET, MEASURE_PLAN_REALISED,
                                         MEASURE_COMPONENT };
    f->measure = PICK(w, MEASURES);
    if (f->measure == MEASURE_PLAN_END_BUDGET || f->measure == MEASURE_PLAN_REALISED) f->source = SOURCE_RENSTRA;
    else f->indicator = text_of(PICK(w, INDICATORS));
    amount(w, f);
}

static void name(struct world *w, struct figure *f)
{
    f->measure = MEASURE_NAME;
    f->year = 0;
    f->month = 0;
    f->kind = (uint8_t)(chance(w, 85) ? VALUE_TEXT : VALUE_WITHDRAWN);
    if (f->kind == VALUE_TEXT || chance(w, 50)) f->text = text_of(PICK(w, TEXTS));
}

/* A step of a quarter's close, said for the first time or again after another one. */
static void step(struct world *w, struct figure *f)
{
    static const char *const STEPS[] = { "1/kepala/gen-3374-01", "1/operator/gen-3374-01", "2/kepala/gen-3374-01" };
    static const char *const AFTER[] = { "-", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0" };
    f->measure = MEASURE_STEP;
    f->activity = f->account = 0;
    f->source = SOURCE_OPD;
    f->month = (uint8_t)(3 * (1 + below(w, 4)));
    f->kind = VALUE_TEXT;
    f->indicator = text_of(PICK(w, STEPS));
    f->text = text_of(PICK(w, AFTER));
    if (chance(w, 30)) f->reason = text_of(PICK(w, REASONS));
}

static void figure(struct world *w, struct figure *f)
{
    unsigned p = below(w, 100);
    memset(f, 0, sizeof *f);
    f->year = (uint16_t)(2022 - below(w, w->years));
    f->month = (uint8_t)month(w);
    code(w, f);
    if (p < 42) flow(w, f, MEASURE_REALISED);
    else if (p < 75) budget(w, f);
    else if (p < 80) flow(w, f, MEASURE_CASH_PLAN);
    else if (p < 84) complete(w, f);
    else if (p < 92) printed(w, f);
    else if (p < 95) indicator(w, f);
    else if (p < 96) beside(w, f);
    else if (p < 98) name(w, f);
    else if (p < 99) step(w, f);
    else {
        f->measure = MEASURE_PHYSICAL;
        f->kind = (uint8_t)(chance(w, 70) ? VALUE_NUMBER : VALUE_WITHDRAWN);
        f->value = f->kind == VALUE_NUMBER ? (int64_t)below(w, 101) * 1000000 : 0;
    }
}

/* ---- statements ---- */

/* A row the worker refused: a sound one it did not want, one that cannot stand, or one about nobody. */
static void refuse(struct world *w, struct fixture_statement *s)
{
    s->disposition = CODE_UNAUTHORISED;
    if (chance(w, 30)) {
        s->f.month = 13;
        s->disposition = CODE_PERIOD_BROKEN;
    } else if (chance(w, 20)) {
        s->subject = "Bukan Kantor";
        s->disposition = CODE_UNKNOWN_OFFICE;
    }
    w->refused++;
}

static bool of_treasurer(const struct fixture_statement *s) { return s->f.source == SOURCE_BUD; }

/* Something `speaker` said before, if it comes to mind. */
static bool again(struct world *w, unsigned speaker, struct fixture_statement *s)
{
    if (w->says == 0 || !chance(w, 10)) return false;
    *s = w->said[below(w, w->says)];
    return speaker == TREASURER ? of_treasurer(s) || s->subject == OFFICES[speaker].id
                                : !of_treasurer(s) && s->subject == OFFICES[speaker].id;
}

static void remember(struct world *w, const struct fixture_statement *s)
{
    uint32_t room = sizeof w->said / sizeof *w->said;
    if (w->says < room) w->said[w->says++] = *s;
    else w->said[below(w, room)] = *s;
}

static void statement(struct world *w, unsigned speaker, struct fixture_statement *s)
{
    if (again(w, speaker, s)) return;
    *s = (struct fixture_statement){ .subject = OFFICES[speaker].id };
    figure(w, &s->f);
    if (speaker == TREASURER && s->f.measure == MEASURE_REALISED) {
        s->f.source = SOURCE_BUD;
        s->subject = OFFICES[below(w, w->offices)].id;
    }
    ASSERT(figure_check(&s->f) == CODE_OK);
    remember(w, s);
    if (chance(w, 4)) refuse(w, s);
}

/* ---- records ---- */

static void step_add(struct world *w, unsigned log)
{
    ASSERT(w->steps < WORLD_RECORDS);
    w->step[w->steps++] = (struct world_step){ log, w->log[log].count - 1 };
}

static void entry(struct world *w, unsigned log, unsigned office)
{
    fixture_log_office(&w->log[log], w->office[office].version, OFFICES[office].id, REGIONS[w->office[office].region],
                       OFFICES[office].role);
    step_add(w, log);
}

/* Sometimes another worker logs an entry that it has not seen before, or one that is no longer the newest. */
static void move(struct world *w)
{
    unsigned office = below(w, w->offices);
    if (!w->office[office].entered) return;
    bool stale = chance(w, 30);
    if (stale) entry(w, below(w, WORLD_WORKERS), office);
    w->office[office].version = ++w->version;
    if (chance(w, 80)) w->office[office].region = below(w, sizeof REGIONS / sizeof *REGIONS);
    entry(w, OFFICES[office].worker, office);
    if (chance(w, 30)) entry(w, below(w, WORLD_WORKERS), office);
}

static void enter(struct world *w, unsigned office)
{
    if (w->office[office].entered) return;
    w->office[office].entered = true;
    w->office[office].version = ++w->version;
    while (strcmp(REGIONS[w->office[office].region], OFFICES[office].region) != 0) w->office[office].region++;
    entry(w, OFFICES[office].worker, office);
}

static unsigned batch_rows(struct world *w)
{
    if (w->small) return 1 + below(w, chance(w, 4) ? 20 : 4);
    return 1 + below(w, chance(w, 50) ? 30 : 6);
}

static void batch(struct world *w, uint64_t left)
{
    struct fixture_statement s[30];
    unsigned speaker = below(w, w->offices), n = batch_rows(w);
    if (speaker > 4 && w->updates < 200) speaker = TREASURER;   /* these come late */
    if (n > left) n = (unsigned)left;
    enter(w, speaker);
    for (unsigned i = 0; i < n; i++) statement(w, speaker, &s[i]);
    fixture_log_batch(&w->log[OFFICES[speaker].worker], OFFICES[speaker].id, s, n);
    step_add(w, OFFICES[speaker].worker);
    w->updates += n;
}

static struct world *make(uint64_t seed, uint64_t updates, unsigned offices, unsigned years, bool small)
{
    struct world *w = calloc(1, sizeof *w);
    ASSERT(w && offices > TREASURER && offices <= WORLD_OFFICES && years >= 1);
    w->seed = seed;
    w->offices = offices;
    w->years = years;
    w->small = small;
    rng_seed(&w->rng, seed);
    for (unsigned i = 0; i < WORLD_WORKERS; i++) fixture_log_init(&w->log[i], i + 1);
    while (w->updates < updates) {
        if (chance(w, 5)) move(w);
        batch(w, updates - w->updates);
    }
    return w;
}

struct world *property_world_new(uint64_t seed, uint64_t updates, unsigned offices, unsigned years)
{
    return make(seed, updates, offices, years, false);
}

struct world *property_world_small(uint64_t seed, uint64_t updates, unsigned offices, unsigned years)
{
    return make(seed, updates, offices, years, true);
}

void property_world_free(struct world *w)
{
    for (unsigned i = 0; i < WORLD_WORKERS; i++) fixture_log_done(&w->log[i]);
    free(w);
}
