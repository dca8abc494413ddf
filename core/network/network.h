// SPDX-License-Identifier: Apache-2.0
/// A network of tasks and FIFOs: when each task reads and writes, and how long that takes, without
/// what is computed (StreamTensor §5.3.1). Programs become networks (core/resources), and users
/// write them as files (docs/network.md); the simulator, the sizing of FIFOs and their certificate
/// work on nothing else.
///
/// # What a network means
///
/// Time is counted in cycles from 0. What happens in a cycle depends on the state at its start: a
/// token that is pushed in cycle t can be pulled from t + 1 on, and a slot that a pull frees in
/// cycle t can take a token from t + 1 on. FIFOs of Vitis HLS behave so: a full one refuses a push
/// even if it is read in that cycle.
///
/// A *task* goes through its items in order, loops as often as their trip counts say, and so
/// through a sequence of *firings*. A firing
///  - *issues* in the first cycle t in which
///      * at least `interval` cycles (of the firing before it) have passed since that one issued,
///      * the launch has begun,
///      * fewer than `in_flight` firings of the task are in flight: issued, and not completed in a
///        cycle up to and including t,
///      * if it follows a drain, all firings before it completed before t,
///      * it is its task's turn, if the task shares an instance,
///      * every channel that it reads held a token at the start of t;
///    it pulls one token of each of these channels in cycle t;
///  - is *ready* `latency` cycles later, with latency 0 in the same cycle; with a memory access,
///    `latency` cycles after its data came;
///  - *completes* in the first cycle c from then on in which
///      * the firing before it completed before c,
///      * every channel that it writes had a free slot at the start of c;
///    it pushes one token to each of these channels in cycle c, all at once.
/// So a blocked pipeline goes on issuing until it is full (flushable, as in
/// `#pragma HLS pipeline style=flp`), and never holds back a token for want of another input.
///
/// A *drain* stands for a loop that ends before the next begins: the firing after it waits until
/// the pipeline is empty. A loop without iterations drains nothing.
///
/// A *memory* serves one request at a time, in order of the cycle of issue, then of the task's
/// index. A request takes bytes / bytes_per_cycle cycles, and `burst_cycles` more where it begins a
/// burst: unless the request before it was of the same task and both fit what is left of
/// `burst_bytes`. Service begins when the last one ended, which may be within a cycle, but not
/// before the issue. The data come `latency` cycles after its end, rounded up to a whole cycle.
///
/// An *instance* is hardware that several tasks share: they take turns. A turn is a task's part of
/// a launch, or one iteration of its only outermost loop. Turns are in order of the launch, then of
/// the iteration, then of the tasks as listed; those without firings do not count. The first firing
/// of a turn issues after the last one of the turn before completed (in a later cycle).
///
/// *Launches* follow each other; the next begins `gap` cycles after the cycle behind the last
/// completion; one in which nothing fires ends in the cycle before it begins. With `overlap` a task
/// goes on with its next launch as soon as it has issued all firings of this one, as if the
/// launches were an outer loop.
/// Tokens that are left in a channel stay there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/support/extent.h"
#include "core/support/result.h"

namespace st {

/// A request to a memory, made when a firing issues.
struct NetworkAccess {
  int memory = -1;    ///< index
  int64_t bytes = 0;  ///< at least 1
  bool write = false;
};

/// A loop around other items, or a firing.
struct NetworkItem {
  // Of a loop.
  Extent trips;  ///< over symbols of the launch and counters of outer loops, d0 the outermost
  /// Where it is set, the trip count at each value of the next outer counter: cyclo-static rates.
  std::shared_ptr<const std::vector<int64_t>> trips_by_outer;
  bool drain = false;  ///< the pipeline runs empty after the loop, or after the firing
  std::vector<NetworkItem> items;

  // Of a firing, which has no items.
  std::vector<int> reads;   ///< channels, each at most once
  std::vector<int> writes;  ///< channels, each at most once
  int64_t interval = 1;     ///< cycles from its issue to that of the next firing, at least 1
  int64_t latency = 1;      ///< cycles from issue to ready
  std::optional<NetworkAccess> access;

  [[nodiscard]] bool is_loop() const { return !items.empty(); }
};

struct NetworkTask {
  std::string name;
  std::vector<NetworkItem> items;
  /// Firings in flight at most. 0: as many as its latencies need, the largest
  /// ceil(latency / interval) of its firings.
  int64_t in_flight = 0;
};

struct NetworkChannel {
  std::string name;
  int64_t width_bits = 32;  ///< of a token
  int64_t depth = 0;        ///< in tokens; 0: no limit
  int64_t initial = 0;      ///< tokens that it holds at the start
  bool fixed = false;       ///< its depth is part of the design, and not to be chosen
};

struct NetworkMemory {
  std::string name;
  int64_t bytes = 64;  ///< bytes / cycles is the bandwidth in bytes per cycle
  int64_t cycles = 1;
  int64_t latency = 0;      ///< cycles
  int64_t burst_bytes = 0;  ///< 0: no bursts, burst_cycles at every request
  int64_t burst_cycles = 0;
};

struct NetworkInstance {
  std::string name;
  std::vector<int> tasks;      ///< in the order of their turns
  bool per_iteration = false;  ///< a turn is an iteration of the outermost loop, else a launch
};

/// The range of a symbol.
struct NetworkSymbol {
  std::string name;
  int64_t least = 0;
  int64_t most = 0;
};

struct Network {
  std::string name;
  std::vector<NetworkSymbol> symbols;
  std::vector<NetworkTask> tasks;
  std::vector<NetworkChannel> channels;
  std::vector<NetworkMemory> memories;
  std::vector<NetworkInstance> instances;
  std::vector<Bindings> launches;  ///< each binds every symbol; one launch without symbols if empty
  int64_t gap = 0;
  bool overlap = false;

  /// The launches; a single one, symbols at their largest, if none is given.
  [[nodiscard]] std::vector<Bindings> launches_or_largest() const;
};

/// The depths of all channels.
std::vector<int64_t> depths_of(const Network& network);

/// The task that writes and the one that reads each channel; -1 where there is none.
struct ChannelEnds {
  int source = -1;
  int target = -1;
};
std::vector<ChannelEnds> ends_of(const Network& network);

/// in_flight of a task, chosen where it is 0.
int64_t in_flight_of(const NetworkTask& task);

/// Memories that a task asks, ascending, each once.
std::vector<int> memories_of(const NetworkTask& task);

/// Tokens that one launch pushes into and pulls from each channel.
struct NetworkTraffic {
  std::vector<int64_t> pushes, pulls;  ///< by channel
};
NetworkTraffic traffic_of(const Network& network, const Bindings& launch);

/// Firings of each task in one launch.
std::vector<int64_t> firings_of(const Network& network, const Bindings& launch);

/// Whether a network means something: names that are unique and not empty; one task that writes and
/// one that reads each channel; indices, counts and times in range; trip counts over known symbols
/// and outer counters, and not negative at the symbols' bounds; initial tokens within the depth;
/// launches that bind every symbol within its bounds; instances of distinct tasks, with one
/// outermost loop if turns are iterations. `where` stands in front of each place, which is a JSON
/// pointer. Errors: E0330, all at once.
Status check(const Network& network, const std::string& where = "");

/// Reads a network file, schema "streamtensor.network/1" (docs/network.md). The result has passed
/// check(). Errors: E0102 and E0104 of JSON; E0330, all at once, with JSON pointers.
Result<Network> parse_network(const std::string& text, const std::string& file);

/// The file that parse_network() reads back as the same network. Deterministic.
std::string text_of(const Network& network);

}  // namespace st
