/* approve.c - see approve.h. Kind: P.
 *
 * Design notes: the same questions as the worker's (worker/guest.c), asked again by whoever holds the register's key: a worker that
 * was taken over can show people a wrong request, but cannot have it entered.
 *
 * Invariant: APPROVE_FINE only for a request whose new key has signed it and was never another office's, nor revoked. */
#include "approve.h"

#include <string.h>

static struct slice id_of(const struct join_request *r) { return slice_of(r->office, strlen(r->office)); }

static enum approve_fault history(const struct approve_question *q, char *about)
{
    for (uint64_t v = registry_version(q->registry); v > 0; v--) {
        const struct office *o = registry_entry(q->registry, v);

        if (memcmp(o->signing, q->request->signing, PUBKEY_SIZE) != 0) continue;
        memcpy(about, o->id, sizeof o->id);
        if (strcmp(o->id, q->request->office) != 0) return APPROVE_KEY_OF_OTHER;
        if (o->status == OFFICE_REVOKED) return APPROVE_KEY_REVOKED;
    }
    return APPROVE_FINE;
}

static enum approve_fault judge_new(const struct approve_question *q, struct office *ret, char *about)
{
    const struct invite *i = invite_find(q->invites, q->request->invitation);

    if (i == NULL) return APPROVE_NO_INVITATION;
    if (i->state != INVITE_OPEN) return APPROVE_NOT_OPEN;
    memcpy(about, i->office, sizeof i->office);
    if (strcmp(i->office, q->request->office) != 0) return APPROVE_OTHER_OFFICE;
    if (q->late && !invite_may_ask(i, q->now)) return APPROVE_EXPIRED;
    ret->region = i->region;
    ret->role = i->role;
    memcpy(ret->id, i->office, sizeof i->office);
    memcpy(ret->name, i->name, sizeof i->name);
    return APPROVE_FINE;
}

static enum approve_fault judge_rotation(const struct approve_question *q, struct office *ret)
{
    const struct join_request *r = q->request;
    const struct office *o = registry_office(q->registry, id_of(r));

    if (o == NULL || o->status != OFFICE_ACTIVE) return APPROVE_NOT_ACTIVE;
    if (memcmp(o->transport, r->transport, PUBKEY_SIZE) != 0 || !join_request_by(r, o->signing, q->verifier))
        return APPROVE_NOT_BY_PRESENT;
    *ret = *o;
    return APPROVE_FINE;
}

enum approve_fault approve_judge(const struct approve_question *q, struct office *ret, char *about)
{
    const struct join_request *r = q->request;
    enum approve_fault fault;

    *ret = (struct office){ .status = OFFICE_ACTIVE, .valid_to = { INT64_MAX } };
    memcpy(about, r->office, sizeof r->office);
    if (!join_request_signed(r, q->verifier)) return APPROVE_BAD_SIGNATURE;
    fault = r->kind == JOIN_NEW ? judge_new(q, ret, about) : judge_rotation(q, ret);
    if (fault == APPROVE_FINE) fault = history(q, about);
    memcpy(ret->transport, r->transport, PUBKEY_SIZE);
    memcpy(ret->signing, r->signing, PUBKEY_SIZE);
    return fault;
}
