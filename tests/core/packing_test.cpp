// SPDX-License-Identifier: Apache-2.0
#include "core/packing/layout.h"
#include "core/packing/pack.h"

#include <gtest/gtest.h>

#include <cstring>

#include "backends/host/files/checksum.h"
#include "backends/host/launch_plan.h"
#include "backends/project/read_parameters.h"
#include "core/dataflow/interpreter.h"
#include "core/packing/checksum.h"
#include "core/packing/parameter_file.h"
#include "tests/common/tool.h"
#include "tests/core/compiled.h"

namespace st {
namespace {

using test::Random;

constexpr int64_t FileWordBytes = WordBits / 8;

std::string checksum_of(const std::vector<uint8_t>& bytes) {
  Checksum checksum;
  checksum.add(bytes.data(), bytes.size());
  return checksum.text();
}

Tensor random_tensor(Random& random, DType type, const std::vector<int64_t>& shape) {
  if (type == DType::I4) {
    Tensor tensor = Tensor::zeros(type, shape);
    for (Int4& value : tensor.as<Int4>()) value = Int4(random.between(-8, 7));
    return tensor;
  }
  return type == DType::I8 ? test::random_i8(random, shape) : test::random_f32(random, shape);
}

TEST(Packing, RowsComeBackForAnyShape) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    Memory memory;
    memory.dtype = random.chance(0.5) ? DType::I8 : DType::F32;
    memory.lanes = random.pick<int>({1, 2, 3, 7, 13, 16});
    memory.beats = random.between(1, 40);
    memory.rows = random.between(1, 6);
    const Tensor rows =
        random_tensor(random, memory.dtype, {memory.rows, memory.beats * memory.lanes});
    const std::vector<uint8_t> bytes = packed_rows(rows, memory);
    ASSERT_EQ(static_cast<int64_t>(bytes.size()),
              memory.rows * memory.words_per_row() * FileWordBytes);
    ASSERT_EQ(unpacked_rows(bytes, memory, memory.rows), rows);
  }
}

TEST(Packing, LanesLieWhereTheContractPutsThem) {
  // 13 lanes of f32: one beat of 416 bits in a word; 3 lanes of f32: five beats in a word.
  for (const int lanes : {13, 3}) {
    Memory memory;
    memory.lanes = lanes;
    memory.beats = 7;
    memory.rows = 2;
    Random random(2);
    const Tensor rows = test::random_f32(random, {2, 7 * lanes});
    const std::vector<uint8_t> bytes = packed_rows(rows, memory);
    const int64_t per_word = WordBits / (lanes * 32), words = (7 + per_word - 1) / per_word;
    std::vector<uint8_t> expected(2 * words * FileWordBytes, 0);
    for (int64_t r = 0; r < 2; ++r) {
      for (int64_t b = 0; b < 7; ++b) {
        const int64_t at = (r * words + b / per_word) * FileWordBytes + (b % per_word) * lanes * 4;
        std::memcpy(&expected[at], &rows.f32()[(r * 7 + b) * lanes], lanes * 4);
      }
    }
    EXPECT_EQ(bytes, expected) << lanes;
  }
}

/// The stream of a weight matrix as a linear layer reads it.
StreamType tiles(DType type, int64_t width, int64_t depth) {
  const int lanes = test::Random(width * 100 + depth).pick<int>({1, 3, 13, 16});
  const int64_t columns = (depth + lanes - 1) / lanes, rows = width;
  return {{{rows, lanes},
           type,
           {Trip(Extent::symbol(Sequence), 4), 2, columns},
           {1, rows, lanes},
           {1, 2}},
          lanes};
}

