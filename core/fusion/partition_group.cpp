// SPDX-License-Identifier: Apache-2.0
#include "core/fusion/partition_group.h"

#include <algorithm>
#include <bit>

namespace st {

OpenGroup::OpenGroup(const PartitionModel& model)
    : model_(&model),
      has_(model.nodes.size(), 0),
      pending_(model.tensors.size(), 0),
      loads_(model.tensors.size(), 0),
      moved_((model.tensors.size() + 63) / 64, 0) {}

void OpenGroup::mark_moved(int tensor, bool moved) {
  const int rank = model_->rank[tensor];
  const uint64_t bit = uint64_t{1} << (rank % 64);
  if (moved)
    moved_[rank / 64] |= bit;
  else
    moved_[rank / 64] &= ~bit;
}

int64_t OpenGroup::transfer() const {
  for (size_t w = 0; w < moved_.size(); ++w) {
    if (moved_[w] == 0) continue;
    const size_t first = w * 64 + static_cast<size_t>(std::countr_zero(moved_[w]));
    return model_->tensors[model_->by_transfer[first]].transfer;
  }
  return 0;
}

void OpenGroup::add(int index) {
  const PartitionModel::Node& node = model_->nodes[index];
  nodes_.push_back(index);
  before_.push_back({pace_, load_transfer_});
  has_[index] = 1;
  bits_ += node.bits;
  own_ports_ += node.ports;
  pace_ = std::max(pace_, node.row_cycles);
  for (const PartitionModel::Read& read : node.reads) {
    const PartitionModel::Tensor& tensor = model_->tensors[read.tensor];
    if (has(tensor.producer)) {
      bits_ += read.converter_bits;
      if (--pending_[read.tensor] > 0) continue;
      --stored_;
      store_bytes_ -= tensor.bytes;
      mark_moved(read.tensor, false);
    } else if (loads_[read.tensor]++ == 0) {
      ++loaded_;
      load_bytes_ += tensor.bytes;
      load_transfer_ = std::max(load_transfer_, tensor.transfer);
      mark_moved(read.tensor, true);
    }
  }
  for (const int t : node.writes) {
    pending_[t] = static_cast<int>(model_->tensors[t].readers.size());
    ++stored_;
    store_bytes_ += model_->tensors[t].bytes;
    mark_moved(t, true);
  }
}

void OpenGroup::remove_last() {
  const int index = nodes_.back();
  const PartitionModel::Node& node = model_->nodes[index];
  for (const int t : node.writes) {
    --stored_;
    store_bytes_ -= model_->tensors[t].bytes;
    mark_moved(t, false);
  }
  for (const PartitionModel::Read& read : node.reads) {
    const PartitionModel::Tensor& tensor = model_->tensors[read.tensor];
    if (has(tensor.producer)) {
      bits_ -= read.converter_bits;
      if (pending_[read.tensor]++ > 0) continue;
      ++stored_;
      store_bytes_ += tensor.bytes;
      mark_moved(read.tensor, true);
    } else if (--loads_[read.tensor] == 0) {
      --loaded_;
      load_bytes_ -= tensor.bytes;
      mark_moved(read.tensor, false);
    }
  }
  bits_ -= node.bits;
  own_ports_ -= node.ports;
  pace_ = before_.back().pace;
  load_transfer_ = before_.back().load_transfer;
  has_[index] = 0;
  before_.pop_back();
  nodes_.pop_back();
}

void OpenGroup::clear() {
  while (!nodes_.empty()) remove_last();
}

PartitionCost OpenGroup::cost() const {
  const PartitionProblem& problem = *model_->problem;
  return {problem.rows * pace_ + problem.launch_cycles + transfer(), load_bytes_ + store_bytes_,
          bits_};
}

PartitionCost OpenGroup::floor() const {
  const PartitionProblem& problem = *model_->problem;
  return {problem.rows * pace_ + problem.launch_cycles + load_transfer_, load_bytes_, bits_};
}

}  // namespace st
