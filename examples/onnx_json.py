# SPDX-License-Identifier: Apache-2.0
"""Writes decoder graphs as ONNX ModelProto in protobuf's JSON mapping. Standard library only.

A `Decoder` collects nodes, weights and metadata by name and writes one deterministic model.json:
one node, weight or value per line, so that a change of a graph is a small change of the file.
"""

import base64
import json
import struct

FLOAT, INT64 = 1, 7  # TensorProto.DataType


def round_to_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def shortest_float32(value):
    """The float with the fewest decimal digits that still rounds to the same float32 as `value`."""
    target = round_to_float32(value)
    for digits in range(1, 10):
        short = float(f"{target:.{digits}g}")
        if round_to_float32(short) == target:
            return short
    raise ValueError(f"{value} has no float32 form")


def encode_attribute(name, value):
    """An AttributeProto. Strings are protobuf `bytes`, which the JSON mapping spells in base64."""
    if isinstance(value, float):
        return {"name": name, "type": "FLOAT", "f": shortest_float32(value)}
    if isinstance(value, int):
        return {"name": name, "type": "INT", "i": str(value)}
    if isinstance(value, str):
        return {"name": name, "type": "STRING", "s": base64.b64encode(value.encode()).decode()}
    return {"name": name, "type": "INTS", "ints": [str(element) for element in value]}


def encode_value(name, element_type, dims):
    """A ValueInfoProto; a dim that is a string is a symbol."""
    shape = [{"dimParam" if isinstance(dim, str) else "dimValue": str(dim)} for dim in dims]
    tensor_type = {"elemType": element_type, "shape": {"dim": shape}}
    return {"name": name, "type": {"tensorType": tensor_type}}


class Decoder:
    """The graph of one decoder with a KV cache, in the naming that Optimum's exporter uses."""

    def __init__(self, name, producer, weights_file):
        """`weights_file` is the HDF5 file of the weights, relative to the model file."""
        self.name, self.producer, self.weights_file = name, producer, weights_file
        self.nodes, self.initializers = [], []
        self.inputs, self.outputs, self.metadata = [], [], []

    def add_interface(self, layers, kv_heads, head_dim, vocabulary):
        """Inputs and outputs: ids and positions, logits, and the KV cache before and after."""
        for name in ("input_ids", "position_ids"):
            self.inputs.append(encode_value(name, INT64, [1, "sequence_length"]))
        self.outputs.append(encode_value("logits", FLOAT, [1, "sequence_length", vocabulary]))
        for layer in range(layers):
            for part in ("key", "value"):
                past = [1, kv_heads, "past_sequence_length", head_dim]
                present = [1, kv_heads, "total_sequence_length", head_dim]
                self.inputs.append(encode_value(f"past_key_values.{layer}.{part}", FLOAT, past))
                self.outputs.append(encode_value(f"present.{layer}.{part}", FLOAT, present))

    def add_metadata(self, context, longest_sequence, tokenizer):
        """The bounds that a design is sized by, and how text becomes ids."""
        entries = (
            ("streamtensor.context", str(context)),
            ("streamtensor.dim.sequence_length", f"1..{longest_sequence}"),
            ("streamtensor.dim.past_sequence_length", f"0..{context - 1}"),
            ("streamtensor.tokenizer", json.dumps(tokenizer, separators=(",", ":"))),
        )
        self.metadata.extend({"key": key, "value": value} for key, value in entries)

    def weight(self, name, dims):
        """A float32 initializer kept in the HDF5 file, in the dataset of the same name."""
        location = (("location", self.weights_file), ("dataset", name))
        self.initializers.append(
            {
                "name": name,
                "dataType": FLOAT,
                "dims": [str(dim) for dim in dims],
                "dataLocation": "EXTERNAL",
                "externalData": [{"key": key, "value": value} for key, value in location],
            }
        )
        return name

    def constant(self, name, dims, values):
        """A float32 initializer kept in the model file itself."""
        data = [shortest_float32(value) for value in values]
        entry = {"name": name, "dataType": FLOAT, "dims": [str(dim) for dim in dims]}
        self.initializers.append({**entry, "floatData": data})
        return name

    def node(self, name, operator, inputs, outputs=None, **attributes):
        """Appends a node and gives its first output. By default its one output has its name."""
        entry = {"name": name, "opType": operator, "input": list(inputs)}
        entry["output"] = list(outputs or [name])
        if attributes:
            pairs = sorted(attributes.items())
            entry["attribute"] = [encode_attribute(key, value) for key, value in pairs]
        self.nodes.append(entry)
        return entry["output"][0]

    def attention(self, name, layer, query, key, value, query_heads, kv_heads, head_dim):
        """Causal attention of `layer` over the cached rows and the new ones."""
        past = [f"past_key_values.{layer}.{part}" for part in ("key", "value")]
        present = [f"present.{layer}.{part}" for part in ("key", "value")]
        return self.node(
            name,
            "Attention",
            [query, key, value, "", *past],
            [name, *present],
            is_causal=1,
            kv_num_heads=kv_heads,
            q_num_heads=query_heads,
            scale=head_dim**-0.5,
        )

    def write(self, path):
        """Writes the model; the same graph gives the same bytes."""
        graph_lists = (
            ("node", self.nodes),
            ("initializer", self.initializers),
            ("input", self.inputs),
            ("output", self.outputs),
            ("valueInfo", []),
        )
        parts = [f'  "name": {json.dumps(self.name)}']
        parts += [f'  "{key}": {format_list(values, "   ", "  ")}' for key, values in graph_lists]
        graph = ",\n".join(parts)
        text = (
            '{\n "irVersion": "10",\n "opsetImport": [{"domain": "", "version": "24"}],\n'
            f' "producerName": {json.dumps(self.producer)},\n'
            f' "graph": {{\n{graph}\n }},\n'
            f' "metadataProps": {format_list(self.metadata, "  ", " ")}\n}}\n'
        )
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def format_list(values, indent, closing_indent):
    """A JSON array with one element per line."""
    if not values:
        return "[]"
    lines = ",\n".join(indent + json.dumps(value, allow_nan=False) for value in values)
    return f"[\n{lines}\n{closing_indent}]"
