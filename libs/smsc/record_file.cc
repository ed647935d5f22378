#include "smsc/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"

namespace textback::smsc {
namespace {

constexpr std::size_t kFlushBytes = 64 * 1024;

void AppendJson(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte >= 0x7f) {
      out += "\\u00";
      out += ToHex(std::string_view(&c, 1));
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

RecordFile::~RecordFile() {
  Flush();
  if (fd_ >= 0) ::close(fd_);
}

Status RecordFile::Open(const std::string& path, bool at_once) {
  at_once_ = at_once;
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0)
    return FatalError("record_file", "can't write " + path + ": " + std::strerror(errno));
  return Ok();
}

void RecordFile::OnTaken(const TakenSubmit& submit) {
  const smpp::MessageSm& message = *submit.message;
  std::string_view payload = message.Payload();
  std::string_view udh;
  if (message.udhi() && !payload.empty()) {
    const std::size_t size = static_cast<unsigned char>(payload[0]) + 1U;
    udh = payload.substr(0, std::min(size, payload.size()));
    payload.remove_prefix(udh.size());
  }
  buffer_ += "{\"at_ms\":" + std::to_string(submit.at_ms) + ",\"message_id\":\"";
  buffer_ += submit.message_id;
  buffer_ += "\",\"system_id\":\"";
  AppendJson(buffer_, submit.system_id);
  buffer_ += "\",\"connection\":" + std::to_string(submit.connection) + ",\"from\":\"";
  AppendJson(buffer_, message.source.digits);
  buffer_ += "\",\"to\":\"";
  AppendJson(buffer_, message.destination.digits);
  buffer_ += "\",\"data_coding\":" + std::to_string(message.data_coding) + ",\"udh\":\"" +
             ToHex(udh) + "\",\"octets\":\"" + ToHex(payload) + "\",\"validity\":\"";
  AppendJson(buffer_, message.validity_period);
  buffer_ += "\",\"registered_delivery\":" + std::to_string(message.registered_delivery) + "}\n";
  if (at_once_ || buffer_.size() >= kFlushBytes) Flush();
}

void RecordFile::Flush() {
  std::string_view rest = buffer_;
  while (fd_ >= 0 && !rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      // A record with holes would hide duplicates.
      std::fprintf(stderr, "textback-smsc: can't write the record file: %s\n",
                   std::strerror(errno));
      std::_Exit(3);
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

}  // namespace textback::smsc
