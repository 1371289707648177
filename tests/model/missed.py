#!/usr/bin/env python3
"""Missed cases against the executable model: `missed.py --model DIR --normwatch BINARY WORLD`, WORLD from the model's generate.py.

The model assembles the calls and credits the mails; what becomes of a missed call is told here from domain.md 6, for each client or number by itself,
looking at everything that happened instead of taking one event after the other. The program is asked `/v1/missed` over HTTP. Prints the first field
that differs of each case. Exit status: 0 equal, 1 differs, 2 could not run."""
import dataclasses
import datetime as dt
import sys

import sides

RANKS = ("missed", "wrote", "called", "reached", "answered", "replied")
WINDOW_MS = 24 * 3_600_000
DAYS_MAX = 366


@dataclasses.dataclass(frozen=True, order=True)
class Event:
    at: int
    rank: int       # of what happens at one instant: which is first is not told by domain.md
    name: bytes
    scope: str
    what: str = dataclasses.field(compare=False)
    done_at: int = dataclasses.field(compare=False)
    call: object = dataclasses.field(compare=False, default=None)


def call_event(call):
    """Who it is about, and what it is to a case; None: nothing."""
    member = ("client", call.client_id) if call.client_id else ("number", call.number) if call.number else None
    if not call.external or member is None:
        return None
    if call.direction == "outbound":
        what, done = ("reached", call.answered_at) if call.disposition == "answered" else ("called", call.started_at)
    elif call.missed:
        what, done = "missed", call.ended_at
    elif call.disposition == "answered":
        what, done = "answered", call.answered_at
    else:
        return None
    return member, Event(call.started_at, RANKS.index(what), call.native[0].encode(), call.scope, what, done, call)


def mail_event(entity, world, kpis, identity, first_proposal):
    p = dict(entity.fact["payload"], message_id_normal=entity.fact["key"][1])
    at, d = p["sent_at"], world.directory
    credited = {c.kpi for c in kpis.of_email(p, (), d, world.payments, first_proposal)}
    if not credited & {"emails_sent", "emails_received"}:
        return None
    sender = identity.normalise_mail(p["from"])
    outside = [x for x in dict.fromkeys(identity.normalise_mail(x) for x in p["to"] + p.get("cc", [])) if not d.is_corporate(x, at)]
    is_sent = "emails_sent" in credited
    client = d.client_by_mail(outside[0] if is_sent else sender, at)
    what = "replied" if is_sent else "wrote"
    return client and (("client", client["id"]), Event(at, RANKS.index(what), p["message_id_normal"].encode(), "", what, at))


