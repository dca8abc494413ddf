// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/huggingface_steps.h"

#include <iterator>
#include <optional>
#include <utility>

#include "frontends/tokenizer/byte_tokens.h"
namespace st {
namespace {

using tokens::Behaviour;
using tokens::Step;
using tokens::StepKind;

/// A regular expression that files have, letter by letter, and the function that does the same.
struct KnownPattern {
  const char* text;
  StepKind kind;
};

constexpr KnownPattern KnownPatterns[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     StepKind::CutGpt2},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     StepKind::CutGpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     StepKind::CutThreeDigits},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     StepKind::CutThreeDigits},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     StepKind::CutSingleDigit},
    {R"(\p{N})", StepKind::CutDigit},
    {R"(\p{N}+)", StepKind::CutDigits},
};

struct NamedBehaviour {
  const char* name;
  Behaviour behaviour;
};

constexpr NamedBehaviour Behaviours[] = {{"Isolated", Behaviour::Isolated},
                                         {"Removed", Behaviour::Removed},
                                         {"MergedWithPrevious", Behaviour::WithPrevious},
                                         {"MergedWithNext", Behaviour::WithNext},
                                         {"Contiguous", Behaviour::Contiguous}};

void refuse_type(const JsonNode& node, const std::string& what, const std::string& known) {
  node["type"].refuse(
      what + " of type '" + printable(node["type"].text_or("")) + "' are not supported",
      "supported: " + known);
}

/// The String of a pattern; nullopt after a complaint.
std::optional<std::string> plain_pattern(const JsonNode& node) {
  node.allow({"String", "Regex"});
  if (node["Regex"].there()) {
    node["Regex"].refuse("this regular expression is not supported: '" +
                         printable(node["Regex"].text()) + "'");
    return std::nullopt;
  }
  const std::string text = node["String"].text();
  if (text.empty()) {
    node["String"].refuse("a pattern without characters is not supported");
    return std::nullopt;
  }
  return text;
}

void read_split(const JsonNode& node, tokens::Form& form) {
  node.allow({"type", "pattern", "behavior", "invert"});
  Step step{StepKind::CutText};
  const JsonNode pattern = node["pattern"];
  if (const JsonNode regex = pattern["Regex"]; regex.there()) {
    const std::string text = regex.text();
    const KnownPattern* known = std::begin(KnownPatterns);
    while (known != std::end(KnownPatterns) && text != known->text) ++known;
    if (known == std::end(KnownPatterns)) {
      regex.refuse("this regular expression is not supported: '" + printable(text) + "'",
                   "supported are those of GPT-2, GPT-4, Llama 3 and Qwen2, in their spelling");
      return;
    }
    step.kind = known->kind;
  } else {
    const auto text = plain_pattern(pattern);
    if (!text) return;
    step.from = *text;
  }
  const std::string name = node["behavior"].text_or("Isolated");
  const NamedBehaviour* behaviour = std::begin(Behaviours);
  while (behaviour != std::end(Behaviours) && name != behaviour->name) ++behaviour;
  if (behaviour == std::end(Behaviours)) {
    node["behavior"].wrong("there is no behaviour '" + printable(name) + "'");
    return;
  }
  step.behaviour = behaviour->behaviour;
  step.invert = node["invert"].flag_or(false);
  form.splitter.push_back(step);
}

/// always, first or never; of older files: whether there is a mark in front.
std::string prepend_scheme(const JsonNode& node) {
  const std::string old = node["add_prefix_space"].flag_or(true) ? "always" : "never";
  std::string scheme = node["prepend_scheme"].text_or(old);
  if (scheme != "always" && scheme != "first" && scheme != "never")
    node["prepend_scheme"].wrong("there is no scheme '" + printable(scheme) + "'");
  return scheme;
}

void check_metaspace(const JsonNode& node) {
  node.allow({"type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep"});
  for (const char* name : {"replacement", "str_rep"})
    if (node[name].there() && node[name].text() != SpaceMark)
      node[name].refuse("marks of spaces other than U+2581 are not supported");
}

void read_metaspace(const JsonNode& node, tokens::Form& form) {
  check_metaspace(node);
  form.splitter.push_back({StepKind::Replace, " ", SpaceMark});
  const std::string scheme = prepend_scheme(node);
  if (scheme == "always") form.splitter.push_back({StepKind::Mark, "", SpaceMark});
  if (scheme == "first") form.splitter.push_back({StepKind::MarkFirst, "", SpaceMark});
  if (node["split"].flag_or(true))
    form.splitter.push_back({StepKind::CutText, SpaceMark, "", Behaviour::WithNext});
}

void read_byte_level(const JsonNode& node, tokens::Form& form) {
  node.allow({"type", "add_prefix_space", "trim_offsets", "use_regex"});
  if (node["add_prefix_space"].flag_or(true)) form.splitter.push_back({StepKind::Mark, "", " "});
  if (node["use_regex"].flag_or(true)) form.splitter.push_back({StepKind::CutGpt2});
  form.unit = tokens::Unit::Bytes;
}

