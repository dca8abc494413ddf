// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/tensor_proto.h"

#include <algorithm>
#include <charconv>

#include "frontends/onnx_json/dimensions.h"
#include "frontends/onnx_json/raw_data.h"

namespace st::onnx_json {
namespace {

constexpr int64_t MostElements = int64_t{1} << 40;
constexpr size_t MostRank = 16;

std::optional<std::vector<int64_t>> read_shape(const Field& dims) {
  auto shape = dims.integers();
  if (!shape) return std::nullopt;
  for (size_t d = 0; d < shape->size(); ++d) {
    const int64_t extent = (*shape)[d];
    if (extent < 0 || extent > MostExtent) {
      dims.problems().add("E0103",
                          "dimension " + std::to_string(extent) + " is not between 0 and " +
                              std::to_string(MostExtent),
                          dims.pointer() + "/" + std::to_string(d));
      return std::nullopt;
    }
  }
  if (shape->size() > MostRank || element_count(*shape) > MostElements) {
    dims.problems().add("E0103", "the tensor has too many dimensions or elements", dims.pointer());
    return std::nullopt;
  }
  return shape;
}

/// The entries of externalData that mean something here.
struct ExternalData {
  std::optional<std::string> location;
  std::optional<std::string> dataset;      ///< in an HDF5 file
  std::optional<uint64_t> offset, length;  ///< bytes of raw data
};

std::optional<uint64_t> parse_bytes(const std::string& text) {
  uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || text.empty())
    return std::nullopt;
  return value;
}

std::optional<ExternalData> read_external(const Field& field) {
  ExternalData external;
  bool good = true;
  for (const Field& entry : field.items()) {
    if (!entry.check_object({"key", "value"})) {
      good = false;
      continue;
    }
    const auto key = entry.member("key").string();
    const auto value = entry.member("value").string();
    if (!key || !value) {
      if (entry.problems().empty() || !key) entry.expected("a key and a value, both strings");
      good = false;
    } else if (*key == "location") {
      external.location = value;
    } else if (*key == "dataset") {
      external.dataset = value;
    } else if (*key == "offset" || *key == "length") {
      auto& bytes = *key == "offset" ? external.offset : external.length;
      bytes = parse_bytes(*value);
      if (bytes) continue;
      entry.problems().add("E0103",
                           "'" + printable(*value) + "' is no number of bytes, as '" + *key +
                               "' of external data has to be",
                           entry.pointer());
      good = false;
    } else if (*key != "checksum") {  // which nobody is asked to verify
      entry.problems().add("E0105",
                           "external data with '" + printable(*key) + "' are not supported",
                           entry.pointer(), {},
                           "weights are read by 'location', and 'offset' and 'length' of raw data, "
                           "or 'dataset' of HDF5");
      good = false;
    }
  }
  if (good && external.dataset && (external.offset || external.length)) {
    field.problems().add("E0105", "external data have a dataset as well as an offset or length",
                         field.pointer());
    good = false;
  }
  if (good && !external.location && (external.offset || external.length)) {
    field.problems().add("E0105", "external data have an offset or length, but no location",
                         field.pointer());
    good = false;
  }
  return good ? std::optional(external) : std::nullopt;
}

/// The part of `file` that holds the tensor's data. nullopt after a complaint.
std::optional<RawData> external_part(const ExternalData& external, const TensorProto& tensor,
                                     const Field& field, WeightFiles& files) {
  const auto file = files.open_raw(*external.location, field);
  if (file == nullptr) return std::nullopt;
  const uint64_t size = file->bytes().size(), offset = external.offset.value_or(0);
  const auto needed = static_cast<uint64_t>(element_count(tensor.shape) * bytes_of(tensor.dtype));
  const std::string need = "the tensor needs " + std::to_string(needed) + " bytes";
  if (external.length && *external.length != needed) {
    field.problems().add("E0203",
                         "weight '" + printable(tensor.name) + "' has " +
                             std::to_string(*external.length) + " bytes of external data",
                         field.pointer(), {need});
    return std::nullopt;
  }
  if (offset > size || needed > size - offset) {
    field.problems().add("E0206",
                         "weights file '" + printable(*external.location) + "' is too short",
                         field.pointer(),
                         {need + " from byte " + std::to_string(offset) + " on",
                          "the file has " + std::to_string(size)},
                         "copy the file again; it may have been cut");
    return std::nullopt;
  }
  return RawData{file, file->bytes().subspan(offset, needed),
                 *external.location + ":" + std::to_string(offset)};
}

/// Stands for a weight where only the graph is wanted.
class UnreadConstant final : public ConstantSource {
 public:
  explicit UnreadConstant(std::string dataset) : dataset_(std::move(dataset)) {}
  Result<Tensor> load() const override {
    return Diagnostic{"E0201", "weight '" + printable(dataset_) + "' was not read", "", {}, ""};
  }
  std::string describe() const override { return dataset_; }

