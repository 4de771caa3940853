/* closing.c - see closing.h. Kind: P.
 *
 * Rounds are judged one after the other, and in a round the kinds of steps in the order in which they can follow each other;
 * whether a step stands depends only on steps of kinds and rounds before it (and, of a reopening, on the quarter after). So one
 * pass judges everything, and nothing depends on the order of the array. Where several steps of one kind stand (two planners
 * verified), the one with the smallest id represents them.
 *
 * Steps of a quarter are a handful; they are looked up by walking over all of them.
 * Invariant: a step with effect follows a step with effect, or begins round 1. */
#include "aggregator/closing.h"

#include <string.h>

#include "proto/bytes.h"
#include "proto/sign.h"

static const char *const STATES[CLOSING_STATES] = { "terbuka",         "diajukan",     "diverifikasi",
                                                    "dikonsolidasikan", "dikembalikan", "dibuka-kembali" };
static const struct { const char *name, *id, *en;
} WHYS[CLOSING_WHYS] = {
    [CLOSING_EFFECTIVE] = { "", "", "" },
    [CLOSING_UNREADABLE] = { "tidak-terbaca", "langkah ini tidak dapat dibaca", "this step cannot be read" },
    [CLOSING_NOT_THEIRS] = { "bukan-wewenangnya", "langkah ini bukan wewenang penyatanya",
                             "this step is not its speaker's to take" },
    [CLOSING_NOT_AFTER] = { "tidak-menyambung", "langkah yang ditindaklanjuti tidak ada atau tidak berlaku",
                            "the step it follows is not there or has no effect" },
    [CLOSING_STEP_MISSING] = { "langkah-dilewati", "langkah di dalam kantor yang diwajibkan belum ada",
                               "a step inside the office that is demanded is missing" },
    [CLOSING_SAME_IDENTITY] = { "pelaku-sama", "pelakunya sudah mengambil langkah lain pada triwulan ini",
                                "who takes it has taken another step of this quarter" },
    [CLOSING_CLOSED] = { "sudah-dikonsolidasikan", "triwulan ini sudah dikonsolidasikan; harus dibuka kembali dahulu",
                         "this quarter is consolidated; it must be reopened first" },
    [CLOSING_HELD] = { "triwulan-sesudahnya-tertutup", "triwulan sesudahnya sudah dikonsolidasikan",
                       "the quarter after it is consolidated" },
    [CLOSING_NO_SEAL] = { "tanpa-segel", "reviu tidak menyebut segel", "the review names no seal" },
    [CLOSING_NOT_YEAR_END] = { "bukan-akhir-tahun", "audit hanya atas triwulan terakhir tahun itu",
                               "an audit is of the year's last quarter" },
    [CLOSING_NOT_REVIEWED] = { "tanpa-reviu", "tindak lanjut tanpa reviu atau audit pemeriksa itu atas segel yang sama",
                               "a follow-up without a review or audit of that auditor and seal" },
};

const char *closing_state_name(unsigned state) { return state < CLOSING_STATES ? STATES[state] : ""; }
const char *closing_year_name(bool audited) { return audited ? "diaudit" : "belum-diaudit"; }
const char *closing_why_name(unsigned why) { return why < CLOSING_WHYS ? WHYS[why].name : ""; }
const char *closing_why_text(unsigned why, enum lang lang)
{
    return why >= CLOSING_WHYS ? "" : lang == LANG_EN ? WHYS[why].en : WHYS[why].id;
}

static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n)); }

void closing_read(struct slice office, struct slice said_by, unsigned year, unsigned month, unsigned source, struct slice indicator,
                  struct slice text, provenance prov, struct closing_step *ret)
{
    struct step_key k;
    *ret = (struct closing_step){ .quarter = closing_quarter(year, (month + 2) / 3), .source = (uint8_t)source, .prov = prov,
                                  .why = CLOSING_UNREADABLE };
    if (step_key_parse(indicator, &k) != ST_OK || step_words_parse(text, &ret->words) != ST_OK) return;
    ret->id = step_id(office, year, (month + 2) / 3, source, indicator, text);
    ret->round = k.round;
    ret->step = k.step;
    ret->speaker = k.speaker;
    ret->finding = k.finding;
    ret->readable = step_of_source(k.step, source) && same(k.speaker, said_by) && same(k.speaker, office) == (source == SOURCE_OPD);
    ret->why = ret->readable ? CLOSING_NOT_AFTER : CLOSING_NOT_THEIRS;
}

