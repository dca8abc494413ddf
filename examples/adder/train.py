#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train a GPT-2-style decoder that adds two numbers of up to three digits.

The text is "12+345=357$": the model reads the characters up to '=' and writes the sum and the stop
character '$'. Outputs, beside this file: model.json (as make_model.py writes it), weights.h5 and
sums.txt (checked examples). Needs numpy, h5py and torch 1.13 or later; one CPU core is enough. The
same libraries on the same kind of CPU give the same bytes.
"""

import argparse
import math
import os
import random
import time

import h5py
import numpy
import torch
import torch.nn.functional as functional

import make_model
from make_model import EPSILON, HEADS, LAYERS, VOCABULARY, WIDTH

LENGTH = 13  # of the longest text, "999+999=1998$"
SEED = 20240229


def make_table():
    """Every sum a+b with both below 1000, as row 1000*a+b: ids [1e6, LENGTH] padded with '$', and
    the first answer position and the number of answer characters ('$' included) of each row."""
    numbers = numpy.arange(1000000, dtype=numpy.int64)
    rows = [f"{a}+{b}={a + b}$" for a, b in zip(numbers // 1000, numbers % 1000)]
    starts = numpy.array([row.index("=") + 1 for row in rows])
    lengths = numpy.array([len(row) for row in rows])
    joined = "".join(row.ljust(LENGTH, "$") for row in rows).encode()
    codes = numpy.zeros(256, dtype=numpy.int64)
    codes[list(VOCABULARY.encode())] = numpy.arange(len(VOCABULARY))
    ids = codes[numpy.frombuffer(joined, dtype=numpy.uint8)].reshape(-1, LENGTH)
    return ids, starts, lengths - starts


def split_pairs(generator):
    """A boolean per row: held out of training. a+b and b+a share their fate, so that neither
    betrays the other. Sums of one-digit numbers all stay: only 0+0=0 starts with 0."""
    a, b = numpy.divmod(numpy.arange(1000000), 1000)
    coin = generator.random(1000000)
    held_out = coin[numpy.minimum(a, b) * 1000 + numpy.maximum(a, b)] < 0.1
    return held_out & (numpy.maximum(a, b) >= 10)


class Sampler:
    """Batches of training rows: uniform pairs, with more short numbers and long carries."""

    def __init__(self, held_out, generator):
        self.generator = generator
        a, b = numpy.divmod(numpy.arange(1000000), 1000)
        units, tens = a % 10 + b % 10, a // 10 % 10 + b // 10 % 10
        # A digit pair that sums to 9 passes on the carry below it: the case that has to look two
        # digits ahead, and rare enough to be learned last.
        carried = (tens == 9) | ((units == 9) & (tens >= 8))
        short = numpy.minimum(a, b) < 100
        single = numpy.maximum(a, b) < 10
        pools = (numpy.ones_like(short), carried, short, single)
        self.pools = [numpy.flatnonzero(~held_out & pool) for pool in pools]
        self.shares = (0.56, 0.2, 0.2, 0.04)

    def batch(self, size):
        parts = [
            pool[self.generator.integers(0, len(pool), round(size * share))]
            for pool, share in zip(self.pools, self.shares)
        ]
        return numpy.concatenate(parts)


def initial_parameters():
    parameters = {}
    for name, shape in make_model.weight_shapes().items():
        if name.endswith(".bias"):
            value = torch.zeros(shape)
        elif len(shape) == 1:
            value = torch.ones(shape)
        elif name.startswith("w"):
            value = torch.randn(shape) * 0.1
        else:
            value = torch.randn(shape) / math.sqrt(shape[0])
            if name.endswith("c_proj.weight"):
                value /= math.sqrt(2 * LAYERS)  # keeps the residual stream's variance near one
        parameters[name] = value.requires_grad_()
    return parameters


def fake_int8(value, axis):
    """Rounds to a symmetric int8 grid with one scale per slice along `axis`; the gradient passes
    straight through."""
    scale = (value.detach().abs().amax(axis, keepdim=True) / 127).clamp_min(1e-12)
    rounded = torch.round(value.detach() / scale).clamp(-127, 127) * scale
    return value + (rounded - value).detach()


def forward(parameters, ids, int8=False, gelu="tanh"):
    """Ids [batch, positions] to logits [batch, positions, vocabulary]. With int8, the matrix
    products are those of an int8 accelerator: weights on one grid per output channel, activations
    on one grid per token."""

    def linear(value, name):
        weight = parameters[name + ".weight"]
        if int8:
            value, weight = fake_int8(value, -1), fake_int8(weight, 0)
        bias = parameters.get(name + ".bias")
        flat = value.reshape(-1, value.shape[-1])
        flat = flat @ weight if bias is None else torch.addmm(bias, flat, weight)
        return flat.reshape(*value.shape[:-1], -1)

    def norm(value, name):
        weight, bias = parameters[name + ".weight"], parameters[name + ".bias"]
        return functional.layer_norm(value, (WIDTH,), weight, bias, EPSILON)

    batch, positions = ids.shape
    mask = torch.full((positions, positions), -math.inf).triu(1)
    x = parameters["wte.weight"][ids] + parameters["wpe.weight"][:positions]
    for layer in range(LAYERS):
        block = f"h.{layer}."
        fused = linear(norm(x, block + "ln_1"), block + "attn.c_attn")
        heads = fused.view(batch, positions, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        scores = heads[0] @ heads[1].transpose(-1, -2) / math.sqrt(WIDTH // HEADS) + mask
        mixed = (scores.softmax(-1) @ heads[2]).transpose(1, 2).reshape(batch, positions, WIDTH)
        x = x + linear(mixed, block + "attn.c_proj")
        hidden = linear(norm(x, block + "ln_2"), block + "mlp.c_fc")
        x = x + linear(functional.gelu(hidden, approximate=gelu), block + "mlp.c_proj")
    return linear(norm(x, "ln_f"), "lm_head")


class Data:
    """All sums as tensors: inputs, and the next characters (-1 where the loss looks away)."""

    def __init__(self):
        ids, starts, counts = make_table()
        positions = numpy.arange(1, LENGTH)
        answer = (positions >= starts[:, None]) & (positions < (starts + counts)[:, None])
        self.inputs = torch.from_numpy(ids[:, :-1].copy())
        self.targets = torch.from_numpy(numpy.where(answer, ids[:, 1:], -1))


@torch.no_grad()
def wrong_rows(parameters, data, rows, int8=False):
    """The rows that greedy decoding answers wrongly. One teacher-forced pass is enough: greedy
    decoding is right exactly when every answer character is the best one after the right ones."""
    wrong = []
    for chunk in numpy.array_split(rows, max(1, len(rows) // 2000)):
        logits = forward(parameters, data.inputs[chunk], int8)
        targets = data.targets[chunk]
        failed = ((logits.argmax(-1) != targets) & (targets >= 0)).any(1)
        wrong.append(chunk[failed.numpy()])
    return numpy.concatenate(wrong)


def train(options, data, sampler, probe):
    """Returns the averaged parameters. Three parts: warm-up, cosine decay in f32, and a short tail
    with int8 rounding in the forward pass, which leaves the f32 model as good and makes it safe to
    quantise."""
    parameters = initial_parameters()
    matrices = [value for value in parameters.values() if value.dim() == 2]
    vectors = [value for value in parameters.values() if value.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=options.rate,
        betas=(0.9, 0.98),
        foreach=True,
    )
    average = {name: value.detach().clone() for name, value in parameters.items()}
    warm, tail = 200, options.tail
    began = time.time()
    for step in range(options.steps + tail):
        int8 = step >= options.steps
        progress = min(1.0, step / options.steps)
        decayed = max(0.02, 0.5 + 0.5 * math.cos(math.pi * progress))
        rate = options.rate * decayed * min(1.0, (step + 1) / warm)
        for group in optimizer.param_groups:
            group["lr"] = rate
        rows = sampler.batch(options.batch)
        # torch's exact GELU is several times faster on a CPU than its tanh form, from which it
        # differs by under 0.0005; the tail trains with the form that the graph states.
        logits = forward(parameters, data.inputs[rows], int8, "tanh" if int8 else "none")
        targets = data.targets[rows].flatten()
        loss = functional.cross_entropy(logits.flatten(0, 1), targets, ignore_index=-1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(parameters.values()), 1.0)
        optimizer.step()
        with torch.no_grad():
            decay = min(0.998, (step + 1) / (step + 20))
            for name, value in parameters.items():
                average[name].lerp_(value, 1 - decay)
        if (step + 1) % options.report == 0:
            right = 1 - len(wrong_rows(average, data, probe)) / len(probe)
            right8 = 1 - len(wrong_rows(average, data, probe, True)) / len(probe)
            print(
                f"{time.time() - began:6.0f} s  step {step + 1:6d}  rate {rate:.2e}  "
                f"loss {loss.item():.5f}  held-out sums right: f32 {right:.4f}, int8 {right8:.4f}",
                flush=True,
            )
    return average


def write_weights(parameters, path):
    with h5py.File(path, "w", libver="earliest") as file:
        for name in make_model.weight_shapes():
            values = parameters[name].detach().numpy().astype("<f4")
            file.create_dataset(name, data=values, track_times=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--tail", type=int, default=800, help="last steps, with int8 rounding")
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--report", type=int, default=1000, help="steps between accuracy reports")
    parser.add_argument("--output", default=os.path.dirname(os.path.abspath(__file__)))
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)
    generator = numpy.random.default_rng(SEED)
    held_out = split_pairs(generator)
    data = Data()
    held_rows = numpy.flatnonzero(held_out)
    count = sum(math.prod(shape) for shape in make_model.weight_shapes().values())
    print(f"{count} parameters, {len(held_rows)} pairs held out", flush=True)
    probe = generator.permutation(held_rows)[:2000]
    parameters = train(options, data, Sampler(held_out, generator), probe)

    make_model.make_model().write(os.path.join(options.output, "model.json"))
    write_weights(parameters, os.path.join(options.output, "weights.h5"))
    for kind in ("int8", "f32"):
        wrong = wrong_rows(parameters, data, numpy.arange(1000000), kind == "int8")
        examples = ", ".join("{}+{}".format(*divmod(row, 1000)) for row in wrong[:10])
        held_wrong = numpy.count_nonzero(held_out[wrong])
        print(
            f"{kind}: {len(wrong)} wrong of 1000000, of them {held_wrong} of the {len(held_rows)} "
            f"held out; wrong: {examples or 'none'}",
            flush=True,
        )
    mistakes = set(wrong.tolist())

    # The listed sums are all right ones, to test other implementations against, not to measure the
    # model by: draws that it gets wrong are skipped, and their number is reported.
    draw, lines, skipped = random.Random(SEED), [], 0
    while len(lines) < 1000:
        a, b = draw.randrange(1000), draw.randrange(1000)
        if 1000 * a + b in mistakes:
            skipped += 1
        else:
            lines.append(f"{a}+{b}={a + b}\n")
    print(f"sums.txt: 1000 sums, {skipped} draws skipped because the model got them wrong")
    path = os.path.join(options.output, "sums.txt")
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.writelines(lines)


if __name__ == "__main__":
    main()
