"""What two SIP proxies account: Kamailio's acc in syslog or as JSON, OpenSIPS's acc as events of JSON-RPC.

From the READMEs of Kamailio's and OpenSIPS's modules acc, RFC 3261, and real lines:
- Kamailio: a line "transaction answered" for each accounted transaction when it gets its final reply (also a failed one,
  with failed_transaction_flag), before it a line "call missed" for each round of branches that failed. report_cancels
  accounts the CANCEL, whose 200 is the reply to the CANCEL alone. detect_direction swaps the tags of a BYE from the
  called side. `timestamp` has whole seconds.
- Kamailio's acc_json has the same fields, all as strings, and no documents of failed
  branches unless acc_missed_flag asks for them.
- OpenSIPS with cdr|failed: one E_ACC_CDR when an answered call ends, one E_ACC_MISSED_EVENT when the INVITE fails.
- The extra fields are those that docs/sources/kamailio.md and opensips.md configure.
"""
import json

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE
from .source import EXTENSIONS, Record, Source, cannot_if, utc

REPLIES = {NO_REPLY: (408, "Request Timeout"), BUSY: (486, "Busy Here"), DECLINED: (603, "Decline"),
           UNREACHABLE: (480, "Temporarily Unavailable"), CANCELLED: (487, "Request Terminated"),
           ELSEWHERE: (487, "Request Terminated"), CONGESTED: (500, "Server Internal Error"),
           "unknown number": (404, "Not Found"), "incomplete number": (484, "Address Incomplete"),
           "blocked": (608, "Rejected"), "anonymous": (433, "Anonymity Disallowed"), "loop": (483, "Too Many Hops")}
FROM_THE_FAR_END = {200, 404, 433, 484, 486, 603, 608}  # the proxy itself makes the others, without a To tag
ANSWERERS = {"mailbox": "voicemail", "menu": "ivr", "announcement": "ivr"}


class Dialog:
    """One INVITE as the proxy sees it: its fields, its final reply, the rounds of branches that failed before."""

    def __init__(self, stage, call, caller, called, number=0, legs=None):
        self.stage, self.call = stage, call
        self.call_id = f"{stage.id(call, number)}-7f3a@192.0.2.10"
        self.from_tag, self.to_tag = f"a{stage.id(call, number)}", f"b{stage.id(call, number)}"
        self.caller, self.called = caller, called
        self.answered = call.connected if legs is None else legs[0].answered
        self.start = call.start if legs is None else legs[0].offered
        self.legs = call.legs if legs is None else legs
        self.steps = call.steps if legs is None else legs
        self.ringing = min((leg.ringing for leg in self.legs if leg.ringing is not None), default=None)

    @property
    def last(self):
        return self.steps[-1] if self.steps else None

    def taker(self):
        """The step that took the call."""
        return next((s for s in self.steps if getattr(s, "answered", None) not in (None, False)), self.last)

    def rounds(self):
        """(time, outcome) of each round of branches that failed."""
        stages = {}
        for leg in self.legs:
            if leg.by == "line" and leg.outcome not in (ANSWERED, ELSEWHERE) and leg.ended < (self.answered or 1e9):
                stages.setdefault(leg.stage, []).append(leg)
        failed = []
        for legs in stages.values():
            outcome = next((o for o in (CANCELLED, DECLINED, NO_REPLY, BUSY, CONGESTED, UNREACHABLE)
                            if o in [leg.outcome for leg in legs]))
            failed.append((max(leg.ended for leg in legs), outcome))
        return failed

    def fields(self):
        """The extra fields as the routes have set them when the INVITE is over."""
        stage, call = self.stage, self.call
        step = self.taker()
        target = self.called
        forwarded = [s for s in self.steps if s.forwarded and s.by == "line"]
        if forwarded:
            target = stage.number(getattr(forwarded[-1], "party", None) or "mailbox")
        elif step is not None and getattr(step, "party", "desk") in ("anna", "ben", "chris"):
            target = EXTENSIONS[step.party]
        fields = {"src_user": "anonymous" if call.withheld else self.caller, "dst_ouser": self.called, "dst_user": target,
                  "invite_at": f"{stage.at(self.start):.6f}",
                  "ringing_at": f"{stage.at(self.ringing):.6f}" if self.ringing is not None else "",
                  "answered_by": ANSWERERS.get(getattr(step, "kind", ""), "") if self.answered is not None else "",
                  "diversion": f"<sip:{self.called}@sbc.example>;reason=unconditional" if forwarded else "",
                  "privacy": "id" if call.withheld else "",
                  "pai": f"sip:{self.caller}@carrier.example" if call.withheld else "", "reason_hdr": ""}
        if call.taken_elsewhere:
            fields["reason_hdr"] = 'SIP;cause=200;text="Call completed elsewhere"'
        return fields


def refuse(call):
    phones_after_machine = any(m.answered and m.kind != "mailbox" for m in call.machines) and \
        (call.legs or call.machine("mailbox"))
    cannot_if(call.machine("queue"), "the queue is another server: the proxy sees one answer, whether an agent came or not")
    cannot_if(phones_after_machine, "the menu is another server: the proxy sees its answer and nothing behind it")
    cannot_if(call.partials, "acc writes transactions, not partial records")
    cannot_if(any(leg.picked_up for leg in call.legs), "a pickup is an INVITE with Replaces of another Call-ID")


