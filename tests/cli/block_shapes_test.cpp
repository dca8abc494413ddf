// SPDX-License-Identifier: Apache-2.0
// What one transformer block of published shape pays where types of streams differ.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/common/block_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

#ifdef ST_TEST_SANITIZED
// The same forms, smaller.
constexpr BlockShape Gpt2 = {192, 12, 12, 16, 768, 64}, Llama = {256, 16, 2, 16, 704, 64};
#else
// Half of TinyLlama's widths: a quarter of the weights to write and to pack.
constexpr BlockShape Gpt2 = Gpt2Small, Llama = {1024, 16, 2, 64, 2816};
#endif

/// Bits of an element: of f32, and of the i8 in which w8a8 streams rows to products.
constexpr int64_t Float = 32, Byte = 8;

struct Conversion {
  std::string form, readers;
  int64_t bits, paper;
  bool operator==(const Conversion& other) const {
    return form == other.form && readers == other.readers && bits == other.bits &&
           paper == other.paper;
  }
};

std::ostream& operator<<(std::ostream& out, const Conversion& c) {
  return out << c.form << " of " << c.bits << " bits, paper " << c.paper << ", for " << c.readers;
}

/// 1234567 as 1,234,567, as the tool prints it.
std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

/// Without the number that a kernel's name may end in.
std::string plain(const std::string& name) {
  const size_t end = name.find_last_not_of("0123456789");
  return end + 1 < name.size() && name[end] == '_' ? name.substr(0, end) : name;
}

std::string joined(const Json& names, bool whole) {
  std::string out;
  for (const auto& entry : names) {
    const auto name = entry.get<std::string>();
    out += (out.empty() ? "" : ", ") + (whole ? name : plain(name));
  }
  return out;
}

int64_t bits_of(const Json& number) {
  EXPECT_EQ(number.at("unit"), "bits");
  return static_cast<int64_t>(number.at("value").get<double>());
}

/// The line of `text` that begins with `start`, its runs of spaces made one.
std::string line_of(const std::string& text, const std::string& start) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string out;
    for (std::string word; words >> word;) out += (out.empty() ? "" : " ") + word;
    if (out.rfind(start + " ", 0) == 0) return out;
  }
  return "";
}

/// The printed number that follows `name`; -1 if there is none.
int64_t number_after(const std::string& line, const std::string& name) {
  const size_t at = line.find(name + " ");
  if (at == std::string::npos) return -1;
  std::istringstream rest(line.substr(at + name.size()));
  std::string number;
  rest >> number;
  number.erase(std::remove(number.begin(), number.end(), ','), number.end());
  return number.find_first_not_of("0123456789") == std::string::npos ? std::stoll(number) : -1;
}

/// What the report says, after a check that the same was printed, and that it adds up.
std::vector<Conversion> conversions(const Outcome& built, const fs::path& output) {
  const Json report = Json::parse(read(output / "report/report.json"));
  EXPECT_EQ(report.at("groups").size(), 1U);
  std::vector<Conversion> all;
  int64_t bits = 0, paper = 0;
  for (const Json& use : report.at("groups")[0].at("conversions")) {
    const std::string name = use.at("kernel"), form = use.at("form");
    const Conversion found = {form, joined(use.at("readers"), false), bits_of(use.at("buffer")),
                              bits_of(use.at("paper_rule"))};
    EXPECT_EQ(line_of(built.out, name), name + " " + form + " " + grouped(found.bits) + " " +
                                            grouped(found.paper) + " " +
                                            joined(use.at("readers"), true));
    bits += found.bits;
    paper += found.paper;
    all.push_back(found);
  }
  EXPECT_EQ(line_of(built.out, "all of group0"),
            "all of group0 " + grouped(bits) + " " + grouped(paper));
  const std::string saved = line_of(built.out, "saved against the paper's rule:");
  int64_t sum = 0;
  for (const char* way : {"repair", "sharing", "live ranges", "width adapters"}) {
    const int64_t part = number_after(saved, way);
    EXPECT_GE(part, 0) << way << " in " << saved;
    sum += part;
  }
  EXPECT_EQ(sum, paper - bits) << saved;
  EXPECT_LT(bits, paper);
  return all;
}

std::vector<Conversion> conversions(const BlockModel& model, const std::string& precision) {
  const fs::path folder = own_folder("block"), output = folder / "out";
  const Outcome built = write_only(model.write(folder), output, {"--precision", precision});
  EXPECT_EQ(built.status, 0) << built.err;
  const auto found = built.status == 0 ? conversions(built, output) : std::vector<Conversion>();
  fs::remove_all(folder);  // up to 400 MB
  return found;
}

/// For each reader the paper has a ping-pong of the row, which goes: a norm or a quantizer holds
/// the row anyway. `held`: bits of an element as it is sent, where that is not how it came.
Conversion repeated(const std::string& readers, int64_t width, int64_t element, int64_t held) {
  const int64_t count = 1 + std::count(readers.begin(), readers.end(), ',');
  return {"repeated by its writer", readers, width * held, count * 2 * width * element};
}

