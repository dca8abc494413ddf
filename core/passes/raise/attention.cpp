// SPDX-License-Identifier: Apache-2.0
// Causal attention spelt out: heads cut from rows, keys and values behind a cache, repeated for
// groups of queries, scores, a mask, Softmax, and rows joined from heads.
#include <algorithm>
#include <cmath>

#include "core/ops/element.h"
#include "core/passes/raise/positions.h"
#include "core/passes/raise/probe.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

/// What hides a key: less than any score.
constexpr double Hidden = -1e4;

/// Rows [1, rows, heads * head] that a value of [1, heads, rows, head] was cut from.
struct Heads {
  ValueId rows = NoValue;
  int64_t heads = 0, head = 0;
  ValueId rotary = NoValue;  ///< the output of a RotaryEmbedding in between
};

/// Keys or values: new ones behind cached ones.
struct Cached {
  Heads now;
  ValueId past = NoValue, present = NoValue;  ///< graph input, and the output of a Concat
  int64_t repeats = 1;                        ///< of each head, one after the other
};

class AttentionMatcher {
 public:
  explicit AttentionMatcher(Rewriter& rewriter) : rewriter_(rewriter) {
    // Of several lengths, and behind several where there are caches.
    const bool cached = has_caches(rewriter.graph());
    for (const auto& [rows, past] : {std::pair(1, 4), {3, 4}, {5, 1}, {4, 0}})
      probes_.emplace_back(rewriter, rows, cached ? past : 0);
  }

  /// Whether node `n` joins heads of an attention, which is then replaced.
  bool replace(size_t n) {
    const Node node = rewriter_.graph().nodes[n];
    const auto context = transposed(node.input(0), {0, 2, 1, 3});
    const auto product = operands(context, "MatMul");
    const auto softmax = product ? rewriter_.made_by(product->first, "Softmax") : nullptr;
    if (softmax == nullptr) return false;
    const int64_t axis = softmax->integer("axis", -1);
    if (axis != -1 && axis != 3) return false;
    const auto scores = scaled_scores(softmax->input(0));
    if (!scores) return false;
    const auto query = heads_of(scores->query);
    const auto key = cached_of(scores->key), value = cached_of(product->second);
    if (!query || !key || !value || key->repeats != value->repeats ||
        key->now.heads != value->now.heads || key->now.head != query->head ||
        (key->past == NoValue) != (value->past == NoValue) || value->now.rotary != NoValue ||
        query->heads != key->now.heads * key->repeats ||
        !joins(node, context, query->heads * value->now.head))
      return false;
    make(n, node, *query, *key, *value, scores->scale);
    return true;
  }

 private:
  struct Scores {
    ValueId query = NoValue, key = NoValue;
    double scale = 1;
  };

  std::optional<std::pair<ValueId, ValueId>> operands(ValueId id, std::string_view op) const {
    const Node* node = rewriter_.made_by(id, op);
    if (node == nullptr || node->inputs.size() != 2) return std::nullopt;
    return std::pair{node->inputs[0], node->inputs[1]};
  }

  /// The operand of a Transpose in that order, or NoValue.
  [[nodiscard]] ValueId transposed(ValueId id, const std::vector<int64_t>& order) const {
    const Node* node = rewriter_.made_by(id, "Transpose");
    return node != nullptr && node->integers("perm") == order ? node->input(0) : NoValue;
  }

  /// The scalar that all probes agree on.
  std::optional<double> scalar(ValueId id) {
    std::optional<double> common;
    for (Probe& probe : probes_) {
      const auto value = probe.scalar(id);
      if (!value || (common && *common != *value)) return std::nullopt;
      common = value;
    }
    return common;
  }

  /// x of x * s or x / s, with the scale multiplied; `id` itself where it is neither.
  ValueId unscaled(ValueId id, double& scale) {
    if (const auto product = operands(id, "Mul")) {
      for (const auto& [x, factor] : {*product, std::pair{product->second, product->first}}) {
        if (const auto value = scalar(factor)) {
          scale *= *value;
          return x;
        }
      }
    }
    if (const auto quotient = operands(id, "Div")) {
      if (const auto value = scalar(quotient->second); value && *value != 0) {
        scale /= *value;
        return quotient->first;
      }
    }
    return id;
  }

