// SPDX-License-Identifier: Apache-2.0
// The page: reads its content, connects the views, the tools and the panels, and keeps unsaved work.

import { blockText, joinHu, positionMm, sliceDistancesMm, unpackBlock } from "./data.js";
import { findLesions } from "./lesions.js";
import { LabelEditor } from "./labels.js";
import { SliceRuler, SliceView } from "./slice_view.js";
import { Style } from "./raster.js";
import { EvenGrid } from "./resample.js";
import { PlaneViews } from "./plane_views.js";
import { hasWebGl2, SolidView } from "./solid_view.js";
import { keepDraft, makeLabelsFile, readDraft, removeDraft, saveFile } from "./saving.js";
import { reviewText, VerdictForm } from "./verdict.js";
import { element, showLesions, showTexts, showVolumes } from "./panels.js";
import { connectKeys, connectPlanes, connectPointer } from "./tools.js";

const RESAMPLE_AFTER_MS = 250;
const KEEP_AFTER_MS = 400;
const IDLE_S = 60;

const byId = (id) => document.getElementById(id);

/** The page and what can be done on it; keys, pointer and buttons call its methods. */
export class ReviewPage {
  /**
   * @param {object} content
   * @param {Int16Array} hu
   * @param {Uint8Array} labels
   */
  constructor(content, hu, labels) {
    this.content = content;
    this.hu = hu;
    this.editor = new LabelEditor(labels, content.scan);
    this.style = new Style(content.classes);
    this.view = new SliceView(byId("slice"), hu, this.editor, content, this.style);
    this.ruler = new SliceRuler(byId("ruler"), this.editor, content);
    this.distances = sliceDistancesMm(content.scan);
    this.lesions = [];
    this.lesion = -1;
    this.tool = "look";
    this.radiusMm = 3;
    this.editingS = 0;
    this.lastEdit = null;
    this.unsaved = { labels: false, verdict: false };
    this.changes = 0;
    this.kept = Promise.resolve();
    this.planes = null;
    this.solid = null;
    this.form = new VerdictForm(byId("verdict"), () => this.verdictChanged());
  }

  /** Show everything but the views that need WebGL2. */
  start() {
    const { content } = this;
    showTexts(content);
    this.refresh();
    this.makeControls();
    this.editor.addEventListener("change", () => this.labelsChanged());
    connectPointer(this);
    connectPlanes(this);
    connectKeys(this);
    this.showWindow("brain");
    this.showOverlay();
    this.goTo(this.lesions.length ? this.lesions[0].centre : { ...this.view.cursor, slice: this.firstSlice() });
    window.addEventListener("beforeunload", (event) => {
      if (!this.unsaved.labels && !this.unsaved.verdict) return;
      event.preventDefault();
      this.keep();
    });
  }

  firstSlice() {
    const { keySlices } = this.content;
    return keySlices[keySlices.length >> 1] ?? 0;
  }

