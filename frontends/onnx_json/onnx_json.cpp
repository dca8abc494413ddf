// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/onnx_json.h"

#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/support/json.h"
#include "core/support/mapped_file.h"
#include "core/support/near_names.h"
#include "core/support/read_file.h"
#include "frontends/onnx_json/attributes.h"
#include "frontends/onnx_json/binary.h"
#include "frontends/onnx_json/dimensions.h"
#include "frontends/onnx_json/field.h"
#include "frontends/onnx_json/tensor_proto.h"
#include "frontends/onnx_json/weight_files.h"

namespace st {
namespace onnx_json {
namespace {

constexpr size_t LargestModel = 64U << 20;  ///< bytes; weights belong in HDF5
constexpr int64_t OldestOpset = 13, NewestOpset = 24;
constexpr size_t MostListed = 50;  ///< symbols in one message

class ModelReader {
 public:
  /// `mapped`: the file, where it is binary.
  ModelReader(const std::filesystem::path& model, const ReadOptions& options,
              std::shared_ptr<const MappedFile> mapped = nullptr)
      : options_(options),
        problems_(model.filename().string()),
        files_(model, options.weights, options.graph_only, std::move(mapped)) {}

  Result<Graph> read(const json::Value& document) {
    const Field root(&document, "", problems_);
    const bool known = root.check_object(
        {"irVersion", "opsetImport", "producerName", "producerVersion", "domain", "modelVersion",
         "docString", "graph", "metadataProps", "trainingInfo", "functions", "configuration"});
    refuse(root, {"functions", "trainingInfo"});
    const Field graph = root.member("graph");
    if (known && !graph.present()) {
      problems_.add("E0104", "the file holds no graph", "", {},
                    "it must be an ONNX ModelProto as JSON");
    }
    if (!graph.present()) return problems_.list();
    read_opset(root.member("opsetImport"));
    read_metadata(root.member("metadataProps"));
    read_graph(graph);
    if (!problems_.empty()) return problems_.list();
    ST_CHECK(graph_.check_and_sort());
    return std::move(graph_);
  }

 private:
  void refuse(const Field& parent, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const Field field = parent.member(name);
      if (!field.filled()) continue;
      problems_.add("E0105", "'" + std::string(name) + "' is not supported", field.pointer(), {},
                    "export the model without it");
    }
  }

  void read_opset(const Field& imports) {
    bool found = false;
    for (const Field& entry : imports.items()) {
      if (!entry.check_object({"domain", "version"})) continue;
      const std::string domain = entry.member("domain").string().value_or("");
      const int64_t version = entry.member("version").integer().value_or(0);
      if (domain == "com.microsoft" && version != 1) {
        problems_.add("E0105",
                      "version " + std::to_string(version) + " of com.microsoft is not known",
                      entry.pointer(), {}, "there is version 1");
      }
      if (!domain.empty() && domain != "ai.onnx") continue;
      found = true;
      graph_.opset = version;
      if (version >= OldestOpset && version <= NewestOpset) continue;
      problems_.add("E0105",
                    "opset " + std::to_string(version) +
                        (version < OldestOpset ? " is too old" : " is not known") + "; opsets " +
                        std::to_string(OldestOpset) + " to " + std::to_string(NewestOpset) +
                        " are supported",
                    entry.pointer(), {}, "convert the model with onnx.version_converter");
    }
    if (found) return;
    problems_.add("E0105", "the model imports no opset of the default domain", imports.pointer(),
                  {}, "add {\"domain\": \"\", \"version\": \"24\"}");
  }

  void read_metadata(const Field& props) {
    for (const Field& entry : props.items()) {
      if (!entry.check_object({"key", "value"})) continue;
      const auto key = entry.member("key").string();
      if (!key) {
        entry.expected("an entry with a key");
        continue;
      }
      graph_.metadata[*key] = entry.member("value").string().value_or("");
    }
  }

  void read_graph(const Field& graph) {
    if (!graph.check_object({"node", "name", "initializer", "sparseInitializer", "docString",
                             "input", "output", "valueInfo", "quantizationAnnotation",
                             "metadataProps"})) {
      return;
    }
    refuse(graph, {"sparseInitializer", "quantizationAnnotation"});
    graph_.name = graph.member("name").string().value_or("");
    for (const Field& field : graph.member("initializer").items()) read_initializer(field);
    read_inputs(graph.member("input"));
    const auto nodes = graph.member("node").items();
    for (size_t i = 0; i < nodes.size(); ++i) read_node(nodes[i], i);
    for (const Field& field : graph.member("output").items()) {
      const auto name = value_info_name(field);
      if (!name) continue;
      const ValueId id = value_named(*name, field);
      graph_.outputs.push_back(id);
      declare(id, field);
    }
    for (const Field& field : graph.member("valueInfo").items()) {
      const auto name = value_info_name(field);
      const auto found = name ? ids_.find(*name) : ids_.end();
      if (found != ids_.end()) declare(found->second, field);
    }
  }

