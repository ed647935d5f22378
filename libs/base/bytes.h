// Reading and writing of binary layouts with bounds: big-endian integers, varints, byte strings.
//
// Wire formats here are big-endian (SMPP 3.4, 3.1; our own keys, so that they sort as numbers).
// A reader never goes past its input: a short input gives nullopt, and stays so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback {

class ByteReader {
 public:
  explicit ByteReader(std::string_view input) : rest_(input) {}

  std::optional<std::uint8_t> U8() {
    if (rest_.empty()) return std::nullopt;
    const auto v = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return v;
  }
  std::optional<std::uint16_t> U16() { return Big<std::uint16_t>(); }
  std::optional<std::uint32_t> U32() { return Big<std::uint32_t>(); }
  std::optional<std::uint64_t> U64() { return Big<std::uint64_t>(); }
  // LEB128 as in protobuf; at most 10 bytes.
  std::optional<std::uint64_t> Varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = U8();
      if (!byte) return std::nullopt;
      v |= static_cast<std::uint64_t>(*byte & 0x7f) << shift;
      if ((*byte & 0x80) == 0) return v;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> Bytes(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const auto v = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return v;
  }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  template <class T>
  std::optional<T> Big() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    T v = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      v = static_cast<T>(v << 8 | static_cast<unsigned char>(rest_[i]));
    rest_.remove_prefix(sizeof(T));
    return v;
  }
  std::string_view rest_;
};

inline void AppendBig(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}
inline void AppendU8(std::string& out, std::uint8_t v) { out.push_back(static_cast<char>(v)); }
inline void AppendU16(std::string& out, std::uint16_t v) { AppendBig(out, v, 2); }
inline void AppendU32(std::string& out, std::uint32_t v) { AppendBig(out, v, 4); }
inline void AppendU64(std::string& out, std::uint64_t v) { AppendBig(out, v, 8); }

// Lower-case hexadecimal, two characters a byte.
std::string ToHex(std::string_view bytes);
// nullopt unless an even number of hexadecimal digits of either case.
std::optional<std::string> FromHex(std::string_view hex);
// 16 lower-case hexadecimal digits.
std::string Hex64(std::uint64_t value);

// Well-formed UTF-8 without surrogates or over-long forms (RFC 3629).
bool IsUtf8(std::string_view bytes);

}  // namespace textback
