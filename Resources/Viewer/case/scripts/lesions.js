// SPDX-License-Identifier: Apache-2.0
// Lesions: connected regions of one subtype.

/**
 * Find the lesions of a label map; neighbours may touch by a corner, as in the library.
 * @param {Uint8Array} labels
 * @param {object} scan with slices, height, width and voxelMl
 * @returns {{label: number, voxels: Uint32Array, volumeMl: number, slices: number[], centre: object}[]} largest first
 */
export function findLesions(labels, scan) {
  const { height, width } = scan;
  const area = height * width;
  const seen = new Uint8Array(labels.length);
  const lesions = [];
  for (let start = 0; start < labels.length; start++) {
    if (!labels[start] || seen[start]) continue;
    lesions.push(describeLesion(labels[start], flood(labels, seen, start, scan), scan, area));
  }
  return lesions.sort((a, b) => b.volumeMl - a.volumeMl);
}

function flood(labels, seen, start, { slices, height, width }) {
  const area = height * width;
  const label = labels[start];
  const found = [start];
  seen[start] = 1;
  for (let next = 0; next < found.length; next++) {
    const index = found[next];
    const slice = Math.floor(index / area);
    const y = Math.floor((index % area) / width);
    const x = index % width;
    for (let k = Math.max(slice - 1, 0); k <= Math.min(slice + 1, slices - 1); k++) {
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, height - 1); j++) {
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, width - 1); i++) {
          const other = k * area + j * width + i;
          if (labels[other] !== label || seen[other]) continue;
          seen[other] = 1;
          found.push(other);
        }
      }
    }
  }
  return Uint32Array.from(found);
}

function describeLesion(label, voxels, scan, area) {
  const perSlice = new Map();
  for (const index of voxels) {
    const slice = Math.floor(index / area);
    const part = perSlice.get(slice) ?? { count: 0, x: 0, y: 0 };
    part.count += 1;
    part.x += index % scan.width;
    part.y += Math.floor((index % area) / scan.width);
    perSlice.set(slice, part);
  }
  let volumeMl = 0;
  let largest = null;
  for (const [slice, part] of perSlice) {
    const partMl = part.count * scan.voxelMl[slice];
    volumeMl += partMl;
    if (!largest || partMl > largest.ml) largest = { slice, ml: partMl, x: part.x / part.count, y: part.y / part.count };
  }
  const numbers = [...perSlice.keys()];
  return {
    label,
    voxels,
    volumeMl,
    slices: [Math.min(...numbers), Math.max(...numbers)],
    centre: { slice: largest.slice, x: Math.round(largest.x), y: Math.round(largest.y) },
  };
}
