#include "ops/dead_letter.h"

namespace textback::ops {
namespace {

constexpr std::chrono::milliseconds kQueueWait{100};

Result<std::uint64_t> Send(log::Writer& writer, const v1::DeadLetter& letter, std::int64_t now_ms) {
  const auto& topic = letter.coordinates().topic();
  if (letter.source_header().empty())
    return writer.Send(topic, std::nullopt, letter.key(), letter.value(), now_ms);
  const log::Header header{letter.source_header(), letter.source_header_value()};
  return writer.SendWith(header, topic, std::nullopt, letter.key(), letter.value(), now_ms);
}

}  // namespace

Status SendAgain(log::Writer& writer, const v1::DeadLetter& letter, std::int64_t now_ms) {
  while (true) {
    auto sent = Send(writer, letter, now_ms);
    if (sent) return Ok();
    if (sent.error().disposition != Disposition::kRetry) return std::move(sent).error();
    if (auto polled = writer.Poll(kQueueWait); !polled) return std::move(polled).error();
  }
}

}  // namespace textback::ops
