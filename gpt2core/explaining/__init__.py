"""The parts of explain.py: operands and their sums, a recipe for every site, the lines and the snippet."""
