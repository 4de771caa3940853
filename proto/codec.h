/* codec.h - the bytes of the wire and of the log. Kind: P. With codec_scan.h the only place that knows them; the grammar with
 * vectors is docs/PROTOCOL.md. msgpack-c packs and serves as the differential oracle; received bytes are first scanned
 * strictly (codec_scan.h) and then read in place by the cursor below: nothing is allocated from what a peer sends.
 *
 * Frame: magic "RKAP" | version u8 | type u8 | zero u16 | payload length u32 | crc32c of bytes 0..11 and the payload u32 |
 * payload. */
#ifndef REKAP_CODEC_H
#define REKAP_CODEC_H

#include "bytes.h"
#include "codec_pack.h"
#include "figure.h"
#include "sign.h"

enum { CODEC_VERSION = 1 };
enum msg_type { /* <sys/socket.h> has an MSG_BATCH too: no file can include both */
#define MESSAGE(num, NAME, dir, fields, max) MSG_##NAME = num,
#include "messages.def"
#undef MESSAGE
                MSG_TYPE_COUNT = 24
};
const char *codec_msg_name(unsigned type);   /* "HELLO"; "?" */
const char *codec_msg_fields(unsigned type); /* "uubssu"; NULL when unknown */
size_t codec_msg_max(unsigned type);

/* ---- frames ---- */
struct frame {
    uint8_t version, type;
    struct slice payload;
};
/* Whole checks: magic, version, type, exact length, size cap, crc, strict scan, element kinds by the catalogue. ST_OK;
 * ST_INVALID with *ret_code = CODE_BAD_FORMAT | CODE_BAD_VERSION | CODE_TOO_LARGE; ST_NOT_FOUND: whole, and of a type that only a
 * later minor knows (PROTOCOL.md section 2), *ret_code = CODE_BAD_FORMAT. */
int codec_frame_parse(struct slice bytes, struct frame *ret, unsigned *ret_code);
void codec_frame_begin(struct buf *b, unsigned type); /* header with holes; payload is appended after it */
void codec_frame_end(struct buf *b);                  /* fills length and crc of the frame begun at offset 0 */

/* ---- payload elements ---- values of one message in catalogue order; `a` elements as the raw bytes of the array */
struct field {
    uint64_t u;
    struct slice s;
}; /* s, b, h, a: slice */
enum { FIELDS_MAX = 10 };
int codec_fields(const struct frame *f, struct field ret[FIELDS_MAX]); /* after codec_frame_parse; asserts the catalogue */
/* Builds a whole frame from fields in catalogue order into b (cleared first). false: too large or no memory. */
bool codec_build(struct buf *b, unsigned type, const struct field *fields);

/* ---- low-level packing and the in-place cursor ---- */
/* codec_put_{array,uint,int,str,bin,nil}: codec_pack.h */
/* The cursor assumes scanned bytes and only answers "is the next element of this kind"; a wrong kind sets r->bad. */
uint32_t codec_get_array(struct rd *r);
uint64_t codec_get_uint(struct rd *r);
int64_t codec_get_int(struct rd *r);
struct slice codec_get_str(struct rd *r); /* nil reads as empty */
struct slice codec_get_bin(struct rd *r); /* nil reads as empty */
struct slice codec_get_raw(struct rd *r); /* the bytes of the next element, whatever it is */
bool codec_get_nil(struct rd *r);         /* true and consumed when nil is next */

/* ---- a batch: signed header, signature, body ----
 * header = [format 1, installation id b16, office s, stream u, epoch u, first sequence u, count u, previous batch hash h,
 *           body hash h, signed at wall ms u, key id u]; batch hash = BLAKE2b-256(header bytes || signature).
 * body   = [section..]; section = [common, [row..]]
 * common = [subject office s, year u, vintage s, source s, stage s, entered at wall ms u, clerk s]   (clerk: opaque id or "")
 * row    = [code s|nil, account s|nil, indicator s|nil, measure u, month u, basis u, kind u, value i, unit s|nil, reason s|nil,
 *           text s|nil, evidence b32|nil, decimals u]; trailing nils (and a trailing decimals 0) are cut, at least 8 elements stay;
 *           a row that ends in one of them is not canonical and refused. */
