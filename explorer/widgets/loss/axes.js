// Round numbers for an axis from 0 to `end`, about `wanted` of them.
const axisTicks = (end, wanted) => {
  if (!(end > 0)) return [0];
  const rough = end / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  return Array.from({ length: Math.floor(end / step + 1e-6) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
};

// Pairs [step, loss] from base64 float32, x and y in turn.
const unpackPoints = (base64) => {
  const bytes = Uint8Array.from(atob(base64 || ''), (character) => character.charCodeAt(0));
  const numbers = new Float32Array(bytes.buffer);
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
};

// The point of a series nearest in x, or null.
const nearestPoint = (points, x) =>
  points.reduce((best, point) => (best && Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point), null);
