// SPDX-License-Identifier: Apache-2.0
#include "frontends/tokenizer/sentencepiece.h"

#include <bit>
#include <span>
#include <utility>

#include "core/support/protobuf_wire.h"
#include "frontends/tokenizer/byte_tokens.h"

namespace st {
namespace {

using tokens::StepKind;
using tokens::TokenKind;

/// Field numbers and values of sentencepiece_model.proto.
namespace model {
constexpr uint64_t Pieces = 1, Trainer = 2, Normalizer = 3, Denormalizer = 5;
}
namespace piece {
constexpr uint64_t Text = 1, Score = 2, Type = 3;
}
namespace trainer {
constexpr uint64_t ModelType = 3, SpaceAsSuffix = 24, ByteFallback = 35, UnknownSurface = 44;
}
namespace normalizer {
constexpr uint64_t CharacterMap = 2, DummyPrefix = 3, RemoveSpaces = 4, EscapeSpaces = 5;
}
enum class ModelType : uint64_t { Unigram = 1, Bpe = 2, Word = 3, Char = 4 };

/// What the file says beside its pieces.
struct Spec {
  uint64_t type = static_cast<uint64_t>(ModelType::Unigram);
  bool space_as_suffix = false, byte_fallback = false;
  std::string unknown_surface = " \u2047 ";
  std::string character_map;
  bool dummy_prefix = true, remove_spaces = true, escape_spaces = true;
  bool denormalizes = false;
};

class SentencePieceReader {
 public:
  SentencePieceReader(const std::string& bytes, const std::string& name)
      : bytes_(bytes), name_(name) {}

  Result<tokens::Form> read() {
    fields(std::as_bytes(std::span(bytes_)), [&](const WireField& field) {
      if (field.number == model::Pieces) read_piece(field);
      if (field.number == model::Trainer) read_trainer(field);
      if (field.number == model::Normalizer) read_normalizer(field);
      if (field.number == model::Denormalizer) read_denormalizer(field);
    });
    if (problems_.empty() && form_.tokens.empty()) wrong("it has no pieces");
    if (problems_.empty()) finish();
    if (problems_.empty()) {
      if (const std::string problem = tokens::problem_of(form_); !problem.empty()) wrong(problem);
    }
    if (!problems_.empty()) return std::move(problems_);
    return std::move(form_);
  }

 private:
  void wrong(const std::string& what) {
    if (!problems_.empty()) return;  // the file is damaged: what follows is noise
    problems_.push_back({"E0103",
                         "'" + printable(name_) + "' is no SentencePiece model: " + what,
                         printable(name_),
                         {},
                         "copy the file again, or name another one"});
  }
  void refuse(const std::string& what) {
    problems_.push_back({"E0106", what, printable(name_), {}, ""});
  }

  template <typename Take>
  void fields(std::span<const std::byte> message, Take take) {
    WireReader reader(message, reinterpret_cast<const std::byte*>(bytes_.data()));
    while (const auto field = reader.next()) take(*field);
    if (!reader.problem().empty())
      wrong(reader.problem() + ", byte " + std::to_string(reader.offset()));
  }

  /// The fields of a message in `outer`.
  template <typename Take>
  void message(const WireField& outer, Take take) {
    if (outer.type != WireType::Bytes) return wrong("a message is none");
    fields(outer.bytes, take);
  }

  std::string text_of(const WireField& field) {
    if (field.type != WireType::Bytes) wrong("a text is none");
    return {reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()};
  }
  bool flag_of(const WireField& field) {
    if (field.type != WireType::Varint) wrong("a flag is none");
    return field.value != 0;
  }

