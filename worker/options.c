/* options.c - see options.h: the worker's one table of keys. Kind: E (data alone).
 *
 * A file of its own, so that the command line links the very rows the daemon parses by and never a second list. Key files are named
 * by path: no value here is a secret.
 * Invariant: a key that is not in this table is refused by the daemon and by the command line alike. */
#include "worker/options.h"

static const struct conf_option OPTIONS[] = {
    { "worker.id", CONF_TEXT, true, NULL, 0, 0, "name of this worker, 1 to 8 lower-case letters or digits" },
    { "worker.number", CONF_COUNT, false, "1", 1, 255, "number of this worker, unique; never changed once something is recorded" },
    { "worker.listen", CONF_TEXT, true, NULL, 0, 0, "endpoints for collectors and followers, ipc:// or tcp://, comma-separated" },
    { "worker.control", CONF_PATH, true, NULL, 0, 0, "local control socket" },
    { "worker.key", CONF_PATH, true, NULL, 0, 0, "transport key file (curve25519)" },
    { "worker.store", CONF_PATH, true, NULL, 0, 0, "directory of the ledger" },
    { "worker.map", CONF_SIZE, false, "0", 0, INT64_C(1) << 44, "largest size of the ledger; 0 = chosen by the disk" },
    { "worker.registry", CONF_PATH, true, NULL, 0, 0, "office register; read again when it changes" },
    { "worker.checkpoint_key", CONF_PATH, true, NULL, 0, 0, "signing key of the log's checkpoints (ed25519)" },
    { "worker.registry_key", CONF_TEXT, true, NULL, 0, 0, "public key the register's lines are signed with (hex)" },
    { "worker.followers", CONF_TEXT, false, "", 0, 0, "public keys that may follow the log, hex, comma-separated" },
    { "worker.replicas", CONF_TEXT, false, "", 0, 0, "public keys of workers that keep a second log, hex" },
    { "worker.acks", CONF_COUNT, false, "1", 1, 2, "2: archived = on a replica's disk; 1: as rekap archive says" },
    { "worker.follow", CONF_TEXT, false, "", 0, 0, "endpoint of the worker whose log is kept here, too" },
    { "worker.leader_key", CONF_TEXT, false, "", 0, 0, "with worker.follow: its public transport key (hex)" },
    { "worker.follow_key", CONF_PATH, false, "", 0, 0, "with worker.follow: key file to follow with" },
    { "log.level", CONF_TEXT, false, "info", 0, 0, "error, warn, info or debug" },
};

const struct conf_start options_worker = { "rekap-worker", OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0] };
