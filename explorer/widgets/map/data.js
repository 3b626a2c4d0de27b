// What the server sent, as the map reads it: no page, no canvas.
import { bytesOf, floatsOf } from '../shared/numbers.js';

const LENGTHS = ['tok_emb', 'pos_emb', 'embed', 'attn_out', 'mlp_out', 'resid_mid', 'resid_post']; // as map_value sends them

// { about, weight(layer, head, query, key), length(site, layer, token), neuron(layer, token, bin) }, plus the raw weights' side for pictures.
export function unpacked({ about: told, patterns, lengths, neurons, numbers }) {
  const about = JSON.parse(told);
  const weights = { exact: floatsOf, half: halvesOf, pooled: bytesOf, none: () => null }[about.form](patterns);
  const side = Math.ceil(about.tokens / about.pooled);
  const each = about.causal ? (side * (side + 1)) / 2 : side * side;
  const lengthAt = lengthsOf(floatsOf(lengths), about);
  const values = neurons ? floatsOf(neurons) : null, places = neurons ? floatsOf(numbers) : null;
  // One dot of a head's picture.
  const dot = (layer, head, row, column) => {
    if (!weights || (about.causal && column > row)) return NaN;
    const value = weights[(layer * about.heads + head) * each + (about.causal ? (row * (row + 1)) / 2 : row * side) + column];
    return about.form === 'pooled' ? value / 255 : value;
  };
  const rows = new Map(); // queries of a pooled pattern whose weights are known one by one: [L, H, T]
  return {
    about, side,
    learn: (query, row) => rows.set(query, floatsOf(row)),
    isExact: (query) => about.form === 'exact' || about.form === 'half' || rows.has(query),
    // NaN where a query sees nothing, or nothing is known; a dot's greatest weight where the pattern is pooled.
    weight: (layer, head, query, key) => {
      if (about.causal && key > query) return NaN;
      if (rows.has(query)) return rows.get(query)[(layer * about.heads + head) * about.tokens + key];
      return dot(layer, head, Math.floor(query / about.pooled), Math.floor(key / about.pooled));
    },
    dot,
    length: lengthAt,
    // { value, number } of the neuron that is farthest from 0 in this bin.
    neuron: (layer, token, bin) => {
      const at = (layer * about.tokens + token) * about.neurons + bin;
      return values ? { value: values[at], number: places[at] } : null;
    },
  };
}

function lengthsOf(all, { layers, tokens }) {
  const start = {};
  let at = 0;
  for (const site of LENGTHS) {
    start[site] = at;
    at += ['tok_emb', 'pos_emb', 'embed'].includes(site) ? tokens : layers * tokens;
  }
  return (site, layer, token) => all[start[site] + (layer ?? 0) * tokens + token];
}

// float16 as numbers.
export function halvesOf(base64) {
  const bytes = bytesOf(base64);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, index) => half(view.getUint16(2 * index, true)));
}

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// How much of the stream was just written, 0 to 1: the length of what is added beside that of the sum.
export function writtenShare(data, site, layer, token) {
  const added = data.length(site, layer, token);
  const sum = data.length(site === 'attn_out' ? 'resid_mid' : 'resid_post', layer, token);
  return added === 0 ? 0 : added / (added + sum);
}
