/* sign_sha256.h - SHA-256 (FIPS 180-4) for the places where a published format asks for it: Merkle trees (merkle.h) and the key
 * hashes of signed notes (note.h). Kind: P. Everything of our own is BLAKE2b (sign.h). */
#ifndef REKAP_SIGN_SHA256_H
#define REKAP_SIGN_SHA256_H

#include "types.h"

/* Of the parts one after the other; an empty part is fine. */
struct hash sign_sha256(const struct slice *part, size_t parts);

#endif
