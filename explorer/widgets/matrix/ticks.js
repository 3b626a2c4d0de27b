// Which names of an axis are written, and how much of each: no page, no canvas.

// The smallest of 1, 2, 5, 10, 20, 50 ... so that every so-manieth name, `pitch` pixels a cell, has `room` pixels.
export function niceStep(pitch, room) {
  for (let ten = 1; ; ten *= 10) {
    for (const part of [1, 2, 5]) if (part * ten * pitch >= room || part * ten > 1e9) return part * ten;
  }
}

// The cells from `first` to before `last` that are named.
export function named(first, last, step) {
  const cells = [];
  for (let cell = Math.ceil(first / step) * step; cell < last; cell += step) cells.push(cell);
  return cells;
}

// Where the picture lies in a box of width x height: what the names leave, and no more than makes cells of `largest` [wide, high].
export function plotBox(width, height, { left, right, top, bottom }, columns, rows, [widest, highest]) {
  return {
    left,
    top,
    width: Math.max(1, Math.min(width - left - right, columns * widest)),
    height: Math.max(1, Math.min(height - top - bottom, rows * highest)),
  };
}
