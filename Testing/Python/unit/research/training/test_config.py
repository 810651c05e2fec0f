# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import yaml
from builders.errors import raises

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.research import training
from ICHSegmentationLib.research.training.config import read_config

WHOLE = "the whole file"
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
    ("path", "value"),
    [
        ("optimisation.learning_rate", -1),
        ("optimisation.lerning_rate", 1),
        ("optimisation.loss", "dice"),
        ("about.name", "../x"),
    ],
)
def test_the_place_of_a_wrong_value_is_named(tmp_path, a_configuration, path, value):
    change(a_configuration, path, value)
    file = written(tmp_path, a_configuration)
    with raises(InputError, "research.config_not_valid", path=file, place=path):
        read_config(file)


@pytest.mark.parametrize(
    ("path", "value", "place", "code", "parameters"),
    [
        ("optimisation.class_weights", [1, 2], WHOLE, "research.class_weights_count", {"weights": 2, "classes": 6}),
        ("optimisation.schedule", "plateau", "optimisation", "research.warm_up_with_plateau", {}),
        ("optimisation.monitor", "validation_dice", WHOLE, "research.monitor_without_validation", {}),
        ("optimisation.crop_px", 512, WHOLE, "research.crop_too_large", {"size_px": 256}),
        (
            "data.excluded",
            {"0005": "in both"},
            "data",
            "research.case_in_two_roles",
            {"case": "0005", "first": "held_out", "second": "excluded"},
        ),
        ("preset", "huge", WHOLE, "systems.no_network", {"system": "transhardnet", "preset": "huge"}),
        ("classes", ["background", "tumor"], WHOLE, "research.config_classes", {}),
    ],
)
def test_values_that_contradict_each_other_are_refused_before_any_data_is_read(
    tmp_path, a_configuration, path, value, place, code, parameters
):
    change(a_configuration, path, value)
    with raises(InputError, "research.config_not_valid", place=place) as caught:
        read_config(written(tmp_path, a_configuration))
    problem = caught.value.parameters["problem"]
    assert (problem.code, {name: problem.parameters[name] for name in parameters}) == (code, parameters)


def test_a_missing_file_is_named(tmp_path):
    with raises(InputError, "research.config_unreadable", path=tmp_path / "absent.yaml"):
        read_config(tmp_path / "absent.yaml")


def test_a_file_that_extends_another_replaces_single_values(tmp_path, a_configuration):
    written(tmp_path, a_configuration)
    (tmp_path / "other.yaml").write_text("extends: config.yaml\nsystem: hardnet\noptimisation: {batch: 3}\n")
    base, config = read_config(tmp_path / "config.yaml"), read_config(tmp_path / "other.yaml")
    assert (config.system, config.optimisation.batch) == ("hardnet", 3)
    assert config.optimisation.steps == base.optimisation.steps
    (tmp_path / "config.yaml").write_text("extends: other.yaml")
    with raises(InputError, "research.config_circle"):
        read_config(tmp_path / "other.yaml")
