"""crowd.py: the same operations on several connections at once.

Each operation runs in a transaction that draws numbers from a sequence: when it
begins, at its end before the commit, and after the commit. Two operations of
which one waited for the other's locks have their end numbers in the order in
which they had the locks. So the model repeats what had an effect in the order
of these numbers, and the state must be the same. What had none, refusals above
all, may rest on any state that its connection can have seen.

What looks at the whole programme (clock, ticks, edits, rf_apply_rule, coupons
that are loaded) happens while nothing else does; two connections tick at once.
Signals of fraud are left out: they are looked for without locks. A code that is
erased meanwhile may still be used by who had begun to. Where rules pay up the
tree, people are reviewed alone, as ancestors are not locked.
"""

import copy
import threading
from collections import deque

from agree import Disagreement, agree, compared, model_state, shift, tell
from database import Database
from model import World
from statements import fill, literal, statements

TOGETHER = ('join', 'insert', 'qualify', 'unqualify', 'purchase', 'refund', 'step', 'release', 'block', 'erase')
REVIEW = ('release', 'block', 'erase')


class Done:
    """What one operation did, and when."""

    def __init__(self, connection, op):
        self.connection, self.op = connection, op
        self.start = self.end = self.after = 0
        self.now = self.outcome = None

    def had_effect(self):
        if self.outcome[0] == 'refused':
            return False
        kind, answer = self.op['do'], self.outcome[1]
        if kind == 'join':
            return answer[1]
        if kind in ('qualify', 'unqualify', 'purchase', 'refund', 'release', 'block'):
            return answer[2]
        return answer != (False,)


class Crowd:
    def __init__(self, connections):
        self.databases = [Database(whole=False) for _ in range(connections)]
        self.first = self.databases[0]
        self.first.execute('CREATE SEQUENCE IF NOT EXISTS model_order')

    def replay(self, epoch, ops):
        """One sequence: returns the coverage, or raises Disagreement."""
        start = self.begin(epoch)
        self.by, self.epoch, self.world, self.log = start - epoch, epoch, World(start), []
        try:
            for together, group in grouped(ops):
                if together:
                    self.at_once(deque(shift(op, self.by) for op in group))
                else:
                    self.alone(group[0])
                self.compare()
        finally:
            self.first.end()
        return self.world.coverage

    def begin(self, epoch):
        start = self.first.begin(epoch)
        for other in self.databases[1:]:
            other.codes, other.ids, other.labels = self.first.codes, self.first.ids, self.first.labels
            other.base = self.first.base
            other.set_clock(0)
        return start

    def compare(self):
        lines = compared(model_state(self.world), self.first.state())
        if lines:
            raise Disagreement('\n'.join(lines + [''] + [describe(done) for done in self.log]))

    # ---- alone ---------------------------------------------------------------

    def alone(self, op):
        if op['do'] == 'clock':
            for database in self.databases:
                database.set_clock((op['now'] - self.epoch).total_seconds())
            return
        op = shift(op, self.by)
        if op['do'] == 'tick' and not self.world.pools:
            self.each(self.databases[:2], lambda database: database.do(op, lambda: None))
        done = self.carry_out(self.first, op)
        self.log.append(done)
        self.world.now, self.world.late_codes = done.now, set()
        try:
            ours = tell(self.world.do, op)
        except StopIteration:  # about who did not join after all
            return
        if not agree(ours, done.outcome):
            raise Disagreement(f"alone: the model says {ours}, the database {done.outcome}")

    # ---- at once ---------------------------------------------------------------

    def at_once(self, queue):
        done = []

        def work(database):
            while True:
                try:
                    op = queue.popleft()
                except IndexError:
                    return
                done.append(self.carry_out(database, op))

        self.each(self.databases, work)
        self.log += sorted(done, key=lambda d: d.end)
        self.judge(sorted(done, key=lambda d: d.end))

    def each(self, databases, work):
        """On each connection at once; what one raises is raised here."""
        raised = []

        def guarded(database):
            try:
                work(database)
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=guarded, args=(database,)) for database in databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if raised:
            raise raised[0]

    def carry_out(self, database, op):
        done = Done(self.databases.index(database) + 1, op)
        done.start = draw(database)

        def begun():
            done.now = database.now()

        def ended():
            done.end = draw(database)

        done.outcome = tell(database.do, op, begun, ended)
        done.after = draw(database)
        done.end = done.end or done.after
        if done.outcome[0] == 'refused' and done.outcome[1] in ('40P01', '40001', 'XX000'):
            raise Disagreement(f'{describe(done)}: {done.outcome}')
        return done

    # ---- the model afterwards --------------------------------------------------

    def judge(self, log):
        effective = [done for done in log if done.had_effect()]
        waiting = [done for done in log if not done.had_effect()]
        for position in range(len(effective) + 1):
            waiting = [w for w in waiting if not self.explains(w, effective, position)]
            if position < len(effective):
                self.repeat(effective[position])
        if waiting:
            raise Disagreement('\n'.join(['no state explains:'] + [f'{describe(w)}: {w.outcome}' for w in waiting]
                                         + [''] + [describe(done) for done in self.log]))

    def repeat(self, done):
        self.world.now = done.now
        self.world.late_codes = self.dying(done)
        ours = tell(self.world.do, done.op)
        self.world.coverage[f"{done.op['do']} done at once"] += 1
        if not agree(ours, done.outcome):
            raise Disagreement('\n'.join([f'{describe(done)}: the model says {ours}, the database {done.outcome}', '']
                                         + [describe(d) for d in self.log]))

    def dying(self, done):
        """The codes that it may have met alive."""
        return {e.op['person'] for e in self.log if e.op['do'] == 'erase' and e.after > done.start}

    def explains(self, done, effective, position):
        """Can it have seen what the first operations up to position left?"""
        surely = next((i for i, e in enumerate(effective) if e.after >= done.start), len(effective))
        perhaps = max((i + 1 for i, e in enumerate(effective) if e.end < done.end), default=0)
        if not surely <= position <= perhaps:
            return False
        self.world.coverage[f"{done.op['do']} without effect at once"] += 1
        return any(self.agrees(done, late) for late in (set(), self.dying(done)))

    def agrees(self, done, late_codes):
        world = copy.deepcopy(self.world)
        world.now, world.late_codes = done.now, late_codes
        try:
            ours = tell(world.do, done.op)
        except (StopIteration, AttributeError):  # about what is not there yet
            return True
        return agree(stateless(ours), stateless(done.outcome))


def stateless(outcome):
    """An answer that nothing changed tells the state after it waited, although
    it may have been decided before."""
    if outcome[0] == 'done' and outcome[1] and len(outcome[1]) == 4:
        return ('done', (outcome[1][0], *outcome[1][2:]))
    return outcome


def draw(database):
    return database.rows("SELECT nextval('model_order')")[0][0]


def grouped(ops):
    """What may happen together, and single operations that may not."""
    levels = any(op.get('levels') for op in ops)
    group = []
    for op in ops:
        if op['do'] in TOGETHER and not (levels and op['do'] in REVIEW):
            group.append(op)
            continue
        if group:
            yield True, group
        group = []
        yield False, [op]
    if group:
        yield True, group


def describe(done):
    """Start, end and after; the connection; the statements and what came of them."""
    text = '; '.join(statements(done.op))
    numbers = f'{done.start} {done.end} {done.after}'
    return f'[{numbers}] {done.connection}: {fill(text, literal, str)} -> {done.outcome[:2]}'
