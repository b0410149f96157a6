"""The stages of the pipeline in conftest's `repository`, and which of them a `dvc` command ran."""

STAGES = {
    "generate",
    *("subset@small", "sample@small", "subset@no_7", "sample@no_7"),
    *("train@small-lstm", "evaluate@small-lstm", "train@no_7-lstm", "evaluate@no_7-lstm"),
    "report",
}


def stages_run_in_order(output: str) -> list[str]:
    """The stages that a `dvc` command ran, by its output."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage '")]


def stages_run(output: str) -> set[str]:
    return set(stages_run_in_order(output))
