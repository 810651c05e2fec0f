// SPDX-License-Identifier: Apache-2.0
// 3D view by NiiVue; needs WebGL2.

import { blockText, decodeBase64, throughStream } from "./data.js";
import { coarseNifti } from "./resample.js";

const SKULL = { low: 150, high: 900, opacity: 0.6 };
const SKIN = { low: -300, high: 200, opacity: 0.9 };
const RENDER = 4;
const AZIMUTH_DEG = 160;
const ELEVATION_DEG = 15;

/** The labels in 3D, in the skull; with the skin where that is wanted. */
export class SolidView {
  /**
   * Show a scan.
   * @param {HTMLCanvasElement} canvas
   * @param {import("./resample.js").EvenGrid} grid
   * @param {Int16Array} hu on the grid
   * @param {Uint8Array} labels on the grid
   * @param {object[]} classes
   */
  async start(canvas, grid, hu, labels, classes) {
    const niivue = await loadNiivue();
    this.grid = grid;
    this.viewer = new niivue.Niivue({
      backColor: [0, 0, 0, 1],
      crosshairWidth: 0,
      dragAndDropEnabled: false,
      isColorbar: false,
      isOrientationTextVisible: false,
      loadingText: "",
      logLevel: "error",
      renderOverlayBlend: 1,
      show3Dcrosshair: false,
    });
    await this.viewer.attachToCanvas(canvas, false);
    this.viewer.opts.sliceType = RENDER;
    this.viewer.scene.renderAzimuth = AZIMUTH_DEG;
    this.viewer.scene.renderElevation = ELEVATION_DEG;
    const scan = await niivue.NVImage.loadFromUrl({
      url: coarseNifti(grid, hu), name: "scan.nii", colormap: "gray", opacity: SKULL.opacity, cal_min: SKULL.low, cal_max: SKULL.high,
    });
    const overlay = await niivue.NVImage.loadFromUrl({ url: coarseNifti(grid, labels), name: "labels.nii" });
    overlay.setColormapLabel(lookup(classes));
    this.viewer.addVolume(scan);
    this.viewer.addVolume(overlay);
  }

  /** Show other labels, after a correction. */
  showLabels(labels) {
    this.viewer.volumes[1].img.set(new Uint8Array(coarseNifti(this.grid, labels), 352));
    this.viewer.updateGLVolume();
  }

  /** Show the skin, or the skull only. */
  showSkin(wanted) {
    const { low, high, opacity } = wanted ? SKIN : SKULL;
    Object.assign(this.viewer.volumes[0], { cal_min: low, cal_max: high });
    this.viewer.setOpacity(0, opacity);
  }
}

/** Whether this browser can draw in 3D. */
export function hasWebGl2() {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

/** Add the viewer library, which the page holds compressed; the policy of the page knows its hash. */
async function loadNiivue() {
  const bytes = decodeBase64(blockText("viewer"));
  document.getElementById("viewer").remove();
  const code = await throughStream([bytes], new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(code);
  document.head.append(script);
  script.remove();
  if (!globalThis.niivue) throw new Error("the viewer did not start");
  return globalThis.niivue;
}

function lookup(classes) {
  const highest = Math.max(...classes.map((row) => row.label));
  const table = { R: [], G: [], B: [], A: [], I: [], labels: [] };
  for (let value = 0; value <= highest; value++) {
    const row = classes.find((one) => one.label === value);
    const colour = row ? row.color : "#000000";
    ["R", "G", "B"].forEach((name, index) => table[name].push(parseInt(colour.slice(1 + 2 * index, 3 + 2 * index), 16)));
    table.A.push(row ? 255 : 0);
    table.I.push(value);
    table.labels.push(row ? row.id : "");
  }
  return table;
}
