// SPDX-License-Identifier: Apache-2.0
// Drawing of one plane of voxels with its labels on a canvas, which needs no graphics card.

export const TEXT = "#f2f2f2";
export const CURSOR = "#8fd0ff";
const NAME_PX = [34, 14];

/** How a plane is drawn; shared by all views. */
export class Style {
  constructor(classes) {
    this.classes = classes;
    this.window = { centre: 40, width: 80 };
    this.opacity = 0.85;
    this.filled = false;
  }
}

/** A plane of a size whose voxels lie at fixed steps in an array. */
export class Raster {
  /**
   * @param {number} width
   * @param {number} height
   * @param {Style} style
   */
  constructor(width, height, style) {
    this.width = width;
    this.height = height;
    this.style = style;
    this.greys = offscreen(width, height);
    this.colours = offscreen(width, height);
  }

  /**
   * Draw a plane.
   * @param {CanvasRenderingContext2D} context
   * @param {{x: number, y: number, stepX: number, stepY: number}} layout corner on the canvas and size of a voxel there
   * @param {{start: number, stepX: number, stepY: number}} plane where its voxels lie in the arrays
   * @param {Int16Array} hu
   * @param {Uint8Array} labels
   */
  draw(context, layout, plane, hu, labels) {
    const { style } = this;
    const size = [this.width * layout.stepX, this.height * layout.stepY];
    this.fillGreys(plane, hu);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.greys.canvas, layout.x, layout.y, ...size);
    const boxes = this.fillColours(plane, labels);
    context.globalAlpha = style.opacity;
    if (style.filled) {
      context.imageSmoothingEnabled = false;
      context.drawImage(this.colours.canvas, layout.x, layout.y, ...size);
    }
    for (const row of style.classes) {
      const box = boxes.get(row.label);
      if (box) this.outline(context, layout, row, box);
    }
    context.globalAlpha = 1;
    this.writeNames(context, layout, boxes);
  }

  fillGreys({ start, stepX, stepY }, hu) {
    const { data } = this.greys.image;
    const { centre, width } = this.style.window;
    const low = centre - width / 2;
    const scale = 255 / width;
    let pixel = 0;
    for (let y = 0; y < this.height; y++) {
      for (let x = 0, index = start + y * stepY; x < this.width; x++, index += stepX, pixel += 4) {
        data[pixel] = data[pixel + 1] = data[pixel + 2] = (hu[index] - low) * scale;
        data[pixel + 3] = 255;
      }
    }
    this.greys.context.putImageData(this.greys.image, 0, 0);
  }

  /** Paint the labels and return the box of each: left, top, right, bottom. */
  fillColours({ start, stepX, stepY }, labels) {
    const words = new Uint32Array(this.colours.image.data.buffer);
    const colours = new Map(this.style.classes.map((row) => [row.label, littleEndian(row.color)]));
    const boxes = new Map();
    this.shown = new Uint8Array(this.width * this.height);
    words.fill(0);
    let pixel = 0;
    for (let y = 0; y < this.height; y++) {
      for (let x = 0, index = start + y * stepY; x < this.width; x++, index += stepX, pixel++) {
        const label = labels[index];
        if (!label) continue;
        this.shown[pixel] = label;
        words[pixel] = colours.get(label);
        const box = boxes.get(label);
        if (!box) boxes.set(label, [x, y, x, y]);
        else [box[0], box[2], box[3]] = [Math.min(box[0], x), Math.max(box[2], x), y];
      }
    }
    this.colours.context.putImageData(this.colours.image, 0, 0);
    return boxes;
  }

  outline(context, layout, row, box) {
    const { width, height, shown } = this;
    const at = (x, y) => x >= 0 && y >= 0 && x < width && y < height && shown[y * width + x] === row.label;
    const edges = new Path2D();
    const line = (x1, y1, x2, y2) => {
      edges.moveTo(layout.x + x1 * layout.stepX, layout.y + y1 * layout.stepY);
      edges.lineTo(layout.x + x2 * layout.stepX, layout.y + y2 * layout.stepY);
    };
    for (let y = box[1]; y <= box[3]; y++) {
      for (let x = box[0]; x <= box[2]; x++) {
        if (!at(x, y)) continue;
        if (!at(x, y - 1)) line(x, y, x + 1, y);
        if (!at(x, y + 1)) line(x, y + 1, x + 1, y + 1);
        if (!at(x - 1, y)) line(x, y, x, y + 1);
        if (!at(x + 1, y)) line(x + 1, y, x + 1, y + 1);
      }
    }
    context.lineCap = "square";
    context.lineWidth = 1.6;
    context.strokeStyle = row.color;
    context.stroke(edges);
  }

  /** Write the names beside the outlines, none over another, for those who cannot tell the colours. */
  writeNames(context, layout, boxes) {
    const taken = [];
    for (const row of this.style.classes) {
      const box = boxes.get(row.label);
      if (!box) continue;
      const x = layout.x + (box[2] + 1) * layout.stepX + 4;
      let y = layout.y + box[1] * layout.stepY;
      const covers = (other) => Math.abs(other.x - x) < NAME_PX[0] && Math.abs(other.y - y) < NAME_PX[1];
      while (taken.some(covers)) y += NAME_PX[1];
      taken.push({ x, y });
      writeText(context, row.id, x, y, { colour: row.color });
    }
  }
}

/**
 * Fit a canvas to its size on the screen and return its context, in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 */
export function fittedContext(canvas) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(Math.round(canvas.clientWidth * ratio), 1);
  canvas.height = Math.max(Math.round(canvas.clientHeight * ratio), 1);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

/** Write text with a dark rim. */
export function writeText(context, text, x, y, { colour = TEXT, align = "left", px = 12 } = {}) {
  context.font = `bold ${px}px sans-serif`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = "#000000";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/**
 * Write the sides of the patient at the edges of a part of a canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {{left: string, right: string, top: string, bottom: string}} sides
 * @param {{x: number, y: number, width: number, height: number}} part
 */
export function writeSides(context, sides, part, px = 18) {
  const { x, y, width, height } = part;
  const margin = px / 2;
  writeText(context, sides.left, x + margin, y + height / 2, { px });
  writeText(context, sides.right, x + width - margin, y + height / 2, { px, align: "right" });
  writeText(context, sides.top, x + width / 2, y + margin + 4, { px, align: "center" });
  writeText(context, sides.bottom, x + width / 2, y + height - margin - 4, { px, align: "center" });
}

function offscreen(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  // Its pixels are written for every picture, so it is quicker in the memory of the processor.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return { canvas, context, image: context.createImageData(width, height) };
}

function littleEndian(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}
