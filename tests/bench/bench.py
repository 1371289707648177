#!/usr/bin/env python3
"""bench.py --build DIR [--json FILE] [--quick] [--calls N] [--runs N] [--folder DIR]

Measures the program on the seeded workload of `normwatch generate`, beside what the machine can do at best in the same run. Numbers
per CPU-second count user and system time of every thread. One run after another, nothing else should run meanwhile; the table says how
busy the machine was. A part that fails ends the run: there is no number without a measure. Exit code: 0, 1 a part failed, 2 usage.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "drills"))
from product import Broken, Product, need  # noqa: E402

MANAGERS = 50
DAYS = 30
BATCH = 100  # events of one HTTP request
TICK = os.sysconf("SC_CLK_TCK")


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def cpu_of(pid):
    """User and system seconds of a process and its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


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
        self.normwatch = asked.build / "normwatch"
        self.bench = asked.build / "normwatch_bench"
        self.numbers = {}
        self.lock, self.end = threading.Lock(), 0  # of all that was acknowledged

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
            subprocess.run([self.normwatch, "generate", "--seed", "1", "--events", str(events), "--managers", str(MANAGERS), "--days", str(DAYS), "--format", kind,
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
        batches = max(1, (events + 99_999) // 100_000)
        probe = self.tool("same-rows", self.folder / "views", self.fresh("probe"), batches, "keys")
        self.numbers["fold_share_of_same_rows_probe"] = probe["cpu_seconds"] / folded["keys"]["cpu_seconds"]
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
            self.visibility(product)
            self.queries(product)
            self.numbers["rss_mib"] = int(next(line.split()[1] for line in open(f"/proc/{product.server.pid}/status", encoding="ascii") if line.startswith("VmHWM"))) / 1024
            product.kill()
            began = time.monotonic()
            product.start()
            self.wait_folded(product)
            self.numbers["kill_to_caught_up_s"] = time.monotonic() - began
        finally:
            product.stop()

    def intake(self, product, file):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}}")]
        bodies = ["[" + ",".join(lines[n:n + BATCH]) + "]" for n in range(0, min(len(lines), 200_000), BATCH)]
        before, began = cpu_of(product.server.pid), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in pool.map(lambda body: self.post(product, body), bodies):
                pass
        seconds = time.monotonic() - began
        sent = len(bodies) * BATCH
        self.numbers["http_events_per_second"] = sent / seconds
        self.rate = sent / seconds
        self.wait_folded(product)
        self.numbers["http_events_per_core_second"] = sent / (cpu_of(product.server.pid) - before)

    def post(self, product, body):
        """Sends a batch on a connection of this thread; where the log ends behind it."""
        connection = getattr(LOCAL, "connection", None)
        if connection is None or LOCAL.port != product.port:
            connection = LOCAL.connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
            LOCAL.port = product.port
        connection.request("POST", "/v1/events?source=crm", body, {"content-type": "application/cloudevents-batch+json"})
        answer = connection.getresponse()
        text = answer.read()
        need(answer.status in (200, 202, 207), f"POST /v1/events: {answer.status} {text[:300]!r}")
        offset = json.loads(text)["position"]["offset"]
        with self.lock:
            self.end = max(self.end, offset)
        return offset

    def wait_folded(self, product, offset=None):
        """Until an answer holds everything below `offset`, or below all that was acknowledged."""
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            status, body = product.get(f"/v1/calls?from=2000-01-01T00:00:00Z&until=2000-01-02T00:00:00Z&limit=1&min_offset={offset or self.end}")
            if status == 200:
                return
            need(status == 409, f"min_offset: {status} {body[:200]!r}")
        raise Broken("the views do not follow the log")

    def visibility(self, product):
        """From the acknowledgement of one event to the first answer that holds it, while others send at a fixed rate."""
        stop, pause = threading.Event(), BATCH / max(1.0, self.rate / 4)

        def load(seed):
            chance, n = random.Random(seed), 0
            while not stop.is_set():
                began = time.monotonic()
                self.post(product, "[" + ",".join(self.call(f"l{seed}-{n}-{k}", chance) for k in range(BATCH)) + "]")
                n += 1
                stop.wait(max(0.0, pause * 2 - (time.monotonic() - began)))

        waits, chance = [], random.Random(7)
        threads = [threading.Thread(target=load, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        try:
            deadline = time.monotonic() + 60
            for n in range(300):
                if time.monotonic() > deadline:
                    break
                offset = self.post(product, "[" + self.call(f"v{n}", chance) + "]")
                began = time.monotonic()
                self.wait_folded(product, offset)
                waits.append(1000 * (time.monotonic() - began))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.numbers["ack_to_visible_p99_ms"] = p99(waits)

    @staticmethod
    def call(name, chance):
        minute = chance.randrange(60)
        return json.dumps({"specversion": "1.0", "id": name, "source": "/bench", "type": "normwatch.call.v1", "time": f"2026-11-03T10:{minute:02}:00Z",
                           "data": {"call_id": name, "direction": "outbound", "from": str(101 + chance.randrange(MANAGERS)), "to": f"+7495{chance.randrange(1000000, 9999999)}",
                                    "started_at": f"2026-11-03T10:{minute:02}:00Z", "answered_at": f"2026-11-03T10:{minute:02}:05Z", "ended_at": f"2026-11-03T10:{minute:02}:45Z"}})

    def queries(self, product):
        chance = random.Random(3)
        self.wait_folded(product)

        def timed(path):
            began = time.monotonic()
            product.get_json(path)
            return 1000 * (time.monotonic() - began)

        kpi = []
        for _ in range(100):
            kpi.append(timed(f"/v1/kpis?from=2026-10-05&until=2026-11-04&manager=m-{chance.randrange(MANAGERS) + 1}&by=manager"))
            day = chance.randrange(10, 30)
            kpi.append(timed(f"/v1/kpis?from=2026-10-{day}&until=2026-10-{day + 1}&team=t-{chance.randrange(5) + 1}&by=manager"))
        self.numbers["kpi_query_p99_ms"] = p99(kpi)
        search = [timed(f"/v1/calls?from=2026-10-05&until=2026-11-04&manager=m-{chance.randrange(MANAGERS) + 1}&limit=50") for _ in range(200)]
        self.numbers["call_search_first_page_p99_ms"] = p99(search)

    def run(self):
        for part in (self.append, self.imports, self.folds, self.serving):
            part()
            print(f"  {part.__name__} measured", file=sys.stderr, flush=True)
        return self.numbers


LOCAL = threading.local()
SHOWN = [  # name, unit, decimals
    ("append_events_per_second", "events/s", 0), ("append_share_of_fdatasync_probe", "of the limit", 2), ("import_cdr_rows_per_core_second", "rows/cs", 0),
    ("import_cloudevents_per_core_second", "events/cs", 0), ("fold_kpi_events_per_core_second", "events/cs", 0), ("fold_search_events_per_core_second", "events/cs", 0),
    ("fold_share_of_same_rows_probe", "of the limit", 2), ("replay_events_per_second", "events/s", 0), ("replay_peak_mib", "MiB", 0), ("http_events_per_second", "events/s", 0),
    ("http_events_per_core_second", "events/cs, intake and fold", 0), ("ack_to_visible_p99_ms", "ms", 1), ("kill_to_caught_up_s", "s", 2), ("rss_mib", "MiB", 0),
    ("kpi_query_p99_ms", "ms", 1), ("call_search_first_page_p99_ms", "ms", 1), ("disk_bytes_per_call", "B", 0)]


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
