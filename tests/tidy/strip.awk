# strip.awk - blanks out comments and the insides of strings and character constants of C, keeping every line where it is,
# so that the other checks see code only.
{
    rest = $0
    out = ""
    while (rest != "") {
        if (comment) {
            end = index(rest, "*/")
            if (!end) break
            rest = substr(rest, end + 2)
            comment = 0
            out = out " "
        } else if (!match(rest, /\/\*|\/\/|"|'/)) {
            out = out rest
            break
        } else {
            out = out substr(rest, 1, RSTART - 1)
            token = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            if (token == "/*") comment = 1
            else if (token == "//") break
            else {
                out = out token token
                rest = match(rest, token == "\"" ? "^([^\\\\\"]|\\\\.)*\"" : "^([^\\\\']|\\\\.)*'") ? substr(rest, RLENGTH + 1) : ""
            }
        }
    }
    sub(/[ \t]+$/, "", out)
    print out
}
