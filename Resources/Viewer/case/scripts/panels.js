// SPDX-License-Identifier: Apache-2.0
// Tables and lists of the page. Text is always set as text, never as markup.

const SAME_ML = 0.0005;

/**
 * Return an element with attributes and children.
 * @param {string} name
 * @param {object} properties
 * @param {...(Node|string)} children
 */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Show the volumes as they are and those of the result.
 * @param {HTMLTableSectionElement} body
 * @param {object} content content of the page
 * @param {import("./labels.js").LabelEditor} editor
 */
export function showVolumes(body, content, editor) {
  const rows = content.classes.filter((row) => row.id in content.volumesMl || editor.volumeMl(row.label) > 0);
  const now = rows.map((row) => editor.volumeMl(row.label));
  const lines = rows.map((row, index) => volumeLine(row.id, now[index], content.volumesMl[row.id] ?? 0, row.color));
  const total = now.reduce((sum, value) => sum + value, 0);
  body.replaceChildren(...lines, volumeLine("total", total, content.volumesMl.total));
}

function volumeLine(name, nowMl, resultMl, colour) {
  const title = element("td", {}, name === "total" ? "Total" : name);
  if (colour) title.prepend(swatch(colour));
  const changed = Math.abs(nowMl - resultMl) > SAME_ML ? "changed" : "";
  const now = element("td", { className: changed, title: `${nowMl.toFixed(6)} mL` }, nowMl.toFixed(2));
  now.dataset.volume = name;
  now.dataset.ml = nowMl;
  return element("tr", {}, title, now, element("td", {}, resultMl.toFixed(2)));
}

function swatch(colour) {
  const mark = element("span", { className: "swatch" });
  mark.style.background = colour;
  return mark;
}

/**
 * Show the lesions, each with a button that jumps to it, its subtype and a button that deletes it.
 * @param {HTMLOListElement} list
 * @param {object[]} lesions
 * @param {object} content content of the page
 * @param {{jump: Function, relabel: Function}} actions
 */
export function showLesions(list, lesions, content, actions) {
  const lines = lesions.map((lesion, index) => {
    const row = content.classes.find((one) => one.label === lesion.label);
    const [first, last] = lesion.slices.map((slice) => slice + 1);
    const jump = element("button", { type: "button", className: "jump" });
    jump.append(
      swatch(row.color),
      `${row.id} ${lesion.volumeMl < 0.05 ? "< 0.1" : lesion.volumeMl.toFixed(1)} mL`,
      element("small", {}, [placeOf(lesion, row, content), first === last ? `slice ${first}` : `slices ${first}-${last}`].filter(Boolean).join(", ")),
    );
    jump.addEventListener("click", () => actions.jump(index));
    const choice = element("select", { ariaLabel: `Subtype of lesion ${index + 1}` });
    for (const one of content.classes) choice.append(new Option(one.id, one.label, false, one === row));
    choice.addEventListener("change", () => actions.relabel(lesion, Number(choice.value)));
    const remove = element("button", { type: "button", className: "delete", title: "Delete this lesion" }, "Delete");
    remove.ariaLabel = `Delete lesion ${index + 1}`;
    remove.addEventListener("click", () => actions.relabel(lesion, 0));
    return element("li", {}, jump, choice, remove);
  });
  list.replaceChildren(...(lines.length ? lines : [element("li", {}, "No hemorrhage is outlined.")]));
}

/** Return where the library located a lesion, as long as nobody changed it. */
function placeOf(lesion, row, content) {
  const same = content.lesions.find(
    (one) =>
      one.subtype === row.id &&
      one.slices[0] === lesion.slices[0] &&
      one.slices[1] === lesion.slices[1] &&
      Math.abs(one.volumeMl - lesion.volumeMl) < SAME_ML,
  );
  return same ? same.place : "";
}

/**
 * Show warnings, measurements and method.
 * @param {object} content content of the page
 */
export function showTexts(content) {
  const byId = (id) => document.getElementById(id);
  byId("model").textContent = content.model ? `Model ${content.model}, ICHSegmentation ${content.version}` : "";
  byId("patient").textContent = content.patient;
  const warnings = content.assessed ? content.warnings : ["Not assessed: hemorrhage may be there.", ...content.warnings];
  byId("warnings").replaceChildren(...(warnings.length ? warnings : ["None."]).map((text) => element("li", {}, text)));
  byId("facts").replaceChildren(...content.facts.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
  byId("facts-section").hidden = content.facts.length === 0;
}
