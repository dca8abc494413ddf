// SPDX-License-Identifier: Apache-2.0
/// The table of error codes. Keep it sorted: one record per code, found by binary search.
#include <algorithm>

#include "core/support/diagnostics.h"

namespace st {

const std::vector<ErrorCode>& error_codes() {
  using enum Fault;
  static const std::vector<ErrorCode> Codes = {
      {"E0101", BadInput, "an input file is missing or cannot be read",
       "Check the path and its permissions."},
      {"E0102", BadInput, "the model file is neither valid JSON nor a valid ONNX model",
       "Correct JSON at the line and column given; a file that ends early was cut when copied. A "
       "binary model is read by its name's ending, .onnx, or its first byte."},
      {"E0103", BadInput, "a value in the model file has the wrong structure",
       "The JSON pointer names the value; the format is ONNX's ModelProto, in protobuf's JSON "
       "mapping or binary."},
      {"E0104", BadInput, "the model file holds no graph, or is nested too deeply, or is too large",
       "Export the model again, with weights stored outside the JSON file."},
      {"E0105", BadInput, "an attribute, initializer or opset of a form that is not supported",
       "Export without functions, subgraphs, sparse tensors and quantisation annotations, for "
       "opsets 13 to 24."},
      {"E0106", BadInput, "a tokenizer's file asks for what is not supported",
       "The JSON pointer names the part. Without a tokenizer a model takes ids: remove "
       "'streamtensor.tokenizer' from its metadata."},
      {"E0110", BadInput, "a checkpoint's architecture is not supported",
       "The message lists the architectures that are; export others to ONNX."},
      {"E0111", BadInput, "a checkpoint's config asks for what is not supported",
       "The message names the field, and what is supported."},
      {"E0112", BadInput, "a checkpoint's config has a value that makes no sense",
       "The message names the field; compare with the config.json of the published model."},
      {"E0201", BadInput, "the weights file is missing, or is no HDF5 file where one is needed",
       "Put the file beside the model, or name it with --weights FILE."},
      {"E0202", BadInput, "a weight is missing in the weights file",
       "Name the dataset like the initializer, or give its name as externalData 'dataset'."},
      {"E0203", BadInput, "a weight has another shape than the model declares",
       "Check that the weights belong to this model."},
      {"E0204", BadInput, "a weight has an element type that does not fit",
       "Store weights as float16, bfloat16, float32, float64, or the integer type that the model "
       "declares."},
      {"E0205", BadInput, "a weight holds NaN or infinity",
       "Check the training run or the conversion that wrote the weights."},
      {"E0206", BadInput, "the weights file is damaged",
       "Copy or write the file again; `h5ls -r FILE` shows what is readable."},
      {"E0207", BadInput, "a safetensors file is damaged",
       "Copy or download it again; a file that ends early was cut when copied."},
      {"E0208", BadInput, "a tensor of a checkpoint has an element type that weights cannot have",
       "Give a checkpoint in float32, float16 or bfloat16."},
      {"E0209", BadInput, "a checkpoint lacks its weights, or some of their files",
       "Download all *.safetensors files, and model.safetensors.index.json where there is one."},
      {"E0301", BadInput, "a value is read that nothing produces",
       "Check the spelling of the name, or export the model again."},
      {"E0302", BadInput, "the graph has a cycle",
       "A model is a graph without cycles; state over time is passed as past and present values."},
      {"E0303", BadInput, "a value is produced twice",
       "Each name may be the output of one node, one input or one initializer."},
      {"E0304", BadInput, "a symbolic dimension has no bounds",
       "Hardware has finite buffers: give the range, as --dim NAME=1..128."},
      {"E0305", BadInput, "the model uses operators that are not supported",
       "`streamtensor ops` lists the supported operators."},
      {"E0306", BadInput, "shapes or element types do not fit at a node",
       "The details list the types; check the model at this node."},
      {"E0307", BadInput, "an attribute has a bad value",
       "The message names the attribute, and the help the values that are supported."},
      {"E0308", BadInput, "the graph is no decoder of a known form",
       "A decoder reads input_ids [1, sequence] and past_key_values.N.key|value, and computes "
       "logits and present.N.key|value."},
      {"E0309", BadInput, "an operator is used in a way that is not supported",
       "The details say which use is supported."},
      {"E0310", BadInput, "an itensor type is ill-formed",
       "Check the text of the type: element shape, iteration space and iteration map."},
      {"E0311", BadInput, "the text of an itensor type or of a dump cannot be read",
       "The message names the line and column; dumps are written by --dump-ir."},
      {"E0312", BadInput, "a file is no stage that this build can start from",
       "Give a file of ir/ of a build directory of this model, with the options of that build."},
      {"E0313", BadInput, "a stage that was read contradicts itself",
       "The message names the kernel, stream or memory; compare with the stage as it was written."},
      {"E0314", BadInput, "a choice of a design does not suit the model",
       "The message names the layer and what would suit; `streamtensor explore` writes a file that "
       "does."},
      {"E0315", BadInput, "a precision is given for a linear layer that the model does not have",
       "Names are those of the model's MatMul nodes, as `inspect` lists them; * stands for any "
       "characters."},
      {"E0316", BadInput, "a quantisation file is wrong",
       "The message has the JSON pointer; ARCHITECTURE.md describes the file under 'Numerics'."},
      {"E0317", BadInput, "weights cannot be rounded for a calibration text",
       "The text has to have tokens, and the model's values on it have to be finite."},
      {"E0318", BadInput, "rounded weights are of another model or another quantisation",
       "Round them again with --calibration, or give the file of a build with these precisions."},
      {"E0319", BadInput, "a file of rounded weights is damaged",
       "The message has the JSON pointer; --calibration makes such a file in a build directory."},
      {"E0320", Internal, "the dataflow graph is broken",
       "This is a bug in streamtensor: please report it with the model."},
      {"E0321", Internal, "kernels of a group wait for each other",
       "A FIFO of a dump that was edited by hand may be too shallow; otherwise this is a bug in "
       "streamtensor: please report it with the model."},
      {"E0330", BadInput, "a network file is wrong",
       "The JSON pointer names the place; docs/network.md describes the format."},
      {"E0331", BadInput, "a method of FIFO sizing does not take this network",
       "The message says what is in the way; --method exact takes all networks that run."},
      {"E0332", Infeasible, "a network does not run, however deep its FIFOs are",
       "Tasks must push and pull as many tokens as each other, and circles need initial tokens."},
      {"E0333", Infeasible, "a network deadlocks at its FIFO depths",
       "The message names the tasks that wait for each other, and what would free them; "
       "`streamtensor fifo` chooses depths."},
      {"E0334", Internal, "a proof that a network cannot deadlock was refused",
       "This is a bug in streamtensor, unless the message says that the network is too large."},
      {"E0338", BadInput, "a model or its options do not suit a design of shared hardware",
       "The message says what the shared binding needs."
       " `--binding spatial` has kernels for each node."},
      {"E0401", BadInput, "the target is unknown", "`streamtensor targets` lists the known ones."},
      {"E0402", BadInput, "the target file is wrong",
       "Compare the file with those of the known targets."},
      {"E0403", Infeasible, "no design of this model fits the target",
       "The help of the message names knobs that were tried and fit. Otherwise: a larger target, "
       "smaller bounds of symbolic dimensions, narrower weights."},
      {"E0404", BadInput, "the board is known, and not supported",
       "Its designs are not made by v++ and XRT, for which this tool writes scripts and hosts."},
      {"E0501", Environment, "output cannot be written",
       "Check the path, free space and permissions."},
      {"E0502", BadInput, "the output exists and is not a build directory",
       "Choose another directory; only a build directory is ever replaced."},
      {"E0503", Environment, "a C++ compiler is missing or failed",
       "Name one with --cxx; the stub device needs it, make and libboost-context-dev, --synth none "
       "needs none of them."},
      {"E0504", Environment, "another build is running in this directory",
       "Wait for it to end, or choose another directory."},
      {"E0506", Environment, "out of memory",
       "Build on a machine with more memory, or a smaller model."},
      {"E0601", BadInput, "this is not a build directory",
       "Give the directory that `streamtensor build` wrote."},
      {"E0602", BadInput, "the build directory is damaged", "Run `streamtensor build` again."},
      {"E0603", BadInput, "the build lacks the host program that is to run",
       "Build again, with a C++ compiler at hand."},
      {"E0604", BadInput, "the prompt cannot be used",
       "Check its characters against the vocabulary, its ids against the range, and its length."},
      {"E0605", Internal, "the stub device failed",
       "The emitted kernels stopped or waited for each other: please report it with the model."},
      {"E0606", BadInput, "a report of AMD's tools is not there",
       "Run the stage that writes it: make -f Makefile.hls csynth, or link."},
      {"E0607", BadInput, "a report of AMD's tools cannot be read",
       "Run the stage that wrote it again."},
      {"E0701", Mismatch, "the emitted code and the reference disagree",
       "The report names the first value that differs."},
      {"E0702", Mismatch, "the design misses the clock that was asked for",
       "Build for a lower clock or with fewer lanes; --allow-timing goes on all the same."},
      {"E0801", BadInput, "a bad value on the command line",
       "`streamtensor COMMAND --help` lists the options of a command."},
      {"E0901", Internal, "an internal error", "This is a bug in streamtensor: please report it."},
      {"E0902", Internal, "the emitted code breaks rules of HLS",
       "This is a bug in streamtensor: please report it with the model. `streamtensor lint "
       "--rules` "
       "lists the rules."},
  };
  return Codes;
}

const ErrorCode* find_error_code(std::string_view code) {
  const auto& codes = error_codes();
  const auto found =
      std::lower_bound(codes.begin(), codes.end(), code,
                       [](const ErrorCode& record, std::string_view c) { return record.code < c; });
  return found != codes.end() && found->code == code ? &*found : nullptr;
}

}  // namespace st
