// Callbacks of Twilio's voice API, and of those that speak its language: SignalWire (LaML, now
// called cXML) and Telnyx (TeXML).
//
// Sources: twilio.com/docs/voice/api/call-resource (statuscallback), /docs/voice/twiml/dial
// (action), /docs/voice/answering-machine-detection; signalwire.com/docs/compatibility-api, "Voice
// status callback" and "Incoming call status callback"; developers.telnyx.com, "TexmlCallCompleted"
// and "Hangup" of TeXML.
//
// What a callback is, in the order in which it is asked:
// - DialCallStatus: the answer to <Dial>. It alone tells whether somebody was reached for the
//   caller, and it has the caller's own parties. Over only where CallStatus says that the caller
//   has gone, too; else the application goes on with him. DialBridged=false: somebody picked up and
//   wasn't connected (call screening), so nobody was reached.
// - ParentCallSid: a leg that <Dial> made. Joined by the parent's sid; its end isn't the call's.
//   `outbound-dial` is written of calls that came in and of calls that go out, so it says no
//   direction.
// - else the caller's own leg. Its end is the call's. `completed` of a call that came in says that
//   the application answered, never that a person did: answered by ivr, which gives way to a miss
//   of <Dial> or of a leg. Of any other leg: answered, not said by whom.
// Queued, initiated, ringing: no end, but where nothing else tells since when it rings, a record
// that says only that (leg_only). In-progress, answered, recordings, gathers: no record.
//
// - `no-answer` covers the caller who hung up while it rang (SipResponseCode 487 says so of both):
//   short_ring where the times show that it was one. The SIP status counts only beside `failed`.
// - CallDuration is seconds; Duration beside it is minutes, and isn't read.
// - AnsweredBy: machine_* is a mailbox, fax a machine, human a person.
// - No Timestamp (answers to <Dial>, the request for the first instructions): the time of arrival.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <string_view>

#include "cdr/webhook_adapter.h"

namespace textback::cdr {

enum class LamlDialect : std::uint8_t {
  kTwilio,
  // A number's own callback has no Direction, and its Timestamp is when the call began.
  kSignalwire,
  // Timestamp isn't RFC 2822; there is no Direction; HangupCause as in call control; times of
  // answer and end.
  kTelnyx,
};

class LamlAdapter final : public WebhookAdapter {
 public:
  LamlAdapter(LamlDialect dialect, WebhookTime time);

 private:
  // Each: false: no record.
  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) override;
  Result<bool> FillDialled(v1::CallRecord& record);
  Result<bool> FillLeg(v1::CallRecord& record);
  void FillIds(v1::CallRecord& record) const;
  void FillParties(v1::CallRecord& record) const;
  Status FillAnswered(std::size_t duration_field, v1::AnsweredBy by, v1::CallRecord& record) const;
  void FillCauses(std::string_view status, v1::CallRecord& record) const;
  Status FillTimes(bool over, const ValueContext& context, v1::CallRecord& record) const;
  bool IsNumbersOwn() const;

  LamlDialect dialect_;
};

Result<std::unique_ptr<Adapter>> NewTwilio(const FormatConfig& config);
Result<std::unique_ptr<Adapter>> NewSignalwire(const FormatConfig& config);

}  // namespace textback::cdr
