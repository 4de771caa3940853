# lib.sh - what the integration tests share; sourced as `. tests/it/lib.sh "$1"` with the build directory. Bash and jq.
#
# A test starts real daemons (`start DIR`), asks them through the shipped programs and compares. Every check counts one and says on
# its own line what failed; `finish` prints `N passed, N failed` and gives the exit code. Waiting is polling with a deadline, never
# a sleep of a guessed length. Everything lives below $work (one directory per test) and is stopped and removed at the end, also
# after a failure; names of sockets and ports are chosen by the programs from the directory, so any number of tests may run at once.
# shellcheck shell=bash disable=SC2034
set -uo pipefail
export LC_ALL=C.UTF-8
unset REKAP_DIR NO_COLOR
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "${1:?usage: TEST BUILD_DIRECTORY}" && pwd)
rekap=$build/bin/rekap
data=$root/tests/data
work=$(mktemp -d "${TMPDIR:-/tmp}/rekap-it.XXXXXX")
passed=0 failed=0
declare -A up_pid=() keeper=()

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'GAGAL %s\n' "$1"; shift; [ $# -eq 0 ] || printf '      %s\n' "$@"; }
# same WHAT EXPECTED SEEN
same() { if [ "$2" = "$3" ]; then pass; else fail "$1" "expected: ${2:0:2000}" "seen:     ${3:0:2000}"; fi; }
# ok WHAT COMMAND...: the command succeeds
ok() {
    local what=$1; shift
    if "$@" >"$work/.ok" 2>&1; then pass; else fail "$what" "exit $?: $*" "$(head -c 2000 "$work/.ok")"; fi
}
# no WHAT COMMAND...: it does not
no() {
    local what=$1; shift
    if "$@" >"$work/.ok" 2>&1; then fail "$what" "succeeded: $*" "$(head -c 500 "$work/.ok")"; else pass; fi
}
# has WHAT TEXT PART, lacks WHAT TEXT PART: fixed strings
has() { if [[ $2 == *"$3"* ]]; then pass; else fail "$1" "no \"$3\" in:" "${2:0:2000}"; fi; }
lacks() { if [[ $2 == *"$3"* ]]; then fail "$1" "\"$3\" in:" "${2:0:2000}"; else pass; fi; }
# exits CODE WHAT COMMAND...: runs it with $out, $err and $rc filled, and checks the exit code
exits() {
    local want=$1 what=$2; shift 2
    run "$@"
    if [ "$rc" -eq "$want" ]; then pass; else fail "$what: exit $rc instead of $want" "$*" "${out:0:1500}" "${err:0:1500}"; fi
}
run() { rc=0; "$@" >"$work/.out" 2>"$work/.err" </dev/null || rc=$?; out=$(<"$work/.out") err=$(<"$work/.err"); }

tick() { read -rt 0.03 <> <(:) || true; }
# within SECONDS COMMAND...: tries until it succeeds; 1 at the deadline
within() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; tick; done
}

# background FILE COMMAND...: without waiting for it; FILE.pid has its process, FILE.code at last how it ended. A shell of its own
# waits for it from the first moment: this one, which starts thousands of processes meanwhile, may no longer know how an old one
# ended (bash then answers 127)
background() {
    local file=$1; shift
    rm -f "$file.pid" "$file.code"
    { "$@" & echo $! >"$file.pid"; wait $!; echo $? >"$file.code"; } &
    keeper[$file]=$!
}
# ended FILE: waits until it has; its exit code
ended() { wait "${keeper[$1]}" 2>/dev/null; return "$(<"$1.code")"; }

