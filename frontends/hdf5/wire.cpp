// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/wire.h"

#include <cstring>

namespace st::hdf5 {
namespace {

constexpr int64_t NoType = -1;
constexpr int64_t NoOffset = -1;

/// Appends numbers and length-prefixed strings.
class Writer {
 public:
  void number(int64_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
  }
  void string(const std::string& text) {
    number(static_cast<int64_t>(text.size()));
    bytes_ += text;
  }
  [[nodiscard]] std::string bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Takes them out again. After the first one that is not there, all are zero or empty.
class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  int64_t number() {
    int64_t value = 0;
    if (bytes_.size() - at_ < sizeof value) {
      good_ = false;
      return 0;
    }
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  /// A number of things that take at least eight bytes each.
  size_t count() {
    const int64_t count = number();
    if (count < 0 || static_cast<size_t>(count) > (bytes_.size() - at_) / 8) {
      good_ = false;
      return 0;
    }
    return static_cast<size_t>(count);
  }
  std::string string() {
    const int64_t length = number();
    if (length < 0 || static_cast<size_t>(length) > bytes_.size() - at_) {
      good_ = false;
      return "";
    }
    at_ += static_cast<size_t>(length);
    return bytes_.substr(at_ - static_cast<size_t>(length), static_cast<size_t>(length));
  }
  /// Everything was there, and nothing is left.
  [[nodiscard]] bool done() const { return good_ && at_ == bytes_.size(); }

 private:
  const std::string& bytes_;
  size_t at_ = 0;
  bool good_ = true;
};

void put(Writer& out, const Diagnostics& problems) {
  out.number(static_cast<int64_t>(problems.size()));
  for (const Diagnostic& problem : problems) {
    out.string(problem.code);
    out.string(problem.message);
    out.string(problem.where);
    out.number(static_cast<int64_t>(problem.details.size()));
    for (const std::string& detail : problem.details) out.string(detail);
    out.string(problem.help);
  }
}

Diagnostics get_problems(Reader& in) {
  Diagnostics problems(in.count());
  for (Diagnostic& problem : problems) {
    problem.code = in.string();
    problem.message = in.string();
    problem.where = in.string();
    problem.details.resize(in.count());
    for (std::string& detail : problem.details) detail = in.string();
    problem.help = in.string();
  }
  return problems;
}

Diagnostic broken(const std::string& where) {
  return {"E0206",
          "the file is damaged",
          where,
          {"HDF5 gave no sensible answer"},
          "copy or write the file again"};
}

}  // namespace

std::string pack(const Result<std::vector<Hdf5Dataset>>& listing) {
  Writer out;
  put(out, listing.ok() ? Diagnostics{} : listing.errors());
  if (!listing.ok()) return out.bytes();
  out.number(static_cast<int64_t>(listing->size()));
  for (const Hdf5Dataset& dataset : *listing) {
    out.string(dataset.name);
    out.number(static_cast<int64_t>(dataset.shape.size()));
    for (const int64_t extent : dataset.shape) out.number(extent);
    out.number(dataset.dtype ? static_cast<int64_t>(*dataset.dtype) : NoType);
    out.string(dataset.type_text);
    out.number(dataset.offset.value_or(NoOffset));
  }
  return out.bytes();
}

std::string pack(const Status& status) {
  Writer out;
  put(out, status.ok() ? Diagnostics{} : status.errors());
  return out.bytes();
}

Result<std::vector<Hdf5Dataset>> unpack_listing(const std::string& bytes,
                                                const std::string& where) {
  Reader in(bytes);
  const Diagnostics problems = get_problems(in);
  if (!problems.empty()) return in.done() ? problems : Diagnostics{broken(where)};
  std::vector<Hdf5Dataset> datasets(in.count());
  for (Hdf5Dataset& dataset : datasets) {
    dataset.name = in.string();
    dataset.shape.resize(in.count());
    for (int64_t& extent : dataset.shape) extent = in.number();
    const int64_t type = in.number();
    if (type >= 0 && type <= static_cast<int64_t>(DType::Bool))
      dataset.dtype = static_cast<DType>(type);
    dataset.type_text = in.string();
    if (const int64_t offset = in.number(); offset >= 0) dataset.offset = offset;
  }
  if (!in.done()) return broken(where);
  return datasets;
}

Status unpack_status(const std::string& bytes, const std::string& where) {
  Reader in(bytes);
  const Diagnostics problems = get_problems(in);
  if (!in.done()) return broken(where);
  return problems;
}

}  // namespace st::hdf5
