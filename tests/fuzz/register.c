/* register.c - the register of offices and the list of invitations. A text that is taken must be taken again as it is written, and
 * then not change any more. A register is also made from the input, sealed line by line, and changed in one place: whoever checks
 * the seals must then see either the same entries or a fault, never others. */
#include <stdio.h>

#include "proto/invite.h"
#include "proto/registry.h"
#include "tests/fuzz/fuzz.h"

enum { LINES_MAX = 6, TEXT_BYTES = 8192 };
static const char heading[] = "#rekap-office 1\n";

static bool same_office(const struct office *a, const struct office *b)
{
    return !strcmp(a->id, b->id) && a->region == b->region && a->role == b->role && a->status == b->status &&
           a->valid_from.ms == b->valid_from.ms && a->valid_to.ms == b->valid_to.ms &&
           !memcmp(a->transport, b->transport, PUBKEY_SIZE) && !memcmp(a->signing, b->signing, PUBKEY_SIZE) &&
           !strcmp(a->name, b->name) && a->sealed == b->sealed && (!a->sealed || !memcmp(a->signature, b->signature, SIG_SIZE));
}

static void written_again(struct slice in)
{
    struct registry *r = NULL, *again = NULL;
    char err[512], line[2 * REGISTRY_LINE_MAX];
    struct buf b;
    if (registry_parse(in, &r, err, sizeof err) != ST_OK) return;
    buf_init(&b, 1 << 22);
    buf_str(&b, heading);
    for (uint64_t v = 1; v <= registry_version(r); v++) {
        struct office one;
        int n = registry_line_format(registry_entry(r, v), line, sizeof line);
        ASSERT(n > 0 && registry_line_parse(slice_of(line, (size_t)n), &one, err, sizeof err) == ST_OK);
        ASSERT(same_office(&one, registry_entry(r, v)));
        buf_put(&b, line, (size_t)n);
        buf_u8(&b, '\n');
    }
    ASSERT(buf_ok(&b) && registry_parse(buf_slice(&b), &again, err, sizeof err) == ST_OK);
    ASSERT(registry_version(again) == registry_version(r) && registry_count(again) == registry_count(r));
    for (uint64_t v = 1; v <= registry_version(r); v++) ASSERT(same_office(registry_entry(r, v), registry_entry(again, v)));
    for (size_t i = 0; i < registry_count(r); i++) {
        const struct office *o = registry_at(r, i);
        ASSERT(registry_office(r, slice_of(o->id, strlen(o->id))) == o && registry_id_ok(slice_of(o->id, strlen(o->id))));
    }
    registry_free(&r);
    registry_free(&again);
    buf_done(&b);
}

static void invitations(struct slice in)
{
    struct invites *list = NULL, *again = NULL;
    char err[512], line[2 * INVITE_LINE_MAX];
    struct buf b;
    if (invite_parse(in, &list, err, sizeof err) != ST_OK) return;
    buf_init(&b, 1 << 22);
    buf_str(&b, INVITE_HEADING);
    for (size_t i = 0; i < invite_count(list); i++) {
        int n = invite_format(invite_at(list, i), line, sizeof line);
        ASSERT(n > 0);
        buf_put(&b, line, (size_t)n);
        buf_u8(&b, '\n');
    }
    ASSERT(buf_ok(&b) && invite_parse(buf_slice(&b), &again, err, sizeof err) == ST_OK);
    ASSERT(invite_count(again) == invite_count(list));
    for (size_t i = 0; i < invite_count(list); i++) ASSERT(!memcmp(invite_at(list, i), invite_at(again, i), sizeof(struct invite)));
    invite_free(&list);
    invite_free(&again);
    buf_done(&b);
}

/* ---- sealed ---- */

