// SPDX-License-Identifier: Apache-2.0
// Coronal and sagittal views of the scan, resampled to an even grid.

import { CURSOR, fittedContext, Raster, writeSides } from "./raster.js";

/** Both views, one above the other on one canvas. */
export class PlaneViews {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./resample.js").EvenGrid} grid
   * @param {Int16Array} hu on the grid
   * @param {Uint8Array} labels on the grid
   * @param {import("./raster.js").Style} style
   */
  constructor(canvas, grid, hu, labels, style) {
    this.canvas = canvas;
    this.grid = grid;
    this.hu = hu;
    this.labels = labels;
    const [left, posterior, superior] = grid.size;
    this.at = grid.size.map((length) => length >> 1);
    // Right of the patient is on the left of the coronal view, anterior on that of the sagittal one.
    this.views = [
      { across: 1, along: 0, raster: new Raster(left, superior, style), sides: { left: "R", right: "L", top: "S", bottom: "I" } },
      { across: 0, along: 1, raster: new Raster(posterior, superior, style), sides: { left: "A", right: "P", top: "S", bottom: "I" } },
    ];
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
    const context = fittedContext(this.canvas);
    const steps = [1, this.grid.size[0], this.grid.size[0] * this.grid.size[1]];
    const top = this.grid.size[2] - 1;
    for (const [number, view] of this.views.entries()) {
      const part = this.part(number);
      const layout = this.layout(number);
      const plane = {
        start: this.at[view.across] * steps[view.across] + top * steps[2],
        stepX: steps[view.along],
        stepY: -steps[2],
      };
      context.save();
      context.beginPath();
      context.rect(part.x, part.y, part.width, part.height);
      context.clip();
      view.raster.draw(context, layout, plane, this.hu, this.labels);
      this.drawCursor(context, view, layout, part);
      writeSides(context, view.sides, part, 14);
      context.restore();
    }
  }

  drawCursor(context, view, layout, part) {
    const x = layout.x + (this.at[view.along] + 0.5) * layout.stepX;
    const y = layout.y + (this.grid.size[2] - 0.5 - this.at[2]) * layout.stepY;
    context.strokeStyle = CURSOR;
    context.globalAlpha = 0.6;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(part.x, y);
    context.lineTo(part.x + part.width, y);
    context.moveTo(x, part.y);
    context.lineTo(x, part.y + part.height);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** Return the part of the canvas of a view. */
  part(number) {
    const height = this.canvas.clientHeight / this.views.length;
    return { x: 0, y: number * height, width: this.canvas.clientWidth, height };
  }

  layout(number) {
    const part = this.part(number);
    const { width, height } = this.views[number].raster;
    const step = Math.min(part.width / width, part.height / height);
    return {
      x: part.x + (part.width - width * step) / 2,
      y: part.y + (part.height - height * step) / 2,
      stepX: step,
      stepY: step,
    };
  }

  /**
   * Show the planes through a position.
   * @param {number[]} lps position in mm
   */
  moveTo(lps) {
    this.at = this.grid.pointOf(lps);
    this.draw();
  }

  /**
   * Return the position under a pointer, LPS in mm.
   * @param {PointerEvent} event
   */
  positionAt(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const number = y < bounds.height / 2 ? 0 : 1;
    const view = this.views[number];
    const layout = this.layout(number);
    const at = [...this.at];
    at[view.along] = Math.floor((x - layout.x) / layout.stepX);
    at[2] = this.grid.size[2] - 1 - Math.floor((y - layout.y) / layout.stepY);
    return this.grid.pointMm(at);
  }
}
