"""The scenario language: what happened in a call, told without regard to any switch. README.md describes it.

parse() gives Scenarios of Calls. A Call is a list of steps, each a Leg (a phone or an outside number that was tried)
or a Machine (a menu, an announcement, a queue, a mailbox that talked to the customer). Times are seconds from the
scenario's start. Renderers read Calls and nothing else.
"""
import dataclasses
import re

VERDICTS = {"answered", "no_answer", "busy", "unreachable", "declined", "abandoned", "short_ring", "voicemail",
            "queue_abandon", "answered_elsewhere", "blocked", "network_failure", "wrong_number", "outbound"}
ANSWERED_BY = {"person", "voicemail", "ivr", "queue", "unknown"}
PHONES = ("desk", "anna", "ben", "chris")
OUTSIDE = ("mobile", "partner")
MACHINES = ("menu", "announcement", "queue", "mailbox")
FORWARDINGS = ("always", "busy", "no reply", "unreachable")
REFUSALS = ("blocked", "anonymous", "congestion", "unknown number", "incomplete number", "loop")
# What a leg came to.
ANSWERED, NO_REPLY, BUSY, DECLINED = "answered", "no reply", "busy", "declined"
UNREACHABLE, CONGESTED, CANCELLED, ELSEWHERE = "unreachable", "congestion", "cancelled", "elsewhere"


class Mistake(Exception):
    """A scenario that can't be read; has the line."""


@dataclasses.dataclass
class Leg:
    """One attempt to reach a phone or an outside number."""
    party: str
    stage: int           # attempts of one stage run side by side
    offered: float
    forwarded: str = ""  # by which kind of forwarding the call came here
    by: str = "line"     # who forwarded
    ringing: float = None
    answered: float = None
    ended: float = None
    outcome: str = ""
    queue: "Machine" = None
    picked_up: bool = False  # answered on another phone's behalf

    @property
    def outside(self):
        return self.party in OUTSIDE


@dataclasses.dataclass
class Machine:
    """What talked to the customer in place of a person."""
    kind: str
    began: float
    answered: bool       # False: early media, the customer isn't connected
    forwarded: str = ""
    by: str = "line"
    ended: float = None

    @property
    def offered(self):
        return self.began


@dataclasses.dataclass
class Transfer:
    at: float
    by: str
    to: str
    attended: bool
    leg: Leg = None


@dataclasses.dataclass
class Call:
    start: float
    kind: str            # in, out, click
    withheld: bool = False
    steps: list = dataclasses.field(default_factory=list)
    end: float = None
    hung_up_by: str = ""  # customer, a party, switch; empty: the last attempt failed
    refused: str = ""     # by the network or the switch, before anything rang
    taken_elsewhere: bool = False
    transfers: list = dataclasses.field(default_factory=list)
    reinvites: list = dataclasses.field(default_factory=list)  # (time, accepted)
    partials: list = dataclasses.field(default_factory=list)
    bye_refused: bool = False
    verdict: str = ""
    answered_by: str = ""
    overtaken: bool = False  # the two talked so soon after that a text is pointless, where a source tells in time

    @property
    def legs(self):
        return [s for s in self.steps if isinstance(s, Leg)]

    @property
    def machines(self):
        return [s for s in self.steps if isinstance(s, Machine)]

    @property
    def stages(self):
        """Legs by stage: each a list of legs tried side by side."""
        stages = {}
        for leg in self.legs:
            stages.setdefault(leg.stage, []).append(leg)
        return list(stages.values())

    @property
    def talk(self):
        """The leg on which a person first talked to the customer."""
        return next((leg for leg in self.legs if leg.outcome == ANSWERED), None)

    def machine(self, kind):
        return next((m for m in self.machines if m.kind == kind), None)

    @property
    def connected(self):
        """When the customer was first connected to anybody or anything, None if never."""
        times = [leg.answered for leg in self.legs if leg.answered is not None]
        times += [m.began for m in self.machines if m.answered]
        return min(times, default=None)

    @property
    def ringing(self):
        """When the first phone rang."""
        return min((leg.ringing for leg in self.legs if leg.ringing is not None), default=None)

    @property
    def forwardings(self):
        return [s for s in self.steps if s.forwarded]

    @property
    def outcome(self):
        """How an unanswered call ended, for the customer."""
        if self.taken_elsewhere:
            return ELSEWHERE
        if self.hung_up_by == "customer":
            return CANCELLED
        if self.refused:
            return self.refused
        outcomes = [leg.outcome for leg in self.stages[-1]]
        for outcome in (DECLINED, NO_REPLY, BUSY, CONGESTED, UNREACHABLE):
            if outcome in outcomes:
                return outcome
        raise Mistake(f"no outcome among {outcomes}")