# start DIR [OPTION...]: the whole system, ready; DIR.up has the JSON of `up`, DIR.err what it says, DIR.code at last how it ended
start() {
    local dir=$1; shift
    rm -f "$dir.up"
    background "$dir" "$rekap" up --dir "$dir" --json "$@" >"$dir.up" 2>>"$dir.err" </dev/null
    until [ -s "$dir.pid" ]; do tick; done
    up_pid[$dir]=$(<"$dir.pid")
    within 120 ready "$dir" && return 0
    fail "rekap up is not ready: $dir" "$(cat "$dir.err")"
    finish
}
ready() { [ -s "$1.up" ] || ! kill -0 "${up_pid[$1]}" 2>/dev/null; }
# stop DIR [SIGNAL]: and waits until it is gone
stop() {
    [ -n "${up_pid[$1]:-}" ] || return 0
    kill -"${2:-INT}" "${up_pid[$1]}" 2>/dev/null
    ended "$1"
    unset "up_pid[$1]"
}
cleanup() {
    local dir file
    for dir in "${!up_pid[@]}"; do stop "$dir" TERM; done
    for file in "${!keeper[@]}"; do # who was left in the background after a failure
        [ -e "$file.code" ] || { kill "$(cat "$file.pid")" && ended "$file"; } 2>/dev/null
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# office DIR ID REGION [NAME] [ROLE]
office() { "$rekap" office add "$2" --dir "$1" --region "$3" --name "${4:-Kantor $2}" ${5:+--role "$5"} >/dev/null; }
# push DIR OFFICE FILE... [OPTION...]: waits until visible; prints the JSON report
push() { local dir=$1 who=$2; shift 2; "$rekap" push --dir "$dir" --office "$who" --json --wait "$@" 2>"$work/.push"; }
# ask DIR VERB [OPTION...]: a question as JSON
ask() { local dir=$1 verb=$2; shift 2; "$rekap" "$verb" --dir "$dir" --json "$@"; }
# value DIR FILTER VERB [OPTION...]: one value of the answer
value() { local dir=$1 filter=$2; shift 2; ask "$dir" "$@" | jq -r "$filter"; }
# figure N BUDGET REALISED FILE: a file below $work with one line, of half a year
figure() { printf 'tahun;kode;pagu;realisasi;sampai\n2022;1.06.01.2.02.0%s;%s;%s;2022-06\n' "$1" "$2" "$3" >"$work/$4"; }
# file NAME LINE...: below $work
file() { printf '%s\n' "${@:2}" >"$work/$1"; }
# realised DIR [REGION]: what the files of figure add up to
realised() { value "$1" .total.realised rollup --region "${2:-33.74}" --year 2022; }
# desk DIR OFFICE KEY: what the collector of DIR says of its stream
desk() { value "$1" ".collector.offices[] | select(.office == \"$2\") | .$3" status; }
# is WANTED COMMAND...: it prints that; for within
is() { [ "$1" = "$("${@:2}")" ]; }
# free_port: a port below the ephemeral range that nobody has at this moment
free_port() {
    local port=$((20000 + $$ % 10000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}
# tsv FILE: a CSV file as tab separated values
tsv() {
    awk '{ out = ""; q = 0
        for (i = 1; i <= length($0); i++) { c = substr($0, i, 1)
            if (c == "\"") { if (q && substr($0, i + 1, 1) == "\"") { out = out c; i++ } else q = !q }
            else out = out (c == "," && !q ? "\t" : c) }
        print out }' "$1"
}
# metro_tables: tables 1.2 and 1.3 of Metro's report, renamed to the shapes they have: $work/t12.csv and $work/t13.csv
metro_tables() {
    tsv "$data/metro/banding.csv" | awk -F'\t' 'BEGIN { print "tahun,kode,indikator,realisasi,satuan" }
        split($1, part, ".") == 6 { for (y = 3; y <= 4; y++) { v = $y; u = ""
            if (match(v, /^[0-9.]+ /)) { u = substr(v, RLENGTH + 1); v = substr(v, 1, RLENGTH - 1); gsub(/[.]/, "", v) }
            print 2018 + y "," $1 ",Keluaran " $1 ",\"" v "\",\"" u "\"" } }' >"$work/t12.csv"
    { echo "tahun,tabel,kode,uraian,persen_tercetak,pagu,realisasi,catatan"
      tail -n +2 "$data/metro/renstra_2022.csv" | sed 's/^/2022,1.3,/'; } >"$work/t13.csv"
}
# fetch DIR TARGET: the body of an HTTP answer, without a program of its own
fetch() {
    local http host line fd
    http=$(jq -r .http "$1.up") host=${http#http://}
    exec {fd}<>"/dev/tcp/${host%:*}/${host##*:}" || return 1
    printf 'GET %s HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n' "$2" >&"$fd"
    while IFS= read -r -u "$fd" line && [ -n "${line%$'\r'}" ]; do :; done
    cat <&"$fd"
    exec {fd}>&-
}
# every rollup of a year below the given regions, at every level, without what depends on the log position
levels="urusan bidang program kegiatan subkegiatan rekening daun"
rollups() {
    local dir=$1 year=$2 until=$3 region level; shift 3
    for region in "$@"; do
        for level in $levels; do
            ask "$dir" rollup --region "$region" --year "$year" --until "$until" --level "$level" |
                jq -cS 'del(.as_of, .registry_version)' || return 1
        done
    done
}
# rupiah of a plain number as JSON prints it: 130000000 -> 130000000.00
rp() { case $1 in *.*) echo "$1" ;; *) echo "$1.00" ;; esac; }
