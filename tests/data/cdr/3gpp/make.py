#!/usr/bin/env python3
"""Test records of TS 32.298, made by an encoder that isn't ours.

Usage: pip install pycrate; tests/data/cdr/3gpp/make.py

pycrate (https://github.com/pycrate-org/pycrate) compiled the ASN.1 modules of TS 32.298; it encodes the values below, and
decodes what it encoded. expected.json holds what it decoded, field by field under the standard's names ("asn1"), and the
CallRecord that must come of it ("call"), which is worked out here from the decoded octets and not by textback. The files
are checked in: the test that compares them needs no pycrate.
"""
import calendar
import json
import pathlib
import struct

from pycrate_asn1dir.CDR import CSChargingDataTypes, IMSChargingDataTypes

HERE = pathlib.Path(__file__).resolve().parent
A, B, C, PILOT, MSRN, MSC = "447700900001", "447700900100", "447700900200", "447700900999", "447700900877", "447700900600"


# --- values, as the standard writes them ---

def tbcd(digits):
    code = {d: i for i, d in enumerate("0123456789*#CDE")}
    halves = [code[d] for d in digits] + ([15] if len(digits) % 2 else [])
    return bytes(halves[i] | halves[i + 1] << 4 for i in range(0, len(halves), 2))


def number(digits, kind=1, presentation=None, screening=1):
    if presentation is None:
        return bytes([0x80 | kind << 4 | 1]) + tbcd(digits)
    return bytes([kind << 4 | 1, 0x80 | presentation << 5 | screening]) + tbcd(digits)


def stamp(clock, zone="+0100"):
    """'20260305 102030' in local time."""
    digits = clock.replace(" ", "")[2:]
    return bytes.fromhex(digits) + zone[:1].encode() + bytes.fromhex(zone[1:])


# --- and back, from what pycrate decoded ---

def digits_of(octets):
    halves = [h for o in octets for h in (o & 15, o >> 4)]
    return "".join("0123456789*#CDE"[h] for h in halves if h != 15)


TYPES = {0: None, 1: "NUMBER_TYPE_INTERNATIONAL", 2: "NUMBER_TYPE_NATIONAL"}
PRESENTATIONS = ["PRESENTATION_ALLOWED", "PRESENTATION_RESTRICTED", "PRESENTATION_UNAVAILABLE", "PRESENTATION_RESTRICTED"]
SCREENINGS = ["SCREENING_USER_NOT_VERIFIED", "SCREENING_USER_VERIFIED_PASSED", "SCREENING_USER_VERIFIED_FAILED",
              "SCREENING_NETWORK_PROVIDED"]


def party(octets, restricted=False):
    out, at = {}, 1
    if not octets[0] & 0x80:
        out["presentation"] = PRESENTATIONS[octets[1] >> 5 & 3]
        out["screening"] = SCREENINGS[octets[1] & 3]
        at = 2
    out["number"] = digits_of(octets[at:])
    if TYPES[octets[0] >> 4 & 7]:
        out["number_type"] = TYPES[octets[0] >> 4 & 7]
    if restricted:
        out["presentation"] = "PRESENTATION_RESTRICTED"
    return out


def ms(octets, fraction=0):
    clock = [int(octets[i:i + 1].hex()) for i in range(6)]
    utc = calendar.timegm((2000 + clock[0], *clock[1:]))
    ahead = int(octets[7:8].hex()) * 3600 + int(octets[8:9].hex()) * 60
    return (utc - ahead if octets[6:7] == b"+" else utc + ahead) * 1000 + fraction


def cause(space, value, location=None):
    out = {"namespace": "NAMESPACE_" + space, "value": str(value)}
    if location:
        out["location"] = "LOCATION_" + location
    return out


SPACES = {"gsm0408Cause": "GSM0408", "gsm0902MapErrorValue": "MAP", "itu-tQ767Cause": "Q850"}


