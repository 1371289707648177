"""Three nodes of a group of processors, the broker that they fold from, and the reader of its topic, for the drills."""
import bisect
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from product import Product, need

BROKER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "broker.sh"
NODES = ("n1", "n2", "n3")
SESSION_SECONDS = 6
STOP_SECONDS = 10
TOPIC = "drill.events"
RECORD = re.compile(rb"<<(\d+) (\d+) ([^ ]*) ce_specversion=1\.0,ce_id=([^,]*),.*?>>\n", re.DOTALL)


def partition_of(company, partitions):
    """Where Kafka's default partitioner puts the key."""
    data, mask = company.encode(), 0xFFFFFFFF
    value = 0x9747B28C ^ len(data)
    for n in range(0, len(data) - 3, 4):
        word = int.from_bytes(data[n:n + 4], "little") * 0x5BD1E995 & mask
        value = value * 0x5BD1E995 & mask ^ (word ^ word >> 24) * 0x5BD1E995 & mask
    if rest := data[len(data) & ~3:]:
        value = (value ^ int.from_bytes(rest, "little")) * 0x5BD1E995 & mask
    value = (value ^ value >> 13) * 0x5BD1E995 & mask
    return ((value ^ value >> 15) & 0x7FFFFFFF) % partitions


def companies_of(partitions):
    """One company in each partition, and a second one in every fourth."""
    room = [1 + (n % 4 == 0) for n in range(partitions)]
    found, number = {}, 0
    while any(room):
        company = f"c{number}"
        number += 1
        place = partition_of(company, partitions)
        if room[place]:
            room[place] -= 1
            found[company] = place
    return found


def quiet_ports(count, chance):
    """Neighbouring free ports below those that outgoing connections take: a node that is down loses its port to nobody."""
    while True:
        first = chance.randrange(20000, 32000)
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return list(range(first, first + count))
            except OSError:
                continue


