# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``research``."""

MESSAGES: dict[str, str] = {
    "after_surgery": "{path}, line {line}: after_surgery is {value!r}; only 0 and 1 are valid.",
    "bhsd_file_name": (
        "{path} is not named ID_<patient>_ID_<study>, so its patient is unknown; restore the file names of the "
        "download."
    ),
    "bhsd_label": "{path} holds the label {label:g}; only 0 to 5 are valid.",
    "bhsd_no_masks": "{folder} holds no folder 'ground truths' with the masks.",
    "bhx_box": "{path}, line {line}: the column data does not hold x, y, width and height.",
    "bhx_label_name": "{path}, line {line}: unknown labelName {name}.",
    "case_twice": "Both {first} and {second} hold a case {case}; rename one.",
    "clots_need_scikit_image": (
        'Deriving the clots needs scikit-image; run `pip install -c constraints.txt ".[train]"` in the folder of '
        "this project."
    ),
    "costs_unreadable": "Cannot read {path}; give the file that Testing/Benchmarks/bench_models.py wrote.",
    "cq500_no_reads": "{path} has no row for {case} (column name).",
    "cq500_no_series": "{folder} holds no CQ500 series with boxes in {table}.",
    "cq500_no_table": "{folder} holds no {table}; put it next to the case folders.",
    "ct_ich_no_rows": "{path} has no rows for scan {case} (PatientNumber).",
    "ct_ich_slice_numbers": "{path} does not number the {slices} slices of {scan} from 1.",
    "damaged_checkpoint": (
        "The checkpoint {path} is damaged or belongs to another configuration; choose another folder, or remove "
        "it to start over."
    ),
    "damaged_index": "{path} is damaged; remove it to prepare the data again.",
    "different_cases": "{model} and {first} were evaluated on different cases; add --overwrite to evaluate both again.",
    "does_not_exist": "{path} does not exist.",
    "evaluation_of_another_model": (
        "{folder} holds results of other weights or settings of {model}, or of its verifier; add --overwrite to "
        "replace them."
    ),
    "evaluation_packages": (
        'Evaluation needs {packages}; run `pip install -c constraints.txt ".[train]"` in the folder of this project.'
    ),
    "file_ending": "{path}: file_ending is {ending}; only NIfTI is supported.",
    "folder_and_file": (
        "Give two folders or two files; of {predictions} and {references}, one is a folder and the other a file."
    ),
    "gradients_not_finite": (
        "The gradients of step {step} are not finite; lower optimisation.learning_rate or set "
        "optimisation.precision to float32."
    ),
    "held_out_case_unusable": (
        "The held-out case {case} cannot be used: {reason} Correct its labels (data.corrected) or remove it from "
        "data.held_out."
    ),
    "image_label": "{path}, line {line}: bleed is {label!r}; only 0 and 1 are valid.",
    "image_without_label": "{path} has no label; add it to {table}, with the columns image and bleed.",
    "json_unreadable": "{path} is missing or not valid JSON.",
    "label_name": (
        "{path}: the label {name!r} is not one of background, {names}, ICH and ignore with a number from 0 to 255."
    ),
    "loss_not_finite": (
        "The loss of step {step} is not finite; lower optimisation.learning_rate or set optimisation.precision "
        "to float32."
    ),
    "mask_of_fractions": "{path} holds fractions; a mask holds whole numbers.",
    "mask_shape": "{path} has shape {shape}, which differs from its scan.",
    "missing_file": "{path} is missing.",
    "no_slices": "{folder} holds no PNG slices.",
    "slice_not_in_table": "{path} has no row for the slice {name} (columns set and slice).",
    "slice_sizes_differ": "{image} and {labels} differ in size.",
    "slice_unreadable": "{path} cannot be read as a picture.",
    "slice_without_patient": "{path}: the name must be the three digits of the patient and the number of the slice.",
    "unknown_slice_label": "{path} holds the label {label}; only 0 to 5 are valid.",
    "missing_volumes": (
        "{count} training volumes are missing, the first is {first}; run `ichseg train` with --prepare-only first."
    ),
    "no_brain": "This does not look like a head CT: no soft tissue was found inside a skull.",
    "no_brain_in_volumes": "No brain was found in any training volume; check data.folder.",
    "no_clot": "No clot was found inside the edema ring.",
    "no_column": "{path} has no column {column}.",
    "no_common_weights": (
        "The network has no weights in common with the model {model}; remove start_from from the configuration."
    ),
    "no_detector": (
        "{model} needs the detector {needed}, which is not installed in {folder}; copy its files and its "
        "manifest.json entry there, or evaluate {model} where both are installed."
    ),
    "no_evaluation": "{folder} does not hold an evaluation of {model}; remove the folder to evaluate it again.",
    "no_fold": "{path} has no fold {fold} (data.fold).",
    "no_head_in_picture": "{path} shows no head.",
    "no_images": "{folder} holds no PNG or DICOM file.",
    "no_label_files": "{folder} holds no label file ({endings}).",
    "no_labels": "The case has neither labels nor an edema ring.",
    "no_lesions": "None of the training volumes has a lesion; add cases or simulated lesions.",
    "no_mask": "{folder} holds no mask for {image}.",
    "no_nifti": "{folder} holds no NIfTI file.",
    "no_prediction": "{predictions} has no label file for {cases} of {references}; add the missing predictions.",
    "no_training_case": "No case is left to train on: all are held out, excluded or could not be prepared.",
    "no_usable_case": "No case can be used; the first one because: {reason}",
    "no_verifier": (
        "{model} needs the verifier {needed}, which is not installed in {folder}; copy its files and its "
        "manifest.json entry there, evaluate {model} where both are installed, or add --no-postprocessing."
    ),
    "not_a_costs_file": "{path} was not written by Testing/Benchmarks/bench_models.py; give the file that it wrote.",
    "not_a_folder": "{path} is not a folder.",
    "not_a_head": "This does not look like a head CT. {doubt}",
    "not_a_host": "This does not look like a head CT. {doubt}",
    "not_a_host_unless_forced": (
        "This does not look like a head CT. {doubt} Use --force to simulate lesions in it anyway."
    ),
    "not_a_whole_number": "{path}, line {line}: {column} is not a whole number.",
    "not_installed": (
        "`{command}` is not part of the extension for 3D Slicer; install the Python package ichsegmentation to use it."
    ),
    "not_made": "Cannot make {volume}: {reason}",
    "not_mirrored": "Cannot mirror {volume}: {reason}",
    "not_on_the_same_slices": (
        "{prediction} and {reference} do not lie on the same slices ({predicted_slices}; {reference_slices}); "
        "give labels of the same scan."
    ),
    "not_one_prediction": "{count} of the folders of --slice-predictions hold {name}.png; one of them has to.",
    "not_one_slice": "{path} holds {slices} slices; a file of one slice is expected.",
    "not_prepared": "{folder} holds no prepared data; run `ichseg train` with --prepare-only first.",
    "nothing_held_out": (
        "There is nothing to evaluate: set data.held_out or evaluation.look_alikes in the configuration."
    ),
    "output_holds_a_data_set": (
        "{folder} already holds a data set; choose another folder, or add --overwrite to replace it."
    ),
    "output_is_a_file": "{path} is a file; give a folder as --output.",
    "pack_folder_not_empty": "{folder} is not empty; choose another folder for the pack.",
    "pack_too_large": (
        "The real volumes take {size_mib:.0f} MiB, but --most-mib allows {max_mib:.0f}; use fewer cases or allow more."
    ),
    "parts_missing": "{folder} holds no {parts}; give the folder of the data set that holds them.",
    "phe_sich_needs_atlas": (
        "PHE-SICH-CT-IDS does not tell which blood is ventricular; give the folder of the blast-ct atlas "
        "({files}) with --anatomy."
    ),
    "phe_sich_no_brain": "Case {case}: no brain was found inside a skull.",
    "phe_sich_no_cases": "{folder} holds no case folders.",
    "phe_sich_no_clot": "Case {case}: no clot was found inside the edema ring.",
    "phe_sich_no_images": "Case {case} has no images in {folder}.",
    "prediction_of_another_slice": "{path} does not hold labels of this slice: its size or its values are wrong.",
    "predictions_differ": "{folders} were made with and without postprocessing; give folders of one kind.",
    "prepared_for_another_fold": "{folder} was prepared for fold {fold}; choose another data.folder.",
    "prepared_with_another_input": (
        "{folder} was prepared with {setting} {prepared}, but the configuration has {wanted}; choose another "
        "data.folder."
    ),
    "prepared_with_another_mimics_fraction": (
        "{folder} was prepared with look_alike_share {fraction}; choose another data.folder."
    ),
    "references_missing": "Left out, because {references} has no label file for them: {cases}.",
    "setting_not_a_folder": "{path} ({setting}) is not a folder.",
    "single_slice_host": "The scan has a single slice; lesions need at least two.",
    "single_slice_reference": (
        "{path} has a single slice, so its volume is unknown; give labels with two slices or more."
    ),
    "table_unreadable": "Cannot read {path} as a table.",
    "too_few_patients": "Cannot split {patients} patient(s) into {folds} folds; choose fewer with --folds.",
    "training_packages": (
        'Training needs {packages}; run `pip install -c constraints.txt ".[train]"` in the folder of this project.'
    ),
    "two_label_files": "{folder} holds two label files of {case}: {first} and {second}; keep one.",
    "uneven_slices": (
        "The slices are unevenly spaced: lesions are shaped as on even slices, but their volumes are exact."
    ),
    "unknown_case": "The configuration names the case {case}, which no data set holds; correct the name.",
    "unknown_held_out_case": (
        "The configuration holds out the case {case}, which no data set holds; correct the name in data.held_out."
    ),
    "unnamed_label": "{path} holds a label that {table} does not name.",
    "case_in_two_roles": "Case {case} is both in data.{first} and in data.{second}; remove it from one.",
    "class_weights_count": (
        "The list optimisation.class_weights has {weights} numbers, but there are {classes} classes."
    ),
    "classes_of_crops": (
        "For the system {system} the classes must be background and {any_blood}: the boxes name the subtype."
    ),
    "config_circle": "The configuration {path} extends itself, directly or through others; correct extends.",
    "config_classes": "The classes must be background and then some of {known}, each once.",
    "config_not_valid": "The configuration {path} is not valid at {place}: {problem}",
    "config_unreadable": "The configuration {path} cannot be read: {reason}.",
    "crop_too_large": "The crop of optimisation.crop_px is larger than input.size_px ({size_px}).",
    "different_grids": "The predicted and the reference labels must lie on one grid.",
    "monitor_without_validation": (
        "The monitor validation_dice needs cases in data.validation, a data.fold or a data.slice_fold."
    ),
    "network_not_built": "The network {system}/{preset} cannot be built: {reason}.",
    "patches_of_other_system": "Give input.patches for the system {patchwise} and for no other, such as {system}.",
    "run_of_another_setting": "{folder} holds a run with another {setting}; choose another folder, or remove it.",
    "verifier_classes": "A verifier (about.second_reader) needs the classes IPH and IVH.",
    "warm_up_with_plateau": "The schedule plateau has no warm-up; set optimisation.warm_up to 0.",
    "slices_without_fraction": (
        "The settings data.slices and optimisation.slice_fraction need each other; give both or none."
    ),
    "slices_without_neighbours": (
        "A network of patches needs neighbouring slices, so data.slices cannot train it; remove data.slices."
    ),
}
