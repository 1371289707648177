#!/usr/bin/env python3
"""kill_follow.py --normwatch BINARY [--kills N] [--seed S] [--folder DIR]

Kills `normwatch serve` with SIGKILL at random moments while it follows a file of telephone records that somebody else
writes: whole rows, rows in two pieces, rows of several lines and broken ones. Again and again the file is rotated: renamed
(sometimes in the middle of a line), copied and truncated, or truncated alone; also twice in a row while the server is dead.
Every fourth kill falls into the first 30 ms, so that recovery is killed.

What a truncation alone removes before it was read is gone by nature; so that one waits until the server has caught up. The
others wait for nothing.

Judged: a second data directory imports all that was ever written, once. Report, calls, quarantine and the ledger of both are
the same, no line was judged duplicate, and `doctor` says equal of both. It proves that the cursor and the log agree wherever
the process ends; a kill leaves the page cache alone.

One JSON line at the end. Exit code: 0 all holds, 1 something does not, 2 usage.
"""
import os
import random
import shutil
import sys
import threading
import time

from kill_import import row
from product import Broken, Product, main_of, need

WIDE = ["--from", "2026-01-01T00:00:00Z", "--until", "2026-03-01T00:00:00Z"]


class Writer:
    """The exchange and its log rotation. `lock` is held while it does one thing; `written` is all it ever wrote, as one file."""

    def __init__(self, path, chance):
        self.path, self.chance = path, chance
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.written, self.rows, self.broken = [], 0, 0
        self.done = {"renamed": 0, "copied": 0, "truncated": 0}
        self.thread = threading.Thread(target=self.run)
        self.failure = None

    def run(self):
        try:
            while not self.stopping.wait(self.chance.uniform(0.001, 0.02)):
                with self.lock:
                    self.write_some()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def put(self, text):
        with open(self.path, "a", encoding="ascii") as out:
            out.write(text)
        self.written.append(text)

    def next_row(self):
        self.rows += 1
        return row(self.rows - 1)

    def write_some(self):
        kind = self.chance.random()
        if kind < 0.04:
            self.broken += 1
            self.put(f'"broken {self.broken}\n')
        elif kind < 0.1:
            text = self.next_row().replace('"DOCUMENTATION"', '"DOCUMEN\nTATION"')
            cut = text.index("\n") + 1
            self.put(text[:cut])
            self.put(text[cut:])
        elif kind < 0.3:
            text = self.next_row()
            cut = self.chance.randint(1, len(text) - 1)
            self.put(text[:cut])
            time.sleep(self.chance.uniform(0, 0.01))
            self.put(text[cut:])
        else:
            self.put("".join(self.next_row() for _ in range(self.chance.randint(1, 40))))

    def settle(self):
        """What stands behind an open quote waits for eight lines."""
        self.put("".join(self.next_row() for _ in range(8)))

    def shift(self):
        """Makes room for a new NAME.1."""
        number = 1
        while os.path.exists(f"{self.path}.{number}"):
            number += 1
        for n in range(number, 1, -1):
            os.rename(f"{self.path}.{n - 1}", f"{self.path}.{n}")

    def rotate(self, way):
        """Call it with the lock held."""
        if not os.path.exists(self.path) or os.path.getsize(self.path) == 0:
            return
        if way == "renamed":
            if self.chance.random() < 0.3:  # the exchange died in the middle of a line, and counts it as ended
                self.put(self.next_row().rstrip("\n"))
                self.written.append("\n")
            self.shift()
            os.rename(self.path, f"{self.path}.1")
        else:
            if way == "copied":
                self.shift()
                shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)
        self.done[way] += 1
        self.put(self.next_row())


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.chance, self.folder = asked, random.Random(asked.seed), folder
        os.mkdir(os.path.join(folder, "pbx"))
        os.mkdir(os.path.join(folder, "fresh"))
        file = os.path.join(folder, "pbx", "Master.csv")
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"), followed=file)
        self.fresh = Product(asked.normwatch, os.path.join(folder, "fresh"), os.path.join(folder, "fresh", "data"))
        self.writer = Writer(file, random.Random(asked.seed + 1))
        self.kills = self.starts_killed = 0

    def run(self):
        self.product.apply_directory()
        self.writer.thread.start()
        try:
            while self.kills < self.asked.kills:
                self.kill_once()
                if self.kills % 10 == 5:
                    self.truncate_caught_up()
                if self.kills % 50 == 0:
                    print(f"{self.kills} kills, {self.writer.rows} rows, {self.writer.done}", file=sys.stderr, flush=True)
        finally:
            self.writer.stopping.set()
            self.writer.thread.join()
            self.product.stop()
        need(self.writer.failure is None, f"the writer failed: {self.writer.failure}")
        try:
            return self.judge()
        finally:
            self.product.stop()

    def kill_once(self):
        self.product.launch()
        if self.kills % 4 == 3:
            time.sleep(self.chance.uniform(0, 0.03))
            self.starts_killed += 1
        else:
            if self.chance.random() < 0.8:
                self.product.wait_ready()
            if self.chance.random() < 0.3:
                self.rotate()
            time.sleep(self.chance.uniform(0.03, 0.25) if self.chance.random() < 0.8 else 1.3)
        self.product.kill()
        self.kills += 1
        for _ in range(self.chance.choice([0, 0, 0, 0, 1, 2])):  # nobody looks
            self.rotate()

    def rotate(self):
        with self.writer.lock:
            self.writer.rotate(self.chance.choice(["renamed", "copied"]))

    def truncate_caught_up(self):
        self.product.start()
        with self.writer.lock:
            self.writer.settle()
            self.wait_caught_up()
            self.writer.rotate("truncated")
        self.product.kill()
        self.kills += 1

    def wait_caught_up(self):
        """Until the cursor stands at the end of the file that is written."""
        cursor = os.path.join(self.product.data_dir, "cursors", "pbx-1")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            about = os.stat(self.writer.path)
            try:
                with open(cursor, encoding="ascii") as text:
                    said = dict(line.split(" ", 1) for line in text.read().splitlines())
                if int(said["inode"]) == about.st_ino and int(said["byte"]) == about.st_size:
                    return
            except FileNotFoundError:
                pass
            time.sleep(0.05)
        raise Broken(f"not caught up within 120 s: {self.product.last_words()}")

    def wait_said_ok(self):
        """The state is told a moment after the cursor is written."""
        deadline = time.monotonic() + 10
        while True:
            said = next(s for s in self.product.get_json("/v1/sources")["sources"] if s["id"] == "pbx-1")
            if (said["class"], said["state"]) == ("D", "ok"):
                return
            need(time.monotonic() < deadline, f"/v1/sources: {said}")
            time.sleep(0.05)

    def answers(self, product):
        """What both must say, and the ledger."""
        ledger = product.doctor()
        report = product.ask("report", *WIDE, "--by", "manager,day")
        calls = product.ask("calls", *WIDE)
        items = product.ask("quarantine", "list")["items"]
        report.pop("meta")
        return {
            "ledger": ledger,
            "report": report,
            "calls": calls["calls"],
            "quarantine": sorted((item["reason"], item["bytes"]) for item in items),
        }

    def judge(self):
        self.product.start()
        self.writer.settle()
        self.wait_caught_up()
        self.wait_said_ok()
        self.product.stop()
        whole = os.path.join(self.folder, "fresh", "Master.csv")
        with open(whole, "w", encoding="ascii") as out:
            out.writelines(self.writer.written)
        self.fresh.apply_directory()
        imported = self.fresh.ask("import", "--source", "pbx-1", "--wait", whole)
        need(imported["duplicates"] == 0 and imported["read"] == self.writer.rows + self.writer.broken, f"import: {imported}")
        wanted, found = self.answers(self.fresh), self.answers(self.product)
        ids = [{i for call in side["calls"] for i in call["native_ids"]} for side in (wanted, found)]
        need(not ids[0] - ids[1], f"{len(ids[0] - ids[1])} calls lost")
        need(found["ledger"] == wanted["ledger"], f"ledger {found['ledger']}, of the import {wanted['ledger']}")
        for part in wanted:
            need(found[part] == wanted[part], f"{part} differs from the import's")
        need(all(self.writer.done.values()) or self.asked.kills < 20, f"some rotation never was: {self.writer.done}")
        return {"drill": "kill_follow", "seed": self.asked.seed, "kills": self.kills, "in_start": self.starts_killed, **self.writer.done,
                "rows": self.writer.rows, "broken": self.writer.broken, "lost": 0, "double": 0, "ledger": found["ledger"]}


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, kills=200, seed=5))