class Member(Product):
    """A node of the group. `epoch` tells whether it was disturbed meanwhile, `held` the newest known
    offset of each partition that it has a copy of."""

    def __init__(self, binary, folder, name, settings):
        self.name, self.settings = name, settings
        self.epoch, self.is_up, self.held = 0, False, {}
        folder.mkdir()
        super().__init__(binary, folder, folder / "data")

    def place(self, port, metrics_port):
        self.port, self.metrics_port = port, metrics_port
        self.configure("")

    def configure(self, sources):
        companies = self.settings["companies"]
        peers = ", ".join(f'{name}: "http://127.0.0.1:{port}"' for name, port in self.settings["ports"].items())
        self.config.write_text(
            f"data_dir: {self.data_dir}\n"
            f'server: {{listen: "127.0.0.1:{self.port}", metrics_listen: "127.0.0.1:{self.metrics_port}"}}\n'
            "companies:\n" + "".join(f"  - {{id: {c}, name: {c}, timezone: UTC, region: RU, currency: RUB}}\n" for c in companies)
            + "sources:\n" + "".join(f"  - {{id: crm-{c}, kind: cloudevents, company: {c}}}\n" for c in companies)
            + f"log: {{kind: kafka, partitions: {self.settings['partitions']}, kafka: {{brokers: \"{self.settings['broker']}\", topic_prefix: drill, "
            f"group: drill, instance_id: {self.name}, session_timeout_ms: {SESSION_SECONDS * 1000}, peers: {{{peers}}}}}}}\n"
        )

    def disturb(self):
        """From now on whoever asks this node may get no answer."""
        self.epoch += 1
        self.is_up = False

    def leaves(self):
        """Stops it, which must not take longer than promised."""
        self.server.terminate()
        try:
            code = self.server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        need(code == 0, f"{self.name} did not stop within {STOP_SECONDS} s ({code}): {self.last_words().strip()}")
        self.server = None

    def comes_back(self):
        self.launch()
        self.wait_ready()
        self.is_up = True

    def request(self, method, path, body=None, timeout=60, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def owned(self):
        """How many partitions it says that it owns; -1 when it says nothing."""
        try:
            found = re.search(rb"^\S*kafka_partitions_owned (\d+)", self.request("GET", "/metrics", port=self.metrics_port)[1], re.MULTILINE)
        except (OSError, http.client.HTTPException):
            found = None
        return int(found[1]) if found else -1


class Topic(threading.Thread):
    """What the topic holds, read by kcat: by company, the offsets at which a call stands for the first time."""

    def __init__(self, broker, partitions):
        super().__init__(daemon=True)
        self.lock = threading.Lock()
        self.ends = [0] * partitions
        self.calls = collections.defaultdict(dict)
        self.firsts = collections.defaultdict(list)
        self.repeated = 0
        self.await_topic(broker)
        words = ["kcat", "-C", "-b", broker, "-t", TOPIC, "-o", "beginning", "-u", "-q", "-f", "<<%p %o %k %h>>\n"]
        self.reader = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def await_topic(self, broker):
        """The nodes make it when they join; kcat leaves where there is none."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            said = subprocess.run(["kcat", "-L", "-J", "-b", broker, "-t", TOPIC], capture_output=True, text=True, timeout=60)
            found = json.loads(said.stdout)["topics"] if said.returncode == 0 else []
            if found and len(found[0]["partitions"]) == len(self.ends):
                return
            time.sleep(0.1)
        need(False, "there is no topic after 60 s")

    def run(self):
        rest = b""
        while chunk := os.read(self.reader.stdout.fileno(), 1 << 18):
            rest += chunk
            used = 0
            with self.lock:
                for found in RECORD.finditer(rest):
                    self.take(int(found[1]), int(found[2]), found[3].decode(), found[4].decode())
                    used = found.end()
            rest = rest[used:]

    def take(self, partition, offset, company, name):
        self.ends[partition] = offset + 1
        if not name.startswith("call-"):
            return
        if name in self.calls[company]:
            self.repeated += 1
            return
        self.calls[company][name] = offset
        self.firsts[company].append(offset)

    def count(self, company, partition, end):
        """The calls of the company below `end`; None while it is not read so far."""
        with self.lock:
            return bisect.bisect_left(self.firsts[company], end) if self.ends[partition] >= end else None

    def offset_of(self, company, name):
        with self.lock:
            return self.calls[company].get(name)

    def stop(self):
        self.reader.kill()
        self.reader.wait()


class Cluster:
    """Broker, nodes and the reader of the topic."""

    def __init__(self, asked, folder):
        self.folder, self.partitions = pathlib.Path(folder), asked.partitions
        self.companies = companies_of(asked.partitions)
        ports = quiet_ports(2 + 2 * len(NODES), random.Random())
        self.broker_port, self.topic = ports[0], None
        places = dict(zip(NODES, zip(ports[2::2], ports[3::2])))
        settings = {"companies": self.companies, "partitions": asked.partitions, "broker": f"127.0.0.1:{self.broker_port}",
                    "ports": {name: place[0] for name, place in places.items()}}
        binary = self.folder / "normwatch"
        shutil.copy(asked.normwatch, binary)
        self.nodes = [Member(binary, self.folder / name, name, settings) for name in NODES]
        for node in self.nodes:
            node.place(*places[node.name])

    def broker(self, *words):
        done = subprocess.run([BROKER, words[0], self.folder / "kafka", *words[1:]], capture_output=True, text=True, timeout=300)
        need(done.returncode == 0, f"broker.sh {words[0]}: {done.stderr.strip()[-300:]}")

    def start(self):
        self.broker("start", str(self.broker_port))
        for node in self.nodes:
            node.comes_back()
        self.topic = Topic(f"127.0.0.1:{self.broker_port}", self.partitions)
        self.topic.start()

    def up(self):
        return [node for node in self.nodes if node.is_up]

    def stop(self):
        for node in self.nodes:
            node.disturb()
            node.stop()
        if self.topic:
            self.topic.stop()
        self.broker("stop")
