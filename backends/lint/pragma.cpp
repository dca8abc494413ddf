// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/pragma.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/support/near_names.h"

namespace st::lint {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// "; did you mean 'x'?" for a name that is nearly one of `names`.
std::string suggestion(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string near = did_you_mean(wanted, names);
  return near.empty() ? "" : ": " + near;
}

/// Whether `word` is "hls" with one letter more, less or changed, or in another order.
bool nearly_hls(std::string word) {
  const std::string wanted = "hls";
  const std::string& shorter = word.size() < wanted.size() ? word : wanted;
  const std::string& longer = word.size() < wanted.size() ? wanted : word;
  if (longer.size() == shorter.size()) {
    int different = 0;
    for (size_t i = 0; i < wanted.size(); ++i) different += word[i] != wanted[i];
    std::sort(word.begin(), word.end());
    return different == 1 || word == "hls";
  }
  if (longer.size() - shorter.size() != 1) return false;
  size_t same = 0;
  for (const char c : longer) same += same < shorter.size() && c == shorter[same];
  return same == shorter.size();
}

class PragmaParser {
 public:
  PragmaParser(const PragmaLine& line, Report& report)
      : line_(line), tokens_(line.tokens), report_(report) {}

  Directive run() {
    out_.place = line_.place;
    if (tokens_.empty()) return out_;
    const std::string family = lower(tokens_[0].text);
    if (family != "hls") {
      // Others are not ours, unless they should be.
      if (nearly_hls(family))
        report_.add("pragma-misspelt", line_.place,
                    "'#pragma " + std::string(tokens_[0].text) + "'");
      return out_;
    }
    out_.hls = true;
    if (tokens_.size() < 2) {
      report_.add("pragma-unknown-directive", line_.place, "a '#pragma HLS' without a directive");
      return out_;
    }
    const std::string name = lower(tokens_[1].text);
    out_.record = find_directive(name);
    if (out_.record == nullptr) {
      unknown_directive(name);
      return out_;
    }
    if (!out_.record->instead.empty()) {
      report_.add("pragma-deprecated", line_.place,
                  upper(name) + "; use " + std::string(out_.record->instead));
    }
    find_mode();
    for (at_ = 2; at_ < tokens_.size();) option();
    check();
    return out_;
  }

 private:
  void unknown_directive(const std::string& name) {
    std::vector<std::string> names;
    for (const DirectiveRecord& record : directive_records()) names.push_back(upper(record.name));
    report_.add(
        "pragma-unknown-directive", tokens_[1].place,
        "there is no directive " + in_quotes(tokens_[1].text) + suggestion(upper(name), names));
  }

  /// Which options an INTERFACE has depends on its mode, which may stand behind them.
  void find_mode() {
    if (out_.record->modes.empty()) return;
    for (size_t i = 2; i < tokens_.size(); ++i) {
      const bool named = tokens_[i - 1].is("=");
      if (named && (i < 2 || lower(tokens_[i - 2].text) != "mode")) continue;
      const std::string word = lower(tokens_[i].text);
      for (const ModeRecord& mode : out_.record->modes) {
        if (std::find(mode.modes.begin(), mode.modes.end(), word) != mode.modes.end() &&
            mode_ == nullptr)
          mode_ = &mode;
      }
    }
  }

  [[nodiscard]] std::vector<const OptionRecord*> known_options() const {
    std::vector<const OptionRecord*> out;
    for (const OptionRecord& option : out_.record->options) out.push_back(&option);
    if (mode_ != nullptr) {
      for (const OptionRecord& option : mode_->options) out.push_back(&option);
    }
    return out;
  }

  [[nodiscard]] const OptionRecord* find_option(const std::string& name) const {
    for (const OptionRecord* option : known_options()) {
      if (option->name == name) return option;
    }
    return nullptr;
  }

  [[nodiscard]] bool next_is(size_t i, std::string_view text) const {
    return i < tokens_.size() && tokens_[i].is(text);
  }

