#include "cdr/imported_numbers.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace textback::cdr {
namespace {

std::string Shown(std::string_view text) {
  return IsUtf8(text) ? "\"" + std::string(text.substr(0, 40)) + "\"" : "bytes that are no UTF-8";
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string WithPlus(std::string_view digits) {
  return digits.starts_with('+') ? std::string(digits) : "+" + std::string(digits);
}

// The fields of one line; false: a quote isn't closed, or something follows one.
bool Split(std::string_view line, std::vector<std::string>& fields) {
  fields.clear();
  while (true) {
    std::string field;
    line = Trim(line);
    if (line.starts_with('"')) {
      line.remove_prefix(1);
      while (true) {
        const auto end = line.find('"');
        if (end == line.npos) return false;
        field.append(line.substr(0, end));
        line.remove_prefix(end + 1);
        if (!line.starts_with('"')) break;
        field.push_back('"');
        line.remove_prefix(1);
      }
      line = Trim(line);
      if (!line.empty() && line[0] != ',') return false;
    } else {
      const auto end = line.find(',');
      field = Trim(line.substr(0, end));
      line.remove_prefix(end == line.npos ? line.size() : end);
    }
    fields.push_back(std::move(field));
    if (line.empty()) return true;
    line.remove_prefix(1);
  }
}

std::optional<v1::LineType> TypeOfWord(std::string_view word) {
  static constexpr std::pair<std::string_view, v1::LineType> kWords[] = {
      {"", v1::LINE_TYPE_UNSPECIFIED},
      {"unknown", v1::LINE_TYPE_UNSPECIFIED},
      {"mobile", v1::LINE_TYPE_MOBILE},
      {"fixed", v1::LINE_TYPE_FIXED},
      {"voip", v1::LINE_TYPE_VOIP},
      {"toll_free", v1::LINE_TYPE_TOLL_FREE},
      {"premium", v1::LINE_TYPE_PREMIUM},
      {"short_code", v1::LINE_TYPE_SHORT_CODE},
      {"fixed_or_mobile", v1::LINE_TYPE_FIXED_OR_MOBILE},
      {"roaming", v1::LINE_TYPE_ROAMING},
      {"emergency", v1::LINE_TYPE_EMERGENCY},
  };
  for (const auto& [name, type] : kWords) {
    if (SameWord(word, name)) return type;
  }
  return std::nullopt;
}

}  // namespace

// Reads both files into one table. One use.
class ImportedNumbersReader {
 public:
  Result<std::shared_ptr<const ImportedNumbers>> Read(const NumberFile& plan,
                                                      const NumberFile& ported) {
    if (plan.text != nullptr) {
      TB_RETURN_IF_ERROR(ReadLines(plan, {"prefix", "first", "last", "type", "carrier"},
                                   [this](const Row& row) { return AddRange(row); }));
    }
    if (ported.text != nullptr) {
      TB_RETURN_IF_ERROR(ReadLines(ported, {"number", "type", "carrier"},
                                   [this](const Row& row) { return AddPorted(row); }));
    }
    if (const auto conflict = builder_.Build(numbers_->table_)) {
      return Invalid(plan.name, conflict->place,
                     "the range contradicts line " + std::to_string(conflict->other) +
                         ": it is the same with another type or carrier, or they overlap without "
                         "one containing the other");
    }
    numbers_->version_ = version_ == 0 ? 1 : version_;
    return std::shared_ptr<const ImportedNumbers>(std::move(numbers_));
  }

 private:
  // One line, its fields in the order in which ReadLines was asked for them; nullptr: no column.
  struct Row {
    const std::string& file;
    std::uint64_t line;
    const std::array<const std::string*, 5>& fields;
  };

  static Error Invalid(const std::string& file, std::uint64_t line, const std::string& why) {
    return FatalError("numbers_invalid", file + ":" + std::to_string(line) + ": " + why);
  }
  static Error Invalid(const Row& row, const std::string& why) {
    return Invalid(row.file, row.line, why);
  }

  template <class Take>
  Status ReadLines(const NumberFile& file, const std::vector<std::string_view>& names,
                   const Take& take) {
    std::string line;
    std::vector<std::string> fields;
    std::array<int, 5> columns;
    columns.fill(-1);
    bool header = false;
    std::uint64_t number = 0;
    while (std::getline(*file.text, line)) {
      ++number;
      if (line.size() > kNumberLineBytesMax) {
        return Invalid(file.name, number,
                       std::to_string(line.size()) + " bytes, at most " +
                           std::to_string(kNumberLineBytesMax) + " are read");
      }
      version_ = StableHash64(line, version_);
      std::string_view text = line;
      if (number == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (Trim(text).empty() || text[0] == '#') continue;
      if (!Split(text, fields)) return Invalid(file.name, number, "a quote isn't closed");
      if (!header) {
        header = true;
        TB_RETURN_IF_ERROR(FindColumns(file.name, number, fields, names, columns));
        continue;
      }
      std::array<const std::string*, 5> found{};
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (columns[i] < 0) continue;
        if (static_cast<std::size_t>(columns[i]) >= fields.size()) {
          return Invalid(file.name, number,
                         std::to_string(fields.size()) + " fields, none for the column " +
                             std::string(names[i]));
        }
        found[i] = &fields[static_cast<std::size_t>(columns[i])];
      }
      TB_RETURN_IF_ERROR(take(Row{file.name, number, found}));
    }
    if (file.text->bad()) return Invalid(file.name, number + 1, "the file can't be read further");
    if (!header)
      return Invalid(file.name, 1, "the file is empty: its first line names the columns");
    return Ok();
  }

