# functions.awk - finds the functions of a stripped C file by the house's brace style: the opening brace of a function stands
# alone in the first column, or the whole function is one line. Prints "LENGTH LINE NAME" for each (length from the brace to
# its partner), and "! LINE reason" where a function is written in another style and so would escape the count.
function name_of(text) {
    sub(/[ \t]*\(.*/, "", text)
    sub(/.*[^A-Za-z0-9_]/, "", text)
    return text
}
/^[ \t]*#/ || macro { macro = /\\$/; head = ""; next }
/^\{/ {
    start = FNR
    if (/\}$/) { print 1, FNR, name_of(head); start = 0; head = "" }
    next
}
/^\}/ {
    if (start) print FNR - start + 1, start, name_of(head)
    start = 0
    head = ""
    next
}
start { next }
/^(struct|union|enum|typedef)[^(]*(__attribute__.*)?\{/ || /=[ \t]*\{/ { head = ""; next }
/^[A-Za-z_].*\)[ \t]*\{.*\}$/ { print 1, FNR, name_of(head $0); head = ""; next }
/^[A-Za-z_].*\)[ \t]*\{/ { print "!", FNR, "the brace of a function stands on a line of its own" }
/;$/ || /^$/ { head = ""; next }
{ head = head " " $0 }