TEST(Packing, StreamsOfTilesKeepEveryElement) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const DType type = random.pick<DType>({DType::I4, DType::I8, DType::F32});
    const StreamType stream = tiles(type, random.between(1, 9), random.between(1, 40));
    const std::vector<int64_t> shape = max_shape(stream.itensor);
    const Tensor weight = random_tensor(random, type, shape);
    const std::vector<uint8_t> packed = packed_stream(weight, stream);
    ASSERT_EQ(packed.size() % FileWordBytes, 0U);
    // Beats out of words, and the matrix out of beats.
    const int64_t per_word = beats_per_word(stream.beat_bits());
    const int64_t beats = token_count(stream.itensor, {{Sequence, 1}}) * stream.beats_per_token();
    ASSERT_EQ(static_cast<int64_t>(packed.size()),
              (beats + per_word - 1) / per_word * FileWordBytes);
    // Bit by bit: an element starts where the one before it in its beat ends.
    const int64_t bits = bits_of(type), lanes = stream.lanes;
    std::vector<uint8_t> bytes(static_cast<size_t>(beats * stream.beat_bytes()), 0);
    for (int64_t bit = 0; bit < beats * lanes * bits; ++bit) {
      const int64_t lane = bit / bits, beat = lane / lanes;
      const int64_t from = beat / per_word * WordBits + beat % per_word * stream.beat_bits() +
                           lane % lanes * bits + bit % bits;
      const int64_t to = lane * bytes_of(type) * 8 + bit % bits;
      if (((packed[from / 8] >> (from % 8)) & 1) != 0)
        bytes[to / 8] = static_cast<uint8_t>(bytes[to / 8] | (1 << to % 8));
    }
    ASSERT_EQ(unpacked_beats(packed, stream, beats), bytes);
    const auto back = tensor_from_stream(bytes, stream, shape, 1, 0);
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(*back, weight);
  }
}

/// Writes the parameter files of a program as a build does, and returns their checksums.
std::map<std::string, std::string> write_parameters(const Program& program,
                                                    const std::filesystem::path& build) {
  std::map<std::string, std::string> checksums;
  for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
    const Memory& memory = program.memories[m];
    const std::string file = parameter_file(memory);
    if (file.empty()) continue;
    std::vector<uint8_t> all;
    for (const ParameterPiece& piece : pieces_of(program, m)) {
      EXPECT_EQ(piece.first_byte, static_cast<int64_t>(all.size())) << "a gap";
      const auto bytes = packed(piece);
      EXPECT_TRUE(bytes.ok());
      if (bytes.ok()) all.insert(all.end(), bytes->begin(), bytes->end());
    }
    EXPECT_EQ(static_cast<int64_t>(all.size()), memory.bytes) << memory.name;
    test::write(build / file, std::string(all.begin(), all.end()));
    checksums[file] = checksum_of(all);
  }
  std::string map = "{\"files\": [";
  for (const auto& [file, checksum] : checksums) {
    map += (map.back() == '[' ? "" : ", ");
    map += "{\"file\": \"" + file + "\", \"checksum\": \"" + checksum + "\"}";
  }
  test::write(build / "params/map.json", map + "]}");
  return checksums;
}

TEST(Packing, ParameterFilesGiveEveryConstantBack) {
  int tensors = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    Random random(seed);
    const auto made = test::compiled(test::random_decoder(seed),
                                     test::random_choices(random, seed % 2 == 0 ? "w8a8" : "f32"));
    if (!made.ok()) continue;  // too tight limits, which the tests of passes count
    const auto build = test::scratch() / ("parameters" + std::to_string(seed));
    write_parameters(made->program, build);
    Program read = made->program;
    ASSERT_TRUE(check_parameter_files(build, read).ok()) << seed;
    read_constants_from(build, read);
    for (size_t t = 0; t < read.tensors.size(); ++t) {
      const auto& before = made->program.tensors[t].constant;
      if (!before || read.tensors[t].constant == before) continue;
      const auto expected = before->load(), value = read.tensors[t].constant->load();
      ASSERT_TRUE(expected.ok() && value.ok()) << seed;
      ASSERT_EQ(*value, *expected) << "seed " << seed << " tensor " << read.tensors[t].name;
      ++tensors;
    }
  }
  EXPECT_GT(tensors, 200);
}

