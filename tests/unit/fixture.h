/* fixture.h - what tests build figures, units and worker logs from. Nothing here judges: it writes what it is told.
 *
 * A figure is written as one short text, so that tables of cases stay readable:
 *     "CODE[/ACCOUNT] MEASURE[:SOURCE[:STAGE]] MONTH[m] VALUE[.DECIMALS] [!reason]"
 *     "1.06.02.2.02.01 realised 8 1500"      "5.1 budget:dpa:murni 1 100"      "- complete:dpa:perubahan 9 1"
 * CODE: activity (vintage by year), `total`, account (5.1), or `-` for none. VALUE: a number in the measure's own unit (sen,
 * 1e-6), nil,
 * na, withdrawn, or 'text. MONTH with an m is monthly basis; budgets, markers and printed claims have basis none. Sources
 * default to opd (realised, cash_plan, printed_absorption) and dpa (budget, complete). */
#ifndef REKAP_FIXTURE_H
#define REKAP_FIXTURE_H

#include "proto/codec.h"
#include "proto/unit.h"

struct fixture_figure { struct figure f; char text[160]; };     /* f's slices point into text */
void fixture_figure(const char *text, unsigned year, struct fixture_figure *ret);      /* asserts the grammar */
void fixture_set(struct unit *u, const char *text, provenance prov);                   /* into a unit whose year is set */
/* a fresh unit from a NULL-ended list; provenance 1, 2, .. */
void fixture_unit(struct unit *u, unsigned year, const char *const *texts);
activity_code fixture_activity(const char *text, unsigned year);
account_code fixture_account(const char *text);

struct fixture_statement { const char *subject; struct figure f; unsigned disposition; };
struct fixture_log {                    /* the log of one worker */
    unsigned worker;
    uint64_t lsn;
    struct hash hash;
    struct buf bytes;                   /* of all records */
    size_t at[16384];                    /* record i is bytes[at[i], at[i + 1]) */
    uint32_t count;
    uint64_t sequence;
};
void fixture_log_init(struct fixture_log *l, unsigned worker);
void fixture_log_done(struct fixture_log *l);
void fixture_log_office(struct fixture_log *l, uint64_t version, const char *id, const char *region, unsigned role);
/* One batch of `speaker`; consecutive statements of one subject, year, source and stage share a section. Not signed. */
void fixture_log_batch(struct fixture_log *l, const char *speaker, const struct fixture_statement *s, uint32_t n);
/* The same from texts. */
void fixture_log_texts(struct fixture_log *l, const char *speaker, const char *subject, unsigned year, const char *const *texts);
void fixture_log_raw(struct fixture_log *l, unsigned kind, const struct buf *content);   /* whatever the content is */
struct slice fixture_log_record(const struct fixture_log *l, uint32_t i);

#endif
