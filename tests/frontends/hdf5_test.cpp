// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/hdf5_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "test_files.h"

namespace st {
namespace {

using test::error_of;
using test::Hdf5Writer;
using test::Layout;

class Hdf5 : public ::testing::Test {
 protected:
  std::shared_ptr<const Hdf5File> open() {
    auto file = Hdf5File::open(path_);
    EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.errors().front().message);
    return file.ok() ? *file : nullptr;
  }
  Result<Tensor> read(const std::string& name) { return open()->read(name); }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "weights.h5";
};

/// A 16-bit float type of HDF5.
hid_t small_float(size_t exponent, size_t mantissa, size_t bias, H5T_order_t order) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, mantissa, exponent, 0, mantissa);
  H5Tset_precision(type, 16);
  H5Tset_ebias(type, bias);
  H5Tset_size(type, 2);
  H5Tset_order(type, order);
  return type;
}

const std::vector<float> Values = {0.0F, -1.5F, 2.0F, 0.25F, 100.0F, -0.125F};

TEST_F(Hdf5, ReadsFloatsOfAllWidthsLayoutsAndByteOrders) {
  const std::vector<hid_t> types = {H5T_IEEE_F32LE,
                                    H5T_IEEE_F32BE,
                                    H5T_IEEE_F64LE,
                                    H5T_IEEE_F64BE,
                                    small_float(5, 10, 15, H5T_ORDER_LE),
                                    small_float(5, 10, 15, H5T_ORDER_BE),
                                    small_float(8, 7, 127, H5T_ORDER_LE),
                                    small_float(8, 7, 127, H5T_ORDER_BE)};
  const std::vector<DType> expected = {DType::F32, DType::F32, DType::F64,  DType::F64,
                                       DType::F16, DType::F16, DType::BF16, DType::BF16};
  const auto name = [](size_t type, int layout) {
    return "group/t" + std::to_string(type) + "/l" + std::to_string(layout);
  };
  {
    Hdf5Writer writer(path_);
    for (size_t t = 0; t < types.size(); ++t) {
      for (int layout = 0; layout < 4; ++layout) {
        writer.dataset(name(t, layout), types[t], H5T_NATIVE_FLOAT, {2, 3}, Values.data(),
                       static_cast<Layout>(layout));
      }
    }
  }
  const auto file = open();
  for (size_t t = 0; t < types.size(); ++t) {
    for (int layout = 0; layout < 4; ++layout) {
      SCOPED_TRACE(name(t, layout));
      const auto info = file->find(name(t, layout));
      ASSERT_TRUE(info.ok());
      EXPECT_EQ((*info)->dtype, expected[t]);
      EXPECT_EQ((*info)->shape, (std::vector<int64_t>{2, 3}));
      const auto tensor = file->read("/" + name(t, layout));
      ASSERT_TRUE(tensor.ok());
      EXPECT_EQ(tensor->f32(), Values);
      EXPECT_EQ(tensor->shape, (std::vector<int64_t>{2, 3}));
    }
  }
}

TEST_F(Hdf5, ReadsEveryFiniteHalf) {
  std::vector<uint16_t> bits;
  std::vector<float> expected;
  for (uint32_t b = 0; b < 0x10000; ++b) {
    const int exponent = static_cast<int>(b >> 10 & 31);
    const int mantissa = static_cast<int>(b & 0x3ff);
    if (exponent == 31) continue;
    bits.push_back(static_cast<uint16_t>(b));
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    expected.push_back(static_cast<float>(b & 0x8000 ? -magnitude : magnitude));
  }
  const hid_t half = small_float(5, 10, 15, H5T_ORDER_LE);
  Hdf5Writer(path_).dataset("half", half, half, {bits.size()}, bits.data());
  const auto tensor = read("half");
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->f32(), expected);
}

TEST_F(Hdf5, ReadsBfloat16BitPatterns) {
  std::vector<uint16_t> bits;
  for (const float value : Values) {
    bits.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
  }
  {
    Hdf5Writer writer(path_);
    writer.dataset("le", H5T_STD_U16LE, H5T_NATIVE_UINT16, {6}, bits.data(), Layout::Gzip,
                   "bfloat16");
    writer.dataset("be", H5T_STD_U16BE, H5T_NATIVE_UINT16, {6}, bits.data(), Layout::Compact,
                   "bfloat16");
    writer.dataset("plain", H5T_STD_U16LE, H5T_NATIVE_UINT16, {6}, bits.data());
  }
  EXPECT_EQ(read("le")->f32(), Values);
  EXPECT_EQ(read("be")->f32(), Values);
  EXPECT_EQ((*open()->find("le"))->dtype, DType::BF16);
  const auto plain = error_of(read("plain"));
  EXPECT_EQ(plain.code, "E0204");
  EXPECT_NE(plain.message.find("an unsigned integer type of 16 bits"), std::string::npos);
}

