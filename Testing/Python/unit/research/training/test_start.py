# SPDX-License-Identifier: Apache-2.0
"""Trainings that begin with an installed model's weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from builders.errors import raises
from builders.tiny_model import load_network
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.core.errors import InputError, UnknownModelError
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.research.training.fitting.fit import fit
from ICHSegmentationLib.research.training.fitting.start import copy_weights
from ICHSegmentationLib.research.training.processes import Processes
from ICHSegmentationLib.research.training.train import check_training, train
from ICHSegmentationLib.systems import build_network

DEFAULT = "transhardnet-compact"
ONE = Processes(0, 1, torch.device("cpu"))


def test_a_detector_takes_the_body_and_keeps_its_own_head():
    detector = build_network("detector", "compact", in_channels=3, classes=6)
    head = detector.kind.weight.clone()
    taken = copy_weights(detector, get_model(DEFAULT))
    body = load_network(get_model(DEFAULT))
    assert taken > 1_200_000
    name = "encoder_blocks.4.convolutions.2.0.weight"
    assert torch.equal(detector.state_dict()[name], body.state_dict()[name])
    assert torch.equal(detector.kind.weight, head)


def test_a_network_with_nothing_in_common_is_refused():
    network = build_network("se_unet_3d", "compact", in_channels=2, classes=2)
    with raises(InputError, "research.no_common_weights", model="transhardnet-compact"):
        copy_weights(network, get_model(DEFAULT))


def test_a_training_begins_with_them(tmp_path: Path):
    files = write_squares(tmp_path / "data")
    config = a_configuration(
        tmp_path / "data", system="transhardnet", start_from=DEFAULT, optimisation={"steps": 1, "learning_rate": 1e-9}
    ).model_copy(update={"network": {}})
    state = fit(config, files, tmp_path / "checkpoint.pt", processes=ONE).state
    shipped = load_network(get_model(DEFAULT)).state_dict()
    assert state.keys() == shipped.keys()
    torch.testing.assert_close(state["head.weight"], shipped["head.weight"], rtol=0, atol=1e-6)


def test_an_unknown_model_and_another_start_are_refused_before_the_data(tmp_path: Path):
    with pytest.raises(UnknownModelError):
        check_training(a_configuration(tmp_path, start_from="no-such-model"), tmp_path / "run")
    write_squares(tmp_path / "data")
    train(a_configuration(tmp_path / "data"), tmp_path / "run", ONE)
    with raises(InputError, "research.run_of_another_setting", setting="start_from"):
        check_training(a_configuration(tmp_path / "data", start_from=DEFAULT), tmp_path / "run")
