// The colours and the numbers at their ends and in their middle, and where among them the cell lies that is read.

import { asPicture, filled, put } from '../shared/dom.js';
import { writtenShort } from './reading.js';
import { middleOf, shareOf } from './scale.js';

export function showLegend(legend, { limits, number, log }, palette, words) {
  const canvas = legend.querySelector('canvas');
  const n = palette.length / 3;
  const pixels = new Uint8ClampedArray(4 * n).fill(255);
  for (let colour = 0; colour < n; colour++) pixels.set(palette.subarray(3 * colour, 3 * colour + 3), 4 * colour);
  Object.assign(canvas, { width: n, height: 1 });
  canvas.getContext('2d').putImageData(new ImageData(pixels, n, 1), 0, 0);
  const texts = [limits[0], middleOf(limits, log), limits[1]].map((value) => writtenShort(value, number));
  legend.querySelectorAll('.matrix-ends span').forEach((span, at) => put(span, texts[at]));
  asPicture(legend, filled(words.scale, { low: texts[0], high: texts[2] }));
}

// value NaN: none is read.
export function pointLegend(legend, { limits, log }, value) {
  const pointer = legend.querySelector('.matrix-pointer');
  pointer.hidden = Number.isNaN(value);
  if (!pointer.hidden) pointer.style.left = `${100 * shareOf(value, limits, log)}%`;
}
