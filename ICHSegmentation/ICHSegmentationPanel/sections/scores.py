# SPDX-License-Identifier: Apache-2.0
"""Section Scores: proposed score items of a result, and the user's choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationLib.measurement import IchScore, ModifiedGraeb
from ICHSegmentationLib.measurement.user_items import UserItems
from ICHSegmentationPanel.process import failure_of
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.graeb_form import GraebWidgets
from ICHSegmentationPanel.widgets.ich_score_form import IchScoreWidgets
from ICHSegmentationPanel.widgets.labels import show_text, wrapped_label

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.mrml import SceneVolumes, VolumeCheck
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_SAME_ML = 1e-5


class ScoresSection(Section):
    """ICH score and modified Graeb score, updated after each choice and each edit of the labels.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker, which proposes score items.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    measured : callable
        Returns the latest volumes of the result, or None without a result.
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
        self._requested: vtkMRMLSegmentationNode | None = None
        self._problem = ""
        layout = ui.scoresPlace.layout()
        self.notice = wrapped_label()
        layout.addWidget(self.notice)
        self.propose_button = qt.QPushButton(_("Propose again"))
        self.propose_button.toolTip = _("Measure ventricles and lesion locations on the current labels.")
        self.propose_button.connect("clicked()", self.propose)
        layout.addWidget(self.propose_button)
        self.ich = IchScoreWidgets(layout, self._change)
        self.graeb = GraebWidgets(layout, self._change)
        self.reset_button = qt.QPushButton(_("Back to all proposals"))
        self.reset_button.toolTip = _("Discard your choices and use the proposals; GCS and age stay.")
        self.reset_button.connect("clicked()", self._reset)
        layout.addWidget(self.reset_button)

    def reset(self) -> None:
        """Remove the message; cancel a request about a scene that closes."""
        self._problem = ""
        if self._parameters is None:
            self._give_up()

    def update(self) -> None:
        """Show the scores of the current result."""
        node, measured = self._segmentation, self._measured()
        if self._requested is not None and node is not self._requested:
            self._give_up()
        self._ui.scoresSection.enabled = node is not None and measured is not None
        has_iph, has_ivh = (measured is not None and measured.present.get(name, False) for name in ("IPH", "IVH"))
        offered = node is not None and (has_iph or has_ivh)
        self.ich.box.visible = offered and has_iph
        self.graeb.box.visible = offered
        if offered:
            self._show(node, measured)
        else:
            self._say(_("Scores are available for hemorrhage inside the brain or in the ventricles."))
            self.propose_button.visible = self.reset_button.visible = False

    def propose(self) -> None:
        """Measure the current labels in the worker."""
        node = self._segmentation
        if node is None or self._requested is not None:
            return
        self._problem = ""
        if self._process.busy:
            self._problem = _("Another task is running; try again when it has finished.")
        else:
            try:
                self._start(node)
            except Exception as error:
                self._fail(failure_of(error, "Nothing could be proposed."))
        self.update()

    def _show(self, node: vtkMRMLSegmentationNode, measured: SceneVolumes) -> None:
        said, found = mrml.user_items(node), mrml.proposals(node)
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
        self.propose_button.enabled = self._requested is None
        self.propose_button.text = _("Propose again") if self._requested is None else _("Measuring...")
        self.reset_button.visible = True
        self.reset_button.enabled = said != type(said)(gcs=said.gcs, age_years=said.age_years)

    def _say(self, sentence: str) -> None:
        show_text(self.notice, sentence)

    def _change(self) -> None:
        """Store the user's choices in the scene."""
        node = self._segmentation
        if node is not None:
            mrml.set_user_items(node, UserItems(**self.ich.items, graeb=self.graeb.items))
            self.update()

    def _reset(self) -> None:
        said = mrml.user_items(self._segmentation)
        mrml.set_user_items(self._segmentation, type(said)(gcs=said.gcs, age_years=said.age_years))
        self.update()

    def _start(self, node: vtkMRMLSegmentationNode) -> None:
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            self._problem = _("The CT of this result is no longer in the scene.")
            return
        volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
        self._requested = node
        self._process.propose(volume, mrml.label_map_of(node), finished=self._finish, failed=self._fail)

    def _finish(self, found: Proposals) -> None:
        node, self._requested = self._requested, None
        if node is not None and node.GetScene() is not None:
            mrml.set_proposals(node, found)
        self.update()

    def _fail(self, failure: Failure) -> None:
        self._requested = None
        self._problem = failure.in_one_sentence
        self.update()

    def _give_up(self) -> None:
        """Cancel a request about another result."""
        if self._requested is not None:
            self._requested = None
            self._process.abandon()


def _are_same(found: Proposals, measured: SceneVolumes) -> bool:
    """Whether the proposals still fit the labels, judged by the volumes."""
    return all(
        abs(found.volumes_ml.get(name, 0.0) - volume_ml) < _SAME_ML for name, volume_ml in measured.volumes_ml.items()
    )


def _describe_missing(found: Proposals | None) -> str:
    if found is None:
        return _("There are no proposals for this result yet.")
    return _("The labels have changed since these proposals; an export updates them.")