  static Status FindColumns(const std::string& file, std::uint64_t line,
                            const std::vector<std::string>& header,
                            const std::vector<std::string_view>& names,
                            std::array<int, 5>& columns) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (std::size_t column = 0; column < header.size(); ++column) {
        if (!SameWord(header[column], names[i])) continue;
        if (columns[i] >= 0)
          return Invalid(file, line, "the column " + std::string(names[i]) + " stands twice");
        columns[i] = static_cast<int>(column);
      }
    }
    const bool plan = names.size() == 5;
    const bool whole =
        plan ? (columns[0] >= 0) != (columns[1] >= 0 && columns[2] >= 0) && columns[3] >= 0
             : columns[0] >= 0 && (columns[1] >= 0 || columns[2] >= 0);
    if (whole) return Ok();
    return Invalid(file, line,
                   plan ? "expected the columns prefix and type, or first, last and type"
                        : "expected the columns number, and type or carrier or both");
  }

  // The number by which the table knows the pair of type and carrier.
  Result<NumberTable::Value> KindOf(const Row& row, const std::string* type,
                                    const std::string* carrier) {
    const std::string_view word = type == nullptr ? std::string_view() : *type;
    const auto known = TypeOfWord(word);
    if (!known) {
      return Invalid(row, Shown(word) +
                              " is no type: expected mobile, fixed, voip, toll_free, premium, "
                              "short_code, fixed_or_mobile, roaming, emergency or unknown");
    }
    const std::string name = carrier == nullptr ? std::string() : *carrier;
    if (name.size() > kCarrierBytesMax || !IsUtf8(name)) {
      return Invalid(row, "the carrier must have at most " + std::to_string(kCarrierBytesMax) +
                              " bytes of UTF-8");
    }
    const auto [it, added] = kinds_.try_emplace(
        {*known, name}, static_cast<NumberTable::Value>(numbers_->kinds_.size() + 1));
    if (!added) return it->second;
    if (numbers_->kinds_.size() >= NumberTable::kValueMax) {
      return Invalid(row, "more than " + std::to_string(NumberTable::kValueMax) +
                              " different pairs of type and carrier");
    }
    numbers_->kinds_.push_back({*known, name});
    return it->second;
  }

  Status AddRange(const Row& row) {
    const auto& [prefix, first, last, type, carrier] = row.fields;
    const auto range = prefix != nullptr ? RangeOfPrefix(*prefix) : RangeBetween(*first, *last);
    if (!range) {
      return Invalid(
          row, prefix != nullptr
                   ? Shown(*prefix) +
                         " is no beginning of numbers: expected 1 to 15 digits in "
                         "international form, such as +4477009"
                   : Shown(*first) + " to " + Shown(*last) +
                         " is no range: expected two numbers of as many digits in international "
                         "form, the lower one first");
    }
    if (++ranges_ > kPlanRangesMax)
      return Invalid(row, "more than " + std::to_string(kPlanRangesMax) + " ranges");
    TB_ASSIGN_OR_RETURN(const auto kind, KindOf(row, type, carrier));
    builder_.Add(*range, kind, row.line);
    return Ok();
  }

  Status AddPorted(const Row& row) {
    const auto& number = *row.fields[0];
    const auto msisdn = Msisdn::FromE164(WithPlus(number));
    if (!msisdn) {
      return Invalid(row, Shown(number) +
                              " is no number: expected 5 to 15 digits in international form, such "
                              "as +447700900123");
    }
    if (++ported_ > kPortedNumbersMax)
      return Invalid(row, "more than " + std::to_string(kPortedNumbersMax) + " numbers");
    TB_ASSIGN_OR_RETURN(const auto kind, KindOf(row, row.fields[1], row.fields[2]));
    builder_.Add(*msisdn, kind);
    return Ok();
  }

  std::shared_ptr<ImportedNumbers> numbers_ = std::make_shared<ImportedNumbers>();
  NumberTableBuilder builder_;
  std::map<std::pair<v1::LineType, std::string>, NumberTable::Value> kinds_;
  std::uint64_t version_ = 0;
  std::size_t ranges_ = 0;
  std::size_t ported_ = 0;
};

ImportedNumbers::Line ImportedNumbers::Find(Msisdn number) const {
  Line line;
  for (const auto value : {table_.OfNumber(number), table_.OfRange(number)}) {
    if (value == 0) continue;
    const Kind& kind = kinds_[value - 1U];
    if (line.type == v1::LINE_TYPE_UNSPECIFIED) line.type = kind.type;
    if (line.carrier.empty()) line.carrier = kind.carrier;
  }
  return line;
}

Result<std::shared_ptr<const ImportedNumbers>> ReadImportedNumbers(const NumberFile& plan,
                                                                   const NumberFile& ported) {
  return ImportedNumbersReader().Read(plan, ported);
}

}  // namespace textback::cdr
