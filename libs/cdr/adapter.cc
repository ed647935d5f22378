#include "cdr/adapter.h"

#include <algorithm>

#include "base/bytes.h"
#include "cdr/confluent.h"
#include "cdr/json_adapter.h"
#include "cdr/protobuf_adapter.h"
#include "cdr/source_kind.h"

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
  items.push_back({record, bytes, static_cast<std::int32_t>(items.size() + rejected.size())});
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
  if (config.confluent_header && !protobuf && config.adapter != "json") {
    return FatalError("config_invalid",
                      config.adapter + " has no Confluent header: leave confluent_header out");
  }
  if (!config.mapping.empty() && config.adapter != "csv" && config.adapter != "json" &&
      config.adapter != "form") {
    return FatalError("config_invalid", config.adapter + " takes no mapping: leave it out");
  }
  std::unique_ptr<Adapter> body;
  if (protobuf) {
    body = NewProtobufAdapter();
  } else {
    const auto* kind = FindSourceKind(config.adapter);
    if (kind == nullptr) {
      std::string names = "protobuf";
      for (const auto& known : SourceKinds()) names.append(", ").append(known.name);
      return FatalError("config_invalid", "adapter \"" + config.adapter + "\" is none of " + names);
    }
    TB_ASSIGN_OR_RETURN(body, kind->make(config));
  }
  if (!config.confluent_header) return body;
  return WithConfluentHeader(std::move(body), protobuf, config.message_indexes);
}

}  // namespace textback::cdr
