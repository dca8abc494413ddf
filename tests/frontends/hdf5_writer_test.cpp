// SPDX-License-Identifier: Apache-2.0
// Weights that are written are what is read.
#include <cstring>

#include "frontends/hdf5/hdf5_file.h"
#include "frontends/hdf5/hdf5_writer.h"
#include "tests/frontends/test_files.h"

namespace st::test {
namespace {

/// Element i of every test dataset: small integers, which all float types hold.
float element(int64_t i) { return static_cast<float>(i % 251 - 125); }

TEST(Hdf5Writer, WritesWhatIsReadInEachTypeBlockByBlock) {
  const TemporaryDirectory folder;
  auto writer = st::Hdf5Writer::create(folder / "weights.h5");
  ASSERT_TRUE(writer.ok());
  // The second one takes several blocks, and the last of these is not full.
  const std::vector<std::vector<int64_t>> shapes = {{7}, {1100, 1031}, {3, 2, 5}};
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    for (const auto& shape : shapes) {
      int64_t expected = 0;
      const auto fill = [&](int64_t first, std::span<std::byte> bytes) {
        EXPECT_EQ(first, expected);
        const auto width = static_cast<size_t>(bits_of(dtype) / 8);
        for (size_t at = 0; at < bytes.size(); at += width, ++expected) {
          const float value = element(expected);
          const uint16_t half = dtype == DType::F16 ? Float16(value).bits : BFloat16(value).bits;
          if (dtype == DType::F32) std::memcpy(bytes.data() + at, &value, sizeof value);
          if (dtype != DType::F32) std::memcpy(bytes.data() + at, &half, sizeof half);
        }
      };
      const std::string name = std::string(name_of(dtype)) + std::to_string(shape.size());
      ASSERT_TRUE(writer->add(name, dtype, shape, fill).ok());
      EXPECT_EQ(expected, element_count(shape));
    }
  }
  ASSERT_TRUE(writer->close().ok());
  const auto file = Hdf5File::open(folder / "weights.h5");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->datasets().size(), 9U);
  for (const Hdf5Dataset& dataset : (*file)->datasets()) {
    EXPECT_EQ(dataset.name.substr(0, dataset.name.size() - 1), dataset.type_text);
    const auto tensor = (*file)->read(dataset.name);
    ASSERT_TRUE(tensor.ok());
    EXPECT_EQ(tensor->shape, shapes[static_cast<size_t>(dataset.name.back() - '1')]);
    for (int64_t i = 0; i < tensor->size(); ++i)
      ASSERT_EQ(tensor->f32()[static_cast<size_t>(i)], element(i)) << dataset.name << " " << i;
  }
}

TEST(Hdf5Writer, APlaceThatCannotBeWrittenIsAnError) {
  const TemporaryDirectory folder;
  const auto writer = st::Hdf5Writer::create(folder / "absent/weights.h5");
  const Diagnostic problem = error_of(writer);
  EXPECT_EQ(problem.code, "E0501");
  EXPECT_NE(problem.where.find("absent/weights.h5"), std::string::npos);
}

}  // namespace
}  // namespace st::test
