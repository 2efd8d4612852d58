"""When the model and the database agree: on answers, refusals and states."""

from datetime import datetime

from model import reward_name
from programme import Refused

REWARD_FIELDS = ('subject', 'level', 'metric', 'amount', 'unit', 'state', 'reason', 'earned_at', 'due_at', 'pool',
                 'base', 'percent', 'cap', 'clawed back')


class Disagreement(Exception):
    pass


def tell(do, *arguments):
    try:
        return ('done', do(*arguments))
    except Refused as refused:
        return ('refused', str(refused), refused.codes, getattr(refused, 'message', ''))


def agree(ours, theirs):
    """The database gives one of the reasons that the model knows."""
    if ours[0] != theirs[0]:
        return False
    return ours[1] == theirs[1] if ours[0] == 'done' else theirs[2] <= ours[2]


def model_state(world):
    people = {p.label: (p.state, world.invited_count(p), world.qualified_count(p), p.qualified_at,
                        p.referrer and p.referrer.label, p.signals, p.review) for p in world.people}
    purchases = {(p.person.label, p.index): (p.external, p.amount, p.currency, p.at, p.refunded())
                 for p in world.purchases}
    rewards = {reward_name(r): (r.subject.label, r.level, r.metric, r.amount, r.unit, r.state, r.reason, r.earned_at,
                                r.due_at, r.pool, r.base, r.percent, r.cap, r.clawed) for r in world.rewards}
    pools = {name: (p.free, p.given, p.seen) for name, p in world.pools.items() if p.free or p.given or p.seen}
    return {'person': people, 'purchase': purchases, 'reward': rewards, 'pool': pools}


def compared(ours, theirs):
    """Two states: a line for each thing in which they differ."""
    return [f'{kind} {name}: {difference(kind, ours[kind].get(name), theirs[kind].get(name))}'
            for kind in ours for name in sorted({*ours[kind], *theirs[kind]}, key=str)
            if ours[kind].get(name) != theirs[kind].get(name)]


def difference(kind, ours, theirs):
    if ours is None or theirs is None or kind != 'reward':
        return f'the model has {show(ours)}, the database {show(theirs)}'
    return '; '.join(f'{field}: the model has {show(a)}, the database {show(b)}'
                     for field, a, b in zip(REWARD_FIELDS, ours, theirs) if a != b)


def show(value):
    if isinstance(value, tuple):
        return '(' + ', '.join(map(show, value)) + ')'
    return 'nothing' if value is None else str(value)


def shift(value, by):
    """Every time in an operation, moved from the nominal to the exact clock."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, dict):
        return {name: shift(v, by) for name, v in value.items()}
    if isinstance(value, list):
        return [shift(v, by) for v in value]
    return value
