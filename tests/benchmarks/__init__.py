"""How fast gpt2core is beside what people use today: `python -m tests.benchmarks`. Measures and prints; asserts no time."""
