// The map's picture, everything but what follows the finger. pen: a canvas context in CSS pixels.
import { barRows, headSquares, joints, rowOf, stripRows } from './layout.js';
import { writtenShare } from './data.js';
import { cut } from '../shared/cut.js';
import { filled } from '../shared/dom.js';
import { grouped, inUnits, percent } from '../shared/numbers.js';

const FAINTEST = 0.004; // of the weights that are drawn as arcs
const PAIR = { now: 0.62, before: 0.3 }; // parts of a line of bars with the edits and without

// scene: layout, data, style, guess and before (of the picked token, or null), names, next (a token id or null), words, cursor.
export function paintMap(pen, scene) {
  const { layout } = scene;
  paintTitles(pen, scene);
  for (let layer = 0; layer < layout.about.layers; layer++) {
    if ((layout.open && layer === layout.at.layer) || !layout.columns[layer].width) continue;
    paintHeads(pen, scene, layer);
    paintNeurons(pen, scene, layer);
  }
  if (layout.open) paintStrips(pen, scene);
  else paintArcs(pen, scene, layout.at.token, 1);
  if (!(layout.open && layout.tall)) layout.rows.forEach((row) => paintRow(pen, scene, row));
  if (!layout.open) paintGuesses(pen, scene);
  paintBars(pen, scene);
}

function text(pen, style, string, x, y, { colour = style.ink, align = 'left', size = style.size, most = Infinity, mono = false, weight = '' } = {}) {
  pen.font = `${weight} ${size}px ${mono ? style.mono : style.sans}`;
  pen.fillStyle = colour;
  pen.textAlign = align;
  pen.textBaseline = 'middle';
  pen.fillText(fitting(pen, string, most), x, y);
}

// `string` cut so that it is at most `most` pixels wide in the pen's font.
function fitting(pen, string, most) {
  return cut(string, most, (part) => pen.measureText(part).width);
}

function box(pen, x, y, width, height, radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(x, y, Math.max(0, width), height, radius);
  pen.fill();
}

function paintTitles(pen, { layout, style, words, data }) {
  const { columns, title, size, embed, norm, bars } = layout;
  const middle = title.y + title.height / 2;
  const small = 0.875 * size;
  columns.forEach((column, layer) => {
    const picked = layer === layout.at.layer;
    if ((layout.open && picked) || !column.width) return; // that of an open one stands over its strips
    pen.font = `700 ${small}px ${style.sans}`;
    const whole = filled(words.layer_title, { layer });
    const name = pen.measureText(whole).width > column.width - 4 ? String(layer) : whole;
    if (column.width < 1.1 * size && !picked && layer % Math.ceil((1.3 * size) / column.width)) return;
    text(pen, style, name, column.x + column.width / 2, middle, { align: 'center', size: small, weight: picked ? '700' : '', colour: picked ? style.ink : style.soft, most: Math.max(column.width, 1.5 * size) });
  });
  const isLast = layout.at.token === layout.about.tokens - 1;
  const next = isLast ? words.next_title : filled(words.next_after, { token: data.about.labels[layout.at.token][0] });
  text(pen, style, next, bars.x, bars.y + title.height / 2, { size: small, weight: '600', most: bars.width });
  if (layout.tall) return;
  const about = data.about;
  const gutter = embed.x + embed.width;
  const label = (y, name, count) => {
    text(pen, style, name, 0, y - 0.55 * size, { size: small, weight: '600', most: gutter });
    text(pen, style, filled(words.parameters, { n: inUnits(count) }), 0, y + 0.55 * size, { size: 0.8 * size, colour: style.soft, most: gutter });
  };
  label(layout.heads.y + 0.4 * layout.heads.height, words.heads_label, about.counts.attention);
  label(layout.mlp.y + 0.3 * layout.mlp.height, words.mlp_label, about.counts.mlps);
  text(pen, style, words.norm_title, norm.x + norm.width / 2, middle, { align: 'center', size: small, colour: style.soft, most: norm.width + 1.2 * size });
}

export const isOff = (edits, ...names) => names.some((name) => edits.includes(name));

