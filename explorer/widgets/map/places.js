// What lies under the finger, where the keys lead, and the box around it. A place is { kind, ... }: no page, no canvas.
import { barRows, headSquares, isInside, isNarrow, joints, rowOf, stripRows } from './layout.js';
import { arcsOf, farthest, guessPlaces, heightOfArc } from './paint.js';
import { stepInList } from '../shared/keys.js';

const NEAR = 9; // pixels around a small mark that still mean it
const ON_ARC = 5;

// The place at x, y, or null.
export function placeAt(scene, x, y) {
  const { layout, guess, inside } = scene;
  const { open, at, about } = layout;
  const layer = layout.columns.findIndex((column) => x >= column.x && x < column.x + column.width);
  if (layer >= 0 && y < layout.title.height) return { kind: 'layer', layer };
  if (open && layer === at.layer && y < layout.bottom) return inside ? stripAt(scene, x, y) : null;
  if (guess && isInside(layout.bars, x, y)) {
    const index = barRows(layout, guess.bars.length, Boolean(scene.before)).findIndex((row) => y >= row.y && y < row.y + row.height);
    if (index >= 0) return { kind: 'bar', id: guess.bars[index] };
    if (!layout.tall) return null;
  }
  if (layer >= 0 && y >= layout.heads.y && y < layout.heads.y + layout.heads.height) return headAt(scene, layer, x, y);
  if (layer >= 0 && y >= layout.mlp.y - 2 && y < layout.mlp.y + layout.mlp.height + 3) return neuronAt(scene, layer, x);
  const arc = layer === at.layer && !open ? arcAt(scene, x, y) : null;
  if (arc) return arc;
  const row = layout.rows.find((line) => y >= line.y && y < line.y + line.height);
  if (!row) return null;
  if (row.folded) return { kind: 'token', token: row.folded[0] === 0 ? row.folded[1] - 1 : row.folded[0] }; // the nearest of them
  const { token } = row;
  if (token === at.token && y > row.line + 0.6 * layout.size && guess && !open) {
    const place = guessPlaces(layout, guess.first.length).findIndex((room) => x >= room.x && x < room.x + room.width);
    if (place > 0) return { kind: 'guess', place };
  }
  if (x < layout.tokens.width) return { kind: 'token', token };
  if (x < layout.embed.x + layout.embed.width) return { kind: 'embed', token, site: x < layout.embed.x + layout.embed.width / 2 ? 'tok_emb' : 'pos_emb' };
  if (layer < 0 || layer >= about.layers) return { kind: 'norm', token };
  const joint = joints(layout.columns[layer]);
  return { kind: 'written', layer, token, site: Math.abs(x - joint.attn_out) <= Math.abs(x - joint.mlp_out) ? 'attn_out' : 'mlp_out' };
}

function headAt({ layout, data }, layer, x, y) {
  const { side, at } = headSquares(layout, layer);
  for (let head = 0; head < layout.about.heads; head++) {
    const square = at(head);
    const dx = (x - square.x) / side, dy = (y - square.y) / side;
    if (dx < 0 || dx >= 1 || dy < 0 || dy >= 1) continue;
    const query = Math.min(layout.about.tokens - 1, Math.floor(dy * data.side) * data.about.pooled);
    const key = Math.min(layout.about.tokens - 1, Math.floor(dx * data.side) * data.about.pooled);
    return side < 12 || side < data.side / 2 ? { kind: 'head', layer, head } : { kind: 'head', layer, head, query, key };
  }
  return null;
}

// The weight whose arc runs here; where arcs meet, each runs into its own line.
function arcAt(scene, x, y) {
  const { at } = scene.layout;
  const off = (arc) => Math.abs(heightOfArc(arc, x) - y);
  const near = arcsOf(scene, at.token).filter((arc) => !arc.row.folded && arc.row !== arc.to && x > arc.start && x < arc.end - NEAR && off(arc) < ON_ARC);
  if (!near.length) return null;
  const nearest = near.reduce((best, arc) => (off(arc) < off(best) ? arc : best));
  return { kind: 'head', layer: at.layer, head: scene.cursor.head, query: at.token, key: nearest.row.token };
}

function neuronAt({ layout, data }, layer, x) {
  const { x: left, width } = layout.columns[layer];
  const n = data.about.neurons;
  if (!n || isNarrow(layout.columns[layer], layout.size)) return { kind: 'mlp', layer };
  return { kind: 'mlp', layer, bin: Math.max(0, Math.min(n - 1, Math.floor(((x - left) / width) * n))) };
}

function stripAt({ layout, inside }, x, y) {
  const rows = stripRows(layout, inside.length);
  const step = rows.findIndex((row) => y >= row.y && y < row.y + row.height);
  if (step < 0) return null;
  const { strip } = rows[step];
  const n = inside[step].values.length;
  const part = (x - strip.x) / strip.width;
  if (part < 0 || part >= 1) return { kind: 'strip', step, at: farthest(inside[step].values, 0, n).index }; // its name: its largest
  const cells = Math.min(n, Math.floor(strip.width));
  const cell = Math.floor(part * cells);
  const from = Math.floor((cell * n) / cells);
  return { kind: 'strip', step, at: farthest(inside[step].values, from, Math.max(from + 1, Math.floor(((cell + 1) * n) / cells))).index };
}

