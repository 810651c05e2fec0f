// SPDX-License-Identifier: Apache-2.0
// The labels as they are corrected: brush, subtypes, undo, and live volumes.

const UNDO_STEPS = 200;

/** Labels of a scan with the steps that changed them; an event "change" tells each step. */
export class LabelEditor extends EventTarget {
  /**
   * @param {Uint8Array} labels labels of the result; copied
   * @param {object} scan with slices, height, width, rightMm, downMm and voxelMl
   */
  constructor(labels, scan) {
    super();
    this.scan = scan;
    this.original = labels;
    this.labels = labels.slice();
    this.area = scan.height * scan.width;
    this.done = [];
    this.undone = [];
    this.step = null;
    this.recount();
  }

  /** Count the voxels of each label on each slice anew. */
  recount() {
    this.counts = Array.from({ length: this.scan.slices }, () => new Uint32Array(256));
    this.changedVoxels = 0;
    for (let index = 0; index < this.labels.length; index++) {
      if (this.labels[index]) this.counts[Math.floor(index / this.area)][this.labels[index]] += 1;
      if (this.labels[index] !== this.original[index]) this.changedVoxels += 1;
    }
  }

  /**
   * Return the volume of a label in mL, by the extent of each slice.
   * @param {number} label
   * @returns {number}
   */
  volumeMl(label) {
    return this.counts.reduce((sum, counts, slice) => sum + counts[label] * this.scan.voxelMl[slice], 0);
  }

  /** Whether any label differs from the result. */
  get isChanged() {
    return this.changedVoxels > 0;
  }

  /**
   * Return what differs from the result: labels that gained or lost voxels, and the volume that changed in mL.
   * @returns {{labels: Set<number>, volumeMl: number}}
   */
  changes() {
    const labels = new Set();
    let volumeMl = 0;
    for (let index = 0; index < this.labels.length; index++) {
      const [before, after] = [this.original[index], this.labels[index]];
      if (before === after) continue;
      volumeMl += this.scan.voxelMl[Math.floor(index / this.area)];
      if (before) labels.add(before);
      if (after) labels.add(after);
    }
    return { labels, volumeMl };
  }

  /** Begin a step, such as one stroke, that is undone as a whole. */
  begin() {
    this.step = new Map();
  }

  /** End the step; one without any changed voxel is not kept. */
  end() {
    const step = this.step;
    this.step = null;
    if (!step || step.size === 0) return;
    const voxels = Uint32Array.from(step.keys());
    const before = Uint8Array.from(step.values());
    const after = Uint8Array.from(voxels, (index) => this.labels[index]);
    this.done.push({ voxels, before, after });
    if (this.done.length > UNDO_STEPS) this.done.shift();
    this.undone = [];
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Paint a disc on one slice with a label; 0 erases. Belongs to the step that was begun.
   * @param {{slice: number, x: number, y: number}} place
   * @param {number} radiusMm
   * @param {number} label
   */
  paint(place, radiusMm, label) {
    const [wideMm, highMm] = [Math.hypot(...this.scan.rightMm), Math.hypot(...this.scan.downMm)];
    const [reachX, reachY] = [Math.ceil(radiusMm / wideMm), Math.ceil(radiusMm / highMm)];
    for (let y = Math.max(place.y - reachY, 0); y <= Math.min(place.y + reachY, this.scan.height - 1); y++) {
      for (let x = Math.max(place.x - reachX, 0); x <= Math.min(place.x + reachX, this.scan.width - 1); x++) {
        if (Math.hypot((x - place.x) * wideMm, (y - place.y) * highMm) > radiusMm) continue;
        this.set(place.slice * this.area + y * this.scan.width + x, label);
      }
    }
  }

  /**
   * Give one voxel a label as part of the step.
   * @param {number} index
   * @param {number} label
   */
  set(index, label) {
    const before = this.labels[index];
    if (before === label) return;
    if (!this.step.has(index)) this.step.set(index, before);
    this.put(index, label);
  }

  put(index, label) {
    const counts = this.counts[Math.floor(index / this.area)];
    const before = this.labels[index];
    if (before) counts[before] -= 1;
    if (label) counts[label] += 1;
    if (before === this.original[index]) this.changedVoxels += 1;
    if (label === this.original[index]) this.changedVoxels -= 1;
    this.labels[index] = label;
  }

  /**
   * Give all voxels of a lesion another label, or none, as one step.
   * @param {Uint32Array} voxels
   * @param {number} label
   */
  relabel(voxels, label) {
    this.begin();
    for (const index of voxels) this.set(index, label);
    this.end();
  }

  /** Undo the last step; return whether there was one. */
  undo() {
    return this.move(this.done, this.undone, "before");
  }

  /** Do the last undone step again; return whether there was one. */
  redo() {
    return this.move(this.undone, this.done, "after");
  }

  move(from, to, which) {
    const step = from.pop();
    if (!step) return false;
    step.voxels.forEach((index, number) => this.put(index, step[which][number]));
    to.push(step);
    this.dispatchEvent(new Event("change"));
    return true;
  }

  /**
   * Take over labels that were kept before, with the steps that led to them.
   * @param {Uint8Array} labels
   * @param {object[]} done
   * @param {object[]} undone
   */
  restore(labels, done, undone) {
    this.labels.set(labels);
    this.done = done;
    this.undone = undone;
    this.recount();
    this.dispatchEvent(new Event("change"));
  }
}
