// Records of unknown layout through a mapping that uses all of the language.
#include "cdr/cdr_fuzz_check.h"
#include "cdr/framing.h"

namespace {

constexpr const char* kCsv = R"(
format: csv
csv: {delimiter: ";"}
none: ["-"]
fields:
  record_id: {all_of: [1, 2]}
  calling: {from: [3, 4], before: "@", strip: ["sip:", "tel:"], presentation: {from: 5, words: {"1": restricted}, otherwise: refuse}}
  called: 4
  started_at: {from: 6, format: "%d/%m/%Y %I:%M:%S %p %Z"}
  ended_at: [{from: 7, format: epoch_ns}, {from: 7, zone: Europe/London, plus: {from: 8, unit: duration}}]
  ring: {from: 8, unit: clock}
  talk: {from: 9, unit: us}
  causes: {from: 10, namespace: q850, when: {10: {above: 0, below: 128}}}
  call_over: {when: [{1: {prefix: [a, b]}}, {2: {not: [c]}}]}
  partial_number: 9
)";
constexpr const char* kHeader = R"(
format: csv
csv: {header: true, optional: [b], comment: "#", latin1: true, missing_columns: true}
fields: {calling: a, called: b, started_at: {from: c, format: gregorian_s}, reason_text: {all_of: [a, b]}}
)";
constexpr const char* kJson = R"(
format: json
fields:
  record_id: id
  calling: {from: [a.b, "a.c[-1].d"], json_number: true, prefix: "+"}
  called: "a.c[0]"
  started_at: {from: t, format: epoch_s, minus: {from: d, unit: s}}
  ended_at: {from: e, format: iso}
  direction: {from: a.way, words: {in: inbound}, otherwise: drop}
  causes: [{from: x, namespace: sip}, {from: y, namespace: textback, words: {q: busy}, otherwise: unresolved}]
)";

constexpr const char* kForm = R"(
format: form
fields:
  record_id: {all_of: [id, b]}
  calling: a
  called: {from: [b, a], number_type: {value: international}}
  ended_at: {from: $arrival, format: epoch_ms}
  causes: {from: c, namespace: textback, words: {q: busy}, otherwise: unresolved}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace textback::cdr;
  static Decoder csv = FuzzDecoder({.adapter = "csv", .mapping = kCsv});
  static Decoder header = FuzzDecoder({.adapter = "csv", .mapping = kHeader});
  static Decoder json = FuzzDecoder({.adapter = "json", .mapping = kJson});
  static Decoder form = FuzzDecoder({.adapter = "form", .mapping = kForm});
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  CheckDecoding(csv, value);
  CheckDecoding(header, value, /*may_hold_none=*/true);
  CheckDecoding(json, value, /*may_hold_none=*/true);  // an empty array
  CheckDecoding(form, value);
  FileSplitter splitter(Framing::kHeadedLines, value);
  for (auto part = splitter.Next(); part && *part; part = splitter.Next())
    CheckDecoding(header, **part, /*may_hold_none=*/true);
  return 0;
}