@dataclasses.dataclass
class Scenario:
    name: str
    title: str
    subject: str
    index: int = 0
    calls: list = dataclasses.field(default_factory=list)
    text: str = ""


class Parser:
    def __init__(self, path):
        self.path = path
        self.scenarios = []
        self.subject = ""
        self.number = 0
        self.call = None
        self.forward = None  # (kind, party, by), waits for the party's first event
        self.stage = 0

    def fail(self, what):
        raise Mistake(f"{self.path}:{self.number}: {what}")

    def parse(self):
        for self.number, line in enumerate(self.path.read_text().splitlines(), 1):
            line = line.split("#")[0].rstrip()
            if not line:
                continue
            if line.startswith("subject "):
                self.subject = line[8:].strip()
            elif line.startswith("scenario "):
                self.begin(line)
            elif line.strip().startswith("expect "):
                self.expect(line.strip()[7:])
            else:
                self.scenarios[-1].text += line + "\n"
                self.event(line.strip())
        self.finish_scenario()
        return self.scenarios

    def begin(self, line):
        self.finish_scenario()
        match = re.fullmatch(r"scenario ([a-z0-9-]+): (.+)", line) or self.fail("scenario NAME: TITLE")
        self.scenarios.append(Scenario(match[1], match[2], self.subject))
        self.call = None

    def finish_scenario(self):
        if self.scenarios and not (self.scenarios[-1].calls and self.scenarios[-1].calls[-1].verdict):
            self.fail("the scenario before has no calls, or no expect")

    def expect(self, text):
        self.finish_call()
        calls = self.scenarios[-1].calls
        parts = [p.strip() for p in text.split(";")]
        if len(parts) != len(calls):
            self.fail(f"{len(parts)} verdicts for {len(calls)} calls")
        for call, part in zip(calls, parts):
            said, _, call.answered_by = part.partition(" by ")
            call.verdict, _, overtaken = said.partition(" ")
            call.overtaken = overtaken == "overtaken"
            if overtaken not in ("", "overtaken"):
                self.fail(f"neither overtaken nor by: {part}")
            if call.verdict not in VERDICTS or call.answered_by not in ANSWERED_BY | {""}:
                self.fail(f"no verdict: {part}")

    def event(self, line):
        match = re.fullmatch(r"([0-9.]+)\s+(.+)", line) or self.fail("TIME EVENT")
        at, text = float(match[1]), match[2]
        for pattern, handle in EVENTS:
            match = re.fullmatch(pattern, text)
            if match:
                if handle is not Parser.begins and (not self.call or at < self.last):
                    self.fail("before the call, or out of order")
                handle(self, at, **match.groupdict())
                self.last = at
                return
        self.fail(f"unknown event: {text}")

    # Handlers of events.
    def begins(self, at, who, whom, withheld=None):
        self.finish_call()
        kind = {"customer": "in", "line": "out", "application": "click"}[who]
        self.call = Call(start=at, kind=kind, withheld=bool(withheld))
        self.scenarios[-1].calls.append(self.call)
        self.last, self.forward, self.stage = at, None, 0

    def open_legs(self):
        return [leg for leg in self.call.legs if leg.ended is None and leg.outcome != ANSWERED]

    def leg(self, at, party):
        """The open leg to the party, a new one if there is none."""
        for leg in self.call.legs:
            if leg.party == party and leg.ended is None:
                return leg
        side_by_side = self.open_legs()
        if not side_by_side:
            self.stage += 1
        queue = self.call.machine("queue")
        leg = Leg(party, self.stage, side_by_side[0].offered if side_by_side else self.offered(at))
        if queue and queue.ended is None:
            leg.queue = queue
        elif self.call.machines and self.call.machines[-1].ended is None:
            self.call.machines[-1].ended = leg.offered
        self.take_forward(leg)
        self.call.steps.append(leg)
        return leg

    def offered(self, at):
        """A phone is tried when the attempt before has failed; from a menu, a queue or a talk a second before it rings."""
        occupied = any(leg.outcome == ANSWERED for leg in self.call.legs) or \
            any(machine.ended is None for machine in self.call.machines)
        return max(self.last, at - 1) if occupied else self.last

    def take_forward(self, step):
        if self.forward:
            step.forwarded, step.by = self.forward
            self.forward = None

    def names(self, text):
        return re.split(r", | and ", text)

    def rings(self, at, who):
        for party in self.names(who):
            self.leg(at, party).ringing = at

    def answers(self, at, who):
        if who in MACHINES:
            self.machine_begins(at, who, True)
            return
        leg = self.leg(at, who)
        leg.answered, leg.outcome = at, ANSWERED
        for other in self.open_legs():
            other.ended, other.outcome = at, ELSEWHERE
        if leg.queue:
            leg.queue.ended = at
        for transfer in self.call.transfers:
            if transfer.to == who:
                transfer.leg = leg

    def picks_up(self, at, who):
        self.answers(at, who)
        self.leg(at, who).picked_up = True

    def plays(self, at, who):
        self.machine_begins(at, who, False)

    def machine_begins(self, at, kind, answered):
        for machine in self.call.machines:
            machine.ended = machine.ended if machine.ended is not None else at
        machine = Machine(kind, at, answered)
        self.take_forward(machine)
        self.call.steps.append(machine)

    def ends(self, at, who, how):
        outcome = {"busy": BUSY, "declines": DECLINED, "decline": DECLINED, "unreachable": UNREACHABLE,
                   "reply": NO_REPLY, "congested": CONGESTED}[how.split()[-1]]
        for party in self.names(who):
            leg = self.leg(at, party)
            leg.ended, leg.outcome = at, outcome
        self.call.end = at

    def forwards(self, at, who, to, why):
        self.forward = (why, who)

    def gives_up(self, at, who):
        self.call.machine("queue").ended = at
        self.call.end, self.call.hung_up_by = at, "switch"

    def hangs_up(self, at, who):
        self.call.end, self.call.hung_up_by = at, who

    def refuses(self, at, why):
        self.call.end, self.call.refused = at, why

    def elsewhere(self, at):
        self.call.end, self.call.taken_elsewhere = at, True

    def transfers(self, at, who, to, how):
        consulted = next((leg for leg in self.call.legs if leg.party == to), None)
        self.call.transfers.append(Transfer(at, who, to, how == "attended", consulted))

    def reinvite(self, at, how):
        self.call.reinvites.append((at, how == "holds"))

    def partial(self, at):
        self.call.partials.append(at)

    def bye_refused(self, at):
        self.call.bye_refused = True

    def finish_call(self):
        """The end of the call ends all that is open."""
        call = self.call
        if not call or call.verdict:
            return
        if call.end is None or call.end < self.last:
            self.fail("the call before doesn't end")
        for leg in call.legs:
            if leg.ended is None:
                leg.ended = call.end
                leg.outcome = leg.outcome or (ELSEWHERE if call.taken_elsewhere else CANCELLED)
        for machine in call.machines:
            machine.ended = call.end if machine.ended is None else machine.ended


