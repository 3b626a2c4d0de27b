// Tokens in a listbox with one tab stop; pointing at one, or moving to it with the arrows, tells how well it was predicted.
import { chip } from '../shared/chips.js';
import { asPicture, attributed, button, filled, finder, follow, node, put, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { bitsOf, clamped, floatsOf, grouped, percent } from '../shared/numbers.js';
import { surpriseChart } from './chart.js';

export default function mount({ element, props, trigger, watch, words }) {
  const find = finder(element);
  const list = find('text');
  const canvas = element.querySelector('canvas');
  let score = null; // what the server sent, numbers unpacked
  let drawn;
  let current = 0;
  let colouring = 'rank';

  const labelOf = (id) => score.labels[id];
  const shareOf = (token) => Math.exp(-score.losses[token - 1]);

  function numbersOf(token) {
    const nats = score.losses[token - 1];
    return [score.ranks[token - 1], shareOf(token), nats, bitsOf(nats), score.context[token - 1]];
  }

  function told(token) {
    const id = score.ids[token];
    const values = { token: labelOf(id).text, id, position: grouped(token + 1), n: grouped(score.ids.length) };
    if (token === 0) return filled(words.told_first, values);
    const nats = score.losses[token - 1];
    const before = score.context[token - 1];
    return filled(words.told, {
      ...values,
      rank: grouped(score.ranks[token - 1]),
      vocabulary: grouped(score.vocabulary),
      share: percent(shareOf(token)),
      nats: nats.toFixed(3),
      bits: bitsOf(nats).toFixed(3),
      context: filled(words.shared_count, { n: grouped(before) }),
    });
  }

  // The token's loss, as the drawer is asked for it; null where it is no number of the run.
  function lossOf(token) {
    return score.explained && token > 0 ? { kind: 'loss', index: [token - 1] } : null;
  }
  // only: where the drawer is open already
  function askLoss(from, only = false) {
    const origin = score && lossOf(current);
    if (origin) tell('number-asked', { ...origin, from, follow: only });
  }

  function chipFor(id, token) {
    const made = node('span', token === 0 ? 'token first' : `token band-${score.bands[token - 1]}`, node('bdi', '', labelOf(id).text));
    attributed(made, { role: 'option', tabindex: -1 });
    if (token > 0) made.style.setProperty('--share', shareOf(token).toFixed(4));
    return made;
  }

  function drawText() {
    const parts = [];
    score.ids.forEach((id, token) => {
      parts.push(chipFor(id, token));
      if (labelOf(id).text.endsWith('↵')) parts.push(node('br'));
    });
    list.replaceChildren(...parts);
    score.chips = [...list.querySelectorAll('.token')];
    list.setAttribute('aria-label', words.list);
  }

  function drawFacts() {
    find('facts').replaceChildren(
      ...score.facts.map(([name, value]) => node('div', '', node('dt', '', name), node('dd', '', value))),
    );
    find('meaning').textContent = score.meaning;
    const n = score.losses.length;
    const rows = score.counts.map((inBand, band) => {
      const bar = node('span', `bar band-${band}`);
      bar.style.width = `${(100 * inBand) / n}%`;
      const share = filled(words.band_count, { n: grouped(inBand), share: percent(inBand / n) });
      const named = [node('span', `swatch band-${band}`, 'Aa'), node('span', 'band-name', words[`band_${band}`])];
      return node('li', '', ...named, node('span', 'track', bar), node('span', 'band-count', share));
    });
    find('bands').replaceChildren(...rows);
    find('bands').setAttribute('aria-label', words.bands);
  }

  function drawExpected() {
    const box = find('expected');
    box.hidden = current === 0;
    if (current === 0) return;
    box.querySelector('h3').textContent = words.expected;
    const each = score.alternatives.length / score.losses.length;
    const start = (current - 1) * each;
    const rows = Array.from({ length: each }, (_, i) => [score.alternatives[start + i], score.alternative_shares[start + i]]);
    const own = score.ids[current];
    const isThere = rows.some(([id]) => id === own);
    if (!isThere) rows.push([own, shareOf(current)]);
    box.querySelector('ol').replaceChildren(
      ...rows.map(([id, share], i) => {
        const bar = node('span', 'bar');
        bar.style.width = `${100 * share}%`;
        const came = id !== own ? '' : i < each ? words.came : filled(words.elsewhere, { rank: grouped(score.ranks[current - 1]) });
        return node('li', '', chip(labelOf(id)), node('span', 'track', bar), node('span', 'share', percent(share)), node('span', 'came', came));
      }),
    );
  }

  // Stand on a token, whoever asked for it.
  function mark(token) {
    attributed(score.chips[current], { tabindex: -1, 'aria-selected': 'false' }); // not all of them: a text has thousands
    current = clamped(token, 0, score.ids.length - 1);
    attributed(score.chips[current], { tabindex: 0, 'aria-selected': 'true' });
    find('detail').textContent = told(current);
    find('ask').hidden = !lossOf(current);
    drawExpected();
    chart.mark(current);
  }

  function pick(token) {
    mark(token);
    const picked = score.chips[current];
    picked.focus({ preventScroll: true });
    const top = picked.offsetTop; // from the list, which is positioned
    if (top < list.scrollTop || top + picked.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2;
    if (!props.value.follows) return; // Gradio compares the whole value at every change of it, and nobody else asks for it
    props.value = { ...props.value, selected: current };
    trigger('pick');
    askLoss(picked, true);
  }

  const chart = surpriseChart(canvas, pick);

  function show() {
    const { score: sent, selected = 0 } = props.value || {};
    if (!sent) find('detail').textContent = words.empty;
    if (!sent || sent === drawn) return;
    const numbers = ['losses', 'ranks', 'bands', 'context', 'alternatives', 'alternative_shares'];
    const data = JSON.parse(sent);
    score = { ...data, ...Object.fromEntries(numbers.map((name) => [name, floatsOf(data[name])])) };
    drawn = sent;
    current = 0;
    drawFacts();
    drawText();
    asPicture(canvas, score.chart);
    chart.show(score.losses, words);
    mark(selected);
  }

  const tokenAt = (target) => (target.closest('.token') ? score.chips.indexOf(target.closest('.token')) : -1);
  list.addEventListener('pointerover', (event) => {
    const token = tokenAt(event.target);
    if (token >= 0) find('detail').textContent = told(token);
  });
  list.addEventListener('pointerleave', () => score && (find('detail').textContent = told(current)));
  list.addEventListener('click', (event) => {
    const token = tokenAt(event.target);
    if (token >= 0) pick(token);
  });
  put(find('ask'), words.ask);
  find('ask').addEventListener('click', () => askLoss(find('ask')));
  list.addEventListener('keydown', ({ key }) => key === '?' && askLoss(score.chips[current]));
  listKeys(list, { at: () => current, count: () => score?.ids.length ?? 0, go: pick });
  follow(element, 'cursor-moved', ({ detail: { token } }) => {
    if (score && props.value.follows && token !== current) mark(token);
  });

  function colourBy(kind) {
    colouring = kind;
    element.querySelector('.scored').classList.toggle('by-probability', kind === 'probability');
    find('scale').hidden = kind !== 'probability';
    find('colours').querySelectorAll('button').forEach((choice) => {
      const chosen = choice.dataset.kind === kind;
      attributed(choice, { 'aria-checked': chosen, tabindex: chosen ? 0 : -1 });
    });
  }

  function choose(kind) {
    colourBy(kind);
    tellColours(kind);
  }

  find('colours').append(
    node('span', 'colour-name', words.colour),
    ...['rank', 'probability'].map((kind) => {
      const choice = button('', kind === 'rank' ? words.shared_rank : words.shared_probability, () => choose(kind));
      return attributed(choice, { role: 'radio', 'data-kind': kind });
    }),
  );
  find('colours').setAttribute('aria-label', words.colour);
  find('colours').addEventListener('keydown', (event) => {
    if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(event.key)) return;
    event.preventDefault();
    choose(colouring === 'rank' ? 'probability' : 'rank');
    find('colours').querySelector('[aria-checked=true]').focus();
  });
  find('scale').querySelector('span').textContent = words.scale;
  colourBy('rank');
  const tellColours = linked(element, 'scored_colours', 'rank', colourBy);

  find('scored').figureTable = () => ({
    columns: words.columns.split(', '),
    rows: score ? score.ids.map((id, token) => [token + 1, labelOf(id).text, id, ...(token ? numbersOf(token) : ['', '', '', '', ''])]) : [],
    origins: (row, place) => (place === 5 ? lossOf(row) : null),
  });

  watch('value', show);
  show();
}
