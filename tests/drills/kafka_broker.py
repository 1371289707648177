#!/usr/bin/env python3
"""kafka_broker.py --normwatch BINARY [--kills N] [--down-seconds S] [--wipes 0|1] [--trims 0|1] [--rate N] [--nodes 1|3] [--folder DIR]

Takes Kafka away from a server that stands over it, while honest clients of three companies, each in a partition of its own, send N events a second:
  kills    the broker (of three: the one that leads a partition) is killed with -9 and started again; every second kill falls into the catching up
           after the one before
  down     every broker is dead for S seconds
  wiped    everything is acknowledged by the broker, then its disk is empty; nothing is sent until all is published again
  trimmed  the records that the views of one partition need next are deleted
0 leaves a part out. Judged: acknowledgements go on (p99 of the POSTs, nothing refused, the rate held), memory, how fast the backlog goes, every
acknowledged event is counted once, `doctor` says equal; after a loss nothing is silent: /readyz says which partition stands and why, the others go on,
and what the spool still holds comes back whole. A part that breaks a promise does not keep the next one from running.

Needs what `deploy/install.sh --kafka` installs. One JSON line at the end. Exit code: 0 all holds, 1 something does not, 2 usage."""
import contextlib
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import time

from over_kafka import COMPANIES, DAY, EVENTS, PARTITIONS, TALK_SECONDS, Cluster, Load, OverKafka, becomes_true
from product import Broken, main_of, need


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.folder, self.chance, self.broken = asked, folder, random.Random(asked.seed), []
        self.cluster = Cluster(folder, asked.nodes)
        self.product = self.load = None
        self.begin("first")

    def begin(self, name):
        """Another server on a topic of its own, with nothing in it."""
        self.stop_server()
        self.product = OverKafka(self.asked.normwatch, self.folder, name, self.cluster.brokers)
        self.load = Load(self.product, self.asked.rate)

    def expect(self, holds, what):
        """A promise behind which the part can go on."""
        if not holds:
            self.broken.append(what)
            print(f"kafka_broker.py: {what}", file=sys.stderr, flush=True)
        return holds

    def run(self):
        said = {"drill": "kafka_broker", "seed": self.asked.seed, "nodes": self.asked.nodes, "rate": self.asked.rate}
        parts = {"kills": self.asked.kills, "down": self.asked.down_seconds, "wiped": self.asked.wipes, "trimmed": self.asked.trims}
        try:
            self.cluster.start()
            for name in (name for name, wanted in parts.items() if wanted):
                self.begin(name)
                try:
                    said[name] = getattr(self, name)()
                    print(f"{name}: {json.dumps(said[name])}", file=sys.stderr, flush=True)
                except (Broken, OSError, http.client.HTTPException) as broken:
                    self.expect(False, f"{name}: {broken}; {self.standing()}")
                    self.load.break_off()
                    self.cluster.start()
        finally:
            self.load.break_off()
            self.product.stop()
            self.cluster.wipe()
        need(not self.broken, " | ".join(self.broken))
        return said

    def standing(self):
        server = self.product.server
        if server and server.poll() is not None:
            return f"the server ended with {server.returncode}: {self.product.last_words()}"
        try:
            return f"/readyz: {self.product.ready()}, {self.product.metric('kafka_partitions_owned')} partitions owned, forward lag {self.product.metric('forward_lag_records')}"
        except (OSError, http.client.HTTPException, KeyError, AttributeError):
            return f"the server does not answer: {self.product.last_words()}"

    def stop_server(self):
        if self.product:
            self.expect(self.product.stop(), f"{self.product.name}: the server does not end within 20 s of SIGTERM")

    def start_server(self):
        self.product.start()
        owned = becomes_true(lambda: self.product.metric("kafka_partitions_owned") == PARTITIONS, 60)
        need(owned, "the server does not own its partitions after a minute")

    def exactly_once(self, companies=tuple(COMPANIES), seconds=None):
        """Waits until the views have what was acknowledged, and counts it."""
        deadline = time.monotonic() + (seconds or self.asked.settle_seconds)
        for company in companies:
            offset, collector = self.load.place[company]
            question = f"/v1/kpis?day={DAY}&kpi=calls_out&company={company}&min_offset={offset}&collector={collector}"
            while (answer := self.product.get(question)[0]) != 200:
                need(time.monotonic() < deadline, f"{company}: what was acknowledged is not in the views: {answer}, {self.product.counted(company)} of {self.load.acked[company]}")
            counted, talk = self.product.counted(company)
            acked = self.load.acked[company]
            need(counted == acked, f"{company}: {acked} events were acknowledged, {counted} are counted: lost or double")
            need(talk == TALK_SECONDS * acked, f"{company}: {talk} s of talk, wanted {TALK_SECONDS * acked}")

    def all_is_well(self, companies=tuple(COMPANIES)):
        self.exactly_once(companies)
        need(self.product.ready() == (True, []), f"/readyz: {self.product.ready()}")
        answer = self.product.ask("doctor", ok=(0, 1, 3))
        need(answer["result"] == "equal", f"doctor: {json.dumps(answer)[:500]}")
        need(len(answer["partitions"]) == PARTITIONS, f"doctor looked at {len(answer['partitions'])} partitions of {PARTITIONS}")
        duplicates = 0
        for one in answer["partitions"]:
            ledger = one["ledger"]
            rest = sum(ledger[k] for k in ("applied", "duplicate", "stale", "quarantined", "waiting"))
            need(ledger["acked"] == rest and ledger["quarantined"] == ledger["stale"] == 0, f"the ledger of partition {one['partition']}: {ledger}")
            duplicates += ledger["duplicate"]
        return {"acked": self.load.total(), "lost": 0, "double": 0, "published_twice": duplicates}

    def seen_by_clients(self, since):
        """What the clients saw since then, which must be what they were promised."""
        rate, refused, took = self.load.seen(since)
        p99 = took[int(len(took) * 0.99)] if took else 0
        self.expect(rate >= self.asked.rate * self.asked.rate_percent / 100, f"{rate:.0f} events a second were acknowledged, {self.asked.rate} were to be")
        self.expect(refused == 0, f"{refused} batches were refused or broke off")
        self.expect(p99 < self.asked.p99_ms, f"p99 of the acknowledgements: {p99:.0f} ms")
        return {"acked_per_second": round(rate), "p99_ms": round(p99, 1), "slowest_ms": round(max(took, default=0), 1)}

    # --- the broker is killed ---

    def kills(self):
        self.start_server()
        self.load.start()
        need(becomes_true(lambda: self.product.metric("forward_records_acked_total") > self.asked.rate, 60), "nothing is published")
        since, inside = time.monotonic(), 0
        for number in range(self.asked.kills):
            inside += self.kill_once(number)
        seen = self.seen_by_clients(since)
        self.load.stop()
        need(2 * inside >= self.asked.kills - 1, f"only {inside} of {self.asked.kills} kills fell while records were on their way")
        restarts = self.product.metric("forward_restarts_total")
        return {"kills": self.asked.kills, "inside": inside, "forwarder_restarts": restarts, **seen, **self.all_is_well()}

    def kill_once(self, number):
        """Whether records were on their way."""
        node = 1
        if self.asked.nodes > 1:
            whole = becomes_true(lambda: self.cluster.is_whole(self.product.topic), 180, 0.5)
            need(whole, "the brokers do not come together again within 3 minutes")
            node = self.cluster.leader(self.product.topic, self.chance.choice(list(COMPANIES.values())))
        if number % 2 == 0:  # at any moment; else in the catching up after the last one
            moment = time.monotonic() + self.chance.uniform(0, 2)
            becomes_true(lambda: time.monotonic() > moment, 3, 0.001)
        inside = becomes_true(lambda: self.product.metric("forward_lag_records") > 0, 10, 0.001)
        self.cluster.kill(node)
        begun = time.monotonic()
        published, acked = self.product.metric("forward_records_acked_total"), self.load.total()
        self.cluster.resume(node)
        need(becomes_true(lambda: self.load.total() > acked + EVENTS * len(COMPANIES), 30), "nothing is acknowledged while a broker is away")
        goes_on = becomes_true(lambda: self.product.metric("forward_records_acked_total") > published, 120, 0.002)
        need(goes_on, f"after kill {number + 1} nothing is published for two minutes")
        print(f"kill {number + 1} of node {node}: published again after {time.monotonic() - begun:.1f} s, {self.product.metric('forward_lag_records')} to go", file=sys.stderr, flush=True)
        return bool(inside)

    # --- the broker is away ---

    def down(self):
        self.start_server()
        self.load.start()
        warm = self.load.total() + self.asked.rate * self.asked.warm_seconds
        need(becomes_true(lambda: self.load.total() >= warm, 600), "the load does not begin")
        self.cluster.kill_all()
        since = time.monotonic()
        rss = rss_max = self.product.rss_mib()
        lag, cpu = self.product.metric("forward_lag_records"), self.cpu_seconds()
        while time.monotonic() < since + self.asked.down_seconds:
            rss_max = max(rss_max, self.product.rss_mib())
            time.sleep(0.1)
        cpu = (self.cpu_seconds() - cpu) / (time.monotonic() - since)
        seen = self.seen_by_clients(since)
        lag = self.product.metric("forward_lag_records") - lag
        wanted = self.asked.rate * self.asked.down_seconds * self.asked.rate_percent / 100
        need(lag >= wanted, f"the backlog is {lag} records, expected {wanted:.0f}: the broker was not away")
        self.expect(rss_max - rss < self.asked.rss_mib, f"down: the server grew from {rss:.0f} to {rss_max:.0f} MiB")
        drained = self.drained()
        self.load.stop()
        return {"seconds": self.asked.down_seconds, "backlog": lag, "rss_mib": round(rss), "rss_growth_mib": round(rss_max - rss, 1), "cores_used": round(cpu, 2), **seen, **drained, **self.all_is_well()}

    def cpu_seconds(self):
        with open(f"/proc/{self.product.server.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def drained(self):
        """How fast the backlog goes, while as much comes in as before."""
        self.cluster.start()
        before, since, times, rates = self.product.metrics(), time.monotonic(), {}, {}
        names = {"published": "forward_records_acked_total", "folded": "processor_events_applied_total"}
        deadline = since + 60 + self.asked.down_seconds
        rss_max = 0
        while len(times) < len(names) and time.monotonic() < deadline:
            now = self.product.metrics()
            rss_max = max(rss_max, self.product.rss_mib())
            for word, name in names.items():  # at most half a second's worth is on its way
                if word not in times and now[name] + self.asked.rate / 2 >= self.load.total():
                    times[word] = time.monotonic() - since
                    rates[word] = (now[name] - before[name]) / times[word]
            time.sleep(0.05)
        need(len(times) == len(names), f"the backlog is not drained within {60 + self.asked.down_seconds} s: {times}")
        for word, rate in rates.items():
            self.expect(rate >= self.asked.drain_times * self.asked.rate, f"down: {word} {rate:.0f} events a second after the return, the input is {self.asked.rate}")
        return {"rss_mib_while_drained": round(rss_max), **{f"{w}_per_second": round(r) for w, r in rates.items()}, **{f"{w}_after_seconds": round(t, 1) for w, t in times.items()}}

    # --- the broker's disk is empty ---

    def wiped(self):
        self.start_server()
        self.load.send(5)
        self.all_is_well()
        total = self.load.total()
        need(becomes_true(lambda: self.product.metric("forward_lag_records") == 0, 30), "the broker has not acknowledged everything")
        self.cluster.wipe()
        self.cluster.start()
        returned = time.monotonic()
        again = becomes_true(lambda: self.product.metric("forward_records_again_total") >= total, self.asked.again_seconds)
        said = {"published_again_by_itself": bool(again)}
        self.expect(again, f"wiped: while nothing is sent, the forwarder does not publish again within {self.asked.again_seconds} s; {self.standing()}")
        self.load.send(1)  # the collectors go on
        need(becomes_true(lambda: self.product.metric("forward_records_again_total") >= total, 60), "wiped: what was acknowledged is not published again")
        noticed = becomes_true(self.has_noticed, self.asked.again_seconds)
        self.expect(noticed, f"wiped: no partition stops and none is folded on within {self.asked.again_seconds} s of the topic's return, and nobody says so; {self.standing()}")
        becomes_true(self.has_noticed, self.asked.settle_seconds)
        said.update({"noticed": self.has_noticed() or "never", "noticed_after_seconds": round(time.monotonic() - returned), "reasons": self.product.ready()[1]})
        said["made_whole_by"] = self.made_whole()
        self.load.send(1)
        return {**said, **self.all_is_well()}

    def has_noticed(self):
        """How the loss showed: as partitions that say that they stand, or not at all since the topic is the same again."""
        is_ready, _ = self.product.ready()
        if not is_ready:
            return "stopped"
        return "goes_on" if self.product.metric("kafka_partitions_owned") == PARTITIONS else None

    def made_whole(self):
        """What it takes until everything is counted once: nothing, a replay of the running server, or a restart."""
        for way in ("nothing", "replay", "restart", "restart and replay"):
            if "restart" in way:
                self.stop_server()
                self.product.launch()
                self.expect(becomes_true(self.answers, 60), "wiped: the server does not come back")
            if "replay" in way:
                done = subprocess.run(self.product.command("replay"), capture_output=True, text=True, timeout=900)
                self.expect(done.returncode == 0, f"wiped: replay exits {done.returncode}: {done.stderr.strip()[-300:]}")
            with contextlib.suppress(Broken):
                self.exactly_once(seconds=30 if way != "restart and replay" else None)
                if becomes_true(lambda: self.product.ready()[0], 5):
                    self.expect(way != "restart and replay", "wiped: neither a replay nor a restart brought everything back")
                    return way
            self.expect(way == "nothing", f"wiped: {way} does not make it whole; {self.standing()}")
        raise Broken("what the broker had acknowledged does not come back")

    def answers(self):
        try:
            return self.product.get("/livez")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    # --- records that are needed are deleted ---

    def trimmed(self):
        """The views of one partition are put back to where they stood earlier, and what they need next is deleted."""
        victim, others = next(iter(COMPANIES)), tuple(COMPANIES)[1:]
        partition = COMPANIES[victim]
        views, kept = os.path.join(self.product.data_dir, "views", str(partition)), os.path.join(self.folder, "views.kept")
        self.start_server()
        self.load.send(2)
        self.all_is_well()
        stood, counted = self.product.applied_offset(partition), self.product.counted(victim)
        self.stop_server()
        shutil.copytree(views, kept)
        self.start_server()
        self.load.send(2)
        self.all_is_well()
        end = self.product.applied_offset(partition)
        self.stop_server()
        shutil.rmtree(views)
        shutil.copytree(kept, views)
        self.cluster.trim(self.product.topic, partition, stood + (end - stood) // 2)
        self.product.launch()
        need(becomes_true(self.answers, 60), f"trimmed: the server does not come up: {self.product.last_words()}")
        stopped = becomes_true(lambda: not self.product.ready()[0], 60)
        need(stopped, f"trimmed: nothing stops; {victim}: {self.product.counted(victim)}")
        reasons = self.product.ready()[1]
        need(len(reasons) == 1 and f"partition {partition}:" in reasons[0] and "records are missing" in reasons[0] and str(stood) in reasons[0], f"trimmed: /readyz says {reasons}")
        self.load.send(3)
        self.exactly_once(others)
        need(self.product.counted(victim) == counted, f"trimmed: records were skipped: {counted} before, {self.product.counted(victim)} now")
        need(self.product.server.poll() is None and self.product.ready() == (False, reasons), f"trimmed: {self.standing()}")
        replay = subprocess.run(self.product.command("replay"), capture_output=True, text=True, timeout=900)
        need(replay.returncode == 3, f"trimmed: a replay that knows less than the views exits {replay.returncode}: {replay.stdout} {replay.stderr}")
        self.expect("would lose" in replay.stderr, f"trimmed: replay does not say why it is refused: {replay.stderr.strip()}")
        need(self.product.counted(victim) == counted, "trimmed: a refused replay changes the numbers")
        return {"stood": stood, "reason": reasons[0], "others_counted": sum(self.load.acked[c] for c in others)}


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, kills=20, down_seconds=600, wipes=1, trims=1, rate=2000, nodes=1, p99_ms=100, rss_mib=64, drain_times=3, rate_percent=90, warm_seconds=10,
                     again_seconds=60, settle_seconds=300, seed=7))
