/* status.h - what a function returns, and the reason codes people read. Kind: P.
 *
 * A function's return is only its status: ST_OK (0) or one of the negative values below. Results go through ret_
 * parameters, written only on success. Reason codes (enum code, from codes.def) are about data and peers; they are
 * carried in results, on the wire and in reports, and have one spelling and one text per language. */
#ifndef REKAP_STATUS_H
#define REKAP_STATUS_H

#include "types.h"

enum status {
    ST_OK = 0,
    ST_NOT_FOUND = -1, /* key, file or entry is not there */
    ST_INVALID = -2,   /* data from outside is not what it must be */
    ST_FULL = -3,      /* a named cap, the store's map or the disk is full; nothing was changed */
    ST_IO = -4,        /* the system refused; errno is kept by the edge that logs it */
    ST_CORRUPT = -5,   /* stored bytes fail their checksum or make no sense */
    ST_UNKNOWN = -6,   /* commit outcome unknown: the process must exit without a word and re-read on restart */
    ST_NO_MEMORY = -7,
    ST_AGAIN = -8,    /* nothing to do now; try later */
    ST_DENIED = -9,   /* permission or authority */
    ST_BUSY = -10,    /* somebody else holds it (second owner of a store, name in use) */
    ST_VERSION = -11, /* format or protocol of another release that cannot be read */
};
const char *status_str(int status); /* English, for logs; never NULL; static storage */

enum code {
#define CODE(num, NAME, spelling, id, en) CODE_##NAME = num,
#include "codes.def"
#undef CODE
};
enum lang { LANG_ID, LANG_EN };
bool status_code_known(unsigned code);
const char *status_code_spelling(unsigned code);             /* "DITERIMA", "angka-rusak"; "?" when unknown */
const char *status_code_text(unsigned code, enum lang lang); /* one line for people; "?" when unknown */

#endif