TEST_F(Hdf5, ReadsIntegersOfBothByteOrders) {
  const std::vector<int64_t> data = {0, 1, -1, 100, -128, 127};
  const std::vector<int64_t> unsigned_data = {0, 1, 255, 100, 128, 127};
  {
    Hdf5Writer writer(path_);
    writer.dataset("i8", H5T_STD_I8LE, H5T_NATIVE_INT64, {6}, data.data());
    writer.dataset("u8", H5T_STD_U8LE, H5T_NATIVE_INT64, {6}, unsigned_data.data());
    writer.dataset("i32", H5T_STD_I32LE, H5T_NATIVE_INT64, {6}, data.data(), Layout::Gzip);
    writer.dataset("i32be", H5T_STD_I32BE, H5T_NATIVE_INT64, {6}, data.data());
    writer.dataset("i64", H5T_STD_I64LE, H5T_NATIVE_INT64, {6}, data.data());
    writer.dataset("i64be", H5T_STD_I64BE, H5T_NATIVE_INT64, {6}, data.data(), Layout::Chunked);
    writer.dataset("scalar", H5T_STD_I64LE, H5T_NATIVE_INT64, {}, &data[3]);
    writer.dataset("i16", H5T_STD_I16LE, H5T_NATIVE_INT64, {6}, data.data());
  }
  const auto file = open();
  const auto check = [&](const std::string& name, DType memory,
                         const std::vector<int64_t>& expected) {
    const auto tensor = file->read(name);
    ASSERT_TRUE(tensor.ok()) << name;
    EXPECT_EQ(tensor->dtype(), memory) << name;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(tensor->integer(static_cast<int64_t>(i)), expected[i]) << name;
    }
  };
  check("i8", DType::I8, data);
  check("u8", DType::I32, unsigned_data);
  check("i32", DType::I32, data);
  check("i32be", DType::I32, data);
  check("i64", DType::I64, data);
  check("i64be", DType::I64, data);
  check("scalar", DType::I64, {100});
  EXPECT_EQ(error_of(file->read("i16")).code, "E0204");
}

TEST_F(Hdf5, ReadsBooleanEnumerations) {
  const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  int8_t value = 0;
  H5Tenum_insert(type, "FALSE", &value);
  value = 1;
  H5Tenum_insert(type, "TRUE", &value);
  const std::vector<int8_t> data = {1, 0, 1};
  Hdf5Writer(path_).dataset("mask", type, type, {3}, data.data());
  EXPECT_EQ((*open()->find("mask"))->dtype, DType::Bool);
  EXPECT_EQ(read("mask")->as<int32_t>(), (std::vector<int32_t>{1, 0, 1}));
}

TEST_F(Hdf5, OtherTypesAreListedButNotRead) {
  {
    Hdf5Writer writer(path_);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    writer.dataset("text", text, text, {1}, "abc");
    writer.floats("a/b", {1}, {1});
  }
  const auto file = open();
  ASSERT_EQ(file->datasets().size(), 2U);
  EXPECT_EQ(file->datasets()[0].name, "a/b");
  EXPECT_EQ(file->datasets()[1].dtype, std::nullopt);
  const auto problem = error_of(file->read("text"));
  EXPECT_EQ(problem.code, "E0204");
  EXPECT_EQ(problem.message, "dataset 'text' has strings, which is not supported");
}

TEST_F(Hdf5, MissingDatasetSuggestsNames) {
  Hdf5Writer(path_).floats("h.0/attn/weight", {1}, {1});
  const auto problem = error_of(read("h.0/atn/weight"));
  EXPECT_EQ(problem.code, "E0202");
  EXPECT_EQ(problem.help, "did you mean 'h.0/attn/weight'?");
}

