#include "intake/sources.h"

#include <algorithm>
#include <set>

#include "cdr/reasons.h"

namespace textback::intake {
namespace {

constexpr std::size_t kShownBytesMax = 64;  // of a name that is quoted in an error

bool IsVisible(char c) { return c > ' ' && c <= '~'; }

bool IsHeaderName(std::string_view name) {
  return name.size() <= kSourceHeaderBytesMax && std::ranges::all_of(name, IsVisible);
}

// Any bytes, for a message that is UTF-8 and printed on terminals.
std::string Shown(std::string_view bytes) {
  std::string shown(bytes.substr(0, kShownBytesMax));
  std::ranges::replace_if(shown, [](char c) { return c != ' ' && !IsVisible(c); }, '?');
  return shown;
}

}  // namespace

Status Sources::Add(const IntakeInput& input) {
  const auto refuse = [&](std::string why) {
    return FatalError("config_invalid", "source " + input.source.name + ": " + std::move(why));
  };
  if (!IsHeaderName(input.source_header)) {
    return refuse("source_header has 1 to 64 printable characters without spaces");
  }
  if (input.reads_unnamed && input.source_header.empty()) {
    return refuse("reads_unnamed goes with source_header only");
  }
  if (!by_name_.empty() && (header_.empty() || header_ != input.source_header)) {
    return refuse("topic " + input.topic +
                  " stands twice among the inputs: give each of its inputs the same source_header, "
                  "the header by which its records name their source");
  }
  if (input.reads_unnamed && unnamed_ != nullptr) {
    return refuse("reads_unnamed is set for " + unnamed_->config().name + " of topic " +
                  input.topic + " already: one source reads what has no header");
  }
  TB_ASSIGN_OR_RETURN(auto decoder, cdr::Decoder::Make(input.source));
  auto& kept = by_name_[input.source.name];
  kept = std::make_unique<cdr::Decoder>(std::move(decoder));
  header_ = input.source_header;
  if (header_.empty() || input.reads_unnamed) unnamed_ = kept.get();
  return Ok();
}

cdr::Decoder* Sources::Choose(std::optional<std::string_view> named) const {
  if (!named) return unnamed_;
  const auto found = by_name_.find(*named);
  return found == by_name_.end() ? nullptr : found->second.get();
}

Error Sources::Unknown(std::optional<std::string_view> named) const {
  std::string known;
  for (const auto& [name, decoder] : by_name_) known += (known.empty() ? "" : ", ") + name;
  const std::string found =
      named ? "header " + header_ + " is \"" + Shown(*named) + "\""
            : "there is no header " + header_ + ", and no input of the topic has reads_unnamed";
  return DeadLetterError(cdr::reasons::kUnknownSource, found + "; expected one of " + known);
}

Result<std::map<std::string, Sources>> SourcesByTopic(const std::vector<IntakeInput>& inputs) {
  std::map<std::string, Sources> topics;
  std::set<std::string> names;
  for (const auto& input : inputs) {
    if (!names.insert(input.source.name).second) {
      return FatalError("config_invalid",
                        "source " + input.source.name + " stands twice: record ids are per source");
    }
    TB_RETURN_IF_ERROR(topics[input.topic].Add(input));
  }
  return topics;
}

}  // namespace textback::intake
