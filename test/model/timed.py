"""What happens by the clock, and what rf_apply_rule makes up for. A mixin of World."""

from programme import COUNTED, Enrolment, Refused
from rewards import Happening
from values import add


class Timed:
    def do_clock(self, op):
        self.now = op['now']

    def do_tick(self, op):
        self.recur()
        self.end_holds()
        self.issue_waiting()
        self.expire()

    def expire(self):
        for person in self.people:
            within = person.campaign.within
            if person.state == 'pending' and within is not None and add(person.joined_at, within) <= self.now:
                person.state = 'expired'
                self.coverage['expired'] += 1

    # ---- retroactive -----------------------------------------------------------

    def do_apply(self, op):
        rule = self.rule(op['rule'])
        if not rule.active:
            raise Refused('55000')
        if rule.kind == 'recurring':
            return (self.make_up_periods(rule),)
        if rule.kind == 'milestone' or rule.every > 1:
            return (self.make_up_ordinals(rule),)
        granted = 0
        for happening in self.happened(rule):
            if self.condition_holds(rule, happening):
                for share in self.shares(rule, happening):
                    granted += self.grant(rule, share, happening, revive=True)
        return (granted,)

    def subjects(self, rule):
        states = {'referrer_joins': ('active',), 'invited_qualifies': ('qualified',)}.get(rule.earned_on, COUNTED)
        people = [p for p in self.people if p.campaign is rule.campaign and p.state in states]
        return sorted(people, key=lambda p: (self.time_of(rule, p), self.people.index(p)))

    @staticmethod
    def time_of(rule, person):
        return person.qualified_at if rule.earned_on == 'invited_qualifies' else person.joined_at

    def happened(self, rule):
        """What earned or would have earned the rule, and is still true."""
        event = {'referrer_joins': 'referrer.joined', 'invited_joins': 'invited.joined',
                 'invited_qualifies': 'invited.qualified', 'purchase': 'purchase'}[rule.earned_on]
        if event == 'purchase':
            bought = [p for p in self.purchases if p.left() > 0 and p.person in self.subjects(rule)
                      and (p.person.state == 'qualified' or self.in_window(p.person, p.at))]
            for purchase in sorted(bought, key=lambda p: (p.at, self.purchases.index(p))):
                yield Happening(event, purchase.person, purchase.at, purchase, None, None)
        else:
            for person in self.subjects(rule):
                yield Happening(event, person, self.time_of(rule, person), None, None, None)

    def make_up_ordinals(self, rule):
        granted, counts = 0, {}
        for happening in self.happened(rule):
            new = counts[happening.person.referrer] = counts.get(happening.person.referrer, 0) + 1
            if self.condition_holds(rule, happening):
                for share in self.shares(rule, happening._replace(old=new - 1, new=new)):
                    granted += self.grant(rule, share, happening, revive=True)
        return granted

    def make_up_periods(self, rule):
        """Reading: first what is past, person by person, then what a tick would
        pay now."""
        granted = 0
        for person in self.subjects(rule):
            for n, happening in self.periods_since(rule, person):
                if self.condition_holds(rule, happening):
                    for share in self.shares(rule, happening):
                        granted += self.grant(rule, share, happening, n, happening.at, revive=True)
        return granted + self.recur(lambda _, enrolled: enrolled is rule)

    def had_period(self, key, n):
        return any((r.subject, r.rule, r.n) == (*key, n) for r in self.rewards)

    def periods_since(self, rule, person):
        """Those of a person's schedule that passed since the qualification, and
        those before of which there was a reward."""
        key = person, rule
        if key not in self.enrolments:
            self.enrolments[key] = Enrolment(person.qualified_at, rule.recur_every, rule.recur_times)
        enrolment, n = self.enrolments[key], 1
        while enrolment.lasts(n) and (n == 1 or enrolment.time(n) <= self.now and n < enrolment.next):
            if enrolment.time(n) >= person.qualified_at or self.had_period(key, n):
                yield n, Happening('invited.qualified', person, enrolment.time(n), None, 0, 0)
            n += 1
        enrolment.next = max(enrolment.next, n)
