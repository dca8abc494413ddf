#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes model.json of char_shakespeare, a byte-level decoder, beside this script.

Needs only the standard library. The weights stay in the user's char_shakespeare.h5; this file knows
only its dataset names and the model's sizes.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import onnx_json  # noqa: E402  (found through the line above)

LAYERS, WIDTH, HEADS, HEAD_DIM, HIDDEN, VOCABULARY = 2, 64, 4, 16, 256, 256
CONTEXT = 32
EPSILON = 1e-5


def add_linear(graph, name, x, weight, bias, fan_in, fan_out):
    """x W + b; the file keeps W as [out, in]. `weight` and `bias` are dataset names."""
    graph.weight(weight, (fan_out, fan_in))
    graph.weight(bias, (fan_out,))
    turned = graph.node(name + "/Transpose", "Transpose", [weight], perm=[1, 0])
    product = graph.node(name + "/MatMul", "MatMul", [x, turned])
    return graph.node(name + "/Add", "Add", [product, bias])


def add_norm(graph, name, x, weight):
    graph.weight(weight, (WIDTH,))
    return graph.node(name, "RMSNormalization", [x, weight], axis=-1, epsilon=EPSILON)


def add_block(graph, layer, x):
    """Attention, then the feed-forward network, each behind its norm and added to x."""
    name, weight = f"layers.{layer}/", f"L{layer}_"

    def project(part, letter, value, fan_in=WIDTH, fan_out=WIDTH):
        names = weight + "W" + letter, weight + "B" + letter
        return add_linear(graph, name + part, value, *names, fan_in, fan_out)

    normed = add_norm(graph, name + "attention/norm", x, weight + "LN1_GAMMA")
    parts = [project("attention/" + letter.lower(), letter, normed) for letter in "QKV"]
    mixed = graph.attention(name + "attention", layer, *parts, HEADS, HEADS, HEAD_DIM)
    x = graph.node(name + "attention/residual", "Add", [x, project("attention/o", "O", mixed)])
    normed = add_norm(graph, name + "mlp/norm", x, weight + "LN2_GAMMA")
    hidden = project("mlp/up", "1", normed, WIDTH, HIDDEN)
    hidden = graph.node(name + "mlp/Gelu", "Gelu", [hidden], approximate="none")
    hidden = project("mlp/down", "2", hidden, HIDDEN, WIDTH)
    return graph.node(name + "mlp/residual", "Add", [x, hidden])


def make_model():
    producer = "examples/char_shakespeare/make_model.py"
    graph = onnx_json.Decoder("char_shakespeare", producer, "char_shakespeare.h5")
    graph.weight("TOKEN_EMBED", (VOCABULARY, WIDTH))
    graph.weight("POS_EMBED", (CONTEXT, WIDTH))
    token = graph.node("token_embedding", "Gather", ["TOKEN_EMBED", "input_ids"], axis=0)
    position = graph.node("position_embedding", "Gather", ["POS_EMBED", "position_ids"], axis=0)
    x = graph.node("embedding", "Add", [token, position])
    for layer in range(LAYERS):
        x = add_block(graph, layer, x)
    normed = add_norm(graph, "final_norm", x, "LN_FINAL_GAMMA")
    graph.weight("OUTPUT_PROJ", (VOCABULARY, WIDTH))
    graph.weight("OUTPUT_BIAS", (VOCABULARY,))
    turned = graph.node("output/Transpose", "Transpose", ["OUTPUT_PROJ"], perm=[1, 0])
    product = graph.node("output/MatMul", "MatMul", [normed, turned])
    graph.node("output/Add", "Add", [product, "OUTPUT_BIAS"], ["logits"])
    graph.add_interface(LAYERS, HEADS, HEAD_DIM, VOCABULARY)
    graph.add_metadata(CONTEXT, CONTEXT, {"type": "bytes"})
    return graph


if __name__ == "__main__":
    make_model().write(os.path.join(HERE, "model.json"))
