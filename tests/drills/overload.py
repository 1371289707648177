#!/usr/bin/env python3
"""overload.py --normwatch BINARY [--seconds S] [--memory-mib M] [--goodput-percent P] [--times T] [--folder DIR]

Pushes events at a server that lives in a memory cgroup: first by as many senders as it keeps up with, then by a crowd that offers T (10)
times that rate and never waits for being let in: what is refused is offered again in its turn. With T = 0 the crowd sends as fast as its
sockets take it, which is more than any rate that was asked for. Beside the crowd stand clients that honour Retry-After.
What is acknowledged a second must stay at 90 % of the first part (on a busy machine P) or above, nobody is killed for memory, every honest client brings
everything, and what was acknowledged is in the numbers once. The server has one core and the senders have the others, so that the crowd
takes away no more than its requests do. Without the right to a cgroup its resident memory is looked at instead. Exit code: 0 all holds, 1 not."""
import collections
import http.client
import json
import multiprocessing
import os
import pathlib
import selectors
import socket
import sys
import time

from product import Product, main_of, need

EVENTS = 500  # of a batch, about 150 KiB
PEAK_SENDERS, CROWD, HONEST = 4, 1200, 4  # who is refused has waited for his turn: ten times the peak needs many
CROWD_PROCESSES = 2
NAME = b"@@@@@@@@"


def template():
    """A batch whose calls are named anew by replacing one word."""
    at = "2026-11-03T10:00:00Z"
    word = NAME.decode()
    return json.dumps([
        {"specversion": "1.0", "id": f"{word}-{n}", "source": "/crm", "type": "normwatch.call.v1", "data": {
            "call_id": f"{word}-{n}", "direction": "outbound", "from": str(101 + n % 5), "to": f"+7495{1000000 + n}", "started_at": at, "answered_at": at, "ended_at": at}}
        for n in range(EVENTS)]).encode()


class Sender:
    """One connection. `post` gives how long to wait before the same batch is sent again, None when it is acknowledged."""

    def __init__(self, port, name):
        self.port, self.name, self.number, self.connection = port, name, 0, None
        self.acked = self.refused = 0
        self.batch = template()

    def body(self):
        return self.batch.replace(NAME, f"{self.name:04d}{self.number:04d}".encode())

    def post(self, body):
        try:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection.request("POST", "/v1/events?source=crm", body, {"Content-Type": "application/cloudevents-batch+json"})
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):  # a 503 may come before the body is read, and the connection goes
            self.connection.close()
            self.connection = None
            self.refused += 1
            return 0.1
        if answer.getheader("Connection") == "close":
            self.connection.close()
            self.connection = None
        if answer.status == 202:
            need(json.loads(text)["accepted"] == EVENTS, f"a part of a batch was taken: {text[:200]!r}")
            self.acked += 1
            self.number += 1
            return None
        need(answer.status in (429, 503) and answer.getheader("Retry-After"), f"{answer.status} {text[:200]!r}")
        self.refused += 1
        return float(answer.getheader("Retry-After"))


def patient(port, name, until, pipe):
    """Sends until the time is over; waits as it is told, and brings its last batch whatever it takes."""
    sender = Sender(port, name)
    while time.monotonic() < until:
        body = sender.body()
        deadline = time.monotonic() + 60
        while (wait := sender.post(body)) is not None:
            need(time.monotonic() < deadline, "a client that honours Retry-After is not let in for a minute")
            time.sleep(wait)
    pipe.send((sender.acked, sender.refused))


