/* closing_test.c - the state of a quarter as a function of the set of its steps: the way through the states, every reason for which
 * a step has no effect, and that no order of arrival matters: all orders of all subsets of each scenario give the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/closing.h"
#include "proto/bytes.h"
#include "proto/sign.h"

#define OFFICE "dinsos-1872"
#define PLANNER "gen-1872-91"
#define PLANNER2 "gen-18-91"
#define CENTRE "gen-1872-92"
#define AUDITOR "gen-1872-93"
#define AUDITOR2 "gen-18-93"
enum { MOST = 16, Q3 = 4 * 2022 + 2, Q4 = Q3 + 1, NONE = -1 };

struct story {
    struct closing_step step[MOST];
    size_t n;
};
static const struct closing_rules PLAIN = { 0 };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* after, beside: numbers of steps of the story, or NONE; finding: of a follow-up. Returns the number of the new one. */
static int say_about(struct story *s, unsigned quarter, unsigned round, unsigned step, const char *speaker, int after, int beside,
                    const char *seen, const char *finding)
{
    static char keys[64][STEP_KEY_MAX];
    static char words[64][STEP_WORDS_MAX];
    static unsigned next;
    char *key = keys[next % 64], *word = words[next++ % 64];
    const struct step_key k = { .round = round, .step = step, .speaker = text(speaker), .finding = text(finding) };
    struct step_words w = { .follows = after != NONE, .has_beside = beside != NONE, .seen = text(seen) };
    unsigned source = step <= STEP_KEPALA        ? SOURCE_OPD
                      : !strcmp(speaker, CENTRE) ? SOURCE_CENTRE
                      : !strcmp(speaker, AUDITOR) || !strcmp(speaker, AUDITOR2) ? SOURCE_AUDITOR
                                                  : SOURCE_VERIFIER;
    struct closing_step *e = &s->step[s->n];
    assert_true(s->n < MOST);
    if (after != NONE) w.after = s->step[after].id;
    if (beside != NONE) w.beside = s->step[beside].id;
    size_t kn = step_key_format(&k, key), wn = step_words_format(&w, word);
    closing_read(text(OFFICE), text(speaker), quarter / 4, 3 * (quarter % 4 + 1), source, slice_of(key, kn), slice_of(word, wn),
                 figure_provenance(1, 10 + s->n, 0), e);
    assert_true(e->readable);
    struct hash h = sign_hash(speaker, strlen(speaker));
    memcpy(e->key, h.b, PUBKEY_SIZE);
    return (int)s->n++;
}
static int say_seen(struct story *s, unsigned quarter, unsigned round, unsigned step, const char *speaker, int after, int beside,
                    const char *seen)
{
    return say_about(s, quarter, round, step, speaker, after, beside, seen, "");
}
static int say(struct story *s, unsigned quarter, unsigned round, unsigned step, const char *speaker, int after)
{
    return say_seen(s, quarter, round, step, speaker, after, NONE, "w1:9");
}

static struct closing judge(struct story *s, const struct closing_rules *rules)
{
    struct closing c = { 0 };
    for (unsigned q = Q4 + 1; q >= Q3; q--) { /* every quarter that has steps, the last first: it may hold the one before */
        struct closing one;
        closing_judge(s->step, s->n, q, rules, &one);
        if (q == Q4) c = one;
    }
    return c;
}
static void state(struct story *s, unsigned want, unsigned round)
{
    struct closing c = judge(s, &PLAIN);
    if (c.state != want || c.round != round)
        fail_msg("%s in round %u, not %s in %u", closing_state_name(c.state), c.round, closing_state_name(want), round);
}
static void why(struct story *s, int step, unsigned want)
{
    judge(s, &PLAIN);
    if (s->step[step].why != want)
        fail_msg("step %d: \"%s\", not \"%s\"", step, closing_why_name(s->step[step].why), closing_why_name(want));
}

