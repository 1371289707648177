#!/usr/bin/env bash
# run.sh [--only PHASE,..] [--without PHASE,..] [--list]: installs what is missing, then builds and
# runs every test. One line a phase, with its duration; logs in build/test-logs/; the last line
# counts tests. Exit code: 0 all passed, 1 something failed, 2 usage.
#
# NORMWATCH_SHARED   folder of the contract (acceptance/, data/); default ../shared. Absent: the
#                    phases that need it are skipped by name, with NORMWATCH_CI=1 they fail.
# NORMWATCH_SEEDS    seeds of the phase `model`; default five made from the date
# NORMWATCH_FUZZ_SECONDS  seconds of each target of the phase `fuzz`; default 30
# NORMWATCH_FUZZ_SEED     where each begins; default 1, so that one tree gets one verdict; 0 begins anywhere
# NORMWATCH_JOBS     compile jobs and parallel tests; default the number of cores
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 3
shared=${NORMWATCH_SHARED:-$root/../shared}
jobs=${NORMWATCH_JOBS:-$(nproc)}
binary=$root/build/release/normwatch
logs=$root/build/test-logs
python=$root/build/venv/bin/python
day=$(date -u +%Y%m%d)
read -ra seeds <<<"${NORMWATCH_SEEDS:-${day}1 ${day}2 ${day}3 ${day}4 ${day}5}"
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 NORMWATCH_SHARED=$shared
export NORMWATCH_FIXTURES=${NORMWATCH_FIXTURES:-$shared/data}

# In the order of their cost.
phases=(format release sample acceptance serve model kill follow redrive stop overload powercut kafka fuzz gcc asan tsan tidy mutants)

usage() {
    echo "usage: tests/run.sh [--only PHASE,..] [--without PHASE,..] [--list]   phases: ${phases[*]}" >&2
    exit 2
}

