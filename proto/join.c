/* join.c - see join.h. Kind: P.
 *
 * Design notes: both lines are one frame (prefix, base64url, checksum) around fields of fixed order; a text is its length and its
 * bytes. The checksum covers the prefix, so a line of one kind never passes for the other. base64 has one spelling for each value
 * (base64.h), so a changed character always changes the bytes and the checksum answers for them.
 *
 * Invariant: what a read function gives back has passed registry_id_ok's alphabet (checked here by the same rule), UTF-8 and all
 * lengths; it says nothing about signatures. */
#include "join.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"

enum { CHECK_BYTES = 8, BYTES_MAX = JOIN_LINE_MAX };
static const char MESSAGE_HEADING[] = "rekap-permohonan-1\n";

/* ---- the frame of a line ---- */

static struct hash checksum(const char *prefix, struct slice bytes) { return sign_hash2(prefix, strlen(prefix), bytes.p, bytes.n); }

static void line_put(struct buf *b, const char *prefix, struct slice bytes)
{
    struct hash h = checksum(prefix, bytes);
    struct buf all, text;

    buf_init(&all, BYTES_MAX);
    buf_init(&text, 2 * JOIN_LINE_MAX);
    buf_put(&all, bytes.p, bytes.n);
    buf_put(&all, h.b, CHECK_BYTES);
    base64_put(&text, all.p, all.n);
    buf_str(b, prefix);
    for (size_t i = 0; i < text.n && text.p[i] != '='; i++)
        buf_u8(b, text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i]);
    if (!buf_ok(&all) || !buf_ok(&text)) b->bad = true;
    buf_done(&all);
    buf_done(&text);
}

static bool blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The line's own characters, standard base64 after the prefix; false: too long, or a character of the other alphabet. */
static bool gather(struct slice line, size_t prefix, char *ret, size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < line.n; i++) {
        char ch = (char)line.p[i];

        if (blank(line.p[i])) continue;
        if (n == JOIN_LINE_MAX) return false;
        if (n >= prefix && (ch == '+' || ch == '/' || ch == '=')) return false;
        ret[n] = n < prefix ? ch : ch == '-' ? '+' : ch == '_' ? '/' : ch;
        n++;
    }
    *ret_n = n;
    return true;
}

/* The bytes behind a line, without their checksum. */
static int line_read(struct slice line, const char *prefix, uint8_t ret[BYTES_MAX], size_t *ret_n, enum join_fault *ret_fault)
{
    char text[JOIN_LINE_MAX + 4];
    size_t start = strlen(prefix), n, bytes;
    struct hash h;

    *ret_fault = JOIN_FAULT_MISTYPED;
    if (line.n > JOIN_TEXT_MAX || !gather(line, start, text, &n)) return ST_INVALID;
    if (n < start || memcmp(text, prefix, start) != 0) {
        *ret_fault = JOIN_FAULT_OTHER;
        return ST_INVALID;
    }
    while ((n - start) % 4 != 0) text[n++] = '=';
    if (base64_read(slice_of(text + start, n - start), ret, BYTES_MAX, &bytes) != ST_OK || bytes < CHECK_BYTES) return ST_INVALID;
    *ret_n = bytes - CHECK_BYTES;
    h = checksum(prefix, slice_of(ret, *ret_n));
    if (memcmp(h.b, ret + *ret_n, CHECK_BYTES) != 0) return ST_INVALID;
    *ret_fault = JOIN_FAULT_NONE;
    return ST_OK;
}

/* ---- texts in it ---- */

static void text_put(struct buf *b, const char *s)
{
    ASSERT(strlen(s) <= 255);
    buf_u8(b, (uint8_t)strlen(s));
    buf_str(b, s);
}

