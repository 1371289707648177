#!/usr/bin/env python3
"""redrive_kills.py --normwatch BINARY [--kills N] [--good N] [--seed S] [--folder DIR]

One bad item in a hundred good ones, imported and pushed: every good one is applied, every bad one kept with its reason. Nine in
ten of the bad ones are bad because a source is configured wrongly (a wrong zone, a missing type). Then the configuration is mended
and `quarantine redrive` runs, with SIGKILL at random moments: every second time the command works on the data directory itself
and is killed, else it asks a server and that is killed. At the end every mended item is one event and one record that closes it, no
more, what is broken for good is still open with its reason, a second redrive changes nothing, the ledger balances and doctor
says equal."""
import collections
import datetime
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time

from product import MANAGERS, Product, main_of, need

PUSH_BATCH = 100
WRONG = (
    '  - {id: pbx-1, kind: asterisk-cdr-csv, timezone: UTC, region: RU, international_prefix: "810", pbx: main}\n'
    '  - {id: pbx-2, kind: asterisk-cdr-csv, timezone: Etc/GMT+12, region: RU, international_prefix: "810", pbx: second}\n'
    "  - {id: crm, kind: cloudevents, types: [email]}\n"
)
RIGHT = WRONG.replace("Etc/GMT+12", "UTC").replace("[email]", "[email, call*]")
WIDE = ["--from", "2020-01-01T00:00:00Z", "--until", "2035-01-01T00:00:00Z"]


def cdr_row(n, start):
    """An answered call of 20 s, one call of its own."""
    who = 101 + n % len(MANAGERS)
    texts = [(start + datetime.timedelta(seconds=s)).strftime("%Y-%m-%d %H:%M:%S") for s in (0, 5, 25)]
    unique = f"{int(start.timestamp())}.{n}"
    number = f"7495{1000000 + n % 5000}"
    return (
        f'"","{who}","{number}","default","""{who}"" <{who}>","PJSIP/{who}-{n:08x}","PJSIP/trunk-{n:08x}","Dial","",'
        f'"{texts[0]}","{texts[1]}","{texts[2]}",25,20,"ANSWERED","DOCUMENTATION","{unique}","","","{unique}",{n}\n'
    )


def event(kind, name, data):
    return {"specversion": "1.0", "id": name, "source": "/crm", "type": f"normwatch.{kind}.v1", "data": data}


def mail(n):
    sent = f"2026-03-{1 + n % 28:02d}T10:00:00Z"
    return event("email", f"mail-{n}", {"message_id": f"<{n}@acme.example>", "from": "ivanov@acme.example", "to": ["buyer@romashka.example"], "sent_at": sent})


def call(n):
    at = f"2026-03-{1 + n % 28:02d}T12:{n // 28 % 60:02d}"
    return event("call", f"call-{n}", {"call_id": f"k{n}", "direction": "outbound", "from": "101", "to": f"+7495{2000000 + n}",
                                       "started_at": f"{at}:00Z", "answered_at": f"{at}:05Z", "ended_at": f"{at}:25Z"})


def mixed(chance, good, bad):
    """Both in one list, the bad ones at random places, each list in its order."""
    count = len(good) + len(bad)
    places = set(chance.sample(range(count), len(bad)))
    good, bad = iter(good), iter(bad)
    return [next(bad if n in places else good) for n in range(count)]


