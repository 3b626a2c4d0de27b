// Dots painted into pixels, thousands a millisecond: no page here. Colours are 32-bit as ImageData has them on every machine in use, 0xAABBGGRR.

const FULL = 255;
const LEVELS = 32; // of depth, the farthest painted first

// A round dot with soft edges: { side, alpha }, alpha 0 to 255, row by row. radius in pixels of the screen.
export function dotMask(radius) {
  const side = 2 * Math.ceil(radius) + 1;
  const middle = (side - 1) / 2;
  const alpha = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = radius + 0.5 - Math.hypot(x - middle, y - middle);
      alpha[y * side + x] = Math.round(FULL * Math.max(0, Math.min(1, inside)));
    }
  }
  return { side, alpha };
}

// `over` on `under`, alpha 0 to 255: two channels at a time, as whole numbers.
export function mixed(over, under, alpha) {
  const a = alpha + (alpha >>> 7), rest = 256 - a;
  const odd = ((Math.imul(over & 0xff00ff, a) + Math.imul(under & 0xff00ff, rest)) >>> 8) & 0xff00ff;
  const even = (Math.imul((over >>> 8) & 0xff, a) + Math.imul((under >>> 8) & 0xff, rest)) & 0xff00;
  return (0xff000000 | odd | even) >>> 0;
}

// How many of n points lie in the window. at: as in paintDots.
export function inWindow(at, n, width, height) {
  let seen = 0;
  for (let i = 0; i < n; i++) if (at[2 * i] >= 0 && at[2 * i] < width && at[2 * i + 1] >= 0 && at[2 * i + 1] < height) seen += 1;
  return seen;
}

// Paints the dots `order` names, one after the other. at: x and y of each point on the screen, two numbers each; colours: of each point.
// mask: of dotMask, or a side alone for small squares, which cost a fraction of it.
export function paintDots(pixels, width, height, { order, at, colours, mask }) {
  if (typeof mask === 'number') return paintSquares(pixels, width, height, { order, at, colours, side: mask });
  const { side, alpha } = mask;
  const half = (side - 1) / 2;
  const right = width - half, bottom = height - half;
  for (let place = 0; place < order.length; place++) {
    const point = order[place];
    const x = Math.round(at[2 * point]), y = Math.round(at[2 * point + 1]);
    if (!(x >= half && y >= half && x < right && y < bottom)) continue;
    const colour = colours[point];
    for (let down = 0, row = (y - half) * width + x - half, cell = 0; down < side; down++, row += width) {
      for (let across = 0; across < side; across++, cell++) {
        const strength = alpha[cell];
        if (strength === FULL) pixels[row + across] = colour;
        else if (strength) pixels[row + across] = mixed(colour, pixels[row + across], strength);
      }
    }
  }
}

function paintSquares(pixels, width, height, { order, at, colours, side }) {
  for (let place = 0; place < order.length; place++) {
    const point = order[place];
    const x = Math.round(at[2 * point]), y = Math.round(at[2 * point + 1]);
    if (!(x >= 0 && y >= 0 && x + side <= width && y + side <= height)) continue;
    const colour = colours[point];
    for (let down = 0, row = y * width + x; down < side; down++, row += width) for (let across = 0; across < side; across++) pixels[row + across] = colour;
  }
}

// `order` by depth, the farthest first, into `sorted`; depth -1 to 1. Equal depths keep their order.
export function byDepth(order, depth, sorted) {
  const levelOf = (point) => Math.max(0, Math.min(LEVELS - 1, ((depth[point] + 1) * LEVELS) >> 1));
  const starts = new Uint32Array(LEVELS + 1);
  for (let place = 0; place < order.length; place++) starts[levelOf(order[place]) + 1] += 1;
  for (let level = 0; level < LEVELS; level++) starts[level + 1] += starts[level];
  for (let place = 0; place < order.length; place++) sorted[starts[levelOf(order[place])]++] = order[place];
  return sorted;
}
