#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the network of the demo and writes its weights.

    train.py [weights.bin]           train, then write
    train.py --check [weights.bin]   read, and print what the file achieves

Needs python3-numpy. The demo does not need this: the weights are kept in the
tree. Training is deterministic on one machine; another one's linear algebra
may round differently and end in other, equally good, weights.

The network is 64-128-64-10 with ReLU between layers, on pixels of 0..1. It is
kept in two forms, int8 and bf16, and both are evaluated here with the board's
arithmetic, to the bit:

int8    acc = sum of int8 * int8 in int32, + int32 bias, to fp32, * fp32 scale,
        ReLU but in the last layer, round to nearest even, saturate to int8.
        Input: pixel * INPUT_INT8.
bf16    fp32 accumulator, from zero, one addition for each k in rising order;
        + fp32 bias; ReLU and round to bf16, but the last layer stays fp32.
        Input: pixel / 16.

The answer is the first greatest output.

weights.bin, little endian, every array on a multiple of 4, no padding else:

    0   char[4]  magic "ASHW"
    4   u32      version, 1
    8   u32      size of the file
    12  u32      CRC-32 (IEEE, as zlib) of all that follows this word
    16  u32      layers, L
    20  u32      test rows, T
    24  u32      INPUT_INT8
    28  f32      test accuracy of the int8 form
    32  f32      test accuracy of the bf16 form
    36  L times  u32 inputs, u32 outputs, f32 scale,
                 u32 offset of int8 weights [outputs][inputs],
                 u32 offset of int32 bias [outputs],
                 u32 offset of bf16 weights [outputs][inputs],
                 u32 offset of f32 bias [outputs]
    ..  u16[T]   rows of digits.csv that were not trained with, rising
    ..           the arrays
"""
import gzip
import pathlib
import struct
import sys
import zlib

import numpy as np

HERE = pathlib.Path(__file__).parent
LAYERS = (64, 128, 64, 10)
TRAIN_ROWS = 1437
INPUT_INT8 = 7  # 16 * 7 = 112, the greatest multiple of 16 below 128
EPOCHS = 200
BATCH = 32
SEED = 1998
HEADER = "<4sIIIIIIff"
LAYER = "<IIfIIII"


def load_digits():
    """Pixels (rows, 64) of 0..16 and labels."""
    with gzip.open(HERE / "data" / "digits.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    return table[:, :64], table[:, 64]


def split(rows):
    """Row numbers for training and for testing: a fixed shuffle."""
    order = np.random.RandomState(SEED).permutation(rows)
    return np.sort(order[:TRAIN_ROWS]), np.sort(order[TRAIN_ROWS:])


def shifted(pixels, random):
    """Each image moved by -1, 0 or 1 pixel in x and y."""
    images = np.pad(pixels.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    moves = random.randint(0, 3, (len(images), 2))
    return np.stack([image[y:y + 8, x:x + 8].ravel()
                     for image, (y, x) in zip(images, moves)])


def forward(weights, biases, x):
    """Outputs of every layer, in float64."""
    outputs = [x]
    for i, (w, b) in enumerate(zip(weights, biases)):
        x = x @ w.T + b
        if i < len(weights) - 1:
            x = np.maximum(x, 0)
        outputs.append(x)
    return outputs


def gradients(weights, biases, x, labels):
    outputs = forward(weights, biases, x)
    odds = np.exp(outputs[-1] - outputs[-1].max(1, keepdims=True))
    error = odds / odds.sum(1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    result = []
    for i in reversed(range(len(weights))):
        result += [error.sum(0), error.T @ outputs[i]]
        error = (error @ weights[i]) * (outputs[i] > 0)
    return result[::-1]  # weights and bias of the first layer, the second, ...


def train(pixels, labels):
    """Adam with a rate that falls to zero; returns weights and biases."""
    random = np.random.RandomState(SEED + 1)
    parameters = []
    for inputs, outputs in zip(LAYERS, LAYERS[1:]):
        parameters.append(random.randn(outputs, inputs) * np.sqrt(2 / inputs))
        parameters.append(np.zeros(outputs))
    mean = [np.zeros_like(p) for p in parameters]
    square = [np.zeros_like(p) for p in parameters]
    step = 0
    steps = EPOCHS * -(-len(pixels) // BATCH)
    for _ in range(EPOCHS):
        order = random.permutation(len(pixels))
        x = shifted(pixels, random) / 16
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            step += 1
            rate = 2e-3 * (1 - step / (steps + 1))
            grads = gradients(parameters[0::2], parameters[1::2], x[rows],
                              labels[rows])
            for p, m, s, g in zip(parameters, mean, square, grads):
                g = g + 1e-4 * p
                m += 0.1 * (g - m)
                s += 0.001 * (g * g - s)
                p -= rate * (m / (1 - 0.9 ** step)) / (
                    np.sqrt(s / (1 - 0.999 ** step)) + 1e-8)
    return parameters[0::2], parameters[1::2]


def to_bf16(x):
    """Rounded to the nearest bf16, ties to even; as fp32. Finite values."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000
    return bits.astype(np.uint32).view(np.float32)


