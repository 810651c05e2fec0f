# SPDX-License-Identifier: Apache-2.0
"""Definitions printed with every table of metrics."""

CONVENTIONS = (
    "Class `any` is all labels together, including hemorrhage without a subtype.",
    "Per case: a metric is computed in each case and then summarized over the cases in which it is defined. Pooled: "
    "the voxels of all cases are counted together, so large lesions weigh more. The two are not comparable.",
    "Empty masks: where reference and prediction both lack the class, no overlap metric is defined and the case is "
    "left out; a false positive has Dice, IoU and precision 0; a miss has Dice, IoU and recall 0. `dice_with_class` is "
    "Dice in the cases whose reference has the class. HD95 is defined where both have the class.",
    "HD95: 95th percentile of the distances between surface voxels, the larger of the two directions, in mm at the "
    "voxels' positions in the patient (tilt and uneven steps included). There is no pooled HD95.",
    "Volumes: voxels of each slice times its extent along the normal. ICC is ICC(2,1): two-way random effects, "
    "absolute agreement, single rater, over all cases, those without the class included; 95 % confidence interval "
    "after McGraw and Wong. Bland-Altman: predicted minus reference, limits of agreement at 1.96 standard deviations.",
    "Case level: a reference with any voxel is positive, a prediction with at least one voxel and the minimum volume.",
    "Lesions: connected regions (26 neighbours) of a class. A lesion of the reference is found if one predicted voxel "
    "of its class overlaps it; a predicted lesion is right if it overlaps one voxel of its class.",
)
