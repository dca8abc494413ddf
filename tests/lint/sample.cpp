// SPDX-License-Identifier: Apache-2.0
#include "tests/lint/sample.h"

#include <regex>
#include <set>

#include "core/support/embedded.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

const std::string Library = "hls_templates/";

Sample sample_of(const Request& request, const std::string& unit) {
  const std::filesystem::path folder = built(request) / "groups" / unit / "src";
  return {unit, read(folder / (unit + ".h")), read(folder / (unit + ".cpp"))};
}

std::vector<lint::SourceFile> library() {
  std::vector<lint::SourceFile> files;
  for (const std::string& path : embedded_files(Library + "streamtensor/"))
    files.push_back({path, embedded_file(path)});
  return files;
}

std::vector<lint::Finding> without_notes(std::vector<lint::Finding> findings) {
  std::erase_if(findings, [](const lint::Finding& finding) {
    return finding.rule->level == lint::Level::Note;
  });
  return findings;
}

void replace_first(std::string& text, const Edit& edit) {
  const size_t at = text.find(edit.from);
  ASSERT_NE(at, std::string::npos) << "the emitted code has no '" << edit.from << "'";
  text.replace(at, edit.from.size(), edit.to);
}

}  // namespace

const Sample& adder() {
  static const Sample Emitted = sample_of({"adder", "f32", "u280", "none"}, "group0");
  return Emitted;
}

const Sample& folded_adder() {
  static const Sample Emitted = sample_of({"adder", "f32", "u280", "none", true}, "decoder");
  return Emitted;
}

Sample edited(const Sample& sample, const std::vector<Edit>& edits) {
  Sample out = sample;
  for (const Edit& edit : edits) {
    if (edit.kind == Edit::Kind::Rename) {
      const std::regex word("\\b" + edit.from + "\\b");
      EXPECT_TRUE(std::regex_search(out.source, word)) << edit.from;
      out.source = std::regex_replace(out.source, word, edit.to);
      out.header = std::regex_replace(out.header, word, edit.to);
    } else if (edit.kind == Edit::Kind::Pattern) {
      const std::regex pattern(edit.from);
      EXPECT_TRUE(std::regex_search(out.source, pattern)) << edit.from;
      out.source =
          std::regex_replace(out.source, pattern, edit.to, std::regex_constants::format_first_only);
    } else {
      replace_first(edit.kind == Edit::Kind::Header ? out.header : out.source, edit);
    }
  }
  return out;
}

std::vector<lint::Finding> lint_sample(const Sample& sample, bool notes) {
  std::vector<lint::SourceFile> files = library();
  files.push_back({"src/" + sample.unit + ".h", sample.header});
  std::vector<lint::Finding> findings =
      lint::lint({"src/" + sample.unit + ".cpp", sample.source}, lint::include_from(files, Library),
                 {sample.unit});
  return notes ? findings : without_notes(std::move(findings));
}

std::vector<lint::Finding> lint_text(const std::string& text,
                                     const std::vector<std::string>& tops) {
  const std::vector<lint::SourceFile> files = library();
  return without_notes(lint::lint({"own.cpp", text}, lint::include_from(files, Library), tops));
}

std::string rules_of(const std::vector<lint::Finding>& findings) {
  std::set<std::string> names;
  for (const lint::Finding& finding : findings) names.emplace(finding.rule->name);
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

std::string shown(const std::vector<lint::Finding>& findings) {
  std::string out;
  for (const lint::Finding& finding : findings) out += text_of(finding) + "\n";
  return out;
}

}  // namespace st::test