/* ---- judging ---- */

struct judging {
    struct closing_step *step;
    size_t n;
    unsigned quarter, round;
    const struct closing_rules *rules;
    bool was_closed; /* the round before was consolidated */
};
enum { INSIDE = 1 << STEP_OPERATOR | 1 << STEP_KASUBBAG | 1 << STEP_KEPALA };

/* A step with effect, of this quarter and round, among these kinds, that has this id. */
static const struct closing_step *find(const struct judging *j, unsigned round, unsigned kinds, const struct hash *id)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct closing_step *s = &j->step[i];
        if (s->quarter != j->quarter || s->round != round || s->why != CLOSING_EFFECTIVE) continue;
        if ((kinds >> s->step & 1) && sign_hash_equal(&s->id, id)) return s;
    }
    return NULL;
}

/* The one with the smallest id of all that have effect, of this kind and round. */
static const struct closing_step *least(const struct judging *j, unsigned round, unsigned kind)
{
    const struct closing_step *found = NULL;
    for (size_t i = 0; i < j->n; i++) {
        const struct closing_step *s = &j->step[i];
        if (s->quarter != j->quarter || s->round != round || s->step != kind || s->why != CLOSING_EFFECTIVE) continue;
        if (!found || memcmp(s->id.b, found->id.b, HASH_SIZE) < 0) found = s;
    }
    return found;
}

static bool different(const struct judging *j, const struct closing_step *a, const struct closing_step *b)
{
    static const uint8_t none[PUBKEY_SIZE];
    bool keys = memcmp(a->key, b->key, PUBKEY_SIZE) != 0 || !memcmp(a->key, none, PUBKEY_SIZE);
    if (same(a->speaker, b->speaker) || !keys) return false;
    return !j->rules->persons || (a->clerk.n > 0 && b->clerk.n > 0 && !same(a->clerk, b->clerk));
}

/* Which other steps must not be of who takes this one. A return speaks only about who handed in. */
static unsigned apart(unsigned step)
{
    const unsigned closed = 1 << STEP_KEPALA | 1 << STEP_VERIFY | 1 << STEP_CONSOLIDATE;
    switch (step) {
    case STEP_RETURN: return 1 << STEP_KEPALA;
    case STEP_REVIEW:
    case STEP_FOLLOW_UP: return closed;
    case STEP_AUDIT: return closed | 1 << STEP_REVIEW;
    default: return closed | 1 << STEP_REOPEN;
    }
}

/* Has whoever takes this step taken one that must be another's in this quarter, up to this round? */
static bool taken_by_same(const struct judging *j, const struct closing_step *e)
{
    const unsigned acts = apart(e->step);
    for (size_t i = 0; i < j->n; i++) {
        const struct closing_step *s = &j->step[i];
        if (s->quarter != j->quarter || s->round > e->round || s->why != CLOSING_EFFECTIVE) continue;
        if (s->step != e->step && (acts >> s->step & 1) && !different(j, e, s)) return true;
    }
    return false;
}

/* May the office begin this round with a step that follows what this one names? */
static bool begins_round(const struct judging *j, const struct closing_step *e)
{
    unsigned kinds = j->was_closed ? 1 << STEP_REOPEN : 1 << STEP_KEPALA | 1 << STEP_VERIFY | 1 << STEP_RETURN;
    if (e->round == 1) return !e->words.follows;
    return e->words.follows && find(j, e->round - 1, kinds, &e->words.after);
}

/* The persons of the steps inside an office differ, where that is demanded. */
static bool own_person(const struct judging *j, const struct closing_step *e, const struct closing_step *before)
{
    if (!j->rules->persons) return true;
    if (e->clerk.n == 0) return false;
    for (; before; before = find(j, e->round, INSIDE, &before->words.after))
        if (same(e->clerk, before->clerk)) return false;
    return true;
}

