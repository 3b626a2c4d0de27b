// What is lit over the picture and among its names: the row picked, the cell under the finger or the keys, tokens that another
// view lights.

import { penFor } from '../shared/canvas.js';
import { writeLit } from './names.js';

// names: a canvas with all names, painted with the picture. marks: {picked, hover, key, chosen, linked}: picked, hover, key and chosen are [row, column], either null for
// all of them; linked is a position.
export function paintMarks(canvas, scene, names, { picked, hover, key, chosen, linked }) {
  const pen = penFor(canvas, scene);
  const { box, style } = scene;
  const read = hover ?? key;
  pen.drawImage(names, 0, 0, scene.width, scene.height);
  pen.save();
  pen.beginPath();
  pen.rect(box.left - 3, box.top - 3, box.width + 6, box.height + 6);
  pen.clip();
  const lit = litCells(scene.table, read, linked);
  for (const row of lit.rows) band(pen, box.left, scene.y(row), box.width, scene.high);
  for (const column of lit.columns) band(pen, scene.x(column), box.top, scene.wide, box.height);
  if (read && read[0] !== null && read[1] !== null) pen.clearRect(scene.x(read[1]), scene.y(read[0]), scene.wide, scene.high); // its own colour
  if (picked) frame(pen, areaOf(scene, picked), '#000000', '#ffffff', 2);
  if (chosen) frame(pen, areaOf(scene, chosen), '#ffffff', style.accent, 2);
  if (hover) frame(pen, areaOf(scene, hover), '#000000', '#ffffff', 1.5);
  if (key) frame(pen, areaOf(scene, key), '#ffffff', style.accent, 3);
  pen.restore();
  writeLit(pen, scene, {
    rows: [...new Set([picked?.[0] ?? null, ...lit.rows])].filter((row) => row !== null),
    columns: [...new Set([picked?.[1] ?? null, ...lit.columns])].filter((column) => column !== null),
  });
}

function litCells({ rows, columns, size }, cell, linked) {
  const own = cell ? { rows: [cell[0]], columns: [cell[1]] } : { rows: [linkedTo(rows, size[0], linked)], columns: [linkedTo(columns, size[1], linked)] };
  return { rows: own.rows.filter((row) => row !== null), columns: own.columns.filter((column) => column !== null) };
}

// The cell of an axis that is the token at `position` of the sentence; null if the axis has none.
export function linkedTo({ labels }, n, position) {
  return isTokens({ labels }) && Number.isInteger(position) && position >= 0 && position < n ? position : null;
}

export function isTokens({ labels }) {
  return Boolean(labels) && labels[0].length === 2;
}

function areaOf({ box, x, y, wide, high }, [row, column]) {
  const [left, width] = column === null ? [box.left, box.width] : spread(x(column), wide);
  const [top, height] = row === null ? [box.top, box.height] : spread(y(row), high);
  return [left, top, width, height];
}

// A frame around what is thinner than its lines lies outside of it.
function spread(start, length) {
  return length < 8 ? [start - 2.5, length + 5] : [start, length];
}

// Lighter than any colour of the scale is, darker at its edges: seen on all of them.
function band(pen, left, top, width, height) {
  pen.fillStyle = 'rgba(255, 255, 255, 0.25)';
  pen.fillRect(left, top, width, height);
  pen.strokeStyle = 'rgba(0, 0, 0, 0.5)';
  pen.lineWidth = 1;
  pen.strokeRect(left, top, width, height);
}

// A line of `inner` between lines of `outer`, around the area.
function frame(pen, [left, top, width, height], outer, inner, thickness) {
  for (const [colour, lineWidth] of [[outer, thickness + 3], [inner, thickness]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = lineWidth;
    pen.strokeRect(left, top, width, height);
  }
}
