#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "store/errors.h"
#include "store/store.h"

namespace textback::store {
namespace {

struct Case {
  const char* name;
  Document document;
  const char* hex;  // written out by hand from the layout in store.h
};

const Case kCases[] = {
    {"nothing due",
     {"ab", kNeverDue},
     "01"
     "7fffffffffffffff"
     "6162"},
    {"due",
     {"ab", 0x0102030405060708},
     "01"
     "0102030405060708"
     "6162"},
    {"empty",
     {"", 0},
     "01"
     "0000000000000000"},
    {"before 1970",
     {"x", -1},
     "01"
     "ffffffffffffffff"
     "78"},
};

TEST(Document, IsWrittenByteForByteAsTheLayoutSays) {
  for (const auto& c : kCases) EXPECT_EQ(ToHex(EncodeDocument(c.document)), c.hex) << c.name;
}

TEST(Document, IsReadBack) {
  for (const auto& c : kCases) {
    const auto read = DecodeDocument(*FromHex(c.hex));
    ASSERT_TRUE(read) << c.name;
    EXPECT_EQ(read->bytes, c.document.bytes) << c.name;
    EXPECT_EQ(read->next_due_ms, c.document.next_due_ms) << c.name;
  }
}

TEST(Document, CutAnywhereInItsHeaderIsRefused) {
  const std::string whole = EncodeDocument({"", 12345});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto read = DecodeDocument(std::string_view(whole).substr(0, n));
    ASSERT_FALSE(read) << n;
    EXPECT_EQ(read.error().code, errors::kDocument);
    EXPECT_EQ(read.error().disposition, Disposition::kFatal);
  }
}

TEST(Document, OfALaterVersionIsRefusedByName) {
  std::string value = EncodeDocument({"abc", 1});
  value[0] = 2;
  const auto read = DecodeDocument(value);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, testing::HasSubstr("version 2"));
}

}  // namespace
}  // namespace textback::store
