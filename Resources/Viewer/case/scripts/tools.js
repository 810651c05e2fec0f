// SPDX-License-Identifier: Apache-2.0
// Pointer and keys.

const WINDOW_PER_PIXEL = 1.0;
const WINDOW_STEP = 5;
const CLICK_PIXELS = 3;

/**
 * Connect the pointer on the slices: window, cursor, zoom, brush.
 * @param {import("./page.js").ReviewPage} page
 */
export function connectPointer(page) {
  const { canvas } = page.view;
  let drag = null;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    const paints = page.tool !== "look" && event.button === 0 && !event.shiftKey;
    drag = { x: event.clientX, y: event.clientY, moved: false, start: { ...page.style.window }, pan: [...page.view.pan] };
    drag.kind = paints ? "paint" : event.shiftKey || event.button === 1 ? "pan" : "window";
    if (!paints) return;
    page.editor.begin();
    drag.place = page.view.pixelAt(event);
    paintLine(page, drag.place, drag.place);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) {
      if (page.view.brush) page.goTo(page.view.pixelAt(event));
      return;
    }
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.hypot(dx, dy) > CLICK_PIXELS;
    if (drag.kind === "paint") {
      const place = page.view.pixelAt(event);
      paintLine(page, drag.place, place);
      drag.place = place;
    } else if (drag.kind === "pan") {
      page.view.pan = [drag.pan[0] + dx, drag.pan[1] + dy];
      page.view.draw();
    } else if (drag.moved) {
      const { centre, width } = drag.start;
      const scale = WINDOW_PER_PIXEL * Math.max(width / 200, 0.25);
      page.setWindow({ centre: centre + dy * scale, width: width + dx * scale });
    }
  });
  const finish = (event) => {
    if (!drag) return;
    if (drag.kind === "paint") page.editor.end();
    else if (drag.kind === "window" && !drag.moved) page.goTo(page.view.pixelAt(event));
    drag = null;
  };
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", finish);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey) {
      page.view.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX, event.offsetY);
    } else {
      moveSlice(page, event.deltaY < 0 ? 1 : -1);
    }
  }, { passive: false });
}

/**
 * Connect the pointer on the coronal and sagittal views: a click moves the cursor.
 * @param {import("./page.js").ReviewPage} page
 */
export function connectPlanes(page) {
  const canvas = document.getElementById("planes");
  const move = (event) => {
    if (page.planes && event.buttons & 1) page.goToPosition(page.planes.positionAt(event));
  };
  canvas.addEventListener("pointerdown", move);
  canvas.addEventListener("pointermove", move);
}

/** Go one slice towards superior (1) or inferior (-1). */
function moveSlice(page, upwards) {
  const step = page.ruler.upwards ? upwards : -upwards;
  page.goTo({ ...page.view.cursor, slice: page.view.cursor.slice + step });
}

function paintLine(page, from, to) {
  const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
  for (let step = 0; step <= steps; step++) {
    const place = {
      slice: to.slice,
      x: Math.round(from.x + ((to.x - from.x) * step) / steps),
      y: Math.round(from.y + ((to.y - from.y) * step) / steps),
    };
    page.editor.paint(place, page.radiusMm, page.paintedLabel);
  }
  page.goTo(to);
}

/**
 * Connect the keys of the whole page; those typed into a text belong to the text.
 * @param {import("./page.js").ReviewPage} page
 */
export function connectKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey ? command(page, event) : pressed(page, event)) event.preventDefault();
  });
}

function command(page, event) {
  switch (event.key.toLowerCase()) {
    case "z":
      if (isText(event.target)) return false;
      if (event.shiftKey) page.editor.redo();
      else page.editor.undo();
      return true;
    case "y":
      if (isText(event.target)) return false;
      page.editor.redo();
      return true;
    case "s":
      page.saveLabels();
      return true;
    case "enter":
      page.saveVerdict();
      return true;
    default:
      return false;
  }
}

function isText(target) {
  return target.tagName === "TEXTAREA";
}

function pressed(page, event) {
  if (isText(event.target) || event.target.tagName === "SELECT") return false;
  const number = /^Digit([1-5])$/.exec(event.code);
  if (number) return pressedNumber(page, Number(number[1]), event.shiftKey);
  if (event.key.startsWith("Arrow")) return pressedArrow(page, event);
  if (event.key === " " && event.target !== page.view.canvas) return false;
  const actions = {
    " ": () => page.paintAtCursor(),
    "+": () => page.view.zoomBy(1.25),
    "-": () => page.view.zoomBy(0.8),
    "[": () => page.setRadius(page.radiusMm - 0.5),
    "]": () => page.setRadius(page.radiusMm + 0.5),
    pageup: () => moveSlice(page, 1),
    pagedown: () => moveSlice(page, -1),
    v: () => page.setTool("look"),
    b: () => page.setTool("brush"),
    e: () => page.setTool("eraser"),
    f: () => document.getElementById("filled").click(),
    n: () => page.jump(page.lesion + 1),
    p: () => page.jump(Math.max(page.lesion, 0) - 1),
    a: () => page.form.choose("verdict", "accept"),
    r: () => page.form.choose("verdict", "reject"),
    c: () => page.form.choose("verdict", "corrected"),
  };
  const action = actions[event.key.toLowerCase()];
  action?.();
  return Boolean(action);
}

function pressedNumber(page, number, isGrade) {
  const names = Object.keys(page.content.windows);
  if (isGrade) page.form.choose("grade", number);
  else if (number <= names.length) page.showWindow(names[number - 1]);
  else return false;
  return true;
}

function pressedArrow(page, event) {
  // In a slider or a choice, arrows belong to it.
  if (event.target.tagName === "INPUT") return false;
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const { cursor } = page.view;
  const shown = page.style.window;
  if (event.shiftKey) page.goTo({ ...cursor, x: cursor.x + dx, y: cursor.y + dy });
  else if (event.altKey) page.setWindow({ centre: shown.centre - dy * WINDOW_STEP, width: shown.width + dx * WINDOW_STEP });
  else if (dy) moveSlice(page, -dy);
  else return false;
  return true;
}
