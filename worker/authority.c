/* authority.c - who may state what. Kind: P.
 *
 * Design notes: the questions come in two halves because they are asked at different rates: the speaker once per batch, the
 * section once per section, and per row only a comparison is left (authority_row). Nothing is remembered between calls, so a
 * registry that was swapped in a moment ago decides the very next batch.
 *
 * The order of the speaker's checks is what a person must mend first: an unknown office has no status, a revoked one no validity,
 * and the key is compared last so that a dinas with a rotated key is told so and not that it is unknown.
 *
 * Invariant: CODE_OK is answered only when every check has passed; there is no default that allows. */
#include "authority.h"

#include <string.h>

/* Is it in the register, active, and valid now? */
static unsigned standing(const struct office *o, struct wall now)
{
    if (o == NULL) return CODE_UNKNOWN_OFFICE;
    if (o->status != OFFICE_ACTIVE) return CODE_REVOKED;
    return now.ms < o->valid_from.ms || now.ms >= o->valid_to.ms ? CODE_EXPIRED : CODE_OK;
}

unsigned authority_speaker(const struct registry *r, struct slice office, const uint8_t key[PUBKEY_SIZE], struct wall now,
                           const struct office **ret_speaker)
{
    const struct office *o = r != NULL ? registry_office(r, office) : NULL;
    unsigned code = standing(o, now);

    if (code != CODE_OK) return code;
    if (memcmp(o->transport, key, PUBKEY_SIZE) != 0) return CODE_UNAUTHORISED;
    *ret_speaker = o;
    return CODE_OK;
}

/* The half of those who speak of others: only of offices of their region, and only of registered ones (a figure of an office nobody
 * knows could never be rolled up anywhere). Steps of the close are about offices that report, not about each other. */
static struct authority other_section(const struct registry *r, const struct office *speaker, const struct section *s)
{
    static const struct { uint8_t role; uint16_t only; } CAPACITY[] = {
        [SOURCE_BUD] = { ROLE_TREASURER, MEASURE_REALISED },  [SOURCE_VERIFIER] = { ROLE_PLANNER, MEASURE_STEP },
        [SOURCE_CENTRE] = { ROLE_CENTRE, MEASURE_STEP },      [SOURCE_AUDITOR] = { ROLE_AUDITOR, MEASURE_STEP },
    };
    const struct authority refused = { CODE_UNAUTHORISED, 0 }, granted = { CODE_OK, CAPACITY[s->source].only };
    const struct office *subject;

    if (speaker->role != CAPACITY[s->source].role) return refused;
    subject = registry_office(r, s->office);
    if (subject == NULL || !code_region_holds(speaker->region, subject->region)) return refused;
    return granted.only != MEASURE_STEP || subject->role == ROLE_OFFICE ? granted : refused;
}

struct authority authority_section(const struct registry *r, const struct office *speaker, const struct section *s)
{
    bool own = s->office.n == strlen(speaker->id) && memcmp(s->office.p, speaker->id, s->office.n) == 0;

    if (s->source == SOURCE_BUD || (s->source >= SOURCE_VERIFIER && s->source <= SOURCE_AUDITOR))
        return other_section(r, speaker, s);
    return (struct authority){ own ? CODE_OK : CODE_UNAUTHORISED, 0 };
}

unsigned authority_cut(const struct registry *r, struct slice note, const struct cut *c, struct wall now, const struct verifier *v)
{
    const struct office *o = r != NULL ? registry_office(r, slice_of(c->actor, strlen(c->actor))) : NULL, *line;
    unsigned code = standing(o, now);
    struct note_key key;
    struct slice text;

    if (code != CODE_OK) return code;
    if (o->role != ROLE_CENTRE || !code_region_holds(o->region, c->region)) return CODE_UNAUTHORISED;
    line = registry_signing(r, o, c->key_id, now);
    if (line == NULL || cut_key(c, line->signing, &key) != ST_OK) return CODE_BAD_SIGNATURE;
    return note_open(note, &key, v, &text) == ST_OK ? CODE_OK : CODE_BAD_SIGNATURE;
}
