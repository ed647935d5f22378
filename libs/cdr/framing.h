// A file of records taken apart into the values that an adapter decodes.
//
// On a topic each message is a value already; files of switches hold many. Nothing is parsed here
// beyond what it takes to find where one record ends, so that a damaged record costs itself and not
// its file.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdr/ber_file.h"

namespace textback::cdr {

enum class Framing : std::uint8_t {
  kLines,   // a record is a line; a quoted field may not span lines
  kWhole,   // the file is one value: its adapter needs the header line, or keeps lines together
  kJson,    // JSON documents one after another, on one line or many; or one array of them
  kXml,     // XML documents one after another, each with or without its declaration
  kBlocks,  // a record is a block of lines; an empty line ends it (an event socket's envelope is a
            // part of the event after it)
  kBer,     // charging records in BER: see ber_file.h
  // Lines under a header line, which is put before each value of several lines.
  kHeadedLines,
  // The same where the first line has no four digits in a row, and so no time; else lines.
  kLinesMaybeHeaded,
  // XML documents, each element in whose root is a record.
  kXmlRecords,
  // Each a JSON document or, where it begins with no bracket, a line.
  kJsonOrLines,
  // Bodies of webhooks: JSON documents; a form on each line; else the lines up to an empty one, as
  // programs log what they were sent.
  kWebhooks,
};

class FileSplitter {
 public:
  // `bytes` outlives it.
  FileSplitter(Framing framing, std::string_view bytes);
  // Goes on behind a value that another one gave: `bytes` is what follows it, `head` how the file
  // begins, which tells the header line and whether all is one JSON array. Not for kBer and kWhole,
  // which must be seen as a whole. Both outlive it.
  static FileSplitter Resumed(Framing framing, std::string_view head, std::string_view bytes);

  // The next value; nullopt: the end. kDeadLetter: what is left can't be taken apart; nothing
  // follows it. The value stands until the next call.
  Result<std::optional<std::string_view>> Next();
  // Of the value that Next gave last: its number, from 1 (of a line: empty ones count), and where
  // it begins.
  std::uint64_t number() const { return number_; }
  std::size_t offset() const { return offset_; }
  // Where the next one may begin; not for kBer.
  std::size_t end() const { return all_.size() - rest_.size(); }
  // The bytes ran out before what ends the value (a newline, a closing bracket): in a file that
  // grows, more may belong to it. Not for kBer and kWhole.
  bool open() const { return open_; }

 private:
  std::optional<std::string_view> NextLine();
  std::optional<std::string_view> NextHeadedLines();
  std::optional<std::string_view> NextJson();
  std::optional<std::string_view> NextXml();
  std::optional<std::string_view> NextXmlRecord();
  std::optional<std::string_view> NextBlock();
  std::optional<std::string_view> NextWebhook();
  Result<std::optional<std::string_view>> NextBer();
  void TakeHeader(std::string_view& bytes);
  // npos: all that is left, and it is open.
  std::string_view Take(std::size_t bytes);

  Framing framing_;
  std::string_view all_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
  std::size_t offset_ = 0;
  bool open_ = false;
  bool in_array_ = false;
  bool in_root_ = false;
  std::string_view header_;
  std::string headed_;  // the header line and some of the lines
  BerFile ber_;
};

}  // namespace textback::cdr
