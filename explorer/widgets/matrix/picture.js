// The picture itself, the names and the titles of its axes: painted when values, view, size or theme change, never for the finger.

import { penFor } from '../shared/canvas.js';
import { pooled, coloured } from './scale.js';
import { seenCells } from './view.js';
import { writeNames, writeTitles } from './names.js';
import { hatch, writeTexts } from './inside.js';

const ROOMY = 12; // pixels a cell, from which a line of the page's paper parts it from the next

// A canvas as large as the scene with the names along the axes.
export function paintedNames(canvas, scene) {
  writeNames(penFor(canvas, scene), scene);
  return canvas;
}

// Paints cells and titles; returns how many cells the fullest dot stands for.
export function paintPicture(canvas, scene, values, palette) {
  const pen = penFor(canvas, scene);
  const { table, view, box, style } = scene;
  const [nRows, nColumns] = table.size;
  const across = seenCells(view.columns, nColumns);
  const down = seenCells(view.rows, nRows);
  const cells = paintCells(pen, scene, values, palette, across, down);
  if (table.nothing) hatch(pen, scene, values, across, down);
  clearGaps(pen, scene, across, down);
  if (table.texts) writeTexts(pen, scene, values, palette, across, down);
  pen.strokeStyle = style.rule;
  pen.lineWidth = 1;
  pen.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
  writeTitles(pen, scene);
  return cells;
}

function paintCells(pen, { table, box, x, y, ratio }, values, palette, [left, right], [top, bottom]) {
  const area = [x(left), y(top), x(right) - x(left), y(bottom) - y(top)];
  const wide = Math.min(right - left, Math.ceil(area[2] * ratio));
  const high = Math.min(bottom - top, Math.ceil(area[3] * ratio));
  const dots = pooled(values, table.size[1], [top, bottom], [left, right], wide, high, table.scale === 'diverging');
  const image = new OffscreenCanvas(wide, high);
  image.getContext('2d').putImageData(new ImageData(coloured(dots, palette, table.limits, table.log), wide, high), 0, 0);
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.width, box.height);
  pen.clip();
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, ...area);
  pen.restore();
  return Math.ceil((right - left) / wide) * Math.ceil((bottom - top) / high);
}

// Strips lie apart; cells with room for it are parted by a hair.
function clearGaps(pen, { table, box, wide, high, x, y }, [left, right], [top, bottom]) {
  const between = table.shape === 'strips' ? 6 : 1;
  if (high >= ROOMY) {
    for (let row = top + 1; row < bottom; row++) pen.clearRect(box.left, Math.round(y(row) - between / 2), box.width, between);
  }
  if (wide < ROOMY) return;
  for (let column = left + 1; column < right; column++) pen.clearRect(Math.round(x(column) - 0.5), box.top, 1, box.height);
}