class Clock:
    """Working time by the calendar that speaks for the owner of the miss, else for his team, else for the company."""

    def __init__(self, call, world, pace, times):
        owner = call.missed_owner or {}
        entry = world.directory.manager(owner.get("manager"), call.started_at) if owner.get("manager") else None
        team = (entry or {}).get("team") if entry else owner.get("team")
        who = {"id": owner.get("manager"), "role": (entry or {}).get("role"), "team": team}
        self.calendar = pace.calendar_of(who, call.started_at, world.directory)
        self.zone = world.directory.company["zone"]
        self.pace, self.times = pace, times

    def spans(self, start, days):
        date = self.times.local(start, self.zone).date() - dt.timedelta(days=1)
        found, holidays = [], {str(h) for h in self.calendar.get("holidays", [])}
        for n in range(days + 2):
            day = date + dt.timedelta(days=n)
            if day.isoformat() not in holidays:
                found += [tuple(self.pace.wall(day, x.strip(), self.zone) for x in span.split("-")) for span in self.pace.weekday_hours(self.calendar, day.weekday())]
        return self.times.union([s for s in found if s[0] < s[1]])

    def between(self, start, until):
        if self.calendar is None:
            return None
        return self.times.length(self.times.intersect(self.spans(start, (until - start) // 86_400_000 + 2), [(start, until)])) if until > start else 0

    def after(self, start, amount):
        """The first instant by which so much has passed."""
        if self.calendar is None:
            return None
        for a, b in self.spans(start, DAYS_MAX):
            a = max(a, start)
            if b > a and b - a >= amount:
                return a + amount
            amount -= max(0, b - a)
        return None


def cases_of(events, clock_of, now):
    """The cases of one client or number, from all that happened."""
    rest = sorted(events)
    while True:
        first = next((e for e in rest if e.what == "missed"), None)
        if first is None:
            return
        clock = clock_of(first.call)
        due = clock.after(first.done_at, WINDOW_MS)
        in_time = lambda at: due is None or at <= due  # noqa: E731
        rest = [e for e in rest if e > first]
        beyond = next((e for e in rest if e.what == "missed" and not in_time(e.at)), None)
        mine = [e for e in rest if (beyond is None or e < beyond) and e.at >= first.done_at]
        wrote = next((e for e in mine if e.what == "wrote"), None)
        ends = [e for e in mine if e.what == "reached" or e.what == "answered" and in_time(e.done_at) or e.what == "replied" and in_time(e.at) and wrote and wrote < e]
        end = min(ends, key=lambda e: (e.done_at, e), default=None)
        following = next((e for e in rest if e.what == "missed" and (e == beyond or end and e.at >= end.done_at)), None)
        calls = [first] + [e for e in rest if e.what == "missed" and (following is None or e < following)]
        attempted = min((e.at for e in mine if e.what in ("called", "reached") and (end is None or e.at < end.done_at or e <= end)), default=None)
        if end:
            state = "returned_late" if not in_time(end.done_at) else "returned" if end.what == "reached" else "recovered"
        elif due is not None and (now >= due or following):
            state = "expired"
        else:
            state = "attempted" if attempted is not None else "open"
        yield {"first": first, "state": state, "calls": [e.call.call_id for e in calls], "attempted_at": attempted, "resolved_at": end and end.done_at,
               "attempt": clock.between(first.done_at, attempted) if attempted is not None else None,
               "contact": clock.between(first.done_at, end.done_at) if end else None}
        if following is None:
            return
        rest = [e for e in rest if e >= following]


def expected(world, now, kpis, identity, pace, times):
    members = {}
    found = [call_event(c) for c in world.calls]
    first_proposal = min((e.fact["payload"]["sent_at"] for e in world.standing("proposal")), default=None)
    found += [mail_event(e, world, kpis, identity, first_proposal) for e in world.standing("email")]
    for one in found:
        if one:
            members.setdefault(one[0], []).append(one[1])
    out = []
    for events in members.values():
        for case in cases_of(events, lambda call: Clock(call, world, pace, times), now):
            call = case["first"].call
            out.append({"id": call.call_id, "client": call.client_id, "missed_owner": call.missed_owner, "state": case["state"],
                        "first_missed_at": times.render(call.started_at), "calls": case["calls"], "attempted_at": times.render(case["attempted_at"]),
                        "resolved_at": times.render(case["resolved_at"]),
                        "attempt_seconds": None if case["attempt"] is None else times.seconds(case["attempt"]),
                        "contact_seconds": None if case["contact"] is None else times.seconds(case["contact"])})
    return {one["id"]: one for one in out}


def main():
    args = sides.options(__doc__)
    import diff
    from normwatch_spec import identity, kpis, pace, times
    with sides.both(args, args.world) as (world, server):
        answer = server.get("/v1/missed?limit=10000")
        theirs = expected(world, times.parse_instant(answer["meta"]["as_of"]), kpis, identity, pace, times)
    ours, different = {one["id"]: {**one, "client": one["client"]["id"]} for one in answer["cases"]}, 0
    for name in sorted(theirs.keys() | ours.keys()):
        found = diff.first_difference(theirs.get(name), ours.get(name))
        if found:
            different += 1
            print(f"differs  {name}: {found[0]}\n  model: {found[1]}\n  ours:  {found[2]}")
    states = sorted(one["state"] for one in theirs.values())
    print(f"{len(theirs)} missed cases ({', '.join(f'{states.count(s)} {s}' for s in dict.fromkeys(states))}): {different} differ")
    return 1 if different or not theirs else 0


if __name__ == "__main__":
    sys.exit(main())
