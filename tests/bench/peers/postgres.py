"""A PostgreSQL of our own: initialised, started, loaded, asked and ended here. It listens on a unix socket only."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg
from psycopg.types.string import TextBinaryLoader

from questions import PAGE, kpi_sql

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
USER = "postgres"  # who runs it when root asks, for it refuses to run as root

TABLES = """
CREATE TYPE direction AS ENUM ('inbound', 'outbound');
CREATE TYPE disposition AS ENUM ('answered', 'no_answer');
CREATE TYPE result AS ENUM ('answered', 'answered_elsewhere', 'ring_no_answer');
CREATE TYPE segment AS ENUM ('new', 'existing');
CREATE TABLE calls (
    id text NOT NULL, started_at timestamptz(3) NOT NULL, answered_at timestamptz(3), ended_at timestamptz(3) NOT NULL,
    direction direction NOT NULL, disposition disposition NOT NULL, client_number bigint NOT NULL, client text, dialled text NOT NULL,
    segment segment, ivr_seconds integer, wait_seconds integer, talk_seconds integer NOT NULL, missed boolean NOT NULL,
    short_abandon boolean NOT NULL, owner_manager smallint, owner_team smallint);
CREATE TABLE participations (
    call_id text NOT NULL, place smallint NOT NULL, started_at timestamptz(3) NOT NULL, manager smallint, team smallint, endpoint text,
    result result, ring_seconds integer NOT NULL, talk_seconds integer NOT NULL, hold_seconds integer, consult_seconds integer NOT NULL,
    qualified boolean NOT NULL, owns_miss boolean NOT NULL, direction direction NOT NULL, client_number bigint NOT NULL, wait_seconds integer);
