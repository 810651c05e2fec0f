// SPDX-License-Identifier: Apache-2.0
// The verdict of the radiologist on a result.

export const VERDICTS = ["accept", "reject", "corrected"];

/** The form of the verdict: what the radiologist decided, a grade of quality, and a comment. */
export class VerdictForm {
  /**
   * @param {HTMLFormElement} form
   * @param {() => void} onChange
   */
  constructor(form, onChange) {
    this.form = form;
    form.addEventListener("input", onChange);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** What the form holds; null where nothing was chosen. */
  get state() {
    const { verdict, grade, comment } = this.form.elements;
    return {
      verdict: verdict.value || null,
      grade: grade.value ? Number(grade.value) : null,
      comment: comment.value,
    };
  }

  set state({ verdict, grade, comment }) {
    const { elements } = this.form;
    for (const option of elements.verdict) option.checked = option.value === verdict;
    for (const option of elements.grade) option.checked = option.value === String(grade);
    elements.comment.value = comment;
  }

  /** Choose one value by a key. */
  choose(name, value) {
    for (const option of this.form.elements[name]) option.checked = option.value === String(value);
    this.form.dispatchEvent(new Event("input"));
  }
}

/**
 * Return the content of review.json.
 * @param {object} state see VerdictForm
 * @param {object} content content of the page
 * @param {import("./labels.js").LabelEditor} editor
 * @param {number} editingS time spent on corrections
 * @returns {string}
 */
export function reviewText(state, content, editor, editingS) {
  const changes = editor.changes();
  const volumes = Object.fromEntries(content.classes.map((row) => [row.id, editor.volumeMl(row.label)]));
  const review = {
    schema: 1,
    result: content.result,
    grid: JSON.parse(content.grid),
    verdict: state.verdict,
    grade: state.grade,
    comment: state.comment,
    volumes_ml: volumes,
    corrected: content.classes.filter((row) => changes.labels.has(row.label)).map((row) => row.id),
    changed_ml: changes.volumeMl,
    editing_s: Math.round(editingS),
  };
  return `${JSON.stringify(review, null, 2)}\n`;
}
