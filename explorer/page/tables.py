"""Tables on the page: a pandas DataFrame, and a button that saves it as CSV without asking the server."""

from __future__ import annotations

import gradio as gr

from explorer.catalogue import catalogue

# Runs in the browser: a Dataframe's value is {headers, data}; fields are quoted as RFC 4180 says.
_SAVE_CSV = """(table) => {{
  const quoted = (cell) => `"${{String(cell ?? '').replaceAll('"', '""')}}"`;
  const lines = [table.headers, ...table.data].map((row) => row.map(quoted).join(','));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\\ufeff' + lines.join('\\r\\n')], {{ type: 'text/csv' }}));
  link.download = '{name}.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}}"""


def table_with_csv(label: str, name: str, *, max_height: int = 420) -> gr.Dataframe:
    """A read-only table (set it to a DataFrame of strings and numbers) and, below it, the button that saves it as `name`.csv."""
    table = gr.Dataframe(label=label, interactive=False, wrap=True, max_height=max_height, elem_id=f"table-{name}")
    save = gr.Button(catalogue("page")("save_csv"), size="sm", scale=0, min_width=160)
    save.click(None, table, None, js=_SAVE_CSV.format(name=name), api_visibility="private")
    return table
