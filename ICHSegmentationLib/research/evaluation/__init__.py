# SPDX-License-Identifier: Apache-2.0
"""Evaluation of predicted against reference labels: overlap, distance, volume, detection. Needs the ``train`` extra.

:func:`ICHSegmentationLib.research.evaluation.evaluate.evaluate` compares files,
:func:`ICHSegmentationLib.research.evaluation.metrics.case.evaluate_case` two label maps,
:func:`ICHSegmentationLib.research.evaluation.report.outputs.write_evaluation` writes tables and plots.
"""
