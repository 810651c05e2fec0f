# SPDX-License-Identifier: Apache-2.0
"""Convert a downloaded public data set to nnU-Net's folder layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.research.training.datasets.bhsd import Bhsd
from ICHSegmentationLib.research.training.datasets.cq500_bhx import Cq500Bhx
from ICHSegmentationLib.research.training.datasets.ct_ich import CtIch
from ICHSegmentationLib.research.training.datasets.instance2022 import Instance2022
from ICHSegmentationLib.research.training.datasets.nnunet_folder import NnunetFolder
from ICHSegmentationLib.research.training.datasets.phe_sich import PheSich
from ICHSegmentationLib.research.training.datasets.public_set import CaseName, PublicSet
from ICHSegmentationLib.research.training.datasets.splits import split_by_patient

_SETS: dict[str, Callable[[Path], PublicSet]] = {
    "bhsd": Bhsd,
    "cq500-bhx": Cq500Bhx,
    "ct-ich": CtIch,
    "instance2022": Instance2022,
    "phe-sich": PheSich,
}
SET_NAMES = tuple(_SETS)


def open_set(name: str, source: Path, *, anatomy: Path | None = None) -> PublicSet:
    """Open a data set.

    Parameters
    ----------
    name : str
        One of `SET_NAMES`.
    source : Path
        Folder of the unpacked data set.
    anatomy : Path or None
        Folder of the brain atlas; required by `phe-sich`.

    Raises
    ------
    InputError
        If the folder or a part of the set is missing.
    """
    if not source.is_dir():
        raise InputError(message("research.not_a_folder", path=source))
    return PheSich(source, anatomy) if name == "phe-sich" else _SETS[name](source)


def prepare_set(
    public_set: PublicSet,
    output: Path,
    *,
    folds: int = 5,
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> dict[str, Any]:
    """Write images, labels or boxes, `dataset.json`, `splits_final.json` and `sources.json`.

    Parameters
    ----------
    public_set : PublicSet
        Data set opened by :func:`open_set`.
    output : Path
        Output folder, such as ``nnUNet_raw/Dataset501_BHSD``.
    folds, seed : int
        Number of folds and seed of the split by patient.
    overwrite : bool
        Replace an existing data set in ``output``.
    progress : callable
        Called with the stage and the fraction done.

    Returns
    -------
    dict
        Content of `sources.json`, including skipped cases with the reason, and warnings with the number of cases.

    Raises
    ------
    InputError
        If the set is not complete, no case can be read, or there are fewer patients than folds.
    """
    cases = public_set.cases()
    split_by_patient(cases, folds=folds, seed=seed)  # raises before any work if there are too few patients
    folder = NnunetFolder(output, overwrite=overwrite)
    written: list[CaseName] = []
    left_out: dict[str, str] = {}
    counts: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for number, case in enumerate(cases):
        progress("convert", number / len(cases))
        try:
            prepared = public_set.read(case)
        except InputError as error:
            left_out[case.name] = str(error)
            continue
        folder.write_case(case.name, prepared)
        counts.update(prepared.counts)
        warnings.update(prepared.volume.warnings)
        written.append(case)
    if not written:
        raise InputError(message("research.no_usable_case", reason=next(iter(left_out.values()))))
    splits = split_by_patient(written, folds=folds, seed=seed)
    about = public_set.about
    sources = {
        "schema": 1,
        "title": about.title,
        "licence": about.licence,
        "citation": about.citation,
        "url": about.url,
        "notes": list(about.notes),
        "prepared_with": f"ICHSegmentation {__version__}",
        "cases": len(written),
        "patients": len({case.patient for case in written}),
        "cases_with": dict(sorted(folder.cases_with.items())),
        "counts": dict(sorted(counts.items())),
        "warnings": dict(warnings.most_common()),
        "left_out": left_out,
        "folds": folds,
        "seed": seed,
    }
    folder.finish(about, splits, sources)
    progress("convert", 1.0)
    return sources
