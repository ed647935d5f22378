"""Cisco Unified Communications Manager: flat CDR files, "CDR Log Calls With Zero Duration Flag" on, numbers in +E.164.

From Cisco's Call Reporting and Billing Administration Guide: "CDR Field Descriptions", "Call Termination Cause Codes",
"CDR Examples" (abandoned, busy, forwarded, hunt list, transferred calls).
- The first line names the columns, the second their types. Times are whole UTC seconds, 0 where there is none.
- Who hangs up has cause 16, the other side 0; a failed call has its Q.850 cause on the called side, a wrong number on the
  calling side. 393216 is "call split": the leg goes on in another record. A transferred call has three: the original and the
  final one with one global call id and joinOnBehalfOf 10 in the final, the consultation with its own.
- A forwarded call and one to a hunt pilot is one record, written at its end. Redirect reasons: 1 busy, 2 no answer,
  15 unconditional.
"""
import pathlib
import tempfile

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, NO_REPLY, UNREACHABLE
from .source import MAILBOX, Record, Source, cannot_if

COLUMNS = ["cdrRecordType", "globalCallID_callManagerId", "globalCallID_callId", "origLegCallIdentifier", "dateTimeOrigination",
           "origNodeId", "callingPartyNumber", "origCause_location", "origCause_value", "destLegIdentifier", "destCause_location",
           "destCause_value", "originalCalledPartyNumber", "finalCalledPartyNumber", "lastRedirectDn", "pkid", "dateTimeConnect",
           "dateTimeDisconnect", "duration", "origCalledPartyRedirectReason", "lastRedirectRedirectReason",
           "joinOnBehalfOf", "globalCallId_ClusterID", "huntPilotDN"]
TEXTS = {"callingPartyNumber", "originalCalledPartyNumber", "finalCalledPartyNumber", "lastRedirectDn", "pkid",
         "globalCallId_ClusterID", "huntPilotDN"}
CALLED_SIDE = {NO_REPLY: 19, BUSY: 17, DECLINED: 21, UNREACHABLE: 27, CONGESTED: 42, "congestion": 34}
CALLING_SIDE = {CANCELLED: 16, "unknown number": 1, "incomplete number": 28}
REDIRECTIONS = {"busy": 1, "no reply": 2, "always": 15, "unreachable": 1}
SPLIT, NORMAL = 393216, 16
TRANSFER = 10  # on behalf of
MAPPING = pathlib.Path(__file__).resolve().parents[2] / "deploy/mappings/cisco-cucm.yaml"


