"""Rewards: who earns what, limits, coupons, the steps of a reward's life, and
taking back. A mixin of World, which holds people and rewards.

A happening is what may earn rewards: an event, a person, the time, perhaps a
purchase, and the counts of the referrer before and after.
"""

from collections import namedtuple
from decimal import Decimal

from conditions import CONDITIONS
from programme import GIVEN, OPEN, Enrolment, Pool, Refused, Reward
from values import add, commission, period_start, rounded

Happening = namedtuple('Happening', 'event person at purchase old new')
Share = namedtuple('Share', 'recipient ordinal level amount percent unit pool')
Value = namedtuple('Value', 'amount unit pool base percent cap bought', defaults=(None,) * 7)

EARNED_ON = {'referrer.joined': 'referrer_joins', 'invited.joined': 'invited_joins',
             'invited.qualified': 'invited_qualifies', 'purchase': 'purchase'}


class Rewards:
    # ---- granting ---------------------------------------------------------

    def settle(self, happenings):
        """How many rewards were granted; rejected ones are rows, but no grants."""
        granted = 0
        for happening in happenings:
            for rule in self.rules:
                if rule.campaign is happening.person.campaign and rule.earned_on == EARNED_ON[happening.event]:
                    granted += self.pay(rule, happening)
        return granted

    def pay(self, rule, happening):
        if rule.kind == 'recurring':
            return self.enrol(rule, happening)
        if not rule.active or not self.condition_holds(rule, happening):
            return 0
        return sum(self.grant(rule, share, happening) for share in self.shares(rule, happening))

    def shares(self, rule, happening):
        """Who would get something, and what the rule says it is."""
        person = happening.person
        recipient = person
        if rule.recipient == 'referrer' and happening.event != 'referrer.joined':
            recipient = person.referrer
        if recipient is None:
            return
        for ordinal in self.ordinals(rule, happening.old, happening.new):
            amount, unit, pool = rule.milestones.get(ordinal, (None, None, None)) \
                if rule.kind == 'milestone' else (None, None, None)
            yield Share(recipient, ordinal, 1, amount or rule.amount, rule.percent,
                        unit or rule.unit, pool or rule.pool)
        seen = {person, recipient}
        for level, value in enumerate(rule.levels, 2):
            recipient = recipient.referrer
            if recipient is None or recipient in seen:
                return
            seen.add(recipient)
            yield Share(recipient, None, level, value, value, rule.unit, rule.pool)

    @staticmethod
    def ordinals(rule, old, new):
        if rule.kind == 'milestone':
            return sorted(t for t in rule.milestones if old < t <= new)
        if rule.every > 1:
            return range(old // rule.every + 1, new // rule.every + 1)
        return [None]

    def grant(self, rule, share, happening, n=None, earned_at=None, revive=False):
        """One grant; 1 if it was granted. revive: rf_apply_rule gives another
        chance to what was rejected."""
        purchase = happening.purchase if happening.event == 'purchase' else None
        value = self.value(rule, share, happening, n)
        if value is None:
            return 0
        reward = Reward(rule, share.recipient, happening.person, share.ordinal, n, purchase, share.level,
                        metric=rule.metric, earned_at=earned_at or happening.at, **value._asdict())
        before = [r for r in self.rewards if r.key() == reward.key()]
        live = next((r for r in before if r.live()), None)
        if live is not None:
            if not (revive and live.state == 'rejected'):
                return 0

            self.rewards.remove(live)
        reward.generation = live.generation if live else 1 + max((r.generation for r in before), default=0)
        self.rewards.append(reward)
        self.begin(reward)
        if live and reward.state == 'rejected':
            self.rewards[-1] = live
            return 0
        self.coverage[f'granted {rule.kind} {rule.metric}'] += 1
        self.coverage['generation above 1'] += reward.generation > 1
        self.coverage['recurring n above 1'] += (n or 0) > 1
        self.coverage['level above 1'] += share.level > 1
        if reward.state == 'rejected':
            self.coverage[f'rejected: {reward.reason}'] += 1
            return 0
        self.coverage['rejected, then granted'] += live is not None
        return 1

    def begin(self, reward):
        """The state in which a grant begins its life."""
        reward.due_at = add(reward.earned_at, reward.rule.hold)
        reward.reason = self.refusal(reward)
        if reward.reason is not None:
            reward.state = 'rejected'
        elif reward.recipient.state == 'held' or reward.due_at > self.now:
            reward.state = 'pending'
        else:
            self.become_due(reward)

    def refusal(self, reward):
        if reward.recipient.state == 'blocked':
            return 'recipient blocked'
        if reward.recipient.erased:
            return 'recipient erased'
        return self.over_limit(reward)

    def over_limit(self, reward):
        rule = reward.rule
        start = period_start(reward.earned_at, rule.period)
        others = [r for r in self.rewards
                  if r is not reward and r.rule is rule and r.live() and r.state != 'rejected'
                  and period_start(r.earned_at, rule.period) == start]
        own = [r for r in others if r.recipient is reward.recipient]
        if rule.max_per_recipient is not None and len(own) >= rule.max_per_recipient:
            return 'max_per_recipient reached'
        if rule.max_total is not None and len(others) >= rule.max_total:
            return 'max_total reached'
        if rule.budget is not None and reward.unit == rule.unit:
            if sum(r.worth() for r in others if r.unit == rule.unit) + reward.amount > rule.budget:
                return 'budget exhausted'
        return None

    # ---- what a grant is worth ---------------------------------------------

    def value(self, rule, share, happening, n):
        """None: nothing to grant."""
        if rule.metric == 'coupon':
            return Value(pool=share.pool)
        if rule.metric == 'commission':
            return self.commission(rule, share, happening, n)
        return Value(rounded(share.amount, share.unit) if rule.metric == 'amount' else share.amount, share.unit)

    def commission(self, rule, share, happening, n):
        base, currency, bought = self.spend_base(rule, happening, n)
        if not base:
            return None
        amount = commission(base, share.percent, rule.cap, currency)
        if not amount:
            self.coverage['commission rounds to nothing'] += 1
            return None
        return Value(amount, currency, None, base, share.percent, rule.cap, bought)

    def spend_base(self, rule, happening, n):
        purchase, nothing = happening.purchase, (None, None, ())
        if happening.event == 'purchase':
            if rule.unit not in (None, purchase.currency):
                return nothing
            return purchase.left(), purchase.currency, (purchase,)
        bought = [p for p in self.purchases if p.person is happening.person]
        if n is not None:
            enrolment = self.enrolments[happening.person, rule]
            first, last = (enrolment.time(n - 1) if n > 1 else None), enrolment.time(n)
            bought = [p for p in bought if (first is None or first < p.at) and p.at <= last]
        currency = rule.unit or rule.campaign.currency or (purchase and purchase.currency) or only_currency(bought)
        bought = [p for p in bought if p.currency == currency]
        return sum((p.left() for p in bought), Decimal(0)), currency, tuple(bought)

    def condition_holds(self, rule, happening):
        if rule.condition is None:
            return True
        holds = CONDITIONS[rule.condition](self.document(happening))
        self.coverage[f'condition {"true" if holds else "false"}'] += 1
        return holds

    def document(self, happening):
        person, purchase = happening.person, happening.purchase
        data = {'participant': {'state': person.state, 'source': person.source, 'meta': person.meta},
                'referrer': None if person.referrer is None else {
                    'state': person.referrer.state,
                    'invited_count': happening.new if happening.event == 'invited.joined' and happening.new is not None
                                     else self.invited_count(person.referrer),
                    'qualified_count': self.qualified_count(person.referrer)}}
        if purchase is not None:
            data['purchase'] = {'amount': purchase.amount, 'currency': purchase.currency,
                                'external_id': purchase.external}
        return {'type': happening.event, 'data': data, 'source': person.source, 'meta': person.meta,
                'amount': purchase and purchase.amount, 'currency': purchase and purchase.currency,
                'external_id': purchase and purchase.external, 'spend': self.spend(person, purchase)}

    def spend(self, person, purchase):
        bought = [p for p in self.purchases if p.person is person]
        currency = (purchase and purchase.currency) or person.campaign.currency or only_currency(bought)
        return sum((p.left() for p in bought if p.currency == currency), Decimal(0))

    # ---- recurring ----------------------------------------------------------

    def enrol(self, rule, happening):
        """The first qualification begins the schedule, a later one takes it up
        again and grants once more what was taken back of it."""
        key = happening.person, rule
        if key not in self.enrolments:
            if not rule.active:
                return 0
            self.enrolments[key] = Enrolment(happening.at, rule.recur_every, rule.recur_times)
            return self.pay_period(rule, happening, self.advance(key))
        enrolment = self.enrolments[key]
        enrolment.running = True
        n = 1
        while enrolment.time(n) < happening.at:
            n += 1
        enrolment.next = max(n, enrolment.next)
        taken = sorted({r.n for r in self.rewards if (r.subject, r.rule) == key and not r.live()})
        self.coverage['recurring resumed'] += 1
        return sum(self.pay_period(rule, happening, n, happening.at) for n in taken)

    def advance(self, key):
        enrolment = self.enrolments[key]
        enrolment.next += 1
        return enrolment.next - 1

    def pay_period(self, rule, happening, n, earned_at=None):
        if not rule.active or not self.condition_holds(rule, happening):
            return 0
        enrolment = self.enrolments[happening.person, rule]
        return sum(self.grant(rule, share, happening, n, earned_at or enrolment.time(n))
                   for share in self.shares(rule, happening))

    def recur(self, of=lambda person, rule: True):
        """Every period that is over, each once, in the order of time; returns
        how many were granted."""
        granted = 0
        due = [(enrolment.time(n), self.people.index(key[0]), self.rules.index(key[1]), key, n)
               for key, enrolment in self.enrolments.items() if enrolment.running and of(*key)
               for n in self.periods_due(enrolment)]
        for _, _, _, key, n in sorted(due, key=lambda d: d[:3]):
            person, rule = key
            self.enrolments[key].next = n + 1
            at = self.enrolments[key].time(n)
            granted += self.pay_period(rule, Happening('invited.qualified', person, at, None, 0, 0), n)
        return granted

    def periods_due(self, enrolment):
        n = enrolment.next
        while enrolment.lasts(n) and enrolment.time(n) <= self.now:
            yield n
            n += 1

    def stop_recurring(self, subject):
        for (person, _), enrolment in self.enrolments.items():
            if person is subject:
                enrolment.running = False

    # ---- the life of a reward ------------------------------------------------

    def become_due(self, reward):
        reward.state = 'due'
        if reward.rule.auto_issue:
            self.issue(reward)

    def issue(self, reward):
        """False: there is no coupon left."""
        if reward.metric == 'coupon' and not reward.coupon:
            pool = self.pools.setdefault(reward.pool, Pool())
            if pool.free == 0:
                reward.reason = f'no coupon left in pool "{reward.pool}"'
                self.coverage['no coupon left'] += 1
                return False
            pool.free -= 1
            reward.coupon = True
            pool.given += 1
            if reward.rule.campaign.watched:
                self.coupon_seen(reward)
        reward.state, reward.reason = 'issued', None
        return True

    def issue_waiting(self, pool=None):
        waiting = [r for r in self.rewards if r.state == 'due' and r.metric == 'coupon' and r.rule.auto_issue
                   and pool in (None, r.pool)]
        for reward in sorted(waiting, key=lambda r: r.earned_at):
            if self.pools.setdefault(reward.pool, Pool()).free:
                self.issue(reward)
                self.coverage['issued from a refill'] += 1

    def end_holds(self):
        for reward in sorted(self.rewards, key=lambda r: r.earned_at):
            if reward.state == 'pending' and reward.due_at <= self.now and reward.recipient.state != 'held':
                self.become_due(reward)
                self.coverage['hold ended'] += 1

    def step(self, verb, rewards, text):
        allowed = {'issue': ('due', 'failed'), 'fulfill': ('issued',), 'fail': ('issued',), 'cancel': OPEN}[verb]
        if any(r.state not in allowed for r in rewards):
            raise Refused('RF009')
        if verb == 'issue' and self.lacks_coupons(rewards):
            raise Refused('55000')
        for reward in rewards:
            if verb == 'issue':
                self.issue(reward)
            elif verb == 'fulfill':
                reward.state = 'fulfilled'
                self.coupon_seen(reward)
            else:
                reward.state = {'fail': 'failed', 'cancel': 'cancelled'}[verb]
                reward.reason = text or reward.reason
                if verb == 'cancel':
                    self.return_coupon(reward)
        return (len(rewards),)

    def lacks_coupons(self, rewards):
        needed = {}
        for reward in rewards:
            if reward.metric == 'coupon' and not reward.coupon:
                needed[reward.pool] = needed.get(reward.pool, 0) + 1
        return any(self.pools.setdefault(pool, Pool()).free < n for pool, n in needed.items())

    def coupon_seen(self, reward):
        if reward.coupon and not reward.seen:
            self.pools[reward.pool].given -= 1
            self.pools[reward.pool].seen += 1
            reward.seen = True

    def return_coupon(self, reward):
        """Only what nobody saw comes back."""
        if not reward.coupon or reward.seen:
            return
        self.pools[reward.pool].given -= 1
        self.pools[reward.pool].free += 1
        reward.coupon = False
        self.coverage['coupon returned'] += 1

    # ---- taking back ----------------------------------------------------------

    def take_back(self, rewards, campaign, reason):
        """By the campaign's policy; returns those that were."""
        taken = set()
        for reward in rewards:
            if campaign.policy == 'keep':
                continue
            if reward.state in OPEN:
                reward.state = 'cancelled'
                self.coverage['cancelled by taking back'] += 1
            elif reward.state in GIVEN and campaign.policy == 'clawback':
                reward.state = 'clawed_back'
                reward.clawed = reward.amount or Decimal(0)
                self.coverage['clawed back'] += 1
            else:
                continue
            reward.reason = reason
            self.return_coupon(reward)
            taken.add(reward)
        return taken

    def earned_by(self, subject, earned_on, count):
        """What a person earned by that, and the ordinals above what is left."""
        return [r for r in self.rewards
                if r.rule.campaign is subject.campaign and r.rule.earned_on == earned_on
                and (r.subject is subject if r.ordinal is None else
                     r.recipient is subject.referrer and r.ordinal > self.reached(r.rule, count))]

    @staticmethod
    def reached(rule, count):
        return count if rule.kind == 'milestone' else count // rule.every

    def lower(self, reward, base, refund):
        """A commission by a lower base; returns it if its worth changed."""
        campaign = reward.rule.campaign
        if campaign.policy == 'keep' or reward.state not in OPEN + GIVEN:
            return set()
        if reward.state in GIVEN and campaign.policy != 'clawback':
            return set()
        amount = commission(base, reward.percent, reward.cap, reward.unit) if base > 0 else Decimal(0)
        reward.base = base
        if amount >= reward.worth():
            return set()
        if reward.state in OPEN:
            reward.amount, emptied = amount + reward.clawed if amount else reward.amount, 'cancelled'
        else:
            reward.clawed, emptied = reward.amount - amount, 'clawed_back'
            self.coverage['partly clawed back' if amount else 'clawed back'] += 1
        if not amount:
            reward.state, reward.reason = emptied, refund
        self.coverage['commission lowered'] += 1
        return {reward}


def only_currency(purchases):
    currencies = {p.currency for p in purchases}
    return currencies.pop() if len(currencies) == 1 else None
