// SPDX-License-Identifier: Apache-2.0
// Prompts as text through the emitted host program, on the stub device with hand-written kernels.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/tokenizer/files/form_file.h"
#include "core/tokenizer/files/tokenizer.h"
#include "tests/backends_host/temporary_build.h"
#include "tests/backends_host/toy_program.h"

namespace st::testing {
namespace {

constexpr const char* TokensFile = "tokenizer/tokens.bin";

/// A token for each id of the toy program: letters, a word, and the bytes of characters.
tokens::Form toy_form() {
  tokens::Form form;
  form.prefix = {0};
  form.tokens.push_back({"", tokens::TokenKind::Special});
  for (const char* text : {"a", "b", "c", "d", "e", "é", "\xe2", "\x82", "\xac", " ", "g", "h", "i",
                           "j", "k", "l", "ab", "bc", "abc"})
    form.tokens.push_back({text});
  form.merges = {{1, 2, 17}, {17, 3, 19}};
  return form;
}

class HostText : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    build_ = std::make_unique<TemporaryBuild>();
    write_compiled_toy_build(*build_);
  }
  static void TearDownTestSuite() { build_.reset(); }

  void SetUp() override { use(toy_form()); }

  static void use(const tokens::Form& form) { build_->write(TokensFile, tokens::form_file(form)); }

  static Outcome host(const std::string& arguments, const std::string& input = "") {
    return build_->run("stub/host --build . " + arguments, input);
  }

  static std::unique_ptr<TemporaryBuild> build_;
};

std::unique_ptr<TemporaryBuild> HostText::build_;

/// The ids that the toy program makes of `ids`, up to `stop`.
std::vector<tokens::Id> made_of(std::vector<int> ids, int count, int stop = -1) {
  std::vector<tokens::Id> made;
  while (static_cast<int>(made.size()) < count && (made.empty() || made.back() != stop)) {
    made.push_back(toy_rows(ids).back());
    ids.push_back(made.back());
  }
  return made;
}

std::string text_of(const std::vector<tokens::Id>& ids, tokens::Id previous) {
  const tokens::Tokenizer tokenizer(toy_form());
  std::string text;
  for (const tokens::Id id : ids) {
    text += tokenizer.decode(previous, id);
    previous = id;
  }
  return text;
}

TEST_F(HostText, EncodesThePromptAndPrintsText) {
  const Outcome got = host("generate --prompt abcd --max-tokens 5");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, "abcd" + text_of(made_of({0, 19, 4}, 5), 4) + "\n");
  EXPECT_EQ(got.err, "");
}

TEST_F(HostText, PrintsIdsWhereTheyAreAskedFor) {
  const Outcome ids = host("generate --prompt abcd --max-tokens 5 --print-ids");
  EXPECT_EQ(ids.out, host("generate --ids 0,19,4 --max-tokens 5").out);
}

TEST_F(HostText, EndsAsTheTokenizerSaysAndDoesNotPrintTheStop) {
  const std::vector<tokens::Id> all = made_of({0, 19, 4}, 5);
  tokens::Form form = toy_form();
  form.stops = {static_cast<tokens::Id>(15), all[2]};
  use(form);
  const std::vector<tokens::Id> made = made_of({0, 19, 4}, 5, all[2]);
  EXPECT_EQ(host("generate --prompt abcd --max-tokens 5").out,
            "abcd" + text_of({made.begin(), made.end() - 1}, 4) + "\n");
  EXPECT_EQ(host("generate --prompt abcd --max-tokens 5 --stop " + std::to_string(all[0])).out,
            "abcd\n")
      << "what is given counts in the tokenizer's place";
}

TEST_F(HostText, BatchesTexts) {
  const Outcome got = host("batch --text --max-tokens 3", "abc\nb\r\n\n");
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, "abc" + text_of(made_of({0, 19}, 3), 19) + "\nb" +
                         text_of(made_of({0, 2}, 3), 2) + "\n" + text_of(made_of({0}, 3), 0) +
                         "\n");
}

TEST_F(HostText, TellsAllPromptsThatCannotBeUsedBeforeItComputes) {
  const Outcome got = host("batch --text --max-tokens 3", "abc\nxyz\nb\nb\x1b\n");
  EXPECT_EQ(got.exit_code, 2);
  EXPECT_EQ(got.out, "");
  EXPECT_EQ(
      got.err,
      "error[E0604]: character 'x' is not in the model's vocabulary (prompt, character 1) "
      "(line 2 of the input)\n"
      "error[E0604]: character '\\x1b' is not in the model's vocabulary (prompt, character 2) "
      "(line 4 of the input)\n");
  EXPECT_EQ(host("generate --prompt 'aéx'").err,
            "error[E0604]: character 'x' is not in the model's vocabulary (prompt, character 3)\n");
}

TEST_F(HostText, RefusesWhatIsNoTokenizerOfThisModel) {
  const std::string good = tokens::form_file(toy_form());
  build_->write(TokensFile, good.substr(0, good.size() - 3));
  const Outcome damaged = host("generate --prompt a");
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_EQ(damaged.err.find("error[E0602]: tokenizer/tokens.bin: "), 0U) << damaged.err;
  std::filesystem::remove(build_->path() / TokensFile);
  const Outcome missing = host("generate --prompt a");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("error[E0604]: the build has no tokenizer"), std::string::npos);
  EXPECT_EQ(host("generate --ids 1 --max-tokens 1").exit_code, 0) << "ids need none";
  tokens::Form larger = toy_form();
  larger.tokens.push_back({"z"});
  use(larger);
  const Outcome other = host("generate --prompt az");
  EXPECT_NE(other.err.find("gives id 20, the model has ids up to 19"), std::string::npos)
      << other.err;
  tokens::Form bare = toy_form();
  bare.prefix.clear();
  use(bare);
  EXPECT_EQ(host("generate --prompt ''").err, "error[E0604]: the prompt is empty\n");
}

TEST_F(HostText, RefusesOptionsThatDoNotGoTogether) {
  for (const char* arguments : {"generate --prompt a --ids 1", "generate --text --ids 1",
                                "batch --prompt a", "generate --text", "generate --prompt"}) {
    const Outcome got = host(arguments);
    EXPECT_EQ(got.exit_code, 2) << arguments;
    EXPECT_EQ(got.err.find("error[E0801]"), 0U) << got.err;
  }
}

}  // namespace
}  // namespace st::testing
