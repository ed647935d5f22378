#include "shard/state.h"

#include <algorithm>
#include <charconv>

#include "shard/config.h"
#include "textback/state/v1/partition.pb.h"

namespace textback::shard {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kMetadataVersion = "1";
constexpr std::size_t kCountDigitsMax = 20;  // of an int64, with its sign

Error Unreadable(const std::string& what) {
  return FatalError(errors::kStateFormat, "the partition's state in the changelog " + what +
                                              ": it was written by a newer build, or by another "
                                              "program; start the build that wrote it");
}

}  // namespace

std::optional<std::size_t> Names::Find(std::string_view name) {
  if (const auto it = numbers_.find(name); it != numbers_.end()) return it->second;
  const std::size_t bytes = bytes_ + 1 + name.size() + 1 + kCountDigitsMax;
  const bool plain = !name.empty() && name.find_first_of(" =") == std::string_view::npos;
  if (!plain || bytes > kOffsetMetadataMax) return std::nullopt;
  bytes_ = bytes;
  const std::size_t number = sorted_names_.size();
  numbers_.emplace(name, number);
  sorted_names_.push_back(&sorted_.emplace(name, number).first->first);
  return number;
}

State NewState(const std::vector<std::string>& inputs) {
  State state;
  state.positions.assign(inputs.size(), kNoPosition);
  return state;
}

void AppendState(const State& state, const std::vector<std::string>& inputs, const Names& names,
                 std::string& out) {
  textback::state::v1::PartitionState proto;
  proto.set_version(kVersion);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (state.positions[i] == kNoPosition) continue;
    auto* position = proto.add_inputs();
    position->set_topic(inputs[i]);
    position->set_next_offset(state.positions[i]);
  }
  for (const auto& [topic, next_offset] : state.other_positions) {
    auto* position = proto.add_inputs();
    position->set_topic(topic);
    position->set_next_offset(next_offset);
  }
  proto.set_now_ms(state.now_ms);
  proto.set_forgotten_through_ms(state.forgotten_through_ms);
  for (const auto& [source, mark] : state.sources) {
    auto* watermark = proto.add_watermarks();
    watermark->set_source(source);
    watermark->set_low_watermark_ms(mark.low_watermark_ms);
    watermark->set_heard_at_ms(mark.heard_at_ms);
  }
  for (const auto& [name, number] : names.sorted()) {
    if (number >= state.tallies.size() || state.tallies[number] == 0) continue;
    auto* tally = proto.add_tallies();
    tally->set_name(name);
    tally->set_count(state.tallies[number]);
  }
  proto.set_transactions(state.transactions);
  proto.AppendToString(&out);
}

Result<State> ParseState(std::string_view bytes, const std::vector<std::string>& inputs,
                         Names& names) {
  textback::state::v1::PartitionState proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Unreadable("isn't a protobuf");
  if (proto.version() != kVersion)
    return Unreadable("has version " + std::to_string(proto.version()));
  State state = NewState(inputs);
  for (const auto& position : proto.inputs()) {
    const auto it = std::find(inputs.begin(), inputs.end(), position.topic());
    if (it == inputs.end()) {
      state.other_positions[position.topic()] = position.next_offset();
    } else {
      state.positions[static_cast<std::size_t>(it - inputs.begin())] = position.next_offset();
    }
  }
  state.now_ms = proto.now_ms();
  state.forgotten_through_ms = proto.forgotten_through_ms();
  for (const auto& mark : proto.watermarks()) {
    state.sources[mark.source()] = {mark.low_watermark_ms(), mark.heard_at_ms()};
  }
  for (const auto& tally : proto.tallies()) {
    const auto number = names.Find(tally.name());
    if (!number) return Unreadable("has more tallies than an offset's metadata holds");
    if (state.tallies.size() <= *number) state.tallies.resize(*number + 1);
    state.tallies[*number] = tally.count();
  }
  state.transactions = proto.transactions();
  return state;
}

std::string EncodeTallies(const State& state, const Names& names) {
  std::string out(kMetadataVersion);
  for (const auto& [name, number] : names.sorted()) {
    if (number >= state.tallies.size() || state.tallies[number] == 0) continue;
    out += ' ';
    out += name;
    out += '=';
    out += std::to_string(state.tallies[number]);
  }
  TB_ASSERT(out.size() <= kOffsetMetadataMax);  // Names::Find saw to it
  return out;
}

std::optional<std::map<std::string, std::int64_t>> ParseTallies(std::string_view metadata) {
  if (metadata.size() > kOffsetMetadataMax || !metadata.starts_with(kMetadataVersion))
    return std::nullopt;
  metadata.remove_prefix(kMetadataVersion.size());
  std::map<std::string, std::int64_t> tallies;
  while (!metadata.empty()) {
    if (metadata[0] != ' ') return std::nullopt;
    metadata.remove_prefix(1);
    const std::string_view entry = metadata.substr(0, metadata.find(' '));
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    std::int64_t count = 0;
    const auto [end, error] =
        std::from_chars(entry.data() + equals + 1, entry.data() + entry.size(), count);
    if (error != std::errc() || end != entry.data() + entry.size()) return std::nullopt;
    if (!tallies.emplace(entry.substr(0, equals), count).second) return std::nullopt;
    metadata.remove_prefix(entry.size());
  }
  return tallies;
}

}  // namespace textback::shard
