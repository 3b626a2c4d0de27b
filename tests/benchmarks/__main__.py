"""One table of ratios: python -m tests.benchmarks [--only trace] [--rounds 5] [--threads 1 --processor-time]."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from gpt2core.quantization import reduced_precision
from tests.benchmarks.contenders import BUILDERS, NEW_TOKENS, SHIPPED, TRAININGS, prompt, weights
from tests.benchmarks.measure import median_seconds, peak_alone, peak_here


@dataclass(frozen=True)
class Comparison:
    """ours against theirs. A speed ratio is theirs / ours in time (higher is better); a time ratio is ours / theirs (lower)."""

    ours: str
    theirs: str
    kind: str  # "speed" or "time"
    target: float | None


@dataclass(frozen=True)
class Group:
    """Contenders that take turns, and what is read off them. units: tokens in one piece of work, 0 to print milliseconds."""

    title: str
    contenders: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    tokens: int = 0


def groups() -> Iterator[Group]:
    for which in ("124M", "shipped"):
        aim = which == "124M"
        for n in (64, 256):
            ours, plain, hf = (f"trace {which} {n} {who}" for who in ("ours", "plain", "hf"))
            yield Group(
                f"full trace, {which}, T={n}",
                (ours, plain, hf),
                (
                    Comparison(ours, hf, "time", 0.80 if aim else None),
                    Comparison(ours, plain, "time", 1.15 if aim else None),
                ),
            )
        ours, reduced, hf, naive = (f"decode {which} {who}" for who in ("ours", "reduced", "hf", "naive"))
        yield Group(
            f"greedy decode, {which}",
            (ours, reduced, hf, naive),
            (
                Comparison(ours, hf, "speed", 1.0),
                Comparison(ours, naive, "speed", None),
                Comparison(reduced, hf, "speed", 2.0),
                Comparison(reduced, ours, "speed", None),
            ),
            NEW_TOKENS,
        )
    for size, (config, batch_size) in TRAININGS.items():
        for precision in ("fp32", "bf16"):
            ours, hf = (f"train {size} {precision} {who}" for who in ("ours", "hf"))
            tokens = batch_size * config.context_length
            yield Group(f"train {size}, {precision}", (ours, hf), (Comparison(ours, hf, "speed", 1.2),), tokens)


def measure(group: Group, rounds: int, threads: int, clock: Callable[[], float], with_peaks: bool) -> None:
    built = {name: BUILDERS[name]() for name in group.contenders}
    if group.title.startswith("greedy"):
        exact = [name for name in built if "reduced" not in name]
        texts = {tuple(built[name]()) for name in exact}  # type: ignore[call-overload]
        print(
            f"{group.title}: ours, transformers and the naive loop give {'identical' if len(texts) == 1 else 'DIFFERENT'} tokens"
        )
    seconds = median_seconds(built, rounds, clock)
    built.clear()
    peaks = {name: peak_alone(name, threads) for name in group.contenders} if with_peaks else {}
    for name in group.contenders:
        speed = (
            f"{group.tokens / seconds[name]:>10,.1f} tok/s" if group.tokens else f"{seconds[name] * 1e3:>10,.1f} ms   "
        )
        peak = peaks.get(name)
        print(f"  {name:<28}{speed}" + ("" if peak is None else f"  peak {peak:>8,.0f} MiB"))
    for comparison in group.comparisons:
        quotient = seconds[comparison.ours] / seconds[comparison.theirs]
        ratio = quotient if comparison.kind == "time" else 1 / quotient
        words = "times the time of" if comparison.kind == "time" else "times the speed of"
        verdict = ""
        if comparison.target is not None:
            met = ratio <= comparison.target if comparison.kind == "time" else ratio >= comparison.target
            sign = "<=" if comparison.kind == "time" else ">="
            verdict = f"   target {sign} {comparison.target:.2f}: {'met' if met else 'FALLS SHORT'}"
        print(f"  -> {comparison.ours}: {ratio:.2f} {words} {comparison.theirs}{verdict}", flush=True)


def divergence(which: str) -> None:
    """How far the reduced model's next-token distributions are from fp32's, on 256 tokens."""
    model = weights(which)
    ids = torch.tensor([prompt(model.config, 256)])
    with torch.no_grad():
        exact = torch.log_softmax(model(ids)[0].double(), -1)
        reduced = torch.log_softmax(reduced_precision(model)(ids)[0].double(), -1)
    kl = (exact.exp() * (exact - reduced)).sum(-1)
    same = (exact.argmax(-1) == reduced.argmax(-1)).double().mean()
    print(
        f"reduced precision, {which}: KL to fp32 {kl.mean():.2e} nats a token (worst {kl.max():.2e}), likeliest token the same in {same:.1%}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    arguments.add_argument("--only", default="", help="groups whose title holds this text")
    arguments.add_argument("--rounds", type=int, default=5, help="turns a contender takes (default: %(default)s)")
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: %(default)s")
    arguments.add_argument(
        "--processor-time",
        action="store_true",
        help="count seconds of this process instead of the wall's: fairer on a loaded machine, with one thread only",
    )
    arguments.add_argument("--no-peaks", action="store_true", help="leave the memory out, which takes a process each")
    arguments.add_argument("--peak-of", choices=sorted(BUILDERS), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.processor_time and options.threads != 1:
        arguments.error("--processor-time adds up what all threads spend, waiting included; give it --threads 1")
    clock = time.process_time if options.processor_time else time.perf_counter
    torch.set_num_threads(options.threads)
    if options.peak_of:
        print(peak_here(BUILDERS[options.peak_of]()))
        return
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors" if hasattr(os, "getloadavg") else ""
    print(
        f"torch {torch.__version__}, {options.threads} thread(s), medians of {options.rounds} interleaved rounds of "
        f"{'processor' if options.processor_time else 'wall'} time, {load}\n"
    )
    for group in groups():
        if options.only not in group.title:
            continue
        if "shipped" in group.title and not SHIPPED.is_dir():
            print(f"{group.title}: skipped, checkpoints/{SHIPPED.name} is not there")
            continue
        print(group.title)
        measure(group, options.rounds, options.threads, clock, not options.no_peaks)
    for which in ("124M", "shipped"):
        if options.only in f"divergence, {which}" and (which != "shipped" or SHIPPED.is_dir()):
            divergence(which)


if __name__ == "__main__":
    main()