def causes(d, *between):
    out = []
    if "diagnostics" in d and d["diagnostics"][0] in SPACES:
        out.append(cause(SPACES[d["diagnostics"][0]], d["diagnostics"][1]))
    return out + list(between) + [cause("3GPP", d["causeForTerm"])]


def common(d, name):
    """What all CS records of calls have in common."""
    call = {"reason_text": name, "call_id": d["callReference"].hex(), "node": digits_of(d["recordingEntity"][1:]),
            "causes": causes(d)}
    seizure, answer = d.get("seizureTime", d.get("seizureTimestamp")), d.get("answerTime", d.get("answerTimestamp"))
    release = d.get("releaseTime", d.get("releaseTimestamp"))
    if seizure:
        call["started_at_ms"] = ms(seizure)
    if answer:
        call["answered_at_ms"] = ms(answer)
        call["talk_ms"] = d["callDuration"] * 1000
    call["ended_at_ms"] = ms(release) if release else ms(answer or seizure) + d["callDuration"] * 1000
    if "networkCallReference" in d:
        call["join_key"] = "ncr:" + d["networkCallReference"].hex() + "@" + d["mSCAddress"].hex()
    elif len(d["callReference"]) >= 3:
        call["join_key"] = "cr:" + d["callReference"].hex() + "@" + d["recordingEntity"].hex()
    if "sequenceNumber" in d:
        call["partial_number"] = d["sequenceNumber"]
    if d["causeForTerm"] in (1, 2):
        call["partial_open"] = True
    else:
        call["call_over"] = True
    return call


def but(call, **changes):
    out = {**call, **changes}
    return {k: v for k, v in out.items() if v is not None}


# --- records: (CHOICE, value, decoded -> CallRecord, verdict, answered by) ---

def cs(**fields):
    return {"recordingEntity": number(MSC), "callDuration": 0, "callReference": bytes.fromhex("0a0b0c0d01"), **fields}


def forwarding(*codes):
    return [{"ssCode": bytes([c])} for c in codes]


CFU, CFNRY, CFNRC, CLIR = 0x21, 0x2a, 0x2b, 0x12
NCR = {"networkCallReference": bytes.fromhex("0102030405"), "mSCAddress": number(MSC)}


def mt(d):
    return but(common(d, "mtCallRecord"), calling=party(d["callingNumber"]), called=party(d["servedMSISDN"]),
               connected=party(d["connectedNumber"]) if "connectedNumber" in d else None)


def mt_call(**fields):
    return ("mtCallRecord", cs(recordType=1, servedIMSI=tbcd("234150000000001"), servedMSISDN=number(B), **fields), mt)


def mo(d):
    clir = any(s["ssCode"] == bytes([CLIR]) for s in d.get("supplServicesUsed", []))
    return but(common(d, "moCallRecord"), calling=party(d["servedMSISDN"], clir), called=party(d["calledNumber"]))


def mo_call(**fields):
    return ("moCallRecord", cs(recordType=0, **fields), mo)


def forward(d):
    kept = {0x29: [cause("Q850", 17)], CFNRY: [cause("Q850", 19)], CFNRC: [cause("Q850", 20)]}
    used = d.get("supplServicesUsed", [])
    why = kept.get(used[0]["ssCode"][0], []) if used else []
    return but(common(d, "moCallRecord"), calling=party(d["callingNumber"]), original_called=party(d["servedMSISDN"]),
               redirecting=party(d["servedMSISDN"]), called=party(d["calledNumber"]), causes=causes(d, *why))


def forward_call(**fields):
    return ("moCallRecord", cs(recordType=0, servedMSISDN=number(B), callingNumber=number(A), **fields), forward)


def to_pilot(d):
    return but(forward(d), answered_by="ANSWERED_BY_VOICEMAIL")


def trunk(name):
    return lambda d: but(common(d, name), calling=party(d["callingNumber"]), called=party(d["calledNumber"]))


