"""The files that a study keeps of a network: accepted, or refused in one line."""

import pytest

from stages.command import BadInput
from stages.page import kept

KEPT = {
    "history.csv": "epoch,valid_exact_match\n1,0.5\n2,0.75\n",
    "kinds.csv": "template,length,rows,right\na+b,1,4,3\n",
    "mistakes.csv": "src,tgt,predicted,template,probability\n1-3=,-2,,a-b,0.5\n",
    "held_out.csv": "src,tgt,predicted,template,probability\n1+2=,3,3,a+b,0.5\n",
    "beyond.csv": "kind,template,rows,right\nfour operands,a+b+c+d,5,4\n",
    "rounding.json": '{"sha256": "00ff", "parameters": 9, "rows": 4, "changed": 0, "exact_match": 0.75}',
}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("history.csv", KEPT["history.csv"].replace("2,", "3,"), "epoch, row 2: must be 2 (found 3)"),
        ("history.csv", "epoch,valid_exact_match\n", "has a header but no rows; `git checkout "),
        ("kinds.csv", KEPT["kinds.csv"].replace(",3", ",5"), "right, row 1: must be at most 4, its rows (found 5)"),
        ("kinds.csv", KEPT["kinds.csv"].replace("4", "four"), "rows: must be a whole number, 1 or more (found four)"),
        ("mistakes.csv", KEPT["mistakes.csv"].replace("-2", "-2.5"), "tgt: must be a whole number (found -2.5)"),
        (
            "mistakes.csv",
            KEPT["mistakes.csv"].replace("0.5", "5"),
            "probability: must be a share from 0 to 1 (found 5)",
        ),
        ("mistakes.csv", KEPT["mistakes.csv"].replace("a-b", ""), "template: must be text (found nothing)"),
        ("held_out.csv", KEPT["held_out.csv"].splitlines()[0] + "\n", "has a header but no rows; `git checkout "),
        ("rounding.json", KEPT["rounding.json"].replace("0.75", "1.5"), "exact_match: must be a share from 0 to 1"),
        ("rounding.json", KEPT["rounding.json"].replace('"00ff"', "7"), "sha256: must be text (found 7)"),
    ],
)
def test_what_a_study_kept(name, text, words, tmp_path):
    for one, content in KEPT.items():
        (tmp_path / one).write_text(content)
    assert kept.kept(tmp_path)[2].to_dict("records") == [
        {"src": "1-3=", "tgt": -2, "written": "", "predicted": "", "template": "a-b", "probability": 0.5}
    ]
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput) as error:
        kept.kept(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / name}: {words}")


def test_a_network_without_mistakes_has_a_header_alone(tmp_path):
    for name, content in KEPT.items():
        (tmp_path / name).write_text(content.splitlines()[0] + "\n" if name == "mistakes.csv" else content)
    assert kept.kept(tmp_path)[2].empty


def test_tables_with_and_without_what_was_written(tmp_path):
    """Older tables have none: their networks wrote the value alone."""
    for name, content in KEPT.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "held_out.csv").write_text(
        "src,tgt,written,predicted,template,probability\n1+2+3=,6,3+3=6,6,a+b+c,0.5\n"
    )
    mistakes, held_out = kept.kept(tmp_path)[2:4]
    assert mistakes["written"].tolist() == [""]
    assert held_out["written"].tolist() == ["3+3=6"]
