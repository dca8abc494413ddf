// SPDX-License-Identifier: Apache-2.0
/// Network files: what is written is read back, and what is wrong is said.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/network/network.h"
#include "tests/common/random_networks.h"
#include "tests/common/small_networks.h"

namespace st::test {
namespace {

using Lines = std::vector<std::string>;

// --- Equality, field by field.

bool same(const NetworkItem& a, const NetworkItem& b) {
  const auto same_access = [](const NetworkAccess& x, const NetworkAccess& y) {
    return x.memory == y.memory && x.bytes == y.bytes && x.write == y.write;
  };
  if (a.is_loop() != b.is_loop() || a.drain != b.drain) return false;
  if (!a.is_loop()) {
    return a.reads == b.reads && a.writes == b.writes && a.interval == b.interval &&
           a.latency == b.latency && a.access.has_value() == b.access.has_value() &&
           (!a.access || same_access(*a.access, *b.access));
  }
  if ((a.trips_by_outer == nullptr) != (b.trips_by_outer == nullptr)) return false;
  return (a.trips_by_outer != nullptr ? *a.trips_by_outer == *b.trips_by_outer
                                      : a.trips == b.trips) &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const NetworkItem& x, const NetworkItem& y) { return same(x, y); });
}
bool same(const NetworkTask& a, const NetworkTask& b) {
  return a.name == b.name && a.in_flight == b.in_flight &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                    [](const NetworkItem& x, const NetworkItem& y) { return same(x, y); });
}
bool same(const NetworkChannel& a, const NetworkChannel& b) {
  return a.name == b.name && a.width_bits == b.width_bits && a.depth == b.depth &&
         a.initial == b.initial && a.fixed == b.fixed;
}
bool same(const NetworkMemory& a, const NetworkMemory& b) {
  return a.name == b.name && a.bytes == b.bytes && a.cycles == b.cycles && a.latency == b.latency &&
         a.burst_bytes == b.burst_bytes && a.burst_cycles == b.burst_cycles;
}
bool same(const NetworkInstance& a, const NetworkInstance& b) {
  return a.name == b.name && a.tasks == b.tasks && a.per_iteration == b.per_iteration;
}
bool same(const NetworkSymbol& a, const NetworkSymbol& b) {
  return a.name == b.name && a.least == b.least && a.most == b.most;
}
template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}
bool same(const Network& a, const Network& b) {
  return a.name == b.name && same(a.symbols, b.symbols) && same(a.tasks, b.tasks) &&
         same(a.channels, b.channels) && same(a.memories, b.memories) &&
         same(a.instances, b.instances) && a.launches == b.launches && a.gap == b.gap &&
         a.overlap == b.overlap;
}

Network read(const std::string& text) {
  const Result<Network> network = parse_network(text, "net.json");
  if (network.ok()) return *network;
  ADD_FAILURE() << network.errors()[0].message << " @ " << network.errors()[0].where << "\n"
                << text;
  return {};
}

std::string example(const std::string& name) {
  std::ifstream file(std::string(ST_TEST_SOURCE_DIR) + "/examples/networks/" + name + ".json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(NetworkFile, ReadsBackWhatIsWritten) {
  for (uint64_t seed = 0; seed < 1000 && !HasFailure(); ++seed) {
    const Network network = random_network(seed);
    const Network again = read(text_of(network));
    EXPECT_TRUE(same(network, again)) << "seed " << seed << "\n" << text_of(network);
    EXPECT_EQ(text_of(network), text_of(again)) << "seed " << seed;
  }
}

TEST(NetworkFile, NamesMayHoldAnything) {
  Network network = pipe(1, 2, fire({}, {}), fire({}, {}));
  network.name = "\"\\\n\xc3\xa9";
  network.tasks[0].name = "a/b~c \"d\"";
  network.channels[0].name = "{}";
  network.symbols = {{"long name+1", 1, 2}, {"quote\"", 3, 4}};
  network.tasks[0].items[0].trips = Extent::symbol("long name+1") + 2 * Extent::symbol("quote\"");
  EXPECT_TRUE(same(network, read(text_of(network))));
}

TEST(NetworkFile, IsWrittenWithALineForEachFiring) {
  EXPECT_EQ(text_of(figure8()), R"({
  "schema": "streamtensor.network/1",
  "name": "figure8",
  "tasks": [
    {"name": "source", "body": [
      {"loop": 5, "body": [
        {"writes": ["fifo"], "latency": 3}]}]},
    {"name": "target", "body": [
      {"loop": 5, "body": [
        {"reads": ["fifo"], "interval": 2}]}]}],
  "channels": [
    {"name": "fifo"}]
}
)");
  EXPECT_EQ(text_of(figure8()), example("figure8"));
}

