/* child.h - the command line of this installation, started on a file. Kind: E.
 *
 * What a hostile file could break must not be the process that holds the office's signing keys, so files are read by `rekap push`.
 * It prints into memory and is watched by a pidfd, so nobody waits for it; it dies with the thread that started it. */
#ifndef REKAP_CHILD_H
#define REKAP_CHILD_H

#include <stdbool.h>
#include <stddef.h>

enum { CHILD_PATH_MAX = 4096 };
struct child { int pid, pidfd, out, err; };     /* pid 0: none runs; out, err: what it prints, in memory */

void child_init(struct child *c);
int child_program(char ret[CHILD_PATH_MAX]);    /* rekap, beside this program; ST_NOT_FOUND */
/* Starts argv[0] (NULL at the end) in directory `in`, or where this process is (NULL). ST_IO with errno. */
int child_begin(struct child *c, const char *in, char *const argv[]);
bool child_ended(struct child *c, int *ret_status);     /* once: status as of waitpid */
void child_end(struct child *c);                /* kills what runs, closes what it printed; to be initialised again */
/* What lies in a file, NUL-terminated, malloc-ed; NULL: more than max, or no memory. */
char *child_text(int fd, size_t max, size_t *ret_n);

#endif