TEST_F(Hdf5, NotFiniteWeightsNameTheFirst) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<double> large = {1e300};
  {
    Hdf5Writer writer(path_);
    writer.floats("w", {2, 3}, {0, 1, 2, 3, nan, infinity});
    writer.floats("inf", {1}, {-infinity});
    writer.dataset("large", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {1}, large.data());
  }
  const auto problem = error_of(read("w"));
  EXPECT_EQ(problem.code, "E0205");
  EXPECT_EQ(problem.message, "weight 'w' holds 2 values that are not finite");
  EXPECT_EQ(problem.details, std::vector<std::string>{"the first is NaN at [1,1] of [2,3]"});
  EXPECT_EQ(error_of(read("inf")).details,
            std::vector<std::string>{"the first is -infinity at [0] of [1]"});
  EXPECT_EQ(error_of(read("large")).code, "E0205");
}

TEST_F(Hdf5, BlocksArePartsOfTheWhole) {
  std::vector<float> values(30 * 20);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  {
    Hdf5Writer writer(path_);
    for (const Layout layout : {Layout::Compact, Layout::Contiguous, Layout::Chunked, Layout::Gzip})
      writer.dataset("w" + std::to_string(static_cast<int>(layout)), H5T_IEEE_F32LE,
                     H5T_NATIVE_FLOAT, {30, 20}, values.data(), layout);
    writer.dataset("be", H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, {30, 20}, values.data());
    writer.dataset("f64", H5T_IEEE_F64LE, H5T_NATIVE_FLOAT, {30, 20}, values.data());
    writer.dataset("row", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {600}, values.data());
  }
  const auto file = open();
  for (const Hdf5Dataset& info : file->datasets()) {
    SCOPED_TRACE(info.name);
    const bool contiguous = info.name == "w" + std::to_string(static_cast<int>(Layout::Contiguous));
    EXPECT_EQ(file->has_blocks(info.name), contiguous);
    EXPECT_EQ(info.offset.has_value(), contiguous || info.name == "f64" || info.name == "row");
    const auto whole = file->read(info.name);
    ASSERT_TRUE(whole.ok());
    EXPECT_EQ(whole->f32(), values);
    if (info.shape.size() != 2) continue;
    for (const Block& block : {Block{}, Block{3, 4, 5, 6}, Block{28, 9, 0, Block::All},
                               Block{30, 1, 0, 3}, Block{0, 2, 19, 5}}) {
      const auto part = file->read_block(info.name, block);
      ASSERT_TRUE(part.ok());
      EXPECT_EQ(*part, block_of(*whole, block));
    }
  }
}

TEST_F(Hdf5, ABlockThatIsNotFiniteSaysWhatReadingAllSays) {
  std::vector<float> values(30, 1.0F);
  values[7] = std::numeric_limits<float>::quiet_NaN();
  Hdf5Writer(path_).floats("w", {10, 3}, values);
  const auto file = open();
  EXPECT_TRUE(file->read_block("w", {4, 3, 0, Block::All}).ok()) << "there is nothing wrong there";
  const auto problem = error_of(file->read_block("w", {2, 3, 0, Block::All}));
  EXPECT_EQ(problem.code, "E0205");
  EXPECT_EQ(problem.details, std::vector<std::string>{"the first is NaN at [2,1] of [10,3]"});
}

