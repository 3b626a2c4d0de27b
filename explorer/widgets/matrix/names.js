// Names along the axes, on a canvas. Tokens wear their tint, as everywhere on the page.

import { named } from './ticks.js';
import { seenCells } from './view.js';

// All names that fit, and those of `lit` {rows, columns} strongly, wherever they stand: what would touch them gives way.
export function writeNames(pen, scene, lit) {
  for (const axis of ['rows', 'columns']) {
    const strong = lit[axis].filter((cell) => middleSeen(scene.view[axis], cell));
    const quiet = named(...seenCells(scene.view[axis], scene.table.size[axis === 'rows' ? 0 : 1]), scene.step[axis]).filter(
      (cell) => middleSeen(scene.view[axis], cell) && !strong.some((other) => touch(scene, axis, cell, other)),
    );
    quiet.forEach((cell) => writeName(pen, scene, axis, cell, false));
    strong.forEach((cell) => writeName(pen, scene, axis, cell, true));
  }
}

function middleSeen({ from, span }, cell) {
  return cell + 0.5 >= from && cell + 0.5 <= from + span;
}

// Whether the names of two cells lie on one another.
function touch({ wide, high, line, levels, columnNames }, axis, one, other) {
  const apart = Math.abs(one - other) * (axis === 'rows' ? high : wide);
  if (axis === 'rows' || !levels) return apart < line;
  const room = (columnNames.texts[one][3] + columnNames.texts[other][3]) / 2 + 8;
  return (one - other) % levels === 0 && apart < room;
}

// One row's name, right-aligned before the picture, or one column's below it.
function writeName(pen, scene, axis, cell, strong) {
  const { box, style, line, levels } = scene;
  const name = axis === 'rows' ? scene.rowNames.texts[cell] : scene.columnNames.texts[cell];
  pen.save();
  if (axis === 'rows') pen.translate(box.left - 6, Math.max(line / 2 + 1, scene.y(cell) + scene.high / 2));
  else if (levels) {
    pen.translate(scene.x(cell) + (scene.wide + name[3]) / 2, box.top + box.height + 4 + line * ((cell % levels) + 0.5));
  } else pen.translate(scene.x(cell) + scene.wide / 2, box.top + box.height + 6);
  if (axis === 'columns' && !levels) pen.rotate(-Math.PI / 2);
  write(pen, name, scene.table[axis].labels?.[cell][1], style, line, strong);
  pen.restore();
  if (axis === 'columns' && levels > 1 && cell % levels) lead(pen, scene, cell);
}

// A line from a column to its name on the lower line.
function lead(pen, { x, wide, box, line, style }, cell) {
  pen.fillStyle = style['ink-soft'];
  pen.fillRect(Math.round(x(cell) + wide / 2), box.top + box.height, 1, line + 4);
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
