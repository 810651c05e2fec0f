# SPDX-License-Identifier: Apache-2.0
"""Subcommands and their options; a subcommand imports its modules when it runs, so that help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ICHSegmentationLib.cli.options import (
    Age,
    AsJson,
    Boxes,
    Device,
    EditingMinutes,
    Force,
    Format,
    Gcs,
    Graeb,
    GreyWindow,
    Infratentorial,
    IphMl,
    Ivh,
    LesionChoice,
    Model,
    ModelResult,
    NoCleaning,
    NoPostprocessing,
    Output,
    Overwrite,
    Preference,
    PublicSetName,
    Quiet,
    ReviewFile,
    RunOptions,
    Runtime,
    RuntimeChoice,
    Series,
    Spacing,
    Threads,
    parse_spacing,
)
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.research.installed import require_training_and_evaluation

app = typer.Typer(
    name="ichseg",
    help="Segment and measure intracranial hemorrhage on head CT. Research use only; not a medical device.",
    add_completion=False,
    no_args_is_help=True,
    # Plain help and one-line usage errors; the decorated ones also double the start-up time.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ichseg {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command(short_help="Segment and measure the hemorrhage of a head CT.")
def segment(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="DICOM folder or files, or one NIfTI, NRRD or MHA file.")
    ],
    output: Output,
    model: Model = "default",
    device: Device = "auto",
    runtime: Runtime = RuntimeChoice.auto,
    series: Series = None,
    grey_window: GreyWindow = None,
    spacing: Spacing = None,
    force: Force = False,
    no_postprocessing: NoPostprocessing = False,
    no_cleaning: NoCleaning = False,
    boxes: Boxes = None,
    threads: Threads = None,
    no_review: Annotated[bool, typer.Option("--no-review", help="Leave out the review page.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Segment the hemorrhage of a head CT, measure it, and write labels, tables, pictures and a report."""
    from ICHSegmentationLib.cli.commands.segment import run

    options = RunOptions(
        model=model,
        device=device,
        runtime=runtime.value,
        threads=threads,
        series=series,
        grey_window=grey_window,
        spacing_mm=parse_spacing(spacing),
        force=force,
        postprocessing=not (no_postprocessing or no_cleaning),
        boxes=boxes,
        review=not no_review,
    )
    run(inputs, output, options, overwrite=overwrite, as_json=as_json, quiet=quiet)


