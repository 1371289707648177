#!/usr/bin/env bash
# generate.sh FOLDER [NOW]: writes the sample company's last three working days, up to NOW (seconds
# since 1970, default the clock): FOLDER/cdr-DAY.csv (Asterisk), FOLDER/crm-DAY.jsonl (CloudEvents),
# FOLDER/crm-history.jsonl, and prints the newest day that has calls. A day depends on its date
# alone and its files only grow: a later run of the same day adds lines behind those of an earlier one.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: generate.sh FOLDER [NOW]}
now=${2:-$(date +%s)}
zone=10800 # Moscow: UTC+3 all year
# A line as a PBX leaves it when its disk was full: kept in the quarantine, with the reason.
broken='"","74955550101","101","default","""74955550101"" <749555'

# Writes one day of a kind (calls or events), oldest first.
write_day() {
    local kind=$1 day=$2 midnight
    midnight=$(($(date -u -d "$day" +%s) - zone))
    awk -v day="$day" -v midnight="$midnight" -v now="$now" -f "$here/$kind.awk" | sort -s -n -k1,1 | cut -f2-
}

mkdir -p "$folder"
days=()
for ((back = 0; ${#days[@]} < 3; ++back)); do
    day=$(date -u -d "@$((now + zone - back * 86400))" +%F)
    if [ "$(date -u -d "$day" +%u)" -le 5 ]; then
        days=("$day" "${days[@]}")
    fi
done
newest=${days[0]}
awk -v history=1 -f "$here/events.awk" >"$folder/crm-history.jsonl"
for day in "${days[@]}"; do
    write_day calls "$day" | awk -v broken="${broken//\\/\\\\}" '{ print } NR == 10 { print broken }' >"$folder/cdr-$day.csv"
    write_day events "$day" >"$folder/crm-$day.jsonl"
    if [ -s "$folder/cdr-$day.csv" ]; then
        newest=$day
    fi
done
echo "$newest"
