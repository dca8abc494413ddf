// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "core/itensor/conversion.h"

namespace st {
namespace {

using Coordinates = std::vector<int64_t>;

/// A token of a stream: the counters of the shared loops around it, and its origin.
struct Token {
  Coordinates block, origin;
};

/// The tokens of a type. The counters are asked for as further dimensions of the tensor.
std::vector<Token> tokens_of(const ItensorType& type, int shared, const Bindings& bindings) {
  ItensorType tagged = type;
  const size_t rank = type.elem.size();
  for (int l = 0; l < shared; ++l) {
    tagged.elem.push_back(1);
    tagged.map.emplace_back(l);
    if (dimension_moved_by(type, l) < 0) tagged.steps[static_cast<size_t>(l)] = 1;
  }
  std::vector<Token> tokens;
  for_each_token(tagged, bindings, [&](const Coordinates& at) {
    const auto split = at.begin() + static_cast<std::ptrdiff_t>(rank);
    tokens.push_back({{split, at.end()}, {at.begin(), split}});
  });
  return tokens;
}

/// True if no trip count is negative or above its bound.
bool within_bounds(const ItensorType& type, const Bindings& bindings) {
  Bindings at = bindings;
  for (size_t l = 0; l < type.trips.size(); ++l) {
    const int64_t trips = type.trips[l].count.evaluate(at).value_or(-1);
    if (trips < 0 || trips > type.trips[l].bound) return false;
    at["d" + std::to_string(l)] = std::max<int64_t>(0, trips - 1);
  }
  return true;
}

/// Every assignment of small values to the symbols that no trip count forbids.
std::vector<Bindings> small_bindings(const std::vector<ItensorType>& types) {
  constexpr int64_t Values[] = {0, 1, 2, 3};
  std::set<std::string> symbols;
  for (const ItensorType& type : types) {
    for (const Trip& trip : type.trips) {
      for (const auto& [symbol, coefficient] : trip.count.terms())
        if (loop_named(symbol) < 0) symbols.insert(symbol);
    }
  }
  std::vector<Bindings> all = {{}};
  for (const std::string& symbol : symbols) {
    std::vector<Bindings> longer;
    for (const Bindings& bindings : all) {
      for (int64_t value : Values) {
        longer.push_back(bindings);
        longer.back()[symbol] = value;
      }
    }
    all = std::move(longer);
  }
  std::erase_if(all, [&](const Bindings& bindings) {
    return std::any_of(types.begin(), types.end(),
                       [&](const ItensorType& type) { return !within_bounds(type, bindings); });
  });
  return all;
}

std::string coordinates_text(const Coordinates& at) {
  std::string out;
  for (int64_t x : at) out += (out.empty() ? "(" : ",") + std::to_string(x);
  return out + ")";
}

/// The replay of one plan under one set of bindings.
class Replay {
 public:
  Replay(const ConversionPlan& plan, const Bindings& bindings)
      : plan_(plan), shape_(max_shape(plan.source)) {
    source_ = tokens_of(plan.source, plan.shared, bindings);
    for (const ItensorType& result : plan.results)
      results_.push_back(tokens_of(result, plan.shared, bindings));
    int64_t elements = 1;
    for (int64_t extent : shape_) elements *= extent;
    brought_by_.assign(static_cast<size_t>(elements), -1);
    number_.assign(static_cast<size_t>(elements), -1);
    cells_.assign(static_cast<size_t>(plan.window), -1);
  }

  /// What goes wrong first, or nothing.
  std::string run() {
    size_t taken = 0;
    std::vector<size_t> given(results_.size(), 0);
    while (taken < source_.size()) {
      const size_t end = end_of_block(source_, taken);
      begin_block(taken, end);
      for (size_t r = 0; r < results_.size(); ++r) {
        std::vector<Token>& result = results_[r];
        if (given[r] == result.size() || result[given[r]].block != source_[taken].block)
          return "the shared loops of reader " + std::to_string(r) + " are not those of the source";
        const size_t last = end_of_block(result, given[r]);
        for (size_t t = given[r]; t < last; ++t)
          if (std::string wrong = send(r, t, result[t].origin); !wrong.empty()) return wrong;
        given[r] = last;
        receive(static_cast<int64_t>(end) - 1);
      }
      taken = end;
    }
    for (size_t r = 0; r < results_.size(); ++r)
      if (given[r] != results_[r].size())
        return "reader " + std::to_string(r) + " has more blocks than the source";
    return "";
  }

 private:
  static size_t end_of_block(const std::vector<Token>& tokens, size_t at) {
    const Coordinates& block = tokens[at].block;
    while (at < tokens.size() && tokens[at].block == block) ++at;
    return at;
  }

  template <typename Visit>
  void for_each_element(const Coordinates& origin, const Coordinates& elem, const Visit& visit) {
    Coordinates x(elem.size(), 0);
    for (bool more = true; more;) {
      Coordinates at = origin;
      for (size_t d = 0; d < x.size(); ++d) at[d] += x[d];
      visit(at);
      more = false;
      for (size_t d = x.size(); d-- > 0 && !more;) {
        more = ++x[d] < elem[d];
        if (!more) x[d] = 0;
      }
    }
  }

  int64_t element_at(const Coordinates& at) const {
    int64_t element = 0;
    for (size_t d = 0; d < at.size(); ++d) element = element * shape_[d] + at[d];
    return element;
  }