  /// What Softmax reads, as a mask that hides what is behind a query, and scaled products.
  std::optional<Scores> scaled_scores(ValueId id) {
    constexpr int MostMasks = 4;
    std::vector<std::vector<double>> masks;
    for (Probe& probe : probes_)
      masks.emplace_back(static_cast<size_t>(probe.rows() * (probe.rows() + probe.past())), 0.0);
    int count = 0;
    for (; count < MostMasks; ++count) {
      const ValueId inner = unmasked(id, masks);
      if (inner == NoValue) break;
      id = inner;
    }
    if (count == 0 || !is_causal(masks)) return std::nullopt;
    Scores found;
    id = unscaled(id, found.scale);
    const auto product = operands(id, "MatMul");
    if (!product) return std::nullopt;
    found.query = unscaled(product->first, found.scale);
    found.key = transposed(unscaled(product->second, found.scale), {0, 1, 3, 2});
    if (found.key == NoValue) return std::nullopt;
    found.key = unscaled(found.key, found.scale);
    return found;
  }

  /// s of s + mask, or of Where(visible, s, hidden), with the mask added to each probe's. NoValue
  /// where `id` is neither.
  ValueId unmasked(ValueId id, std::vector<std::vector<double>>& masks) {
    if (const auto sum = operands(id, "Add")) {
      for (const auto& [scores, mask] : {*sum, std::pair{sum->second, sum->first}}) {
        if (add_masks(mask, masks, [](double value) { return value; })) return scores;
      }
    }
    const Node* choice = rewriter_.made_by(id, "Where");
    if (choice == nullptr || choice->inputs.size() != 3) return NoValue;
    const ValueId visible = choice->inputs[0], scores = choice->inputs[1];
    const auto hidden = scalar(choice->inputs[2]);
    if (!hidden || *hidden > Hidden) return NoValue;
    const bool added =
        add_masks(visible, masks, [&](double value) { return value != 0 ? 0.0 : *hidden; });
    return added ? scores : NoValue;
  }