function paintHeads(pen, scene, layer) {
  const { layout, style, data, pictures } = scene;
  const { heads } = layout.about;
  const { side, at } = headSquares(layout, layer);
  if (side <= 0) return;
  pen.imageSmoothingEnabled = side < data.side; // smaller than its dots: averaged, else sharp
  for (let head = 0; head < heads; head++) {
    const { x, y } = at(head);
    if (pictures) pen.drawImage(pictures(layer, head), x, y, side, side);
    else box(pen, x, y, side, side, 2, style.wash);
    if (isOff(data.about.edits, `head:${layer}.${head}`, `mean-head:${layer}.${head}`, `attention:${layer}`, `layer:${layer}`, `mean-attention:${layer}`, `mean-layer:${layer}`)) crossOut(pen, style, x, y, side, side);
    const cost = scene.costs?.get(`head:${layer}.${head}`);
    if (cost > 0 && side > 5) box(pen, x, y + side - Math.max(2, 0.12 * side), side * cost, Math.max(2, 0.12 * side), 0, style.key);
    if (layer === layout.at.layer && head === scene.cursor.head) frame(pen, style.query, x - 1, y - 1, side + 2, side + 2, 2.5);
  }
}

export function frame(pen, colour, x, y, width, height, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x, y, width, height);
}

function crossOut(pen, style, x, y, width, height) {
  pen.globalAlpha = 0.7;
  pen.fillStyle = style.paper;
  pen.fillRect(x, y, width, height);
  pen.globalAlpha = 1;
  pen.strokeStyle = style.key;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(x, y + height);
  pen.lineTo(x + width, y);
  pen.stroke();
}

// The picked token's strongest neurons in each bin, over the layer's largest.
function paintNeurons(pen, scene, layer) {
  const { layout, style, data } = scene;
  const { x, width } = layout.columns[layer];
  const { y, height } = layout.mlp;
  const inset = Math.min(4, 0.06 * width), left = x + inset, room = width - 2 * inset;
  box(pen, left, y, room, height, 2, style.wash);
  const n = data.about.neurons;
  const most = n ? scene.loudest(layer) : 0;
  for (let bin = 0; bin < n && most > 0; bin++) {
    const { value } = data.neuron(layer, layout.at.token, bin);
    const high = (Math.abs(value) / most) * height;
    pen.fillStyle = value < 0 ? style.key : style.ink;
    pen.fillRect(left + (bin * room) / n, y + height - high, Math.max(0.6, room / n - (room > 3 * n ? 1 : 0)), high);
  }
  if (isOff(data.about.edits, `mlp:${layer}`, `mean-mlp:${layer}`, `layer:${layer}`, `mean-layer:${layer}`)) crossOut(pen, style, left, y, room, height);
  const cost = scene.costs?.get(`mlp:${layer}`);
  if (cost > 0) box(pen, left, y + height + 1, room * cost, 3, 0, style.key);
}

// One token's line through all columns.
function paintRow(pen, scene, row) {
  const { layout, style, data, words } = scene;
  const { size, at } = layout;
  if (row.folded) {
    const [from, to] = row.folded;
    text(pen, style, filled(words.folded, { n: to - from }), layout.tokens.x + 4, row.line, { size: 0.875 * size, colour: style.soft, most: layout.tokens.width + layout.embed.width });
    return;
  }
  const { token } = row;
  const picked = token === at.token;
  const [name, tint] = data.about.labels[token];
  const room = layout.tokens.width - 0.6 * size;
  pen.font = `${size}px ${style.mono}`;
  const label = fitting(pen, name, room - 0.6 * size);
  const wide = pen.measureText(label).width + 0.6 * size;
  const high = Math.min(1.35 * size, row.height - 2);
  box(pen, layout.tokens.x + 3, row.line - high / 2, wide, high, 5, style.tints[tint]);
  text(pen, style, label, layout.tokens.x + 3 + 0.3 * size, row.line + 0.5, { mono: true, colour: style.tokenInk });
  if (picked) frame(pen, style.accent, layout.tokens.x + 2, row.line - high / 2 - 1, wide + 2, high + 2, 2.5);
  paintStream(pen, scene, row, layout.tokens.x + 3 + wide, picked);
}

