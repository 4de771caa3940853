/* approve.h - may the centre enter this request in its register, and as which line? Kind: P.
 *
 * A request is judged from the beginning, whoever brought it: its signatures, its invitation, the history of its key; neither the
 * worker nor the network is believed. What a new office may state (region, role, name) comes from the invitation, never from the
 * request. The caller writes the line first and marks the invitation as used then, so a stop in between can be repeated. */
#ifndef REKAP_APPROVE_H
#define REKAP_APPROVE_H

#include "invite.h"
#include "registry.h"

enum approve_fault {
    APPROVE_FINE,
    APPROVE_BAD_SIGNATURE,      /* of its own new key */
    APPROVE_NO_INVITATION,      /* none of this centre */
    APPROVE_NOT_OPEN,           /* used, or taken back */
    APPROVE_OTHER_OFFICE,       /* the invitation is for another office */
    APPROVE_EXPIRED,
    APPROVE_NOT_ACTIVE,         /* a rotation of an office that is not registered, or is revoked */
    APPROVE_NOT_BY_PRESENT,     /* a rotation that the key in force has not signed */
    APPROVE_KEY_OF_OTHER,       /* the signing key stands in the register for another office */
    APPROVE_KEY_REVOKED         /* it stands in a revoked line of this one */
};
struct approve_question {
    const struct join_request *request;
    const struct registry *registry;
    const struct invites *invites;      /* may be NULL */
    const struct verifier *verifier;
    bool late;          /* it did not come through the worker, which asks at its coming: the invitation must hold now */
    struct wall now;
};
/* ret: the line, without version, valid_from and signature; about: the office that stands against it, OFFICE_ID_MAX + 1 bytes. Both
 * are written in any case. */
enum approve_fault approve_judge(const struct approve_question *q, struct office *ret, char *about);

#endif