def roaming(name):
    return lambda d: but(common(d, name), calling=party(d["callingNumber"]), called=party(d["servedMSISDN"]))


def no_call(name, time):
    def expect(d):
        call = {"reason_text": name, "not_a_call": True, "started_at_ms": ms(d[time])}
        if "callReference" in d:
            call["call_id"] = d["callReference"].hex()
        call["called"] = party(d["servedMSISDN"])
        return call
    return expect


TIMES = {"seizureTime": stamp("20260305 102000"), "releaseTime": stamp("20260305 102030")}
TALK = {"answerTime": stamp("20260305 102010"), "releaseTime": stamp("20260305 102213"), "callDuration": 123}


def uri(text):
    return ("tEL-URI" if text.startswith("tel:") else "sIP-URI", text)


def ims(name, choice, expect, **fields):
    return (choice, {"recordType": {"sCSCFRecord": 63, "pCSCFRecord": 64, "iCSCFRecord": 65, "mGCFRecord": 67, "bGCFRecord": 68,
                                    "aSRecord": 69, "iBCFRecord": 82}[choice],
                     "iMS-Charging-Identifier": b"icid-1-447700900600", **fields}, expect)


def user(address):
    return {"number": address[1].split(":")[1].split("@")[0].split(";")[0]}


def session(name, **more):
    """What all IMS records have in common."""
    def expect(d):
        icid = d["iMS-Charging-Identifier"].decode()
        call = {"reason_text": name, "join_key": icid, "call_id": icid, "causes": []}
        if "session-Id" in d:
            call["leg_id"] = d["session-Id"]
        call["calling"] = user(d["list-Of-Calling-Party-Address"][-1])
        call["started_at_ms"] = ms(d["serviceRequestTimeStamp"], d.get("serviceRequestTimeStampFraction", 0))
        if "serviceDeliveryStartTimeStamp" in d:
            call["answered_at_ms"] = ms(d["serviceDeliveryStartTimeStamp"], d.get("serviceDeliveryStartTimeStampFraction", 0))
            call["answered_by"] = "ANSWERED_BY_UNKNOWN"
        for end, fraction in (("serviceDeliveryEndTimeStamp", "serviceDeliveryEndTimeStampFraction"), ("recordClosureTime", "")):
            if end in d and "ended_at_ms" not in call:
                call["ended_at_ms"] = ms(d[end], d.get(fraction, 0))
        for header in d.get("listOfReasonHeader", []):
            call["causes"].append(cause("Q850", header.split("cause=")[1].split(";")[0]))
        if "iSUPCause" in d:
            where = {0: "USER", 2: "LOCAL_NETWORK"}[d["iSUPCause"]["iSUPCauseLocation"]]
            call["causes"].append(cause("Q850", d["iSUPCause"]["iSUPCauseValue"], where))
        if d.get("serviceReasonReturnCode", "0").startswith(("3", "4", "5", "6")):
            call["causes"].append(cause("SIP", d["serviceReasonReturnCode"]))
        if "causeForRecordClosing" in d:
            call["causes"].append(cause("IMS", {"serviceDeliveryEndSuccessfully": 0, "unSuccessfulServiceDelivery": 1,
                                                "timeLimit": 3}[d["causeForRecordClosing"]]))
        if d.get("role-of-Node") == "originating" or name == "aSRecord":
            call["call_over"] = True
        return but(call, **{k: v(d) if callable(v) else v for k, v in more.items()})
    return expect


INVITE = {"sIP-Method": "INVITE", "session-Id": "call-1@192.0.2.1",
          "list-Of-Calling-Party-Address": [uri("sip:+447700900001@ims.example.com"), uri("tel:+447700900001")],
          "serviceRequestTimeStamp": stamp("20260305 102000"), "serviceRequestTimeStampFraction": 250}
