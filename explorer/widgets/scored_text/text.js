// Tokens in a listbox with one tab stop; pointing at one, or moving to it with the arrows, tells how well it was predicted.
const find = (name) => element.querySelector(`.${name}`);
const list = find('text');
let score = null; // what the server sent, numbers unpacked
let drawn;
let current = 0;
let colouring = 'rank';

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const count = (n) => n.toLocaleString('en');

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const labelOf = (id) => score.labels[id];
const shareOf = (token) => Math.exp(-score.losses[token - 1]);

function told(token) {
  const id = score.ids[token];
  const values = { token: labelOf(id).text, id, position: count(token + 1), n: count(score.ids.length) };
  if (token === 0) return filled(words.told_first, values);
  const nats = score.losses[token - 1];
  const before = score.context[token - 1];
  return filled(words.told, {
    ...values,
    rank: count(score.ranks[token - 1]),
    vocabulary: count(score.vocabulary),
    share: percent(shareOf(token)),
    nats: nats.toFixed(3),
    bits: bitsOf(nats).toFixed(3),
    context: before === 1 ? words.token_one : filled(words.token_many, { n: count(before) }),
  });
}

function chipFor(id, token) {
  const chip = node('span', token === 0 ? 'token first' : `token band-${score.bands[token - 1]}`);
  chip.setAttribute('role', 'option');
  chip.tabIndex = -1;
  if (token > 0) chip.style.setProperty('--share', shareOf(token).toFixed(4));
  chip.append(node('bdi', '', labelOf(id).text));
  return chip;
}

function drawText() {
  const parts = [];
  score.ids.forEach((id, token) => {
    parts.push(chipFor(id, token));
    if (labelOf(id).text.endsWith('↵')) parts.push(document.createElement('br'));
  });
  list.replaceChildren(...parts);
  score.chips = [...list.querySelectorAll('.token')];
  list.setAttribute('aria-label', words.list);
}

function drawFacts() {
  find('facts').replaceChildren(
    ...score.facts.map(([name, value]) => {
      const pair = node('div', '');
      pair.append(node('dt', '', name), node('dd', '', value));
      return pair;
    }),
  );
  find('meaning').textContent = score.meaning;
  const n = score.losses.length;
  const rows = score.counts.map((inBand, band) => {
    const row = node('li', '');
    const track = node('span', 'track');
    const bar = node('span', `bar band-${band}`);
    bar.style.width = `${(100 * inBand) / n}%`;
    track.append(bar);
    const share = filled(words.band_count, { n: count(inBand), share: percent(inBand / n) });
    row.append(node('span', `swatch band-${band}`, 'Aa'), node('span', 'band-name', words[`band_${band}`]), track, node('span', 'band-count', share));
    return row;
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
      const row = node('li', '');
      const chip = node('bdi', 'chip', labelOf(id).text);
      chip.style.background = `var(--token-${labelOf(id).tint})`;
      const track = node('span', 'track');
      const bar = node('span', 'bar');
      bar.style.width = `${100 * share}%`;
      track.append(bar);
      const mark = id !== own ? '' : i < each ? words.came : filled(words.elsewhere, { rank: count(score.ranks[current - 1]) });
      row.append(chip, track, node('span', 'share', percent(share)), node('span', 'came', mark));
      return row;
    }),
  );
}

// Stand on a token, whoever asked for it.
function mark(token) {
  const last = score.ids.length - 1;
  const before = score.chips[current];
  current = Math.max(0, Math.min(last, token));
  if (before) {
    before.tabIndex = -1;
    before.setAttribute('aria-selected', 'false');
  }
  score.chips[current].tabIndex = 0;
  score.chips[current].setAttribute('aria-selected', 'true');
  find('detail').textContent = told(current);
  drawExpected();
  chart.mark(current);
}

function pick(token) {
  mark(token);
  const chip = score.chips[current];
  chip.focus({ preventScroll: true });
  const top = chip.offsetTop; // from the list, which is positioned
  if (top < list.scrollTop || top + chip.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 2;
  if (!props.value.follows) return; // Gradio compares the whole value at every change of it, and nobody else asks for it
  props.value = { ...props.value, selected: current };
  trigger('pick');
}

const chart = surpriseChart(element.querySelector('canvas'), pick);

function show() {
  const { score: sent, selected = 0 } = props.value || {};
  if (!sent) find('detail').textContent = words.empty;
  if (!sent || sent === drawn) return;
  const numbers = ['losses', 'ranks', 'bands', 'context', 'alternatives', 'alternative_shares'];
  const data = JSON.parse(sent);
  score = { ...data, ...Object.fromEntries(numbers.map((name) => [name, unpack(data[name])])) };
  drawn = sent;
  current = 0;
  drawFacts();
  drawText();
  const canvas = element.querySelector('canvas');
  canvas.setAttribute('aria-label', score.chart);
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
list.addEventListener('keydown', (event) => {
  const target = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: score.ids.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  pick(target);
});
document.addEventListener('cursor-moved', ({ detail: { token } }) => {
  if (score && props.value.follows && token !== current) mark(token);
});

function colourBy(kind) {
  colouring = kind;
  element.querySelector('.scored').classList.toggle('by-probability', kind === 'probability');
  find('scale').hidden = kind !== 'probability';
  find('colours').querySelectorAll('button').forEach((button) => {
    const chosen = button.dataset.kind === kind;
    button.setAttribute('aria-checked', String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
}

find('colours').append(
  node('span', 'colour-name', words.colour),
  ...['rank', 'probability'].map((kind) => {
    const button = node('button', '', kind === 'rank' ? words.by_rank : words.by_probability);
    button.type = 'button';
    button.dataset.kind = kind;
    button.setAttribute('role', 'radio');
    button.addEventListener('click', () => colourBy(kind));
    return button;
  }),
);
find('colours').setAttribute('aria-label', words.colour);
find('colours').addEventListener('keydown', (event) => {
  if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(event.key)) return;
  event.preventDefault();
  colourBy(colouring === 'rank' ? 'probability' : 'rank');
  find('colours').querySelector('[aria-checked=true]').focus();
});
find('scale').querySelector('span').textContent = words.scale;
colourBy('rank');

find('save').textContent = words.save;
find('save').addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = element.querySelector('canvas').toDataURL('image/png');
  link.download = 'surprise.png';
  link.click();
});

watch('value', show);
show();
