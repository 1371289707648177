#!/usr/bin/env bash
# run.sh [--once | --build-only]: from a bare Debian 12 to numbers on the screen. Installs what is
# missing, builds build/release/normwatch, imports a sample company into an embedded data directory,
# prints a manager-day table, and leaves the server running with its address on the last line.
# `--once` leaves no new server running, `--build-only` only builds. Run it as often as you like: nothing is counted
# twice, and what is there is not made again.
#
# NORMWATCH_DATA   folder of the sample: configuration, inputs, data directory (default build/sample)
# NORMWATCH_JOBS   compile jobs (default: the number of cores)
# NORMWATCH_SAMPLE_NOW   seconds since 1970 up to which the sample goes (default: the clock)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=$root/build/release/normwatch
sample=${NORMWATCH_DATA:-$root/build/sample}
config=$sample/normwatch.yaml
log=$sample/serve.log
pid_file=$sample/server.pid

fail() {
    echo "run.sh: $*" >&2
    exit 3
}

step() {
    echo "== $*" >&2
}

mode=serve
case "${1-}" in
    "") ;;
    --once) mode=once ;;
    --build-only) mode=build ;;
    *)
        echo "usage: deploy/run.sh [--once | --build-only]" >&2
        exit 2
        ;;
esac
[ $# -le 1 ] || fail "one option at most"

# --- build --------------------------------------------------------------------------------------

"$root/deploy/install.sh" || fail "the packages could not be installed (see above)"

cd "$root"
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
cache=build/release/CMakeCache.txt
if [ ! -f build/release/build.ninja ] || [ CMakePresets.json -nt $cache ]; then
    step "configuring"
    mkdir -p build
    cmake --preset release >build/configure.log 2>&1 ||
        fail "cmake failed, see build/configure.log: $(grep -m 1 -A 2 'CMake Error' build/configure.log | tr -s '\n ' ' ')"
fi
step "building build/release/normwatch"
cmake --build --preset release --target normwatch -- -j"${NORMWATCH_JOBS:-$(nproc)}" >&2 ||
    fail "the build failed (see above)"
if [ $mode = build ]; then
    exit 0
fi

# --- the sample company -------------------------------------------------------------------------

port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints the first free port from $1 on.
free_port() {
    local port=$1
    until port_is_free "$port"; do
        port=$((port + 1))
        [ "$port" -lt $(($1 + 100)) ] || fail "no free port from $1 on"
    done
    echo "$port"
}

write_configuration() {
    local text port metrics_port
    port=$(free_port 8080)
    metrics_port=$(free_port 9464)
    text=$(<"$root/deploy/sample/normwatch.yaml")
    text=${text//@DATA_DIR@/$sample/data}
    text=${text//@PORT@/$port}
    text=${text//@METRICS_PORT@/$metrics_port}
    printf '%s\n' "$text" >"$config.new"
    mv "$config.new" "$config"
}

# Imports what is new in a file: its lines behind those that a former run imported. Should a run
# have been cut off before it noted them, they come again and are known for duplicates.
import_new() {
    local source=$1 format=$2 file=$3 lines known=0
    lines=$(wc -l <"$file")
    [ ! -f "$file.imported" ] || known=$(<"$file.imported")
    if [ "$lines" -gt "$known" ]; then
        "$binary" import --config "$config" --source "$source" --format "$format" --wait --skip "$known" "$file" >>"$sample/import.log" ||
            fail "${file##*/} could not be imported (see above)"
        echo "$lines" >"$file.imported"
        echo "   ${file##*/}: $((lines - known)) new lines" >&2
    fi
}

mkdir -p "$sample/in" || fail "cannot make $sample"
sample=$(cd "$sample" && pwd)
exec 9>"$sample/run.lock"
flock -n 9 || fail "another run.sh is at work in $sample"
[ -f "$config" ] || write_configuration
address=$(sed -n 's/^server: {listen: "\([^"]*\)".*/\1/p' "$config")

# The pid of our running server, if it runs.
server_pid() {
    local pid
    if [ -f "$pid_file" ]; then
        pid=$(<"$pid_file")
        if [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$binary"* ]] || { [ ! -e /proc/self ] && kill -0 "$pid" 2>/dev/null; }; then
            echo "$pid"
        fi
    fi
}

stop_server() {
    local pid=$1 tries
    kill "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 200; ++tries)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "the running server (pid $pid) does not stop"
}

start_server() {
    local pid tries
    port_is_free "${address##*:}" || fail "something else listens on $address (the address stands in $config)"
    setsid "$binary" serve --config "$config" >>"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    echo "$pid" >"$pid_file"
    for ((tries = 0; tries < 300; ++tries)); do
        if curl -fs -o /dev/null "http://$address/readyz"; then
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || fail "the server did not start, see $log: $(tail -n 1 "$log")"
        sleep 0.1
    done
    fail "the server is not ready after 30 s, see $log"
}

running=$(server_pid)
restart=false
if [ -n "$running" ] && [[ $(readlink "/proc/$running/exe") == *" (deleted)" ]]; then
    step "stopping the server of an older build (pid $running)"
    stop_server "$running"
    running=
    restart=true
fi

step "importing the sample company into $sample/data"
day=$("$root/deploy/sample/generate.sh" "$sample/in" ${NORMWATCH_SAMPLE_NOW:+"$NORMWATCH_SAMPLE_NOW"}) || fail "the sample could not be written into $sample/in"
if ! cmp -s "$root/deploy/sample/directory.yaml" "$sample/in/directory.applied"; then
    "$binary" directory apply --config "$config" --prune --wait "$root/deploy/sample/directory.yaml" >"$sample/directory.log" ||
        fail "the sample's directory could not be applied (see above)"
    cp "$root/deploy/sample/directory.yaml" "$sample/in/directory.applied"
fi
for file in "$sample"/in/cdr-*.csv; do
    import_new pbx-1 asterisk-cdr-csv "$file"
done
for file in "$sample"/in/crm-*.jsonl; do
    import_new crm cloudevents "$file"
done

columns=calls_in,calls_missed,calls_out,calls_out_answered,calls_qualified,talk_seconds,contacts_unique,emails_sent,meetings_held,proposals_sent,invoices_amount
echo
echo "What every manager did on $day:"
echo
"$binary" report --config "$config" --day "$day" --kpi $columns || fail "no report (see above)"
echo
echo "The newest calls of that day (numbers are masked):"
echo
"$binary" calls --config "$config" --day "$day" --limit 8 || fail "no calls (see above)"
echo
echo "Kept aside because it could not be read:"
echo
"$binary" quarantine list --config "$config" || fail "no quarantine list (see above)"

if [ $mode = once ] && [ $restart = false ]; then
    exit 0
fi
if [ -z "$running" ]; then
    step "starting the server"
    start_server
fi
if [ $mode = once ]; then
    exit 0
fi
echo
next=$(date -u -d "$day + 1 day" +%F)
echo "Ask it:   curl 'http://$address/v1/kpis?from=${day}T00:00:00%2B03:00&until=${next}T00:00:00%2B03:00&kpi=calls_in,calls_out,talk_seconds'"
echo "Stop it:  kill $(<"$pid_file")"
echo "http://$address"
