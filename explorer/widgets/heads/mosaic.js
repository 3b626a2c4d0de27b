// From packed weights to pixels: no page, no canvas. Heads lie in rows of `heads`, each `side` dots square.

// RGBA of one head. A dot wholly in the future of its query stays transparent, for there is no weight there.
export function headPixels(dots, palette, side, index) {
  const pixels = new Uint8ClampedArray(4 * side * side);
  for (let query = 0; query < side; query++) {
    for (let key = 0; key <= query; key++) {
      const at = query * side + key;
      const colour = 3 * dots[index * side * side + at];
      pixels.set([palette[colour], palette[colour + 1], palette[colour + 2], 255], 4 * at);
    }
  }
  return pixels;
}

// Canvas pixels a dot: enough for a sharp picture, few enough for a canvas of about 4 million pixels.
export function pixelsPerDot(side, layers, heads) {
  const most = Math.floor(Math.sqrt(4e6 / (layers * heads)) / side);
  return Math.max(1, Math.min(Math.ceil(128 / side), most));
}

// What the drawer is asked for the dot at these shares, 0 to 1, of the width and the height of a head's picture: one weight, or where a dot
// stands for `pooling` tokens along each axis, the strongest of them; null above the diagonal.
export function dotOrigin({ side, pooling, layer, head }, across, down) {
  const [query, key] = [down, across].map((share) => Math.max(0, Math.min(side - 1, Math.floor(share * side))));
  if (key > query) return null;
  const block = pooling === 1 ? {} : { block: [pooling, pooling] };
  return { site: 'pattern', layer, index: [head, query * pooling, key * pooling], ...block };
}

// The token, the first of its dot, whose row lies at this share of a picture's height.
export function tokenAt({ side, pooling, tokens }, down) {
  const dot = Math.max(0, Math.min(side - 1, Math.floor(down * side)));
  return Math.min(tokens - 1, dot * pooling);
}

// The weight that a head gives most of from one token.
export function rowOrigin({ layer, head, tokens }, token) {
  return { site: 'pattern', layer, index: [head, Math.min(token, tokens - 1), 0], block: [1, tokens] };
}
