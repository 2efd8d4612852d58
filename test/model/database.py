"""The database under test: carries out operations, and tells its state in the
same shape as the model's, so that the two can be compared.
"""

from collections import defaultdict
from datetime import timedelta, timezone
from decimal import Decimal

import psycopg2

from programme import Refused
from statements import fill, literal, statements

TABLES = '''rf_participant rf_reward_rule rf_milestone rf_reward rf_purchase rf_refund rf_coupon rf_coupon_pool
rf_quota rf_recurrence rf_fraud_rule rf_blocked rf_erased_code rf_idempotency rf_event rf_outbox_0 rf_webhook
rf_secret rf_webhook_state rf_unmatched rf_campaign'''.split()


class Database:
    """One connection. whole: all operations in one transaction that is rolled
    back at the end, else a transaction for each."""

    def __init__(self, whole=True):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.whole, self.offset = whole, 0
        self.codes, self.ids, self.labels = {}, {}, {}
        self.execute("SET timezone = 'UTC'; SET client_min_messages = error")
        self.tables = {t for t, in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def execute(self, text):
        self.cursor.execute(text)

    def rows(self, text):
        self.cursor.execute(text)
        return self.cursor.fetchall()

    # ---- one sequence ----------------------------------------------------------

    def begin(self, epoch):
        """Returns the exact time at which the sequence begins."""
        self.codes, self.ids, self.labels = {}, {}, {}
        if self.whole:
            self.execute('BEGIN')
        now = self.rows('SELECT now()')[0][0].replace(tzinfo=None)
        self.base = int((epoch - now).total_seconds())
        self.set_clock(0)
        return now + timedelta(seconds=self.base)

    def set_clock(self, seconds):
        self.offset = self.base + int(seconds)
        self.execute(f'SET referral.clock_offset = {self.offset}')

    def now(self):
        return self.rows('SELECT now()')[0][0].replace(tzinfo=None) + timedelta(seconds=self.offset)

    def end(self):
        if self.whole:
            self.execute('ROLLBACK')
        else:
            self.wipe()
        self.execute('RESET referral.clock_offset')

    def wipe(self):
        """Triggers that would refuse this stay silent."""
        tables = ', '.join(self.tables.intersection(TABLES))
        self.execute('BEGIN; SET LOCAL session_replication_role = replica;'
                     f' TRUNCATE {tables} RESTART IDENTITY; COMMIT')

    def do(self, op, begun, ended=lambda: None):
        """The operation's answer, or Refused; begun and ended are called within
        its transaction."""
        self.execute('SAVEPOINT operation' if self.whole else 'BEGIN')
        try:
            begun()
            answer = self.carry_out(op)
            ended()
            self.execute('RELEASE operation' if self.whole else 'COMMIT')
            return answer
        except BaseException as error:
            self.execute('ROLLBACK TO operation; RELEASE operation' if self.whole else 'ROLLBACK')
            if not isinstance(error, psycopg2.Error):
                raise
            refused = Refused(error.pgcode)
            refused.message = str(error)
            raise refused

    def carry_out(self, op):
        for text in statements(op):
            self.execute(self.filled(text))
        rows = self.cursor.fetchall() if self.cursor.description else [()]
        if op['do'] in ('join', 'insert'):
            self.learn_people(op)
        return self.answer(op, rows)

    def filled(self, text):
        return fill(text, lambda label: literal(self.codes.get(label, label)),
                    lambda label: str(self.ids.get(label, -1)))

    def learn_people(self, op):
        """Those who were there already keep the label they have."""
        rows = [op] if op['do'] == 'join' else op['rows']
        for row in rows:
            found = self.rows(f"SELECT id, code FROM rf_participant WHERE email_key = lower({literal(row['email'])})"
                              f" AND campaign_id = (SELECT id FROM rf_campaign WHERE slug = '{op['campaign']}')")
            for person, code in found:
                if person not in self.labels:
                    self.labels[person], self.ids[row['label']], self.codes[row['label']] = row['label'], person, code

    def answer(self, op, rows):
        """As the model gives it: labels for ids."""
        if op['do'] == 'simulate':
            names = {code: self.labels[person] for code, person in self.rows('SELECT code, id FROM rf_participant')}
            return tuple(sorted(((r[1], names[r[3]], *r[4:]) for r in rows), key=str))
        row, kind = rows[0], op['do']
        if kind == 'join':
            return (self.labels[row[0]], row[3])
        if kind in ('qualify', 'unqualify', 'release', 'block'):
            return (self.labels[row[0]], *row[1:])
        if kind in ('purchase', 'refund'):
            return (self.labels[row[1]], *row[2:])
        if kind in ('step', 'erase', 'apply'):
            return row
        if kind == 'tick':
            self.tick_to_the_end(row[0])
        return None

    def tick_to_the_end(self, did):
        for _ in range(5):
            if did == 0:
                return
            did = self.rows('SELECT rf_tick()')[0][0]
        raise AssertionError('rf_tick() does not come to an end')

    # ---- the state -------------------------------------------------------------

    def state(self):
        return {'person': self.people(), 'purchase': self.purchases(), 'reward': self.rewards(), 'pool': self.pools()}

    def people(self):
        rows = self.rows('''SELECT id, state, invited_count, qualified_count, qualified_at, referrer_id, signals, review
            FROM rf_participant''')
        return {self.labels[i]: (state, invited, qualified, utc(at), self.labels.get(referrer),
                                 tuple(sorted(signals)) if signals else None, review)
                for i, state, invited, qualified, at, referrer, signals, review in rows}

    def purchases(self):
        self.bought, number, found = {}, defaultdict(int), {}
        for row in self.rows('''SELECT id, participant_id, external_id, amount, currency, occurred_at, refunded
                FROM rf_purchase ORDER BY id'''):
            name = (self.labels[row[1]], number[row[1]])
            number[row[1]] += 1
            self.bought[row[0]] = name
            found[name] = (row[2], row[3], row[4], utc(row[5]), row[6])
        return found

    def rewards(self):
        rows = self.rows('''SELECT r.id, u.name, r.participant_id, r.subject_id, r.ordinal, r.n, r.purchase_id,
                r.generation, r.original_id, coalesce(r.level, 1), r.metric, r.amount, r.unit, r.state, r.reason,
                r.earned_at, r.due_at, r.pool, r.spend_base, r.percent, r.cap
            FROM rf_reward r JOIN rf_reward_rule u ON u.id = r.rule_id''')
        clawed, found = defaultdict(Decimal), {}
        for row in rows:
            if row[8] is not None:
                clawed[row[8]] -= row[11] or 0
        for row in rows:
            if row[8] is None:
                name = (row[1], self.labels[row[2]], self.labels[row[3]] if row[4] is None else None, row[4], row[5],
                        self.bought.get(row[6]), row[7])
                subject = self.labels[row[3]]
                found[name] = (subject, *row[9:15], utc(row[15]), utc(row[16]), *row[17:21], clawed[row[0]])
        return found

    def pools(self):
        rows = self.rows('''SELECT pool, count(*) FILTER (WHERE state = 'free'),
                count(*) FILTER (WHERE state = 'given'), count(*) FILTER (WHERE state = 'seen')
            FROM rf_coupon GROUP BY pool''')
        return {pool: tuple(counts) for pool, *counts in rows}


def utc(when):
    return when and when.astimezone(timezone.utc).replace(tzinfo=None)
