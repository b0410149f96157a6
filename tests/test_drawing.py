"""The order of an epoch's rows, and what a network that asks itself is shown."""

from collections import Counter

import pyarrow as pa
import pytest
import torch

from stages.arithmetic import questions
from stages.common import params
from stages.network import PAD, tokens
from stages.network.drawing import Drawn, draw, whole
from tests.networks import small_run


def test_an_epoch_has_every_row_once_in_a_seeded_order():
    sources, answers = torch.arange(2, 12, dtype=torch.uint8).unsqueeze(1), torch.ones(10, 1, dtype=torch.uint8)

    def batches(*seed, first=0):
        return [source[:, 0].tolist() for source, _ in whole(sources, answers).batches(4, seed, first)]

    order = batches(42, 1)
    assert [len(batch) for batch in order] == [4, 4, 2]
    assert sorted(id for batch in order for id in batch) == list(range(2, 12))
    assert order == batches(42, 1)
    assert batches(42, 1, first=1) == order[1:]
    assert order not in (batches(42, 2), batches(43, 1))


def test_batches_keep_pairs_and_are_cut_to_their_longest_row():
    texts = {"1+2=": 3, "12*(3+4)=": 84, "7-9=": -2, "49*49*49=": 117649}
    rows = tokens.encode_sources(list(texts)), tokens.encode_answers(texts.values())
    pairs = {}
    for source, answer in whole(*rows).batches(1, (1, 1)):
        assert (source != PAD).all()
        assert (answer != PAD).all()
        pairs[tokens.decode(source[0].tolist())] = int(tokens.decode(answer[0].tolist()))
    assert pairs == texts


TABLE = pa.table({"src": [f"{a}*({b}-{c})=" for a in (7, 13, 28) for b in (5, 49) for c in range(40)]})
SHARES = {"expression": 4.0, "terms": 1.0, "signs": 1.0, "product": 2.0, "sum": 1.0, "difference": 1.0, "digits": 2.0}


def shown(drawn, seed):
    """What is read and written in an epoch."""
    return [
        tuple(tokens.decode(ids).rstrip("_") for ids in (source.tolist(), answer.tolist()))
        for sources, answers in drawn.batches(64, seed)
        for source, answer in zip(sources, answers, strict=True)
    ]


def test_an_epoch_of_questions_has_the_shares_of_their_kinds():
    """As many steps as the table has rows, each of a question of the rule, in a seeded order."""
    drawn = draw(TABLE, small_run(scratchpad="questions", questions=params.Questions(**SHARES)))
    first, again, other = (shown(drawn, seed) for seed in ((1, 1), (1, 1), (1, 2)))
    assert first == again
    assert sorted(first) != sorted(other)
    assert len(first) == drawn.rows == len(TABLE)
    given = {src.removesuffix("=") for src in TABLE["src"].to_pylist()}
    counts = Counter()
    for read, written in first:
        question, *values = read.removesuffix("=").split("=")
        assert written == questions.following(question, values)
        counts["expression" if question in given else questions.kind(question)] += 1
    for name, share in SHARES.items():
        assert counts[name] / len(first) == pytest.approx(share / sum(SHARES.values()), abs=0.1), name


def test_rare_shapes_are_drawn_more_often_than_their_part():
    drawn = draw(TABLE, small_run(scratchpad="questions"))
    chances = [share / size for share, size in zip(drawn.shares, drawn.sizes, strict=True)]
    assert max(drawn.sizes) > 50
    rare = [chance for chance, size in zip(chances, drawn.sizes, strict=True) if size < 5]
    often = [chance for chance, size in zip(chances, drawn.sizes, strict=True) if size > 50]
    assert sum(rare) / len(rare) > 3 * sum(often) / len(often)


def test_a_part_that_is_too_small_is_repeated():
    ids = torch.arange(2, 8, dtype=torch.uint8).view(6, 1)
    ((sources, _),) = Drawn(ids, ids, [2, 4], [0.9, 0.1], 20).batches(20, (1, 1))
    counts = Counter(sources[:, 0].tolist())
    assert abs(counts[2] - counts[3]) <= 1
    assert counts[2] + counts[3] >= 14
    assert sum(counts.values()) == 20
