# table.awk - the medians of a bench run (`name value unit` lines) as a Markdown table: a column for each size and mode.
#   awk -v modes="dense sparse" -v sizes="M L" -f table.awk medians.txt
function rekap(i, name) { return m["rekap_" mode_of[i] "_" size_of[i] "_" name] }
function ratio(a, b, format) { return a != "" && b > 0 ? sprintf(format, a / b) : "" }
function thousands(v) { return v == "" ? "" : sprintf("%.0f k", v / 1000) }
function plain(v, format) { return v == "" ? "" : sprintf(format, v) }
function line(title, i, s) { s = "| " title; for (i = 1; i <= columns; i++) s = s " | " cell[i]; print s " |" }
function daemons(i, what, format) {
    return plain(rekap(i, "worker_" what), format) " / " plain(rekap(i, "aggregator_" what), format) " / " \
        plain(rekap(i, "collector_" what), format)
}
# What was wished for beside what was measured; a wish that failed is not hidden.
function wished(what, v, bound, least, unit) {
    if (v != "") printf "* %s: %.2f%s, %s\n", what, v, unit, (least ? v >= bound : v < bound) ? "held" : "**missed**"
}
{ m[$1] = $2 }
END {
    sn = split(sizes, size, " "); mn = split(modes, mode, " ")
    for (s = 1; s <= sn; s++) for (k = 1; k <= mn; k++) {
        if (m["rekap_" mode[k] "_" size[s] "_rate"] == "") continue
        columns++; size_of[columns] = size[s]; mode_of[columns] = mode[k]
    }
    title["S"] = "0.2 M"; title["M"] = "2 M"; title["L"] = "10 M"
    for (i = 1; i <= columns; i++) cell[i] = title[size_of[i]] " " mode_of[i]
    line("")
    for (i = 1; i <= columns; i++) cell[i] = "--:"
    line("---")
    for (i = 1; i <= columns; i++) cell[i] = "**" thousands(rekap(i, "rate")) "**"
    line("rekap, updates/s, the outbox's commits added")
    for (i = 1; i <= columns; i++) cell[i] = thousands(rekap(i, "transfer"))
    line("rekap, outbox to visible alone")
    for (i = 1; i <= columns; i++) cell[i] = size_of[i] == "M" ? thousands(m["sqlite_" mode_of[i] "_rate"]) : ""
    line("SQLite, updates/s")
    for (i = 1; i <= columns; i++) cell[i] = size_of[i] == "M" ? thousands(m["postgresql_" mode_of[i] "_rate"]) : ""
    line("PostgreSQL, updates/s")
    for (i = 1; i <= columns; i++) cell[i] = thousands(m["lmdb_ceiling_rate"])
    line("bare LMDB, updates/s")
    for (i = 1; i <= columns; i++)
        cell[i] = size_of[i] == "M" ? ratio(rekap(i, "rate"), m["sqlite_" mode_of[i] "_rate"], "**%.1f x**") : ""
    line("rekap to SQLite")
    for (i = 1; i <= columns; i++)
        cell[i] = size_of[i] == "M" ? ratio(rekap(i, "rate"), m["postgresql_" mode_of[i] "_rate"], "**%.1f x**") : ""
    line("rekap to PostgreSQL")
    for (i = 1; i <= columns; i++) cell[i] = ratio(rekap(i, "rate"), m["lmdb_ceiling_rate"], "%.2f")
    line("share of bare LMDB")
    for (i = 1; i <= columns; i++)
        cell[i] = size_of[i] == "L" ? ratio(m["rekap_" mode_of[i] "_M_rate"], rekap(i, "rate"), "%.2f x") : ""
    line("cost of an update at 10 M to that at 2 M")
    for (i = 1; i <= columns; i++)
        cell[i] = ratio(rekap(i, "rate"), m["rekap_plain_" mode_of[i] "_" size_of[i] "_rate"], "**%.2f**")
    line("with signatures and CURVE, to the same without")
    for (i = 1; i <= columns; i++) cell[i] = plain(rekap(i, "lag_median"), "%.0f") " / " plain(rekap(i, "lag_p99"), "%.0f") " ms"
    line("ACK to visible at full load, median / p99")
    for (i = 1; i <= columns; i++) cell[i] = daemons(i, "cpu", "%.2f") " µs"
    line("processor time an update: worker / aggregator / collector")
    for (i = 1; i <= columns; i++) cell[i] = daemons(i, "peak", "%.0f") " MiB"
    line("peak memory of its own: worker / aggregator / collector")
    for (i = 1; i <= columns; i++) cell[i] = daemons(i, "disk", "%.1f") " B"
    line("on disk at the end, an update: worker / aggregator / collector")
    for (i = 1; i <= columns; i++) cell[i] = daemons(i, "written", "%.0f") " B"
    line("written to disk an update: worker / aggregator / collector")
    for (i = 1; i <= columns; i++)
        cell[i] = plain(rekap(i, "rollup_min"), "%.2f") " / " plain(rekap(i, "rollup_median"), "%.2f") " / " \
            plain(rekap(i, "rollup_max"), "%.2f") " ms"
    line("national rollup over HTTP, 20 questions: min / median / max")
    for (i = 1; i <= columns; i++)
        cell[i] = plain(rekap(i, "explain_median"), "%.2f") " / " plain(rekap(i, "explain_p99"), "%.2f") " / " \
            plain(rekap(i, "explain_max"), "%.2f") " ms"
    line("explain of a national figure over HTTP: median / p99 / max")
    for (i = 1; i <= columns; i++) cell[i] = plain(rekap(i, "past_median"), "%.0f") " / " plain(rekap(i, "past_max"), "%.0f") " ms"
    line("national rollup a year of the log back: median / max")
    for (i = 1; i <= columns; i++)
        cell[i] = mode_of[i] == "indicators" ? ratio(rekap(i, "rate"), m["rekap_dense_" size_of[i] "_rate"], "%.2f") : ""
    line("speed with indicators, to money alone")
    print ""
    for (i = 1; i <= columns; i++) {
        if (mode_of[i] == "indicators" && m["rekap_dense_" size_of[i] "_rate"] > 0)
            wished("speed with indicators at least 0.75 of money alone, " title[size_of[i]], \
                rekap(i, "rate") / m["rekap_dense_" size_of[i] "_rate"], 0.75, 1, "")
        if (size_of[i] != "L") continue
        wished("p99 of explaining a national figure under 50 ms, " title["L"] " " mode_of[i], rekap(i, "explain_p99"), 50, 0, " ms")
        wished("national rollup a year back under 1000 ms, " title["L"] " " mode_of[i], rekap(i, "past_max"), 1000, 0, " ms")
    }
}
