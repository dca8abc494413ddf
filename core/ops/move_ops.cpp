// SPDX-License-Identifier: Apache-2.0
// Operators that move elements by their position: Transpose, Slice, Split, Concat, Expand, Tile,
// Pad, Trilu.
#include "core/ops/move_ops.h"

#include <algorithm>
#include <numeric>

#include "core/ops/broadcast.h"
#include "core/ops/moves.h"
#include "core/ops/reference.h"

namespace st {
namespace {

/// Which elements of a dimension a Slice takes.
struct Cut {
  int64_t first = 0, count = 0, step = 1;
};

Cut cut_of(int64_t extent, int64_t start, int64_t end, int64_t step) {
  // A step that is longer than the dimension takes one element, however long it is.
  step = std::clamp(step, -extent - 1, extent + 1);
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  Cut cut{0, 0, step};
  if (step > 0) {
    cut.first = std::clamp<int64_t>(start, 0, extent);
    end = std::clamp<int64_t>(end, 0, extent);
    if (end > cut.first) cut.count = (end - cut.first + step - 1) / step;
  } else if (extent > 0) {
    cut.first = std::clamp<int64_t>(start, 0, extent - 1);
    end = std::clamp<int64_t>(end, -1, extent - 1);
    if (end < cut.first) cut.count = (cut.first - end - step - 1) / -step;
  }
  return cut;
}

Result<std::vector<Tensor>> slice_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  ST_TRY(starts, integers_of(node, in, 1));
  ST_TRY(ends, integers_of(node, in, 2));
  std::vector<int64_t> axes(starts.size()), strides(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (operand(in, 3)) {
    ST_TRY(given, integers_of(node, in, 3));
    axes = given;
  }
  if (operand(in, 4)) {
    ST_TRY(given, integers_of(node, in, 4));
    strides = given;
  }
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      strides.size() != starts.size())
    return operand_error(node, in, "starts, ends, axes and steps differ in length");
  ST_TRY(dimensions, dimensions_of(node, axes, rank_of(x)));
  std::vector<Cut> cuts;
  for (const int64_t extent : x.shape) cuts.push_back({0, extent, 1});
  for (size_t i = 0; i < dimensions.size(); ++i) {
    if (strides[i] == 0) return operand_error(node, in, "a step is 0");
    cuts[dimensions[i]] = cut_of(x.shape[dimensions[i]], starts[i], ends[i], strides[i]);
  }
  std::vector<int64_t> shape;
  for (const Cut& cut : cuts) shape.push_back(cut.count);
  Tensor y = Tensor::zeros(x.dtype(), shape);
  if (y.size() == 0) return tensors(std::move(y));
  std::vector<std::vector<int64_t>> places;
  for (const Cut& cut : cuts) {
    std::vector<int64_t>& places_of_cut = places.emplace_back(cut.count);
    for (int64_t i = 0; i < cut.count; ++i) places_of_cut[i] = cut.first + i * cut.step;
  }
  copy_places(x, places, y);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> expand_reference(const Node& node, const Operands& in) {
  ST_TRY(asked, integers_of(node, in, 1));
  const Tensor& x = *in[0];
  std::vector<int64_t> shape(std::max(asked.size(), x.shape.size()), 1);
  std::copy(asked.begin(), asked.end(), shape.end() - static_cast<int64_t>(asked.size()));
  for (size_t i = 0; i < x.shape.size(); ++i) {
    int64_t& extent = shape[shape.size() - x.shape.size() + i];
    if (extent == 1) extent = x.shape[i];
    if (x.shape[i] != 1 && x.shape[i] != extent)
      return operand_error(node, in, "the operand does not broadcast to the shape");
  }
  ST_TRY(y, result_of(node, x.dtype(), shape));
  std::vector<int64_t> strides = strides_of(x.shape);
  for (size_t d = 0; d < strides.size(); ++d) {
    if (x.shape[d] == 1) strides[d] = 0;
  }
  strides.insert(strides.begin(), shape.size() - strides.size(), 0);
  copy_strided(x, strides, y);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> tile_reference(const Node& node, const Operands& in) {
  ST_TRY(repeats, integers_of(node, in, 1));
  const Tensor& x = *in[0];
  if (repeats.size() != x.shape.size())
    return operand_error(node, in, "there must be a number of repeats for each dimension");
  std::vector<int64_t> shape = x.shape;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (repeats[d] < 0 || element_count({shape[d], repeats[d]}) > MostResultElements)
      return operand_error(node, in, "a dimension would be repeated too often, or less than never");
    shape[d] *= repeats[d];
  }
  ST_TRY(y, result_of(node, x.dtype(), shape));
  if (y.size() == 0) return tensors(std::move(y));
  std::vector<std::vector<int64_t>> places;
  for (size_t d = 0; d < shape.size(); ++d) {
    std::vector<int64_t>& list = places.emplace_back(shape[d]);
    for (int64_t i = 0; i < shape[d]; ++i) list[i] = i % x.shape[d];
  }
  copy_places(x, places, y);
  return tensors(std::move(y));
}

/// Where element `i` of a padded dimension comes from; -1 for the constant. The dimension has
/// elements unless the mode is constant.
int64_t padded_place(const std::string& mode, int64_t i, int64_t extent) {
  if (i >= 0 && i < extent) return i;
  if (mode == "edge") return std::clamp<int64_t>(i, 0, extent - 1);
  if (mode == "wrap") return (i % extent + extent) % extent;
  if (mode == "reflect") {
    if (extent == 1) return 0;
    const int64_t period = 2 * (extent - 1), at = (i % period + period) % period;
    return at < extent ? at : period - at;
  }
  return -1;
}

Result<std::vector<Tensor>> pad_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  const std::string mode = node.string("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "wrap" && mode != "reflect")
    return attribute_error(
        node, "mode is '" + printable(mode) + "', not constant, reflect, edge or wrap");
  ST_TRY(pads, integers_of(node, in, 1));
  std::vector<int64_t> axes(x.shape.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (operand(in, 3)) {
    ST_TRY(given, integers_of(node, in, 3));
    axes = given;
  }
  ST_TRY(dimensions, dimensions_of(node, axes, rank_of(x)));
  if (pads.size() != 2 * dimensions.size())
    return operand_error(node, in, "there must be two pads for each dimension");
  std::vector<int64_t> shape = x.shape, before(x.shape.size(), 0);
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const int64_t d = dimensions[i], front = pads[i], back = pads[i + dimensions.size()];
    for (const int64_t pad : {front, back}) {
      if (pad < -MostResultElements || pad > MostResultElements)
        return operand_error(node, in, "a pad is too large");
    }
    if (x.shape[d] > MostResultElements) return operand_error(node, in, "a dimension is too large");
    if (mode != "constant" && x.shape[d] == 0 && front + back > 0)
      return operand_error(node, in, "there is nothing to pad with");
    before[d] = front;
    shape[d] += front + back;
  }
  ST_TRY(y, result_of(node, x.dtype(), shape));
  if (const Tensor* value = operand(in, 2)) {
    if (value->dtype() != x.dtype() || value->size() != 1)
      return operand_error(node, in, "the constant must be a scalar of the operand's type");
    copy_strided(*value, std::vector<int64_t>(shape.size(), 0), y);
  }
  if (y.size() == 0) return tensors(std::move(y));
  std::vector<std::vector<int64_t>> places;
  for (size_t d = 0; d < shape.size(); ++d) {
    std::vector<int64_t>& list = places.emplace_back(shape[d]);
    for (int64_t i = 0; i < shape[d]; ++i) list[i] = padded_place(mode, i - before[d], x.shape[d]);
  }
  copy_places(x, places, y);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> trilu_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  if (x.shape.size() < 2) return operand_error(node, in, "the operand must be matrices");
  int64_t k = 0;
  if (operand(in, 1)) {
    ST_TRY(given, integer_of(node, in, 1));
    k = given;
  }
  const bool upper = node.integer("upper", 1) != 0;
  Tensor y = Tensor::zeros(x.dtype(), x.shape);
  const Mover mover(x, y);
  const int64_t rows = x.shape[x.shape.size() - 2], columns = x.shape.back();
  for (int64_t at = 0; at < y.size(); ++at) {
    const int64_t distance = at % columns - at / columns % rows;
    if (upper ? distance >= k : distance <= k) mover.copy(at, at, 1);
  }
  return tensors(std::move(y));
}

/// Sizes of the parts of a Split: from operand 1 or the attribute `split`, or equal ones.
Result<std::vector<int64_t>> parts_of(const Node& node, const Operands& in, int64_t extent) {
  if (operand(in, 1)) return integers_of(node, in, 1);
  if (node.has("split")) return node.integers("split");
  const auto made = static_cast<int64_t>(node.outputs.size());
  const int64_t count = node.integer("num_outputs", made);
  if (count < 1 || count > made)
    return attribute_error(node, "num_outputs is not the number of outputs");
  // The last part is what is left, which may be less.
  const int64_t part = extent / count + (extent % count != 0 ? 1 : 0);
  std::vector<int64_t> parts(static_cast<size_t>(count), part);
  parts.back() = extent - part * (count - 1);
  return parts;
}

}  // namespace

Result<std::vector<Tensor>> transpose_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  std::vector<int64_t> order(x.shape.size());
  std::iota(order.begin(), order.end(), 0);
  std::reverse(order.begin(), order.end());
  if (node.has("perm")) {
    ST_TRY(given, dimensions_of(node, node.integers("perm"), rank_of(x)));
    if (given.size() != x.shape.size())
      return attribute_error(node, "perm does not name each dimension once");
    order = given;
  }
  const std::vector<int64_t> from = strides_of(x.shape);
  std::vector<int64_t> shape, strides;
  for (const int64_t dimension : order) {
    shape.push_back(x.shape[dimension]);
    strides.push_back(from[dimension]);
  }
  Tensor y = Tensor::zeros(x.dtype(), shape);
  copy_strided(x, strides, y);
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> split_reference(const Node& node, const Operands& in) {
  const Tensor& x = *in[0];
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(x)));
  ST_TRY(parts, parts_of(node, in, x.shape[axis]));
  int64_t left = x.shape[axis];
  for (const int64_t part : parts) {
    if (part < 0 || part > left)
      return operand_error(node, in, "the parts do not add up to the dimension");
    left -= part;
  }
  if (left != 0) return operand_error(node, in, "the parts do not add up to the dimension");
  const int64_t outer = x.size() == 0 ? 0 : extent_product(x.shape, 0, axis);
  const int64_t inner = x.size() == 0 ? 0 : extent_product(x.shape, axis + 1, rank_of(x));
  std::vector<Tensor> outputs;
  int64_t first = 0;
  for (const int64_t part : parts) {
    std::vector<int64_t> shape = x.shape;
    shape[axis] = part;
    Tensor y = Tensor::zeros(x.dtype(), shape);
    const Mover mover(x, y);
    for (int64_t o = 0; o < outer; ++o)
      mover.copy(o * part * inner, (o * x.shape[axis] + first) * inner, part * inner);
    outputs.push_back(std::move(y));
    first += part;
  }
  return outputs;
}

