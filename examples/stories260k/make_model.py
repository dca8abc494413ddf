#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes model.json of stories260K, a Llama-2-style decoder, beside this script.

Needs only the standard library. The weights stay in the user's stories260K.h5; this file knows only
its dataset names and the model's sizes.
"""

import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import onnx_json  # noqa: E402  (found through the line above)

LAYERS, WIDTH, HIDDEN, VOCABULARY = 5, 64, 172, 512
HEADS, KV_HEADS, HEAD_DIM = 8, 4, 8
CONTEXT, LONGEST_SEQUENCE = 512, 64
EPSILON = 1e-5
THETA = 10000.0


def add_linear(graph, name, x, fan_in, fan_out):
    """x W, without a bias; the file keeps W as [out, in]."""
    weight = graph.weight(name + ".weight", (fan_out, fan_in))
    turned = graph.node(name + "/Transpose", "Transpose", [weight], perm=[1, 0])
    return graph.node(name + "/MatMul", "MatMul", [x, turned])


def add_norm(graph, name, x):
    weight = graph.weight(name + ".weight", (WIDTH,))
    return graph.node(name, "RMSNormalization", [x, weight], axis=-1, epsilon=EPSILON)


def add_rotary_tables(graph):
    """cos and sin of position * theta^(-2i/head_dim), [CONTEXT, HEAD_DIM / 2], made in double."""
    rates = [THETA ** (-2.0 * pair / HEAD_DIM) for pair in range(HEAD_DIM // 2)]
    angles = [position * rate for position in range(CONTEXT) for rate in rates]
    dims = (CONTEXT, HEAD_DIM // 2)
    graph.constant("rotary.cos", dims, [math.cos(angle) for angle in angles])
    graph.constant("rotary.sin", dims, [math.sin(angle) for angle in angles])


def add_rotary(graph, name, x, heads):
    inputs = [x, "rotary.cos", "rotary.sin", "position_ids"]
    return graph.node(name, "RotaryEmbedding", inputs, interleaved=1, num_heads=heads)


def add_attention(graph, layer, x):
    name = f"layers.{layer}.attention"
    query = add_linear(graph, name + ".wq", x, WIDTH, HEADS * HEAD_DIM)
    key = add_linear(graph, name + ".wk", x, WIDTH, KV_HEADS * HEAD_DIM)
    value = add_linear(graph, name + ".wv", x, WIDTH, KV_HEADS * HEAD_DIM)
    query = add_rotary(graph, name + "/query_rotary", query, HEADS)
    key = add_rotary(graph, name + "/key_rotary", key, KV_HEADS)
    mixed = graph.attention(name, layer, query, key, value, HEADS, KV_HEADS, HEAD_DIM)
    return add_linear(graph, name + ".wo", mixed, HEADS * HEAD_DIM, WIDTH)


def add_feed_forward(graph, layer, x):
    """SwiGLU: w2(swish(w1 x) * w3 x)."""
    name = f"layers.{layer}.feed_forward"
    gate = graph.node(name + "/Swish", "Swish", [add_linear(graph, name + ".w1", x, WIDTH, HIDDEN)])
    value = add_linear(graph, name + ".w3", x, WIDTH, HIDDEN)
    gated = graph.node(name + "/Mul", "Mul", [gate, value])
    return add_linear(graph, name + ".w2", gated, HIDDEN, WIDTH)


def make_model():
    graph = onnx_json.Decoder("stories260k", "examples/stories260k/make_model.py", "stories260K.h5")
    embeddings = graph.weight("tok_embeddings.weight", (VOCABULARY, WIDTH))
    add_rotary_tables(graph)
    x = graph.node("tok_embeddings", "Gather", [embeddings, "input_ids"], axis=0)
    for layer in range(LAYERS):
        name = f"layers.{layer}."
        normed = add_norm(graph, name + "attention_norm", x)
        mixed = add_attention(graph, layer, normed)
        x = graph.node(name + "attention/residual", "Add", [x, mixed])
        normed = add_norm(graph, name + "ffn_norm", x)
        hidden = add_feed_forward(graph, layer, normed)
        x = graph.node(name + "feed_forward/residual", "Add", [x, hidden])
    # The classifier is the embedding table itself, so the file holds it once.
    classifier = graph.node("output/Transpose", "Transpose", [embeddings], perm=[1, 0])
    graph.node("output/MatMul", "MatMul", [add_norm(graph, "norm", x), classifier], ["logits"])
    graph.add_interface(LAYERS, KV_HEADS, HEAD_DIM, VOCABULARY)
    tokenizer = {"type": "llama2c", "file": "tok512.bin", "bos": 1, "stop": 1}
    graph.add_metadata(CONTEXT, LONGEST_SEQUENCE, tokenizer)
    return graph


if __name__ == "__main__":
    make_model().write(os.path.join(HERE, "model.json"))
