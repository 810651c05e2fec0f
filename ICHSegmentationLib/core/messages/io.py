# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``io``."""

MESSAGES: dict[str, str] = {
    "analyze_file": "{path} is not a NIfTI file (Analyze files do not say where left and right are).",
    "aside": (
        "Slices lie aside of those before them, by up to {aside_mm:.0f} mm: {slices}. Check that they are of one scan; "
        "hemorrhage may be missed there."
    ),
    "attribute_missing": "{path}: {attribute} is missing.",
    "boxes_not_valid": "The file of boxes {path} is not valid at {place}: {problem}",
    "boxes_of_other_scan": "The boxes belong to a scan of {expected} slices, but this one has {slices}.",
    "boxes_unreadable": "The file of boxes {path} cannot be read.",
    "contrast": "Contrast medium was given (ContrastBolusAgent (0018,0010)): bright vessels may look like blood.",
    "damaged": "{path} is truncated or corrupt: it cannot be read.",
    "damaged_as": "{path} is truncated or corrupt: it cannot be read as {file_format}.",
    "deflated_too_much": (
        "{path} inflates to far more than a CT image holds: it is refused, as it would fill the memory."
    ),
    "duplicates_dropped": "{count} slice(s) with the same pixels and place as another slice left out.",
    "eight_bits": "{path} holds 8-bit greys (BitsAllocated (0028,0100)), not HU; export the original slices.",
    "empty_file_and_gap": "{path} is empty and a slice is missing in the series: copy the series again.",
    "empty_files_left_out": "{count} empty file(s) in the folder left out: {names}.",
    "empty_grey_window": "The grey window {low:g} to {high:g} is empty: give LOW, then HIGH.",
    "even_steps_assumed": (
        "{name} does not state its slice positions, so equal steps of {step_mm:.2f} mm are assumed; give the "
        "source scan if its steps vary."
    ),
    "forms_differ": "The sform and the qform differ by up to {difference_mm:.1f} mm; the sform is used.",
    "frames_do_not_agree": (
        "{path}: NumberOfFrames (0028,0008) and PerFrameFunctionalGroupsSequence (5200,9230) do not agree."
    ),
    "gaps": (
        "Slices are missing between slices {gaps}; blood there is not counted (a slice beside a gap counts with at "
        "most {limit_mm:.2f} mm)."
    ),
    "geometry_missing": "{path}: {attribute} is missing, so the image cannot be placed in space.",
    "given_spacing_out_of_range": "A voxel size is given in mm, within {low:g} to {high:g}.",
    "grey_window_for_dicom": (
        "A grey window is for NIfTI, NRRD and MHA files of windowed greys; DICOM states its own HU."
    ),
    "greys_mapped": (
        "Greys were mapped to {low:g} to {high:g} HU, black to air and white to bone; what lay outside that window "
        "is lost."
    ),
    "greys_not_hu": (
        "{path} holds values from {low:g} to {high:g}: these look like windowed greys, not HU; if so, say which HU "
        "black and white stand for with --grey-window LOW HIGH."
    ),
    "hu_not_greys": "{path} holds values from {low:g} to {high:g}, not greys 0-255: leave the grey window out.",
    "images_at_one_place": (
        "{first} and {second} lie at one place but hold different images: the series mixes several scans; give the "
        "files of one of them."
    ),
    "label_grid_damaged": "{name} was changed since it was saved: its slice positions do not have their checksum.",
    "label_nifti_damaged": "{name} is not a NIfTI file or is damaged.",
    "localizers_left_out": "{count} localizer image(s) in the folder left out.",
    "longer_than_stated": "{path} is corrupt: it holds more than its header states.",
    "lossy": (
        "The pixels were compressed with loss (LossyImageCompression (0028,2110) or the transfer syntax): HU, and "
        "with them volumes, may have changed."
    ),
    "missing_numbers": "{voxels} voxel(s) hold no number (NaN or infinite); they were set to -1024 HU.",
    "mixed_order": "The slices are not numbered in the order of their positions; they were sorted by position.",
    "no_air": "The lowest value is {low:g}, but air is about -1000 HU: the values may be shifted or cut off.",
    "no_dicom_images": "No DICOM images were found.",
    "no_file": "{path} does not exist or is not a file.",
    "no_form": "The file has neither sform nor qform: left, right and position are assumed.",
    "no_numbers": "{path} holds no numbers: every voxel is NaN or infinite.",
    "no_pixels": "{path} has no pixel data (7FE0,0010): it holds a header only, or it was cut off.",
    "no_rescale": (
        "RescaleSlope (0028,1053) or RescaleIntercept (0028,1052) is missing; a missing slope is taken as 1, a missing "
        "intercept as 0."
    ),
    "no_series_fits": (
        "'{series}' fits no series; give a number from 1 to {count} or the beginning of one SeriesInstanceUID."
    ),
    "no_sop_class": "{path} is truncated or corrupt: SOPClassUID (0008,0016) is missing.",
    "not_hu": ("{path} holds {kind}, not HU (RescaleType (0028,1054)); export the slices in HU."),
    "modality_lut": "{path} states its HU by a table (ModalityLUTSequence (0028,3000)), which is not read for CT.",
    "high_bit": (
        "{path}: HighBit (0028,0102) and BitsStored (0028,0101) do not agree, so it is not known which bits are the HU."
    ),
    "bits_beyond": (
        "{path} uses bits beyond BitsStored (0028,0101), and no overlay is stated there: its HU are not known."
    ),
    "other_units": "{path} states its voxels in {units}, not mm; convert it to mm.",
    "axis_not_of_space": "{path} has an axis that is not one of space ({kind}); one 3D volume is needed.",
    "no_space": "The file does not state a space: left, right and position are assumed.",
    "not_a_segmentation": "{path} is not a DICOM segmentation with binary segments or a label map.",
    "no_spacing": (
        "{path} does not state the size of its voxels; give it in mm along the file's axes with --spacing X,Y,Z "
        "(spacing_mm= in Python)."
    ),
    "not_a_label_map": "{name} is not a label map: a 3D image of the whole numbers 0-6 is expected.",
    "not_axial": "The slices are coronal or sagittal; an axial series is better suited.",
    "not_ct": "{path} is not CT: Modality (0008,0060) is {modality}.",
    "not_numbers": "{path}: {attribute} does not hold {count} numbers.",
    "not_one_volume": "{path} holds an array of shape {shape}; one 3D volume is needed.",
    "not_orthonormal": "{path}: ImageOrientationPatient (0020,0037) does not hold two unit vectors at right angles.",
    "not_single_numbers": "{path} holds colours or other values that are not single numbers: it is not a CT in HU.",
    "nothing_found": "No DICOM, NIfTI, NRRD or MHA file was found here.",
    "only_dicom_read": "Only the DICOM files were read; left out: {names}.",
    "only_localizers": "Only localizer images were found, no CT slices (ImageType (0008,0008) in {path}).",
    "only_slices_with_blood": (
        "{name} holds only the slices with blood, so the distances between these are used; give the source scan if "
        "slices in between or beside them are missing."
    ),
    "orientations_differ": (
        "The series mixes slices of different orientations (ImageOrientationPatient (0020,0037)): {first} and "
        "{second} differ."
    ),
    "other_slices": "{path} does not lie on the slices of the scan; give the scan that was segmented.",
    "others_left_out": "{count} file(s) that are not CT images in the folder left out.",
    "padding": "Padding outside the scan circle was set to -1024 HU.",
    "part_of_series": (
        "The chosen acquisition covers {percent:.0f} % of the length of its series: blood beyond its ends is not "
        "counted."
    ),
    "patients_differ": (
        "{first} and {second} have one SeriesInstanceUID but belong to different patients (PatientID (0010,0020)); "
        "give the files of one of them."
    ),
    "pixels_do_not_agree": "{path} is truncated or corrupt: it holds {found} pixels where {stated} are stated.",
    "position_out_of_range": (
        "{path}: the position is more than 100 m from the origin, so the image cannot be placed in space."
    ),
    "rescale_differs": (
        "RescaleSlope (0028,1053) or RescaleIntercept (0028,1052) differs between slices; each has its own."
    ),
    "reversed_order": "The slices are numbered in reversed order, from the top down; they were sorted by position.",
    "scans_interleave": (
        "The slices nearly coincide in pairs that hold different images, such as {first} and {second}: the series "
        "mixes several scans; give the files of one of them."
    ),
    "slices_alternate": (
        "Every second slice shows another image than those beside it: the slices of two scans alternate. Give the "
        "files of one of them."
    ),
    "projection": (
        "{path} is a projection ({value} in ImageType (0008,0008)), which shows the largest or smallest HU of several "
        "slices: its volumes would be wrong. Export the original slices."
    ),
    "screenshot": (
        "{path} is a screenshot (secondary capture or colour image), not a CT in HU; export the original slices."
    ),
    "screenshots_left_out": "{count} screenshot(s) (secondary capture or colour) in the folder left out.",
    "seg_one_slice": "{path} holds one slice only, whose extent is unknown; give the source scan.",
    "seg_orientations_differ": "{path} holds frames of different orientations.",
    "scan_not_recorded": (
        "{name} does not say which scan it was made on, so that it cannot be checked that it is this one."
    ),
    "scan_of_other_frame": (
        "{path} was made on another scan: FrameOfReferenceUID (0020,0052) differs; give the scan that was segmented."
    ),
    "scan_of_other_patient": (
        "{path} was made on the scan of another patient: PatientID (0010,0020) differs; give the scan that was "
        "segmented."
    ),
    "scan_of_other_series": (
        "{name} was made on another series of this examination: SeriesInstanceUID (0020,000E) differs."
    ),
    "segment_left_out": "{name}: the segment '{segment}' is not hemorrhage and left out.",
    "segments_overlap": "{name}: segments overlap; the shared voxels count as {subtype} only.",
    "series_of_no_dicom": "{path} is not DICOM: there is no series to choose.",
    "several_series": (
        "There are {count} CT series or acquisitions here; choose one with --series and its number or UID (series= in "
        "Python):\n{lines}"
    ),
    "several_series_fit": (
        "'{series}' fits several series; give a number from 1 to {count} or the beginning of one SeriesInstanceUID."
    ),
    "several_volumes": "There are {count} volume files here; give one of them: {names}.",
    "sharp_kernel": (
        "The kernel {kernel} (ConvolutionKernel (0018,1210)) enhances edges and noise; a soft-tissue series is "
        "better suited."
    ),
    "shifted_in_plane": (
        "{first} and {second} lie in one plane but are shifted against each other, so the series cannot be stacked "
        "(ImagePositionPatient (0020,0032))."
    ),
    "signed_as_unsigned": (
        "Signed values are marked as unsigned (PixelRepresentation (0028,0103)); they are read as signed."
    ),
    "single_steps_differ": "Single steps differ from the others: {steps}; each slice counts with its own extent.",
    "singular_affine": "{path} cannot be placed in space: the directions of its axes are missing or not independent.",
    "sizes_differ": (
        "The series mixes slices of different sizes (Rows (0028,0010), Columns (0028,0011)): {first} and {second} "
        "differ."
    ),
    "slope_zero": "{path}: RescaleSlope (0028,1053) is zero.",
    "small_series_left_out": "{count} series of fewer than {minimum} slices in the folder left out.",
    "some_slices_lack": (
        "{attribute} is missing in {count} of {total} slices, first in {path}, so their HU are not known."
    ),
    "source_attribute_missing": "{path}: {attribute} is missing, so no DICOM file can refer to this scan.",
    "source_changed": "{path} has changed since it was read; read the scan again.",
    "source_headers_not_valid": "The headers of {folder} do not allow a DICOM result to refer to them.",
    "source_not_dicom": "Only a scan that was read from DICOM can be referred to by DICOM files.",
    "source_several_multi_frame": (
        "The scan is spread over several multi-frame files; DICOM results can refer to one such file only."
    ),
    "spacing_for_dicom": "A voxel size is for NIfTI, NRRD and MHA files that do not state it; DICOM states its own.",
    "spacing_is_stated": "{path} states the size of its voxels itself: leave --spacing out.",
    "spacing_not_positive": "{path}: PixelSpacing (0028,0030) is not positive.",
    "spacing_out_of_range": "{path}: the distances between pixels or slices are not within {low:g} to {high:g} mm.",
    "spacings_differ": (
        "The series mixes slices of different pixel spacings (PixelSpacing (0028,0030)): {first} and {second} differ."
    ),
    "stack_too_long": (
        "The slices of {path} lie up to {length_mm:.0f} mm apart; a scan is at most {maximum_mm:.0f} mm long."
    ),
    "steps_vary": "The step between slices varies: {steps} mm; each slice counts with its own extent.",
    "tilt_differs": (
        "GantryDetectorTilt (0018,1120) says {stated_deg:.1f} deg, the slice positions {tilt_deg:.1f} deg; the "
        "positions are used."
    ),
    "tilted": "The slices are tilted by {tilt_deg:.1f} deg against the table; this is accounted for.",
    "too_few_files": (
        "{slices} slice(s) found at {path}, at least {minimum} are needed; give the folder of the whole series."
    ),
    "too_few_slices": "{path} holds {slices} slice(s), at least {minimum} are needed.",
    "too_many_slices": "There are {slices} slices at {path}; at most {maximum} are read.",
    "too_many_voxels": "{path} states {sizes} voxels; at most {limit_gib} GiB of voxels are read.",
    "unknown_file": "{path} is not a DICOM, NIfTI, NRRD or MHA file, or it is corrupt.",
    "unknown_label_file": "{path} is neither a .seg.nrrd nor a NIfTI file of labels nor a DICOM segmentation.",
    "voxel_sizes_differ": "The sform says voxels of {sform}, pixdim of {pixdim}; the sform is used.",
}
