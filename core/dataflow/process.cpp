// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/process.h"

#include <algorithm>

namespace st {

void TokenQueue::push(const void* beat) {
  const auto* bytes = static_cast<const uint8_t*>(beat);
  data_.insert(data_.end(), bytes, bytes + bytes_);
  if (copy_ != nullptr) copy_->insert(copy_->end(), bytes, bytes + bytes_);
  ++moved_;
  peak_ = std::max(peak_, ++held_);
  reader_.wake();
}

void TokenQueue::pop(void* beat) {
  constexpr size_t Compaction = 65'536;
  std::memcpy(beat, data_.data() + head_, bytes_);
  head_ += bytes_;
  if (--held_ == 0) {
    data_.clear();
    head_ = 0;
  } else if (head_ > Compaction && head_ > data_.size() / 2) {
    data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  writer_.wake();
}

void TokenQueue::fill(std::vector<uint8_t> beats) {
  data_ = std::move(beats);
  head_ = 0;
  held_ = static_cast<int64_t>(data_.size() / bytes_);
}

namespace {

int depth_of(const Nest& nest) {
  int depth = 0;
  for (const NestItem& item : nest) {
    if (item.is_loop()) depth = std::max(depth, 1 + depth_of(item.items));
  }
  return depth;
}

std::vector<std::vector<double>> beats_of(const std::vector<TokenQueue*>& queues) {
  std::vector<std::vector<double>> beats;
  for (const TokenQueue* queue : queues)
    beats.emplace_back((queue->beat_bytes() + sizeof(double) - 1) / sizeof(double));
  return beats;
}

}  // namespace

Process::Process(Nest nest, std::vector<TokenQueue*> inputs, std::vector<TokenQueue*> outputs)
    : nest_(std::move(nest)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {
  firing_.in_beats = beats_of(inputs_);
  firing_.out_beats = beats_of(outputs_);
  firing_.counters.assign(static_cast<size_t>(depth_of(nest_)) + 1, 0);
  stack_.push_back({&nest_, 0, 1});
}

int64_t Process::trips_of(const NestItem& item) const {
  // The frame of the loop around the item is on top; its counter is the one before the next.
  if (item.trips_by_outer != nullptr)
    return (*item.trips_by_outer)[static_cast<size_t>(firing_.counters[stack_.size() - 2])];
  int64_t trips = item.trip.count.offset();
  for (const auto& [symbol, coefficient] : item.trip.count.terms()) {
    const int outer = loop_named(symbol);
    const int64_t value =
        outer >= 0 ? firing_.counters[static_cast<size_t>(outer)]
                   : value_in_launch(symbol, firing_.tokens, firing_.past, firing_.results);
    trips += coefficient * value;
  }
  return trips;
}

bool Process::fire(const NestItem& item) {
  for (; access_ < item.reads.size(); ++access_) {
    const int port = item.reads[access_];
    if (inputs_[port]->empty()) return false;
    inputs_[port]->pop(firing_.in_beats[port].data());
  }
  // The body belongs to the last read: it runs once, before the first write waits.
  if (access_ == item.reads.size()) {
    if (item.body) item.body(firing_);
    ++access_;
  }
  for (; access_ <= item.reads.size() + item.writes.size(); ++access_) {
    const int port = item.writes[access_ - item.reads.size() - 1];
    if (outputs_[port]->full()) return false;
    outputs_[port]->push(firing_.out_beats[port].data());
  }
  access_ = 0;
  return true;
}

bool Process::run() {
  bool moved = false;
  while (!stack_.empty()) {
    Frame& frame = stack_.back();
    if (frame.at == frame.items->size()) {
      // The outermost frame is no loop; the counter of the one above it is number 0.
      int64_t& counter = firing_.counters[stack_.size() - 1 > 0 ? stack_.size() - 2 : 0];
      if (stack_.size() > 1 && ++counter < frame.trips) {
        frame.at = 0;
        continue;
      }
      stack_.pop_back();
      if (!stack_.empty()) ++stack_.back().at;
      continue;
    }
    const NestItem& item = (*frame.items)[frame.at];
    if (item.is_loop()) {
      const int64_t trips = trips_of(item);
      if (trips <= 0) {
        ++frame.at;
        continue;
      }
      firing_.counters[stack_.size() - 1] = 0;
      stack_.push_back({&item.items, 0, trips});
      continue;
    }
    const size_t before = access_;
    const bool complete = fire(item);
    moved = moved || complete || access_ != before;
    if (!complete) return moved;
    ++frame.at;
  }
  return moved;
}

Process::Wait Process::waits_for() const {
  const Frame& frame = stack_.back();
  const NestItem& item = (*frame.items)[frame.at];
  if (access_ < item.reads.size()) return {false, item.reads[access_]};
  return {true, item.writes[access_ - item.reads.size() - 1]};
}

}  // namespace st
