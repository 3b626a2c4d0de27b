"""Standard JavaScript modules as one script, for a page that can load none (docs/decisions/011).

Every module becomes a closure that is handed what it imports and returns what it exports, in the order in which they need each
other. Of the language's forms those that this project writes are understood, and any other is refused:

    import { name, other as mine } from './file.js';
    export const, export function, export function*, export async function, export class, export default function
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_NAME = r"[A-Za-z_$][\w$]*"
_IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*(['\"])([^'\"\n]+)\2;?", re.MULTILINE)
_EXPORT = re.compile(
    rf"^export\s+(default\s+)?((?:const\s+|(?:async\s+)?function(?:\s*\*\s*|\s+)|class\s+)({_NAME}))", re.MULTILINE
)
_LEFT_OVER = re.compile(r"^(?:import\b(?!\s*[.(])|export\b).*", re.MULTILINE)


class BundleError(Exception):
    """A script that cannot be joined: which file, and why."""


@dataclass(frozen=True)
class Import:
    """`name` of the module at `path`, called `local` here."""

    path: Path
    name: str
    local: str


@dataclass(frozen=True)
class Module:
    """body: the script without its import and export words. exports: what others may import and what it is called inside."""

    path: Path
    body: str
    imports: tuple[Import, ...]
    exports: dict[str, str]


def bundled(entry: Path) -> str:
    """A JavaScript expression whose value is an object: what `entry` exports, its default function as `default`.

    Raises: BundleError for a file that does not exist, a name that is not exported, modules that need each other in a circle,
    and forms of import and export that are not understood.
    """
    modules = in_order(entry)
    return _joined(modules, lambda names: names[modules[-1].path])


def all_bundled(entries: Mapping[str, Path]) -> str:
    """A JavaScript expression whose value is an object: by its name in `entries`, what each exports.

    What several of them import is there once, one closure that all of them share. Raises: as `bundled`.
    """
    paths = {name: path.resolve() for name, path in entries.items()}
    modules = in_order(*paths.values())

    def by_name(names: dict[Path, str]) -> str:
        return "{ " + ", ".join(f"{json.dumps(name)}: {names[path]}" for name, path in paths.items()) + " }"

    return _joined(modules, by_name)


def in_order(*entries: Path) -> list[Module]:
    """`entries` and all that they import, each once and after what it needs."""
    done: dict[Path, Module] = {}
    for entry in entries:
        _visit(entry.resolve(), (), done)
    return list(done.values())


def _joined(modules: list[Module], returned: Callable[[dict[Path, str]], str]) -> str:
    """`modules`, in their order, and what `returned` makes of the names that they have."""
    names = {module.path: f"module_{index}" for index, module in enumerate(modules)}
    closures = [f"const {names[module.path]} = {_closure(module, names)};" for module in modules]
    return "\n".join(["(() => {", *closures, f"return {returned(names)};", "})()"])


def _visit(path: Path, above: tuple[Path, ...], done: dict[Path, Module]) -> None:
    if path in above:
        circle = " -> ".join(other.name for other in (*above[above.index(path) :], path))
        raise BundleError(f"These scripts import one another in a circle: {circle}. Move what they share to a third.")
    if path in done:
        return
    if not path.is_file():
        importer = f", which {above[-1]} imports from" if above else ""
        raise BundleError(f"There is no {path}{importer}.")
    module = parsed(path)
    for needed in module.imports:
        _visit(needed.path, (*above, path), done)
        offered = done[needed.path].exports
        if needed.name not in offered:
            raise BundleError(
                f"{path} imports {needed.name} from {needed.path.name}, which exports only {', '.join(offered) or 'nothing'}."
            )
    done[path] = module


def parsed(path: Path) -> Module:
    """The module at `path`, read."""
    source = path.read_text(encoding="utf-8")
    imports = [found for match in _IMPORT.finditer(source) for found in _imported(match[1], path.parent / match[3])]
    exports = {"default" if match[1] else match[3]: match[3] for match in _EXPORT.finditer(source)}
    body = _EXPORT.sub(r"\2", _IMPORT.sub("", source))
    if other := _LEFT_OVER.search(body):
        raise BundleError(f"{path} says {other[0]!r}; explorer/widgets/bundle.py lists the forms that it understands.")
    return Module(path, body.strip(), tuple(imports), exports)


def _imported(names: str, source: Path) -> list[Import]:
    pairs = [re.split(r"\s+as\s+", name.strip()) for name in names.split(",") if name.strip()]
    return [Import(source.resolve(), pair[0], pair[-1]) for pair in pairs]


def _closure(module: Module, names: dict[Path, str]) -> str:
    handed = ", ".join(needed.local for needed in module.imports)
    given = ", ".join(f"{names[needed.path]}.{needed.name}" for needed in module.imports)
    returned = ", ".join(name if name == local else f"{name}: {local}" for name, local in module.exports.items())
    head = f"(({handed}) => {{ // {module.path.parent.name}/{module.path.name}"
    # modules are strict by the language's rules
    return "\n".join([head, '"use strict";', module.body, f"return {{ {returned} }};", f"}})({given})"])