  void option() {
    const Token& token = tokens_[at_];
    const std::string name = lower(token.text);
    if (!token.is_identifier()) {
      report_.add("pragma-unknown-option", token.place, "unexpected " + in_quotes(token.text));
      ++at_;
      return;
    }
    if (next_is(at_ + 1, "=")) {
      valued(name, find_option(name));
    } else {
      bare(name);
    }
  }

  void valued(const std::string& name, const OptionRecord* record) {
    const Token& token = tokens_[at_];
    at_ += 2;
    GivenOption given{record, token.place, at_, at_, ""};
    const bool variables = record != nullptr && record->kind == OptionKind::Variable;
    given.end = at_ = value_end(at_, variables);
    if (record == nullptr) {
      unknown_option(token);
      return;
    }
    if (given.begin == given.end) {
      report_.add("pragma-bad-value", token.place, in_quotes(name) + " has no value");
      return;
    }
    if (record->kind == OptionKind::Flag) {
      report_.add("pragma-bad-value", token.place, in_quotes(name) + " takes no value");
      return;
    }
    for (size_t i = given.begin; i < given.end; ++i) given.value += tokens_[i].text;
    if (record->kind == OptionKind::Choice || !record->values.empty()) {
      given.value = lower(given.value);
      const auto& values = record->values;
      if (std::find(values.begin(), values.end(), given.value) == values.end())
        wrong_value(*record, given.value, tokens_[given.begin].place);
    }
    add(std::move(given));
  }

  void wrong_value(const OptionRecord& record, const std::string& value, Place place) {
    std::string all;
    for (const std::string_view one : record.values)
      all += (all.empty() ? "" : ", ") + std::string(one);
    report_.add(
        "pragma-bad-value", place,
        in_quotes(record.name) + " cannot be " + in_quotes(value) + "; it is one of " + all);
  }

  /// A flag, or the value of a choice without its name.
  void bare(const std::string& word) {
    const Token& token = tokens_[at_++];
    GivenOption given{nullptr, token.place, at_, at_, word};
    for (const OptionRecord* option : known_options()) {
      const bool flag = option->kind == OptionKind::Flag && option->name == word;
      const bool value =
          option->kind == OptionKind::Choice &&
          std::find(option->values.begin(), option->values.end(), word) != option->values.end();
      if (flag || value) given.record = option;
      if (flag) break;
    }
    if (given.record != nullptr) {
      add(std::move(given));
    } else if (find_option(word) != nullptr) {
      report_.add("pragma-bad-value", token.place, in_quotes(word) + " has no value");
    } else {
      unknown_option(token);
    }
  }

  void unknown_option(const Token& token) {
    std::vector<std::string> names;
    for (const OptionRecord* option : known_options()) names.emplace_back(option->name);
    std::string where = upper(out_.record->name);
    if (mode_ != nullptr) where += " with mode " + std::string(mode_->modes[0]);
    report_.add(
        "pragma-unknown-option", token.place,
        where + " has no option " + in_quotes(token.text) + suggestion(lower(token.text), names));
  }

  void add(GivenOption given) {
    if (out_.has(given.record->name))
      report_.add("pragma-repeated-option", given.place,
                  in_quotes(given.record->name) + " is given twice");
    if (!given.record->instead.empty())
      report_.add("pragma-deprecated", given.place,
                  in_quotes(given.record->name) + "; use " + std::string(given.record->instead));
    out_.options.push_back(std::move(given));
  }

  // --- How far a value goes.

  static bool is_operator(const Token& token) {
    static const std::set<std::string_view> Operators = {
        "+", "-", "*", "/", "%", "<<", "<", ">", "&", "|", "^", "?", ":", "==", "!=", "&&", "||"};
    return Operators.count(token.text) != 0;
  }

