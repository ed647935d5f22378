#include "cdr/adapter.h"

#include <algorithm>

#include "base/bytes.h"
#include "cdr/asterisk_csv.h"
#include "cdr/confluent.h"
#include "cdr/json_adapter.h"
#include "cdr/protobuf_adapter.h"

namespace textback::cdr {
namespace {

constexpr std::size_t kFirstBlockBytes = 256 * 1024;

google::protobuf::ArenaOptions ArenaOn(char* block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = kFirstBlockBytes;
  return options;
}

}  // namespace

Decoded::Decoded()
    : first_block_(new char[kFirstBlockBytes]), arena_(ArenaOn(first_block_.get())) {}

void Decoded::Clear() {
  items.clear();
  rejected.clear();
  arena_.Reset();
}

v1::CallRecord& Decoded::Add(std::string_view bytes) {
  auto* record = google::protobuf::Arena::CreateMessage<v1::CallRecord>(&arena_);
  items.push_back({record, bytes});
  return *record;
}

void Decoded::Reject(Error error, std::string_view bytes) {
  if (!IsUtf8(error.message)) {
    std::ranges::replace_if(error.message, [](char c) { return (c & 0x80) != 0; }, '?');
  }
  rejected.push_back({std::move(error), bytes});
}

Result<std::unique_ptr<Adapter>> NewAdapter(const FormatConfig& config) {
  const bool protobuf = config.adapter == "protobuf";
  if (!protobuf && config.adapter != "json") {
    if (config.adapter == "asterisk_csv" && !config.confluent_header)
      return NewAsteriskCsv(config.asterisk);
    return FatalError(
        "config_invalid",
        config.adapter == "asterisk_csv"
            ? std::string("asterisk_csv lines have no Confluent header: leave confluent_header out")
            : "adapter \"" + config.adapter + "\" is none of protobuf, json, asterisk_csv");
  }
  auto body = protobuf ? NewProtobufAdapter() : NewJsonAdapter(config.ignore_unknown_fields);
  if (!config.confluent_header) return body;
  return WithConfluentHeader(std::move(body), protobuf, config.message_indexes);
}

}  // namespace textback::cdr
