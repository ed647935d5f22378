// Texts of FreeSWITCH's documents that don't stand in them as they are meant.
//
// Threads: one at a time.
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace textback::cdr {

// Buffers for decoded values, kept from document to document; one taken stays where it is until
// Clear.
class FreeswitchScratch {
 public:
  void Clear() { used_ = 0; }
  std::string& Take() {
    if (used_ == texts_.size()) texts_.emplace_back();
    texts_[used_].clear();
    return texts_[used_++];
  }

 private:
  std::deque<std::string> texts_;
  std::size_t used_ = 0;
};

// The field `cdr` of a form that mod_xml_cdr or mod_json_cdr posted (`uuid=…&cdr=%3C%3Fxml…`),
// decoded into `buffer`; `value` itself where it is no such form.
std::string_view FreeswitchDocumentOf(std::string_view value, std::string& buffer);

// Makes JSON of what FreeSWITCH printed for numbers that are none: nan, -nan, inf, -inf outside of
// strings become 0 and spaces. Whether there were any.
bool ReplaceNotNumbers(std::string& json);

}  // namespace textback::cdr