  [[nodiscard]] size_t closing(size_t open) const {
    int depth = 0;
    for (size_t i = open; i < tokens_.size(); ++i) {
      if (tokens_[i].is("(") || tokens_[i].is("[")) ++depth;
      if ((tokens_[i].is(")") || tokens_[i].is("]")) && --depth == 0) return i + 1;
    }
    return tokens_.size();
  }

  /// Behind a name, number or bracket, with what hangs on it.
  [[nodiscard]] size_t operand_end(size_t i) const {
    while (i < tokens_.size() && (tokens_[i].is("-") || tokens_[i].is("+") || tokens_[i].is("!") ||
                                  tokens_[i].is("~") || tokens_[i].is("&") || tokens_[i].is("*")))
      ++i;
    if (i >= tokens_.size()) return i;
    if (tokens_[i].is("(")) return closing(i);
    ++i;
    while (i < tokens_.size()) {
      if (tokens_[i].is("(") || tokens_[i].is("[")) {
        i = closing(i);
      } else if (tokens_[i].is(".") || tokens_[i].is("->") || tokens_[i].is("::")) {
        i += 2;
      } else if (tokens_[i].is("...")) {
        ++i;
      } else {
        break;
      }
    }
    return std::min(i, tokens_.size());
  }

  [[nodiscard]] size_t value_end(size_t i, bool variables) const {
    if (i >= tokens_.size()) return tokens_.size();
    // `depth= type=fifo`: what follows is an option, not the value.
    if (tokens_[i].is_identifier() && next_is(i + 1, "=")) return i;
    i = operand_end(i);
    while (i < tokens_.size()) {
      const bool comma = variables && tokens_[i].is(",");
      if (!comma && (variables || !is_operator(tokens_[i]))) break;
      i = operand_end(i + 1);
    }
    return i;
  }

  // --- All options together.

  void check() {
    for (const OptionRecord* option : known_options()) {
      if (option->required && !out_.has(option->name))
        report_.add("pragma-missing-option", line_.place,
                    upper(out_.record->name) + " needs " + in_quotes(option->name));
    }
    if (out_.is("interface") && mode_ == nullptr && !out_.has("mode"))
      report_.add("pragma-missing-option", line_.place, "INTERFACE needs 'mode'");
    for (const auto& [one, other] : out_.record->conflicts) {
      if (out_.has(one) && out_.has(other))
        report_.add("pragma-conflict", out_.option(other)->place,
                    in_quotes(other) + " excludes " + in_quotes(one));
    }
    check_numbers();
    if (out_.is("bind_storage")) check_storage();
    if (out_.is("dependence")) check_dependence();
    if (out_.is("allocation")) check_allocation();
    if (out_.is("array_partition") || out_.is("array_reshape")) check_partition();
  }

  [[nodiscard]] std::optional<int64_t> number(std::string_view name) const {
    const GivenOption* given = out_.option(name);
    if (given == nullptr) return std::nullopt;
    return constant_value(tokens_, given->begin, given->end,
                          [](std::string_view) { return std::optional<int64_t>(); });
  }

  void check_numbers() {
    for (const GivenOption& given : out_.options) {
      if (given.record->kind != OptionKind::Integer) continue;
      const OptionRecord& record = *given.record;
      const auto value = number(record.name);
      if (!value) {
        check_literal(given);
        continue;
      }
      if (*value < record.least || *value > record.most) {
        const std::string from = std::to_string(record.least), to = std::to_string(record.most);
        const bool open = record.most == OptionRecord{}.most;
        report_.add("pragma-bad-value", tokens_[given.begin].place,
                    in_quotes(record.name) + " is " + std::to_string(*value) + ", not " +
                        (open ? "at least " + from : from + " to " + to));
      }
      const bool power = (*value & (*value - 1)) == 0;
      if (record.name == "max_widen_bitwidth" && *value > 0 && !power)
        report_.add("pragma-bad-value", tokens_[given.begin].place,
                    "'max_widen_bitwidth' is no power of two");
    }
    for (const char* low : {"min", "avg"}) {
      const auto least = number(low), most = number("max");
      if (least && most && *least > *most)
        report_.add("pragma-bad-value", out_.option(low)->place,
                    in_quotes(low) + " is larger than 'max'");
    }
  }

