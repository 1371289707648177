#!/usr/bin/env python3
"""peers.py --normwatch FILE [--calls N] [--json FILE] [--folder DIR] [--samples N] [--falsify]

Asks the program, PostgreSQL and DuckDB the same questions about the same generated calls, in one run on one machine, and compares every
answer. What each of them holds and is asked: README.md. --calls counts lines of the file. --falsify changes one second in PostgreSQL: the run
must then fail. Exit code: 0 measured and all equal, 1 a part failed or an answer differs, 2 usage.
"""
import argparse
import datetime
import gc
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import duckdb

import workload
from duck import Duck
from ours import Ours, plain_kpis, plain_page
from postgres import Postgres
from product import Broken, need  # behind ours, which knows where it is
from questions import CALL_COLUMNS, DEEP, KPIS

END = datetime.datetime(2026, 11, 4, tzinfo=datetime.timezone.utc)  # of what `generate` writes
LINES_A_DAY = 167  # of a manager
MANAGERS_MAX = 480  # their extensions begin at 101 and stay below the queue's 600
WARM = 20  # questions before the first that counts
DAY = datetime.timedelta(days=1)


def size_of_company(lines):
    """Managers and days, so that a manager has a working day's calls a day however long the file is."""
    managers = min(MANAGERS_MAX, 10 * max(1, round(lines / 167_000)))
    return managers, max(30, lines // (managers * LINES_A_DAY))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Comparison:
    def __init__(self, asked, folder):
        self.asked, self.folder = asked, folder
        self.managers, self.days = size_of_company(asked.calls)
        self.begin = END - self.days * DAY
        self.ours, self.postgres, self.duck = Ours(asked.normwatch, folder), Postgres(folder), Duck(folder)
        self.result = {"lines": asked.calls, "managers": self.managers, "days": self.days, "queries": {}, "disk": {}, "load_seconds": {}}

    def stop(self):
        for system in (self.ours, self.postgres, self.duck):
            system.stop()

    def say(self, text):
        print(f"  {text}", file=sys.stderr, flush=True)

    # --- loading -------------------------------------------------------------------------------------------------------------------

    def timed(self, name, function, *given):
        began = time.monotonic()
        function(*given)
        seconds = time.monotonic() - began
        self.result["load_seconds"][name] = round(seconds, 1)
        self.say(f"{name}: {seconds:.0f} s")

    def load(self):
        file = self.folder / "Master.csv"
        words = ["generate", "--seed", 1, "--events", self.asked.calls, "--managers", self.managers, "--days", self.days, "--format", "asterisk-cdr-csv", "-o", file]
        subprocess.run([self.asked.normwatch, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
        self.timed("Normwatch", self.ours.load, file)
        maker = duckdb.connect(str(self.folder / "maker.duckdb"))
        self.timed("assembling for the peers", workload.assemble, maker, file, self.folder)
        self.result["calls"], = maker.execute("SELECT count(*) FROM call_facts").fetchone()
        self.result["participations"], = maker.execute("SELECT count(*) FROM participations_facts").fetchone()
        file.unlink()
        self.postgres.start()
        self.timed("PostgreSQL", self.postgres.load, maker)
        self.timed("DuckDB", self.duck.load, maker)
        maker.close()
        for scratch in self.folder.glob("maker.duckdb*"):
            scratch.unlink() if scratch.is_file() else shutil.rmtree(scratch)
        if self.asked.falsify:
            self.postgres.falsify()
        self.duck.start()
        self.ours.start()
        for system in (self.ours, self.postgres, self.duck):
            self.result["disk"][system.name] = system.disk()
        found = self.ours.kpis_not_zero(self.begin - 4 * DAY, END + DAY)
        need(found == set(KPIS), f"the peers compute other KPIs than the workload has: {sorted(found ^ set(KPIS))}")

    # --- asking --------------------------------------------------------------------------------------------------------------------

    def measure(self, query, asks, parameters, plain):
        """Asks every system all parameters, one system after another, and compares. `asks`: name -> function of one parameter;
        the first is ours, and `plain` makes its answer a peer's."""
        answers, lines = {}, {}
        for name, ask in asks.items():
            for parameter in parameters[:WARM]:
                ask(parameter)
            gc.collect()
            gc.disable()
            taken, answers[name] = [], []
            for parameter in parameters:
                began = time.perf_counter()
                answer = ask(parameter)
                taken.append(1000 * (time.perf_counter() - began))
                answers[name].append(answer)
            gc.enable()
            lines[name] = {"p50_ms": percentile(taken, 0.5), "p99_ms": percentile(taken, 0.99)}
        ours, *peers = asks
        expected = [plain(answer) for answer in answers[ours]]
        for peer in peers:
            for parameter, ours_says, peer_says in zip(parameters, expected, answers[peer]):
                need(same(ours_says, peer_says), f"{query} differs\n  asked     {parameter}\n  {difference(ours_says, peer_says, ours, peer)}")
        lines["ratio_of_better_peer_p99"] = min(lines[peer]["p99_ms"] for peer in peers) / lines[ours]["p99_ms"]
        lines["samples"] = len(parameters)
        lines["compared"] = len(parameters) * len(peers)
        self.result["queries"][query] = lines
        self.say(f"{query}: {len(parameters)} questions, equal")

    def systems(self, ask):
        return {system.name: (lambda parameter, system=system: ask(system, parameter)) for system in (self.ours, self.postgres, self.duck)}

    def queries(self):
        chance, count = random.Random(20), self.asked.samples

        def day(last):
            return self.begin + chance.randrange(last) * DAY

        months = [(chance.randrange(self.managers) + 1, begin, begin + 30 * DAY) for begin in (day(self.days - 29) for _ in range(count))]
        team_days = [(chance.randrange((self.managers + 9) // 10) + 1, begin, begin + DAY) for begin in (day(self.days) for _ in range(count))]
        self.measure("manager-month, 18 KPIs", self.systems(lambda system, p: system.kpis("manager", *p)), months, plain_kpis)
        self.measure("team-day, 18 KPIs", self.systems(lambda system, p: system.kpis("team", *p)), team_days, plain_kpis)
        self.measure("calls of a manager-month, page 1", self.systems(lambda system, p: system.first_page(*p)), months, plain_page)
        self.deep([(chance.randrange(self.managers) + 1, self.begin, END - chance.randrange(self.days // 6) * DAY) for _ in range(count)])

    def deep(self, ranges):
        parameters = [(*asked, *self.ours.cursor_at(*asked, DEEP)) for asked in ranges]
        self.result["deep_calls_before"] = {"min": min(p[5] for p in parameters), "max": max(p[5] for p in parameters)}
        keyset = {"Normwatch": lambda p: self.ours.page_after(*p[:3], p[3]), "PostgreSQL": lambda p: self.postgres.page_after(*p[:3], p[4]),
                  "DuckDB": lambda p: self.duck.page_after(*p[:3], p[4])}
        offset = {**keyset, "PostgreSQL": lambda p: self.postgres.page_at(*p[:3], p[5]), "DuckDB": lambda p: self.duck.page_at(*p[:3], p[5])}
        self.measure("deep page, by keyset", keyset, parameters, plain_page)
        self.measure("deep page, peers by OFFSET", offset, parameters, plain_page)

    def run(self):
        self.result["load_before"] = os.getloadavg()[0]
        self.load()
        self.result["load_while_asking"] = os.getloadavg()[0]
        self.queries()
        self.result["load_after"] = os.getloadavg()[0]
        return self.result


def comparable(value):
    """DuckDB's timestamps are UTC without saying so."""
    return value.replace(tzinfo=datetime.timezone.utc) if isinstance(value, datetime.datetime) and value.tzinfo is None else value


def same(ours, peer):
    if ours and isinstance(ours[0], tuple):
        return len(ours) == len(peer) and all(one == tuple(map(comparable, other[:len(one)])) for one, other in zip(ours, peer))
    return ours == peer


def difference(ours, peer, *names):
    """Both answers, and where they part."""
    if ours and isinstance(ours[0], tuple):
        parted = [(a, b) for a, b in zip(ours, (tuple(map(comparable, row[:len(CALL_COLUMNS)])) for row in peer)) if a != b]
        return f"{names[0]}: {len(ours)} calls, {names[1]}: {len(peer)}; first parted: {parted[:1]}"
    parted = [kpi for kpi, a, b in zip(KPIS, ours, peer) if a != b]
    return f"{names[0]:9} {dict(zip(KPIS, ours))}\n  {names[1]:9} {dict(zip(KPIS, peer))}\n  parted    {parted}"


def show(result):
    print(f"{result['lines']:,} lines, {result['calls']:,} calls, {result['managers']} managers, {result['days']} days; {os.cpu_count()} cores, load before "
          f"{result['load_before']:.1f}, while asking {result['load_while_asking']:.1f}, after {result['load_after']:.1f}; deep page behind "
          f"{result['deep_calls_before']['min']:,} to {result['deep_calls_before']['max']:,} calls\n")
    systems = ("Normwatch", "PostgreSQL", "DuckDB")
    print(f"{'ms':34}" + "".join(f"{name + ' p50':>15}{'p99':>9}" for name in systems) + f"{'better peer / ours, p99':>26}")
    for query, lines in result["queries"].items():
        print(f"{query:34}" + "".join(f"{lines[name]['p50_ms']:15.2f}{lines[name]['p99_ms']:9.2f}" for name in systems) + f"{lines['ratio_of_better_peer_p99']:25.1f}x")
    print(f"\n{'bytes a call':34}")
    for name, parts in result["disk"].items():
        print(f"{name:34}" + ", ".join(f"{part} {size / result['calls']:,.0f}" for part, size in parts.items()))
    print(f"\n{sum(lines['compared'] for lines in result['queries'].values()):,} answers compared, all equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--normwatch", type=lambda p: pathlib.Path(p).resolve(), required=True)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--json")
    parser.add_argument("--folder", help="parent of the working folder: the disk to measure")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--falsify", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="normwatch-peers.", dir=asked.folder) as folder:
        os.chmod(folder, 0o711)  # PostgreSQL's user passes through
        comparison = Comparison(asked, pathlib.Path(folder))
        try:
            result = comparison.run()
        except Broken as broken:
            print(f"peers.py: {broken}", file=sys.stderr)
            return 1
        finally:
            comparison.stop()
    show(result)
    if asked.json:
        pathlib.Path(asked.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
