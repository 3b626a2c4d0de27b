// The luck of gpt2core/sampling.py: torch's generator of random numbers, and draws made with it. No page, no state.
import { distribution, probabilityAt } from './sampling.js';

// `n` numbers of [0, 1), those of torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64). Torch keeps the
// last 32 bits of a seed. Source: Matsumoto and Nishimura, "Mersenne Twister", 1998.
export function uniforms(seed, n) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i += 1) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  const next = () => {
    if (at === 624) {
      for (let i = 0; i < 624; i += 1) {
        const bits = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let bits = state[at];
    at += 1;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  };
  const numbers = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const high = next() & 0x1fffff; // 53 of 64 bits
    numbers[i] = (high * 2 ** 32 + next()) / 2 ** 53;
  }
  return numbers;
}

// gumbel_noise(n, seed, position): added to log-probabilities, it makes the largest of them a draw.
export function gumbelNoise(n, seed, position) {
  return uniforms((Math.imul(seed, 1000003) + position) >>> 0, n).map((u) => -Math.log(-Math.log(Math.max(u, 1e-300))));
}

// The place (in falling order) that `luck`, a number for each place, draws.
export function drawnPlace({ scaled, kept }, luck) {
  let best = 0;
  for (let i = 1; i < kept; i += 1) if (scaled[i] + luck[i] > scaled[best] + luck[best]) best = i;
  return best;
}

// How often each place comes up when each of `chances`, numbers of [0, 1), draws once: as draws() in gpt2core. [kept]
export function tally({ weights, kept, total }, chances) {
  const upTo = new Float64Array(kept);
  let reached = 0;
  for (let i = 0; i < kept; i += 1) {
    reached += weights[i] / total;
    upTo[i] = reached;
  }
  const counts = new Uint32Array(kept);
  for (const chance of chances) {
    let low = 0;
    let high = kept - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] > chance) high = middle;
      else low = middle + 1;
    }
    counts[low] += 1;
  }
  return counts;
}

// The same luck at every temperature of `temperatures`, a few at a time: yields { temperature, shares of the first n places, drawn }.
export function* sweep(falling, settings, luck, temperatures, n) {
  for (const temperature of temperatures) {
    const result = distribution(falling, { ...settings, temperature });
    yield { temperature, shares: Array.from({ length: n }, (_, i) => probabilityAt(result, i)), drawn: drawnPlace(result, luck) };
  }
}

// From the points of a sweep: where the draw becomes another, to within `width` of temperature. [{ from, to, drawn }]
export function flips(falling, settings, luck, points, width) {
  const drawnAt = (temperature) => drawnPlace(distribution(falling, { ...settings, temperature }), luck);
  const spans = [{ from: points[0].temperature, drawn: points[0].drawn }];
  for (let i = 1; i < points.length; i += 1) {
    if (points[i].drawn === points[i - 1].drawn) continue;
    let [below, above] = [points[i - 1].temperature, points[i].temperature];
    while (above - below > width) {
      const middle = (below + above) / 2;
      if (drawnAt(middle) === points[i - 1].drawn) below = middle;
      else above = middle;
    }
    spans.push({ from: above, drawn: points[i].drawn });
  }
  return spans.map((span, i) => ({ ...span, to: i + 1 < spans.length ? spans[i + 1].from : points[points.length - 1].temperature }));
}
