// SPDX-License-Identifier: Apache-2.0
// Cast and CastLike between the types that tensors have.
#include "core/ops/cast.h"

#include <map>

#include "core/ops/element.h"
#include "core/ops/reference.h"

namespace st {
namespace {

Result<std::vector<Tensor>> cast_reference(const Node& node, const Operands& in) {
  const int64_t code = node.integer("to", 0);
  const auto type = dtype_of_onnx(code);
  if (!type) return unsupported(node, "element type " + std::to_string(code) + " (attribute to)");
  return tensors(converted_to(*type, *in[0]));
}

Result<std::vector<Tensor>> cast_like_reference(const Node&, const Operands& in) {
  return tensors(converted_to(in[1]->dtype(), *in[0]));
}

}  // namespace

std::optional<DType> dtype_of_onnx(int64_t code) {
  static const std::map<int64_t, DType> known = {
      {1, DType::F32},  {2, DType::U8},   {3, DType::I8},   {4, DType::U16},  {5, DType::I16},
      {6, DType::I32},  {7, DType::I64},  {9, DType::Bool}, {10, DType::F16}, {11, DType::F64},
      {12, DType::U32}, {13, DType::U64}, {16, DType::BF16}};
  const auto found = known.find(code);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

void add_cast_ops(std::vector<OpRecord>& records) {
  add_interpreted(records, "Cast", 6, 1, 1, "between floats, integers and bool", cast_reference);
  add_interpreted(records, "CastLike", 15, 2, 2, "to the type of another operand",
                  cast_like_reference);
}

}  // namespace st
