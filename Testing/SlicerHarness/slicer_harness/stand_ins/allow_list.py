# SPDX-License-Identifier: Apache-2.0
"""Members of each ctk, qMRML and qSlicer class that PythonQt exposes: properties, signals, slots and invokables.

Written by hand from the headers (CTK, and Slicer 5.12's Libs/MRML/Widgets, Base and Modules/Loadable). PythonQt exposes
nothing else: a public C++ function that is neither a slot nor Q_INVOKABLE, such as ``ctkSliderWidget::setRange``, does
not exist in Python.
"""

from __future__ import annotations

from typing import NamedTuple


class Api(NamedTuple):
    """Members of one class; signals and slots as signatures, separated by lines or blanks."""

    extends: str
    properties: str = ""
    signals: str = ""
    slots: str = ""
    invokables: str = ""


API = {
    "ctkCheckBox": Api("QCheckBox", "indicatorIcon indicatorIconSize"),
    "ctkCollapsibleButton": Api(
        "QAbstractButton",
        "collapsed collapsedHeight flat contentsFrameShape contentsFrameShadow contentsLineWidth contentsMidLineWidth"
        " buttonTextAlignment indicatorAlignment",
        "contentsCollapsed(bool)",
    ),
    "ctkCollapsibleGroupBox": Api("QGroupBox", "collapsed collapsedHeight"),
    "ctkColorPickerButton": Api(
        "QPushButton",
        "color colorName displayColorName dialogOptions",
        "colorChanged(QColor) colorNameChanged(QString)",
        "setColor(QColor) changeColor() setDisplayColorName(bool)",
    ),
    "ctkComboBox": Api(
        "QComboBox",
        "defaultText defaultIcon forceDefault elideMode scrollWheelEffect currentUserDataAsString",
        "returnRelease()",
        "setCurrentUserDataAsString(QString)",
    ),
    "ctkDirectoryButton": Api(
        "QWidget",
        "acceptMode directory caption text icon elideMode options",
        "directoryChanged(QString) directorySelected(QString)",
        "browse()",
    ),
    "ctkDoubleSlider": Api(
        "QWidget",
        "value sliderPosition singleStep pageStep minimum maximum tickInterval tickPosition tracking orientation"
        " handleToolTip invertedAppearance invertedControls",
        "valueChanged(double) sliderMoved(double) sliderPressed() sliderReleased() rangeChanged(double,double)",
        "setValue(double) setOrientation(Qt::Orientation)",
    ),
    "ctkDoubleSpinBox": Api(
        "QWidget",
        "alignment frame readOnly prefix suffix cleanText decimals decimalsOption minimum maximum singleStep value"
        " setMode invertedControls sizeHintPolicy isSettingValue",
        "valueChanged(double) valueChanged(QString) editingFinished() decimalsChanged(int)",
        "setValue(double) setValueIfDifferent(double) setValueAlways(double) stepUp() stepDown() setDecimals(int)"
        " setReadOnly(bool)",
    ),
    "ctkMenuButton": Api("QPushButton"),
    "ctkMessageBox": Api(
        "QMessageBox",
        "dontShowAgain dontShowAgainButtonRoles dontShowAgainSettingsKey dontShowAgainVisible",
        "",
        "setDontShowAgain(bool) onFinished(int)",
        "addDontShowAgainButtonRole",
    ),
    "ctkPathLineEdit": Api(
        "QWidget",
        "label filters currentPath options settingKey showBrowseButton showHistoryButton sizeAdjustPolicy"
        " minimumContentsLength nameFilters",
        "validInputChanged(bool) currentPathChanged(QString)",
        "setCurrentPath(QString) browse() retrieveHistory() addCurrentPathToHistory()",
        "comboBox",
    ),
    "ctkPushButton": Api("QPushButton", "buttonTextAlignment iconAlignment elideMode"),
    "ctkSliderWidget": Api(
        "QWidget",
        "decimals singleStep pageStep minimum maximum value prefix suffix tickInterval tickPosition"
        " synchronizeSiblings"
        " spinBoxAlignment tracking spinBoxVisible popupSlider invertedAppearance invertedControls",
        "valueChanged(double) valueIsChanging(double) decimalsChanged(int)",
        "reset() setValue(double) setSpinBoxVisible(bool) setDecimals(int)",
    ),
    "ctkVTKRenderView": Api(
        "QWidget",
        "cornerAnnotationText backgroundColor backgroundColor2 gradientBackground renderEnabled fpsVisible"
        " useDepthPeeling maximumUpdateRate orientationWidgetVisible zoomFactor pitchRollYawIncrement pitchDirection"
        " rollDirection yawDirection spinDirection spinEnabled spinIncrement animationIntervalMs rockEnabled"
        " rockLength",
        "",
        "scheduleRender() forceRender() setRenderPaused(bool) pauseRender() resumeRender() zoomIn() zoomOut()"
        " resetFocalPoint() setFocalPoint(double,double,double) pitch() roll() yaw()",
        "renderWindow interactor interactorStyle cornerAnnotation VTKWidget",
    ),
    "qMRMLWidget": Api(
        "QWidget", "", "mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)", "mrmlScene pixmapFromIcon"
    ),
    "qSlicerWidget": Api("QWidget", "", "mrmlSceneChanged(vtkMRMLScene*)", "setMRMLScene(vtkMRMLScene*)", "mrmlScene"),
    "qMRMLCollapsibleButton": Api("ctkCollapsibleButton"),
    "qMRMLNodeComboBox": Api(
        "QWidget",
        "currentNodeID currentNodeId nodeTypes showHidden showChildNodeTypes hideChildNodeTypes baseName noneEnabled"
        " addEnabled removeEnabled editEnabled renameEnabled interactionNodeSingletonTag selectNodeUponCreation"
        " noneDisplay sizeAdjustPolicy",
        "currentNodeChanged(vtkMRMLNode*) currentNodeChanged(bool) currentNodeIDChanged(QString)"
        " nodeActivated(vtkMRMLNode*) nodeAdded(vtkMRMLNode*) nodeAddedByUser(vtkMRMLNode*)"
        " nodeAboutToBeRemoved(vtkMRMLNode*) currentNodeRenamed(QString) nodeAboutToBeEdited(vtkMRMLNode*)",
        "setMRMLScene(vtkMRMLScene*) setCurrentNode(vtkMRMLNode*) setCurrentNode(QString) setCurrentNodeID(QString)"
        " setCurrentNodeIndex(int) addNode(QString) addNode() removeCurrentNode() editCurrentNode()"
        " renameCurrentNode()",
        "mrmlScene addAttribute removeAttribute setNodeTypeLabel nodeTypeLabel nodeCount nodeFromIndex currentNode"
        " sortFilterProxyModel addMenuAction",
    ),
    "qMRMLSegmentEditorWidget": Api(
        "qMRMLWidget",
        "segmentationNodeSelectorVisible sourceVolumeNodeSelectorVisible maskingSectionVisible"
        " specifyGeometryButtonVisible show3DButtonVisible addRemoveSegmentButtonsVisible autoShowSourceVolumeNode"
        " switchToSegmentationsButtonVisible undoEnabled maximumNumberOfUndoStates readOnly effectButtonStyle"
        " effectColumnCount unorderedEffectsVisible defaultTerminologyEntrySettingsKey defaultTerminologyEntry"
        " jumpToSelectedSegmentEnabled",
        "currentSegmentIDChanged(QString) sourceVolumeNodeChanged(vtkMRMLVolumeNode*)"
        " segmentationNodeChanged(vtkMRMLSegmentationNode*)",
        "setMRMLSegmentEditorNode(vtkMRMLSegmentEditorNode*) updateWidgetFromMRML() setSegmentationNode(vtkMRMLNode*)"
        " setSegmentationNodeID(QString) setSourceVolumeNode(vtkMRMLNode*) setSourceVolumeNodeID(QString)"
        " setCurrentSegmentID(QString) setActiveEffectByName(QString) saveStateForUndo()"
        " setSegmentationNodeSelectorVisible(bool) setSourceVolumeNodeSelectorVisible(bool)"
        " setAutoShowSourceVolumeNode(bool) setMaskingSectionVisible(bool) setSpecifyGeometryButtonVisible(bool)"
        " setShow3DButtonVisible(bool) setAddRemoveSegmentButtonsVisible(bool)"
        " setSwitchToSegmentationsButtonVisible(bool)"
        " setUndoEnabled(bool) setMaximumNumberOfUndoStates(int) setReadOnly(bool)"
        " toggleSourceVolumeIntensityMaskEnabled() undo() redo() installKeyboardShortcuts(QWidget*)"
        " uninstallKeyboardShortcuts() hideLabelLayer() setEffectButtonStyle(Qt::ToolButtonStyle)"
        " setEffectColumnCount(int) updateEffectList() showSourceVolumeInSliceViewers(bool,bool)"
        " rotateSliceViewsToSegmentation() setInteractionNode(vtkMRMLInteractionNode*) selectPreviousSegment()"
        " selectNextSegment() selectSegmentAtOffset(int) jumpSlices() setJumpToSelectedSegmentEnabled(bool)",
        "mrmlSegmentEditorNode segmentationNode segmentationNodeID sourceVolumeNode sourceVolumeNodeID"
        " currentSegmentID"
        " activeEffect setActiveEffect effectByName availableEffectNames setEffectNameOrder effectNameOrder"
        " effectCount"
        " effectByIndex setupViewObservations removeViewObservations segmentationNodeSelectorAddAttribute"
        " segmentationNodeSelectorRemoveAttribute sourceVolumeNodeSelectorAddAttribute"
        " sourceVolumeNodeSelectorRemoveAttribute interactionNode setEffectCursor",
    ),
    "qMRMLSliceControllerWidget": Api(
        "QWidget",
        "sliceViewName sliceViewLabel sliceViewColor sliceOffsetResolution moreButtonVisibility sliceOrientation"
        " showSliceOffsetSlider",
        "",
        "fitSliceToBackground() setSliceOrientation(QString) setSliceOffsetValue(double) setSliceVisible(bool)"
        " setSliceLink(bool) rotateSliceToLowestVolumeAxes() setSegmentationHidden(bool)"
        " setSegmentationOpacity(double)",
        "mrmlSliceNode mrmlSliceCompositeNode sliceLogic sliceOffsetSlider fitToWindowToolButton imageDataConnection",
    ),
    "qMRMLSliceView": Api(
        "QWidget",
        "cornerAnnotationText backgroundColor backgroundColor2 gradientBackground renderEnabled fpsVisible"
        " useDepthPeeling maximumUpdateRate",
        "",
        "scheduleRender() forceRender() setRenderPaused(bool) pauseRender() resumeRender()"
        " setMRMLScene(vtkMRMLScene*)"
        " setMRMLSliceNode(vtkMRMLSliceNode*)",
        "renderWindow interactor interactorStyle cornerAnnotation VTKWidget interactorObserver getDisplayableManagers"
        " displayableManagerByClassName mrmlSliceNode sliceViewInteractorStyle convertDeviceToXYZ convertRASToXYZ"
        " convertXYZToRAS setViewCursor unsetViewCursor setDefaultViewCursor addDisplayableManager",
    ),
    "qMRMLSliceWidget": Api(
        "QWidget",
        "sliceOrientation sliceViewName sliceViewLabel sliceViewColor sliceOffsetSliderOrientation",
        "nodeAboutToBeEdited(vtkMRMLNode*)",
        "setMRMLScene(vtkMRMLScene*) setMRMLSliceNode(vtkMRMLSliceNode*) setSliceOrientation(QString)"
        " fitSliceToBackground()",
        "sliceController controllerWidget mrmlSliceNode mrmlAbstractViewNode sliceLogic logic imageDataConnection"
        " mrmlSliceCompositeNode interactorStyle overlayCornerAnnotation setSliceLogics sliceView viewWidget",
    ),
    "qMRMLThreeDView": Api(
        "ctkVTKRenderView",
        "shadowsVisibility ambientShadowsSizeScale ambientShadowsVolumeOpacityThreshold ambientShadowsIntensityScale"
        " ambientShadowsIntensityShift",
        "",
        "setMRMLScene(vtkMRMLScene*) setMRMLViewNode(vtkMRMLViewNode*)",
        "interactorObserver getDisplayableManagers displayableManagerByClassName mrmlViewNode rotateToViewAxis"
        " resetCamera cameraNode setViewCursor unsetViewCursor setDefaultViewCursor ssaoPass",
    ),
    "qMRMLThreeDWidget": Api(
        "QWidget",
        "",
        "",
        "setMRMLViewNode(vtkMRMLViewNode*)",
        "threeDController controllerWidget mrmlViewNode mrmlAbstractViewNode viewLogic logic threeDView viewWidget"
        " addDisplayableManager getDisplayableManagers",
    ),
    "qSlicerLayoutManager": Api(
        "QObject",
        "enabled layout threeDViewCount tableViewCount plotViewCount",
        "layoutChanged(int) nodeAboutToBeEdited(vtkMRMLNode*) selectModule(QString)",
        "setEnabled(bool) setMRMLScene(vtkMRMLScene*) setLayout(int) addMaximizedViewNode(vtkMRMLAbstractViewNode*)"
        " removeMaximizedViewNode(vtkMRMLAbstractViewNode*) resetThreeDViews() resetSliceViews()"
        " setRenderPaused(bool)"
        " pauseRender() resumeRender()",
        "mrmlScene viewWidget sliceWidget threeDWidget sliceViewNames tableWidget plotWidget mrmlSliceLogics"
        " mrmlViewLogics mrmlColorLogic layoutLogic activeMRMLThreeDViewNode activeThreeDRenderer viewport",
    ),
    "qSlicerModuleManager": Api(
        "QObject",
        "",
        "moduleLoaded(QString) moduleAboutToBeUnloaded(QString)",
        "",
        "factoryManager modulesNames module",
    ),
    "qSlicerScriptedLoadableModule": Api(
        "QObject",
        "name title categories contributors associatedNodeTypes helpText acknowledgementText icon hidden dependencies"
        " index path widgetRepresentationCreationEnabled",
        "",
        "setMRMLScene(vtkMRMLScene*)",
        "logic mrmlScene widgetRepresentation createNewWidgetRepresentation",
    ),
    "qSlicerScriptedLoadableModuleWidget": Api(
        "qSlicerWidget", "moduleName isEntered", "", "", "reload self enter exit setEditedNode nodeEditable"
    ),
    "qSlicerApplication": Api(
        "QApplication",
        "slicerHome slicerSharePath temporaryPath cachePath startupWorkingPath launcherExecutableFilePath"
        " slicerUserSettingsFilePath extensionsInstallPath isInstalled releaseType revision majorVersion minorVersion"
        " applicationLocaleName documentationBaseUrl documentationVersion platform arch os defaultScenePath"
        " mainApplicationName mainApplicationMajorVersion mainApplicationMinorVersion mainApplicationPatchVersion",
        "startupCompleted() mrmlSceneChanged(vtkMRMLScene*) renderPaused(bool) urlReceived(QString)",
        "restart() setRenderPaused(bool) pauseRender() resumeRender() openUrl(QString) confirmRestart(QString)"
        " openExtensionsManagerDialog() openNodeModule(vtkMRMLNode*) currentLogFile() recentLogFiles()",
        "commandOptions ioManager coreIOManager pythonManager pythonConsole layoutManager mrmlScene applicationLogic"
        " moduleLogic moduleManager userSettings settings revisionUserSettings moduleDocumentationUrl dicomDatabase"
        " startupEnvironment environment setEnvironmentVariable extensionsManagerModel errorLogModel"
        " openSettingsDialog"
        " settingsDialog testingEnabled translate logUsageEvent",
    ),
}
