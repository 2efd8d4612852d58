"""The rules of referral written a second time, in the simplest way: World.do()
carries out one operation and gives its answer, or raises Refused. Operations
are plain dicts, made by generate.py; times in them are datetimes.

The documents are what this follows, never the C. Where they leave something
open, a comment that begins with "Reading:" says what is taken for granted.
"""

import copy
from collections import Counter
from datetime import timedelta

from fraud import Fraud
from programme import COUNTED, Campaign, Person, Pool, Refused, Rule
from review import Review
from rewards import Happening, Rewards
from spend import Spend
from timed import Timed
from values import add, rounded


class World(Rewards, Spend, Fraud, Review, Timed):
    def __init__(self, now):
        self.now = now
        self.campaigns, self.rules, self.people, self.rewards, self.purchases = [], [], [], [], []
        self.pools, self.enrolments, self.blocked, self.dead_codes = {}, {}, [], set()
        self.late_codes = set()  # erased a moment ago: see crowd.py
        self.coverage = Counter()

    def do(self, op):
        return getattr(self, 'do_' + op['do'])(op)

    # ---- looking up ----------------------------------------------------------

    def campaign(self, slug):
        return next(c for c in self.campaigns if c.slug == slug)

    def rule(self, name):
        return next(r for r in self.rules if r.name == name)

    def person(self, label):
        """By code: who was erased has none any more."""
        return next((p for p in self.people if p.label == label and (not p.erased or label in self.late_codes)), None)

    def anybody(self, label):
        return next(p for p in self.people if p.label == label)

    def reward(self, name):
        return next(r for r in self.rewards if reward_name(r) == name)

    def purchase_of(self, campaign, external):
        return next((p for p in self.purchases if external is not None and p.external == external
                     and p.person.campaign is campaign), None)

    def invited_by(self, person, states):
        return [p for p in self.people if p.referrer is person and p.state in states]

    def invited_count(self, person):
        return len(self.invited_by(person, COUNTED))

    def qualified_count(self, person):
        return len(self.invited_by(person, ('qualified',)))

    # ---- the programme -------------------------------------------------------

    def do_campaign(self, op):
        self.campaigns.append(Campaign(**without(op)))

    def do_rule(self, op):
        arguments = without(op)
        arguments['campaign'] = self.campaign(op['campaign'])
        self.rules.append(Rule(**arguments))

    def do_edit_campaign(self, op):
        vars(self.campaign(op['campaign'])).update(op['set'])

    def do_edit_rule(self, op):
        vars(self.rule(op['rule'])).update(op['set'])

    def do_milestone(self, op):
        self.rule(op['rule']).milestones[op['threshold']] = op['value']

    def do_listing(self, op):
        self.blocked.append((op['campaign'] and self.campaign(op['campaign']), op['kind'], op['value']))

    def do_refill(self, op):
        self.pools.setdefault(op['pool'], Pool()).free += op['n']
        self.issue_waiting(op['pool'])

    # ---- joining -------------------------------------------------------------

    def do_join(self, op):
        """rf_join. Reading: who is there already is told so, whatever else would
        be refused."""
        campaign = self.campaign(op['campaign'])
        already = self.there(campaign, op['email'])
        if already is not None:
            return (already.label, False)
        person = self.admit(campaign, op)
        self.joined([person])
        return (person.label, True)

    def do_insert(self, op):
        """One INSERT of many: all of them or none, whichever row is refused. A
        cap that is reached within it is judged at its end."""
        campaign, before, codes = self.campaign(op['campaign']), len(self.people), []
        full = [p for p in self.people if self.capped(p)]
        for row in op['rows']:
            try:
                self.admit(campaign, row, full)
            except Refused as refused:
                codes += refused.codes
        people = self.people[before:]
        if any(self.capped(p.referrer, 1) for p in people if p.referrer is not None):
            codes.append('RF005')
        if codes:
            del self.people[before:]
            raise Refused(*codes)
        self.coverage['bulk of several'] += len(people) > 1
        self.joined(people)

    def admit(self, campaign, row, full=None):
        full = [p for p in self.people if self.capped(p)] if full is None else full
        self.checked(lambda: self.check_joined_at(row), lambda: self.admit_referred(campaign, row, full))
        referrer = self.person(row.get('referred_by'))
        person = Person(row['label'], campaign, row['email'], row.get('name'), row.get('ip'),
                        row.get('source') or ('Referred' if referrer else 'Api'), row.get('meta') or {},
                        row.get('joined_at') or self.now, referrer, 'pending' if referrer else 'active')
        self.judge(person)
        self.people.append(person)
        return person

    def check_joined_at(self, row):
        if row.get('joined_at') is not None and row['joined_at'] > self.now:
            raise Refused('22023')

    def admit_referred(self, campaign, row, full):
        """The checks of design 5.3, in their order."""
        if not campaign.open(('live',), self.now):
            raise Refused('RF001')
        referrer = None
        if row.get('referred_by') is not None:
            referrer = self.person(row['referred_by'])
            if referrer is None or referrer.campaign is not campaign:
                raise Refused('RF002')
            if referrer.email.lower() == row['email'].lower():
                raise Refused('RF003')
        if self.there(campaign, row['email']) is not None:
            raise Refused('23505')
        if referrer is not None and referrer.state == 'blocked':
            raise Refused('RF006')
        if referrer in full:
            raise Refused('RF005')
        if row['label'] in self.dead_codes or any(p.label == row['label'] for p in self.people):
            raise Refused('23505')
    def there(self, campaign, email):
        return next((p for p in self.people if p.campaign is campaign and p.email.lower() == email.lower()), None)

    def capped(self, referrer, more=0):
        most = referrer.campaign.max_referrals
        return most is not None and len(self.invited_by(referrer, COUNTED + ('held',))) >= most + more



    def joined(self, people):
        """Reading: within one statement people count in the order of its rows,
        and what each earns is judged with the counts of that moment."""
        counted = [p for p in people if p.state not in ('held', 'blocked')]
        happenings = []
        for i, person in enumerate(counted):
            if person.referrer is None:
                happenings.append(Happening('referrer.joined', person, person.joined_at, None, 0, 1))
            else:
                later = sum(1 for p in counted[i + 1:] if p.referrer is person.referrer)
                new = self.invited_count(person.referrer) - later
                happenings.append(Happening('invited.joined', person, person.joined_at, None, new - 1, new))
        return self.settle(happenings)

    # ---- qualifying ----------------------------------------------------------

    def do_qualify(self, op):
        at = op.get('at') or self.now
        person = self.person(op['person'])
        done = person is not None and person.state == 'qualified'
        self.checked(lambda: self.check_time(at), lambda: self.check_currency(op), lambda: self.invited(op['person']),
                     lambda: done or self.check_money(person, op))
        if done:
            return (person.label, person.state, False, 0)
        self.checked(lambda: self.check_open(person, at), lambda: self.check_window(person, at))
        purchase = None
        if op.get('amount') is not None:
            purchase = self.add_purchase(person, *self.money(person, op), None, at)
        granted = self.qualify(person, at, purchase)
        if purchase is not None:
            granted += self.settle([Happening('purchase', person, at, purchase, 0, 0)])
        return (person.label, person.state, True, granted)

    def qualify(self, person, at, purchase):
        person.state, person.qualified_at = 'qualified', at
        new = self.qualified_count(person.referrer)
        return self.settle([Happening('invited.qualified', person, at, purchase, new - 1, new)])

    def do_unqualify(self, op):
        person = self.known(op['person'])
        if person.referrer is None:
            raise Refused('RF004')
        if person.state != 'qualified':
            return (person.label, person.state, False, 0)
        return (person.label, 'pending', True, len(self.unqualify(person, op.get('reason') or 'unqualified')))

    def unqualify(self, person, reason):
        """Reading: periods that were over are paid before, as a tick would have."""
        self.recur(lambda subject, _: subject is person)
        person.state, person.qualified_at = 'pending', None
        self.stop_recurring(person)
        earned = self.earned_by(person, 'invited_qualifies', self.qualified_count(person.referrer))
        return self.take_back(earned, person.campaign, reason)

    def do_simulate(self, op):
        """What would be granted, found out by doing it in another world."""
        world, before = copy.deepcopy(self), len(self.rewards)
        person = self.person(op['person'])
        if person is not None and person.state == 'qualified' and op.get('amount') is not None:
            world.do_purchase({**op, 'external': None})
        else:
            world.do_qualify(op)
        return tuple(sorted(((r.rule.name, r.recipient.label, r.ordinal, r.amount, r.unit, r.state, r.reason)
                             for r in world.rewards[before:]), key=str))

    # ---- checks ----------------------------------------------------------------

    @staticmethod
    def checked(*checks):
        """What each check gives; all that refuse are reasons."""
        given, codes = [], []
        for check in checks:
            try:
                given.append(check())
            except Refused as refused:
                codes += refused.codes
        if codes:
            raise Refused(*codes)
        return given

    @staticmethod
    def check_currency(op):
        if op.get('currency') is not None and op.get('amount') is None:
            raise Refused('22023')

    def check_time(self, at):
        if at > self.now + timedelta(minutes=5):
            raise Refused('22023')

    def known(self, label):
        person = self.person(label)
        if person is None:
            raise Refused('RF002')
        return person

    def invited(self, label):
        person = self.known(label)
        if person.referrer is None:
            raise Refused('RF004')
        if person.state in ('held', 'blocked'):
            raise Refused('RF006')
        return person

    def check_open(self, person, at):
        if not person.campaign.open(('live', 'paused'), at):
            raise Refused('RF001')

    def check_window(self, person, at):
        if not self.in_window(person, at):
            raise Refused('RF007')

    def in_window(self, person, at):
        within = person.campaign.within
        return within is None or person.joined_at <= at < add(person.joined_at, within)

    @staticmethod
    def money(person, op):
        """(amount, currency) of an operation."""
        currency = op.get('currency') or person.campaign.currency
        return rounded(op['amount'], currency), currency

    def check_money(self, person, op):
        if person is None or op.get('amount') is None:
            return
        (amount, currency), codes = self.money(person, op), []
        if currency is None:
            codes.append('22004')
        if person.campaign.currency not in (None, currency):
            codes.append('RF012')
        if amount <= 0:
            codes.append('22023')
        if codes:
            raise Refused(*codes)

    # ---- the life of rewards -----------------------------------------------------

    def do_step(self, op):
        rewards = [self.reward(name) for name in op['rewards']]
        return self.step(op['verb'], rewards, op.get('text'))


def without(op):
    return {name: value for name, value in op.items() if name != 'do'}


def reward_name(reward):
    """What operations know a reward by: nothing that a database makes up."""
    return (reward.rule.name, reward.recipient.label, reward.subject.label if reward.ordinal is None else None,
            reward.ordinal, reward.n, reward.purchase and (reward.purchase.person.label, reward.purchase.index),
            reward.generation)
