# SPDX-License-Identifier: Apache-2.0
"""Pack the configuration and prepared data for another machine, up to a maximum size."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import atomic_path, write_text
from ICHSegmentationLib.research.training.data.data_folder import INDEX_NAME, CaseIndex, CaseSplit, DataFolder
from ICHSegmentationLib.research.training.prepare import prepared_files

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig

_CONFIG_NAME, _DATA_NAME = "config.yaml", "data"
_MIB = 2**20


@dataclass(frozen=True)
class Pack:
    """Content of a pack.

    Attributes
    ----------
    config : pathlib.Path
        Configuration in the pack; run it in the folder of the pack.
    files, size_mib : int and float
        Number of volumes and masks, and their size.
    to_be_made : int
        Number of synthetic volumes that did not fit; the other machine makes them from the packed ones.
    """

    config: Path
    files: int
    size_mib: float
    to_be_made: int


def write_pack(config: TrainingConfig, folder: Path, *, max_mib: float) -> Pack:
    """Write the configuration, the index, all real volumes, slices and anatomy, and synthetic volumes up to the limit.

    Parameters
    ----------
    config : TrainingConfig
        Configuration whose data is prepared.
    folder : pathlib.Path
        Empty folder, created if it does not exist.
    max_mib : float
        Maximum size of the pack in MiB.

    Raises
    ------
    InputError
        If the real volumes alone exceed the limit, or the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(message("research.pack_folder_not_empty", folder=folder))
    source = DataFolder(config.data.folder)
    prepared = prepared_files(config)
    index = CaseIndex.read(source.root)
    if index is None:
        raise InputError(message("research.not_prepared", folder=source.root))
    split = CaseSplit.of(index, config)
    names = (*split.training, *split.validation)
    slices = (*split.training_slices, *split.validation_slices)
    needed = [source.root / INDEX_NAME, *map(source.real, names), *map(source.anatomy, names)]
    needed += map(source.slice_stack, slices)
    spare = [path for path in (*prepared.validation, *prepared.training) if path not in needed]
    size = sum(path.stat().st_size for path in needed)
    if size > max_mib * _MIB:
        raise InputError(message("research.pack_too_large", size_mib=size / _MIB, max_mib=max_mib))
    chosen = list(needed)
    for path in spare:
        size += path.stat().st_size
        if size > max_mib * _MIB:
            size -= path.stat().st_size
            break
        chosen.append(path)
    for path in chosen:
        target = folder / _DATA_NAME / path.relative_to(source.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target) as temporary:
            shutil.copyfile(path, temporary)
    content = config.model_dump(mode="json")
    content["data"]["folder"] = _DATA_NAME
    write_text(folder / _CONFIG_NAME, yaml.safe_dump(content, sort_keys=False))
    return Pack(folder / _CONFIG_NAME, len(chosen) - 1, size / _MIB, len(spare) - (len(chosen) - len(needed)))
