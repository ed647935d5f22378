"""BroadWorks accounting files in XML, version 19: a cdrData for each user's half of a call.

From docs/sources/broadworks.md, a real file of version 19, and the values that Cisco's Webex Calling, BroadWorks' hosted
form, documents for the same fields (answer indicator Yes, No, Yes-PostRedirection; related call id reasons; redirecting
reasons). The accounting specification itself isn't public.
- Times are UTC with milliseconds; terminationCause is Q.850 in three digits.
- A half is written when it ends: of a hunt group the pilot's half and that of who talks at the call's end, others at once.
- A forwarded call leaves the user's Terminating half, Yes-PostRedirection if it was answered there, and an Originating half
  with redirectingNumber.
"""
from xml.sax.saxutils import escape

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE
from .source import Record, Source, cannot_if, utc

CAUSES = {ANSWERED: "016", NO_REPLY: "019", BUSY: "017", DECLINED: "021", UNREACHABLE: "020", CANCELLED: "016", ELSEWHERE: "016",
          CONGESTED: "041", "congestion": "034"}
REDIRECTIONS = {"always": "unconditional", "busy": "user-busy", "no reply": "no-answer", "unreachable": "unavailable"}


def stamp(epoch):
    return utc(epoch, "%Y%m%d%H%M%S") + f".{int(round(epoch % 1 * 1000)):03d}"


