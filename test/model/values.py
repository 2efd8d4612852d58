"""Time and money as the programme reckons them: intervals are added in UTC,
periods are those of the UTC calendar, money is rounded half away from zero.
"""

import calendar
from collections import namedtuple
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

MINOR_UNITS = {'USD': 2, 'EUR': 2, 'JPY': 0, 'KWD': 3}

BEGIN = datetime(1, 1, 1)


class Interval(namedtuple('Interval', 'months days seconds', defaults=(0, 0, 0))):
    """The three fields that PostgreSQL keeps apart."""

    def times(self, n):
        return Interval(self.months * n, self.days * n, self.seconds * n)

    def sql(self):
        return f"{self.months} months {self.days} days {self.seconds} seconds"


def add(when, interval):
    """31 January plus a month is the last day of February."""
    month = when.year * 12 + when.month - 1 + interval.months
    year, month = divmod(month, 12)
    day = min(when.day, calendar.monthrange(year, month + 1)[1])
    moved = when.replace(year=year, month=month + 1, day=day)
    return moved + timedelta(days=interval.days, seconds=interval.seconds)


def subtract(when, interval):
    return add(when, interval.times(-1))


def period_start(when, period):
    day = when.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == 'day':
        return day
    if period == 'week':
        return day - timedelta(days=day.weekday())
    if period == 'month':
        return day.replace(day=1)
    if period == 'year':
        return day.replace(month=1, day=1)
    return BEGIN


def rounded(amount, currency, how=ROUND_HALF_UP):
    """What a sum is in a currency; custom units are not rounded."""
    if currency not in MINOR_UNITS:
        return amount
    return amount.quantize(Decimal(1).scaleb(-MINOR_UNITS[currency]), how)


def commission(base, percent, cap, currency):
    """A cap that is finer than the currency is cut, so that nothing exceeds it."""
    amount = rounded(base * percent / 100, currency)
    return amount if cap is None else min(amount, rounded(cap, currency, ROUND_DOWN))
