#!/usr/bin/env python3
"""bench.py --build DIR [--json FILE] [--quick] [--calls N] [--runs N] [--folder DIR]

Measures the program on the seeded workload of `normwatch generate`, beside what the machine can do at best in the same run. Numbers
per CPU-second count user and system time of every thread. One run after another, nothing else should run meanwhile; the table says how
busy the machine was. A part that fails ends the run: there is no number without a measure. Exit code: 0, 1 a part failed, 2 usage.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "drills"))
from product import Broken, Product, free_port, need  # noqa: E402

MANAGERS = 200
CALLS_A_DAY = 33_333  # of all managers together, so that a bigger run is a longer time and not a denser one
SENDERS = 4
BATCH = 25_000  # records that the fold takes at once when it catches up
VISIBLE_SECONDS = 10
FIRST_DAY_BEHIND = datetime.date(2026, 11, 4)  # the workload ends before it
PACED_MANAGERS, IDLE_MANAGERS = 1_000, 10_000
NORMED_KPIS = ("calls_in", "calls_in_answered", "calls_out", "calls_out_answered", "calls_qualified", "calls_qualified_in", "calls_qualified_out", "talk_seconds",
               "talk_seconds_in", "talk_seconds_out", "contacts_unique", "contacts_attempted", "emails_sent", "meetings_held", "presentations_held", "proposals_sent", "touches",
               "invoices_issued", "invoices_paid", "callbacks_returned")
TICK = os.sysconf("SC_CLK_TCK")


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def cpu_of(pid):
    """User and system seconds of a process and its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid):
    return int(next(line.split()[1] for line in open(f"/proc/{pid}/status", encoding="ascii") if line.startswith("VmHWM"))) / 1024


def cpu_by_thread(pid):
    """User and system seconds of a process by the first word of its threads' names."""
    seconds = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            head, _, rest = (task / "stat").read_text(encoding="ascii").rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        name = head.partition("(")[2].replace(":", " ").split()[0]
        fields = rest.split()
        seconds[name] = seconds.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICK
    return seconds


def run_cpu(words):
    """Runs a command to its end; its CPU seconds."""
    before = os.times()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"`{' '.join(map(str, words[:3]))}` exited {done.returncode}: {done.stderr[-400:]}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def size_of(folder):
    return sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.is_file())


