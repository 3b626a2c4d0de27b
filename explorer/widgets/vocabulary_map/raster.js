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

export function mixed(over, under, alpha) {
  const rest = FULL - alpha;
  const red = ((over & 255) * alpha + (under & 255) * rest) / FULL;
  const green = (((over >>> 8) & 255) * alpha + ((under >>> 8) & 255) * rest) / FULL;
  const blue = (((over >>> 16) & 255) * alpha + ((under >>> 16) & 255) * rest) / FULL;
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

// Paints the dots `order` names, one after the other. at: x and y of each point on the screen, two numbers each; colours: of each point.
export function paintDots(pixels, width, height, { order, at, colours, mask }) {
  const { side, alpha } = mask;
  const half = (side - 1) / 2;
  for (let place = 0; place < order.length; place++) {
    const point = order[place];
    const left = Math.round(at[2 * point]) - half, top = Math.round(at[2 * point + 1]) - half;
    if (left < 0 || top < 0 || left + side > width || top + side > height) continue;
    const colour = colours[point];
    for (let y = 0, row = top * width + left, cell = 0; y < side; y++, row += width) {
      for (let x = 0; x < side; x++, cell++) {
        const strength = alpha[cell];
        if (strength === FULL) pixels[row + x] = colour;
        else if (strength) pixels[row + x] = mixed(colour, pixels[row + x], strength);
      }
    }
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