/* ---- the way through the states ---- */

static void from_open_to_consolidated_and_back(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    state(&s, CLOSING_OPEN, 0);
    int submit = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE);
    state(&s, CLOSING_SUBMITTED, 1);
    int back = say(&s, Q4, 1, STEP_RETURN, PLANNER, submit);
    state(&s, CLOSING_RETURNED, 1);
    int again = say(&s, Q4, 2, STEP_KEPALA, OFFICE, back);
    state(&s, CLOSING_SUBMITTED, 2);
    int verify = say(&s, Q4, 2, STEP_VERIFY, PLANNER, again);
    state(&s, CLOSING_VERIFIED, 2);
    int close = say(&s, Q4, 2, STEP_CONSOLIDATE, CENTRE, verify);
    state(&s, CLOSING_CONSOLIDATED, 2);
    int reopen = say(&s, Q4, 2, STEP_REOPEN, AUDITOR, close);
    state(&s, CLOSING_REOPENED, 2);
    int third = say(&s, Q4, 3, STEP_KEPALA, OFFICE, reopen);
    state(&s, CLOSING_SUBMITTED, 3);
    (void)say(&s, Q4, 3, STEP_VERIFY, PLANNER, third);
    state(&s, CLOSING_VERIFIED, 3);
    for (size_t i = 0; i < s.n; i++) why(&s, (int)i, CLOSING_EFFECTIVE);
}

static void handing_in_again_replaces_what_was_verified(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), verified = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    (void)say(&s, Q4, 2, STEP_KEPALA, OFFICE, verified);
    state(&s, CLOSING_SUBMITTED, 2);
    assert_null(judge(&s, &PLAIN).verification);
}

static void a_return_stands_before_a_verification(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), back = say(&s, Q4, 1, STEP_RETURN, PLANNER2, one);
    int verified = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    state(&s, CLOSING_RETURNED, 1);
    assert_ptr_equal(judge(&s, &PLAIN).returned, &s.step[back]);
    assert_ptr_equal(judge(&s, &PLAIN).verification, &s.step[verified]);
    (void)say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, verified);
    state(&s, CLOSING_CONSOLIDATED, 1); /* and a consolidation before both */
}

/* ---- no effect, and why ---- */

static void what_does_not_follow_has_no_effect(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int submit = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE);
    int early = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, submit); /* not verified */
    int leap = say(&s, Q4, 3, STEP_KEPALA, OFFICE, submit);       /* round 2 is missing */
    int other = say(&s, Q3, 1, STEP_VERIFY, PLANNER, submit);     /* of another quarter */
    int unled = say(&s, Q4, 2, STEP_KEPALA, OFFICE, NONE);        /* a round that follows nothing */
    int first = say(&s, Q3, 1, STEP_KEPALA, OFFICE, submit);       /* round 1 follows nothing */
    state(&s, CLOSING_SUBMITTED, 1);
    why(&s, early, CLOSING_NOT_AFTER);
    why(&s, leap, CLOSING_NOT_AFTER);
    why(&s, other, CLOSING_NOT_AFTER);
    why(&s, unled, CLOSING_NOT_AFTER);
    why(&s, first, CLOSING_NOT_AFTER);
}

/* Somebody verifies what was handed in before: it is not carried over to what is handed in after. */
static void a_verification_is_of_what_it_names(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say_seen(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE, NONE, "w1:9");
    (void)say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    s.step[one] = s.step[--s.n];                                        /* the office said something else in that slot since */
    int verify = one;
    (void)say_seen(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE, NONE, "w1:12");
    why(&s, verify, CLOSING_NOT_AFTER);
    state(&s, CLOSING_SUBMITTED, 1);
}