function paintStream(pen, scene, { token, line }, start, picked) {
  const { layout, style, data } = scene;
  const dimmed = picked ? 1 : 0.5;
  const strands = layout.columns.flatMap((column, layer) => {
    if (layout.open && layer === layout.at.layer) return [];
    const at = joints(column);
    return ['attn_out', 'mlp_out'].map((site) => ({ x: at[site], site, layer, share: writtenShare(data, site, layer, token) }));
  });
  pen.globalAlpha = dimmed;
  pen.strokeStyle = style.stream;
  pen.lineCap = 'round';
  const open = layout.open ? layout.columns[layout.at.layer] : null;
  const segment = (from, to, width) => {
    if (to <= from) return;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(from, line);
    pen.lineTo(to, line);
    pen.stroke();
  };
  let x = start + 4, width = picked ? 2 : 1;
  for (const strand of strands) {
    if (open && x < open.x && strand.x > open.x) {
      segment(x, open.x - 2, width);
      x = open.x + open.width + 2;
    }
    segment(x, strand.x, width);
    x = strand.x;
    width = (picked ? 1.6 : 0.8) + 6 * strand.share;
  }
  if (open && x < open.x) segment(x, open.x - 2, width);
  else segment(x, layout.norm.x + (picked ? layout.norm.width : 0.4 * layout.norm.width), width);
  for (const { x: center, site, layer, share } of strands) paintJoint(pen, scene, center, line, site, layer, share, picked);
  pen.globalAlpha = 1;
  const { size, embed } = layout;
  const middle = embed.x + embed.width / 2;
  for (const [site, at, colour] of [['tok_emb', middle - 0.5 * size, style.value], ['pos_emb', middle + 0.5 * size, style.soft]]) {
    if (layout.tall && site === 'pos_emb') continue;
    pen.globalAlpha = dimmed;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(at, line, 2 + 3 * Math.min(1, data.length(site, null, token) / (data.length('embed', null, token) || 1)), 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
  }
}

// What attention writes is a disc, what the MLP writes a diamond; as large as their part of the stream.
function paintJoint(pen, { style, layout }, x, y, site, layer, share, picked) {
  const column = layout.columns[layer].width;
  const radius = Math.min((picked ? 2.2 : 1.4) + 7 * share, 0.2 * column + 1);
  pen.fillStyle = site === 'attn_out' ? style.output : style.ink;
  pen.beginPath();
  if (site === 'attn_out') pen.arc(x, y, radius, 0, 2 * Math.PI);
  else [[0, -radius], [radius, 0], [0, radius], [-radius, 0]].forEach(([dx, dy], i) => (i ? pen.lineTo(x + dx, y + dy) : pen.moveTo(x + dx, y + dy)));
  pen.fill();
}

// The chosen head at one query: from each key's line, at the left of the layer's column, to the query's, where attention writes.
export function paintArcs(pen, scene, query, strength) {
  for (const { row, to, start, end, weight } of arcsOf(scene, query)) {
    pen.globalAlpha = strength * Math.min(1, 0.15 + weight);
    pen.strokeStyle = scene.style.query;
    pen.lineWidth = 0.8 + 7 * Math.min(1, weight);
    const middle = (start + end) / 2;
    pen.beginPath();
    pen.moveTo(start, row.line);
    pen.bezierCurveTo(middle, row.line, middle, to.line, end, to.line);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

// { row, to, start, end, weight } of each arc that is drawn at a query; a fold's weight is the sum over its tokens.
export function arcsOf({ layout, data, cursor }, query) {
  const { layer } = layout.at;
  const to = rowOf(layout, query);
  if (!to || to.folded || !data.isExact(query)) return [];
  const column = layout.columns[layer];
  const sums = new Map();
  for (let key = 0; key < layout.about.tokens; key++) {
    const weight = data.weight(layer, cursor.head, query, key);
    if (weight > 0) sums.set(rowOf(layout, key), (sums.get(rowOf(layout, key)) ?? 0) + weight);
  }
  return [...sums].filter(([, weight]) => weight >= FAINTEST).map(([row, weight]) => ({ row, to, start: column.x + 2, end: joints(column).attn_out, weight }));
}

// The height of an arc at x: the cubic that bezierCurveTo draws, whose control points lie half way.
export function heightOfArc({ row, to, start, end }, x) {
  const part = (x - start) / (end - start);
  let low = 0, high = 1;
  for (let step = 0; step < 20; step++) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t ** 3 < part) low = t; // x(t) = 3/2 t (1 - t) + t^3
    else high = t;
  }
  return row.line + (to.line - row.line) * (3 * low ** 2 - 2 * low ** 3);
}

// Below the picked line: what the model would say if it stopped after each layer; or the share of the chosen next token there.
function paintGuesses(pen, scene) {
  const { layout, style, guess, before, names, next, words } = scene;
  const row = rowOf(layout, layout.at.token);
  if (!row || row.folded) return;
  const spread = isSpread(layout);
  const size = layout.size, small = (spread ? 0.75 : 0.875) * size;
  const y = row.line + 1.35 * size, below = y + 1.05 * size;
  const start = layout.embed.x;
  if (!guess) return text(pen, style, words.waiting, layout.columns[0].x, y, { size: small, colour: style.soft });
  const chosen = next === null ? -1 : guess.bars.indexOf(next);
  if (!layout.tall) text(pen, style, chosen < 0 ? words.guess_label : words.share_label, 4, y, { size: small, colour: style.soft, most: start + layout.embed.width - 8 });
  const places = guessPlaces(layout, guess.first.length);
  places.forEach(({ x, width }, place) => {
    if (width < 2.2 * size || place === 0) return;
    const id = chosen < 0 ? guess.first[place] : next;
    const share = chosen < 0 ? guess.shares[place] : guess.along[place][chosen];
    const [name, tint] = names[id];
    const label = fitted(pen, style, name, width - 0.9 * size, small);
    const wide = pen.measureText(label).width + 0.5 * size;
    const left = x + width - wide - 3;
    box(pen, left, y - 0.62 * size, wide, 1.24 * size, 4, style.tints[tint]);
    text(pen, style, label, left + 0.25 * size, y + 0.5, { mono: true, size: small, colour: style.tokenInk });
    if (before && chosen < 0 && before.first[place] !== id) frame(pen, style.key, left - 1, y - 0.62 * size - 1, wide + 2, 1.24 * size + 2, 2);
    const told = spread ? `${place - 1}: ${percent(share)}` : percent(share);
    if (width >= 3.4 * size) text(pen, style, told, x + width - 3, below, { size: (spread ? 0.7 : 0.8) * size, align: 'right', colour: style.soft, most: width });
  });
}

function fitted(pen, style, string, most, size) {
  pen.font = ` ${size}px ${style.mono}`;
  return fitting(pen, string, most);
}

// The room for a guess after the embedding and after each layer. On a phone, where a column is narrower than a word, they share the
// whole width, and each says its layer.
export function guessPlaces(layout, n) {
  const even = layout.width / (n - 1);
  if (!isSpread(layout)) return [{ x: layout.embed.x, width: layout.embed.width }, ...layout.columns].slice(0, n);
  return [{ x: 0, width: 0 }, ...layout.columns.map((_, layer) => ({ x: layer * even, width: even }))].slice(0, n);
}

const isSpread = ({ tall, open, width, size, about }) => tall && !open && about.layers > 1 && width / about.layers >= 3.4 * size;

function paintBars(pen, scene) {
  const { layout, style, guess, before, names, next, words } = scene;
  if (!guess) return;
  const size = layout.size;
  const rows = barRows(layout, guess.bars.length, Boolean(before));
  const most = Math.max(...guess.bar_shares, ...(before ? before.bar_shares : []));
  const named = Math.min(0.42 * layout.bars.width, 7 * size);
  const told = 4.1 * size;
  rows.forEach(({ x, y, width, height }, index) => {
    const id = guess.bars[index], share = guess.bar_shares[index];
    const [name, tint] = names[id];
    const middle = y + height / 2;
    const label = fitted(pen, style, name, named - 0.9 * size, size);
    const wide = pen.measureText(label).width + 0.5 * size;
    const high = Math.min(1.35 * size, height - 3);
    box(pen, x, middle - high / 2, wide, high, 4, style.tints[tint]);
    text(pen, style, label, x + 0.25 * size, middle + 0.5, { mono: true, colour: style.tokenInk });
    if (id === next) frame(pen, style.accent, x - 1, middle - high / 2 - 1, wide + 2, high + 2, 2.5);
    const left = x + named, room = width - named - told;
    const thick = before ? PAIR.now * 0.8 * high : 0.6 * high;
    const top = before ? middle - thick / 2 - 2 : middle - thick / 2;
    box(pen, left, top, Math.max(1, (share / most) * room), thick, 2, style.bar);
    if (before) box(pen, left, top + thick + 1, Math.max(1, (shareBefore(before, id) / most) * room), PAIR.before * 0.8 * high, 2, style.barCut);
    text(pen, style, percent(share), x + width, before ? middle - 1 : middle, { align: 'right', size: 0.875 * size });
  });
  const shown = guess.bar_shares.slice(0, rows.length).reduce((sum, share) => sum + share, 0);
  const rest = guess.n_kept - rows.length;
  const end = rows.length ? rows.at(-1).y + rows.at(-1).height : layout.bars.y;
  if (rest > 0 && end + 1.3 * size <= layout.bars.y + layout.bars.height) {
    const said = filled(words.rest, { n: grouped(rest), share: percent(Math.max(0, Math.min(1, 1 - shown))) });
    text(pen, style, said, layout.bars.x, end + 0.7 * size, { size: 0.875 * size, colour: style.soft, most: layout.bars.width });
  }
}

// The share of a token before the edits: both are told of the same tokens.
export function shareBefore(before, id) {
  return before.bar_shares[before.bars.indexOf(id)];
}

function paintStrips(pen, scene) {
  const { layout, style, inside, words } = scene;
  const column = layout.columns[layout.at.layer];
  box(pen, column.x + 2, layout.title.y + layout.title.height, column.width - 4, layout.bottom - layout.title.height, 6, style.wash);
  if (!inside) return text(pen, style, words.waiting, column.x + 12, layout.title.height + 2 * layout.size, { colour: style.soft });
  const size = layout.size, small = 0.875 * size;
  const [heading] = stripRows(layout, inside.length);
  const middleOfTitle = layout.title.height / 2;
  if (heading.shape) text(pen, style, words.shape, heading.shape.x, middleOfTitle, { size: 0.8 * size, colour: style.soft, align: 'right' });
  text(pen, style, filled(words.layer_title, { layer: layout.at.layer }), heading.strip.x, middleOfTitle, { size: small, weight: '700' });
  if (heading.parameters) text(pen, style, words.learned, heading.parameters.x, middleOfTitle, { size: 0.8 * size, colour: style.soft, align: 'right' });
  stripRows(layout, inside.length).forEach((row, index) => {
    const strip = inside[index];
    const middle = row.y + row.height / 2;
    const colour = { q: style.query, k: style.key, v: style.value, attn_out: style.output, scores: style.query, pattern: style.query, z: style.value }[strip.site] ?? style.ink;
    pen.fillStyle = colour;
    pen.fillRect(column.x + 6, row.strip.y, 4, row.strip.height);
    text(pen, style, words[`step_${strip.site}`], row.name.x, middle, { size: small, weight: '600', most: row.name.width });
    if (row.shape) text(pen, style, strip.shape, row.shape.x, middle, { size: 0.8 * size, colour: style.soft, align: 'right' });
    if (row.parameters && strip.parameters) text(pen, style, inUnits(strip.parameters), row.parameters.x, middle, { size: 0.8 * size, colour: style.soft, align: 'right' });
    paintStrip(pen, style, strip, row.strip);
    const most = strip.values.reduce((sum, value) => Math.max(sum, Math.abs(value)), 0);
    text(pen, style, strip.share ? percent(Math.min(1, most)) : `±${Number(most.toPrecision(3))}`, row.told.x, middle, { size: 0.8 * size, colour: style.soft, most: row.told.width });
  });
}

// Blue above 0, red below, as far as the strip's largest; where there are more numbers than pixels, a pixel shows its largest.
function paintStrip(pen, style, { values, share }, { x, y, width, height }) {
  const n = values.length;
  const most = share ? 1 : values.reduce((sum, value) => Math.max(sum, Number.isFinite(value) ? Math.abs(value) : 0), 0) || 1;
  pen.fillStyle = style.paper;
  pen.fillRect(x, y, width, height);
  const cells = Math.min(n, Math.floor(width));
  for (let cell = 0; cell < cells; cell++) {
    const value = farthest(values, Math.floor((cell * n) / cells), Math.max(Math.floor(((cell + 1) * n) / cells), Math.floor((cell * n) / cells) + 1)).value;
    if (!Number.isFinite(value)) continue;
    pen.globalAlpha = Math.min(1, Math.abs(value) / most);
    pen.fillStyle = value < 0 ? style.key : style.query;
    pen.fillRect(x + (cell * width) / cells, y, width / cells + 0.3, height);
  }
  pen.globalAlpha = 1;
  frame(pen, style.rule, x + 0.5, y + 0.5, width - 1, height - 1, 1);
}

// The number among values[from..to) that is farthest from 0, and where it is.
export function farthest(values, from, to) {
  let at = from;
  for (let index = from + 1; index < to; index++) if (!(Math.abs(values[at]) >= Math.abs(values[index]))) at = index;
  return { value: values[at], index: at };
}

