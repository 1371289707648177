#!/usr/bin/env bash
# mutants.sh [NAME..]: proof that the tests have teeth. Each mutants/NAME.patch breaks one promise in a
# copy of the tree; the test that its head names (`Target:`, `Filter:`) must pass before and fail then.
# Exit code: 0 every mutant is caught, 1 one lives, 3 could not be done.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
jobs=${NORMWATCH_JOBS:-$(nproc)}
work=$(mktemp -d "${TMPDIR:-/tmp}/normwatch-mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree

export NORMWATCH_SYSROOT=$root/build/sysroot CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1

fail() {
    echo "mutants.sh: $*" >&2
    exit 3
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in "$here"/mutants/*.patch; do
        names+=("$(basename "$patch" .patch)")
    done
fi

# Builds target $1 in the copy.
build() {
    cmake --build "$work/build" --target "$1" -- -j"$jobs" >"$work/log" 2>&1
}

# Runs the filter $2 of test binary $1 once.
run_test() {
    timeout 300 "$(find "$work/build/tests" -name "$1" -type f)" --gtest_filter="$2" --gtest_brief=1 >"$work/log" 2>&1
}

mkdir "$tree"
(cd "$root" && git ls-files -z -co --exclude-standard | xargs -0 tar -c --ignore-failed-read 2>/dev/null) | tar -x -C "$tree" ||
    fail "cannot copy the tree"
git -C "$tree" init -q
cmake -S "$tree" -B "$work/build" --preset dev >"$work/log" 2>&1 || fail "cmake: $(grep -m 1 -A 2 'CMake Error' "$work/log" | tr -s '\n ' ' ')"

passed=0 failed=0
for name in "${names[@]}"; do
    patch=$here/mutants/$name.patch
    [ -f "$patch" ] || fail "no mutant $name"
    target=$(sed -n 's/^Target: //p' "$patch")
    filter=$(sed -n 's/^Filter: //p' "$patch")
    build "$target" || fail "$target does not build: $(grep -m 1 'error' "$work/log")"
    run_test "$target" "$filter" || fail "$target $filter fails without a mutant: $(grep -m 1 FAILED "$work/log")"
    grep -q '] 0 tests from' "$work/log" && fail "$filter names no test"
    git -C "$tree" apply "$patch" || fail "$name.patch does not apply"
    build "$target" || fail "the mutant $name does not build: $(grep -m 1 'error' "$work/log")"
    if run_test "$target" "$filter"; then
        failed=$((failed + 1))
        echo "FAILED $name lives: $target $filter passes"
    else
        passed=$((passed + 1))
        echo "ok     $name is caught by $(grep -m 1 -oE 'FAILED +\] [^ ,]+' "$work/log" | sed 's/.*] //')"
    fi
    git -C "$tree" apply -R "$patch" || fail "$name.patch cannot be taken back"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
