#!/usr/bin/env bash
# run.sh [--json FILE] [--quick] [--calls N] [--runs N]: installs what is missing, builds, measures, and prints one
# table: median, smallest and largest of five runs. --quick: one run of a tenth of the size. What each line means:
# docs/performance.md. Exit code: 0 measured, 1 a part failed, 2 usage.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
"$root/deploy/install.sh" --tests
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
cd "$root"
cmake --preset release >/dev/null
cmake --build --preset release --target normwatch normwatch_bench -- -j"$(nproc)" >/dev/null
exec python3 tests/bench/bench.py --build build/release "$@"
