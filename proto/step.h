/* step.h - a step of the quarter's close as it stands in a figure of MEASURE_STEP: its key, its text, its id. Kind: P.
 *
 * The quarter of one office is closed by steps: inside the office operator, kasubbag, kepala (who hands in), then verifikasi or
 * kembalikan, konsolidasi, and where need be buka-kembali (domain.md 8); an auditor binds reviu, audit and tindak-lanjut to the
 * seal of what was consolidated. Each is one signed figure about that office and the last month of the quarter:
 *
 *   indicator  ROUND "/" STEP "/" SPEAKER      2/verifikasi/perencana-1872: the speaker in the key, so that nobody's statement can
 *                                              take the place of another's, through whatever worker it came
 *              tindak-lanjut has "/" FINDING behind it: the part of the finding's address behind finding/ (proto/address.h)
 *   text       AFTER " " BESIDE " " SEEN [" " ABOUT]
 *              AFTER   id of the step it follows, "-" for the first of all
 *              BESIDE  konsolidasi: id of the consolidation of the quarter before; buka-kembali: id of the step that opened the
 *                      quarter after it again; reviu, audit, tindak-lanjut: root of the seal; "-" when there was none
 *              SEEN    the position of the logs at which the speaker looked, as answers name it (w1:4711,w2:80), or "-"
 *              ABOUT   kembalikan: the code of the line that is to be looked at; audit: the opinion (wtp, wdp, tw, tmp);
 *                      tindak-lanjut: the last day for it (2023-03-31)
 *   reason     the person's words
 *
 * A step's id is a hash of its own words, and those name the step before: who follows a step follows the whole way to it. It does
 * not depend on the log, so it stays when a lost log is stated again. */
#ifndef REKAP_STEP_H
#define REKAP_STEP_H

#include "figure.h"

enum step { STEP_OPERATOR = 1, STEP_KASUBBAG, STEP_KEPALA, STEP_VERIFY, STEP_RETURN, STEP_CONSOLIDATE, STEP_REOPEN,
            STEP_REVIEW, STEP_AUDIT, STEP_FOLLOW_UP, STEP_COUNT };
enum {
    STEP_ROUND_MAX = 999, STEP_FINDING_MAX = 160, STEP_SEEN_MAX = 255, STEP_WORDS_MAX = 512,
    STEP_KEY_MAX = 3 + 1 + 13 + 1 + OFFICE_ID_MAX + 1 + STEP_FINDING_MAX + 1
};

const char *step_name(unsigned step);                   /* as in keys: "operator" .. "buka-kembali"; "" for another number */
int step_parse(struct slice text, unsigned *ret);       /* ST_INVALID */
/* Who may take it: does this capacity (a source) go with the step? */
bool step_of_source(unsigned step, unsigned source);
/* Of the capacity a role acts in; SOURCE_NONE when it takes no part. */
uint8_t step_source_of_role(unsigned role);

struct step_key {
    unsigned round, step; /* 1.. ; enum step */
    struct slice speaker;
    struct slice finding; /* of tindak-lanjut; else empty */
};
int step_key_parse(struct slice indicator, struct step_key *ret); /* ST_INVALID; the one spelling that step_key_format gives */
size_t step_key_format(const struct step_key *k, char ret[STEP_KEY_MAX]);

struct step_words {
    bool follows, has_beside;
    struct hash after, beside;
    struct slice seen, about; /* about: empty when there is none */
};
int step_words_parse(struct slice text, struct step_words *ret); /* ST_INVALID */
size_t step_words_format(const struct step_words *w, char ret[STEP_WORDS_MAX]);

/* H(office, year, quarter, capacity, key, text), each ended by a newline, after the line "rekap-step 1". */
struct hash step_id(struct slice office, unsigned year, unsigned quarter, unsigned source, struct slice indicator,
                    struct slice text);

#endif
