/* invite.c - see invite.h. Kind: P.
 *
 * Design notes: at most INVITES_MAX keys, so an array searched from end to end is quick enough: it is asked at a handshake of an
 * unknown key and at a JOIN, never for a batch.
 *
 * Invariant: no two entries have the same key; every entry has passed the checks of its fields. */
#include "invite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "period.h"
#include "registry.h"

enum { FIELDS = 7 };
struct invites { struct invite *v; size_t n; };
static const char *const STATES[] = { "", "open", "used", "rejected" };

const char *invite_state_name(unsigned state) { return state >= INVITE_OPEN && state <= INVITE_REJECTED ? STATES[state] : "?"; }

static bool text_is(struct slice s, const char *t) { return s.n == strlen(t) && memcmp(s.p, t, s.n) == 0; }

static bool state_read(struct slice s, uint8_t *ret)
{
    for (unsigned i = INVITE_OPEN; i <= INVITE_REJECTED; i++) {
        if (!text_is(s, STATES[i])) continue;
        *ret = (uint8_t)i;
        return true;
    }
    return false;
}

static bool text_copy(struct slice s, char *ret, size_t max)
{
    if (s.n == 0 || s.n > max || !bytes_utf8_ok(s.p, s.n)) return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
    memcpy(ret, s.p, s.n);
    ret[s.n] = '\0';
    return true;
}

static bool split(struct slice line, struct slice ret[FIELDS])
{
    for (unsigned i = 0; i < FIELDS; i++) {
        const uint8_t *tab = line.n > 0 ? memchr(line.p, '\t', line.n) : NULL;
        size_t n = tab != NULL ? (size_t)(tab - line.p) : line.n;

        if ((i + 1 < FIELDS) != (tab != NULL)) return false;
        ret[i] = slice_of(line.p, n);
        if (tab != NULL) line = slice_of(tab + 1, line.n - n - 1);
    }
    return true;
}

static const char *line_read(struct slice line, struct invite *ret)
{
    struct slice f[FIELDS];

    *ret = (struct invite){ 0 };
    if (!split(line, f)) return "not 7 fields";
    if (f[0].n != 2 * PUBKEY_SIZE || bytes_unhex((const char *)f[0].p, f[0].n, ret->key) != ST_OK) return "key";
    if (!registry_id_ok(f[1])) return "office id";
    memcpy(ret->office, f[1].p, f[1].n);        /* at most OFFICE_ID_MAX, and zero behind */
    if (code_region_parse(f[2], &ret->region) != ST_OK) return "region";
    if (registry_role_parse(f[3], &ret->role) != ST_OK) return "role";
    if (!state_read(f[4], &ret->state)) return "state";
    if (period_parse_time(f[5], &ret->until) != ST_OK) return "until";
    return text_copy(f[6], ret->name, JOIN_NAME_MAX) ? NULL : "name";
}

static struct invite *find(const struct invites *i, const uint8_t key[PUBKEY_SIZE])
{
    for (size_t k = 0; i != NULL && k < i->n; k++)
        if (memcmp(i->v[k].key, key, PUBKEY_SIZE) == 0) return &i->v[k];
    return NULL;
}

static int take(struct invites *i, const struct invite *one)
{
    struct invite *old = find(i, one->key);

    if (old == NULL && i->n == INVITES_MAX) return ST_FULL;
    if (old == NULL) old = &i->v[i->n++];
    *old = *one;
    return ST_OK;
}

static int lines_read(struct slice text, struct invites *i, char *err, size_t err_size)
{
    int st = ST_OK;

    for (unsigned number = 1; st == ST_OK && text.n > 0; number++) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        struct slice line = slice_of(text.p, end != NULL ? (size_t)(end - text.p) : text.n);
        const char *fault = NULL;
        struct invite one;

        if (number == 1) fault = text_is(line, "#rekap-undangan 1") ? NULL : "heading";
        else if (line.n > 0 && (fault = line_read(line, &one)) == NULL) st = take(i, &one);
        if (fault != NULL) st = ST_INVALID;
        if (st != ST_OK) snprintf(err, err_size, "line %u: %s", number, fault != NULL ? fault : "too many invitations");
        text = end != NULL ? slice_of(end + 1, text.n - line.n - 1) : slice_of("", 0);
    }
    return st;
}

int invite_parse(struct slice text, struct invites **ret, char *err, size_t err_size)
{
    struct invites *i = calloc(1, sizeof *i);
    int st = ST_NO_MEMORY;

    if (i != NULL) i->v = calloc(INVITES_MAX, sizeof *i->v);
    if (i != NULL && i->v != NULL) st = lines_read(text, i, err, err_size);
    else snprintf(err, err_size, "no memory");
    if (st != ST_OK) invite_free(&i);
    else *ret = i;
    return st;
}

void invite_free(struct invites **i)
{
    if (i == NULL || *i == NULL) return;
    free((*i)->v);
    free(*i);
    *i = NULL;
}

size_t invite_count(const struct invites *i) { return i != NULL ? i->n : 0; }

const struct invite *invite_at(const struct invites *i, size_t n)
{
    ASSERT(i != NULL && n < i->n);
    return &i->v[n];
}

const struct invite *invite_find(const struct invites *i, const uint8_t key[PUBKEY_SIZE]) { return find(i, key); }

bool invite_may_ask(const struct invite *i, struct wall now)
{
    return i != NULL && i->state == INVITE_OPEN && now.ms < i->until.ms;
}

int invite_format(const struct invite *i, char *ret, size_t size)
{
    char key[2 * PUBKEY_SIZE + 1], region[8], until[32];
    int n;

    bytes_hex(i->key, PUBKEY_SIZE, key);
    code_region_format(i->region, region);
    period_format_time(i->until, until);
    n = snprintf(ret, size, "%s\t%s\t%s\t%s\t%s\t%s\t%s", key, i->office, region, registry_role_name(i->role),
                 invite_state_name(i->state), until, i->name);
    ASSERT(n > 0 && n < INVITE_LINE_MAX);
    return (size_t)n < size ? n : ST_FULL;
}

static void entry_put(struct buf *b, const struct invite *i)
{
    char line[INVITE_LINE_MAX];

    ASSERT(invite_format(i, line, sizeof line) > 0);
    buf_printf(b, "%s\n", line);
}

void invite_list_put(struct buf *b, const struct invites *list, const struct invite *one, struct wall now)
{
    buf_str(b, INVITE_HEADING);
    for (size_t i = 0; i < invite_count(list); i++) {
        struct invite old = *invite_at(list, i);
        bool replaced = one->state == INVITE_OPEN && old.state == INVITE_OPEN && strcmp(old.office, one->office) == 0;

        if (memcmp(old.key, one->key, PUBKEY_SIZE) == 0 || old.until.ms + INVITE_KEPT_DAYS * INT64_C(86400000) < now.ms) continue;
        if (replaced) old.state = INVITE_REJECTED;
        entry_put(b, &old);
    }
    entry_put(b, one);
}
