#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes model.json of the adder, a GPT-2-style decoder, beside this script. Standard library only.

The weights are made by train.py, which takes the sizes and names from here.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import onnx_json  # noqa: E402  (found through the line above)

VOCABULARY = "0123456789+=$"
CONTEXT = 16
LAYERS, WIDTH, HEADS, HIDDEN = 3, 64, 4, 256
HEAD_DIM = WIDTH // HEADS
EPSILON = 1e-5


def weight_shapes():
    """Dataset name to shape. Matrices are [in, out], as GPT-2 stores them."""
    shapes = {"wte.weight": (len(VOCABULARY), WIDTH), "wpe.weight": (CONTEXT, WIDTH)}
    for layer in range(LAYERS):
        block = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            shapes[block + norm + ".weight"] = (WIDTH,)
            shapes[block + norm + ".bias"] = (WIDTH,)
        for name, fan_in, fan_out in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, HIDDEN),
            ("mlp.c_proj", HIDDEN, WIDTH),
        ):
            shapes[block + name + ".weight"] = (fan_in, fan_out)
            shapes[block + name + ".bias"] = (fan_out,)
    shapes["ln_f.weight"] = (WIDTH,)
    shapes["ln_f.bias"] = (WIDTH,)
    shapes["lm_head.weight"] = (WIDTH, len(VOCABULARY))
    return shapes


def add_linear(graph, name, x):
    """x W + b with the parameters of `name` (its slashes are dots in the weights' names)."""
    parameter = name.replace("/", ".")
    product = graph.node(name + "/MatMul", "MatMul", [x, parameter + ".weight"])
    return graph.node(name + "/Add", "Add", [product, parameter + ".bias"])


def add_norm(graph, name, x):
    parameter = name.replace("/", ".")
    inputs = [x, parameter + ".weight", parameter + ".bias"]
    return graph.node(name, "LayerNormalization", inputs, axis=-1, epsilon=EPSILON)


def add_block(graph, layer, x):
    """Attention, then the feed-forward network, each behind its norm and added to x."""
    block = f"h.{layer}/"
    fused = add_linear(graph, block + "attn/c_attn", add_norm(graph, block + "ln_1", x))
    parts = [f"{block}attn/{part}" for part in ("query", "key", "value")]
    graph.node(block + "attn/Split", "Split", [fused], parts, axis=-1, num_outputs=3)
    mixed = graph.attention(block + "attn/Attention", layer, *parts, HEADS, HEADS, HEAD_DIM)
    mixed = add_linear(graph, block + "attn/c_proj", mixed)
    x = graph.node(block + "attn/residual", "Add", [x, mixed])
    hidden = add_linear(graph, block + "mlp/c_fc", add_norm(graph, block + "ln_2", x))
    hidden = graph.node(block + "mlp/Gelu", "Gelu", [hidden], approximate="tanh")
    hidden = add_linear(graph, block + "mlp/c_proj", hidden)
    return graph.node(block + "mlp/residual", "Add", [x, hidden])


def make_model():
    graph = onnx_json.Decoder("adder", "examples/adder/make_model.py", "weights.h5")
    for name, shape in weight_shapes().items():
        graph.weight(name, shape)
    token = graph.node("wte", "Gather", ["wte.weight", "input_ids"], axis=0)
    position = graph.node("wpe", "Gather", ["wpe.weight", "position_ids"], axis=0)
    x = graph.node("embedding", "Add", [token, position])
    for layer in range(LAYERS):
        x = add_block(graph, layer, x)
    graph.node("lm_head", "MatMul", [add_norm(graph, "ln_f", x), "lm_head.weight"], ["logits"])
    graph.add_interface(LAYERS, HEADS, HEAD_DIM, len(VOCABULARY))
    tokenizer = {"type": "characters", "vocabulary": list(VOCABULARY), "stop": "$"}
    graph.add_metadata(CONTEXT, CONTEXT, tokenizer)
    return graph


if __name__ == "__main__":
    make_model().write(os.path.join(HERE, "model.json"))