ANSWER = {"serviceDeliveryStartTimeStamp": stamp("20260305 102012"), "serviceDeliveryStartTimeStampFraction": 40,
          "serviceDeliveryEndTimeStamp": stamp("20260305 102112"), "serviceDeliveryEndTimeStampFraction": 990,
          "causeForRecordClosing": "serviceDeliveryEndSuccessfully"}
FAILED = {"recordClosureTime": stamp("20260305 102020"), "causeForRecordClosing": "unSuccessfulServiceDelivery"}

UNSUCCESSFUL = {"causeForTerm": 3, **TIMES}

FILES = {
    # --- CS ---
    "mt_answered": [(*mt_call(callingNumber=number(A), connectedNumber=number(B), causeForTerm=0, **TALK), "answered", "unknown")],
    "mt_no_answer": [(*mt_call(callingNumber=number(A), diagnostics=("itu-tQ767Cause", 19), **UNSUCCESSFUL, **NCR), "no_answer", "")],
    "mt_busy_national": [(*mt_call(callingNumber=number(A[2:], 2, 0, 3), diagnostics=("gsm0408Cause", 17), **UNSUCCESSFUL),
                          "busy", "")],
    "mt_withheld": [(*mt_call(callingNumber=bytes.fromhex("11A1447700090010"), diagnostics=("itu-tQ767Cause", 19), **UNSUCCESSFUL),
                     "no_answer", "")],
    "mt_not_withheld": [(*mt_call(callingNumber=bytes.fromhex("91447700090010"), diagnostics=("itu-tQ767Cause", 19),
                                  **UNSUCCESSFUL), "no_answer", "")],
    "mt_caller_gave_up": [(*mt_call(callingNumber=number(A), diagnostics=("itu-tQ767Cause", 16), **UNSUCCESSFUL), "abandoned", "")],
    "mt_holding_time_only": [(*mt_call(callingNumber=number(A), diagnostics=("itu-tQ767Cause", 16), causeForTerm=3,
                                       seizureTime=stamp("20260305 102000", "-0530"), **{}), "short_ring", "")],
    "mt_forwarding_invoked": [(mt_call()[0], {**mt_call(callingNumber=number(A), diagnostics=("itu-tQ767Cause", 19),
                                                        supplServicesUsed=forwarding(CFNRY), **UNSUCCESSFUL)[1]},
                               lambda d: but(mt(d), leg_only=True, call_over=None), "continues", "")],
    "mt_sms": [("mtCallRecord", mt_call(callingNumber=number(A), basicService=("teleservice", b"\x21"), causeForTerm=0,
                                        seizureTime=TIMES["seizureTime"])[1],
                lambda d: but(mt(d), not_a_call=True, causes=None, call_over=None), "not_a_call", "")],
    "mo_answered": [(*mo_call(servedMSISDN=number(A), calledNumber=number(B), basicService=("teleservice", b"\x11"), causeForTerm=0,
                              **TALK), "answered", "unknown")],
    "mo_clir": [(*mo_call(servedMSISDN=number(A), calledNumber=number("0" + B[2:], 0), supplServicesUsed=forwarding(CLIR),
                          diagnostics=("gsm0408Cause", 19), **UNSUCCESSFUL), "no_answer", "")],
    "mo_routing_prefix": [(*mo_call(servedMSISDN=number(A), calledNumber=number("D123" + B[2:], 2), diagnostics=("itu-tQ767Cause", 17),
                                    **UNSUCCESSFUL), "busy", "")],
    "mo_partials": [
        (*mo_call(servedMSISDN=number(A), calledNumber=number(B), sequenceNumber=1, causeForTerm=1,
                  answerTime=stamp("20260305 102010"), callDuration=1800), "answered", "unknown"),
        (*mo_call(servedMSISDN=number(A), calledNumber=number(B), sequenceNumber=2, causeForTerm=0,
                  answerTime=stamp("20260305 105010"), callDuration=70), "answered", "unknown")],
    # Terminating and forwarding record of one call: acceptance case 2.
    "forward_to_voicemail": [
        (*mt_call(callingNumber=number(A), **UNSUCCESSFUL, **NCR), "unresolved", ""),
        (*forward_call(calledNumber=number(PILOT), supplServicesUsed=forwarding(CFNRY), causeForTerm=0,
                       answerTime=stamp("20260305 102030"), releaseTime=stamp("20260305 102042"), **NCR)[:2], to_pilot,
         "voicemail", "voicemail")],
    # As the one above, but no service is named: callingNumber isn't the served subscriber's.
    "forward_by_parties": [(*forward_call(calledNumber=number(PILOT), causeForTerm=0, answerTime=stamp("20260305 102030"),
                                          callDuration=12)[:2], to_pilot, "voicemail", "voicemail")],
    "forward_unanswered": [(*forward_call(calledNumber=number(C), supplServicesUsed=forwarding(CFNRC), **UNSUCCESSFUL),
                            "unreachable", "")],
    "forward_to_colleague": [(*forward_call(calledNumber=number(C), supplServicesUsed=forwarding(CFU), causeForTerm=0, **TALK),
                              "answered", "unknown")],
    # B is off, and only the gateway knows: acceptance case 4.
    "roaming_absent": [("roamingRecord", cs(recordType=2, servedIMSI=tbcd("234150000000001"), servedMSISDN=number(B),
                                            callingNumber=number(A), roamingNumber=number(MSRN),
                                            diagnostics=("gsm0902MapErrorValue", 27), **UNSUCCESSFUL),
                        roaming("roamingRecord"), "unreachable", "")],
    "mtrf": [("mMTRFRecord", cs(recordType=88, servedIMSI=tbcd("234150000000001"), servedMSISDN=number(B), callingNumber=number(A),
                                roamingNumber=number(MSRN), diagnostics=("itu-tQ767Cause", 20), **UNSUCCESSFUL),
              roaming("mMTRFRecord"), "unreachable", "")],
    "gateways": [
        ("incGatewayRecord", cs(recordType=3, callingNumber=number(A), calledNumber=number(B), diagnostics=("itu-tQ767Cause", 18),
                                **UNSUCCESSFUL), trunk("incGatewayRecord"), "unreachable", ""),
        ("outGatewayRecord", cs(recordType=4, callingNumber=number(A), calledNumber=number(B), diagnostics=("itu-tQ767Cause", 34),
                                **UNSUCCESSFUL), trunk("outGatewayRecord"), "network_failure", ""),
        ("transitRecord", cs(recordType=5, callingNumber=number(A), calledNumber=number(B), diagnostics=("itu-tQ767Cause", 1),
                             causeForTerm=3, seizureTimestamp=TIMES["seizureTime"]), trunk("transitRecord"), "wrong_number", "")],
    "term_camel_released": [
        ("termCAMELRecord", {**cs(servedIMSI=tbcd("234150000000001"), servedMSISDN=number(B), callingNumber=number(A),
                                  calledNumber=number(B), interrogationTime=TIMES["seizureTime"],
                                  serviceKey=7, causeForTerm=5, **TIMES, **NCR),
                             "gsm-SCFAddress": number(MSC), "recordtype": 17}, roaming("termCAMELRecord"), "blocked", "")],
    "srvcc": [("mSCsRVCCRecord", cs(recordType=87, servedMSISDN=number(A), calledNumber=number(B), causeForTerm=0, basicService=("teleservice", b"\x11"),
                                 location={"locationAreaCode": b"\x00\x01", "cellId": b"\x00\x02"}, **TALK),
               lambda d: but(common(d, "mSCsRVCCRecord"), calling=party(d["servedMSISDN"]), called=party(d["calledNumber"]),
                             leg_only=True, call_over=None), "answered", "unknown")],
    "sms": [("moSMSRecord", {"recordType": 6, "servedIMSI": tbcd("234150000000001"), "servedMSISDN": number(A),
                             "serviceCentre": number(MSC), "recordingEntity": number(MSC),
                             "messageReference": b"\x01", "msClassmark": b"\x33",
                             "originationTime": TIMES["seizureTime"]},
             no_call("moSMSRecord", "originationTime"), "not_a_call", "")],
    # --- IMS ---
    "scscf_cancelled": [ims("sCSCFRecord", "sCSCFRecord",
                            session("sCSCFRecord", called={"number": "+447700900100"}),
                            **{**INVITE, **FAILED, "role-of-Node": "originating", "serviceReasonReturnCode": "487",
                               "requested-Party-Address": uri("tel:+447700900100")}) + ("abandoned", "")],
    "scscf_terminating_answered": [
        ims("sCSCFRecord", "sCSCFRecord",
            session("sCSCFRecord", called={"number": "+447700900100"}, connected={"number": "+447700900100"}),
            **{**INVITE, **ANSWER, "role-of-Node": "terminating",
               "called-Party-Address": uri("sip:447700900100@192.0.2.7:5060;transport=tcp"),
               "list-Of-Called-Asserted-Identity": [uri("tel:+447700900100")],
               "list-of-subscription-ID": [{"subscriptionIDType": "eND-USER-E164", "subscriptionIDData": "447700900100"}]})
        + ("answered", "unknown")],
    "pcscf_no_answer": [ims("pCSCFRecord", "pCSCFRecord", session("pCSCFRecord", called={"number": "+447700900100"}),
                            **{**INVITE, **FAILED, "role-of-Node": "terminating", "serviceReasonReturnCode": "480",
                               "called-Party-Address": uri("tel:+447700900100"),
                               "listOfReasonHeader": ['Q.850;cause=19;text="no answer"']}) + ("no_answer", "")],
    "mgcf_absent": [ims("mGCFRecord", "mGCFRecord", session("mGCFRecord", called={"number": "+447700900100"}),
                        **{**INVITE, **FAILED, "role-of-Node": "originating", "called-Party-Address": uri("tel:+447700900100"),
                           "iSUPCause": {"iSUPCauseLocation": 2, "iSUPCauseValue": 20}}) + ("unreachable", "")],
    "as_forwarded_to_voicemail": [
        ims("aSRecord", "aSRecord",
            session("aSRecord", called={"number": "+447700900999"}, original_called={"number": "447700900100"},
                    answered_by="ANSWERED_BY_VOICEMAIL"),
            **{**INVITE, **ANSWER, "role-of-Node": "terminating", "called-Party-Address": uri("tel:+447700900999"),
               "requested-Party-Address": uri("tel:+447700900100"),
               "list-of-subscription-ID": [{"subscriptionIDType": "eND-USER-SIP-URI", "subscriptionIDData": "sip:b@example.com"},
                                           {"subscriptionIDType": "eND-USER-E164", "subscriptionIDData": "447700900100"}]})
        + ("voicemail", "voicemail")],
    "ibcf_anonymous": [ims("iBCFRecord", "iBCFRecord",
                           session("iBCFRecord", called={"number": "+447700900100"},
                                   calling={"number": "+447700900001", "presentation": "PRESENTATION_RESTRICTED"}),
                           **{**INVITE, **FAILED, "role-of-Node": "originating", "serviceReasonReturnCode": "486",
                              "called-Party-Address": uri("tel:+447700900100"),
                              "fromAddress": b'"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'}) + ("busy", "")],
    "scscf_partial": [ims("sCSCFRecord", "sCSCFRecord",
                          session("sCSCFRecord", called={"number": "+447700900100"}, partial_number=1, partial_open=True,
                                  call_over=None),
                          **{**INVITE, **ANSWER, "role-of-Node": "originating", "recordSequenceNumber": 1,
                             "causeForRecordClosing": "timeLimit", "called-Party-Address": uri("tel:+447700900100")})
                      + ("answered", "unknown")],
    "icscf_routes": [ims("iCSCFRecord", "iCSCFRecord",
                         session("iCSCFRecord", called={"number": "+447700900100"}, leg_only=True, call_over=None,
                                 causes=lambda d: [cause("IMS", 0)]),
                         **{k: v for k, v in {**INVITE, "role-of-Node": "terminating",
                                              "causeForRecordClosing": "serviceDeliveryEndSuccessfully",
                                              "called-Party-Address": uri("tel:+447700900100")}.items()}) + ("continues", "")],
    "scscf_register": [ims("sCSCFRecord", "sCSCFRecord",
                           session("sCSCFRecord", not_a_call=True, causes=None, call_over=None),
                           **{**INVITE, "sIP-Method": "REGISTER", "role-of-Node": "originating",
                              "causeForRecordClosing": "serviceDeliveryEndSuccessfully"}) + ("not_a_call", "")],
}


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