class Bench:
    def __init__(self, asked, folder):
        self.calls, self.folder = asked.calls, pathlib.Path(folder)
        self.days = max(1, min(365, round(self.calls / CALLS_A_DAY)))
        self.normwatch = asked.build / "normwatch"
        self.bench = asked.build / "normwatch_bench"
        self.numbers = {}
        self.idle_seconds = 60 if asked.quick else 900  # in the tenth minute everybody falls behind
        self.end = 0  # of all that was acknowledged

    def tool(self, *words):
        done = subprocess.run([self.bench, *map(str, words)], capture_output=True, text=True, check=False)
        need(done.returncode == 0, f"normwatch_bench {words[0]}: {done.stderr[-400:]}")
        return json.loads(done.stdout)

    def fresh(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return path

    def generate(self, kind, events):
        path = self.folder / f"{kind}.{events}"
        if not path.exists():
            subprocess.run([self.normwatch, "generate", "--seed", "1", "--events", str(events), "--managers", str(MANAGERS), "--days", str(self.days), "--format", kind,
                            "-o", path], check=True, stdout=subprocess.DEVNULL)
        return path

    def product(self, name, directory):
        """A data directory with a directory applied, nothing imported."""
        folder = self.fresh(name)
        folder.mkdir()
        product = Product(self.normwatch, folder, str(folder / "data"))
        product.ask("directory", "apply", "--wait", str(directory))
        return product

    # --- parts ---------------------------------------------------------------------------------------------------------------------

    def append(self):
        measured = self.tool("append", self.fresh("append"), 1_000_000)
        shutil.rmtree(self.folder / "append")
        self.numbers["append_events_per_second"] = measured["append_events_per_second"]
        self.numbers["append_share_of_fdatasync_probe"] = measured["append_events_per_second"] / measured["fdatasync_events_per_second"]

    def imports(self):
        for kind, name in (("asterisk-cdr-csv", "import_cdr_rows_per_core_second"), ("cloudevents", "import_cloudevents_per_core_second")):
            file = self.generate(kind, self.calls)
            product = self.product("import", f"{file}.directory.yaml")
            source = "pbx-1" if kind == "asterisk-cdr-csv" else "crm"
            self.numbers[name] = self.calls / run_cpu(product.command("import", "--source", source, str(file)))
            if kind == "asterisk-cdr-csv":
                shutil.rmtree(self.folder / "log", ignore_errors=True)
                (self.folder / "import").rename(self.folder / "log")

    def folds(self):
        data = self.folder / "log" / "data"
        folded = {}
        for what, name in (("rows", "fold_kpi_events_per_core_second"), ("keys", "fold_search_events_per_core_second")):
            folded[what] = self.tool("fold", data, self.fresh("views"), what)
            self.numbers[name] = folded[what]["events"] / folded[what]["cpu_seconds"]
        events = folded["keys"]["events"]
        batches = max(1, (events + BATCH - 1) // BATCH)
        probe = self.tool("same-rows", self.folder / "views", self.fresh("probe"), batches, "keys")
        self.numbers["fold_share_of_same_rows_probe"] = probe["cpu_seconds"] / folded["keys"]["cpu_seconds"]
        keys = folded["keys"]
        self.numbers["cost_ratio_first_part_to_all"] = keys["cpu_seconds"] / keys["events"] / (keys["first_cpu_seconds"] / keys["first_events"])
        at_full_scale = keys["first_events"] >= 1_000_000 and keys["events"] >= 100_000_000
        self.numbers["cost_ratio_1m_to_100m"] = self.numbers["cost_ratio_first_part_to_all"] if at_full_scale else None
        self.numbers["replay_events_per_second"] = events / folded["keys"]["wall_seconds"]
        self.numbers["replay_peak_mib"] = folded["keys"]["peak_mib"]
        self.numbers["disk_bytes_per_call"] = size_of(self.folder / "views") / self.calls
        shutil.rmtree(self.folder / "probe")

    def serving(self):
        """HTTP intake, visibility at half of it, queries, memory, and a kill with all of that behind it."""
        file = self.generate("cloudevents", self.calls)
        product = self.product("serve", f"{file}.directory.yaml")
        product.start()
        try:
            self.intake(product, file)
            self.visibility(product, file)
            self.queries(product)
            self.numbers["rss_mib"] = peak_mib(product.server.pid)
            product.kill()
            began = time.monotonic()
            product.start()
            self.wait_folded(product)
            self.numbers["kill_to_caught_up_s"] = time.monotonic() - began
        finally:
            product.stop()

    def intake(self, product, file):
        """The first half of the events, against a bare server that makes the same bytes durable."""
        half = self.calls * 9 // 20  # a few lines of the file are broken on purpose
        half -= half % 100
        server = product.server.pid
        before, began = cpu_by_thread(server), time.monotonic()
        sent = self.tool("http-load", product.port, file, 0, half, SENDERS)
        self.end = sent["end"]
        self.wait_folded(product)
        seconds = time.monotonic() - began
        spent = {name: value - before.get(name, 0) for name, value in cpu_by_thread(server).items()}
        self.numbers["http_events_per_second"] = half / sent["seconds"]
        self.numbers["http_events_per_core_second"] = half / sum(spent.values())
        self.numbers["http_intake_events_per_core_second"] = half / sum(spent.get(name, 0) for name in ("http", "intake", "log"))
        self.sustained = half / seconds
        bare = self.sink(file, half)
        self.numbers["http_share_of_bare_server"] = self.numbers["http_events_per_second"] / bare
        self.half = half

    def sink(self, file, events):
        """Events a second of a server that only appends what it gets."""
        port = free_port()
        with subprocess.Popen([self.bench, "http-sink", str(port), self.folder / "sink"]) as server:
            try:
                self.wait_listening(port)
                return events / self.tool("http-load", port, file, 0, events, SENDERS)["seconds"]
            finally:
                server.terminate()

    @staticmethod
    def wait_listening(port):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
        raise Broken(f"nobody listens on port {port}")

    def wait_folded(self, product):
        """Until an answer holds everything that was acknowledged."""
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            status, body = product.get(f"/v1/calls?from=2000-01-01T00:00:00Z&until=2000-01-02T00:00:00Z&limit=1&min_offset={self.end}")
            if status == 200:
                return
            need(status == 409, f"min_offset: {status} {body[:200]!r}")
        raise Broken("the views do not follow the log")

    def visibility(self, product, file):
        """From the acknowledgement of one event to the first answer that holds it, at half of what is sustained."""
        rate = self.sustained / 2
        count = min(self.half, int(rate * VISIBLE_SECONDS))
        seen = self.tool("http-visible", product.port, file, self.half, count - count % 100, rate)
        need(seen["probes"] >= 100, f"only {seen['probes']} events were looked for")
        self.numbers["ack_to_visible_p50_ms"] = seen["p50_ms"]
        self.numbers["ack_to_visible_p99_ms"] = seen["p99_ms"]

    def queries(self, product):
        chance = random.Random(3)
        connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)

        def timed(path):
            return self.timed(connection, path)

        def day(ahead):
            return (FIRST_DAY_BEHIND - datetime.timedelta(days=ahead)).isoformat()

        month = f"from={day(30)}&until={day(0)}"

        kpi = []
        for _ in range(100):
            kpi.append(timed(f"/v1/kpis?{month}&manager=m-{chance.randrange(MANAGERS) + 1}&by=manager"))
            ahead = chance.randrange(min(self.days, 30)) + 1
            kpi.append(timed(f"/v1/kpis?from={day(ahead)}&until={day(ahead - 1)}&team=t-{chance.randrange(MANAGERS // 10) + 1}&by=manager"))
        self.numbers["kpi_query_p99_ms"] = p99(kpi)
        search = [timed(f"/v1/calls?{month}&manager=m-{chance.randrange(MANAGERS) + 1}&limit=50") for _ in range(200)]
        self.numbers["call_search_first_page_p99_ms"] = p99(search)

    def norms(self):
        """A pace answer for 1,000 managers with five norms each, and what 10,000 with forty cost who do nothing."""
        product = self.normed(PACED_MANAGERS, 5)
        product.start()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
            self.numbers["pace_1000_managers_p99_ms"] = p99([self.timed(connection, "/v1/pace?at=2026-11-03T12:00:00Z") for _ in range(100)])
        finally:
            product.stop()
        product = self.normed(IDLE_MANAGERS, 40)
        product.start()
        try:
            before, began = cpu_of(product.server.pid), time.monotonic()
            time.sleep(self.idle_seconds)  # what is measured: how much it does meanwhile
            self.numbers["idle_core_share"] = (cpu_of(product.server.pid) - before) / (time.monotonic() - began)
            self.numbers["idle_rss_mib"] = peak_mib(product.server.pid)
        finally:
            product.stop()

    def normed(self, managers, norms):
        """A data directory with managers who work round the clock and have so many norms each, looked up already."""
        file = self.folder / f"norms.{managers}.yaml"
        wanted = [f"{{kpi: {kpi}, per: {per}, value: {100 if per == 'day' else 700}}}" for kpi in NORMED_KPIS for per in ("day", "week")][:norms]
        need(len(wanted) == norms, f"{norms} norms are more than there are")
        rows = [f"  - {{id: m-{n}, name: M{n}, team: t-1, from: 2020-01-01}}" for n in range(managers)]
        file.write_text("teams: [{id: t-1, name: T}]\ncalendars: [{id: std, weekdays: {mon-sun: ['00:00-23:59']}}]\n"
                        f"norms: [{', '.join(wanted)}]\nmanagers:\n" + "\n".join(rows) + "\n", encoding="ascii")
        return self.product("norms", str(file))

    @staticmethod
    def timed(connection, path):
        began = time.monotonic()
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        need(answer.status == 200, f"GET {path}: {answer.status} {text[:300]!r}")
        return 1000 * (time.monotonic() - began)

    def run(self):
        for part in (self.append, self.imports, self.folds, self.serving, self.norms):
            part()
            print(f"  {part.__name__} measured", file=sys.stderr, flush=True)
        return self.numbers


SHOWN = [  # name, unit, decimals
    ("append_events_per_second", "events/s", 0), ("append_share_of_fdatasync_probe", "of the limit", 2), ("import_cdr_rows_per_core_second", "rows/cs", 0),
    ("import_cloudevents_per_core_second", "events/cs", 0), ("fold_kpi_events_per_core_second", "events/cs", 0), ("fold_search_events_per_core_second", "events/cs", 0),
    ("fold_share_of_same_rows_probe", "of the limit", 2), ("cost_ratio_first_part_to_all", "an event, of 1 M or half to all", 2), ("cost_ratio_1m_to_100m", "an event; of --calls 100000000", 2),
    ("replay_events_per_second", "events/s", 0), ("replay_peak_mib", "MiB", 0), ("http_events_per_second", "events/s", 0),
    ("http_share_of_bare_server", "of the limit", 2), ("http_events_per_core_second", "events/cs, intake and fold", 0),
    ("http_intake_events_per_core_second", "events/cs, intake alone", 0), ("ack_to_visible_p50_ms", "ms", 1), ("ack_to_visible_p99_ms", "ms", 1), ("kill_to_caught_up_s", "s", 2), ("rss_mib", "MiB", 0),
    ("kpi_query_p99_ms", "ms", 1), ("call_search_first_page_p99_ms", "ms", 1), ("disk_bytes_per_call", "B", 0),
    ("pace_1000_managers_p99_ms", "ms", 1), ("idle_core_share", "of a core", 4), ("idle_rss_mib", "MiB", 0)]


def show(runs, calls, busy):
    print(f"{calls:,} events, {len(runs)} runs, load before {busy[0]:.1f}, after {busy[1]:.1f}, {os.cpu_count()} cores\n")
    print(f"{'':38} {'median':>12} {'min':>12} {'max':>12}")
    medians = {}
    for name, unit, decimals in SHOWN:
        values = [run[name] for run in runs if run.get(name) is not None]
        medians[name] = statistics.median(values) if values else None
        cells = [f"{value:,.{decimals}f}" for value in (statistics.median(values), min(values), max(values))] if values else ["-"] * 3
        print(f"{name:38} " + " ".join(f"{cell:>12}" for cell in cells) + f"  {unit}")
    return medians


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=lambda p: pathlib.Path(p).resolve(), required=True)
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", help="parent of the working folder: the disk to measure")
    asked = parser.parse_args()
    if asked.quick:
        asked.calls, asked.runs = asked.calls // 10, 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    before = os.getloadavg()[0]
    runs = []
    with tempfile.TemporaryDirectory(prefix="normwatch-bench.", dir=asked.folder) as folder:
        try:
            for number in range(asked.runs):
                print(f"run {number + 1} of {asked.runs}", file=sys.stderr, flush=True)
                runs.append(Bench(asked, folder).run())
        except Broken as broken:
            print(f"bench.py: {broken}", file=sys.stderr)
            return 1
    medians = show(runs, asked.calls, (before, os.getloadavg()[0]))
    if asked.json:
        pathlib.Path(asked.json).write_text(json.dumps({**medians, "runs": runs, "events": asked.calls}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
