# SPDX-License-Identifier: Apache-2.0
"""Nothing is sent unless the user wrote which archive, and a wrong file is named with what is wrong."""

from __future__ import annotations

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.sending import load_node, node_path

GOOD = 'enabled = true\nhost = "pacs.example"\nport = 104\ncalled_ae_title = "ARCHIVE"\n'


@pytest.fixture(autouse=True)
def a_settings_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path))


def test_sending_is_off_without_a_file():
    with raises(InputError, "sending.no_node", path=node_path()):
        load_node()


@pytest.mark.parametrize("first", ["", "enabled = false\n"])
def test_sending_is_off_unless_enabled(first):
    node_path().write_text(GOOD.replace("enabled = true\n", first), encoding="utf-8")
    with raises(InputError, "sending.switched_off", path=node_path()):
        load_node()


def test_an_archive_is_read_with_its_defaults():
    node_path().write_text(GOOD, encoding="utf-8")
    node = load_node()
    assert str(node) == "ARCHIVE at pacs.example:104"
    assert (node.calling_ae_title, node.timeout_s) == ("ICHSEG", 30)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("port = 104", "port = 70000", "port"),
        ("port = 104", "", "port"),
        ('"ARCHIVE"', '"A_NAME_THAT_IS_TOO_LONG"', "called_ae_title"),
        ('"ARCHIVE"', '"A\\\\B"', "called_ae_title"),
        ("host", "hosts", "host"),
    ],
)
def test_a_field_that_is_not_valid_is_named(old, new, field):
    node_path().write_text(GOOD.replace(old, new), encoding="utf-8")
    with raises(InputError, "sending.node_not_valid", path=node_path(), place=field):
        load_node()


def test_a_file_that_is_no_toml_is_named():
    node_path().write_text(GOOD.replace("port = 104", "port: 104"), encoding="utf-8")
    with raises(InputError, "sending.node_unreadable", path=node_path()):
        load_node()