  void read_piece(const WireField& outer) {
    tokens::Token token;
    uint64_t type = 1;
    message(outer, [&](const WireField& field) {
      if (field.number == piece::Text) token.text = text_of(field);
      if (field.number == piece::Score) {
        if (field.type != WireType::Fixed32) wrong("a score is none");
        token.score = std::bit_cast<float>(static_cast<uint32_t>(field.value));
      }
      if (field.number == piece::Type) type = field.value;
    });
    constexpr TokenKind Kinds[] = {TokenKind::Normal, TokenKind::Unknown, TokenKind::Special,
                                   TokenKind::Chosen, TokenKind::Unused,  TokenKind::Byte};
    const std::string which = "piece " + std::to_string(form_.tokens.size());
    if (type < 1 || type > std::size(Kinds)) return wrong(which + " has no known type");
    token.kind = Kinds[type - 1];
    if (token.kind == TokenKind::Byte) {
      const auto byte = byte_of_token(token.text);
      if (!byte) return wrong(which + " is no byte");
      token.text = std::string(1, *byte);
    }
    if (token.kind == TokenKind::Unknown)
      form_.unknown = static_cast<tokens::Id>(form_.tokens.size());
    form_.tokens.push_back(std::move(token));
  }

  void read_trainer(const WireField& outer) {
    message(outer, [&](const WireField& field) {
      if (field.number == trainer::ModelType) spec_.type = field.value;
      if (field.number == trainer::SpaceAsSuffix) spec_.space_as_suffix = flag_of(field);
      if (field.number == trainer::ByteFallback) spec_.byte_fallback = flag_of(field);
      if (field.number == trainer::UnknownSurface) spec_.unknown_surface = text_of(field);
    });
  }

  void read_normalizer(const WireField& outer) {
    message(outer, [&](const WireField& field) {
      if (field.number == normalizer::CharacterMap) spec_.character_map = text_of(field);
      if (field.number == normalizer::DummyPrefix) spec_.dummy_prefix = flag_of(field);
      if (field.number == normalizer::RemoveSpaces) spec_.remove_spaces = flag_of(field);
      if (field.number == normalizer::EscapeSpaces) spec_.escape_spaces = flag_of(field);
    });
  }

  void read_denormalizer(const WireField& outer) {
    message(outer, [&](const WireField& field) {
      if (field.number == normalizer::CharacterMap)
        spec_.denormalizes = spec_.denormalizes || !field.bytes.empty();
    });
  }

  void finish() {
    using tokens::Algorithm;
    switch (static_cast<ModelType>(spec_.type)) {
      case ModelType::Unigram:
        form_.algorithm = Algorithm::Unigram;
        break;
      case ModelType::Bpe:
        form_.algorithm = Algorithm::ScoredMerges;
        break;
      case ModelType::Char:
        form_.algorithm = Algorithm::RankedMerges;  // of which there are none
        break;
      case ModelType::Word:
        refuse("a model of words is not supported");
        break;
      default:
        wrong("a model of type " + std::to_string(spec_.type) + " is unknown");
    }
    if (spec_.space_as_suffix) refuse("'treat_whitespace_as_suffix' is not supported");
    if (spec_.denormalizes) refuse("a denormalizer is not supported");
    if (form_.unknown == tokens::NoId) wrong("it has no piece for what is unknown");
    if (!problems_.empty()) return;
    form_.tokens[static_cast<size_t>(form_.unknown)].text = spec_.unknown_surface;
    form_.byte_fallback = spec_.byte_fallback;
    form_.fuse_unknown = true;
    form_.single_precision = true;
    form_.marks_spaces = true;
    form_.drops_first_space = spec_.dummy_prefix || spec_.remove_spaces;
    auto& steps = form_.normaliser;
    if (!spec_.character_map.empty())
      steps.push_back({StepKind::CharacterMap, spec_.character_map, ""});
    if (spec_.remove_spaces) steps.push_back({StepKind::Squeeze});
    if (spec_.dummy_prefix) steps.push_back({StepKind::Prepend, "", " "});
    if (spec_.escape_spaces) steps.push_back({StepKind::Replace, " ", SpaceMark});
    if (spec_.remove_spaces)
      steps.push_back({StepKind::StripEnd, spec_.escape_spaces ? SpaceMark : " ", ""});
  }

  const std::string& bytes_;
  const std::string& name_;
  tokens::Form form_;
  Spec spec_;
  Diagnostics problems_;
};

}  // namespace

Result<tokens::Form> read_sentencepiece(const std::string& bytes, const std::string& name) {
  return SentencePieceReader(bytes, name).read();
}

}  // namespace st
