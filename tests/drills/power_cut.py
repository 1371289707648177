#!/usr/bin/env python3
"""power_cut.py --normwatch BINARY [--cuts N] [--seed S] [--senders N]

Cuts the power under a running `normwatch serve`. Its data directory alone lies on an ext4 image on a loop device, in a
mount namespace of our own; senders, their journal of acknowledged ids, the configuration and the server's log lie elsewhere.

A cut: under full load the server is stopped with SIGSTOP until all its threads stand (nothing may be acknowledged after the
cut), the file system is shut down without flushing (pages not written and the running journal transaction are gone), the
server is killed, the answers already in the senders' sockets are read (they are acknowledgements), the image is mounted
again, which replays the journal as a boot would, and the product starts without any special word.

Judged: every acknowledged event is a call that is shown once, nothing is shown that was not sent, the KPI agrees with the
list, the ledger balances and `doctor` says equal. (Whether an answer leaves a moment before its sync is the simulated disk's matter,
tests/eventlog: a sync in the kernel ends before the process stands.) Twenty cuts fall on one image, so that recovery meets what a recovery left.

One JSON line at the end. Exit code: 0 all holds, 1 something does not, 2 usage, 3 cannot be done here.
"""
import argparse
import collections
import ctypes
import datetime
import fcntl
import http.client
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time

from product import Broken, MANAGERS, Product, need

CUTS_PER_IMAGE = 20
IMAGE_BYTES = 1 << 30
FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, uint32_t)
NO_LOG_FLUSH = 2
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 0x4000, 0x40000
FIRST_DAY = datetime.date(2026, 1, 5)


class CannotRun(Exception):
    """The machine does not allow the drill."""


