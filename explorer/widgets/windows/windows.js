// The line above is the whole text: blue what is trained on, red what is held back, a mark for each window of the batch that the
// chosen one is read in. Below, the window's tokens as inputs, and under each the token that it is asked for.
import { drawnAgain, penOn } from '../shared/canvas.js';
import { chip } from '../shared/chips.js';
import { asPicture, attributed, colourOf, filled, finder, node, put } from '../shared/dom.js';
import { listKeys, select } from '../shared/keys.js';
import { grouped } from '../shared/numbers.js';

const FEW = 6; // tokens before the one that is asked for, in the sentence below

export default function mount({ element, props, watch, words, SHOWN }) {
  const inside = finder(element);
  const find = (name) => inside(`windows-${name}`);
  const canvas = element.querySelector('canvas');
  const range = element.querySelector('input');
  const rows = find('rows');
  let data = null;
  let at = 0; // the window, in the order of reading
  let place = 0; // the prediction

  const batchOf = (window) => Math.floor(window / data.batch);

  const paint = () => {
    const paper = data ? penOn(canvas) : null;
    if (!paper) return;
    const { pen, width, height } = paper;
    const whole = data.train + data.held_out;
    const x = (token) => (token / whole) * width;
    const bar = (from, to, colour, alpha, top, high) => {
      pen.globalAlpha = alpha;
      pen.fillStyle = colourOf(canvas, colour);
      pen.fillRect(x(from), top, Math.max(2, x(to) - x(from)), high);
      pen.globalAlpha = 1;
    };
    bar(0, data.train, '--query', 0.25, height / 2 - 5, 10);
    bar(data.train, whole, '--key', 0.35, height / 2 - 5, 10);
    const first = batchOf(at) * data.batch;
    data.starts.slice(first, first + data.batch).forEach((start) => bar(start, start + data.window, '--query', 0.6, height / 2 - 9, 18));
    bar(data.starts[at], data.starts[at] + data.window, '--ink', 1, height / 2 - 12, 24);
  };

  const read = () => {
    const tokens = data.windows[at];
    const before = tokens.slice(0, place + 1).map((token) => token.text);
    const said = before.length > FEW ? words.asks_long : words.asks;
    put(find('read'), filled(said, { before: before.slice(-FEW).join(' '), n: place + 1, next: tokens[place + 1].text }));
    [...rows.children].forEach((pair, index) => pair.classList.toggle('windows-known', index <= place));
  };

  const choose = (next, focus) => {
    place = next;
    select([...rows.children], place);
    if (focus) rows.children[place].focus();
    read();
  };

  const show = () => {
    const tokens = data.windows[at];
    const batch = batchOf(at);
    put(find('which'), filled(words.which, { n: grouped(at + 1), all: grouped(data.starts.length), batch: grouped(batch + 1), start: grouped(data.starts[at]) }));
    attributed(range, { 'aria-valuetext': find('which').textContent });
    asPicture(canvas, filled(words.map, { train: grouped(data.train), held: grouped(data.held_out), n: Math.min(data.batch, data.starts.length) }));
    const pairs = tokens.slice(0, -1).map((token, index) => {
      const pair = node('div', 'windows-pair', chip(token, 'windows-chip'), chip(tokens[index + 1], 'windows-chip windows-target'));
      attributed(pair, { role: 'option', 'aria-label': `${words.input} ${token.text}, ${words.target} ${tokens[index + 1].text}` });
      pair.addEventListener('click', () => choose(index, true));
      pair.addEventListener('pointerenter', () => choose(index, false));
      return pair;
    });
    rows.replaceChildren(...pairs);
    choose(Math.min(place, pairs.length - 1), false);
    paint();
  };

  const draw = () => {
    const { about } = props.value || {};
    if (!about) return;
    data = JSON.parse(about);
    range.max = Math.min(SHOWN, data.windows.length) - 1;
    at = Math.min(at, Number(range.max));
    range.value = at;
    find('pick').hidden = false;
    show();
  };

  attributed(rows, { 'aria-label': words.list });
  range.addEventListener('input', () => {
    at = Number(range.value);
    show();
  });
  listKeys(rows, { at: () => place, count: () => rows.children.length, go: (next) => choose(next, true) });
  element.querySelector('.windows').figureTable = () => ({
    columns: [words.input, words.target],
    rows: data ? data.windows[at].slice(0, -1).map((token, index) => [token.text, data.windows[at][index + 1].text]) : [],
  });
  drawnAgain(canvas, paint);
  watch('value', draw);
  draw();
}
