"""A few conditions, each as the jsonpath that the database gets and as the
Python that says the same. get() follows members and gives None where one lacks.
"""


def get(value, *members):
    for member in members:
        value = value.get(member) if isinstance(value, dict) else None
    return value


def number(value):
    """JSON's numbers; its booleans are none."""
    return value is not None and not isinstance(value, (bool, str, dict, list))


def over(value, limit):
    return number(value) and value > limit


CONDITIONS = {
    '$.meta.plan == "pro"': lambda d: get(d, 'meta', 'plan') == 'pro',
    '$.amount > 50': lambda d: over(d['amount'], 50),
    '$.spend >= 100': lambda d: d['spend'] >= 100,
    '$.source == "Api"': lambda d: d['source'] == 'Api',
    '$.currency == "EUR"': lambda d: d['currency'] == 'EUR',
    '$.external_id starts with "x1"': lambda d: str(d['external_id']).startswith('x1'),
    '$.type == "invited.qualified"': lambda d: d['type'] == 'invited.qualified',
    '$.data.participant.state == "qualified"': lambda d: get(d, 'data', 'participant', 'state') == 'qualified',
    '$.data.participant ? (@.meta.vip == true)': lambda d: get(d, 'meta', 'vip') is True,
    '$.data.referrer.invited_count >= 2': lambda d: over(get(d, 'data', 'referrer', 'invited_count'), 1),
    '$.data.referrer.qualified_count < 2': lambda d: number(get(d, 'data', 'referrer', 'qualified_count'))
                                                     and get(d, 'data', 'referrer', 'qualified_count') < 2,
    '$.meta.visits + 1 > 3': lambda d: over(get(d, 'meta', 'visits'), 2),
    '$.meta.vip': lambda d: bool(get(d, 'meta', 'vip')) if isinstance(get(d, 'meta', 'vip'), bool)
                  else get(d, 'meta', 'vip') is not None,
    '$.amount': lambda d: d['amount'] is not None,
    'exists($.data.purchase)': lambda d: 'purchase' in d['data'],
    '$.data.purchase.amount >= 20': lambda d: over(get(d, 'data', 'purchase', 'amount'), 19.99),
}
