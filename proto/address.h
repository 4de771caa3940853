/* address.h - the address of one figure: a short text that a person can read, copy and ask about. Kind: P.
 *
 *   SCOPE / YEAR / MEASURE / CODE [ / WHICH ] [ ?PARAM,PARAM.. ]        33.74/2020/realised/1.06.01?until=8
 *
 *   SCOPE      a region (33.74, 33; nasional) or an office (dinsos-1872)
 *   MEASURE    budget, realised, absorption; of an indicator: target, reached, achievement, rating; achievement without an
 *              indicator: the mean of those below CODE; match: office against treasurer; finding
 *   CODE       1.06.01, 5.1, total, total-kegiatan, total-rekening. An account code is the prefix of accounts, with level=daun the
 *              account-only line
 *   WHICH      an indicator: its identity with blanks as `_`; other marks as %XX (RFC 3986). A finding: its kind and the mark that
 *              tells it from others of its kind and code (persen-5f0c21)
 *   PARAM      until=1..12 (default 12), stage=murni (default: in force), level=daun, vintage=NAME (default: the one of the year),
 *              source=NAME (default opd and dpa; of a target: the one in force), bridge=NAME (the figure of a year of an older list
 *              in the codes of this one), cap=100|110|120|150|none (of a mean; default 120), as_of=WHEN (default: now; a vector's
 *              commas need no care)
 * So an address needs no quoting in a shell but for the question mark where globs without a match are errors, and its path is also
 * the path of its HTTP resource. Formatting what was parsed gives the one canonical spelling. */
#ifndef REKAP_ADDRESS_H
#define REKAP_ADDRESS_H

#include "bytes.h"
#include "code.h"
#include "limits.h"

enum address_measure { ADDRESS_BUDGET, ADDRESS_REALISED, ADDRESS_ABSORPTION, ADDRESS_TARGET, ADDRESS_REACHED, ADDRESS_ACHIEVEMENT,
                       ADDRESS_RATING, ADDRESS_MATCH, ADDRESS_FINDING };
enum address_kind { ADDRESS_OF_MONEY, ADDRESS_OF_INDICATOR, ADDRESS_OF_MEAN, ADDRESS_OF_MATCH, ADDRESS_OF_FINDING };
enum { ADDRESS_CAP = 120 };
enum address_part { ADDRESS_TOTAL, ADDRESS_ACTIVITIES, ADDRESS_ACCOUNTS, ADDRESS_ACTIVITY, ADDRESS_ACCOUNT, ADDRESS_LINE };
struct address {
    char office[OFFICE_ID_MAX + 1]; /* "" : the region */
    region_code region;
    int year, until;
    enum address_measure measure;
    enum address_part part;
    uint64_t code; /* packed; 0 of totals, CODE_TOTAL of an indicator of the total */
    bool murni;
    uint8_t source;               /* 0: the default one */
    enum vintage bridge;          /* VINTAGE_NONE: as it was stated */
    unsigned cap;                 /* of a mean; 0: none */
    char indicator[TEXT_MAX + 1]; /* "" : money, or a mean; of a finding its kind and mark */
    char place[CODE_TEXT_MAX + 1]; /* of a finding: its code as it is listed */
    char as_of[256];              /* "" : now */
};
struct address_fault {
    const char *part;
    char seen[64];
}; /* part: the word in capitals or the PARAM's name */
/* ST_OK or ST_INVALID with *ret_fault. */
int address_parse(struct slice text, struct address *ret, struct address_fault *ret_fault);
void address_format(const struct address *a, struct buf *b); /* appends */
enum address_kind address_kind(const struct address *a);
bool address_of_indicator(const struct address *a);          /* target, reached, achievement or rating of one */
const char *address_measure_name(enum address_measure m);

/* The text in pieces, for who asks over HTTP: the path before the `?`, then the parameters. Returns how many (at most max). */
struct address_param {
    struct slice name, value;
};
size_t address_split(struct slice text, struct slice *ret_path, struct address_param *ret, size_t max);

#endif
