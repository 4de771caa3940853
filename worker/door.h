/* door.h - the worker's connections: where it listens, and whom it follows. Kind: E. */
#ifndef REKAP_DOOR_H
#define REKAP_DOOR_H

#include "proto/conf.h"
#include "proto/link.h"
#include "worker/settings.h"

struct door { const struct conf *conf; const struct settings *settings; struct work *work; struct office_book *book; };
/* Makes the link, listens on every endpoint of worker.listen and on the control socket, dials the leader when there is one. Why not
 * is in err; *ret_link is to be freed in either case. */
int door_open(const struct door *d, struct link **ret_link, char *err, size_t err_size);

#endif
