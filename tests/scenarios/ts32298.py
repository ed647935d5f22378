"""Charging records in BER: a circuit-switched mobile network's for one phone, an IMS's for a group of them.

From TS 32.298 V17 (CSRecord, IMSRecord: tags and types), TS 32.250 (which switch writes what), TS 24.008 10.5.4.7 (numbers,
octet 3a), TS 29.002 (SS-Code: CFU 21, CFB 29, CFNRy 2A, CFNRc 2B hexadecimal).
- The called subscriber's MSC writes an mtCall record when the call leaves it; a forwarded leg is an moCall record whose
  served subscriber is the forwarder, written when that leg ends. Nothing joins the two but numbers and times.
- Where the caller is the network's own subscriber, the caller's MSC writes an moCall record, too.
- A phone that is switched off leaves no mtCall record; the gateway's has the HLR's error.
- callDuration is there always; an attempt's is its holding time. Times are whole seconds, local with their offset.
- Files are closed every few minutes: nothing of their order in time is left. Here they are written as calls end.
"""
import datetime

from . import ims
from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE
from .source import PILOT, Record, Source, cannot_if

GSM0408 = {NO_REPLY: 19, BUSY: 17, DECLINED: 21, CONGESTED: 34, CANCELLED: 16, ELSEWHERE: 26, ANSWERED: 16}
Q767 = {NO_REPLY: 19, BUSY: 17, DECLINED: 21, CANCELLED: 16, ELSEWHERE: 26, CONGESTED: 34, UNREACHABLE: 20,
        ANSWERED: 16, "congestion": 34, "unknown number": 1,
        "incomplete number": 28, "loop": 25}
MAP_ABSENT_SUBSCRIBER = 27
SERVICES = {"always": 0x21, "busy": 0x29, "no reply": 0x2A, "unreachable": 0x2B}
NORMAL, PARTIAL, UNSUCCESSFUL, CAMEL_RELEASE = 0, 1, 3, 5
# Tags of the fields, by record.
MO = {"type": 0, "imsi": 1, "served": 3, "calling": 4, "called": 5, "connected": 7, "entity": 9, "service": 14, "used": 17,
      "seizure": 22, "answer": 23, "release": 24, "duration": 25, "cause": 30, "diagnostics": 31, "reference": 32, "sequence": 33}
MT = {"type": 0, "imsi": 1, "served": 3, "calling": 4, "entity": 6, "service": 11, "used": 14, "seizure": 19, "answer": 20,
      "release": 21, "duration": 22, "cause": 27, "diagnostics": 28, "reference": 29, "sequence": 30}
GATEWAY = {"type": 0, "calling": 1, "called": 2, "entity": 3, "seizure": 6, "answer": 7, "release": 8, "duration": 9,
           "cause": 11, "diagnostics": 12, "reference": 13}
TERM_CAMEL = {"type": 0, "imsi": 1, "served": 2, "entity": 3, "interrogation": 4, "routing": 5, "scf": 6, "key": 7, "called": 12,
              "calling": 13, "seizure": 16, "release": 18, "duration": 19, "cause": 21, "reference": 23}
CHOICES = {"mo": (0, 0, MO), "mt": (1, 1, MT), "gateway": (3, 3, GATEWAY), "camel": (16, 17, TERM_CAMEL)}
CIRCUIT_PARTIES = {"desk", "mobile", "partner", "customer"}
IMS_TAGS = {"AS": 69, "P-CSCF": 64}


# A small encoder: definite lengths, implicit context tags.
def tagged(tag, content, constructed=False):
    first = 0x80 | (0x20 if constructed else 0)
    if tag < 31:
        head = bytes([first | tag])
    else:
        octets = [tag & 0x7F]
        while tag > 0x7F:
            tag >>= 7
            octets.insert(0, 0x80 | tag & 0x7F)
        head = bytes([first | 31, *octets])
    length = len(content)
    if length < 0x80:
        return head + bytes([length]) + content
    size = (length.bit_length() + 7) // 8
    return head + bytes([0x80 | size]) + length.to_bytes(size, "big") + content


def integer(value):
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def bcd(digits):
    digits += "F" * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def international(number):
    return b"\x91" + bcd(number.lstrip("+"))


