// SPDX-License-Identifier: Apache-2.0
#include "core/resources/refine.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>

#include "core/dataflow/instances.h"
#include "core/dataflow/kernel_record.h"
#include "core/resources/allocate.h"
#include "core/resources/fifo_search.h"
#include "core/resources/network_profile.h"
#include "core/resources/program_network.h"
#include "core/resources/prove.h"
#include "core/simulate/simulator.h"
#include "core/support/number_text.h"

namespace st {
namespace {

/// Token events that the searches of all groups may simulate together: about a second.
constexpr int64_t SearchEvents = 10'000'000;
/// Rows of the prefill that the search simulates: enough to fill the pipeline from end to end.
constexpr int64_t SearchRows = 4;
/// Firings of all schedules of a group that are checked: some seconds.
constexpr int64_t ProofFirings = 200'000'000;
/// Token events of one simulation of a program that is too large for the search: some seconds.
constexpr int64_t CoarseEvents = 100'000'000;
/// Simulations of such a program, and rows of the prefill in them.
constexpr size_t CoarseRuns = 16;
constexpr int64_t CoarseRows = 2;
/// A launch may become slower by this part of its cycles; where the binding is shared, which is all
/// about speed, by less.
constexpr int64_t CoarseTolerance = 100, SharedTolerance = 1000;
/// FIFOs become deeper if launches get faster by this part of their cycles, or more.
constexpr int64_t WorthRaising = 50;
/// What of that may be given up again for smaller memories.
constexpr double RaisedTolerance = 0.01;
/// Lengths that may be added to the launches of a search before depths stay as they were.
constexpr int MostCounterexamples = 4;

std::vector<Bindings> launches_of(const Program& program) {
  const int64_t rows = std::min(
      program.layers.streamed ? MostTokenLanes * MostTokenTiles : SearchRows, program.max_sequence);
  return {{{Sequence, rows}, {Past, 0}}, {{Sequence, 1}, {Past, program.max_positions - 1}}};
}

int64_t firings_of_all(const Network& network, const Bindings& launch) {
  const std::vector<int64_t> firings = firings_of(network, launch);
  return std::accumulate(firings.begin(), firings.end(), int64_t{0});
}

/// FIFOs of a group, each by its first channel: those of its network.
std::vector<ChannelId> fifos_of_group(const Program& program, int group) {
  const std::vector<ChannelId> fifos = fifos_of(program);
  std::vector<ChannelId> own;
  for (const ChannelId c : program.channels_of(group))
    if (fifos[static_cast<size_t>(c)] == c) own.push_back(c);
  return own;
}

class Refinement {
 public:
  Refinement(Program& program, int group, const Target& target)
      : program_(program),
        channels_(fifos_of_group(program, group)),
        network_(network_of(program, group, target, launches_of(program))),
        start_(depths_of(network_)) {
    facts_.group = group;
    facts_.bits_before = bits(start_);
    facts_.luts_before = luts(start_);
    longest_ = in_launch(1, program.max_positions - 1);
    most_events_ = SearchEvents / std::max(1, program.groups);
  }

  Result<FifoFacts> run(std::string_view method) {
    ST_TRY(facts, chosen(method));
    if (program_.layers.streamed) ST_CHECK(prove_positions(facts));
    return facts;
  }

 private:
  [[nodiscard]] Bindings launch_at(int64_t rows, int64_t past, int64_t results = 1) const {
    Bindings launch;
    for (const NetworkSymbol& symbol : network_.symbols)
      launch[symbol.name] = value_in_launch(symbol.name, rows, past, results);
    return launch;
  }

  /// Rows of launches: all numbers, or, of a large program, one, the first tile, all tiles.
  [[nodiscard]] std::set<int64_t> lengths(bool all) const {
    const int64_t most = program_.max_sequence;
    std::set<int64_t> rows = {1, (most + 1) / 2, most};
    for (int64_t n = 2; all && n < most; ++n) rows.insert(n);
    return rows;
  }

