// From values to colours: no page, no canvas. A cell without a value is NaN.

// Which of a palette's n colours a value wears, limits = [low, high]; what lies beyond them wears the end. -1 for NaN.
export function colourIndex(value, [low, high], n) {
  if (Number.isNaN(value)) return -1;
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return Math.round(Math.min(1, Math.max(0, share)) * (n - 1));
}

// All cells [rows * columns], from those that were sent: row by row, each only up to its diagonal where the future is blank.
export function allCells(sent, rows, columns, blank) {
  if (blank !== 'future') return sent;
  const values = new Float32Array(rows * columns).fill(NaN);
  for (let row = 0, at = 0; row < rows; at += ++row) values.set(sent.subarray(at, at + row + 1), row * columns);
  return values;
}

// The cells of rows [top, bottom) and columns [left, right) as `wide` x `high` dots, at most one a cell. A dot that stands for
// several cells shows the greatest, on a diverging scale the farthest from 0, so that none is lost among more cells than pixels.
export function pooled(values, columns, [top, bottom], [left, right], wide, high, diverging) {
  const dots = new Float32Array(wide * high).fill(NaN);
  const dotOf = Int32Array.from({ length: right - left }, (_, cell) => Math.floor((cell * wide) / (right - left)));
  for (let row = top; row < bottom; row++) {
    const start = wide * Math.floor(((row - top) * high) / (bottom - top));
    for (let column = left; column < right; column++) {
      const value = values[row * columns + column];
      const dot = start + dotOf[column - left];
      if (value === value && !(weight(value, diverging) <= weight(dots[dot], diverging))) dots[dot] = value;
    }
  }
  return dots;
}

// RGBA of every value; palette: red, green, blue of each colour. Without a value transparent.
export function coloured(values, palette, limits) {
  const pixels = new Uint8ClampedArray(4 * values.length);
  const n = palette.length / 3;
  for (let at = 0; at < values.length; at++) {
    const colour = 3 * colourIndex(values[at], limits, n);
    if (colour < 0) continue;
    pixels[4 * at] = palette[colour];
    pixels[4 * at + 1] = palette[colour + 1];
    pixels[4 * at + 2] = palette[colour + 2];
    pixels[4 * at + 3] = 255;
  }
  return pixels;
}

// [row, column] of the greatest value, on a diverging scale the farthest from 0, the first among equals; row, column: within
// this one only, null for all. null where there is none.
export function strongest(values, rows, columns, [row, column], diverging) {
  let found = null;
  let most = NaN;
  for (let r = row ?? 0; r < (row === null ? rows : row + 1); r++) {
    for (let c = column ?? 0; c < (column === null ? columns : column + 1); c++) {
      const value = values[r * columns + c];
      if (value !== value || weight(value, diverging) <= most) continue;
      most = weight(value, diverging);
      found = [r, c];
    }
  }
  return found;
}

function weight(value, diverging) {
  return diverging && value < 0 ? -value : value;
}
