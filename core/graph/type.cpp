// SPDX-License-Identifier: Apache-2.0
#include "core/graph/type.h"

#include "core/support/text_form.h"

namespace st {

std::string text_of(const TensorType& type) {
  std::string text(name_of(type.dtype));
  text += "[";
  for (size_t i = 0; i < type.shape.size(); ++i) {
    if (i > 0) text += ",";
    text += extent_text(type.shape[i]);
  }
  return text + "]";
}

TensorType parse_tensor_type(TextCursor& cursor) {
  TensorType type;
  const size_t before = cursor.position();
  const std::string name = cursor.identifier("a type, such as f32[1,64]");
  if (cursor.failed()) return type;
  const auto dtype = dtype_named(name);
  if (!dtype) {
    cursor.fail_at(before, "there is no element type '" + name + "'");
    return type;
  }
  type.dtype = *dtype;
  cursor.expect("[");
  if (cursor.accept("]")) return type;
  do {
    type.shape.push_back(parse_extent(cursor));
  } while (cursor.accept(","));
  cursor.expect("]");
  return type;
}

}  // namespace st
