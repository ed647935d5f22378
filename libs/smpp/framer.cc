#include "smpp/framer.h"

#include "base/assert.h"

namespace textback::smpp {
namespace {

std::uint32_t LoadU32(const char* at) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(at[i]);
  return v;
}

}  // namespace

FrameStatus NextFrame(std::string_view input, Frame& frame) {
  if (input.size() < 4) return FrameStatus::kNeedMore;
  const std::uint32_t length = LoadU32(input.data());
  if (length < kHeaderBytes) return FrameStatus::kLengthBelowHeader;
  if (length > kPduBytesMax) return FrameStatus::kLengthOverLimit;
  if (input.size() < length) return FrameStatus::kNeedMore;
  frame.header = {length, LoadU32(input.data() + 4), LoadU32(input.data() + 8),
                  LoadU32(input.data() + 12)};
  frame.body = input.substr(kHeaderBytes, length - kHeaderBytes);
  return FrameStatus::kFrame;
}

std::string_view ToString(FrameStatus status) {
  switch (status) {
    case FrameStatus::kFrame:
      return "frame";
    case FrameStatus::kNeedMore:
      return "need more bytes";
    case FrameStatus::kLengthBelowHeader:
      return "command_length below 16";
    case FrameStatus::kLengthOverLimit:
      return "command_length over 65536";
  }
  TB_UNREACHABLE();
}

}  // namespace textback::smpp
