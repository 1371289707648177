#!/usr/bin/env bash
# run.sh [TARGET..]: runs the fuzz targets of build/fuzz, all or those named (`json`, `query` ..), from a scratch copy of
# their corpus; the preset `fuzz` must be built. What breaks one is kept in build/fuzz/found, with its path in the
# output. The last line counts targets and runs. Exit code: 0 nothing found, 1 something found, 2 usage.
#
# NORMWATCH_FUZZ_SECONDS   seconds a target; default 30
# NORMWATCH_FUZZ_SEED      where each begins, so that a run can be repeated; default one made by each target (0)
# NORMWATCH_JOBS           targets at once; default the number of cores
# NORMWATCH_FUZZ_CORPUS    folder for what is found worth keeping, one folder a target; default a scratch folder
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/fuzz
build=$root/build/fuzz/tests/fuzz
found=$root/build/fuzz/found
seconds=${NORMWATCH_FUZZ_SECONDS:-30}
seed=${NORMWATCH_FUZZ_SEED:-0}
jobs=${NORMWATCH_JOBS:-$(nproc)}
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=8} UBSAN_OPTIONS=print_stacktrace=1
export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-/usr/bin/llvm-symbolizer-19}

targets=()
for folder in "$here"/corpus/*/; do
    targets+=("$(basename "$folder")")
done
if [ $# -gt 0 ]; then
    targets=("$@")
fi
for name in "${targets[@]}"; do
    if [ ! -x "$build/fuzz_$name" ] || [ ! -d "$here/corpus/$name" ]; then
        echo "run.sh: no fuzz target $name" >&2
        exit 2
    fi
done

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
grown=${NORMWATCH_FUZZ_CORPUS:-$scratch}
mkdir -p "$found"

# One target, its words in $scratch/$name.log. Longer inputs say nothing that shorter ones do not.
run_target() {
    local name=$1 words=()
    mkdir -p "$grown/$name"
    if [ -f "$here/dictionaries/$name.dict" ]; then
        words=(-dict="$here/dictionaries/$name.dict")
    fi
    "$build/fuzz_$name" -seed="$seed" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=2048 -timeout=10 \
        -print_final_stats=1 -verbosity=1 -reload=0 "${words[@]}" -artifact_prefix="$found/$name-" "$grown/$name" \
        "$here/corpus/$name" >"$scratch/$name.log" 2>&1
}

# Tells what became of a target. Returns: whether nothing was found.
tell() {
    local name=$1 status=$2 log=$scratch/$1.log runs
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log")
    if [ "$status" -eq 0 ] && [ -n "$runs" ]; then
        total=$((total + runs))
        printf '%-18s %9d runs, %6d a second\n' "$name" "$runs" "$(sed -nE 's/^stat::average_exec_per_sec: *([0-9]+)$/\1/p' "$log")"
        return 0
    fi
    printf '%-18s FAILED, the end of its words:\n' "$name"
    grep -aE 'SUMMARY|ERROR|runtime error|broken:|seed' "$log" | cut -c 1-300 | sed 's/^/    | /'
    tail -n 40 "$log" | cut -c 1-300 | sed 's/^/    /'
    sed -nE 's/^.*Test unit written to (.*)$/    kept in \1/p' "$log"
    return 1
}

total=0 failed=0
for ((n = 0; n < ${#targets[@]}; n += jobs)); do
    pids=()
    for name in "${targets[@]:n:jobs}"; do
        run_target "$name" &
        pids+=($!)
    done
    for ((k = 0; k < ${#pids[@]}; ++k)); do
        wait "${pids[k]}"
        tell "${targets[n + k]}" $? || failed=$((failed + 1))
    done
done
echo "$((${#targets[@]} - failed)) passed, $failed failed: ${#targets[@]} targets, $total runs"
[ $failed -eq 0 ]