static void consolidated_stands_until_it_is_reopened(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), verified = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    int close = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, verified);
    int back = say(&s, Q4, 1, STEP_RETURN, PLANNER2, verified), again = say(&s, Q4, 2, STEP_KEPALA, OFFICE, verified);
    state(&s, CLOSING_CONSOLIDATED, 1);
    why(&s, back, CLOSING_CLOSED);
    why(&s, again, CLOSING_CLOSED);
    int reopen = say(&s, Q4, 1, STEP_REOPEN, AUDITOR, close);
    state(&s, CLOSING_REOPENED, 1);
    why(&s, again, CLOSING_CLOSED);                                     /* it does not come to life */
    (void)say_seen(&s, Q4, 2, STEP_KEPALA, OFFICE, reopen, NONE, "w1:20");
    state(&s, CLOSING_SUBMITTED, 2);
}

static void four_identities(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), verified = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    int close = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, verified);
    int by_verifier = say(&s, Q4, 1, STEP_REOPEN, PLANNER, close), by_centre = say(&s, Q4, 1, STEP_REOPEN, CENTRE, close);
    why(&s, by_verifier, CLOSING_SAME_IDENTITY);
    why(&s, by_centre, CLOSING_SAME_IDENTITY);
    state(&s, CLOSING_CONSOLIDATED, 1);
    int other = say(&s, Q4, 1, STEP_REOPEN, PLANNER2, close);
    state(&s, CLOSING_REOPENED, 1);
    int two = say(&s, Q4, 2, STEP_KEPALA, OFFICE, other);
    int self = say(&s, Q4, 2, STEP_VERIFY, PLANNER2, two);
    why(&s, self, CLOSING_SAME_IDENTITY);                               /* it reopened this quarter */
    memcpy(s.step[verified].key, s.step[one].key, PUBKEY_SIZE);         /* two names, one key */
    why(&s, verified, CLOSING_SAME_IDENTITY);
    state(&s, CLOSING_SUBMITTED, 1);
}

/* Consolidated in round 1; any number of a step stands for the root of a seal. */
static int closed(struct story *s, unsigned quarter)
{
    int one = say(s, quarter, 1, STEP_KEPALA, OFFICE, NONE), verified = say(s, quarter, 1, STEP_VERIFY, PLANNER, one);
    return say(s, quarter, 1, STEP_CONSOLIDATE, CENTRE, verified);
}

static void a_review_is_bound_to_a_seal(void **unused)
{
    enum { SEAL = 0, OTHER_SEAL = 1 };
    struct story s = { .n = 0 };
    (void)unused;
    int close = closed(&s, Q4), unsealed = say(&s, Q4, 1, STEP_REVIEW, AUDITOR2, close);
    why(&s, unsealed, CLOSING_NO_SEAL);
    int early = say_about(&s, Q4, 1, STEP_FOLLOW_UP, AUDITOR, close, SEAL, "w1:9", "1.06/persen-5f0c21");
    why(&s, early, CLOSING_NOT_REVIEWED);
    int review = say_seen(&s, Q4, 1, STEP_REVIEW, AUDITOR, close, SEAL, "w1:9");
    why(&s, review, CLOSING_EFFECTIVE);
    why(&s, early, CLOSING_EFFECTIVE);                                  /* in whatever order they came */
    why(&s, say_about(&s, Q4, 1, STEP_FOLLOW_UP, AUDITOR, close, OTHER_SEAL, "w1:9", "1.06/a-1"), CLOSING_NOT_REVIEWED);
    why(&s, say_about(&s, Q4, 1, STEP_FOLLOW_UP, AUDITOR2, close, SEAL, "w1:9", "1.06/a-1"), CLOSING_NOT_REVIEWED);
    struct closing c = judge(&s, &PLAIN);
    assert_ptr_equal(c.review, &s.step[review]);
    assert_int_equal(c.state, CLOSING_CONSOLIDATED);                    /* it is no state of the quarter */
    assert_false(closing_audited(&c));
    int nothing = say_seen(&s, Q4, 1, STEP_REVIEW, AUDITOR2, review, SEAL, "w1:9");
    why(&s, nothing, CLOSING_NOT_AFTER);                                /* what was consolidated is reviewed, not a review */
    int reopen = say(&s, Q4, 1, STEP_REOPEN, AUDITOR, close);           /* who reviewed may ask for it to be opened again */
    why(&s, reopen, CLOSING_EFFECTIVE);
    int second = say(&s, Q4, 2, STEP_KEPALA, OFFICE, reopen);
    why(&s, second, CLOSING_EFFECTIVE);
    assert_null(judge(&s, &PLAIN).review);                              /* of this round there is none yet */
}