_PARTY = "(?:" + "|".join(PHONES + OUTSIDE + ("customer",)) + ")"
_PARTIES = rf"{_PARTY}(?:, {_PARTY})*(?: and {_PARTY})?"
EVENTS = [
    (r"(?P<who>customer) calls (?P<whom>line)(?P<withheld>, number withheld)?", Parser.begins),
    (r"(?P<who>line) calls (?P<whom>customer)", Parser.begins),
    (r"(?P<who>application) connects (?P<whom>desk and customer)", Parser.begins),
    (rf"(?P<who>{_PARTIES}) rings?", Parser.rings),
    (rf"(?P<who>{_PARTY}|{'|'.join(MACHINES)}) answers", Parser.answers),
    (r"(?P<who>announcement) plays", Parser.plays),
    (rf"(?P<who>{_PARTY}) picks up", Parser.picks_up),
    (rf"(?P<who>{_PARTIES}) (?P<how>is busy|are busy|declines?|is unreachable|are unreachable|does not reply|do not reply|"
     r"is congested)", Parser.ends),
    (rf"(?P<who>line|{_PARTY}) forwards to (?P<to>mobile|partner|mailbox), (?P<why>{'|'.join(FORWARDINGS)})",
     Parser.forwards),
    (r"(?P<who>queue) gives up", Parser.gives_up),
    (rf"(?P<who>{_PARTY}|switch) hangs up", Parser.hangs_up),
    (rf"network refuses: (?P<why>{'|'.join(REFUSALS)})", Parser.refuses),
    (r"another switch's phone answers", Parser.elsewhere),
    (rf"(?P<who>{_PARTY}) transfers to (?P<to>{_PARTY}), (?P<how>blind|attended)", Parser.transfers),
    (r"desk (?P<how>holds|is refused to hold)", Parser.reinvite),
    (r"a partial record is due", Parser.partial),
    (r"the end is refused", Parser.bye_refused),
]


def parse(paths):
    scenarios = [scenario for path in sorted(paths) for scenario in Parser(path).parse()]
    for index, scenario in enumerate(scenarios):
        scenario.index = index
    names = [scenario.name for scenario in scenarios]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise Mistake(f"two scenarios of one name: {sorted(doubled)}")
    return scenarios