  /// A launch where layers are streamed leaves all channels empty: launches of all lengths at all
  /// positions, with results and without, are all that there are. Of a large program some are
  /// proven, from the first to the last position.
  Status prove_positions(FifoFacts& facts) const {
    const int64_t most = program_.max_sequence, positions = program_.max_positions;
    const int64_t firings =
        std::max<int64_t>(1, firings_of_all(network_, launch_at(most, positions - most)));
    const bool whole = ProofFirings / (2 * firings * most) >= positions;
    const std::set<int64_t> some = lengths(whole);
    const int64_t part = ProofFirings / (2 * firings * static_cast<int64_t>(some.size()));
    Network all = network_;
    all.launches.clear();
    for (const int64_t rows : some) {
      const int64_t last = positions - rows;
      const int64_t at = whole ? last + 1 : std::min(std::max<int64_t>(2, part), last + 1);
      for (int64_t n = 0; n < at; ++n) {
        for (const int64_t results : {0, 1})
          all.launches.push_back(launch_at(rows, at > 1 ? n * last / (at - 1) : last, results));
      }
    }
    ST_TRY(proven, prove_and_check(all, depths_));
    facts.launches = proven.launches;
    facts.positions = whole ? positions : 0;
    return {};
  }

  Result<FifoFacts> chosen(std::string_view method) {
    depths_ = start_;
    if (method == "paper" || method == "paper-conservative") {
      const Equalisation strategy =
          method == "paper" ? Equalisation::Normal : Equalisation::Conservative;
      ST_TRY(chosen, paper_network_depths(network_, strategy, FifoSearchOptions().least_depth));
      set(chosen, "the published method (StreamTensor, Eq. 1-5)");
    }
    if (method == "exact") raise();
    if (!can_be_proven()) {
      if (method == "exact") lower_coarsely();
      return finish();
    }
    if (method == "exact") {
      ST_TRY(found, search());
      if (found) return finish();
      lower_coarsely();
    }
    ST_TRY(proven, prove_and_check(network_, depths_));
    note(proven);
    return finish();
  }

  [[nodiscard]] int64_t bits(const std::vector<int64_t>& depths) const {
    int64_t total = 0;
    for (size_t c = 0; c < channels_.size(); ++c)
      total += depths[c] * network_.channels[c].width_bits;
    return total;
  }

  [[nodiscard]] int64_t luts(const std::vector<int64_t>& depths) const {
    double total = 0;
    for (size_t c = 0; c < channels_.size(); ++c)
      total += memory_luts(network_.channels[c].width_bits, depths[c]);
    return static_cast<int64_t>(total);
  }

  [[nodiscard]] bool can_be_proven() const {
    const int64_t rows = firings_of_all(network_, longest_);
    return rows <= ProofFirings / std::max<int64_t>(1, program_.max_positions);
  }

  void note(const ProvenLengths& proven) {
    facts_.positions = proven.positions;
    facts_.launches = proven.launches;
  }

  /// The LP gives a FIFO slots for the rates of its ends. Where one of them works in bursts, such
  /// as a softmax, which sends a head's probabilities only when all are there, a block of memory
  /// lets the other one go on meanwhile. All activations get one, if that makes launches faster;
  /// what did not help is taken away again by what follows.
  void raise() {
    const Network coarse = coarse_network();
    if (events_of(coarse) > CoarseEvents) return;
    std::vector<int64_t> raised = start_;
    for (size_t c = 0; c < channels_.size(); ++c) {
      const Channel& channel = program_.channels[static_cast<size_t>(channels_[c])];
      if (program_.tensors[static_cast<size_t>(channel.tensor)].constant) continue;
      const auto most = static_cast<uint64_t>(Bram18Bits / network_.channels[c].width_bits);
      raised[c] = std::max(raised[c], static_cast<int64_t>(std::bit_floor(most)));
    }
    const Simulator simulator(coarse);
    const int64_t before = simulator.run(start_).cycles, after = simulator.run(raised).cycles;
    if (before - after < before / WorthRaising) return;
    sized_ = start_;
    start_ = depths_ = raised;
    for (size_t c = 0; c < channels_.size(); ++c) {
      if (start_[c] == sized_[c]) continue;
      program_.channels[static_cast<size_t>(channels_[c])].why =
          "room for bursts: with fewer slots here and elsewhere launches are slower (simulated)";
    }
  }

  /// The launches, the prefill with fewer rows.
  [[nodiscard]] Network coarse_network() const {
    Network coarse = network_;
    coarse.launches[0][Sequence] = std::min(CoarseRows, program_.max_sequence);
    return coarse;
  }

