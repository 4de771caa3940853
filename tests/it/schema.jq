# schema.jq - holds values against JSON schemas as /openapi.json uses them: $ref, anyOf, type, properties, required, items, enum,
# pattern, additionalProperties. `faults(schemas; schema; place)` gives one text for each fault; a member that no schema names is one.
def faults($all; $s; $at):
    if $s == {} then empty
    elif $s["$ref"] then faults($all; $all[$s["$ref"] | ltrimstr("#/components/schemas/")] // error("no schema " + $s["$ref"]); $at)
    elif $s.anyOf then
        . as $v | [$s.anyOf[] as $one | [$v | faults($all; $one; $at)]] | if any(. == []) then empty else .[0][] end
    elif $s.type == "object" then
        if type != "object" then "\($at): \(type) instead of an object"
        else ($s.required // [])[] as $name | select(has($name) | not) | "\($at).\($name): is missing" end,
        if type != "object" then empty
        else to_entries[] as $e
            | ($s.properties[$e.key] // $s.additionalProperties) as $member
            | if $member == null then "\($at).\($e.key): is not described" else $e.value | faults($all; $member; "\($at).\($e.key)") end
        end
    elif $s.type == "array" then
        if type != "array" then "\($at): \(type) instead of a list" else .[] | faults($all; $s.items; "\($at)[]") end
    elif $s.type == "integer" then if type == "number" and . == floor then empty else "\($at): \(tojson) is no integer" end
    elif $s.type != type then "\($at): \(tojson) is no \($s.type)"
    elif $s.enum and (. as $v | $s.enum | index([$v]) | not) then "\($at): \(tojson) is none of \($s.enum | join(", "))"
    elif $s.pattern and (. as $v | $v | test($s.pattern) | not) then "\($at): \(tojson) does not look like \($s.pattern)"
    elif $s.format == "date-time" and (test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$") | not) then "\($at): \(tojson) is no time"
    else empty end;
