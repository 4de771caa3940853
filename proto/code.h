/* code.h - activity codes with their vintage, and account codes, each packed into one ordered u64. Kind: P.
 *
 * An activity code is urusan.bidang.program.kegiatan[.subkegiatan] read together with the vintage (the decree whose list
 * it belongs to). Packing puts the vintage first and each level after it, so that memcmp order of the big-endian u64 is
 * tree order and "everything below a code" is one key range. Every digit string is kept exactly (2.02 stays 2.02, 0001
 * stays 0001, 01 stays 01): a segment of w digits with value v is numbered 1 + 10 + .. + 10^(w-1) + v, 0 = absent.
 *
 *   activity, from the top bit: vintage 8 | urusan 4 | bidang 7 | program 7 | kegiatan kind 4 | its number 11 | sub 14 | 9 zero
 *   account,  from the top bit: akun 4 | kelompok 4 | jenis 7 | objek 7 | rincian 11 | sub rincian 14 | 17 zero   (never 0)
 *
 * Grammar (domain.md 4, intake.md 3; dotted codes are not padded):
 *   urusan 1 digit; bidang 2; program 2; kegiatan: permendagri-13-2006 2..3 digits, permendagri-90-2019 and later `d.dd`
 *   (one digit, dot, two digits); sub kegiatan 2 or 4 digits, only from permendagri-90-2019 on.
 *   account: first segment 4, 5 or 6; second one digit; then 1..2, 1..2, 1..3, 1..4 digits. */
#ifndef REKAP_CODE_H
#define REKAP_CODE_H

#include "status.h"

enum vintage {                          /* numbers are stored; never reuse one */
    VINTAGE_NONE = 0,
    VINTAGE_PERMENDAGRI_13_2006 = 1,
    VINTAGE_PERMENDAGRI_90_2019 = 2,
    VINTAGE_KEPMEN_050_3708_2020 = 3,
    VINTAGE_KEPMEN_050_5889_2021 = 4,
    VINTAGE_KEPMEN_900_1_15_5_1317_2023 = 5,
};
const char *code_vintage_name(enum vintage v);                  /* "permendagri-13-2006", ...; "" for NONE */
int code_vintage_parse(struct slice text, enum vintage *ret);   /* exact, case-insensitive; ST_INVALID */
enum vintage code_vintage_of_year(int year);                    /* up to 2020: 13-2006; from 2021: 90-2019 */

enum level {                            /* levels of the activity tree, and account lines */
    LEVEL_NONE = 0, LEVEL_URUSAN = 1, LEVEL_BIDANG = 2, LEVEL_PROGRAM = 3, LEVEL_KEGIATAN = 4, LEVEL_SUBKEGIATAN = 5,
    LEVEL_ACCOUNT = 6,                  /* `rekening` */
    LEVEL_LEAF = 7,                     /* `daun`: the leaf of each vintage, and account-only lines at two segments */
    LEVEL_TOTAL = 8,                    /* the office's grand total */
};
const char *code_level_name(enum level l);                      /* "urusan" .. "rekening", "daun", "total" */
int code_level_parse(struct slice text, enum level *ret);

typedef uint64_t activity_code;         /* 0 = none; CODE_TOTAL = the pseudo code `total` */
typedef uint64_t account_code;          /* 0 = none */
#define CODE_TOTAL UINT64_C(0xff00000000000000)

struct code_reading { uint64_t code; bool padded; char nearest[40]; };
/* Reads an activity code of vintage v, or `total`. Surrounding blanks are skipped. `1 6 02 2.02 01` and `1|06|02|2.02|01`
 * are taken with each segment padded (ret->padded, the caller notes it). ST_OK, or ST_INVALID with ret->nearest = the
 * nearest reading as text, or "" when there is none. `kode` cells such as 2.007, 1.154, 1.028, 1.1.06.01 are not codes. */
int code_parse_activity(enum vintage v, struct slice text, struct code_reading *ret);
int code_parse_account(struct slice text, struct code_reading *ret);
/* Is a dotted `kode` cell an account (first segment 4, 5 or 6 and second of one digit: 5.1) rather than an activity (5.01)? */
bool code_looks_account(struct slice text);

/* Text of a code without its vintage, NUL-terminated, at most 31 bytes; returns its length. `total` for CODE_TOTAL. */
int code_format_activity(activity_code c, char ret[32]);
int code_format_account(account_code c, char ret[32]);

static inline enum vintage code_vintage(activity_code c) { return (enum vintage)(c >> 56); }
enum level code_level(activity_code c);                 /* LEVEL_TOTAL for CODE_TOTAL, LEVEL_NONE for 0 */
enum level code_leaf_level(enum vintage v);             /* kegiatan for 13-2006, sub kegiatan later */
activity_code code_parent(activity_code c);             /* one level up; of an urusan: 0 */
activity_code code_ancestor(activity_code c, enum level l);     /* c cut to level l; c itself when it is at or above l */
bool code_below(activity_code ancestor, activity_code c);       /* proper descendant, same vintage */
/* The half-open range [first, end) of all codes equal to or below c: a key range. end is 0 when there is no end. */
void code_range(activity_code c, uint64_t *ret_first, uint64_t *ret_end);
unsigned code_account_depth(account_code c);            /* segments 1..6; 0 for none */
account_code code_account_parent(account_code c);       /* one segment less; of depth 1: 0 */
account_code code_account_ancestor(account_code c, unsigned depth);
bool code_account_below(account_code ancestor, account_code c); /* proper descendant */
/* Money that one government passes on to another, which states it once more: bagi hasil and bantuan keuangan (Permendagri 90/2019
 * BAS: 5.4; Permendagri 13/2006: 5.1.6, 5.1.7). Returns their number, at most CODE_TRANSFERS. */
enum { CODE_TRANSFERS = 2 };
size_t code_transfers(enum vintage v, account_code ret[CODE_TRANSFERS]);

/* Regions: Kemendagri code, "" nation, "33" province, "33.74" city; packed so that a prefix is a range. */
typedef uint32_t region_code;           /* 0 nation; province << 16; province << 16 | city (1..99) */
int code_region_parse(struct slice text, region_code *ret);     /* "", "33", "33.74"; ST_INVALID */
int code_region_format(region_code r, char ret[8]);
static inline region_code code_region_parent(region_code r) { return (r & 0xffff) ? r & 0xffff0000u : 0; }
/* Is `inner` that region or below it? Everything is below the nation (0). */
static inline bool code_region_holds(region_code outer, region_code inner)
{
    while (inner != outer && inner != 0) inner = code_region_parent(inner);
    return inner == outer;
}
/* Hours its clock is ahead of UTC: 7 WIB, 8 WITA, 9 WIT; the nation's is WIB. A rule of the close may say another. */
enum { CODE_WIB = 7, CODE_WITA, CODE_WIT };
unsigned code_region_hours(region_code r);
static inline unsigned code_region_depth(region_code r) { return (r & 0xffff) ? 2u : r ? 1u : 0u; }

#endif
