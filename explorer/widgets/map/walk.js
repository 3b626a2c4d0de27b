// The walk through the machine: about a dozen stops from bytes to the drawn token, each with its part of the map and its caption.
import { filled } from '../shared/dom.js';
import { fixed, grouped, percent } from '../shared/numbers.js';
import { plainLength, strongest } from './reading.js';
import { writtenShare } from './data.js';
import { joints, stripRows } from './layout.js';

// In the order of the walk; parts: what is lit, by the names that litParts knows. steps: of an open layer, which stays open there and
// lights these instead.
export const STOPS = [
  { name: 'text', parts: ['tokens'] },
  { name: 'tokens', parts: ['tokens'] },
  { name: 'embed', parts: ['tokens', 'embed'] },
  { name: 'stream', parts: ['rows'] },
  { name: 'norm', parts: ['layer', 'read'], steps: ['resid_pre', 'ln1'] },
  { name: 'scores', parts: ['layer', 'heads'], steps: ['q', 'k', 'v', 'scores'] },
  { name: 'pattern', parts: ['layer', 'heads', 'arcs'], steps: ['pattern'] },
  { name: 'values', parts: ['layer', 'heads', 'attention'], steps: ['z', 'attn_out', 'resid_mid'] },
  { name: 'mlp', parts: ['layer', 'mlp', 'mlpAdds'], steps: ['ln2', 'mlp_pre', 'mlp_post', 'mlp_out', 'resid_post'] },
  { name: 'guess', parts: ['guess'] },
  { name: 'layers', parts: ['layers'] },
  { name: 'logits', parts: ['norm', 'bars'] },
  { name: 'softmax', parts: ['bars'] },
  { name: 'draw', parts: ['bars'] },
];

// What each stop says, with this sentence's own numbers.
export function captionOf(scene, stop) {
  const { data, words, cursor, guess, names, settings } = scene;
  const { about } = data;
  const { token, layer, head } = cursor;
  const label = about.labels[token];
  const length = (site, at = layer) => plainLength(data.length(site, at, token));
  const share = (site) => percent(writtenShare(data, site, layer, token));
  const most = strongest(data, layer, head, token), weight = data.weight(layer, head, token, most);
  const name = (id) => (id === undefined ? '…' : names[id][0]);
  const stopName = STOPS[stop].name;
  return filled(words[`walk_${stopName}`], {
    n: about.tokens,
    vocabulary: grouped(about.vocabulary),
    width: grouped(about.width),
    token: label[0],
    id: grouped(label[2]),
    position: token,
    layer,
    head,
    layers: about.layers,
    heads: about.heads,
    head_width: about.head_width,
    root: fixed(Math.sqrt(about.head_width), 2),
    tok_emb: length('tok_emb', null),
    pos_emb: length('pos_emb', null),
    embed: length('embed', null),
    key: about.labels[most][0],
    key_position: most,
    weight: Number.isNaN(weight) ? '–' : percent(Math.min(1, weight)),
    attn_length: length('attn_out'),
    attn_share: share('attn_out'),
    mlp_length: length('mlp_out'),
    mlp_share: share('mlp_out'),
    neurons: grouped(4 * about.width),
    stream: length('resid_post'),
    last: length('resid_post', about.layers - 1),
    guess: name(guess?.first[layer + 1]),
    guess_share: guess ? percent(guess.shares[layer + 1]) : '…',
    path: pathOf(guess, names),
    best: name(guess?.bars[0]),
    best_share: guess ? percent(guess.bar_shares[0]) : '…',
    drawn: name(guess?.drawn),
    temperature: settings.temperature,
    kept: guess ? grouped(guess.n_kept) : '…',
  });
}

// The first guesses after the layers, each told once until another comes.
function pathOf(guess, names) {
  const path = guess ? guess.first.slice(1).map((id) => names[id][0]) : ['…'];
  return path.filter((name, place) => name !== path[place - 1]).join(' → ');
}

// The rectangles that stay lit at a stop; the rest of the map is dimmed.
export function litParts({ layout, inside }, stop) {
  const { columns, at, top, bottom } = layout;
  const { parts, steps } = STOPS[stop];
  const column = columns[at.layer];
  if (layout.open && steps) return openSteps(layout, inside, steps);
  const written = joints(column), half = Math.max(0.1 * column.width, Math.min(0.7 * layout.size, 0.3 * column.width));
  const through = (from, to) => ({ x: from, y: top, width: to - from, height: bottom - top }); // all lines, of a part of the column
  const whole = { x: columns[0].x, width: columns.at(-1).x + columns.at(-1).width - columns[0].x };
  const row = layout.rows.find((one) => one.token === at.token);
  const boxes = {
    tokens: { x: layout.tokens.x, y: top, width: layout.tokens.width, height: bottom - top },
    embed: { x: layout.embed.x, y: top, width: layout.embed.width, height: bottom - top },
    rows: { x: layout.tokens.x, y: top, width: layout.norm.x + layout.norm.width, height: bottom - top },
    layer: { x: column.x, y: layout.title.y, width: column.width, height: layout.title.height }, // its name
    read: through(column.x, written.attn_out - half), // the stream as the layer finds it
    arcs: through(column.x, written.attn_out),
    attention: through(written.attn_out - half, written.attn_out + half), // where it is added
    mlpAdds: through(written.attn_out + half, column.x + column.width),
    heads: { x: column.x, y: layout.heads.y, width: column.width, height: layout.heads.height },
    mlp: { x: column.x, y: layout.mlp.y - 3, width: column.width, height: layout.mlp.height + 6 },
    guess: { x: whole.x, y: row ? row.y : top, width: whole.width, height: row ? row.height : bottom - top },
    layers: { x: whole.x, y: 0, width: whole.width, height: bottom },
    norm: { x: layout.norm.x, y: 0, width: layout.norm.width, height: bottom },
    bars: layout.bars,
  };
  return parts.map((name) => boxes[name]);
}

// The lines of an open layer's steps; all of it until they have come.
function openSteps(layout, inside, steps) {
  const { x, width } = layout.columns[layout.at.layer];
  if (!inside) return [{ x, y: layout.title.y + layout.title.height, width, height: layout.bottom - layout.title.height }];
  return stripRows(layout, inside.length)
    .filter((_row, index) => steps.includes(inside[index].site))
    .map(({ y, height }) => ({ x, y, width, height }));
}