def own_mounts():
    """Leaves the mounts of the machine alone: others neither see ours nor keep a dead one alive."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        raise CannotRun(f"no mount namespace of our own: {os.strerror(ctypes.get_errno())}")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"`{' '.join(command)}`: {done.stderr.strip()}")


class Disk:
    """An ext4 image that can lose its power."""

    def __init__(self, folder):
        self.image, self.mount = os.path.join(folder, "image"), os.path.join(folder, "mount")
        os.mkdir(self.mount)
        self.mounted = False

    def make(self):
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.power_on()
        run("sync", "-f", self.mount)

    def power_on(self):
        run("mount", "-o", "loop", self.image, self.mount)
        self.mounted = True

    def cut(self):
        root = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(root, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError as error:
            raise CannotRun(f"this kernel does not shut the file system down: {error}") from error
        finally:
            os.close(root)

    def power_off(self):
        if self.mounted:
            run("umount", self.mount)
            self.mounted = False


def event(day, n):
    """The n-th call of a day: outgoing, answered, of 3 s."""
    second = n % 86000
    at = [f"{day}T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z" for s in (second, second + 2, second + 5)]
    data = {"call_id": f"{day}/{n}", "direction": "outbound", "from": str(101 + n % len(MANAGERS)), "to": f"+7495{1000000 + n % 5000}",
            "started_at": at[0], "answered_at": at[1], "ended_at": at[2]}
    return {"specversion": "1.0", "id": f"{day}/{n}", "source": "/crm", "type": "normwatch.call.v1", "time": at[2],
            "datacontenttype": "application/json", "data": data}


class Load:
    """Senders under full load. An id is journalled after its answer was read; it ends when the connection does."""

    def __init__(self, port, day, senders, chance):
        self.port, self.day = port, day
        self.sent, self.acked, self.wrong = 0, set(), []
        self.lock = threading.Lock()
        seeds = [chance.randrange(1 << 30) for _ in range(senders)]
        self.threads = [threading.Thread(target=self.send, args=(random.Random(seed),)) for seed in seeds]
        for thread in self.threads:
            thread.start()

    def take(self, count):
        with self.lock:
            self.sent += count
            return range(self.sent - count, self.sent)

    def send(self, chance):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            while True:
                ids = self.take(chance.choice((1, 1, 5, 50)))
                body = json.dumps([event(self.day, n) for n in ids])
                connection.request("POST", "/v1/events", body, {"Content-Type": "application/cloudevents-batch+json"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status in (429, 503):
                    continue
                verdict = json.loads(text)
                if answer.status != 202 or verdict["rejected"] or verdict["accepted"] != len(ids):
                    self.wrong.append(f"{answer.status} {text[:300]!r}")
                    return
                with self.lock:
                    self.acked.update(ids)
        except (OSError, http.client.HTTPException, ValueError):
            return  # the power went
        finally:
            connection.close()

    def drain(self):
        for thread in self.threads:
            thread.join()


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.folder, self.chance = asked, folder, random.Random(asked.seed)
        self.disk = Disk(folder)
        self.days = {}  # of this image: day -> (acked, sent)
        self.tally = collections.Counter()
        self.product = None

    def new_image(self):
        self.disk.power_off()
        self.disk.make()
        self.days.clear()
        self.product = Product(self.asked.normwatch, self.folder, os.path.join(self.disk.mount, "data"))
        self.product.apply_directory()
        self.product.start()

    def cut_once(self, day):
        load = Load(self.product.port, day, self.asked.senders, self.chance)
        time.sleep(self.chance.uniform(0.05, 0.6))
        self.product.freeze()
        self.disk.cut()
        self.product.kill()
        load.drain()
        need(not load.wrong, f"a sender was answered {load.wrong[:1]}")
        self.days[day] = (load.acked, load.sent)
        self.tally.update(cuts=1, sent=load.sent, acked=len(load.acked))
        self.disk.power_off()
        self.disk.power_on()
        self.product.start()

    def shown(self, day):
        """The numbers of the calls that a day shows; each must stand there once."""
        found, cursor = set(), ""
        until = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
        while True:
            page = self.product.get_json(f"/v1/calls?from={day}T00:00:00Z&until={until}T00:00:00Z&limit=1000{cursor}")
            for call in page["calls"]:
                n = int(call["native_ids"][0].rpartition("/")[2])
                need(n not in found, f"call {day}/{n} is shown twice")
                found.add(n)
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def judge(self, day):
        acked, sent = self.days[day]
        until = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
        found = self.shown(day)
        lost = acked - found
        need(not lost, f"{len(lost)} of {len(acked)} acknowledged calls of {day} lost, for example {sorted(lost)[:3]}")
        need(not found or max(found) < sent, f"call {max(found, default=0)} of {day} was never sent")
        totals = self.product.get_json(f"/v1/kpis?from={day}T00:00:00Z&until={until}T00:00:00Z&kpi=calls_out,talk_seconds")["totals"]
        need(totals["calls_out"] == len(found), f"{len(found)} calls of {day} listed, {totals['calls_out']} counted")
        need(totals["talk_seconds"] == 3 * len(found), f"{totals['talk_seconds']} s of talk in {len(found)} calls of 3 s")

    def wait_until_folded(self):
        """Reading needs no waiting for a leader here; the views follow the log within moments of the start."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.product.doctor()["waiting"] == 0:
                return
        raise Broken("the views do not follow the log")

    def run(self):
        for cut in range(self.asked.cuts):
            if cut % CUTS_PER_IMAGE == 0:
                if self.product:
                    self.finish_image()
                self.new_image()
            day = str(FIRST_DAY + datetime.timedelta(days=cut))
            self.cut_once(day)
            self.wait_until_folded()
            self.judge(day)
        self.finish_image()
        return {"drill": "power_cut", "seed": self.asked.seed, **self.tally, "lost": 0, "double": 0, "failed_starts": 0}

    def finish_image(self):
        """Nothing of an earlier cut may have changed by a later one."""
        for day in self.days:
            self.judge(day)
        self.product.stop()
        print(f"{self.tally['cuts']} cuts, {self.tally['acked']} acknowledged, 0 lost, 0 double", file=sys.stderr, flush=True)

    def close(self):
        if self.product:
            self.product.stop()
        self.disk.power_off()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--normwatch", required=True)
    parser.add_argument("--cuts", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--senders", type=int, default=8)
    asked = parser.parse_args()
    drill = None
    with tempfile.TemporaryDirectory(prefix="normwatch-cut.", ignore_cleanup_errors=True) as folder:
        try:
            if os.geteuid() != 0:
                raise CannotRun("needs root")
            own_mounts()
            drill = Drill(asked, folder)
            print(json.dumps(drill.run()))
            return 0
        except Broken as broken:
            print(f"power_cut.py: seed {asked.seed}, cut {drill.tally['cuts']}: {broken}", file=sys.stderr)
            return 1
        except CannotRun as reason:
            print(f"power_cut.py: {reason}", file=sys.stderr)
            return 3
        finally:
            if drill:
                drill.close()


if __name__ == "__main__":
    sys.exit(main())