def calling_number(number, withheld):
    """Octet 3 without its extension bit, octet 3a: presentation and screening (network provided)."""
    return b"\x11" + (b"\xA3" if withheld else b"\x83") + bcd(number.lstrip("+"))


def time_stamp(epoch):
    local = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone(datetime.timedelta(hours=1)))
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S")) + b"+" + bytes.fromhex("0100")


class Ts32298(Source):
    name = title = "3gpp"
    options = ["--country", "GB", "--voicemail-pilot", PILOT]
    wait_s = 300
    variants = ("other networks' subscribers", "own subscribers")

    def file(self, records):
        return b"".join(records)

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.stage, self.call, self.references = stage, call, 0
            in_ims = any(leg.party not in CIRCUIT_PARTIES for leg in call.legs) or call.refused == "anonymous"
            records += self.ims_records() if in_ims else self.circuit_records()
        return records

    # Circuit-switched records.
    def circuit_records(self):
        stage, call = self.stage, self.call
        ims.refuse(call)
        cannot_if(call.withheld and call.forwardings and call.legs, "the called phone's record and the forwarded leg's share no key, "
                  "and a withheld number joins nothing (docs/adr/0018)")
        cannot_if(call.bye_refused, "the release of a circuit can't be refused")
        if call.kind == "out":
            return [self.subscribers_call()]
        if call.refused == "blocked":
            return [self.circuit("camel", call.start, call.end, cause=CAMEL_RELEASE,
                                 interrogation=time_stamp(stage.at(call.start)), key=integer(1),
                                 routing=tagged(4, international(stage.line)), scf=international("+447700900998"))]
        if call.refused:
            return [self.circuit("gateway", call.start, call.end, outcome=call.refused)]
        # Without a number only a key joins two switches' records (docs/adr/0018), and nothing is texted.
        own_subscriber = stage.variant == "own subscribers" and not call.withheld
        return list(self.called_records()) + ([self.callers_record()] if own_subscriber else [])

    def callers_record(self):
        """The caller's own MSC: a record of the same call with a reference of its own."""
        call = self.call
        forwards = [step for step in call.forwardings if step.by == "line"]
        connected = None
        if forwards and call.connected is not None:
            connected = international(PILOT if hasattr(forwards[0], "kind") else self.stage.number(forwards[0].party))
        outcome = ANSWERED if call.connected is not None else call.outcome
        return self.circuit("mo", call.start, call.end, call.connected, outcome, switch=3,
                            served=international(self.stage.customer), calling=None, called=international(self.stage.line), connected=connected)

    def called_records(self):
        call = self.call
        forwards = [step for step in call.forwardings if step.by == "line"]
        forward = forwards[0].forwarded if forwards else ""
        own = next((leg for leg in call.legs if leg.party == "desk"), None)
        if own and own.outcome == UNREACHABLE and not forward:
            # Switched off: the HLR says so to the gateway; lost while paged: the MSC does.
            soon = own.ended - call.start < 2
            yield self.circuit("gateway" if soon else "mt", call.start, call.end, outcome=UNREACHABLE, absent=soon)
        elif own and own.outcome == UNREACHABLE:
            pass  # the HLR forwards; the called subscriber's MSC never sees the call
        elif own or not forwards:
            end = own.ended if own else call.end
            outcome = own.outcome if own else call.outcome
            parts = call.partials if own and own.answered is not None else []
            begin, answered = call.start, own.answered if own else None
            for number, at in enumerate([*parts, end], 1):
                yield self.circuit("mt", begin, at, answered, outcome, used=SERVICES.get(forward),
                                   sequence=number if parts else 0, cause=PARTIAL if at != end else None)
                begin = answered = at
        if forwards:
            yield self.forwarded_leg(forwards[0], forward)

    def forwarded_leg(self, step, forward):
        call = self.call
        to_mailbox = hasattr(step, "kind")
        answered = call.connected
        outcome = ANSWERED if answered is not None else call.outcome
        return self.circuit("mo", step.offered, call.end, answered, outcome, used=SERVICES[forward],
                            called=international(PILOT if to_mailbox else self.stage.number(step.party)), switch=2)

    def subscribers_call(self):
        call = self.call
        outcome = ANSWERED if call.connected is not None else CANCELLED if call.hung_up_by else call.outcome
        return self.circuit("mo", call.start, call.end, call.connected, outcome, calling=None,
                            called=international(self.stage.customer))

    def circuit(self, record, begin, end, answered=None, outcome=None, cause=None, used=None, sequence=0, absent=False, switch=1,
                **more):
        stage = self.stage
        choice, kind, tags = CHOICES[record]
        self.references += 1 if sequence < 2 else 0
        fields = {"type": integer(kind), "imsi": bcd(f"23430{stage.index:010d}"), "served": international(stage.line),
                  "calling": calling_number(stage.customer, self.call.withheld), "entity": international(f"+44770090099{switch}"),
                  "service": tagged(3, b"\x11"), "seizure": time_stamp(stage.at(begin)),
                  "release": time_stamp(stage.at(end)),
                  "reference": (0x100000 + stage.id(self.call, self.references)).to_bytes(4, "big"),
                  "duration": integer(int(end - (begin if answered is None else answered))),
                  "cause": integer(cause if cause is not None else NORMAL if answered is not None else UNSUCCESSFUL)}
        if record in ("gateway", "camel"):
            fields["called"] = international(stage.line)
        if answered is not None:
            fields["answer"] = time_stamp(stage.at(answered))
        if outcome is not None:
            fields["diagnostics"] = self.diagnostics(record, outcome, absent)
        if used:
            fields["used"] = b"\x30" + bytes([3]) + tagged(0, bytes([used]))
        if sequence:
            fields["sequence"] = integer(sequence)
        fields |= more
        constructed = {"service", "used", "diagnostics", "routing"}
        content = b"".join(tagged(tags[name], fields[name], name in constructed)
                           for name in sorted(tags, key=tags.get) if fields.get(name) is not None)
        return Record(stage.at(end) + switch / 100, tagged(choice, content, True))

    def diagnostics(self, record, outcome, absent):
        """The tag is the cause's namespace: MAP, Q.767, TS 24.008."""
        if absent:
            return tagged(1, integer(MAP_ABSENT_SUBSCRIBER))
        if record != "mt" or outcome == UNREACHABLE:
            return tagged(2, integer(Q767[outcome]))
        return tagged(0, integer(GSM0408[outcome]))

    # IMS records.
    def ims_records(self):
        return [self.ims_record(session) for session in ims.sessions(self.stage, self.call)]

    def ims_record(self, session):
        stage, call = self.stage, self.call
        tag = IMS_TAGS[session.node]
        fields = {0: integer(tag), 2: b"INVITE", 3: integer(session.role), 5: f"{stage.id(call, session.number)}".encode(),
                  9: time_stamp(stage.at(session.start)), 11: time_stamp(stage.at(session.end)),
                  12: time_stamp(stage.at(session.start)), 13: time_stamp(stage.at(session.end)),
                  17: integer(0 if session.answered is not None else 1), 19: f"icid-{stage.id(call)}".encode(),
                  37: integer(int(session.start % 1 * 1000)), 39: integer(int(session.end % 1 * 1000)),
                  51: f"<sip:{'anonymous@anonymous.invalid' if call.withheld else session.calling + '@ims.example'}>".encode()}
        parties = {4: tagged(1, f"{session.node.lower()}.ims.example".encode()),
                   6: tagged(0, f"sip:{session.calling}@ims.example".encode()) + tagged(1, f"tel:{session.calling}".encode()),
                   7: tagged(1, f"tel:{session.called}".encode())}
        if session.node == ims.AS:
            parties[101] = tagged(1, f"tel:{session.requested}".encode())
        if session.answered is not None:
            fields[10], fields[38] = time_stamp(stage.at(session.answered)), integer(int(session.answered % 1 * 1000))
        else:
            fields[23] = str(session.status).encode()
        if session.reason:
            parties[55] = b"\x19" + bytes([len(session.reason)]) + session.reason.encode()
        content = b"".join(tagged(number, (fields | parties)[number], number in parties)
                           for number in sorted(fields | parties))
        return Record(stage.at(session.end) + 0.02, tagged(tag, content, True))
