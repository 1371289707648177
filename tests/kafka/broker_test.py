#!/usr/bin/env python3
"""broker_test.py [--only CASE,..] [--folder DIR]

Proves what deploy/kafka/broker.sh promises, on real brokers on loopback: what is written with kcat is read back, each record once and
in order, over plaintext, TLS and TLS with a login, on one node and on three; who has no certificate, no password or the wrong one is
refused; nothing secret is shown; one of three can be killed while records are written; only its own processes are ended; a failure is
one line. Needs the packages of deploy/kafka/packages.txt, 2 GB of memory for three nodes. Nothing waits for a time: all is polled."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "drills"))
from product import Broken, need  # noqa: E402 pylint: disable=wrong-import-position

SCRIPT = ROOT / "deploy" / "kafka" / "broker.sh"
PASSWORD = "correct-horse.battery+staple"
WAIT_MAX = 60.0
HALF = 20_000  # records before a kill and after it


def run(*words, stdin=None, env=None, timeout=300):
    return subprocess.run([str(w) for w in words], input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})


def broker(*words, ok=0, **more):
    """broker.sh WORDS, which must exit with `ok`. A failure is one line that names the script."""
    done = run(SCRIPT, *words, **more)
    what = f"broker.sh {' '.join(map(str, words))}"
    need(done.returncode == ok, f"{what} exited {done.returncode}, not {ok}: {done.stderr[-400:]}")
    if ok == 3:
        lines = [line for line in done.stderr.splitlines() if "fetching the jars" not in line]
        need(len(lines) == 1 and lines[0].startswith("broker.sh: "), f"{what} failed with other than one line: {done.stderr!r}")
    return done


def poll(wanted, what):
    """Asks until `wanted()` is true; returns what it said."""
    deadline = time.monotonic() + WAIT_MAX
    while time.monotonic() < deadline:
        said = wanted()
        if said:
            return said
        time.sleep(0.05)
    raise Broken(f"not within {WAIT_MAX:.0f} s: {what}")


def free_ports(count):
    """The first of `count` neighbouring ports on which nobody listens; below the range from which connections get theirs."""
    for first in range(21000 + os.getpid() % 5000, 32000, count):
        if not any(is_open(port) for port in range(first, first + count)):
            return first
    raise Broken("no free ports")


def is_open(port):
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def lives(pid):
    """False also for a process that has ended and whose parent has not looked yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Cluster:
    """One folder of broker.sh."""

    def __init__(self, folder, nodes=1, security="plaintext", *more):
        self.folder, self.nodes, self.security = folder / f"{security}-{nodes}", nodes, security
        self.port = free_ports(2 * nodes)
        self.words = ("start", self.folder, self.port, nodes, "--security", security, *more)
        self.said = ""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            run(SCRIPT, "stop", self.folder)
            raise
        return self

    def __exit__(self, *_):
        run(SCRIPT, "stop", self.folder)

    def start(self):
        done = broker(*self.words)
        self.said += done.stdout + done.stderr

    def pid(self, node):
        return int((self.folder / f"node{node}" / "pid").read_text())

    def kcat(self, *words, settings=(), **more):
        return run("kcat", "-q", "-F", self.folder / "client.properties", *(w for s in settings for w in ("-X", s)), *words, **more)

    def metadata(self):
        """What the cluster tells a client about itself."""
        done = self.kcat("-L", "-J", "-m", "20")
        need(done.returncode == 0, f"no metadata: {done.stderr[-300:]}")
        return json.loads(done.stdout)

    def refuses(self, setting, why):
        """A client with this setting is told nothing, for the reason `why`."""
        done = run("kcat", "-F", self.folder / "client.properties", "-X", setting, "-L", "-m", "3")
        need(done.returncode != 0 and "broker " not in done.stdout, f"a client with {setting} was served")
        need(why in done.stderr, f"a client with {setting} was refused for another reason: {done.stderr[-300:]}")

    def end(self, topic):
        """The offset behind the last record."""
        return int(self.kcat("-Q", "-t", f"{topic}:0:-1").stdout.split()[-1])

    def partition(self, topic):
        return next(t for t in self.metadata()["topics"] if t["topic"] == topic)["partitions"][0]

    def tool(self, name, *words, mechanism="SCRAM-SHA-512", password=PASSWORD):
        """A tool of Kafka's own, so a client in Java."""
        lines = []
        if self.security != "plaintext":
            lines += [f"security.protocol={self.security.upper()}", "ssl.truststore.type=PEM", f"ssl.truststore.location={self.folder}/tls/ca.pem"]
        if self.security == "sasl_ssl":
            module = {"PLAIN": "plain.PlainLoginModule", "SCRAM-SHA-512": "scram.ScramLoginModule"}[mechanism]
            login = f'org.apache.kafka.common.security.{module} required username="tester" password="{password}";'
            lines += [f"sasl.mechanism={mechanism}", f"sasl.jaas.config={login}"]
        settings = self.folder.parent / "tool.properties"
        settings.write_text("\n".join(lines))
        jars = broker("jars").stdout.strip()
        return run("java", "-cp", f"{jars}/*", f"org.apache.kafka.tools.{name}", "--bootstrap-server", f"127.0.0.1:{self.port}",
                   "--command-config", settings, *words)

    def create(self, topic):
        """A topic as the broker makes it when nobody says more than its name."""
        done = self.tool("TopicCommand", "--create", "--topic", topic)
        need(done.returncode == 0, f"{topic} was not created: {done.stdout[-300:]}{done.stderr[-300:]}")

    def write(self, topic, lines, settings=()):
        """Whether all lines were acknowledged by all replicas in sync."""
        settings = ("enable.idempotence=true", *settings)
        done = self.kcat("-P", "-t", topic, "-p", "0", settings=settings, stdin="".join(line + "\n" for line in lines), timeout=120)
        return done.returncode == 0 and "failed" not in done.stderr

    def read(self, topic):
        done = self.kcat("-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", timeout=120)
        need(done.returncode == 0, f"{topic} could not be read: {done.stderr[-300:]}")
        return done.stdout.splitlines()


