# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``cli``."""

MESSAGES: dict[str, str] = {
    "case_left_out": "{case} was left out: {reason}",
    "cohort_incomplete": "{failed} scans or comparisons failed and {waiting} are still waiting in {folder}.",
    "cohort_inputs_missing": "Name the scans: a CSV file, a BIDS data set or a folder of DICOM files; or add --merge.",
    "comparison_exists": (
        "{folder} already contains a comparison; choose another folder, or add --overwrite to replace it."
    ),
    "compare_model_not_allowed": "Several models are all compared with the first; leave out --compare-model.",
    "evaluate_inputs_missing": "Give --predictions and --references, --config, or --slices, --images or --negatives.",
    "evaluation_exists": (
        "{folder} already contains an evaluation; choose another folder, or add --overwrite to replace it."
    ),
    "evaluation_of_other_weights": "{path} was measured with other weights than those of {model} in {folder}.",
    "evaluation_without_postprocessing": (
        "{path} was measured with --no-postprocessing, but users get postprocessed labels; evaluate again without it."
    ),
    "face_remains": "The head's surface is still in the pixels and can show a face: share the files accordingly.",
    "picture_of_kept_face": "`--picture` shows how the face was removed; leave it out with --keep-face.",
    "file_exists": "{path} exists; choose another name, or add --overwrite to replace it.",
    "fold_needs_slices": "`{option}` chooses among labelled slices; add --slices.",
    "fold_or_out_of_fold": "Give `--fold` or `--out-of-fold`, not both.",
    "format_needs_scan": "{format} needs the CT that was segmented; add --source.",
    "graeb_format": "`--graeb {text}` does not name one of {compartments} and its points, such as third=3.",
    "graeb_needs_scan": "`--graeb` changes a proposal that needs the CT; add --source.",
    "inputs_not_used": (
        "What was given beside the segmentation is not used: the measurements.json of the run is missing."
    ),
    "keys_without_deidentify": "`--keys` is of use with `--deidentify` only.",
    "merge_without_inputs": "`--merge` joins the ledgers in the output folder; leave out the inputs.",
    "model_for_each_fold": "`--out-of-fold` needs {folds} models, one for each fold in order; {models} are given.",
    "more_warnings": "{count} more warnings are listed in {path}.",
    "negative_not_found": "{path} (evaluation.negatives) does not exist.",
    "no_dicom_results": "{folder} contains no DICOM results; write them with `ichseg export`.",
    "no_ich_score": "ICH score: not offered, since there is no intraparenchymal hemorrhage.",
    "no_place": "This head has no place for {subtype}; it was left out.",
    "no_scans": (
        "Without the CT of both scans only volumes are compared; add --baseline-ct and --followup-ct to register and "
        "draw the scans."
    ),
    "no_segmentation": "{folder} contains no {names}; give a folder that `ichseg segment` wrote.",
    "no_slice_of_patient": "No slice belongs to the patient {patient}.",
    "no_slices_left": "No slice is left to evaluate: all belong to left-out patients or other folds.",
    "not_an_evaluation": "{path} is not a figures.json of `ichseg evaluate --config`.",
    "not_found": "{path} does not exist.",
    "not_printed": "The result cannot be printed on standard output: {reason}. All files of the result were written.",
    "only_for_slices": "{option} is for labelled slices only; leave out --images and --negatives.",
    "only_one_model": "Several models are compared, but there is only {model}; name another one.",
    "other_volume": (
        "The head has no place for {wanted_ml:g} mL of {subtype} at this seed: {found_ml:.1f} mL were simulated."
    ),
    "output_is_file": "{path} is a file; give a folder as --output.",
    "output_is_folder": "{path} is a folder; give the file to write as --output.",
    "output_is_segmentation": "{path} is the segmentation itself; choose another name.",
    "output_not_writable": "The folder {folder} is not writable; choose another folder.",
    "predictions_instead_of_model": "`--slice-predictions` takes the place of a model; leave out {option}.",
    "results_exist": "{folder} already contains results; choose another folder, or add --overwrite to replace them.",
    "scan_not_certain": "{doubt} Add --force to write DICOM files for this scan all the same.",
    "slices_not_with": "`--slices`, `--images` and `--negatives` cannot be combined with {option}.",
    "spacing_format": "'{text}' is not a voxel size: give three numbers in mm, as in --spacing 0.47,0.47,5.",
    "subtype_none_is_alone": "`--subtype none` cannot be combined with another subtype or --volume.",
    "template_exists": "{path} exists; edit it, or move it away first.",
    "train_output_missing": "Name a folder for the model with --output.",
    "unknown_device": "{device!r} is not one of auto, cpu, cuda:N.",
    "unknown_format": "{name!r} is not one of {choices}.",
    "unreadable_file": "{path} cannot be read: {reason}.",
    "volume_format": "`--volume {text}` is not of the form SUBTYPE=ML, such as SDH=25.",
    "volume_range": "`--volume {text}` is out of range; give a volume of 0.1 to 300 mL.",
    "warning_of_scans": "{count} scan(s): {text}",
}