 private:
  std::string dataset_;
};

}  // namespace

std::optional<TensorProto> read_tensor(const Field& field, WeightFiles& files) {
  if (!field.check_object({"dims", "dataType", "segment", "floatData", "int32Data", "stringData",
                           "int64Data", "name", "docString", "rawData", "externalData",
                           "dataLocation", "doubleData", "uint64Data", "metadataProps"})) {
    return std::nullopt;
  }
  for (const char* unsupported : {"segment", "stringData", "uint64Data"}) {
    const Field found = field.member(unsupported);
    if (!found.filled()) continue;
    field.problems().add("E0105", "'" + std::string(unsupported) + "' is not supported",
                         found.pointer());
    return std::nullopt;
  }
  TensorProto tensor;
  tensor.name = field.member("name").string().value_or("");
  const auto dtype = read_dtype(field.member("dataType"));
  const auto shape = read_shape(field.member("dims"));
  if (!dtype || !shape) return std::nullopt;
  tensor.dtype = *dtype;
  tensor.shape = *shape;

  const Field location = field.member("dataLocation");
  const auto where = location.enumerator({"DEFAULT", "EXTERNAL"});
  if (where && *where < 0) {
    location.expected("\"DEFAULT\" or \"EXTERNAL\"");
    return std::nullopt;
  }
  const Field external = field.member("externalData");
  const bool is_external = where.value_or(0) == 1 || external.filled();
  const bool is_inline = has_inline_data(field);
  if (is_external && is_inline) {
    field.problems().add("E0105", "the tensor has external data and data of its own",
                         field.pointer());
    return std::nullopt;
  }
  // An empty tensor has no data wherever it is.
  if (is_inline || (!is_external && element_count(*shape) == 0)) {
    tensor.source = read_inline_data(field, tensor, files);
    return tensor.source ? std::optional(tensor) : std::nullopt;
  }
  const auto entries = read_external(external);
  if (!entries) return std::nullopt;
  const std::string dataset = entries->dataset.value_or(tensor.name);
  if (dataset.empty()) {
    field.problems().add("E0103", "a tensor without data needs a name or a dataset",
                         field.pointer());
    return std::nullopt;
  }
  if (files.ignored()) {
    tensor.source = std::make_shared<UnreadConstant>(dataset);
    return tensor;
  }
  const bool placed = entries->offset || entries->length;
  if (entries->location && !entries->dataset && !files.is_hdf5(*entries->location)) {
    auto part = external_part(*entries, tensor, field, files);
    if (!part) return std::nullopt;
    tensor.source = raw_constant(std::move(*part), *dtype, *shape, tensor.name, field.where());
    return tensor;
  }
  if (placed && !files.given()) {
    field.problems().add("E0105",
                         "external data in an HDF5 file have a dataset, no offset and length",
                         field.pointer());
    return std::nullopt;
  }
  const auto file = files.open(entries->location, field);
  if (file == nullptr) return std::nullopt;
  const Status fits =
      check_hdf5_constant(*file, dataset, *dtype, *shape, tensor.name, field.where());
  if (!fits.ok()) {
    field.problems().add(fits.errors());
    return std::nullopt;
  }
  tensor.source = hdf5_constant(file, dataset, *dtype);
  return tensor;
}

}  // namespace st::onnx_json