"""
COVERED = "INCLUDE (direction, result, owns_miss, qualified, ring_seconds, talk_seconds, wait_seconds, client_number)"
INDEXES = (
    "ALTER TABLE calls ADD PRIMARY KEY (id)",
    "CREATE INDEX calls_started ON calls (started_at DESC, id)",
    "CREATE INDEX calls_client ON calls (client_number, started_at DESC)",
    "ALTER TABLE participations ADD PRIMARY KEY (call_id, place)",
    f"CREATE INDEX participations_manager ON participations (manager, started_at DESC, call_id) {COVERED}",
    f"CREATE INDEX participations_team ON participations (team, started_at DESC, call_id) {COVERED}",
)

CALLS_OF = ("SELECT c.id, c.started_at, c.direction, c.disposition, c.wait_seconds, c.talk_seconds, c.missed, c.answered_at, c.ended_at, c.client_number, "
            "c.client, c.dialled, c.segment, c.ivr_seconds, c.short_abandon, c.owner_manager, c.owner_team FROM ({page}) p JOIN calls c ON c.id = p.call_id "
            "ORDER BY p.started_at DESC, p.call_id")
PAGE_OF = "SELECT call_id, started_at FROM participations WHERE manager = $1 AND started_at >= $2 AND started_at < $3"
NEWEST = f"ORDER BY started_at DESC, call_id LIMIT {PAGE}"


def settings(memory_bytes):
    """A quarter of the memory up to 4 GiB for its buffers; the rest as its manual advises for one machine."""
    buffers = min(memory_bytes // 4, 4 << 30) >> 20
    return {"listen_addresses": "", "shared_buffers": f"{buffers}MB", "effective_cache_size": f"{(memory_bytes >> 20) * 3 // 4}MB", "work_mem": "64MB",
            "maintenance_work_mem": "1GB", "random_page_cost": "1.1", "effective_io_concurrency": "200", "jit": "off", "max_wal_size": "8GB",
            "checkpoint_completion_target": "0.9", "wal_level": "minimal", "max_wal_senders": "0", "timezone": "UTC"}


class Postgres:
    name = "PostgreSQL"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "postgres"
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="normwatch-pg."))
        self.folder.mkdir()
        self.as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            for path in (self.folder, self.sockets):
                os.chown(path, user.pw_uid, user.pw_gid)
            self.as_user = [f"--reuid={USER}", f"--regid={user.pw_gid}", "--init-groups"]
        self.server = self.connection = None

    def start(self):
        data = self.folder / "data"
        role = pwd.getpwuid(os.stat(self.folder).st_uid).pw_name
        words = [BIN / "initdb", "-D", data, "-A", "trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        done = subprocess.run(["setpriv", *self.as_user, *words], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"initdb: {done.stderr[-400:]}")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        given = [word for name, value in settings(memory).items() for word in ("-c", f"{name}={value}")]
        log = open(self.folder.parent / "postgres.log", "ab")
        # It ends with this process, however that ends.
        self.server = subprocess.Popen(["setpriv", *self.as_user, "--pdeathsig", "INT", BIN / "postgres", "-D", data, "-k", self.sockets, *given],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        log.close()
        deadline = time.monotonic() + 60
        while self.connection is None:
            try:
                self.connection = psycopg.connect(f"host={self.sockets} dbname=postgres user={role}", autocommit=True)
            except psycopg.OperationalError as error:
                if self.server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"postgres did not start: {(self.folder.parent / 'postgres.log').read_text()[-400:]}") from error
                time.sleep(0.05)

    def stop(self):
        """Ends the server by its own pid and removes its socket."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            try:
                self.server.wait(60)
            except subprocess.TimeoutExpired:
                self.server.send_signal(signal.SIGQUIT)
                self.server.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def load(self, maker):
        """Takes the assembled calls out of DuckDB by way of CSV files."""
        source = self.folder / "csv"
        source.mkdir()
        source.chmod(0o755)
        self.folder.chmod(0o755)
        with self.connection.transaction():
            self.connection.execute(TABLES)
            for table, facts in (("calls", "call_facts"), ("participations", "participations_facts")):
                order = "started_at, id" if table == "calls" else "started_at, call_id, place"
                maker.execute(f"COPY (SELECT * FROM {facts} ORDER BY {order}) TO '{source / table}.csv' (HEADER false)")
                (source / f"{table}.csv").chmod(0o644)
                self.connection.execute(f"COPY {table} FROM '{source / table}.csv' (FORMAT csv)")
        shutil.rmtree(source)
        for index in INDEXES:
            self.connection.execute(index)
        for oid, in self.ask("SELECT oid::int FROM pg_type WHERE typtype = 'e'"):
            self.connection.adapters.register_loader(oid, TextBinaryLoader)  # else an enumerator comes as bytes
        self.connection.execute("VACUUM (FREEZE, ANALYZE)")
        self.connection.execute("CHECKPOINT")

    def disk(self):
        tables = "SELECT sum(pg_total_relation_size(t)), sum(pg_table_size(t)) FROM unnest(ARRAY['calls', 'participations']::regclass[]) t"
        total, table = map(int, self.connection.execute(tables).fetchone())
        return {"tables": table, "indexes": total - table, "total": total}

    def falsify(self, what):
        """A wrong row: one second more of talk in the middle (kpis), or the newest call of manager 1 missed or not (page)."""
        if what == "kpis":
            self.connection.execute("UPDATE participations SET talk_seconds = talk_seconds + 1 WHERE (call_id, place) = "
                                    "(SELECT call_id, place FROM participations WHERE result = 'answered' ORDER BY started_at "
                                    "OFFSET (SELECT count(*) / 3 FROM participations) LIMIT 1)")
        else:
            self.connection.execute("UPDATE calls SET missed = NOT missed WHERE id = (SELECT call_id FROM participations WHERE manager = 1 "
                                    "AND started_at < '2026-11-04' ORDER BY started_at DESC, call_id LIMIT 1)")

    # --- questions -----------------------------------------------------------------------------------------------------------------

    def ask(self, text, *values):
        """All rows are here when it returns; the caller makes Python values of them."""
        cursor = psycopg.RawCursor(self.connection)
        return cursor.execute(text, values, prepare=True, binary=True)

    def kpis(self, level, number, begin, end):
        return self.ask(kpi_sql("participations", level, "/"), number, begin, end)

    def first_page(self, manager, begin, end):
        return self.ask(CALLS_OF.format(page=f"{PAGE_OF} {NEWEST}"), manager, begin, end)

    def page_after(self, manager, begin, end, last):
        where = f"{PAGE_OF} AND started_at <= $4 AND (started_at < $4 OR call_id > $5)"
        return self.ask(CALLS_OF.format(page=f"{where} {NEWEST}"), manager, begin, end, *last)

    def page_at(self, manager, begin, end, offset):
        return self.ask(CALLS_OF.format(page=f"{PAGE_OF} {NEWEST} OFFSET $4"), manager, begin, end, offset)
