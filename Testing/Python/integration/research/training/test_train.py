# SPDX-License-Identifier: Apache-2.0
"""From a configuration to a model: prepared data, one or two processes, a pack for another machine."""

from __future__ import annotations

import json
import os
import socket
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.tiny_model import TINY, load_network
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.research.training.config import TrainingConfig
from ICHSegmentationLib.research.training.data.data_folder import CaseIndex
from ICHSegmentationLib.research.training.pack import write_pack
from ICHSegmentationLib.research.training.prepare import prepare, prepared_files
from ICHSegmentationLib.research.training.processes import Processes, joined_processes
from ICHSegmentationLib.research.training.train import train

pytestmark = pytest.mark.slow

ONE = Processes(0, 1, torch.device("cpu"))
TINY_LISTS = json.loads(json.dumps(TINY))


@pytest.fixture
def a_data_folder(tmp_path: Path) -> Path:
    write_squares(tmp_path / "data")
    return tmp_path / "data"


def test_a_model_a_record_and_a_log_are_written_and_the_model_can_be_loaded(a_data_folder: Path, tmp_path: Path):
    config = a_configuration(
        a_data_folder, data={"validation": ("second",)}, about={"name": "squares", "licence": "CC0-1.0"}
    )
    told = []
    trained = train(config, tmp_path / "run", ONE, progress=lambda *state: told.append(state))
    assert trained is not None
    entry = get_model("squares", folder=tmp_path / "run" / "models")
    assert (entry.licence, entry.input_spec, entry.network) == ("CC0-1.0", config.input, TINY_LISTS)
    assert load_network(entry)(torch.zeros(1, 3, 64, 64)).shape == (1, 6, 64, 64)
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert (record["steps"], record["training_volumes"], record["validation_volumes"]) == (4, 1, 1)
    assert record["sha256"] == entry.sha256
    assert set(record["validation_dice"]) >= {"SDH"}
    assert next((tmp_path / "run" / "tensorboard").iterdir()).stat().st_size > 200
    assert told[-1] == ("train", 1.0)


def test_a_folder_with_another_run_is_refused_and_a_longer_run_goes_on(a_data_folder: Path, tmp_path: Path):
    train(a_configuration(a_data_folder), tmp_path / "run", ONE)
    other = a_configuration(a_data_folder, optimisation={"learning_rate": 2e-3})
    with raises(InputError, "research.run_of_another_setting", setting="optimisation.learning_rate"):
        train(other, tmp_path / "run", ONE)
    told = []
    longer = a_configuration(a_data_folder, optimisation={"steps": 6, "workers": 1})
    train(longer, tmp_path / "run", ONE, report=told.append)
    assert [state.step for state in told] == [6]


def test_wrong_arguments_of_the_network_are_found_before_the_data(tmp_path: Path):
    config = a_configuration(tmp_path / "nowhere", network={"growhts": (1,)})
    with raises(InputError, "research.network_not_built", preset="compact"):
        train(config, tmp_path / "run", ONE)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("changes", "code", "values"),
    [
        (
            {"input": {"pixel_mm": 1.0}},
            "prepared_with_another_input",
            {"setting": "pixel_mm", "prepared": 2.5, "wanted": 1.0},
        ),
        ({"data": {"look_alike_share": 0.0}}, "prepared_with_another_mimics_fraction", {"fraction": 0.3}),
        ({"data": {"fold": 2}}, "prepared_for_another_fold", {"fold": None}),
        ({"data": {"held_out": ("third",)}}, "unknown_case", {"case": "third"}),
        ({"data": {"excluded": {"first": "x"}, "held_out": ("second",)}}, "no_training_case", {}),
    ],
)
def test_data_that_do_not_fit_the_configuration_are_refused(
    a_data_folder: Path, changes: dict, code: str, values: dict
):
    with raises(InputError, f"research.{code}", **values):
        prepare(a_configuration(a_data_folder, **changes))


def test_missing_volumes_are_made_from_their_seed_in_one_or_two_processes(tmp_path: Path):
    found = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        write_squares(folder)
        config = a_configuration(folder, data={"procedural_heads": 2}, input={"pixel_mm": 2.5})
        files = prepare(config, workers=workers)
        assert len(files.training) == 4
        with np.load(files.training[-1]) as volume:
            found.append({name: volume[name] for name in volume})
    for name, made in found[0].items():
        np.testing.assert_array_equal(made, found[1][name])
    assert found[0]["labels"].any()


def test_a_pack_holds_what_another_machine_needs(a_data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("first", "second"):
        (a_data_folder / "anatomy").mkdir(exist_ok=True)
        (a_data_folder / "anatomy" / f"{name}.npz").write_bytes(b"masks")
    config = a_configuration(a_data_folder, data={"phe_sich": tmp_path / "absent", "procedural_heads": 1})
    prepare(config)
    with raises(InputError, "research.pack_too_large", max_mib=1e-5):
        write_pack(config, tmp_path / "small", max_mib=1e-5)
    real = sum(path.stat().st_size for part in ("real", "anatomy") for path in (a_data_folder / part).iterdir())
    pack = write_pack(config, tmp_path / "pack", max_mib=(real + 1000) / 2**20)
    assert (pack.files, pack.to_be_made) == (4, 1)
    monkeypatch.chdir(tmp_path / "pack")
    from ICHSegmentationLib.research.training.config import read_config

    packed = read_config(Path("config.yaml"))
    prepare(packed)
    assert len(prepared_files(packed).training) == 3


def _train_as(rank: int, port: int, config: TrainingConfig, output: Path) -> None:
    """What each process that torchrun starts does."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    with joined_processes("cpu") as processes:
        assert (processes.rank, processes.count) == (rank, 2)
        train(config, output, processes)


@pytest.fixture
def one_thread():
    """Sums of several threads differ in their last digits, which training makes larger."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_two_processes_learn_the_same_as_one_that_gathers_their_gradients(a_data_folder: Path, tmp_path: Path):
    options = {"batch": 1, "accumulate": 1, "steps": 2}
    shared = a_configuration(a_data_folder, data={"validation": ("second",)}, optimisation=options)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # As torchrun does: a fork of this process would bring along the threads of all that earlier tests loaded.
    started = [
        get_context("spawn").Process(target=_train_as, args=(rank, port, shared, tmp_path / "two")) for rank in (0, 1)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0, 0]
    alone = a_configuration(a_data_folder, data={"validation": ("second",)}, optimisation=options | {"accumulate": 2})
    trained = train(alone, tmp_path / "one", ONE)
    assert trained is not None
    first, second = load_network(trained.entry), load_network(get_model(folder=tmp_path / "two" / "models"))
    for (name, expected), (_, found) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-4, msg=lambda text, name=name: f"{name}: {text}")


def test_the_index_says_where_cases_come_from(a_data_folder: Path):
    index = CaseIndex.read(a_data_folder)
    assert index is not None
    assert index.cases == {"first": "squares", "second": "squares"}
