#!/usr/bin/env bash
# run.sh [--calls N] [--json FILE] [--folder DIR] [--samples N] [--falsify kpis|page]: installs what is missing, builds, loads the
# same calls into the program, PostgreSQL and DuckDB, asks all three the same questions and prints one table. What is
# compared: README.md here. Exit code: 0 measured and all answers equal, 1 a part failed or an answer differs, 2 usage.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
venv=$root/build/venv-peers
"$root/deploy/install.sh" --bench
cd "$root"
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
cmake --preset release >/dev/null
cmake --build --preset release --target normwatch -- -j"$(nproc)" >/dev/null
exec "$venv/bin/python" "$here/peers.py" --normwatch build/release/normwatch "$@"
