// SPDX-License-Identifier: Apache-2.0
/// A model's names are its author's. They must not reach a compiler, make, Tcl, a shell or a path
/// as anything but plain identifiers, and must not change what a design computes.
#include <algorithm>
#include <cctype>
#include <sstream>

#include "frontends/tokenizer/tokenizer.h"
#include "tests/cli/good_build.h"
#include "tests/cli/snapshot.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// Each is an attack on something, or an identifier that means something already.
const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> names = {
      // that end a string, a comment, a line or a command
      "say \"pwned\"", "it's", "x\nint pwned = 1;\n", "\r\n#include <pwned>",
      "a\"); system(\"touch pwned\"); //", "*/ int pwned; /*", "// pwned", "/* pwned",
      "ends in a backslash\\", "trigraph \?\?/", "\?\?=define pwned", "../../pwned", "/pwned", "..",
      ".", "$(touch pwned)", "$(shell touch pwned)", "`touch pwned`", "; touch pwned #",
      "| touch pwned", "&& touch pwned", "> pwned", "[exec touch pwned]", "{", "}", "${HOME}",
      "%s%n%d", "@pwned", "!pwned", "*", "~", "-o pwned", "--target", "=", ":=", "<",
      // control characters, other scripts, and none
      std::string("nul\0byte", 8), "\x1b[31mred", "tab\there", "\xe2\x80\xaereversed",
      "\xf0\x9f\x94\xa5",
      "\xc3\xbc"
      "ber",
      "\xe5\x90\x8d\xe5\x89\x8d", " ", "_", "__", "1st", "42",
      // words of C++, macros, and what emitted code and its libraries use
      "int", "class", "template", "co_await", "and", "main", "std", "int8_t", "int32_t", "size_t",
      "NULL", "EOF", "TASK", "assert", "unix", "linux", "errno", "stdin", "tokens", "past", "token",
      "position", "group0", "group0_tb", "params0", "params1", "load_params0", "load_params1", "st",
      "hls", "vec", "ap_uint", "load_segment", "bench", "argc", "argv", "port", "buffer", "in",
      "out", "d0", "d1", "beat", "lane", "convert", "fork_x", "store_logits", "load_input_ids",
      "exp", "sqrt", "kernels", "Model", "program",
      // equal once sanitised, or but for their case
      "a-b", "a.b", "a b", "a_b", "a--b", "a_b_2", "A_B", "Case", "case", "CASE", "cAsE",
      // long, and equal in all that is kept
      std::string(10000, 'n'), std::string(10000, 'n') + "n", std::string(70, 'q') + "1",
      std::string(70, 'q') + "2", std::string(5000, '/'), std::string(3000, '\n')};
  return names;
}

/// The tiny model with the hostile names from number `first` on.
TinyModel hostile_model(size_t first) {
  TinyModel model;
  std::map<std::string, std::string> given;
  model.rename([&](const std::string& old) {
    const auto [entry, fresh] = given.try_emplace(old, "");
    if (fresh) entry->second = hostile_names()[(first + given.size()) % hostile_names().size()];
    return entry->second;
  });
  for (const std::string& name : hostile_names()) {
    if (!name.empty()) model.json["metadataProps"].push_back({{"key", name}, {"value", name}});
  }
  model.json["producerName"] = "*/ $(touch pwned)\n";
  model.json["graph"]["docString"] = "\"); touch pwned\\";
  Json tokenizer = Json::parse(model.metadata("streamtensor.tokenizer").get<std::string>());
  for (size_t i = 0; i < tokenizer["vocabulary"].size(); ++i)
    tokenizer["vocabulary"][i] = hostile_names()[i];
  model.metadata("streamtensor.tokenizer") = tokenizer.dump();
  // Symbols may only be words, but all words: these are what the tool calls its own.
  std::string text = model.json.dump();
  for (const auto& [old, name] :
       std::vector<std::pair<std::string, std::string>>{{"past_sequence_length", "tokens"},
                                                        {"total_sequence_length", "d0"},
                                                        {"sequence_length", "past"}}) {
    for (const std::string quote : {"\"", "."}) {
      const std::string from = quote + old + "\"", to = quote + name + "\"";
      for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
        text.replace(at, from.size(), to);
    }
  }
  model.json = Json::parse(text);
  return model;
}

