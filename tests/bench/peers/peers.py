#!/usr/bin/env python3
"""peers.py --normwatch FILE [--calls N] [--json FILE] [--folder DIR] [--samples N] [--falsify kpis|page]

Asks the program, PostgreSQL and DuckDB the same questions about the same generated calls, in one run on one machine, and compares every
answer. What each of them holds and is asked: README.md. --calls counts lines of the file. --falsify changes one
row of PostgreSQL that --calls 50000 asks for: the run must then fail. Exit code: 0 measured and all equal, 1 a part failed or an answer differs, 2 usage.
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
DEEP_IN_A_ROW = 10  # deep pages of one range
ROUNDS = 3  # of all questions; other work on the machine disturbs the best of three least
CALLS_MIN = 20_000  # so that every manager has more than one page
WARM = 20  # questions before the first that counts
DAY = datetime.timedelta(days=1)


def size_of_company(lines):
    """Managers and days, so that a manager has a working day's calls a day however long the file is."""
    managers = min(MANAGERS_MAX, 10 * max(1, round(lines / 167_000)))
    return managers, max(30, lines // (managers * LINES_A_DAY))


def one_round(ask, parameters):
    """Milliseconds of each question, until its answer is here; and the answers."""
    taken, answers = [], []
    gc.collect()
    gc.disable()
    for parameter in parameters:
        began = time.perf_counter()
        answer = ask(parameter)
        taken.append(1000 * (time.perf_counter() - began))
        answers.append(answer)
    gc.enable()
    return taken, answers


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
        words = ["--seed", 1, "--events", self.asked.calls, "--managers", self.managers, "--days", self.days, "--format", "asterisk-cdr-csv", "-o", file]
        subprocess.run([self.asked.normwatch, "generate", *map(str, words)], check=True, stdout=subprocess.DEVNULL)
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
            self.postgres.falsify(self.asked.falsify)
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
        taken, answers, lines = {name: [] for name in asks}, {}, {}
        for _ in range(ROUNDS):
            for name, ask in asks.items():
                for parameter in parameters[:WARM]:
                    ask(parameter)
                times, answers[name] = one_round(ask, parameters)
                taken[name].append(times)
        for name, rounds in taken.items():
            every, best = [ms for times in rounds for ms in times], [min(times) for times in zip(*rounds)]
            lines[name] = {"p50_ms": percentile(every, 0.5), "p99_ms": percentile(every, 0.99), "best_p99_ms": percentile(best, 0.99)}
        ours, *peers = asks
        expected, columns = [plain(answer) for answer in answers[ours]], KPIS if plain is plain_kpis else CALL_COLUMNS
        for peer in peers:
            for parameter, ours_says, answer in zip(parameters, expected, answers[peer], strict=True):
                peer_says = rows_of(answer, len(columns))
                need(ours_says == peer_says, f"{query} differs\n  asked      {', '.join(map(str, parameter))}\n  "
                     f"{difference(ours_says, peer_says, (ours, peer), columns)}")
        for measure in ("p50", "p99", "best_p99"):
            lines[f"ratio_of_better_peer_{measure}"] = min(lines[peer][f"{measure}_ms"] for peer in peers) / lines[ours][f"{measure}_ms"]
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

        def month():
            begin = day(self.days - 29)
            return begin, begin + 30 * DAY

        teams = (self.managers + 9) // 10
        months = [(chance.randrange(self.managers) + 1, *month()) for _ in range(count)]
        team_months = [(chance.randrange(teams) + 1, *month()) for _ in range(count)]
        team_days = [(chance.randrange(teams) + 1, begin, begin + DAY) for begin in (day(self.days) for _ in range(count))]
        self.measure("manager-month, 18 KPIs", self.systems(lambda system, p: system.kpis("manager", *p)), months, plain_kpis)
        self.measure("team-day, 18 KPIs", self.systems(lambda system, p: system.kpis("team", *p)), team_days, plain_kpis)
        self.measure("team-month, 18 KPIs", self.systems(lambda system, p: system.kpis("team", *p)), team_months, plain_kpis)
        self.measure("calls of a manager-month, page 1", self.systems(lambda system, p: system.first_page(*p)), months, plain_page)
        wholes = [(chance.randrange(self.managers) + 1, self.begin, END - chance.randrange(self.days // 6) * DAY) for _ in range(count)]
        self.deep(wholes, count)

    def deep(self, ranges, count):
        """Some pages in a row of each range, for the way to the first is long."""
        parameters = []
        for asked in ranges:
            parameters += [(*asked, *page) for page in self.ours.deep_pages(*asked, DEEP, min(DEEP_IN_A_ROW, count - len(parameters)))]
            if len(parameters) == count:
                break
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


def rows_of(answer, columns):
    """A peer's answer in the columns that are compared. DuckDB's timestamps are UTC without saying so."""
    def plain(value):
        return value.replace(tzinfo=datetime.timezone.utc) if isinstance(value, datetime.datetime) and value.tzinfo is None else value
    rows = answer if isinstance(answer, list) else answer.fetchall()
    return [tuple(map(plain, row[:columns])) for row in rows]


def difference(ours, peer, names, columns):
    """Both answers, and where they part."""
    for number, (a, b) in enumerate(zip(ours, peer)):
        if a != b:
            parted = [column for column, x, y in zip(columns, a, b) if x != y]
            both = "\n".join(f"  {name:10} {dict(zip(columns, row))}" for name, row in zip(names, (a, b)))
            return f"row {number} of {len(ours)} and {len(peer)}: {', '.join(parted)}\n{both}"
    return f"{names[0]}: {len(ours)} rows, {names[1]}: {len(peer)} rows"


def show(result):
    print(f"{result['lines']:,} lines, {result['calls']:,} calls, {result['managers']} managers, {result['days']} days; {os.cpu_count()} cores, load before "
          f"{result['load_before']:.1f}, while asking {result['load_while_asking']:.1f}, after {result['load_after']:.1f}; deep page behind "
          f"{result['deep_calls_before']['min']:,} to {result['deep_calls_before']['max']:,} calls\n")
    systems = ("Normwatch", "PostgreSQL", "DuckDB")
    print(f"{'ms: p50, p99, p99 of the best of 3':34}" + "".join(f"{name:>27}" for name in systems) + f"{'better peer / ours':>30}")
    measures = ("p50", "p99", "best_p99")
    for query, lines in result["queries"].items():
        cells = "".join(f"{lines[name][measure + '_ms']:{11 if measure == 'p50' else 8}.2f}" for name in systems for measure in measures)
        print(f"{query:34}{cells}   " + "".join(f"{lines['ratio_of_better_peer_' + measure]:8.1f}x" for measure in measures))
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
    parser.add_argument("--falsify", choices=("kpis", "page"))
    asked = parser.parse_args()
    if asked.calls < CALLS_MIN or asked.samples < WARM:
        parser.error(f"--calls from {CALLS_MIN:,}, --samples from {WARM}")
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
