/* http_schema.c - what answers look like, as components.schemas of /openapi.json. Kind: E.
 *
 * One line an object: `name:type` for each member, in a notation short enough to be read beside the code that makes the answer.
 * Types are str, dec (a decimal as text: money and percentages are never numbers), int, bool, time, any, another object by its
 * name,
 * `[type]` a list, `%type` an object of any members of that type; `?` behind it: or null; `~` before the name: may be left out.
 * tests/it/api_schema_test holds every answer over the real figures against it, and an answer with a member that is not named here
 * fails it. Published schemas allow more members: a later version may say more. */
#include <stdio.h>
#include <string.h>

#include "aggregator/http_answer.h"

#define STAMP "as_of:AsOf registry_version:int "
#define PAGED "~next:str? "
#define RULED                                                                                                                      \
    "formula:str? ~formula_by:str ~formula_version:str ~formula_declared:bool ~over_time:str ~over_time_by:str "                   \
    "~over_time_version:str ~rounding:str ~scale:str ~scale_version:str ~scale_set:bool ~predicates:any ~predicates_version:str "
static const struct { const char *name, *members;
} OBJECTS[] = {
    { "Problem", "type:str status:int code:str title:str ~param:str ~seen:str" },
    { "AsOf", "position:%int time:time? ~asked:str" },
    { "Complete", "offices:int of:int" },
    { "Bounds", "budget_share:dec? low:str? high:str? ~unstated:int?" },
    { "Change", "~from:int absolute:str? percent:dec? pp:dec? kind:str?" },
    { "Reported", "budget:dec? realised:dec? absorption:str?" },
    { "CashPlan", "plan:dec? pp:dec? rel:dec? ikpa:dec?" },
    { "Physical", "percent:dec? budget_share:dec?" },
    { "Projection", "p1:dec? p2:dec? p2_share:dec? p2_years:[int]" },
    { "Last", "year:int budget:dec? realised:dec? absorption:dec? complete:Complete coverage:Bounds change:Change" },
    { "Part", "budget:dec realised:dec absorption:dec? figure:str" },
    { "Statement", "worker:str lsn:int index:int office:str sequence:int entered_at:time? signed_at:time? committed_at:time? "
                   "clerk:str? batch:str epoch:str reason:str? ~origin:Origin? evidence:[Evidence]" },
    { "Origin", "~file:str? ~hash:str? ~sheet:str? ~line:int?" },
    { "Evidence", "sha256:str name:str? later:bool ~statement:any ~worker:str ~lsn:int ~index:int ~at:any" },
    /* rollup */
    { "Rollup",
      STAMP PAGED "~booked:str? region:str region_name:str? ~office:str? year:int until:int level:str stage:str rows:[RollupRow] "
                  "total:RollupTotal complete:Complete coverage:Bounds? findings_of:str ~silent:int?" },
    { "RollupRow",
      "code:str vintage:str? level:str name:str? budget:dec realised:dec absorption:dec? reported:Reported? findings:int "
      "complete:Complete coverage:Bounds? figure:str figures:%str ~bare:int ~assumed:int ~plan:dec ~realised_other_sources:dec "
      "~budget_other_sources:dec ~cash_plan:CashPlan? ~physical:Physical? ~projection:Projection? ~last:Last?" },
    { "RollupTotal",
      "budget:dec realised:dec absorption:dec? reported:Reported? findings:int activities:Part accounts:Part "
      "figure:str figures:%str ~complete:Complete ~coverage:Bounds? ~bare:int ~assumed:int ~plan:dec ~realised_other_sources:dec "
      "~budget_other_sources:dec ~cash_plan:CashPlan? ~physical:Physical? ~projection:Projection? ~last:Last?" },
    /* trend */
    { "Trend", STAMP "region:str ~office:str? ~code:str? ~indicator:str? ~definition:any measure:str until:int ~bridge:str "
                     "~mapped:bool ~advice:Advice? ~plan:TrendPlan? trend:TrendLine points:[TrendPoint]" },
    { "TrendLine", "points:int cagr:dec? slope:str?" },
    { "TrendPlan", "source:str from:int to:int budget:dec? realised:dec? share:dec?" },
    { "Advice", "level:str code:str? text:str threshold:str" },
    { "TrendPoint",
      "year:int value:str? ~figure:str? ~figures:%str? ~budget:dec? ~realised:dec? ~vintage:str? break:bool "
      "complete:Complete? coverage:Bounds? change:Change? ~bridge:Mapped? ~plan:PointPlan? ~target:str? ~reached:str? "
      "~achievement:dec? ~unit:str? ~reason:str? ~operator:str? ~counted:int ~of:int ~excluded:any ~numerator:str? "
      "~denominator:str? "
      "~converted:any ~cap:str ~" RULED },
    { "Mapped", "exact:dec estimated:dec unmapped:dec" },
    { "PointPlan", "source:str ~figure:str ~budget:dec? ~stated:dec? ~share:dec? ~target:str? ~achievement:dec? ~period:str? "
                   "~start:str? ~end:str? ~end_achievement:dec? ~reached:str? ~before:str? ~so_far:str? ~so_far_achievement:dec?" },
    /* indicators */
    { "Indicators", STAMP PAGED "~booked:str? region:str region_name:str? ~office:str? year:int until:int cap:str rounding:str "
                                "rows:[IndicatorRow] groups:[Group] total:Group shared:[Shared] notes:[any] complete:Complete" },
    { "IndicatorRow",
      "code:str no:str? indicator:str unit:str? target:str? reached:str? achievement:dec? rating:str? "
      "reported:IndicatorReported id:str office:str reason:str? reached_unit:str? source:str? stage:str? figure:str figures:%str "
      "cap:str owner:str? fund:str? tier:str? ~first:any ~parts:any ~plan:PointPlan ~components:any ~converted:any " RULED },
    { "IndicatorReported", "achievement:str? rating:str?" },
    { "Group", "~code:str ~level:str ~name:str? achievement:dec? counted:int of:int missing_as_zero:dec? weighted:dec? "
               "absorption:dec? efficiency:dec? coverage:Bounds figure:str ~cap:any ~rating:str? ~scale:str ~scale_version:str" },
    { "Shared",
      "~id:str ~indicator:str ~unit:str? ~definition:any ~target:str? ~reached:str? ~achievement:dec? ~rating:str? "
      "~operator:str? ~numerator:str? ~denominator:str? ~counted:int ~of:int ~excluded:any ~complete:Complete ~coverage:Bounds? "
      "~reason:str? ~figure:str? ~figures:%str ~cap:str ~offices:any ~notes:any ~" RULED },
    /* findings */
    { "Findings", STAMP PAGED "~booked:str? findings:[Finding]" },
    { "Finding",
      "kind:str office:str year:int code:str indicator:str? where:str printed:str? computed:str? difference:str? state:str "
      "rule:str ~figure:str ~thresholds:[str] ~table:str ~money:dec ~formula:str ~differ:int ~of:int ~same:int ~other:any "
      "~month:int "
      "~explanation:Explanation? ~found:any ~corrected:any ~official:str? ~name:str? ~against:any ~unit:str? "
      "~follow_ups:[FollowUp]" },
    { "Explanation", "by:str text:str until:int statement:Statement" },
    /* match, peers, targets, notes */
    { "Match", STAMP PAGED "region:str region_name:str? ~office:str? year:int until:int rows:[MatchRow] offices:[MatchOffice] "
                           "total:MatchTotal" },
    { "MatchRow", "office:str code:str vintage:str? name:str? state:str cause:str? of_office:MatchSide? of_treasurer:MatchSide? "
                  "difference:dec? equal_at:any explanation:any figure:str difference_figure:str" },
    { "MatchSide", "value:dec? month:int figure:str" },
    { "MatchOffice", "office:str name:str region:str treasurer:str? of_office:dec? of_treasurer:dec? difference:dec? counts:%int" },
    { "MatchTotal", "of_office:dec? of_treasurer:dec? difference:dec? counts:%int" },
    { "Peers", STAMP "region:str region_name:str? year:int until:int by:str code:str? indicator:str? ~definition:any ~unit:str? "
                     "~formula:str? ranked:int of:int rows:[PeerRow]" },
    { "PeerRow",
      "rank:int? region:str office:str? name:str ~code:str ~budget:dec? ~realised:dec? ~absorption:dec? ~complete:Complete "
      "~coverage:Bounds ~unit:str? ~target:str? ~reached:str? ~achievement:dec? ~reason:str? why:str? figure:str figures:%str "
      "~converted:any ~" RULED },
    { "Targets", STAMP PAGED "region:str region_name:str? ~office:str? year:int until:int rows:[TargetRow]" },
    { "TargetRow",
      "office:str code:str indicator:str unit:str? source:str reached:str? first:Target now:Target how:str lowered:bool? "
      "figure:str ~id:str ~no:str? ~name:str? " RULED },
    { "Target", "stage:str target:str? achievement:dec? ~statement:any ~at:any ~reason:str?" },
    { "Notes", STAMP PAGED "region:str ~region_name:str? ~office:str? year:int until:int notes:[Note]" },
    { "Note", "office:str year:int until:int code:str kind:str no:str? text:str statement:Statement" },
    /* closes */
    { "Closes", STAMP "region:str region_name:str? ~office:str? quarter:str year:int until:int zone:str rehearse:bool "
                      "deadline:Deadlines states:%int year_state:str ~ready:bool ~blocker_count:int seals:[Seal] closes:[Close]" },
    { "Late", STAMP PAGED "region:str quarter:str seal:LateSeal? count:int standing:int late:[LateRow]" },
    { "LateSeal", "version:int root:str cut:str by:str at:time? region:str" },
    { "LateRow", "office:str code:str account:str indicator:str? measure:str source:str stage:str month:int kind:str value:str? "
                 "sealed:str? stands:bool statement:Statement" },
    { "Seal", "version:int root:str cut:str by:str at:time?" },
    { "Deadlines", "office:Deadline city:Deadline" },
    { "Deadline", "date:str until:time working_days_left:int" },
    { "Close", "office:str name:str state:str round:int by:str? since:time? reason:str? about:str? reported:bool changed:int "
               "steps:[Step] next:NextStep year_state:str reviews:[Review] follow_ups:[FollowUp] ~blockers:[Blocker]? "
               "~blocker_count:int ~total:Sums ~difference:Sums?" },
    { "Sums", "budget:dec? realised:dec?" },
    { "Step", "step:str round:int as:str by:str clerk:str at:time? entered:time? reason:str? about:str? seen:any id:str after:str? "
              "effect:bool why:str? why_text:str? ~root:str? ~finding:str?" },
    { "NextStep",
      "round:int after:str? submission:str? verification:str? consolidation:str? before_consolidation:str? freed_by:any "
      "inside:any demanded:[any]" },
    { "Blocker", "kind:str code:str? where:str? text:str todo:str ~figure:str ~follow_ups:[FollowUp]" },
    { "Review", "step:str by:str clerk:str? at:time? root:str text:str? opinion:str?" },
    { "FollowUp", "finding:str code:str? kind:str? quarter:str by:str clerk:str? at:time? root:str text:str? due:str? until:time? "
                  "state:str" },
    /* notices */
    { "Notices", STAMP "silence_told:bool offices:[NoticeOffice]" },
    { "NoticeOffice", "office:str name:str role:str region:str zone:str notices:[Notice]" },
    { "Notice", "id:str kind:str quarter:str? stage:str? due:str? until:time? code:str? where:str? text:str? reason:str? by:str? "
                "at:time? todo:str?" },
    /* offices, status */
    { "Offices", STAMP "offices:[OfficeRow]" },
    { "OfficeRow", "office:str name:str region:str role:str status:str received:int effective:int same:int superseded:int late:int "
                   "refused:int last_at:time? habit:Habit? stated:StatedOffice?" },
    { "Habit", "day:int? months:int tolerance:int? ~next:any ~late:int? silent:bool" },
    { "StatedOffice", "~name:str ~region:str ~region_name:str ~document:str ~differs:bool" },
    { "Status", STAMP "program:str version:str workers:[WorkerState] commits:int updates:int" },
    { "WorkerState", "worker:str up:bool applied:int head:int lag:int refused:str? heard:time?" },
    /* explain, history */
    { "Explain", STAMP
      "figure:str region:str region_name:str? office:str? office_name:str? year:int measure:str code:str name:str? "
      "stage:str until:int value:str? formula:str? ~formula_id:str ~subject:str ~rules:[Rule] ~parts:[ExplainPart] ~places:[Place] "
      "~control:Control? ~components:[Component] ~prints:[Print] ~notes:[Note] ~findings:[Finding] ~findings_below:int ~line:str? "
      "~labels:Labels? ~rows:[FigureRow] ~rows_more:any ~complete:Complete ~coverage:Bounds? ~bands:[Band] ~indicator:str "
      "~finding:Finding "
      "~state:str ~cause:str? ~explanation:any ~equal_at:any ~rating:str? ~reason:str? ~result_parts:any ~counted:int ~of:int "
      "~cap:any "
      "~bridge:any ~mapped:bool ~absorption:dec? ~efficiency:dec? ~stage_in_force:str? ~operator:str ~excluded:any ~numerator:str? "
      "~denominator:str? ~definition:any ~offices:any "
      "~formula_by:str ~formula_version:str ~formula_declared:bool ~over_time:str ~over_time_by:str ~over_time_version:str "
      "~rounding:str ~scale:str ~scale_version:str ~scale_set:bool ~predicates:any ~predicates_version:str ~unit:str? "
      "~target:str? ~reached:str? ~achievement:dec? ~weighted:any ~missing_as_zero:any ~corrected:any ~found:any ~converted:any "
      "~source:str?" },
    { "Rule", "rule:str text:str" },
    { "Control", "printed:dec? computed:dec? difference:dec?" },
    { "Print", "table:str printed:str? difference:str? figure:str" },
    { "ExplainPart",
      "figure:str value:str? ~code:str ~level:str ~name:str? ~share:dec? ~control:Control? ~findings:int ~prints:[Print] "
      "~complete:Complete ~coverage:Bounds? ~office:str? ~indicator:str ~weight:any ~reason:str? ~year:int ~counted:any "
      "~region:str "
      "~unit:str? ~vintage:str ~part:str ~certainty:any ~achievement:any ~why:any ~cap:any ~capped:any ~estimated:bool ~whole:str? "
      "~target:str? ~reached:str? ~formula:str?" },
    { "Place",
      "figure:str value:str? region:str office:str? name:str? ~share:dec? ~control:Control? ~findings:int ~complete:Complete "
      "~coverage:Bounds?" },
    { "Component", "figure:str? ~measure:str value:str? ~month:int? ~over_time:str ~source:str? ~unit:str? ~name:str? ~stage:str? "
                   "~office:str ~by:str ~reason:any" },
    { "Labels", "name:str? fund:str? unit:str?" },
    { "Band", "from:str? open:bool word:str is:bool" },
    { "FigureRow",
      "measure:str source:str? stage:str? account:str? of:str? slots:[FigureSlot] ~code:str ~indicator:str? ~unit:str?" },
    { "FigureSlot",
      "month:int kind:str? ~basis:str? used:bool ~value:str? ~cumulative:dec? ~statement:Statement? ~earlier:[any] ~booked:any" },
    { "History",
      STAMP PAGED "figure:str region:str region_name:str? office:str? office_name:str? year:int measure:str code:str name:str? "
                  "stage:str until:int changes:[FigureChange] older:str? ~indicator:str ~unit:str?" },
    { "FigureChange", "at:time? from:str? to:str? what:str office:str? ~offices:int ~slot:ChangedSlot? ~statement:Statement?" },
    { "ChangedSlot", "account:str? code:str? measure:str month:int stage:str? kind:str? value:str? ~changes:int ~indicator:str? "
                     "~source:str? ~earlier:any" },
    /* HTTP itself */
    { "Session", "access:str role:str region:str office:str? csrf:str? expires:time?" },
};

