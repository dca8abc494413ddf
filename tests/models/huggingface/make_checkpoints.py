#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a tiny random checkpoint of each family beside this script, and its reference logits.

Run it again after a change of it or of reference.py; the same version of numpy gives the same files.
"""

import json
import os
import struct

import numpy as np

import reference

HERE = os.path.dirname(os.path.abspath(__file__))
VOCABULARY, WIDTH, HIDDEN, LAYERS = 61, 32, 48, 2
IDS = [7, 60, 0, 33, 12, 12, 51, 4, 28, 19, 46, 3, 58, 25]

LLAMA_LIKE = {
    "hidden_size": WIDTH, "intermediate_size": HIDDEN, "num_hidden_layers": LAYERS,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": VOCABULARY,
    "max_position_embeddings": 32, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
    "initializer_range": 0.02, "hidden_act": "silu",
}

CONFIGS = {
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": WIDTH, "n_head": 4,
        "n_layer": LAYERS, "n_inner": HIDDEN, "n_positions": 16, "n_ctx": 16,
        "vocab_size": VOCABULARY, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new",
        "scale_attn_by_inverse_layer_idx": True,
    },
    "llama": {
        **LLAMA_LIKE, "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 16},
    },
    "llama_biased": {
        **LLAMA_LIKE, "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "num_attention_heads": 2, "num_hidden_layers": 1, "head_dim": 8, "attention_bias": True, "mlp_bias": True,
        "tie_word_embeddings": False, "torch_dtype": "float32",
    },
    "qwen2": {
        **LLAMA_LIKE, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
        "tie_word_embeddings": False, "use_sliding_window": True, "sliding_window": 5,
        "max_window_layers": 1, "torch_dtype": "bfloat16",
    },
    "qwen3": {
        **LLAMA_LIKE, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 16,
        "tie_word_embeddings": True, "use_sliding_window": False, "torch_dtype": "float16",
    },
    "gemma": {
        **LLAMA_LIKE, "architectures": ["GemmaForCausalLM"], "model_type": "gemma", "head_dim": 16,
        "num_key_value_heads": 1, "hidden_act": "gelu", "torch_dtype": "bfloat16",
    },
    "gemma3": {
        **LLAMA_LIKE, "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text",
        "head_dim": 16, "num_key_value_heads": 1, "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": 24, "sliding_window": 4, "sliding_window_pattern": 2,
        "rope_local_base_freq": 100.0, "rope_theta": 1000.0, "torch_dtype": "bfloat16",
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    },
}
del CONFIGS["gemma3"]["hidden_act"]
DTYPES = {"gpt2": "F16", "llama_biased": "F32", "qwen3": "F16"}
SHARDED = {"qwen2"}


def gpt2_shapes(config):
    width, hidden = config["n_embd"], config["n_inner"]
    shapes = {"wte.weight": (VOCABULARY, width), "wpe.weight": (config["n_positions"], width)}
    for layer in range(config["n_layer"]):
        modules = {"attn.c_attn": (width, 3 * width), "attn.c_proj": (width, width),
                   "mlp.c_fc": (width, hidden), "mlp.c_proj": (hidden, width),
                   "ln_1": (width,), "ln_2": (width,)}
        for name, shape in modules.items():
            shapes[f"h.{layer}.{name}.weight"] = shape
            shapes[f"h.{layer}.{name}.bias"] = shape[-1:]
        # The causal mask, which old checkpoints of this family hold.
        shapes[f"h.{layer}.attn.bias"] = (1, 1, 16, 16)
    return {**shapes, "ln_f.weight": (width,), "ln_f.bias": (width,)}


def llama_like_shapes(config):
    width, hidden, kind = config["hidden_size"], config["intermediate_size"], config["model_type"]
    heads = config["num_attention_heads"]
    size = config.get("head_dim", width // heads)
    queries, keys = heads * size, config["num_key_value_heads"] * size
    shapes = {"model.embed_tokens.weight": (VOCABULARY, width), "model.norm.weight": (width,)}
    for layer in range(config["num_hidden_layers"]):
        base = f"model.layers.{layer}."
        attention = {"q_proj": (queries, width), "k_proj": (keys, width), "v_proj": (keys, width),
                     "o_proj": (width, queries)}
        mlp = {"gate_proj": (hidden, width), "up_proj": (hidden, width), "down_proj": (width, hidden)}
        for name, shape in attention.items():
            shapes[f"{base}self_attn.{name}.weight"] = shape
            if config.get("attention_bias") or (kind == "qwen2" and name != "o_proj"):
                shapes[f"{base}self_attn.{name}.bias"] = shape[:1]
        for name, shape in mlp.items():
            shapes[f"{base}mlp.{name}.weight"] = shape
            if config.get("mlp_bias"):
                shapes[f"{base}mlp.{name}.bias"] = shape[:1]
        norms = ["input_layernorm", "post_attention_layernorm"]
        if kind == "gemma3_text":
            norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
        for name in norms:
            shapes[f"{base}{name}.weight"] = (width,)
        if kind in ("qwen3", "gemma3_text"):
            for name in ("q_norm", "k_norm"):
                shapes[f"{base}self_attn.{name}.weight"] = (size,)
    if not config.get("tie_word_embeddings", kind.startswith("gemma")):
        shapes["lm_head.weight"] = (VOCABULARY, width)
    return shapes


def random_tensor(random, name, shape, kind):
    """Large enough that a part that were left out would show in the logits."""
    if len(shape) == 1:
        norm = "norm" in name or "ln_" in name
        one = norm and name.endswith(".weight") and not kind.startswith("gemma")
        return one + 0.3 * random.standard_normal(shape)
    return 0.3 * random.standard_normal(shape)


def encode(values, dtype):
    if dtype == "BF16":
        bits = values.astype("<f4").view("<u4")
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    return values.astype({"F16": "<f2", "F32": "<f4"}[dtype]).tobytes()


def write_safetensors(path, tensors, dtype):
    header, data = {}, b""
    for name, values in tensors.items():
        raw = encode(values, dtype)
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_weights(folder, tensors, dtype, sharded):
    if not sharded:
        write_safetensors(os.path.join(folder, "model.safetensors"), tensors, dtype)
        return
    names = list(tensors)
    half = len(names) // 2
    shards = {"model-00001-of-00002.safetensors": names[:half],
              "model-00002-of-00002.safetensors": names[half:]}
    for file, part in shards.items():
        write_safetensors(os.path.join(folder, file), {n: tensors[n] for n in part}, dtype)
    index = {"metadata": {}, "weight_map": {n: f for f, part in shards.items() for n in part}}
    with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
        json.dump(index, file, indent=1, sort_keys=True)
        file.write("\n")


def main():
    for number, (family, config) in enumerate(CONFIGS.items()):
        random = np.random.default_rng(number)
        folder = os.path.join(HERE, family)
        os.makedirs(folder, exist_ok=True)
        kind = config["model_type"]
        shapes = gpt2_shapes(config) if kind == "gpt2" else llama_like_shapes(config)
        tensors = {n: random_tensor(random, n, shape, kind) for n, shape in shapes.items()}
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=1, sort_keys=True)
            file.write("\n")
        write_weights(folder, tensors, DTYPES.get(family, "BF16"), family in SHARDED)
        logits = reference.logits(folder, IDS)
        np.save(os.path.join(folder, "logits.npy"), logits.astype("<f4"))
        print(f"{family}: logits from {logits.min():.3f} to {logits.max():.3f}")


if __name__ == "__main__":
    main()