  makeControls() {
    const { content } = this;
    for (const [index, name] of Object.keys(content.windows).entries()) {
      const button = element("button", { type: "button", title: `Window for ${name} (${index + 1})` }, name);
      button.dataset.window = name;
      button.addEventListener("click", () => this.showWindow(name));
      byId("windows").append(button);
    }
    for (const row of content.classes) byId("subtype").append(new Option(`${row.id} ${row.name}`, row.label));
    if (this.lesions.length) byId("subtype").value = this.lesions[0].label;
    const number = byId("slice-number");
    Object.assign(number, { min: 1, max: content.scan.slices, step: 1 });
    number.addEventListener("input", () => this.goTo({ ...this.view.cursor, slice: Number(number.value) - 1 }));
    byId("ruler").addEventListener("click", (event) =>
      this.goTo({ ...this.view.cursor, slice: this.ruler.sliceAt(event) }),
    );
    for (const id of ["opacity", "filled"]) byId(id).addEventListener("input", () => this.showOverlay());
    byId("radius").addEventListener("input", () => this.setRadius(Number(byId("radius").value)));
    for (const button of byId("tools").children) button.addEventListener("click", () => this.setTool(button.dataset.tool));
    byId("undo").addEventListener("click", () => this.editor.undo());
    byId("redo").addEventListener("click", () => this.editor.redo());
    byId("save-labels").addEventListener("click", () => this.saveLabels());
    byId("save-verdict").addEventListener("click", () => this.saveVerdict());
    byId("skin").addEventListener("input", () => this.solid?.showSkin(byId("skin").checked));
    this.setRadius(this.radiusMm);
    const { sides, plane, tiltDeg, even } = content.scan;
    const how = [
      Math.abs(tiltDeg) >= 0.1 ? `tilted by ${tiltDeg.toFixed(1)} deg` : "",
      even ? "" : "unevenly spaced",
    ].filter(Boolean);
    byId("plane").textContent = `Slices as scanned (${[plane, ...how].join(", ")}).`;
    document.querySelector(".sides").textContent =
      sides.left === "R" ? "Radiological convention: R, the patient's right, is on the left." : `${sides.left} is on the left.`;
  }

  /** Show the coronal and sagittal views, of the scan resampled. */
  startPlanes() {
    this.grid = new EvenGrid(this.content.scan);
    this.planes = new PlaneViews(
      byId("planes"), this.grid, this.grid.resampleHu(this.hu), this.grid.resampleLabels(this.editor.labels), this.style,
    );
    this.movePlanes();
  }

  /** Show the 3D view, or pictures of the key slices where it cannot be drawn. */
  async startSolid() {
    if (!hasWebGl2()) {
      this.showKeySlices("This browser has no WebGL2: there is no 3D view; key slices are shown instead.");
      return;
    }
    try {
      const solid = new SolidView();
      await solid.start(byId("solid"), this.grid, this.planes.hu, this.planes.labels, this.content.classes);
      this.solid = solid;
    } catch (error) {
      this.showKeySlices(`The 3D view cannot be drawn here (${error.message}); key slices are shown instead.`);
    }
  }

  showKeySlices(sentence) {
    this.say(sentence);
    byId("solid-view").hidden = true;
    const canvas = element("canvas", { width: 300, height: 300 });
    const pictures = this.content.keySlices.map((slice) => {
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.fillRect(0, 0, canvas.width, canvas.height);
      this.view.drawSlice(context, slice, this.view.layout(canvas.width, canvas.height, 1, [0, 0]));
      const picture = element("img", { src: canvas.toDataURL("image/png"), alt: `Slice ${slice + 1}` });
      const button = element("button", { type: "button" }, picture);
      button.addEventListener("click", () => this.goTo({ ...this.view.cursor, slice }));
      return button;
    });
    byId("key-slices").replaceChildren(...pictures);
    byId("key-slices").hidden = false;
  }

  /** Show a sentence above the views. */
  say(sentence) {
    const notice = byId("notice");
    notice.textContent = notice.hidden ? sentence : `${notice.textContent} ${sentence}`;
    notice.hidden = false;
  }

  /** Move the cursor of all views to a pixel of a slice. */
  goTo(place) {
    const { slices, width, height, extentsMm } = this.content.scan;
    const within = (value, size) => Math.min(Math.max(value, 0), size - 1);
    this.view.cursor = { slice: within(place.slice, slices), x: within(place.x, width), y: within(place.y, height) };
    const { slice } = this.view.cursor;
    byId("slice-number").value = slice + 1;
    const text = `Slice ${slice + 1} of ${slices}, ${Math.abs(this.distances[slice]).toFixed(2)} mm from the first, ${extentsMm[slice].toFixed(2)} mm thick`;
    byId("slice-number").ariaValueText = text;
    byId("slice-text").textContent = text;
    this.view.draw();
    this.ruler.show(slice);
    this.movePlanes();
  }

  movePlanes() {
    this.planes?.moveTo(positionMm(this.content.scan, this.view.cursor));
  }

