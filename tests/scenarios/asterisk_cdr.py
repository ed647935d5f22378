"""Asterisk's Master.csv: cdr_csv with loguniqueid, loguserfield, newcdrcolumns; cdr.conf with unanswered and congestion.

From Asterisk's "CDR Specification" (docs.asterisk.org), main/cdr.c and cdr/cdr_csv.c, and the testsuite's rows:
- A row for each pair of channels that Dial or Queue brings together; all are written when the first of the two ends, the
  caller. Times are whole seconds.
- The first row begins with the channel; it becomes the row of the first dialled channel. `answer` is when the *caller's*
  channel was answered, by a menu too; so rows NO ANSWER and BUSY may have it.
- A phone without a registration has no channel, and no row of its own.
- Agents of a queue are dialled through Local channels, as FreePBX does it: the second half of each has a row of its own,
  with another uniqueid and the call's linkedid.
- Dial locks lastapp. When the dialplan goes on after a failed Dial, there is one more row of the caller alone; with
  Hangup() its disposition is by hangup cause, or ANSWERED if a menu had answered.
- CANCEL and NOANSWER are both NO ANSWER, a declined call is NO ANSWER or BUSY.
"""
from .language import ANSWERED, BUSY, CONGESTED, UNREACHABLE, Leg
from .source import EXTENSIONS, Record, Source, cannot_if, national, utc

DISPOSITIONS = {ANSWERED: "ANSWERED", BUSY: "BUSY", CONGESTED: "CONGESTION"}
APPLICATIONS = {"menu": ("BackGround", "main-menu"), "announcement": ("Playback", "closed"),
                "queue": ("Queue", "support,t,,,60"), "mailbox": ("VoiceMail", "200@default,u")}


def quoted(value):
    return '"' + str(value).replace('"', '""') + '"'


class Row:
    def __init__(self, channel, start, answer=None):
        self.channel, self.start, self.answer = channel, start, answer
        self.agent = ""  # whom a Local channel's second half dials
        self.peer = self.application = self.data = self.disposition = ""
        self.end = None