  /// A value that is one token must be an integer or a name.
  void check_literal(const GivenOption& given) {
    const Token& token = tokens_[given.begin];
    const bool single = given.end == given.begin + 1;
    if (single && !token.is_identifier())
      report_.add("pragma-bad-value", token.place,
                  in_quotes(given.record->name) + " is no integer: " + in_quotes(token.text));
  }

  /// FIFOs and memories have kinds of their own.
  void check_storage() {
    const std::string type = out_.value("type"), impl = out_.value("impl");
    static const std::set<std::string> OfFifos = {"auto", "bram", "lutram",
                                                  "uram", "srl",  "memory"};
    static const std::set<std::string> OfMemories = {"auto",   "bram", "bram_ecc",
                                                     "lutram", "uram", "uram_ecc"};
    // What is neither is unknown, and has been reported.
    const bool bad = type == "fifo" ? OfFifos.count(impl) == 0 && OfMemories.count(impl) == 1
                                    : OfMemories.count(impl) == 0 && OfFifos.count(impl) == 1;
    if (!impl.empty() && !type.empty() && bad)
      report_.add("pragma-bad-value", out_.option("impl")->place,
                  "a " + type + " cannot be made of " + in_quotes(impl));
  }

  void check_dependence() {
    if (!out_.has("variable") && !out_.has("class") && !out_.has("cross_variables"))
      report_.add("pragma-missing-option", line_.place, "DEPENDENCE needs 'variable' or 'class'");
    if (!out_.has("dependent"))
      report_.add("pragma-missing-option", line_.place, "DEPENDENCE needs 'dependent'");
    if (out_.has("distance") && out_.value("type") == "intra")
      report_.add("pragma-conflict", out_.option("distance")->place,
                  "'distance' is between iterations, not inside of one: type=inter");
  }

  /// What `instances` may be is known only behind the type.
  void check_allocation() {
    if (out_.options.empty() || out_.options[0].record->name != "type")
      report_.add("pragma-missing-option", line_.place,
                  "ALLOCATION begins with 'function' or 'operation'");
  }

  void check_partition() {
    const std::string type = out_.value("type");
    if ((type == "block" || type == "cyclic") && !out_.has("factor"))
      report_.add("pragma-missing-option", line_.place, "a " + type + " partition needs 'factor'");
    if (type == "complete" && out_.has("factor"))
      report_.add("pragma-conflict", out_.option("factor")->place,
                  "a complete partition has no 'factor'");
  }

  const PragmaLine& line_;
  const Tokens& tokens_;
  Report& report_;
  Directive out_;
  const ModeRecord* mode_ = nullptr;
  size_t at_ = 0;
};

}  // namespace

const GivenOption* Directive::option(std::string_view name) const {
  const auto at = std::find_if(options.begin(), options.end(), [&](const GivenOption& given) {
    return given.record->name == name;
  });
  return at == options.end() ? nullptr : &*at;
}

std::string Directive::value(std::string_view name) const {
  const GivenOption* given = option(name);
  return given == nullptr ? "" : given->value;
}

Directive parse_pragma(const PragmaLine& line, Report& report) {
  return PragmaParser(line, report).run();
}

std::vector<size_t> variables_of(const PragmaLine& line, const GivenOption& option) {
  std::vector<size_t> out;
  for (size_t i = option.begin; i < option.end; ++i) {
    const bool first = i == option.begin || line.tokens[i - 1].is(",") ||
                       line.tokens[i - 1].is("&") || line.tokens[i - 1].is("*");
    if (first && line.tokens[i].is_identifier()) out.push_back(i);
  }
  return out;
}

}  // namespace st::lint