class Broadworks(Source):
    name = title = "broadworks"
    options = ["--country", "GB"]
    wait_s = 5

    def file(self, records):
        head = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE broadWorksCDR>\n<broadWorksCDR version="19.0">\n'
        own = self.header("Start", 0), self.header("End", 1)
        return (head + own[0] + "".join(records) + own[1] + "</broadWorksCDR>\n").encode()

    def header(self, kind, number):
        return (f"  <cdrData>\n    <headerModule>\n      <recordId>\n        <eventCounter>{number:010d}</eventCounter>\n"
                "        <systemId>as1</systemId>\n        <date>20260921110000.104</date>\n"
                "        <systemTimeZone>1+010000</systemTimeZone>\n      </recordId>\n"
                f"      <type>{kind}</type>\n    </headerModule>\n  </cdrData>\n")

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.refuse(call)
            self.stage, self.call, self.halves = stage, call, 0
            records += self.called() if call.kind == "in" else [self.calling()]
        return records

    def refuse(self, call):
        cannot_if(any(m.kind == "mailbox" for m in call.machines), "a mailbox's answer reads Yes-PostRedirection, as a "
                  "forward to a person does")
        cannot_if(call.machines, "how an auto attendant and a call centre are written is in no public document")
        cannot_if(call.refused and call.refused != "congestion", "no user, no half of a call; and a screening service refuses as "
                  "a user declines")
        cannot_if(call.taken_elsewhere, "a CANCEL's Reason isn't in the record")
        cannot_if(call.verdict == "short_ring" and call.end > 3, "no field says when a phone rang")

    def called(self):
        """The business's halves of a call from outside."""
        call, stage = self.call, self.stage
        grouped = any(leg.party in ("anna", "ben", "chris") for leg in call.legs) and not call.transfers
        pilot_id = f"{stage.id(call)}:0"
        answered = call.connected
        forwards = [step for step in call.forwardings if step.by == "line"]
        for at in call.partials:
            yield self.half("Terminating", stage.line, call.start, None, answered, "Yes", None, pilot_id, emitted=at)
        redirected = answered is not None and (grouped or forwards)
        indicator = "Yes-PostRedirection" if redirected else "Yes" if answered is not None else "No"
        outcome = ANSWERED if answered is not None else call.outcome
        end = call.transfers[0].at if call.transfers else call.end
        yield self.half("Terminating", stage.line, call.start, end, answered, indicator, CAUSES[outcome], pilot_id)
        for leg in call.legs:
            if grouped and leg.outcome != UNREACHABLE:
                yield self.member(leg, pilot_id, "Hunt Group")
        for transfer in call.transfers:
            yield self.member(transfer.leg or self.leg_to(transfer.to), pilot_id, "Call Transfer")
        for step in forwards:
            yield self.half("Originating", stage.line, step.offered, call.end, answered,
                            "Yes" if answered is not None else "No", CAUSES[outcome], f"{stage.id(call, 50)}:0", related=pilot_id,
                            called=stage.number(step.party), redirecting=(stage.line, REDIRECTIONS[step.forwarded]))

    def leg_to(self, party):
        return next(leg for leg in self.call.legs if leg.party == party)

    def member(self, leg, pilot_id, reason):
        answered = leg.answered
        self.halves += 1
        number = self.stage.number(leg.party)
        return self.half("Terminating", number, leg.offered, leg.ended, answered, "No" if answered is None else "Yes",
                         CAUSES[leg.outcome], f"{self.stage.id(self.call, self.halves)}:0", related=pilot_id, reason=reason,
                         redirecting=(self.stage.line, "hunt-group"))

    def calling(self):
        """The business calls. A click-to-dial call is the user's too."""
        call, stage = self.call, self.stage
        answered = call.legs[-1].answered
        outcome = ANSWERED if answered is not None else CANCELLED if call.hung_up_by else call.outcome
        return self.half("Originating", stage.line, call.start, call.end, answered, "Yes" if answered is not None else "No",
                         CAUSES[outcome], f"{stage.id(call)}:0", calling=stage.line, called=stage.customer)

    def half(self, direction, user, start, end, answered, indicator, cause, local, related="", reason="", calling=None,
             called=None, redirecting=None, emitted=None):
        stage, call = self.stage, self.call
        first = [("userNumber", user), ("groupNumber", stage.line), ("direction", direction), ("asCallType", "Network"),
                 ("callingNumber", calling or stage.customer),
                 ("callingPresentationIndicator", "Anonymous" if call.withheld else "Public"), ("calledNumber", called or user),
                 ("startTime", stamp(stage.at(start))), ("userTimeZone", "1+010000"), ("localCallId", local),
                 ("answerIndicator", indicator)]
        if answered is not None:
            first.append(("answerTime", stamp(stage.at(answered))))
        if end is not None:
            first += [("releaseTime", stamp(stage.at(end))), ("terminationCause", cause)]
        first += [("chargeIndicator", "y"), ("releasingParty", "remote" if call.hung_up_by == "customer" else "local"),
                  ("userId", f"{user.lstrip('+')}@bw.example")]
        centrex = [("group", "Example")]
        if redirecting:
            centrex += [("originalCalledNumber", redirecting[0]), ("originalCalledReason", redirecting[1]),
                        ("redirectingNumber", redirecting[0]), ("redirectingReason", redirecting[1])]
        if related:
            centrex.append(("relatedCallId", related))
        if reason:
            centrex.append(("relatedCallIdReason", reason))
        written = stage.at(end if emitted is None else emitted)
        kind = "Normal" if end is not None else "Long Duration"
        counter = f"{stage.index:04d}{int(written * 1000) % 1000000:06d}{local.replace(':', '')}"
        head = [("type", kind)]
        text = (f"  <cdrData>\n    <headerModule>\n      <recordId>\n        <eventCounter>{counter}</eventCounter>\n"
                f"        <systemId>as1</systemId>\n        <date>{stamp(written)}</date>\n"
                "        <systemTimeZone>1+010000</systemTimeZone>\n      </recordId>\n"
                "      <serviceProvider>SP</serviceProvider>\n"
                f"{self.elements(head)}    </headerModule>\n    <basicModule>\n{self.elements(first)}    </basicModule>\n"
                f"    <centrexModule>\n{self.elements(centrex)}    </centrexModule>\n    <ipModule>\n"
                f"      <networkCallID>{local}-{stage.index}@192.0.2.40</networkCallID>\n    </ipModule>\n  </cdrData>\n")
        return Record(written, text)

    def elements(self, pairs):
        return "".join(f"      <{name}>{escape(value)}</{name}>\n" for name, value in pairs)
