// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/preprocess.h"

#include <algorithm>
#include <set>

namespace st::lint {
namespace {

/// Macros, includes and what they expand to.
constexpr int DeepestExpansion = 64;
constexpr size_t MostTokens = 2'000'000;
constexpr int MostExpansions = 500'000;

/// The string literal of `tokens`, as the operator # makes it.
std::string stringised(const Tokens& tokens) {
  std::string out = "\"";
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && !tokens[i].glued) out += ' ';
    const bool literal =
        tokens[i].kind == TokenKind::String || tokens[i].kind == TokenKind::Character;
    for (const char c : tokens[i].text) {
      if (literal && (c == '"' || c == '\\')) out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

/// What a string literal stands for, as `_Pragma` takes it.
std::string destringised(std::string_view literal) {
  std::string out;
  const size_t first = literal.find('"');
  for (size_t i = first + 1; i + 1 < literal.size(); ++i) {
    if (literal[i] == '\\' && i + 2 < literal.size()) ++i;
    out += literal[i];
  }
  return out;
}

class Preprocessor {
 public:
  Preprocessor(const Include& include, Report& report)
      : include_(include), report_(report), out_(std::make_unique<Preprocessed>()) {
    const Place none;
    for (const char* name : {"__SYNTHESIS__", "__cplusplus"}) {
      const std::string_view value = name[2] == 'S' ? "1" : "201703";
      macros_[name].body = {{TokenKind::Number, false, none, value, 0}};
    }
  }

  std::unique_ptr<Preprocessed> run(const SourceFile& file) {
    read(file, 0);
    return join_pragmas();
  }

 private:
  /// One `#if`, up to its `#endif`.
  struct Branch {
    bool outside;  ///< whether code around it is looked at
    bool taken;    ///< whether a branch was looked at
    bool active;   ///< whether this one is
  };

  void read(const SourceFile& file, int depth) {
    if (!read_.insert(file.path).second) return;
    if (depth > DeepestExpansion) return;
    out_->texts.push_back(file.text);
    std::string_view text = out_->texts.back();
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the mark of UTF-8
    // Lines that conditions leave out may hold anything: what is wrong with them is no news.
    Report found;
    found.file(file.path);
    Tokens tokens = tokenise(text, {0, 1, 1}, found);
    const int32_t number = report_.file(file.path);
    for (Token& token : tokens) token.place.file = number;
    std::vector<Branch> branches;
    std::vector<std::pair<int, int>> left_out;
    const auto active = [&] { return branches.empty() || branches.back().active; };
    for (size_t i = 0; i < tokens.size();) {
      if (tokens[i].kind == TokenKind::Directive) {
        if (!active() && !left_out.empty()) left_out.back().second = tokens[i].place.line;
        directive(tokens[i], file.path, branches, depth);
        if (!active()) left_out.emplace_back(tokens[i].place.line, tokens.back().place.line);
        ++i;
      } else if (active()) {
        expand(tokens, i, out_->tokens, 0);
      } else {
        ++i;
      }
    }
    report_.add_text(found, [&](int line) {
      return std::any_of(left_out.begin(), left_out.end(), [&](const auto& lines) {
        return lines.first < line && line < lines.second;
      });
    });
  }

  void directive(const Token& line, const std::string& path, std::vector<Branch>& branches,
                 int depth) {
    const bool active = branches.empty() || branches.back().active;
    Place start = line.place;
    ++start.column;
    Report quiet;  // code that is skipped may hold anything
    quiet.file("");
    if (!active) start.file = 0;
    Tokens words = tokenise(line.text.substr(1), start, active ? report_ : quiet);
    if (words.empty()) return;
    const std::string_view name = words[0].text;
    const Tokens rest(words.begin() + 1, words.end());
    if (name == "if" || name == "ifdef" || name == "ifndef") {
      bool value = false;
      if (active) {
        value = name == "if"
                    ? holds(rest, macros_)
                    : !rest.empty() && (macros_.count(rest[0].text) != 0) == (name == "ifdef");
      }
      branches.push_back({active, value, active && value});
    } else if (name == "elif" || name == "else") {
      if (branches.empty()) return;
      Branch& branch = branches.back();
      const bool value =
          branch.outside && !branch.taken && (name == "else" || holds(rest, macros_));
      branch.active = value;
      branch.taken = branch.taken || value;
    } else if (name == "endif") {
      if (!branches.empty()) branches.pop_back();
    } else if (!active || rest.empty()) {
      return;
    } else if (name == "define") {
      define(rest);
    } else if (name == "undef") {
      macros_.erase(rest[0].text);
    } else if (name == "include") {
      include(rest[0], path, depth);
    } else if (name == "pragma") {
      pragma(line.place, rest);
    }
  }

  void include(const Token& what, const std::string& from, int depth) {
    if (what.kind != TokenKind::String || what.text.size() < 2) return;
    const std::string name(what.text.substr(1, what.text.size() - 2));
    if (const auto file = include_(from, name)) read(*file, depth + 1);
  }

  void define(const Tokens& words) {
    Macro macro;
    size_t i = 1;
    if (i < words.size() && words[i].is("(") && words[i].glued) {
      macro.is_function = true;
      for (++i; i < words.size() && !words[i].is(")"); ++i) {
        if (words[i].is("...")) {
          macro.variadic = true;
          // "Args..." names them itself.
          if (i == 0 || !words[i - 1].is_identifier()) macro.parameters.emplace_back("__VA_ARGS__");
        } else if (words[i].is_identifier()) {
          macro.parameters.push_back(words[i].text);
        }
      }
      ++i;
    }
    if (i < words.size()) macro.body.assign(words.begin() + static_cast<ptrdiff_t>(i), words.end());
    macros_[words[0].text] = std::move(macro);
  }

  void pragma(Place place, const Tokens& words) {
    if (words[0].is("once")) return;
    Tokens expanded;
    for (size_t i = 0; i < words.size();) expand(words, i, expanded, 0);
    Token made{TokenKind::Pragma, false, place, "#pragma",
               static_cast<uint32_t>(out_->pragmas.size())};
    out_->pragmas.push_back({place, std::move(expanded)});
    out_->tokens.push_back(made);
  }

  void limit(Place place) {
    if (!limited_) report_.add("text-limit", place, "macros expand to too much");
    limited_ = true;
  }

  /// Appends tokens[i], expanded if it is a macro, to `to`, and moves on behind it.
  void expand(const Tokens& tokens, size_t& i, Tokens& to, int depth) {
    const Token& token = tokens[i];
    const auto found = token.is_identifier() ? macros_.find(token.text) : macros_.end();
    const bool usable = found != macros_.end() && active_.count(token.text) == 0 && !limited_;
    if (usable &&
        (depth > DeepestExpansion || to.size() > MostTokens || ++expansions_ > MostExpansions))
      limit(token.place);
    if (!usable || limited_) {
      if (token.kind != TokenKind::Directive) to.push_back(token);
      ++i;
      return;
    }
    const Macro macro = found->second;
    std::vector<Tokens> arguments;
    size_t next = i + 1;
    if (macro.is_function) {
      if (next >= tokens.size() || !tokens[next].is("(")) {
        to.push_back(token);
        ++i;
        return;
      }
      if (!take_arguments(tokens, next, macro, arguments)) {
        report_.add("text-unfinished", token.place,
                    "the macro " + in_quotes(token.text) + " is called without ')'");
        to.push_back(token);
        ++i;
        return;
      }
    }
    i = next;
    const Tokens body = substituted(macro, arguments, token, depth);
    active_.insert(token.text);
    for (size_t b = 0; b < body.size();) expand(body, b, to, depth + 1);
    active_.erase(token.text);
  }

  /// The arguments of a call whose '(' is tokens[i]; moves on behind its ')'.
  static bool take_arguments(const Tokens& tokens, size_t& i, const Macro& macro,
                             std::vector<Tokens>& arguments) {
    arguments.emplace_back();
    int depth = 0;
    for (size_t at = i + 1; at < tokens.size(); ++at) {
      const Token& token = tokens[at];
      if (token.kind == TokenKind::Directive) continue;
      if (token.is(")") && depth == 0) {
        i = at + 1;
        return true;
      }
      const bool last = macro.variadic && arguments.size() == macro.parameters.size();
      if (token.is(",") && depth == 0 && !last) {
        arguments.emplace_back();
        continue;
      }
      if (token.is("(")) ++depth;
      if (token.is(")")) --depth;
      arguments.back().push_back(token);
    }
    return false;
  }

  /// The body of a macro with its arguments in it.
  Tokens substituted(const Macro& macro, const std::vector<Tokens>& arguments, const Token& use,
                     int depth) {
    Tokens out;
    const auto argument = [&](const Token& token) -> const Tokens* {
      const auto& names = macro.parameters;
      const auto at = std::find(names.begin(), names.end(), token.text);
      const auto number = static_cast<size_t>(at - names.begin());
      return token.is_identifier() && number < arguments.size() ? &arguments[number] : nullptr;
    };
    const auto is_parameter = [&](const Token& token) {
      const auto& names = macro.parameters;
      return token.is_identifier() &&
             std::find(names.begin(), names.end(), token.text) != names.end();
    };
    for (size_t b = 0; b < macro.body.size(); ++b) {
      Token token = macro.body[b];
      const bool joins =
          b + 2 < macro.body.size() && macro.body[b + 1].is("#") && macro.body[b + 2].is("#");
      if (macro.is_function && token.is("#") && b + 1 < macro.body.size() &&
          argument(macro.body[b + 1]) != nullptr) {
        out_->texts.push_back(stringised(*argument(macro.body[++b])));
        out.push_back({TokenKind::String, false, use.place, out_->texts.back(), 0});
        continue;
      }
      if (joins && b + 3 < macro.body.size()) {
        paste(out, token, macro.body[b + 3], argument, use);
        b += 3;
        continue;
      }
      if (const Tokens* given = argument(token)) {
        for (size_t g = 0; g < given->size();) expand(*given, g, out, depth + 1);
      } else if (!is_parameter(token)) {
        token.place = use.place;
        out.push_back(token);
      }
    }
    return out;
  }

  /// left ## right.
  template <typename Argument>
  void paste(Tokens& out, const Token& left, const Token& right, const Argument& argument,
             const Token& use) {
    std::string text;
    for (const Token* side : {&left, &right}) {
      const Tokens* given = argument(*side);
      if (given == nullptr) text += side->text;
      if (given != nullptr) {
        for (const Token& token : *given) text += token.text;
      }
    }
    out_->texts.push_back(text);
    for (Token made : tokenise(out_->texts.back(), use.place, report_)) {
      made.place = use.place;
      if (made.kind != TokenKind::Directive) out.push_back(made);
    }
  }

  /// `_Pragma("...")` becomes a pragma.
  std::unique_ptr<Preprocessed> join_pragmas() {
    Tokens& tokens = out_->tokens;
    size_t to = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].is("_Pragma") && i + 3 < tokens.size() && tokens[i + 1].is("(") &&
          tokens[i + 2].kind == TokenKind::String && tokens[i + 3].is(")")) {
        out_->texts.push_back(destringised(tokens[i + 2].text));
        Tokens words = tokenise(out_->texts.back(), tokens[i].place, report_);
        for (Token& word : words) word.place = tokens[i].place;
        Token made{TokenKind::Pragma, false, tokens[i].place, "_Pragma",
                   static_cast<uint32_t>(out_->pragmas.size())};
        if (!words.empty()) {
          out_->pragmas.push_back({made.place, std::move(words)});
          tokens[to++] = made;
        }
        i += 3;
      } else {
        tokens[to++] = tokens[i];
      }
    }
    tokens.resize(to);
    return std::move(out_);
  }

  const Include& include_;
  Report& report_;
  std::unique_ptr<Preprocessed> out_;
  Macros macros_;
  std::set<std::string_view> active_;
  std::set<std::string> read_;
  int expansions_ = 0;
  bool limited_ = false;
};

}  // namespace

std::unique_ptr<Preprocessed> preprocess(const SourceFile& file, const Include& include,
                                         Report& report) {
  return Preprocessor(include, report).run(file);
}

}  // namespace st::lint
