"""What a run on the page costs beside the same run of gpt2core alone: python -m tests.benchmarks.live_training. Measures, prints, asserts
no time.

Both train the default recipe on the sample text on one thread, in turns of some updates; the page's also writes samples, checks the
held-back loss, keeps moments, and makes the value of its plot at every tick.
"""

from __future__ import annotations

import argparse
import os
import time

import torch

from explorer.answers.recipe import Recipe
from explorer.answers.training import TrainingRun, Wishes, corpus_for, sample_text
from explorer.panels.training_figures import loss_value, samples_value
from gpt2core import GPTModel, gpt2_tokenizer
from gpt2core.train import Trainer

AIM = 0.9  # of the tokens a second
AIM_REDRAWS = 5.0  # a second


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.benchmarks.live_training", description=__doc__)
    arguments.add_argument("--size", default="tiny")
    arguments.add_argument("--updates", type=int, default=200, help="of each run (default: %(default)s)")
    arguments.add_argument("--turn", type=int, default=20, help="updates in turn (default: %(default)s)")
    options = arguments.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    torch.set_num_threads(1)
    recipe = Recipe(options.size, options.updates)
    live = TrainingRun(sample_text(), recipe)
    torch.manual_seed(recipe.seed)
    corpus = corpus_for(sample_text(), gpt2_tokenizer(recipe.vocab_size), recipe.config)
    alone = Trainer(GPTModel(recipe.config), corpus, recipe.settings(recipe.n_layers)).run()
    seconds, processor, redraws = [0.0, 0.0], [0.0, 0.0], 0
    began_all = time.perf_counter()
    first = 0.0
    for _ in range(options.updates // options.turn):
        began, cpu = time.perf_counter(), time.thread_time()
        for progress in live.ticks(Wishes(), options.turn):
            loss_value(progress, [])
            samples_value(progress)
            list(live.moments())
            redraws += 1
            first = first or (time.perf_counter() - began_all if progress.held_out else 0.0)
        seconds[0] += time.perf_counter() - began
        processor[0] += time.thread_time() - cpu
        began, cpu = time.perf_counter(), time.thread_time()
        for _ in range(options.turn):
            next(alone)
        seconds[1] += time.perf_counter() - began
        processor[1] += time.thread_time() - cpu
    ratio, ratio_cpu = seconds[1] / seconds[0], processor[1] / processor[0]
    verdict = "met" if ratio_cpu >= AIM else "FALLS SHORT"
    print(f"{options.size}: {options.updates} updates on the page {seconds[0]:.1f} s, alone {seconds[1]:.1f} s")
    print(f"  ratio {ratio:.2f}, of processor time {ratio_cpu:.2f}; aim >= {AIM}: {verdict}")
    print(f"  first loss after {first:.2f} s; {redraws / seconds[0]:.1f} redraws a second; aim >= {AIM_REDRAWS:.0f}")


if __name__ == "__main__":
    main()
