// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/mapped.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/support/wide_loops.h"

namespace st::hdf5 {
namespace {

int64_t size_of(int file) {
  struct stat facts = {};
  return fstat(file, &facts) == 0 ? static_cast<int64_t>(facts.st_size) : 0;
}

/// False if one is not finite.
bool widen(DType type, const uint8_t* from, int64_t count, float* to) {
  if (type == DType::F16) return wide::widen_float16(from, count, to);
  if (type == DType::BF16) return wide::widen_bfloat16(from, count, to);
  return wide::copy_float32(from, count, to);
}

}  // namespace

MappedFile::~MappedFile() {
  if (bytes_ != nullptr) munmap(const_cast<uint8_t*>(bytes_), static_cast<size_t>(size_));
  if (file_ >= 0) close(file_);
}

void MappedFile::open() {
  file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  size_ = file_ >= 0 ? size_of(file_) : 0;
  if (size_ == 0) return;
  void* mapped = mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_PRIVATE, file_, 0);
  if (mapped != MAP_FAILED) bytes_ = static_cast<const uint8_t*>(mapped);
}

bool MappedFile::holds(const Hdf5Dataset& info) {
  if (!info.offset || !info.dtype) return false;
  const DType type = *info.dtype;
  if (type != DType::F32 && type != DType::F16 && type != DType::BF16) return false;
  std::call_once(opened_, [this] { open(); });
  const int64_t bytes = bytes_of(type), count = element_count(info.shape);
  // Elements are where the machine wants them; HDF5 writes them so.
  return bytes_ != nullptr && *info.offset % bytes == 0 && *info.offset <= size_ &&
         count <= (size_ - *info.offset) / bytes && size_of(file_) >= size_;
}

std::optional<Tensor> MappedFile::read(const Hdf5Dataset& info) {
  if (!holds(info)) return std::nullopt;
  Tensor tensor = Tensor::zeros(DType::F32, info.shape);
  if (!widen(*info.dtype, bytes_ + *info.offset, tensor.size(), tensor.f32().data()))
    return std::nullopt;
  return tensor;
}

std::optional<Tensor> MappedFile::read(const Hdf5Dataset& info, const Block& block) {
  if (!holds(info)) return std::nullopt;
  const int64_t width = info.shape[1], bytes = bytes_of(*info.dtype);
  const Block part = block.within(info.shape[0], width);
  Tensor tensor = Tensor::zeros(DType::F32, {part.rows, part.columns});
  const uint8_t* from = bytes_ + *info.offset + (part.row * width + part.column) * bytes;
  float* to = tensor.f32().data();
  const bool whole = part.columns == width;  // then all of it is one row
  const int64_t rows = whole ? 1 : part.rows, columns = whole ? tensor.size() : part.columns;
  for (int64_t r = 0; r < rows; ++r) {
    if (!widen(*info.dtype, from + r * width * bytes, columns, to + r * columns))
      return std::nullopt;
  }
  return tensor;
}

}  // namespace st::hdf5
