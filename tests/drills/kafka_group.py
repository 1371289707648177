#!/usr/bin/env python3
"""kafka_group.py --normwatch BINARY [--rounds N] [--partitions N] [--seed S] [--back-seconds S] [--answer-seconds S]

Three nodes fold one topic of a broker of their own, and round by round one of them is disturbed: stopped and started, killed and started,
frozen beyond the session timeout and continued (it does not know that it lost its partitions), or left away beyond the session timeout and
started. Meanwhile senders post calls of companies in all partitions to whoever is up, a few of them twice and to different nodes, and
clients ask any node that is up about any company. --folder DIR: parent of the working folder.

Judged: kcat reads the topic beside the nodes, and each answer must count exactly the distinct calls that the topic holds of the company
below the answer's `applied_offset`; with `min_offset` and `collector` of an acknowledgement it holds what was acknowledged. No question fails
while a node that was up during all of it has a copy. After each disturbance the time is taken until every company is answered for with all
that the nodes that are up have acknowledged, calls sent after the disturbance among it: 15 s (or what is asked) after the session timeout, or
after the node came back, at p99. At the end each call is counted once, and `doctor` says equal on every node and knows every partition.

One JSON line at the end. Exit code: 0 all holds, 1 something does not, 2 usage."""
import collections
import concurrent.futures
import http.client
import json
import random
import signal
import sys
import threading
import time

from kafka_cluster import SESSION_SECONDS, Cluster
from product import Broken, main_of, need

FROZEN_SECONDS = 8
PATIENCE_SECONDS = 120
SENDERS, CLIENTS = 2, 4
SENDER_PAUSE, CLIENT_PAUSE = 0.05, 0.05
BATCH = 3
TWICE_EACH = 10  # of so many batches one is sent to two nodes
FAULTS_SHOWN = 40
DAY = "2026-11-03"


def call(company, name):
    at = f"{DAY}T10:00:00Z"
    return json.dumps({"specversion": "1.0", "id": name, "source": "/crm", "type": "normwatch.call.v1", "data": {
        "call_id": name, "direction": "outbound", "from": "101", "to": "+74951000000", "started_at": at, "answered_at": at, "ended_at": at}}) + "\n"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Book:
    """What was sent and acknowledged, and what does not hold."""

    def __init__(self, companies):
        self.lock = threading.Lock()
        self.sent = collections.Counter()
        self.acked = {company: collections.defaultdict(list) for company in companies}  # by node: (collector, end, names)
        self.names = {company: collections.defaultdict(set) for company in companies}  # the same as sets
        self.counts = collections.Counter()
        self.faults = collections.Counter()
        self.waits = []
        self.behind_max = 0

    def ack(self, company, node, position, names):
        with self.lock:
            self.acked[company][node].append((position["collector"], position["offset"], names))
            self.names[company][node].update(names)

    def acked_by(self, company, nodes):
        with self.lock:
            return len(set().union(*(self.names[company][node.name] for node in nodes)))

    def some_ack(self, company, chance):
        """A node, and its newest acknowledgement of the company, the ones before it, and how many calls they are."""
        with self.lock:
            if not self.acked[company]:
                return None
            node = chance.choice(sorted(self.acked[company]))
            newest = self.acked[company][node]
            recent = [name for _, _, names in newest[-20:] for name in names]
            return newest[-1][0], newest[-1][1], recent, len(self.names[company][node])

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def fault(self, kind, text):
        with self.lock:
            self.faults[kind] += 1
            if sum(self.faults.values()) <= FAULTS_SHOWN:
                print(f"{time.strftime('%H:%M:%S')} {kind}: {text}", file=sys.stderr, flush=True)