class Drill:
    def __init__(self, asked, folder):
        self.asked, self.chance, self.folder = asked, random.Random(asked.seed), folder
        self.product = Product(asked.normwatch, folder, os.path.join(folder, "data"), WRONG)
        bad = asked.good // 100
        self.broken = bad // 10  # broken for good
        self.by_zone = bad * 4 // 10
        self.by_type = (bad - self.broken - self.by_zone) // 2  # so many in a file, so many pushed
        self.mails = asked.good // 20
        self.rows = asked.good - self.mails
        self.mendable = self.by_zone + 2 * self.by_type
        self.kills = self.missed = self.inside = 0
        self.delay_max = {False: 0.3, True: 0.3}

    def write(self, name, lines):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(lines)
        return path

    def take_in(self):
        """All items, good and bad, by file and by HTTP."""
        old = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
        good = [cdr_row(n, old + datetime.timedelta(seconds=n * 7 % (30 * 86400))) for n in range(self.rows)]
        torn = [cdr_row(n, old)[: self.chance.randint(3, 60)].replace("\n", " ") + "\n" for n in range(self.broken)]
        path = self.write("Master.csv", mixed(self.chance, good, torn))
        self.imported("pbx-1", path, self.rows, self.broken)
        # What ended just now lies half a day ahead in the wrong zone.
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        late = [cdr_row(self.rows + n, now - datetime.timedelta(seconds=60 + n % 3600)) for n in range(self.by_zone)]
        self.imported("pbx-2", self.write("Second.csv", late), 0, self.by_zone)
        half = self.mails // 2
        calls = [call(n) for n in range(2 * self.by_type)]
        lines = mixed(self.chance, [mail(n) for n in range(half)], calls[: self.by_type])
        self.imported("crm", self.write("crm.jsonl", [json.dumps(line) + "\n" for line in lines]), half, self.by_type)
        self.push(mixed(self.chance, [mail(n) for n in range(half, self.mails)], calls[self.by_type :]))

    def imported(self, source, path, accepted, quarantined):
        answer = self.product.ask("import", "--source", source, path)
        need((answer["accepted"], answer["quarantined"]) == (accepted, quarantined), f"import of {source}: {answer}")

    def push(self, items):
        self.product.start()
        connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=60)
        rejected = 0
        for begin in range(0, len(items), PUSH_BATCH):
            connection.request("POST", "/v1/events", json.dumps(items[begin : begin + PUSH_BATCH]), {"Content-Type": "application/cloudevents-batch+json"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            need(answer.status == 202, f"push: {answer.status} {body}")
            rejected += body["rejected"]
        connection.close()
        self.product.stop()
        need(rejected == self.by_type, f"{rejected} of {self.by_type} pushed items rejected")

    def items(self):
        return self.product.ask("quarantine", "list")["items"]

    def check_kept(self):
        """Every bad item is in quarantine, with its reason; every good one is in the numbers."""
        reasons = collections.Counter((item["source"], item["reason"], item["state"]) for item in self.items())
        torn = sum(count for (source, _, _), count in reasons.items() if source == "pbx-1")
        need(torn == self.broken, f"{torn} of {self.broken} torn lines kept")
        need(reasons["pbx-2", "future_time", "open"] == self.by_zone and reasons["crm", "refused_type", "open"] == 2 * self.by_type, f"reasons: {reasons}")
        self.check_counts(self.rows)
        ledger = self.product.doctor()
        need(ledger["quarantined"] == self.broken + self.mendable and ledger["duplicate"] == 0, f"ledger: {ledger}")
        return ledger

    def check_counts(self, calls):
        totals = self.product.ask("report", *WIDE, "--kpi", "calls_out,talk_seconds")["totals"]
        need((totals["calls_out"], totals["talk_seconds"]) == (calls, 20 * calls), f"{calls} calls wanted, counted {totals}")

    def kill_once(self, ids):
        """A redrive of these items, killed at a random moment. Returns: whether it was still at work."""
        through = self.kills % 2 == 1
        if through:
            self.product.start()
        words = self.product.command("quarantine", "redrive", *ids)
        asking = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(self.chance.uniform(0, self.delay_max[through]))
        ended = asking.poll() is not None
        if through:
            self.product.kill()
        else:
            asking.send_signal(signal.SIGKILL)
        said = asking.stderr.read().decode(errors="replace")
        status = asking.wait()
        need(status in (0, 3, -signal.SIGKILL), f"redrive exited {status}: {said[-400:]}")
        self.missed += ended
        self.kills += not ended
        self.delay_max[through] = min(10.0, max(0.02, self.delay_max[through] * (0.75 if ended else 1.1)))
        return not ended

    def redrive(self):
        """Kills until there were enough of them; each time some items that are open and some that are closed."""
        while self.kills < self.asked.kills:
            state = {item["id"]: item["state"] for item in self.items() if item["source"] != "pbx-1"}
            before = [name for name, now in state.items() if now == "open"]
            share = max(1, len(before) // max(1, self.asked.kills - self.kills + 2))
            chosen = self.chance.sample(before, min(len(before), share))
            closed = [name for name in state if state[name] != "open"]
            was_killed = self.kill_once(chosen + self.chance.sample(closed, min(5, len(closed))))
            after = {item["id"]: item["state"] for item in self.items()}
            now_closed = [name for name in before if after[name] == "redriven"]
            self.inside += was_killed and bool(now_closed)
            need(set(now_closed) <= set(chosen), "an item was closed that nobody asked for")
            self.check_log(sum(1 for name in state if after[name] == "redriven"))
        answer = self.product.ask("quarantine", "redrive", "--all", ok=(1,))["items"]
        still = [item for item in answer if item["state"] == "open"]
        need(len(still) == self.broken and all(item["reason"] for item in still), f"{len(still)} items still open, {self.broken} broken for good")

    def check_log(self, closed):
        grown = self.product.end_of_log() - self.mended_at
        need(grown == 2 * closed, f"{closed} items are closed, {grown} records were appended for them")

    def run(self):
        self.product.apply_directory()
        self.take_in()
        before = self.check_kept()
        self.product.configure(RIGHT)
        self.product.ask("import", "--source", "pbx-1", self.write("empty.csv", []))  # whatever is declared anew stands before what is counted
        self.mended_at = self.product.end_of_log()
        self.redrive()
        self.check_log(self.mendable)
        self.check_counts(self.rows + self.mendable)
        ledger, digest = self.product.doctor(), self.product.ask("doctor")["digest"]
        need(ledger["duplicate"] == 0 and ledger["stale"] == 0, f"an item was applied twice: {ledger}")
        need(ledger["quarantined"] == before["quarantined"], f"redriven items left the ledger: {ledger}")
        self.product.ask("quarantine", "redrive", "--all", ok=(1,))
        self.check_log(self.mendable)
        need(self.product.ask("doctor")["digest"] == digest, "a second redrive changed the views")
        return {"drill": "redrive_kills", "seed": self.asked.seed, "good": self.asked.good, "bad": self.broken + self.mendable, "redriven": self.mendable,
                "still_open": self.broken, "kills": self.kills, "kills_that_closed_some": self.inside, "ended_before": self.missed, "lost": 0, "double": 0,
                "ledger": ledger}


if __name__ == "__main__":
    sys.exit(main_of(Drill, __doc__, kills=50, good=200_000, seed=7))
