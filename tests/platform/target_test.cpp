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
    EXPECT_LE(target.max_ports(), target.memory_channels() * target.memory.most_channel_ports());
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
  EXPECT_EQ(target->memory_bytes_per_cycle(), 1840);
  EXPECT_EQ(target->max_ports(), 28);
  EXPECT_EQ(target->total.counts(), (ResourceCounts{1303680, 2607360, 9024, 4032, 960}));
  EXPECT_EQ(target->usable(), (ResourceCounts{1069000, 2150000, 8490, 2974, 960}));
  EXPECT_EQ(target->budget(), (ResourceCounts{748300, 1075000, 6792, 2379, 768}));
  EXPECT_EQ(target->slr_budget(0), (ResourceCounts{258300, 373000, 2186, 811, 256}));
  EXPECT_EQ(target->slr_of(31), 0u);
  ASSERT_TRUE(target->crossing_wires);
  EXPECT_EQ(target->crossing_wires->value, 18000);
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
  EXPECT_EQ(problem.details,
            Lines{"known targets: kv260, u200, u250, u280, u50, u55c, vck5000, zcu104"});
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
            Lines{"'SRAM' is not a memory: HBM or DDR, or name each channel in tags @ my.json, "
                  "/memory/tag"});
  EXPECT_EQ(problems_of(edited("\"DDR\"", "\"HBM\"")),
            Lines{"'HBM' is the tag of the other memory @ my.json, /large_memory/tag"});
  EXPECT_EQ(problems_of(edited("17179869184, \"unit\": \"bytes\"", "0, \"unit\": \"words\"")),
            (Lines{"must be above 0 and at most 1000000000000000 @ my.json, "
                   "/large_memory/channel_bytes/value",
                   "the unit is 'words', but must be 'bytes' @ my.json, "
                   "/large_memory/channel_bytes/unit"}));
  EXPECT_EQ(problems_of(edited("\"slr\": \"SLR0\",\n    \"channels\": {\"value\": 32",
                               "\"channels\": {\"value\": 32")),
            Lines{"is missing: which SLR is this memory next to? @ my.json, /memory/slr"});
  EXPECT_EQ(problems_of(edited("\"slr\": \"SLR0\"", "\"slr\": \"SLR7\"")),
            Lines{"'SLR7' is none of the SLRs @ my.json, /memory/slr"});
  EXPECT_EQ(problems_of(edited("\"value\": 18000", "\"value\": 0")),
            Lines{"must be above 0 and at most 1000000000000000 @ my.json, /crossing_wires/value"});
  EXPECT_EQ(problems_of(edited("target/1", "target/2")),
            Lines{"is 'streamtensor.target/2', but must be 'streamtensor.target/1' @ my.json, "
                  "/schema"});
}

/// Memory of a board with one die, as its only kind.
std::string one_die(const std::string& memory) {
  std::string text = embedded_file("targets/kv260.json");
  const size_t at = text.find("\"memory\": {");
  return text.substr(0, at) + "\"memory\": {" + memory + "}\n}";
}

TEST(TargetFile, ChannelsHaveNamesAndPlacesOfTheirOwn) {
  const auto u200 = find_target("u200");
  ASSERT_TRUE(u200.ok());
  EXPECT_EQ(u200->bank_name(2), "DDR[2]");
  EXPECT_EQ(u200->slr_of(0), 0u);
  EXPECT_EQ(u200->slr_of(2), 1u);
  EXPECT_EQ(u200->slr_of(3), 2u);
  const auto kv260 = find_target("kv260");
  ASSERT_TRUE(kv260.ok());
  EXPECT_EQ(kv260->bank_name(0), "HP0");
  EXPECT_EQ(kv260->bank_name(5), "HPC1");
  EXPECT_EQ(kv260->slr_of(5), 0u);
  EXPECT_EQ(kv260->memory.title(), "HP0 to HPC1");
  EXPECT_EQ(find_target("vck5000")->bank_name(0), "MC_NOC0");
  EXPECT_EQ(find_target("vck5000")->memory.title(), "MC_NOC0");
}