/// C++ without comments and space, every name as "n" and every literal string as "s": what is left
/// of two designs that differ in names alone is the same.
std::string skeleton(const std::string& code) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  std::string out;
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '"') {
      for (++i; i < code.size() && code[i] != '"'; ++i) i += code[i] == '\\';
      out += 's';
    } else if (c == '/' && code[i + 1] == '/') {
      i = std::min(code.find('\n', i), code.size());
    } else if (is_word(c)) {
      const size_t begin = i;
      while (is_word(code[i + 1])) ++i;
      const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
      out += number ? code.substr(begin, i + 1 - begin) : "n";
      out += ' ';
    } else if (c != ' ' && c != '\n') {
      out += c;
    }
  }
  return out;
}

/// Whether `text` is not empty, and all of it letters, digits and `others`.
bool is_plain(const std::string& text, const std::string& others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string::npos;
  });
}

/// Checks the lines "sp=group0_1.NAME:HBM[3]" of a link configuration; the text without them.
std::string without_ports(const std::string& config) {
  std::istringstream lines(config);
  std::string line, others;
  int ports = 0;
  while (std::getline(lines, line)) {
    if (line.rfind("sp=", 0) != 0) {
      others += line + "\n";
      continue;
    }
    ++ports;
    const size_t dot = line.find('.'), colon = line.find(":HBM[");
    EXPECT_TRUE(dot < colon && colon < line.size() && line.back() == ']') << line;
    EXPECT_TRUE(is_plain(line.substr(3, dot - 3), "_")) << line;
    EXPECT_TRUE(is_plain(line.substr(dot + 1, colon - dot - 1), "_")) << line;
    EXPECT_TRUE(is_plain(line.substr(colon + 5, line.size() - colon - 6), "")) << line;
  }
  EXPECT_GT(ports, 4);
  return others;
}

/// Below `folder`, whatever its depth: files that an injected command would have made.
std::string traces(const fs::path& folder) {
  std::string found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "pwned") found += entry.path().string() + "\n";
  }
  return found;
}

/// Text without characters that a terminal or an editor would act on.
void expect_plain_text(const std::string& path, const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 ? c != 0x7f : c == '\n' || c == '\t') continue;
    ADD_FAILURE() << path << " holds the control character " << int{c} << " at byte " << i;
    return;
  }
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << path << " reverses text";
}

/// `text` without the line that holds `word`, if there is one.
std::string without_line(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  if (at == std::string::npos) return text;
  const size_t begin = text.rfind('\n', at) + 1;
  return text.substr(0, begin) + text.substr(text.find('\n', at));
}

/// Kernels, ports and arguments of an xclbin's metadata are identifiers.
void expect_plain_names(const std::string& xclbin) {
  int names = 0;
  const std::string name = " name=\"";
  for (size_t at = xclbin.find("<kernel"); at < xclbin.size(); at = xclbin.find(name, at + 1)) {
    if (xclbin.compare(at, name.size(), name) != 0) continue;
    const size_t begin = at + name.size();
    EXPECT_TRUE(is_plain(xclbin.substr(begin, xclbin.find('"', begin) - begin), "_"));
    ++names;
  }
  EXPECT_GT(names, 10);
}