TEST(Packing, LayoutsDescribeTheBytesOfMemories) {
  int segments = 0, described = 0, rows = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    Random random(seed);
    const auto made = test::compiled(test::random_decoder(seed),
                                     test::random_choices(random, seed % 2 == 0 ? "w8a8" : "f32"));
    if (!made.ok()) continue;
    const Program& program = made->program;
    for (const Memory& memory : program.memories) {
      for (const Segment& segment : memory.segments) {
        ++segments;
        const auto layout = layout_of(program.tensors[segment.tensor], segment.type);
        if (!layout) continue;
        ++described;
        const auto value = program.tensors[segment.tensor].constant->load();
        ASSERT_TRUE(value.ok());
        ASSERT_EQ(packed_tensor(*value, *layout, WordBits), packed_stream(*value, segment.type))
            << seed << " " << text_of(*layout) << " " << text_of(segment.type.itensor);
      }
      const auto layout = layout_of(program, memory);
      if (!layout || memory.role == MemoryRole::Cache) continue;
      ++rows;
      const Tensor value = random_tensor(random, memory.dtype, layout->shape());
      ASSERT_EQ(packed_tensor(value, *layout, WordBits), packed_rows(value, memory))
          << seed << " " << text_of(*layout);
    }
  }
  std::cout << described << " of " << segments << " constants and " << rows
            << " memories of rows have a packed type\n";
  EXPECT_GT(described, 50);
  EXPECT_GT(rows, 50);
}

TEST(Packing, ADamagedParameterFileIsFound) {
  const auto made = test::compiled(test::random_decoder(3), {});
  ASSERT_TRUE(made.ok());
  const auto build = test::scratch() / "damaged";
  const auto checksums = write_parameters(made->program, build);
  const std::string file = checksums.begin()->first, good = test::read(build / file);
  std::vector<std::string> damaged = {good.substr(0, good.size() - 1), good + "x", ""};
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  damaged.push_back(flipped);
  for (const std::string& content : damaged) {
    test::write(build / file, content);
    const Status status = check_parameter_files(build, made->program);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.errors()[0].code, "E0602");
    EXPECT_EQ(status.errors()[0].where, file);
  }
  test::write(build / file, good);
  EXPECT_TRUE(check_parameter_files(build, made->program).ok());
}

TEST(Checksum, ChangesWithAnyByte) {
  Random random(5);
  std::vector<uint8_t> bytes(300);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.below(256));
  const std::string whole = checksum_of(bytes);
  for (uint8_t& byte : bytes) {
    const uint8_t before = byte;
    for (const int bit : {0, 3, 7}) {
      byte = static_cast<uint8_t>(before ^ (1 << bit));
      EXPECT_NE(checksum_of(bytes), whole);
    }
    byte = before;
  }
  bytes.push_back(0);
  EXPECT_NE(checksum_of(bytes), whole);
}

TEST(Checksum, IsThatOfTheHostAndMayBeFedInPieces) {
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint8_t> bytes(static_cast<size_t>(random.below(200)));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.below(256));
    const auto of_host = [&](size_t size) {
      return host::checksum({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
    };
    const uint64_t whole = of_host(bytes.size());
    Checksum pieces;
    for (size_t at = 0; at < bytes.size();) {
      const size_t count = std::min(bytes.size() - at, static_cast<size_t>(random.below(30)));
      pieces.add(bytes.data() + at, count);
      at += count;
    }
    ASSERT_EQ(pieces.value(), whole) << bytes.size();
    const size_t words = bytes.size() / 8, half = words / 2;
    const uint64_t back = Checksum::of_words(bytes.data() + 8 * half, words - half, half);
    const uint64_t front = Checksum::of_words(bytes.data(), half, 0);
    ASSERT_EQ(Checksum::of_sum(back + front, 8 * words).value(), of_host(8 * words));
  }
}

TEST(Checksum, ChangesWhenWordsChangePlaces) {
  std::vector<uint8_t> bytes(64, 0);
  bytes[3] = 1;
  const std::string before = checksum_of(bytes);
  std::swap(bytes[3], bytes[11]);
  EXPECT_NE(checksum_of(bytes), before);
}

}  // namespace
}  // namespace st