def names(first, count):
    return [f"record-{n}" for n in range(first, first + count)]


def round_trip(cluster):
    """Writes and reads, and writes more over a stop and a start: what was acknowledged is there once, in order."""
    cluster.create("kept")
    need(cluster.write("kept", names(0, 500)), "500 records were not acknowledged")
    need(cluster.read("kept") == names(0, 500), "what was read is not what was written")
    broker("stop", cluster.folder)
    cluster.start()
    need(cluster.write("kept", names(500, 500)), "500 records were not acknowledged after a restart")
    need(cluster.read("kept") == names(0, 1000), "after a restart other records were read than written")


# --- cases: each gets an empty folder ------------------------------------------------------------


def one_node_plaintext(folder):
    """The settings that the product relies on, starts and stops, and that no other process is ended."""
    with Cluster(folder) as cluster:
        first = cluster.pid(1)
        cluster.start()
        need(cluster.pid(1) == first, "a second start replaced the node")
        need(" answers" in broker("status", cluster.folder).stdout, "status does not say that the node answers")
        cluster.kcat("-L", "-t", "unasked")
        need(not cluster.write("unasked", ["x"], ("message.timeout.ms=3000", "topic.metadata.propagation.max.ms=1000")), "a record went into no topic")
        need(cluster.metadata()["topics"] == [], "a topic was made because somebody asked for it")
        round_trip(cluster)
        large = ("message.max.bytes=4000000",)
        need(cluster.write("kept", ["x" * 2_090_000], large), "a record of 2,090,000 bytes was refused")
        need(not cluster.write("kept", ["x" * 2_100_000], large), "a record of 2,100,000 bytes was taken")
        broker("start", cluster.folder, cluster.port, 3, ok=3)
        broker("start", cluster.folder, cluster.port, "--security", "ssl", ok=3)
        pid = cluster.pid(1)
        broker("stop", cluster.folder)
        need(not lives(pid) and not is_open(cluster.port), "stop left a process or an open port")
        broker("status", cluster.folder, ok=1)
        broker("stop", cluster.folder)
        with subprocess.Popen(["sleep", "600"]) as other:
            (cluster.folder / "node1" / "pid").write_text(f"{other.pid}\n")
            broker("kill", cluster.folder, 1, ok=3)
            broker("stop", cluster.folder)
            spared = other.poll() is None
            other.kill()
        need(spared, "a process that is no broker was ended because its pid stood in a file")
        broker("resume", cluster.folder, 1)
        need(len(cluster.read("kept")) == 1001, "resume came up with other records")
        pid = cluster.pid(1)
        broker("wipe", cluster.folder)
        need(not lives(pid) and not cluster.folder.exists(), "wipe left something")
        broker("jars", "--have")
        cluster.start()
        need(cluster.metadata()["topics"] == [], "records outlived a wipe")


def one_node_ssl(folder):
    """TLS, and that neither plaintext nor a stranger's CA gets in."""
    with Cluster(folder, 1, "ssl") as cluster:
        round_trip(cluster)
        cluster.refuses("security.protocol=plaintext", "Disconnected while requesting ApiVersion")
        strange = folder / "strange.pem"
        made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                   "-keyout", folder / "key", "-out", strange)
        need(made.returncode == 0, f"no CA was made: {made.stderr[-200:]}")
        cluster.refuses(f"ssl.ca.location={strange}", "certificate verify failed")
        need(asks_controller(cluster, ()) != 0, "the controller's port speaks TLS to who has no certificate")
        need(asks_controller(cluster, ("-cert", cluster.folder / "tls" / "server.pem")) == 0, "the controller's port refuses a certificate of the CA")


