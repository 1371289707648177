"""DuckDB inside of this process, over a file of its own: one wide table, in the order of the questions instead of indexes."""
import datetime

import duckdb

from questions import PAGE, kpi_sql

# One row a call and manager with all of the call's facts: columns that repeat cost it little, and no question needs a join.
TABLE = """
CREATE TABLE calls AS
SELECT p.*, c.answered_at, c.ended_at, c.disposition, c.client, c.dialled, c.segment, c.ivr_seconds, c.talk_seconds AS call_talk_seconds,
       c.missed, c.short_abandon, c.owner_manager, c.owner_team
FROM {participations} p JOIN {calls} c ON c.id = p.call_id
ORDER BY p.team, p.manager, p.started_at DESC, p.call_id
"""
PAGE_OF = ("SELECT call_id, started_at, direction, disposition, wait_seconds, call_talk_seconds, missed, answered_at, ended_at, client_number, client, "
           "dialled, segment, ivr_seconds, short_abandon, owner_manager, owner_team FROM calls WHERE manager = $1 AND started_at >= $2 AND started_at < $3")
NEWEST = f"ORDER BY started_at DESC, call_id LIMIT {PAGE}"


def literal(value):
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.replace(tzinfo=None).isoformat(sep=' ')}'"
    return repr(value)


class Duck:
    name = "DuckDB"

    def __init__(self, folder):
        self.file = folder / "calls.duckdb"
        self.connection = None

    def load(self, maker):
        """Takes the assembled calls out of the loader's connection, which it may use up."""
        maker.execute(f"ATTACH '{self.file}' AS peer")
        maker.execute(TABLE.format(participations="participations_facts", calls="call_facts").replace("CREATE TABLE calls", "CREATE TABLE peer.calls"))
        maker.execute("DETACH peer")

    def start(self):
        self.connection = duckdb.connect(str(self.file), read_only=True)
        self.prepare("manager_kpis", kpi_sql("calls", "manager", "//"))
        self.prepare("team_kpis", kpi_sql("calls", "team", "//"))
        self.prepare("first_page", f"{PAGE_OF} {NEWEST}")
        self.prepare("page_after", f"{PAGE_OF} AND started_at <= $4 AND (started_at < $4 OR call_id > $5) {NEWEST}")
        self.prepare("page_at", f"{PAGE_OF} {NEWEST} OFFSET $4")

    def prepare(self, name, text):
        self.connection.execute(f"PREPARE {name} AS {text}")

    def stop(self):
        if self.connection is not None:
            self.connection.close()

    def disk(self):
        return {"total": self.file.stat().st_size}

    def ask(self, name, *values):
        return self.connection.execute(f"EXECUTE {name}({', '.join(map(literal, values))})").fetchall()

    def kpis(self, level, number, begin, end):
        return self.ask(f"{level}_kpis", number, begin, end)

    def first_page(self, manager, begin, end):
        return self.ask("first_page", manager, begin, end)

    def page_after(self, manager, begin, end, last):
        return self.ask("page_after", manager, begin, end, *last)

    def page_at(self, manager, begin, end, offset):
        return self.ask("page_at", manager, begin, end, offset)
