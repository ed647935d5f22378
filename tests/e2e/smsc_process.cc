#include "e2e/smsc_process.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/bytes.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kTime = 30s;

// A string field of a line: nothing that we look at is escaped.
std::string Field(const std::string& line, const std::string& name) {
  const std::string opening = "\"" + name + "\":\"";
  const auto begin = line.find(opening);
  if (begin == std::string::npos) return {};
  const auto from = begin + opening.size();
  return line.substr(from, line.find('"', from) - from);
}

std::int64_t Number(const std::string& line, const std::string& name) {
  const std::string opening = "\"" + name + "\":";
  const auto begin = line.find(opening);
  return begin == std::string::npos ? 0 : std::stoll(line.substr(begin + opening.size()));
}

std::vector<std::string> Arguments(const std::string& folder, const std::string& yaml,
                                   const std::string& port) {
  const std::string config = folder + "/smsc.yaml";
  std::ofstream(config) << "address: 127.0.0.1\n" << yaml;
  return {
      TEXTBACK_SMSC,           "--config",        config, "--port", port, "--control", "--record",
      folder + "/taken.jsonl", "--record-at-once"};
}

}  // namespace

std::string Taken::Words() const { return FromHex(octets).value_or("(not hexadecimal)"); }

SmscProcess::SmscProcess(const std::string& folder, const std::string& yaml,
                         const std::string& port)
    : record_(folder + "/taken.jsonl"),
      process_(Arguments(folder, yaml, port), folder + "/smsc.log") {
  const auto line = process_.ReadLine(kTime);
  EXPECT_TRUE(line.has_value()) << process_.Log();
  const std::string address = Field(line.value_or(""), "listening");
  EXPECT_NE(address.find(':'), std::string::npos) << line.value_or("");
  port_ = address.substr(address.rfind(':') + 1);
}

std::string SmscProcess::Ask(const std::string& command) {
  process_.WriteLine(command);
  const auto answer = process_.ReadLine(kTime);
  EXPECT_TRUE(answer.has_value()) << command;
  return answer.value_or("");
}

void SmscProcess::Text(const std::string& from, const std::string& to, const std::string& words) {
  EXPECT_EQ(Ask("text " + from + " " + to + " " + words), R"({"ok":true})");
}

const std::vector<Taken>& SmscProcess::TakenTexts() {
  FollowTaken([this](const Taken& text) { taken_.push_back(text); });
  return taken_;
}

void SmscProcess::FollowTaken(const std::function<void(const Taken&)>& take) {
  std::ifstream in(record_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(read_));
  const std::string fresh{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::size_t from = 0;
  for (std::size_t end = 0; (end = fresh.find('\n', from)) != std::string::npos; from = end + 1) {
    const std::string line = fresh.substr(from, end - from);
    take({Number(line, "at_ms"), Field(line, "from"), Field(line, "to"), Field(line, "udh"),
          Field(line, "octets")});
  }
  read_ += from;  // the last line may still be being written
}

void SmscProcess::Stop() {
  process_.CloseInput();
  EXPECT_EQ(process_.Wait(kTime).value_or(-1), 0) << process_.Log();
}

}  // namespace textback::tests
