"""The film asks what it should when it should, and its table and the lines beside an epoch show the answers."""

import pyarrow as pa
import pytest
from conftest import samples

from stages.common import tables
from stages.network import FILM, film, weights
from stages.network.film import Film
from tests.networks import constant

HELD_OUT = pa.table({"src": ["3+4=", "9*9=", "8-1=", "2+2="], "tgt": [7, 81, 7, 4], "template": ["?"] * 4})


def filmed(held_out=HELD_OUT, operands=3):
    """The film of a network that answers 7 to everything."""
    return Film(weights.Trained("r", constant("7"), operands, []), held_out, 0, [])


def test_products_are_asked_after_the_epochs_1_2_4_8_16_and_every_25th():
    made = filmed()
    for epoch in range(1, 76):
        made.after_epoch(epoch)
    rows = made.table().to_pandas()
    assert set(rows.loc[rows["questions"] == "a*b", "epoch"]) == {1, 2, 4, 8, 16, 25, 50, 75}
    assert rows.loc[rows["questions"] == "held_out", "epoch"].tolist() == [
        epoch for epoch in range(1, 76) for _ in "1234"
    ]


@pytest.mark.parametrize(
    ("rows", "batch", "steps"), [(200_000, 100, []), (256_000, 100, [40, 80, 160, 320, 640, 1280])]
)
def test_a_long_first_epoch_is_filmed_at_powers_of_a_half(rows, batch, steps):
    moments = film.within(rows, batch)
    assert list(moments) == steps
    assert [step * batch / rows for step in steps] == list(moments.values())


def test_the_table_has_every_answer_and_whether_it_is_right():
    made = filmed()
    made.ask(0.5, "held_out", "a*b")
    table = made.table()
    assert table.schema == FILM
    rows = table.to_pandas().sort_values("src", kind="stable")
    held_out, products = (rows[rows["questions"] == name] for name in ("held_out", "a*b"))
    assert held_out[["src", "tgt", "correct"]].values.tolist() == [
        ["2+2=", 4, False], ["3+4=", 7, True], ["8-1=", 7, True], ["9*9=", 81, False],
    ]  # fmt: skip
    assert products["src"].tolist() == [f"{a}*{b}=" for a in range(3) for b in range(3)]
    assert products["tgt"].tolist() == [0, 0, 0, 0, 1, 2, 0, 2, 4]
    assert (set(rows["epoch"]), set(rows["predicted"]), set(rows["written"])) == ({0.5}, {"7"}, {"7"})
    assert rows["probability"].min() == pytest.approx(1, abs=1e-3)


def test_two_dozen_held_out_rows_are_chosen_by_the_seed(finished):
    rows = tables.read_table(samples(finished, "small")[0])  # 54 rows
    chosen = [Film(weights.Trained("r", constant("7"), 3, []), rows, seed, []).rows["held_out"] for seed in (1, 1, 2)]
    assert len(set(chosen[0]["src"].to_pylist())) == 24
    assert chosen[0].equals(chosen[1])
    assert not chosen[0].equals(chosen[2])


def test_three_answers_beside_each_epoch_are_other_ones_next_time():
    made = filmed()
    shown = []
    for epoch in (1, 2, 3, 4):
        made.after_epoch(epoch)
        shown += made.samples(epoch).split("  ")
    assert len(shown) == 12
    assert sorted(shown[:4]) == sorted(shown[4:8]) == sorted({"3+4=7", "9*9=7 (not 81)", "8-1=7", "2+2=7 (not 4)"})


def test_the_film_of_a_training_is_of_its_own_network(finished):
    """The last frame has the answers of the trained network, which `evaluate` has written too."""
    own = tables.read_table(finished / "film" / "small-gru.parquet", FILM).to_pandas()
    for name, folder in [("held_out", "predictions"), ("a*b", "products")]:
        last = own[(own["epoch"] == 2) & (own["questions"] == name)].set_index("src")
        answers = tables.read_table(finished / folder / "small-gru.parquet", pa.schema(list(FILM)[2:])).to_pandas()
        answers = answers.set_index("src").loc[last.index]
        assert len(last) == len(answers) > 0
        for column in ("tgt", "written", "predicted", "correct"):
            assert (last[column] == answers[column]).all(), column
        assert last["probability"].to_numpy() == pytest.approx(answers["probability"].to_numpy(), rel=1e-5)
