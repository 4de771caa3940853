/* types.h - the small value types everybody shares. Kind: P (pure).
 *
 * Clocks are one-field structs so that a monotonic time can never be passed where a wall time is meant, and both can
 * be produced only by a clock port (clock.h). The pure core receives "now"; it never asks. */
#ifndef REKAP_TYPES_H
#define REKAP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mono {
    int64_t us;
}; /* monotonic microseconds since an arbitrary start; for deadlines */
struct wall {
    int64_t ms;
}; /* milliseconds since 1970-01-01T00:00:00Z; for record only, never for order */
struct now {
    struct mono mono;
    struct wall wall;
};

struct slice {
    const uint8_t *p;
    size_t n;
}; /* bytes owned by somebody else; never freed through a slice */

typedef __int128 i128; /* sums: 2^63 figures of 2^63 cannot overflow it */

#define HASH_SIZE 32u /* BLAKE2b-256 */
#define SIG_SIZE 64u  /* Ed25519 */
#define PUBKEY_SIZE 32u
struct hash {
    uint8_t b[HASH_SIZE];
};

static inline struct slice slice_of(const void *p, size_t n) { return (struct slice){(const uint8_t *)p, n}; }

/* Our own mistakes stop the process, in release builds too (never for data that came from outside). */
_Noreturn void status_assert_failed(const char *expr, const char *file, int line);
#define ASSERT(e) ((e) ? (void)0 : status_assert_failed(#e, __FILE__, __LINE__))

#endif
