// The changelog's value (store.h): what is written here stays readable by later builds.
#include <bit>

#include "base/bytes.h"
#include "store/errors.h"
#include "store/store.h"

namespace textback::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 1 + 8;

}  // namespace

std::string EncodeDocument(const Document& document) {
  std::string value;
  value.reserve(kHeaderBytes + document.bytes.size());
  AppendDocument(document.bytes, document.next_due_ms, value);
  return value;
}

void AppendDocument(std::string_view bytes, std::int64_t next_due_ms, std::string& out) {
  AppendU8(out, kVersion);
  AppendU64(out, std::bit_cast<std::uint64_t>(next_due_ms));
  out += bytes;
}

Result<Document> DecodeDocument(std::string_view value) {
  ByteReader reader(value);
  const auto version = reader.U8();
  if (!version) {
    return FatalError(errors::kDocument,
                      "a document is empty: at least 9 bytes were expected; restore the "
                      "changelog topic, nothing else holds this state");
  }
  if (*version != kVersion) {
    return FatalError(errors::kDocument, "a document has version " + std::to_string(*version) +
                                             ", this build reads version 1 only: start the build "
                                             "that wrote it, or a later one");
  }
  const auto next_due = reader.U64();
  if (!next_due) {
    return FatalError(errors::kDocument, "a document has " + std::to_string(value.size()) +
                                             " bytes, at least 9 were expected: it was cut or is "
                                             "not a document");
  }
  return Document{std::string(reader.rest()), std::bit_cast<std::int64_t>(*next_due)};
}

}  // namespace textback::store
