# SPDX-License-Identifier: Apache-2.0
"""Codes of the structured report beside those of the hemorrhage classes.

Where DICOM has a concept, it is used, as listed in pydicom's copy of PS3.16 (the context group stands beside each);
Glasgow Coma Scale is LOINC's. For what none was found in these and SNOMED CT's published lists (midline shift, modified
Graeb score, ICH score, expansion, ABC/2) there is a private scheme, which the report declares in Coding Scheme
Identification Sequence (0008,0110), PS3.3 C.12.1.1.
"""

from __future__ import annotations

from ICHSegmentationLib.anatomy.lesion_location import Region, Side
from ICHSegmentationLib.core.terminology import Code
from ICHSegmentationLib.measurement import Ventricle

PRIVATE_SCHEME = "99ICHSEG"
PRIVATE_SCHEME_NAME = "ICHSegmentation measurements"


def _private(value: str, meaning: str) -> Code:
    return Code(scheme=PRIVATE_SCHEME, value=value, meaning=meaning)


def _dcm(value: str, meaning: str) -> Code:
    return Code(scheme="DCM", value=value, meaning=meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(scheme="SCT", value=value, meaning=meaning)


def _ucum(value: str, meaning: str) -> Code:
    return Code(scheme="UCUM", value=value, meaning=meaning)


MILLILITER = _ucum("mL", "milliliter")
MILLIMETER = _ucum("mm", "millimeter")
HOUNSFIELD_UNIT = _ucum("[hnsf'U]", "Hounsfield unit")
PERCENT = _ucum("%", "percent")
YEAR = _ucum("a", "year")
SCORE = _ucum("{score}", "score")

VOLUME = _sct("118565006", "Volume")  # CID 7472
ELLIPSOID = _dcm("121221", "Volume of ellipsoid")  # CID 7472
VOXEL_SUM = _dcm("126030", "Sum of segmented voxel method for volume")  # CID 7474
ABC2_METHODS = {"ABC/2": _private("ABC2", "ABC/2"), "XYZ/2": _private("XYZ2", "XYZ/2")}
DIAMETER = _sct("81827009", "Diameter")  # CID 7470
ATTENUATION = _dcm("112031", "Attenuation Coefficient")  # CID 218
MEAN = _sct("373098007", "Mean")  # CID 7464, as the next three
STANDARD_DEVIATION = _sct("386136009", "Standard Deviation")
MINIMUM = _sct("255605001", "Minimum")
MAXIMUM = _sct("56851009", "Maximum")
CENTER_OF_MASS = _dcm("128138", "Center of Mass")  # CID 219
SOURCE = _sct("260753009", "Source")
COMMENT = _dcm("121106", "Comment")

PRESENCE = _dcm("121052", "Presence of property")
PRESENT = _dcm("121053", "Present")
ABSENT = _dcm("121054", "Absent")
YES = _sct("373066001", "Yes")  # CID 230, as the next two
NO = _sct("373067005", "No")
UNDETERMINED = _sct("373068000", "Undetermined")

METHOD = _sct("370129005", "Measurement Method")  # TID 300
SELECTION_STATUS = _dcm("121404", "Selection Status")  # TID 310
MANUAL_ENTRY = _dcm("113857", "Manual Entry")  # CID 12303
USER_CHOSEN = _dcm("121410", "User chosen value")  # CID 224
CORRECTED = _private("CORRECTED", "Segment corrected by hand")

VERDICT = _private("VERDICT", "Verdict of the radiologist on the segmentation")
VERDICTS = {
    "accept": _private("ACCEPTED", "Accepted"),
    "reject": _private("REJECTED", "Rejected"),
    "corrected": _private("CORRECTED-VERDICT", "Corrected"),
}
QUALITY = _private("QUALITY", "Quality of the segmentation, 1 (poor) to 5 (good)")

GLASGOW_COMA_SCALE = Code(scheme="LN", value="9269-2", meaning="Glasgow coma score total")
AGE = _dcm("121033", "Subject Age")
ICH_SCORE = _private("ICHSCORE", "ICH score, of spontaneous hemorrhage only")
MORTALITY = _private("ICHSCORE-MORT30", "Published 30-day mortality at this ICH score")
INFRATENTORIAL_ORIGIN = _private("INFRA-ORIGIN", "Hemorrhage began below the tentorium")
LARGE = _private("IPH-30ML", "Intraparenchymal volume 30 mL or more")
MODIFIED_GRAEB = _private("MGRAEB", "Modified Graeb score")
MODIFIED_GRAEB_PART = _private("MGRAEB-PART", "Modified Graeb score, points of one compartment")
MIDLINE_SHIFT = _private("MLS", "Midline shift at the septum pellucidum")
MIDLINE_SIDE = _private("MLS-SIDE", "Side that the midline has shifted to")
TENTORIUM = _private("TENTORIUM", "Above or below the tentorium")
COMPARTMENTS = {
    "supratentorial": _private("SUPRATENTORIAL", "Supratentorial"),
    "infratentorial": _private("INFRATENTORIAL", "Infratentorial"),
}
BASELINE_VOLUME = _private("VOL-BASELINE", "Volume on the earlier scan")
VOLUME_CHANGE = _private("VOL-CHANGE", "Change of volume since the earlier scan")
EXPANSION = _private("EXPANSION", "Hematoma expansion")
REVISED_EXPANSION = _private("EXPANSION-REV", "Hematoma expansion, revised definition")

LEFT, RIGHT = _sct("7771000", "Left"), _sct("24028007", "Right")  # CID 244, as the next
LATERALITIES = {Side.LEFT: LEFT, Side.RIGHT: RIGHT, Side.BILATERAL: _sct("51440002", "Bilateral")}
MIDLINE = _sct("261129000", "Midline")  # CID 5; no laterality

# CID 7151 and the groups that it includes; the nuclei (32610002) are SNOMED CT's, for which these groups have no code.
REGIONS = {
    Region.FRONTAL: _sct("83251001", "Frontal lobe"),
    Region.PARIETAL: _sct("16630005", "Parietal lobe"),
    Region.TEMPORAL: _sct("78277001", "Temporal lobe"),
    Region.OCCIPITAL: _sct("31065004", "Occipital lobe"),
    Region.INSULA: _sct("36169008", "Insula"),
    Region.BASAL_GANGLIA: _sct("32610002", "Basal ganglion structure"),
    Region.THALAMUS: _sct("42695009", "Thalamus"),
    Region.BRAIN_STEM: _sct("119238007", "Brain Stem"),
    Region.CEREBELLUM: _sct("113305005", "Cerebellum"),
    Region.VENTRICLES: _sct("35764002", "Brain ventricle"),
}
_LATERAL_VENTRICLE = _sct("66720007", "Lateral Ventricle")  # CID 7140, as the next
_TEMPORAL_HORN = _sct("53118009", "Inferior Horn of Lateral Ventricle")
_OCCIPITAL_HORN = _sct("52943005", "Posterior Horn Lateral Ventricle")  # CID 12022
VENTRICLES: dict[Ventricle, tuple[Code, Code | None]] = {
    Ventricle.THIRD: (_sct("49841001", "Third ventricle"), None),
    Ventricle.FOURTH: (_sct("35918002", "Fourth Ventricle"), None),
    Ventricle.LEFT_LATERAL: (_LATERAL_VENTRICLE, LEFT),
    Ventricle.RIGHT_LATERAL: (_LATERAL_VENTRICLE, RIGHT),
    Ventricle.LEFT_OCCIPITAL_HORN: (_OCCIPITAL_HORN, LEFT),
    Ventricle.RIGHT_OCCIPITAL_HORN: (_OCCIPITAL_HORN, RIGHT),
    Ventricle.LEFT_TEMPORAL_HORN: (_TEMPORAL_HORN, LEFT),
    Ventricle.RIGHT_TEMPORAL_HORN: (_TEMPORAL_HORN, RIGHT),
}
"""Finding site of each compartment, and its side."""
