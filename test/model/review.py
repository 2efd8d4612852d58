"""People who are released, blocked or erased. A mixin of World."""

from programme import COUNTED, OPEN, Refused


class Review:
    def do_release(self, op):
        person = self.anybody(op['person'])
        if person.state not in ('held', 'blocked'):
            return (person.label, person.state, False, 0)
        if person.state == 'blocked' and person.referrer is not None and self.capped(person.referrer):
            raise Refused('RF005')
        person.state, person.review = 'pending' if person.referrer else 'active', None
        return (person.label, person.state, True, self.joined([person]))

    def do_block(self, op):
        person = self.anybody(op['person'])
        if person.state == 'blocked':
            return (person.label, person.state, False, 0)
        self.recur(lambda subject, _: subject is person)
        state, person.state, person.qualified_at = person.state, 'blocked', None
        person.review = op.get('reason')
        changed = self.reject_own(person)
        self.stop_recurring(person)
        if state in COUNTED:
            earned = self.earned_by(person, 'invited_joins', self.invited_count(person.referrer)) \
                + self.earned_by(person, 'invited_qualifies', self.qualified_count(person.referrer))
            changed |= self.take_back([r for r in earned if r.recipient is not person],
                                      person.campaign, 'invited person blocked')
        return (person.label, 'blocked', True, len(changed))

    def reject_own(self, person):
        own = [r for r in self.rewards if r.recipient is person and r.state in OPEN]
        for reward in own:
            reward.state, reward.reason = 'rejected', 'recipient blocked'
            self.return_coupon(reward)
        return set(own)

    def do_erase(self, op):
        person = self.anybody(op['person'])
        if person.erased:
            return (False,)
        self.dead_codes.add(person.label)
        person.erased = True
        person.email, person.name = f'erased-{person.label}@erased.invalid', None
        person.ip = person.signals = person.review = None
        person.meta = {}
        for reward in self.rewards:
            if reward.recipient is person and reward.state in OPEN:
                reward.state, reward.reason = 'cancelled', 'recipient erased'
                self.return_coupon(reward)
        return (True,)
