// SPDX-License-Identifier: Apache-2.0
// Saved corrections as a file, and unsaved work as a draft that the browser keeps over a reload.

import { decodeBase64, throughStream } from "./data.js";

const DATABASE = "ichsegmentation-review";
const STORE = "drafts";
const REVOKE_AFTER_MS = 10000;

/**
 * Return corrected labels as labels.nii.gz: the header that the library made, then the voxels in the file's order.
 * @param {Uint8Array} labels labels of the page's part of the scan
 * @param {object} scan with slices, height and width
 * @param {{header: string, voxels: number, first: number, steps: number[]}} file
 * @returns {Promise<Uint8Array>}
 */
export async function makeLabelsFile(labels, scan, file) {
  const stored = new Uint8Array(file.voxels);
  let index = 0;
  for (let slice = 0; slice < scan.slices; slice++) {
    for (let y = 0; y < scan.height; y++) {
      for (let x = 0; x < scan.width; x++, index++) {
        if (!labels[index]) continue;
        stored[file.first + slice * file.steps[0] + y * file.steps[1] + x * file.steps[2]] = labels[index];
      }
    }
  }
  return throughStream([decodeBase64(file.header), stored], new CompressionStream("gzip"));
}

/**
 * Save a file: in place where `ichseg review --serve` shows the page, else as a download.
 * @param {string} name name of a download
 * @param {string} placeName name beside the result
 * @param {Uint8Array|string} content
 * @param {string} type
 * @returns {Promise<string>} what happened
 */
export async function saveFile(name, placeName, content, type) {
  if (location.protocol === "http:") {
    const put = (headers) => fetch(placeName, { method: "PUT", body: content, headers });
    let answer = await put({});
    if (answer.status === 409) {
      if (!confirm(`Replace the ${placeName} that was saved before?`)) throw new Error("not replaced");
      answer = await put({ "X-Replace": "yes" });
    }
    if (!answer.ok) throw new Error((await answer.text()) || `the server refused it (${answer.status})`);
    return `Saved as ${placeName} beside the result.`;
  }
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS);
  return `Downloaded as ${name}.`;
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

async function transact(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/**
 * Return the draft of a result, or undefined; rejected where the browser keeps none.
 * @param {string} result identifier of the result
 */
export function readDraft(result) {
  return transact("readonly", (store) => store.get(result));
}

/**
 * Keep a draft; rejected where the browser keeps none.
 * @param {string} result identifier of the result
 * @param {object} draft
 */
export function keepDraft(result, draft) {
  return transact("readwrite", (store) => store.put(draft, result));
}

/**
 * Remove the draft of a result.
 * @param {string} result identifier of the result
 */
export function removeDraft(result) {
  return transact("readwrite", (store) => store.delete(result));
}
