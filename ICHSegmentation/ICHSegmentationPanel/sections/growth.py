# SPDX-License-Identifier: Apache-2.0
"""Section Growth: change since an earlier scan of the patient, computed in the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.process import failure_of, stage_title
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.labels import bold, rich, show_error, show_rich, show_text, wrapped_label
from ICHSegmentationPanel.widgets.side_by_side import SideBySide

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.comparison import Comparison
    from ICHSegmentationLib.measurement.growth import Change
    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_ROW_PX = 24
_SMALL_PX = 310
_WINDOW_PX = (1040, 900)
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter


class _Pair(NamedTuple):
    """Two results and their volumes, to detect whether a comparison is outdated."""

    baseline: vtkMRMLSegmentationNode
    followup: vtkMRMLSegmentationNode
    volumes_ml: tuple[dict[str, float], dict[str, float]]

    @classmethod
    def of(cls, baseline: vtkMRMLSegmentationNode, followup: vtkMRMLSegmentationNode) -> _Pair:
        return cls(baseline, followup, (mrml.segment_volumes_ml(baseline), mrml.segment_volumes_ml(followup)))


class GrowthSection(Section):
    """Button that compares the current result with the one under "Compare with", and the comparison.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    on_found : callable
        Called after the comparison was made or removed.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        on_found: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._process = process
        self._check_of = check_of
        self._on_found = on_found
        self._running: _Pair | None = None
        self._compared: _Pair | None = None
        self._notes: tuple[str, ...] = ()
        self.found: WorkerComparison | None = None
        self.widgets = GrowthWidgets(ui.growthPlace)
        self._side_by_side = SideBySide()
        self.widgets.button.connect("clicked()", self._click)
        self.widgets.baseline.connect("currentNodeChanged(vtkMRMLNode*)", self._choose_baseline)
        self.widgets.side_button.connect("toggled(bool)", self._show_side_by_side)

    def reset(self) -> None:
        """Remove the message."""
        self.widgets.say("")

    def exit(self) -> None:
        """Restore the views when another module is shown."""
        self.widgets.side_button.checked = False

    def close(self) -> None:
        """Restore the views when the panel is deleted."""
        self.exit()

    def update(self) -> None:
        """Show what can be compared; remove an outdated comparison."""
        node, baseline = self._segmentation, self._baseline
        chosen = (baseline, node)
        if self._running is not None and (self._running.baseline, self._running.followup) != chosen:
            self._process.abandon()
            self._end()
        if self._compared is not None and (None in chosen or self._compared != _Pair.of(*chosen)):
            same = (self._compared.baseline, self._compared.followup) == chosen
            self._show(None)
            self.widgets.say(_("The labels have changed; compare the scans again.") if same else "")
        compared = self._parameters.compared if self._parameters is not None else None
        if self.widgets.baseline.currentNode() != compared:
            self.widgets.baseline.setCurrentNode(compared)
        self._ui.growthSection.enabled = node is not None
        self.widgets.button.enabled = None not in chosen
        show_text(self.widgets.intro, self._describe(node, baseline))

    def compare(self) -> None:
        """Compare the two results in the worker."""
        if self._running is not None or self._segmentation is None or self._baseline is None:
            return
        self._show(None)
        self.widgets.say("")
        if self._process.busy:
            self.widgets.say(_("Another task is running; compare when it has finished."))
            return
        try:
            self._start(self._baseline, self._segmentation)
        except Exception as error:
            self._fail(failure_of(error, "The comparison failed."))

    def cancel(self) -> None:
        """Cancel the comparison; it stops within half a second."""
        if self._running is not None:
            self.widgets.button.enabled = False
            self._process.cancel()

    @property
    def _baseline(self) -> vtkMRMLSegmentationNode | None:
        """The result under "Compare with" if it is of another scan."""
        compared = self._parameters.compared if self._parameters is not None else None
        if compared is None or self._segmentation is None:
            return None
        return compared if mrml.source_volume(compared) != mrml.source_volume(self._segmentation) else None

    def _describe(self, node: vtkMRMLSegmentationNode | None, baseline: vtkMRMLSegmentationNode | None) -> str:
        if node is None or baseline is None:
            return _("Choose the result of an earlier scan of the patient.")
        return _('From "{baseline}" (baseline) to "{followup}" (follow-up).').format(
            baseline=baseline.GetName(), followup=node.GetName()
        )

    def _start(self, baseline: vtkMRMLSegmentationNode, followup: vtkMRMLSegmentationNode) -> None:
        # The matrix of a comparison starts from where the scans really lie.
        mrml.separate_frames(baseline)
        first, second = self._case(baseline), self._case(followup)
        if first is None or second is None:
            self.widgets.say(_("The CT of one of the results is no longer in the scene."))
            return
        warnings = (
            *(f"Baseline: {text}" for text in first[0].warnings),
            *(f"Follow-up: {text}" for text in second[0].warnings),
        )
        self._notes = warnings
        self._running = _Pair.of(baseline, followup)
        self.widgets.show_running(running=True)
        assessed = mrml.run_outcome(baseline).assessed, mrml.run_outcome(followup).assessed
        self._process.compare(
            first, second, warnings, assessed, progress=self._progress, finished=self._finish, failed=self._fail
        )

    def _case(self, node: vtkMRMLSegmentationNode) -> tuple[CTVolume, LabelMap] | None:
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            return None
        return mrml.volume_input(volume_node, check=self._check_of(volume_node)), mrml.label_map_of(node)

    def _click(self) -> None:
        if self._running is None:
            self.compare()
        else:
            self.cancel()

    def _choose_baseline(self, node: vtkMRMLSegmentationNode | None) -> None:
        if self._parameters is not None and self._parameters.compared != node:
            self._parameters.compared = node

    def _show_side_by_side(self, shown: bool) -> None:
        scans = (
            [mrml.source_volume(node) for node in (self._compared.followup, self._compared.baseline)]
            if shown and self._compared is not None
            else [None]
        )
        if None in scans:
            self._side_by_side.close()
        else:
            self._side_by_side.show(*scans)

    def _progress(self, stage: str, fraction: float) -> None:
        if self._running is not None:
            self.widgets.show_progress(stage_title(stage), fraction)

    def _finish(self, found: WorkerComparison) -> None:
        compared = self._running
        self._end()
        self._compared = compared
        self._show(found)
        registration = found.comparison.registration
        if compared is not None and registration is not None:
            shared = mrml.share_frame(compared.baseline, compared.followup, registration.matrix_lps)
            self.widgets.side_button.enabled = shared
            self.widgets.say(_frame_sentence(shared=shared, good=registration.is_good))
        # The labels may have been edited in the meantime.
        self.update()

    def _fail(self, failure: Failure) -> None:
        self._end()
        if failure.kind == "cancelled":
            self.widgets.say(_("The comparison was cancelled."))
        else:
            self.widgets.say(failure.in_one_sentence)

    def _end(self) -> None:
        self._running = None
        self.widgets.show_running(running=False)
        self.widgets.button.enabled = self._baseline is not None

    def _show(self, found: WorkerComparison | None) -> None:
        self.found = found
        if found is None:
            self.widgets.side_button.checked = False
            if self._compared is not None and self._compared.baseline.GetScene() is not None:
                mrml.separate_frames(self._compared.baseline)
            self._compared = None
            self.widgets.show(None)
        else:
            self.widgets.show(found.comparison, found.picture, self._notes)
        self._on_found()


