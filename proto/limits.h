/* limits.h - every named bound of the system and how they relate. Kind: P. "What is the worst case?" is answered here. */
#ifndef REKAP_LIMITS_H
#define REKAP_LIMITS_H

#include "types.h"

enum {
    /* wire */
    FRAME_BYTES_MAX = 1 << 20, /* one message, header included; also ZMQ_MAXMSGSIZE */
    FRAME_HEADER_BYTES = 16,
    BATCH_BYTES_MAX = 256 << 10, /* signed header + signature + body of one batch */
    BATCH_UPDATES_MAX = 8192,
    BATCH_HEADER_BYTES_MAX = 512,
    RECORD_BYTES_MAX = BATCH_BYTES_MAX + 4096 + 7 * BATCH_UPDATES_MAX, /* one log record with its dispositions */
    RECORDS_BYTES_MAX = 768 << 10,                                     /* payload of one RECORDS message */
    NESTING_MAX = 8,                                                   /* msgpack nesting */
    /* credit */
    CREDIT_BYTES = 8 << 20, /* per session: batches sent and not yet acknowledged */
    CREDIT_BATCHES = 256,
    CREDIT_TOTAL_BYTES = 256 << 20,             /* of all sessions together, as far as each has CREDIT_LEAST */
    CREDIT_LEAST = 2 * BATCH_BYTES_MAX,
    OFFICE_DAY_BYTES = 1 << 30,                 /* one office adds to the log in a day */
    FEED_CREDIT_BYTES = 32 << 20, /* per follower: records sent and not yet consumed */
    /* one turn of a daemon */
    STEP_MESSAGES_MAX = 4096,
    STEP_BYTES_MAX = 32 << 20, /* group commit: at most this much input in one transaction */
    EFFECTS_MAX = 16384,
    /* texts, in bytes of UTF-8 */
    OFFICE_ID_MAX = 40,
    REGION_CODE_MAX = 8,
    CODE_TEXT_MAX = 31,
    UNIT_TEXT_MAX = 80,
    TEXT_MAX = 1500, /* names, notes, reasons; a store value stays under 1.900 bytes */
    /* stores */
    STORE_KEY_MAX = 64,
    STORE_TABLES_MAX = 24,
    OFFICES_MAX = 65536,
    /* peers */
    PEERS_MAX = 4096,
    PEER_BATCHES_QUEUED_MAX = CREDIT_BATCHES,
    CONTROL_BYTES_MAX = 1 << 20, /* one request or answer on the local control socket */
    /* a daemon as a whole: what the attack tests hold it to, and what its service unit is cut to */
    WORKER_MEMORY_MAX = 1 << 30,       /* of its own (RssAnon) */
    AGGREGATOR_MEMORY_MAX = 1 << 30,
    WORKER_MEMORY_KEPT = 64 << 20,     /* what stays of it when there is little to do */
    AGGREGATOR_MEMORY_KEPT = 512 << 20,        /* buffers of a whole group stay */
    DESCRIPTORS_MAX = 2 * PEERS_MAX,   /* each daemon lowers its own limit to this */
    /* intake */
    INTAKE_FILE_BYTES_MAX = 256 << 20,
    INTAKE_HEADER_SEARCH_ROWS = 20,
};
_Static_assert(BATCH_BYTES_MAX + BATCH_HEADER_BYTES_MAX + FRAME_HEADER_BYTES < FRAME_BYTES_MAX, "a full batch fits one message");
_Static_assert(RECORD_BYTES_MAX + 4096 < RECORDS_BYTES_MAX, "a full record fits one RECORDS message");
_Static_assert(RECORDS_BYTES_MAX + 4096 < FRAME_BYTES_MAX, "a RECORDS message fits one frame");
_Static_assert(CREDIT_BYTES >= 4 * BATCH_BYTES_MAX, "credit always admits a few batches");
_Static_assert(CREDIT_LEAST >= BATCH_BYTES_MAX + BATCH_HEADER_BYTES_MAX, "every honest office has at least one batch");
_Static_assert(STEP_BYTES_MAX >= CREDIT_BYTES, "one peer cannot be starved by the group cap");

#define VALUE_SEN_MAX INT64_C(1000000000000000000) /* 10^18 sen = 10^16 Rp: three times the nation's yearly budget */
#define YEAR_MIN 1990
#define YEAR_MAX 2100

#endif
