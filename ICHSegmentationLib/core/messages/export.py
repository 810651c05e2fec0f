# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``export``."""

MESSAGES: dict[str, str] = {
    "files_exist": "{folder} already contains {names}; choose another folder or replace these files.",
    "folder_not_empty": "{folder} is not empty; choose another folder.",
    "keys_not_valid": "{path} does not hold the keys of a de-identification; name another file, and keep the old one.",
    "keys_readable_by_others": (
        "Others can read {path}, which leads back to the patients; make it yours alone (chmod 600)."
    ),
    "labels_not_assessed": (
        "{path} is of a scan that was not assessed (see measurements.json): blood that is not outlined may be there."
    ),
    "lone_dollar": "{template}, line {line}: write a $ that does not begin a placeholder as $$.",
    "no_boxes": "The boxes of {name} are not known; only a run writes them.",
    "may_show_text": (
        "{path} may show text in its pixels (BurnedInAnnotation (0028,0301), ImageType (0008,0008) or colour); look at "
        "it, then use `ichseg deidentify --accept-burned-in` if it names nobody."
    ),
    "no_contours": "There is no hemorrhage: an RT structure set needs a contour.",
    "no_deidentification": "De-identification needs the package dicom-anonymizer: pip install dicom-anonymizer.",
    "no_dicom_files": "No DICOM files were written: {reason}",
    "no_patient_data": "Only a scan that was read from DICOM contains patient data; export without them.",
    "no_record": (
        "The model that made {name} is not known: put the measurements.json of the run into the same folder."
    ),
    "no_review": "{path} is not a review.json of the review page.",
    "no_scan": "This file needs the scan that {name} belongs to; give the scan too.",
    "no_segmentation": (
        "A structured report must refer to a DICOM segmentation: export to dicom-seg too, or give that file instead of "
        "{name}."
    ),
    "not_assessed": "Not assessed: see the warnings. Blood that is not outlined may be there.",
    "not_deidentified": "{count} file(s) that are not CT images were left out.",
    "not_a_comparison": "{path} is not a comparison.json of `ichseg compare`.",
    "other_study": "{name} belongs to another study than the scan (StudyInstanceUID (0020,000D)); give its own scan.",
    "poor_registration": (
        "The scans fit poorly (correlation {quality:.2f} on {shared:.0%} of the head): check that they are of the same "
        "patient and correctly placed."
    ),
    "review_of_other_labels": (
        "{path} is a verdict on other labels: their volumes differ. Give the labels that were saved with it."
    ),
    "review_of_other_slices": (
        "{path} is a verdict on other slices; where the labels do not hold their slice positions, add --source."
    ),
    "unknown_model": "No measurements.json was found beside {name}, so the model that made the labels is not known.",
    "unknown_placeholder": "{template}, line {line}: ${word} is unknown; use one of {known}.",
    "unreadable_template": "{path} cannot be read as a text template in UTF-8.",
    "other_data_set": (
        "{folder} holds another data set; choose an empty folder or one that already holds cases saved here."
    ),
}