static json_t *plain(const char *type)
{
    static const struct { const char *name, *json; } TYPES[] = {
        {"str", "{\"type\":\"string\"}"},
        {"dec", "{\"type\":\"string\",\"pattern\":\"^-?[0-9]+([.][0-9]+)?$\"}"},
        {"time", "{\"type\":\"string\",\"format\":\"date-time\"}"},
        {"int", "{\"type\":\"integer\"}"},
        {"bool", "{\"type\":\"boolean\"}"},
        {"any", "{}"},
    };
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (!strcmp(type, TYPES[i].name)) return json_loads(TYPES[i].json, 0, NULL);
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", type));
}

/* One type; the text is cut up on the way. */
static json_t *type_of(char *type)
{
    size_t n = strlen(type);
    json_t *one;
    if (n > 0 && type[n - 1] == '?') {
        type[n - 1] = '\0';
        return json_pack("{s:[o,{s:s}]}", "anyOf", type_of(type), "type", "null");
    }
    if (type[0] == '[') {
        type[n - 1] = '\0';
        one = json_pack("{s:s,s:o}", "type", "array", "items", type_of(type + 1));
    } else if (type[0] == '%')
        one = json_pack("{s:s,s:o}", "type", "object", "additionalProperties", type_of(type + 1));
    else one = plain(type);
    return one;
}

static json_t *object_of(const char *members)
{
    char word[96];
    json_t *properties = json_object(), *required = json_array();
    for (size_t n; *members; members += n) {
        members += strspn(members, " ");
        n = strcspn(members, " ");
        if (n == 0) break;
        snprintf(word, sizeof word, "%.*s", (int)n, members);
        char *name = word[0] == '~' ? word + 1 : word, *colon = strchr(name, ':');
        if (colon) *colon = '\0';
        json_object_set_new(properties, name, type_of(colon ? colon + 1 : word + n));
        if (word[0] != '~') json_array_append_new(required, json_string(name));
    }
    return json_pack("{s:s,s:o,s:o}", "type", "object", "properties", properties, "required", required);
}

json_t *http_schema_all(void)
{
    json_t *all = json_object();
    for (size_t i = 0; i < sizeof OBJECTS / sizeof OBJECTS[0]; i++)
        json_object_set_new(all, OBJECTS[i].name, object_of(OBJECTS[i].members));
    return all;
}
