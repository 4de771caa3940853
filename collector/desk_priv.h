/* desk_priv.h - what desk.c and desk_control.c share. Kind: E. */
#ifndef REKAP_DESK_PRIV_H
#define REKAP_DESK_PRIV_H

#include <time.h>

#include "collector/desk.h"
#include "collector/tray.h"

enum { DESK_FILES_PER_STEP = 256 };
struct desk_list { char **name; size_t n; };
struct desk {
    struct desk_options o;
    struct desk_list files;             /* the listing being handed over, and how far */
    size_t at;
    struct desk_list held;              /* files whose office has no key here: not read again before the keys change */
    struct buf read[DESK_FILES_PER_STEP];       /* contents handed to the step that runs */
    size_t read_count, replies;         /* of the step that runs: files handed over, verdicts that came back */
    struct timespec keys_seen;
    struct mono keys_looked, looked;
    size_t key_count, waiting, damaged;
    bool look_now, check_damaged, full;
};
void desk_reload(struct desk *d);

#endif
