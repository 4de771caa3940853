/* inbox_part.h - what inbox.c and inbox_file.c share. Kind: E. */
#ifndef REKAP_INBOX_PART_H
#define REKAP_INBOX_PART_H

#include <stdint.h>

#include "collector/child.h"
#include "collector/inbox.h"

enum { INBOX_NAME_MAX = 255, INBOX_ID_SIZE = 48 };
struct inbox_look { uint64_t inode, size; int64_t changed_ns; };        /* of a file: has it changed since? */
struct inbox_file { char name[INBOX_NAME_MAX + 1]; struct inbox_look look; };

/* The file to be taken next from a directory: the one changed longest ago, of equal ones the first by name. ST_NOT_FOUND. */
int inbox_oldest(const char *dir, struct inbox_file *ret);
bool inbox_is_open(const char *path);   /* has somebody it open for writing? false where it cannot be told */
/* Moves dir/name into directory `to` under its own name, or with " (2)", .. where that is taken; ret_name has room for
 * INBOX_NAME_MAX + 1 bytes. ST_IO with errno, ST_FULL. */
int inbox_move(const char *from, const char *name, const char *to, char *ret_name);
/* "anggaran.csv" + "-bertanda" -> "anggaran-bertanda.csv"; other names than of workbooks become .csv */
void inbox_copy_name(const char *name, char ret[INBOX_NAME_MAX + 32]);

#endif