  /** Move the cursor to a position in the patient, LPS in mm. */
  goToPosition(lps) {
    const place = this.grid.placeOf(lps);
    if (place) this.goTo(place);
  }

  /** Jump to a lesion by its number in the list. */
  jump(index) {
    if (!this.lesions.length) return;
    this.lesion = (index + this.lesions.length) % this.lesions.length;
    this.goTo(this.lesions[this.lesion].centre);
    this.markLesion();
  }

  markLesion() {
    for (const [index, button] of document.querySelectorAll("#lesions .jump").entries()) {
      button.ariaCurrent = index === this.lesion ? "true" : null;
    }
  }

  /** Show a window of HU by its name. */
  showWindow(name) {
    const [centre, width] = this.content.windows[name];
    this.setWindow({ centre, width });
  }

  /** Show a window of HU. */
  setWindow(chosen) {
    this.style.window = { centre: Math.round(chosen.centre), width: Math.max(Math.round(chosen.width), 1) };
    const { centre, width } = this.style.window;
    byId("window-text").textContent = `W ${width} L ${centre} HU`;
    for (const button of byId("windows").children) {
      const preset = this.content.windows[button.dataset.window];
      button.ariaPressed = String(preset[0] === centre && preset[1] === width);
    }
    this.view.draw();
    this.planes?.draw();
  }

  showOverlay() {
    this.style.opacity = Number(byId("opacity").value) / 100;
    this.style.filled = byId("filled").checked;
    this.view.draw();
    this.planes?.draw();
  }

  /** Choose what the pointer does: look, brush or eraser. */
  setTool(name) {
    this.tool = name;
    for (const button of byId("tools").children) button.ariaPressed = String(button.dataset.tool === name);
    this.view.brush = name === "look" ? null : this.radiusMm;
    this.view.draw();
  }

  /** Set the radius of the brush in mm. */
  setRadius(radiusMm) {
    this.radiusMm = Math.min(Math.max(radiusMm, 0.5), 12);
    byId("radius").value = this.radiusMm;
    byId("radius-text").textContent = `${this.radiusMm} mm`;
    this.setTool(this.tool);
  }

  /** Label that the brush paints; the eraser's is 0. */
  get paintedLabel() {
    return this.tool === "eraser" ? 0 : Number(byId("subtype").value);
  }

  /** Paint at the cursor as one step. */
  paintAtCursor() {
    if (this.tool === "look") return;
    this.editor.begin();
    this.editor.paint(this.view.cursor, this.radiusMm, this.paintedLabel);
    this.editor.end();
  }

  labelsChanged() {
    const now = performance.now();
    if (this.lastEdit !== null) this.editingS += Math.min((now - this.lastEdit) / 1000, IDLE_S);
    this.lastEdit = now;
    this.unsaved.labels = this.editor.isChanged;
    this.refresh();
    this.view.draw();
    this.ruler.draw();
    clearTimeout(this.resampling);
    this.resampling = setTimeout(() => this.resample(), RESAMPLE_AFTER_MS);
    this.keepSoon(0);
  }

  /** Show the labels as they are now in the views of the resampled scan. */
  resample() {
    if (!this.planes) return;
    this.planes.labels = this.grid.resampleLabels(this.editor.labels);
    this.planes.draw();
    this.solid?.showLabels(this.planes.labels);
  }

  refresh() {
    this.lesions = findLesions(this.editor.labels, this.content.scan);
    this.lesion = -1;
    showVolumes(document.querySelector("#volumes tbody"), this.content, this.editor);
    showLesions(byId("lesions"), this.lesions, this.content, {
      jump: (index) => this.jump(index),
      relabel: (lesion, label) => this.editor.relabel(lesion.voxels, label),
    });
    byId("undo").disabled = !this.editor.done.length;
    byId("redo").disabled = !this.editor.undone.length;
  }

  verdictChanged() {
    this.unsaved.verdict = true;
    this.keepSoon(KEEP_AFTER_MS);
  }

