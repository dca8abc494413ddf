// SPDX-License-Identifier: Apache-2.0
// examples/adder: a trained model, its emitted code on the stub device, and the interpreter.
#include <algorithm>
#include <iostream>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/models/reference.h"
#include "tests/models/rows.h"

namespace st::test {
namespace {

#ifdef ST_TEST_SANITIZED
constexpr size_t Sums = 100;
#else
constexpr size_t Sums = 1000;
#endif
constexpr int64_t AdderVocabulary = 13;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// "12+345=357", as many as are tested.
const std::vector<std::string>& sums() {
  static const std::vector<std::string> some = [] {
    std::vector<std::string> all = lines_of(read(source("examples/adder/sums.txt")));
    EXPECT_GE(all.size(), Sums);
    all.resize(Sums);
    return all;
  }();
  return some;
}

std::string prompt_of(const std::string& sum) { return sum.substr(0, sum.find('=') + 1); }

/// A file with the prompts of the first `count` sums.
std::filesystem::path prompts(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += prompt_of(sums()[i]) + "\n";
  std::filesystem::path path = scratch() / ("prompts" + std::to_string(count) + ".txt");
  write(path, text);
  return path;
}

Reference& reference() {
  static Reference made("adder");
  return made;
}

/// "12+345=357" by the interpreter, for every sum.
const std::vector<std::string>& reference_answers() {
  static const std::vector<std::string> answers = [] {
    const Tokenizer& tokenizer = reference().tokenizer();
    std::vector<std::string> all;
    for (const std::string& sum : sums()) {
      const auto ids = *tokenizer.encode(prompt_of(sum));
      std::string text = prompt_of(sum);
      int64_t previous = ids.back();
      for (int64_t id : reference().generate(ids, tokenizer.stops().at(0), 5)) {
        text += tokenizer.decode(previous, id);
        previous = id;
      }
      all.push_back(text);
    }
    return all;
  }();
  return answers;
}

std::vector<std::string> emitted_answers(const Request& request) {
  const Outcome outcome =
      streamtensor({"run", built(request), "--prompts", prompts(Sums), "--max-tokens", "5"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return lines_of(outcome.out);
}

/// Equal lines of two lists of one length.
size_t agreeing(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  EXPECT_EQ(a.size(), b.size());
  size_t same = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) same += a[i] == b[i];
  return same;
}

TEST(Adder, ModelIsRightOn995OfAThousandSums) {
  const size_t right = agreeing(reference_answers(), sums());
  std::cout << "adder, interpreter: " << right << " of " << Sums << " sums right\n";
  EXPECT_GE(1000 * right, 995 * Sums);
}

TEST(Adder, F32GivesTheReferencesAnswerEveryTime) {
  const std::vector<std::string> answers = emitted_answers({"adder", "f32"});
  const size_t same = agreeing(answers, reference_answers());
  std::cout << "adder, f32: " << same << " of " << Sums << " answers are the interpreter's\n";
  EXPECT_EQ(same, Sums);
}

TEST(Adder, F32LogitsAreTheReferences) {
  constexpr size_t Some = 20;
  const std::filesystem::path file = scratch() / "adder.logits";
  const Outcome outcome = streamtensor(
      {"run", built({"adder"}), "--prompts", prompts(Some), "--max-tokens", "0", "--logits", file});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  Rows expected{AdderVocabulary, {}};
  for (size_t i = 0; i < Some; ++i) {
    const Rows rows = reference().score(*reference().tokenizer().encode(prompt_of(sums()[i])));
    ASSERT_EQ(rows.width, AdderVocabulary);
    expected.values.insert(expected.values.end(), rows.values.begin(), rows.values.end());
  }
  const Rows logits = read_logits(file, AdderVocabulary);
  ASSERT_EQ(logits.count(), expected.count());
  const double difference = largest_difference(logits, expected);
  std::cout << "adder, f32: logits differ by " << difference << " at most\n";
  EXPECT_LE(difference, 1e-4);
}

TEST(Adder, W8a8IsRightOn99OfAHundredSums) {
  const size_t right = agreeing(emitted_answers({"adder", "w8a8"}), sums());
  std::cout << "adder, w8a8: " << right << " of " << Sums << " sums right\n";
  RecordProperty("right", static_cast<int>(right));
  EXPECT_GE(100 * right, 99 * Sums);
}

TEST(Adder, W8a8WithScalesOfGroupsIsRightOn99OfAHundredSums) {
  const size_t right = agreeing(
      emitted_answers(
          {.model = "adder", .precision = "w8a8", .fold_layers = true, .group_scales = true}),
      sums());
  std::cout << "adder, w8a8 in groups: " << right << " of " << Sums << " sums right\n";
  EXPECT_GE(100 * right, 99 * Sums);
}

}  // namespace
}  // namespace st::test
