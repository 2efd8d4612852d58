"""run.py: many sequences of random operations on the database and on the model,
which must agree on every answer, refusal, person, count, reward and coupon. The
connection is psycopg2's: PGHOST and its like.

Prints a line for each block of seeds, "ok" or "not ok", and how often each
operation and each outcome that is worth knowing occurred.
"""

import argparse
import sys
import textwrap
import time
from collections import Counter

from agree import Disagreement
from crowd import Crowd
from database import Database
from generate import FEATURES, Generator
from replay import Replay, failure, shrink
from statements import script

NAMES = {'whole': 'one transaction for all', 'each': 'a transaction for each operation'}


class Single:
    """On one connection; what fails is shrunk."""

    def __init__(self, options, mode):
        self.every, self.without, self.name = options.every, set(), NAMES[mode]
        self.database = Database(whole=mode == 'whole')

    def replay(self, generator):
        return Replay(self.database, generator.epoch, generator.ops, self.every).run()

    def explain(self, generator, disagreement):
        ops = shrink(self.database, generator.epoch, generator.ops)
        return f'{script(generator.epoch, ops)}\n---- {failure(self.database, generator.epoch, ops)}'


class Several:
    """On several connections; an interleaving cannot be repeated, so it is told."""

    def __init__(self, options):
        self.crowd, self.without = Crowd(options.connections), {'fraud'}
        self.name = f'{options.connections} connections'

    def replay(self, generator):
        return self.crowd.replay(generator.epoch, [op for op in generator.ops if op['do'] != 'simulate'])

    def explain(self, generator, disagreement):
        return str(disagreement)


def main():
    options, coverage, ok, number = arguments(), Counter(), True, 0
    ways = [Several(options)] if options.connections > 1 else [Single(options, mode) for mode in options.modes.split()]
    for way in ways:
        for first in range(options.first, options.first + options.seeds, options.block):
            number += 1
            last = min(first + options.block, options.first + options.seeds) - 1
            ok &= block(way, first, last, number, options, coverage)
    print(textwrap.fill('; '.join(f'{name} {n}' for name, n in sorted(coverage.items())), 100))
    sys.exit(0 if ok else 1)


def block(way, first, last, number, options, coverage):
    """One test: True if all its seeds agree."""
    started, failed = time.time(), 0
    for seed in range(first, last + 1):
        generator = Generator(seed, options.features - way.without, options.length)
        try:
            coverage.update(way.replay(generator))
        except Disagreement as disagreement:
            failed += 1
            print(f'\n==== seed {seed}, {way.name}\n{way.explain(generator, disagreement)}\n', flush=True)
            if failed == options.failures:
                break
    result = 'not ok' if failed else 'ok'
    print(f'{result} {number} - {way.name}, seeds {first} to {last} ({time.time() - started:.1f} s)', flush=True)
    return not failed


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--seeds', type=int, default=100)
    parser.add_argument('--block', type=int, default=100, help='seeds of one test')
    parser.add_argument('--length', type=int, default=60, help='operations of a sequence')
    parser.add_argument('--modes', default='whole',
                        help='whole: one transaction, rolled back; each: one for each operation')
    parser.add_argument('--connections', type=int, default=1)
    parser.add_argument('--every', type=int, default=5, help='compare after so many operations')
    parser.add_argument('--failures', type=int, default=1, help='end a block after so many')
    parser.add_argument('--only', default=','.join(FEATURES), help='features that occur')
    parser.add_argument('--without', default='', help='features that do not')
    options = parser.parse_args()
    options.features = set(options.only.split(',')) - set(options.without.split(','))
    return options


if __name__ == '__main__':
    main()