static void a_year_is_audited_by_another_than_who_reviewed(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int third = closed(&s, Q3), close = closed(&s, Q4);
    why(&s, say_seen(&s, Q3, 1, STEP_AUDIT, AUDITOR2, third, third, "w1:9"), CLOSING_NOT_YEAR_END);
    (void)say_seen(&s, Q4, 1, STEP_REVIEW, AUDITOR, close, close, "w1:9");
    int self = say_seen(&s, Q4, 1, STEP_AUDIT, AUDITOR, close, close, "w1:9");
    why(&s, self, CLOSING_SAME_IDENTITY);
    struct closing c = judge(&s, &PLAIN);
    assert_false(closing_audited(&c));
    int audit = say_seen(&s, Q4, 1, STEP_AUDIT, AUDITOR2, close, close, "w1:9");
    why(&s, audit, CLOSING_EFFECTIVE);
    c = judge(&s, &PLAIN);
    assert_true(closing_audited(&c));
    memcpy(s.step[audit].key, s.step[4].key, PUBKEY_SIZE);              /* two names, one key: of who verified */
    why(&s, audit, CLOSING_SAME_IDENTITY);
    struct hash own = sign_hash(AUDITOR2, strlen(AUDITOR2));
    memcpy(s.step[audit].key, own.b, PUBKEY_SIZE);
    (void)say(&s, Q4, 1, STEP_REOPEN, PLANNER2, close);
    c = judge(&s, &PLAIN);
    assert_false(closing_audited(&c));                                  /* its figures may change now */
    assert_string_equal(closing_year_name(false), "belum-diaudit");
    assert_string_equal(closing_year_name(true), "diaudit");
}

static void steps_inside_the_office(void **unused)
{
    const struct closing_rules demanded = { .inside = 1 << STEP_OPERATOR | 1 << STEP_KASUBBAG };
    struct closing_rules persons = demanded;
    struct story s = { .n = 0 };
    (void)unused;
    int head = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE);
    judge(&s, &demanded);
    assert_int_equal(s.step[head].why, CLOSING_STEP_MISSING);
    s.n = 0;
    int operator = say(&s, Q4, 1, STEP_OPERATOR, OFFICE, NONE);
    assert_int_equal(judge(&s, &demanded).state, CLOSING_OPEN);
    assert_ptr_equal(judge(&s, &demanded).inside, &s.step[operator]);
    int kasubbag = say(&s, Q4, 1, STEP_KASUBBAG, OFFICE, operator);
    assert_ptr_equal(judge(&s, &demanded).inside, &s.step[kasubbag]);
    head = say(&s, Q4, 1, STEP_KEPALA, OFFICE, kasubbag);
    assert_int_equal(judge(&s, &demanded).state, CLOSING_SUBMITTED);
    persons.persons = true;
    assert_int_equal(judge(&s, &persons).state, CLOSING_OPEN);          /* nobody knows who they are */
    s.step[operator].clerk = text("p1");
    s.step[kasubbag].clerk = text("p2");
    s.step[head].clerk = text("p1");
    judge(&s, &persons);
    assert_int_equal(s.step[head].why, CLOSING_SAME_IDENTITY);
    s.step[head].clerk = text("p3");
    assert_int_equal(judge(&s, &persons).state, CLOSING_SUBMITTED);
    int verify = say(&s, Q4, 1, STEP_VERIFY, PLANNER, head);
    s.step[verify].clerk = text("p3");
    assert_int_equal(judge(&s, &persons).state, CLOSING_SUBMITTED);
    s.step[verify].clerk = text("p4");
    assert_int_equal(judge(&s, &persons).state, CLOSING_VERIFIED);
}