static struct office office_of(struct rd *r)
{
    struct office o = { .region = 33u << 16 | 33 << 8, .valid_from = { INT64_MIN }, .valid_to = { INT64_MAX } };
    unsigned pick = rd_u8(r), more = rd_u8(r);
    snprintf(o.id, sizeof o.id, "gen-3374-%02u", pick % 4);
    snprintf(o.name, sizeof o.name, "Kantor %u", more);
    (void)code_region_parse(slice_of("33.74", 5), &o.region);
    o.role = (uint8_t)(1 + pick / 4 % 5), o.status = (uint8_t)(1 + pick / 20 % 2);
    if (more & 1) o.valid_from.ms = INT64_C(1700000000000) + more * 1000;
    memset(o.transport, pick, PUBKEY_SIZE);
    memset(o.signing, more, PUBKEY_SIZE);
    return o;
}

static void put_line(struct buf *b, const struct office *o)
{
    char line[2 * REGISTRY_LINE_MAX];
    int n = registry_line_format(o, line, sizeof line);
    ASSERT(n > 0);
    buf_put(b, line, (size_t)n);
    buf_u8(b, '\n');
}

/* Line `n` below the heading, with its newline. */
static struct slice line_at(const struct buf *b, unsigned n)
{
    const uint8_t *from = b->p, *end = b->p + b->n;
    for (n++; n > 0 && from < end; n--) from = (const uint8_t *)memchr(from, '\n', (size_t)(end - from)) + 1;
    const uint8_t *next = from < end ? (const uint8_t *)memchr(from, '\n', (size_t)(end - from)) + 1 : end;
    return slice_of(from, (size_t)(next - from));
}

/* One of: nothing, a byte changed, a line dropped, two neighbours swapped. */
static void change(struct rd *r, struct buf *b, unsigned lines)
{
    unsigned how = rd_u8(r) % 4;
    size_t at = rd_be16(r) % b->n;
    uint8_t with = rd_u8(r);
    struct slice one = line_at(b, with % lines), next = line_at(b, with % lines + 1);
    size_t from = (size_t)(one.p - b->p);
    if (how == 1) b->p[at] = with;
    if (how == 2) {
        memmove(b->p + from, b->p + from + one.n, b->n - from - one.n);
        b->n -= one.n;
    }
    if (how == 3 && next.n > 0) {
        uint8_t *copy = malloc(one.n);
        ASSERT(copy != NULL);
        memcpy(copy, one.p, one.n);
        memmove(b->p + from, next.p, next.n);
        memcpy(b->p + from + next.n, copy, one.n);
        free(copy);
    }
}

static void sealed(struct slice in)
{
    struct rd r = rd_of(in);
    struct office made[LINES_MAX];
    unsigned lines = 1 + rd_u8(&r) % LINES_MAX;
    const struct signer signer = { NULL, fuzz_signer, fuzz_key };
    const struct verifier verifier = { NULL, fuzz_verify };
    struct registry_chain c, seen;
    struct registry *reg = NULL;
    uint8_t issuer[PUBKEY_SIZE];
    char err[512];
    struct buf b;
    buf_init(&b, TEXT_BYTES);
    buf_str(&b, heading);
    registry_chain_start(&c);
    registry_chain_start(&seen);
    for (unsigned i = 0; i < lines; i++) {
        made[i] = office_of(&r);
        ASSERT(registry_seal(&c, &made[i], &signer) == ST_OK);
        put_line(&b, &made[i]);
    }
    ASSERT(buf_ok(&b));
    change(&r, &b, lines);
    (void)fuzz_key(NULL, slice_of(REGISTRY_KEY_ID, strlen(REGISTRY_KEY_ID)), issuer);
    if (registry_parse(buf_slice(&b), &reg, err, sizeof err) == ST_OK) {
        int st = registry_verify(reg, &seen, issuer, &verifier, err, sizeof err);
        for (uint64_t v = 1; st == ST_OK && v <= registry_version(reg); v++)
            ASSERT(v <= lines && same_office(registry_entry(reg, v), &made[v - 1]));
        struct registry_chain last;
        registry_chain_start(&last);
        if (st == ST_OK && registry_version(reg) > 0)
            ASSERT(registry_verify_last(reg, &last, issuer, &verifier, err, sizeof err) == ST_OK &&
                   sign_hash_equal(&last.head, &seen.head) && last.version == seen.version);
    }
    registry_free(&reg);
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    written_again(in);
    invitations(in);
    if (n > 4) sealed(in);
    return 0;
}
