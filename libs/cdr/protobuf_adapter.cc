#include "cdr/protobuf_adapter.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/bytes.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The path of the first string that isn't UTF-8; "" if there is none in what can be read.
std::string FindBadText(std::string_view bytes, const Descriptor& type) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return {};
      continue;
    }
    std::uint32_t size = 0;
    const int at = in.CurrentPosition();
    if (!in.ReadVarint32(&size)) return {};
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    if (at < 0 || size > bytes.size() - begin) return {};
    const auto content = bytes.substr(begin, size);
    const auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(content))
      return field->name();
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      const auto inner = FindBadText(content, *field->message_type());
      if (!inner.empty()) return field->name() + "." + inner;
    }
    if (!in.Skip(static_cast<int>(size))) return {};
  }
  return {};
}

class ProtobufAdapter final : public Adapter {
 public:
  // The library would write a line to stderr for each record that doesn't parse.
  ProtobufAdapter() {
    static auto* const silenced = google::protobuf::SetLogHandler(nullptr);
    static_cast<void>(silenced);
  }

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    auto& record = out.Add(value);
    if (record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      // What a newer producer knows and we don't: not carried on, so that a record stays small.
      if (!record.GetReflection()->GetUnknownFields(record).empty()) record.DiscardUnknownFields();
      return;
    }
    out.DropLast();
    const auto field = FindBadText(value, *v1::CallRecord::descriptor());
    if (!field.empty()) {
      out.Reject(DeadLetterError(reasons::kInvalidUtf8, "field " + field + " is not UTF-8"), value);
      return;
    }
    out.Reject(DeadLetterError(reasons::kProtobufMalformed,
                               std::to_string(value.size()) +
                                   " bytes are no textback.v1.CallRecord: cut, or another "
                                   "message; is the topic's adapter right?"),
               value);
  }
};

}  // namespace

std::unique_ptr<Adapter> NewProtobufAdapter() { return std::make_unique<ProtobufAdapter>(); }

}  // namespace textback::cdr
