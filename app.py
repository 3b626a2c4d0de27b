"""Start the explorer: `python app.py`, `gradio app.py`, or a Hugging Face Space."""

import argparse
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: nothing leaves the machine

from explorer.app import build_app, launch_options
from explorer.page.addresses import answer_long_addresses
from explorer.store.services import Services

demo = build_app(Services())

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", help="address to listen on (default: this machine only, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default: the first free one from 7860)")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    options, _ = parser.parse_known_args()
    answer_long_addresses()
    demo.launch(server_name=options.host, server_port=options.port, inbrowser=options.open, **launch_options())
