// Axes of numbers. No page here.

// Round numbers from 0 to `end`, 1, 2 or 5 times a power of ten apart, `most` steps at most.
export function ticks(end, most) {
  if (!(end > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(end / most));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power * most >= end * 0.999);
  return Array.from({ length: Math.floor(end / step + 1e-6) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// Round numbers between two above 0, 1, 2 and 5 times each power of ten; each power alone where these would be many.
export function logTicks(low, high) {
  const powers = Array.from({ length: 40 }, (_, i) => i - 20);
  const decades = Math.log10(high / low);
  const factors = decades > 3 ? [1] : [1, 2, 5];
  return powers.flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(3)))).filter((tick) => tick >= low && tick <= high);
}

// From numbers `low` to `high` to pixels `start` to `end`.
export function scaled([low, high], [start, end]) {
  return (value) => start + ((end - start) * (value - low)) / (high - low);
}
