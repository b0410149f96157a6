"""A point of a study as a run, and what DVC's -S has to change in params.yaml for it.

{'dataset': 'full', 'cell': 'gru', 'sample': 5000}  ->  'full-gru', ['datasets.full.sample=5000',
                                                                     '+runs.full-gru={dataset: full, cell: gru}']
"""

from stages import params, studies


def run(base: str, point: studies.Point, config: params.Params) -> tuple[str, str, str]:
    """The point's run, its dataset and its cell: the base run's, unless the point names others."""
    dataset, cell = (point.get(key, getattr(config.runs[base], key)) for key in ("dataset", "cell"))
    own = {"dataset", "cell"}.isdisjoint(point)
    return base if own else f"{dataset}-{cell}", dataset, cell


def overrides(base: str, point: studies.Point, config: params.Params) -> list[str]:
    """Words for -S; none where params.yaml has the point as it is."""
    name, dataset, cell = run(base, point, config)
    changes = []
    for key, value in point.items():
        if key == "sample":
            if value != config.datasets[dataset].sample:
                changes.append(f"datasets.{dataset}.sample={value}")
        elif key not in ("name", "dataset", "cell"):
            own, root = getattr(config.runs.get(name), key, None), getattr(config, key, None)
            if value != (root if own is None else own):
                changes.append(f"{key}={value}" if own in (None, root) else f"runs.{name}.{key}={value}")
    if name not in config.runs:
        changes.append(f"+runs.{name}={{dataset: {dataset}, cell: {cell}}}")
    return changes


def trained_rows(base: str, point: studies.Point, config: params.Params, subset: int) -> float:
    """How many rows the point trains on, of a subset with so many."""
    sample = point.get("sample", config.datasets[run(base, point, config)[1]].sample)
    return (subset if sample == "all" else sample) * (1 - point.get("valid_share", config.valid_share))
