// Arbitrary bytes as a configuration file, read by a schema that uses every kind of field.
#include <cstdint>
#include <tuple>

#include "config/reader.h"
#include "config/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ms = config::ParseDurationMs(text)) {
    TB_ASSERT(config::ParseDurationMs(config::FormatDurationMs(*ms)) == ms);
  }
  if (const auto bytes = config::ParseSizeBytes(text)) {
    TB_ASSERT(config::ParseSizeBytes(config::FormatSizeBytes(*bytes)) == bytes);
  }
  // The machine's files and environment stay out of it.
  const config::SecretSource secrets{
      [](const std::string& path) -> Result<std::string> { return path; },
      [](const std::string&) -> std::optional<std::string> { return std::nullopt; }};
  config::Reader reader(text, "fuzz.yaml", secrets, {.bytes = 1 << 16, .nodes = 1000, .depth = 8});
  auto& m = reader.root();
  const std::string name = m.String("name", "").Default("x").Read();
  const auto number = m.Int("int", "").Default(1).Range(0, 9).Read();
  const double ratio = m.Number("number", "").Range(0, 1).Read();
  std::ignore = m.Bool("flag", "").Read();
  const auto wait = m.DurationMs("wait", "").Default(5).Range(5, 5000).Read();
  m.Section("section", "", [](config::Map& s) {
    const auto key = s.Secret("secret", "");
    const auto words = s.Strings("words", "", {.max = 5});
    const auto properties = s.Properties("properties", "");
  });
  m.List("list", "", {.max = 9}, [](config::Map& i) {
    const auto size_bytes = i.SizeBytes("size", "").Required().Read();
    TB_ASSERT(size_bytes >= 0);
  });
  TB_ASSERT(number >= 0 && number <= 9 && wait >= 5 && wait <= 5000 && ratio >= 0 && ratio <= 1);
  TB_ASSERT(name.size() <= 4096);
  const auto status = reader.Finish();
  TB_ASSERT(status || status.error().message.starts_with("fuzz.yaml"));
  return 0;
}
