"""The stages of dvc.yaml as DVC reads them, one for each run or dataset."""

import functools

from dvc.repo import Repo
from dvc.stage import PipelineStage

from tests.copies import ROOT

ORDER = ["generate", "subset", "sample", "train", "evaluate", "report"]


@functools.cache
def dvc_stages() -> list[PipelineStage]:
    with Repo(ROOT) as repo:
        return sorted(repo.index.stages, key=lambda stage: stage.addressing)


def verb(stage: PipelineStage) -> str:
    """`train` of train@full-lstm."""
    return stage.name.partition("@")[0]
