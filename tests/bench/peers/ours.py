"""The program, as a user asks it: over HTTP on one connection that is kept."""
import base64
import datetime
import json
import pathlib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "drills"))
from product import Product, need  # noqa: E402

from questions import KPIS, PAGE, columns_of  # noqa: E402


def size_of(folder):
    return sum(file.stat().st_size for file in pathlib.Path(folder).rglob("*") if file.is_file())


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def native_id(call_id):
    return base64.urlsafe_b64decode(call_id + "=" * (-len(call_id) % 4)).partition(b"\0")[2].decode()


class Ours:
    name = "Normwatch"

    def __init__(self, normwatch, folder):
        self.folder = folder / "ours"
        self.folder.mkdir()
        self.product = Product(normwatch, self.folder, str(self.folder / "data"))
        self.socket, self.rest = None, b""

    def load(self, file):
        self.product.ask("directory", "apply", "--wait", f"{file}.directory.yaml")
        done = subprocess.run(self.product.command("import", "--source", "pbx-1", "--wait", str(file)), capture_output=True, text=True, check=False)
        need(done.returncode == 0, f"import exited {done.returncode}: {done.stderr[-400:]}")

    def start(self):
        self.product.start()
        self.socket = socket.create_connection(("127.0.0.1", self.product.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def stop(self):
        if self.socket is not None:
            self.socket.close()
        self.product.stop()

    def disk(self):
        data = self.folder / "data"
        views, log = size_of(data / "views"), size_of(data / "log")
        return {"views": views, "log": log, "total": views + log}

    def get(self, path):
        return json.loads(self.bytes_of(path))

    def bytes_of(self, path):
        """One request until the last byte of its answer. http.client costs as much as some answers do, so the few lines of HTTP are here."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n".encode())
        received = bytearray(self.rest)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self.more()
        head = bytes(received[:end]).lower()
        need(head.startswith(b"http/1.1 200"), f"GET {path}: {head[:200]!r} {bytes(received[end:end + 300])!r}")
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while len(received) < end + 4 + length:
            received += self.more()
        self.rest = bytes(received[end + 4 + length:])
        return bytes(received[end + 4:end + 4 + length])

    def more(self):
        read = self.socket.recv(1 << 20)
        need(read, "the server closed the connection")
        return read

    # --- questions -----------------------------------------------------------------------------------------------------------------

    def kpis(self, level, number, begin, end):
        return self.bytes_of(f"/v1/kpis?from={instant(begin)}&until={instant(end)}&by={level}&{level}={level[0]}-{number}&kpi={','.join(KPIS)}")

    def first_page(self, manager, begin, end):
        return self.bytes_of(self.search(manager, begin, end, PAGE))

    def page_after(self, manager, begin, end, cursor):
        return self.bytes_of(f"{self.search(manager, begin, end, PAGE)}&cursor={cursor}")

    @staticmethod
    def search(manager, begin, end, limit):
        return f"/v1/calls?from={instant(begin)}&until={instant(end)}&manager=m-{manager}&limit={limit}"

    def deep_pages(self, manager, begin, end, depth, count):
        """Up to `count` pages in a row behind `depth` calls, or behind as many as there are: our cursor, the last call before the page, its depth."""
        answer = self.get(self.search(manager, begin, end, depth))
        if answer["next_cursor"] is None:
            depth = (len(answer["calls"]) - 1) // PAGE * PAGE
            answer = self.get(self.search(manager, begin, end, depth))
        pages = []
        while answer["next_cursor"] is not None and len(pages) < count:
            last = answer["calls"][-1]
            pages.append((answer["next_cursor"], (moment_of(last["started_at"]), native_id(last["call_id"])), depth))
            answer, depth = json.loads(self.page_after(manager, begin, end, answer["next_cursor"])), depth + PAGE
        return pages

    def kpis_not_zero(self, begin, end):
        """Every KPI that anybody has in this range."""
        values = self.get(f"/v1/kpis?from={instant(begin)}&until={instant(end)}&by=company")["totals"]
        amount = {kpi: value["minor"] if isinstance(value, dict) else value for kpi, value in values.items()}
        return {kpi for kpi, value in amount.items() if value}


def moment_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def plain_kpis(text):
    """An answer of ours as a peer's row."""
    answer = json.loads(text)
    need(len(answer["rows"]) == 1, f"one row was asked for: {json.dumps(answer)[:300]}")
    return [columns_of(answer["rows"][0]["values"])]


def plain_page(text):
    return [(native_id(call["call_id"]), moment_of(call["started_at"]), call["direction"], call["disposition"], call["wait_seconds"], call["talk_seconds"],
             call["missed"]) for call in json.loads(text)["calls"]]
