"""FreeSWITCH's mod_json_cdr, log-b-leg and prefix-a-leg on, values plain or encoded: a document for each channel, when it ends.

From FreeSWITCH's documentation (Channel Variables, Hangup Cause Code Table, mod_callcenter), src/switch_ivr.c
(switch_ivr_generate_json_cdr) and real documents:
- A bridge that fails ends the caller's channel with the cause of the attempt. With continue_on_fail the
  dialplan goes on, and its own hang-up says NORMAL_CLEARING; originate_disposition keeps the cause.
- Losing phones of a group end with LOSE_RACE, at once; their documents come before all others.
- The caller's `progress` is when it was told of ringing; `answer` is also a menu's, a queue's or a mailbox's answer.
- An agent's channel of mod_callcenter is made for no channel: cc_member_session_uuid names the caller's.
- A document is one JSON object, times in seconds and microseconds as strings.
"""
import json
import urllib.parse
import uuid

from .language import ANSWERED, BUSY, CANCELLED, CONGESTED, DECLINED, ELSEWHERE, NO_REPLY, UNREACHABLE
from .source import EXTENSIONS, Record, Source, cannot_if

CAUSES = {ANSWERED: ("NORMAL_CLEARING", 16), NO_REPLY: ("NO_ANSWER", 19), BUSY: ("USER_BUSY", 17),
          DECLINED: ("CALL_REJECTED", 21), UNREACHABLE: ("USER_NOT_REGISTERED", 20), CONGESTED: ("NORMAL_TEMPORARY_FAILURE", 41),
          CANCELLED: ("ORIGINATOR_CANCEL", 16), ELSEWHERE: ("LOSE_RACE", 16), "congestion": ("NORMAL_CIRCUIT_CONGESTION", 34),
          "unknown number": ("UNALLOCATED_NUMBER", 1), "incomplete number": ("INVALID_NUMBER_FORMAT", 28),
          "loop": ("EXCHANGE_ROUTING_ERROR", 25)}
DIAL_STATUS = {NO_REPLY: "NOANSWER", BUSY: "BUSY", DECLINED: "BUSY", UNREACHABLE: "CHANUNAVAIL", CONGESTED: "CONGESTION",
               CANCELLED: "CANCEL", ANSWERED: "SUCCESS"}
SIP = {BUSY: "sip:486", DECLINED: "sip:603", NO_REPLY: "sip:480", CANCELLED: "sip:487", CONGESTED: "sip:503"}


def times(**stamps):
    variables = {}
    for name in ("start", "answer", "bridge", "progress", "progress_media", "end"):
        at = stamps.get(name)
        variables[f"{name}_epoch"] = str(int(at)) if at else "0"
        variables[f"{name}_uepoch"] = str(int(at * 1000000)) if at else "0"
    return variables


