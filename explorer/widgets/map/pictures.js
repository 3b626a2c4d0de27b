// Each head's pattern as a small picture, made when it is first needed: the wash of the page where a weight is 0, query blue where it is 1.

// { theme, of(layer, head) -> a canvas with a dot for each weight }
export function picturesOf(data, style) {
  const kept = new Map();
  const low = rgb(style.wash), high = rgb(style.query);
  const of = (layer, head) => {
    const at = `${layer}.${head}`;
    if (!kept.has(at)) kept.set(at, pictureOf(data, layer, head, low, high));
    return kept.get(at);
  };
  return { theme: style.theme, of };
}

function pictureOf(data, layer, head, low, high) {
  const { side } = data;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const pixels = new Uint8ClampedArray(4 * side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const weight = data.dot(layer, head, row, column);
      if (Number.isNaN(weight)) continue; // the future: nothing is there
      const part = Math.min(1, weight);
      pixels.set([0, 1, 2].map((i) => low[i] + (high[i] - low[i]) * part).concat(255), 4 * (row * side + column));
    }
  }
  canvas.getContext('2d').putImageData(new ImageData(pixels, side, side), 0, 0);
  return canvas;
}

// '#0072b2' as [0, 114, 178].
export function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}
