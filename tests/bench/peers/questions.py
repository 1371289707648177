"""The questions of the comparison, and what a peer has to compute for them."""

# What the workload makes other than zero, in the order of a peer's columns. Rates are compared in ten thousandths.
KPIS = ("calls_in", "calls_in_answered", "calls_missed", "calls_out", "calls_out_answered", "calls_qualified", "calls_qualified_in", "calls_qualified_out",
        "talk_seconds", "talk_seconds_in", "talk_seconds_out", "ring_seconds", "wait_seconds", "contacts_unique", "contacts_attempted", "touches",
        "answer_rate", "connect_rate")
RATES = ("answer_rate", "connect_rate")
PAGE = 50
DEEP = 10_000  # calls before the deep page, where a manager has so many

# At most one participation of a call of this workload is connected, so calls need no DISTINCT, also at the level of a team.
SUMS = """
    count(*) FILTER (WHERE owns_miss OR direction = 'inbound' AND result = 'answered') AS calls_in,
    count(*) FILTER (WHERE direction = 'inbound' AND result = 'answered') AS calls_in_answered,
    count(*) FILTER (WHERE owns_miss) AS calls_missed,
    count(*) FILTER (WHERE direction = 'outbound') AS calls_out,
    count(*) FILTER (WHERE direction = 'outbound' AND result = 'answered') AS calls_out_answered,
    count(*) FILTER (WHERE qualified) AS calls_qualified,
    count(*) FILTER (WHERE qualified AND direction = 'inbound') AS calls_qualified_in,
    count(*) FILTER (WHERE qualified AND direction = 'outbound') AS calls_qualified_out,
    coalesce(sum(talk_seconds), 0) AS talk_seconds,
    coalesce(sum(talk_seconds) FILTER (WHERE direction = 'inbound'), 0) AS talk_seconds_in,
    coalesce(sum(talk_seconds) FILTER (WHERE direction = 'outbound'), 0) AS talk_seconds_out,
    coalesce(sum(ring_seconds), 0) AS ring_seconds,
    coalesce(sum(wait_seconds) FILTER (WHERE result = 'answered'), 0) AS wait_seconds,
    count(DISTINCT client_number) FILTER (WHERE result = 'answered') AS contacts_unique,
    count(DISTINCT client_number) FILTER (WHERE direction = 'outbound') AS contacts_attempted,
    count(*) FILTER (WHERE talk_seconds >= 10) AS touches
"""

# Half up, in integers; `{over}` divides integers.
RATED = """
SELECT *, (20000 * calls_in_answered + calls_in) {over} nullif(2 * calls_in, 0) AS answer_rate,
       (20000 * calls_out_answered + calls_out) {over} nullif(2 * calls_out, 0) AS connect_rate
FROM (SELECT {sums} FROM {table} WHERE {level} = $1 AND started_at >= $2 AND started_at < $3) AS sums
"""

CALL_COLUMNS = ("id", "started_at", "direction", "disposition", "wait_seconds", "talk_seconds", "missed")


def kpi_sql(table, level, over):
    return RATED.format(table=table, level=level, over=over, sums=SUMS)


def columns_of(answer):
    """The KPIs of one of our rows as a peer gives them."""
    def plain(kpi):
        value = answer[kpi]
        return value if value is None or kpi not in RATES else round(value * 10_000)
    return tuple(plain(kpi) for kpi in KPIS)
