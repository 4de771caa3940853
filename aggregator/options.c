/* options.c - see options.h: the aggregator's one table of keys. Kind: E (data alone).
 *
 * A file of its own, so that the command line links the very rows the daemon parses by and never a second list. Key files are named
 * by path: no value here is a secret.
 * Invariant: a key that is not in this table is refused by the daemon and by the command line alike. */
#include "aggregator/options.h"

static const struct conf_option OPTIONS[] = {
    {"aggregator.workers", CONF_TEXT, true, NULL, 0, 0, "workers to follow: w1=ENDPOINT=HEXKEY[,w2=..]"},
    {"aggregator.worker_dirs", CONF_TEXT, false, "", 0, 0,
     "directories on this machine whose workers it follows besides its own, comma-separated; for rekap close and rekap audit"},
    {"aggregator.key", CONF_PATH, true, NULL, 0, 0, "transport key file (curve25519)"},
    {"aggregator.store", CONF_PATH, true, NULL, 0, 0, "directory of the read model"},
    {"aggregator.map", CONF_SIZE, false, "0", 0, INT64_C(1) << 44, "address space of the store; 0 = chosen by the disk"},
    {"aggregator.control", CONF_PATH, true, NULL, 0, 0, "local control socket"},
    {"aggregator.http", CONF_TEXT, false, "127.0.0.1:7411", 0, 0, "address of the API and the monitor"},
    {"aggregator.assets", CONF_TEXT, false, "", 0, 0, "development: directory of the monitor's files; empty = those inside"},
    {"aggregator.access", CONF_TEXT, false, "", 0, 0, "open or login; empty = open on the loopback address, else login"},
    {"aggregator.session", CONF_DURATION, false, "12h", INT64_C(60000000), INT64_C(2592000000000), "how long a login lasts"},
    {"aggregator.sessions", CONF_TEXT, false, "", 0, 0, "file of the hashes of logins; empty = they end with the process"},
    {"aggregator.https", CONF_TEXT, false, "", 0, 0, "address of the same under TLS, always with login; empty = none"},
    {"aggregator.certificate", CONF_TEXT, false, "", 0, 0, "PEM file: the certificate chain of https"},
    {"aggregator.certificate_key", CONF_TEXT, false, "", 0, 0, "PEM file: its key"},
    {"aggregator.publish", CONF_TEXT, false, "", 0, 0, "ZeroMQ endpoint of the live topic; empty = none"},
    {"aggregator.registry", CONF_PATH, true, NULL, 0, 0, "office register"},
    {"aggregator.regions", CONF_PATH, true, NULL, 0, 0, "list of regions"},
    {"aggregator.names", CONF_PATH, true, NULL, 0, 0, "official names of codes"},
    {"log.level", CONF_TEXT, false, "info", 0, 0, "error, warn, info or debug"},
};

const struct conf_start options_aggregator = { "rekap-aggregator", OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0] };
