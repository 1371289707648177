#!/usr/bin/env python3
"""Pace against the executable model: `pace.py --model DIR --normwatch BINARY [--instants N] WORLD`, WORLD from the model's generate.py.

Gives the world more norms, calendars and absences than the generator does, imports it into both, asks the program `/v1/pace` at random instants
over HTTP and the model in this process, and prints the first field that differs of each instant. Exit status: 0 equal, 1 differs, 2 could not run.

Left out: norms of ratios and calendars that begin or end within a period, which the model reads otherwise (docs/adr/0013-norms.md).
"""
import datetime as dt
import json
import pathlib
import random
import shutil
import sys
import tempfile

import sides
import yaml

COUNTS = ("calls_in", "calls_in_answered", "calls_missed", "calls_out", "calls_out_answered", "calls_qualified", "contacts_unique", "contacts_attempted",
          "emails_sent", "meetings_held", "proposals_sent", "touches", "invoices_issued")
SECONDS = ("talk_seconds", "talk_seconds_out", "wait_seconds", "hold_seconds")
OURS_ALONE = ("client_class", "plan")


def richer(directory, rng):
    managers = sorted({m["id"] for m in directory["managers"]})
    teams = sorted({m["team"] for m in directory["managers"] if m.get("team")})
    roles = sorted({m["role"] for m in directory["managers"] if m.get("role")})
    subjects = [{}] + [{"manager": m} for m in managers] + [{"team": t} for t in teams] + [{"role": r} for r in roles]
    norms = {}
    for _ in range(60):
        kpi = rng.choice(COUNTS + SECONDS)
        one = {"kpi": kpi, "segment": rng.choice(["all", "all", "new", "existing"]), "per": rng.choice(["day", "week", "month"]), **rng.choice(subjects)}
        value = rng.choice([rng.randint(0, 60), rng.randint(0, 600) / 8, rng.randint(0, 10 ** 6) / 1000]) * (60 if kpi in SECONDS else 1)
        norms[json.dumps(one, sort_keys=True)] = {**one, "value": value, "polarity": rng.choice(["higher", "lower", "band"]), "from": "2020-01-01"}
    first = dt.date.fromisoformat(str(directory["absences"][0]["from"])[:10])
    absences = {}
    for m in managers:
        start = first + dt.timedelta(days=rng.randint(-10, 10))
        absences[m] = {"manager": m, "from": str(start), "until": str(start + dt.timedelta(days=rng.randint(1, 9)))}
    hours = lambda: f"{rng.randint(6, 11):02}:{rng.randint(0, 59):02}-{rng.randint(12, 23):02}:{rng.randint(0, 59):02}"
    calendars = directory["calendars"] + [{"id": f"of-{t}", "weekdays": {"mon-sun": [hours()], "wed": ["02:30-05:00", "13:00-14:00"]}, "for": {"team": t}} for t in teams[1:]]
    calendars += [{"id": "own", "weekdays": {"mon-sat": [hours()]}, "for": {"manager": managers[0]}}]
    return {**directory, "norms": list(norms.values()), "absences": list(absences.values()), "calendars": calendars}, first


def without(rows):
    return [{k: v for k, v in row.items() if k not in OURS_ALONE} for row in rows]


def main():
    args = sides.options(__doc__, instants=200, seed=1)
    import diff
    from normwatch_spec import pace, times
    rng, different, shown = random.Random(args.seed), 0, 0
    with tempfile.TemporaryDirectory(prefix="normwatch-pace-") as folder:
        world_dir = pathlib.Path(folder) / "world"
        shutil.copytree(args.world, world_dir)
        directory, first = richer(yaml.safe_load((args.world / "directory.yaml").read_text()), rng)
        (world_dir / "directory.yaml").write_text(yaml.safe_dump(directory, allow_unicode=True))
        with sides.both(args, world_dir) as (world, server):
            begin = times.day_start(first, world.company["zone"]) - 12 * 86_400_000
            for _ in range(args.instants):
                at = begin + rng.randint(0, 30 * 86_400_000)
                at -= at % rng.choice([1, 1000, 60_000, 900_000, 86_400_000])
                theirs, ours = pace.rows(world, at), without(server.get(f"/v1/pace?at={times.render(at)}")["rows"])
                shown += len(ours)
                found = diff.first_difference(theirs, ours)
                if found:
                    different += 1
                    print(f"differs  {times.render(at)}: {found[0]}\n  model: {found[1]}\n  ours:  {found[2]}")
    print(f"pace at {args.instants} instants, {shown} rows: {different} differ")
    return 1 if different or not shown else 0


if __name__ == "__main__":
    sys.exit(main())