static enum closing_why judge_inside(const struct judging *j, struct closing_step *e)
{
    const unsigned below = (1u << e->step) - 1;
    const struct closing_step *before =
        e->words.follows ? find(j, e->round, INSIDE & below, &e->words.after) : NULL;
    if (!before && !begins_round(j, e)) return j->was_closed ? CLOSING_CLOSED : CLOSING_NOT_AFTER;
    e->inside = (uint8_t)((before ? before->inside : 0) | 1u << e->step);
    if (j->rules->inside & below & ~(unsigned)e->inside) return CLOSING_STEP_MISSING;
    if (!own_person(j, e, before)) return CLOSING_SAME_IDENTITY;
    return e->step == STEP_KEPALA && taken_by_same(j, e) ? CLOSING_SAME_IDENTITY : CLOSING_EFFECTIVE;
}

/* Is this consolidation held by one of the quarter after it, or does the reopening name what let go of it? */
static bool let_go(const struct judging *j, const struct closing_step *e, const struct closing_step *consolidation)
{
    const struct closing_step *newest = NULL;
    bool freed = false;
    for (size_t i = 0; i < j->n; i++) {
        const struct closing_step *s = &j->step[i];
        if (s->quarter != j->quarter + 1 || s->step != STEP_CONSOLIDATE || s->why != CLOSING_EFFECTIVE) continue;
        if (!s->words.has_beside || !sign_hash_equal(&s->words.beside, &consolidation->id)) continue;
        if (!newest || s->round > newest->round) newest = s;
    }
    if (!newest) return !e->words.has_beside;
    for (size_t i = 0; i < j->n && !freed; i++) {
        const struct closing_step *s = &j->step[i];
        freed = s->quarter == j->quarter + 1 && s->round == newest->round && s->step == STEP_REOPEN &&
                s->why == CLOSING_EFFECTIVE && e->words.has_beside && sign_hash_equal(&s->id, &e->words.beside);
    }
    return freed;
}

/* A follow-up stands beside what its auditor said of the same seal. */
static bool reviewed(const struct judging *j, const struct closing_step *e)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct closing_step *s = &j->step[i];
        if (s->quarter != j->quarter || s->round != e->round || s->why != CLOSING_EFFECTIVE) continue;
        if (s->step != STEP_REVIEW && s->step != STEP_AUDIT) continue;
        if (same(s->speaker, e->speaker) && sign_hash_equal(&s->words.beside, &e->words.beside)) return true;
    }
    return false;
}

static enum closing_why judge_review(const struct judging *j, const struct closing_step *e)
{
    if (!e->words.has_beside) return CLOSING_NO_SEAL;
    if (e->step == STEP_AUDIT && e->quarter % 4 != 3) return CLOSING_NOT_YEAR_END;
    return e->step == STEP_FOLLOW_UP && !reviewed(j, e) ? CLOSING_NOT_REVIEWED : CLOSING_EFFECTIVE;
}

static enum closing_why judge_outside(const struct judging *j, struct closing_step *e)
{
    static const unsigned FOLLOWS[STEP_COUNT] = {
        [STEP_VERIFY] = 1 << STEP_KEPALA,
        [STEP_RETURN] = 1 << STEP_KEPALA | 1 << STEP_VERIFY,
        [STEP_CONSOLIDATE] = 1 << STEP_VERIFY,
        [STEP_REOPEN] = 1 << STEP_CONSOLIDATE,
        [STEP_REVIEW] = 1 << STEP_CONSOLIDATE,
        [STEP_AUDIT] = 1 << STEP_CONSOLIDATE,
        [STEP_FOLLOW_UP] = 1 << STEP_CONSOLIDATE,
    };
    const struct closing_step *before =
        e->words.follows ? find(j, e->round, FOLLOWS[e->step], &e->words.after) : NULL;
    if (!before) return CLOSING_NOT_AFTER;
    if (taken_by_same(j, e)) return CLOSING_SAME_IDENTITY;
    if (e->step >= STEP_REVIEW) return judge_review(j, e);
    return e->step == STEP_REOPEN && !let_go(j, e, before) ? CLOSING_HELD : CLOSING_EFFECTIVE;
}

