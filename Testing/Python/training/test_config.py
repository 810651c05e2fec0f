# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import yaml

from ICHSegmentationLib.errors import InputError
from ICHSegmentationLib.training.config import read_config

SHIPPED = Path(__file__).parents[3] / "ICHSegmentationLib" / "training" / "configs" / "transhardnet-compact.yaml"


@pytest.fixture
def a_configuration():
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def written(folder, content):
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_the_shipped_configuration_is_valid_and_holds_out_patients():
    config = read_config(SHIPPED)
    assert config.input.channels == 3
    assert len(config.data.held_out) == 13
    assert not set(config.data.held_out) & set(config.data.excluded)


def test_a_value_out_of_range_is_named_before_any_data_is_read(tmp_path, a_configuration):
    a_configuration["optimisation"]["learning_rate"] = -1
    with pytest.raises(InputError, match=r"config\.yaml: optimisation\.learning_rate: .*greater than 0"):
        read_config(written(tmp_path, a_configuration))


def test_an_unknown_key_is_named(tmp_path, a_configuration):
    a_configuration["optimisation"]["lerning_rate"] = 1
    with pytest.raises(InputError, match=r"optimisation\.lerning_rate"):
        read_config(written(tmp_path, a_configuration))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml cannot be read"):
        read_config(tmp_path / "absent.yaml")
