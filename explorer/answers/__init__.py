"""What tabs compute, free of gradio."""
