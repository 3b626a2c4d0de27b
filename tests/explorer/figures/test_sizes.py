import itertools

from explorer.answers.sizes import shares_of
from explorer.figures.sizes import parameter_map
from explorer.page.theme import KEY, OUTPUT, QUERY, VALUE
from gpt2core import GPT_CONFIG_124M, PRESETS


def drawn(config):
    shares = shares_of(config)
    columns = zip(*((one.kind, one.label, one.group, one.group_label, one.n_parameters) for one in shares), strict=True)
    return shares, parameter_map(*columns).data[0]


def test_every_part_has_its_area_inside_its_group_and_the_groups_are_the_whole():
    for config in (GPT_CONFIG_124M, PRESETS["stories"]):
        shares, tree = drawn(config)
        values = dict(zip(tree.ids, tree.values, strict=True))
        parents = dict(zip(tree.ids, tree.parents, strict=True))
        assert {one.kind: values[one.kind] for one in shares} == {one.kind: one.n_parameters for one in shares}
        assert values[""] == config.n_parameters
        for place, value in values.items():
            inside = [values[one] for one, parent in parents.items() if parent == place]
            assert not inside or sum(inside) == value
        assert tree.branchvalues == "total"


def test_queries_keys_values_and_outputs_wear_their_colours_and_are_named_besides():
    _, tree = drawn(GPT_CONFIG_124M)
    colours = dict(zip(tree.ids, tree.marker.colors, strict=True))
    parts = [f"att.{one}" for one in ("W_query", "W_key", "W_value", "out_proj")]
    assert [colours[part] for part in parts] == [QUERY, KEY, VALUE, OUTPUT]
    assert len(set(tree.labels)) == len(tree.labels)


def test_labels_are_read_on_their_colours():
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    _, tree = drawn(GPT_CONFIG_124M)
    for ink, paper in itertools.zip_longest(tree.textfont.color, tree.marker.colors):
        dark, bright = sorted((light(ink), light(paper)))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)
