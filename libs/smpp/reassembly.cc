#include "smpp/reassembly.h"

#include <utility>

namespace textback::smpp {

void Reassembler::Add(MoPart part, std::int64_t now_ms, std::vector<MoMessage>& out) {
  Expire(now_ms, out);
  if (part.concat.total <= 1 || part.concat.total > limits_.parts_max) {
    out.push_back({std::move(part.source),
                   std::move(part.destination),
                   part.data_coding,
                   std::move(part.payload),
                   part.concat.total > 1,
                   now_ms,
                   {part.handle}});
    return;
  }
  Key key{part.source, part.destination, part.concat.reference, part.concat.total};
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    sets_.push_back({key, now_ms, part.data_coding, {}, {}});
    found = by_key_.emplace(std::move(key), std::prev(sets_.end())).first;
  }
  const Sets::iterator set = found->second;
  // A repeat changes nothing but must be answered; so many repeats are a flood, and end the set.
  set->handles.push_back(part.handle);
  if (part.concat.part == 1) set->data_coding = part.data_coding;
  const std::size_t size = part.payload.size();
  if (set->parts.emplace(part.concat.part, std::move(part.payload)).second) bytes_ += size;
  if (set->parts.size() == part.concat.total || set->handles.size() > 4 * limits_.parts_max) {
    GiveOut(set, out);
  }
  while (!sets_.empty() && (sets_.size() > limits_.sets_max || bytes_ > limits_.bytes_max)) {
    GiveOut(sets_.begin(), out);
  }
}

void Reassembler::Expire(std::int64_t now_ms, std::vector<MoMessage>& out) {
  while (!sets_.empty() && now_ms - sets_.front().first_part_ms >= limits_.wait_ms) {
    GiveOut(sets_.begin(), out);
  }
}

void Reassembler::Flush(std::vector<MoMessage>& out) {
  while (!sets_.empty()) GiveOut(sets_.begin(), out);
}

void Reassembler::GiveOut(Sets::iterator set, std::vector<MoMessage>& out) {
  MoMessage message;
  message.source = std::get<0>(set->key);
  message.destination = std::get<1>(set->key);
  message.data_coding = set->data_coding;
  message.truncated = set->parts.size() < std::get<3>(set->key);
  message.first_part_ms = set->first_part_ms;
  message.handles = std::move(set->handles);
  for (auto& [number, payload] : set->parts) message.payload += payload;
  bytes_ -= message.payload.size();
  by_key_.erase(set->key);
  sets_.erase(set);
  out.push_back(std::move(message));
}

}  // namespace textback::smpp
