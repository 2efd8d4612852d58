"""Random sequences of operations from a seed. The model runs along, so that
operations meet what is there: rewards to issue, windows about to close.

Times are those of a nominal clock that begins at a date of the seed's choice.
"""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from conditions import CONDITIONS
from model import World, reward_name
from programme import Refused
from values import Interval, add

FEATURES = ('limits', 'conditions', 'levels', 'coupons', 'purchases', 'recurring', 'fraud', 'review',
            'expiry', 'apply', 'erase')

EPOCHS = (datetime(2028, 1, 31, 10), datetime(2027, 12, 30, 23, 30), datetime(2028, 2, 27, 0, 5),
          datetime(2027, 8, 31, 23, 59), datetime(2028, 5, 1, 12), datetime(2027, 10, 31, 1, 30))
MAILBOXES = ('ann', 'bob', 'cyd', 'dee', 'eve', 'fay', 'gus', 'hal', 'ida', 'jan', 'kim', 'leo', 'max', 'ned')
NAMES = (None, 'Ann Lee', 'ann  lee', 'Bob Ray', 'Cyd', 'CYD', ' ')
SOURCES = (None, None, 'Api', 'Widget')
METAS = ({}, {}, {'plan': 'pro'}, {'plan': 'free', 'visits': 2}, {'vip': True, 'visits': 5},
         {'vip': None, 'plan': 'pro'}, {'vip': 'yes'}, {'vip': False})
ADDRESSES = ('10.0.0.1', '10.0.0.2', '10.9.0.1')
HOLDS = (Interval(), Interval(), Interval(0, 14, 0), Interval(1, 0, 0), Interval(0, 0, 3600))