/// Checks every file of a build against the one with plain names.
void expect_same_but_for_names(const fs::path& hostile, const fs::path& plain) {
  const Snapshot ours = snapshot(hostile), theirs = snapshot(plain);
  for (const auto& [path, content] : theirs) {
    // Parameters and test data are called like their memory.
    const bool named = path.rfind("params/", 0) == 0 || path.find("/tb/data/") != std::string::npos;
    if (named) continue;
    ASSERT_EQ(ours.count(path), 1U) << path;
    const std::string& text = ours.at(path);
    const fs::path extension = fs::path(path).extension();
    // The vocabulary, whatever its bytes are, is in a file of bytes.
    const bool binary = path == "stub/host" || path == "stub/group0_tb" || path == TokensFile ||
                        path == "host/noop.xclbin";
    const bool about_names =
        path == "model.json" || path == "config.json" || path == "program.json" ||
        path == "host/program.h" || path == "stub/kernels.cpp" || path == "link/design.cfg" ||
        path.rfind("ir/", 0) == 0 || path.rfind("report/", 0) == 0 ||
        path.rfind("groups/group0/src/", 0) == 0 || path.rfind("groups/group0/tb/", 0) == 0;
    if (binary) continue;
    if (!about_names) {
      EXPECT_EQ(text, content) << path;
    }
    if (path != "model.json") expect_plain_text(path, text);
    if (about_names && (extension == ".cpp" || extension == ".h")) {
      // program.json holds names, and so its checksum is another one.
      EXPECT_EQ(skeleton(without_line(text, "ProgramChecksum")),
                skeleton(without_line(content, "ProgramChecksum")))
          << path;
    }
    if (extension == ".json") {
      EXPECT_TRUE(Json::accept(read(hostile / path))) << path;
    }
  }
  EXPECT_EQ(ours.size(), theirs.size());
  expect_plain_names(read(hostile / "host/noop.xclbin"));
  // What is in the folders with free names is called by plain words, too.
  for (const auto& entry : ours) EXPECT_TRUE(is_plain(entry.first, "./_-")) << entry.first;
  EXPECT_EQ(without_ports(read(hostile / "link/design.cfg")),
            without_ports(read(plain / "link/design.cfg")));
}

/// Ids and logits of a short text.
std::string computed(const fs::path& build, const fs::path& logits) {
  const Outcome run = run_program({ST_TEST_TOOL, "run", build.string(), "--ids", "1,2,3,10,5", "-n",
                                   "6", "--print-ids", "--logits", logits.string()});
  EXPECT_EQ(run.status, 0) << run.err;
  return run.out + read(logits);
}

void build_and_compare(size_t first, const std::string& precision, const std::string& compiler) {
  const fs::path folder = own_folder("hostile_" + precision);
  fs::create_directories(folder / "here");
  const fs::path model = hostile_model(first).write(folder / "model");
  const Outcome built =
      run_program({ST_TEST_TOOL, "build", model.string(), "--fifo", FifoMethod, "--target", "u280",
                   "--precision", precision, "-o", (folder / "here/out").string(), "--cxx",
                   compiler, "--cxxflags", ST_TEST_CXXFLAGS},
                  folder / "here");
  ASSERT_EQ(built.status, 0) << built.err;
  expect_plain_text("standard output", built.out);
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder / "here"))
    left.push_back(entry.path().filename().string());
  EXPECT_EQ(left, std::vector<std::string>{"out"});
  expect_same_but_for_names(folder / "here/out", good_build(precision));
  EXPECT_EQ(computed(folder / "here/out", folder / "logits"),
            computed(good_build(precision), folder / "plain_logits"));
  const Outcome verified = streamtensor({"verify", (folder / "here/out").string(), "--details"});
  EXPECT_EQ(verified.status, 0) << verified.err;
  expect_plain_text("verify", verified.out);
  const Outcome inspected = streamtensor({"inspect", (folder / "here/out").string()});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  expect_plain_text("inspect", inspected.out);
  const Outcome make = run_program({"make", "-n", "-f", "Makefile.hls"}, folder / "here/out");
  EXPECT_EQ((make.out + make.err).find("pwned"), std::string::npos) << make.out << make.err;
  EXPECT_EQ(traces(scratch()), "");
}

TEST(HostileNames, BuildAndComputeTheSameInFloat) {
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "instrumented builds are slow; the one in int8 has to do";
#endif
  build_and_compare(0, "f32", "g++");
}

TEST(HostileNames, BuildAndComputeTheSameInInt8WithClang) {
  build_and_compare(31, "w8a8", "clang++-16");
}