def _frame_sentence(*, shared: bool, good: bool) -> str:
    """Return what to look at before the numbers."""
    if not shared:
        return _("One of the scans is under a transform of its own, so the views do not bring them together.")
    if not good:
        return _("The fit is poor: look at both outlines on the slices before you use these numbers.")
    return _("Both outlines are in one frame on the slices: look at the fit before you use these numbers.")


class GrowthWidgets:
    """Widgets of the section: earlier result, button, progress bar, table, verdicts and pictures of both scans.

    Parameters
    ----------
    place : QWidget
        Its layout gets the widgets.
    """

    def __init__(self, place: Any) -> None:
        layout = place.layout()
        self.baseline = _result_selector()
        self.side_button = qt.QPushButton(_("Side by side"))
        self.side_button.toolTip = _("Show both scans in two linked axial views, in one frame.")
        self.side_button.checkable = True
        self.intro = wrapped_label()
        self.button = qt.QPushButton()
        self._bar = qt.QProgressBar()
        self._bar.maximum = 100
        self._message = wrapped_label()
        self.table = qt.QTableWidget()
        self._prepare_table()
        self.verdicts = wrapped_label()
        self.verdicts.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.picture = qt.QLabel()
        self.picture.alignment = qt.Qt.AlignCenter
        self.open_button = qt.QPushButton(_("Open pictures"))
        self.open_button.toolTip = _("Show both scans and their difference in a separate window.")
        self.open_button.connect("clicked()", self.open_picture)
        self._pixmap = qt.QPixmap()
        self.window: Any = None
        form = qt.QFormLayout()
        form.addRow(_("Earlier result:"), self.baseline)
        layout.addLayout(form)
        for widget in (
            self.intro,
            self.button,
            self._bar,
            self._message,
            self.side_button,
            self.table,
            self.verdicts,
            self.picture,
            self.open_button,
        ):
            layout.addWidget(widget)
        self.show_running(running=False)
        self.say("")
        self.show(None)

    def show_running(self, *, running: bool) -> None:
        """Show whether a comparison is running; the button then cancels it."""
        self.button.text = _("Cancel") if running else _("Compare the scans")
        self._bar.value = 0
        self._bar.visible = running

    def show_progress(self, title: str, fraction: float) -> None:
        """Show the progress of a comparison."""
        self._bar.value = round(100 * fraction)
        self._bar.format = f"{title} (%p %)"

    def say(self, sentence: str) -> None:
        """Show a message below the button; empty hides it."""
        show_error(self._message, sentence)

    @property
    def message(self) -> str:
        """Message below the button, as rich text."""
        return str(self._message.text)

    def show(self, found: Comparison | None, picture: bytes = b"", notes: tuple[str, ...] = ()) -> None:
        """Show a comparison and its picture (PNG); None hides them.

        Warnings that are in ``notes`` do not question the comparison, and are shown last.
        """
        for widget in (self.side_button, self.table, self.verdicts, self.picture, self.open_button):
            widget.visible = found is not None
        self.close_picture()
        if found is None:
            self._pixmap = qt.QPixmap()
            self.picture.setPixmap(self._pixmap)
            return
        self._fill(list(found.changes.items()))
        show_rich(self.verdicts, _describe(found, notes))
        self._pixmap = qt.QPixmap()
        self._pixmap.loadFromData(picture)
        self.picture.setPixmap(self._pixmap.scaledToWidth(_SMALL_PX, qt.Qt.SmoothTransformation))

    def open_picture(self) -> None:
        """Show the pictures in full size."""
        self.close_picture()
        label = qt.QLabel()
        label.setPixmap(self._pixmap)
        area = qt.QScrollArea()
        area.setWidget(label)
        self.window = qt.QDialog(slicer.util.mainWindow())
        self.window.setWindowTitle(_("Growth (research use only)"))
        qt.QVBoxLayout(self.window).addWidget(area)
        self.window.resize(*_WINDOW_PX)
        self.window.show()

    def close_picture(self) -> None:
        """Close the window with the pictures, which may be of another patient."""
        if self.window is not None:
            self.window.hide()
            self.window.deleteLater()
            self.window = None

    def _prepare_table(self) -> None:
        table = self.table
        table.verticalHeader().hide()
        table.verticalHeader().defaultSectionSize = _ROW_PX
        table.horizontalScrollBarPolicy = table.verticalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.selectionMode = qt.QAbstractItemView.NoSelection
        table.showGrid = False
        headers = [_("mL"), _("Before"), _("After"), _("Change"), _("Per cent")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column in range(len(headers)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            table.horizontalHeader().setSectionResizeMode(column, mode)

    def _fill(self, changes: list[tuple[str, Change]]) -> None:
        self.table.setRowCount(len(changes))
        for row, (name, change) in enumerate(changes):
            texts = (
                _("Total") if name == "total" else name,
                f"{change.baseline_ml:.2f}",
                f"{change.followup_ml:.2f}",
                # Adding zero turns -0.0 into 0.0.
                "" if change.change_ml is None else f"{round(change.change_ml, 2) + 0.0:+.2f}",
                change.percent_text,
            )
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_RIGHT)
                self.table.setItem(row, column, item)
        # The panel scrolls as a whole; a table that scrolls by itself would hide rows.
        rows_px = sum(self.table.rowHeight(row) for row in range(len(changes)))
        header = self.table.horizontalHeader()
        self.table.setFixedHeight(rows_px + header.sizeHint.height() + 2 * self.table.frameWidth)


def _result_selector() -> Any:
    """Return a list of the scene's results, and none."""
    selector = slicer.qMRMLNodeComboBox()
    selector.objectName = "baselineSelector"
    selector.nodeTypes = ["vtkMRMLSegmentationNode"]
    selector.addEnabled = selector.removeEnabled = selector.renameEnabled = False
    selector.noneEnabled = True
    selector.addAttribute("vtkMRMLSegmentationNode", mrml.RESULT_ATTRIBUTE)
    selector.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
    selector.toolTip = _('The result of the earlier scan; the same list as "Compare with".')
    selector.setMRMLScene(slicer.mrmlScene)
    return selector


def _describe(found: Comparison, notes: tuple[str, ...]) -> str:
    """Return warnings, verdicts with definitions or why there are none, quality of the registration, and notes."""
    lines = [bold(text) for text in found.warnings if text not in notes]
    if found.not_compared is None:
        for name, verdict in ((_("Expansion"), found.expansion), (_("Expansion, revised"), found.revised_expansion)):
            definition = verdict.definition
            lines.append(f"{bold(f'{name}: {verdict.answer}')}<br>{rich(definition[:1].upper() + definition[1:])}.")
    else:
        lines.append(bold(found.not_compared))
    if found.registration is not None:
        lines.append(f"{rich(found.registration.describe())}.")
    lines += map(rich, notes)
    return "".join(f"<p>{line}</p>" for line in lines)
