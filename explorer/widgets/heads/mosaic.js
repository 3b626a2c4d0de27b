// From packed weights to pixels: no page, no canvas. Heads lie in rows of `heads`, each `side` dots square.

function unpacked(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// RGBA of one head. A dot wholly in the future of its query stays transparent, for there is no weight there.
function headPixels(dots, palette, side, index) {
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
function pixelsPerDot(side, layers, heads) {
  const most = Math.floor(Math.sqrt(4e6 / (layers * heads)) / side);
  return Math.max(1, Math.min(Math.ceil(128 / side), most));
}

// Where an arrow, Home or End leads from [layer, head]; undefined for any other key.
function stepFrom([layer, head], key, layers, heads) {
  const inside = (index, n) => Math.max(0, Math.min(n - 1, index));
  return {
    ArrowLeft: [layer, inside(head - 1, heads)],
    ArrowRight: [layer, inside(head + 1, heads)],
    ArrowUp: [inside(layer - 1, layers), head],
    ArrowDown: [inside(layer + 1, layers), head],
    Home: [layer, 0],
    End: [layer, heads - 1],
  }[key];
}