class Sender:
    """Posts calls until it is told to end; each batch until somebody acknowledges it."""

    def __init__(self, cluster, book, name, seed):
        self.cluster, self.book, self.name, self.chance, self.number = cluster, book, name, random.Random(seed), 0

    def run(self, ending):
        companies = list(self.cluster.companies)
        while not ending.wait(SENDER_PAUSE):
            names = self.deliver(self.chance.choice(companies))
            self.book.count("batches" if names else "gave_up")

    def deliver(self, company):
        """One batch, acknowledged when this returns."""
        self.number += 1
        names = [f"call-{self.name}-{self.number}-{n}" for n in range(BATCH)]
        with self.book.lock:
            self.book.sent[company] += BATCH
        deadline = time.monotonic() + PATIENCE_SECONDS
        copies = 2 if self.number % TWICE_EACH == 0 else 1
        while copies and time.monotonic() < deadline:
            nodes = self.cluster.up()
            copies -= bool(nodes) and self.post(self.chance.choice(nodes), company, names)
            if not nodes:
                time.sleep(0.02)
        if copies:
            self.book.fault("refused", f"nobody took a batch of {company} for {PATIENCE_SECONDS} s")
        return names

    def post(self, node, company, names):
        epoch = node.epoch
        body = "".join(call(company, name) for name in names)
        try:
            status, text = node.request("POST", f"/v1/sources/crm-{company}/import", body)
            answer = json.loads(text.splitlines()[-1]) if status == 200 else {}
        except (OSError, http.client.HTTPException, ValueError, IndexError) as error:
            status, answer, text = 0, {}, repr(error)
        if "position" in answer and answer["read"] == len(names):
            if answer["quarantined"]:
                self.book.fault("quarantined", f"{node.name} {company}: {answer}")
            self.book.ack(company, node.name, answer["position"], names)
            return True
        self.book.count("posts_broken")
        if node.is_up and node.epoch == epoch:
            self.book.fault("post", f"{node.name}, which is up, did not take a batch: {status} {text[:200]!r}")
        return False


