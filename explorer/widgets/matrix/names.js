// Names along the axes, on a canvas. Tokens wear their tint, as everywhere on the page.

import { named } from './ticks.js';
import { seenCells } from './view.js';

const AXES = ['rows', 'columns'];

// All names that fit.
export function writeNames(pen, scene) {
  for (const axis of AXES) quiet(scene, axis).forEach((cell) => writeName(pen, scene, axis, cell, false));
}

// On a pen that all names were written with: those of `lit` {rows, columns} strongly, wherever they stand; what they touch gives way.
export function writeLit(pen, scene, lit) {
  for (const axis of AXES) {
    const strong = lit[axis].filter((cell) => middleSeen(scene.view[axis], cell));
    for (const cell of quiet(scene, axis)) if (strong.some((other) => touch(scene, axis, cell, other))) wipe(pen, scene, axis, cell);
    strong.forEach((cell) => writeName(pen, scene, axis, cell, true));
  }
}

function quiet({ view, step, table }, axis) {
  const seen = seenCells(view[axis], table.size[AXES.indexOf(axis)]);
  return named(...seen, step[axis]).filter((cell) => middleSeen(view[axis], cell));
}

function middleSeen({ from, span }, cell) {
  return cell + 0.5 >= from && cell + 0.5 <= from + span;
}

// Whether the names of two cells lie on one another.
function touch({ wide, high, line, levels, level, columnNames }, axis, one, other) {
  const apart = Math.abs(one - other) * (axis === 'rows' ? high : wide);
  if (axis === 'rows' || !levels) return one !== other && apart < line;
  const room = (columnNames.texts[one][3] + columnNames.texts[other][3]) / 2 + 8;
  return one !== other && level(one) === level(other) && apart < room;
}

// One row's name, right-aligned before the picture, or one column's below it.
function writeName(pen, scene, axis, cell, strong) {
  const { style, line } = scene;
  at(pen, scene, axis, cell, (name) => write(pen, name, scene.table[axis].labels?.[cell][1], style, line, strong));
  if (!hasLead(scene, axis, cell)) return;
  pen.fillStyle = style['ink-soft'];
  pen.fillRect(...leadOf(scene, cell));
}

function wipe(pen, scene, axis, cell) {
  at(pen, scene, axis, cell, ([, , , width]) => pen.clearRect(-width - 1, -scene.line / 2, width + 2, scene.line));
  if (hasLead(scene, axis, cell)) pen.clearRect(...leadOf(scene, cell));
}

// Calls act(name) with the pen where the name ends.
function at(pen, scene, axis, cell, act) {
  const { box, line, levels } = scene;
  const name = (axis === 'rows' ? scene.rowNames : scene.columnNames).texts[cell];
  pen.save();
  if (axis === 'rows') pen.translate(box.left - 6, Math.max(line / 2 + 1, scene.y(cell) + scene.high / 2));
  else if (levels) {
    const middle = Math.max(box.left - 4 + name[3] / 2, scene.x(cell) + scene.wide / 2); // clear of the last row's name
    pen.translate(middle + name[3] / 2, box.top + box.height + 4 + line * (scene.level(cell) + 0.5));
  } else pen.translate(scene.x(cell) + scene.wide / 2, box.top + box.height + 6);
  if (axis === 'columns' && !levels) pen.rotate(-Math.PI / 2);
  act(name);
  pen.restore();
}

// A column whose name stands on the lower line has a line that leads to it.
function hasLead({ level }, axis, cell) {
  return axis === 'columns' && level(cell) > 0;
}

function leadOf({ x, wide, box, line }, cell) {
  return [Math.round(x(cell) + wide / 2), box.top + box.height, 1, line + 4];
}

// Ends at the pen's place.
function write(pen, [number, text, before, width], tint, style, line, strong) {
  const chip = tint !== undefined;
  pen.font = style.font;
  pen.direction = 'ltr';
  pen.textAlign = 'left';
  pen.textBaseline = 'middle';
  if (strong) {
    pen.fillStyle = style.ink;
    pen.fillRect(-width - 4, -line / 2 - 1, width + 8, line + 2);
  }
  pen.fillStyle = strong ? style.paper : style['ink-soft'];
  if (number) pen.fillText(number, -width, 1);
  if (chip) {
    pen.fillStyle = style.tints[tint];
    pen.fillRect(-width + before, -line / 2 + 0.5, width - before, line - 1);
  }
  pen.fillStyle = chip ? style['token-ink'] : strong ? style.paper : style.ink;
  pen.fillText(text, -width + before + (chip ? 3 : 0), 1);
}

export function writeTitles(pen, { table, style, box, below, width, height }) {
  pen.font = style.font;
  pen.fillStyle = style.ink;
  pen.textAlign = 'center';
  pen.direction = 'ltr';
  const half = (name) => pen.measureText(name).width / 2;
  if (table.columns.name) {
    pen.textBaseline = 'bottom';
    const middle = Math.min(width - half(table.columns.name), Math.max(half(table.columns.name), box.left + box.width / 2));
    pen.fillText(table.columns.name, middle, Math.min(height, box.top + box.height + below + 1.4 * style.size));
  }
  if (!table.rows.name) return;
  pen.save();
  pen.textBaseline = 'top';
  pen.translate(0, Math.max(half(table.rows.name), box.top + box.height / 2));
  pen.rotate(-Math.PI / 2);
  pen.fillText(table.rows.name, 0, 1);
  pen.restore();
}
