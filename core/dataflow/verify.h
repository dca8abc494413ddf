// SPDX-License-Identifier: Apache-2.0
/// The parts of verify(Program).
#pragma once

#include <functional>
#include <string>

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/launch_bounds.h"

namespace st {

/// Reports what is wrong, by the name of the kernel, channel or memory where it is.
using Report = std::function<void(const std::string& where, const std::string& message)>;

/// E0320: something that a pass must never make.
Diagnostic fault_of_program(const std::string& where, const std::string& message);

/// Checks tensors and streams, each by itself. Problems go behind those that are there.
class StreamVerifier {
 public:
  StreamVerifier(const Program& program, Diagnostics& problems)
      : program_(program), bounds_(program), problems_(problems) {}

  /// Extents are sums of numbers, `sequence` and `past`, positive in every launch and not too
  /// large.
  void check_tensor(const DataTensor& tensor);
  /// Whether there is such a tensor.
  bool has_tensor(const std::string& where, TensorId id);
  /// The type is well-formed, holds in every launch, and streams the whole of its tensor.
  void check_stream(const std::string& where, TensorId id, const StreamType& type);

 private:
  void report(const std::string& where, const std::string& message);
  bool trips_hold(const std::string& where, const ItensorType& type);
  void covers(const std::string& where, const DataTensor& tensor, const ItensorType& type);

  const Program& program_;
  LaunchBounds bounds_;
  Diagnostics& problems_;
};

/// Channels join ports of equal types, in one group, a producer with a later consumer.
void verify_channels(const Program& program, const Report& report);
/// One loader takes each segment of a parameter file.
void verify_loaders(const Program& program, const Report& report);
/// Kernels are in topological order: of streams, of tensors that are not streams yet, and of what
/// groups leave for others in device memory.
void verify_order(const Program& program, const Report& report);
/// Nodes that take turns on one instance need the same hardware: template, sizes, operations,
/// memories, widths of streams, place.
void verify_instances(const Program& program, const Report& report);

/// Whether a kernel has what its record asks for: as many ports and memories, sizes and reals. Ids
/// are in range.
void verify_record(const Program& program, const Kernel& kernel, const Report& report);
/// "Heads*L" -> the product of these sizes; 0 if one is missing.
int64_t product_of(const Kernel& kernel, const std::string& text);
/// What is wrong with a kernel by a rule of its kind, beyond the table of shapes; nothing, if all
/// is right. Its record's demands are met.
std::string check_rule(const Program& program, const Kernel& kernel);
/// Whether a kernel's ports carry tensors of the shapes that its sizes say. Its record's demands
/// are met, and its ports' types are right.
void verify_shapes(const Program& program, const Kernel& kernel, const Report& report);

/// Whether a kernel's loops move as many beats as the types of its ports say, and in the same loops
/// (StreamTensor §3.2: the rule of itensor_read and itensor_write). Its shapes are right.
void verify_nest(const Program& program, const Kernel& kernel, const Report& report);

/// Whether the memories chosen for a kernel's arrays are for arrays that it has: for all of them or
/// for none, and no shift registers. Its sizes are right.
void verify_storage(const Program& program, const Kernel& kernel, const Report& report);

/// What is wrong with a kernel of kind "convert" or "adapt"; nothing, if all is right.
std::string check_converter(const Program& program, const Kernel& kernel);
std::string check_adapter(const Program& program, const Kernel& kernel);

/// The same of kernels of the shared engine, and of those where streams enter and leave layers.
std::string check_layer_switch(const Program& program, const Kernel& kernel);
std::string check_feed(const Program& program, const Kernel& kernel);
std::string check_slice(const Program& program, const Kernel& kernel);
std::string check_collect(const Program& program, const Kernel& kernel);
/// What is wrong with a kernel of striped attention or of its caches; nothing, if all is right.
std::string check_striped(const Program& program, const Kernel& kernel);

/// True if a stream carries its tensor once, element after element, the last dimension fastest.
bool row_major(const ItensorType& type);

}  // namespace st