  /// The value of that name; made on first mention, at `field`.
  ValueId value_named(const std::string& name, const Field& field) {
    const auto [found, is_new] = ids_.try_emplace(name, NoValue);
    if (is_new) {
      found->second = graph_.add_value(name);
      graph_.values.back().where = field.where();
    }
    return found->second;
  }

  std::optional<std::string> value_info_name(const Field& field) {
    if (!field.check_object({"name", "type", "docString", "metadataProps"})) return std::nullopt;
    auto name = field.member("name").string();
    if (name && !name->empty()) return name;
    field.expected("a value with a name");
    return std::nullopt;
  }

  /// Makes `id` a constant.
  void set_constant(ValueId id, const TensorProto& tensor, const Field& field) {
    Value& value = graph_.values[id];
    if (value.constant) {
      problems_.add("E0303", "value '" + printable(value.name) + "' is produced twice",
                    field.pointer(), {"first at " + value.where}, "give one of them another name");
      return;
    }
    value.constant = tensor.source;
    value.where = field.where();
    value.type = TensorType{tensor.dtype, {tensor.shape.begin(), tensor.shape.end()}};
  }

  void read_initializer(const Field& field) {
    const auto tensor = read_tensor(field, files_);
    if (!tensor) return;
    if (tensor->name.empty()) {
      field.expected("an initializer with a name");
      return;
    }
    set_constant(value_named(tensor->name, field), *tensor, field);
  }

  void read_inputs(const Field& field) {
    const auto bounds = read_bounds(graph_.metadata, options_.dims, problems_);
    std::vector<std::tuple<ValueId, Field, DeclaredType>> inputs;
    for (const Field& input : field.items()) {
      const auto name = value_info_name(input);
      if (!name) continue;
      const ValueId id = value_named(*name, input);
      if (graph_.values[id].constant) continue;  // listed as before IR version 4: a default value
      graph_.inputs.push_back(id);
      const bool typed = input.member("type").present();
      const auto declared = read_declared_type(input);
      if (declared && declared->has_shape) {
        inputs.emplace_back(id, input, *declared);
      } else if (declared || !typed) {  // other problems are reported already
        problems_.add("E0103", "input '" + printable(*name) + "' has no type with a shape",
                      input.pointer());
      }
    }
    // A batch of one is a constant; sequences stay symbols even if they have one length.
    for (const auto& [id, input, declared] : inputs) {
      if (declared.shape.empty() || !declared.shape[0]) continue;
      for (const auto& [symbol, coefficient] : declared.shape[0]->terms()) {
        const auto found = bounds.find(symbol);
        if (found == bounds.end() || found->second.low != found->second.high) continue;
        fixed_[symbol] = found->second.low;
      }
    }
    std::vector<std::pair<std::string, std::string>> unbounded;  // symbol, where it is used
    for (const auto& [id, input, declared] : inputs) {
      const std::string shown = "input '" + printable(graph_.values[id].name) + "'";
      TensorType type{declared.dtype, {}};
      for (size_t d = 0; d < declared.shape.size(); ++d) {
        if (declared.shape[d]) {
          const std::string place = shown + ", dimension " + std::to_string(d);
          type.shape.push_back(bound(*declared.shape[d], bounds, place, unbounded));
          continue;
        }
        problems_.add(
            "E0103",
            "dimension " + std::to_string(d) + " of " + shown + " is neither a size nor a name",
            input.pointer() + "/type/tensorType/shape/dim/" + std::to_string(d), {},
            "give dimValue, or dimParam with a name or a sum of names");
      }
      graph_.values[id].type = std::move(type);
    }
    report_unbounded(unbounded, field);
    check_dim_options(field);
  }

  /// `extent` with fixed symbols replaced; notes the bounds of the others.
  Extent bound(const Extent& extent, const std::map<std::string, Range>& bounds,
               const std::string& place,
               std::vector<std::pair<std::string, std::string>>& unbounded) {
    Extent result = extent;
    for (const auto& [symbol, coefficient] : extent.terms()) {
      const bool first = used_symbols_.insert(symbol).second;
      const auto found = bounds.find(symbol);
      if (found == bounds.end()) {
        if (first) unbounded.emplace_back(symbol, place);
      } else if (const auto fixed = fixed_.find(symbol); fixed != fixed_.end()) {
        result = result.substitute(symbol, Extent(fixed->second));
      } else {
        graph_.symbols[symbol] = found->second;
      }
    }
    return result;
  }

