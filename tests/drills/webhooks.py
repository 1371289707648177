#!/usr/bin/env python3
"""webhooks.py --normwatch BINARY [--folder DIR]

A receiver of deviations that refuses, hangs and is away, and a server that is killed meanwhile. Every step of every deviation must arrive, in its
order for each manager, once or more often with the same id, and signed as the reference library of Standard Webhooks signs. It takes a quarter of
an hour, because a deviation must last for ten minutes of the clock. Exit code: 0 all holds, 1 not. Needs the packages of tests/requirements.txt."""
import datetime
import http.server
import json
import os
import sys
import threading
import time

from product import DIRECTORY, MANAGERS, SOURCES, Product, free_port, main_of, need
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KPIS = ("calls_in", "calls_out", "calls_out_answered", "emails_sent", "touches", "meetings_held")
NORMS = (
    'calendars: [{id: std, weekdays: {mon-sun: ["00:00-23:59"]}}]\n'
    f"norms: [{', '.join(f'{{kpi: {kpi}, per: {per}, value: 1000000}}' for kpi in KPIS for per in ('day', 'week'))}]\n"
)
STEPS = len(MANAGERS) * len(KPIS) * 2
PATIENCE_SECONDS = 1_000
HANG_SECONDS = 17  # the sender waits for fifteen


class Receiver:
    """Takes what is posted, but for its faults, which come one after the other."""

    def __init__(self, port):
        self.port, self.taken, self.faults = port, [], ["refuse", "refuse", "hang", "away"]
        self.met, self.server = [], None
        self.lock = threading.Lock()

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(dict(self.headers), body)
                try:
                    self.send_response(status)
                    self.end_headers()
                except OSError:
                    pass  # the sender did not wait

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, headers, body):
        with self.lock:
            # A fault between any two deliveries, so that each meets one that is new and one that waits.
            fault = self.faults.pop(0) if self.faults and len(self.taken) >= len(self.met) else None
            if fault is None:
                self.taken.append((headers, body))
                return 204
            self.met.append(fault)
        if fault == "hang":
            time.sleep(HANG_SECONDS)
        elif fault == "away":
            threading.Thread(target=self.be_away).start()
        return 500

    def be_away(self):
        self.stop()
        time.sleep(3)
        self.start()


class Webhooks:
    def __init__(self, asked, folder):
        self.receiver = Receiver(free_port())
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"))
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET + "\n")
        self.product.configure(SOURCES + f'webhooks: [{{id: boss, url: "http://127.0.0.1:{self.receiver.port}/", secret_file: "{secret}"}}]\n')

    def steps(self):
        """Every step that the server knows: (manager, id of the message, instant), by manager in their order."""
        found = []
        for one in self.product.get_json("/v1/deviations?limit=1000")["deviations"]:
            found += [(one["manager"], f"{one['id']}.{n + 1}", step["at"]) for n, step in enumerate(one["history"])]
        return sorted(found, key=lambda step: (step[0], step[2]))

    def run(self):
        directory = self.product.folder / "directory.yaml"
        directory.write_text(DIRECTORY + NORMS, encoding="ascii")
        self.receiver.start()
        self.product.start()
        self.product.ask("directory", "apply", "--wait", str(directory))
        self.wait(lambda: len(self.receiver.taken) >= 3, "the first deliveries")
        self.product.kill()
        self.product.start()
        self.wait(lambda: not self.receiver.faults and len(self.steps()) >= STEPS, "every deviation")
        expected = self.steps()
        self.wait(lambda: {id for _, id, _ in expected} <= {headers["webhook-id"] for headers, _ in self.receiver.taken}, "every delivery")
        self.check(expected)
        repeated = len(self.receiver.taken) - len({headers["webhook-id"] for headers, _ in self.receiver.taken})
        return {"drill": "webhooks", "steps": len(expected), "managers": len(MANAGERS), "taken": len(self.receiver.taken), "repeated": repeated, "faults": self.receiver.met}

    def check(self, expected):
        signer, first = Webhook(SECRET), {}
        for number, (headers, body) in enumerate(self.receiver.taken):
            id, at = headers["webhook-id"], datetime.datetime.fromtimestamp(int(headers["webhook-timestamp"]), datetime.timezone.utc)
            need(headers["webhook-signature"] == signer.sign(id, at, body.decode()), f"message {id} is signed otherwise than the library signs it")
            need(json.loads(body)["id"] == id, f"message {id} holds another id")
            first.setdefault(id, number)
        for manager in MANAGERS:
            instants = [at for _, at in sorted((first[id], at) for whose, id, at in expected if whose == manager)]
            need(instants and instants == sorted(instants), f"{manager}: his deviations came in another order: {instants}")

    def wait(self, holds, what):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            need(time.monotonic() < deadline, f"{what} did not come in time; taken: {len(self.receiver.taken)}, faults met: {self.receiver.met}")
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main_of(Webhooks, __doc__, seed=1))