class FreeswitchJson(Source):
    name = title = "freeswitch-json"
    options = ["--country", "GB", "--profile", "inbound=public outbound=default"]
    wait_s = 3
    variants = ("", "continue_on_fail", "log-b-leg=false", "encode-values=true")

    def render(self, stage):
        records = []
        for call in stage.calls:
            cannot_if(call.refused in ("blocked", "anonymous"), "FreeSWITCH has no cause for a screened call: CALL_REJECTED "
                      "is a declined one, too")
            cannot_if(call.partials, "FreeSWITCH writes a channel once, at its end")
            cannot_if(call.taken_elsewhere, "the caller's own document says ORIGINATOR_CANCEL whatever the CANCEL's Reason is")
            self.stage, self.call = stage, call
            self.caller = self.uuid(0)
            legs = [leg for leg in call.legs if leg.outcome != UNREACHABLE or leg.outside]
            if stage.variant != "log-b-leg=false" or call.kind == "click":
                records += [self.called(leg, number) for number, leg in enumerate(legs, 1)]
            if call.kind != "click":
                records.append(Record(stage.at(call.end) + 0.05, json.dumps(self.callers_document())))
        return records

    def uuid(self, number):
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"scenario {self.stage.id(self.call, number)}"))

    def document(self, variables, profiles, applications=()):
        if self.stage.variant == "encode-values=true":
            variables = {name: urllib.parse.quote(value) for name, value in variables.items()}
        log = [{"app_name": name, "app_data": data, "app_stamp": variables["start_uepoch"]} for name, data in applications]
        flow = [{"dialplan": "XML", "profile_index": str(len(profiles) - number),
                 "extension": {"name": "scenario", "number": profile["destination_number"],
                               "applications": [{"app_name": name, "app_data": data} for name, data in applications]},
                 "caller_profile": profile,
                 "times": {"created_time": variables["start_uepoch"], "profile_created_time": variables["start_uepoch"],
                           "progress_time": variables["progress_uepoch"], "answered_time": variables["answer_uepoch"],
                           "bridged_time": variables["bridge_uepoch"], "hangup_time": variables["end_uepoch"]}}
                for number, profile in enumerate(profiles)]
        return {"core-uuid": "f3b1c6aa-5b0a-4f6e-9d0c-5d2f3b1c6aa0", "switchname": "pbx1",
                "channel_data": {"state": "CS_REPORTING", "direction": variables["direction"], "state_number": "11"},
                "variables": variables, "app_log": {"applications": log}, "callflow": flow}

    def profile(self, uuid_, number, destination, context, rdnis="", name=None):
        return {"username": number, "dialplan": "XML", "caller_id_name": name or number, "ani": number, "aniii": "",
                "caller_id_number": number, "network_addr": "192.0.2.10", "rdnis": rdnis, "destination_number": destination,
                "uuid": uuid_, "source": "mod_sofia", "context": context, "chan_name": f"sofia/external/{number}@192.0.2.10"}

    # The caller's own channel.
    def callers_document(self):
        stage, call = self.stage, self.call
        inbound = call.kind == "in"
        number, destination = (stage.customer, stage.line) if inbound else (stage.line, stage.customer)
        context = "public" if inbound else "default"
        cause, q850 = self.callers_cause()
        bridged = call.talk.answered if call.talk else None
        variables = {
            "direction": "inbound", "uuid": self.caller, "call_uuid": self.caller, "sip_from_user": number,
            "sip_req_user": destination, "sofia_profile_name": "external" if inbound else "internal",
            "sip_call_id": f"{self.stage.id(call)}@192.0.2.10", "hangup_cause": cause, "hangup_cause_q850": str(q850),
            "sip_hangup_disposition": "recv_cancel" if cause == "ORIGINATOR_CANCEL" else "send_refuse"
            if call.connected is None else "recv_bye" if call.hung_up_by == "customer" else "send_bye",
            **times(start=stage.at(call.start), end=stage.at(call.end), answer=self.or_none(call.connected),
                    bridge=self.or_none(bridged), progress=self.or_none(self.told_of_ringing()),
                    progress_media=self.or_none(self.early_media())),
            "duration": str(int(call.end - call.start)),
            "billsec": str(int(call.end - call.connected) if call.connected is not None else 0)}
        if call.withheld:
            variables |= {"sip_h_Privacy": "id", "sip_from_user": "anonymous", "sip_P-Asserted-Identity": number}
        if not inbound:
            variables |= {"user_name": "200", "sip_auth_username": "200", "user_context": "default"}
        applications = self.applications(variables)
        variables["last_app"], variables["last_arg"] = applications[-1] if applications else ("hangup", cause)
        profiles = [self.profile(self.caller, number, destination, context, name="Anonymous" if call.withheld else None)]
        for transfer in call.transfers:
            if not transfer.attended:
                target = EXTENSIONS[transfer.to]
                profiles.insert(0, self.profile(self.caller, number, target, "default", rdnis=EXTENSIONS[transfer.by]))
                source = f"{int(stage.at(transfer.at))}:{self.uuid(90)}:bl_xfer:{target}/default/XML"
                variables |= {"transfer_source": source, "transfer_history": source}
        return self.document(variables, profiles, applications)

    def or_none(self, seconds):
        return None if seconds is None else self.stage.at(seconds)

    def told_of_ringing(self):
        """A caller who is connected already isn't told of ringing by a 180."""
        ringing = self.call.ringing
        return None if ringing is None or self.call.connected is not None and self.call.connected < ringing else ringing

    def early_media(self):
        return next((m.began for m in self.call.machines if not m.answered), None)

    def callers_cause(self):
        call = self.call
        if call.refused:
            return CAUSES[call.refused]
        if call.connected is not None and (call.hung_up_by or call.talk):
            return CAUSES[ANSWERED]
        if call.kind == "out" and call.hung_up_by:
            return CAUSES[CANCELLED]
        if self.stage.variant == "continue_on_fail" and not call.hung_up_by:
            return CAUSES[ANSWERED]
        return CAUSES[call.outcome]

    def applications(self, variables):
        """What the dialplan ran, and the variables that it left."""
        call = self.call
        ran = []
        for step in call.steps:
            if hasattr(step, "kind"):
                ran += self.machine_ran(step, variables)
            elif not step.queue:
                self.attempt_left(step, variables)
                target = f"sofia/gateway/trunk/{self.stage.number(step.party)}" if self.goes_out(step) else \
                    f"user/{EXTENSIONS[step.party]}@pbx.example"
                ran.append(("bridge", target))
        if call.refused:
            variables |= {"originate_disposition": CAUSES[call.refused][0]}
            ran.append(("bridge", f"sofia/gateway/site2/{self.stage.line}"))
        return ran

    def goes_out(self, leg):
        return leg.outside or leg.party == "customer"

    def attempt_left(self, leg, variables):
        if leg.outcome == ELSEWHERE:
            return
        if not self.goes_out(leg):
            variables |= {"dialed_user": EXTENSIONS[leg.party], "dialed_domain": "pbx.example"}
        if leg.outcome == ANSWERED:
            variables |= {"originate_disposition": "SUCCESS", "DIALSTATUS": "SUCCESS", "bridge_uuid": self.uuid(80),
                          "last_bridge_to": self.uuid(80), "last_bridge_role": "originator",
                          "bridge_hangup_cause": "NORMAL_CLEARING", "last_bridge_hangup_cause": "NORMAL_CLEARING"}
        else:
            cause = CAUSES[leg.outcome][0]
            variables |= {"originate_disposition": cause, "DIALSTATUS": DIAL_STATUS[leg.outcome],
                          "originate_failed_cause": cause}
            if leg.outcome in SIP and leg.outcome != CANCELLED:
                variables |= {"last_bridge_hangup_cause": cause, "last_bridge_proto_specific_hangup_cause": SIP[leg.outcome]}

    def machine_ran(self, machine, variables):
        if machine.kind == "mailbox":
            variables |= {"voicemail_account": "200", "voicemail_domain": "pbx.example"}
            return [("answer", ""), ("voicemail", "default pbx.example 200")]
        if machine.kind == "queue":
            agent = next((leg for leg in self.call.legs if leg.queue and leg.outcome == ANSWERED), None)
            variables |= {"cc_side": "member", "cc_queue": "support@pbx.example", "cc_member_uuid": self.uuid(70),
                          "cc_queue_joined_epoch": str(int(self.stage.at(machine.began)))}
            if agent:
                variables |= {"cc_agent": f"{EXTENSIONS[agent.party]}@pbx.example", "cc_agent_bridged": "true",
                              "cc_queue_answered_epoch": str(int(self.stage.at(agent.answered))), "cc_cause": "answered"}
            else:
                variables |= {"cc_cause": "cancel", "cc_queue_canceled_epoch": str(int(self.stage.at(machine.ended))),
                              "cc_cancel_reason": "BREAK_OUT" if self.call.hung_up_by == "customer" else "TIMEOUT"}
            return [("answer", ""), ("callcenter", "support@pbx.example")]
        if machine.kind == "menu":
            return [("answer", ""), ("ivr", "main_menu")]
        if machine.answered:
            return [("answer", ""), ("playback", "closed.wav")]
        return [("pre_answer", ""), ("playback", "please-hold.wav")]

    # Channels that the switch made.
    def called(self, leg, number):
        stage, call = self.stage, self.call
        own = self.uuid(number)
        outcome = CANCELLED if leg.outcome == NO_REPLY else leg.outcome
        cause, q850 = CAUSES[outcome] if leg.outcome != NO_REPLY else ("NO_ANSWER", 19)
        end = leg.ended
        for transfer in call.transfers:
            if leg.party == transfer.by:
                end, cause = transfer.at, "BLIND_TRANSFER" if not transfer.attended else "ATTENDED_TRANSFER"
        destination = stage.number(leg.party) if self.goes_out(leg) else EXTENSIONS[leg.party]
        shown = stage.customer if call.kind == "in" else stage.line
        variables = {
            "direction": "outbound", "uuid": own, "is_outbound": "true",
            "sofia_profile_name": "external" if self.goes_out(leg) else "internal", "hangup_cause": cause,
            "hangup_cause_q850": str(q850), "originate_early_media": "true",
            **times(start=stage.at(leg.offered), end=stage.at(end), answer=self.or_none(leg.answered),
                    bridge=self.or_none(leg.answered), progress=self.or_none(leg.ringing)),
            "duration": str(int(end - leg.offered)), "billsec": str(int(end - leg.answered) if leg.answered is not None else 0)}
        if call.kind == "click":
            # originate user/200 &bridge(...): the first channel is made for nobody, the second for the first.
            variables |= {"originating_leg_uuid": self.uuid(1), "originator": self.uuid(1)} if number > 1 else {}
        elif leg.queue:
            variables |= {"cc_side": "agent", "cc_queue": "support@pbx.example", "cc_member_session_uuid": self.caller,
                          "cc_agent": f"{EXTENSIONS[leg.party]}@pbx.example"}
        else:
            variables |= {"originating_leg_uuid": self.caller, "originator": self.caller, "originator_codec": "PCMA@8000h@20i"}
        if not self.goes_out(leg):
            variables |= {"dialed_user": EXTENSIONS[leg.party], "dialed_domain": "pbx.example"}
        if outcome in SIP:
            variables["proto_specific_hangup_cause"] = SIP[outcome]
        profile = self.profile(own, shown, destination, "default" if call.kind != "in" else "public")
        return Record(stage.at(end) + 0.01, json.dumps(self.document(variables, [profile])))