TEST(NetworkFile, ExamplesAreTheNetworksOfTheTests) {
  EXPECT_TRUE(same(read(example("diamond")), diamond(16)));
  EXPECT_TRUE(same(read(example("two_roots")), two_roots(64)));
  EXPECT_TRUE(same(read(example("figure8")), figure8()));
}

TEST(NetworkFile, HoldsEverythingThatANetworkCan) {
  const Network network = read(R"({
    "schema": "streamtensor.network/1",
    "symbols": {"sequence": [1, 16], "past": [0, 8]},
    "tasks": [
      {"name": "a", "in_flight": 3, "body": [
        {"loop": "sequence", "drain": true, "body": [
          {"loop": "past+d0+1", "body": [
            {"writes": ["c"], "interval": 4, "latency": 5, "drain": true,
             "read_memory": {"memory": "hbm0", "bytes": 64}}]}]}]},
      {"name": "b", "body": [
        {"loop": 3, "body": [
          {"loop": [1, 0, 2], "body": [
            {"reads": ["c"], "write_memory": {"memory": "hbm1", "bytes": 32}}]}]}]}],
    "channels": [{"name": "c", "width": 128, "depth": 8, "initial": 1, "fixed": true}],
    "memories": [
      {"name": "hbm0", "bandwidth": [115, 2], "latency": 60, "burst_bytes": 4096, "burst_cycles": 3},
      {"name": "hbm1", "bandwidth": 32}],
    "instances": [{"name": "i", "tasks": ["b", "a"], "turn": "iteration"}],
    "launches": [{"past": 0, "sequence": 8}, {"past": 8, "sequence": 1}],
    "gap": 100,
    "overlap": true
  })");
  Network wanted;
  wanted.symbols = {{"sequence", 1, 16}, {"past", 0, 8}};
  wanted.channels = {{"c", 128, 8, 1, true}};
  wanted.memories = {{"hbm0", 115, 2, 60, 4096, 3}, {"hbm1", 32, 1, 0, 0, 0}};
  wanted.instances = {{"i", {1, 0}, true}};
  wanted.launches = {{{"past", 0}, {"sequence", 8}}, {{"past", 8}, {"sequence", 1}}};
  wanted.gap = 100;
  wanted.overlap = true;
  NetworkItem a = drained(fire({}, {0}, 4, 5)), b = fire({0}, {});
  a.access = {0, 64, false};
  b.access = {1, 32, true};
  NetworkItem table = loop(0, {b});
  table.trips_by_outer =
      std::make_shared<const std::vector<int64_t>>(std::vector<int64_t>{1, 0, 2});
  const Extent row = Extent::symbol("past") + Extent::symbol("d0") + Extent(1);
  wanted.tasks = {task("a", {drained(loop(Extent::symbol("sequence"), {loop(row, {a})}))}, 3),
                  task("b", {loop(3, {table})})};
  EXPECT_TRUE(same(network, wanted)) << text_of(network);
}

TEST(NetworkFile, PingPongOfSmallBlocks) {
  const auto expanded = [](const std::string& in, const std::string& out) {
    return read(R"({"schema": "streamtensor.network/1", "tasks": [
      {"name": "a", "body": [{"loop": "n", "body": [{"writes": ["x"]}]}]},
      {"name": "K", "ping_pong": {"reads": "x", "writes": "y", "block_in": )" +
                in + R"(, "block_out": )" + out + R"(, "blocks": "n"}},
      {"name": "b", "body": [{"loop": "n", "body": [{"reads": ["y"]}]}]}],
      "symbols": {"n": [1, 4]}, "channels": [{"name": "x"}, {"name": "y"}]})");
  };
  const Extent n = Extent::symbol("n");
  const Network network = expanded("1", "2");  // x 0, y 1, K.full 2, K.free 3
  const auto at_once = [](std::vector<int> reads, std::vector<int> writes) {
    return fire(std::move(reads), std::move(writes), 1, 0);
  };
  EXPECT_TRUE(same(network.tasks[1], task("K.in", {loop(n, {at_once({0, 3}, {2})})})));
  EXPECT_TRUE(
      same(network.tasks[2], task("K.out", {loop(n, {at_once({2}, {1}), at_once({}, {1, 3})})})));
  EXPECT_EQ(network.tasks[3].name, "b");
  EXPECT_TRUE(same(expanded("3", "1").tasks[1],
                   task("K.in", {loop(n, {at_once({0, 3}, {}), loop(1, {at_once({0}, {})}),
                                          at_once({0}, {2})})})));
}