class Generator:
    def __init__(self, seed, features=FEATURES, length=60):
        self.random = random.Random(seed)
        self.features = self.some_of(sorted(features))
        self.ops, self.labels = [], 0
        self.epoch = self.random.choice(EPOCHS)
        self.world = World(self.epoch)
        self.programme()
        self.first_people()
        while len(self.ops) < length:
            self.step()

    def some_of(self, features):
        """All of them, or a few, which then meet each other more often."""
        if self.random.random() < 0.3:
            return set(features)
        return set(self.random.sample(features, min(len(features), self.random.randint(2, 6))))

    # ---- small choices ---------------------------------------------------------

    def has(self, feature, chance=1.0):
        return feature in self.features and self.chance(chance)

    def chance(self, p):
        return self.random.random() < p

    def maybe(self, p, *choices):
        return self.random.choice(choices) if self.chance(p) else None

    def money(self, *choices):
        return Decimal(self.random.choice(choices))

    def emit(self, **op):
        """An operation on what is not there is none."""
        try:
            self.world.do(op)
        except Refused:
            pass
        except StopIteration:
            return
        self.ops.append(op)

    # ---- the programme -----------------------------------------------------------

    def programme(self):
        for i in range(1 + self.chance(0.2)):
            self.new_campaign(f'c{i + 1}')
        for _ in range(self.random.randint(1, 7)):
            self.new_rule()
        if self.has('coupons', 0.7):
            for pool in ('gold', 'tin'):
                if self.chance(0.8):
                    self.emit(do='refill', pool=pool, n=self.random.randint(1, 4))

    def new_campaign(self, slug):
        currency = self.maybe(0.6, 'EUR', 'EUR', 'USD', 'JPY')
        self.emit(do='campaign', slug=slug, currency=currency,
                  within=self.maybe(0.4, Interval(0, 10, 0), Interval(1, 0, 0), Interval(0, 0, 7200)),
                  min_spend=self.maybe(0.5, Decimal(100), Decimal('59.99'))
                  if currency and self.has('purchases') else None,
                  policy=self.random.choice(('cancel_due', 'clawback', 'clawback', 'keep')),
                  max_referrals=self.maybe(0.2, 2, 3),
                  ends_at=self.maybe(0.1, self.epoch + timedelta(days=50)),
                  starts_at=self.maybe(0.1, self.epoch - timedelta(days=2)),
                  watched=self.has('coupons', 0.3),
                  signals=self.fraud_rules() if self.has('fraud', 0.6) else {})

    def fraud_rules(self):
        kinds = {'same_ip': (self.maybe(0.5, 1, 2), self.maybe(0.4, Interval(0, 1, 0))),
                 'plus_alias': (None, None), 'disposable': (None, None), 'duplicate_name': (None, None),
                 'velocity': (self.random.choice((1, 2, 3)),
                              self.random.choice((Interval(0, 0, 3600), Interval(0, 3, 0)))),
                 'blocked_list': (None, None)}
        chosen = self.random.sample(sorted(kinds), self.random.randint(1, 4))
        return {s: (self.random.choice(('allow', 'flag', 'hold', 'hold', 'block')), *kinds[s]) for s in chosen}

    def new_rule(self):
        campaign = self.random.choice(self.world.campaigns)
        rule = {'do': 'rule', 'name': f'R{len(self.world.rules) + 1}', 'campaign': campaign.slug,
                'hold': self.random.choice(HOLDS), 'auto_issue': self.chance(0.7), 'active': self.chance(0.9)}
        self.choose_trigger(rule)
        self.choose_metric(rule, campaign)
        self.choose_extras(rule)
        self.emit(**rule)
        if rule.get('kind') == 'milestone':
            for threshold in self.random.sample((1, 2, 3, 4, 5), self.random.randint(1, 3)):
                self.emit(do='milestone', rule=rule['name'], threshold=threshold, value=self.own_value(rule))

    def choose_trigger(self, rule):
        triggers = ['referrer_joins', 'invited_joins', 'invited_qualifies', 'invited_qualifies']
        rule['earned_on'] = self.random.choice(triggers + ['purchase', 'purchase'] * self.has('purchases'))
        rule['recipient'] = 'referrer' if rule['earned_on'] == 'referrer_joins' or self.chance(0.7) else 'invited'
        if rule['earned_on'] in ('invited_joins', 'invited_qualifies') and rule['recipient'] == 'referrer':
            if self.chance(0.3):
                rule['kind'] = 'milestone'
            elif self.chance(0.3):
                rule['every'] = self.random.choice((2, 2, 3))
        if rule['earned_on'] == 'invited_qualifies' and self.has('recurring', 0.35):
            rule.pop('every', None)
            rule.update(kind='recurring', recur_times=self.maybe(0.6, 1, 2, 3, 5), recur_every=self.random.choice(
                (Interval(1, 0, 0), Interval(0, 7, 0), Interval(0, 1, 3600), Interval(0, 30, 0))))

    def choose_metric(self, rule, campaign):
        metrics = ['amount', 'amount', 'custom'] + ['coupon'] * self.has('coupons')
        if rule['earned_on'] in ('purchase', 'invited_qualifies') and rule.get('kind') != 'milestone' \
                and rule.get('every', 1) == 1:
            metrics += ['commission', 'commission'] * self.has('purchases')
        rule['metric'] = self.random.choice(metrics)
        if rule['metric'] == 'commission':
            rule.update(percent=self.money('10', '2.5', '33.333', '0.1'),
                        cap=self.maybe(0.4, Decimal('5'), Decimal('7.555')),
                        unit=campaign.currency if self.chance(0.4) else self.maybe(0.2, 'EUR', 'USD'))
            if rule['unit'] is None:  # a cap is in some currency: its minor unit is the spend's
                rule['cap'] = rule['cap'] and Decimal('5')
            rule['auto_issue'] = rule['auto_issue'] or self.chance(0.5)
            rule['hold'] = self.random.choice((rule['hold'], Interval()))
        elif rule['metric'] == 'coupon':
            rule['pool'] = self.random.choice(('gold', 'tin'))
            rule['hold'] = self.random.choice((rule['hold'], Interval()))
        else:
            rule.update(amount=self.money('10', '2.505', '33.33', '7'),
                        unit='points' if rule['metric'] == 'custom'
                        else self.random.choice(('EUR', 'USD', 'JPY', 'KWD')))

    def choose_extras(self, rule):
        if self.has('limits', 0.5):
            rule['period'] = self.random.choice(('ever', 'day', 'week', 'month', 'year'))
            rule.update(max_per_recipient=self.maybe(0.4, 1, 2, 3), max_total=self.maybe(0.4, 1, 2, 4))
            if rule['metric'] != 'coupon' and rule.get('unit'):
                rule['budget'] = self.maybe(0.5, Decimal(20), Decimal(40), Decimal('5.05'))
        if self.has('conditions', 0.35):
            rule['condition'] = self.random.choice(sorted(CONDITIONS))
        if self.has('levels', 0.4) and rule['recipient'] == 'referrer' and rule.get('kind', 'standard') == 'standard' \
                and rule.get('every', 1) == 1 and rule['metric'] != 'coupon' and rule['earned_on'] != 'referrer_joins':
            values = self.random.sample(('5', '3', '1.005', '2'), self.random.randint(1, 3))
            rule['levels'] = tuple(map(Decimal, values))

    def own_value(self, rule):
        if self.chance(0.5):
            return (None, None, None)
        if rule['metric'] == 'coupon':
            return (None, None, self.random.choice(('gold', 'tin')))
        unit = 'points' if rule['metric'] == 'custom' else 'USD'
        return (self.money('1', '50', '3.335'), self.maybe(0.3, unit), None)

    def first_people(self):
        """Somebody to begin with: a sequence about nobody says little."""
        for campaign in self.world.campaigns:
            rows = [self.row(campaign)]
            rows[0].pop('referred_by', None)
            for _ in range(self.random.randint(1, 4)):
                rows.append(self.row(campaign, rows))
            self.emit(do='insert', campaign=campaign.slug, rows=rows)

    # ---- operations ----------------------------------------------------------------

    def step(self):
        choices = {'join': 14, 'bulk': 5, 'qualify': 16, 'unqualify': 6, 'clock': 8, 'tick': 6, 'life': 8,
                   'simulate': 4, 'edit_rule': 3, 'edit_campaign': 1.5, 'add_rule': 0.7}
        for feature, more in (('purchases', {'purchase': 14, 'refund': 8}), ('coupons', {'refill': 2}),
                              ('review', {'block': 2, 'release': 3}), ('erase', {'erase': 1}),
                              ('apply', {'apply': 3}), ('fraud', {'listing': 0.7})):
            if feature in self.features:
                choices.update(more)
        if any(c.state != 'live' for c in self.world.campaigns):
            choices['edit_campaign'] = 20
        kind = self.random.choices(list(choices), list(choices.values()))[0]
        getattr(self, 'make_' + kind)()

    def row(self, campaign, earlier=()):
        """Somebody who joins, mostly well; earlier: rows of the same statement."""
        self.labels += 1
        label = f'P-{self.labels:02}'
        people = [p.label for p in self.world.people if p.campaign is campaign] + [r['label'] for r in earlier]
        if self.chance(0.03):
            people += [p.label for p in self.world.people] + ['NOBODY']
        row = {'label': label, 'email': self.email(), 'meta': self.random.choice(METAS)}
        if people and self.chance(0.85):
            row['referred_by'] = self.random.choice(people[:4] if self.chance(0.6) else people)
        for name, choices in (('name', NAMES), ('source', SOURCES), ('ip', ADDRESSES)):
            row[name] = self.maybe(0.5, *choices)
        return row

    def email(self):
        mailbox, domain = self.random.choice(MAILBOXES), 'people.example'
        if not self.chance(0.05):
            mailbox += str(self.labels)  # else perhaps somebody who is there
        if 'fraud' in self.features:
            mailbox += self.random.choice(('', '', '', '+x'))
            domain = self.random.choice((domain, domain, domain, 'gmail.com', 'googlemail.com', 'mailinator.com',
                                         'a.mailinator.com', 'bad.example', 'sub.bad.example'))
            if self.chance(0.1):
                mailbox = self.random.choice(('a.nn', 'ann', 'an.n'))
        return f'{mailbox}@{domain}'

    def make_join(self):
        campaign = self.random.choice(self.world.campaigns)
        self.emit(do='join', campaign=campaign.slug, **self.row(campaign))

    def make_bulk(self):
        campaign, rows = self.random.choice(self.world.campaigns), []
        for _ in range(self.random.randint(1, 6)):
            rows.append(self.row(campaign, rows))
            if self.chance(0.4):
                ago = self.random.choice((1, 3600, 86400, 3 * 86400, 12 * 86400))
                rows[-1]['joined_at'] = self.world.now - timedelta(seconds=ago)
        self.emit(do='insert', campaign=campaign.slug, rows=rows)

    def somebody(self, states=()):
        """A label: mostly of somebody in these states."""
        people = self.world.people
        fitting = [p for p in people if p.state in states] if self.chance(0.92) else people
        return self.random.choice(fitting or people).label if people and not self.chance(0.01) else 'NOBODY'

    def when(self, label):
        """Now, or some time that a window may begin or end with."""
        if self.chance(0.6):
            return None
        person = next((p for p in self.world.people if p.label == label), None)
        times = [self.world.now - timedelta(seconds=s) for s in (0, 60, 3600, 86400, 5 * 86400, 20 * 86400)]
        times += [self.world.now + timedelta(minutes=m) for m in (4, 5, 6)]
        if person is not None:
            times += [person.joined_at, person.joined_at - timedelta(seconds=1), person.joined_at + timedelta(days=3)]
            if person.campaign.within:
                end = add(person.joined_at, person.campaign.within)
                times += [end, end - timedelta(seconds=1)]
        return self.random.choice(times)

    def spend(self, label, p):
        """In the campaign's currency, in one of its own choice where it has none,
        now and then in a wrong one."""
        if not self.has('purchases', p):
            return {}
        person = next((p for p in self.world.people if p.label == label), None)
        currency = self.random.choice(('EUR', 'EUR', 'USD', 'JPY'))
        if person and person.campaign.currency and self.chance(0.93):
            currency = self.maybe(0.4, person.campaign.currency)
        elif self.chance(0.04):
            currency = None
        small = self.chance(0.04)
        amount = self.money(*(('0.4', '0.001') if small else ('10', '60', '99.995', '100', '20', '250')))
        return {'amount': amount, 'currency': currency}

    def make_qualify(self):
        person = self.somebody(('pending', 'expired'))
        self.emit(do='qualify', person=person, at=self.when(person), **self.spend(person, 0.4))

    def make_simulate(self):
        person = self.somebody(('pending', 'qualified', 'expired'))
        self.emit(do='simulate', person=person, **self.spend(person, 0.6))

    def make_unqualify(self):
        self.emit(do='unqualify', person=self.somebody(('qualified',)), reason=self.maybe(0.7, 'returned', 'fraud'))

    def make_purchase(self):
        person = self.somebody(('pending', 'qualified', 'expired'))
        self.emit(do='purchase', person=person, at=self.when(person), external=self.maybe(0.9, *self.externals()),
                  **self.spend(person, 1))

    def externals(self):
        known = len(self.world.purchases)
        return [f'x{known + 10}'] * 24 + [f'x{i + 10}' for i in range(known)][-3:]

    def make_refund(self):
        known = [p for p in self.world.purchases if p.external is not None and (p.left() or self.chance(0.1))]
        if not known and self.chance(0.9):
            return
        purchase = self.random.choice(known) if known else None
        amount = None
        if purchase and self.chance(0.7):
            left = purchase.left()
            amount = self.random.choice((Decimal(5), Decimal(7), left / 2, left, left - Decimal('0.5'),
                                         purchase.amount + 1, Decimal('0.001')))
        self.emit(do='refund', campaign=purchase.person.campaign.slug if purchase else 'c1',
                  external=purchase.external if purchase and not self.chance(0.03) else 'unknown',
                  amount=amount, refund=self.maybe(0.7, 'r1', 'r2', 'r3'))

    def make_clock(self):
        later = [self.world.now + timedelta(seconds=s) for s in (60, 3600, 86400, 7 * 86400, 14 * 86400, 31 * 86400)]
        later += [r.due_at for r in self.world.rewards if r.state == 'pending']
        later += [add(p.joined_at, p.campaign.within) for p in self.world.people if p.campaign.within]
        later += [e.time(e.next) for e in self.world.enrolments.values()]
        self.emit(do='clock', now=self.random.choice([t for t in later if t >= self.world.now]))
        if self.chance(0.6):
            self.make_tick()

    def make_tick(self):
        if 'expiry' in self.features or not any(c.within for c in self.world.campaigns):
            self.emit(do='tick')

    def make_life(self):
        verb = self.random.choice(('issue', 'issue', 'fulfill', 'fail', 'cancel', 'cancel'))
        fitting = {'issue': ('due', 'failed'), 'fulfill': ('issued',), 'fail': ('issued',),
                   'cancel': ('pending', 'due', 'failed')}[verb]
        rewards = [r for r in self.world.rewards if r.state in fitting or self.chance(0.05)]
        if self.chance(0.3):
            rewards = [r for r in rewards if r.metric == 'coupon'] or rewards
        chosen = self.random.sample(rewards, min(len(rewards), self.random.choice((1, 1, 1, 2, 3))))
        if chosen:
            self.emit(do='step', verb=verb, rewards=[reward_name(r) for r in chosen], text=self.maybe(0.5, 'by hand'))

    def make_refill(self):
        self.emit(do='refill', pool=self.random.choice(('gold', 'tin')), n=self.random.randint(1, 3))

    def make_block(self):
        self.emit(do='block', person=self.somebody(('pending', 'qualified', 'active')),
                  reason=self.maybe(0.5, 'looks odd'))

    def make_release(self):
        self.emit(do='release', person=self.somebody(('held', 'blocked')))

    def make_erase(self):
        self.emit(do='erase', person=self.somebody())

    def make_apply(self):
        if self.world.rules:
            self.emit(do='apply', rule=self.random.choice(self.world.rules).name)

    def make_add_rule(self):
        self.new_rule()

    def make_listing(self):
        kind, value = self.random.choice(
            (('domain', 'bad.example'), ('network', '10.9.0.0/24'), ('email', 'ann@gmail.com')))
        if not any((k, v) == (kind, value) for _, k, v in self.world.blocked):
            self.emit(do='listing', campaign=self.maybe(0.4, 'c1'), kind=kind, value=value)

    def make_edit_campaign(self):
        campaign = self.random.choice(self.world.campaigns)
        state = self.random.choice(('paused', 'ended', 'draft')) if campaign.state == 'live' else 'live'
        self.emit(do='edit_campaign', campaign=campaign.slug, set={'state': state})

    def make_edit_rule(self):
        rule = self.random.choice(self.world.rules)
        choices = [{'active': not rule.active}, {'hold': Interval(0, self.random.choice((0, 3)), 0)}]
        if rule.amount is not None:
            choices.append({'amount': self.money('11', '4.44', '9')})
        if rule.percent is not None:
            choices.append({'percent': self.money('11', '4.44')})
        if 'limits' in self.features:
            choices += [{'max_total': self.maybe(0.7, 1, 3, 6)}, {'max_per_recipient': self.maybe(0.7, 1, 2)},
                        {'period': self.random.choice(('ever', 'day', 'week', 'month', 'year'))}]
            if rule.unit is not None:
                choices.append({'budget': self.maybe(0.7, Decimal(15), Decimal(50))})
        if 'conditions' in self.features:
            choices.append({'condition': self.maybe(0.7, *sorted(CONDITIONS))})
        if 'recurring' in self.features and rule.kind == 'recurring':
            choices.append({'recur_times': self.maybe(0.7, 1, 4)})
        limited = [{name: None for name in ('max_total', 'max_per_recipient', 'budget')}]
        if any(r.rule is rule and r.state == 'rejected' for r in self.world.rewards):
            choices = choices + limited * len(choices)
        self.emit(do='edit_rule', rule=rule.name, set=self.random.choice(choices))
        if self.has('apply', 0.4):
            self.emit(do='apply', rule=rule.name)
