"""Both layouts, on tables small enough to check by hand."""

import torch
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from stages.network import PAD
from stages.network import layout as layout_module
from stages.network.layout import pack, prefixes

# '7-9=', '12*3=', '7*9=', '5', '12*3='
SOURCES = torch.tensor([[9, 13, 11, 17, 0], [3, 4, 14, 5, 17], [9, 14, 11, 17, 0], [7, 0, 0, 0, 0], [3, 4, 14, 5, 17]])
ANSWERS = torch.tensor([[9, 13, 11, 1, 0], [3, 4, 14, 5, 1], [1, 0, 0, 0, 0]])


def tokens(layout):
    """The tokens of each place's prefix, collected step by step."""
    found, start = [], 0
    for here, before in layout.steps:
        earlier = [[]] * (here.stop - here.start) if before is None else [found[place] for place in before.tolist()]
        found += [[*old, token] for old, token in zip(earlier, layout.token[here].tolist(), strict=True)]
        assert here.start == start
        start = here.stop
    return found


def test_every_prefix_occurs_once():
    layout = prefixes(SOURCES)
    assert [here.stop - here.start for here, _ in layout.steps] == [3, 3, 3, 3, 1]
    found = tokens(layout)
    assert len({tuple(one) for one in found}) == len(found) == len(layout.token)
    for place, row in zip(layout.last.tolist(), SOURCES.tolist(), strict=True):
        assert found[place] == [token for token in row if token]


def test_columns_of_padding_change_nothing():
    layout = prefixes(torch.nn.functional.pad(SOURCES, (0, 3)))
    assert torch.equal(layout.token, prefixes(SOURCES).token)
    assert torch.equal(layout.last, prefixes(SOURCES).last)


def test_where_each_prefix_is():
    layout = prefixes(SOURCES)
    found = tokens(layout)
    for row, (places, ids) in enumerate(zip(layout.where.tolist(), SOURCES.tolist(), strict=True)):
        for step, token in enumerate(ids):
            if token:
                assert found[places[step]] == ids[: step + 1]
        assert layout.last[row] == places[sum(map(bool, ids)) - 1]


def test_packed_by_hand():
    layout = pack(ANSWERS)
    assert [here.stop - here.start for here, _ in layout.steps] == [3, 2, 2, 2, 1]
    assert [before for _, before in layout.steps] == [None, slice(0, 2), slice(3, 5), slice(5, 7), slice(7, 8)]
    assert layout.order.tolist() == [1, 0, 2]
    assert layout.take(ANSWERS).tolist() == [3, 9, 1, 4, 13, 14, 11, 5, 1, 1]
    assert layout.row.tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1, 0]


def test_pad_is_the_inverse_of_take():
    layout = pack(ANSWERS)
    values = torch.stack([layout.take(ANSWERS), -layout.take(ANSWERS)], dim=1)
    assert torch.equal(layout.pad(values, 3), torch.stack([ANSWERS, -ANSWERS], dim=2))


def test_packed_is_pytorch_s_packed_sequence():
    theirs = pack_padded_sequence(ANSWERS, torch.tensor([4, 5, 1]), batch_first=True, enforce_sorted=False)
    assert torch.equal(pack(ANSWERS).take(ANSWERS), theirs.data)
    assert [here.stop - here.start for here, _ in pack(ANSWERS).steps] == theirs.batch_sizes.tolist()


def test_blocks_are_the_layout_in_parts(monkeypatch):
    monkeypatch.setattr(layout_module, "BLOCK", 2)
    layout = pack(ANSWERS)
    ordered = ANSWERS[layout.order]
    found = list(layout.blocks())
    assert [rows for _, _, rows in found] == [3, 2, 1]
    for number, (block, here, rows) in enumerate(found):
        columns = ordered[:rows, 2 * number : 2 * number + 2]
        assert torch.equal(block.take(columns), layout.take(ANSWERS)[here])
        assert torch.equal(block.pad(block.take(columns).unsqueeze(1), rows).squeeze(2), columns)
    assert torch.cat([layout.take(ANSWERS)[here] for _, here, _ in found]).tolist() == layout.take(ANSWERS).tolist()


def test_blocks_end_with_the_longest_row(monkeypatch):
    """A rank's part of a batch may be padded to the answers of another rank."""
    monkeypatch.setattr(layout_module, "BLOCK", 2)
    padded = functional.pad(ANSWERS, (0, 4), value=PAD)
    assert [(here, rows) for _, here, rows in pack(padded).blocks()] == [
        (here, rows) for _, here, rows in pack(ANSWERS).blocks()
    ]
