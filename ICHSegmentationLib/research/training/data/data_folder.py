# SPDX-License-Identifier: Apache-2.0
"""The folder of prepared volumes; with the configuration it is all that training needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.preprocessing.input_spec import InputSpec

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.data.case_source import CaseSource

INDEX_NAME = "index.json"
SLICES = "slices"
"""Folder of single labelled slices in the folder of prepared volumes."""


class CaseIndex(BaseModel):
    """Index of the cases, so that a split can be made without the data sets.

    Attributes
    ----------
    input : InputSpec
        Input that the volumes were prepared for.
    sources : tuple of str
        Titles of the data sets.
    cases : dict of str to str
        Data set of each case.
    fold : tuple of str
        Validation cases of the fold.
    fold_number : int or None
        Number of the fold.
    look_alike_share : float
        Fraction of the synthetic copies that contain mimics.
    left_out : dict of str to str
        Cases that could not be prepared, each with the reason.
    slices : dict of str to int
        Fold of each single labelled slice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(default=1, alias="schema")
    input: InputSpec
    sources: tuple[str, ...]
    cases: dict[str, str]
    fold: tuple[str, ...]
    fold_number: int | None
    look_alike_share: float = 0.3
    left_out: dict[str, str] = Field(default_factory=dict)
    slices: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def of(cls, sources: list[CaseSource], config: TrainingConfig) -> CaseIndex:
        """Build the index of data sets."""
        number = config.data.fold
        fold = [] if number is None else [name for source in sources for name in source.fold(number)]
        return cls(
            input=config.input,
            sources=tuple(source.title for source in sources),
            cases={name: source.title for source in sources for name in source.names()},
            fold=tuple(fold),
            fold_number=number,
            look_alike_share=config.data.look_alike_share,
        )

    def write(self, root: Path) -> None:
        """Write the index next to the volumes, atomically."""
        root.mkdir(parents=True, exist_ok=True)
        write_text(root / INDEX_NAME, self.model_dump_json(indent=2, by_alias=True) + "\n")

    @classmethod
    def read(cls, root: Path) -> CaseIndex | None:
        """Read the index; None if nothing has been prepared yet."""
        path = root / INDEX_NAME
        if not path.exists():
            return None
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError) as error:
            raise InputError(message("research.damaged_index", path=path)) from error

    def check(self, config: TrainingConfig, root: Path) -> None:
        """Refuse a folder that was prepared for another configuration.

        Raises
        ------
        InputError
            If pixels, HU range or fold differ, or the configuration names an unknown case. Neighbours, alignment and
            patches may differ, because systems trained on the same data share a folder.
        """
        for name in ("range_hu", "pixel_mm", "size_px"):
            made, wanted = getattr(self.input, name), getattr(config.input, name)
            if made != wanted:
                raise InputError(
                    message(
                        "research.prepared_with_another_input", folder=root, setting=name, prepared=made, wanted=wanted
                    )
                )
        if config.data.fold != self.fold_number:
            raise InputError(message("research.prepared_for_another_fold", folder=root, fold=self.fold_number))
        if config.data.look_alike_share != self.look_alike_share:
            raise InputError(
                message("research.prepared_with_another_mimics_fraction", folder=root, fraction=self.look_alike_share)
            )
        for name in (*config.data.held_out, *config.data.validation, *config.data.excluded):
            if name not in self.cases and name not in self.slices:
                raise InputError(message("research.unknown_case", case=name))


@dataclass(frozen=True)
class DataFolder:
    """Paths of prepared volumes.

    Attributes
    ----------
    root : pathlib.Path
        The configuration's ``data.folder``.
    """

    root: Path

    def real(self, name: str) -> Path:
        """Volume of a real series."""
        return self.root / "real" / f"{name}.npz"

    def slice_stack(self, name: str) -> Path:
        """Return the volume of a single labelled slice."""
        return self.root / SLICES / f"{name}.npz"

    def anatomy(self, name: str) -> Path:
        """Masks of a real series."""
        return self.root / "anatomy" / f"{name}.npz"

    def painted(self, name: str, copy: int) -> Path:
        """Synthetic copy of a real series: with simulated lesions."""
        return self.root / "painted" / f"{name}-{copy}.npz"

    def varied(self, name: str, copy: int) -> Path:
        """Copy of a real series with varied lesions."""
        return self.root / "varied" / f"{name}-{copy}.npz"

    def mimics(self, name: str, copy: int) -> Path:
        """Copy of a real series with mimics and without simulated lesions."""
        return self.root / "look-alikes" / f"{name}-{copy}.npz"

    def procedural(self, number: int) -> Path:
        """Volume of a procedural head."""
        return self.root / "procedural" / f"{number:04d}.npz"

    def aligned(self, path: Path) -> Path:
        """One of these volumes aligned to its midline."""
        return self.root / "aligned" / path.relative_to(self.root)

    def mirrored(self, path: Path) -> Path:
        """Brain mask and mirrored side of one of these volumes."""
        return self.root / "mirrored" / path.relative_to(self.root)


@dataclass(frozen=True)
class CaseSplit:
    """Split of the real cases.

    Attributes
    ----------
    training, validation : tuple of str
        Cases in the order of the index.
    training_slices, validation_slices : tuple of str
        Single labelled slices in the order of the index.
    """

    training: tuple[str, ...]
    validation: tuple[str, ...]
    training_slices: tuple[str, ...]
    validation_slices: tuple[str, ...]

    @classmethod
    def of(cls, index: CaseIndex, config: TrainingConfig) -> CaseSplit:
        """Split by the configuration; cases that could not be prepared are in neither part."""
        data = config.data
        out = {*data.held_out, *data.excluded, *index.left_out}
        validation = {*data.validation, *index.fold} - out
        names = [name for name in index.cases if name not in out]
        slices = [name for name in index.slices if name not in out] if data.slices else []
        return cls(
            training=tuple(name for name in names if name not in validation),
            validation=tuple(name for name in names if name in validation),
            training_slices=tuple(name for name in slices if index.slices[name] != data.slice_fold),
            validation_slices=tuple(name for name in slices if index.slices[name] == data.slice_fold),
        )