  static int64_t events_of(const Network& network) {
    int64_t events = 0;
    for (const Bindings& launch : network.launches) events += 2 * firings_of_all(network, launch);
    return events;
  }

  /// False if depths have to stay as they are.
  Result<bool> search() {
    FifoSearchOptions options;
    options.start = start_;
    options.tolerance = sized_.empty() ? 0 : RaisedTolerance;
    options.cost = memory_luts;
    options.most_events = most_events_;
    for (int tries = 0; tries < MostCounterexamples; ++tries) {
      if (events_of(network_) > most_events_ / 4) return false;
      ST_TRY(found, search_fifo_depths(network_, options));
      auto proven = prove_and_check(network_, found.depths);
      if (!proven.ok() && proven.errors()[0].code == "E0333") {
        // A length that was not simulated: one more launch.
        ST_CHECK(add_counterexample(found.depths));
        continue;
      }
      if (!proven.ok()) return proven.errors();
      note(*proven);
      facts_.least = found.optimal;
      explain(found);
      return true;
    }
    return false;
  }

  /// The LP lets a kernel that holds its row send all of it ahead. Where no launch gets slower by
  /// more than CoarseTolerance without, such depths fall to WaitingDepth, or their floor: all at
  /// once, or else half of them, the larger ones first, and so on. Those that readers take in turn
  /// come by themselves.
  void lower_coarsely() {
    const Network coarse = coarse_network();
    if (events_of(coarse) > CoarseEvents) return;
    const Simulator simulator(coarse);
    const int64_t cycles = simulator.run(depths_).cycles;
    limit_ = cycles + cycles / (program_.layers.streamed ? SharedTolerance : CoarseTolerance);
    const std::vector<int64_t> floors = fifo_floors(program_);
    std::vector<size_t> deep;
    std::vector<int64_t> low(channels_.size(), 0);
    for (size_t c = 0; c < channels_.size(); ++c) {
      low[c] = std::max(WaitingDepth, floors[static_cast<size_t>(channels_[c])]);
      if (comes_ahead(c)) low[c] = depths_[c];
      if (!sized_.empty()) low[c] = std::min(low[c], sized_[c]);
      if (depths_[c] > low[c]) deep.push_back(c);
    }
    std::stable_sort(deep.begin(), deep.end(),
                     [&](size_t x, size_t y) { return bits_of_fifo(x) > bits_of_fifo(y); });
    const auto in_turn = std::stable_partition(deep.begin(), deep.end(),
                                               [&](size_t c) { return !is_sent_in_turn(c); });
    size_t runs = CoarseRuns;
    lower_parts(simulator, {deep.begin(), in_turn}, low, runs);
    lower_parts(simulator, {in_turn, deep.end()}, low, runs);
  }

  /// Words that loaders send ahead of the shared engine: how far is part of its design.
  [[nodiscard]] bool comes_ahead(size_t c) const {
    const Channel& channel = program_.channels[static_cast<size_t>(channels_[c])];
    const Kernel& writer = program_.kernels[static_cast<size_t>(channel.producer)];
    return !writer.memories.empty() &&
           !program_.memories[static_cast<size_t>(writer.memories[0])].port.empty();
  }

  /// A writer that sends its row to several readers, one after the other, keeps the later ones
  /// waiting where it waits for the first: such a FIFO may well have to be deep.
  [[nodiscard]] bool is_sent_in_turn(size_t c) const {
    const Channel& channel = program_.channels[static_cast<size_t>(channels_[c])];
    const Kernel& writer = program_.kernels[static_cast<size_t>(channel.producer)];
    return kernel_record(writer.kind).holds_row && writer.sizes_named("Repeat").size() > 1;
  }

  /// `runs`: simulations that are left.
  void lower_parts(const Simulator& simulator, const std::vector<size_t>& channels,
                   const std::vector<int64_t>& low, size_t& runs) {
    if (channels.empty() || runs == 0) return;
    --runs;
    if (lower_to(simulator, channels, low) || channels.size() == 1) return;
    const auto middle = channels.begin() + static_cast<std::ptrdiff_t>((channels.size() + 1) / 2);
    lower_parts(simulator, {channels.begin(), middle}, low, runs);
    lower_parts(simulator, {middle, channels.end()}, low, runs);
  }

  [[nodiscard]] int64_t bits_of_fifo(size_t c) const {
    return depths_[c] * network_.channels[c].width_bits;
  }

