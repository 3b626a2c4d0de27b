// Everything that a painter needs to know of one state of the matrix: sizes in CSS pixels, type, colours, names that fit.

import { cut } from '../shared/cut.js';
import { plotBox, niceStep } from './ticks.js';
import { edgeOf } from './view.js';
import { styleOf } from '../shared/canvas.js';

const GAP = 6; // between names and picture
const LARGEST = { square: [150, 60], strips: [60, 110] }; // of a cell, so that a few do not fill a wall
const LOWEST_STRIP = 40;
const MOST_LEVELS = 2;
const LOW = 20; // lines of text: a box in which turned names would take the room of the picture
const MOST_REMEMBERED = 20_000;

// What of the page's style it is painted with. root: the widget's element.
export function matrixStyle(root) {
  const style = styleOf(root, ['ink', 'ink-soft', 'paper', 'rule', 'accent', 'token-ink']);
  return { ...style, font: `${style.size}px ${style.family}` };
}

// A function from a font to a function from a text to its width, which remembers: a redraw has the names of the one before.
export function measurer() {
  const pen = new OffscreenCanvas(1, 1).getContext('2d');
  let known = new Map();
  let measured = '';
  return (font) => {
    if (font !== measured || known.size > MOST_REMEMBERED) known = new Map();
    pen.font = measured = font;
    return (text) => known.get(text) ?? known.set(text, pen.measureText(text).width).get(text);
  };
}

// How high strips want to be: their rows, the names below them and the title.
export function stripsHeight(rows, size) {
  return rows * (LOWEST_STRIP + 8) + 3.6 * size;
}

// Names of both axes, measured and cut, and the box that they leave. widthOf: of a text in the style's font. Names below the
// picture stand upright, in turns on two lines, where all of them have room so, and in a low box; else they are turned.
export function lay(table, style, width, height, widthOf) {
  const [nRows, nColumns] = table.size;
  const line = style.size * 1.1;
  const title = (name) => (name ? style.size * 1.5 : 0);
  const rowNames = names(table.rows, nRows, Math.min(0.34 * width, 12 * style.size), widthOf);
  const left = title(table.rows.name) + rowNames.widest + GAP;
  const low = height < LOW * style.size;
  const columnNames = names(table.columns, nColumns, Math.min(low ? width : 0.3 * height, 9 * style.size), widthOf);
  const pitch = Math.min((width - left - 2) / nColumns, LARGEST[table.shape][0]);
  const levels = levelsFor(columnNames.widest + 10, pitch, table.columns, low);
  const below = (levels ? levels * line : columnNames.widest) + GAP;
  const right = 2 + (levels ? Math.max(0, (columnNames.texts[nColumns - 1][3] - pitch) / 2) : 0); // the last name goes beyond
  const margins = { left, right, top: 2, bottom: below + title(table.columns.name) };
  const box = plotBox(width, height, margins, nColumns, nRows, LARGEST[table.shape]);
  return { table, style, width, height, box, line, below, rowNames, columnNames, levels, widthOf };
}

// On how many lines names of this width stand, `pitch` pixels a column; 0: turned. Numbers are thinned before they are turned.
function levelsFor(width, pitch, { labels }, low) {
  if (!labels || width <= pitch) return 1;
  return width <= MOST_LEVELS * pitch || low ? MOST_LEVELS : 0;
}

// texts[index] = [number, text, width of the number, width of both]: a token is named by its place and its text.
function names({ labels }, n, most, widthOf) {
  const blank = widthOf(' ');
  const texts = Array.from({ length: n }, (_, index) => {
    if (!labels) return ['', String(index), 0, widthOf(String(index))];
    const [text, tint] = labels[index];
    const number = tint === undefined ? '' : String(index);
    const before = number ? widthOf(number) + blank : 0;
    const short = isolated(cut(text, most - before - 6, widthOf));
    return [number, short, before, before + widthOf(short) + (number ? 6 : 0)];
  });
  return { texts, widest: texts.reduce((most_, [, , , width]) => Math.max(most_, width), 0) };
}

// Kept from turning the numbers beside it around (first strong isolate ... pop).
function isolated(text) {
  return `\u2068${text}\u2069`;
}

// The scene of a layout for one view: {rows, columns}, each {from, span}; every so-manieth name fits.
export function sceneOf(layout, view) {
  const { box, line, columnNames, levels } = layout;
  const wide = box.width / view.columns.span;
  const high = box.height / view.rows.span;
  const step = { rows: niceStep(high, line), columns: niceStep(wide, levels ? (columnNames.widest + 10) / levels : line) };
  return {
    ...layout,
    view,
    wide,
    high,
    step,
    level: (column) => Math.floor(column / step.columns) % levels, // the line below the picture on which its name stands
    x: (column) => edgeOf(column, box.left, box.width, view.columns),
    y: (row) => edgeOf(row, box.top, box.height, view.rows),
  };
}
