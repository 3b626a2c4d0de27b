"""One matrix-vector product of GPT-2 by every road that torch offers: python -m tests.benchmarks.products.

The measurement behind gpt2core/linear.py and gpt2core/quantization.py. Weights are many copies, so that no cache holds them.
"""

from __future__ import annotations

import time
import warnings

import torch
from torch.nn import functional as F

from tests.benchmarks.measure import median_seconds

SHAPES = {"attention": (768, 768), "MLP in": (3072, 768), "MLP out": (768, 3072), "output head": (50257, 768)}


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch announces that its quantized tensors will go
    for place, (n_out, n_in) in SHAPES.items():
        copies = max(1, 50_000_000 // (n_out * n_in))
        weights = [torch.randn(n_out, n_in) for _ in range(copies)]
        x = torch.randn(1, n_in)
        half = x.bfloat16()
        scale = weights[0].abs().amax(1) / 127
        int8 = [(w / scale[:, None]).round().clamp(-127, 127).to(torch.int8) for w in weights]
        zeros = torch.zeros(n_out, dtype=torch.int64)
        dynamic = [
            torch.ops.quantized.linear_prepack(
                torch.quantize_per_channel(w, scale.double(), zeros, 0, torch.qint8), None
            )
            for w in weights
        ]
        float16 = [torch.ops.quantized.linear_prepack_fp16(w, None) for w in weights]
        bfloat16 = [w.bfloat16() for w in weights]
        narrow = scale.bfloat16()
        onednn = torch.ops.mkldnn._linear_pointwise
        seconds = median_seconds(
            {
                "fp32, MKL": lambda w=weights, x=x: [F.linear(x, m) for m in w],
                "fp32, oneDNN": lambda w=weights, x=x, f=onednn: [f(x, m, None, "none", [], "") for m in w],
                "bf16": lambda w=bfloat16, x=half: [F.linear(x, m) for m in w],
                "int8 weights, bf16": lambda w=int8, x=half, s=narrow: [torch._weight_int8pack_mm(x, m, s) for m in w],
                "int8 both, dynamic": lambda w=dynamic, x=x: [torch.ops.quantized.linear_dynamic(x, m) for m in w],
                "fp16 weights, fp32": lambda w=float16, x=x: [torch.ops.quantized.linear_dynamic_fp16(x, m) for m in w],
            },
            rounds=7,
            clock=time.process_time,
        )
        print(f"{place} {n_out} x {n_in}: " + ", ".join(f"{k} {v / copies * 1e3:.3f} ms" for k, v in seconds.items()))


if __name__ == "__main__":
    main()