@app.command(short_help="Measure the volumes of a segmentation.")
def measure(
    segmentation: Annotated[
        Path, typer.Argument(metavar="SEG", help="segmentation.seg.nrrd, labels.nii.gz or segmentation.dcm.")
    ],
    source: Annotated[
        Path | None, typer.Option(metavar="CT", help="The segmented CT, for the positions of its slices.")
    ] = None,
    series: Series = None,
    spacing: Spacing = None,
    gcs: Gcs = None,
    age: Age = None,
    infratentorial: Infratentorial = None,
    iph_ml: IphMl = None,
    ivh: Ivh = None,
    graeb: Graeb = None,
    model_result: ModelResult = None,
    editing_minutes: EditingMinutes = None,
    review: ReviewFile = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure the volumes of a segmentation, also one that was edited by hand; score a spontaneous hemorrhage."""
    from ICHSegmentationLib.cli.commands.measure import run
    from ICHSegmentationLib.cli.inputs import Correction, Patient, Scan

    scan = Scan.of(source, series, parse_spacing(spacing))
    patient = Patient.of(gcs, age, infratentorial, iph_ml, ivh)
    correction = Correction(model_result, editing_minutes, review)
    run(segmentation, scan, patient, correction, graeb or [], as_json=as_json, quiet=quiet)


@app.command(short_help="Write a segmentation, also an edited one, as report, table, text or DICOM.")
def export(
    segmentation: Annotated[
        Path, typer.Argument(metavar="SEG", help="segmentation.seg.nrrd, labels.nii.gz or segmentation.dcm.")
    ],
    kind: Format,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write; with dicom-sc a folder.")
    ],
    source: Annotated[
        Path | None, typer.Option(metavar="CT", help="The segmented CT; pdf, html and DICOM need it.")
    ] = None,
    series: Series = None,
    spacing: Spacing = None,
    with_patient: Annotated[
        bool,
        typer.Option("--patient", help="Print name, ID, birth date and study of the patient in the report or page."),
    ] = False,
    gcs: Gcs = None,
    age: Age = None,
    infratentorial: Infratentorial = None,
    iph_ml: IphMl = None,
    ivh: Ivh = None,
    graeb: Graeb = None,
    growth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A comparison.json of `ichseg compare`, for the report.")
    ] = None,
    model_result: ModelResult = None,
    editing_minutes: EditingMinutes = None,
    review: ReviewFile = None,
    template: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Template of the text; see `ichseg template`.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if there is one.")] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Write DICOM though SEG does not say that it was made on this CT."),
    ] = False,
) -> None:
    """Write a segmentation, also one that was edited by hand, as report, table, text or DICOM.

    Which model made it is taken from the measurements.json in the folder of SEG.
    """
    from ICHSegmentationLib.cli.commands.export import ReportInputs, run
    from ICHSegmentationLib.cli.inputs import Correction, Patient, Scan

    scan = Scan.of(source, series, parse_spacing(spacing))
    inputs = ReportInputs(
        with_patient=with_patient,
        template=template,
        growth=growth,
        patient=Patient.of(gcs, age, infratentorial, iph_ml, ivh),
        graeb=tuple(graeb or ()),
        correction=Correction(model_result, editing_minutes, review),
    )
    run(segmentation, kind, output, scan, inputs, overwrite=overwrite, force=force, as_json=as_json, quiet=quiet)


@app.command(short_help="Send DICOM results to the archive that was set up.")
def send(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT", help="DICOM files, or folders that `ichseg segment` wrote.")
    ],
    node: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings of the archive; by default the user's pacs.toml.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Send DICOM results by C-STORE to an archive, which the user must set up first. Files are never deleted."""
    from ICHSegmentationLib.cli.commands.send import run

    run(results, node, as_json=as_json, quiet=quiet)


@app.command(short_help="Write CT images without names, dates and identifiers.")
def deidentify(
    source: Annotated[Path, typer.Argument(metavar="CT", help="DICOM file, or a folder with its subfolders.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Empty or new folder.")],
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keys of the new UIDs and dates; by default your own.")
    ] = None,
    keep_face: Annotated[
        bool, typer.Option("--keep-face", help="Write all CT images of the folder as they are, with the face.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the head from the front, before and after (PNG).")
    ] = None,
    accept_burned_in: Annotated[
        bool, typer.Option("--accept-burned-in", help="Write images that may show text in their pixels.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a head CT by the Basic Profile of DICOM PS3.15 with modified dates, and without the face."""
    from ICHSegmentationLib.cli.commands.deidentify import run

    run(
        source,
        output,
        keys,
        keep_face=keep_face,
        picture=picture,
        accept_text=accept_burned_in,
        as_json=as_json,
        quiet=quiet,
    )


@app.command(short_help="Write the template of the text block, to be edited.")
def template(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File to write; by default where `ichseg export` finds it."
        ),
    ] = None,
) -> None:
    """Write the template of `ichseg export --to text` for editing. An existing file is not replaced."""
    from ICHSegmentationLib.cli.commands.template import run

    run(output)


@app.command()
def schema(
    comparison: Annotated[bool, typer.Option("--comparison", help="Schema of comparison.json.")] = False,
    boxes: Annotated[bool, typer.Option("--boxes", help="Schema of boxes.json.")] = False,
) -> None:
    """Print the JSON Schema of measurements.json, or of another JSON file."""
    from ICHSegmentationLib.cli.commands.schema import run

    run(comparison=comparison, boxes=boxes)


@app.command(short_help="Compare predicted with reference labels, or measure a model.")
def evaluate(
    output: Output,
    predictions: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of predicted labels (.seg.nrrd or NIfTI), or one file.")
    ] = None,
    references: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of reference labels of the same names, or one file.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A second model's predictions, to test the difference.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Training configuration: measure a model on its held-out cases.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Model to measure; several times, or `all`, for a table of several."),
    ] = None,
    compare_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A second model, to test the difference.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Costs by bench_models.py, for the table of several models.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes that make the held-out cases.")] = 1,
    slices: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of labelled slices (images, labels) to measure a model on."),
    ] = None,
    slice_table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table (set, slice, after_surgery) of the slices; by default five-class.csv beside their folder.",
        ),
    ] = None,
    exclude_patient: Annotated[
        list[str] | None, typer.Option(metavar="PATIENT", help="Leave out the slices of a patient.")
    ] = None,
    any_only_patient: Annotated[
        list[str] | None,
        typer.Option(metavar="PATIENT", help="Count the slices of a patient for any hemorrhage, not by subtype."),
    ] = None,
    fold: Annotated[
        int | None, typer.Option(min=0, max=4, metavar="K", help="Only the slices of a fold, as data.slice_fold.")
    ] = None,
    out_of_fold: Annotated[
        bool,
        typer.Option("--out-of-fold", help="Five models, each for the slices of its fold, in one table."),
    ] = False,
    slice_predictions: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Labels of the slices, instead of a model; several folders are pooled."),
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of slices (PNG or DICOM) labelled as with or without hemorrhage."),
    ] = None,
    minimum_ml: Annotated[
        list[float] | None,
        typer.Option(min=0, metavar="ML", help="Minimum volume of a positive image; several times for more rows."),
    ] = None,
    negatives: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Scan without hemorrhage, to measure false volume.")
    ] = None,
    device: Device = "auto",
    runtime: Runtime = RuntimeChoice.auto,
    threads: Threads = None,
    no_postprocessing: NoPostprocessing = False,
    no_cleaning: NoCleaning = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Compare predicted with reference labels: overlap, distance, volumes, detection. Needs the train extra.

    With --config a model is run on the held-out cases of a training configuration, on simulated lesions in them and on
    mimics without hemorrhage; metrics are listed with their targets, the worst cases as pictures. Several models get a
    folder each and a common table; models that were evaluated already are not evaluated again.

    With --slices, --images or --negatives a model is run on single slices with labels, on slices that are only known
    to have hemorrhage or not, and on scans without hemorrhage. Several models get a folder each.
    """
    require_training_and_evaluation("ichseg evaluate")
    models = model or ["default"]
    if slices or images or negatives:
        _refuse_with_slices(
            {
                "--config": config,
                "--predictions": predictions,
                "--references": references,
                "--compare": compare,
                "--compare-model": compare_model,
                "--costs": costs,
            }
        )
        if slice_predictions and model:
            raise typer.BadParameter(message("cli.predictions_instead_of_model", option="--model"))
        from ICHSegmentationLib.cli.commands.research.evaluate_slices import SliceOptions
        from ICHSegmentationLib.cli.commands.research.evaluate_slices import run as run_slices

        on_slices = SliceOptions(
            slices=tuple(slices or ()),
            slice_table=slice_table,
            excluded=tuple(exclude_patient or ()),
            any_only=tuple(any_only_patient or ()),
            fold=fold,
            out_of_fold=out_of_fold,
            predictions=tuple(slice_predictions or ()),
            images=tuple(images or ()),
            minimums_ml=tuple(minimum_ml or (0.0, 0.1, 0.5)),
            negatives=tuple(negatives or ()),
        )
        where = RunOptions(
            device=device, runtime=runtime.value, threads=threads, postprocessing=not (no_postprocessing or no_cleaning)
        )
        run_slices(on_slices, models, where, output, overwrite=overwrite, as_json=as_json, quiet=quiet)
        return
    several = len(models) > 1 or models == ["all"]
    if config is not None and several:
        if compare_model is not None:
            raise typer.BadParameter(message("cli.compare_model_not_allowed"))
        from ICHSegmentationLib.cli.commands.research.evaluate_models import run as run_models

        where = RunOptions(
            device=device, runtime=runtime.value, threads=threads, postprocessing=not (no_postprocessing or no_cleaning)
        )
        run_models(
            config,
            models,
            where,
            output,
            costs,
            workers=workers,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
        return
    if config is not None:
        from ICHSegmentationLib.cli.commands.research.evaluate_model import run as run_model

        options = RunOptions(
            model=models[0],
            device=device,
            runtime=runtime.value,
            threads=threads,
            postprocessing=not (no_postprocessing or no_cleaning),
        )
        run_model(
            config,
            options,
            compare_model,
            output,
            workers=workers,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
        return
    if predictions is None or references is None:
        raise typer.BadParameter(message("cli.evaluate_inputs_missing"))
    from ICHSegmentationLib.cli.commands.research.evaluate import run

    run(predictions, references, output, compare, overwrite=overwrite, as_json=as_json, quiet=quiet)


def _refuse_with_slices(options: dict[str, object]) -> None:
    for option, value in options.items():
        if value is not None:
            raise typer.BadParameter(message("cli.slices_not_with", option=option))


@app.command(short_help="Show how the hemorrhage changed between two scans.")
def compare(
    baseline: Annotated[
        Path, typer.Argument(metavar="BASELINE", help="Results of the first scan: their folder, or a file of labels.")
    ],
    followup: Annotated[Path, typer.Argument(metavar="FOLLOWUP", help="Results of the second scan.")],
    baseline_ct: Annotated[
        Path | None, typer.Option(metavar="CT", help="CT of the first scan, to register and draw both.")
    ] = None,
    followup_ct: Annotated[Path | None, typer.Option(metavar="CT", help="CT of the second scan.")] = None,
    baseline_series: Annotated[
        str | None,
        typer.Option(metavar="UID|N", help="Which series of the first CT, by UID or by its number in the list."),
    ] = None,
    followup_series: Annotated[str | None, typer.Option(metavar="UID|N", help="Which series of the second CT.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for comparison.json and .png.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Show how the hemorrhage of one patient changed between two scans, and whether that is expansion."""
    from ICHSegmentationLib.cli.commands.compare import Side, run
    from ICHSegmentationLib.cli.inputs import Scan

    sides = (
        Side(baseline, Scan.of(baseline_ct, baseline_series, None)),
        Side(followup, Scan.of(followup_ct, followup_series, None)),
    )
    run(*sides, output, overwrite=overwrite, as_json=as_json, quiet=quiet)


