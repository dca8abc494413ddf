// SPDX-License-Identifier: Apache-2.0
#include "tests/core/random_streams.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "core/ops/lowering.h"

namespace st::test {
namespace {

int64_t divisor(Random& random, int64_t n) {
  std::vector<int64_t> divisors;
  for (int64_t d = 1; d <= n; ++d)
    if (n % d == 0) divisors.push_back(d);
  return random.pick(divisors);
}

class StreamsMaker {
 public:
  explicit StreamsMaker(uint64_t seed) : random_(seed) {
    const int64_t form = random_.below(10);
    rows_ = form < 5 ? Rows::Outermost : form < 9 ? Rows::One : Rows::Anywhere;
    made_.by_rows = rows_ != Rows::Anywhere;
    Program& program = made_.program;
    program.model = "streams " + std::to_string(seed);
    program.precision = "f32";
    program.max_sequence = rows_ == Rows::One ? 1 : random_.between(2, 4);
    program.max_positions = program.max_sequence;
  }

  Streams make() {
    const int64_t rank = random_.between(1, 3);
    Shape shape;
    for (int64_t d = 0; d < rank; ++d)
      shape.push_back(random_.pick<int64_t>({1, 2, 3, 4, 6, 8, rank == 1 ? 24 : 4}));
    made_.input = tensor("x", shape);
    unread_.erase(made_.input);
    unary(made_.input, plain(shape), plain(shape));
    for (int64_t n = random_.between(2, 9); n > 0; --n) grow();
    for (const TensorId t : std::set<TensorId>(unread_)) {
      const Shape& at = shapes_.at(t);
      made_.results.push_back(unary(t, plain(at), plain(at)));
    }
    return std::move(made_);
  }

 private:
  using Shape = std::vector<int64_t>;  ///< of a row, or of all where there is one row
  enum class Rows { One, Outermost, Anywhere };

  [[nodiscard]] bool has_rows() const { return rows_ != Rows::One; }
  [[nodiscard]] Trip each_row() const {
    return {Extent::symbol(Sequence), made_.program.max_sequence};
  }

  // --- Types.

  /// One loop of a type; dimension -1 is re-access.
  struct Loop {
    int dimension;
    Trip trip;
    int64_t step;
  };
  StreamType from_loops(const Shape& elem, const std::vector<Loop>& loops, int lanes) const {
    StreamType type;
    type.lanes = lanes;
    type.itensor.elem = elem;
    std::vector<std::vector<int>> map(elem.size());
    for (const Loop& loop : loops) {
      if (loop.dimension >= 0)
        map[loop.dimension].push_back(static_cast<int>(type.itensor.trips.size()));
      type.itensor.trips.push_back(loop.trip);
      type.itensor.steps.push_back(loop.step);
    }
    for (auto& moved : map) type.itensor.map.push_back(MapResult::sum(moved));
    return type;
  }
  /// Row-major, in beats of `lanes` elements.
  StreamType plain(const Shape& shape, int lanes = 0) const {
    if (lanes == 0) lanes = lanes_for(shape.back());
    Shape elem(shape.size() + has_rows(), 1);
    elem.back() = lanes;
    std::vector<Loop> loops;
    if (has_rows()) loops.push_back({0, each_row(), 1});
    for (size_t d = 0; d < shape.size(); ++d) {
      const int64_t step = elem[d + has_rows()];
      loops.push_back({static_cast<int>(d + has_rows()), shape[d] / step, step});
    }
    return from_loops(elem, loops, lanes);
  }
  /// Any tiles, any order of loops.
  StreamType any(const Shape& shape) {
    Shape elem(has_rows(), 1);
    std::vector<std::vector<Loop>> nests;
    for (const int64_t extent : shape) {
      const int dimension = static_cast<int>(elem.size());
      elem.push_back(divisor(random_, extent));
      const int64_t tiles = extent / elem.back();
      if (tiles == 1 && random_.chance(0.5)) continue;
      const int64_t inner = random_.chance(0.3) ? divisor(random_, tiles) : tiles;
      nests.push_back({{dimension, inner, elem.back()}});
      if (inner < tiles)
        nests.back().insert(nests.back().begin(), {dimension, tiles / inner, elem.back() * inner});
    }
    if (random_.chance(0.3)) nests.push_back({{-1, random_.between(2, 3), 1}});
    std::vector<Loop> loops;
    if (rows_ == Rows::Outermost) loops.push_back({0, each_row(), 1});
    if (rows_ == Rows::Anywhere) nests.push_back({{0, each_row(), 1}});
    while (!nests.empty()) {
      const auto chosen = nests.begin() + random_.below(static_cast<int64_t>(nests.size()));
      loops.push_back(chosen->front());
      chosen->erase(chosen->begin());
      if (chosen->empty()) nests.erase(chosen);
    }
    return from_loops(elem, loops, static_cast<int>(divisor(random_, elem.back())));
  }
  /// Each of `rows` several times, as a linear layer reads it.
  StreamType replayed(const StreamType& rows) {
    const ItensorType& type = rows.itensor;
    std::vector<Loop> loops;
    for (size_t l = 0; l < type.trips.size(); ++l) {
      loops.push_back(
          {dimension_moved_by(type, static_cast<int>(l)), type.trips[l], type.steps[l]});
      if (l == 0) loops.push_back({-1, random_.between(2, 3), 1});
    }
    return from_loops(type.elem, loops, rows.lanes);
  }
  StreamType some(const Shape& shape) {
    const int64_t form = random_.below(10);
    if (form < 5) return any(shape);
    if (form < 7) return plain(shape, static_cast<int>(divisor(random_, shape.back())));
    if (form < 8 && rows_ == Rows::Outermost) return replayed(plain(shape));
    return plain(shape);
  }

