/* closing.h - the state of a quarter of one office, from the steps that were stated about it. Kind: P.
 *
 *   terbuka -> diajukan -> diverifikasi -> dikonsolidasikan;  dikembalikan, dibuka-kembali        (domain.md 8)
 *
 * Nothing of it is stored: the state is a function of the set of steps, the order in which they arrived does not matter (steps of
 * one quarter come through several streams and workers, and the fold commutes between workers). A step names the step it follows by
 * its id (proto/step.h), and takes effect when that one does; what it follows may arrive after it. A step whose predecessor does
 * not stand, or whose speaker may not take it, changes nothing: it is listed with the reason.
 *
 * Rounds. The office hands in as round 1. What was handed in is verified, or returned, or replaced by handing in again; each time
 * the office hands in the round is one more, and its first step follows a step of the round before. Of one round, a consolidation
 * stands before anything else that was said of it, and then only reopening it begins a new round (P5: a consolidated quarter does
 * not change by what was under way); a return stands before a verification. The last round that was handed in is the state.
 *
 * Reopening goes from the last consolidated quarter backwards: a consolidation names the consolidation of the quarter before, and
 * so holds it closed. Reopening that one must name the step that reopened the quarter after it.
 *
 * Reviews. An auditor binds `reviu` ("telah direviu"), and of the year's last quarter `audit`, to the seal of what was
 * consolidated; both follow the consolidation and name the seal's root. `tindak-lanjut` sets a last day for what is to be done
 * about one finding, and stands beside a review or audit of the same auditor and seal. A year is diaudit while its last quarter is
 * consolidated and an audit of that consolidation stands; reopening the quarter ends that.
 *
 * Identities. Who handed in, verified, consolidated and reopened are four different speakers with four different keys; who reviews
 * or audits is none of the first three, and who audits has not reviewed. With `persons` also different persons, as are those of the
 * steps inside the office. */
#ifndef REKAP_CLOSING_H
#define REKAP_CLOSING_H

#include "proto/step.h"
#include "proto/unit.h"

enum closing_state {
    CLOSING_OPEN, CLOSING_SUBMITTED, CLOSING_VERIFIED, CLOSING_CONSOLIDATED, CLOSING_RETURNED, CLOSING_REOPENED, CLOSING_STATES
};
const char *closing_state_name(unsigned state); /* "terbuka", "diajukan", .. */

enum closing_why { /* why a step has no effect */
    CLOSING_EFFECTIVE,
    CLOSING_UNREADABLE,     /* key or text are not those of a step */
    CLOSING_NOT_THEIRS,     /* the step of another role, or said in another's name */
    CLOSING_NOT_AFTER,      /* what it follows is not there, or has no effect, or is not what this step can follow */
    CLOSING_STEP_MISSING,   /* a step inside the office that the registry demands is missing before it */
    CLOSING_SAME_IDENTITY,  /* taken by who has taken another of the steps already */
    CLOSING_CLOSED,         /* the quarter was consolidated; it must be reopened first */
    CLOSING_HELD,           /* the quarter after it is consolidated */
    CLOSING_NO_SEAL,        /* a review, audit or follow-up that names no seal */
    CLOSING_NOT_YEAR_END,   /* an audit of another quarter than the year's last */
    CLOSING_NOT_REVIEWED,   /* a follow-up without a review or audit of the same auditor and seal */
    CLOSING_WHYS
};
const char *closing_year_name(bool audited); /* "belum-diaudit", "diaudit" */

const char *closing_why_name(unsigned why); /* "tidak-terbaca", ..; "" of EFFECTIVE */
const char *closing_why_text(unsigned why, enum lang lang);

struct closing_step {
    /* as stated; slices live as long as what they were read from */
    unsigned quarter; /* closing_quarter() */
    unsigned round, step;
    uint8_t source;
    struct slice speaker, clerk;   /* clerk: opaque, may be empty */
    struct slice finding;          /* of a follow-up: as in its key */
    uint8_t key[PUBKEY_SIZE];      /* the speaker's, by the register */
    struct hash id;
    struct step_words words;
    struct slice reason;
    provenance prov;
    bool readable;
    /* as judged */
    enum closing_why why;
    uint8_t inside; /* of a step inside the office: bits 1 << step of it and those before it */
};
static inline unsigned closing_quarter(unsigned year, unsigned quarter) { return 4 * year + quarter - 1; }

struct closing_rules {
    uint8_t inside; /* steps inside the office that are demanded: bits 1 << STEP_OPERATOR, 1 << STEP_KASUBBAG */
    bool persons;   /* different persons too */
};
struct closing { /* pointers into the steps; NULL: none */
    enum closing_state state;
    unsigned round; /* the last one handed in; 0: none */
    const struct closing_step *submission, *verification, *consolidation, *returned, *reopened;
    const struct closing_step *review, *audit;
    const struct closing_step *inside;  /* the furthest step inside the office of the round to come */
    const struct closing_step *last;    /* what the next step of the office follows; NULL: nothing yet */
};
/* Is the year whose last quarter was judged to be this audited? */
static inline bool closing_audited(const struct closing *c) { return c->state == CLOSING_CONSOLIDATED && c->audit; }
/* Judges the steps of one quarter among all n of an office; those of the quarters after it must have been judged before, so from
 * the last quarter backwards. Writes `why` and `inside` of the quarter's steps. */
void closing_judge(struct closing_step *step, size_t n, unsigned quarter, const struct closing_rules *rules, struct closing *ret);

/* Reads the slot of a MEASURE_STEP row about `office`; said_by: who signed it. Leaves clerk, key and reason empty, for the caller
 * to fill. */
void closing_read(struct slice office, struct slice said_by, unsigned year, unsigned month, unsigned source, struct slice indicator,
                  struct slice text, provenance prov, struct closing_step *ret);

/* Of an office's own figures up to the quarter's last month: how many were stated after the step, in the same stream (through the
 * same worker); *ret_first names one of them. */
size_t closing_changed(const struct unit *u, unsigned quarter, provenance since, struct leaf_key *ret_first);
/* Has the office stated anything realised or reached (a nil too) for a month of the quarter? */
bool closing_reported(const struct unit *u, unsigned quarter);

#endif
