// Any bytes as a customer's document, and one Decide of each kind on it: no crash, no undefined
// behaviour, no document that can't be written and read again, no more than one text.
//
// Layout of an input: one byte that chooses the event, four bytes of time, the document.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "policy/test_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::policy;
  using namespace textback::policy::testing;
  textback::ByteReader reader({reinterpret_cast<const char*>(data), size});
  const auto choice = reader.U8();
  const auto time = reader.U32();
  if (!choice || !time) return 0;
  static World& world = *new World;
  world.document.Clear();
  if (!ParseDocument(reader.rest(), world.document)) return 0;
  world.now = kTen + std::int64_t{*time};
  const Effects* effects = nullptr;
  const std::int64_t ended_ms = world.now - 60'000;
  switch (*choice % 6) {
    case 0:
      effects = &world.Call(Record("r1", ended_ms));
      break;
    case 1:
      effects = &world.Call(Leg("l1", "j", ended_ms, "answered"));
      break;
    case 2:
      effects = &world.Inbound(Message("m1", "STOP", ended_ms));
      break;
    case 3:
      effects = &world.Inbound(Message("m1", "START", ended_ms));
      break;
    case 4: {
      textback::v1::Status status;
      status.set_kind(textback::v1::Status::KIND_SENT);
      effects = &world.StatusOf(status);
      break;
    }
    default:
      effects = &world.Timer(world.now);
  }
  // Of the calls in the document each may be texted, within the tenant's limit of one.
  int texts = 0;
  for (const auto& job : effects->jobs) {
    texts += job.text().purpose() == textback::v1::TextJob::PURPOSE_FIRST_TEXT;
  }
  Document again;
  if (texts > 1 || !ParseDocument(world.document.SerializeAsString(), again)) std::abort();
  MayErase(world.document, world.now, world.limits.horizon_ms);
  NextDue(world.document, world.limits.horizon_ms);
  return 0;
}
