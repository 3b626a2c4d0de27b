"""Modules joined into one script behave as the browser's own modules would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from py_mini_racer import JSEvalException, MiniRacer

from explorer.widgets.bundle import BundleError, all_bundled, bundled, in_order
from explorer.widgets.widget import FOLDERS, head, widget
from tests.explorer.widgets.scripts import WIDGETS

ENTRIES = sorted(path for path in WIDGETS.rglob("*.js") if "export default" in path.read_text(encoding="utf-8"))


def modules(folder: Path, **sources: str) -> Path:
    """The files, named <key>.js; the path of `entry`."""
    for name, source in sources.items():
        (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return folder / "entry.js"


def value(entry: Path, call: str) -> object:
    return json.loads(MiniRacer().eval(f"JSON.stringify({bundled(entry)}{call})"))


def test_a_module_has_what_it_imports_under_the_name_it_chose(tmp_path):
    entry = modules(
        tmp_path,
        maths="export const TWO = 2;\nexport function twice(x) { return TWO * x; }\n",
        entry="import { twice, TWO as two } from './maths.js';\nexport default function mount() { return [twice(4), two]; }\n",
    )
    assert value(entry, ".default()") == [8, 2]


def test_every_form_of_export_that_is_listed_is_understood(tmp_path):
    entry = modules(
        tmp_path,
        entry="""
