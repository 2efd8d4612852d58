"""Operations as SQL. Codes and ids that the database makes up stand in the text
as <code LABEL> and <id LABEL>; fill() puts them in.
"""

import json
import re
from datetime import datetime
from decimal import Decimal

from psycopg2.extensions import QuotedString
from values import Interval


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return f"'{value.isoformat(sep=' ')}+00'"
    if isinstance(value, Interval):
        return f"'{value.sql()}'"
    if isinstance(value, dict):
        return f"'{json.dumps(value)}'"
    if isinstance(value, tuple):
        return f"'[{', '.join(map(str, value))}]'" if value else 'NULL'
    quoted = QuotedString(value)
    quoted.encoding = 'utf8'
    return quoted.getquoted().decode()


def fill(text, codes, ids):
    text = re.sub('<code ([^>]*)>', lambda m: codes(m[1]), text)
    return re.sub('<id ([^>]*)>', lambda m: ids(m[1]), text)


def code(label):
    return 'NULL' if label is None else f'<code {label}>'


def statements(op):
    """The statements of one operation; the last one's rows are its answer."""
    return globals()['sql_' + op['do']](op)


def insert(table, values):
    values = {name: value for name, value in values.items() if value != 'NULL'}
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"


def update(table, key, changes):
    return f"UPDATE {table} SET {', '.join(f'{n} = {literal(v)}' for n, v in changes.items())} WHERE {key}"


def campaign_id(slug):
    return f"(SELECT id FROM rf_campaign WHERE slug = '{slug}')"


def rule_id(name):
    return f"(SELECT id FROM rf_reward_rule WHERE name = '{name}')"


def call(function, *given, **named):
    arguments = [*given, *(f'{n} => {v}' for n, v in named.items() if v != 'NULL')]
    return f"SELECT * FROM {function}({', '.join(arguments)})"


# ---- one for each kind of operation -------------------------------------------

def sql_campaign(op):
    values = {'name': literal(op['slug']), 'qualify_within': literal(op['within']),
              'on_unqualify': literal(op['policy'])}
    for name in ('slug', 'currency', 'min_spend', 'max_referrals', 'starts_at', 'ends_at'):
        values[name] = literal(op[name])
    made = [insert('rf_campaign', values)]
    for signal, (action, threshold, within) in op['signals'].items():
        made.append(insert('rf_fraud_rule', {'campaign_id': campaign_id(op['slug']), 'signal': literal(signal),
                                             'action': literal(action), 'threshold': literal(threshold),
                                             '"within"': literal(within)}))
    if op['watched']:
        made.append(insert('rf_webhook', {'campaign_id': campaign_id(op['slug']), 'url': "'https://hooks.example/'",
                                          'events': "'{reward.issued}'"}))
    return made


def sql_rule(op):
    values = {name: literal(value) for name, value in op.items() if name not in ('do', 'campaign')}
    return [insert('rf_reward_rule', {'campaign_id': campaign_id(op['campaign']), **values})]


def sql_milestone(op):
    amount, unit, pool = op['value']
    return [insert('rf_milestone', {'rule_id': rule_id(op['rule']), 'threshold': literal(op['threshold']),
                                    'amount': literal(amount), 'unit': literal(unit), 'pool': literal(pool)})]


def sql_edit_campaign(op):
    return [update('rf_campaign', f"slug = '{op['campaign']}'", op['set'])]


def sql_edit_rule(op):
    return [update('rf_reward_rule', f"name = '{op['rule']}'", op['set'])]


def sql_listing(op):
    campaign = campaign_id(op['campaign']) if op['campaign'] else 'NULL'
    return [insert('rf_blocked', {'campaign_id': campaign, op['kind']: literal(op['value'])})]


def sql_refill(op):
    return [f"INSERT INTO rf_coupon (pool, code) SELECT '{op['pool']}', gen_random_uuid()"
            f" FROM generate_series(1, {op['n']})"]


def sql_join(op):
    return [call('rf_join', literal(op['campaign']), literal(op['email']), name=literal(op.get('name')),
                 referred_by=code(op.get('referred_by')), source=literal(op.get('source')),
                 ip=literal(op.get('ip')), meta=literal(op.get('meta')))]


