// SPDX-License-Identifier: Apache-2.0
// Our xclbin files, read through the structures of XRT's own header.
#include <gtest/gtest.h>

#if __has_include(<xrt/xclbin.h>) && __has_include(<uuid/uuid.h>)
#include <xrt/xclbin.h>

#include <cstring>
#include <string>

#include "backends/xclbin/description.h"
#include "tests/backends_host/toy_program.h"

namespace st::testing {
namespace {

/// A structure at an offset of a file, copied to where it is aligned.
template <typename Structure>
Structure at(const std::string& file, size_t offset) {
  Structure value;
  EXPECT_LE(offset + sizeof value, file.size());
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

class Xclbin : public ::testing::Test {
 protected:
  const std::string file_ =
      xclbin::without_bitstream(xclbin::describe(toy_program(), toy_target()), {7, 8, 9});
  const axlf top_ = at<axlf>(file_, 0);

  /// Where the data of a section lie; fails if there is none.
  axlf_section_header section(axlf_section_kind kind) const {
    for (uint32_t s = 0; s < top_.m_header.m_numSections; ++s) {
      const auto header = at<axlf_section_header>(
          file_, offsetof(axlf, m_sections) + s * sizeof(axlf_section_header));
      if (header.m_sectionKind == static_cast<uint32_t>(kind)) return header;
    }
    ADD_FAILURE() << "no section " << kind;
    return {};
  }
};

TEST_F(Xclbin, HasXrtsHeader) {
  EXPECT_STREQ(top_.m_magic, "xclbin2");
  EXPECT_EQ(top_.m_signature_length, -1);
  EXPECT_EQ(top_.m_header.m_length, file_.size());
  EXPECT_EQ(top_.m_header.m_timeStamp, 0u);
  EXPECT_EQ(top_.m_header.uuid[2], 9);
  EXPECT_STREQ(reinterpret_cast<const char*>(top_.m_header.m_platformVBNV),
               toy_target().platform.c_str());
}

TEST_F(Xclbin, SectionsAreAlignedAndFollowEachOther) {
  uint64_t end =
      offsetof(axlf, m_sections) + top_.m_header.m_numSections * sizeof(axlf_section_header);
  for (uint32_t s = 0; s < top_.m_header.m_numSections; ++s) {
    const auto header = at<axlf_section_header>(
        file_, offsetof(axlf, m_sections) + s * sizeof(axlf_section_header));
    EXPECT_EQ(header.m_sectionOffset % 8, 0u);
    EXPECT_GE(header.m_sectionOffset, end);
    end = header.m_sectionOffset + header.m_sectionSize;
    EXPECT_LE(end, file_.size());
  }
}

TEST_F(Xclbin, ListsBanksUnitsAndConnections) {
  const uint64_t memories = section(MEM_TOPOLOGY).m_sectionOffset;
  ASSERT_EQ(at<int32_t>(file_, memories), 32);
  const auto bank =
      at<mem_data>(file_, memories + offsetof(mem_topology, m_mem_data) + 3 * sizeof(mem_data));
  EXPECT_EQ(bank.m_type, MEM_HBM);
  EXPECT_EQ(bank.m_used, 1);
  EXPECT_EQ(bank.m_size, 256u * 1024);
  EXPECT_EQ(bank.m_base_address, 3u << 28);
  EXPECT_STREQ(reinterpret_cast<const char*>(bank.m_tag), "HBM[3]");

  const uint64_t units = section(IP_LAYOUT).m_sectionOffset;
  ASSERT_EQ(at<int32_t>(file_, units), 2);
  const auto unit = at<ip_data>(file_, units + offsetof(ip_layout, m_ip_data) + sizeof(ip_data));
  EXPECT_EQ(unit.m_type, static_cast<uint32_t>(IP_KERNEL));
  EXPECT_EQ((unit.properties & IP_CONTROL_MASK) >> IP_CONTROL_SHIFT,
            static_cast<uint32_t>(AP_CTRL_CHAIN));
  EXPECT_STREQ(reinterpret_cast<const char*>(unit.m_name), "group1:group1_1");

  const uint64_t wires = section(CONNECTIVITY).m_sectionOffset;
  ASSERT_EQ(at<int32_t>(file_, wires), 7);
  const auto wire =
      at<connection>(file_, wires + offsetof(connectivity, m_connection) + 6 * sizeof(connection));
  EXPECT_EQ(wire.arg_index, 1);
  EXPECT_EQ(wire.m_ip_layout_index, 1);
  EXPECT_EQ(wire.mem_data_index, 5);
}

TEST_F(Xclbin, EqualDesignsAreEqualFiles) {
  EXPECT_EQ(file_,
            xclbin::without_bitstream(xclbin::describe(toy_program(), toy_target()), {7, 8, 9}));
}

}  // namespace
}  // namespace st::testing

#else
TEST(Xclbin, NeedsXrtsHeader) {
  GTEST_SKIP() << "SKIPPED: XRT's xclbin.h is not installed (Debian: libxrt-dev, uuid-dev)";
}
#endif