Result<std::vector<Tensor>> concat_reference(const Node& node, const Operands& in) {
  if (!in[0] || !node.has("axis"))
    return operand_error(node, in, "an operand or the attribute axis was left out");
  ST_TRY(axis, dimension_of(node, node.integer("axis", 0), rank_of(*in[0])));
  std::vector<int64_t> shape = in[0]->shape;
  shape[axis] = 0;
  for (const Tensor* x : in) {
    if (!x || x->dtype() != in[0]->dtype() || x->shape.size() != shape.size())
      return operand_error(node, in, "the operands must have the same type and rank");
    for (size_t d = 0; d < shape.size(); ++d) {
      if (static_cast<int64_t>(d) != axis && x->shape[d] != shape[d])
        return operand_error(node, in, "the operands may differ in the dimension of axis only");
    }
    if (x->shape[axis] > MostResultElements || shape[axis] > MostResultElements)
      return operand_error(node, in, "a dimension is too large");
    shape[axis] += x->shape[axis];
  }
  ST_TRY(y, result_of(node, in[0]->dtype(), shape));
  // What lies inside the dimension stays together: `outer` times a run of each operand.
  const int64_t outer = y.size() == 0 ? 0 : extent_product(shape, 0, axis);
  int64_t to = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (const Tensor* x : in) {
      const int64_t run = x->size() / outer;
      Mover(*x, y).copy(to, o * run, run);
      to += run;
    }
  }
  return tensors(std::move(y));
}

void add_move_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Slice", 10, 3, 5, "parts of any dimensions, with steps",
                  slice_reference);
  add_interpreted(records, "Expand", 8, 2, 2, "broadcast to a shape", expand_reference);
  add_interpreted(records, "Tile", 6, 2, 2, "side by side, in any dimensions", tile_reference);
  add_interpreted(records, "Pad", 11, 2, 4, "constant, reflect, edge or wrap", pad_reference);
  add_interpreted(records, "Trilu", 14, 1, 2, "upper or lower triangles of matrices",
                  trilu_reference);
}

}  // namespace st
