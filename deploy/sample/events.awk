# One sample day of the CRM as CloudEvents: "<second of the day>\t<JSON line>". Variables as in
# calls.awk. With history=1 instead the payments of the past that made six clients existing ones.

function chance(n) { # 0 .. n-1
    seed = (seed * 16807) % 2147483647
    return seed % n
}

function between(low, high) { return low + chance(high - low + 1) }

function instant(second) {
    return sprintf("%sT%02d:%02d:%02d+03:00", day, int(second / 3600), int(second / 60) % 60, second % 60)
}

# `seen`: the second from which on it is known.
function event(seen, type, data) {
    ++events
    if (midnight + seen < now - 5) {
        printf "%d\t{\"specversion\":\"1.0\",\"id\":\"%s-%d\",\"source\":\"/crm\",\"type\":\"normwatch.%s.v1\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"data\":{%s}}\n",
            seen, day, events, type, instant(seen), data
    }
}

function client(who,    n) { # one of the two that he owns
    n = who + (chance(2) ? 5 : 0)
    return sprintf("%02d", n)
}

function money(minor) { return sprintf("{\"minor\":%d,\"currency\":\"RUB\"}", minor) }

function mail(at, who, sent, marker,    buyer, own, text) {
    own = names[who] "@kolos.example"
    buyer = "buyer@c" client(who) ".example"
    text = sprintf("\"message_id\":\"<%s-%d@kolos.example>\",\"from\":\"%s\",\"to\":[\"%s\"],\"sent_at\":\"%s\",\"subject\":\"Offer\",\"class\":\"human\",\"mailbox\":\"%s\"",
        day, ++mails, sent ? own : buyer, sent ? buyer : own, instant(at), own)
    event(at, "email", text (marker == "" ? "" : sprintf(",\"marker\":\"%s\"", marker)))
}

function meeting(at, who, kind, status,    text) {
    text = sprintf("\"uid\":\"%s-m%d@kolos.example\",\"kind\":\"%s\",\"organizer\":\"%s@kolos.example\",\"attendees\":[{\"address\":\"buyer@c%s.example\",\"status\":\"accepted\"}],\"starts_at\":\"%s\",\"ends_at\":\"%s\"",
        day, ++meetings, kind, names[who], client(who), instant(at), instant(at + 3600))
    event(at + 3700, "meeting", text ",\"sequence\":0,\"status\":\"scheduled\"")
    event(at + 3700, "meeting", text ",\"sequence\":1,\"status\":\"" status "\"")
}

function sale(at, who,    buyer, sum) {
    buyer = "c-" client(who); sum = between(20, 300) * 100000
    ++sales
    event(at, "proposal", sprintf("\"proposal_id\":\"%s-p%d\",\"manager\":\"m-%s\",\"client\":\"%s\",\"sent_at\":\"%s\",\"amount\":%s,\"revision\":1", day, sales, names[who], buyer, instant(at), money(sum)))
    if (chance(2)) {
        event(at + 1800, "invoice", sprintf("\"invoice_id\":\"%s-i%d\",\"ledger\":\"1c\",\"number\":\"%d\",\"manager\":\"m-%s\",\"client\":\"%s\",\"issued_at\":\"%s\",\"amount\":%s,\"status\":\"issued\",\"revision\":1", day, sales, 100 + sales, names[who], buyer, instant(at + 1800), money(sum)))
        if (chance(2)) {
            event(at + 5400, "payment", sprintf("\"payment_id\":\"%s-y%d\",\"ledger\":\"1c\",\"invoice_id\":\"%s-i%d\",\"client\":\"%s\",\"received_at\":\"%s\",\"amount\":%s,\"kind\":\"payment\"", day, sales, day, sales, buyer, instant(at + 5400), money(sum)))
        }
    }
}

function past(    n) {
    for (n = 1; n <= 6; ++n) {
        printf "{\"specversion\":\"1.0\",\"id\":\"past-%d\",\"source\":\"/crm\",\"type\":\"normwatch.payment.v1\",\"time\":\"2024-02-%02dT12:00:00+03:00\",\"datacontenttype\":\"application/json\",\"data\":{\"payment_id\":\"past-%d\",\"ledger\":\"1c\",\"client\":\"c-%02d\",\"received_at\":\"2024-02-%02dT12:00:00+03:00\",\"amount\":%s,\"kind\":\"payment\"}}\n",
            n, n, n, n, n, money(5000000 * n)
    }
}

BEGIN {
    if (history) {
        past()
        exit
    }
    seed = int(midnight / 86400) * 6007 + 29
    chance(2); chance(2)
    split("ivanov petrova sidorov orlova kim", names, " ")
    for (who = 1; who <= 5; ++who) {
        for (n = between(2, 6); n > 0; --n) {
            mail(between(9 * 3600, 17 * 3600), who, 1, chance(6) ? "" : "proposal")
        }
        for (n = between(1, 4); n > 0; --n) {
            mail(between(9 * 3600, 17 * 3600), who, 0, "")
        }
        if (chance(2)) {
            meeting(between(10, 15) * 3600 + 1800, who, chance(3) ? "meeting" : "presentation", chance(5) ? "held" : "no_show")
        }
        if (chance(3)) {
            sale(between(9 * 3600, 16 * 3600), who)
        }
    }
}
