// SPDX-License-Identifier: Apache-2.0
#include "core/platform/target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/support/embedded.h"

namespace st {
namespace {

std::string text_of_u280() { return embedded_file("targets/u280.json"); }

/// The file with one piece replaced, which must be there.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = text_of_u280();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// "message @ where" per problem.
std::vector<std::string> problems_of(const std::string& text) {
  const auto target = parse_target(text, "my.json");
  EXPECT_FALSE(target.ok());
  std::vector<std::string> problems;
  if (target.ok()) return problems;
  for (const Diagnostic& problem : target.errors()) {
    EXPECT_EQ(problem.code, "E0402");
    problems.push_back(problem.message + " @ " + problem.where);
  }
  return problems;
}

using Lines = std::vector<std::string>;

TEST(Target, AllFilesAreConsistent) {
  const auto targets = built_in_targets();
  ASSERT_EQ(targets.size(), embedded_files("targets/").size());
  ASSERT_GE(targets.size(), 2u);
  for (const Target& target : targets) {
    EXPECT_TRUE(check(target).ok()) << target.name;
    EXPECT_NO_FATAL_FAILURE(embedded_file("targets/" + target.name + ".json"));
    EXPECT_LE(target.max_ports(), target.memory_channels());
    EXPECT_LT(target.on_chip_bits(), target.bram18() * Bram18Bits + target.uram() * UramBits);
  }
}

TEST(Target, U280HasTheNumbersOfItsDocuments) {
  const auto target = find_target("u280");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->part, "xcu280-fsvh2892-2L-e");
  EXPECT_EQ(target->platform, "xilinx_u280_gen3x16_xdma_1_202211_1");
  EXPECT_EQ(target->memory.tag, "HBM");
  EXPECT_EQ(target->frequency_mhz(), 250);
  EXPECT_EQ(target->memory_channels(), 32);
  EXPECT_EQ(target->channel_bytes() * target->memory_channels(), int64_t{8} << 30);
  EXPECT_EQ(target->channel_gb_per_s() * target->memory_channels(), 460);
  EXPECT_EQ(target->max_ports(), 28);
  EXPECT_EQ(target->total.counts(), (ResourceCounts{1303680, 2607360, 9024, 4032, 960}));
  EXPECT_EQ(target->usable(), (ResourceCounts{1069000, 2150000, 8490, 2974, 960}));
  EXPECT_EQ(target->budget(), (ResourceCounts{748300, 1075000, 6792, 2379, 768}));
  EXPECT_EQ(target->slr_budget(0), (ResourceCounts{258300, 373000, 2186, 811, 256}));
  EXPECT_EQ(target->memory_slr_index(), 0u);
  EXPECT_EQ(target->crossing_wires.value, 18000);
  EXPECT_EQ(target->on_chip_bits(), 2379 * Bram18Bits + 768 * UramBits);
}

TEST(Target, U55cHasTwiceTheMemory) {
  const auto target = find_target("U55C");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->name, "u55c");
  EXPECT_EQ(target->platform, "xilinx_u55c_gen3x16_xdma_3_202210_1");
  EXPECT_EQ(target->channel_bytes() * target->memory_channels(), int64_t{16} << 30);
  EXPECT_EQ(target->usable().bram18, 3552);
}

TEST(Target, UnknownNameListsTheKnownAndTheNearest) {
  const auto target = find_target("u208");
  ASSERT_FALSE(target.ok());
  const Diagnostic& problem = target.errors().at(0);
  EXPECT_EQ(problem.code, "E0401");
  EXPECT_EQ(problem.message, "unknown target 'u208'");
  EXPECT_EQ(problem.details, Lines{"known targets: u280, u55c"});
  EXPECT_NE(problem.help.find("'u280'"), std::string::npos) << problem.help;
}

TEST(Target, ReadsTheUsersFile) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "target_test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "lab.json").string();
  std::ofstream(path) << edited("\"u280\"", "\"lab\"");
  const auto target = find_target(path);
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->name, "lab");
  for (const std::string& bad : {(folder / "none.json").string(), folder.string()}) {
    const auto missing = find_target(bad);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.errors().at(0).code, "E0101");
  }
  std::filesystem::remove_all(folder);
}

TEST(TargetFile, NamesThePlaceOfASyntaxError) {
  EXPECT_EQ(problems_of("{\n  \"name\": ,\n}"),
            Lines{"the target file is not valid JSON @ my.json:2:11"});
  EXPECT_EQ(problems_of("[3]"), Lines{"must be an object @ my.json, /"});
  EXPECT_EQ(problems_of(""), Lines{"the target file is not valid JSON @ my.json:1:1"});
  EXPECT_EQ(problems_of("1e999"), Lines{"the target file holds a number out of range @ my.json"});
}