TEST_F(Hdf5, AFileThatIsCutWhileItIsOpenIsAnError) {
  Hdf5Writer(path_).floats("w", {1000, 100}, std::vector<float>(100'000, 1.0F));
  const auto cut_before = open(), cut_behind = open();
  ASSERT_TRUE(cut_behind->read_block("w", {0, 10, 0, Block::All}).ok());
  std::filesystem::resize_file(path_, 4096);
  for (const auto& file : {cut_before, cut_behind}) {
    EXPECT_EQ(error_of(file->read("w")).code, "E0206");
    EXPECT_EQ(error_of(file->read_block("w", {900, 10, 0, Block::All})).code, "E0206");
  }
}

TEST_F(Hdf5, MissingGarbageAndTruncatedFilesGiveOneError) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(test::codes_of(Hdf5File::open(path_)), "E0201");
  EXPECT_EQ(test::codes_of(Hdf5File::open(directory_.path())), "E0201");
  test::write_bytes(path_, "");
  EXPECT_EQ(test::codes_of(Hdf5File::open(path_)), "E0201");
  test::write_bytes(path_, std::string(5000, 'x'));
  EXPECT_EQ(test::codes_of(Hdf5File::open(path_)), "E0201");
  Hdf5Writer(path_).floats("w", {1000}, std::vector<float>(1000, 1.0F));
  const std::string bytes = test::read_bytes(path_);
  test::write_bytes(path_, bytes.substr(0, bytes.size() - 100));
  const auto problem = error_of(Hdf5File::open(path_));
  EXPECT_EQ(problem.code, "E0206");
  EXPECT_NE(problem.message.find("damaged or cut off"), std::string::npos);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "HDF5 must not print";
}

TEST_F(Hdf5, DataThatWasNeverWrittenIsNotZero) {
  {
    Hdf5Writer writer(path_);
    writer.dataset("never", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {4}, nullptr);
    writer.dataset("chunks", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {4}, nullptr, Layout::Gzip);
    const std::vector<hsize_t> huge = {hsize_t{1} << 40, hsize_t{1} << 20};
    writer.dataset("huge", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, huge, nullptr, Layout::Gzip);
    writer.floats("none", {0}, {});
  }
  EXPECT_EQ(error_of(read("never")).code, "E0206");
  EXPECT_EQ(error_of(read("chunks")).code, "E0206");
  EXPECT_EQ(error_of(read("huge")).code, "E0206");
  EXPECT_EQ(read("none")->size(), 0);
}

TEST_F(Hdf5, LinksAndStorageOutsideOfTheFileAreNotFollowed) {
  const auto other = directory_ / "other.h5";
  Hdf5Writer(other).floats("secret", {1}, {1});
  test::write_bytes(directory_ / "raw.bin", "12345678");
  {
    Hdf5Writer writer(path_);
    H5Lcreate_external(other.c_str(), "/secret", writer.file(), "outside", H5P_DEFAULT,
                       H5P_DEFAULT);
    H5Lcreate_soft("/outside", writer.file(), "soft", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, (directory_ / "raw.bin").c_str(), 0, 8);
    const hsize_t extent = 2;
    const hid_t space = H5Screate_simple(1, &extent, nullptr);
    H5Dclose(H5Dcreate2(writer.file(), "raw", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation,
                        H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(creation);
  }
  const auto file = open();
  ASSERT_EQ(file->datasets().size(), 1U);
  const auto problem = error_of(file->read("raw"));
  EXPECT_EQ(problem.code, "E0204");
  EXPECT_EQ(problem.message, "dataset 'raw' keeps its data outside of the file");
}

TEST_F(Hdf5, ConstantsAreCheckedByShapeAndType) {
  const std::vector<int64_t> integers = {1, 2};
  {
    Hdf5Writer writer(path_);
    writer.dataset("half", small_float(5, 10, 15, H5T_ORDER_LE), H5T_NATIVE_INT64, {2},
                   integers.data());
    writer.dataset("i8", H5T_STD_I8LE, H5T_NATIVE_INT64, {2}, integers.data());
    writer.dataset("i64", H5T_STD_I64LE, H5T_NATIVE_INT64, {2}, integers.data());
  }
  const auto file = open();
  const auto check = [&](const std::string& dataset, DType dtype,
                         const std::vector<int64_t>& shape) {
    return check_hdf5_constant(*file, dataset, dtype, shape, "w", "m.json /graph/initializer/0");
  };
  EXPECT_TRUE(check("half", DType::F32, {2}).ok());
  EXPECT_TRUE(check("half", DType::BF16, {2}).ok());
  EXPECT_TRUE(check("i8", DType::I64, {2}).ok());
  EXPECT_EQ(test::codes_of(check("i64", DType::I32, {2})), "E0204");
  EXPECT_EQ(test::codes_of(check("i8", DType::U8, {2})), "E0204");
  EXPECT_EQ(test::codes_of(check("i8", DType::F32, {1, 2})), "E0203 E0204");
  EXPECT_EQ(test::codes_of(check("i9", DType::I8, {2})), "E0202");
  const auto shape = error_of(check("half", DType::F32, {2, 2}));
  EXPECT_EQ(shape.where, "m.json /graph/initializer/0");
  EXPECT_EQ(shape.details, (std::vector<std::string>{"model    f32[2,2]  initializer 'w'",
                                                     "weights  f16[2]  weights.h5:half"}));
  const auto wide = hdf5_constant(file, "i8", DType::I64);
  EXPECT_EQ(wide->describe(), "weights.h5:i8");
  ASSERT_TRUE(wide->load().ok());
  EXPECT_EQ(wide->load()->as<int64_t>(), integers);
}

}  // namespace
}  // namespace st
