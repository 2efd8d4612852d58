"""Signals of fraud, as they stand when somebody joins. A mixin of World."""

from values import subtract

SEVERITY = ('allow', 'flag', 'hold', 'block')
DOTLESS = ('gmail.com', 'googlemail.com')
DISPOSABLE = ('mailinator.com', 'guerrillamail.com')


class Fraud:
    def judge(self, person):
        """Notes the signals that fire and sets the state they lead to."""
        fired = [s for s in person.campaign.signals if getattr(self, s)(person, *person.campaign.signals[s][1:])]
        if not fired:
            return
        person.signals = tuple(sorted(fired))
        action = max((person.campaign.signals[s][0] for s in fired), key=SEVERITY.index)
        self.coverage[f'fraud {action}'] += 1
        for signal in fired:
            self.coverage[f'signal {signal}'] += 1
        person.state = {'hold': 'held', 'block': 'blocked'}.get(action, person.state)

    def others(self, person):
        return [p for p in self.people if p.campaign is person.campaign and p is not person]

    def since(self, within):
        return None if within is None else subtract(self.now, within)

    def same_ip(self, person, threshold, within):
        since = self.since(within)
        same = [p for p in self.others(person) if person.ip is not None and p.ip == person.ip
                and (since is None or p.joined_at > since)]
        return len(same) >= (threshold or 1)

    def plus_alias(self, person, threshold, within):
        mailbox = plain_mailbox(person.email)
        return '+' in person.email.split('@')[0] \
            or any(plain_mailbox(p.email) == mailbox for p in self.others(person))

    def disposable(self, person, threshold, within):
        return any(below(domain_of(person.email), d) for d in DISPOSABLE)

    def velocity(self, person, threshold, within):
        if person.referrer is None:
            return False
        since = self.since(within)
        return len([p for p in self.others(person)
                    if p.referrer is person.referrer and p.joined_at > since]) >= threshold

    def duplicate_name(self, person, threshold, within):
        if person.referrer is None or not squeezed(person.name):
            return False
        return any(squeezed(p.name) == squeezed(person.name) for p in self.others(person)
                   if p is person.referrer or p.referrer is person.referrer)

    def blocked_list(self, person, threshold, within):
        return any(self.is_listed(person, kind, value) for campaign, kind, value in self.blocked
                   if campaign in (None, person.campaign))

    @staticmethod
    def is_listed(person, kind, value):
        if kind == 'email':
            return plain_mailbox(person.email) == plain_mailbox(value)
        if kind == 'domain':
            return below(domain_of(person.email), value)
        prefix = value.split('/')[0].rsplit('.', 1)[0] + '.'  # the model's networks are /24
        return person.ip is not None and person.ip.startswith(prefix)


def domain_of(email):
    return email.lower().rsplit('@', 1)[1]


def below(domain, parent):
    return domain == parent or domain.endswith('.' + parent)


def plain_mailbox(email):
    mailbox, domain = email.lower().rsplit('@', 1)
    mailbox = mailbox.split('+')[0]
    if domain in DOTLESS:
        return mailbox.replace('.', ''), 'gmail.com'
    return mailbox, domain


def squeezed(name):
    return ' '.join((name or '').lower().split())
