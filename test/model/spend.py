"""Purchases and refunds: what they qualify and what they take back. A mixin of World."""

from decimal import Decimal

from programme import Purchase, Refused
from rewards import Happening
from values import rounded


class Spend:
    def add_purchase(self, person, amount, currency, external, at):
        index = sum(1 for p in self.purchases if p.person is person)
        purchase = Purchase(person, index, external, amount, currency, at)
        self.purchases.append(purchase)
        return purchase

    def do_purchase(self, op):
        """Reading: what is known already is told even where it would be refused
        today."""
        at, person = op.get('at') or self.now, self.person(op['person'])
        first = person and self.purchase_of(person.campaign, op.get('external'))
        self.checked(lambda: self.check_time(at), lambda: self.invited(op['person']),
                     lambda: self.check_money(person, op), lambda: self.check_same(first, person, op),
                     lambda: first or person and self.check_open(person, at))
        if first is not None:
            return (person.label, person.state, False, 0)
        purchase = self.add_purchase(person, *self.money(person, op), op.get('external'), at)
        return (person.label, *self.count_purchase(person, purchase))

    def check_same(self, first, person, op):
        """An external id seen before names the same purchase."""
        if first is not None and (first.person, first.amount, first.currency) != (person, *self.money(person, op)):
            raise Refused('23505')

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
            if op['amount'] is not None and rounded(op['amount'], purchase.currency) != known:
                raise Refused('23505')
            return (person.label, person.state, False, 0)
        amount = purchase.left() if op['amount'] is None else rounded(op['amount'], purchase.currency)
        if op['amount'] is None and amount == 0:
            return (person.label, person.state, False, 0)
        if not 0 < amount <= purchase.left():
            raise Refused('22023')
        before = self.net_spend(person)
        purchase.refunds.append((op['refund'], amount))
        changed, least = set(), person.campaign.min_spend
        if person.state == 'qualified' and least is not None and self.net_spend(person) < least <= before:
            self.coverage['unqualified by refund'] += 1
            changed = self.unqualify(person, 'net spend fell below min_spend')
        changed |= self.refund_rewards(purchase, amount)
        return (person.label, person.state, True, len(changed))

    def refund_rewards(self, purchase, amount):
        changed = set()
        for reward in list(self.rewards):
            if reward.purchase is purchase and reward.metric == 'commission':
                changed |= self.lower(reward, purchase.left(), 'purchase refunded')
            elif reward.purchase is purchase and purchase.left() == 0:
                changed |= self.take_back([reward], purchase.person.campaign, 'purchase refunded')
            elif reward.purchase is None and purchase in (reward.bought or ()):
                changed |= self.lower(reward, reward.base - amount, 'purchase refunded')
        return changed