static void only_the_last_closed_quarter_is_reopened(void **unused)
{
    struct story s = { .n = 0 };
    (void)unused;
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), verified = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    int close = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, verified);
    int next = say(&s, Q4 + 1, 1, STEP_KEPALA, OFFICE, NONE), next_verified = say(&s, Q4 + 1, 1, STEP_VERIFY, PLANNER, next);
    int next_close = say_seen(&s, Q4 + 1, 1, STEP_CONSOLIDATE, CENTRE, next_verified, close, "w1:9");
    int reopen = say(&s, Q4, 1, STEP_REOPEN, AUDITOR, close);
    why(&s, reopen, CLOSING_HELD);
    state(&s, CLOSING_CONSOLIDATED, 1);
    int next_reopen = say(&s, Q4 + 1, 1, STEP_REOPEN, AUDITOR, next_close);
    why(&s, next_reopen, CLOSING_EFFECTIVE);
    why(&s, reopen, CLOSING_HELD);                                      /* it was said while the next one was closed */
    reopen = say_seen(&s, Q4, 1, STEP_REOPEN, PLANNER2, close, next_reopen, "w1:9");
    why(&s, reopen, CLOSING_EFFECTIVE);
    state(&s, CLOSING_REOPENED, 1);
    struct story free = { .n = 0 };                                     /* nothing holds it: there is nothing to name */
    one = say(&free, Q4, 1, STEP_KEPALA, OFFICE, NONE);
    verified = say(&free, Q4, 1, STEP_VERIFY, PLANNER, one);
    close = say(&free, Q4, 1, STEP_CONSOLIDATE, CENTRE, verified);
    reopen = say_seen(&free, Q4, 1, STEP_REOPEN, AUDITOR, close, verified, "w1:9");
    why(&free, reopen, CLOSING_HELD);
}

