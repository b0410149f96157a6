"""Both layouts in tables small enough to write by hand."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence

from stages.network.layout import pack, prefixes

# '7-9=', '12*3=', '7*9=', '5', '12*3='
SOURCES = torch.tensor([[9, 13, 11, 17, 0], [3, 4, 14, 5, 17], [9, 14, 11, 17, 0], [7, 0, 0, 0, 0], [3, 4, 14, 5, 17]])
ANSWERS = torch.tensor([[9, 13, 11, 1, 0], [3, 4, 14, 5, 1], [1, 0, 0, 0, 0]])


def spelt(layout):
    """The tokens of each place's beginning, by going back through the steps."""
    found, start = [], 0
    for here, before in layout.steps:
        earlier = [[]] * (here.stop - here.start) if before is None else [found[place] for place in before.tolist()]
        found += [[*old, token] for old, token in zip(earlier, layout.token[here].tolist(), strict=True)]
        assert here.start == start
        start = here.stop
    return found


def test_every_beginning_is_there_once():
    layout = prefixes(SOURCES)
    assert [here.stop - here.start for here, _ in layout.steps] == [3, 3, 3, 3, 1]
    beginnings = spelt(layout)
    assert len({tuple(one) for one in beginnings}) == len(beginnings) == len(layout.token)
    for place, row in zip(layout.last.tolist(), SOURCES.tolist(), strict=True):
        assert beginnings[place] == [token for token in row if token]


def test_columns_of_padding_are_no_steps_that_matter():
    layout = prefixes(torch.nn.functional.pad(SOURCES, (0, 3)))
    assert torch.equal(layout.token, prefixes(SOURCES).token)
    assert torch.equal(layout.last, prefixes(SOURCES).last)


def test_where_each_beginning_is():
    layout = prefixes(SOURCES)
    beginnings = spelt(layout)
    for row, (places, tokens) in enumerate(zip(layout.where.tolist(), SOURCES.tolist(), strict=True)):
        for step, token in enumerate(tokens):
            if token:
                assert beginnings[places[step]] == tokens[: step + 1]
        assert layout.last[row] == places[sum(map(bool, tokens)) - 1]


def test_packed_by_hand():
    layout = pack(ANSWERS)
    assert [here.stop - here.start for here, _ in layout.steps] == [3, 2, 2, 2, 1]
    assert [before for _, before in layout.steps] == [None, slice(0, 2), slice(3, 5), slice(5, 7), slice(7, 8)]
    assert layout.order.tolist() == [1, 0, 2]
    assert layout.take(ANSWERS).tolist() == [3, 9, 1, 4, 13, 14, 11, 5, 1, 1]
    assert layout.row.tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1, 0]


def test_pad_brings_every_token_back_to_its_place():
    layout = pack(ANSWERS)
    values = torch.stack([layout.take(ANSWERS), -layout.take(ANSWERS)], dim=1)
    assert torch.equal(layout.pad(values, 3), torch.stack([ANSWERS, -ANSWERS], dim=2))


def test_packed_is_pytorch_s_packed_sequence():
    theirs = pack_padded_sequence(ANSWERS, torch.tensor([4, 5, 1]), batch_first=True, enforce_sorted=False)
    assert torch.equal(pack(ANSWERS).take(ANSWERS), theirs.data)
    assert [here.stop - here.start for here, _ in pack(ANSWERS).steps] == theirs.batch_sizes.tolist()