TEST(HostileNames, CompileWhereverTheyStand) {
  // Every name comes to be the name of an embedding table and so of a port, of a stream and of a
  // kernel, in designs of one group and of several.
#ifdef ST_TEST_SANITIZED
  constexpr size_t Step = 38;  // each once
#else
  constexpr size_t Step = 19;
#endif
  const fs::path folder = own_folder("hostile_everywhere");
  Json few_ports = Json::parse(read(source("targets/u280.json")));
  few_ports["memory"]["max_ports"]["value"] = 7;
  write(folder / "few_ports.json", few_ports.dump());
  for (size_t first = 0, turn = 0; first < hostile_names().size(); first += Step, ++turn) {
    SCOPED_TRACE("from name " + std::to_string(first) + " on");
    const fs::path model = hostile_model(first).write(folder / "model");
    const fs::path out = folder / "out";
    const Outcome built =
        run_program({ST_TEST_TOOL, "build", model.string(), "--target",
                     turn % 2 == 0 ? "u280" : (folder / "few_ports.json").string(), "--precision",
                     turn % 3 == 0 ? "w8a8" : "f32", "-o", out.string(), "--synth", "none"},
                    folder);
    ASSERT_EQ(built.status, 0) << built.err;
    std::vector<std::string> compile = {turn % 2 == 0 ? "clang++-16" : "g++"};
    for (const char* flag : {"-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                             "-Wno-unknown-pragmas", "-Ihls_templates/csim", "-Ihls_templates"})
      compile.emplace_back(flag);
    std::string all = "#include \"host/tables.h\"\n#include \"host/program.h\"\n";
    for (const auto& group : fs::directory_iterator(out / "groups")) {
      const std::string name = group.path().filename().string();
      compile.push_back("-Igroups/" + name + "/src");
      all += "#include \"groups/" + name + "/src/" + name + ".cpp\"\n";
      // The benches' main functions would collide.
      all += "#define main main_of_" + name + "\n#include \"groups/" + name + "/tb/" + name +
             "_tb.cpp\"\n#undef main\n";
    }
    write(out / "all.cpp", all);
    compile.emplace_back("all.cpp");
    const Outcome compiled = run_program(compile, out);
    EXPECT_EQ(compiled.status, 0) << compiled.err.substr(0, 4000);
    fs::remove_all(out);
  }
  EXPECT_EQ(traces(scratch()), "");
}

TEST(HostileNames, NodesMayShareTheirName) {
  const fs::path folder = own_folder("same_names");
  Json few_ports = Json::parse(read(source("targets/u280.json")));
  few_ports["memory"]["max_ports"]["value"] = 7;
  write(folder / "few_ports.json", few_ports.dump());
  TinyModel model;
  const auto groups = [&] {
    const Outcome built = streamtensor({"build", model.write(folder).string(), "--target",
                                        (folder / "few_ports.json").string(), "-o",
                                        (folder / "out").string(), "--synth", "none"});
    EXPECT_EQ(built.status, 0) << built.err;
    std::map<std::string, std::string> sources;
    for (const auto& group : fs::directory_iterator(folder / "out/groups")) {
      const std::string name = group.path().filename().string();
      sources[name] = skeleton(read(group.path() / "src" / (name + ".cpp")));
    }
    return sources;
  };
  const auto unique = groups();
  EXPECT_GT(unique.size(), 1U);
  for (Json& node : model.json["graph"]["node"]) node["name"] = "all alike";
  EXPECT_EQ(groups(), unique);
}

TEST(HostileNames, InMessagesAreEscaped) {
  const fs::path folder = own_folder("hostile_messages");
  TinyModel model;
  model.node("gelu")["opType"] = "Gelu\n\x1b[2Jerror[E0000]: pwned";
  model.node("up")["opType"] = "\xe2\x80\xaeppA";
  model.node("up")["name"] = "\x1b]0;pwned\a";
  const Outcome outcome = write_only(model.write(folder), folder / "out");
  EXPECT_EQ(outcome.status, 2);
  expect_plain_text("standard error", outcome.err);
  EXPECT_EQ(outcome.err.find("\nerror[E0000]"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace st::test