// --- What is wrong.

/// "message @ pointer" or "message @ pointer: help" per problem.
Lines problems_of(const std::string& text) {
  const Result<Network> network = parse_network(text, "net.json");
  EXPECT_FALSE(network.ok());
  Lines lines;
  if (network.ok()) return lines;
  for (const Diagnostic& problem : network.errors()) {
    EXPECT_EQ(problem.code, "E0330");
    EXPECT_EQ(problem.where.substr(0, 10), "net.json, ");
    lines.push_back(problem.message + " @ " + problem.where.substr(10) +
                    (problem.help.empty() ? "" : ": " + problem.help));
  }
  return lines;
}

/// figure8.json with one piece replaced, which must be there.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = text_of(figure8());
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(NetworkFile, AllProblemsAreSaidAtOnce) {
  EXPECT_EQ(problems_of(R"({
    "schema": "streamtensor.network/2", "naem": "x", "gap": 1.5, "overlap": 1,
    "symbols": {"a/b": [1], "n": 3},
    "tasks": [
      {"name": "a", "body": [{"lop": 3, "body": []}, {"reads": ["fifo", "fofi", 3], "interval": "4"}]},
      {"name": 5, "in_flight": 1},
      {"name": "K", "ping_pong": {"reads": "fifo", "writes": "ffio", "block_in": 0, "block_out": 1, "blocks": "n"}},
      {"name": "L", "ping_pong": {}, "body": []},
      {"name": "m", "body": [{"loop": "2*", "body": [
        {"read_memory": {"memory": "hbm", "bytes": 1}, "write_memory": {"memory": "hbm0"}}]}]},
      7],
    "channels": [{"name": "fifo", "widht": 8, "fixed": 1}, {}],
    "memories": [{"name": "hbm0", "bandwidth": 57.5}],
    "instances": [{"name": "i", "tasks": ["A"], "turn": "cycle"}, {"name": "j"}],
    "launches": [{"n": "1"}, []]
  })"),
            (Lines{
                "unknown key 'naem' @ /naem: did you mean 'name'?",
                "is 'streamtensor.network/2', but must be 'streamtensor.network/1' @ /schema",
                "must be two whole numbers, the least and the largest value @ /symbols/a~1b",
                "must be two whole numbers, the least and the largest value @ /symbols/n",
                "unknown key 'widht' @ /channels/0/widht: did you mean 'width'?",
                "must be true or false @ /channels/0/fixed",
                "is missing @ /channels/1/name",
                "must be a whole number of bytes per cycle, or [bytes, cycles] @ "
                "/memories/0/bandwidth: 57.5 bytes per cycle are [115, 2]",
                "unknown key 'lop' @ /tasks/0/body/0/lop: did you mean 'loop'?",
                "is missing @ /tasks/0/body/0/loop",
                "is empty @ /tasks/0/body/0/body",
                "there is no channel 'fofi' @ /tasks/0/body/1/reads/1: did you mean 'fifo'?",
                "must be the name of a channel @ /tasks/0/body/1/reads/2",
                "must be a whole number @ /tasks/0/body/1/interval",
                "must be a string @ /tasks/1/name",
                "is missing @ /tasks/1/body",
                "there is no channel 'ffio' @ /tasks/2/ping_pong/writes: did you mean 'fifo'?",
                "is 0, but must be from 1 to 2^40 @ /tasks/2/ping_pong/block_in",
                "unknown key 'body' @ /tasks/3/body",
                "is missing @ /tasks/3/ping_pong/reads",
                "is missing @ /tasks/3/ping_pong/writes",
                "is missing @ /tasks/3/ping_pong/block_in",
                "is missing @ /tasks/3/ping_pong/block_out",
                "is missing @ /tasks/3/ping_pong/blocks",
                "the trip count '2*': expected a symbol @ /tasks/4/body/0/loop",
                "there is no memory 'hbm' @ /tasks/4/body/0/body/0/read_memory/memory: did you "
                "mean 'hbm0'?",
                "a firing makes one request, and this one reads already @ "
                "/tasks/4/body/0/body/0/write_memory",
                "is missing @ /tasks/4/body/0/body/0/write_memory/bytes",
                "must be an object @ /tasks/5",
                "there is no task 'A' @ /instances/0/tasks/0",
                "is 'cycle', but must be 'launch' or 'iteration' @ /instances/0/turn",
                "is missing @ /instances/1/tasks",
                "must be a whole number @ /launches/0/n",
                "must be an object: the value of each symbol, by name @ /launches/1",
                "must be a whole number @ /gap",
                "must be true or false @ /overlap",
            }));
}

