"""One sequence of operations on the database and on the model, in step; and
what makes a failing sequence as short as it can be.
"""

from agree import Disagreement, agree, compared, model_state, shift, tell
from model import World


class Replay:
    """One sequence on the database and on the model, in step."""

    def __init__(self, database, epoch, ops, every):
        self.database, self.epoch, self.ops, self.every = database, epoch, ops, every

    def run(self):
        """Returns the coverage, or raises Disagreement."""
        start = self.database.begin(self.epoch)
        self.by, self.world = start - self.epoch, World(start)
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
            self.world.coverage['left out'] += 1
            return
        self.count(op, outcome['database'])
        if not agree(outcome['model'], outcome['database']):
            raise Disagreement(f"{op['do']}: the model says {outcome['model']}, the database {outcome['database']}")

    def count(self, op, outcome):
        self.world.coverage[f"{op['do']} refused {outcome[1]}" if outcome[0] == 'refused' else f"{op['do']} done"] += 1

    def compare(self):
        lines = compared(model_state(self.world), self.database.state())
        if lines:
            raise Disagreement('\n'.join(lines))


# ---- shrinking ---------------------------------------------------------------

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