/// Ids of a special token of a template.
std::vector<tokens::Id> ids_of(const JsonNode& tokens, const std::string& name) {
  std::vector<tokens::Id> ids;
  for (const JsonNode& id : tokens[name]["ids"].entries())
    ids.push_back(id.id(static_cast<int64_t>(tokens::MostTokens) - 1));
  return ids;
}

void read_template(const JsonNode& node, tokens::Form& form) {
  node.allow({"type", "single", "pair", "special_tokens"});
  bool behind = false;
  for (const JsonNode& part : node["single"].entries()) {
    if (part["Sequence"].there()) {
      if (behind) part.refuse("a template that repeats the text is not supported");
      behind = true;
      continue;
    }
    const std::string name = part["SpecialToken"]["id"].text();
    std::vector<tokens::Id>& ids = behind ? form.suffix : form.prefix;
    for (const tokens::Id id : ids_of(node["special_tokens"], name)) ids.push_back(id);
  }
  if (!behind) node["single"].refuse("a template without the text is not supported");
}

}  // namespace

void read_normalizer(const JsonNode& node, tokens::Form& form) {
  if (!node.there()) return;
  const std::string type = node["type"].text_or("");
  if (type == "Sequence") {
    node.allow({"type", "normalizers"});
    for (const JsonNode& entry : node["normalizers"].entries()) read_normalizer(entry, form);
  } else if (type == "NFC") {
    form.normaliser.push_back({StepKind::Compose});
  } else if (type == "Prepend") {
    node.allow({"type", "prepend"});
    form.normaliser.push_back({StepKind::Prepend, "", node["prepend"].text()});
  } else if (type == "Replace") {
    node.allow({"type", "pattern", "content"});
    if (const auto from = plain_pattern(node["pattern"]))
      form.normaliser.push_back({StepKind::Replace, *from, node["content"].text()});
  } else {
    refuse_type(node, "normalizers", "Sequence, NFC, Prepend, Replace");
  }
}

void read_pre_tokenizer(const JsonNode& node, tokens::Form& form) {
  if (!node.there()) return;
  const std::string type = node["type"].text_or("");
  if (form.unit == tokens::Unit::Bytes) {
    node.refuse("a pre-tokenizer behind ByteLevel is not supported");
  } else if (type == "Sequence") {
    node.allow({"type", "pretokenizers"});
    for (const JsonNode& entry : node["pretokenizers"].entries()) read_pre_tokenizer(entry, form);
  } else if (type == "ByteLevel") {
    read_byte_level(node, form);
  } else if (type == "Metaspace") {
    read_metaspace(node, form);
  } else if (type == "Split") {
    read_split(node, form);
  } else if (type == "Digits") {
    node.allow({"type", "individual_digits"});
    const bool single = node["individual_digits"].flag_or(false);
    form.splitter.push_back({single ? StepKind::CutDigit : StepKind::CutDigits});
  } else {
    refuse_type(node, "pre-tokenizers", "Sequence, ByteLevel, Metaspace, Split, Digits");
  }
}

void read_post_processor(const JsonNode& node, tokens::Form& form) {
  if (!node.there()) return;
  const std::string type = node["type"].text_or("");
  if (type == "Sequence") {
    node.allow({"type", "processors"});
    for (const JsonNode& entry : node["processors"].entries()) read_post_processor(entry, form);
  } else if (type == "TemplateProcessing") {
    if (!form.prefix.empty() || !form.suffix.empty())
      node.refuse("a second template is not supported");
    read_template(node, form);
  } else if (type != "ByteLevel") {  // which is about places in the text
    refuse_type(node, "post-processors", "Sequence, ByteLevel, TemplateProcessing");
  }
}

void read_decoder(const JsonNode& node, tokens::Form& form) {
  if (!node.there()) return;
  const std::string type = node["type"].text_or("");
  if (type == "Sequence") {
    node.allow({"type", "decoders"});
    for (const JsonNode& entry : node["decoders"].entries()) read_decoder(entry, form);
  } else if (type == "Metaspace") {
    check_metaspace(node);
    form.marks_spaces = true;
    form.drops_first_space = prepend_scheme(node) != "never";
  } else if (type == "Replace") {
    node.allow({"type", "pattern", "content"});
    const auto from = plain_pattern(node["pattern"]);
    if (from && (*from != SpaceMark || node["content"].text() != " "))
      node.refuse("decoders that replace anything but U+2581 by a space are not supported");
    form.marks_spaces = true;
  } else if (type == "Strip") {
    node.allow({"type", "content", "start", "stop"});
    if (node["content"].text() != " " || node["start"].number() != 1 || node["stop"].number() != 0)
      node.refuse("decoders that strip anything but one space at the start are not supported");
    form.drops_first_space = true;
  } else if (type == "ByteLevel") {
    if (form.unit != tokens::Unit::Bytes)
      node.refuse("a decoder of bytes needs a pre-tokenizer ByteLevel");
  } else if (type != "ByteFallback" && type != "Fuse") {
    refuse_type(node, "decoders",
                "Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip");
  }
}

}  // namespace st
