/* evidence.h - the document behind a statement (bukti dukung): its hash, and which statements of an answer carry it. Kind: E.
 *
 * Signed with a statement is the document's SHA-256, so that anybody can compute it with a tool of their own (sha256sum); the
 * document itself stays with the office. */
#ifndef REKAP_CLI_EVIDENCE_H
#define REKAP_CLI_EVIDENCE_H

#include <jansson.h>

#include "cli/cli.h"

enum { EVIDENCE_BYTES_MAX = 1 << 30, EVIDENCE_NAME_MAX = 255 };
struct evidence {
    struct hash hash;                   /* SHA-256 of the file's bytes */
    char hex[2 * HASH_SIZE + 1], name[EVIDENCE_NAME_MAX + 1]; /* name: last part of the path, well-formed */
    bool given;
};
/* The file of --evidence; given stays false without the option. EXIT_OK, or EXIT_FAILED after saying why it cannot be read. */
int evidence_read(const struct cli *c, struct evidence *ret);
/* Looks in an answer for statements that carry the document and puts what was found into it as "evidence_check". True: at least
 * one does. */
bool evidence_match(const struct evidence *e, json_t *answer);
/* One line on what evidence_match found; the exit code of the question: EXIT_FAILED when no statement carries it. */
int evidence_say(const struct cli *c, const struct evidence *e, const json_t *answer);
/* "; bukti sp2d.pdf 9f86d081884c7d65" of a statement's documents, after what ret holds already. */
void evidence_text(const struct cli *c, const json_t *statement, char *ret, size_t size);

#endif
