#include <simdjson.h>

#include <algorithm>

#include "cdr/mapped.h"
#include "cdr/mapping.h"
#include "cdr/reasons.h"
#include "text/ucs2.h"

namespace textback::cdr {
namespace {

using mapping::Cell;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// One line cut into cells. Views into the line, or into `unquoted_` where quotes were doubled.
class Fields {
 public:
  // `least` cells are always there: empty where the line has fewer.
  Fields(char delimiter, std::optional<char> quote, std::size_t least)
      : delimiter_(delimiter), quote_(quote), least_(least), cells_(mapping::kColumnsMax + 1) {}

  // false: it ends inside a quoted field.
  bool Split(std::string_view text) {
    count_ = 0;
    unquoted_.clear();
    if (unquoted_.capacity() < text.size()) unquoted_.reserve(text.size());  // views into it stay
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
      if (quote_ && at != end && *at == *quote_) {
        if (!Quoted(at, end)) return false;
      } else {
        const char* const begin = at;
        while (at != end && *at != delimiter_) ++at;
        Add({begin, static_cast<std::size_t>(at - begin)});
      }
      if (at == end || count_ > mapping::kColumnsMax) break;
      ++at;
    }
    for (std::size_t i = count_; i < least_; ++i) cells_[i] = {};
    return true;
  }
  std::size_t count() const { return count_; }  // at most kColumnsMax + 1: too many
  mapping::Row cells() const { return {cells_.data(), std::max(count_, least_)}; }

 private:
  void Add(std::string_view text) { cells_[count_++] = {text, false}; }

  bool Quoted(const char*& at, const char* end) {
    const char* close = Find(*quote_, at + 1, end);
    if (close == end) return false;
    if (close + 1 == end || close[1] == delimiter_) {
      Add({at + 1, static_cast<std::size_t>(close - at - 1)});
      at = close + 1;
      return true;
    }
    // Doubled quotes, or text after the closing one.
    const std::size_t begin = unquoted_.size();
    while (true) {
      unquoted_.append(at + 1, close);
      at = close + 1;
      if (at == end || *at != *quote_) break;
      unquoted_.push_back(*quote_);
      close = Find(*quote_, at + 1, end);
      if (close == end) return false;
    }
    const char* const stop = Find(delimiter_, at, end);
    unquoted_.append(at, stop);
    at = stop;
    Add(std::string_view(unquoted_).substr(begin));
    return true;
  }

  static const char* Find(char c, const char* at, const char* end) { return std::find(at, end, c); }