  /// Lowers these if no launch gets slower than limit_.
  bool lower_to(const Simulator& simulator, const std::vector<size_t>& channels,
                const std::vector<int64_t>& low) {
    std::vector<int64_t> lower = depths_;
    for (size_t c : channels) lower[c] = low[c];
    if (!simulator.run(lower, limit_).completed) return false;
    depths_ = lower;
    for (size_t c : channels)
      program_.channels[static_cast<size_t>(channels_[c])].why =
          "no launch is slower by " + std::string(program_.layers.streamed ? "0.1" : "1") +
          " % than with more slots (simulated)";
    return true;
  }

  /// Adds the first row that deadlocks at `depths`.
  Status add_counterexample(const std::vector<int64_t>& depths) {
    Network row = network_;
    for (int64_t past = 0; past < program_.max_positions; ++past) {
      row.launches = {launch_at(1, past)};
      const Network bare = without_time(row);
      if (Simulator(bare).run(depths).completed) continue;
      network_.launches.push_back(row.launches[0]);
      return {};
    }
    return Diagnostic{"E0901", "a proof failed for no length", "", {}, ""};
  }

  void set(const std::vector<int64_t>& depths, const std::string& why) {
    depths_ = depths;
    for (size_t c = 0; c < channels_.size(); ++c)
      program_.channels[static_cast<size_t>(channels_[c])].why = why;
  }

  void explain(const FifoSearchResult& found) {
    depths_ = found.depths;
    const int64_t least_depth = FifoSearchOptions().least_depth;
    for (size_t c = 0; c < channels_.size(); ++c) {
      Channel& channel = program_.channels[static_cast<size_t>(channels_[c])];
      if (depths_[c] == least_depth) {
        channel.why = "the least that keeps a token per cycle";
      } else if (depths_[c] == found.least_alone[c]) {
        channel.why = "with one slot less a launch is slower, or deadlocks (simulated)";
      } else if (found.optimal) {
        channel.why = "costs less than more slots elsewhere (simulated)";
      } else if (depths_[c] < start_[c]) {
        channel.why = "as many as wait here at once (simulated)";
      }
    }
  }

  Result<FifoFacts> finish() {
    for (size_t c = 0; c < channels_.size(); ++c) {
      const Channel first = program_.channels[static_cast<size_t>(channels_[c])];
      for (Channel& channel : program_.channels) {
        if (fifo_name(channel) != fifo_name(first)) continue;
        channel.depth = depths_[c];
        channel.why = first.why;
      }
    }
    facts_.bits = bits(depths_);
    facts_.luts = luts(depths_);
    return facts_;
  }

  Program& program_;
  std::vector<ChannelId> channels_;
  Network network_;
  std::vector<int64_t> start_, depths_;
  std::vector<int64_t> sized_;  ///< those of the LP, where start_ has deeper ones
  Bindings longest_;            ///< the longest row
  int64_t most_events_ = 0;
  int64_t limit_ = 0;  ///< cycles of the launches at the depths that were started from
  FifoFacts facts_;
};

}  // namespace

const std::vector<std::string>& fifo_methods() {
  static const std::vector<std::string> all = {"exact", "lp", "paper", "paper-conservative"};
  return all;
}

Result<std::vector<FifoFacts>> refine_fifos(Program& program, const Target& target,
                                            std::string_view method) {
  // A program that was read may lack streams.
  ST_CHECK(verify_complete(program));
  std::vector<FifoFacts> all;
  for (int group = 0; group < program.groups; ++group) {
    ST_TRY(facts, Refinement(program, group, target).run(method));
    all.push_back(facts);
  }
  return all;
}

std::string text_of(const FifoFacts& facts) {
  std::string text =
      grouped(facts.bits) + " bits in memories worth " + grouped(facts.luts) + " LUT";
  if (facts.least) text += ", none cheaper are as fast (proven)";
  if (facts.bits != facts.bits_before)
    text += "; " + grouped(facts.bits_before) + " bits, " + grouped(facts.luts_before) +
            " LUT by LP and floors";
  if (facts.positions > 0) return text + "; no deadlock at any length (proven)";
  if (facts.launches > 0)
    return text + "; no deadlock in " + std::to_string(facts.launches) + " launches (proven)";
  return text + "; too large for a proof against deadlock";
}

}  // namespace st
