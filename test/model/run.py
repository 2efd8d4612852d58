"""run.py: sequences of random operations on the database and on the model, which
must agree on every answer, refusal, person, count, reward and coupon.

A sequence that fails is made as short as it can be and printed as SQL.
"""

import argparse
import sys
import time
from collections import Counter
from datetime import datetime

from database import REWARD_FIELDS, Database, model_state
from generate import FEATURES, Generator
from model import World
from programme import Refused
from statements import fill, literal, statements


class Disagreement(Exception):
    pass


def shift(value, by):
    """Every time in an operation, moved from the nominal to the exact clock."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, dict):
        return {name: shift(v, by) for name, v in value.items()}
    if isinstance(value, list):
        return [shift(v, by) for v in value]
    return value


class Replay:
    """One sequence on the database and on the model, in step."""

    def __init__(self, database, epoch, ops, every):
        self.database, self.epoch, self.ops, self.every = database, epoch, ops, every

    def run(self):
        """Returns the coverage, or raises Disagreement."""
        start = self.database.begin(self.epoch)
        self.by, self.world = start - self.epoch, World(start)
        self.world.coverage = Counter()
        try:
            for i, op in enumerate(self.ops):
                self.step(op)
                if i % self.every == self.every - 1 or i == len(self.ops) - 1:
                    self.compare()
        finally:
            self.database.end()
        return self.world.coverage

    def step(self, op):
        if op['do'] == 'clock':
            self.database.set_clock((op['now'] - self.epoch).total_seconds())
            return
        op = shift(op, self.by)
        outcome = {}

        def foretell():
            self.world.now = self.database.now()
            outcome['model'] = tell(self.world.do, op)

        try:
            outcome['database'] = tell(self.database.do, op, foretell)
        except (StopIteration, AttributeError):  # shrunk: what it is about is not there
            return
        self.count(op, outcome['model'])
        if outcome['model'][:2] != outcome['database'][:2]:
            raise Disagreement(f"{op['do']}: the model says {outcome['model']}, the database {outcome['database']}")

    def count(self, op, outcome):
        self.world.coverage['op ' + op['do']] += 1
        self.world.coverage[f"{op['do']} refused {outcome[1]}" if outcome[0] == 'refused' else f"{op['do']} done"] += 1

    def compare(self):
        ours, theirs = model_state(self.world), self.database.state()
        lines = [f'{kind} {name}: {difference(kind, ours[kind].get(name), theirs[kind].get(name))}'
                 for kind in ours for name in sorted({*ours[kind], *theirs[kind]}, key=str)
                 if ours[kind].get(name) != theirs[kind].get(name)]
        if lines:
            raise Disagreement('\n'.join(lines))


def tell(do, *arguments):
    try:
        return ('done', do(*arguments))
    except Refused as refused:
        return ('refused', str(refused), getattr(refused, 'message', ''))


def difference(kind, ours, theirs):
    if ours is None or theirs is None or kind != 'reward':
        return f'the model has {show(ours)}, the database {show(theirs)}'
    return '; '.join(f'{field}: the model has {show(a)}, the database {show(b)}'
                     for field, a, b in zip(REWARD_FIELDS, ours, theirs) if a != b)


def show(value):
    if isinstance(value, tuple):
        return '(' + ', '.join(map(show, value)) + ')'
    return 'nothing' if value is None else str(value)


# ---- shrinking ------------------------------------------------------------------

def failure(database, epoch, ops):
    try:
        Replay(database, epoch, ops, 1).run()
    except Disagreement as disagreement:
        return str(disagreement)
    return None


def shrink(database, epoch, ops):
    """Leaves out operations, large parts first, while it still fails."""
    before = None
    while before != ops:
        before, ops = ops, shrink_rows(database, epoch, shrink_ops(database, epoch, ops))
    return ops


def shrink_ops(database, epoch, ops):
    size = max(len(ops) // 2, 1)
    while size:
        i = 0
        while i < len(ops):
            fewer = ops[:i] + ops[i + size:]
            if failure(database, epoch, fewer):
                ops = fewer
            else:
                i += size
        size //= 2
    return ops


def shrink_rows(database, epoch, ops):
    for i, op in enumerate(ops):
        for name in ('rows', 'rewards'):
            for item in list(op.get(name, ())):
                fewer = ops[:i] + [{**ops[i], name: [x for x in ops[i][name] if x is not item]}] + ops[i + 1:]
                if fewer[i][name] and failure(database, epoch, fewer):
                    ops = fewer
    return ops


def script(epoch, ops):
    """As a script for psql, in an empty database."""
    lines = [f"-- The clock begins at {epoch}.", "SET timezone = 'UTC';", 'CREATE EXTENSION referral;', clock(epoch)]
    joined = {op['label'] for op in ops if op['do'] == 'join'}

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
        for row in op.get('rows', ()):
            lines.append(f"SELECT id AS {variable('id', row['label'])} FROM rf_participant WHERE code = '{row['label']}' \\gset")
    return '\n'.join(lines)


def clock(when):
    return (f"SELECT set_config('referral.clock_offset', extract(epoch FROM timestamptz {literal(when)} - now())::int::text, false);")


def variable(kind, label):
    return f"{kind}_{label.replace('-', '').lower()}"


# ---- many seeds -------------------------------------------------------------------

def main():
    options = arguments()
    database, coverage, failed, started = Database(not options.commit), Counter(), 0, time.time()
    for seed in range(options.first, options.first + options.seeds):
        generator = Generator(seed, options.features, options.length)
        try:
            coverage += Replay(database, generator.epoch, generator.ops, options.every).run()
        except Disagreement:
            failed += 1
            report(database, seed, generator)
            if failed >= options.failures:
                break
    print(f'\n{seed - options.first + 1} seeds in {time.time() - started:.1f} s, {failed} failed')
    if options.coverage:
        for name, n in sorted(coverage.items()):
            print(f'{n:9} {name}')
    sys.exit(1 if failed else 0)


def report(database, seed, generator):
    ops = shrink(database, generator.epoch, generator.ops)
    print(f'\n==== seed {seed}\n{script(generator.epoch, ops)}\n---- {failure(database, generator.epoch, ops)}', flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--seeds', type=int, default=100)
    parser.add_argument('--length', type=int, default=60)
    parser.add_argument('--every', type=int, default=5, help='compare after so many operations')
    parser.add_argument('--failures', type=int, default=3, help='stop after so many')
    parser.add_argument('--commit', action='store_true', help='a transaction for each operation')
    parser.add_argument('--coverage', action='store_true')
    parser.add_argument('--without', default='')
    parser.add_argument('--only', default=','.join(FEATURES))
    options = parser.parse_args()
    options.features = set(options.only.split(',')) - set(options.without.split(','))
    return options


if __name__ == '__main__':
    main()
