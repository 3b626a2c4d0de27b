// What the server packed, and how numbers are read.
const unpack = (packed) => {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
};

const percent = (share) => {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9995) return '> 99.9 %';
  if (share > 0 && share < 1e-5) return '< 0.001 %';
  return share >= 0.001 ? `${(100 * share).toFixed(1)} %` : `${(100 * share).toPrecision(2)} %`;
};

const bitsOf = (nats) => nats / Math.LN2;

// Round numbers from 0 to `end`, `most` steps at most.
function roundTicks(end, most) {
  let step = 10 ** Math.floor(Math.log10(end / most));
  for (const factor of [2, 2.5, 2, 2, 2.5, 2]) {
    if (end / step <= most) break;
    step *= factor;
  }
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}
