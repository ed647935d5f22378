"""What the nodes of an IMS account of a call: the application server of the business line, and the P-CSCF of each phone.

From TS 32.260 (5.2.2: triggers, and 6.1: which node reports), TS 24.604 (communication diversion) and TS 24.628.
- The telephony application server's session is the whole call. Requested-Party is who was called first, Called-Party where
  the call went.
- A phone's P-CSCF (role terminating) reports its branch of the fork as that branch ends: a phone that lost at once.
- Calls from other networks' telephones come through an MGCF, which reports the caller's side (role originating) of the whole
  call. It knows the number that was called, and not who answered.
- A session without success is one event with its final status. Without a reply the server ends it with 480 and Reason
  Q.850 19, a phone that is gone with 480 and Q.850 20.
"""
import dataclasses

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE
from .source import PILOT, cannot_if

STATUS = {NO_REPLY: (480, "Q.850;cause=19"), BUSY: (486, ""), DECLINED: (603, ""), UNREACHABLE: (480, "Q.850;cause=20"),
          CANCELLED: (487, ""), ELSEWHERE: (487, ""), CONGESTED: (503, ""), "unknown number": (404, ""),
          "incomplete number": (484, ""), "blocked": (608, ""), "anonymous": (433, ""), "loop": (482, "")}
AS, P_CSCF, MGCF = "AS", "P-CSCF", "MGCF"
ORIGINATING, TERMINATING = 0, 1
WITH_GATEWAY = "with the gateway's"


@dataclasses.dataclass
class Session:
    node: str
    role: int
    calling: str
    requested: str
    called: str
    start: float
    end: float
    answered: float = None
    status: int = 200
    reason: str = ""
    number: int = 0
    partials: tuple = ()


def refuse(call):
    cannot_if(any(m.kind != "mailbox" for m in call.machines), "announcements and menus are the media server's records, and "
              "the application server's doesn't tell a menu from a person")
    cannot_if(call.verdict == "short_ring" and call.end > 3, "the records don't say when a phone rang")
    cannot_if(call.kind == "click", "the application server's two sessions read as one call in and one call out")


def status_of(outcome, call):
    status, reason = STATUS[outcome]
    return status, 'SIP;cause=200;text="Call completed elsewhere"' if call.taken_elsewhere else reason


def sessions(stage, call):
    """The whole call first, then its branches."""
    refuse(call)
    cannot_if(stage.variant == WITH_GATEWAY and call.machine("mailbox"), "with the MGCF's records beside the application "
              "server's: the gateway's says answered, by whoever it was, and comes first")
    answered = call.connected
    outcome = ANSWERED if answered is not None else \
        CANCELLED if call.kind == "out" and call.hung_up_by else call.outcome
    status, reason = (200, "") if outcome == ANSWERED else status_of(outcome, call)
    calling, requested = (stage.customer, stage.line) if call.kind == "in" else (stage.line, stage.customer)
    whole = Session(AS, TERMINATING if call.kind == "in" else ORIGINATING, calling, requested, target(stage, call, requested),
                    call.start, call.end, answered, status, reason, partials=tuple(call.partials))
    if call.kind != "in":
        return [whole]
    gateway = [dataclasses.replace(whole, node=MGCF, role=ORIGINATING, called=stage.line, number=60)] \
        if stage.variant == WITH_GATEWAY else []
    return [whole] + gateway + list(branches(stage, call))


def target(stage, call, requested):
    forwarded = [step for step in call.forwardings if step.by == "line"]
    if forwarded:
        return PILOT if hasattr(forwarded[-1], "kind") else stage.number(forwarded[-1].party)
    return stage.number(call.talk.party) if call.talk else requested


def branches(stage, call):
    for number, leg in enumerate(call.legs, 1):
        if leg.outside or leg.outcome == UNREACHABLE:
            continue  # another network's phone, or one without a P-CSCF
        status, reason = (200, "") if leg.outcome == ANSWERED else (487, "") if leg.outcome == NO_REPLY else \
            status_of(leg.outcome, call)
        yield Session(P_CSCF, TERMINATING, stage.customer, stage.line, stage.number(leg.party), leg.offered, leg.ended,
                      leg.answered, status, reason, number)
