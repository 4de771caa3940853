/* options.c - see options.h: the collector's one table of keys. Kind: E (data alone).
 *
 * A file of its own, so that the command line links the very rows the daemon parses by and never a second list. Key files are named
 * by path: no value here is a secret.
 * Invariant: a key that is not in this table is refused by the daemon and by the command line alike. */
#include "collector/options.h"

static const struct conf_option OPTIONS[] = {
    { "collector.worker", CONF_TEXT, true, NULL, 0, 0, "endpoint of the worker, ipc:// or tcp://" },
    { "collector.worker_key", CONF_TEXT, true, NULL, 0, 0, "public key of the worker, 64 hex digits" },
    { "collector.worker_checkpoint_key", CONF_TEXT, false, "", 0, 0, "public key of the worker's checkpoints, 64 hex digits" },
    { "collector.worker_registry_key", CONF_TEXT, false, "", 0, 0, "public key of the register: with it a restored log is taken" },
    { "collector.keep_age", CONF_DURATION, false, "90d", 0, 0, "keep what is acknowledged but not archived for so long" },
    { "collector.keep_bytes", CONF_SIZE, false, "4G", 0, 0, "and so much of it, all offices together; 0 = nothing" },
    { "collector.key", CONF_PATH, true, NULL, 0, 0, "transport key file (curve25519)" },
    { "collector.store", CONF_PATH, true, NULL, 0, 0, "directory of the outbox" },
    { "collector.map", CONF_SIZE, false, "0", 0, INT64_C(1) << 44, "address space of the outbox; 0 = chosen by the disk" },
    { "collector.tray", CONF_PATH, true, NULL, 0, 0, "directory where checked files arrive" },
    { "collector.control", CONF_PATH, true, NULL, 0, 0, "local control socket" },
    { "collector.offices", CONF_PATH, true, NULL, 0, 0, "directory with one signing key ID.key for each office served" },
    { "collector.node", CONF_TEXT, false, "collector", 0, 0, "name of this node in the worker's log" },
    { "collector.http", CONF_TEXT, false, "", 0, 0, "address of the office's page, 127.0.0.1:PORT; empty = none" },
    { "collector.directory", CONF_PATH, false, "", 0, 0, "installation whose files the page sends, with collector.http" },
    { "collector.inbox", CONF_PATH, false, "", 0, 0, "watched folder; files put into INBOX/ID are sent; empty = none" },
    { "log.level", CONF_TEXT, false, "info", 0, 0, "error, warn, info or debug" },
};

const struct conf_start options_collector = { "rekap-collector", OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0] };
