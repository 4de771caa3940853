/* join.h - how an office on another machine gets into the register: the centre's invitation, the office's request, and the two
 * lines people paste. Kind: P.
 *
 * An invitation is made at the centre: who is meant (id, region, role, name), where the worker listens, the public keys that
 * identify the centre, and the secret half of a one-time CURVE key. Whoever holds the line may ask; nobody gets in by it. The
 * office makes its own two keys, which never leave it, and signs a request that names their public halves with the new signing
 * key; a request to change the key of an office that is in the register carries the signature of its present key too. The centre
 * compares the fingerprint of both keys with the office by telephone and approves.
 *
 * Lines: PREFIX and base64url (RFC 4648 section 5, no padding) of the bytes and a checksum of 8 bytes over prefix and bytes, so
 * that a line that was cut or mistyped is told from one that is wrong. Spaces and line breaks inside a line say nothing. */
#ifndef REKAP_JOIN_H
#define REKAP_JOIN_H

#include "bytes.h"
#include "code.h"
#include "limits.h"
#include "sign.h"

#define JOIN_INVITATION_PREFIX "rekap-undangan-1:"
#define JOIN_REQUEST_PREFIX "rekap-permohonan-1:"
enum {
    JOIN_NAME_MAX = 160,
    JOIN_ADDRESS_MAX = 120,             /* tcp://HOST:PORT */
    JOIN_LINE_MAX = 1024,               /* characters of either line, without spaces */
    JOIN_TEXT_MAX = 4096,               /* with them */
    JOIN_FINGERPRINT_SIZE = 24          /* "12345 12345 12345 12345" and its end */
};

struct join_invitation {
    char office[OFFICE_ID_MAX + 1];
    region_code region;
    uint8_t role;                       /* enum role of registry.h */
    struct wall until;                  /* exclusive */
    char name[JOIN_NAME_MAX + 1], address[JOIN_ADDRESS_MAX + 1];
    uint8_t worker[PUBKEY_SIZE], checkpoint[PUBKEY_SIZE], registry[PUBKEY_SIZE];        /* the centre's public keys */
    uint8_t secret[32];                 /* of the one-time CURVE key */
};

enum join_kind { JOIN_NEW = 1, JOIN_ROTATE = 2 };
struct join_request {
    uint8_t kind;
    uint8_t invitation[PUBKEY_SIZE];    /* public half of the one-time key; zero when kind is JOIN_ROTATE */
    char office[OFFICE_ID_MAX + 1];
    uint8_t transport[PUBKEY_SIZE], signing[PUBKEY_SIZE];
    struct wall asked;
    uint8_t signature[SIG_SIZE];        /* by `signing` */
    uint8_t by_present[SIG_SIZE];       /* JOIN_ROTATE: by the signing key in force; else zero */
};

/* What is wrong with a pasted line. */
enum join_fault {
    JOIN_FAULT_NONE,
    JOIN_FAULT_OTHER /* not such a line, or of another version */,
    JOIN_FAULT_MISTYPED /* checksum */,
    JOIN_FAULT_BROKEN /* the checksum is right and the content is not */
};

/* Appends the line, without a newline. The texts are checked by the caller (asserted). */
void join_invitation_put(struct buf *b, const struct join_invitation *i);
int join_invitation_read(struct slice line, struct join_invitation *ret, enum join_fault *ret_fault);   /* ST_INVALID */
void join_request_put(struct buf *b, const struct join_request *r);
int join_request_read(struct slice line, struct join_request *ret, enum join_fault *ret_fault);         /* ST_INVALID */

/* The request as bytes: in the worker's store, and in the line before its checksum. */
enum { JOIN_REQUEST_BYTES_MAX = 1 + 4 * 32 + 1 + OFFICE_ID_MAX + 8 + 2 * SIG_SIZE };
void join_request_pack(struct buf *b, const struct join_request *r);
int join_request_unpack(struct slice bytes, struct join_request *ret);          /* the whole slice; ST_INVALID */

/* What both signatures are over: a heading and all fields before them. */
void join_request_message(struct buf *b, const struct join_request *r);
bool join_request_signed(const struct join_request *r, const struct verifier *v);       /* by its own new key; no zero key */
bool join_request_by(const struct join_request *r, const uint8_t present[PUBKEY_SIZE], const struct verifier *v);
bool join_request_same(const struct join_request *a, const struct join_request *b);     /* kind, office and keys, whenever asked */

/* Of office id and both keys: four groups of five digits, for the telephone. */
void join_fingerprint(const struct join_request *r, char ret[JOIN_FINGERPRINT_SIZE]);

#endif