chosen=" ${phases[*]} "
while [ $# -gt 0 ]; do
    case "$1" in
        --list)
            printf '%s\n' "${phases[@]}"
            exit 0
            ;;
        --only | --without)
            [ $# -ge 2 ] || usage
            for name in ${2//,/ }; do
                [[ " ${phases[*]} " == *" $name "* ]] || usage
            done
            if [ "$1" = --only ]; then
                chosen=" ${2//,/ } "
            else
                for name in ${2//,/ }; do
                    chosen=${chosen// $name / }
                done
            fi
            shift 2
            ;;
        *) usage ;;
    esac
done

# --- phases: each prints its log, and its last words say what it counted -------------------------

configure_build() {
    cmake --preset "$1" && cmake --build --preset "$1" -- -j"$jobs"
}

build_and_test() {
    configure_build "$1" && ctest --preset "$1" -j"$jobs" --no-tests=error
}

# Format, and that every mutant still fits the code that it breaks (phase mutants runs them).
phase_format() {
    git ls-files -z -co --exclude-standard '*.h' '*.cc' | xargs -0 clang-format-19 --dry-run -Werror &&
        git apply --check tests/drills/mutants/*.patch
}

phase_release() {
    build_and_test release
}

# deploy/run.sh --once three times on a folder of its own: the second run imports nothing, the third
# everything again. The tables and the counts of the ledger that stand for facts stay the same.
phase_sample() {
    local folder now status=1
    folder=$(mktemp -d) || return
    now=$(date +%s)
    sample_run "$folder" "$now" first && sample_run "$folder" "$now" second && rm -f "$folder"/in/*.imported &&
        sample_run "$folder" "$now" third && cmp "$folder/first" "$folder/second" &&
        cmp "$folder/first.table" "$folder/third.table" && status=0
    rm -rf "$folder"
    return $status
}

# One run, its words in $folder/$name (and without the quarantine list in $name.table), then doctor.
sample_run() {
    local folder=$1 now=$2 name=$3
    NORMWATCH_DATA=$folder NORMWATCH_SAMPLE_NOW=$now deploy/run.sh --once >"$folder/$name" || return
    sed '/^Kept aside/,$d' "$folder/$name" | grep -v -e '^as of' -e '^done / norm' | sed 's/ [▽▼·]/  /g' >"$folder/$name.table"
    cat "$folder/$name"
    "$binary" doctor --config "$folder/normwatch.yaml"
}

phase_acceptance() {
    python3 "$shared/acceptance/run.py" --normwatch "$binary" --stage main
}

phase_serve() {
    python3 "$shared/acceptance/serve_checks.py" --normwatch "$binary"
}

make_venv() {
    if ! cmp -s tests/requirements.txt build/venv/requirements.txt; then
        python3 -m venv build/venv && build/venv/bin/pip install -q -r tests/requirements.txt &&
            cp tests/requirements.txt build/venv/requirements.txt
    fi
}

# Random worlds: the executable model and the product must give the same answers.
phase_model() {
    make_venv || return
    local work seed failed=0 model=$shared/acceptance/model calm shaken
    work=$(mktemp -d) || return
    for seed in "${seeds[@]}"; do
        calm=() shaken=()
        # The last world is given to the product doubled and shuffled: the answers may not depend on arrival.
        if [ "$seed" = "${seeds[-1]}" ]; then
            calm=(--no-conflicts) shaken=(--shake-b "$seed")
        fi
        if "$python" "$model/generate.py" --seed "$seed" --calls 300 --days 6 --managers 5 "${calm[@]}" -o "$work/$seed" &&
            PATH=$root/build/venv/bin:$PATH "$python" "$model/diff.py" --a "$model/normwatch_model" --b "$binary" "${shaken[@]}" "$work/$seed" &&
            PATH=$root/build/venv/bin:$PATH "$python" tests/model/pace.py --model "$model" --normwatch "$binary" --instants 40 --seed "$seed" "$work/$seed" &&
            PATH=$root/build/venv/bin:$PATH "$python" tests/model/missed.py --model "$model" --normwatch "$binary" "$work/$seed" &&
            "$python" "$model/generate.py" --seed "$seed" --calls 100 --days 400 --managers 5 -o "$work/$seed.long" && # in which clients come and go
            PATH=$root/build/venv/bin:$PATH "$python" tests/model/clients.py --model "$model" --normwatch "$binary" --instants 20 --seed "$seed" "$work/$seed.long"; then
            echo "seed $seed: equal"
        else
            echo "seed $seed: differs"
            failed=$((failed + 1))
        fi
    done
    rm -rf "$work"
    echo "$((${#seeds[@]} - failed)) passed, $failed failed"
    [ $failed -eq 0 ]
}

phase_kill() {
    python3 tests/drills/kill_import.py --normwatch "$binary" --kills "${NORMWATCH_KILLS:-20}" --rows "${NORMWATCH_ROWS:-100000}"
}

phase_follow() {
    python3 tests/drills/kill_follow.py --normwatch "$binary" --kills "${NORMWATCH_FOLLOW_KILLS:-20}"
}

phase_redrive() {
    python3 tests/drills/redrive_kills.py --normwatch "$binary" --kills "${NORMWATCH_KILLS:-5}" --good 20000
}

phase_stop() {
    python3 tests/drills/stop_under_load.py --normwatch "$binary" --stops "${NORMWATCH_STOPS:-5}"
}

# Short and on a machine that does other things too: what it loses in speed proves nothing, what it loses in events does.
phase_overload() {
    python3 tests/drills/overload.py --normwatch "$binary" --seconds "${NORMWATCH_OVERLOAD_SECONDS:-6}" --goodput-percent "${NORMWATCH_GOODPUT_PERCENT:-40}"
}

phase_powercut() {
    python3 tests/drills/power_cut.py --normwatch "$binary" --cuts "${NORMWATCH_CUTS:-6}"
}

# A real broker for as long as the phase lasts: the tests that need one, and the scenarios over Kafka.
phase_kafka() {
    local folder port brokers status=1
    folder=$(mktemp -d) || return
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    brokers=127.0.0.1:$port
    "$binary" config check --config deploy/kafka/normwatch.yaml && python3 tests/kafka/broker_test.py --only failures && deploy/kafka/broker.sh start "$folder/broker" "$port" &&
        NORMWATCH_KAFKA=$brokers build/release/tests/eventlog/kafka_test &&
        python3 "$shared/acceptance/run.py" --normwatch "$binary" --stage main --no-shake --brokers "$brokers" && status=0
    deploy/kafka/broker.sh wipe "$folder/broker"
    rm -rf "$folder"
    return $status
}

# Every fuzz target over its corpus and then over what it makes of it, so long that a bad change is met.
phase_fuzz() {
    configure_build fuzz && NORMWATCH_JOBS=$jobs NORMWATCH_FUZZ_SEED=${NORMWATCH_FUZZ_SEED:-1} tests/fuzz/run.sh
}

phase_mutants() {
    tests/drills/mutants.sh
}

phase_gcc() {
    build_and_test gcc
}

phase_asan() {
    build_and_test asan
}

phase_tsan() {
    build_and_test tsan
}

# Over the files of the release build, which is there; the preset `tidy` does the same while compiling.
phase_tidy() {
    tests/tidy/clang_tidy.py build/release --jobs "$jobs"
}

# --- what a phase needs: prints why it is skipped, or nothing ------------------------------------

why_skipped() {
    case $1 in
        acceptance | serve | model)
            [ -f "$shared/acceptance/run.py" ] || echo "no folder $shared (NORMWATCH_SHARED)"
            ;;
        kafka)
            [ -f "$shared/acceptance/run.py" ] || echo "no folder $shared (NORMWATCH_SHARED)"
            { deploy/install.sh --kafka && deploy/kafka/broker.sh jars; } >/dev/null || echo "no jars of Kafka"
            ;;
        powercut)
            if [ "$(id -u)" != 0 ]; then
                echo "needs root"
            elif ! losetup -f >/dev/null 2>&1; then
                echo "no loop device"
            fi
            ;;
    esac
    case $1 in
        sample | acceptance | serve | model | kill | follow | redrive | stop | overload | powercut | kafka | tidy)
            [ -x "$binary" ] || echo "no $binary: the release build failed"
            ;;
    esac
}

# --- counting ------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0
bad=()

# Sets `counted` ("passed failed") from what the programs of a phase said of themselves; a phase
# that counts nothing is one test.
count() {
    local log=$1 status=$2 in_ctest
    in_ctest=$(sed -nE 's/^.*tests passed, ([0-9]+) tests failed out of ([0-9]+).*$/\1 \2/p' "$log" | tail -n 1)
    if [ -n "$in_ctest" ]; then
        counted="$((${in_ctest#* } - ${in_ctest% *})) ${in_ctest% *}"
    else
        counted=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*$/\1 \2/p' "$log" | tail -n 1)
    fi
    [ -n "$counted" ] || { [ "$status" -eq 0 ] && counted="1 0" || counted="0 1"; }
    if [ "$status" -ne 0 ] && [ "${counted#* }" = 0 ]; then
        counted="${counted% *} 1" # it fell outside of what it counts
    fi
}

run_phase() {
    local name=$1 began=$SECONDS status log=$logs/$1.log why
    why=$(why_skipped "$name" | head -n 1)
    if [ -n "$why" ]; then
        if [ "${NORMWATCH_CI:-}" = 1 ] && [[ $why != "no loop device" && $why != "needs root" && $why != "no jars of Kafka" ]]; then
            failed=$((failed + 1))
            bad+=("$name")
            printf '%-11s FAILED   %s\n' "$name" "$why"
        else
            skipped=$((skipped + 1))
            printf '%-11s skipped  %s\n' "$name" "$why"
        fi
        return
    fi
    "phase_$name" >"$log" 2>&1 </dev/null
    status=$?
    count "$log" $status
    passed=$((passed + ${counted% *}))
    failed=$((failed + ${counted#* }))
    if [ $status -eq 0 ] && [ "${counted#* }" = 0 ]; then
        printf '%-11s ok       %5d s  %s passed\n' "$name" $((SECONDS - began)) "${counted% *}"
    else
        bad+=("$name")
        printf '%-11s FAILED   %5d s  %s passed, %s failed; the end of %s:\n' "$name" $((SECONDS - began)) "${counted% *}" "${counted#* }" "${log#"$root"/}"
        grep -E '^(SHORT|FAILED|FAIL)|error:|Error|\(Failed\)|differs' "$log" | head -n 20 | sed 's/^/    | /'
        tail -n 30 "$log" | sed 's/^/    /'
    fi
}

if ! deploy/install.sh --tests; then
    echo "run.sh: the packages could not be installed (see above)" >&2
    exit 3
fi
mkdir -p "$logs"
echo "seeds of the model: ${seeds[*]}"
for name in "${phases[@]}"; do
    if [[ $chosen == *" $name "* ]]; then
        run_phase "$name"
    else
        skipped=$((skipped + 1))
        printf '%-11s skipped  left out\n' "$name"
    fi
done
[ ${#bad[@]} -eq 0 ] || echo "failed: ${bad[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ "$passed" -gt 0 ]
