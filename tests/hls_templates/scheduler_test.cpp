// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "streamtensor/task.h"

namespace {

using Ints = hls::stream<int>;

void count(Ints& out, int n) {
  for (int i = 0; i < n; ++i) out.write(i);
}
void copy(Ints& in, Ints& out, int n) {
  for (int i = 0; i < n; ++i) out.write(in.read());
}
void join(Ints& a, Ints& b, Ints& out, int n) {
  for (int i = 0; i < n; ++i) {
    const int left = a.read();
    out.write(left + b.read());
  }
}
void both(Ints& in, Ints& a, Ints& b, int n) {
  for (int i = 0; i < n; ++i) {
    const int value = in.read();
    a.write(value);
    b.write(value);
  }
}
// Holds back a number of tokens before the first goes out.
void delay(Ints& in, Ints& out, int n, int held) {
  std::vector<int> row;
  for (int i = 0; i < n; ++i) {
    row.push_back(in.read());
    if (static_cast<int>(row.size()) < held) continue;
    for (int value : row) out.write(value);
    row.clear();
  }
}
void sum(Ints& in, long* total, int n) {
  for (int i = 0; i < n; ++i) *total += in.read();
}

// A skip connection around a kernel that wants a row of four first.
template <int Skip>
void residual(long* total, int n) {
  hls::stream<int, 2> x("x");
  TASK(count)(x, n);
  hls::stream<int, 2> main_path("main_path");
  hls::stream<int, Skip> skip("skip");
  TASK(both)(x, main_path, skip, n);
  hls::stream<int, 2> delayed("delayed");
  TASK(delay)(main_path, delayed, n, 4);
  hls::stream<int, 2> y("y");
  TASK(join)(skip, delayed, y, n);
  TASK(sum)(y, total, n);
}

}  // namespace

TEST(Scheduler, RegionEndsWhenItsTasksHaveEnded) {
  long total = 0;
  const std::uint64_t before = hls::csim::leftovers();
  residual<4>(&total, 1000);
  EXPECT_EQ(total, 999 * 1000);
  EXPECT_EQ(hls::csim::leftovers(), before);
}

TEST(Scheduler, OrderOfCallsDoesNotMatter) {
  long total = 0;
  {
    hls::stream<int, 1> a, b;
    TASK(sum)(b, &total, 100);
    TASK(copy)(a, b, 100);
    TASK(count)(a, 100);
  }
  EXPECT_EQ(total, 4950);
}

TEST(Scheduler, RegionsNest) {
  struct Outer {
    static void inner(Ints& in, Ints& out, int n) {
      hls::stream<int, 1> middle;
      TASK(copy)(in, middle, n);
      TASK(copy)(middle, out, n);
    }
  };
  long total = 0;
  {
    hls::stream<int, 1> a, b;
    TASK(count)(a, 100);
    TASK(Outer::inner)(a, b, 100);
    TASK(sum)(b, &total, 100);
  }
  EXPECT_EQ(total, 4950);
}

TEST(Scheduler, ArgumentsAreTakenAtTheCall) {
  long total = 0;
  {
    hls::stream<int, 1> a;
    int n = 5;
    TASK(count)(a, n);
    n = 0;
    TASK(sum)(a, &total, 5);
  }
  EXPECT_EQ(total, 10);
}

TEST(Scheduler, MainMayReadAndWrite) {
  hls::stream<int, 1> in, out;
  TASK(copy)(in, out, 10);
  for (int i = 0; i < 5; ++i) {
    in << 2 * i;
    in << 2 * i + 1;
    int value = -1;
    out >> value;
    EXPECT_EQ(value, 2 * i);
    out.read(value);
    EXPECT_EQ(value, 2 * i + 1);
  }
}

TEST(Scheduler, FifoHoldsAsManyTokensAsDeclared) {
  hls::stream<int, 3> three;
  hls::stream<int> standard;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(three.full());
    EXPECT_TRUE(three.write_nb(i));
  }
  EXPECT_TRUE(three.full());
  EXPECT_FALSE(three.write_nb(3));
  EXPECT_EQ(three.size(), 3u);
  EXPECT_EQ(standard.capacity(), 2u);
  int value = -1;
  EXPECT_FALSE(standard.read_nb(value));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(three.read(), i);
  EXPECT_TRUE(three.empty());
}

TEST(Scheduler, PollingLetsOthersRun) {
  hls::stream<int, 1> in, out;
  TASK(copy)(in, out, 1);
  in.write(7);
  int value = -1;
  while (!out.read_nb(value)) {
  }
  EXPECT_EQ(value, 7);
}

TEST(Scheduler, ManyLaunchesReuseTheirTasks) {
  long total = 0;
  for (int i = 0; i < 300; ++i) residual<4>(&total, 8);
  EXPECT_EQ(total, 300 * 56);
  EXPECT_LT(hls::csim::Scheduler::instance().workers().size(), 10u);
}

TEST(SchedulerDeathTest, DeadlockNamesTasksChannelsAndTheCycle) {
  long total = 0;
  EXPECT_EXIT(residual<1>(&total, 8), testing::ExitedWithCode(hls::csim::DeadlockStatus),
              "deadlock: 5 tasks are blocked\n"
              "  task 'count' waits to write channel 'x' \\(full: 2 of 2\\)\n"
              "  task 'both' waits to write channel 'skip' \\(full: 1 of 1\\)\n"
              "  task 'delay' waits to read channel 'main_path' \\(empty\\)\n"
              "  task 'join' waits to read channel 'delayed' \\(empty\\)\n"
              "  task 'sum' waits to read channel 'y' \\(empty\\)\n"
              "  cycle: 'both' -> channel 'skip' -> 'join' -> channel 'delayed' -> 'delay' -> "
              "channel 'main_path' -> 'both'\n");
}

TEST(SchedulerDeathTest, ReadingMoreThanIsWrittenIsADeadlockOfOneTask) {
  long total = 0;
  const auto run = [&] {
    hls::stream<int, 2> x("x");
    TASK(count)(x, 3);
    TASK(sum)(x, &total, 4);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(hls::csim::DeadlockStatus),
              "deadlock: 1 task is blocked\n"
              "  task 'sum' waits to read channel 'x' \\(empty\\), whose other end is done\n");
}

TEST(SchedulerDeathTest, MainIsNamedToo) {
  const auto run = [] {
    hls::stream<int> nothing("nothing");
    nothing.read();
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(hls::csim::DeadlockStatus),
              "task 'main' waits to read channel 'nothing' \\(empty\\)");
}

TEST(SchedulerDeathTest, AChannelHasOneReader) {
  long total = 0;
  const auto run = [&] {
    hls::stream<int> x("x");
    TASK(sum)(x, &total, 4);
    TASK(copy)(x, x, 4);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(hls::csim::SharedEndStatus),
              "channel 'x' has two readers: 'sum' and 'copy'");
}

TEST(Scheduler, LeftoversAreReportedAndCounted) {
  const std::uint64_t before = hls::csim::leftovers();
  testing::internal::CaptureStderr();
  {
    hls::stream<int, 4> rest("rest");
    TASK(count)(rest, 3);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: 3 tokens are left in channel 'rest'\n");
  EXPECT_EQ(hls::csim::leftovers() - before, 3u);
}
