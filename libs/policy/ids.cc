#include "policy/ids.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace textback::policy {
namespace {

constexpr std::uint64_t kHigh = 0x7465787462616368ULL;
constexpr std::uint64_t kLow = 0x6361'6c6c'0000'0001ULL;

// Parts with their lengths, so that ("ab", "c") and ("a", "bc") differ.
class Parts {
 public:
  Parts& Add(std::string_view part) {
    AppendU32(bytes_, static_cast<std::uint32_t>(part.size()));
    bytes_.append(part);
    return *this;
  }
  Parts& Add(std::int64_t value) {
    AppendU64(bytes_, static_cast<std::uint64_t>(value));
    return *this;
  }
  std::uint64_t Hash(std::uint64_t seed = 0) const { return StableHash64(bytes_, seed); }

 private:
  std::string bytes_;
};

std::uint64_t NotZero(std::uint64_t hash) { return hash == 0 ? 1 : hash; }

}  // namespace

std::string CallKey::ToCallId() const { return Hex64(high) + Hex64(low); }

CallKey CallKeyOf(const v1::CallRecord& record) {
  Parts parts;
  parts.Add(record.served().tenant()).Add(static_cast<std::int64_t>(record.served().side()));
  if (record.join_key().empty()) {
    parts.Add("record").Add(record.source()).Add(record.record_id());
  } else {
    parts.Add("join").Add(record.join_key());
  }
  return {parts.Hash(kHigh), parts.Hash(kLow)};
}

std::string JobId(std::string_view tenant, std::string_view call_id, std::string_view purpose) {
  Parts parts;
  parts.Add(tenant).Add(call_id).Add(purpose);
  return Hex64(parts.Hash(kHigh)) + Hex64(parts.Hash(kLow));
}

std::uint64_t RecordHash(const v1::CallRecord& record) {
  return NotZero(Parts()
                     .Add(record.source())
                     .Add(record.record_id())
                     .Add(static_cast<std::int64_t>(record.served().side()))
                     .Hash());
}

std::uint64_t CoordinatesHash(const v1::CallRecord& record) {
  if (!record.has_coordinates()) return 0;
  const auto& at = record.coordinates();
  Parts parts;
  parts.Add(at.topic())
      .Add(std::int64_t{at.partition()})
      .Add(at.offset())
      .Add(static_cast<std::int64_t>(record.served().side()));
  if (at.place() != 0) parts.Add(std::int64_t{at.place()});  // the first's is as it always was
  return NotZero(parts.Hash());
}

std::uint64_t PartiesHash(const v1::CallRecord& record) {
  const auto& served = record.served();
  return NotZero(Parts()
                     .Add(served.tenant())
                     .Add(served.line())
                     .Add(static_cast<std::int64_t>(served.side()))
                     .Hash());
}

std::uint64_t OriginHash(const v1::CallRecord& record) {
  if (record.join_key().empty() && record.settle().emits() != v1::SettleProfile::EMITS_CALL_END) {
    return 0;
  }
  return NotZero(Parts().Add(record.source()).Add(record.node()).Hash());
}

std::uint64_t InboundHash(std::string_view account, std::string_view inbound_id) {
  return NotZero(Parts().Add(account).Add(inbound_id).Hash());
}

}  // namespace textback::policy
