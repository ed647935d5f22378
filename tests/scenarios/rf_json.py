"""Rf accounting requests as JSON, in the form of Project Clearwater's nodes ({"event": …}).

From TS 32.299 (7.2, the AVPs), TS 32.260 and Clearwater's requests: START at the answer, INTERIM as it falls due, STOP at
the end; EVENT for a session without success. Cause-Code 0 is success, the SIP status a failure. Times in seconds, with a
fraction in milliseconds of their own.
"""
import json

from .ims import AS, WITH_GATEWAY, sessions
from .source import PILOT, Record, Source

EVENT, START, INTERIM, STOP = 1, 2, 3, 4
FUNCTIONALITY = {AS: 6, "P-CSCF": 1, "MGCF": 4}  # Node-Functionality, TS 32.299 7.2.113


class RfJson(Source):
    name = title = "3gpp-rf"
    options = ["--country", "GB", "--voicemail-pilot", PILOT]
    wait_s = 3
    variants = ("", WITH_GATEWAY)
    tells_answer_at_once = True

    def render(self, stage):
        records = []
        for call in stage.calls:
            for session in sessions(stage, call):
                if session.answered is None:
                    records.append(self.request(stage, call, session, EVENT, session.start, session.end))
                    continue
                records.append(self.request(stage, call, session, START, session.start, session.answered))
                for at in session.partials:
                    records.append(self.request(stage, call, session, INTERIM, at, at))
                records.append(self.request(stage, call, session, STOP, session.end, session.end))
        return records

    def request(self, stage, call, session, kind, request, response):
        asked, replied = stage.at(request), stage.at(response)
        information = {
            "Event-Type": {"SIP-Method": "BYE" if kind == STOP else "INVITE"}, "Role-Of-Node": session.role,
            "Node-Functionality": FUNCTIONALITY[session.node],
            "User-Session-Id": f"{stage.id(call, session.number)}@{session.node}",
            "Calling-Party-Address": [f"sip:{session.calling}@ims.example", f"tel:{session.calling}"],
            "Called-Party-Address": f"tel:{session.called}", "Requested-Party-Address": f"tel:{session.requested}",
            "Time-Stamps": {"SIP-Request-Timestamp": int(asked), "SIP-Request-Timestamp-Fraction": int(asked % 1 * 1000),
                            "SIP-Response-Timestamp": int(replied), "SIP-Response-Timestamp-Fraction": int(replied % 1 * 1000)},
            "IMS-Charging-Identifier": f"icid-{stage.id(call)}", "Cause-Code": session.status if kind == EVENT else 0,
            "From-Address": "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1" if call.withheld
            else f"<sip:{session.calling}@ims.example>;tag=1"}
        if session.reason:
            information["Reason-Header"] = [session.reason]
        served = session.called if session.node != AS else stage.line
        service = {"Subscription-Id": [{"Subscription-Id-Type": 0, "Subscription-Id-Data": served.lstrip("+")},
                                       {"Subscription-Id-Type": 2, "Subscription-Id-Data": f"sip:{served}@ims.example"}],
                   "IMS-Information": information}
        event = {"Accounting-Record-Type": kind, "Event-Timestamp": int(replied), "Service-Information": service}
        return Record(replied + 0.02, json.dumps({"peers": {"ccf": ["192.0.2.30"]}, "event": event}))
