/* settings.c - see settings.h. Kind: E.
 *
 * Keys are optional here: without the checkpoints' key the log is not witnessed and there are no receipts, without the register's
 * no restored log is taken. Both are said, and a key that is no key ends the start.
 * Invariant: a witness is switched on only with its whole key. */
#include "collector/settings.h"

#include <stdio.h>
#include <string.h>

#include "proto/log.h"

/* *ret_there: the key is configured. */
static int read_key(const struct conf *c, const char *name, uint8_t ret[PUBKEY_SIZE], bool *ret_there, char *err, size_t n)
{
    const char *hex = conf_text(c, name);
    *ret_there = *hex != '\0';
    if (!*ret_there || (strlen(hex) == 2 * PUBKEY_SIZE && bytes_unhex(hex, 2 * PUBKEY_SIZE, ret) == ST_OK)) return ST_OK;
    snprintf(err, n, "%s must be %u hex digits", name, 2 * PUBKEY_SIZE);
    return ST_INVALID;
}

int settings_read(const struct conf *c, struct collect_options *ret, char *err, size_t err_size)
{
    struct witness_options *w = &ret->witness;
    w->verifier = sign_ed25519_verifier();
    int st = read_key(c, "collector.worker_checkpoint_key", w->key, &w->on, err, err_size);
    if (st == ST_OK && !w->on)
        log_write(LOG_L_WARN, "the worker's log is not witnessed, no receipts are kept", "missing=collector.worker_checkpoint_key");
    if (st == ST_OK) st = read_key(c, "collector.worker_registry_key", w->registry_key, &w->restores, err, err_size);
    ret->keep.bytes = (uint64_t)conf_int(c, "collector.keep_bytes");
    ret->keep.age_ms = conf_int(c, "collector.keep_age") / 1000;
    return st;
}
