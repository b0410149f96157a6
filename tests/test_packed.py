"""The packed layout in tables small enough to write by hand."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence

from stages.packed import pack

IDS = torch.tensor([[9, 13, 11, 17, 0], [3, 4, 14, 5, 17], [7, 0, 0, 0, 0]])  # '7-9=', '12*3=', '5'


def test_layout_by_hand():
    layout = pack(IDS)
    assert layout.sizes == [3, 2, 2, 2, 1]
    assert layout.order.tolist() == [1, 0, 2]
    assert layout.take(IDS).tolist() == [3, 9, 7, 4, 13, 14, 11, 5, 17, 17]
    assert layout.row.tolist() == [0, 1, 2, 0, 1, 0, 1, 0, 1, 0]
    assert layout.last.tolist() == [8, 9, 2]


def test_pad_brings_every_token_back_to_its_place():
    layout = pack(IDS)
    values = torch.stack([layout.take(IDS), -layout.take(IDS)], dim=1)
    assert torch.equal(layout.pad(values), torch.stack([IDS, -IDS], dim=2))


def test_it_is_pytorch_s_packed_sequence():
    theirs = pack_padded_sequence(IDS, torch.tensor([4, 5, 1]), batch_first=True, enforce_sorted=False)
    assert torch.equal(pack(IDS).take(IDS), theirs.data)
    assert pack(IDS).sizes == theirs.batch_sizes.tolist()


def test_last_finds_each_row_s_last_token_in_the_rows_own_order():
    layout = pack(IDS)
    assert layout.take(IDS)[layout.last].tolist() == [17, 17, 7]
