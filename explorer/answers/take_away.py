"""What may be taken along from a run, as files, and models that are brought in. Knows nothing of the page."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from explorer.answers.training import Progress, log_lines
from explorer.catalogue import catalogue
from explorer.store.services import Services
from gpt2core import Pretrained, TrainEvent, load_pretrained, save_pretrained
from gpt2core.checkpoint import learned_tensors
from gpt2core.errors import InvalidSetting
from gpt2core.foreign.export import huggingface_files
from gpt2core.tokenizer import PlainTokenizer
from gpt2core.train.plot import loss_figure

say = catalogue("training")
MOST_FILES = 64
MOST_BYTES = 800 * 2**20  # of what is unpacked
MOST_PARAMETERS = 130_000_000  # GPT-2 with an output head of its own fits; more would fill the machine for everybody


def log_file(progress: Progress) -> bytes:
    """An event an update, a line each, as python -m gpt2core.train writes them."""
    return "".join(f"{json.dumps(line)}\n" for line in log_lines(progress)).encode()


def plot_file(progress: Progress) -> bytes:
    """The curve as PDF."""
    drawn = io.BytesIO()
    loss_figure([TrainEvent(**line) for line in log_lines(progress)], progress.vocab_size).savefig(drawn, format="pdf")
    return drawn.getvalue()


def model_file(services: Services, name: str) -> bytes:
    """A zip of the model's folder in Hugging Face's form: configuration, weights, vocabulary; in our own where the vocabulary is a list
    without merges, for which that form has no place. Raises: UnknownModel, InvalidSetting."""
    model = services.models.get(name).model
    if model.config.n_parameters > MOST_PARAMETERS:
        raise InvalidSetting(say("too_large_to_take", n=model.config.n_parameters, limit=MOST_PARAMETERS))
    tokenizer = services.models.tokenizer(name)
    if isinstance(tokenizer, PlainTokenizer):
        with tempfile.TemporaryDirectory() as made:
            save_pretrained(model, Path(made), tokenizer=tokenizer)
            files = {path.name: path.read_bytes() for path in Path(made).iterdir()}
    else:
        files = huggingface_files(model.config, learned_tensors(model), tokenizer)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # weights do not get smaller
        for file, content in files.items():
            archive.writestr(f"model/{file}", content)
    return packed.getvalue()


def brought_in(paths: Sequence[str], n_heads: int | None) -> Pretrained:
    """The model in what was uploaded: one file of weights, the files of a folder, or a zip of them. n_heads: for files that do not
    state it. Raises: InvalidSetting, and what load_pretrained raises."""
    if not paths or len(paths) > MOST_FILES:
        raise InvalidSetting(say("bring_count", n=len(paths), limit=MOST_FILES))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for path in map(Path, paths):
            if zipfile.is_zipfile(path) and path.suffix == ".zip":
                _unpack(path, folder)
            else:
                shutil.copy(path, folder / path.name)
        files = sorted(folder.iterdir())
        opened = load_pretrained(folder if len(files) != 1 else files[0], n_heads)
    if opened.model.config.n_parameters > MOST_PARAMETERS:
        raise InvalidSetting(say("too_large_to_bring", n=opened.model.config.n_parameters, limit=MOST_PARAMETERS))
    return opened


def _unpack(path: Path, folder: Path) -> None:
    """All files of an archive, side by side: of a name only its last part is taken."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX" not in one.filename]
            if len(inside) > MOST_FILES or sum(one.file_size for one in inside) > MOST_BYTES:
                raise InvalidSetting(say("bring_too_much", limit=MOST_FILES, megabytes=MOST_BYTES >> 20))
            for one in inside:
                with archive.open(one) as packed, (folder / Path(one.filename).name).open("wb") as whole:
                    shutil.copyfileobj(packed, whole)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InvalidSetting(say("bring_no_zip")) from error
