import { drawnAgain } from '../shared/canvas.js';
import { chip, tintOf } from '../shared/chips.js';
import { asPicture, attributed, filled, finder, node, put } from '../shared/dom.js';
import { glyphsOf, striped } from '../shared/glyphs.js';
import { linked } from '../shared/linked.js';
import { clamped, fixed, grouped } from '../shared/numbers.js';
import { handles, player } from '../shared/player.js';
import { compression, cutPieces, pairsOf, valueAt } from './cutting.js';
import { drawCompression } from './plot.js';

const ROWS = 11; // merges that are listed around the one that is on show
const STEP_MS = 900;
const SHORTEST_MS = 40;
const WHOLE_MS = 45_000;
const SILENCE_MS = 4000; // after which learning has ended without a result: it was stopped, or something broke

export default function mount({ element, props, watch, words, name, tints }) {
  const find = finder(element);
  const slider = element.querySelector('input'), canvas = element.querySelector('canvas'), list = find('list');
  slider.setAttribute('aria-label', words.slider); // before anything is drawn as well
  let came; // as it came
  let shown = null; // { merges, texts, sizes, bytes, pieces, characters, whole, gpt2 }
  let pairs, own;
  let step = 0; // merges made
  let wanted = -1; // what a link asks for; -1: all of them
  let sizeAt = null;

  const last = () => shown?.merges.length ?? 0;
  const token = (id) => ({ text: shown.texts[id], tint: tints[id % tints.length] });
  const textOf = (id) => shown.texts[id];

  const rowFor = (number) => {
    const [left, right, made, count, , tiedLeft, tiedRight] = shown.merges[number];
    const row = node('li', number + 1 === step ? 'newest' : number < step ? '' : 'to-come', node('span', 'number', grouped(number + 1)));
    const joined = node('span', 'joined', chip(token(left), 'part'), ' + ', chip(token(right), 'part'), ' → ', chip(token(made), 'part'));
    row.append(joined, node('span', 'count', filled(words.count, { n: grouped(count) })));
    if (tiedLeft >= 0) row.append(attributed(node('span', 'tie', words.tie), { title: filled(words.tied, { left: textOf(tiedLeft), right: textOf(tiedRight) }) }));
    row.addEventListener('click', () => go(number + 1));
    return row;
  };

  const listMerges = () => {
    const first = clamped(step - Math.ceil(ROWS / 2), 0, Math.max(0, last() - ROWS));
    const rows = shown.merges.slice(first, first + ROWS).map((_, place) => rowFor(first + place));
    list.replaceChildren(...rows);
  };

  const drawExcerpt = () => {
    const ids = cutPieces(shown.pieces, pairs, step);
    const found = glyphsOf(shown.characters, ids.map((id) => shown.sizes[id]));
    find('excerpt').replaceChildren(...found.flatMap(({ text, owners }) => {
      const made = attributed(node('bdi', 'glyph', text), { dir: 'auto' });
      made.style.background = striped(owners, (place) => tintOf(token(ids[place]).tint));
      return text.startsWith('·') ? [node('wbr'), made] : [made]; // lines end before a space rather than inside a word
    }));
    const named = { tokens: grouped(ids.length), characters: grouped(shown.characters.length) };
    put(find('told'), filled(shown.whole ? words.whole_text : words.beginning, named));
  };

  const sayNow = () => {
    if (step === 0) return put(find('now'), words.no_merges);
    const [left, right, made, count, , tiedLeft, tiedRight] = shown.merges[step - 1];
    const named = { number: grouped(step), left: textOf(left), right: textOf(right), made: textOf(made), count: grouped(count) };
    const why = tiedLeft < 0 ? words.most : filled(words.tie_rule, { left: textOf(tiedLeft), right: textOf(tiedRight) });
    return put(find('now'), `${filled(words.merge_made, named)} ${why}`);
  };

  const plot = () => {
    if (!shown) return;
    sizeAt = drawCompression(canvas, { own, gpt2: shown.gpt2, at: step, words });
  };
  const readPlot = () => {
    const [size, value] = own[step];
    const other = valueAt(shown.gpt2, size);
    const named = { size: grouped(size), value: fixed(value, 2), tokens: grouped(step ? shown.merges[step - 1][4] : shown.bytes) };
    const beside = other === undefined ? '' : filled(words.read_gpt2, { size: grouped(size), value: fixed(other, 2) });
    put(find('read'), `${filled(words.read, named)} ${beside}`.trim());
    asPicture(canvas, `${words.plot} ${find('read').textContent}`);
  };

  const draw = () => {
    if (!shown || props.value?.going) return;
    find('place').textContent = filled(words.place, { step: grouped(step), all: grouped(last()) });
    attributed(slider, { max: last(), 'aria-valuetext': find('place').textContent });
    slider.value = step;
    put(find('play'), run.isPlaying() ? words.pause : words.play);
    attributed(find('back'), { 'aria-disabled': String(step === 0) });
    attributed(find('next'), { 'aria-disabled': String(step === last()) });
    sayNow();
    listMerges();
    drawExcerpt();
    readPlot();
    plot();
  };

  const show = (wish) => {
    step = clamped(wish, 0, last());
    draw();
  };
  const go = (wish) => {
    show(wish);
    wanted = step === last() ? -1 : step;
    remember(wanted);
  };
  const run = player(element, {
    at: () => step,
    last,
    go,
    every: () => clamped(WHOLE_MS / Math.max(1, last()), SHORTEST_MS, STEP_MS),
    isSeen: () => list.clientWidth > 0,
    changed: () => draw(),
  });
  const remember = linked(element, name, -1, (asked) => {
    wanted = Number.isInteger(asked) ? asked : -1;
    if (shown) show(wanted < 0 ? last() : wanted);
  });

  handles({ play: find('play'), back: find('back'), next: find('next'), slider }, run, { play: words.play, back: words.back, next: words.next, slider: words.slider });
  canvas.addEventListener('click', ({ clientX }) => {
    if (!sizeAt) return;
    const size = sizeAt(clientX - canvas.getBoundingClientRect().left);
    const place = own.findIndex(([one]) => one >= size);
    go(place < 0 ? last() : place);
  });
  attributed(find('excerpt'), { 'aria-label': words.excerpt });
  find('legend').replaceChildren(node('li', 'own', words.legend_own), node('li', 'theirs', words.legend_gpt2));
  drawnAgain(canvas, plot);

  list.figureTable = () => ({
    columns: words.table_head.split(', '),
    rows: (shown?.merges ?? []).map(([left, right, made, count, nTokens, tiedLeft, tiedRight], number) => [
      number + 1, textOf(left), textOf(right), textOf(made), count, nTokens, tiedLeft < 0 ? '' : filled(words.pair, { left: textOf(tiedLeft), right: textOf(tiedRight) }),
    ]),
  });

  let silence;
  const showGoing = ({ lines, share }) => {
    clearTimeout(silence);
    silence = setTimeout(() => { props.value = { going: null }; take(); }, SILENCE_MS);
    find('progress').value = share;
    list.replaceChildren(...lines.map((line) => node('li', '', line)));
    put(find('now'), lines[0] ?? '');
  };

  const take = () => {
    const { told, going } = props.value || {};
    find('progress').hidden = !going;
    if (!going) clearTimeout(silence);
    if (going) return showGoing(going);
    if (!told || told === came) return draw();
    came = told;
    shown = JSON.parse(told);
    pairs = pairsOf(shown.merges);
    own = compression(shown);
    if (run.isPlaying()) run.pause();
    show(wanted < 0 ? last() : wanted);
    list.dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
  };
  watch('value', take);
  take();
}
