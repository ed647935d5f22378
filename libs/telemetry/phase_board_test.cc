#include "telemetry/phase_board.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace textback::telemetry {
namespace {

std::string Bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(PhaseBoardTest, TheFileSaysWhatEachThreadDoes) {
  const std::string path = ::testing::TempDir() + "/phases";
  std::filesystem::remove(path);
  const auto board = PhaseBoard::Create(path).value();
  auto* const first = board->Take("decide-0");
  auto* const second = board->Take(std::string(200, 'x'));
  first->store(3, std::memory_order_relaxed);
  second->store(4, std::memory_order_relaxed);
  const std::string bytes = Bytes(path);
  ASSERT_EQ(bytes.size(), PhaseBoard::kSlots * PhaseBoard::kSlotBytes);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\3decide-0\0", 10));
  EXPECT_EQ(bytes.substr(64, 64), "\4" + std::string(62, 'x') + std::string(1, '\0'));
  for (std::size_t i = 2; i < PhaseBoard::kSlots; ++i) EXPECT_NE(board->Take("more"), nullptr);
  EXPECT_EQ(board->Take("one too many"), nullptr);
}

TEST(PhaseBoardTest, AFolderThatIsNotThereIsNamed) {
  const auto board = PhaseBoard::Create("/nowhere/phases");
  ASSERT_FALSE(board);
  EXPECT_NE(board.error().message.find("/nowhere/phases"), std::string::npos);
}

}  // namespace
}  // namespace textback::telemetry
