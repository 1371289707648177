#!/usr/bin/env python3
"""Pace against the executable model: `pace.py --model DIR --normwatch BINARY [--instants N] WORLD`, WORLD from the model's generate.py.

Gives the world more norms, calendars and absences than the generator does, imports it into both, asks the program `/v1/pace` at random instants
over HTTP and the model in this process, and prints the first field that differs of each instant. Exit status: 0 equal, 1 differs, 2 could not run.

Left out: norms of ratios and calendars that begin or end within a period, which the model reads otherwise (docs/adr/0013-norms.md).
"""
import argparse
import datetime as dt
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """The program, serving; ended with the block."""

    def __init__(self, binary, config, folder):
        self.address = f"127.0.0.1:{free_port()}"
        env = {**os.environ, "NORMWATCH_SERVER__LISTEN": self.address, "NORMWATCH_SERVER__METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
        with open(folder / "serve.log", "wb") as log:
            self.process = subprocess.Popen([binary, "serve", "--config", str(config)], env=env, stdout=log, stderr=log)

    def __enter__(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5):
                    return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        sys.exit("the server does not get ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def get(self, target):
        with urllib.request.urlopen(f"http://{self.address}{target}", timeout=30) as answer:
            return json.load(answer)

    def pace(self, at):
        return self.get(f"/v1/pace?at={at}")


def without(rows):
    return [{k: v for k, v in row.items() if k not in OURS_ALONE} for row in rows]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", type=pathlib.Path, required=True)
    p.add_argument("--normwatch", required=True)
    p.add_argument("--instants", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("world", type=pathlib.Path)
    args = p.parse_args()
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(args.model))
    import diff
    from normwatch_spec import config, pace, times
    from normwatch_spec.product import Product
    rng = random.Random(args.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="normwatch-pace-"))
    sides, different, shown = [], 0, 0
    try:
        world_dir = folder / "world"
        shutil.copytree(args.world, world_dir)
        directory, first = richer(yaml.safe_load((args.world / "directory.yaml").read_text()), rng)
        (world_dir / "directory.yaml").write_text(yaml.safe_dump(directory, allow_unicode=True))
        sides = [diff.Side("model", args.model / "normwatch_model", world_dir, None), diff.Side("normwatch", args.normwatch, world_dir, None)]
        world = Product(config.load(str(sides[0].config))).world()
        begin = times.day_start(first, world.company["zone"]) - 12 * 86_400_000
        with Server(args.normwatch, sides[1].config, folder) as server:
            for n in range(args.instants):
                at = begin + rng.randint(0, 30 * 86_400_000)
                at -= at % rng.choice([1, 1000, 60_000, 900_000, 86_400_000])
                theirs, ours = pace.rows(world, at), without(server.pace(times.render(at))["rows"])
                shown += len(ours)
                found = diff.first_difference(theirs, ours)
                if found:
                    different += 1
                    print(f"differs  {times.render(at)}: {found[0]}\n  model: {found[1]}\n  ours:  {found[2]}")
    finally:
        for side in sides:
            shutil.rmtree(side.dir, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"pace at {args.instants} instants, {shown} rows: {different} differ")
    return 1 if different or not shown else 0


if __name__ == "__main__":
    sys.exit(main())
