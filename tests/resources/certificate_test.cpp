// SPDX-License-Identifier: Apache-2.0
// Proofs that networks cannot deadlock: that they are found, checked, and refused where they are
// wrong.
#include "core/network/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/resources/fifo_search.h"
#include "core/resources/prove.h"
#include "core/simulate/deadlock.h"
#include "core/simulate/simulator.h"
#include "tests/common/random_networks.h"
#include "tests/common/small_networks.h"

namespace st {
namespace {

DeadlockCertificate proof_of(const Network& network) {
  auto certificate = prove_free_of_deadlock(network, depths_of(network));
  EXPECT_TRUE(certificate.ok());
  return certificate.ok() ? *certificate : DeadlockCertificate();
}

void expect_refusal(const Network& network, const DeadlockCertificate& certificate,
                    const std::string& message) {
  const Status status = verify(network, certificate);
  ASSERT_FALSE(status.ok()) << "expected: " << message;
  EXPECT_EQ(status.errors()[0].code, "E0334");
  EXPECT_NE(status.errors()[0].message.find(message), std::string::npos)
      << status.errors()[0].message;
}

/// Two tasks that pass rows of growing length: row r of a launch has past + r + 1 tokens.
Network growing_rows(int64_t depth) {
  const Extent length = Extent::symbol("past") + Extent::symbol("d0") + Extent(1);
  Network network = test::pipe(1, depth, test::fire({}, {}), test::fire({}, {}));
  network.symbols = {{"past", 0, 5}, {"sequence", 1, 4}};
  network.launches = {{{"past", 2}, {"sequence", 4}}};
  for (NetworkTask& task : network.tasks) {
    const NetworkItem firing = task.items[0].items[0];
    task.items = {test::loop(Extent::symbol("sequence"), {test::loop(length, {firing})})};
  }
  return network;
}

TEST(Certificate, ProvesTheDiamondAtItsTrueMinimum) {
  const Network network = test::diamond(16);
  EXPECT_TRUE(verify(network, proof_of(network)).ok());
}

TEST(Certificate, OneSlotLessIsRefusedEverywhere) {
  const Network network = test::diamond(16);
  DeadlockCertificate certificate = proof_of(network);
  certificate.depths[2] = 15;  // k0_k2
  expect_refusal(network, certificate, "finds channel 'k0_k2' full, at depth 15");

  const Network shallow = test::diamond(15);
  const auto none = prove_free_of_deadlock(shallow, depths_of(shallow));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.errors()[0].code, "E0333");
  std::string details;
  for (const std::string& detail : none.errors()[0].details) details += detail + "\n";
  EXPECT_NE(details.find("'K0' waits for room in channel 'k0_k2' (full, depth 15), which is read "
                         "by 'K2'"),
            std::string::npos)
      << details;
  EXPECT_NE(none.errors()[0].help.find("channel 'k0_k2' with depth 16"), std::string::npos);
}

TEST(Certificate, RowsProveLaunchesOfAllLengths) {
  const Network network = growing_rows(1);
  const DeadlockCertificate certificate = proof_of(network);
  EXPECT_EQ(certificate.row_symbol, "sequence");
  EXPECT_EQ(certificate.position_symbol, "past");
  EXPECT_EQ(certificate.launches.size(), 6U) << "positions 0 to 5";
  EXPECT_TRUE(verify(network, certificate).ok());
}

TEST(Certificate, LaunchesBeyondTheRangeOfPositionsAreProvenThemselves) {
  Network network = growing_rows(1);
  const DeadlockCertificate rows = proof_of(network);
  network.launches[0]["past"] = 3;
  const DeadlockCertificate certificate = proof_of(network);
  EXPECT_EQ(certificate.row_symbol, "");
  EXPECT_TRUE(verify(network, certificate).ok());
  expect_refusal(
      network, rows,
      "launch past=3 sequence=4 goes on to position 6, which is beyond the range of 'past'");
}

TEST(Certificate, EveryRuleHasItsMessage) {
  const Network network = growing_rows(2);
  const DeadlockCertificate good = proof_of(network);
  DeadlockCertificate bad = good;
  bad.depths.pop_back();
  expect_refusal(network, bad, "of another network: it has 0 depths, for 1 channels");
  bad = good;
  bad.launches.erase(bad.launches.begin() + 3);
  expect_refusal(network, bad, "the row at position 3 has no schedule");
  bad = good;
  bad.launches[0].launch["sequence"] = 2;
  expect_refusal(network, bad, "does not bind 'sequence' to 1");
  bad = good;
  bad.launches[4].steps.pop_back();
  expect_refusal(network, bad, "the schedule ends when task 'b' has");
  bad = good;
  bad.launches[4].steps[0].task = 7;
  expect_refusal(network, bad, "a step that is none");
  bad = good;
  bad.launches[4].steps[0].events = 0;
  expect_refusal(network, bad, "a step that is none");
  bad = good;
  bad.launches[0].steps.push_back({0, 1});
  expect_refusal(network, bad, "the schedule fires task 'a' too often");
  bad = good;
  std::swap(bad.launches[0].steps[0], bad.launches[0].steps[1]);
  expect_refusal(network, bad, "firing 1 of task 'b' finds channel 'a_b' empty");
  bad = good;
  bad.row_symbol = "past";
  bad.position_symbol = "sequence";
  expect_refusal(network, bad, "task 'a' is not one loop over 'past'");
  bad = good;
  bad.position_symbol.clear();
  expect_refusal(network, bad, "depends on more than its position");
  bad = good;
  bad.row_symbol.clear();
  expect_refusal(network, bad, "not those of the network's launches");
}

TEST(Certificate, RowsLeaveChannelsAsTheyFoundThem) {
  // The writer sends one token a row more than the reader takes.
  Network network = growing_rows(0);
  network.tasks[1].items[0].items[0].trips = Extent::symbol("past") + Extent::symbol("d0");
  expect_refusal(network, proof_of(network),
                 "the row leaves 1 tokens in channel 'a_b', which held 0");
}

TEST(Certificate, OtherSymbolsAndInitialTokensAreChecked) {
  Network network = growing_rows(2);
  DeadlockCertificate certificate = proof_of(network);
  network.symbols.push_back({"batch", 1, 2});
  network.launches[0]["batch"] = 1;
  expect_refusal(network, certificate, "the schedule of a row does not bind 'batch'");
  for (ScheduledLaunch& launch : certificate.launches) launch.launch["batch"] = 1;
  expect_refusal(network, certificate, "symbol 'batch' is neither that of rows nor of positions");
  network = growing_rows(2);
  network.channels[0].initial = 2;
  certificate.depths[0] = 1;
  expect_refusal(network, certificate, "begins with more tokens than it holds");
}

TEST(Certificate, TurnsAreKept) {
  // Two tasks on one instance, by launch: b may not fire before a is done.
  Network network = test::pipe(3, 4, test::fire({}, {}), test::fire({}, {}));
  network.instances = {{"shared", {0, 1}, false}};
  const DeadlockCertificate good = proof_of(network);
  EXPECT_TRUE(verify(network, good).ok());
  DeadlockCertificate bad = good;
  bad.launches[0].steps = {{0, 2}, {1, 2}, {0, 4}, {1, 4}};
  expect_refusal(network, bad, "firing 1 of task 'b' is not its turn on 'shared'");
  // With two slots the turns make it deadlock, and no schedule exists.
  EXPECT_FALSE(prove_free_of_deadlock(network, {2}).ok());
}

TEST(Certificate, AgreesWithTheSimulatorOnRandomNetworks) {
  // Where nothing overlaps the simulator is one schedule, so that it ends if and only if one does.
  int proven = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    const Network network = test::random_network(seed);
    const auto certificate = prove_free_of_deadlock(network, depths_of(network));
    const Network bare = without_time(network);
    if (!certificate.ok()) {
      ++refused;
      continue;
    }
    const Status checked = verify(network, *certificate);
    if (!certificate->row_symbol.empty() && !checked.ok()) continue;  // rows that leave tokens
    ASSERT_TRUE(checked.ok()) << seed << ": " << checked.errors()[0].message;
    ++proven;
    ASSERT_TRUE(Simulator(bare).run().completed) << seed;
    ASSERT_TRUE(Simulator(network).run().completed) << seed << ", with its latencies";
  }
  EXPECT_GT(proven, 400);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace st