def asks_controller(cluster, more):
    """openssl's exit code after a whole exchange with the controller's port, which answers which requests it knows."""
    request = b"\0\0\0\x0a\0\x12\0\0\0\0\0\x07\xff\xff"
    words = ["openssl", "s_client", "-quiet", "-CAfile", cluster.folder / "tls" / "ca.pem", "-connect", f"127.0.0.1:{cluster.port + 1}", *more]
    with subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as asked:
        try:
            asked.stdin.write(request)
            asked.stdin.flush()
            return 0 if asked.stdout.read(10)[4:] == b"\0\0\0\x07\0\0" else 1
        except BrokenPipeError:
            return 1
        finally:
            asked.kill()


def one_node_sasl_ssl(folder):
    """Both mechanisms, with the credentials of a file; who has others is refused, and nobody sees the password."""
    file = folder / "login"
    file.write_text(f"tester\n{PASSWORD}\n")
    with Cluster(folder, 1, "sasl_ssl", "--credentials", file) as cluster:
        round_trip(cluster)  # its topic is made over SCRAM-SHA-512, its records go over PLAIN
        for mechanism in ("SCRAM-SHA-512", "PLAIN"):
            good = cluster.tool("TopicCommand", "--list", mechanism=mechanism)
            need(good.returncode == 0 and "kept" in good.stdout, f"{mechanism} did not let in: {good.stderr[-300:]}")
            bad = cluster.tool("TopicCommand", "--list", mechanism=mechanism, password="guessed")
            need("SaslAuthenticationException" in bad.stdout + bad.stderr and "kept" not in bad.stdout, f"{mechanism} let a wrong password in")
        cluster.refuses("sasl.password=guessed", "Authentication failed")
        cluster.refuses("security.protocol=ssl", "broker might require SASL authentication")
        cluster.refuses("security.protocol=plaintext", "Disconnected while requesting ApiVersion")
        nothing_secret(cluster)
        file.write_text("tester\nanother\n")
        broker(*cluster.words, ok=3)


def nothing_secret(cluster):
    """The password stands in the three files that need it, for their owner only."""
    need(PASSWORD not in cluster.said, "broker.sh printed the password")
    command = pathlib.Path(f"/proc/{cluster.pid(1)}/cmdline").read_bytes()
    need(PASSWORD.encode() not in command, "the password stands on a command line")
    holders = {p.name for p in cluster.folder.rglob("*") if p.is_file() and PASSWORD.encode() in p.read_bytes()}
    need(holders == {"credentials", "client.properties", "server.properties"}, f"the password stands in {sorted(holders)}")
    modes = {oct(p.stat().st_mode & 0o077) for p in (cluster.folder, *cluster.folder.rglob("*"))}
    need(modes == {"0o0"}, f"others may read files: {modes}")


def three_nodes_plaintext(folder):
    """A leader is killed under a writer; without two replicas in sync nothing is acknowledged; both come back."""
    with Cluster(folder, 3) as cluster:
        kill_the_leader(cluster)
        second = cluster.partition("kept")["leader"]
        alive = [node for node in (1, 2, 3) if lives(cluster.pid(node))]
        need(second in alive and len(alive) == 2, f"of the nodes {alive} live, {second} leads")
        spare = next(node for node in alive if node != second)
        broker("kill", cluster.folder, spare)
        need(not cluster.write("kept", ["lost"], ("message.timeout.ms=4000",)), "one of three acknowledged alone")
        broker("status", cluster.folder, ok=1)
        broker(*cluster.words)
        poll(lambda: len(cluster.partition("kept")["isrs"]) == 3, "three replicas in sync again")
        need(cluster.write("kept", names(2 * HALF, 100)), "the cluster that is whole again takes no records")
        got = [line for line in cluster.read("kept") if line != "lost"]  # not acknowledged is not the same as not written
        need(got == names(0, 2 * HALF + 100), "records are lost, twice there or out of order")


