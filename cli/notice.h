/* notice.h - what the parts of `rekap notices` share: the words, the configuration, the run that writes digests and calls the
 * administrator's command. Kind: E. */
#ifndef REKAP_CLI_NOTICE_H
#define REKAP_CLI_NOTICE_H

#include "cli/ask.h"
#include "proto/conf.h"

/* One office of an answer of /api/v1/notices, in words: its digest. Nothing of it depends on when it was asked. */
void notice_text(const struct cli *c, const json_t *office, struct buf *b);
/* Its heading in one line, for the subject of a letter. */
void notice_subject(const struct cli *c, const json_t *office, char *ret, size_t size);

/* DIR/etc/notice.conf, or the file of --config; without a file everything has its default. ST_INVALID: errors has every fault. */
int notice_conf_read(const char *path, struct conf **ret, struct buf *errors);

/* Writes the digests that changed and calls the command for each office whose notices are others than those it was told last.
 * EXIT_OK; EXIT_FAILED when a file could not be written or the command failed, after saying so. */
int notice_deliver(struct cli *c);
/* What the last run left behind (.state.json in a directory of digests), caller decrefs; NULL: there was none. */
json_t *notice_state(const char *directory);

enum { NOTICE_WHY_MAX = 256, NOTICE_WORDS_MAX = 64 };
/* Runs a command without a shell and gives it `input` to read. Words are parted by blanks, "double quotes" hold some together; the
 * first is the absolute path of the program. It works in `directory`, with an environment of its own, in a process group that is
 * ended when the time is over or when we die. ST_OK: it ended with 0; ST_AGAIN: time was over; ST_INVALID: no such command;
 * ST_IO: it could not be run or ended otherwise. why says what happened. */
int notice_hook(const char *command, struct slice input, int64_t timeout_ms, const char *directory, char why[NOTICE_WHY_MAX]);

#endif
