#include "ops/block_file.h"

#include <algorithm>
#include <unordered_map>

#include "base/ascii.h"
#include "base/bytes.h"
#include "cdr/number_table.h"

namespace textback::ops {
namespace {

constexpr std::size_t kProblemsMax = 20;
constexpr std::size_t kNoteMax = 256;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// A note in double quotes loses them; doubled ones inside stand for one (RFC 4180).
std::string Unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out.push_back(text[i]);
    if (text.substr(i, 2) == "\"\"") ++i;
  }
  return out;
}

class Lines {
 public:
  explicit Lines(const std::string& file) : file_(file) {}

  void Take(std::string_view line) {
    ++number_;
    if (number_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    line = Trim(line);
    if (line.empty() || line[0] == '#' || (number_ == 1 && StartsWithWord(line, "number"))) return;
    const auto comma = line.find(',');
    const auto number = Unquoted(Trim(line.substr(0, comma)));
    const auto note = comma == line.npos ? std::string() : Unquoted(Trim(line.substr(comma + 1)));
    const auto key = BlockKeyOf(number);
    if (key.empty()) {
      return Fail(
          "expected a number such as +15550100123, or what numbers begin with and a star, "
          "such as +15550100*");
    }
    if (note.size() > kNoteMax || !IsUtf8(note))
      return Fail("a note has at most " + std::to_string(kNoteMax) + " bytes of UTF-8");
    const auto [it, added] = known_.try_emplace(key, entries_.size());
    if (added) entries_.emplace_back().set_number(key);
    entries_[it->second].set_note(note);
  }

  Result<std::vector<v1::BlockEntry>> Finish() {
    if (failed_ == 0) return std::move(entries_);
    if (failed_ > kProblemsMax)
      problems_ += "\n" + file_ + ": and " + std::to_string(failed_ - kProblemsMax) + " more";
    return FatalError("config_invalid", problems_);
  }

 private:
  void Fail(const std::string& why) {
    if (++failed_ > kProblemsMax) return;
    if (!problems_.empty()) problems_ += "\n";
    problems_ += file_ + ":" + std::to_string(number_) + ": " + why;
  }

  const std::string& file_;
  std::uint64_t number_ = 0;
  std::size_t failed_ = 0;
  std::string problems_;
  std::vector<v1::BlockEntry> entries_;
  std::unordered_map<std::string, std::size_t> known_;
};

}  // namespace

std::string BlockKeyOf(std::string_view number) {
  std::string key = number.starts_with('+') ? std::string(number) : "+" + std::string(number);
  return cdr::ParseNumberPattern(key) ? key : std::string();
}

Result<std::vector<v1::BlockEntry>> ReadBlockList(std::string_view text,
                                                  const std::string& file_name) {
  Lines lines(file_name);
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.Take(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines.Finish();
}

}  // namespace textback::ops
