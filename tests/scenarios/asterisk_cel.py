"""Asterisk's channel event log: cel_custom's sample mapping of 20 columns, events and apps as docs/sources/asterisk.md has them.

From Asterisk's "CEL Specification" (docs.asterisk.org), main/cel.c, cel_custom.conf.sample, and Wazo's recorded events:
- Each channel has CHAN_START … HANGUP, CHAN_END; all of a call share the linkedid; LINKEDID_END comes with the last.
- A bridge's first channel enters it without a peer, the second with the first one's name.
- The HANGUP of the caller has its hangupcause, who hung up, and the dial status: of several failed attempts the *first*
  one's, of an answered one ANSWER (cel.c, save_dialstatus). A phone without a registration leaves none: no channel was made.
- Hangup() without an argument keeps the hangupcause, 16 where there is none. A caller's CANCEL leaves 127.
- ANSWER of the caller's channel comes from Answer() of a menu, a queue, a mailbox, too.
"""
import json

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE, Leg
from .source import EXTENSIONS, Record, Source, cannot_if, national

DIAL_STATUS = {ANSWERED: "ANSWER", NO_REPLY: "NOANSWER", BUSY: "BUSY", DECLINED: "BUSY", CONGESTED: "CONGESTION",
               CANCELLED: "CANCEL", ELSEWHERE: "CANCEL"}
HANGUP_CAUSE = {BUSY: 17, DECLINED: 21, CONGESTED: 34, UNREACHABLE: 3}
# cel_custom with format=json, from Asterisk 22 on; the sample mapping's columns in the same order.
NAMES = ["EventType", "EventTime", "CIDName", "CIDNum", "CIDani", "CIDrdnis", "CIDdnid", "Exten", "Context", "ChanName",
         "AppName", "AppData", "", "", "UniqueID", "LinkedID", "Peer", "", "UserEventName", "Extra"]
NON_SELECTED, INTERWORKING, NORMAL = 26, 127, 16
APPLICATIONS = {"menu": ("BackGround", "main-menu"), "announcement": ("Playback", "closed"),
                "queue": ("Queue", "support,t,,,60"), "mailbox": ("VoiceMail", "200@default,u")}


class Channel:
    def __init__(self, name, uniqueid, number, dialled):
        self.name, self.uniqueid, self.number, self.dialled = name, uniqueid, number, dialled
        self.application = self.data = ""


