#!/usr/bin/env python3
"""Where clients stand, against the executable model: `clients.py --model DIR --normwatch BINARY [--instants N] [--seed N] WORLD`, WORLD from the model's generate.py.

The model says which payments stand and who is existing; the states are told here from domain.md 6, and asked of the program by `/v1/clients` at random
instants, up to a year behind the last payment. Prints the first field that differs of each client. Exit status: 0 equal, 1 differs, 2 could not run."""
import random
import sys
from fractions import Fraction

import sides

DAY_MS = 86_400_000


class Life:
    """One client: its purchases, and how long it may stay away after each."""

    def __init__(self, client, world, until):
        payments = [e.fact["payload"] for e in world.standing("payment")]
        self.client, self.world = client, world
        self.purchases = sorted({p["received_at"] for p in payments if p["client"] == client and p["kind"] == "payment" and p["received_at"] < until})

    def median(self, count):
        """Of the distances between the first purchases; 0: there are none."""
        between = sorted(b - a for a, b in zip(self.purchases[:count], self.purchases[1:count]))
        half = len(between) // 2
        return Fraction(between[half] if len(between) % 2 else between[half - 1] + between[half], 1 if len(between) % 2 else 2) if between else 0

    def sleeping_after(self, count):
        return max(45 * DAY_MS, self.median(count))

    def lost_after(self, count):
        return max(90 * DAY_MS, 2 * self.median(count))

    def is_existing(self, at):
        return self.world.payments.segment(self.client, at) == "existing"

    def was_lost_at(self, number):
        """When purchase `number` (from 0) was made."""
        at = self.purchases[number]
        return number > 0 and self.is_existing(at) and at - self.purchases[number - 1] > self.lost_after(number)

    def state(self, at, has_invoice):
        if not self.is_existing(at):
            return "new" if has_invoice else "lead"
        count = len(self.purchases)
        away = at - self.purchases[-1]
        if away > self.lost_after(count):
            return "lost"
        if away > self.sleeping_after(count):
            return "sleeping"
        back = [n for n in range(count) if self.was_lost_at(n)]
        return "reactivated" if back and at - self.purchases[back[-1]] <= self.sleeping_after(back[-1] + 1) else "active"


def main():
    args = sides.options(__doc__, instants=40, seed=1)
    import diff
    from normwatch_spec import times
    rng, different, seen = random.Random(args.seed), 0, {}
    with sides.both(args, args.world) as (world, server):
        invoices = [e.fact["payload"] for e in world.standing("invoice") if e.fact["payload"]["status"] == "issued"]
        paid = sorted(e.fact["payload"]["received_at"] for e in world.standing("payment"))
        for _ in range(args.instants):
            at = rng.choice([rng.randint(paid[0] - 5 * DAY_MS, paid[-1] + 365 * DAY_MS), rng.choice(paid) + rng.choice([0, 1, 45 * DAY_MS, 45 * DAY_MS + 1, 90 * DAY_MS, 90 * DAY_MS + 1])])
            for one in server.get(f"/v1/clients?at={times.render(at)}&limit=10000")["clients"]:
                life = Life(one["id"], world, at)
                state = life.state(at, any(i["client"] == one["id"] and i["issued_at"] < at for i in invoices))
                seen[state] = seen.get(state, 0) + 1
                theirs = {"state": state, "first_payment_at": times.render(life.purchases[0]) if life.purchases else None}
                found = diff.first_difference(theirs, {name: one[name] for name in theirs})
                if found:
                    different += 1
                    print(f"differs  {one['id']} at {times.render(at)}: {found[0]}\n  model: {found[1]}\n  ours:  {found[2]}")
    print(f"clients at {args.instants} instants ({', '.join(f'{n} {s}' for s, n in sorted(seen.items()))}): {different} differ")
    return 1 if different or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
