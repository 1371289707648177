"""What the drills over Kafka share: brokers of their own, a server over them, and honest clients that remember what was acknowledged."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time

from product import Product, need

BROKER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "broker.sh"
PARTITIONS = 4
COMPANIES = {"acme": 0, "delta": 2, "corvus": 3}  # and the partition of each
EVENTS = 100  # of a batch, about 30 KiB
TALK_SECONDS = 20
NAME = "@@@@@@@@"
DAY = "2026-11-03"


def becomes_true(question, seconds, pause=0.02):
    """Asks until the answer is yes; whether it came in time."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def free_ports(count):
    """The first of `count` free ports that follow each other."""
    while True:
        first = random.SystemRandom().randrange(20000, 31000)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


class Cluster:
    """Brokers of its own, all of them in one folder."""

    def __init__(self, folder, nodes):
        self.folder, self.nodes, self.port = os.path.join(folder, "kafka"), nodes, free_ports(2 * nodes)
        self.brokers = ",".join(f"127.0.0.1:{self.port + 2 * n}" for n in range(nodes))

    def broker(self, *words):
        done = subprocess.run([BROKER, *words], capture_output=True, text=True, timeout=600)
        need(done.returncode == 0, f"broker.sh {' '.join(words)}: {done.stderr.strip()[-400:]}")
        return done.stdout

    def start(self):
        self.broker("start", self.folder, str(self.port), str(self.nodes))

    def resume(self, node):
        self.broker("resume", self.folder, str(node))

    def wipe(self):
        self.broker("wipe", self.folder)

    def kill(self, node):
        """At once, which broker.sh is not; returns when it is gone."""
        pid = int(pathlib.Path(self.folder, f"node{node}", "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        need(becomes_true(lambda: self.has_ended(pid), 30, 0.002), f"node {node} does not end")

    def has_ended(self, pid):
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            return stat.rpartition(")")[2].split()[0] in "ZX" and os.listdir(f"/proc/{pid}/task") == [str(pid)]
        except (FileNotFoundError, ProcessLookupError):
            return True

    def kill_all(self):
        for node in range(1, self.nodes + 1):
            self.kill(node)

    def partitions(self, topic):
        """What the brokers say of each partition; nothing while they do not."""
        asked = subprocess.run(["kcat", "-b", self.brokers, "-L", "-J", "-t", topic, "-m", "5"], capture_output=True, text=True)
        topics = json.loads(asked.stdout)["topics"] if asked.returncode == 0 else []
        return {one["partition"]: one for one in topics[0]["partitions"]} if topics else {}

    def leader(self, topic, partition):
        return self.partitions(topic)[partition]["leader"]

    def is_whole(self, topic):
        """Every partition is on every broker."""
        found = self.partitions(topic)
        return len(found) == PARTITIONS and all(len(one["isrs"]) == self.nodes for one in found.values())

    def trim(self, topic, partition, offset):
        path = os.path.join(self.folder, "trim.json")
        pathlib.Path(path).write_text(json.dumps({"version": 1, "partitions": [{"topic": topic, "partition": partition, "offset": offset}]}))
        jars = self.broker("jars").strip()
        tool = ["java", "-cp", jars + "/*", "org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", self.brokers, "--offset-json-file", path]
        done = subprocess.run(tool, capture_output=True, text=True, timeout=120)
        need(done.returncode == 0 and "low_watermark" in done.stdout, f"the records are not deleted: {done.stdout} {done.stderr[-400:]}")


class OverKafka(Product):
    """A server over Kafka, with a topic and a group that are named as its data directory."""

    def __init__(self, binary, folder, name, brokers):
        self.name, self.brokers, self.topic = name, brokers, f"{name}.events"
        super().__init__(binary, folder, os.path.join(folder, name))
        self.config = self.folder / f"{name}.yaml"
        self.configure("")

    def configure(self, sources):
        companies = "".join(f"  - {{id: {c}, name: {c}, timezone: UTC, region: RU, currency: RUB, mail_domains: [{c}.example]}}\n" for c in COMPANIES)
        self.config.write_text(
            f"data_dir: {self.data_dir}\ncompanies:\n{companies}"
            f'server: {{listen: "127.0.0.1:{self.port}", metrics_listen: "127.0.0.1:{self.metrics_port}"}}\n'
            "sources:\n" + "".join(f"  - {{id: crm-{c}, kind: cloudevents, company: {c}}}\n" for c in COMPANIES) +
            f"log: {{kind: kafka, partitions: {PARTITIONS}, kafka: {{brokers: \"{self.brokers}\", topic_prefix: {self.name}, group: {self.name}, "
            "instance_id: one, session_timeout_ms: 6000}}\n"
        )

    def metrics(self):
        """The sum over the labels of each metric."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=60)
        try:
            connection.request("GET", "/metrics")
            sums = {}
            for line in connection.getresponse().read().decode().splitlines():
                if not line.startswith("#") and line.startswith("normwatch_"):
                    name, _, value = line.rpartition(" ")
                    name = name.partition("{")[0].removeprefix("normwatch_")
                    sums[name] = sums.get(name, 0) + float(value)
            return sums
        finally:
            connection.close()

    def metric(self, name):
        return round(self.metrics()[name])

    def ready(self):
        """Whether it is, and why not."""
        status, body = self.get("/readyz")
        said = json.loads(body)
        need((status == 200) == said["ready"], f"/readyz: {status} {body!r}")
        return said["ready"], said["reasons"]

    def applied_offset(self, partition):
        return json.loads(self.get("/readyz")[1])["partitions"][partition]["applied_offset"]

    def counted(self, company):
        totals = self.get_json(f"/v1/kpis?day={DAY}&kpi=calls_out,talk_seconds&company={company}")["totals"]
        return totals["calls_out"], totals["talk_seconds"]

    def stop(self):
        """As an operator does. Whether it ended by itself."""
        server = self.server
        super().stop()
        return server is None or server.returncode == 0

    def rss_mib(self):
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


class Client(threading.Thread):
    """One company's sender. A batch that is not acknowledged is sent again until it is; after that it is remembered."""

    def __init__(self, product, company, first, events_per_second):
        super().__init__(daemon=True)
        self.product, self.company, self.number, self.pause = product, company, first, EVENTS / events_per_second
        self.acked, self.offset, self.refused, self.failure = 0, 0, 0, None
        self.posts = []  # when each was acknowledged, and how long that took
        self.is_over = threading.Event()
        is_import = company != next(iter(COMPANIES))  # events that are posted are of the first company
        self.path = f"/v1/sources/crm-{company}/import" if is_import else "/v1/events"
        lines = [json.dumps(self.event(n)) for n in range(EVENTS)]
        self.batch = "\n".join(lines) + "\n" if is_import else "[" + ",".join(lines) + "]"
        self.connection = None

    def event(self, n):
        name = f"{self.company}-{NAME}-{n}"
        return {"specversion": "1.0", "id": name, "source": "/crm", "type": "normwatch.call.v1", "data": {
            "call_id": name, "direction": "outbound", "from": str(101 + n % 5), "to": f"+7495{1000000 + n}", "started_at": f"{DAY}T10:00:00Z",
            "answered_at": f"{DAY}T10:00:05Z", "ended_at": f"{DAY}T10:00:{5 + TALK_SECONDS}Z"}}

    def run(self):
        due = time.monotonic()
        try:
            while not self.is_over.wait(max(0, due - time.monotonic())):
                body = self.batch.replace(NAME, f"{self.number:08d}").encode()
                while (wait := self.post(body)) is not None:
                    self.refused += 1
                    time.sleep(wait)  # what the server asks for
                self.number += 1
                self.acked += EVENTS
                due += self.pause
        except Exception as broken:  # pylint: disable=broad-except
            self.failure = broken

    def post(self, body):
        """None when it is acknowledged, else how long to wait."""
        begun = time.monotonic()
        try:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=60)
            self.connection.request("POST", self.path, body, {"Content-Type": "application/cloudevents-batch+json"})
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection = None
            return 0.1
        if answer.status not in (200, 202):
            need(answer.status in (429, 503), f"{self.path}: {answer.status} {text[:200]!r}")
            return float(answer.getheader("Retry-After", "1"))
        said = json.loads(text.splitlines()[-1])
        need(said["accepted"] == EVENTS and said["position"]["partition"] == COMPANIES[self.company], f"{self.path}: {text[:300]!r}")
        self.offset = said["position"]["offset"]
        self.collector = said["position"]["collector"]
        self.posts.append((time.monotonic(), time.monotonic() - begun))
        return None


class Load:
    """What was acknowledged to each company, and the clients that add to it."""

    def __init__(self, product, rate):
        self.product, self.rate, self.clients, self.acked, self.place, self.first = product, rate, [], dict.fromkeys(COMPANIES, 0), {}, 0

    def start(self):
        self.clients = [Client(self.product, c, self.first, self.rate / len(COMPANIES)) for c in COMPANIES]
        for client in self.clients:
            client.start()

    def stop(self):
        for client in self.clients:
            client.is_over.set()
        for client in self.clients:
            client.join(120)
            need(not client.is_alive() and client.failure is None, f"a client of {client.company} ends badly: {client.failure!r}")
            self.acked[client.company] += client.acked
            self.first = max(self.first, client.number)
            if client.acked:
                self.place[client.company] = (client.offset, client.collector)
        self.clients = []

    def break_off(self):
        for client in self.clients:
            client.is_over.set()
        self.clients = []

    def total(self):
        return sum(self.acked.values()) + sum(client.acked for client in self.clients)

    def send(self, seconds):
        """Sends for so long, and stops."""
        self.start()
        wanted = self.total() + round(seconds * self.rate)
        arrived = becomes_true(lambda: self.total() >= wanted, 10 * seconds + 60)
        self.stop()
        need(arrived, f"of {wanted} events {self.total()} were acknowledged")

    def seen(self, since):
        """Since then: how many events a second were acknowledged, how many batches not at once, and how long each took in ms, rising."""
        took = sorted(1000 * took for client in self.clients for at, took in client.posts if at >= since)
        return len(took) * EVENTS / (time.monotonic() - since), sum(client.refused for client in self.clients), took