class CiscoCucm(Source):
    name, title = "csv", "csv: cisco-cucm"

    def __init__(self):
        # As an operator would: the pilot of the mailbox filled in.
        text = MAPPING.read_text().replace("# answered_by:", "answered_by:").replace('["8000"]', f'["{MAILBOX}"]')
        self.mapping = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.mapping.write(text)
        self.mapping.flush()
        self.options = ["--country", "GB", "--mapping", self.mapping.name]

    def file(self, records):
        types = ",".join("VARCHAR(50)" if column in TEXTS else "INTEGER" for column in COLUMNS)
        return "".join(line + "\n" for line in [",".join(f'"{c}"' for c in COLUMNS), types, *records]).encode()

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.refuse(call)
            self.stage, self.call, self.legs = stage, call, 0
            records += self.transferred() if call.transfers else [self.single()]
        return records

    def refuse(self, call):
        cannot_if(any(m.kind != "mailbox" for m in call.machines), "menus, announcements and call queues answer as a phone "
                  "does, in records of other servers")
        cannot_if(call.refused in ("blocked", "anonymous", "loop"), "a call that is screened or goes in a circle has no "
                  "cause of its own")
        cannot_if(call.taken_elsewhere, "a CANCEL's Reason isn't in the record")
        cannot_if(call.withheld, "a record has the number of P-Asserted-Identity and nothing that says it was withheld")
        cannot_if(call.verdict == "short_ring" and call.end > 3, "no field says when a phone rang")
        cannot_if(call.partials, "CUCM writes a call once, at its end")

    def single(self):
        """One record for the whole call, however often it was redirected."""
        call, stage = self.call, self.stage
        calling, called = (stage.customer, stage.line) if call.kind == "in" else (stage.line, stage.customer)
        forwards = [step for step in call.forwardings if step.by == "line"]
        grouped = any(leg.party in ("anna", "ben", "chris") for leg in call.legs)
        final, redirect, reason = called, called, 0
        if forwards:
            final = MAILBOX if hasattr(forwards[-1], "kind") else stage.number(forwards[-1].party)
            reason = REDIRECTIONS[forwards[-1].forwarded]
        elif call.talk and grouped:
            final = stage.number(call.talk.party)
        outcome = ANSWERED if call.connected is not None else CANCELLED if call.hung_up_by else call.outcome
        orig, dest = CALLING_SIDE.get(outcome, 0), CALLED_SIDE.get(outcome, 0)
        if outcome == ANSWERED:
            by_caller = call.hung_up_by == "customer" if call.kind == "in" else call.hung_up_by != "customer"
            orig, dest = (NORMAL, 0) if by_caller else (0, NORMAL)
        return self.record(call.start, self.call.legs[-1].answered if call.kind == "click" else call.connected, call.end, calling,
                           called, final, redirect, orig, dest, reason, pilot=stage.line if grouped else "")

    def transferred(self):
        call, stage = self.call, self.stage
        transfer = call.transfers[0]
        anna, ben = stage.number(transfer.by), stage.number(transfer.to)
        leg = next(leg for leg in call.legs if leg.party == transfer.to)
        yield self.record(call.start, call.connected, transfer.at, stage.customer, stage.line, stage.line, stage.line, SPLIT,
                          SPLIT)
        begun = leg.offered if transfer.attended else transfer.at
        yield self.record(begun, leg.answered if transfer.attended else None, transfer.at, anna, ben, ben, ben, SPLIT, SPLIT,
                          consultation=True)
        if leg.answered is not None:
            yield self.record(transfer.at, max(leg.answered, transfer.at), call.end, stage.customer, ben, ben, ben, NORMAL, 0,
                              joined=TRANSFER)
        else:
            yield self.record(transfer.at, None, call.end, stage.customer, ben, ben, ben, 0, 19, joined=TRANSFER)

    def record(self, start, answered, end, calling, called, final, redirect, orig, dest, reason=0, pilot="", joined=0,
               consultation=False):
        stage, call = self.stage, self.call
        self.legs += 1
        began, ended = int(stage.at(start)), int(stage.at(end))
        connected = 0 if answered is None else int(stage.at(answered))
        leg = stage.id(call, self.legs) * 2
        values = {"cdrRecordType": 1, "globalCallID_callManagerId": 2,
                  "globalCallID_callId": 500000 + stage.id(call) + consultation,
                  "origLegCallIdentifier": leg, "dateTimeOrigination": began, "origNodeId": 2, "callingPartyNumber": calling,
                  "origCause_location": 0, "origCause_value": orig, "destLegIdentifier": leg + 1, "destCause_location": 0,
                  "destCause_value": dest, "originalCalledPartyNumber": called, "finalCalledPartyNumber": final,
                  "lastRedirectDn": redirect, "pkid": f"7f3a0000-0000-4000-8000-{leg:012d}", "dateTimeConnect": connected,
                  "dateTimeDisconnect": ended, "duration": ended - connected if connected else 0,
                  "origCalledPartyRedirectReason": reason, "lastRedirectRedirectReason": reason,
                  "joinOnBehalfOf": joined, "globalCallId_ClusterID": "StandAloneCluster", "huntPilotDN": pilot}
        return Record(stage.at(end), ",".join(f'"{values[c]}"' if c in TEXTS else str(values[c]) for c in COLUMNS))
