"""What is taken along from a run, the line and the Python that repeat it, and models that are brought in from outside."""

from __future__ import annotations

from typing import Any

import gradio as gr

from explorer.answers.recipe import OWN_VOCABULARY, TAKEN_ALONG, command, python_of
from explorer.answers.take_away import brought_in, log_file, model_file, plot_file
from explorer.answers.training import Progress
from explorer.answers.training_desk import TrainingSession
from explorer.catalogue import catalogue
from explorer.page.events import QUICK
from explorer.page.guard import in_words
from explorer.page.wiring import TabContext
from explorer.store.services import Services
from explorer.widgets import notice
from explorer.widgets.code import code_lines, code_value
from explorer.widgets.notice import notice_line
from explorer.widgets.takeaway import asked_of, file_value, takeaway

say = catalogue("training")


def build(ctx: TabContext, session: gr.State) -> tuple[gr.HTML, gr.HTML]:
    """Returns the command line and the Python, which follow the run (`repeats`)."""
    with gr.Accordion(say("files"), open=False, elem_id="train-files"):
        line = code_lines("train-command", say("command"))
        python = code_lines("train-python", say("python"))
        labels = {"log": say("take_log"), "plot": say("take_plot"), "model": say("take_model")}
        files = takeaway("train-take", labels)
        gr.Markdown(say("take_words"))
        with gr.Row():
            upload = gr.UploadButton(say("bring"), file_count="multiple", size="sm", elem_id="train-bring")
            heads = gr.Number(None, label=say("bring_heads"), precision=0, elem_id="train-bring-heads", min_width=160)
        told = notice_line("train-files-told")
    handlers = FileHandlers(ctx.services, files, told, ctx.model)
    files.pick(handlers.take, [session, files, ctx.model], [files, told], **QUICK)
    upload.upload(handlers.bring, [upload, heads], [told, ctx.model], **QUICK)
    return line, python


def repeats(services: Services, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values for the command line and the Python of a run; where its rate was changed, why there are none."""
    if progress.rate_changes:
        instead = say("cannot_repeat", step=progress.rate_changes[0][0])
        return code_value("", instead), code_value("", instead)
    recipe = progress.recipe
    # a model that sessions trained has no folder: it is the one that was taken along and unpacked
    source = (services.models.source(recipe.source) or TAKEN_ALONG) if recipe.source else ""
    n_layers = progress.n_layers
    line, python = command(recipe, n_layers, source), python_of(recipe, n_layers, source)
    if source == TAKEN_ALONG:
        note = say("model_taken_along")
    elif not source and recipe.vocab_size == OWN_VOCABULARY:
        note = say("vocabulary_taken_along")
    else:
        return code_value(line), code_value(python)
    return code_value(f"{line}  # {note}"), code_value(f"# {note}\n{python}")


class FileHandlers:
    def __init__(self, services: Services, files: gr.HTML, told: gr.HTML, model: gr.Dropdown) -> None:
        self.services, self.files, self.told, self.model = services, files, told, model

    def take(self, session: TrainingSession | None, value: Any, model: Any) -> dict[Any, Any]:
        asked, live = asked_of(value), session.current if session else None
        try:
            if asked == "model":
                return {
                    self.files: file_value("model.zip", model_file(self.services, model)),
                    self.told: notice.info(""),
                }
            if live is None or not live.progress.train:
                return {self.told: notice.refusal(say("nothing_to_take"))}
            content = log_file(live.progress) if asked == "log" else plot_file(live.progress)
            name = "log.jsonl" if asked == "log" else "loss.pdf"
            return {self.files: file_value(name, content), self.told: notice.info("")}
        except Exception as error:
            return {self.told: notice.refusal(in_words(error))}

    def bring(self, paths: Any, heads: Any) -> dict[Any, Any]:
        """A model from files, chosen in the Model menu at once."""
        try:
            opened = brought_in(paths if isinstance(paths, list) else [paths], int(heads) if heads else None)
            name = self.services.models.add_trained(opened)
        except Exception as error:
            return {self.told: notice.refusal(in_words(error))}
        choices = [*self.services.models.choices(), (say("brought"), name)]
        told = notice.info(say("brought_words", n=opened.model.config.n_parameters))
        return {self.told: told, self.model: gr.update(choices=choices, value=name)}
