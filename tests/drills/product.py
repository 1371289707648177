"""The product as the drills see it: a configuration, its commands, its server."""
import argparse
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

MANAGERS = [f"m-{n}" for n in range(1, 6)]
DIRECTORY = (
    "teams: [{id: north, name: North}]\n"
    "managers:\n"
    + "".join(f"  - {{id: {m}, name: {m}, team: north, from: 2020-01-01}}\n" for m in MANAGERS)
    + "endpoints:\n"
    + "".join(f'  - {{kind: extension, address: "{101 + n}", manager: {m}}}\n' for n, m in enumerate(MANAGERS))
    + "  - {kind: trunk, address: trunk}\n"
)


class Broken(Exception):
    """A promise that did not hold; the text says which."""


def need(condition, what):
    if not condition:
        raise Broken(what)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


SOURCES = (
    '  - {id: pbx-1, kind: asterisk-cdr-csv, timezone: UTC, region: RU, international_prefix: "810", pbx: main}\n'
    "  - {id: crm, kind: cloudevents}\n"
)


class Product:
    """One data directory. `folder` holds what may outlive the victim's disk: configuration and server log.

    `sources`: the lines of its configuration; `followed`: the file that the source pbx-1 follows."""

    def __init__(self, binary, folder, data_dir, sources=SOURCES, followed=None):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder, self.data_dir = pathlib.Path(folder), data_dir
        self.port, self.server = free_port(), None
        self.metrics_port = free_port()
        self.config = self.folder / "normwatch.yaml"
        self.configure(sources.replace("pbx: main}", f"pbx: main, path: {followed}, follow: true}}") if followed else sources)

    def configure(self, sources):
        """Writes the configuration with these sources; whoever starts next reads it."""
        self.config.write_text(
            f"data_dir: {self.data_dir}\n"
            "company: {id: acme, name: Acme, timezone: UTC, region: RU, currency: RUB, mail_domains: [acme.example]}\n"
            f'server: {{listen: "127.0.0.1:{self.port}", metrics_listen: "127.0.0.1:{self.metrics_port}"}}\n'
            "sources:\n" + sources
        )

    def command(self, *words):
        """`normwatch WORDS --config ...`; the configuration stands behind the verb."""
        verbs = 2 if words[0] in ("directory", "quarantine", "config") else 1
        return [self.binary, *words[:verbs], "--config", str(self.config), *words[verbs:]]

    def ask(self, *words, ok=(0,)):
        """Runs a command and returns its JSON answer."""
        done = subprocess.run(self.command(*words, "-o", "json"), capture_output=True, text=True, timeout=900)
        need(done.returncode in ok, f"`{' '.join(words)}` exited {done.returncode}: {done.stderr.strip()[-400:]}")
        return json.loads(done.stdout)

    def apply_directory(self):
        path = self.folder / "directory.yaml"
        path.write_text(DIRECTORY)
        self.ask("directory", "apply", "--wait", str(path))

    def end_of_log(self):
        """The offset behind the last durable record; whoever answers has folded up to it."""
        return self.ask("calls", "--from", "2000-01-01T00:00:00Z", "--until", "2000-01-02T00:00:00Z", "--limit", "1")["meta"]["applied_offset"]

    def doctor(self):
        """The ledger of the only partition, after `doctor` said that views and log agree."""
        answer = self.ask("doctor", ok=(0, 1, 3))
        need(answer["result"] == "equal", f"doctor: {json.dumps(answer)[:500]}")
        ledger = answer["partitions"][0]["ledger"]
        rest = sum(ledger[k] for k in ("applied", "duplicate", "stale", "quarantined", "waiting"))
        need(ledger["acked"] == rest, f"the ledger does not balance: {ledger}")
        return ledger

    def start(self):
        """Starts the server and waits until it is ready."""
        self.launch()
        self.wait_ready()

    def launch(self):
        log = open(self.folder / "serve.log", "ab")
        self.server = subprocess.Popen(self.command("serve"), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def wait_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            need(self.server.poll() is None, f"serve exited {self.server.returncode}: {self.last_words()}")
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise Broken(f"serve was not ready within 60 s: {self.last_words()}")

    def last_words(self):
        return (self.folder / "serve.log").read_text(errors="replace")[-400:]

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get_json(self, path):
        status, body = self.get(path)
        need(status == 200, f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def freeze(self):
        """Stops the server and waits until every thread of it stands: one inside fdatasync does so only when that returns."""
        self.server.send_signal(signal.SIGSTOP)
        while any(self._state(task) not in ("T", "t") for task in os.listdir(f"/proc/{self.server.pid}/task")):
            time.sleep(0.001)

    def _state(self, task):
        with open(f"/proc/{self.server.pid}/task/{task}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def kill(self):
        """Kills the server, which must not have ended by itself."""
        self.server.send_signal(signal.SIGKILL)
        need(self.server.wait() == -signal.SIGKILL, f"serve ended by itself ({self.server.returncode}): {self.last_words()}")
        self.server = None

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGCONT)
            self.server.terminate()
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        self.server = None


def main_of(drill, doc, **numbers):
    """The command line of a drill: its `numbers` with their defaults, one JSON line at the end. Returns the exit code: 0 all holds,
    1 something does not. `drill(asked, folder)` has `run()` and `product`, which is stopped."""
    name = pathlib.Path(sys.argv[0]).name
    parser = argparse.ArgumentParser(description=doc.split("\n", maxsplit=1)[0])
    parser.add_argument("--normwatch", required=True)
    for option, default in numbers.items():
        parser.add_argument(f"--{option.replace('_', '-')}", type=int, default=default)
    parser.add_argument("--folder", help="parent of the working folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="normwatch-drill.", dir=asked.folder) as folder:
        running = drill(asked, folder)
        try:
            print(json.dumps(running.run()))
        except Broken as broken:
            print(f"{name}: seed {asked.seed}: {broken}", file=sys.stderr)
            return 1
        finally:
            running.product.stop()
    return 0