def sql_insert(op):
    columns = [c for c in ('label', 'email', 'name', 'referred_by', 'source', 'ip', 'meta', 'joined_at')
               if any(row.get(c) for row in op['rows'])]
    rows = [[code(row.get(c)) if c == 'referred_by' else literal(row.get(c)) for c in columns] for row in op['rows']]
    lines = ',\n\t'.join(f"({campaign_id(op['campaign'])}, {', '.join(row)})" for row in rows)
    return [f"INSERT INTO rf_participant (campaign_id, code, {', '.join(columns[1:])}) VALUES\n\t{lines}"]


def sql_qualify(op):
    return [call('rf_qualify', code(op['person']), amount=literal(op.get('amount')),
                 currency=literal(op.get('currency')), occurred_at=literal(op.get('at')))]


def sql_simulate(op):
    return [call('rf_simulate', code(op['person']), amount=literal(op.get('amount')),
                 currency=literal(op.get('currency')))]


def sql_unqualify(op):
    return [call('rf_unqualify', code(op['person']), reason=literal(op.get('reason')))]


def sql_purchase(op):
    return [call('rf_record_purchase', code(op['person']), amount=literal(op['amount']),
                 currency=literal(op.get('currency')), external_id=literal(op.get('external')),
                 occurred_at=literal(op.get('at')))]


def sql_refund(op):
    return [call('rf_record_refund', literal(op['campaign']), literal(op['external']), amount=literal(op['amount']),
                 refund_id=literal(op['refund']))]


def sql_step(op):
    rewards = ', '.join(reward_id(name) for name in op['rewards'])
    argument = f'ARRAY[{rewards}]' if len(op['rewards']) > 1 else rewards
    if op['verb'] in ('fail', 'cancel'):
        return [call('rf_' + op['verb'], argument, reason=literal(op.get('text')))]
    return [call('rf_' + op['verb'], argument)]


def reward_id(name):
    rule, recipient, subject, ordinal, n, purchase, generation = name
    parts = [f'rule_id = {rule_id(rule)}', f'participant_id = <id {recipient}>', f'generation = {generation}',
             'original_id IS NULL']
    if subject is not None:
        parts.append(f'subject_id = <id {subject}>')
    for column, value in (('ordinal', ordinal), ('n', n)):
        parts.append(f'{column} IS NULL' if value is None else f'{column} = {value}')
    if purchase is not None:
        parts.append(f'purchase_id = (SELECT id FROM rf_purchase WHERE participant_id = <id {purchase[0]}>'
                     f' ORDER BY id OFFSET {purchase[1]} LIMIT 1)')
    return f"(SELECT id FROM rf_reward WHERE {' AND '.join(parts)})"


def sql_release(op):
    return [call('rf_release', f"<id {op['person']}>")]


def sql_block(op):
    return [call('rf_block', f"<id {op['person']}>", reason=literal(op.get('reason')))]


def sql_erase(op):
    return [call('rf_erase', f"<id {op['person']}>")]


def sql_apply(op):
    return [call('rf_apply_rule', rule_id(op['rule']))]


def sql_tick(op):
    return ['SELECT rf_tick()']


# ---- a whole sequence ---------------------------------------------------------

def script(epoch, ops):
    """As a script for psql, in an empty database."""
    lines = [f"-- The clock begins at {epoch}.", "SET timezone = 'UTC';", 'CREATE EXTENSION referral;', clock(epoch)]
    joined = {op['label'] for op in ops if op['do'] == 'join'}
    by_id = set(re.findall('<id ([^>]*)>', str([statements(op) for op in ops if op['do'] != 'clock'])))

    def code(label):
        return f":'{variable('code', label)}'" if label in joined else literal(label)

    for op in ops:
        if op['do'] == 'clock':
            lines.append(clock(op['now']))
            continue
        for text in statements(op):
            lines.append(fill(text, code, lambda label: ':' + variable('id', label)) + ';')
        if op['do'] == 'join':
            lines[-1] = f"{lines[-1][:-1]} \\gset"
            lines.append(f'\\set {variable("code", op["label"])} :code')
            lines.append(f'\\set {variable("id", op["label"])} :participant_id')
        for row in (row for row in op.get('rows', ()) if row['label'] in by_id):
            name, label = variable('id', row['label']), row['label']
            lines.append(f"SELECT id AS {name} FROM rf_participant WHERE code = '{label}' \\gset")
    return '\n'.join(lines)


def clock(when):
    seconds = f'extract(epoch FROM timestamptz {literal(when)} - now())::int::text'
    return f"SELECT set_config('referral.clock_offset', {seconds}, false);"


def variable(kind, label):
    return f"{kind}_{label.replace('-', '').lower()}"