// The rectangle to frame for a place; null where nothing stands for it on the map now.
export function boxOf(scene, place) {
  const { layout, guess } = scene;
  const around = (x, y, radius) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });
  const line = (token) => rowOf(layout, token)?.line;
  if (place.token !== undefined && rowOf(layout, place.token)?.folded) return null;
  if (place.kind === 'layer') return { x: layout.columns[place.layer].x + 1, y: 1, width: layout.columns[place.layer].width - 2, height: layout.title.height - 2 };
  if (place.kind === 'head') {
    if (layout.open && place.layer === layout.at.layer) return null;
    const { side, at } = headSquares(layout, place.layer);
    return { ...at(place.head), width: side, height: side };
  }
  if (place.kind === 'mlp') return { x: layout.columns[place.layer].x + 1, y: layout.mlp.y - 1, width: layout.columns[place.layer].width - 2, height: layout.mlp.height + 2 };
  if (place.kind === 'token') return { x: 1, y: line(place.token) - 0.75 * layout.size, width: layout.tokens.width - 4, height: 1.5 * layout.size };
  if (place.kind === 'embed') return around(layout.embed.x + layout.embed.width / 2 + (place.site === 'tok_emb' ? -0.5 : 0.5) * layout.size, line(place.token), NEAR);
  if (place.kind === 'written') return around(joints(layout.columns[place.layer])[place.site], line(place.token), NEAR);
  if (place.kind === 'norm') return { x: layout.norm.x, y: line(place.token) - NEAR, width: layout.norm.width, height: 2 * NEAR };
  if (place.kind === 'guess') {
    const { x, width } = guessPlaces(layout, layout.about.layers + 1)[place.place];
    return { x: x + 1, y: line(layout.at.token) + 0.55 * layout.size, width: width - 2, height: 2.3 * layout.size };
  }
  if (place.kind === 'bar') {
    const index = guess ? guess.bars.indexOf(place.id) : -1;
    const row = index < 0 ? null : barRows(layout, guess.bars.length, Boolean(scene.before))[index];
    return row ? { x: row.x - 2, y: row.y + 1, width: row.width + 2, height: row.height - 2 } : null;
  }
  if (place.kind === 'strip' && scene.inside) {
    const row = stripRows(layout, scene.inside.length)[place.step];
    if (!row) return null;
    if (place.at === undefined) return { x: row.name.x - 6, y: row.y, width: row.strip.x + row.strip.width - row.name.x + 6, height: row.height };
    const n = scene.inside[place.step].values.length;
    return { x: row.strip.x + (place.at / n) * row.strip.width - 1, y: row.strip.y - 2, width: Math.max(3, row.strip.width / n + 2), height: row.strip.height + 4 };
  }
  return null;
}

// The places of the map as columns of lists, for the keys: left and right lead to the next column, up and down along it.
export function columnsOfPlaces({ layout, guess, inside, cursor }) {
  const shown = layout.rows.filter((row) => !row.folded).map((row) => row.token);
  const { layer: picked, token } = layout.at;
  const layers = layout.columns.map((_, layer) => {
    const title = { kind: 'layer', layer };
    if (layout.open && layer === picked) return [title, ...(inside ?? []).map((_strip, step) => ({ kind: 'strip', step }))];
    const heads = Array.from({ length: layout.about.heads }, (_each, head) => ({ kind: 'head', layer, head }));
    const written = ['attn_out', 'mlp_out'].map((site) => ({ kind: 'written', layer, token, site }));
    return [title, ...heads, { kind: 'mlp', layer }, ...written, ...(guess && !layout.open ? [{ kind: 'guess', place: layer + 1 }] : [])];
  });
  return [
    shown.map((at) => ({ kind: 'token', token: at })),
    [{ kind: 'embed', token, site: 'tok_emb' }, { kind: 'embed', token, site: 'pos_emb' }],
    ...layers,
    [{ kind: 'norm', token }],
    (guess?.bars ?? []).slice(0, barRows(layout, guess?.bars.length ?? 0, false).length).map((id) => ({ kind: 'bar', id })),
  ].filter((column) => column.length && cursor);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Where a key leads from `place`; undefined for a key that does not move. Inside an open layer left and right lead along a step's
// numbers, sizes[step] of them.
export function stepped(key, place, columns, sizes = []) {
  if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(key)) return undefined;
  if (place?.kind === 'strip' && !['ArrowUp', 'ArrowDown'].includes(key)) {
    const at = stepInList(key, place.at ?? -1, sizes[place.step]);
    return { ...place, at };
  }
  const { at: _number, ...known } = place ?? {};
  let column = columns.findIndex((list) => list.some((one) => same(one, known)));
  if (column < 0) column = Math.max(0, columns.findIndex((list) => list[0].kind === place?.kind && list[0].layer === place?.layer));
  const list = columns[column];
  const at = Math.max(0, list.findIndex((one) => same(one, known)));
  if (key === 'ArrowUp' || key === 'ArrowDown') return list[Math.max(0, Math.min(list.length - 1, at + (key === 'ArrowDown' ? 1 : -1)))];
  if (key === 'Home' || key === 'End') return key === 'Home' ? list[0] : list.at(-1);
  const next = columns[Math.max(0, Math.min(columns.length - 1, column + (key === 'ArrowRight' ? 1 : -1)))];
  // the same kind of place one layer on, where there is one
  const alike = next.find((one) => one.kind === place?.kind && one.head === place?.head && one.site === place?.site);
  return alike ?? next.find((one) => one.kind === 'token' && one.token === place?.token) ?? next[0];
}