  void report_unbounded(const std::vector<std::pair<std::string, std::string>>& unbounded,
                        const Field& field) {
    if (unbounded.empty()) return;
    std::vector<std::string> details;
    std::string help = "give their ranges:";
    for (const auto& [symbol, place] : unbounded) {
      if (details.size() == MostListed) {
        details.push_back("... and " + std::to_string(unbounded.size() - MostListed) + " more");
        break;
      }
      details.push_back("'" + printable(symbol) + "' of " + place);
      help += " --dim " + printable(symbol) + "=1..128";
    }
    problems_.add(
        "E0304",
        std::to_string(unbounded.size()) +
            (unbounded.size() == 1 ? " symbolic dimension has" : " symbolic dimensions have") +
            " no bounds",
        field.pointer(), std::move(details), std::move(help));
  }

  void check_dim_options(const Field& field) {
    const std::vector<std::string> known(used_symbols_.begin(), used_symbols_.end());
    for (const auto& entry : options_.dims) {
      if (used_symbols_.count(entry.first) != 0) continue;
      std::vector<std::string> details;
      for (const std::string& name : known) details.push_back("there is '" + printable(name) + "'");
      if (details.size() > MostListed) details.resize(MostListed);
      problems_.add("E0801",
                    "no input has a dimension '" + printable(entry.first) + "', given by --dim",
                    field.pointer(), std::move(details), did_you_mean(entry.first, known));
    }
  }

  /// Sets the declared type of `id`, if all its dimensions can be expressed by those of the inputs.
  void declare(ValueId id, const Field& field) {
    const auto declared = read_declared_type(field);
    if (!declared || !declared->has_shape || graph_.values[id].type) return;
    TensorType type{declared->dtype, {}};
    for (const auto& dim : declared->shape) {
      if (!dim) return;
      Extent extent = *dim;
      for (const auto& [symbol, coefficient] : dim->terms()) {
        const auto fixed = fixed_.find(symbol);
        if (fixed != fixed_.end()) {
          extent = extent.substitute(symbol, Extent(fixed->second));
        } else if (graph_.symbols.count(symbol) == 0) {
          return;
        }
      }
      type.shape.push_back(std::move(extent));
    }
    graph_.values[id].type = std::move(type);
  }

  std::vector<ValueId> read_values(const Field& names, const Field& node) {
    std::vector<ValueId> ids;
    for (const Field& item : names.items()) {
      const std::string name = item.string().value_or("");
      ids.push_back(name.empty() ? NoValue : value_named(name, node));
    }
    return ids;
  }

  void read_node(const Field& field, size_t index) {
    if (!field.check_object({"input", "output", "name", "opType", "domain", "overload", "attribute",
                             "docString", "metadataProps", "deviceConfigurations"})) {
      return;
    }
    const auto op = field.member("opType").string();
    if (!op || op->empty()) {
      field.expected("a node with an opType");
      return;
    }
    Node node;
    node.op = *op;
    node.name = field.member("name").string().value_or("");
    if (node.name.empty()) node.name = node.op + "_" + std::to_string(index);
    node.domain = field.member("domain").string().value_or("");
    if (node.domain == "ai.onnx") node.domain.clear();
    node.where = field.where();
    node.inputs = read_values(field.member("input"), field);
    node.outputs = read_values(field.member("output"), field);
    auto attributes = read_attributes(field.member("attribute"), node.op, files_);
    if (node.op == "Constant" && node.domain.empty()) {
      const auto value = constant_value(attributes, field);
      if (value && node.outputs.size() == 1 && node.outputs[0] != NoValue) {
        set_constant(node.outputs[0], *value, field);
      } else if (value) {
        field.expected("a Constant with one output");
      }
      return;
    }
    node.attributes = std::move(attributes.plain);
    graph_.nodes.push_back(std::move(node));
  }

  const ReadOptions& options_;
  Problems problems_;
  WeightFiles files_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
  std::map<std::string, int64_t> fixed_;  ///< batch sizes of a single value
  std::set<std::string> used_symbols_;    ///< all symbols of graph inputs
};

}  // namespace
}  // namespace onnx_json

Result<Graph> read_onnx_json(const std::filesystem::path& model, const ReadOptions& options) {
  ST_TRY(text, read_file(model, onnx_json::LargestModel));
  ST_TRY(document, json::parse(text, model.filename().string()));
  text = std::string();  // the tree has copies of what it needs
  return onnx_json::ModelReader(model, options).read(document);
}

Result<Graph> read_onnx(const std::filesystem::path& model, const ReadOptions& options) {
  if (!onnx_json::is_binary(model)) return read_onnx_json(model, options);
  ST_TRY(file, MappedFile::open(model));
  ST_TRY(tree, onnx_json::read_binary(file->bytes(), model.filename().string()));
  return onnx_json::ModelReader(model, options, file).read(tree);
}

Result<std::string> onnx_text(const std::filesystem::path& model) {
  if (!onnx_json::is_binary(model)) return read_file(model, onnx_json::LargestModel);
  ST_TRY(file, MappedFile::open(model));
  const std::string name = model.filename().string();
  ST_TRY(tree, onnx_json::read_binary(file->bytes(), name));
  return onnx_json::text_of_binary(tree, file->bytes(), name);
}

}  // namespace st
