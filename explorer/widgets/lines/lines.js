// Two columns of tokens on one canvas that scrolls, and a line for each weight that is large enough.
import { cut } from '../shared/cut.js';
import { drawnAgain, penFor, sharpness, styleOf } from '../shared/canvas.js';
import { attributed, button, filled, follow, node, put, tell } from '../shared/dom.js';
import { stepInList } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { floatsOf, percent } from '../shared/numbers.js';
import { headsOf, placesShown, threadsOf } from './threads.js';

const MOST_TOLD = 3;

export default function mount({ element, props, watch, words, colours, least }) {
  const find = (name) => element.querySelector(`.lines-${name}`);
  const scroll = find('scroll');
  const canvas = element.querySelector('canvas');
  let sent = '';
  let weights = new Float32Array(0);
  let about = { heads: [], tokens: [], no_origin: '' };
  let at = { layer: 0, head: 0, token: 0 };
  let chosen = []; // heads drawn beside the picked one
  let read = null; // { side, token } under the finger or the keys
  let row = 20; // pixels a token
  let announced = null;

  const n = () => about.tokens.length;
  const places = () => placesShown(about.heads, at.layer, at.head, chosen);
  const colourOf = (head) => colours[head % colours.length];
  const named = (position) => `${position} ${about.tokens[position][0]}`;
  const reading = () => read ?? { side: 'from', token: Math.min(at.token, n() - 1) };

  let told = () => {}; // the link, once it is asked
  const choose = (heads) => {
    chosen = [...new Set(heads)].sort((one, other) => one - other);
    told(chosen.join(','));
    draw();
  };

  const offerHeads = () => {
    const heads = about.heads.filter(([layer]) => layer === at.layer).map(([, head]) => head);
    const focused = [...find('heads').children].indexOf(document.activeElement);
    const buttons = heads.map((head) => {
      const isOwn = head === at.head;
      const one = button('lines-head', '', () => choose(chosen.includes(head) ? chosen.filter((other) => other !== head) : [...chosen, head]));
      const swatch = node('i', 'lines-swatch');
      swatch.style.background = colourOf(head);
      one.append(swatch, filled(words.head, { head }));
      attributed(one, { 'aria-pressed': String(isOwn || chosen.includes(head)), 'aria-disabled': String(isOwn), title: isOwn ? words.own : words.beside });
      return one;
    });
    if (heads.length > 1) {
      buttons.push(button('lines-head', words.all, () => choose(heads)), button('lines-head', words.only, () => choose([])));
    }
    find('heads').replaceChildren(...buttons);
    attributed(find('heads'), { 'aria-label': words.heads });
    buttons[focused]?.focus();
  };

  const say = () => {
    const { side, token } = reading();
    const found = threadsOf(weights, n(), places(), { side, token }, least).reverse().slice(0, MOST_TOLD);
    const each = found.map(({ place, from, to, weight }) => filled(words.line, { head: about.heads[place][1], token: named(side === 'from' ? to : from), weight: percent(weight) }));
    put(find('read'), `${filled(side === 'from' ? words.from : words.to, { token: named(token) })} ${each.join('; ') || words.none}`);
  };

  const paint = () => {
    if (!scroll.clientWidth || !n()) return; // in a view that is not shown
    const style = styleOf(scroll, ['ink', 'ink-soft', 'paper', 'accent', 'token-ink']);
    row = Math.ceil(style.size * 1.35);
    const width = scroll.clientWidth, height = row * (n() + 1) + 8;
    canvas.style.width = '100%';
    canvas.style.height = `${height}px`;
    const pen = penFor(canvas, { width, height, ratio: Math.min(sharpness(canvas), 16_000 / height) });
    pen.font = `${style.size}px ${style.family}`;
    const widthOf = (text) => pen.measureText(text).width;
    const wide = Math.min(0.36 * width, 190);
    const y = (token) => 4 + row * (token + 1.5); // below the titles of the columns
    pen.lineCap = 'round';
    const { side, token } = reading();
    const lines = read ? threadsOf(weights, n(), places(), read, least) : threadsOf(weights, n(), places(), null, least);
    for (const { place, from, to, weight } of lines) {
      const isMine = (side === 'from' ? from : to) === token;
      pen.strokeStyle = colourOf(about.heads[place][1]);
      pen.globalAlpha = Math.min(1, (isMine ? 1 : 0.55) * Math.sqrt(weight));
      pen.lineWidth = 1 + 3 * weight;
      pen.beginPath();
      pen.moveTo(wide + 4, y(from));
      pen.bezierCurveTo(width / 2, y(from), width / 2, y(to), width - wide - 4, y(to));
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.textBaseline = 'middle';
    pen.fillStyle = style['ink-soft'];
    for (const [text, align, x] of [[words.left, 'right', wide], [words.right, 'left', width - wide]]) {
      pen.textAlign = align;
      pen.fillText(text, x, y(-1));
    }
    for (let position = 0; position < n(); position++) {
      for (const left of [true, false]) {
        const isRead = token === position && left === (side === 'from');
        const [text, tint] = about.tokens[position];
        const number = String(position);
        const short = cut(text, wide - widthOf('0000') - 14, widthOf);
        const chipWide = widthOf(short) + 8;
        const edge = left ? wide : width - wide;
        pen.textAlign = 'left';
        pen.fillStyle = style.tints[tint];
        pen.fillRect(left ? edge - chipWide : edge, y(position) - row / 2 + 2, chipWide, row - 4);
        if (isRead) {
          pen.strokeStyle = style.accent;
          pen.lineWidth = 2;
          pen.strokeRect(left ? edge - chipWide : edge, y(position) - row / 2 + 2, chipWide, row - 4);
        }
        pen.fillStyle = style['token-ink'];
        pen.fillText(`\u2068${short}\u2069`, (left ? edge - chipWide : edge) + 4, y(position) + 1);
        pen.fillStyle = style['ink-soft'];
        pen.textAlign = left ? 'right' : 'left';
        pen.fillText(number, left ? edge - chipWide - 5 : edge + chipWide + 5, y(position) + 1);
      }
    }
  };

  const draw = () => {
    if (!n()) return;
    element.querySelector('.lines').figureName = words.label;
    attributed(scroll, { 'aria-label': `${words.label}. ${words.keys}` });
    offerHeads();
    const n_left = about.heads.filter(([layer]) => layer === at.layer).length;
    put(find('note'), `${filled(words.least, { least: percent(least) })}${n_left === 1 && about.heads.length === 1 ? ` ${words.one_head}` : ''}`);
    say();
    paint();
  };

  const show = () => {
    const value = props.value || {};
    if (!value.about || value.weights + value.about === sent) return;
    sent = value.weights + value.about;
    weights = floatsOf(value.weights);
    about = JSON.parse(value.about);
    read = null;
    draw();
  };

  const point = (next) => {
    if (JSON.stringify(next) === JSON.stringify(read)) return;
    read = next;
    say();
    paint();
    if (announced === (next?.token ?? null)) return;
    announced = next?.token ?? null;
    tell('token-hover', { position: announced, from: element });
  };

  const under = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    const scale = box.height / canvas.clientHeight || 1; // an enlarged figure
    const token = Math.floor(((clientY - box.top) / scale - 4) / row) - 1;
    if (token < 0 || token >= n()) return null;
    return { side: clientX < box.left + box.width / 2 ? 'from' : 'to', token };
  };

  const ask = () => {
    const [strongest] = threadsOf(weights, n(), places(), reading(), least).reverse();
    if (!strongest) return;
    if (about.no_origin) return put(find('note'), about.no_origin);
    const [layer, head] = about.heads[strongest.place];
    tell('number-asked', { site: 'pattern', layer, index: [head, strongest.from, strongest.to], from: scroll });
  };

  const pick = () => tell('page-wish', { token: reading().token });

  scroll.addEventListener('pointermove', (event) => point(under(event)));
  scroll.addEventListener('pointerleave', () => point(null));
  scroll.addEventListener('click', (event) => {
    const cell = under(event);
    if (cell) tell('page-wish', { token: cell.token });
  });
  scroll.addEventListener('dblclick', ask);
  scroll.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !n()) return;
    const { side, token } = reading();
    const sides = { ArrowLeft: 'from', ArrowRight: 'to' }[event.key];
    const target = stepInList(event.key, token, n(), 'vertical');
    if (event.key === '?') return ask();
    if (event.key !== 'Enter' && !sides && target === undefined) return;
    event.preventDefault();
    if (event.key === 'Enter') return pick();
    point({ side: sides ?? side, token: target ?? token });
    scroll.scrollTop = Math.max(Math.min(scroll.scrollTop, row * read.token), row * (read.token + 2) + 8 - scroll.clientHeight);
  });
  scroll.addEventListener('blur', () => point(null));

  element.querySelector('.lines').figureTable = () => ({
    columns: words.columns.split('|'),
    rows: threadsOf(weights, n(), places(), null, least).reverse().map(({ place, from, to, weight }) => [about.heads[place][1], named(from), named(to), weight]),
  });

  follow(element, 'cursor-moved', ({ detail: { layer, head, token } }) => {
    if (layer === at.layer && head === at.head && token === at.token) return;
    at = { layer, head, token };
    draw();
  });
  follow(element, 'token-hover', ({ detail }) => {
    if (detail.from === element || !n()) return;
    const next = detail.position === null || detail.position >= n() ? null : { side: 'from', token: detail.position };
    if (JSON.stringify(next) === JSON.stringify(read)) return;
    read = next;
    say();
    paint();
  });
  drawnAgain(scroll, paint);
  watch('value', show);
  told = linked(element, 'lines_heads', '', (value) => {
    chosen = headsOf(value);
    draw();
  });
  tell('cursor-asked');
  show();
}
