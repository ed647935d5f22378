"""Oracle (Acme Packet) session border controller: local CDR files in front of a business's PBX, generate-start ok.

From Oracle's Accounting Guide ("Comma-Delimited Entries for Local Files", "Mappings and Disconnect Cause Values") and the
column lists of crushton/acme_packet_parsecdr (db/C640_stop.csv): Acct-Status-Type, 2 addresses, session id, Call-IDs, parties,
times, h323-disconnect-cause at 17 (Q.850, by RFC 3398), Acme-SIP-Status at 135.
- A Start record when the call is answered, a Stop record at its end; of a call that fails only the Stop.
- The controller sees one session: phones of a group, forwards and transfers are the PBX's, behind it.
- Times are local or UTC with milliseconds, as text.
"""
import pathlib

from .language import BUSY, CANCELLED, CONGESTED, DECLINED, NO_REPLY, UNREACHABLE
from .source import Record, Source, cannot_if, utc

# The SIP status, and the Q.850 cause that the PBX's Reason header or RFC 3398, 7.2.4.1 gives with it.
STATUS = {NO_REPLY: (480, 19), BUSY: (486, 17), DECLINED: (603, 21), UNREACHABLE: (480, 20), CANCELLED: (487, 16),
          CONGESTED: (503, 34), "unknown number": (404, 1), "incomplete number": (484, 28), "blocked": (608, 21),
          "anonymous": (433, 24), "loop": (483, 25)}
START, STOP = 1, 2
COLUMNS_OF_START, COLUMNS_OF_STOP = 120, 175
SETUP_OF_START, CONNECT_OF_START = 12, 13
SESSION_TIME, SETUP, CONNECT, DISCONNECT, CAUSE, SIP_STATUS = 13, 14, 15, 16, 17, 135
MAPPING = pathlib.Path(__file__).resolve().parents[2] / "deploy/mappings/oracle-acme-sbc.yaml"


def stamp(epoch):
    return utc(epoch, "%H:%M:%S") + f".{int(round(epoch % 1 * 1000)):03d}" + utc(epoch, " UTC %b %d %Y").upper()


class OracleSbc(Source):
    name, title = "csv", "csv: oracle-acme-sbc"
    options = ["--country", "GB", "--mapping", str(MAPPING)]

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.refuse(call)
            parties = (stage.customer, stage.line) if call.kind == "in" else (stage.line, stage.customer)
            if call.connected is not None:
                fields = {SETUP_OF_START: stamp(stage.at(call.start)), CONNECT_OF_START: stamp(stage.at(call.connected))}
                records.append(self.record(stage, call, START, parties, fields, call.connected, COLUMNS_OF_START))
            records.append(self.record(stage, call, STOP, parties, self.end(stage, call), call.end, COLUMNS_OF_STOP))
        return records

    def refuse(self, call):
        cannot_if(any(m.answered for m in call.machines), "the controller sees an answer, not whether a machine or a person "
                  "gave it")
        cannot_if(call.taken_elsewhere, "a CANCEL's Reason isn't in the record")
        cannot_if(call.verdict == "short_ring" and call.end > 3, "the mapping reads no time of ringing")
        cannot_if(call.partials, "Interim records need an accounting server; local files have Start and Stop")
        cannot_if(call.kind == "click", "the application's two sessions are two calls")

    def end(self, stage, call):
        fields = {SETUP: stamp(stage.at(call.start)), DISCONNECT: stamp(stage.at(call.end)), SESSION_TIME: 0}
        if call.connected is not None:
            fields |= {CONNECT: stamp(stage.at(call.connected)), SESSION_TIME: int(call.end - call.connected), CAUSE: 16,
                       SIP_STATUS: 200}
        else:
            outcome = CANCELLED if call.hung_up_by in ("customer", "desk") else call.outcome
            fields[SIP_STATUS], fields[CAUSE] = STATUS[outcome]
        return fields

    def record(self, stage, call, kind, parties, fields, at, columns):
        calling = "anonymous@anonymous.invalid" if call.withheld else f"{parties[0]}@carrier.example;user=phone"
        session = f"{stage.id(call)}-5a7c@192.0.2.50"
        values = {1: kind, 2: "192.0.2.1", 3: 5060, 4: f"SD-{stage.id(call)}", 5: session, 6: session + "-out", 7: "SIP",
                  10: f"<sip:{calling}>", 11: f"<sip:{parties[1]}@sbc.example>"} | fields
        cells = (values.get(column, "") for column in range(1, columns + 1))
        return Record(stage.at(at), ",".join(f'"{c}"' if isinstance(c, str) and c else str(c) for c in cells))
