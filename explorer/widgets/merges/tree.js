// The forest as bricks: bytes below, each merge a brick over the two that it joins, and over every two neighbours their rank.
// Only what is in sight is drawn, so that a piece of thousands of bytes stays fluid.
import { svgNode } from '../shared/dom.js';
import { cut } from '../shared/cut.js';
import { grouped } from '../shared/numbers.js';

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;
const MARGIN = 2; // bricks beyond the edge that are drawn all the same

// In em of the widget's text.
export const SIZES = { column: 3.5, brick: 2.7, row: 3.7, badge: 1.25, top: 1.9 };

const widthOf = (em) => (text) => [...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 1.05 : 0.62) * em, 0);

// What lies between `from` and `from` + `width` pixels of the forest, as elements. em: the text's size. row: the numbers of the parts that
// stand after `step` merges; neighbours: of these, with ranks; next: the place at which the next merge joins, or undefined.
export function bricks({ forest, kinds, row, neighbours, step, next, from, width, em }) {
  const column = SIZES.column * em, high = SIZES.row * em, brick = SIZES.brick * em;
  const base = forest.levels * high + SIZES.top * em;
  const [first, last] = [Math.floor(from / column) - MARGIN, Math.ceil((from + width) / column) + MARGIN];
  const seen = (part) => part.last > first && part.first < last;
  const yOf = (level) => base - level * high;
  const made = [];
  const standing = new Set(row);
  for (let number = 0; number < forest.n + step; number += 1) {
    const part = forest.parts[number];
    if (!seen(part)) continue;
    const x = part.first * column - from, w = (part.last - part.first) * column;
    for (const child of [part.left, part.right]) {
      const below = child < 0 ? null : forest.parts[child];
      if (!below) continue;
      const middle = ((below.first + below.last) / 2) * column - from;
      made.push(svgNode('line', { class: 'stem', x1: middle, x2: middle, y1: yOf(part.level) + brick, y2: yOf(below.level) }));
    }
    const { text, id, tint } = kinds[part.kind];
    const kind = ['brick', standing.has(number) ? 'standing' : '', number === forest.n + step - 1 && step > 0 ? 'made' : ''].filter(Boolean).join(' ');
    const box = svgNode('rect', { x: x + 3, y: yOf(part.level), width: w - 6, height: brick, rx: 6 });
    const colour = `var(--token-${tint})`;
    box.style.fill = standing.has(number) ? colour : `color-mix(in srgb, ${colour} 50%, var(--print-paper))`; // what is joined is paler
    const fitting = cut(text, w - 10, widthOf(em));
    const told = svgNode('text', { class: 'text', x: x + w / 2, y: yOf(part.level) + 1.15 * em, 'text-anchor': 'middle' }, fitting);
    const rank = svgNode('text', { class: 'id', x: x + w / 2, y: yOf(part.level) + 2.25 * em, 'text-anchor': 'middle' }, id === null ? '–' : String(id));
    made.push(svgNode('g', { class: kind }, svgNode('title', {}, `${text} ${id ?? ''}`), box, told, rank));
  }
  for (const { place, left, right, rank } of neighbours) {
    if (place <= first || place >= last) continue;
    const x = place * column - from;
    const level = Math.max(...[place - 1, place].map((one) => levelAt(forest, row, one)));
    const y = yOf(level) - SIZES.badge * em - 4;
    const text = rank === null ? '–' : grouped(rank);
    const half = Math.max(0.62 * em, 0.31 * em * text.length + 5);
    const kind = rank === null ? 'badge never' : place === next ? 'badge winner' : 'badge';
    const box = svgNode('rect', { x: x - half, y, width: 2 * half, height: SIZES.badge * em, rx: 0.62 * em });
    const about = svgNode('title', {}, `${kinds[left].text} + ${kinds[right].text}`);
    made.push(svgNode('g', { class: kind }, about, box, svgNode('text', { x, y: y + 0.95 * em, 'text-anchor': 'middle' }, text)));
  }
  return made;
}

// The level of the standing part that covers a place.
function levelAt({ parts }, row, place) {
  let [low, high] = [0, row.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (parts[row[middle]].first <= place) low = middle;
    else high = middle - 1;
  }
  return parts[row[low]].level;
}