class AsteriskCel(Source):
    name = title = "asterisk-cel"
    options = ["--country", "GB"]
    wait_s = 3
    tells_answer_at_once = True
    variants = ("CSV", "JSON")

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.refuse(call)
            self.stage, self.call, self.events, self.channels = stage, call, [], 0
            self.linkedid, self.channel_of, self.left = "", {}, set()
            self.follow()
            records += self.events
        return records

    def refuse(self, call):
        cannot_if(call.refused and call.refused != "congestion", "a dialplan that refuses ends in Hangup(): no event has a cause "
                  "that says why")
        cannot_if(call.taken_elsewhere, "a CANCEL's Reason isn't in the events")
        cannot_if(call.verdict == "short_ring" and call.end > 3, "no event says when a phone rang")
        cannot_if(call.hung_up_by == "customer" and not call.steps, "HANGUP without a dial status is the same whether nothing "
                  "was dialled yet or a menu was left")
        cannot_if(call.partials, "the channel event log has no partial records")
        failed = list(dict.fromkeys(leg.outcome for leg in sorted(call.legs, key=lambda leg: leg.ended)
                                    if leg.outcome not in (ANSWERED, UNREACHABLE, ELSEWHERE)))
        cannot_if(call.talk is None and not call.machines and len(failed) > 1,
                  "of several failed attempts HANGUP keeps the first one's dial status")
        cannot_if(call.kind == "click", "both channels are made for nobody: the customer's number is in neither's caller fields")

    def channel(self, party, number, dialled):
        uniqueid = f"{int(self.stage.at(self.call.start))}.{self.stage.id(self.call, self.channels)}"
        name = f"PJSIP/{EXTENSIONS.get(party, 'trunk')}-{self.stage.id(self.call, self.channels):08x}"
        self.channels += 1
        self.linkedid = self.linkedid or uniqueid
        return Channel(name, uniqueid, number, dialled)

    def event(self, at, kind, channel, peer="", extra=None):
        withheld = self.call.withheld and channel.uniqueid == self.linkedid
        name = "Anonymous" if withheld else channel.number
        number = "anonymous" if withheld else channel.number
        fields = [kind, f"{self.stage.at(at):.6f}", name, number, number, "", channel.dialled,
                  channel.dialled or "s", "from-trunk", channel.name, channel.application, channel.data, "3", "",
                  channel.uniqueid, self.linkedid, peer, "", "", json.dumps(extra) if extra is not None else ""]
        if self.stage.variant == "JSON":
            named = dict(zip(NAMES, fields))
            line = json.dumps({name: named[name] for name in NAMES if name and named[name]})
        else:
            line = ",".join('"' + field.replace('"', '""') + '"' for field in fields)
        # Events of one moment are written in the order in which they happen.
        self.events.append(Record(self.stage.at(at) + len(self.events) * 1e-6, line))

    def follow(self):
        """The caller's channel and those that it brings about, in the order of time."""
        call = self.call
        number, dialled = (self.stage.customer, self.stage.line) if call.kind == "in" else (self.stage.line, self.stage.customer)
        caller = self.channel("customer" if call.kind == "in" else "desk", national(number), national(dialled))
        self.event(call.start, "CHAN_START", caller)
        happenings = []
        for step in call.steps:
            happenings += self.attempt(caller, step) if isinstance(step, Leg) else self.machine(caller, step)
        if call.refused:
            happenings += self.refused(caller)
        for transfer in call.transfers:
            happenings += self.transfer(caller, transfer)
        for _, _, act in sorted(((at, number, act) for number, (at, act) in enumerate(happenings)), key=lambda h: h[:2]):
            act()
        self.end(caller)

    def application(self, at, channel, name, data):
        if channel.application == name and channel.data == data:
            return
        if channel.application:
            self.event(at, "APP_END", channel)
        channel.application, channel.data = name, data
        self.event(at, "APP_START", channel)

    def attempt(self, caller, leg):
        def dial():
            consulted = any(t.attended and t.to == leg.party for t in self.call.transfers)
            if not leg.queue and not consulted:
                self.application(leg.offered, caller, "Dial", f"PJSIP/{EXTENSIONS.get(leg.party, 'trunk')},30")
            if leg.outcome != UNREACHABLE or leg.outside:
                self.channel_of[leg.party] = self.channel(leg.party, self.number_of(leg), "")
                self.event(leg.offered, "CHAN_START", self.channel_of[leg.party])

        def answer():
            self.event(leg.answered, "ANSWER", self.channel_of[leg.party])
            if self.call.connected == leg.answered:
                self.event(leg.answered, "ANSWER", caller)
            for other in self.call.legs:
                if other.outcome == ELSEWHERE and other.ended == leg.answered:
                    self.hang_up(other.ended, self.channel_of[other.party], NON_SELECTED)
            if any(t.attended and t.to == leg.party for t in self.call.transfers):
                return  # the consultation has a bridge of its own
            extra = {"bridge_id": f"b-{self.stage.id(self.call, self.channels)}", "bridge_technology": "simple_bridge"}
            self.event(leg.answered + 0.02, "BRIDGE_ENTER", self.channel_of[leg.party], "", extra)
            self.event(leg.answered + 0.02, "BRIDGE_ENTER", caller, self.channel_of[leg.party].name, extra)

        def fail():
            if leg.outcome != UNREACHABLE or leg.outside:
                cause = NON_SELECTED if leg.outcome == CANCELLED else HANGUP_CAUSE.get(leg.outcome, 0)
                self.hang_up(leg.ended, self.channel_of[leg.party], cause)

        yield leg.offered, dial
        if leg.outcome == ANSWERED:
            yield leg.answered, answer
        elif leg.outcome != ELSEWHERE:
            yield leg.ended, fail

    def number_of(self, leg):
        return EXTENSIONS.get(leg.party) or national(self.stage.number(leg.party))

    def machine(self, caller, machine):
        def begin():
            if machine.answered and self.call.connected == machine.began:
                self.event(machine.began, "ANSWER", caller)
            elif machine.kind == "mailbox" and self.call.connected == machine.began:
                self.event(machine.began, "ANSWER", caller)

        yield machine.began - 0.01, lambda: self.application(machine.began - 0.01, caller, *APPLICATIONS[machine.kind])
        yield machine.began, begin

    def refused(self, caller):
        def dial():
            self.application(self.call.start + 0.1, caller, "Dial", "PJSIP/site2")
            channel = self.channel("customer", national(self.stage.line), "")
            self.event(self.call.start + 0.1, "CHAN_START", channel)
            self.hang_up(self.call.end, channel, HANGUP_CAUSE[CONGESTED])
        yield self.call.start, dial

    def transfer(self, caller, transfer):
        by = next(leg for leg in self.call.legs if leg.party == transfer.by)

        def move():
            kind = "ATTENDEDTRANSFER" if transfer.attended else "BLINDTRANSFER"
            extra = {"extension": EXTENSIONS[transfer.to], "context": "from-internal"}
            self.event(transfer.at, kind, self.channel_of[by.party], "", extra)
            self.event(transfer.at, "BRIDGE_EXIT", self.channel_of[by.party], caller.name)
            self.hang_up(transfer.at, self.channel_of[by.party], NORMAL)
            self.left.add(by.party)
            if transfer.attended:
                self.event(transfer.at, "BRIDGE_ENTER", self.channel_of[transfer.to], caller.name)
        yield transfer.at, move

    def hang_up(self, at, channel, cause):
        self.event(at, "HANGUP", channel, "", {"hangupcause": cause, "hangupsource": "", "dialstatus": ""})
        self.event(at, "CHAN_END", channel)

    def end(self, caller):
        call = self.call
        for leg in call.legs:
            if leg.outcome == ANSWERED and leg.party not in self.left:
                self.event(call.end, "BRIDGE_EXIT", self.channel_of[leg.party], caller.name)
                self.event(call.end, "BRIDGE_EXIT", caller, self.channel_of[leg.party].name)
                self.hang_up(call.end, self.channel_of[leg.party], NORMAL)
        by_switch = not call.hung_up_by or call.hung_up_by == "switch"
        extra = {"hangupcause": self.callers_cause(by_switch), "hangupsource": "dialplan/builtin" if by_switch else caller.name,
                 "dialstatus": self.dial_status()}
        self.event(call.end, "HANGUP", caller, "", extra)
        self.event(call.end, "CHAN_END", caller)
        self.event(call.end, "LINKEDID_END", caller)

    def callers_cause(self, by_switch):
        if not by_switch:
            return NORMAL if self.call.connected is not None else INTERWORKING
        if self.call.refused:
            return HANGUP_CAUSE[CONGESTED]
        outcomes = [leg.outcome for leg in self.call.stages[-1]] if self.call.legs else []
        return next((HANGUP_CAUSE[outcome] for outcome in outcomes if outcome in HANGUP_CAUSE), NORMAL)

    def dial_status(self):
        call = self.call
        if call.refused:
            return "CONGESTION"
        if call.talk:
            return "ANSWER"
        tried = sorted((leg for leg in call.legs if leg.outcome != UNREACHABLE), key=lambda leg: leg.ended)
        return DIAL_STATUS[tried[0].outcome] if tried else ""
