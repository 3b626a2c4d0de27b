// A line a row: its id, its token, what it is multiplied by, and its numbers as colours; below, what they add up to.
import { chip } from '../shared/chips.js';
import { drawnAgain } from '../shared/canvas.js';
import { asPicture, attributed, filled, node } from '../shared/dom.js';
import { bytesOf, clamped, fixed, floatsOf } from '../shared/numbers.js';

export default function mount({ element, props, watch, words, palette }) {
  const root = element.querySelector('.lookup');
  const colours = { light: bytesOf(palette.light), dark: bytesOf(palette.dark) };
  let rows = new Float32Array(0);
  let about = null;
  let strips = []; // [canvas, place of the row]

  const paint = () => {
    if (!about) return;
    const table = colours[root.closest('.dark') ? 'dark' : 'light'];
    const width = rows.length / about.tokens.length, last = table.length / 3 - 1;
    for (const [canvas, place] of strips) {
      Object.assign(canvas, { width, height: 1 });
      const pen = canvas.getContext('2d');
      const image = pen.createImageData(width, 1);
      for (let column = 0; column < width; column++) {
        const value = rows[place * width + column];
        const at = Math.round(((clamped(value / about.limit, -1, 1) + 1) / 2) * last);
        image.data.set([table[3 * at], table[3 * at + 1], table[3 * at + 2], 255], 4 * column);
      }
      pen.putImageData(image, 0, 0);
    }
  };

  const strip = (place, said) => {
    const canvas = asPicture(node('canvas', 'lookup-strip'), said);
    strips.push([canvas, place]);
    return canvas;
  };
  const gap = (n) => node('li', 'lookup-gap', node('span', '', filled(words.gap, { n: n.toLocaleString('en') })));

  const draw = () => {
    if (!props.value?.about) return;
    about = JSON.parse(props.value.about);
    rows = floatsOf(props.value.rows);
    strips = [];
    const first = about.tokens[0][0], last = about.tokens.at(-1)[0];
    const lines = about.tokens.map(([id, text, tint], place) => {
      const isPicked = place === about.picked;
      const factor = node('b', 'lookup-factor', isPicked ? '1' : '0');
      const made = node('li', 'lookup-row', factor, node('span', 'lookup-times', '×'), strip(place, filled(words.row_said, { id, token: text })), node('span', 'lookup-id', String(id)), chip({ text, tint }, 'lookup-token'));
      return attributed(made, { 'data-picked': isPicked ? '' : null });
    });
    const [id, text, tint] = about.tokens[about.picked];
    const sum = node('li', 'lookup-row lookup-sum', node('b', 'lookup-factor', 'Σ'), node('span', 'lookup-times', '='), strip(about.picked, filled(words.sum_said, { id, token: text })), node('span', 'lookup-id', String(id)), chip({ text, tint }, 'lookup-token'));
    const list = node('ol', '', ...(first ? [gap(first)] : []), ...lines, ...(last < about.n - 1 ? [gap(about.n - 1 - last)] : []), sum);
    root.replaceChildren(node('p', 'lookup-head', words.head), list, node('p', 'lookup-scale', filled(words.scale, { limit: fixed(about.limit, 2), low: fixed(-about.limit, 2) })));
    paint();
  };

  root.figureTable = () => {
    const width = about ? rows.length / about.tokens.length : 0;
    return {
      columns: [words.id, words.token, words.factor, ...Array.from({ length: width }, (_, column) => String(column))],
      rows: (about?.tokens ?? []).map(([id, text], place) => [id, text, Number(place === about.picked), ...rows.slice(place * width, (place + 1) * width)]),
    };
  };
  drawnAgain(root, paint);
  watch('value', draw);
  draw();
}