TEST(TargetFile, ReportsAllProblemsWithPointers) {
  std::string text = edited("\"part\"", "\"prat\"");
  text.replace(text.find("\"value\": 250"), 12, "\"value\": \"250\"");
  EXPECT_EQ(problems_of(text),
            (Lines{"unknown key 'prat' @ my.json, /prat", "is missing @ my.json, /part",
                   "must be a number @ my.json, /frequency/value"}));
}

TEST(TargetFile, MisspeltKeyIsRecognised) {
  const auto target = parse_target(edited("\"budgets\"", "\"bugdets\""), "my.json");
  ASSERT_FALSE(target.ok());
  EXPECT_EQ(target.errors().at(0).help, "did you mean 'budgets'?");
}

TEST(TargetFile, RejectsContradictions) {
  EXPECT_EQ(problems_of(edited("\"unit\": \"MHz\"", "\"unit\": \"GHz\"")),
            Lines{"the unit is 'GHz', but must be 'MHz' @ my.json, /frequency/unit"});
  EXPECT_EQ(problems_of(edited("\"value\": 9024", "\"value\": 8000")),
            Lines{"the SLRs have 8490 DSP together, more than the device's 8000 @ my.json, "
                  "/total/dsp"});
  EXPECT_EQ(problems_of(edited("\"value\": 28,", "\"value\": 27.5,")),
            Lines{"must be a whole number @ my.json, /memory/max_ports/value"});
  EXPECT_EQ(problems_of(edited("\"value\": 250", "\"value\": -1")),
            Lines{"must be above 0 and at most 2000 @ my.json, /frequency/value"});
  EXPECT_EQ(problems_of(edited("UG1393, HBM Configuration and Use\"", " \"")),
            Lines{"every number needs a source @ my.json, /memory/channels/source"});
  EXPECT_EQ(problems_of(edited("\"SLR1\"", "\"SLR0\"")),
            Lines{"'SLR0' is there twice @ my.json, /slrs/1/name"});
  EXPECT_EQ(problems_of(edited("\"HBM\"", "\"SRAM\"")),
            Lines{"'SRAM' is not a memory: HBM or DDR @ my.json, /memory/tag"});
  EXPECT_EQ(problems_of(edited("\"DDR\"", "\"HBM\"")),
            Lines{"'HBM' is the tag of the other memory @ my.json, /large_memory/tag"});
  EXPECT_EQ(problems_of(edited("17179869184, \"unit\": \"bytes\"", "0, \"unit\": \"words\"")),
            (Lines{"must be above 0 and at most 1000000000000000 @ my.json, "
                   "/large_memory/channel_bytes/value",
                   "the unit is 'words', but must be 'bytes' @ my.json, "
                   "/large_memory/channel_bytes/unit"}));
  EXPECT_EQ(problems_of(edited("\"slr\": \"SLR0\"", "\"slr\": \"SLR7\"")),
            Lines{"'SLR7' is none of the SLRs @ my.json, /memory/slr"});
  EXPECT_EQ(problems_of(edited("\"value\": 18000", "\"value\": 0")),
            Lines{"must be above 0 and at most 1000000000000000 @ my.json, /crossing_wires/value"});
  EXPECT_EQ(problems_of(edited("target/1", "target/2")),
            Lines{"is 'streamtensor.target/2', but must be 'streamtensor.target/1' @ my.json, "
                  "/schema"});
}

TEST(TargetFile, NamesCannotCarryCommandsIntoScripts) {
  EXPECT_EQ(problems_of(edited("xcu280-fsvh2892-2L-e", "$(reboot)")).size(), 1u);
  EXPECT_EQ(problems_of(edited("xilinx_u280_gen3x16_xdma_1_202211_1", "a; b")).size(), 1u);
  EXPECT_EQ(problems_of(edited("\"u280\"", "\"../u280\"")).size(), 1u);
  EXPECT_EQ(problems_of(edited("\"u280\"", "\"U280\"")).size(), 1u);
}

TEST(TargetFile, EveryTruncationIsAnError) {
  const std::string text = text_of_u280();
  const size_t end = text.find_last_of('}');
  for (size_t length = 0; length <= end; length += 7) {
    EXPECT_FALSE(parse_target(text.substr(0, length), "cut.json").ok()) << length;
  }
}

}  // namespace
}  // namespace st
