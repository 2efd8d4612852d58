"""What the model knows: campaigns, people, rules, rewards and purchases, as the
simplest values that hold them. Nothing that follows from something else is
kept: counts are counted when they are asked for.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Optional

from values import Interval, add

COUNTED = ('pending', 'qualified', 'expired')
OPEN = ('pending', 'due', 'failed')
GIVEN = ('issued', 'fulfilled')
DEAD = ('cancelled', 'clawed_back')


class Refused(Exception):
    """The operation fails with one of these SQLSTATEs and changes nothing: the
    documents do not always say which of several reasons is given."""

    def __init__(self, *codes):
        super().__init__(' or '.join(sorted(set(codes))))
        self.codes = set(codes)


@dataclass(eq=False)
class Campaign:
    slug: str
    state: str = 'live'
    starts_at: Optional[datetime] = None
    ends_at: Optional[datetime] = None
    within: Optional[Interval] = None
    min_spend: Optional[Decimal] = None
    currency: Optional[str] = None
    policy: str = 'cancel_due'
    max_referrals: Optional[int] = None
    watched: bool = False  # a webhook wants reward.issued
    signals: dict = field(default_factory=dict)  # signal: (action, threshold, within)

    def open(self, states, when):
        return (self.state in states
                and (self.starts_at is None or self.starts_at <= when)
                and (self.ends_at is None or when < self.ends_at))


@dataclass(eq=False)
class Rule:
    name: str
    campaign: Campaign
    recipient: str
    earned_on: str
    kind: str = 'standard'
    every: int = 1
    metric: str = 'amount'
    amount: Optional[Decimal] = None
    unit: Optional[str] = None
    percent: Optional[Decimal] = None
    cap: Optional[Decimal] = None
    pool: Optional[str] = None
    hold: Interval = Interval()
    auto_issue: bool = True
    max_per_recipient: Optional[int] = None
    max_total: Optional[int] = None
    budget: Optional[Decimal] = None
    period: str = 'ever'
    recur_every: Optional[Interval] = None
    recur_times: Optional[int] = None
    levels: tuple = ()
    condition: Optional[str] = None
    active: bool = True
    milestones: dict = field(default_factory=dict)  # threshold: (amount, unit, pool)


@dataclass(eq=False)
class Person:
    label: str
    campaign: Campaign
    email: str
    name: Optional[str] = None
    ip: Optional[str] = None
    source: Optional[str] = None
    meta: dict = field(default_factory=dict)
    joined_at: Optional[datetime] = None
    referrer: Any = None
    state: str = 'pending'
    qualified_at: Optional[datetime] = None
    signals: Optional[tuple] = None
    review: Optional[str] = None
    erased: bool = False


@dataclass(eq=False)
class Purchase:
    person: Person
    index: int  # the how manieth of this person
    external: Optional[str]
    amount: Decimal
    currency: str
    at: datetime
    refunds: list = field(default_factory=list)  # (refund id, amount)

    def refunded(self):
        return sum((amount for _, amount in self.refunds), Decimal(0))

    def left(self):
        return self.amount - self.refunded()


@dataclass(eq=False)
class Reward:
    rule: Rule
    recipient: Person
    subject: Person
    ordinal: Optional[int] = None
    n: Optional[int] = None
    purchase: Optional[Purchase] = None
    level: int = 1
    generation: int = 1
    metric: str = 'amount'
    amount: Optional[Decimal] = None
    unit: Optional[str] = None
    pool: Optional[str] = None
    state: str = 'pending'
    reason: Optional[str] = None
    earned_at: Optional[datetime] = None
    due_at: Optional[datetime] = None
    base: Optional[Decimal] = None
    percent: Optional[Decimal] = None
    cap: Optional[Decimal] = None
    bought: Optional[tuple] = None  # the purchases in base
    clawed: Decimal = Decimal(0)  # the sum of its negative rows
    coupon: bool = False  # holds one of its pool
    seen: bool = False  # and the person may know it

    def key(self):
        """What is granted at most once; the ordinal stands for the subject."""
        subject = self.subject if self.ordinal is None else None
        return (self.rule, self.recipient, subject, self.ordinal, self.n, self.purchase)

    def live(self):
        return self.state not in DEAD

    def worth(self):
        return (self.amount or Decimal(0)) - self.clawed


@dataclass(eq=False)
class Pool:
    free: int = 0
    given: int = 0
    seen: int = 0


@dataclass(eq=False)
class Enrolment:
    """A subject's schedule under a recurring rule, frozen when it began."""
    anchor: datetime
    every: Interval
    times: Optional[int]
    next: int = 1
    running: bool = True

    def time(self, n):
        return add(self.anchor, self.every.times(n - 1))

    def lasts(self, n):
        return self.times is None or n <= self.times