/// A product reads its whole row again for each tile of its outputs: the row is what is live.
Conversion one_buffer(const std::string& reader, int64_t width) {
  return {"one buffer", reader, width * Float, 2 * width * Float};
}

/// Each linear layer in bytes has a row that its quantizer streams again.
Conversion quantized(const std::string& readers, int64_t width) {
  return repeated(readers, width, Byte, Byte);
}

/// The same of a row in bytes.
Conversion in_bytes(const std::string& reader, int64_t width) {
  return {"one buffer", reader, width * Byte, 2 * width * Byte};
}

TEST(BlockShapes, Gpt2PaysForTheRowsOfAttentionAndOfItsActivation) {
  EXPECT_EQ(conversions(gpt2_block(Gpt2), "f32"),
            (std::vector<Conversion>{repeated("c_attn_product", Gpt2.width, Float, 0),
                                     one_buffer("c_proj_product", Gpt2.width),
                                     repeated("c_fc_product", Gpt2.width, Float, 0),
                                     one_buffer("mlp_c_proj_product", Gpt2.hidden),
                                     repeated("lm_head", Gpt2.width, Float, 0)}));
}

TEST(BlockShapes, Gpt2InBytesStreamsEveryRowFromItsQuantizer) {
  EXPECT_EQ(conversions(gpt2_block(Gpt2), "w8a8"),
            (std::vector<Conversion>{
                quantized("c_attn_product", Gpt2.width), quantized("c_proj_product", Gpt2.width),
                quantized("c_fc_product", Gpt2.width), quantized("mlp_c_proj_product", Gpt2.hidden),
                quantized("lm_head", Gpt2.width)}));
}

// Gate and up are the slowest products, and a norm that served one after the other would take twice
// their time.
TEST(BlockShapes, LlamasNormsStreamTheirRowsToAsManyProductsAsThePaceAllows) {
  EXPECT_EQ(conversions(llama_block(Llama), "f32"),
            (std::vector<Conversion>{
                repeated("q_proj, k_proj, v_proj", Llama.width, Float, 0),
                one_buffer("o_proj", Llama.width), repeated("gate_proj", Llama.width, Float, 0),
                one_buffer("up_proj", Llama.width), one_buffer("down_proj", Llama.hidden),
                repeated("lm_head", Llama.width, Float, 0)}));
}

TEST(BlockShapes, LlamaInBytesHasOneQuantizerForTheProductsOfARow) {
  EXPECT_EQ(conversions(llama_block(Llama), "w8a8"),
            (std::vector<Conversion>{
                quantized("q_proj, k_proj, v_proj", Llama.width), quantized("o_proj", Llama.width),
                quantized("gate_proj", Llama.width), in_bytes("up_proj", Llama.width),
                quantized("down_proj", Llama.hidden), quantized("lm_head", Llama.width)}));
}

TEST(BlockShapes, ABlockWithASharedBufferAdaptersAndRepeatedRowsIsVerified) {
  // Heads of 8 against 16 lanes; the first products read embeddings, whose writer holds no row.
  const BlockShape small = {64, 8, 4, 8, 176, 32};
  const fs::path folder = own_folder("block_small"), output = folder / "out";
  const Outcome built = build(llama_block(small, false).write(folder), output);
  ASSERT_EQ(built.status, 0) << built.err;
  const std::vector<Conversion> found = conversions(built, output);
  auto count = [&](const Conversion& wanted) {
    return std::count(found.begin(), found.end(), wanted);
  };
  const int64_t row = small.width * Float;
  EXPECT_EQ(count({"one shared buffer", "q_proj, k_proj, v_proj", row, 3 * 2 * row}), 1)
      << built.out;
  EXPECT_EQ(count(repeated("gate_proj, up_proj", small.width, Float, 0)), 1) << built.out;
  // A beat of 16 that came and one of 8 that goes, less what never waits: their common divisor.
  EXPECT_EQ(count({"width adapter", "attention_values", (16 + 8 - 8) * Float, 2 * 32 * Float}), 1)
      << built.out;
  EXPECT_NE(read(output / "groups/group0/src/group0.cpp").find("st::adapt<float, 16, 8, "),
            std::string::npos);
  const Outcome verified = streamtensor({"verify", output.string()});
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST(BlockShapes, ABlockThatNormalisesHeadsOfQueryAndKeyIsVerified) {
  // Heads of two beats of 12.
  const BlockShape small = {64, 4, 2, 24, 96, 32};
  for (const char* precision : {"f32", "w8a8"}) {
    const fs::path folder = own_folder(std::string("block_heads_") + precision),
                   output = folder / "out";
    const Outcome built =
        build(gemma_block(small).write(folder), output, {"--precision", precision});
    ASSERT_EQ(built.status, 0) << built.err;
    const std::string code = read(output / "groups/group0/src/group0.cpp");
    EXPECT_NE(code.find("st::rms_norm_heads<12, 2, 4>)("), std::string::npos) << code;
    EXPECT_NE(code.find("st::rms_norm_heads<12, 2, 2>)("), std::string::npos) << code;
    const Outcome verified = streamtensor({"verify", output.string()});
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  }
}

}  // namespace
}  // namespace st::test
