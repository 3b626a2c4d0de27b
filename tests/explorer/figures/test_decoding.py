from explorer.figures.decoding import decoding_lines


def test_both_lines_hold_their_times_and_begin_at_zero():
    figure = decoding_lines([5, 6, 7], [1.0, 1.1, 0.9], [4.0, 5.0, 6.0])
    times = {line.name: (list(line.x), list(line.y)) for line in figure.data}
    assert times["with the cache, ms"] == ([5, 6, 7], [1.0, 1.1, 0.9])
    assert times["everything read again, ms"] == ([5, 6, 7], [4.0, 5.0, 6.0])
    assert figure.layout.yaxis.rangemode == "tozero"


def test_the_lines_are_told_apart_without_their_colour():
    one, other = decoding_lines([5], [1.0], [4.0]).data
    assert one.line.dash != other.line.dash
    assert one.marker.symbol != other.marker.symbol


def test_nothing_measured_draws_two_empty_lines():
    assert [len(line.x) for line in decoding_lines([], [], []).data] == [0, 0]
