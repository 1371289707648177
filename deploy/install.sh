#!/usr/bin/env bash
# install.sh [--tests | --bench | --kafka]: installs the Debian packages of packages.txt (with --tests also
# those of tests/packages.txt, with --bench those of tests/bench/peers/packages.txt, with --kafka those of
# kafka/packages.txt and, where the jars of a broker are not there yet, kafka/packages-fetch.txt) that are
# missing, and unpacks the headers of libphonenumber into build/sysroot.
# Says nothing when all is there. Needs root or sudo only when something is missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sysroot=$root/build/sysroot

fail() {
    echo "install.sh: $*" >&2
    exit 3
}

lists=("$root/deploy/packages.txt")
case "${1-}" in
    "") ;;
    --tests) lists+=("$root/tests/packages.txt") ;;
    --bench) lists+=("$root/tests/bench/peers/packages.txt") ;;
    --kafka)
        lists+=("$root/deploy/kafka/packages.txt")
        command -v mvn >/dev/null || "$root/deploy/kafka/broker.sh" jars --have || lists+=("$root/deploy/kafka/packages-fetch.txt")
        ;;
    *)
        echo "usage: deploy/install.sh [--tests | --bench | --kafka]" >&2
        exit 2
        ;;
esac

command -v dpkg-query >/dev/null || fail "this is not Debian: install the packages of ${lists[*]} yourself"
# A bare root may lack /dev/fd, so no process substitution here.
mapfile -t wanted <<<"$(grep -hv '^#' "${lists[@]}")"

# Sets `missing` to the packages of the lists that are not installed.
find_missing() {
    local have package
    # It fails when one of the packages is unknown, and has then told all the others.
    # shellcheck disable=SC2016 # the fields are dpkg's own
    have=$(dpkg-query -W -f '${Package} ${db:Status-Status}|' "${wanted[@]}" 2>/dev/null || true)
    missing=()
    for package in "${wanted[@]}"; do
        [[ "|$have" == *"|$package installed|"* ]] || missing+=("$package")
    done
}

find_missing
need_headers=false
[ -f "$sysroot/usr/include/phonenumbers/phonenumberutil.h" ] || need_headers=true
if [ ${#missing[@]} -eq 0 ] && [ $need_headers = false ]; then
    exit 0
fi

log=$(mktemp "${TMPDIR:-/tmp}/normwatch-install.XXXXXX")
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "needs root or sudo to install: ${missing[*]-}"
    as_root=(sudo)
fi

# Runs apt-get, its words into the log.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}

echo "install.sh: reading the package lists" >&2
apt update || fail "apt-get update failed, see $log: $(tail -n 1 "$log")"
if [[ " ${missing[*]-} " == *" postgresql-15 "* ]]; then
    # The package would start a server of its own; the benchmark has one in its folder.
    apt install -y --no-install-recommends postgresql-common || fail "apt-get install failed, see $log: $(grep '^E:' "$log" | tail -n 1)"
    "${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "install.sh: installing ${#missing[@]} packages: ${missing[*]}" >&2
    apt install -y --no-install-recommends "${missing[@]}" ||
        fail "apt-get install failed, see $log: $(grep '^E:' "$log" | tail -n 1)"
    find_missing
    [ ${#missing[@]} -eq 0 ] || fail "still not installed, see $log: ${missing[*]}"
fi
if [ $need_headers = true ]; then
    echo "install.sh: unpacking the headers of libphonenumber" >&2
    work=$(mktemp -d "${TMPDIR:-/tmp}/normwatch-headers.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    chmod 755 "$work"
    # shellcheck disable=SC2016 # the field is dpkg's own
    version=$(dpkg-query -W -f '${source:Version}' libphonenumber8)
    (cd "$work" && { apt-get -q download "libphonenumber-dev=$version*" || apt-get -q download libphonenumber-dev; }) \
        >>"$log" 2>&1 || fail "no headers of libphonenumber $version, see $log: $(tail -n 1 "$log")"
    mkdir -p "$sysroot"
    dpkg -x "$work"/libphonenumber-dev_*.deb "$sysroot" || fail "cannot unpack into $sysroot"
fi
rm -f "$log"
