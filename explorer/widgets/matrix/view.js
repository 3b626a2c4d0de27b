// Which part of an axis of n cells is seen, {from, span} in cells, and where cells lie in pixels: no page, no canvas.

import { stepInGrid } from '../shared/keys.js';

export function wholeView(n) {
  return { from: 0, span: n };
}

// Nearer by `factor` (below 1: farther), with `at`, a place in cells, staying where it is as far as the ends allow.
// least: the fewest cells that may fill the axis.
export function zoomed({ from, span }, n, factor, at, least) {
  const next = Math.min(n, Math.max(least, span / factor));
  return inside(at - ((at - from) * next) / span, next, n);
}

export function moved({ from, span }, n, cells) {
  return inside(from + cells, span, n);
}

// Moved as little as shows the whole of one cell.
export function withCell({ from, span }, n, cell) {
  return inside(Math.min(cell, Math.max(from, cell + 1 - span)), span, n);
}

function inside(from, span, n) {
  return { from: Math.min(n - span, Math.max(0, from)), span };
}

// The fewest cells that may fill `size` pixels: zooming ends where a cell is `readable` pixels wide.
export function fewestCells(n, size, readable) {
  return Math.min(n, Math.max(1, size / readable));
}

// The cells of which something is seen: [first, one after the last].
export function seenCells({ from, span }, n) {
  return [Math.floor(from + 1e-6), Math.min(n, Math.ceil(from + span - 1e-6))];
}

// The cell under a pixel of an axis that begins at `start` and is `size` long; -1 beside it.
export function cellAt(pixel, start, size, { from, span }, n) {
  if (!(pixel >= start && pixel < start + size)) return -1;
  return Math.min(n - 1, Math.floor(from + ((pixel - start) / size) * span));
}

// The pixel where a cell begins.
export function edgeOf(cell, start, size, { from, span }) {
  return start + ((cell - from) / span) * size;
}

// Where a key leads from [row, column]: arrows, Home and End as in every grid, Page Up and Down ten rows, with Ctrl to the corners.
export function stepped(key, ctrl, [row, column], rows, columns) {
  const pages = { PageUp: -10, PageDown: 10 }[key];
  if (pages) return [Math.max(0, Math.min(rows - 1, row + pages)), column];
  if (ctrl) return { Home: [0, 0], End: [rows - 1, columns - 1] }[key];
  return stepInGrid(key, [row, column], rows, columns);
}