def kill_the_leader(cluster):
    """One writer; the leader is killed while its records arrive."""
    cluster.create("kept")
    partition = cluster.partition("kept")
    need(len(partition["replicas"]) == 3, f"a topic by default has the replicas {partition['replicas']}")
    described = cluster.tool("TopicCommand", "--describe", "--topic", "kept").stdout
    need("min.insync.replicas=2" in described, f"a topic by default is {described}")
    victim = partition["leader"]
    words = ["kcat", "-q", "-F", str(cluster.folder / "client.properties"), "-X", "enable.idempotence=true", "-P", "-t", "kept", "-p", "0"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        writer.stdin.write("".join(line + "\n" for line in names(0, HALF)))
        writer.stdin.flush()
        poll(lambda: cluster.end("kept") > HALF // 2, "the first records in the log")
        pid = cluster.pid(victim)
        broker("kill", cluster.folder, victim)
        need(not lives(pid), "a killed node lives")
        _, said = writer.communicate("".join(line + "\n" for line in names(HALF, HALF)), timeout=120)
        need(writer.returncode == 0, f"the writer gave up: {said[-300:]}")
    need(cluster.partition("kept")["leader"] != victim, "a dead node leads")
    need(cluster.read("kept") == names(0, 2 * HALF), "with the leader killed, records are lost, twice there or out of order")
    broker("kill", cluster.folder, victim, ok=3)


def three_nodes_sasl_ssl(folder):
    """The nodes replicate over TLS and a login too, and one that was killed catches up."""
    file = folder / "login"
    file.write_text(f"tester\n{PASSWORD}\n")
    with Cluster(folder, 3, "sasl_ssl", "--credentials", file) as cluster:
        cluster.create("kept")
        need(len(cluster.partition("kept")["isrs"]) == 3, "not all replicas are in sync at once")
        need(cluster.write("kept", names(0, 500)), "500 records were not acknowledged")
        victim = cluster.partition("kept")["leader"]
        broker("kill", cluster.folder, victim)
        need(cluster.write("kept", names(500, 500)), "500 records were not acknowledged with one node down")
        broker("resume", cluster.folder, victim)
        poll(lambda: len(cluster.partition("kept")["isrs"]) == 3, "three replicas in sync again")
        need(cluster.read("kept") == names(0, 1000), "records are lost, twice there or out of order")


def failures(folder):
    """What cannot work ends with one line that says why, and leaves nothing behind."""
    port = free_ports(2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        said = broker("start", folder / "a", port, ok=3).stderr
        need(f"port {port + 1} is in use" in said, f"of a port in use it says {said}")
    said = broker("start", folder / "a", port, ok=3, env={"JAVA_HOME": str(folder)}).stderr
    need("no java" in said, f"without java it says {said}")
    (folder / ".m2").mkdir()
    (folder / ".m2" / "settings.xml").write_text("<settings><offline>true</offline></settings>")
    offline = {"NORMWATCH_KAFKA_JARS": str(folder / "jars"), "MAVEN_OPTS": f"-Duser.home={folder}"}
    said = broker("start", folder / "a", port, ok=3, env=offline).stderr
    need("could not be fetched" in said if shutil.which("mvn") else "no mvn" in said, f"without a network it says {said}")
    broker("jars", "--have", ok=1, env=offline)
    (folder / "jars").mkdir(exist_ok=True)
    (folder / "jars" / "letter").write_text("dear")
    broker("jars", ok=3, env=offline)
    need((folder / "jars" / "letter").exists(), "a folder that is not ours was emptied")
    said = broker("start", folder / "a", port, ok=3, env={"NORMWATCH_KAFKA_HEAP": "1k"}).stderr
    need("ended while starting" in said, f"of a broker that does not start it says {said}")
    need(not is_open(port), "a start that failed left a broker")
    broker("start", folder / "b", port, "--credentials", folder / "none", ok=3)
    broker("start", folder / "b", port, "--security", "sasl_ssl", "--credentials", folder / "none", ok=3)
    (folder / "quoted").write_text('tester\npass"word\n')
    said = broker("start", folder / "b", port, "--security", "sasl_ssl", "--credentials", folder / "quoted", ok=3).stderr
    need('pass"word' not in said, "a refused password is shown")
    for words in ((), ("start", folder), ("start", folder, "0"), ("start", folder, port, 2), ("kill", folder), ("start", folder, port, "--security", "tls")):
        broker(*words, ok=2)


CASES = [failures, one_node_plaintext, one_node_ssl, one_node_sasl_ssl, three_nodes_plaintext, three_nodes_sasl_ssl]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", help=f"cases: {', '.join(c.__name__ for c in CASES)}")
    parser.add_argument("--folder", help="parent of the working folder")
    asked = parser.parse_args()
    chosen = [c for c in CASES if not asked.only or c.__name__ in asked.only.split(",")]
    broker("jars")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = 0
    for case in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="normwatch-kafka.", dir=asked.folder) as folder:
            try:
                case(pathlib.Path(folder))
                said = "ok"
            except (Broken, subprocess.TimeoutExpired) as broken:
                said, failed = f"FAILED: {broken}", failed + 1
        print(f"{case.__name__} {time.monotonic() - began:.1f} s {said}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 0 if chosen and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
