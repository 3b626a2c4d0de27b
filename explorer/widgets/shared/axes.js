// Axes of numbers. No page here.

// Round numbers from 0 to `end`, 1, 2 or 5 times a power of ten apart, `most` steps at most.
export function ticks(end, most) {
  if (!(end > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(end / most));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power * most >= end * 0.999);
  return Array.from({ length: Math.floor(end / step + 1e-6) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// From numbers `low` to `high` to pixels `start` to `end`.
export function scaled([low, high], [start, end]) {
  return (value) => start + ((end - start) * (value - low)) / (high - low);
}
