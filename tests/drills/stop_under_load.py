#!/usr/bin/env python3
"""stop_under_load.py --normwatch BINARY [--stops N] [--seed S] [--folder DIR]

Stops a server with SIGTERM while senders push events in small and in large batches and a file is streamed to it, and while others
do what clients should not: send a body byte by byte, hold idle connections, wait for an offset that never comes, ask for a long
answer and never read it, ask for a doctor. Every stop must end with exit code 0 within 11 s. A sender notes what it was
answered; at the end every such event is in the numbers once, the ledger balances and doctor says equal."""
import contextlib
import datetime
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

from product import Product, main_of, need

FIRST_DAY = datetime.date(2025, 1, 1)
EXIT_MAX = 11.0
SMALL, LARGE, FILE = 20, 400, 1000  # events of a batch on the socket thread, of one on the pool, of a file


def call(day, name, n):
    at = f"{day}T{n // 3600 % 20:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z"
    data = {"call_id": name, "direction": "outbound", "from": "101", "to": "+74951234567", "started_at": at, "answered_at": at, "ended_at": at}
    return {"specversion": "1.0", "id": name, "source": "/crm", "type": "normwatch.call.v1", "data": data}


class Round:
    """One start, load and stop. Its calls are of a day of its own."""

    def __init__(self, drill, number):
        self.product, self.day = drill.product, FIRST_DAY + datetime.timedelta(days=number)
        self.number, self.acked, self.lock, self.ending = number, [], threading.Lock(), threading.Event()
        self.refused, self.broken = 0, []
        self.sockets = []

    def sender(self, who, size):
        """Pushes batches until the server goes; notes a batch once its answer is read."""
        sent, connection = 0, None
        while not self.ending.is_set():
            names = [f"{self.number}-{who}-{n}" for n in range(sent, sent + size)]
            body = json.dumps([call(self.day, name, sent + n) for n, name in enumerate(names)])
            sent += size
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=30)
                connection.request("POST", "/v1/events", body, {"Content-Type": "application/cloudevents-batch+json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                with contextlib.suppress(OSError):
                    connection.close()
                connection = None
                time.sleep(0.01)  # the listening socket is gone: spare the machine
                continue
            with self.lock:
                if answer.status == 202 and json.loads(text)["accepted"] == size:
                    self.acked += names
                elif answer.status == 503 and answer.getheader("Retry-After"):
                    self.refused += 1
                else:
                    self.broken.append(f"{answer.status} {text[:200]!r}")
            if answer.getheader("Connection") == "close":
                connection.close()
                connection = None

    def importer(self):
        """Streams one file after the other; a file is noted once the last line says that all of it is durable."""
        for file in range(1_000_000):
            if self.ending.is_set():
                return
            names = [f"{self.number}-file-{file}-{n}" for n in range(FILE)]
            body = "".join(json.dumps(call(self.day, name, n)) + "\n" for n, name in enumerate(names))
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=30)
                connection.request("POST", f"/v1/sources/crm/import?file={file}", body, {"Content-Type": "application/octet-stream"})
                answer = connection.getresponse()
                text = answer.read()
                connection.close()
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
                continue
            if answer.status == 200 and text and json.loads(text.splitlines()[-1])["accepted"] == FILE:
                with self.lock:
                    self.acked += names

    def dribble_file(self):
        """A file of which a line comes now and then, never the last."""
        with contextlib.suppress(OSError):
            stream = self.connect()
            stream.sendall(b"POST /v1/sources/crm/import?file=live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not self.ending.wait(0.02):
                stream.sendall(b"1\r\n\n\r\n")

    def connect(self):
        one = socket.create_connection(("127.0.0.1", self.product.port), timeout=30)
        self.sockets.append(one)
        return one

    def dribble(self):
        """A body of which a byte comes now and then, never the last."""
        with contextlib.suppress(OSError):
            slow = self.connect()
            slow.sendall(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            while not self.ending.wait(0.05):
                slow.sendall(b" ")

    def nuisances(self, hard):
        """Connections that do nothing, or nothing that could end soon; the hard ones hold up the drain."""
        for _ in range(20):
            self.connect()
        self.connect().sendall(b"GET /v1/managers?min_offset=999999999 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.connect().sendall(b"GET /v1/managers?min_offset=999999999 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.connect().sendall(b"POST /v1/doctor HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        if hard:
            self.connect().sendall(b"GET /v1/ma")  # half a head
            deaf = self.connect()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(b"GET /v1/calls?limit=10000 HTTP/1.1\r\nHost: a\r\n\r\n")

    def run(self, load_seconds, hard):
        self.product.start()
        work = [threading.Thread(target=self.sender, args=(f"s{n}", SMALL)) for n in range(3)]
        work += [threading.Thread(target=self.sender, args=("large", LARGE)), threading.Thread(target=self.importer), threading.Thread(target=self.dribble_file)]
        work += [threading.Thread(target=self.dribble) for _ in range(5 if hard else 0)]
        for one in work:
            one.start()
        self.nuisances(hard)
        time.sleep(load_seconds)
        asked = time.monotonic()
        self.product.server.send_signal(signal.SIGTERM)
        try:
            status = self.product.server.wait(60)
        except subprocess.TimeoutExpired:
            status = None
            self.product.server.kill()
            self.product.server.wait()
        took = time.monotonic() - asked
        self.ending.set()
        for one in work:
            one.join()
        for one in self.sockets:
            one.close()
        self.product.server = None
        need(status == 0, f"stop {self.number}: exit {status} after {took:.1f} s: {self.product.last_words()}")
        need(took <= EXIT_MAX, f"stop {self.number}: took {took:.1f} s")
        need(not self.broken, f"stop {self.number}: answers {self.broken[:3]}")
        return took


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.chance = asked, random.Random(asked.seed)
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"))
        self.acked = self.applied = self.refused = 0
        self.took = []

    def check(self, done):
        """What was acknowledged in a round is there, and nothing is there twice."""
        day = ["--from", f"{done.day}T00:00:00Z", "--until", f"{done.day}T23:59:59Z"]
        listed = [call["native_ids"][0] for call in self.product.ask("calls", *day)["calls"]]
        need(len(listed) == len(set(listed)), f"stop {done.number}: a call is listed twice")
        lost = set(done.acked) - set(listed)
        need(not lost, f"stop {done.number}: {len(lost)} of {len(done.acked)} acknowledged events are lost, {sorted(lost)[:3]}")
        counted = self.product.ask("report", *day, "--kpi", "calls_out")["totals"]["calls_out"]
        need(counted == len(listed), f"stop {done.number}: {len(listed)} calls, {counted} counted")
        self.acked += len(done.acked)
        self.applied += len(listed)
        self.refused += done.refused

    def run(self):
        self.product.apply_directory()
        for number in range(self.asked.stops):
            done = Round(self, number)
            hard = number % 2 == 1
            self.took.append((done.run(self.chance.uniform(0.2, 0.8), hard), hard))
            self.check(done)
            if number % 10 == 9:
                print(f"{number + 1} stops, {self.acked} acknowledged", file=sys.stderr, flush=True)
        need(self.acked > 0, "nothing was acknowledged")
        ledger = self.product.doctor()
        need(ledger["duplicate"] == 0 and ledger["quarantined"] == 0 and ledger["waiting"] == 0, f"ledger: {ledger}")
        calm = [took for took, hard in self.took if not hard]
        rough = [took for took, hard in self.took if hard]
        return {"drill": "stop_under_load", "seed": self.asked.seed, "stops": len(self.took), "acked": self.acked, "applied": self.applied, "refused": self.refused,
                "lost": 0, "double": 0, "seconds_max": round(max(calm), 2), "seconds_max_with_slow_clients": round(max(rough, default=0), 2), "ledger": ledger}


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, stops=100, seed=11))
