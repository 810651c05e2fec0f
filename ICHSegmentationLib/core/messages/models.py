# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``models``."""

MESSAGES: dict[str, str] = {
    "cache_not_written": (
        "The converted model could not be saved in {folder} ({error}), so every start converts it again. Free some "
        "space or set ICHSEG_CACHE to a writable folder."
    ),
    "cache_shared": (
        "The cache of converted models is not used, since other users may write into {folder}; every start converts "
        "the model again. Set ICHSEG_CACHE to a folder of your own, or take the right to write from the others."
    ),
    "card_problem": (
        "The installed torch cannot use this graphics card; install a CUDA build of torch or a newer driver, or use "
        "the processor."
    ),
    "card_without_cuda": (
        "Device {device} is not available: the installed torch has no CUDA. Install a CUDA build of torch."
    ),
    "card_without_driver": (
        "Device {device} is not available: no NVIDIA graphics card or driver was found. Use device cpu."
    ),
    "description_not_valid": "The description of model {name} is not valid at {place}: {problem}",
    "graph_damaged": "The graph of model {name} ({file}) is damaged or was replaced; reinstall the package.",
    "graph_missing": "The graph of model {name} is missing ({file}); reinstall the package.",
    "graph_misfit": "The weights of model {name} do not fit its graph; reinstall the package.",
    "graphics_memory": "Device {device} is out of memory; the run continues on the processor, which is slower.",
    "manifest_empty": (
        "{path} lists no model; name another folder in ICHSEG_MODELS, or unset it for the installed models."
    ),
    "manifest_not_valid": "The list of models {path} is not valid at {place}: {problem}",
    "manifest_unreadable": (
        "The list of models {path} cannot be read ({reason}); correct ICHSEG_MODELS if it is set, else reinstall the "
        "package."
    ),
    "memory": "Not enough memory to run the network; close other programs and try again.",
    "no_card": "Model {name} has no weights: there is no network to describe.",
    "no_card_of_detector": "Model {name} finds boxes only and is described by the models that use it.",
    "no_network": "Model {name} has no network to run.",
    "no_such_card": "Device {device} does not exist: the last of the {count} graphics cards is cuda:{last}.",
    "openvino_differs": "OpenVINO and torch disagree on this network: probabilities differ by {difference:.2g}.",
    "openvino_failed": "OpenVINO cannot run model {name}; use runtime torch.",
    "openvino_on_card": (
        "OpenVINO runs on the processor only; use device cpu, or runtime torch for the graphics card."
    ),
    "torch_instead": "OpenVINO cannot run model {name} on this computer; torch is used instead, which is slower.",
    "unknown_device": "Unknown device {device!r}; use auto, cpu, cuda or cuda:N.",
    "unknown_model": "There is no model named {name!r}; installed are: {known}.",
    "unknown_runtime": "Unknown runtime {runtime!r}; use {known}.",
    "weights_damaged": "The weights of model {name} ({path}) are damaged or replaced; reinstall the package.",
    "weights_misfit": "The weights of model {name} do not fit its network {system}/{preset}.",
    "weights_missing": "The weights of model {name} are missing ({path}); reinstall the package.",
    "weights_not_finite": "The weights {name} are not finite numbers; train the model again.",
    "weights_not_safetensors": "The weights of model {name} ({path}) are not a safetensors file.",
    "weights_too_large": "The weights of model {name} take {size_mb:.1f} MB; at most {max_mb:.0f} MB are allowed.",
    "graph_name": "A graph must be a .graph.zip file beside the manifest, not {file!r}.",
    "no_default": "The default model {name!r} is not in the list.",
    "no_weights": "All models in the list must have weights.",
    "same_name": "All models in the list must have different names.",
    "verifier_classes": "A verifier (second_reader) needs the classes IPH and IVH.",
    "weights_incomplete": "The fields file, sha256, size_bytes and parameters must be given together.",
    "weights_name": "The weights must be a .safetensors file beside the manifest, not {file!r}.",
    "window_order": "The lower end of the window ({low:g} HU) must be below the upper end ({high:g} HU).",
}