export const one = 1;
export const thin = () => 2;
export function plain() { return 3; }
export function* many() { yield 4; }
export async function late() { return 5; }
export class Kind { six() { return 6; } }
export default function () { return 7; }
""".replace("function ()", "function mount()"),
    )
    assert value(entry, ".one") == 1
    assert value(entry, ".thin()") == 2
    assert value(entry, ".plain()") == 3
    exported = f"((m) => [[...m.many()], new m.Kind().six(), typeof m.late, m.default()])({bundled(entry)})"
    assert json.loads(MiniRacer().eval(f"JSON.stringify({exported})")) == [[4], 6, "function", 7]


def test_names_that_are_not_exported_stay_inside(tmp_path):
    entry = modules(
        tmp_path,
        other="const hidden = 'theirs';\nexport function shown() { return hidden; }\n",
        entry="import { shown } from './other.js';\nconst hidden = 'ours';\nexport default function mount() { return [hidden, shown()]; }\n",
    )
    assert value(entry, ".default()") == ["ours", "theirs"]
    assert MiniRacer().eval(f"{bundled(entry)}; typeof hidden") == "undefined"


def test_a_module_that_two_need_runs_once_and_before_them(tmp_path):
    entry = modules(
        tmp_path,
        counter="let n = 0;\nexport function next() { n += 1; return n; }\n",
        left="import { next } from './counter.js';\nexport const left = next();\n",
        right="import { next } from './counter.js';\nexport const right = next();\n",
        entry="import { left } from './left.js';\nimport {\n  right,\n} from './right.js';\nexport const both = [left, right];\n",
    )
    assert value(entry, ".both") == [1, 2]
    assert [module.path.name for module in in_order(entry)] == ["counter.js", "left.js", "right.js", "entry.js"]


def test_modules_are_strict(tmp_path):
    entry = modules(tmp_path, entry="export default function mount() { undeclared = 1; }\n")
    with pytest.raises(JSEvalException, match="undeclared is not defined"):
        MiniRacer().eval(f"{bundled(entry)}.default()")


def test_import_and_export_inside_words_and_calls_are_left_alone(tmp_path):
    entry = modules(
        tmp_path, entry="const exported = { import: 1 };\nexport const sum =\n  exported.import + 1; // export what\n"
    )
    assert value(entry, ".sum") == 2


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("import { a } from './missing.js';\n", "There is no .*missing.js, which .*entry.js imports from"),
        ("import { b } from './other.js';\n", "imports b from other.js, which exports only a"),
        ("import a from './other.js';\n", "import a from"),
        ("import * as all from './other.js';\n", "import \\* as all"),
        ("import './other.js';\n", "import './other.js'"),
        ("export { a };\n", "export { a }"),
        ("export let a = 1;\n", "export let a"),
        ("export default 3;\n", "export default 3"),
        ("import { c } from './circle.js';\nexport const a = 1;\n", "in a circle: entry.js -> circle.js -> entry.js"),
    ],
)
def test_what_would_not_work_is_refused_when_the_page_is_built(tmp_path, entry, complaint):
    path = modules(
        tmp_path,
        entry=entry,
        other="export const a = 1;\n",
        circle="import { a } from './entry.js';\nexport const c = a;\n",
    )
    with pytest.raises(BundleError, match=complaint):
        bundled(path)


def test_a_widget_hands_its_script_the_page_s_parts_and_its_constants_and_nothing_else(tmp_path):
    folder = tmp_path / "sign"
    folder.mkdir()
    (folder / "sign.js").write_text(
        "export default function mount({ element, props, words, ...rest }) {\n"
        "  element.told = [words.greeting, props.value, Object.keys(rest)];\n}\n",
        encoding="utf-8",
    )
    call = widget(folder, "<p></p>", {"words": {"greeting": 'say "hi" </p> ${1}\u2028'}}).js_on_load
    page = "const element = {}, props = { value: 5 }, trigger = null, watch = null;"
    script = head([folder]).removeprefix("<script>").removesuffix("</script>")
    for first, second in ((script, call), (call, script)):  # Gradio says of neither that it comes before the other
        told = MiniRacer().eval(f"(() => {{ {page} {first} {second} return JSON.stringify(element.told); }})()")
        assert json.loads(told) == ['say "hi" </p> ${1}\u2028', 5, ["trigger", "watch"]]


def test_a_widget_that_fails_is_reported_and_the_others_start(tmp_path):
    for name, body in (("broken", "element.none.at = 1;"), ("whole", "element.started = true;")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.js").write_text(f"export default function mount({{ element }}) {{ {body} }}\n")
    folders = [tmp_path / "broken", tmp_path / "whole"]
    calls = " ".join(widget(folder, "<p></p>").js_on_load for folder in folders)
    script = head(folders).removeprefix("<script>").removesuffix("</script>")
    page = "const element = {}, props = {}, trigger = null, watch = null, errors = [];"
    page += " globalThis.reportError = (error) => errors.push(error.name);"
    for scripts in (calls + script, script + calls):
        told = MiniRacer().eval(f"(() => {{ {page} {scripts} return JSON.stringify([element.started, errors]); }})()")
        assert json.loads(told) == [True, ["TypeError"]]


def test_two_widgets_of_one_name_are_refused(tmp_path):
    for outer in ("a", "b"):
        (tmp_path / outer / "sign").mkdir(parents=True)
        (tmp_path / outer / "sign" / "sign.js").write_text("export default function mount() {}\n")
    with pytest.raises(BundleError, match="same name"):
        head([tmp_path / "a" / "sign", tmp_path / "b" / "sign"])


def test_what_several_widgets_import_is_in_the_page_once(tmp_path):
    path = modules(
        tmp_path,
        shared="export const made = {};\n",
        left="import { made } from './shared.js';\nexport default function left() { return made; }\n",
        right="import { made } from './shared.js';\nexport default function right() { return made; }\n",
        entry="export const unused = 1;\n",
    ).parent
    script = all_bundled({"left": path / "left.js", "right": path / "right.js"})
    assert MiniRacer().eval(f"(({{ left, right }}) => left.default() === right.default())({script})")
    assert script.count("const made") == 1
    whole = head()
    assert all(f'"{folder.name}": module_' in whole for folder in FOLDERS)


def test_the_widgets_are_found():
    assert WIDGETS / "tokens" / "tokens.js" in ENTRIES


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_every_widget_s_script_is_a_module_that_can_be_joined(entry):
    engine = MiniRacer()
    engine.eval("var document = { documentElement: {} };")
    assert engine.eval(f"typeof {bundled(entry)}.default") == "function"


def test_every_script_is_used_by_a_widget():
    pictures = WIDGETS / "frame" / "picture" / "picture.js"  # in the page's head: it is no widget
    used = {module.path for entry in [*ENTRIES, pictures] for module in in_order(entry)}
    assert set(WIDGETS.rglob("*.js")) - used == set()


def test_a_widget_without_its_script_is_refused(tmp_path):
    with pytest.raises(BundleError, match="There is no"):
        widget(tmp_path, "<p></p>")


def test_no_skeleton_is_called_a_picture_before_there_is_a_sentence_for_it():
    """A picture without one is silence to a screen reader: the role comes with the sentence (`asPicture`)."""
    named_early = [str(path) for path in WIDGETS.rglob("*.py") if 'role="img"' in path.read_text(encoding="utf-8")]
    assert not named_early
