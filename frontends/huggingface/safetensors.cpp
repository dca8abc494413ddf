// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/safetensors.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "core/support/json.h"

namespace st::huggingface {
namespace {

constexpr size_t LengthBytes = 8;
/// What the format allows for a header.
constexpr uint64_t MostHeaderBytes = 100'000'000;

/// Bytes of an element; 0 for a type that the format does not have.
int64_t width_of(const std::string& dtype) {
  static const std::map<std::string, int64_t> widths = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
      {"U32", 4},  {"F32", 4}, {"I64", 8}, {"U64", 8},     {"F64", 8}};
  const auto found = widths.find(dtype);
  return found == widths.end() ? 0 : found->second;
}

/// Integers of at least 0; nullopt for anything else.
std::optional<std::vector<int64_t>> counts_of(const json::Value* value) {
  const json::Array* array = value != nullptr ? value->array() : nullptr;
  if (array == nullptr) return std::nullopt;
  std::vector<int64_t> counts;
  for (const json::Value& entry : *array) {
    const int64_t* count = entry.integer();
    if (count == nullptr || *count < 0) return std::nullopt;
    counts.push_back(*count);
  }
  return counts;
}

/// Bytes of a tensor; nullopt where they are more than a file can have.
std::optional<int64_t> bytes_of(const std::vector<int64_t>& shape, int64_t width) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t bytes = width;
  for (const int64_t extent : shape) {
    if (extent > std::numeric_limits<int64_t>::max() / bytes) return std::nullopt;
    bytes *= extent;
  }
  return bytes;
}

class HeaderReader {
 public:
  HeaderReader(const std::filesystem::path& path, std::span<const std::byte> file)
      : path_(path), file_(file) {}

  Result<std::map<std::string, StoredTensor>> read() {
    if (file_.size() < LengthBytes)
      return damaged("has " + std::to_string(file_.size()) +
                     " bytes, less than its header's length");
    uint64_t length = 0;
    for (size_t i = LengthBytes; i-- > 0;) length = length << 8 | static_cast<uint64_t>(file_[i]);
    const uint64_t rest = file_.size() - LengthBytes;
    if (length > MostHeaderBytes || length > rest)
      return damaged("claims a header of " + std::to_string(length) + " bytes and has " +
                     std::to_string(rest) + " behind its length");
    const std::string_view text(reinterpret_cast<const char*>(file_.data()) + LengthBytes, length);
    data_ = file_.subspan(LengthBytes + length);
    const auto header = json::parse(text, path_.filename().string() + " header");
    if (!header.ok()) {
      Diagnostic problem = damaged("has a header that is no JSON");
      const Diagnostic& why = header.errors().front();
      problem.details.push_back(why.where + ": " + why.message);
      return problem;
    }
    if (header->object() == nullptr) return damaged("has a header that is no JSON object");
    for (const auto& [name, entry] : *header->object()) {
      if (name == "__metadata__") continue;
      ST_CHECK(read_tensor(name, entry));
    }
    ST_CHECK(check_order());
    return std::move(tensors_);
  }

 private:
  struct Range {
    int64_t begin, end;
    std::string name;
  };

  [[nodiscard]] Diagnostic damaged(const std::string& what) const {
    return {"E0207",
            "'" + printable(path_.filename().string()) + "' " + what,
            path_.string(),
            {},
            "the file is damaged or cut off: copy or download it again"};
  }

  Status read_tensor(const std::string& name, const json::Value& entry) {
    const auto wrong = [&](const std::string& what) {
      return damaged("describes tensor '" + printable(name) + "' " + what);
    };
    const json::Value* dtype = entry.find("dtype");
    const auto shape = counts_of(entry.find("shape")),
               offsets = counts_of(entry.find("data_offsets"));
    if (dtype == nullptr || dtype->string() == nullptr || !shape || !offsets ||
        offsets->size() != 2)
      return wrong("without dtype, shape and two data_offsets");
    const int64_t width = width_of(*dtype->string());
    if (width == 0) return wrong("with the unknown dtype '" + printable(*dtype->string()) + "'");
    const int64_t begin = offsets->front(), end = offsets->back();
    const auto needed = bytes_of(*shape, width);
    if (!needed || begin > end || end - begin != *needed)
      return wrong("with " + std::to_string(end - begin) + " bytes for a shape that needs " +
                   (needed ? std::to_string(*needed) : "more than there can be"));
    ranges_.push_back({begin, end, name});
    if (static_cast<uint64_t>(end) <= data_.size())
      tensors_[name] = {
          *dtype->string(), *shape,
          data_.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))};
    return {};
  }

  /// Tensors follow each other from the first byte to the last.
  Status check_order() {
    std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    int64_t at = 0;
    const Range* before = nullptr;
    for (const Range& range : ranges_) {
      if (range.begin < at && before != nullptr)
        return damaged("has tensors '" + printable(before->name) + "' and '" +
                       printable(range.name) + "' in the same bytes");
      if (range.begin > at)
        return damaged("has " + std::to_string(range.begin - at) + " bytes before tensor '" +
                       printable(range.name) + "' that belong to none");
      at = range.end;
      before = &range;
    }
    const auto size = static_cast<int64_t>(data_.size());
    if (at > size)
      return damaged("ends " + std::to_string(at - size) + " bytes before its tensors do");
    if (at < size) return damaged("has " + std::to_string(size - at) + " bytes behind its tensors");
    return {};
  }

  const std::filesystem::path& path_;
  std::span<const std::byte> file_, data_;
  std::vector<Range> ranges_;
  std::map<std::string, StoredTensor> tensors_;
};

}  // namespace

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile made;
  ST_TRY(file, MappedFile::open(path));
  made.file_ = file;
  ST_TRY(tensors, HeaderReader(path, file->bytes()).read());
  made.tensors_ = std::move(tensors);
  return made;
}

}  // namespace st::huggingface