# pycrate has no encoder for this parameterised type of CAP; the records do without.
CSChargingDataTypes.CSRecord._cont["termCAMELRecord"]._root_mand.remove("destinationRoutingAddress")


def coded(choice, value):
    module = CSChargingDataTypes.CSRecord if choice in CSChargingDataTypes.CSRecord._cont else IMSChargingDataTypes.IMSRecord
    module.set_val((choice, value))
    octets = module.to_ber()
    module.from_ber(octets)
    return octets, module.get_val()[1]


def file_header(size, count):
    """TS 32.297, 6.1.1; release 17: 10 and an extension of 7."""
    return struct.pack(">IIBB4s4sIIB20sBHH", size, 54, 0xe9, 0xe9, b"\x35\x4a\x50\x40", b"\x35\x4a\x60\x40", count, 1, 0,
                       b"\xff" * 4 + bytes(16), 0, 0, 0) + b"\x07\x07"


def main():
    expected = []
    octets_of = {}
    for name, records in FILES.items():
        content, decoded = b"", []
        for choice, value, expect, verdict, answered_by in records:
            octets, back = coded(choice, value)
            content += octets
            call = {k: v for k, v in expect(back).items() if v is not None}
            decoded.append({"asn1": {choice: plain(back)}, "call": call, "verdict": verdict, "answered_by": answered_by})
        octets_of[name] = content
        (HERE / f"{name}.ber").write_bytes(content)
        expected.append({"file": f"{name}.ber", "records": decoded})
    by_file = {e["file"]: e["records"] for e in expected}

    # Files of several records: behind the headers of TS 32.297, and in blocks filled with FF.
    parts = ["mt_no_answer", "scscf_cancelled", "roaming_absent"]
    body = b"".join(struct.pack(">HBBB", len(octets_of[p]), 0xe9, 0x26, 7) + octets_of[p] for p in parts)
    (HERE / "ts32297_file.ber").write_bytes(file_header(54 + len(body), len(parts)) + body)
    blocks = b"".join(octets_of[p] + b"\xff" * (-len(octets_of[p]) % 256) for p in parts)
    (HERE / "blocks.ber").write_bytes(blocks)
    # The same record with an indefinite length.
    octets = octets_of["mt_answered"]
    head = 2 if octets[1] < 0x80 else 2 + (octets[1] & 0x7f)
    (HERE / "indefinite.ber").write_bytes(octets[:1] + b"\x80" + octets[head:] + b"\x00\x00")
    for name in ("ts32297_file", "blocks"):
        expected.append({"file": f"{name}.ber", "records": [by_file[f"{p}.ber"][0] for p in parts]})
    expected.append({"file": "indefinite.ber", "records": by_file["mt_answered.ber"]})
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(expected)} files, {sum(len(e['records']) for e in expected)} records")


if __name__ == "__main__":
    main()
