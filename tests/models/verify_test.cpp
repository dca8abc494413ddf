// SPDX-License-Identifier: Apache-2.0
// `verify` passes on what was built, and on nothing else.
#include <cstdio>
#include <filesystem>
#include <vector>

#include "core/packing/checksum.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

constexpr int Mismatch = 1;

void expect_verified(const std::vector<Request>& requests) {
  for (const Request& request : requests) {
    SCOPED_TRACE(request.model + " " + request.precision);
    const Outcome outcome = streamtensor({"verify", built(request)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("verified"), std::string::npos) << outcome.out;
  }
}

TEST(Verify, PassesOnEveryBuild) {
  ST_NEEDS_SHARED();
  expect_verified({{"adder"},
                   {"adder", "w8a8"},
                   {"stories260k"},
                   {"stories260k", "w8a8"},
                   {"char_shakespeare"}});
}

TEST(Verify, PassesOnScalesOfGroups) {
  expect_verified(
      {{.model = "adder", .precision = "w4a8", .group_scales = true},
       {.model = "adder", .precision = "w8a8", .fold_layers = true, .group_scales = true}});
  ST_NEEDS_SHARED();  // with a last group that is shorter
  expect_verified({{.model = "stories260k", .precision = "w8a8", .group_scales = true}});
}

/// Bytes worth altering: the ends, the middle, the least mantissa byte of a float, and padding: the
/// last bytes of a file whose last parameter has beats of 13 floats in words of 16.
std::vector<int64_t> bytes_to_alter(const fs::path& file) {
  const auto size = static_cast<int64_t>(fs::file_size(file));
  return {0, size / 2 + 3, size / 3 / 4 * 4, size - 1};
}

TEST(Verify, NamesAParameterFileWithOneAlteredByte) {
  for (Links links : {Links::Kept, Links::Broken}) {
    const fs::path build = copy_of(built({"adder"}), "altered", links);
    for (const char* name : {"params0.bin", "params3.bin", "wte_weight.bin"}) {
      const fs::path file = build / "params" / name;
      for (int64_t offset : bytes_to_alter(file)) {
        SCOPED_TRACE(std::string(name) + " byte " + std::to_string(offset));
        flip(file, offset);
        const Outcome outcome = streamtensor({"verify", build});
        flip(file, offset);
        EXPECT_NE(outcome.status, 0);
        EXPECT_NE(outcome.err.find(std::string("params/") + name), std::string::npos)
            << outcome.err;
        EXPECT_EQ(outcome.out.find("verified"), std::string::npos);
      }
    }
    EXPECT_EQ(streamtensor({"verify", build}).status, 0) << "undone alterations";
  }
}

TEST(Verify, NamesTestDataWithOneAlteredByte) {
  const fs::path build = copy_of(built({"adder"}), "altered", Links::Broken);
  for (const char* name : {"params0.bin", "logits.0.bin", "logits.2.bin", "input_ids.1.bin"}) {
    const fs::path file = build / "groups/group0/tb/data" / name;
    for (int64_t offset : bytes_to_alter(file)) {
      SCOPED_TRACE(std::string(name) + " byte " + std::to_string(offset));
      flip(file, offset);
      const Outcome outcome = streamtensor({"verify", build});
      const Outcome bench =
          run_program({"./group0_tb", "../groups/group0/tb/data"}, build / "stub");
      flip(file, offset);
      EXPECT_NE(outcome.status, 0);
      EXPECT_NE(outcome.err.find(name), std::string::npos) << outcome.err;
      EXPECT_EQ(bench.status, 1);
      EXPECT_NE(bench.out.find(name), std::string::npos) << bench.out;
    }
  }
  EXPECT_EQ(streamtensor({"verify", build}).status, 0) << "undone alterations";
}

/// As launches.txt has it.
std::string checksum_of(const std::string& bytes) {
  Checksum checksum;
  checksum.add(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return checksum.text();
}

TEST(Verify, ComparesValuesAndNotJustChecksums) {
  const fs::path build = copy_of(built({"adder"}), "altered");
  const fs::path data = build / "groups/group0/tb/data";
  const std::string before = checksum_of(read(data / "logits.1.bin"));
  constexpr int64_t Logit = 4, FloatBytes = 4;
  // The second-lowest mantissa byte: a change of about 1e-3, not one that rounding could explain.
  flip(data / "logits.1.bin", Logit * FloatBytes + 1, 0x80);
  replace(data / "launches.txt", before, checksum_of(read(data / "logits.1.bin")));
  const Outcome bench = run_program({"./group0_tb", "../groups/group0/tb/data"}, build / "stub");
  EXPECT_EQ(bench.status, 1);
  EXPECT_NE(bench.out.find("launch 1, logits[0][4]"), std::string::npos) << bench.out;
  const Outcome outcome = streamtensor({"verify", build});
  EXPECT_EQ(outcome.status, Mismatch);
  EXPECT_NE(outcome.err.find("launch 1, logits[0][4]"), std::string::npos) << outcome.err;
}

/// The model's nodes whose kernels differ according to `verify`, in the order of its report.
std::vector<std::string> nodes_at_fault(const std::string& report) {
  std::vector<std::string> names;
  const std::string before = "the kernel is of node '";
  for (size_t at = report.find(before); at != std::string::npos; at = report.find(before, at)) {
    at += before.size();
    const size_t end = report.find('\'', at);
    names.push_back(report.substr(at, end - at));
  }
  return names;
}

TEST(Verify, NamesExactlyTheKernelsWhoseCodeWasAltered) {
  const fs::path build = copy_of(built({"adder"}), "altered");
  const fs::path code = build / "groups/group0/src/group0.cpp";
  // An epsilon, two operands that have the same type, and a scale.
  replace(code, "h_0_ln_1_weight, h_0_ln_1_bias, 1e-05f", "h_0_ln_1_weight, h_0_ln_1_bias, 1e-03f");
  replace(code, "h_1_ln_2_weight, h_1_ln_2_bias, 1e-05f", "h_1_ln_2_bias, h_1_ln_2_weight, 1e-05f");
  replace(code, "h_2_attn_Attention_scores,\n      0.25f",
          "h_2_attn_Attention_scores,\n      0.26f");
  recompile_test_bench(build);
  const Outcome outcome = streamtensor({"verify", build});
  EXPECT_EQ(outcome.status, Mismatch) << outcome.err;
  EXPECT_EQ(nodes_at_fault(outcome.err),
            (std::vector<std::string>{"h.0/ln_1", "h.1/ln_2", "h.2/attn/Attention"}))
      << outcome.err;
}

TEST(Verify, ComparesIntegersBitForBit) {
  const fs::path build = copy_of(built({"adder", "w8a8"}), "altered");
  // Truncation in place of rounding: int8 values off by one.
  replace(build / "hls_templates/streamtensor/round.h", "(whole_part<Bits>(twice.bits) + 1) >> 1",
          "whole_part<Bits>(twice.bits) >> 1");
  recompile_test_bench(build);
  const Outcome outcome = streamtensor({"verify", build});
  EXPECT_EQ(outcome.status, Mismatch) << outcome.err;
  EXPECT_EQ(nodes_at_fault(outcome.err).size(), 13U) << outcome.err;
  EXPECT_NE(outcome.err.find("(quantize_rows) differs"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("(matmul)"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace st::test