  // --- Kernels.

  TensorId tensor(const std::string& name, const Shape& shape) {
    DataTensor made{name, DType::F32, {}, nullptr};
    if (has_rows()) made.shape.push_back(Extent::symbol(Sequence));
    made.shape.insert(made.shape.end(), shape.begin(), shape.end());
    made_.program.tensors.push_back(made);
    const auto id = static_cast<TensorId>(made_.program.tensors.size()) - 1;
    shapes_[id] = shape;
    unread_.insert(id);
    return id;
  }
  [[nodiscard]] int64_t beats(const StreamType& type) const {
    return beats_per_row(made_.program, type);
  }
  /// A kernel with these inputs and one output, over rows of the output's beats.
  Kernel& kernel(const std::string& kind, const std::vector<Port>& inputs, const StreamType& type,
                 const Shape& shape) {
    const int number = static_cast<int>(made_.program.kernels.size());
    Kernel kernel;
    kernel.kind = kind;
    kernel.name = kernel.origin = kind + "_" + std::to_string(number);
    kernel.node = number;
    kernel.inputs = inputs;
    for (const Port& port : inputs) unread_.erase(port.tensor);
    kernel.outputs = {{tensor("y" + std::to_string(number), shape), type, -1}};
    kernel.sizes = {{"L", type.lanes}, {"Beats", beats(type)}};
    made_.program.kernels.push_back(kernel);
    return made_.program.kernels.back();
  }
  TensorId unary(TensorId x, const StreamType& in, const StreamType& out) {
    const std::string kind = random_.pick<std::string>({"relu", "silu", "tanh_act", "sigmoid"});
    return kernel(kind, {{x, in, -1}}, out, shapes_.at(x)).outputs[0].tensor;
  }
  TensorId any_tensor() {
    std::vector<TensorId> known;
    for (const auto& [id, shape] : shapes_) {
      if (id != made_.input) known.push_back(id);
    }
    // Newer ones more often.
    return known[std::max(random_.below(static_cast<int64_t>(known.size())),
                          random_.below(static_cast<int64_t>(known.size())))];
  }
  TensorId alike(const Shape& shape) {
    std::vector<TensorId> known;
    for (const auto& [id, other] : shapes_) {
      if (id != made_.input && other == shape) known.push_back(id);
    }
    return random_.pick(known);
  }

