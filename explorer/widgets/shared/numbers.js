// Numbers as a person reads them, the twin of explorer/wording/numbers.py; and as the server packed them. No page here.

const SMALLEST = 0.001; // per cent; below it a share is said to be below it
const LARGEST = 99.999;
const ROUNDING = 1e-5; // how far a computed share may lie outside 0 to 1

// A share of 0 to 1: three significant digits, three decimals at most, and three near 100. Only 0 reads 0 and only 1 reads 100.
export function percent(share) {
  if (!(share >= -ROUNDING && share <= 1 + ROUNDING)) throw new RangeError(`A share lies between 0 and 1, not at ${share}.`);
  if (share <= 0) return '0 %';
  if (share >= 1) return '100 %';
  const parts = 100 * share;
  if (parts < SMALLEST) return `< ${SMALLEST} %`;
  if (parts > LARGEST) return `> ${LARGEST} %`;
  return `${parts < 0.1 || parts >= 99.95 ? parts.toFixed(3) : parts.toPrecision(3)} %`;
}

// 50257 as 50,257; at most six decimals.
export function grouped(n) {
  return n.toLocaleString('en', { maximumFractionDigits: 6 });
}

const UNITS = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];

// Three significant digits and a unit: 4.29 M, 163 M, 768.
export function inUnits(number) {
  const [unit, letter] = UNITS.find(([least]) => number >= least * 0.9995) ?? [1, ''];
  if (!letter) return grouped(Math.round(number));
  const value = number / unit;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${letter}`;
}

// A fixed number of decimals, below 0 with a minus sign that is as wide as a plus.
export function fixed(value, decimals) {
  return value.toFixed(decimals).replace('-', '−');
}

// The same, with its sign always written.
export function signed(value, decimals = 2) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(decimals)}`;
}

// e^nats, which may be too large or too small to be written out: 2.5, 12,345, 3.1 × 10^12.
export function exponential(nats) {
  if (nats < Math.log(1e9) && nats > Math.log(1e-3)) return nats < Math.log(100) ? String(Number(Math.exp(nats).toPrecision(3))) : grouped(Math.round(Math.exp(nats)));
  const exponent = Math.floor(nats / Math.LN10);
  return `${Math.exp(nats - exponent * Math.LN10).toFixed(1)} × 10^${fixed(exponent, 0)}`;
}

// A probability of e^nats, which may be too small for a number of this machine and is above 0 all the same.
export function percentOfLog(nats) {
  return percent(nats === -Infinity ? 0 : Math.max(Math.exp(nats), Number.MIN_VALUE));
}

export function clamped(value, least, most) {
  return Math.max(least, Math.min(most, value));
}

export function bitsOf(nats) {
  return nats / Math.LN2;
}

// What `packed` of widget.py sent: bytes, or float32.
export function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = letters.charCodeAt(at); // ten times as fast as Uint8Array.from
  return bytes;
}

export function floatsOf(base64) {
  return new Float32Array(bytesOf(base64).buffer);
}
