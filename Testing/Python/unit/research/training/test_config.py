# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import yaml

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research import training
from ICHSegmentationLib.research.training.config import read_config

SHIPPED = sorted((Path(training.__file__).parent / "configs").rglob("*.yaml"))


@pytest.fixture
def a_configuration():
    path = next(path for path in SHIPPED if path.name == "transhardnet-compact.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    del content["data"]["validation"]  # a configuration without any is to be refused where one is needed
    return content


def written(folder, content):
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_configuration_is_valid(path):
    config = read_config(path)
    assert config.name.endswith(path.stem) or path.stem == "own-data"
    assert not set(config.data.held_out) & set(config.data.excluded)


def test_the_default_model_holds_out_patients_and_sees_neighbours(tmp_path, a_configuration):
    config = read_config(written(tmp_path, a_configuration))
    assert config.input.channels == 3
    assert len(config.data.held_out) >= 20


def change(content, path, value):
    *sections, name = path.split(".")
    for section in sections:
        content = content.setdefault(section, {})
    content[name] = value


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("optimisation.learning_rate", -1, r"config\.yaml: optimisation\.learning_rate: .*greater than 0"),
        ("optimisation.lerning_rate", 1, r"optimisation\.lerning_rate"),
        ("optimisation.loss", "dice", r"optimisation\.loss: .*'dice_ce' or 'dice_focal'"),
        ("optimisation.class_weights", [1, 2], "class_weights has 2 numbers for 6 classes"),
        ("optimisation.schedule", "plateau", "knows no warm-up"),
        ("optimisation.monitor", "validation_dice", r"needs cases in data\.validation"),
        ("optimisation.crop_px", 512, r"crop_px is larger than input\.size_px, 256"),
        ("data.excluded", {"0005": "in both"}, "case 0005 is both in held_out and in excluded"),
        ("preset", "huge", "there is no network transhardnet/huge; known are .*hardnet/paper"),
        ("classes", ["background", "tumor"], "classes must be background and then some of EDH"),
        ("about.name", "../x", r"about\.name"),
    ],
)
def test_a_wrong_value_is_named_before_any_data_is_read(tmp_path, a_configuration, path, value, told):
    change(a_configuration, path, value)
    with pytest.raises(InputError, match=told):
        read_config(written(tmp_path, a_configuration))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.yaml cannot be read"):
        read_config(tmp_path / "absent.yaml")


def test_a_file_that_extends_another_replaces_single_values(tmp_path, a_configuration):
    written(tmp_path, a_configuration)
    (tmp_path / "other.yaml").write_text("extends: config.yaml\nsystem: hardnet\noptimisation: {batch: 3}\n")
    base, config = read_config(tmp_path / "config.yaml"), read_config(tmp_path / "other.yaml")
    assert (config.system, config.optimisation.batch) == ("hardnet", 3)
    assert config.optimisation.steps == base.optimisation.steps
    (tmp_path / "config.yaml").write_text("extends: other.yaml")
    with pytest.raises(InputError, match="in a circle"):
        read_config(tmp_path / "other.yaml")
