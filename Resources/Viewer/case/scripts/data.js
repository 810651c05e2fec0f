// SPDX-License-Identifier: Apache-2.0
// Reading of what the page holds: content as JSON, voxels as base64 of gzip.

/**
 * Return the text of a data block of the page.
 * @param {string} id
 * @returns {string}
 */
export function blockText(id) {
  return document.getElementById(id).textContent;
}

/**
 * Decode base64.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function decodeBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}

/**
 * Pass bytes through a stream that compresses or decompresses.
 * @param {BlobPart[]} parts
 * @param {TransformStream} stream
 * @returns {Promise<Uint8Array>}
 */
export async function throughStream(parts, stream) {
  const buffer = await new Response(new Blob(parts).stream().pipeThrough(stream)).arrayBuffer();
  return new Uint8Array(buffer);
}

/**
 * Decompress a data block and empty it, so that its text does not stay in memory.
 * @param {string} id
 * @returns {Promise<Uint8Array>}
 */
export async function unpackBlock(id) {
  const bytes = decodeBase64(blockText(id));
  document.getElementById(id).remove();
  return throughStream([bytes], new DecompressionStream("gzip"));
}

/**
 * Join the two planes of bytes of the scan to HU.
 * @param {Uint8Array} planes low bytes of all voxels, then high bytes
 * @param {number} huOfZero HU of a stored zero
 * @returns {Int16Array}
 */
export function joinHu(planes, huOfZero) {
  const count = planes.length / 2;
  const hu = new Int16Array(count);
  for (let index = 0; index < count; index++) hu[index] = planes[index] + 256 * planes[count + index] + huOfZero;
  return hu;
}

/**
 * Return the distances of the slices from the first one along their normal, in mm.
 * @param {object} scan
 * @returns {number[]}
 */
export function sliceDistancesMm(scan) {
  const normal = sliceNormal(scan);
  const first = dot(scan.originsMm[0], normal);
  const distances = scan.originsMm.map((origin) => dot(origin, normal) - first);
  return distances[distances.length - 1] < 0 ? distances.map((distance) => -distance) : distances;
}

/**
 * Return the unit vector across the slices.
 * @param {object} scan
 * @returns {number[]}
 */
export function sliceNormal(scan) {
  const [a, b] = [scan.rightMm, scan.downMm];
  const cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = Math.hypot(...cross);
  return cross.map((value) => value / length);
}

/**
 * Return the LPS position of a pixel in mm.
 * @param {object} scan
 * @param {{slice: number, x: number, y: number}} place
 * @returns {number[]}
 */
export function positionMm(scan, place) {
  const origin = scan.originsMm[place.slice];
  return origin.map((value, axis) => value + place.x * scan.rightMm[axis] + place.y * scan.downMm[axis]);
}

export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