def quantise(weights, biases, x):
    """The int8 form: a list of (weights, bias, scale). x: training pixels."""
    layers = []
    outputs = forward(weights, biases, x)
    scale_in = 1 / (16 * INPUT_INT8)
    for w, b, y in zip(weights, biases, outputs[1:]):
        scale_w = np.abs(w).max() / 127
        scale_out = np.abs(y).max() / 127
        layers.append((np.rint(w / scale_w).astype(np.int8),
                       np.rint(b / (scale_in * scale_w)).astype(np.int32),
                       np.float32(scale_in * scale_w / scale_out)))
        scale_in = scale_out
    return layers


def run_int8(layers, pixels):
    x = (pixels * INPUT_INT8).astype(np.int32)
    for i, (w, b, scale) in enumerate(layers):
        acc = x @ w.T.astype(np.int32) + b
        y = acc.astype(np.float32) * scale
        if i < len(layers) - 1:
            y = np.maximum(y, np.float32(0))
        x = np.clip(np.rint(y), -128, 127).astype(np.int32)
    return x


def run_bf16(layers, pixels):
    x = (pixels / 16).astype(np.float32)
    for i, (w, b) in enumerate(layers):
        acc = np.zeros((len(x), len(w)), np.float32)
        for k in range(w.shape[1]):
            acc = acc + x[:, k:k + 1] * w[:, k]  # the product is exact
        y = acc + b
        x = y if i == len(layers) - 1 else to_bf16(np.maximum(y, 0))
    return x


def accuracy(outputs, labels):
    return np.float32((outputs.argmax(1) == labels).mean())


def evaluate(int8, bf16, pixels, labels):
    a = accuracy(run_int8(int8, pixels), labels)
    b = accuracy(run_bf16(bf16, pixels), labels)
    print(f"int8 accuracy {a:.4f}, bf16 accuracy {b:.4f} on {len(labels)} "
          "digits that were not trained with")
    return a, b


def pack(int8, bf16, test, accuracies):
    offset = (struct.calcsize(HEADER) + len(int8) * struct.calcsize(LAYER))
    body = test.astype("<u2").tobytes()
    table = b""
    for (w8, b8, scale), (w16, b16) in zip(int8, bf16):
        offsets = []
        for array in (w8.tobytes(), b8.astype("<i4").tobytes(),
                      (w16.view(np.uint32) >> 16).astype("<u2").tobytes(),
                      b16.astype("<f4").tobytes()):
            body += bytes(-(offset + len(body)) % 4)
            offsets.append(offset + len(body))
            body += array
        table += struct.pack(LAYER, w8.shape[1], w8.shape[0], scale, *offsets)
    after = struct.pack("<IIIff", len(int8), len(test), INPUT_INT8,
                        *accuracies) + table + body
    return struct.pack("<4sIII", b"ASHW", 1, 16 + len(after),
                       zlib.crc32(after)) + after


def unpack(data):
    """The inverse: int8 layers, bf16 layers, test rows, accuracies."""
    if len(data) < struct.calcsize(HEADER):
        sys.exit(f"weights: {len(data)} bytes, the header alone has "
                 f"{struct.calcsize(HEADER)}")
    magic, version, size, crc, layers, rows, scale, a, b = \
        struct.unpack_from(HEADER, data)
    if magic != b"ASHW" or version != 1:
        sys.exit(f"weights: magic {magic} version {version}, not ASHW 1")
    if size != len(data) or crc != zlib.crc32(data[16:]):
        sys.exit(f"weights: {len(data)} bytes, CRC {zlib.crc32(data[16:]):#x};"
                 f" the header says {size}, {crc:#x}")
    if scale != INPUT_INT8:
        sys.exit(f"weights: input factor {scale}, not {INPUT_INT8}")
    offset = struct.calcsize(HEADER)
    int8, bf16 = [], []
    for _ in range(layers):
        k, n, s, w8, b8, w16, b16 = struct.unpack_from(LAYER, data, offset)
        offset += struct.calcsize(LAYER)
        int8.append((np.frombuffer(data, np.int8, n * k, w8).reshape(n, k),
                     np.frombuffer(data, "<i4", n, b8), np.float32(s)))
        bits = np.frombuffer(data, "<u2", n * k, w16).astype(np.uint32) << 16
        bf16.append((bits.view(np.float32).reshape(n, k),
                     np.frombuffer(data, "<f4", n, b16)))
    return int8, bf16, np.frombuffer(data, "<u2", rows, offset), (a, b)


def main(arguments):
    check = arguments[:1] == ["--check"]
    path = pathlib.Path((arguments[check:] or [HERE / "weights.bin"])[0])
    pixels, labels = load_digits()
    if check:
        int8, bf16, test, said = unpack(path.read_bytes())
        found = evaluate(int8, bf16, pixels[test], labels[test])
        if not np.array_equal(np.float32(said), found):
            sys.exit(f"weights: the file says {said}")
        return
    rows, test = split(len(labels))
    weights, biases = train(pixels[rows], labels[rows])
    print(f"training accuracy "
          f"{accuracy(forward(weights, biases, pixels[rows] / 16)[-1], labels[rows]):.4f}")
    int8 = quantise(weights, biases, pixels[rows] / 16)
    bf16 = [(to_bf16(w), b.astype(np.float32))
            for w, b in zip(weights, biases)]
    accuracies = evaluate(int8, bf16, pixels[test], labels[test])
    if min(accuracies) < 0.97:
        sys.exit("less than 0.97: not written")
    path.write_bytes(pack(int8, bf16, test, accuracies))


if __name__ == "__main__":
    main(sys.argv[1:])
