"""Tensor or DataFrame in, plotly Figure out: pure functions, no gradio, no model."""