/* Well-formed text without control characters, at least one byte. */
static void text_get(struct rd *r, char *ret, size_t max)
{
    struct slice s = rd_bytes(r, rd_u8(r));

    if (r->bad || s.n == 0 || s.n > max || !bytes_utf8_ok(s.p, s.n)) {
        r->bad = true;
        return;
    }
    for (size_t i = 0; i < s.n; i++) r->bad |= s.p[i] < 0x20 || s.p[i] == 0x7f;
    memcpy(ret, s.p, s.n);
    ret[s.n] = '\0';
}

static void id_get(struct rd *r, char ret[OFFICE_ID_MAX + 1])
{
    text_get(r, ret, OFFICE_ID_MAX);
    if (r->bad) return;
    for (const char *p = ret; *p; p++) {
        bool alnum = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');

        r->bad |= !alnum && (p == ret || (*p != '.' && *p != '-'));
    }
}

static void fixed_get(struct rd *r, uint8_t *ret, size_t n)
{
    struct slice s = rd_bytes(r, n);

    if (!r->bad) memcpy(ret, s.p, n);
}

/* ---- invitations ---- */

void join_invitation_put(struct buf *b, const struct join_invitation *i)
{
    struct buf bytes;

    buf_init(&bytes, BYTES_MAX);
    text_put(&bytes, i->office);
    buf_be32(&bytes, i->region);
    buf_u8(&bytes, i->role);
    buf_be64(&bytes, (uint64_t)i->until.ms);
    text_put(&bytes, i->name);
    text_put(&bytes, i->address);
    buf_put(&bytes, i->worker, PUBKEY_SIZE);
    buf_put(&bytes, i->checkpoint, PUBKEY_SIZE);
    buf_put(&bytes, i->registry, PUBKEY_SIZE);
    buf_put(&bytes, i->secret, sizeof i->secret);
    if (!buf_ok(&bytes)) b->bad = true;
    line_put(b, JOIN_INVITATION_PREFIX, buf_slice(&bytes));
    buf_done(&bytes);
}

int join_invitation_read(struct slice line, struct join_invitation *ret, enum join_fault *ret_fault)
{
    uint8_t bytes[BYTES_MAX];
    struct join_invitation i = { 0 };
    size_t n;
    int st = line_read(line, JOIN_INVITATION_PREFIX, bytes, &n, ret_fault);

    if (st != ST_OK) return st;
    struct rd r = rd_of(slice_of(bytes, n));
    id_get(&r, i.office);
    i.region = rd_be32(&r);
    i.role = rd_u8(&r);
    i.until.ms = (int64_t)rd_be64(&r);
    text_get(&r, i.name, JOIN_NAME_MAX);
    text_get(&r, i.address, JOIN_ADDRESS_MAX);
    fixed_get(&r, i.worker, PUBKEY_SIZE);
    fixed_get(&r, i.checkpoint, PUBKEY_SIZE);
    fixed_get(&r, i.registry, PUBKEY_SIZE);
    fixed_get(&r, i.secret, sizeof i.secret);
    if (r.bad || rd_left(&r) != 0) {
        *ret_fault = JOIN_FAULT_BROKEN;
        return ST_INVALID;
    }
    *ret = i;
    return ST_OK;
}

/* ---- requests ---- */

static void stated_put(struct buf *b, const struct join_request *r)
{
    buf_u8(b, r->kind);
    buf_put(b, r->invitation, PUBKEY_SIZE);
    text_put(b, r->office);
    buf_put(b, r->transport, PUBKEY_SIZE);
    buf_put(b, r->signing, PUBKEY_SIZE);
    buf_be64(b, (uint64_t)r->asked.ms);
}

void join_request_pack(struct buf *b, const struct join_request *r)
{
    stated_put(b, r);
    buf_put(b, r->signature, SIG_SIZE);
    buf_put(b, r->by_present, SIG_SIZE);
}

