"""The calls of a generated `Master.csv` as tables for the peers.

Written apart from the program and from its definitions only: lines to legs, legs to calls, who was rung, who was connected, who owns a
miss. So the comparison also says whether the program assembled these calls rightly. It knows what `normwatch generate` writes, not all
that an exchange can write: every call has legs of one instant, at most one leg is answered, nothing is put on hold.
"""
import re

import yaml

COLUMNS = ("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
           "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence")

# A line that came twice counts once. Wall clocks are read as UTC, as the source is configured.
LEGS = """
CREATE TEMP TABLE legs AS
SELECT linkedid AS id, sequence, dst, "start" AS started_at, answer AS answered_at, "end" AS ended_at,
       channel NOT LIKE 'PJSIP/trunk-%' AS is_outbound,
       regexp_extract(CASE WHEN is_outbound THEN channel ELSE dstchannel END, '^PJSIP/(\\d+)-', 1) AS endpoint,
       CAST(CASE WHEN is_outbound THEN dst ELSE src END AS BIGINT) AS client_number,
       disposition = 'ANSWERED' AS is_answered
FROM (SELECT DISTINCT * FROM read_csv($file, header = false, delim = ',', quote = '"', escape = '"', columns = {columns}))
"""

# Seconds are whole in this workload. `rang` lasts until somebody answered or nobody did.
CALLS = """
CREATE TEMP TABLE assembled AS
SELECT c.*, registered.client, coalesce(dialled_endpoint.manager, registered.owner) AS owner
FROM (SELECT id, min(started_at) AS started_at, min(answered_at) AS answered_at, max(ended_at) AS ended_at, bool_or(is_outbound) AS is_outbound,
             bool_or(is_answered) AS is_answered, min(client_number) AS client_number, arg_min(dst, sequence) AS dialled,
             date_diff('second', min(started_at), coalesce(min(answered_at), max(ended_at))) AS rang_seconds,
             coalesce(date_diff('second', min(answered_at), max(ended_at)), 0) AS talk_seconds
      FROM legs GROUP BY id) c
LEFT JOIN registered ON registered.number = c.client_number
LEFT JOIN endpoints dialled_endpoint ON dialled_endpoint.endpoint = c.dialled
"""

CALL_FACTS = """
CREATE TEMP TABLE call_facts AS
SELECT id, started_at, answered_at, ended_at, CASE WHEN is_outbound THEN 'outbound' ELSE 'inbound' END AS direction,
       CASE WHEN is_answered THEN 'answered' ELSE 'no_answer' END AS disposition,
       client_number, client, dialled, 'new' AS segment, CASE WHEN NOT is_outbound THEN 0 END AS ivr_seconds,
       CASE WHEN NOT is_outbound THEN rang_seconds END AS wait_seconds, talk_seconds,
       NOT is_outbound AND NOT is_answered AND rang_seconds >= 5 AS missed,
       NOT is_outbound AND NOT is_answered AND rang_seconds < 5 AS short_abandon,
       CASE WHEN missed THEN owner END AS owner_manager,
       CASE WHEN missed AND owner IS NULL THEN (SELECT team FROM queue) END AS owner_team
FROM assembled
"""

# One row for each manager whom a call concerns: who was rung or dialled, and who only owns the miss (or his team, without a manager).
PARTICIPATIONS = """
CREATE TEMP TABLE participations_facts AS
WITH rung AS (
    SELECT legs.id, endpoints.manager, endpoints.team, legs.endpoint,
           CASE WHEN legs.is_answered THEN 'answered' WHEN c.disposition = 'answered' THEN 'answered_elsewhere' ELSE 'ring_no_answer' END AS result,
           date_diff('second', legs.started_at, coalesce(legs.answered_at, legs.ended_at)) AS ring_seconds,
           coalesce(date_diff('second', legs.answered_at, legs.ended_at), 0) AS talk_seconds
    FROM legs JOIN endpoints USING (endpoint) JOIN call_facts c ON c.id = legs.id),
concerned AS (
    SELECT * FROM rung
    UNION ALL
    SELECT c.id, c.owner_manager, coalesce(e.team, c.owner_team), NULL, NULL, 0, 0
    FROM call_facts c LEFT JOIN endpoints e ON e.manager = c.owner_manager
    WHERE c.missed AND NOT EXISTS (SELECT 1 FROM rung WHERE rung.id = c.id AND rung.manager = c.owner_manager))
SELECT p.id AS call_id, row_number() OVER (PARTITION BY p.id ORDER BY p.endpoint NULLS LAST) AS place, c.started_at, p.manager, p.team, p.endpoint,
       p.result, p.ring_seconds, p.talk_seconds, CAST(NULL AS INTEGER) AS hold_seconds, 0 AS consult_seconds, p.talk_seconds >= 60 AS qualified,
       coalesce(c.missed AND (p.manager IS NULL OR p.manager = c.owner_manager), false) AS owns_miss, c.direction, c.client_number, c.wait_seconds
FROM concerned p JOIN call_facts c ON c.id = p.id
"""


def strip_broken(source, target):
    """Copies the file without the lines that cannot be read; how many there were."""
    broken = 0
    with open(source, "rb") as lines, open(target, "wb") as out:
        for line in lines:
            if line.startswith(b"{"):
                broken += 1
            else:
                out.write(line)
    return broken


def number_of(word):
    """m-17 -> 17"""
    return int(re.fullmatch(r"[a-z]-(\d+)", word)[1])


def read_directory(connection, path):
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(path, encoding="utf-8") as file:
        directory = yaml.load(file, loader)
    team_of = {one["id"]: number_of(one["team"]) for one in directory["managers"]}
    endpoints = [(one["address"], number_of(one["manager"]), team_of[one["manager"]]) for one in directory["endpoints"] if one["kind"] == "extension"]
    queues = [(number_of(one["team"]),) for one in directory["endpoints"] if one["kind"] == "queue"]
    clients = [(int(phone.lstrip("+")), one["id"], number_of(one["owner"])) for one in directory["clients"] for phone in one["phones"]]
    for table, columns, rows in (("endpoints", "endpoint VARCHAR, manager SMALLINT, team SMALLINT", endpoints), ("queue", "team SMALLINT", queues),
                                 ("registered", "number BIGINT, client VARCHAR, owner SMALLINT", clients)):
        connection.execute(f"CREATE TEMP TABLE {table} ({columns})")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def assemble(connection, file, scratch):
    """Makes the temporary tables `call_facts` and `participations_facts` in DuckDB; `file`.directory.yaml stands beside the file."""
    read_directory(connection, f"{file}.directory.yaml")
    readable = scratch / "readable.csv"
    strip_broken(file, readable)
    of_type = {"start": "TIMESTAMP", "answer": "TIMESTAMP", "end": "TIMESTAMP", "sequence": "INTEGER"}
    columns = "{" + ", ".join(f"'{name}': '{of_type.get(name, 'VARCHAR')}'" for name in COLUMNS) + "}"
    connection.execute(LEGS.replace("{columns}", columns).replace("$file", f"'{readable}'"))
    for step in (CALLS, CALL_FACTS, PARTICIPATIONS):
        connection.execute(step)
    readable.unlink()
