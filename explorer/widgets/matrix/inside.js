// What stands inside cells: their texts, and hatching where there is no value.

import { cut } from '../shared/cut.js';
import { colourIndex } from './scale.js';

const NARROWEST = 1.4; // sizes of type: in less, nothing but the ellipsis would be left of most words
const PADDING = 3;
const HATCH = 6; // pixels from line to line

// Writes each cell's text, as much of it as there is room for. across, down: the cells seen, [first, one after the last].
export function writeTexts(pen, { table, style, line, wide, high, x, y, box, widthOf }, values, palette, [left, right], [top, bottom]) {
  if (high < line || wide < NARROWEST * style.size) return;
  const n = palette.length / 3;
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.width, box.height);
  pen.clip();
  Object.assign(pen, { font: style.font, textAlign: 'center', textBaseline: 'middle', direction: 'ltr' });
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const at = row * table.size[1] + column;
      const text = cut(table.texts[at], wide - 2 * PADDING, widthOf);
      const colour = 3 * colourIndex(values[at], table.limits, n, table.log);
      pen.fillStyle = colour < 0 ? style.ink : inkOn(palette.subarray(colour, colour + 3));
      pen.fillText(`\u2068${text}\u2069`, x(column) + wide / 2, y(row) + high / 2 + 1);
    }
  }
  pen.restore();
}

// Black or white, whichever is read better on the colour [r, g, b] (WCAG's relative luminance; 0.179 is where the two are equal).
export function inkOn(rgb) {
  const [r, g, b] = Array.from(rgb, (part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff';
}

export function hatch(pen, { table, style, wide, high, x, y, box }, values, [left, right], [top, bottom]) {
  pen.save();
  pen.beginPath();
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      if (Number.isNaN(values[row * table.size[1] + column])) pen.rect(x(column), y(row), wide, high);
    }
  }
  pen.clip();
  pen.strokeStyle = style.rule;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let start = box.left - box.height; start < box.left + box.width; start += HATCH) {
    pen.moveTo(start, box.top + box.height);
    pen.lineTo(start + box.height, box.top);
  }
  pen.stroke();
  pen.restore();
}