@app.command(short_help="Bring a public data set into nnU-Net's folder layout.")
def prepare(
    dataset: Annotated[PublicSetName, typer.Argument(metavar="DATASET", help=f"One of {', '.join(PublicSetName)}.")],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The folder it was unpacked to.")],
    output: Output,
    anatomy: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the blast-ct brain atlas, for phe-sich.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, metavar="N", help="Folds of the split by patient.")] = 5,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the split.")] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Bring a public data set, as it was downloaded, into nnU-Net's folder layout, split by patient."""
    require_training_and_evaluation("ichseg prepare")
    from ICHSegmentationLib.cli.commands.research.prepare import run

    run(
        dataset.value,
        source,
        output,
        anatomy,
        folds=folds,
        seed=seed,
        overwrite=overwrite,
        as_json=as_json,
        quiet=quiet,
    )


@app.command(short_help="Simulate lesions in a head CT.")
def simulate(
    output: Output,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[INPUT]", help="Host scan, a head CT; without it one is generated."),
    ] = None,
    subtype: Annotated[
        list[LesionChoice] | None,
        typer.Option(case_sensitive=False, help="Subtype to simulate, may be repeated; random by default."),
    ] = None,
    volume: Annotated[
        list[str] | None, typer.Option(metavar="SUBTYPE=ML", help="Volume of a subtype, such as SDH=25.")
    ] = None,
    look_alikes: Annotated[
        bool, typer.Option("--look-alikes", help="Simulate calcifications, dense dura and artefacts too.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The same seed gives the same lesions.")] = 1,
    anatomy: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the blast-ct brain atlas; a generated one without it.")
    ] = None,
    dicom: Annotated[bool, typer.Option("--dicom", help="Write a DICOM series too, without patient data.")] = False,
    series: Series = None,
    grey_window: GreyWindow = None,
    spacing: Spacing = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Simulate lesions in a head CT, and write the scan, its exact labels and volumes."""
    from ICHSegmentationLib.cli.commands.research.simulate import SimulateOptions, run

    options = SimulateOptions(
        subtypes=tuple(choice.value for choice in subtype or ()),
        volumes=tuple(volume or ()),
        look_alikes=look_alikes,
        seed=seed,
        anatomy=anatomy,
        series=series,
        grey_window=grey_window,
        spacing_mm=parse_spacing(spacing),
        dicom=dicom,
        force=force,
    )
    run(inputs or (), output, options, overwrite=overwrite, as_json=as_json, quiet=quiet)


@app.command(short_help="Train a network from a configuration.")
def train(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="YAML file, as in ICHSegmentationLib/research/training/configs.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for the model; an interrupted run is resumed."),
    ] = None,
    device: Device = "auto",
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes that prepare the data.")] = 1,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Prepare missing training volumes, and stop.")
    ] = False,
    pack: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write configuration and data for another machine, and stop.")
    ] = None,
    most_mib: Annotated[float, typer.Option(min=1, metavar="N", help="Maximum size of the pack in MiB.")] = 64.0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Prepare the data that a configuration names, and train its network; use torchrun for several graphics cards."""
    require_training_and_evaluation("ichseg train")
    from ICHSegmentationLib.cli.commands.research.train import TrainOptions, run

    options = TrainOptions(
        output=output,
        device=device,
        workers=workers,
        prepare_only=prepare_only,
        pack=pack,
        most_mib=most_mib,
    )
    run(config, options, as_json=as_json, quiet=quiet)


