# SPDX-License-Identifier: Apache-2.0
"""A folder to carry to another machine: the configuration and the prepared data, no larger than allowed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.files import atomic_path, write_text
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.research.training.data.data_folder import INDEX_NAME, CaseIndex, CaseSplit, DataFolder
from ICHSegmentationLib.research.training.prepare import prepared_files

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig

_CONFIG_NAME, _DATA_NAME = "config.yaml", "data"
_MIB = 2**20


@dataclass(frozen=True)
class Pack:
    """What was packed.

    Attributes
    ----------
    config : pathlib.Path
        The configuration in the pack, to be run in the pack's folder.
    files, size_mib : int and float
        Volumes and masks, and their size.
    to_be_made : int
        Simulated volumes that did not fit; the other machine makes them from those that are there.
    """

    config: Path
    files: int
    size_mib: float
    to_be_made: int


def write_pack(config: TrainingConfig, folder: Path, *, most_mib: float) -> Pack:
    """Write the configuration, the index, every real volume with its anatomy, and what fits of the simulated ones.

    Parameters
    ----------
    config : TrainingConfig
        Whose data is prepared.
    folder : pathlib.Path
        Made if need be.
    most_mib : float
        Most that the pack may take.

    Raises
    ------
    InputError
        If the real volumes alone take more, or the folder holds something already.
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
    needed = [source.root / INDEX_NAME, *map(source.real, names), *map(source.anatomy, names)]
    spare = [path for path in (*prepared.validation, *prepared.training) if path not in needed]
    size = sum(path.stat().st_size for path in needed)
    if size > most_mib * _MIB:
        raise InputError(message("research.pack_too_large", size_mib=size / _MIB, max_mib=most_mib))
    chosen = list(needed)
    for path in spare:
        size += path.stat().st_size
        if size > most_mib * _MIB:
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