static void a_step_has_one_spelling(void **unused)
{
    static const struct { const char *indicator, *text, *by; unsigned source, why; } cases[] = {
        { "1/verifikasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_NOT_AFTER },
        { "1/verifikasi/" PLANNER, "- - w1:9", CENTRE, SOURCE_VERIFIER, CLOSING_NOT_THEIRS },
        { "1/verifikasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_CENTRE, CLOSING_NOT_THEIRS },
        { "1/konsolidasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_NOT_THEIRS },
        { "1/kepala/" PLANNER, "- - w1:9", PLANNER, SOURCE_OPD, CLOSING_NOT_THEIRS },
        { "1/verifikasi/" OFFICE, "- - w1:9", OFFICE, SOURCE_VERIFIER, CLOSING_NOT_THEIRS },
        { "01/verifikasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "0/verifikasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1000/verifikasi/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verify/" PLANNER, "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/", "- - w1:9", "", SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi", "- - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/" PLANNER, "-", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/" PLANNER, "- -", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/" PLANNER, "- -  ", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/" PLANNER, "ab - w1:9", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/verifikasi/" PLANNER, "- - w1:9 1.06 x", PLANNER, SOURCE_VERIFIER, CLOSING_UNREADABLE },
        { "1/kembalikan/" PLANNER, "- - w1:9 1.06.01", PLANNER, SOURCE_VERIFIER, CLOSING_NOT_AFTER },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct closing_step e;
        closing_read(text(OFFICE), text(cases[i].by), 2022, 12, cases[i].source, text(cases[i].indicator), text(cases[i].text), 1,
                     &e);
        if (e.why != cases[i].why) fail_msg("%s \"%s\": %s", cases[i].indicator, cases[i].text, closing_why_name(e.why));
    }
}

/* ---- no order matters ---- */

struct orders {
    const struct story *all;
    struct story now;
    struct closing want;
    struct closing_step judged[MOST]; /* by number in `all` */
    int number[MOST];
    size_t pick[MOST], picks;
    bool first;
    const struct closing_rules *rules;
    unsigned long count;
};

static const uint8_t *id_of(const struct closing_step *s)
{
    static const struct hash none;
    return s ? s->id.b : none.b;
}

static void compare(struct orders *o)
{
    struct closing c = judge(&o->now, o->rules);
    o->count++;
    if (o->first) {
        o->want = c;
        for (size_t i = 0; i < o->now.n; i++) o->judged[o->number[i]] = o->now.step[i];
        o->first = false;
        /* pointers go into an array that the next order overwrites: the ids are kept aside */
        static struct closing_step kept[8];
        const struct closing_step **p[] = { &o->want.submission, &o->want.verification, &o->want.consolidation,
                                            &o->want.returned,   &o->want.reopened,     &o->want.last,
                                            &o->want.review,     &o->want.audit };
        for (size_t i = 0; i < 8; i++) {
            if (!*p[i]) continue;
            kept[i] = **p[i];
            *p[i] = &kept[i];
        }
        return;
    }
    assert_int_equal(c.state, o->want.state);
    assert_int_equal(c.round, o->want.round);
    assert_memory_equal(id_of(c.submission), id_of(o->want.submission), HASH_SIZE);
    assert_memory_equal(id_of(c.verification), id_of(o->want.verification), HASH_SIZE);
    assert_memory_equal(id_of(c.consolidation), id_of(o->want.consolidation), HASH_SIZE);
    assert_memory_equal(id_of(c.returned), id_of(o->want.returned), HASH_SIZE);
    assert_memory_equal(id_of(c.reopened), id_of(o->want.reopened), HASH_SIZE);
    assert_memory_equal(id_of(c.last), id_of(o->want.last), HASH_SIZE);
    assert_memory_equal(id_of(c.review), id_of(o->want.review), HASH_SIZE);
    assert_memory_equal(id_of(c.audit), id_of(o->want.audit), HASH_SIZE);
    for (size_t i = 0; i < o->now.n; i++) assert_int_equal(o->now.step[i].why, o->judged[o->number[i]].why);
}

static void permute(struct orders *o, size_t at)
{
    if (at == o->picks) {
        o->now.n = o->picks;
        for (size_t i = 0; i < o->picks; i++) {
            o->now.step[i] = o->all->step[o->pick[i]];
            o->number[i] = (int)o->pick[i];
        }
        compare(o);
        return;
    }
    for (size_t i = at; i < o->picks; i++) {
        size_t t = o->pick[at];
        o->pick[at] = o->pick[i];
        o->pick[i] = t;
        permute(o, at + 1);
        t = o->pick[at];
        o->pick[at] = o->pick[i];
        o->pick[i] = t;
    }
}

static unsigned long all_orders(const struct story *s, const struct closing_rules *rules)
{
    struct orders o = { .all = s, .rules = rules };
    for (unsigned set = 0; set < 1u << s->n; set++) {
        o.picks = 0;
        for (size_t i = 0; i < s->n; i++)
            if (set >> i & 1) o.pick[o.picks++] = i;
        o.first = true;
        permute(&o, 0);
    }
    return o.count;
}

static void any_order_of_any_subset_gives_the_same(void **unused)
{
    const struct closing_rules demanded = { .inside = 1 << STEP_OPERATOR };
    struct story s = { .n = 0 };
    (void)unused;
    /* handed in, returned, handed in again, verified by two, consolidated, reopened */
    int one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE), back = say(&s, Q4, 1, STEP_RETURN, PLANNER, one);
    int two = say(&s, Q4, 2, STEP_KEPALA, OFFICE, back), v1 = say(&s, Q4, 2, STEP_VERIFY, PLANNER, two);
    int v2 = say(&s, Q4, 2, STEP_VERIFY, PLANNER2, two), close = say(&s, Q4, 2, STEP_CONSOLIDATE, CENTRE, v1);
    (void)say(&s, Q4, 2, STEP_REOPEN, AUDITOR, close);
    (void)v2;
    assert_int_equal(all_orders(&s, &PLAIN), 13700);
    /* everything at once: returned, replaced and consolidated by people who do not know of each other */
    s.n = 0;
    one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, NONE);
    v1 = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    (void)say(&s, Q4, 1, STEP_RETURN, PLANNER2, v1);
    (void)say(&s, Q4, 2, STEP_KEPALA, OFFICE, v1);
    close = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, v1);
    (void)say(&s, Q4, 1, STEP_REOPEN, PLANNER, close);
    (void)say(&s, Q4, 1, STEP_REOPEN, PLANNER2, close);
    assert_int_equal(all_orders(&s, &PLAIN), 13700);
    /* two quarters that hold each other, and steps inside the office */
    s.n = 0;
    int operator = say(&s, Q4, 1, STEP_OPERATOR, OFFICE, NONE);
    one = say(&s, Q4, 1, STEP_KEPALA, OFFICE, operator);
    v1 = say(&s, Q4, 1, STEP_VERIFY, PLANNER, one);
    close = say(&s, Q4, 1, STEP_CONSOLIDATE, CENTRE, v1);
    int next = say(&s, Q4 + 1, 1, STEP_OPERATOR, OFFICE, NONE), next_head = say(&s, Q4 + 1, 1, STEP_KEPALA, OFFICE, next);
    int next_verified = say(&s, Q4 + 1, 1, STEP_VERIFY, PLANNER, next_head);
    (void)say_seen(&s, Q4 + 1, 1, STEP_CONSOLIDATE, CENTRE, next_verified, close, "w1:9");
    (void)say(&s, Q4, 1, STEP_REOPEN, AUDITOR, close);
    assert_int_equal(all_orders(&s, &demanded), 986410);
    /* reviewed and audited, with a follow-up of each */
    s.n = 0;
    close = closed(&s, Q4);
    (void)say_seen(&s, Q4, 1, STEP_REVIEW, AUDITOR, close, close, "w1:9");
    (void)say_seen(&s, Q4, 1, STEP_AUDIT, AUDITOR2, close, close, "w1:9");
    (void)say_about(&s, Q4, 1, STEP_FOLLOW_UP, AUDITOR, close, close, "w1:9", "1.06/a-1");
    (void)say_about(&s, Q4, 1, STEP_FOLLOW_UP, AUDITOR2, close, close, "w1:9", "1.06/a-1");
    assert_int_equal(all_orders(&s, &PLAIN), 13700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_open_to_consolidated_and_back),
        cmocka_unit_test(handing_in_again_replaces_what_was_verified),
        cmocka_unit_test(a_return_stands_before_a_verification),
        cmocka_unit_test(what_does_not_follow_has_no_effect),
        cmocka_unit_test(a_verification_is_of_what_it_names),
        cmocka_unit_test(consolidated_stands_until_it_is_reopened),
        cmocka_unit_test(four_identities),
        cmocka_unit_test(a_review_is_bound_to_a_seal),
        cmocka_unit_test(a_year_is_audited_by_another_than_who_reviewed),
        cmocka_unit_test(steps_inside_the_office),
        cmocka_unit_test(only_the_last_closed_quarter_is_reopened),
        cmocka_unit_test(a_step_has_one_spelling),
        cmocka_unit_test(any_order_of_any_subset_gives_the_same),
    };
    return cmocka_run_group_tests_name("closing", tests, NULL, NULL);
}
