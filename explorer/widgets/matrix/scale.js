// From values to colours: no page, no canvas. A cell without a value is NaN.

// Where a value lies between the limits [low, high], 0 to 1; what lies beyond them is at the end. log: by the logarithm.
export function shareOf(value, [low, high], log) {
  if (log) return shareOf(Math.log(Math.max(value, low)), [Math.log(low), Math.log(high)]);
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
}

// The value in the middle of the colours.
export function middleOf([low, high], log) {
  return log ? Math.sqrt(low * high) : (low + high) / 2;
}

// Which of a palette's n colours a value wears. -1 for NaN.
export function colourIndex(value, limits, n, log) {
  return Number.isNaN(value) ? -1 : Math.round(shareOf(value, limits, log) * (n - 1));
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
export function coloured(values, palette, limits, log) {
  const pixels = new Uint8ClampedArray(4 * values.length);
  const n = palette.length / 3;
  for (let at = 0; at < values.length; at++) {
    const colour = 3 * colourIndex(values[at], limits, n, log);
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
