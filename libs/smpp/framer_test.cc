#include "smpp/framer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace textback::smpp {
namespace {

// enquire_link, sequence 7: command ids are written out, never taken from our own constants, so
// that a wrong constant can't agree with itself.
const std::string kEnquireLink = *FromHex("00000010000000150000000000000007");

TEST(FramerTest, WholeFrameAtEverySplitPoint) {
  Frame frame;
  for (std::size_t cut = 0; cut < kEnquireLink.size(); ++cut) {
    EXPECT_EQ(NextFrame(std::string_view(kEnquireLink).substr(0, cut), frame),
              FrameStatus::kNeedMore)
        << "cut=" << cut;
  }
  ASSERT_EQ(NextFrame(kEnquireLink, frame), FrameStatus::kFrame);
  EXPECT_EQ(frame.header.command_length, 16u);
  EXPECT_EQ(frame.header.command_id, 0x15u);
  EXPECT_EQ(frame.header.command_status, 0u);
  EXPECT_EQ(frame.header.sequence_number, 7u);
  EXPECT_TRUE(frame.body.empty());
}

TEST(FramerTest, CutsThePdusOfOneReadInOrder) {
  // submit_sm_resp with status 0x58 and message id "1f", then an enquire_link.
  const std::string read = *FromHex("00000013800000040000005800000009316600") + kEnquireLink;
  Frame frame;
  ASSERT_EQ(NextFrame(read, frame), FrameStatus::kFrame);
  EXPECT_EQ(frame.header.command_id, 0x80000004u);
  EXPECT_EQ(frame.header.command_status, 0x58u);
  EXPECT_EQ(frame.body, std::string_view("1f\0", 3));
  ASSERT_EQ(NextFrame(std::string_view(read).substr(frame.header.command_length), frame),
            FrameStatus::kFrame);
  EXPECT_EQ(frame.header.sequence_number, 7u);
}

TEST(FramerTest, RefusesALengthBeforeTheBodyArrives) {
  Frame frame;
  EXPECT_EQ(NextFrame(*FromHex("00000000"), frame), FrameStatus::kLengthBelowHeader);
  EXPECT_EQ(NextFrame(*FromHex("0000000f"), frame), FrameStatus::kLengthBelowHeader);
  EXPECT_EQ(NextFrame(*FromHex("00000010"), frame), FrameStatus::kNeedMore);
  EXPECT_EQ(NextFrame(*FromHex("00010000"), frame), FrameStatus::kNeedMore);
  EXPECT_EQ(NextFrame(*FromHex("00010001"), frame), FrameStatus::kLengthOverLimit);
  EXPECT_EQ(NextFrame(*FromHex("ffffffff"), frame), FrameStatus::kLengthOverLimit);
}

}  // namespace
}  // namespace textback::smpp