class Client:
    """Asks, and keeps the answers until the topic is read as far."""

    def __init__(self, cluster, book, seed, answer_seconds):
        self.cluster, self.book, self.chance, self.answer_seconds = cluster, book, random.Random(seed), answer_seconds
        self.kept = []

    def run(self, ending):
        companies = list(self.cluster.companies)
        while not ending.wait(CLIENT_PAUSE):
            nodes = self.cluster.up()
            if nodes:
                company = self.chance.choice(companies)
                ack = self.book.some_ack(company, self.chance) if self.chance.random() < 0.5 else None
                self.ask(self.chance.choice(nodes), company, ack)
            self.judge()

    def ask(self, node, company, ack=None):
        """The number that the node answers with, None when it does not."""
        partition = self.cluster.companies[company]
        holders = [(one, one.epoch) for one in self.cluster.up() if partition in one.held]
        newest = max((one.held[partition] for one, _ in holders), default=0)
        epoch, begun = node.epoch, time.monotonic()
        path = f"/v1/kpis?company={company}&day={DAY}&kpi=calls_out" + (f"&min_offset={ack[1]}&collector={ack[0]}" if ack else "")
        try:
            status, text = node.request("GET", path, timeout=self.answer_seconds)
        except (OSError, http.client.HTTPException) as error:
            status, text = 0, repr(error).encode()
        is_asked_up = node.is_up and node.epoch == epoch
        is_held = any(one.is_up and one.epoch == then for one, then in holders)
        seconds = time.monotonic() - begun
        if status == 200:
            with self.book.lock:
                self.book.waits.append((seconds, bool(ack), is_asked_up))
            if is_held:
                self.look_behind(json.loads(text)["meta"]["applied_offset"], newest)
            return self.keep(node, company, json.loads(text), ack)
        if ack and status == 409:
            self.book.count("not_reached")
        elif is_asked_up and is_held:
            self.book.fault("question", f"{node.name} about {company} (partition {partition}, copies on {[one.name for one, _ in holders]}), "
                            f"after {seconds:.1f} s: {status} {text[:200]!r}")
        else:
            self.book.count("unanswered")
        return None

    def look_behind(self, end, newest):
        """Counts answers that are older than a copy which was known before the question."""
        if end < newest:
            self.book.count("answers_behind_a_copy")
            with self.book.lock:
                self.book.behind_max = max(self.book.behind_max, newest - end)

    def keep(self, node, company, answer, ack):
        self.book.count("answers")
        counted, end = answer["totals"]["calls_out"] or 0, answer["meta"]["applied_offset"]
        if answer["meta"]["partition"] != self.cluster.companies[company]:
            self.book.fault("partition", f"{company}: {answer['meta']}")
        self.kept.append((node.name, company, counted, end, ack))
        return counted

    def judge(self):
        """Compares what is kept with the topic, where that is read."""
        later = []
        for one in self.kept:
            name, company, counted, end, ack = one
            held = self.cluster.topic.count(company, self.cluster.companies[company], end)
            if held is None:
                later.append(one)
                continue
            self.book.count("answers_judged")
            if counted != held:
                self.book.fault("number", f"{name} counts {counted} calls of {company} below offset {end}, the topic holds {held}")
            if ack:
                self.judge_ack(one)
        self.kept = later

    def judge_ack(self, one):
        name, company, counted, end, (collector, offset, recent, acked) = one
        self.book.count("acknowledgements_judged")
        places = [self.cluster.topic.offset_of(company, call_name) for call_name in recent]
        missing = sum(place is None or place >= end for place in places)
        if missing or counted < acked:
            self.book.fault("acknowledged", f"{name} answers about {company} with min_offset={offset} of {collector}: {counted} calls below {end}, "
                            f"{acked} were acknowledged, {missing} of the last {len(recent)} are not below it")


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.chance = asked, random.Random(asked.seed)
        self.cluster = self.product = Cluster(asked, folder)
        self.book = Book(self.cluster.companies)
        self.ending = threading.Event()
        self.back, self.folded = collections.defaultdict(list), collections.defaultdict(list)
        self.asker = Client(self.cluster, self.book, asked.seed, asked.answer_seconds)
        self.prober = Sender(self.cluster, self.book, "p", asked.seed)
        self.workers = [Sender(self.cluster, self.book, f"s{n}", f"{asked.seed}/{n}") for n in range(SENDERS)]
        self.workers += [Client(self.cluster, self.book, f"{asked.seed}:{n}", asked.answer_seconds) for n in range(CLIENTS)]

    def guard(self, work):
        try:
            work(self.ending)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.book.fault("drill", repr(error))

    def watch(self, ending):
        """Notes which node has which copy, and that none ends by itself."""
        while not ending.wait(0.25):
            for node in self.cluster.up():
                epoch = node.epoch
                try:
                    status, text = node.request("GET", "/readyz", timeout=5)
                except (OSError, http.client.HTTPException) as error:
                    status, text = 0, repr(error)
                if not node.is_up or node.epoch != epoch:
                    continue
                # A node that is taking a copy of a partition says so, and is well.
                reasons = json.loads(text).get("reasons", []) if status == 503 and text else []
                if status != 200 and not (reasons and all("restoring" in reason for reason in reasons)):
                    self.book.fault("ready", f"{node.name} is not ready: {status} {text[:300]!r} {node.last_words()[-200:]!r}")
                else:
                    node.held.update({one["partition"]: one["applied_offset"] for one in json.loads(text)["partitions"] if one["applied_offset"] > 0})

    def run(self):
        self.cluster.start()
        self.settle(time.monotonic(), "start")
        threads = [threading.Thread(target=self.guard, args=(work,)) for work in (self.watch, *(one.run for one in self.workers))]
        for thread in threads:
            thread.start()
        try:
            self.rounds()
        finally:
            self.ending.set()
            for thread in threads:
                thread.join()
        return self.judge()

    def rounds(self):
        begun, kinds = time.monotonic(), []
        for number in range(self.asked.rounds):
            if not kinds:
                kinds = [self.stopped, self.killed, self.frozen, self.away]
                self.chance.shuffle(kinds)
            disturb, victim = kinds.pop(), self.chance.choice(self.cluster.nodes)
            disturb(victim)
            took = {kind: (round(self.folded[kind][-1], 1), round(times[-1], 1)) for kind, times in self.back.items() if kind.startswith(disturb.__name__)}
            print(f"{number + 1} of {self.asked.rounds}: {disturb.__name__} {victim.name}, folded and answered after {took} s, {time.monotonic() - begun:.0f} s in all, "
                  f"{self.book.counts['answers']} answers, faults {dict(self.book.faults)}", file=sys.stderr, flush=True)

    def stopped(self, victim):
        since = time.monotonic()
        victim.disturb()
        victim.leaves()
        victim.comes_back()
        self.settle(since + SESSION_SECONDS, "stopped")

    def killed(self, victim):
        since = time.monotonic()
        victim.disturb()
        victim.kill()
        victim.comes_back()
        self.settle(since + SESSION_SECONDS, "killed")

    def frozen(self, victim):
        since = time.monotonic()
        victim.disturb()
        victim.freeze()
        self.settle(since + SESSION_SECONDS, "frozen")
        time.sleep(max(0.0, since + FROZEN_SECONDS - time.monotonic()))
        since = time.monotonic()
        victim.server.send_signal(signal.SIGCONT)
        victim.wait_ready()
        victim.is_up = True
        self.settle(since, "frozen_back")

    def away(self, victim):
        since = time.monotonic()
        victim.disturb()
        victim.leaves()
        self.settle(since + SESSION_SECONDS, "away")
        time.sleep(max(0.0, since + FROZEN_SECONDS - time.monotonic()))
        since = time.monotonic()
        victim.comes_back()
        self.settle(since, "away_back")

    def settle(self, since, kind):
        """Waits until every company is answered for with all that was acknowledged, a call of now among it, and every partition has one owner."""
        fresh = {company: self.prober.deliver(company)[-1] for company in self.cluster.companies}
        nodes = self.cluster.up()
        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            folded = pool.submit(self.wait_folded, fresh, nodes)
            ends = list(pool.map(lambda company: self.wait_answer(company, nodes, self.book.acked_by(company, nodes)), self.cluster.companies))
        self.asker.judge()
        self.folded[kind].append(max(0.0, folded.result() - since))
        self.back[kind].append(max(0.0, max(ends) - since))
        self.wait_owned(nodes)

    def wait_folded(self, fresh, nodes):
        """Until some node has folded the call of each company, as its /readyz says: this waits for no worker of the node."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            need(self.cluster.topic.reader.poll() is None, "kcat ended: nobody reads the topic")
            applied = collections.defaultdict(int)
            for node in nodes:
                for one in json.loads(node.request("GET", "/readyz")[1])["partitions"]:
                    applied[one["partition"]] = max(applied[one["partition"]], one["applied_offset"])
            places = {company: self.cluster.topic.offset_of(company, name) for company, name in fresh.items()}
            late = [company for company, place in places.items() if place is None or applied[self.cluster.companies[company]] <= place]
            if not late:
                return time.monotonic()
            time.sleep(0.05)
        raise Broken(f"nobody folds: {[(company, self.cluster.companies[company], places[company]) for company in late]} after {PATIENCE_SECONDS} s")

    def wait_owned(self, nodes):
        """Until the nodes say that together they own each partition once: one that was frozen knows by then what it lost."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        owned = []
        while time.monotonic() < deadline:
            owned = [node.owned() for node in nodes]
            if min(owned) > 0 and sum(owned) == self.asked.partitions:
                return
            time.sleep(0.05)
        raise Broken(f"{[node.name for node in nodes]} own {owned} of {self.asked.partitions} partitions after {PATIENCE_SECONDS} s")

    def wait_answer(self, company, nodes, acked):
        deadline = time.monotonic() + PATIENCE_SECONDS
        chance = random.Random(company)
        while time.monotonic() < deadline:
            counted = self.asker.ask(chance.choice(nodes), company)
            if counted is not None and counted >= acked:
                return time.monotonic()
            time.sleep(0.05)
        raise Broken(f"{company} (partition {self.cluster.companies[company]}): {acked} calls are acknowledged, the last answer has {counted} after {PATIENCE_SECONDS} s; "
                     + "; ".join(f"{node.name}: {node.last_words()[-200:]!r}" for node in nodes))

    def judge(self):
        """All is quiet: every node answers about every company with every call, once."""
        self.settle(time.monotonic(), "end")
        book, topic = self.book, self.cluster.topic
        for company in self.cluster.companies:
            need(len(topic.firsts[company]) == book.sent[company], f"{book.sent[company]} calls of {company} were acknowledged, the topic holds {len(topic.firsts[company])}")
            for node in self.cluster.nodes:
                counted = self.asker.ask(node, company)
                need(counted == book.sent[company], f"{book.sent[company]} calls of {company} were acknowledged, {node.name} counts {counted}")
        ledgers = self.doctors()
        for worker in (self.asker, *self.workers):
            if isinstance(worker, Client):
                worker.judge()
                need(not worker.kept, f"the topic is not read as far as {worker.kept[:1]}")
        need(not book.faults, f"faults: {dict(book.faults)}; {dict(book.counts)}, back {max(sum(self.back.values(), [])):.1f} s at most")
        need(book.counts["answers_judged"] and book.counts["acknowledgements_judged"], f"nothing was judged: {dict(book.counts)}")
        back = [one for kind, times in self.back.items() if kind not in ("start", "end") for one in times]
        p99 = percentile(back, 0.99)
        need(p99 <= self.asked.back_seconds, f"owner back after {p99:.1f} s at p99: {dict(self.back)}")
        waits = [seconds for seconds, has_min_offset, is_up in book.waits if is_up and not has_min_offset]
        return {"drill": "kafka_group", "seed": self.asked.seed, "rounds": self.asked.rounds, "disturbances": len(back), "partitions": self.asked.partitions,
                "companies": len(self.cluster.companies), "calls": sum(book.sent.values()), "repeated_in_topic": topic.repeated, "lost": 0, "double": 0,
                "duplicate": sum(one["duplicate"] for one in ledgers), **book.counts, "records_behind_max": book.behind_max, "answer_seconds_p99": round(percentile(waits, 0.99), 2),
                "answer_seconds_max": round(max(waits), 2), "back_seconds_p99": round(p99, 1), "back_seconds_max": {kind: round(max(times), 1) for kind, times in self.back.items()},
                "folded_seconds_max": {kind: round(max(times), 1) for kind, times in self.folded.items()}}

    def doctors(self):
        """What `doctor` says of each partition, by the node that owns it."""
        ledgers = {}
        for node in self.cluster.nodes:
            answer = node.ask("doctor", ok=(0, 1, 3))
            need(answer["result"] == "equal", f"doctor of {node.name}: {json.dumps(answer)[:500]}")
            for one in answer["partitions"]:
                ledger = one["ledger"]
                need(one["partition"] not in ledgers, f"two nodes own partition {one['partition']}")
                need(ledger["acked"] == sum(ledger[key] for key in ("applied", "duplicate", "stale", "quarantined", "waiting")), f"{node.name}: {one}")
                need(ledger["quarantined"] == 0 and ledger["waiting"] == 0, f"{node.name}: {one}")
                ledgers[one["partition"]] = ledger
        need(len(ledgers) == self.asked.partitions, f"doctor knows the partitions {sorted(ledgers)} alone")
        return list(ledgers.values())


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, rounds=200, partitions=16, back_seconds=15, answer_seconds=30, seed=1))
