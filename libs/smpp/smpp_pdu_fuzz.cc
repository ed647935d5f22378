// The framer and every decoder on untrusted bytes. Whatever a decoder takes by the standard's
// limits must encode again to the same bytes.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "smpp/framer.h"
#include "smpp/pdu.h"
#include "smpp/sm_time.h"

namespace {

using namespace textback::smpp;

void RoundTripMessage(const Frame& frame, std::string_view whole) {
  MessageSm m;
  if (DecodeMessage(frame.body, m) != ESME_ROK) return;
  ParseSmTime(m.validity_period, 0);
  (void)m.Payload();
  if (DecodeMessage(frame.body, m, Limits::kStandard) != ESME_ROK) return;
  std::string again;
  const auto id = static_cast<CommandId>(frame.header.command_id);
  // Decoding takes times that aren't 16 characters; encoding doesn't.
  if (EncodeMessage(again, id, frame.header.sequence_number, m) != ESME_ROK) return;
  TB_ASSERT(std::string_view(again).substr(16) == whole.substr(16));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Frame frame;
  while (NextFrame(input, frame) == FrameStatus::kFrame) {
    RoundTripMessage(frame, input.substr(0, frame.header.command_length));
    Bind bind;
    (void)DecodeBind(frame.body, bind);
    BindResp bind_resp;
    (void)DecodeBindResp(frame.body, bind_resp);
    DataSm data_sm;
    (void)DecodeDataSm(frame.body, data_sm);
    MessageResp resp;
    (void)DecodeMessageResp(frame.body, resp);
    (void)StatusText(frame.header.command_status);
    input.remove_prefix(frame.header.command_length);
  }
  return 0;
}