  /// Where an element lives: by arrival, or by its place in the block.
  size_t cell_of(int64_t element, const Coordinates& at) const {
    int64_t cell = number_[static_cast<size_t>(element)];
    if (!plan_.sliding) {
      cell = 0;
      for (size_t d = 0; d < at.size(); ++d) cell = cell * plan_.block[d] + at[d] % plan_.block[d];
    }
    return static_cast<size_t>(cell % plan_.window);
  }

  void begin_block(size_t from, size_t to) {
    std::fill(brought_by_.begin(), brought_by_.end(), -1);
    std::fill(number_.begin(), number_.end(), -1);
    arrived_ = 0;
    received_ = from;
    for (size_t t = from; t < to; ++t) {
      for_each_element(source_[t].origin, plan_.source.elem, [&](const Coordinates& at) {
        int64_t& token = brought_by_[static_cast<size_t>(element_at(at))];
        if (token < 0) token = static_cast<int64_t>(t);
      });
    }
    if (!plan_.sliding || plan_.window >= block_elements(plan_))
      receive(static_cast<int64_t>(to) - 1);
  }

  /// Takes source tokens up to and including `last`; elements that came before are dropped.
  void receive(int64_t last) {
    for (; static_cast<int64_t>(received_) <= last; ++received_) {
      for_each_element(source_[received_].origin, plan_.source.elem, [&](const Coordinates& at) {
        const int64_t element = element_at(at);
        int64_t& number = number_[static_cast<size_t>(element)];
        if (number >= 0) return;
        number = arrived_++;
        cells_[cell_of(element, at)] = element;
      });
    }
  }

  std::string send(size_t reader, size_t token, const Coordinates& origin) {
    const Coordinates& elem = plan_.results[reader].elem;
    std::string wrong;
    const std::string name =
        "token " + std::to_string(token) + " of reader " + std::to_string(reader);
    int64_t last = -1;
    for_each_element(origin, elem, [&](const Coordinates& at) {
      const int64_t token_of_source = brought_by_[static_cast<size_t>(element_at(at))];
      if (token_of_source < 0 && wrong.empty())
        wrong = name + " needs element " + coordinates_text(at) + ", which the block does not have";
      last = std::max(last, token_of_source);
    });
    if (!wrong.empty()) return wrong;
    receive(last);
    for_each_element(origin, elem, [&](const Coordinates& at) {
      const int64_t element = element_at(at);
      if (cells_[cell_of(element, at)] != element && wrong.empty())
        wrong = name + " finds element " + coordinates_text(at) + " overwritten in a buffer of " +
                std::to_string(plan_.window) + " elements";
    });
    return wrong;
  }

  const ConversionPlan& plan_;
  Coordinates shape_;
  std::vector<Token> source_;
  std::vector<std::vector<Token>> results_;
  // Of the block at hand, per element of the tensor: the source token that brings it first, and its
  // number among the arrivals so far.
  std::vector<int64_t> brought_by_, number_;
  std::vector<int64_t> cells_;
  int64_t arrived_ = 0;
  size_t received_ = 0;
};

/// True if both types are the same stream.
bool same_tokens(const ItensorType& a, const ItensorType& b, const Bindings& bindings) {
  auto origins = [&](const ItensorType& type) {
    std::vector<Coordinates> all;
    for_each_token(type, bindings, [&](const Coordinates& origin) { all.push_back(origin); });
    return all;
  };
  return a.elem == b.elem && a.dtype == b.dtype && origins(a) == origins(b);
}

}  // namespace

Status verify(const ItensorType& source, const std::vector<ItensorType>& results,
              const ConversionPlan& plan) {
  std::vector<ItensorType> given = {source}, planned = {plan.source};
  given.insert(given.end(), results.begin(), results.end());
  planned.insert(planned.end(), plan.results.begin(), plan.results.end());
  auto problem = [&](const std::string& message, const Bindings& bindings = {}) {
    Diagnostic diagnostic{"E0320", "a converter is wrong: " + message, "", {}, ""};
    for (const ItensorType& type : given) diagnostic.details.push_back(text_of(type));
    for (const auto& [symbol, value] : bindings)
      diagnostic.details.push_back(symbol + " = " + std::to_string(value));
    return diagnostic;
  };
  if (results.empty() || given.size() != planned.size())
    return problem("it has " + std::to_string(plan.results.size()) + " readers, not " +
                   std::to_string(results.size()));
  for (size_t t = 0; t < given.size(); ++t) {
    if (given[t].dtype != source.dtype || max_shape(given[t]) != max_shape(source))
      return problem("the types view different tensors");
  }
  for (size_t t = 0; t < given.size(); ++t) {
    if (max_shape(planned[t]) != max_shape(source))
      return problem("its loops are not those of " + text_of(given[t]));
    if (plan.shared < 0 || plan.shared > static_cast<int>(planned[t].trips.size()))
      return problem("it shares " + std::to_string(plan.shared) + " loops, which do not exist");
  }
  if (plan.block.size() != source.elem.size() || plan.window < 1 ||
      std::any_of(plan.block.begin(), plan.block.end(), [](int64_t n) { return n < 1; }))
    return problem("its block or its window is empty");
  std::vector<ItensorType> all = given;
  all.insert(all.end(), planned.begin(), planned.end());
  for (const Bindings& bindings : small_bindings(all)) {
    for (size_t t = 0; t < given.size(); ++t) {
      if (!same_tokens(given[t], planned[t], bindings))
        return problem("its loops are not those of " + text_of(given[t]), bindings);
    }
    if (std::string wrong = Replay(plan, bindings).run(); !wrong.empty())
      return problem(wrong, bindings);
  }
  return {};
}

}  // namespace st
