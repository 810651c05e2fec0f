# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate --slices``: models on single slices with labels, by pixel or by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.slices.run import LabelledImage, LabelledSlice, SliceSet
    from ICHSegmentationLib.research.training.datasets.labelled_images import LabelledImages
    from ICHSegmentationLib.research.training.datasets.labelled_slices import LabelledSlices

ALL_MODELS = "all"
_TABLE_NAME = "five-class.csv"


@dataclass(frozen=True, kw_only=True)
class SliceOptions:
    """What is evaluated; fields correspond to options of the command."""

    slices: tuple[Path, ...] = ()
    slice_table: Path | None = None
    excluded: tuple[str, ...] = ()
    any_only: tuple[str, ...] = ()
    fold: int | None = None
    out_of_fold: bool = False
    predictions: tuple[Path, ...] = ()
    images: tuple[Path, ...] = ()
    minimums_ml: tuple[float, ...] = ()
    negatives: tuple[Path, ...] = ()


def run(
    chosen: SliceOptions,
    models: Sequence[str],
    options: RunOptions,
    output: Path,
    *,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Segment the slices with each model, write and show the results; see ``ichseg evaluate --help``.

    Several models get a folder each, except one for each fold, whose results are pooled.
    """
    from ICHSegmentationLib.cli.commands.segment import check_output
    from ICHSegmentationLib.research.evaluation.models.run import RunSettings
    from ICHSegmentationLib.research.evaluation.requirements import require_evaluation_packages
    from ICHSegmentationLib.research.evaluation.slices.report import PAGE_NAME, write_slice_report
    from ICHSegmentationLib.research.evaluation.slices.run import RECORD_NAME, SliceSet, read_predictions, run_on_slices

    require_evaluation_packages()
    _check(chosen)
    settings = RunSettings(
        device=options.device, runtime=options.runtime, threads=options.threads, postprocessing=options.postprocessing
    )
    calls = {"labels": {"": _set(chosen)}} if chosen.predictions else _calls(chosen, _names(models, options))
    folders = {title: output if len(calls) == 1 else output / title for title in calls}
    for folder in folders.values():
        check_output(folder, overwrite=overwrite, names=(RECORD_NAME,))
    terminal = Terminal(dict.fromkeys(calls, 1 / len(calls)), quiet=quiet, as_json=as_json)
    records: list[dict[str, Any]] = []
    with terminal:
        for title, sets in calls.items():
            progress = terminal.progress(title)
            everything = SliceSet.joined(sets.values())
            if chosen.predictions:
                done = read_predictions(everything.slices, chosen.predictions)
            else:
                done = run_on_slices(sets, settings, progress)
            record = write_slice_report(
                folders[title],
                done,
                everything,
                any_only=chosen.any_only,
                excluded=chosen.excluded,
                minimums_ml=chosen.minimums_ml,
            )
            records.append(record | {"output": str(folders[title])})
    pages = [(folder / PAGE_NAME).read_text(encoding="utf-8") for folder in folders.values()]
    terminal.show(records[0] if len(records) == 1 else records, "\n".join(pages))


def _names(models: Sequence[str], options: RunOptions) -> list[str]:
    """Return the names of the chosen models, each once.

    Raises
    ------
    ModelError
        If one of them or a companion is not installed.
    """
    from ICHSegmentationLib.models import get_model, load_manifest
    from ICHSegmentationLib.research.evaluation.models.required_models import require_models
    from ICHSegmentationLib.systems import available_models

    entries = available_models(load_manifest()) if ALL_MODELS in models else [get_model(name) for name in models]
    for entry in entries:
        require_models(entry, postprocessed=options.postprocessing)
    return list(dict.fromkeys(entry.name for entry in entries))


def _check(chosen: SliceOptions) -> None:
    """Refuse options that do not fit each other."""
    given = {
        "--fold": chosen.fold is not None,
        "--out-of-fold": chosen.out_of_fold,
        "--slice-predictions": bool(chosen.predictions),
        "--slice-table": chosen.slice_table is not None,
        "--exclude-patient": bool(chosen.excluded),
        "--any-only-patient": bool(chosen.any_only),
    }
    if not chosen.slices:
        for option, is_given in given.items():
            if is_given:
                raise InputError(message("cli.fold_needs_slices", option=option))
    if chosen.out_of_fold and chosen.fold is not None:
        raise InputError(message("cli.fold_or_out_of_fold"))
    for option, is_given in (("--out-of-fold", chosen.out_of_fold), ("--slice-predictions", bool(chosen.predictions))):
        if is_given and (chosen.images or chosen.negatives):
            raise InputError(message("cli.only_for_slices", option=option))


def _calls(chosen: SliceOptions, names: Sequence[str]) -> dict[str, dict[str, SliceSet]]:
    """Return what each model segments, by table."""
    from ICHSegmentationLib.research.training.datasets.labelled_slices import SLICE_FOLDS

    if not chosen.out_of_fold:
        everything = _set(chosen)
        return {name: {name: everything} for name in names}
    if len(names) != SLICE_FOLDS:
        raise InputError(message("cli.model_for_each_fold", folds=SLICE_FOLDS, models=len(names)))
    return {"out of fold": {name: _set(replace(chosen, fold=fold)) for fold, name in enumerate(names)}}


def _set(chosen: SliceOptions) -> SliceSet:
    """Return what a model is evaluated on."""
    from ICHSegmentationLib.research.evaluation.slices.run import SliceSet
    from ICHSegmentationLib.research.training.datasets.labelled_images import LabelledImages
    from ICHSegmentationLib.research.training.datasets.labelled_slices import LabelledSlices

    for path in chosen.negatives:
        if not path.exists():
            raise InputError(message("cli.not_found", path=path))
    return SliceSet(
        slices=_slices(LabelledSlices(chosen.slices), chosen) if chosen.slices else [],
        images=_images(LabelledImages(chosen.images)) if chosen.images else [],
        negatives=chosen.negatives,
        fold=chosen.fold,
    )


def _slices(source: LabelledSlices, chosen: SliceOptions) -> list[LabelledSlice]:
    from ICHSegmentationLib.research.evaluation.slices.run import COPIES, LabelledSlice, LabelledStack
    from ICHSegmentationLib.research.training.datasets.labelled_slices import as_stack, patient_of

    names = source.names()
    patients = {patient_of(name) for name in names}
    unknown = [patient for patient in (*chosen.excluded, *chosen.any_only) if patient not in patients]
    if unknown:
        raise InputError(message("cli.no_slice_of_patient", patient=unknown[0]))
    operated = _after_surgery(chosen, names)

    def read(name: str) -> LabelledStack:
        hu, labels = source.hu_and_labels(name)
        return LabelledStack(as_stack(hu, COPIES), labels)

    folds = source.folds() if chosen.fold is not None else {}
    found = [
        LabelledSlice(name, patient_of(name), operated.get(name), partial(read, name))
        for name in names
        if patient_of(name) not in chosen.excluded and folds.get(name) == chosen.fold
    ]
    if not found and not chosen.out_of_fold:
        raise InputError(message("cli.no_slices_left"))
    return found


def _images(source: LabelledImages) -> list[LabelledImage]:
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.research.evaluation.slices.run import COPIES, LabelledImage
    from ICHSegmentationLib.research.training.datasets.labelled_slices import as_stack

    def read(name: str) -> CTVolume:
        image = source.read(name)
        return as_stack(image.hu, COPIES, image.pixel_mm)

    return [LabelledImage(name, source.has_hemorrhage(name), partial(read, name)) for name in source.names()]


def _after_surgery(chosen: SliceOptions, names: Sequence[str]) -> dict[str, bool]:
    """Return whether the head of each slice was operated on; empty without a table."""
    from ICHSegmentationLib.research.training.datasets.layout import read_rows

    beside = dict.fromkeys(folder.absolute().parent / _TABLE_NAME for folder in chosen.slices)
    tables = [chosen.slice_table] if chosen.slice_table is not None else [path for path in beside if path.exists()]
    operated = {}
    for table in tables:
        for line, row in enumerate(read_rows(table, ("set", "slice", "after_surgery")), start=2):
            if row["after_surgery"] not in ("0", "1"):
                raise InputError(message("research.after_surgery", path=table, line=line, value=row["after_surgery"]))
            operated[f"{row['set']}-{row['slice']}"] = row["after_surgery"] == "1"
    missing = [name for name in names if name not in operated]
    if tables and missing:
        raise InputError(message("research.slice_not_in_table", path=tables[0], name=missing[0]))
    return operated