int join_request_unpack(struct slice bytes, struct join_request *ret)
{
    struct join_request q = { 0 };
    struct rd r = rd_of(bytes);

    q.kind = rd_u8(&r);
    fixed_get(&r, q.invitation, PUBKEY_SIZE);
    id_get(&r, q.office);
    fixed_get(&r, q.transport, PUBKEY_SIZE);
    fixed_get(&r, q.signing, PUBKEY_SIZE);
    q.asked.ms = (int64_t)rd_be64(&r);
    fixed_get(&r, q.signature, SIG_SIZE);
    fixed_get(&r, q.by_present, SIG_SIZE);
    if (r.bad || rd_left(&r) != 0 || (q.kind != JOIN_NEW && q.kind != JOIN_ROTATE)) return ST_INVALID;
    *ret = q;
    return ST_OK;
}

void join_request_put(struct buf *b, const struct join_request *r)
{
    struct buf bytes;

    buf_init(&bytes, BYTES_MAX);
    join_request_pack(&bytes, r);
    if (!buf_ok(&bytes)) b->bad = true;
    line_put(b, JOIN_REQUEST_PREFIX, buf_slice(&bytes));
    buf_done(&bytes);
}

int join_request_read(struct slice line, struct join_request *ret, enum join_fault *ret_fault)
{
    uint8_t bytes[BYTES_MAX];
    size_t n;
    int st = line_read(line, JOIN_REQUEST_PREFIX, bytes, &n, ret_fault);

    if (st == ST_OK && (st = join_request_unpack(slice_of(bytes, n), ret)) != ST_OK) *ret_fault = JOIN_FAULT_BROKEN;
    return st;
}

void join_request_message(struct buf *b, const struct join_request *r)
{
    buf_put(b, MESSAGE_HEADING, sizeof MESSAGE_HEADING - 1);
    stated_put(b, r);
}

static bool verified(const struct join_request *r, const uint8_t pub[PUBKEY_SIZE], const uint8_t sig[SIG_SIZE],
                     const struct verifier *v)
{
    static const uint8_t zero[PUBKEY_SIZE];
    struct buf b;
    bool ok;

    if (memcmp(pub, zero, PUBKEY_SIZE) == 0) return false;
    buf_init(&b, BYTES_MAX);
    join_request_message(&b, r);
    ok = buf_ok(&b) && v->verify(v->ctx, pub, buf_slice(&b), sig);
    buf_done(&b);
    return ok;
}

bool join_request_signed(const struct join_request *r, const struct verifier *v)
{
    static const uint8_t zero[PUBKEY_SIZE];

    return memcmp(r->transport, zero, PUBKEY_SIZE) != 0 && verified(r, r->signing, r->signature, v);
}

bool join_request_by(const struct join_request *r, const uint8_t present[PUBKEY_SIZE], const struct verifier *v)
{
    return verified(r, present, r->by_present, v);
}

bool join_request_same(const struct join_request *a, const struct join_request *b)
{
    return a->kind == b->kind && strcmp(a->office, b->office) == 0 && memcmp(a->invitation, b->invitation, PUBKEY_SIZE) == 0 &&
           memcmp(a->transport, b->transport, PUBKEY_SIZE) == 0 && memcmp(a->signing, b->signing, PUBKEY_SIZE) == 0;
}

void join_fingerprint(const struct join_request *r, char ret[JOIN_FINGERPRINT_SIZE])
{
    uint8_t keys[2 * PUBKEY_SIZE];
    struct hash h;

    memcpy(keys, r->transport, PUBKEY_SIZE);
    memcpy(keys + PUBKEY_SIZE, r->signing, PUBKEY_SIZE);
    h = sign_hash2(r->office, strlen(r->office) + 1, keys, sizeof keys);
    snprintf(ret, JOIN_FINGERPRINT_SIZE, "%05u %05u %05u %05u", bytes_rd32(h.b) % 100000u, bytes_rd32(h.b + 4) % 100000u,
             bytes_rd32(h.b + 8) % 100000u, bytes_rd32(h.b + 12) % 100000u);
}
