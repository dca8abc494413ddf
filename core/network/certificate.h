// SPDX-License-Identifier: Apache-2.0
/// A proof that a network never deadlocks at given depths, whatever its latencies are: an untimed
/// schedule of its firings in which each finds the tokens that it reads when it issues, and the
/// free slots that it writes when it completes. A task has one firing in flight.
///
/// Why that is enough: each channel has one writer and one reader, and an issue, a completion, or a
/// single access of either that is possible stays possible until it is done, whatever others do. So
/// in whatever order things happen, everything happens that happens in one order (the events are
/// persistent); pipelining, which lets a firing issue before the one before it completed, only
/// allows more. The schedule keeps the order of turns on shared instances, and launches follow each
/// other.
///
/// For all lengths: where every task is one outer loop over a symbol such as `sequence`, and inner
/// trip counts depend on its counter only by way of `past + d0`, a launch is a sequence of rows,
/// and a row depends on its position past + d0 alone. If the schedule of each position leaves the
/// channels as it found them, rows can follow each other in any launch. Positions are those in the
/// range of `past`: launches that go beyond it are not covered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/network/network.h"

namespace st {

/// The next `events` events of one task, in its order: issue, completion, issue, completion, ...
struct ScheduleStep {
  int task = -1;
  int64_t events = 0;
};

/// The schedule of one launch.
struct ScheduledLaunch {
  Bindings launch;
  std::vector<ScheduleStep> steps;
};

struct DeadlockCertificate {
  std::vector<int64_t> depths;  ///< by channel; 0: no limit
  /// Set: each launch stands for a row at the position that it binds `position_symbol` to (empty if
  /// rows do not depend on it), with `row_symbol` 1; together they prove all launches. Empty: the
  /// launches prove themselves, in order.
  std::string row_symbol, position_symbol;
  std::vector<ScheduledLaunch> launches;
};

/// The largest task, in firings of one launch, that a certificate is checked for.
inline constexpr int64_t MostScheduledFirings = 50'000'000;

/// Whether `symbol` and `position` (which may be empty) make rows of the network's launches, as
/// described above, and these launches are covered. Errors: E0334 that says which task or launch is
/// in the way.
Status check_rows(const Network& network, const std::string& symbol, const std::string& position);

/// Checks a certificate launch by launch, so that the schedules of long launches need not be kept.
class CertificateCheck {
 public:
  /// The network outlives the check. The symbols are those of DeadlockCertificate.
  CertificateCheck(const Network& network, std::vector<int64_t> depths, std::string row_symbol,
                   std::string position_symbol);
  ~CertificateCheck();
  CertificateCheck(const CertificateCheck&) = delete;
  CertificateCheck& operator=(const CertificateCheck&) = delete;

  /// What holds before any schedule. To be called first. Errors: those of verify().
  Status begin();
  /// Replays the schedule of the next launch. Errors: those of verify().
  Status add(const ScheduledLaunch& launch);
  /// Whether the launches were all. Errors: those of verify().
  Status finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Replays the schedules. Errors: E0334 with the launch, the task, its firing and the channel where
/// a schedule is not admissible, ends before its launch does, or, of rows, leaves channels other
/// than it found them; where rows are claimed that are none, or positions are missing.
Status verify(const Network& network, const DeadlockCertificate& certificate);

}  // namespace st
