"""Other people's GPT-2s: their names, shapes and files, translated into ours. checkpoint.load_pretrained is the door."""