  /// Adds a value that broadcasts to [1, 1, rows, positions]; false where some probe has none.
  template <typename F>
  bool add_masks(ValueId id, std::vector<std::vector<double>>& masks, const F& f) {
    std::vector<std::vector<double>> sums = masks;
    for (size_t p = 0; p < probes_.size(); ++p) {
      Probe& probe = probes_[p];
      const Tensor* mask = probe.value(id);
      const int64_t rows = probe.rows(), all = rows + probe.past();
      if (mask == nullptr || mask->shape.size() > 4) return false;
      std::vector<int64_t> shape = mask->shape;
      shape.insert(shape.begin(), 4 - shape.size(), 1);
      if (shape[0] != 1 || shape[1] != 1 || (shape[2] != 1 && shape[2] != rows) ||
          (shape[3] != 1 && shape[3] != all))
        return false;
      const std::vector<double> values = doubles_of(*mask);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t j = 0; j < all; ++j) {
          const int64_t at = (shape[2] == 1 ? 0 : r) * shape[3] + (shape[3] == 1 ? 0 : j);
          sums[p][static_cast<size_t>(r * all + j)] += f(values[static_cast<size_t>(at)]);
        }
      }
    }
    masks = std::move(sums);
    return true;
  }

  /// Whether a query sees the keys up to its own position, and no others.
  bool is_causal(const std::vector<std::vector<double>>& masks) const {
    for (size_t p = 0; p < probes_.size(); ++p) {
      const int64_t rows = probes_[p].rows(), past = probes_[p].past(), all = rows + past;
      for (int64_t at = 0; at < rows * all; ++at) {
        const double value = masks[p][static_cast<size_t>(at)];
        const bool seen = at % all <= past + at / all;
        if (seen ? value != 0 : !(value <= Hidden)) return false;
      }
    }
    return true;
  }

  /// Transpose(Reshape(rows)), perhaps with a rotary embedding behind it.
  std::optional<Heads> heads_of(ValueId id) {
    Heads found;
    if (const Node* rotary = rewriter_.made_by(id, "RotaryEmbedding")) {
      found.rotary = id;
      id = rotary->input(0);
    }
    const ValueId cut = transposed(id, {0, 2, 1, 3});
    const Node* reshape = rewriter_.made_by(cut, "Reshape");
    if (reshape == nullptr) return std::nullopt;
    found.rows = reshape->input(0);
    for (Probe& probe : probes_) {
      const auto from = probe.shape(found.rows), to = probe.shape(cut);
      if (!from || !to || from->size() != 3 || to->size() != 4 || (*from)[0] != 1 ||
          (*to)[0] != 1 || (*from)[1] != probe.rows() || (*to)[1] != probe.rows() ||
          (*to)[2] * (*to)[3] != (*from)[2])
        return std::nullopt;
      if (found.heads != 0 && found.heads != (*to)[2]) return std::nullopt;
      found.heads = (*to)[2];
      found.head = (*to)[3];
    }
    return found;
  }

  std::optional<Cached> cached_of(ValueId id) {
    Cached found;
    const ValueId once = unrepeated(id, found.repeats);
    if (once == NoValue) return std::nullopt;
    ValueId now = once;
    if (const Node* joined = rewriter_.made_by(once, "Concat")) {
      const int64_t axis = joined->integer("axis", 0);
      if (joined->inputs.size() != 2 || (axis != 2 && axis != -2)) return std::nullopt;
      found.past = joined->inputs[0];
      found.present = once;
      now = joined->inputs[1];
    }
    const auto heads = heads_of(now);
    if (!heads) return std::nullopt;
    found.now = *heads;
    for (Probe& probe : probes_) {
      if (found.past == NoValue) {
        if (probe.past() > 0) return std::nullopt;
        continue;
      }
      const auto past = probe.shape(found.past);
      if (past != std::vector<int64_t>{1, heads->heads, probe.past(), heads->head})
        return std::nullopt;
    }
    return found;
  }

  /// x of Reshape(Expand(Unsqueeze(x, 2))), which repeats each head; `id` itself where it is
  /// something else; NoValue where it repeats in another way.
  ValueId unrepeated(ValueId id, int64_t& repeats) {
    const Node* joined = rewriter_.made_by(id, "Reshape");
    const Node* wide = joined ? rewriter_.made_by(joined->input(0), "Expand") : nullptr;
    if (wide == nullptr) return id;
    const Node* apart = rewriter_.made_by(wide->input(0), "Unsqueeze");
    if (apart == nullptr) return NoValue;
    const ValueId x = apart->input(0);
    std::vector<int64_t> axes = apart->integers("axes");
    if (apart->input(1) != NoValue) axes = rewriter_.integers(apart->input(1)).value_or(axes);
    if (axes != std::vector<int64_t>{2}) return NoValue;
    for (Probe& probe : probes_) {
      const auto once = probe.shape(x), all = probe.shape(id);
      if (!once || !all || once->size() != 4 || all->size() != 4 || (*once)[1] < 1 ||
          (*all)[1] % (*once)[1] != 0)
        return NoValue;
      const int64_t own = (*all)[1] / (*once)[1];
      if ((repeats != 1 && repeats != own) || (*all)[0] != (*once)[0] || (*all)[2] != (*once)[2] ||
          (*all)[3] != (*once)[3])
        return NoValue;
      repeats = own;
    }
    return x;
  }

  /// Whether the Reshape makes rows of `width` from the heads of each token.
  bool joins(const Node& node, ValueId context, int64_t width) {
    for (Probe& probe : probes_) {
      const auto from = probe.shape(context), to = probe.shape(node.outputs[0]);
      if (!from || from->size() != 4 || to != std::vector<int64_t>{1, probe.rows(), width})
        return false;
    }
    return true;
  }

  ValueId turned(const Node& root, const char* name, const Heads& heads) {
    if (heads.rotary == NoValue) return heads.rows;
    const Node rotary = *rewriter_.made_by(heads.rotary, "RotaryEmbedding");
    std::vector<ValueId> inputs = rotary.inputs;
    inputs[0] = heads.rows;
    auto attributes = rotary.attributes;
    attributes["num_heads"] = heads.heads;
    return rewriter_.add(root, name, "RotaryEmbedding", std::move(inputs), std::move(attributes));
  }

  void make(size_t n, const Node& root, const Heads& query, const Cached& key, const Cached& value,
            double scale) {
    std::vector<ValueId> inputs = {turned(root, "query", query), turned(root, "key", key.now),
                                   value.now.rows};
    if (key.past != NoValue) inputs.insert(inputs.end(), {NoValue, key.past, value.past});
    rewriter_.replace(n, "Attention", std::move(inputs),
                      {{"is_causal", int64_t{1}},
                       {"q_num_heads", query.heads},
                       {"kv_num_heads", key.now.heads},
                       {"scale", static_cast<float>(scale)}});
    if (key.past == NoValue) return;
    rewriter_.take_output(n, key.present);
    rewriter_.take_output(n, value.present);
  }

  Rewriter& rewriter_;
  std::vector<Probe> probes_;
};

}  // namespace

bool raise_attention(Rewriter& rewriter, size_t n) {
  const Node* node = &rewriter.graph().nodes[n];
  if (!node->domain.empty() || node->op != "Reshape") return false;
  const Node* turned = rewriter.made_by(node->input(0), "Transpose");
  const Node* product = turned ? rewriter.made_by(turned->input(0), "MatMul") : nullptr;
  if (product == nullptr || !rewriter.made_by(product->input(0), "Softmax")) return false;
  return AttentionMatcher(rewriter).replace(n);
}

}  // namespace st
