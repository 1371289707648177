# One sample day of telephone calls, as Asterisk writes them: "<end of the call>\t<line of Master.csv>".
# Variables: day (2026-11-24), midnight (of the day, seconds since 1970), now.
# The numbers come from a generator seeded by the day, so that a day is always the same.

function chance(n) { # 0 .. n-1
    seed = (seed * 16807) % 2147483647
    return seed % n
}

function between(low, high) { return low + chance(high - low + 1) }

function clock(second) {
    return sprintf("\"%s %02d:%02d:%02d\"", day, int(second / 3600), int(second / 60) % 60, second % 60)
}

function channel(peer) { return sprintf("PJSIP/%s-%08x", peer, ++channels) }

# One record; `answer` below zero = not answered.
function row(src, dst, from, to, application, start, answer, end, disposition, unique, linked) {
    ++sequence
    records[++count] = sprintf("\"\",\"%s\",\"%s\",\"default\",\"\"\"%s\"\" <%s>\",\"%s\",\"%s\",\"%s\",\"\",%s,%s,%s,%d,%d,\"%s\",\"DOCUMENTATION\",\"%s\",\"\",\"\",\"%s\",%d",
        src, dst, src, src, from, to, application, clock(start), answer < 0 ? "" : clock(answer),
        clock(end), end - start, answer < 0 ? 0 : end - answer, disposition, unique, linked, sequence)
    if (end > last) {
        last = end
    }
}

function unique_id(at) { return sprintf("%d.%d", midnight + at, ++uniques) }

# Somebody outside: mostly a client, as the trunk spells his number, sometimes a stranger or nobody.
function outside_number(    n) {
    n = chance(20)
    if (n == 0) {
        return "anonymous"
    }
    if (n < 5) {
        return "7916555" sprintf("%04d", 100 + chance(40))
    }
    n = chance(10)
    return n == 3 || n == 4 || n == 7 || n == 8 ? "7812555" sprintf("%04d", 101 + n) : "7495555" sprintf("%04d", 101 + n)
}

function dialled_number(    number) {
    do {
        number = outside_number()
    } while (number == "anonymous")
    return chance(3) ? "8" substr(number, 2) : number
}

function talk_time() { return chance(4) ? between(35, 420) : between(4, 50) }

function manager() { return 100 + substr("11222334445", 1 + chance(11), 1) }

function other(than,    who) {
    do {
        who = manager()
    } while (who == than)
    return who
}

function outgoing(at,    who, id, ring, kind) {
    who = manager(); id = unique_id(at); ring = between(4, 24); kind = chance(20)
    if (kind < 14) {
        row(who, dialled_number(), channel(who), channel("trunk"), "Dial", at, at + ring, at + ring + talk_time(), "ANSWERED", id, id)
    } else {
        row(who, dialled_number(), channel(who), channel("trunk"), "Dial", at, -1, at + ring + 8, kind < 18 ? "NO ANSWER" : kind < 19 ? "BUSY" : "CONGESTION", id, id)
    }
}

function direct(at,    who, id, ring, from, number) {
    who = manager(); id = unique_id(at); ring = between(3, 15); from = channel("trunk"); number = outside_number()
    if (chance(5)) {
        row(number, who, from, channel(who), "Dial", at, at + ring, at + ring + talk_time(), "ANSWERED", id, id)
        return
    }
    row(number, who, from, channel(who), "Dial", at, -1, at + 20, "NO ANSWER", id, id)
    if (chance(2)) {
        row(number, 8500, from, "", "VoiceMail", at + 20, at + 20, at + between(28, 60), "ANSWERED", id, id)
    }
}

function ring_group(at, taken,    id, from, number, group, ring, n, who, end) {
    id = unique_id(at); from = channel("trunk"); number = outside_number(); group = chance(3) ? 600 : 601
    ring = taken ? between(4, 18) : between(14, 40); who = group == 600 ? 101 + chance(3) : 104 + chance(2)
    for (n = group == 600 ? 101 : 104; n <= (group == 600 ? 103 : 105); ++n) {
        if (!taken || n != who) {
            row(number, group, from, channel(n), "Queue", at, -1, at + ring, "NO ANSWER", id, id)
        }
    }
    if (taken) {
        row(number, group, from, channel(who), "Queue", at, at + ring, at + ring + talk_time(), "ANSWERED", id, id)
    }
}

function gave_up(at,    id) { # before anybody's telephone rang
    id = unique_id(at)
    row(outside_number(), 600, channel("trunk"), "", "Queue", at, at, at + (chance(2) ? between(2, 4) : between(20, 90)), "ANSWERED", id, id)
}

function blind_transfer(at,    one, two, id, from, number, passed) {
    one = manager(); two = other(one); id = unique_id(at); from = channel("trunk"); number = outside_number(); passed = at + 8 + between(15, 40)
    row(number, one, from, channel(one), "Dial", at, at + 8, passed, "ANSWERED", id, id)
    row(number, two, from, channel(two), "Dial", passed, passed + 5, passed + 5 + talk_time(), "ANSWERED", id, id)
}

function attended_transfer(at,    one, two, id, id2, from, to, number, ask, done) {
    one = manager(); two = other(one); id = unique_id(at); id2 = unique_id(at); from = channel("trunk")
    to = channel(one); number = outside_number(); ask = at + 6 + between(20, 40); done = ask + between(15, 30)
    row(number, one, from, to, "Dial", at, at + 6, done, "ANSWERED", id, id)
    row(one, two, to, channel(two), "Dial", ask, ask + 5, done, "ANSWERED", id2, id)
    row(number, two, from, channel(two), "Dial", done, done, done + talk_time(), "ANSWERED", id, id)
}

function internal(at,    one, two, id) {
    one = manager(); two = other(one); id = unique_id(at)
    row(one, two, channel(one), channel(two), "Dial", at, at + 4, at + 4 + talk_time(), "ANSWERED", id, id)
}

BEGIN {
    seed = int(midnight / 86400) * 7919 + 17
    chance(2); chance(2)
    calls = between(70, 95)
    for (call = 0; call < calls; ++call) {
        # Office hours; one in twenty in the evening, when nobody is there.
        at = chance(20) ? between(9 * 3600, 17 * 3600 + 2400) : between(18 * 3600 + 300, 20 * 3600)
        count = 0; last = 0; kind = chance(100)
        if (at >= 18 * 3600) {
            ring_group(at, 0)
        } else if (kind < 42) {
            outgoing(at)
        } else if (kind < 62) {
            direct(at)
        } else if (kind < 78) {
            ring_group(at, 1)
        } else if (kind < 83) {
            ring_group(at, 0)
        } else if (kind < 87) {
            gave_up(at)
        } else if (kind < 92) {
            blind_transfer(at)
        } else if (kind < 96) {
            attended_transfer(at)
        } else {
            internal(at)
        }
        for (n = 1; n <= count && midnight + last < now - 5; ++n) {
            printf "%d\t%s\n", last, records[n]
        }
    }
}
