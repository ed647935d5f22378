#include "log_kafka/group_metadata.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace textback::log_kafka {
namespace {

using MetadataPtr = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                    void (*)(rd_kafka_consumer_group_metadata_t*)>;

MetadataPtr Make(std::int32_t generation) {
  return {rd_kafka_consumer_group_metadata_new_with_genid("decide", generation, "a-7f31", "a"),
          &rd_kafka_consumer_group_metadata_destroy};
}

TEST(GroupMetadataTest, GenerationsAreReadAsTheyWereWritten) {
  for (const std::int32_t generation : {-1, 0, 1, 7, 255, 256, 65'535, 0x01020304, 0x04030201,
                                        std::numeric_limits<std::int32_t>::max()}) {
    EXPECT_EQ(GenerationOf(*Make(generation), "decide", "a-7f31", "a"), generation);
  }
}

TEST(GroupMetadataTest, AnotherMembersMetadataIsUnreadableNotWrong) {
  const MetadataPtr metadata = Make(7);
  EXPECT_EQ(GenerationOf(*metadata, "decade", "a-7f31", "a"), std::nullopt);
  EXPECT_EQ(GenerationOf(*metadata, "decide", "a-7f32", "a"), std::nullopt);
  EXPECT_EQ(GenerationOf(*metadata, "decide", "a-7f31", "b"), std::nullopt);
  EXPECT_EQ(GenerationOf(*metadata, "decide", "a-7f310", "a"), std::nullopt);
}

}  // namespace
}  // namespace textback::log_kafka
