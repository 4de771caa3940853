/* log.h - logging of the edges; the core never logs. Kind: E. logfmt on stderr (with sd-daemon <N> priorities when the journal
 * listens); English. One line per state change: a repeated message with the same key is held back and counted (log_rate). */
#ifndef REKAP_LOG_H
#define REKAP_LOG_H

#include "status.h"

enum log_level { LOG_L_ERROR, LOG_L_WARN, LOG_L_INFO, LOG_L_DEBUG };
void log_init(const char *program, enum log_level level);
/* msg: a constant sentence (a literal: its address tells messages apart); then key/value pairs by printf:
 * log_write(LOG_L_WARN, "disk is nearly full", "used=%d%%", 81). Keeps errno. */
void log_write(enum log_level l, const char *msg, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
