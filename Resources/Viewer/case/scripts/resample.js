// SPDX-License-Identifier: Apache-2.0
// Resampling of the slices, which may be tilted and unevenly spaced, to an even grid along the patient's axes.

import { dot, positionMm, sliceNormal } from "./data.js";

const PIXEL_MM = 1;
const COARSE = 2;
const AIR_HU = -1000;

/** An even grid of 1 mm along L, P and S that holds all slices, and how its points lie in them. */
export class EvenGrid {
  /** @param {object} scan */
  constructor(scan) {
    this.scan = scan;
    this.normal = sliceNormal(scan);
    this.setLevels();
    this.setBox();
    this.setDual();
  }

  setLevels() {
    const levels = this.scan.originsMm.map((origin) => dot(origin, this.normal));
    this.ascending = levels[levels.length - 1] >= levels[0];
    this.levels = this.ascending ? levels : levels.map((level) => -level);
    const last = this.levels.length - 1;
    const half = (a, b) => Math.abs(this.levels[a] - this.levels[b]) / 2;
    this.lowest = this.levels[0] - half(0, 1);
    this.highest = this.levels[last] + half(last, last - 1);
  }

  setBox() {
    const { scan } = this;
    const corners = [];
    const last = scan.slices - 1;
    const sign = this.ascending ? 1 : -1;
    for (const slice of scan.originsMm.keys()) {
      const beyond = slice === 0 ? this.lowest - this.levels[0] : slice === last ? this.highest - this.levels[last] : 0;
      for (const [x, y] of [[0, 0], [scan.width - 1, 0], [0, scan.height - 1], [scan.width - 1, scan.height - 1]]) {
        corners.push(
          scan.originsMm[slice].map(
            (value, axis) =>
              value + x * scan.rightMm[axis] + y * scan.downMm[axis] + sign * beyond * this.normal[axis],
          ),
        );
      }
    }
    this.first = [0, 1, 2].map((axis) => Math.floor(Math.min(...corners.map((corner) => corner[axis]))));
    const end = [0, 1, 2].map((axis) => Math.ceil(Math.max(...corners.map((corner) => corner[axis]))));
    this.size = end.map((value, axis) => Math.round((value - this.first[axis]) / PIXEL_MM) + 1);
  }

  setDual() {
    const { rightMm: right, downMm: down } = this.scan;
    const [rr, rd, dd] = [dot(right, right), dot(right, down), dot(down, down)];
    const determinant = rr * dd - rd * rd;
    this.toX = right.map((value, axis) => (value * dd - down[axis] * rd) / determinant);
    this.toY = right.map((value, axis) => (down[axis] * rr - value * rd) / determinant);
  }

  /**
   * Call a function for every point of the grid, or of a part of it, that lies in the slices.
   * @param {(index: number, slice: number, fraction: number, x: number, y: number) => void} visit index in the grid (L
   * fastest), lower slice, fraction of the next slice, and the fractional pixel
   * @param {number[][]} part first and last point
   */
  visit(visit, [start, end] = [[0, 0, 0], this.size.map((length) => length - 1)]) {
    const { size, first, levels, normal, scan, toX, toY } = this;
    const sign = this.ascending ? 1 : -1;
    const last = scan.slices - 1;
    const origins = scan.originsMm;
    const originX = origins.map((origin) => dot(origin, toX));
    const originY = origins.map((origin) => dot(origin, toY));
    let slice = 0;
    for (let k = start[2]; k <= end[2]; k++) {
      for (let j = start[1]; j <= end[1]; j++) {
        const base = [first[0] + start[0] * PIXEL_MM, first[1] + j * PIXEL_MM, first[2] + k * PIXEL_MM];
        let index = (k * size[1] + j) * size[0] + start[0];
        let level = sign * dot(base, normal);
        let x = dot(base, toX);
        let y = dot(base, toY);
        for (let i = start[0]; i <= end[0]; i++, index++, level += sign * normal[0], x += toX[0], y += toY[0]) {
          if (level < this.lowest || level > this.highest) continue;
          while (slice > 0 && level < levels[slice]) slice -= 1;
          while (slice < last - 1 && level >= levels[slice + 1]) slice += 1;
          const fraction = Math.min(Math.max((level - levels[slice]) / (levels[slice + 1] - levels[slice]), 0), 1);
          const across = x - originX[slice] - fraction * (originX[slice + 1] - originX[slice]);
          const down = y - originY[slice] - fraction * (originY[slice + 1] - originY[slice]);
          if (across < -0.5 || down < -0.5 || across > scan.width - 0.5 || down > scan.height - 0.5) continue;
          visit(index, slice, fraction, across, down);
        }
      }
    }
  }

  /**
   * Return the HU of the grid, linear between pixels and slices.
   * @param {Int16Array} hu
   * @returns {Int16Array}
   */
  resampleHu(hu) {
    const { width, height } = this.scan;
    const area = width * height;
    const even = new Int16Array(this.size[0] * this.size[1] * this.size[2]).fill(AIR_HU);
    this.visit((index, slice, fraction, across, down) => {
      const left = Math.min(Math.max(Math.floor(across), 0), width - 2);
      const top = Math.min(Math.max(Math.floor(down), 0), height - 2);
      const [a, b] = [Math.min(Math.max(across - left, 0), 1), Math.min(Math.max(down - top, 0), 1)];
      const at = slice * area + top * width + left;
      const lower = plane(hu, at, width, a, b);
      even[index] = Math.round(lower + fraction * (plane(hu, at + area, width, a, b) - lower));
    });
    return even;
  }

