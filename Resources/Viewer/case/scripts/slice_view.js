// SPDX-License-Identifier: Apache-2.0
// The slices as they were scanned, one by one.

import { sliceDistancesMm } from "./data.js";
import { CURSOR, fittedContext, Raster, TEXT, writeSides, writeText } from "./raster.js";

const MARGIN = 8;
const SCALE_BAR_MM = 50;
const MAX_ZOOM = 12;

/** View of one slice, with zoom, and the cursor that all views share. */
export class SliceView {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Int16Array} hu
   * @param {import("./labels.js").LabelEditor} editor
   * @param {object} content content of the page
   * @param {import("./raster.js").Style} style
   */
  constructor(canvas, hu, editor, content, style) {
    this.canvas = canvas;
    this.hu = hu;
    this.editor = editor;
    this.scan = content.scan;
    this.pixelMm = [Math.hypot(...this.scan.rightMm), Math.hypot(...this.scan.downMm)];
    this.raster = new Raster(this.scan.width, this.scan.height, style);
    this.cursor = { slice: 0, x: this.scan.width >> 1, y: this.scan.height >> 1 };
    this.zoom = 1;
    this.pan = [0, 0];
    this.brush = null;
    this.requested = false;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** Draw before the next frame. */
  draw() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => {
      this.requested = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas } = this;
    const context = fittedContext(canvas);
    this.drawSlice(context, this.cursor.slice, this.layout(canvas.clientWidth, canvas.clientHeight));
    this.drawMarks(context, canvas.clientWidth, canvas.clientHeight);
  }

  /** Return where the slice lies on a canvas of a size: corner and pixels per voxel. */
  layout(width, height, zoom = this.zoom, pan = this.pan) {
    const [wideMm, highMm] = [this.scan.width * this.pixelMm[0], this.scan.height * this.pixelMm[1]];
    const perMm = zoom * Math.min(width / wideMm, height / highMm);
    return {
      x: (width - wideMm * perMm) / 2 + pan[0],
      y: (height - highMm * perMm) / 2 + pan[1],
      stepX: perMm * this.pixelMm[0],
      stepY: perMm * this.pixelMm[1],
      perMm,
    };
  }

  /** Draw one slice with its labels; used for the view and for small pictures. */
  drawSlice(context, slice, layout) {
    const plane = { start: slice * this.editor.area, stepX: 1, stepY: this.scan.width };
    this.raster.draw(context, layout, plane, this.hu, this.editor.labels);
  }

  drawMarks(context, width, height) {
    writeSides(context, this.scan.sides, { x: 0, y: 0, width, height });
    const layout = this.layout(width, height);
    const bar = SCALE_BAR_MM * layout.perMm;
    context.strokeStyle = TEXT;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(width - MARGIN - bar, height - MARGIN);
    context.lineTo(width - MARGIN, height - MARGIN);
    context.stroke();
    writeText(context, `${SCALE_BAR_MM} mm`, width - MARGIN, height - MARGIN - 14, { align: "right" });
    const [x, y] = [layout.x + (this.cursor.x + 0.5) * layout.stepX, layout.y + (this.cursor.y + 0.5) * layout.stepY];
    context.strokeStyle = CURSOR;
    context.lineWidth = 1;
    context.beginPath();
    if (this.brush) {
      context.ellipse(x, y, this.brush * layout.perMm, this.brush * layout.perMm, 0, 0, 2 * Math.PI);
    } else {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 6 * dx, y + 6 * dy);
        context.lineTo(x + 16 * dx, y + 16 * dy);
      }
    }
    context.stroke();
  }

  /**
   * Return the pixel under a pointer, inside the slice.
   * @param {PointerEvent} event
   */
  pixelAt(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const layout = this.layout(bounds.width, bounds.height);
    const inside = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
    return {
      slice: this.cursor.slice,
      x: inside((event.clientX - bounds.left - layout.x) / layout.stepX, this.scan.width),
      y: inside((event.clientY - bounds.top - layout.y) / layout.stepY, this.scan.height),
    };
  }

  /**
   * Zoom about a point of the canvas.
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   */
  zoomBy(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), MAX_ZOOM);
    const change = zoom / this.zoom;
    const middle = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    this.pan = [x, y].map((value, axis) => (value - middle[axis]) * (1 - change) + this.pan[axis] * change);
    if (zoom === 1) this.pan = [0, 0];
    this.zoom = zoom;
    this.draw();
  }
}

/** Bar with a line for each slice at its true position; coloured where there is blood. */
export class SliceRuler {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./labels.js").LabelEditor} editor
   * @param {object} content content of the page
   */
  constructor(canvas, editor, content) {
    this.canvas = canvas;
    this.editor = editor;
    this.content = content;
    this.distances = sliceDistancesMm(content.scan);
    // Superior is up; the order of the slices may be either.
    const last = content.scan.slices - 1;
    this.upwards = content.scan.originsMm[last][2] >= content.scan.originsMm[0][2];
    this.slice = 0;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** Show where a slice lies. */
  show(slice) {
    this.slice = slice;
    this.draw();
  }

  height(slice) {
    const share = this.distances[slice] / (this.distances[this.distances.length - 1] || 1);
    const room = this.canvas.clientHeight - 2 * MARGIN;
    return MARGIN + room * (this.upwards ? 1 - share : share);
  }

  draw() {
    const { canvas, content } = this;
    const context = fittedContext(canvas);
    const width = canvas.clientWidth;
    for (let slice = 0; slice < content.scan.slices; slice++) {
      const y = Math.round(this.height(slice)) + 0.5;
      context.strokeStyle = slice === this.slice ? CURSOR : "#5b6570";
      context.lineWidth = slice === this.slice ? 3 : 1;
      context.beginPath();
      context.moveTo(2, y);
      context.lineTo(slice === this.slice ? width - 2 : 10, y);
      context.stroke();
      const present = content.classes.filter((row) => this.editor.counts[slice][row.label]);
      const part = (width - 16) / Math.max(present.length, 1);
      present.forEach((row, number) => {
        context.fillStyle = row.color;
        context.fillRect(13 + number * part, y - 2, Math.max(part - 1, 1), 4);
      });
    }
  }

  /**
   * Return the slice nearest to a pointer.
   * @param {PointerEvent} event
   */
  sliceAt(event) {
    const y = event.clientY - this.canvas.getBoundingClientRect().top;
    const away = this.distances.map((_, slice) => Math.abs(this.height(slice) - y));
    return away.indexOf(Math.min(...away));
  }
}
