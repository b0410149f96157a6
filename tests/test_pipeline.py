"""`dvc repro` of a tiny pipeline: what it runs, and when it has nothing to run."""

from tests.copies import Repository
from tests.tiny_pipeline import STAGES, stages_run


def test_repro_makes_everything(repository):
    assert stages_run(repository.first) == STAGES
    for run in ("small-lstm", "no_7-lstm"):
        for made in ("data/models/{}.safetensors", "data/predictions/{}.parquet", "reports/metrics/{}.json"):
            assert (repository.root / made.format(run)).is_file()
    assert "no_7-lstm" in (repository.root / "reports" / "index.html").read_text()
    assert {name.partition("/")[0] for name in repository.made} == {"dvc.lock", "reports"}


def test_repro_again_runs_nothing(repository):
    output = repository.run("dvc", "repro")
    assert stages_run(output) == set()
    assert "up to date" in output
    assert repository.changed() == set()


def test_other_weights_of_the_calculator_make_the_page_stale(repository):
    (path,) = (repository.root / "reports" / "studies" / "calculator").rglob("network.safetensors")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status = repository.run("dvc", "status")
    assert [line.split() for line in status.splitlines()] == [
        ["report:"],
        ["changed", "deps:"],
        ["modified:", "reports/studies"],
    ]
    path.write_bytes(content)
    assert "up to date" in repository.run("dvc", "status")


def test_a_run_again_changes_its_timing_only(repository):
    names = "models/small-lstm.safetensors", "predictions/small-lstm.parquet"
    files = [repository.root / "data" / name for name in names]
    before = [path.read_bytes() for path in files]
    again = ["train@small-lstm", "evaluate@small-lstm"]
    assert stages_run(repository.run("dvc", "repro", "--force", "--single-item", *again)) == set(again)
    assert [path.read_bytes() for path in files] == before
    assert repository.changed() <= {"dvc.lock", "reports/timing/small-lstm.json"}


def test_a_clone_without_data_knows_whether_its_results_fit(repository, tmp_path):
    clone = Repository(tmp_path / "clone")
    repository.run("git", "clone", "--quiet", ".", str(clone.root))
    dry_run = "dvc", "repro", "--dry", "--allow-missing"
    assert "up to date" in clone.run(*dry_run)
    code = clone.root / "stages" / "generate.py"
    code.write_text(code.read_text() + "# changed\n")
    # DVC would run `report` too, which marks studies of other code, and fails for want of the data to look at
    assert stages_run(clone.run(*dry_run, fails=True)) == {"generate"}