def crowd(port, first, count, rate, until, pipe):
    """Many connections in one process, which together begin `rate` requests a second (0: as many as they can), whatever the answers are. A
    refused body is sent again."""
    batch = template()
    acked = refused = begun = 0
    since = time.monotonic()
    polls = selectors.DefaultSelector()
    resting = collections.deque()

    class Line:
        def __init__(self, name):
            self.name, self.number, self.is_resting = name, 0, False
            self.open()

        def open(self):
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
            self.socket.setblocking(False)
            polls.register(self.socket, selectors.EVENT_READ, self)
            self.rest()

        def rest(self):
            self.got, self.left = b"", memoryview(b"")
            if not self.is_resting:
                self.is_resting = True
                resting.append(self)

        def begin(self):
            self.left, self.is_resting = memoryview(self.request()), False
            polls.modify(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

        def request(self):
            body = batch.replace(NAME, f"{self.name:04d}{self.number:04d}".encode())
            head = f"POST /v1/events?source=crm HTTP/1.1\r\nHost: a\r\nContent-Type: application/cloudevents-batch+json\r\nContent-Length: {len(body)}\r\n\r\n"
            return head.encode() + body

        def again(self, is_closed):
            if is_closed:
                polls.unregister(self.socket)
                self.socket.close()
                self.open()
            else:
                polls.modify(self.socket, selectors.EVENT_READ, self)
                self.rest()

    lines = [Line(first + n) for n in range(count)]
    while (now := time.monotonic()) < until:
        while resting and (not rate or begun < (now - since) * rate):
            resting.popleft().begin()
            begun += 1
        for key, ready in polls.select(timeout=0.002):
            line = key.data
            try:
                if ready & selectors.EVENT_WRITE and line.left:
                    line.left = line.left[line.socket.send(line.left):]
                    if not line.left:
                        polls.modify(line.socket, selectors.EVENT_READ, line)
                if ready & selectors.EVENT_READ:
                    piece = line.socket.recv(65536)
                    line.got += piece
                    head, split, rest = line.got.partition(b"\r\n\r\n")
                    if split and len(rest) >= int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
                        taken = head.startswith(b"HTTP/1.1 202")
                        acked, refused, line.number = acked + taken, refused + (not taken), line.number + taken
                        line.again(b"connection: close" in head.lower())
                    elif not piece:
                        refused += not line.is_resting
                        line.again(True)
            except OSError:
                refused += not line.is_resting
                line.again(True)
    # What is still on its way may or may not be taken: it is waited for, so that the count is exact.
    for line in lines:
        line.socket.setblocking(True)
        line.socket.settimeout(60)
        try:
            line.socket.sendall(line.left)
            while b"\r\n\r\n" not in line.got:
                piece = line.socket.recv(65536)
                if not piece:
                    break
                line.got += piece
        except OSError:
            pass
        acked += line.got.startswith(b"HTTP/1.1 202")
        line.socket.close()
    pipe.send((acked, refused))


class MemoryGroup:
    """A memory cgroup, of version 2 or 1, below the one that this process is in."""

    def __init__(self, mib):
        root = pathlib.Path("/sys/fs/cgroup")
        groups = dict((line.split(":")[1], line.strip().split(":", 2)[2]) for line in open("/proc/self/cgroup", encoding="ascii"))
        self.is_v1 = "memory" in groups
        base = root / "memory" / groups["memory"].lstrip("/") if self.is_v1 else root / groups[""].lstrip("/")
        self.path = base / f"normwatch-overload-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.is_v1 else "memory.max")).write_text(str(mib << 20))

    def add(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def killed(self):
        lines = (self.path / ("memory.oom_control" if self.is_v1 else "memory.events")).read_text(encoding="ascii").split("\n")
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self):
        self.path.rmdir()


class Overload:
    def __init__(self, asked, folder):
        self.seconds, self.mib, self.goodput_min, self.times = asked.seconds, asked.memory_mib, asked.goodput_percent / 100, asked.times
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"))

    def part(self, workers, seconds):
        """Runs workers, each a function and its arguments, for so many seconds; what each says."""
        until = time.monotonic() + seconds
        running = []
        for worker, arguments in workers:
            ours, theirs = multiprocessing.Pipe(False)
            process = multiprocessing.Process(target=worker, args=(self.product.port, *arguments, until, theirs))
            process.start()
            theirs.close()
            running.append((process, ours))
        said = []
        for process, pipe in running:
            try:
                said.append(pipe.recv())
            except EOFError:
                need(False, "a sender broke off: its error stands above")
            process.join()
        return said

    def counted(self):
        return self.product.get_json("/v1/kpis?day=2026-11-03&kpi=calls_out")["totals"]["calls_out"] or 0

    def run(self):
        self.product.apply_directory()
        group = None
        try:
            group = MemoryGroup(self.mib)
        except (OSError, KeyError) as refused:
            print(f"overload.py: no memory cgroup ({refused}): the server's memory is only looked at", file=sys.stderr)
        try:
            return self.loaded(group)
        finally:
            self.product.stop()
            if group:
                group.remove()

    def loaded(self, group):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:1])  # the server inherits it
        self.product.launch()
        os.sched_setaffinity(0, cores[1:] or cores)
        if group:
            group.add(self.product.server.pid)
        self.product.wait_ready()
        peak = self.part([(patient, (n,)) for n in range(PEAK_SENDERS)], self.seconds / 3)
        peak_rate = sum(acked for acked, _ in peak) * EVENTS / (self.seconds / 3)
        self.wait_folded(sum(acked for acked, _ in peak) * EVENTS)
        workers = [(patient, (100 + n,)) for n in range(HONEST)]
        crowd_rate = self.times * peak_rate / EVENTS / CROWD_PROCESSES
        workers += [(crowd, (1000 + n * 2000, CROWD // CROWD_PROCESSES, crowd_rate)) for n in range(CROWD_PROCESSES)]
        said = self.part(workers, self.seconds)
        acked = sum(one for one, _ in said)
        refused = sum(one for _, one in said)
        rate = acked * EVENTS / self.seconds
        need(self.product.server.poll() is None, f"the server ended: {self.product.last_words()}")
        need(group is None or group.killed() == 0, "the server was killed for memory")
        need(all(one > 0 for one, _ in said[:HONEST]), "a client that honours Retry-After brought nothing")
        need(rate >= self.goodput_min * peak_rate, f"goodput fell from {peak_rate:.0f} to {rate:.0f} events a second")
        total = (acked + sum(one for one, _ in peak)) * EVENTS
        self.wait_folded(total)
        counted = self.counted()
        need(counted == total, f"{total} calls were acknowledged, {counted} are in the numbers")
        hwm = next(int(line.split()[1]) for line in open(f"/proc/{self.product.server.pid}/status", encoding="ascii") if line.startswith("VmHWM"))
        need(hwm < self.mib << 10, f"{hwm >> 10} MiB were resident")
        return {"drill": "overload", "seconds": self.seconds, "memory_mib": self.mib, "peak_events_per_second": round(peak_rate), "goodput_events_per_second": round(rate),
                "offered_to_peak": round((acked + refused) * EVENTS / self.seconds / peak_rate, 1), "refused": refused, "acked": total, "counted": counted, "rss_peak_mib": hwm // 1024}

    def wait_folded(self, total):
        deadline = time.monotonic() + 900
        while time.monotonic() < deadline:
            if self.counted() >= total:
                return
            time.sleep(0.1)
        need(False, "the views do not follow the log")


if __name__ == "__main__":
    sys.exit(main_of(Overload, __doc__, seconds=60, memory_mib=512, goodput_percent=90, times=10, seed=1))
