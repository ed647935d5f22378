#include "cdr/confluent.h"

#include <google/protobuf/descriptor.h>

#include "base/bytes.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

constexpr std::size_t kIndexesMax = 8;  // nesting depth of messages

std::optional<std::int64_t> ZigZag(ByteReader& in) {
  const auto raw = in.Varint();
  if (!raw) return std::nullopt;
  return static_cast<std::int64_t>(*raw >> 1) ^ -static_cast<std::int64_t>(*raw & 1);
}

std::string Listed(const std::vector<int>& indexes) {
  std::string out = "[";
  for (const int index : indexes) out += (out.size() > 1 ? "," : "") + std::to_string(index);
  return out + "]";
}

class ConfluentAdapter final : public Adapter {
 public:
  ConfluentAdapter(std::unique_ptr<Adapter> body, bool protobuf, std::vector<int> indexes)
      : body_(std::move(body)), protobuf_(protobuf), indexes_(std::move(indexes)) {
    if (indexes_.empty()) indexes_ = {v1::CallRecord::descriptor()->index()};
  }

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    ByteReader in(value);
    const auto magic = in.U8();
    const auto schema = in.U32();
    if (magic != 0 || !schema) {
      return Refuse(value,
                    "does not begin with magic byte 0 and a schema id: its producer uses no Schema "
                    "Registry serializer",
                    out);
    }
    if (protobuf_) {
      const auto indexes = ReadIndexes(in);
      if (!indexes) return Refuse(value, "has message indexes that are cut or too many", out);
      if (*indexes != indexes_) {
        return Refuse(value,
                      "holds message " + Listed(*indexes) + " of schema " +
                          std::to_string(*schema) + ", expected " + Listed(indexes_) +
                          " (CallRecord; see message_indexes)",
                      out);
      }
    }
    body_->Decode(in.rest(), context, out);
  }

 private:
  static std::optional<std::vector<int>> ReadIndexes(ByteReader& in) {
    const auto count = ZigZag(in);
    if (!count || *count < 0 || static_cast<std::size_t>(*count) > kIndexesMax) return std::nullopt;
    if (*count == 0) return std::vector<int>{0};
    std::vector<int> indexes;
    for (std::int64_t i = 0; i < *count; ++i) {
      const auto index = ZigZag(in);
      if (!index || *index < 0 || *index > 0xffff) return std::nullopt;
      indexes.push_back(static_cast<int>(*index));
    }
    return indexes;
  }

  static void Refuse(std::string_view value, const std::string& why, Decoded& out) {
    out.Reject(DeadLetterError(reasons::kWireHeader, "the value " + why), value);
  }

  std::unique_ptr<Adapter> body_;
  bool protobuf_;
  std::vector<int> indexes_;
};

}  // namespace

std::unique_ptr<Adapter> WithConfluentHeader(std::unique_ptr<Adapter> body, bool protobuf,
                                             std::vector<int> indexes) {
  return std::make_unique<ConfluentAdapter>(std::move(body), protobuf, std::move(indexes));
}

}  // namespace textback::cdr