struct batch_header {
    uint8_t installation[16];
    struct slice office; /* the speaker: whose stream and signature this is */
    uint32_t stream;
    uint64_t epoch, sequence; /* of its first update; updates are numbered from 1 within an epoch */
    uint32_t count;
    struct hash previous, body_hash; /* previous: zero for the first batch of an epoch */
    struct wall signed_at;
    uint64_t key_id;
};
struct batch {
    struct batch_header h;
    struct slice header, signature, body;
    struct hash hash;
};
/* Of a BATCH payload; also the stored bytes. Checks shape, bounds and the body hash, not signature, chain or rows. ST_INVALID */
int codec_batch_parse(struct slice payload, struct batch *ret);
/* The same without the body's hash, for bytes that a hash or checksum of their own covers: a record of the chain, a row of the own
 * store. */
int codec_batch_parse_covered(struct slice payload, struct batch *ret);
void codec_batch_header_put(struct buf *b, const struct batch_header *h);
/* The payload of BATCH. */
void codec_batch_put(struct buf *b, struct slice header, const uint8_t sig[SIG_SIZE], struct slice body);
struct hash codec_batch_hash(struct slice header, struct slice signature);

struct section {
    struct slice office, clerk;
    uint16_t year, stage;
    uint8_t source;
    enum vintage vintage;
    struct wall entered;
};
void codec_section_begin(struct buf *b, const struct section *s, uint32_t rows);
void codec_row_put(struct buf *b, const struct figure *f);

/* Reads a body update by update. open() checks the structure of the whole body first: one that does not parse, or has no
 * row, an empty section or over BATCH_UPDATES_MAX rows, is ST_INVALID there and at every next(), and no row of it is ever
 * given. One whose single rows carry unknown codes, stages and so on gives those rows with code != CODE_OK (they keep their
 * sequence number); what could be read of them is in the figure. All slices point into the body. */
struct body_reader {
    struct rd r;
    struct section section;
    uint32_t sections_left, rows_left;
    unsigned section_code;                    /* why no row of this section can stand, or CODE_OK */
    uint32_t rows;                            /* of the whole body; the caller holds it against batch_header.count */
    bool checked;                             /* opened by codec_body_open: structure cannot fail any more */
    struct slice activity_text, account_text; /* the last codes read: rows of one line come together */
    activity_code activity;
    account_code account;
    unsigned activity_fault, account_fault; /* CODE_OK or why that text is no code */
};
struct body_row {
    struct figure figure;
    struct section section;
    unsigned code; /* CODE_OK or why it cannot stand (figure_check included) */
};
int codec_body_open(struct slice body, struct body_reader *ret);
int codec_body_next(struct body_reader *r, struct body_row *ret); /* ST_OK, ST_NOT_FOUND at the end, ST_INVALID */
/* The same rows in one pass, for a caller that can undo: the structure is checked on the way, so a body that codec_body_open would
 * refuse gives ST_INVALID at open or at some row, maybe after good ones. rows = those of the sections begun so far, all at the end.
 * Read with codec_body_figure: the figure, its code, and the section it belongs to in the reader. */
int codec_body_stream(struct slice body, struct body_reader *ret);
int codec_body_figure(struct body_reader *r, struct figure *ret, unsigned *ret_code);

/* ---- a log record (worker/ledger.h): what stands in the log and travels in RECORDS ----
 * record = [kind u, lsn u, commit wall ms u, previous log hash h, content b, dispositions [[index, code]..]]
 *   kind 1 batch: content = BATCH payload as received; kind 2 registry entry: content = one line of registry text;
 *   kind 3 restore record: content = the signed note of proto/restore.h, the first record of a log's new incarnation.
 * log hash at lsn = BLAKE2b-256(log hash before || record bytes); zero before lsn 1. */
enum record_kind { RECORD_BATCH = 1, RECORD_OFFICE = 2, RECORD_RESTORE = 3, RECORD_CUT = 4 };
struct record {
    unsigned kind;
    uint64_t lsn;
    struct wall at;
    struct hash previous;
    struct slice content, dispositions;
};
void codec_record_put(struct buf *b, const struct record *r);
int codec_record_parse(struct slice bytes, struct record *ret);
/* The code of update `index` (0..) of a batch record: walks the dispositions in step with the updates. */
struct disposition_reader {
    struct rd r;
    uint32_t left;
    uint32_t next_index;
    unsigned next_code;
};
void codec_dispositions_open(struct slice dispositions, struct disposition_reader *ret);
unsigned codec_dispositions_at(struct disposition_reader *d, uint32_t index); /* indexes must be asked in ascending order */

#endif