  char delimiter_;
  std::optional<char> quote_;
  std::size_t least_;
  std::vector<Cell> cells_;
  std::size_t count_ = 0;
  std::string unquoted_;
};

class MappedCsv final : public Adapter {
 public:
  explicit MappedCsv(std::shared_ptr<const mapping::Plan> plan)
      : plan_(std::move(plan)), fields_(plan_->csv.delimiter, plan_->csv.quote, plan_->slots) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    if (value.starts_with(kByteOrderMark)) value.remove_prefix(kByteOrderMark.size());
    const bool many = value.find('\n') < value.size() - 1;
    bool headed = !plan_->csv.header;
    bool headed_or_commented = false;  // then a value may hold no record
    std::size_t records = 0;
    std::size_t number = 0;
    while (!value.empty()) {
      const std::size_t newline = value.find('\n');
      auto line = value.substr(0, newline);
      const auto from_here = value;
      value.remove_prefix(newline == std::string_view::npos ? value.size() : newline + 1);
      ++number;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.empty()) continue;
      if (IsComment(line)) {
        headed_or_commented = true;
        continue;
      }
      if (!headed) {
        if (auto status = ReadHeader(line); !status)
          return out.Reject(std::move(status).error(), from_here);
        headed = headed_or_commented = true;
        continue;
      }
      ++records;
      if (records > kRecordsPerValueMax) {
        return out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                          "more than " + std::to_string(kRecordsPerValueMax) +
                                              " lines in one value; these are the rest"),
                          from_here);
      }
      if (auto status = DecodeLine(line, out); !status) {
        auto error = std::move(status).error();
        if (many) error.message.insert(0, "line " + std::to_string(number) + ": ");
        out.Reject(std::move(error), line);
      }
    }
    if (records == 0 && !headed_or_commented) {
      out.Reject(DeadLetterError(reasons::kValueMissing, "the value has no line"), value);
    }
  }

 private:
  bool IsComment(std::string_view line) const {
    return !plan_->csv.comment.empty() && line.starts_with(plan_->csv.comment);
  }

  Status ReadHeader(std::string_view line) {
    if (!fields_.Split(line))
      return DeadLetterError(reasons::kCsvUnfinished, "the header line ends inside quotes");
    const auto& csv = plan_->csv;
    if (fields_.count() > mapping::kColumnsMax) return TooMany();
    const auto names = fields_.cells().first(fields_.count());
    places_.assign(csv.columns.size(), names.size());
    header_columns_ = names.size();
    for (std::size_t i = 0; i < csv.columns.size(); ++i) {
      const auto found = std::ranges::find(names, csv.columns[i], &Cell::text);
      places_[i] = static_cast<std::size_t>(found - names.begin());
      if (found == names.end() && !csv.optional[i]) {
        return DeadLetterError(reasons::kCsvColumns,
                               "the header line has no column \"" + csv.columns[i] +
                                   "\", which the mapping reads: correct it, or list the column "
                                   "under csv.optional");
      }
    }
    return Ok();
  }

  // An export's header line above columns that the mapping names itself.
  bool RepeatsNames(mapping::Row cells) const {
    if (plan_->csv.header) return false;
    return std::ranges::any_of(plan_->records, [&](const mapping::RecordPlan& kind) {
      return cells.size() == kind.names.size() && !kind.names.empty() &&
             cells.front().text == kind.names.front() &&
             std::ranges::equal(cells, kind.names, {}, &Cell::text);
    });
  }

  static Error TooMany() {
    return DeadLetterError(reasons::kCsvColumns, "more than " +
                                                     std::to_string(mapping::kColumnsMax) +
                                                     " columns: is it the right delimiter?");
  }

  Error Count(std::size_t found, std::size_t wanted) const {
    return DeadLetterError(reasons::kCsvColumns, "the line has " + std::to_string(found) +
                                                     " columns, " + std::to_string(wanted) +
                                                     " are named");
  }

  Status DecodeLine(std::string_view raw, Decoded& out) {
    std::string_view text = raw;
    if (!simdjson::validate_utf8(text.data(), text.size())) {
      if (!plan_->csv.latin1) {
        return DeadLetterError(reasons::kInvalidUtf8,
                               "the line is not UTF-8 (csv.latin1 reads it as ISO 8859-1)");
      }
      converted_ = text::DecodeLatin1(text);
      text = converted_;
    }
    if (!fields_.Split(text))
      return DeadLetterError(reasons::kCsvUnfinished,
                             "the line ends inside a quoted field: it was cut");
    const std::size_t found = fields_.count();
    if (found > mapping::kColumnsMax) return TooMany();
    const auto cells = fields_.cells();
    if (!plan_->csv.header) {
      if (RepeatsNames(cells.first(found))) return Ok();
      return DecodeCells(cells, found, raw, out);
    }
    if (found > header_columns_ || (found < header_columns_ && !plan_->csv.missing_columns))
      return Count(found, header_columns_);
    picked_.clear();
    for (const std::size_t place : places_)
      picked_.push_back(place < found ? cells[place] : Cell{});
    return DecodeCells(picked_, found, raw, out);
  }

  Status DecodeCells(mapping::Row cells, std::size_t found, std::string_view raw, Decoded& out) {
    TB_ASSIGN_OR_RETURN(const auto* kind, mapping::Select(*plan_, cells));
    if (kind->skip) return Ok();
    if (!kind->names.empty()) {
      const auto& csv = plan_->csv;
      if ((found > kind->names.size() && !csv.extra_columns) ||
          (found < kind->names.size() && !csv.missing_columns)) {
        return Count(found, kind->names.size());
      }
    }
    auto& record = out.Add(raw);
    auto status = mapping::Fill(*plan_, *kind, cells, record);
    if (!status) out.DropLast();
    return status;
  }

  std::shared_ptr<const mapping::Plan> plan_;
  Fields fields_;
  std::vector<std::size_t> places_;  // of the columns that are read, in the header line
  std::size_t header_columns_ = 0;
  std::vector<Cell> picked_;
  std::string converted_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewMappedCsv(const FormatConfig& config) {
  if (config.mapping.empty())
    return FatalError("config_invalid", "csv needs a mapping file: see docs/sources/mapping.md");
  TB_ASSIGN_OR_RETURN(auto plan,
                      mapping::Compile(config.mapping, config.mapping_file, config.zone));
  if (plan->json || plan->form)
    return FatalError("config_invalid", config.mapping_file + " is for json or form, not for csv");
  return std::unique_ptr<Adapter>(std::make_unique<MappedCsv>(std::move(plan)));
}

}  // namespace textback::cdr