  /** Keep the work after a moment; until then the page does not say that it is kept. */
  keepSoon(afterMs) {
    clearTimeout(this.keeping);
    this.changes += 1;
    this.tell("");
    this.keeping = setTimeout(() => this.keep(), afterMs);
  }

  /** Keep unsaved work in the browser, or remove it where all is saved; one after the other. */
  keep() {
    this.kept = this.kept.then(() => this.keepNow());
    return this.kept;
  }

  async keepNow() {
    // Half a stroke could not be undone after a reload; its end comes soon.
    if (this.editor.step) {
      this.keepSoon(KEEP_AFTER_MS);
      return;
    }
    const { result } = this.content;
    const { changes } = this;
    const pending = this.unsaved.labels || this.unsaved.verdict;
    try {
      if (!pending) {
        await removeDraft(result);
        this.tell("");
        return;
      }
      const { labels, done, undone } = this.editor;
      await keepDraft(result, {
        labels, done, undone, unsaved: { ...this.unsaved }, verdict: this.form.state, editingS: this.editingS,
      });
      if (changes === this.changes) this.tell("Not saved yet; this browser keeps your work until you save it.");
    } catch {
      this.tell("This browser refuses to keep unsaved work: save before you leave this page.");
    }
  }

  /** Take over the work that was kept before a reload. */
  async restore() {
    try {
      const draft = await readDraft(this.content.result);
      if (!draft || draft.labels.length !== this.editor.labels.length) return;
      this.editingS = draft.editingS;
      this.form.state = draft.verdict;
      this.editor.restore(draft.labels, draft.done, draft.undone);
      this.unsaved = draft.unsaved;
      // It is kept as it is.
      clearTimeout(this.keeping);
      this.tell("Your unsaved work was restored.");
    } catch {
      this.tell("This browser refuses to keep unsaved work: save before you leave this page.");
    }
  }

  tell(sentence) {
    byId("draft").textContent = sentence;
  }

  /** Save the labels as labels.nii.gz. */
  async saveLabels() {
    const { content, editor } = this;
    if (editor.isChanged && this.form.state.verdict !== "corrected") this.form.choose("verdict", "corrected");
    const file = await makeLabelsFile(editor.labels, content.scan, content.file);
    await this.saved("labels", "labels.nii.gz", "labels-corrected.nii.gz", file, "application/gzip");
  }

  /** Save the verdict as review.json. */
  async saveVerdict() {
    if (this.form.state.verdict === null) {
      this.tell("Choose accept, reject or corrected first.");
      byId("verdict").elements.verdict[0].focus();
      return;
    }
    const text = reviewText(this.form.state, this.content, this.editor, this.editingS);
    await this.saved("verdict", "review.json", "review.json", text, "application/json");
  }

  /** Save a file, and say so or why not. */
  async saved(what, name, placeName, content, type) {
    try {
      const sentence = await saveFile(name, placeName, content, type);
      this.unsaved[what] = false;
      await this.keep();
      byId("saved").textContent = sentence;
    } catch (error) {
      byId("saved").textContent = `Not saved: ${error.message}`;
    }
  }
}

async function startPage() {
  const content = JSON.parse(blockText("content"));
  if (!globalThis.DecompressionStream) {
    const notice = byId("notice");
    notice.textContent = "This browser is too old for this page; use one of 2023 or later.";
    notice.hidden = false;
    return;
  }
  const [planes, labels] = await Promise.all([unpackBlock("scan"), unpackBlock("labels")]);
  const page = new ReviewPage(content, joinHu(planes, content.scan.huOfZero), labels);
  // For tests, and for those who look into the page.
  globalThis.reviewPage = page;
  page.start();
  performance.mark("first-picture");
  await page.restore();
  await nextFrame();
  page.startPlanes();
  performance.mark("all-planes");
  await nextFrame();
  await page.startSolid();
  document.documentElement.dataset.ready = "true";
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

startPage();