TEST(NetworkFile, ProblemsOfTheWholeHaveTheirPlaceInTheFile) {
  EXPECT_EQ(problems_of(edited("\"latency\": 3", "\"latency\": -1")),
            (Lines{"the latency is -1, but must be from 0 to 4294967296 @ "
                   "/tasks/0/body/0/body/0/latency"}));
  EXPECT_EQ(problems_of(edited("\"writes\": [\"fifo\"]", "\"writes\": []")),
            (Lines{"no task writes channel 'fifo' @ /channels/0"}));
  EXPECT_EQ(problems_of(edited("\"loop\": 5", "\"loop\": \"n-5\"")),
            (Lines{"the trip count uses 'n', which is neither a symbol nor the counter of a loop "
                   "around it @ /tasks/0/body/0/loop: declare it in symbols"}));
  // Tasks and channels that stand behind an expanded one, and those of its expansion.
  std::string text = example("diamond");
  text.replace(text.find("\"blocks\": 4"), 11, "\"blocks\": -4");
  text.replace(text.find("\"k1_k2\", \"k0_k2\"]"), 17, "\"k1_k2\", \"k0_k2\"], \"interval\": 0");
  EXPECT_EQ(problems_of(text), (Lines{"the trip count -4 can be -4 @ /tasks/1/ping_pong",
                                      "the interval is 0, but must be from 1 to 4294967296 @ "
                                      "/tasks/2/body/0/body/0/interval"}));
}

TEST(NetworkFile, IsRefusedSoonIfItIsHostile) {
  std::string deep = "1";
  for (int k = 0; k < 1000; ++k) deep = "{\"loop\": 1, \"body\": [" + deep + "]}";
  const auto too_deep = parse_network(deep, "net.json");
  ASSERT_FALSE(too_deep.ok());
  EXPECT_EQ(too_deep.errors()[0].code, "E0104");

  // Each unknown name could be compared with each that is known.
  std::string channels, reads;
  for (int k = 0; k < 50000; ++k) {
    channels += (k > 0 ? ", " : "") + ("{\"name\": \"c" + std::to_string(k)) + "\"}";
    reads += (k > 0 ? ", " : "") + ("\"d" + std::to_string(k)) + "\"";
  }
  const Lines unknown = problems_of(edited("{\"name\": \"fifo\"}", channels)
                                        .replace(text_of(figure8()).find("\"fifo\""), 6, reads));
  EXPECT_EQ(unknown.size(), 1000U);
  EXPECT_EQ(unknown.front(), "there is no channel 'd0' @ /tasks/0/body/0/body/0/writes/0");

  EXPECT_EQ(problems_of(edited("\"loop\": 5", "\"loop\": 9223372036854775807")),
            (Lines{"the trip count can exceed 2^40 @ /tasks/0/body/0/loop",
                   "the task fires more than 2^40 times in a launch @ /tasks/0/body"}));
}

TEST(NetworkFile, IsNoJson) {
  const Result<Network> network = parse_network("{\"schema\": ", "net.json");
  ASSERT_FALSE(network.ok());
  EXPECT_EQ(network.errors()[0].code, "E0102");
  EXPECT_EQ(problems_of("[]"), (Lines{"must be an object @ /"}));
  EXPECT_EQ(problems_of("{}"), (Lines{"is missing @ /schema"}));
}

}  // namespace
}  // namespace st::test
