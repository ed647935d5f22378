// Cuts a byte stream into SMPP 3.4 PDUs. Knows lengths, not meanings.
//
// Wire layout of the 16-octet header, all big-endian (SMPP 3.4, 3.2):
//   command_length(4) command_id(4) command_status(4) sequence_number(4)
// command_length counts the header itself.
//
// No I/O here. Input is untrusted: any bytes give a frame, "need more", or an error; never a crash,
// never a length that the peer chose beyond kPduBytesMax. Nothing is allocated: a frame borrows its
// input, so that a large read with hundreds of PDUs is cut in place.
//
// Thread safety: none; one per connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace textback::smpp {

inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kPduBytesMax = 64 * 1024;
static_assert(kPduBytesMax > kHeaderBytes);

struct Header {
  std::uint32_t command_length = 0;
  std::uint32_t command_id = 0;
  std::uint32_t command_status = 0;
  std::uint32_t sequence_number = 0;
};

struct Frame {
  Header header;
  std::string_view body;  // borrows the input; valid while it is
};

enum class FrameStatus : std::uint8_t {
  kFrame,              // `frame` is set; the caller consumes frame.header.command_length bytes
  kNeedMore,           // not yet whole
  kLengthBelowHeader,  // the two errors: the stream can't be resynchronised, drop the connection
  kLengthOverLimit,
};

// The first whole frame of `input`. Both limits are checked as soon as the length has arrived: a
// bad one must not make us buffer.
[[nodiscard]] FrameStatus NextFrame(std::string_view input, Frame& frame);

// "command_length below 16" and the like, for logs.
std::string_view ToString(FrameStatus status);

}  // namespace textback::smpp