/* The steps of a round; true: it was handed in. Verdicts of one kind are given together, so that none sees another of its kind. */
static bool judge_round(struct judging *j)
{
    for (unsigned kind = STEP_OPERATOR; kind < STEP_COUNT; kind++)
        for (size_t i = 0; i < j->n; i++) {
            struct closing_step *e = &j->step[i];
            if (!e->readable || e->quarter != j->quarter || e->round != j->round || e->step != kind) continue;
            e->why = kind <= STEP_KEPALA ? judge_inside(j, e) : judge_outside(j, e);
        }
    return least(j, j->round, STEP_KEPALA) != NULL;
}

/* A consolidation stands before everything else that was said of its round. */
static void settle_round(struct judging *j)
{
    j->was_closed = least(j, j->round, STEP_CONSOLIDATE) != NULL;
    for (size_t i = 0; i < j->n && j->was_closed; i++) {
        struct closing_step *s = &j->step[i];
        if (s->quarter == j->quarter && s->round == j->round && s->step == STEP_RETURN && s->why == CLOSING_EFFECTIVE)
            s->why = CLOSING_CLOSED;
    }
}

static void conclude(const struct judging *j, struct closing *c)
{
    *c = (struct closing){ .round = j->round,
                           .submission = least(j, j->round, STEP_KEPALA),
                           .verification = least(j, j->round, STEP_VERIFY),
                           .returned = least(j, j->round, STEP_RETURN),
                           .consolidation = least(j, j->round, STEP_CONSOLIDATE),
                           .reopened = least(j, j->round, STEP_REOPEN),
                           .review = least(j, j->round, STEP_REVIEW),
                           .audit = least(j, j->round, STEP_AUDIT) };
    if (c->consolidation) {
        c->state = c->reopened ? CLOSING_REOPENED : CLOSING_CONSOLIDATED;
        c->last = c->reopened ? c->reopened : c->consolidation;
    } else if (c->returned) {
        c->state = CLOSING_RETURNED;
        c->last = c->returned;
    } else {
        c->state = c->verification ? CLOSING_VERIFIED : CLOSING_SUBMITTED;
        c->last = c->verification ? c->verification : c->submission;
    }
}

void closing_judge(struct closing_step *step, size_t n, unsigned quarter, const struct closing_rules *rules, struct closing *ret)
{
    struct judging j = { .step = step, .n = n, .quarter = quarter, .round = 1, .rules = rules };
    *ret = (struct closing){ .state = CLOSING_OPEN };
    for (size_t i = 0; i < n; i++)
        if (step[i].quarter == quarter && step[i].readable) step[i].why = CLOSING_NOT_AFTER;
    for (; j.round <= STEP_ROUND_MAX && judge_round(&j); j.round++) {
        settle_round(&j);
        conclude(&j, ret);
    }
    for (unsigned kind = STEP_KASUBBAG; kind >= STEP_OPERATOR && !ret->inside; kind--) ret->inside = least(&j, j.round, kind);
}

/* ---- the office's figures ---- */

static bool own_figure(const struct leaf_key *k)
{
    return k->source != SOURCE_BUD && k->measure != MEASURE_STEP &&
           (figure_measure_is_own(k->measure) || k->measure == MEASURE_COMPLETE);
}

size_t closing_changed(const struct unit *u, unsigned quarter, provenance since, struct leaf_key *ret_first)
{
    const unsigned months = 3 * (quarter % 4 + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        for (unsigned m = 0; own_figure(&l->key) && m < months; m++) {
            const struct slot *s = &l->slot[m];
            if (s->kind == VALUE_EMPTY || figure_prov_worker(s->prov) != figure_prov_worker(since) || s->prov <= since) continue;
            if (n++ == 0) *ret_first = l->key;
        }
    }
    return n;
}

bool closing_reported(const struct unit *u, unsigned quarter)
{
    const unsigned first = 3 * (quarter % 4);
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        bool counts = l->key.source == SOURCE_OPD && (l->key.measure == MEASURE_REALISED || l->key.measure == MEASURE_REACHED);
        for (unsigned m = first; counts && m < first + 3; m++)
            if (figure_kind_reported(l->slot[m].kind) || l->slot[m].kind == VALUE_TEXT) return true;
    }
    return false;
}