def dialogs(stage, call):
    if call.kind == "in":
        return [Dialog(stage, call, stage.customer, stage.line)]
    if call.kind == "out":
        return [Dialog(stage, call, stage.line, stage.customer)]
    desk, customer = call.legs
    return [Dialog(stage, call, stage.line, EXTENSIONS["desk"], 1, [desk]),
            Dialog(stage, call, stage.line, stage.customer, 2, [customer])]


def final(dialog):
    """(time, code, reason) of the INVITE's final reply."""
    call = dialog.call
    if dialog.answered is not None:
        return dialog.answered, 200, "OK"
    outcome = CANCELLED if call.kind == "out" and call.hung_up_by else call.outcome
    return (call.end, *REPLIES[outcome])


class KamailioAcc(Source):
    name = title = "kamailio-acc"
    options = ["--country", "GB"]
    wait_s = 1
    tells_answer_at_once = True
    variants = ("syslog", "acc_json")

    def render(self, stage):
        records = []
        for call in stage.calls:
            refuse(call)
            for dialog in dialogs(stage, call):
                records += self.rows(dialog)
        return records

    def rows(self, dialog):
        call = dialog.call
        at, code, reason = final(dialog)
        gave_up = code == 487
        for failed_at, outcome in dialog.rounds():
            if failed_at <= at and not gave_up and not self.as_json(dialog):
                yield self.line(dialog, failed_at, "call missed", "INVITE", *REPLIES[outcome])
        if gave_up:
            yield self.line(dialog, at, "transaction answered", "CANCEL", 200, "OK")
        yield self.line(dialog, at + 0.001, "transaction answered", "INVITE", code, reason)
        if code != 200:
            return
        for when, accepted in call.reinvites + [(t.at, True) for t in call.transfers]:
            yield self.line(dialog, when, "transaction answered", "INVITE",
                            *((200, "OK") if accepted else (488, "Not Acceptable Here")), within=True)
        bye = (481, "Call/Transaction Does Not Exist") if call.bye_refused else (200, "OK")
        yield self.line(dialog, call.end, "transaction answered", "BYE", *bye, within=True)

    @staticmethod
    def as_json(dialog):
        return dialog.stage.variant == "acc_json"

    def line(self, dialog, at, what, method, code, reason, within=False):
        epoch = dialog.stage.at(at)
        tagged = within or method == "INVITE" and code in FROM_THE_FAR_END
        fields = {"timestamp": int(epoch), "method": method, "from_tag": dialog.from_tag,
                  "to_tag": dialog.to_tag if tagged else "", "call_id": dialog.call_id, "code": code, "reason": reason,
                  "at": f"{epoch:.6f}"}
        extra = dialog.fields()
        if within or method == "CANCEL":
            extra |= {"dst_ouser": "", "invite_at": "", "ringing_at": "", "answered_by": "", "diversion": "", "privacy": "",
                      "pai": ""}
        if what == "call missed":
            extra |= {"answered_by": "", "diversion": "", "dst_user": dialog.called}
        if self.as_json(dialog):
            fields["callid"], fields["sip_code"] = fields.pop("call_id"), str(fields.pop("code"))
            fields["sip_reason"], fields["time"] = fields.pop("reason"), utc(fields.pop("timestamp"))
            return Record(epoch, json.dumps(fields | extra))
        text = ";".join(f"{key}={value}" for key, value in (fields | extra).items())
        head = utc(epoch, "%b %d %H:%M:%S") + " sbc1 kamailio[812]: NOTICE: acc [acc.c:279]: acc_log_request(): "
        return Record(epoch, f"{head}ACC: {what}: {text}")


class OpensipsAcc(Source):
    name = title = "opensips-acc"
    options = ["--country", "GB", "--profile", "final"]
    wait_s = 1

    def render(self, stage):
        records = []
        for call in stage.calls:
            refuse(call)
            for dialog in dialogs(stage, call):
                records.append(self.event(dialog))
        return records

    def event(self, dialog):
        stage, call = dialog.stage, dialog.call
        at, code, reason = final(dialog)
        extra = dialog.fields()
        for field in ("invite_at", "ringing_at"):
            extra[field] = extra[field].partition(".")[0]  # $Ts has whole seconds
        params = {"method": "INVITE", "from_tag": dialog.from_tag, "to_tag": dialog.to_tag if code in FROM_THE_FAR_END else "",
                  "callid": dialog.call_id, "sip_code": str(code), "sip_reason": reason, "time": int(stage.at(at)), **extra}
        emitted = stage.at(at)
        if code == 200:
            start, end = stage.at(dialog.start), stage.at(call.end)
            params |= {"duration": int(end - stage.at(at)), "ms_duration": int((end - stage.at(at)) * 1000),
                       "setuptime": int(stage.at(at)) - int(start), "created": int(start)}
            emitted = end
        name = "E_ACC_CDR" if code == 200 else "E_ACC_MISSED_EVENT"
        return Record(emitted, json.dumps({"jsonrpc": "2.0", "method": name, "params": params}))
