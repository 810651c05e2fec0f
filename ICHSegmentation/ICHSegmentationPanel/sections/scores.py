# SPDX-License-Identifier: Apache-2.0
"""The scores of a result: what is proposed for each item, and what the reader says instead."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationLib.measurement import IchScore, ModifiedGraeb
from ICHSegmentationLib.measurement.reader_items import ReaderItems
from ICHSegmentationPanel.process import failure_of
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.graeb_form import GraebWidgets
from ICHSegmentationPanel.widgets.ich_score_form import IchScoreWidgets
from ICHSegmentationPanel.widgets.wrapped_label import wrapped_label

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.measurement.reader_items import Proposals
    from ICHSegmentationLib.mrml import SceneVolumes, VolumeCheck
    from ICHSegmentationPanel.parameters import Parameters
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_SAME_ML = 1e-5


class ScoresSection(Section):
    """The ICH score and the modified Graeb score, which follow each choice and each edit of the labels.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    process : SegmentationProcess
        The worker, which makes proposals anew.
    check_of : callable
        Returns what is known of a volume already, or None.
    measured : callable
        Returns the volumes of the result as last measured, or None without a result.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        measured: Callable[[], SceneVolumes | None],
    ) -> None:
        self._ui = ui
        self._process = process
        self._check_of = check_of
        self._measured = measured
        self._asked: vtkMRMLSegmentationNode | None = None
        self._problem = ""
        layout = ui.scoresPlace.layout()
        self.notice = wrapped_label()
        layout.addWidget(self.notice)
        self.propose_button = qt.QPushButton(_("Propose again"))
        self.propose_button.toolTip = _("Measure ventricles and places of the bleeds as the labels are now.")
        self.propose_button.connect("clicked()", self.propose)
        layout.addWidget(self.propose_button)
        self.ich = IchScoreWidgets(layout, self._change)
        self.graeb = GraebWidgets(layout, self._change)
        self.reset_button = qt.QPushButton(_("Back to all proposals"))
        self.reset_button.toolTip = _("Take back what you chose in place of proposals; GCS and age stay.")
        self.reset_button.connect("clicked()", self._reset)
        layout.addWidget(self.reset_button)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Take up a scene's parameters, or None while a scene closes."""
        self._parameters = parameters
        self._problem = ""
        if parameters is None:
            self._give_up()
        self.update()

    def update(self) -> None:
        """Show the scores of the result that the parameters name."""
        node, measured = self._segmentation, self._measured()
        if self._asked is not None and node is not self._asked:
            self._give_up()
        self._ui.scoresSection.enabled = node is not None and measured is not None
        has_iph, has_ivh = (measured is not None and measured.present.get(name, False) for name in ("IPH", "IVH"))
        offered = node is not None and (has_iph or has_ivh)
        self.ich.box.visible = offered and has_iph
        self.graeb.box.visible = offered
        if offered:
            self._show(node, measured)
        else:
            self._say(_("The scores are offered with hemorrhage inside the brain or in the ventricles."))
            self.propose_button.visible = self.reset_button.visible = False

    def propose(self) -> None:
        """Let the worker measure the labels as they are now."""
        node = self._segmentation
        if node is None or self._asked is not None:
            return
        self._problem = ""
        if self._process.busy:
            self._problem = _("Other work is under way; try again when it is done.")
        else:
            try:
                self._start(node)
            except Exception as error:
                self._fail(failure_of(error, "Nothing could be proposed."))
        self.update()

    def _show(self, node: vtkMRMLSegmentationNode, measured: SceneVolumes) -> None:
        said, found = mrml.reader_items(node), mrml.proposals(node)
        items = {
            "iph_ml": measured.volumes_ml.get("IPH", 0.0),
            "ivh": measured.present.get("IVH", False),
            "infratentorial": found.infratentorial if found is not None else None,
        }
        self.ich.show(said, IchScore.filled(items, said.score_items), items)
        proposal = (found.modified_graeb if found is not None else None) or ModifiedGraeb.not_determined()
        self.graeb.show(said, proposal, said.modified_graeb(proposal) or proposal)
        is_current = found is not None and _are_same(found, measured)
        self._say(self._problem or ("" if is_current else _describe_missing(found)))
        self.propose_button.visible = not is_current
        self.propose_button.enabled = self._asked is None
        self.propose_button.text = _("Propose again") if self._asked is None else _("Measuring...")
        self.reset_button.visible = True
        self.reset_button.enabled = said != type(said)(gcs=said.gcs, age_years=said.age_years)

    def _say(self, sentence: str) -> None:
        self.notice.text = escape(sentence)
        self.notice.visible = bool(sentence)

    def _change(self) -> None:
        """Keep what the user chose in the scene."""
        node = self._segmentation
        if node is not None:
            mrml.set_reader_items(node, ReaderItems(**self.ich.items, graeb=self.graeb.items))
            self.update()

    def _reset(self) -> None:
        said = mrml.reader_items(self._segmentation)
        mrml.set_reader_items(self._segmentation, type(said)(gcs=said.gcs, age_years=said.age_years))
        self.update()

    def _start(self, node: vtkMRMLSegmentationNode) -> None:
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            self._problem = _("The CT of this result is not in the scene any more.")
            return
        volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
        self._asked = node
        self._process.propose(volume, mrml.label_map_of(node), finished=self._finish, failed=self._fail)

    def _finish(self, found: Proposals) -> None:
        node, self._asked = self._asked, None
        if node is not None and node.GetScene() is not None:
            mrml.set_proposals(node, found)
        self.update()

    def _fail(self, failure: Failure) -> None:
        self._asked = None
        self._problem = failure.in_one_sentence
        self.update()

    def _give_up(self) -> None:
        """Let the worker end what it was asked of another result."""
        if self._asked is not None:
            self._asked = None
            self._process.abandon()


def _are_same(found: Proposals, measured: SceneVolumes) -> bool:
    """Whether the labels are still those that the proposals were made for, as far as volumes tell."""
    return all(
        abs(found.volumes_ml.get(name, 0.0) - volume_ml) < _SAME_ML for name, volume_ml in measured.volumes_ml.items()
    )


def _describe_missing(found: Proposals | None) -> str:
    if found is None:
        return _("Nothing was proposed for this result yet.")
    return _("The labels have changed since these proposals were made; an export makes them anew.")