class AsteriskCdr(Source):
    name = title = "asterisk-cdr"
    options = ["--country", "GB"]
    wait_s = 3

    def render(self, stage):
        records = []
        for call in stage.calls:
            self.refuse(call)
            self.stage, self.call, self.channels = stage, call, 0
            self.uniqueid = f"{int(stage.at(call.start))}.{stage.id(call)}"
            rows = self.called_rows() if call.kind == "in" else self.calling_rows()
            written = stage.at(call.end)
            records += [Record(written, self.line(row, number)) for number, row in enumerate(rows)]
        return records

    def refuse(self, call):
        cannot_if(call.verdict == "abandoned", "NO ANSWER is written for a caller who gave up as for a phone that rang out")
        cannot_if(call.verdict in ("declined", "answered_elsewhere"), "a row has no cause: declined and cancelled calls read "
                  "BUSY or NO ANSWER")
        cannot_if(call.verdict == "unreachable", "a phone without a registration leaves FAILED, as a fault of the network does")
        cannot_if(call.refused and call.refused != "congestion", "what the dialplan itself refuses has no cause in its row")
        cannot_if(call.verdict == "short_ring" and call.end > 3, "no row says when a phone rang")
        cannot_if(any(m.kind == "announcement" and m.answered for m in call.machines) and call.hung_up_by == "switch",
                  "the closing Hangup() takes the announcement's place in lastapp")
        cannot_if(call.partials, "Asterisk writes no partial records")
        cannot_if(call.forwardings and call.forwardings[-1].forwarded == "unreachable" and call.machine("mailbox"),
                  "without a dialled channel the row keeps lastapp Dial: the mailbox isn't named")

    def channel(self, party):
        self.channels += 1
        number = self.stage.id(self.call, self.channels)
        return f"PJSIP/{EXTENSIONS.get(party, 'trunk')}-{number:08x}"

    def called_rows(self):
        """The rows of the caller's channel."""
        call = self.call
        rows = [Row(self.channel("customer"), call.start)]
        connected = None
        for step in call.steps:
            current = rows[-1]
            if isinstance(step, Leg):
                if step.outcome == UNREACHABLE:
                    current.application, current.data = "Dial", f"PJSIP/{EXTENSIONS['desk']},30"
                    continue
                if current.peer or current.application == "VoiceMail":
                    current = self.next_row(rows, step.offered, connected)
                self.dial(current, step)
                if step.outcome == ANSWERED and connected is None:
                    connected = current.answer = step.answered
            else:
                if current.peer:
                    current = self.next_row(rows, step.began, connected)
                current.application, current.data = APPLICATIONS[step.kind]
                if step.answered and connected is None:
                    connected = current.answer = step.began
        if call.refused:
            rows[0].peer, rows[0].application, rows[0].data = self.channel("customer"), "Dial", "PJSIP/site2"
            rows[0].disposition, rows[0].end = "CONGESTION", call.end
        self.dialplan_goes_on(rows, connected)
        rows += [self.agents_row(leg) for leg in call.legs if leg.queue and leg.outcome != UNREACHABLE]
        for row in rows:
            row.end = call.end if row.end is None else row.end
            row.disposition = row.disposition or ("ANSWERED" if row.answer is not None else "NO ANSWER")
        return self.transferred(rows)

    def agents_row(self, leg):
        number = EXTENSIONS[leg.party]
        row = Row(f"Local/{number}@from-queue-{self.stage.id(self.call, 40):08x};2", leg.offered, leg.answered)
        row.peer, row.application, row.data, row.agent = self.channel(leg.party), "Dial", f"PJSIP/{number}", number
        row.disposition, row.end = DISPOSITIONS.get(leg.outcome, "NO ANSWER"), leg.ended
        return row

    def next_row(self, rows, start, connected):
        rows.append(Row(rows[0].channel, start, start if connected is not None else None))
        return rows[-1]

    def dial(self, row, leg):
        row.peer = f"Local/{EXTENSIONS[leg.party]}@from-queue-{self.stage.id(self.call, 40):08x};1" if leg.queue else \
            self.channel(leg.party)
        row.application, row.data = APPLICATIONS["queue"] if leg.queue else ("Dial", f"{row.peer.split('-')[0]},30,t")
        row.disposition, row.end = DISPOSITIONS.get(leg.outcome, "NO ANSWER"), leg.ended

    def dialplan_goes_on(self, rows, connected):
        """The switch's own Hangup() after a failed Dial or Queue."""
        failed = not self.call.hung_up_by and not self.call.talk or self.call.hung_up_by == "switch"
        if failed and (rows[-1].peer or rows[-1].application == "Queue"):
            row = self.next_row(rows, self.call.end, connected)
            row.application = "Hangup"
            busy = rows[-2].disposition == "BUSY"
            row.disposition = "" if connected is not None else "BUSY" if busy else \
                "CONGESTION" if rows[-2].disposition == "CONGESTION" else "NO ANSWER"

    def transferred(self, rows):
        for transfer in self.call.transfers:
            rows[0].end = transfer.at
            if transfer.attended:
                # The consultation is a call of its own, of the first phone's second channel.
                rows[1].channel, rows[1].end = self.channel(transfer.by), transfer.at
                rows[1].answer = transfer.leg.answered
                after = self.next_row(rows, transfer.at, self.call.connected)
                after.peer, after.application, after.data = rows[1].peer, "Dial", rows[0].data
                after.disposition, after.end = "ANSWERED", self.call.end
            else:
                rows[1].start = rows[1].answer = transfer.at
        return rows

    def calling_rows(self):
        """The business calls, or an application has its phone called first."""
        leg = self.call.legs[-1]
        row = Row(self.channel("desk"), self.call.start)
        self.dial(row, leg)
        row.answer = leg.answered if self.call.kind == "out" else self.call.connected
        return [row]

    def line(self, row, sequence):
        stage, call = self.stage, self.call
        number, other = (stage.customer, stage.line) if call.kind == "in" else (stage.line, stage.customer)
        source, destination = national(number), national(other)
        caller_id = f'"{source}" <{source}>'
        if call.withheld:
            source, caller_id = "anonymous", '"Anonymous" <anonymous>'
        own_call = row.channel.startswith("PJSIP/201")  # a consultation
        if own_call:
            source, destination, caller_id = "201", "202", '"Anna" <201>'
        destination = row.agent or destination
        uniqueid = f"{self.uniqueid}{row.agent}" if row.agent else self.uniqueid + "1" if own_call else self.uniqueid
        start, end = int(stage.at(row.start)), int(stage.at(row.end))
        answer = None if row.answer is None else int(stage.at(row.answer))
        texts = ["", source, destination, "from-trunk" if call.kind == "in" else "from-internal", caller_id, row.channel,
                 row.peer, row.application, row.data, utc(start), utc(answer) if answer else "", utc(end)]
        return ",".join([*map(quoted, texts), str(end - start), str(end - answer if answer else 0), quoted(row.disposition),
                         quoted("DOCUMENTATION"), quoted(uniqueid), quoted(""),
                         quoted(""), quoted(self.uniqueid), str(stage.id(call, sequence))])