  void grow() {
    const TensorId x = any_tensor();
    const Shape shape = shapes_.at(x);
    const StreamType type = some(shape);
    const int64_t form = random_.below(10);
    if (form < 3) {
      unary(x, type, type);
    } else if (form < 5) {
      const std::string kind = random_.pick<std::string>({"add", "subtract", "multiply", "divide"});
      kernel(kind, {{x, type, -1}, {alike(shape), type, -1}}, type, shape);
    } else if (form < 7 && rows_ == Rows::Outermost) {
      normalise(x, shape);
    } else if (form < 8) {
      reshape(x, shape);
    } else if (shape.size() == 1 && rows_ != Rows::Anywhere) {
      random_.chance(0.5) && shape[0] > 1 ? split(x, shape[0]) : join(x, shape[0]);
    }
  }
  /// Narrow beats make a slow kernel, which leaves others time for small buffers.
  void normalise(TensorId x, const Shape& shape) {
    const int lanes = random_.chance(0.5) ? 1 : lanes_for(shape.back());
    const StreamType rows = plain(shape, lanes);
    const int64_t width = beats(rows) * lanes;
    const StreamType parameter =
        from_loops({lanes}, {{-1, each_row(), 1}, {0, width / lanes, lanes}}, lanes);
    made_.program.tensors.push_back(
        {"scale", DType::F32, {width}, constant_of(random_f32(random_, {width}))});
    const auto scale = static_cast<TensorId>(made_.program.tensors.size()) - 1;
    Kernel& made = kernel("rms_norm", {{x, rows, -1}, {scale, parameter, -1}}, rows, shape);
    made.sizes["Repeat0"] = 1;
    made.reals["epsilon"] = 1e-5f;
    // Several readers that come back to the row, for the pass that repairs their order.
    const TensorId y = made.outputs[0].tensor;
    for (int64_t n = random_.between(0, 2); n > 0; --n) {
      const StreamType again = replayed(rows);
      unary(y, again, again);
    }
  }
  /// The same elements in the same order: a row of one dimension, or of two.
  void reshape(TensorId x, const Shape& shape) {
    Shape other = {1};
    for (const int64_t extent : shape) other[0] *= extent;
    const int64_t inner = divisor(random_, other[0]);
    if (shape.size() == 1) other = {other[0] / inner, inner};
    const int lanes = static_cast<int>(divisor(random_, std::gcd(shape.back(), other.back())));
    kernel("reassociate", {{x, plain(shape, lanes), -1}}, plain(other, lanes), other);
  }
  void split(TensorId x, int64_t width) {
    const int64_t lanes = divisor(random_, width), all = width / lanes;
    if (all < 2) return;
    const int64_t first = random_.between(1, all - 1);
    const int beat = static_cast<int>(lanes);
    Kernel& made = kernel("split", {{x, plain({width}, beat), -1}}, plain({first * lanes}, beat),
                          {first * lanes});
    made.sizes = {{"L", lanes}, {"Part0", first}, {"Part1", all - first}};
    const Shape rest = {(all - first) * lanes};
    const TensorId second = tensor(made.name + " rest", rest);
    made_.program.kernels.back().outputs.push_back({second, plain(rest, beat), -1});
  }
  void join(TensorId x, int64_t width) {
    TensorId y = any_tensor();
    if (shapes_.at(y).size() != 1) y = x;
    const int64_t other = shapes_.at(y)[0];
    int64_t lanes = divisor(random_, width);
    if (other % lanes != 0) lanes = 1;
    const Shape both = {width + other};
    if (both[0] > MostElements) return;
    const int beat = static_cast<int>(lanes);
    const bool equal = width == other && random_.chance(0.5);
    Kernel& made = kernel(equal ? "join" : "concat",
                          {{x, plain({width}, beat), -1}, {y, plain({other}, beat), -1}},
                          plain(both, beat), both);
    if (equal) {
      made.sizes["Beats"] = width / lanes;
    } else {
      made.sizes = {{"L", lanes}, {"Part0", width / lanes}, {"Part1", other / lanes}};
    }
  }

  static constexpr int64_t MostElements = 100;
  Random random_;
  Rows rows_;
  Streams made_;
  std::map<TensorId, Shape> shapes_;
  std::set<TensorId> unread_;
};

}  // namespace

Streams random_streams(uint64_t seed) { return StreamsMaker(seed).make(); }

}  // namespace st::test
