// SPDX-License-Identifier: Apache-2.0
// Tensors and streams of a program, each by itself.
#include <algorithm>
#include <cmath>

#include "core/dataflow/verify.h"

namespace st {
namespace {

/// Numbers up to these keep every count, offset and cost of a program within 64 bits.
constexpr int64_t MostElements = int64_t{1} << 54;  ///< of a tensor
constexpr int64_t MostOffset = int64_t{1} << 31;    ///< constant of a sum; a model's extents
constexpr int64_t MostFactor = 1 << 10;             ///< of a symbol in a sum
constexpr int64_t MostStep = int64_t{1} << 30;
constexpr size_t MostLoops = 16;

/// A sum whose numbers are small, of `sequence`, `past` and, in trip counts, outer loops.
bool is_plain(const Extent& extent, int loops) {
  if (std::abs(extent.offset()) > MostOffset) return false;
  return std::all_of(extent.terms().begin(), extent.terms().end(), [&](const auto& term) {
    const auto& [symbol, factor] = term;
    if (is_launch_symbol(symbol)) return std::abs(factor) <= MostFactor;
    const int loop = loop_named(symbol);
    return loop >= 0 && loop < loops && std::abs(factor) == 1;
  });
}

}  // namespace

void StreamVerifier::check_tensor(const DataTensor& tensor) {
  int64_t elements = 1;
  for (const Extent& extent : tensor.shape) {
    if (!is_plain(extent, 0) || (tensor.constant && !extent.is_constant())) {
      report(tensor.name,
             "the shape is " + text_of(TensorType{tensor.dtype, tensor.shape}) +
                 (tensor.constant ? ", of a constant" : ", not of numbers, sequence and past"));
      return;
    }
    if (bounds_.least(extent) < 1) report(tensor.name, "an extent is not positive");
    const int64_t most = std::max<int64_t>(1, bounds_.most(extent));
    if (elements > MostElements / most) {
      report(tensor.name, "the tensor has more than 2^54 elements");
      return;
    }
    elements *= most;
  }
}

bool StreamVerifier::has_tensor(const std::string& where, TensorId id) {
  if (id >= 0 && id < static_cast<TensorId>(program_.tensors.size())) return true;
  report(where, "there is no tensor #" + std::to_string(id));
  return false;
}

void StreamVerifier::check_stream(const std::string& where, TensorId id, const StreamType& type) {
  if (!has_tensor(where, id)) return;
  const DataTensor& tensor = program_.tensors[id];
  const ItensorType& t = type.itensor;
  if (Status status = verify(t); !status.ok()) {
    for (Diagnostic problem : status.errors()) {
      problem.where = printable(where);
      problems_.push_back(problem);
    }
    return;
  }
  if (t.elem.empty() || t.trips.size() > MostLoops) {
    report(where, "a stream has tiles of one dimension or more, and at most " +
                      std::to_string(MostLoops) + " loops");
    return;
  }
  const bool computed = t.dtype == DType::F32 || t.dtype == DType::BF16 || t.dtype == DType::I8 ||
                        t.dtype == DType::I16 || t.dtype == DType::I32;
  if (!computed && !(t.dtype == DType::I4 && tensor.constant))
    report(where, "a stream carries f32, bf16, i8, i16 or i32, or a constant of i4");
  if (type.lanes < 1 || type.lanes > MostLanes || token_elements(t) % type.lanes != 0)
    report(where, "lanes do not divide the tile");
  if (t.dtype != tensor.dtype || t.elem.size() != tensor.shape.size()) {
    report(where, "the stream of " + text_of(t) + " cannot carry " +
                      text_of(TensorType{tensor.dtype, tensor.shape}));
    return;
  }
  if (trips_hold(where, t)) covers(where, tensor, t);
}

bool StreamVerifier::trips_hold(const std::string& where, const ItensorType& t) {
  for (int64_t step : t.steps) {
    if (step <= MostStep) continue;
    report(where, "a step is larger than " + std::to_string(MostStep));
    return false;
  }
  for (int loop = 0; loop < static_cast<int>(t.trips.size()); ++loop) {
    const Trip& trip = t.trips[loop];
    const std::string what = "the trip count of loop d" + std::to_string(loop);
    if (!is_plain(trip.count, loop)) {
      report(where, what + " is no sum of sequence, past and outer loops");
      return false;
    }
    const Extent least = iterations(t, loop, true), most = iterations(t, loop);
    if (!is_plain(least, 0) || !is_plain(most, 0)) {
      report(where, what + " is too large");
      return false;
    }
    if (bounds_.least(least) < 1) {
      report(where, what + " may be less than 1");
      return false;
    }
    if (bounds_.most(most) > trip.bound) {
      report(where, what + " may pass its bound of " + std::to_string(trip.bound));
      return false;
    }
  }
  return true;
}

void StreamVerifier::covers(const std::string& where, const DataTensor& tensor,
                            const ItensorType& t) {
  for (size_t d = 0; d < t.elem.size(); ++d) {
    // The outermost loop of a dimension steps over all that its inner ones cover.
    const std::vector<int>& loops = t.map[d].loops();
    const Extent size =
        loops.empty() ? Extent(t.elem[d]) : t.steps[loops[0]] * iterations(t, loops[0]);
    if (!bounds_.equal(size, tensor.shape[d])) {
      report(where, "the stream covers " + size.text() + " of dimension " + std::to_string(d) +
                        ", the tensor '" + printable(tensor.name) + "' has " +
                        tensor.shape[d].text());
    }
  }
}

void StreamVerifier::report(const std::string& where, const std::string& message) {
  problems_.push_back(fault_of_program(where, message));
}

}  // namespace st
