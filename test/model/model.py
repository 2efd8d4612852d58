"""The rules of referral written a second time, in the simplest way: World.do()
carries out one operation and gives its answer, or raises Refused. Operations
are plain dicts, made by generate.py; times in them are datetimes.

The documents are what this follows, never the C. Where they leave something
open, a comment that begins with "Reading:" says what is taken for granted.
"""

from collections import Counter
from decimal import Decimal

from fraud import Fraud
from programme import COUNTED, OPEN, Campaign, Person, Pool, Purchase, Refused, Rule
from rewards import Happening, Rewards
from timed import Timed
from values import MINOR_UNITS, add, rounded
from datetime import timedelta


class World(Rewards, Fraud, Timed):
    def __init__(self, now):
        self.now = now
        self.campaigns, self.rules, self.people, self.rewards, self.purchases = [], [], [], [], []
        self.pools, self.enrolments, self.blocked, self.dead_codes = {}, {}, [], set()
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
        return next((p for p in self.people if p.label == label and not p.erased), None)

    def anybody(self, label):
        return next(p for p in self.people if p.label == label)

    def reward(self, name):
        return next((r for r in self.rewards if reward_name(r) == name), None)

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
        self.issue_waiting()

    # ---- joining -------------------------------------------------------------

    def do_join(self, op):
        """rf_join: who is there already is no error."""
        campaign = self.campaign(op['campaign'])
        try:
            person = self.admit(campaign, op)
        except AlreadyThere as already:
            return (already.label, False)
        self.joined([person])
        return (person.label, True)

    def do_insert(self, op):
        """One INSERT of many: all of them or none. Reading: that a referrer is
        capped is found out last, whichever row it is."""
        campaign, before = self.campaign(op['campaign']), len(self.people)
        try:
            people = [self.admit(campaign, row, alone=False) for row in op['rows']]
            if any(self.over_cap(p.referrer) for p in people if p.referrer is not None):
                raise Refused('RF005')
        except Refused:
            del self.people[before:]
            raise
        self.coverage['bulk of several'] += len(people) > 1
        self.joined(people)

    def admit(self, campaign, row, alone=True):
        if row.get('joined_at') is not None and row['joined_at'] > self.now:
            raise Refused('22023')
        if not campaign.open(('live',), self.now):
            raise Refused('RF001')
        referrer = None
        if row.get('referred_by') is not None:
            referrer = self.person(row['referred_by'])
            if referrer is None or referrer.campaign is not campaign:
                raise Refused('RF002')
            if referrer.email.lower() == row['email'].lower():
                raise Refused('RF003')
        for person in self.people:
            if person.campaign is campaign and not person.erased and person.email.lower() == row['email'].lower():
                raise AlreadyThere(person.label)
        if referrer is not None and referrer.state == 'blocked':
            raise Refused('RF006')
        if alone and referrer is not None and self.capped(referrer):
            raise Refused('RF005')
        if row['label'] in self.dead_codes or any(p.label == row['label'] for p in self.people):
            raise Refused('23505')
        person = Person(row['label'], campaign, row['email'], row.get('name'), row.get('ip'),
                        row.get('source') or ('Referred' if referrer else 'Api'), row.get('meta') or {},
                        row.get('joined_at') or self.now, referrer, 'pending' if referrer else 'active')
        self.judge(person)
        self.people.append(person)
        return person

    def capped(self, referrer):
        most = referrer.campaign.max_referrals
        return most is not None and len(self.invited_by(referrer, COUNTED + ('held',))) >= most

    def over_cap(self, referrer):
        most = referrer.campaign.max_referrals
        return most is not None and len(self.invited_by(referrer, COUNTED + ('held',))) > most

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
        self.check_time(at)
        if op.get('currency') is not None and op.get('amount') is None:
            raise Refused('22023')
        person = self.invited(op['person'])
        if person.state == 'qualified':
            return (person.label, person.state, False, 0)
        self.check_open(person, at)
        self.check_window(person, at)
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
        return (person.label, 'pending', True, self.unqualify(person, op.get('reason') or 'unqualified'))

    def unqualify(self, person, reason):
        person.state, person.qualified_at = 'pending', None
        self.stop_recurring(person)
        earned = self.earned_by(person, 'invited_qualifies', self.qualified_count(person.referrer))
        return self.take_back(earned, person.campaign, reason)

    # ---- checks ----------------------------------------------------------------

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

    def money(self, person, op):
        """(amount, currency) of an operation."""
        currency = op.get('currency') or person.campaign.currency
        if currency is None:
            raise Refused('22004')
        if person.campaign.currency not in (None, currency):
            raise Refused('RF012')
        if currency not in MINOR_UNITS or rounded(op['amount'], currency) <= 0:
            raise Refused('22023')
        return rounded(op['amount'], currency), currency

    # ---- spend -----------------------------------------------------------------

    def add_purchase(self, person, amount, currency, external, at):
        index = sum(1 for p in self.purchases if p.person is person)
        purchase = Purchase(person, index, external, amount, currency, at)
        self.purchases.append(purchase)
        return purchase

    def do_purchase(self, op):
        at = op.get('at') or self.now
        self.check_time(at)
        person = self.invited(op['person'])
        self.check_open(person, at)
        amount, currency = self.money(person, op)
        first = self.purchase_of(person.campaign, op.get('external'))
        if first is not None:
            if (first.person, first.amount, first.currency) != (person, amount, currency):
                raise Refused('23505')
            return (person.label, person.state, False, 0)
        purchase = self.add_purchase(person, amount, currency, op.get('external'), at)
        return (person.label, *self.count_purchase(person, purchase))

    def count_purchase(self, person, purchase):
        """What a purchase does: (state, changed, rewards)."""
        granted = 0
        if person.state != 'qualified' and not self.in_window(person, purchase.at):
            return person.state, True, 0
        least = person.campaign.min_spend
        if least is not None and person.state in ('pending', 'expired') and self.net_spend(person) >= least:
            granted += self.qualify(person, purchase.at, purchase)
            self.coverage['qualified by spend'] += 1
        granted += self.settle([Happening('purchase', person, purchase.at, purchase, 0, 0)])
        return person.state, True, granted

    def net_spend(self, person):
        return sum((p.left() for p in self.purchases if p.person is person
                    and p.currency == person.campaign.currency and self.in_window(person, p.at)), Decimal(0))

    def do_refund(self, op):
        purchase = self.purchase_of(self.campaign(op['campaign']), op['external'])
        if purchase is None:
            raise Refused('42704')
        person = purchase.person
        known = dict(purchase.refunds).get(op['refund'])
        if op['refund'] is not None and known is not None:
            if op['amount'] not in (None, known):
                raise Refused('23505')
            return (person.label, person.state, False, 0)
        amount = purchase.left() if op['amount'] is None else rounded(op['amount'], purchase.currency)
        if op['amount'] is None and amount == 0:
            return (person.label, person.state, False, 0)
        if not 0 < amount <= purchase.left():
            raise Refused('22023')
        before = self.net_spend(person)
        purchase.refunds.append((op['refund'], amount))
        changed = self.refund_rewards(purchase, amount)
        least = person.campaign.min_spend
        if person.state == 'qualified' and least is not None and self.net_spend(person) < least <= before:
            self.coverage['unqualified by refund'] += 1
            changed += self.unqualify(person, 'net spend fell below min_spend')
        return (person.label, person.state, True, changed)

    def refund_rewards(self, purchase, amount):
        changed = 0
        for reward in list(self.rewards):
            if reward.purchase is purchase and reward.metric == 'commission':
                changed += self.lower(reward, purchase.left(), 'refund')
            elif reward.purchase is purchase and purchase.left() == 0:
                changed += self.take_back([reward], purchase.person.campaign, 'refund')
            elif reward.purchase is None and purchase in reward.bought:
                changed += self.lower(reward, reward.base - amount, 'refund')
        return changed

    # ---- the life of rewards -----------------------------------------------------

    def do_step(self, op):
        rewards = [self.reward(name) for name in op['rewards']]
        return self.step(op['verb'], rewards, op.get('text'))

    # ---- review ----------------------------------------------------------------

    def do_release(self, op):
        person = self.anybody(op['person'])
        if person.state not in ('held', 'blocked'):
            return (person.label, person.state, False, 0)
        if person.state == 'blocked' and person.referrer is not None and self.capped(person.referrer):
            raise Refused('RF005')
        person.state = 'pending' if person.referrer else 'active'
        return (person.label, person.state, True, self.joined([person]))

    def do_block(self, op):
        person = self.anybody(op['person'])
        if person.state == 'blocked':
            return (person.label, person.state, False, 0)
        state, person.state, person.qualified_at = person.state, 'blocked', None
        person.review = op.get('reason')
        changed = self.reject_own(person)
        self.stop_recurring(person)
        if state in COUNTED:
            earned = self.earned_by(person, 'invited_joins', self.invited_count(person.referrer)) \
                + self.earned_by(person, 'invited_qualifies', self.qualified_count(person.referrer))
            changed += self.take_back([r for r in earned if r.recipient is not person],
                                      person.campaign, 'invited person blocked')
        return (person.label, 'blocked', True, changed)

    def reject_own(self, person):
        own = [r for r in self.rewards if r.recipient is person and r.state in OPEN]
        for reward in own:
            reward.state, reward.reason = 'rejected', 'recipient blocked'
        return len(own)

    def do_erase(self, op):
        person = self.anybody(op['person'])
        if person.erased:
            return (False,)
        self.dead_codes.add(person.label)
        person.erased = True
        person.email, person.name = f'erased-{person.label}@erased.invalid', None
        person.ip = person.signals = person.review = None
        person.meta = {}
        for reward in self.rewards:
            if reward.recipient is person and reward.state in OPEN:
                reward.state, reward.reason = 'cancelled', 'recipient erased'
                self.return_coupon(reward)
        return (True,)


class AlreadyThere(Refused):
    """A unique violation, but for rf_join."""

    def __init__(self, label):
        super().__init__('23505')
        self.label = label


def without(op):
    return {name: value for name, value in op.items() if name != 'do'}


def reward_name(reward):
    """What operations know a reward by: nothing that a database makes up."""
    return (reward.rule.name, reward.recipient.label, reward.subject.label if reward.ordinal is None else None,
            reward.ordinal, reward.n, reward.purchase and (reward.purchase.person.label, reward.purchase.index),
            reward.generation)