@app.command(short_help="Segment many scans, and resume where a run was interrupted.")
def cohort(
    output: Output,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUTS]",
            help="CSV file (path,series,id,baseline_of), BIDS data set, or folder of DICOM files of any shape.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be done and what not, with the reasons, and stop.")
    ] = False,
    prefer: Annotated[
        Preference, typer.Option(help="Series to choose where a study has thick (2.5 mm or more) and thin slices.")
    ] = Preference.thick,
    model: Model = "default",
    device: Device = "auto",
    runtime: Runtime = RuntimeChoice.auto,
    force: Force = False,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Scans at the same time; one for each core by default.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, metavar="N", help="Processor threads for each scan.")] = 1,
    time_limit: Annotated[float, typer.Option(min=1, metavar="S", help="Seconds after which a scan fails.")] = 600.0,
    memory_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="GIB", help="Memory at which a scan fails; by default its share of 80 % of the memory."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|local", help="Dask scheduler that distributes the scans, or a local cluster."),
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only the I-th of N parts of the scans, with a ledger of its own.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Join the ledgers of all shards in the folder, and write the tables.")
    ] = False,
    bids: Annotated[
        bool, typer.Option("--bids", help="Write labels and measurements as a BIDS derivative data set too.")
    ] = False,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Write scans without identity and face, and all results from these.")
    ] = False,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keys of --deidentify; by default your own.")
    ] = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Segment scans again that had another model or other options.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try failed scans again.")] = False,
    review: Annotated[
        bool, typer.Option("--review", help="Write the review page of each scan too, 5 MB or more each.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Segment many scans in processes of their own, each with limits of time and memory.

    A scan that crashes, hangs or takes too much memory costs that scan only. The ledger in the output folder tells what
    was done: the same command goes on where a killed one stood. Exit code 1 if a scan failed; errors.csv says why.
    """
    from ICHSegmentationLib.cli.commands.cohort import CohortOptions, run
    from ICHSegmentationLib.core.options import SegmentOptions

    options = CohortOptions(
        segment=SegmentOptions(model=model, device=device, runtime=runtime.value, threads=threads, force=force),
        preference=prefer,
        workers=workers,
        time_limit_s=time_limit,
        memory_limit_gib=memory_limit,
        scheduler=scheduler,
        shard=shard,
        redo=redo,
        retry_failed=retry_failed,
        review=review,
        deidentify=deidentify,
        keys=keys,
    )
    run(inputs or (), output, options, dry_run=dry_run, merge=merge, bids=bids, as_json=as_json, quiet=quiet)


@app.command(short_help="Write a page over many results, and the table of the verdicts on them.")
def review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of results, such as that of `ichseg cohort`.")],
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the pages on this computer, and save verdicts and corrections.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port of --serve; 0 is a free one.")] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write review-index.html over all results in a folder, and verdicts.csv with the verdicts beside them."""
    from ICHSegmentationLib.cli.commands import review as command

    if serve:
        command.serve(folder, port)
    else:
        command.run(folder, as_json=as_json, quiet=quiet)


@app.command(short_help="Receive studies as a DICOM node, segment them and send the results.")
def listen(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="YAML file; see docs/node.md. Off until it says on.")
    ],
) -> None:
    """Receive studies as a DICOM node (C-STORE), segment each when it is complete, and send the results.

    An image is acknowledged when it is on the disk. The process can be killed at any moment and started again.
    """
    from ICHSegmentationLib.cli.commands.listen import run

    run(config)


@app.command()
def models(
    card: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write a MONAI metadata.json and a Hugging Face README.md instead."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of --card; by default the model's name."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """List the installed models."""
    from ICHSegmentationLib.cli.commands.models import run, write_card

    if card is None:
        run(as_json=as_json)
    else:
        write_card(card, output, overwrite=overwrite, as_json=as_json)


@app.command(short_help="Segment a generated head CT with known hemorrhage.")
def demo(
    output: Output = Path("demo-output"),
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Which head to generate.")] = 1,
    model: Model = "default",
    device: Device = "auto",
    runtime: Runtime = RuntimeChoice.auto,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
) -> None:
    """Generate a head CT with known hemorrhage, segment it, and print the volumes beside the truth."""
    from ICHSegmentationLib.cli.commands.demo import run

    options = RunOptions(model=model, device=device, runtime=runtime.value, threads=threads)
    run(output, options, seed=seed, overwrite=overwrite, as_json=as_json, quiet=quiet)
