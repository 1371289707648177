#!/usr/bin/env python3
"""kill_import.py --normwatch BINARY [--kills N] [--rows N] [--seed S] [--folder DIR]

Kills `normwatch import` with SIGKILL at random moments while it reads telephone records, and resumes it with `--skip`
where the log says that it stopped, every third time a little before that. Half of the imports wait for the fold, so that it is
killed too; every fourth kill falls into the first 30 ms, so that recovery is killed. All on one growing data directory.

Judged: after each kill the log holds exactly a prefix of the lines; at the end every row is one call, the repeated lines
and nothing else were judged duplicate, the ledger balances and `doctor` says equal. It proves atomicity and recovery; a
kill leaves the page cache alone, so durability is power_cut.py's matter.

One JSON line at the end. Exit code: 0 all holds, 1 something does not, 2 usage.
"""
import datetime
import os
import random
import signal
import subprocess
import sys
import time

from product import MANAGERS, Product, main_of, need

FIRST_DAY = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
DAYS = 30
LISTED_MAX = 100_000  # so many calls are also compared one by one


def row(n):
    """The n-th record: an answered call of 20 s, one call of its own."""
    who = 101 + n % len(MANAGERS)
    start = FIRST_DAY + datetime.timedelta(seconds=n * 7 % (DAYS * 86400))
    texts = [(start + datetime.timedelta(seconds=s)).strftime("%Y-%m-%d %H:%M:%S") for s in (0, 5, 25)]
    unique = f"{int(start.timestamp())}.{n}"
    number = f"7495{1000000 + n % 5000}"
    return (
        f'"","{who}","{number}","default","""{who}"" <{who}>","PJSIP/{who}-{n:08x}","PJSIP/trunk-{n:08x}","Dial","",'
        f'"{texts[0]}","{texts[1]}","{texts[2]}",25,20,"ANSWERED","DOCUMENTATION","{unique}","","","{unique}",{n}\n'
    )


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.chance = asked, random.Random(asked.seed)
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"))
        self.file = os.path.join(folder, "Master.csv")
        self.rows = self.repeated = self.kills = self.missed = self.inside = 0
        self.delay_max = {False: 0.1, True: 0.5}  # without and with the wait for the fold

    def add_rows(self, count):
        with open(self.file, "a", encoding="ascii") as out:
            out.writelines(row(n) for n in range(self.rows, self.rows + count))
        self.rows += count

    def durable(self):
        """How many lines of the file the log holds."""
        return self.product.end_of_log() - self.base - self.repeated

    def import_from(self, line, wait):
        words = ["import", "--source", "pbx-1", "--format", "asterisk-cdr-csv", "--skip", str(line), *(["--wait"] if wait else []), self.file]
        return subprocess.Popen(self.product.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill_once(self, done):
        """Starts an import at or a little before line `done`, kills it, returns how many lines are durable then."""
        again = min(done, self.chance.randint(1, 500)) if self.kills % 3 == 2 else 0
        early = self.kills % 4 == 3
        wait = self.kills % 2 == 1
        victim = self.import_from(done - again, wait)
        time.sleep(self.chance.uniform(0, 0.03 if early else self.delay_max[wait]))
        victim.send_signal(signal.SIGKILL)
        words = victim.stderr.read().decode(errors="replace")
        status = victim.wait()
        need(status in (0, -signal.SIGKILL), f"import exited {status}: {words[-400:]}")
        if status == 0:
            self.missed += 1
        else:
            self.kills += 1
        # Most kills shall fall while there is work, whatever the speed of this machine.
        self.delay_max[wait] = min(20.0, max(0.01, self.delay_max[wait] * (0.7 if status == 0 else 1.1)))
        # What was written again are the first lines of it: no more than asked, and they are no progress.
        grown = self.durable() - done
        need(grown >= 0, f"{-grown} lines less than before the kill")
        repeated = min(grown, again)
        self.repeated += repeated
        self.inside += status != 0 and grown > 0
        return done + grown - repeated

    def run(self):
        self.product.apply_directory()
        # The first import declares the configuration's settings: only then the base is known.
        open(self.file, "wb").close()
        need(self.import_from(0, True).wait() == 0, "the import of an empty file fails")
        self.base = self.product.end_of_log()
        done, share = 0, max(100, self.asked.rows // self.asked.kills)
        while self.kills < self.asked.kills:
            self.add_rows(self.chance.randint(1, share))
            before = self.kills
            done = self.kill_once(done)
            need(done <= self.rows, f"{done} lines durable of {self.rows}")
            if self.kills > before and self.kills == 10:
                self.product.doctor()  # folds the whole log anew: dear later on, and done at the end
            if self.kills > before and self.kills % 50 == 0:
                print(f"{self.kills} kills, {done} of {self.rows} rows", file=sys.stderr, flush=True)
        self.add_rows(max(0, self.asked.rows - self.rows))
        need(self.import_from(done, True).wait() == 0, "the last import fails")
        need(self.durable() == self.rows, f"{self.durable()} lines durable of {self.rows}")
        need(self.inside > 0, "no kill fell between two groups of lines: give it more rows")
        return self.judge()

    def judge(self):
        wide = ["--from", "2026-01-01T00:00:00Z", "--until", "2026-03-01T00:00:00Z"]
        ledger = self.product.doctor()
        need(ledger["duplicate"] == self.repeated, f"{self.repeated} lines were repeated, {ledger['duplicate']} judged duplicate")
        need(ledger["quarantined"] == 0 and ledger["waiting"] == 0, f"ledger: {ledger}")
        counted = self.product.ask("report", *wide, "--kpi", "calls_out,talk_seconds")["totals"]
        need(counted["calls_out"] == self.rows, f"{self.rows} rows, {counted['calls_out']} calls counted")
        need(counted["talk_seconds"] == 20 * self.rows, f"{counted['talk_seconds']} s of talk, wanted {20 * self.rows}")
        if self.rows <= LISTED_MAX:
            calls = self.product.ask("calls", *wide)["calls"]
            found = sorted(int(c["native_ids"][0].rpartition(".")[2]) for c in calls)
            need(found == list(range(self.rows)), f"{self.rows} rows, {len(found)} calls listed, {len(set(found))} distinct")
        return {"drill": "kill_import", "seed": self.asked.seed, "kills": self.kills, "inside": self.inside, "ended_before": self.missed, "rows": self.rows,
                "repeated": self.repeated, "lost": 0, "double": 0, "ledger": ledger}


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, kills=200, rows=1_000_000, seed=3))
