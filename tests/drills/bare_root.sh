#!/usr/bin/env bash
# bare_root.sh [--tree] [--tests]: the two commands of the README on an empty Debian 12. Makes a root
# with debootstrap in a temporary folder (bash and git, nothing else), clones the project into it, runs
# `deploy/run.sh --once` cold and warm, with --tests also `.ci/run`, and prints how long each took.
# --tree takes the files as they lie here instead of the last commit. Root only; needs debootstrap.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
suite=bookworm
tree=false tests=false

fail() {
    echo "bare_root.sh: $*" >&2
    exit 3
}

for option in "$@"; do
    case $option in
        --tree) tree=true ;;
        --tests) tests=true ;;
        *)
            echo "usage: tests/drills/bare_root.sh [--tree] [--tests]" >&2
            exit 2
            ;;
    esac
done
[ "$(id -u)" = 0 ] || fail "needs root"
command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"
if [ "${NORMWATCH_OWN_MOUNTS:-}" != 1 ]; then
    NORMWATCH_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
fi

# The package source of this machine.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
mirror=${mirror:-http://deb.debian.org/debian}
work=$(mktemp -d "${TMPDIR:-/tmp}/normwatch-root.XXXXXX")
bare=$work/root
trap 'umount -q "$bare/proc" "$bare/dev" "$bare" || true; rm -rf --one-file-system "$work"' EXIT

# Runs the rest of the line in the bare root and tells how long it took.
inside() {
    local began=$SECONDS status=0
    chroot "$bare" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        ${NORMWATCH_CI:+NORMWATCH_CI=1} bash -c "cd /root/normwatch && $*" || status=$?
    echo "bare_root.sh: $* took $((SECONDS - began)) s, exit $status"
    return $status
}

began=$SECONDS
debootstrap --variant=minbase --include=ca-certificates,git $suite "$bare" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    fail "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
echo "bare_root.sh: an empty root took $((SECONDS - began)) s"
cp /etc/resolv.conf /etc/hosts "$bare/etc/"
# A machine behind a proxy trusts its certificate; so must the root, pip included.
cp -r /usr/local/share/ca-certificates/. "$bare/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$bare" update-ca-certificates >/dev/null 2>&1
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$bare/etc/pip.conf"
apt-config dump | grep -iE '^Acquire::https?::Proxy ' >"$bare/etc/apt/apt.conf.d/90proxy" || true
echo "deb $mirror $suite-updates main" >>"$bare/etc/apt/sources.list"
mount --bind "$bare" "$bare" # power_cut.py needs a root that is a mount point
mount -t proc proc "$bare/proc"
mount --bind /dev "$bare/dev"
if [ $tree = true ]; then
    mkdir -p "$bare/root/normwatch"
    (cd "$root" && git ls-files -z -co --exclude-standard | xargs -0 tar -c --ignore-failed-read) | tar -x -C "$bare/root/normwatch"
    git -C "$bare/root/normwatch" init -q
else
    git clone -q --no-hardlinks "$root" "$bare/root/normwatch"
fi
if [ $tests = true ] && [ -d "${NORMWATCH_SHARED:-$root/../shared}" ]; then
    mkdir "$bare/root/shared" # it may be a link here
    cp -r "${NORMWATCH_SHARED:-$root/../shared}/." "$bare/root/shared"
fi
inside deploy/run.sh --once
inside deploy/run.sh --once
if [ $tests = true ]; then
    inside .ci/run
fi
