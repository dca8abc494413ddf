#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logits of small checkpoints in float64, written from the papers and published model descriptions.

Reads config.json and safetensors itself, and shares nothing with the compiler. The whole text is
computed at once, without a cache: row t of a result depends on ids 0 to t.
"""

import json
import math
import os
import struct

import numpy as np


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[begin:end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(raw, {"F16": "<f2", "F32": "<f4"}[entry["dtype"]])
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    return tensors


def read_checkpoint(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            tensors.update(read_safetensors(os.path.join(folder, name)))
    return config, tensors


def softmax(x):
    power = np.exp(x - x.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, weight, bias, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) * weight + bias


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * weight


def attend(q, k, v, scale, window=None):
    """q [heads, rows, size], k and v [kv_heads, rows, size]; query heads share in order."""
    heads, rows, _ = q.shape
    shared = heads // k.shape[0]
    mixed = np.empty_like(q)
    distance = np.arange(rows)[:, None] - np.arange(rows)[None, :]
    hidden = distance < 0
    if window is not None:
        hidden = hidden | (distance >= window)
    for head in range(heads):
        scores = q[head] @ k[head // shared].T * scale
        mixed[head] = softmax(np.where(hidden, -np.inf, scores)) @ v[head // shared]
    return mixed


def split_heads(x, heads):
    return x.reshape(x.shape[0], heads, -1).transpose(1, 0, 2)


def join_heads(x):
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def rotary_frequencies(theta, size, scaling):
    rates = theta ** (-np.arange(0, size, 2) / size)
    kind = scaling and scaling.get("rope_type", scaling.get("type"))
    if kind == "linear":
        return rates / scaling["factor"]
    if kind == "llama3":
        wavelengths = 2 * math.pi / rates
        original = scaling["original_max_position_embeddings"]
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        blend = (original / wavelengths - low) / (high - low)
        blended = (1 - blend) * rates / scaling["factor"] + blend * rates
        long, short = wavelengths > original / low, wavelengths < original / high
        return np.where(long, rates / scaling["factor"], np.where(short, rates, blended))
    return rates


def rotate(x, rates):
    """The halves of each head are the two coordinates of its pairs."""
    angles = np.arange(x.shape[1])[:, None] * rates[None, :]
    cosine, sine = np.cos(angles), np.sin(angles)
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def gpt2_logits(config, weights, ids):
    def linear(x, name):
        return x @ weights[name + ".weight"] + weights[name + ".bias"]

    def norm(x, name):
        return layer_norm(x, weights[name + ".weight"], weights[name + ".bias"],
                          config["layer_norm_epsilon"])

    weights = {name.removeprefix("transformer."): w for name, w in weights.items()}
    heads, width = config["n_head"], config["n_embd"]
    x = weights["wte.weight"][ids] + weights["wpe.weight"][: len(ids)]
    for layer in range(config["n_layer"]):
        base = f"h.{layer}."
        q, k, v = np.split(linear(norm(x, base + "ln_1"), base + "attn.c_attn"), 3, axis=-1)
        scale = 1 / math.sqrt(width // heads)
        if config.get("scale_attn_by_inverse_layer_idx"):
            scale /= layer + 1
        mixed = attend(*(split_heads(part, heads) for part in (q, k, v)), scale)
        x = x + linear(join_heads(mixed), base + "attn.c_proj")
        hidden = gelu_tanh(linear(norm(x, base + "ln_2"), base + "mlp.c_fc"))
        x = x + linear(hidden, base + "mlp.c_proj")
    return norm(x, "ln_f") @ weights["wte.weight"].T


def layer_window(config, layer):
    """How many positions a query of this layer sees; None for all."""
    kind = config["model_type"]
    if kind == "gemma3_text":
        every = config["sliding_window_pattern"]
        return None if layer % every == every - 1 else config["sliding_window"]
    if kind in ("qwen2", "qwen3") and config.get("use_sliding_window"):
        return config["sliding_window"] if layer >= config["max_window_layers"] else None
    return None


def llama_like_logits(config, weights, ids):
    """Llama, Qwen and Gemma: gated networks, rotary positions, RMS norms."""
    kind = config["model_type"]
    gemma = kind.startswith("gemma")
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim", config["hidden_size"] // heads)
    activation = gelu_tanh if gemma else silu

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights.get(name + ".bias", 0.0)

    def norm(x, name):
        weight = weights[name + ".weight"]
        return rms_norm(x, 1 + weight if gemma else weight, config["rms_norm_eps"])

    scale = 1 / math.sqrt(config.get("query_pre_attn_scalar", size))
    x = weights["model.embed_tokens.weight"][ids]
    if gemma:
        x = x * math.sqrt(config["hidden_size"])
    for layer in range(config["num_hidden_layers"]):
        base, window = f"model.layers.{layer}.", layer_window(config, layer)
        normed = norm(x, base + "input_layernorm")
        q = split_heads(linear(normed, base + "self_attn.q_proj"), heads)
        k = split_heads(linear(normed, base + "self_attn.k_proj"), kv_heads)
        v = split_heads(linear(normed, base + "self_attn.v_proj"), kv_heads)
        if kind in ("qwen3", "gemma3_text"):
            q, k = norm(q, base + "self_attn.q_norm"), norm(k, base + "self_attn.k_norm")
        local = kind == "gemma3_text" and window is not None
        theta = config["rope_local_base_freq"] if local else config["rope_theta"]
        rates = rotary_frequencies(theta, size, None if local else config.get("rope_scaling"))
        mixed = attend(rotate(q, rates), rotate(k, rates), v, scale, window)
        mixed = linear(join_heads(mixed), base + "self_attn.o_proj")
        if kind == "gemma3_text":
            x = x + norm(mixed, base + "post_attention_layernorm")
            normed = norm(x, base + "pre_feedforward_layernorm")
        else:
            x = x + mixed
            normed = norm(x, base + "post_attention_layernorm")
        gate = activation(linear(normed, base + "mlp.gate_proj"))
        made = linear(gate * linear(normed, base + "mlp.up_proj"), base + "mlp.down_proj")
        if kind == "gemma3_text":
            made = norm(made, base + "post_feedforward_layernorm")
        x = x + made
    tied = config.get("tie_word_embeddings", gemma)
    head = weights["model.embed_tokens.weight" if tied else "lm_head.weight"]
    return norm(x, "model.norm") @ head.T


def logits(folder, ids):
    """[len(ids), vocab_size] of the checkpoint in `folder`."""
    config, weights = read_checkpoint(folder)
    model = gpt2_logits if config["model_type"] == "gpt2" else llama_like_logits
    return model(config, weights, ids)
