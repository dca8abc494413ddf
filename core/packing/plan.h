// SPDX-License-Identifier: Apache-2.0
/// Where the elements of a matrix go in a parameter file, worked out once and used for each part of
/// the matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// A matrix falls into *units* of as many rows each, whose words follow each other in the file and
/// depend on no other rows. Where its stream does not take rows in order, it is one unit.
class PackingPlan {
 public:
  /// Of a constant of that shape in the order of its stream, one iteration of the sequence loop;
  /// see packed_stream().
  static PackingPlan of_stream(const StreamType& type, const std::vector<int64_t>& shape);
  /// Of a row in the layout of a memory; see packed_rows().
  static PackingPlan of_row(const Memory& memory);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] int64_t units() const { return units_; }  ///< of the whole; 1 for of_row()
  [[nodiscard]] int64_t unit_rows() const { return unit_rows_; }
  [[nodiscard]] int64_t unit_elements() const { return unit_elements_; }
  [[nodiscard]] int64_t unit_bytes() const { return unit_bytes_; }

  /// The words of the units that `tensor` is, whole ones from the first element on. Precondition:
  /// its elements are of the plan's type.
  [[nodiscard]] std::vector<uint8_t> packed(const Tensor& tensor) const;

 private:
  /// Elements that follow each other in the matrix and in the file.
  struct Run {
    int64_t from;    ///< number in the unit
    int64_t to_bit;  ///< in the unit's words
    int64_t count;
  };
  /// Adds elements behind those that there are; beats of `lanes` elements, as many in a word as
  /// fit.
  class Builder;
  void pack_unit(const uint8_t* elements, uint8_t* words) const;

  int64_t units_ = 1, unit_rows_ = 0, unit_elements_ = 0, unit_bytes_ = 0;
  DType dtype_ = DType::F32;
  std::vector<Run> runs_;
  /// Where all runs are as long, and follow each other bit by bit: their beginnings.
  std::vector<int64_t> offsets_;
  int64_t length_ = 0;  ///< of these; 0: they are not
};

}  // namespace st