  /**
   * Return the labels of the grid, those of the nearest voxel.
   * @param {Uint8Array} labels
   * @returns {Uint8Array}
   */
  resampleLabels(labels) {
    const { width, height } = this.scan;
    const even = new Uint8Array(this.size[0] * this.size[1] * this.size[2]);
    this.visit((index, slice, fraction, across, down) => {
      const x = Math.min(Math.max(Math.round(across), 0), width - 1);
      const y = Math.min(Math.max(Math.round(down), 0), height - 1);
      even[index] = labels[((fraction < 0.5 ? slice : slice + 1) * height + y) * width + x];
    }, this.labelledPart(labels));
    return even;
  }

  /** Return the first and last point around the labelled voxels; far apart where there are none. */
  labelledPart(labels) {
    const { scan } = this;
    const [low, high] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
    for (let index = 0; index < labels.length; index++) {
      if (!labels[index]) continue;
      const place = [Math.floor(index / (scan.width * scan.height)), Math.floor(index / scan.width) % scan.height, index % scan.width];
      for (let axis = 0; axis < 3; axis++) {
        low[axis] = Math.min(low[axis], place[axis]);
        high[axis] = Math.max(high[axis], place[axis]);
      }
    }
    if (low[0] === Infinity) return [[0, 0, 0], [-1, -1, -1]];
    const margin = 1 + Math.max(...this.levels.slice(1).map((level, index) => level - this.levels[index]));
    const corners = [];
    for (let slice = low[0]; slice <= high[0]; slice++) {
      for (const y of [low[1], high[1]]) for (const x of [low[2], high[2]]) corners.push(positionMm(scan, { slice, x, y }));
    }
    const end = (axis, choose, away) => choose(...corners.map((corner) => corner[axis])) + away;
    return [
      this.pointOf([0, 1, 2].map((axis) => end(axis, Math.min, -margin))),
      this.pointOf([0, 1, 2].map((axis) => end(axis, Math.max, margin))),
    ];
  }

  /** Return the point of the grid at a position, LPS in mm, inside the grid. */
  pointOf(lps) {
    return lps.map((value, axis) =>
      Math.min(Math.max(Math.round((value - this.first[axis]) / PIXEL_MM), 0), this.size[axis] - 1),
    );
  }

  /** Return the position of a point, LPS in mm. */
  pointMm(point) {
    return point.map((value, axis) => this.first[axis] + value * PIXEL_MM);
  }

  /**
   * Return the pixel of the slices nearest to a position; undefined outside.
   * @param {number[]} lps position in mm
   */
  placeOf(lps) {
    const level = (this.ascending ? 1 : -1) * dot(lps, this.normal);
    if (level < this.lowest || level > this.highest) return undefined;
    const away = this.levels.map((one) => Math.abs(one - level));
    const slice = away.indexOf(Math.min(...away));
    const from = lps.map((value, axis) => value - this.scan.originsMm[slice][axis]);
    return { slice, x: Math.round(dot(from, this.toX)), y: Math.round(dot(from, this.toY)) };
  }
}

/**
 * Return a grid of half the resolution as a NIfTI image: the highest value of each block, so that thin labels
 * and bone stay.
 * @param {EvenGrid} grid
 * @param {Int16Array|Uint8Array} voxels
 * @returns {ArrayBuffer}
 */
export function coarseNifti(grid, voxels) {
  const size = grid.size.map((length) => Math.ceil(length / COARSE));
  const coarse = new voxels.constructor(size[0] * size[1] * size[2]).fill(voxels instanceof Int16Array ? AIR_HU : 0);
  let index = 0;
  for (let k = 0; k < grid.size[2]; k++) {
    for (let j = 0; j < grid.size[1]; j++) {
      for (let i = 0; i < grid.size[0]; i++, index++) {
        const at = ((k >> 1) * size[1] + (j >> 1)) * size[0] + (i >> 1);
        coarse[at] = Math.max(coarse[at], voxels[index]);
      }
    }
  }
  return nifti(coarse, size, grid.first.map((value) => value + 0.5 * PIXEL_MM));
}

/** Return voxels as a NIfTI image; LPS order and position of the first voxel. */
function nifti(voxels, size, first) {
  const stepMm = COARSE * PIXEL_MM;
  const buffer = new ArrayBuffer(352 + voxels.byteLength);
  const header = new DataView(buffer);
  const isHu = voxels instanceof Int16Array;
  header.setInt32(0, 348, true);
  [3, ...size, 1, 1, 1, 1].forEach((value, index) => header.setInt16(40 + 2 * index, value, true));
  header.setInt16(70, isHu ? 4 : 2, true);
  header.setInt16(72, isHu ? 16 : 8, true);
  [1, stepMm, stepMm, stepMm].forEach((value, index) => header.setFloat32(76 + 4 * index, value, true));
  header.setFloat32(108, 352, true);
  header.setFloat32(112, 1, true);
  header.setInt16(254, 1, true);
  // LPS to RAS: the first two axes run the other way.
  const rows = [
    [-stepMm, 0, 0, -first[0]],
    [0, -stepMm, 0, -first[1]],
    [0, 0, stepMm, first[2]],
  ];
  rows.flat().forEach((value, index) => header.setFloat32(280 + 4 * index, value, true));
  header.setUint32(344, 0x6e2b3100);
  new Uint8Array(buffer, 352).set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength));
  return buffer;
}

function plane(hu, at, width, a, b) {
  const top = hu[at] + a * (hu[at + 1] - hu[at]);
  const bottom = hu[at + width] + a * (hu[at + width + 1] - hu[at + width]);
  return top + b * (bottom - top);
}
