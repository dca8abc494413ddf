// SPDX-License-Identifier: Apache-2.0
/// Who writes and who reads each tensor of a program that is not connected yet.
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"
#include "core/support/names.h"

namespace st {

/// A port of a kernel: an output of a writer, or an input of a reader.
struct End {
  KernelId kernel = -1;
  size_t port = 0;
};

/// Writers and readers by tensor, readers in the order of kernels and ports.
struct Edges {
  explicit Edges(const Program& program);
  std::vector<End> writer;  ///< kernel -1 for graph inputs, and for parameters without a loader
  std::vector<std::vector<End>> readers;
};

Port& reading(Program& program, const End& end);
Port& writing(Program& program, const End& end);

/// Names for new kernels and memories: identifiers that no other one has.
class FreshNames {
 public:
  explicit FreshNames(const Program& program);
  std::string unique(const std::string& wanted) { return names_.unique(wanted); }

 private:
  Names names_;
};

/// Makes a new kernel work when and where `other` does: group, layers, unit.
void stand_with(const Kernel& other, Kernel& kernel);

/// A tensor of the same elements and name: what another edge carries of it.
TensorId copy_of(Program& program, TensorId tensor);

/// Sorts kernels by group, and puts new ones, which stand at the end, right before their first
/// reader. The others keep their order: loaders serve kernels in it, and so do kernels that send a
/// row to one reader after another.
void sort_kernels(Program& program);

/// Cycles of a row of the slowest kernel of each group: its pace.
std::vector<int64_t> pace_of_groups(const Program& program);

/// Cycles of a row by which a group may be slower for the sake of a smaller buffer.
int64_t slack(int64_t pace);

}  // namespace st