TEST(TargetFile, NarrowPortsAndSharedMemoryBoundTheBandwidth) {
  auto target = find_target("kv260");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->port_bytes_per_cycle(), 16);  // 128 bits
  EXPECT_EQ(target->memory.total_bytes(), int64_t{3} << 30);
  EXPECT_NEAR(target->memory_bytes_per_cycle(), 96, 1e-9);
  // A faster clock than the memory follows; a slower one is bound by the ports.
  EXPECT_NEAR(target->memory.gb_per_s(300, 6), 3.2, 1e-9);
  EXPECT_NEAR(target->memory.gb_per_s(100, 6), 1.6, 1e-9);
  target->memory.channel_bandwidth.value = 5;
  EXPECT_NEAR(target->memory.gb_per_s(300, 4), 4.8, 1e-9);
  EXPECT_NEAR(target->memory.gb_per_s(300, 8), 2.4, 1e-9);
  // A port of emitted code takes a word in a cycle.
  EXPECT_EQ(find_target("u250")->port_bytes_per_cycle(), 64);
}

TEST(TargetFile, MemoriesSayWhatIsMissing) {
  const std::string numbers =
      R"("channels": {"value": 2, "unit": "channels", "source": "s"},
         "channel_bytes": {"value": 4096, "unit": "bytes", "source": "s"},
         "channel_bandwidth": {"value": 1, "unit": "GB/s", "source": "s"},
         "max_ports": {"value": 4, "unit": "ports", "source": "s"})";
  EXPECT_TRUE(parse_target(one_die("\"tags\": [\"HP0\", \"HP1\"], " + numbers), "my.json").ok());
  EXPECT_EQ(problems_of(one_die(numbers)), Lines{"is missing @ my.json, /memory/tag"});
  EXPECT_EQ(problems_of(one_die("\"tag\": \"DDR\", \"tags\": [\"A\", \"B\"], " + numbers)),
            Lines{"'tag' is given as well: leave one of them out @ my.json, /memory/tags"});
  EXPECT_EQ(problems_of(one_die("\"tags\": [3], " + numbers)),
            Lines{"must be an array of 1 to 1024 strings @ my.json, /memory/tags"});
  EXPECT_EQ(problems_of(one_die("\"tags\": [\"HP0\"], " + numbers)),
            Lines{"names 1 channels, but there are 2 @ my.json, /memory/tags"});
  EXPECT_EQ(problems_of(one_die("\"tags\": [\"HP0\", \"HP0\"], " + numbers)),
            Lines{"'HP0' is there twice @ my.json, /memory/tags/1"});
  EXPECT_EQ(problems_of(one_die("\"tags\": [\"HP0\", \"HP1\\nsp=x\"], " + numbers)).size(), 1u);
  EXPECT_EQ(problems_of(
                one_die("\"tag\": \"DDR\", \"slrs\": [\"SLR0\", \"SLR0\", \"SLR1\"], " + numbers)),
            (Lines{"places 3 channels, but there are 2 @ my.json, /memory/slrs",
                   "'SLR1' is none of the SLRs @ my.json, /memory/slrs/2"}));
  EXPECT_EQ(
      problems_of(one_die(
          R"("tag": "DDR", "shared": {"bytes": {"value": 4000, "unit": "bytes", "source": "s"},
             "bandwidth": {"value": 1, "unit": "MB/s", "source": "s"}}, )" +
          numbers)),
      (Lines{"the unit is 'MB/s', but must be 'GB/s' @ my.json, /memory/shared/bandwidth/unit",
             "all channels have 4000 bytes together, but one has 4096 @ my.json, "
             "/memory/shared/bytes"}));
}

TEST(TargetFile, WiresBetweenDiesAreGivenWhereThereAreSeveral) {
  std::string text = text_of_u280();
  const size_t at = text.find("  \"crossing_wires\"");
  const std::string wires = text.substr(at, text.find('\n', at) + 1 - at);
  EXPECT_EQ(problems_of(edited(wires, "")),
            Lines{"is missing: how many wires join neighbouring SLRs? @ my.json, /crossing_wires"});
  text = embedded_file("targets/kv260.json");
  text.insert(text.find("  \"budgets\""), wires);
  EXPECT_EQ(problems_of(text),
            Lines{"a single SLR has no neighbour that wires could join @ my.json, "
                  "/crossing_wires"});
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
