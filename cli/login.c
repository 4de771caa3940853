/* login.c - `rekap login`: a one-time link into the monitor, or a key for a program. Kind: E.
 *
 * Who may open the installation's control socket decides who may look: the aggregator makes the secret and keeps its hash. A link
 * names an office of the register, or a role in a region; it is good once, for a quarter of an hour, and becomes a session in the
 * browser that follows it. With --days it is a key for programs instead (Authorization: Bearer). The secret is printed here and
 * nowhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place.h"
#include "cli/print.h"

enum { ASK_MS = 5000, KEY_DAYS_MAX = 366 };

/* Role and region: of the office's line in the register, else as given. */
static int who_of(const struct cli *c, const struct place *p, json_t *request)
{
    const char *id = c->value[OPT_OFFICE], *role = c->value[OPT_ROLE], *region = c->value[OPT_REGION];
    struct registry *r = NULL;
    char text[8] = "";
    region_code code;
    uint8_t parsed;
    if ((id != NULL) == (role != NULL))
        return cli_usage(c, "sebutkan --office ID, atau --role PERAN dengan --region",
                         "give --office ID, or --role ROLE with --region", NULL);
    if (!id && (registry_role_parse(slice_of(role, strlen(role)), &parsed) != ST_OK || parsed == ROLE_OFFICE))
        return cli_usage(c, "peran: treasurer, planner, auditor atau centre", "role: treasurer, planner, auditor or centre", role);
    if (!id && region && code_region_parse(slice_of(region, strlen(region)), &code) != ST_OK)
        return cli_usage(c, "bukan kode wilayah", "not a region code", region);
    int rc = id ? place_registry(c, p, &r) : EXIT_OK;
    if (rc != EXIT_OK) return rc;
    const struct office *o = id ? registry_office(r, slice_of(id, strlen(id))) : NULL;
    if (id && !o) rc = office_unknown(c, r, id);
    else if (o && o->status != OFFICE_ACTIVE) rc = cli_fail(c, "kantor ini sudah dicabut", "this office is revoked", id);
    if (rc == EXIT_OK) {
        if (o) code_region_format(o->region, text);
        json_object_set_new(request, "office", json_string(o ? o->id : ""));
        json_object_set_new(request, "role", json_string(o ? registry_role_name(o->role) : role));
        json_object_set_new(request, "region", json_string(o ? text : region ? region : ""));
    }
    registry_free(&r);
    return rc;
}

static void show(const struct cli *c, const json_t *a, bool key)
{
    char link[PLACE_HTTP_MAX + 128];
    const char *secret = print_text_of(a, "secret"), *until = print_text_of(a, "until");
    snprintf(link, sizeof link, "%s://%s/login?ticket=%s", json_is_true(json_object_get(a, "tls")) ? "https" : "http",
             print_text_of(a, "address"), secret);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:s,s:s}", key ? "key" : "link", key ? secret : link, "until", until));
    else printf("%s\n", key ? secret : link);
    if (c->format != FORMAT_TEXT) return;
    if (key)
        cli_talk(c, "kunci program, berlaku s.d. %s: Authorization: Bearer ..",
                 "a program's key, good until %s: Authorization: Bearer ..", until);
    else cli_talk(c, "berlaku satu kali, s.d. %s; simpan sebagai rahasia", "good once, until %s; keep it secret", until);
}

int login_run(struct cli *c)
{
    struct place p;
    int days = 0;
    json_t *answer = NULL, *request = json_object();
    int rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = cli_number(c, OPT_DAYS, 0, 1, KEY_DAYS_MAX, &days);
    if (rc == EXIT_OK) rc = who_of(c, &p, request);
    if (rc == EXIT_OK) {
        json_object_set_new(request, "verb", json_string("login"));
        json_object_set_new(request, "kind", json_string(days ? "key" : "link"));
        json_object_set_new(request, "seconds", json_integer((json_int_t)days * 86400));
        char *text = json_dumps(request, JSON_COMPACT);
        int st = text ? place_ask(&p, "aggregator", text, ASK_MS, &answer) : ST_NO_MEMORY;
        free(text);
        if (st != ST_OK) rc = cli_fail(c, "aggregator tidak menjawab", "the aggregator does not answer", status_str(st));
        else if (!json_object_get(answer, "secret"))
            rc = cli_fail(c, "aggregator menolak", "the aggregator refused", print_text_of(answer, "error"));
        else show(c, answer, days > 0);
    }
    json_decref(answer);
    json_decref(request);
    return rc;
}
