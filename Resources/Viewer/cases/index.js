// SPDX-License-Identifier: Apache-2.0
// Index of many cases: filters, order, and keys; the elements of a page of cases are made when it is asked for.

const PAGE = 60;
const EXPORT = "ichseg export segmentation.seg.nrrd --to html --source SCAN --output review.html";
const content = JSON.parse(document.getElementById("content").textContent);
const form = document.getElementById("filters");
const list = document.getElementById("cases");
const orders = {
  doubt: (a, b) => b.doubt - a.doubt || a.id.localeCompare(b.id),
  volume: (a, b) => b.volumesMl.total - a.volumesMl.total || a.id.localeCompare(b.id),
  id: (a, b) => a.id.localeCompare(b.id),
};
let chosen = [];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Return whether a case passes the filters. */
function passes(one, filters) {
  const text = [one.id, ...one.warnings, ...one.reasons, one.comment].join("\n").toLowerCase();
  const volume = filters.subtype ? (one.volumesMl[filters.subtype] ?? 0) : one.volumesMl.total;
  return (
    text.includes(filters.text.toLowerCase()) &&
    (!filters.verdict || filters.verdict === (one.verdict || "none")) &&
    (!filters.subtype || volume > 0) &&
    volume >= Number(filters.least)
  );
}

function line(one) {
  const target = one.links.html ?? one.links.pdf;
  const title = target ? element("a", { href: target }, one.id) : element("b", { tabIndex: 0 }, one.id);
  const present = content.classes.filter((row) => one.volumesMl[row.id] > 0);
  const volumes = present.map((row) => `${row.id} ${one.volumesMl[row.id].toFixed(1)}`).join(", ");
  const text = element("div", {}, title, element("p", {}, volumes ? `${volumes} mL` : "No hemorrhage found"));
  if (one.reasons.length) text.append(element("p", { className: "doubt", title: one.warnings.join("\n") }, one.reasons.join(", ")));
  if (one.verdict) {
    const grade = one.grade === null ? "" : `, quality ${one.grade} of 5`;
    text.append(element("p", { className: "verdict" }, `${one.verdict}${grade}`));
  }
  if (!one.links.html) text.append(element("p", {}, element("small", {}, "No review page. Make it in the folder of the case: ", element("code", {}, EXPORT))));
  return element("li", {}, one.picture ? element("img", { src: one.picture, alt: "" }) : element("span"), text);
}

function showMore() {
  const shown = list.children.length;
  list.append(...chosen.slice(shown, shown + PAGE).map(line));
  document.getElementById("more").hidden = list.children.length >= chosen.length;
}

function show() {
  const filters = Object.fromEntries(new FormData(form));
  chosen = content.cases.filter((one) => passes(one, filters)).sort(orders[filters.order]);
  const judged = content.cases.filter((one) => one.verdict).length;
  document.getElementById("count").textContent =
    `${chosen.length} of ${content.cases.length} cases, ${judged} with a verdict`;
  list.replaceChildren();
  showMore();
}

function move(step) {
  const targets = [...list.querySelectorAll("a, b[tabindex]")];
  const next = targets[targets.indexOf(document.activeElement) + step];
  if (next) next.focus();
}

for (const row of content.classes) form.elements.subtype.append(new Option(row.id, row.id));
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("more").addEventListener("click", showMore);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const actions = { j: () => move(1), k: () => move(-1), "/": () => form.elements.text.focus() };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
show();
document.documentElement.dataset.ready = "true";
