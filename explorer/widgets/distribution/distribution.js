// Bars, counts and the formula for one set of logits under the settings of the moment. The rows are built when new logits
// arrive; a moved setting only changes widths and words, which is why it is quick.
const words = JSON.parse(props.words);
const find = (name) => element.querySelector(`.${name}`);
const bars = find('bars');
const zoom = find('zoom');
const stageNames = ['temperature', 'topK', 'topP', 'minP'];
let model = null; // { order, falling, placeOfNext } of the logits on screen
let result = null;
let settings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
let picked = 0;
let zoomed = false;
let rows = [];
let labels = {};

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });
const count = (n) => grouped.format(n);

const percent = (share) => {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9995) return '> 99.9 %';
  if (share < 1e-5) return '< 0.001 %';
  return share >= 0.001 ? `${(100 * share).toFixed(1)} %` : `${(100 * share).toPrecision(2)} %`;
};

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const put = (target, text) => {
  if (target.textContent !== text) target.textContent = text;
};

const labelOf = (id) => labels[id] || { text: `#${id}`, tint: (id * 7) % 12 };

const chip = (id) => {
  const { text, tint } = labelOf(id);
  const made = node('bdi', 'chip', text);
  made.style.background = `var(--token-${tint})`;
  return made;
};

function floats(packed) {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

function read() {
  const { logits: packed, labels: named, shown, next, heading } = props.value || {};
  if (!packed) return;
  labels = JSON.parse(named);
  const logits = floats(packed);
  const order = fallingOrder(logits);
  model = { order, falling: Float64Array.from(order, (id) => logits[id]), n: logits.length, placeOfNext: order.indexOf(next) };
  picked = 0;
  put(find('heading'), heading);
  bars.setAttribute('aria-label', heading);
  rows = Array.from(order.slice(0, shown), (id, place) => rowFor(id, place, id === next));
  bars.replaceChildren(...rows.map((row) => row.box));
  redraw();
}

function rowFor(id, place, isNext) {
  const box = node('div', 'row');
  box.setAttribute('role', 'option');
  const bar = node('span', 'bar');
  const note = node('span', 'note');
  const track = node('span', 'track');
  track.append(bar, note);
  const name = node('span', 'name');
  name.append(chip(id));
  if (isNext) name.append(node('span', 'mark', words.mark_next));
  const share = node('span', 'share');
  box.append(node('span', 'place', String(place + 1)), name, track, share);
  box.title = filled(words.row_title, { id, logit: model.falling[place].toFixed(4) });
  box.addEventListener('click', () => pick(place));
  return { box, bar, share, note };
}

function pick(place) {
  picked = Math.max(0, Math.min(rows.length - 1, place));
  redraw();
}

bars.addEventListener('keydown', (event) => {
  const target = { ArrowDown: picked + 1, ArrowUp: picked - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  pick(target);
  rows[picked].box.focus();
});

zoom.addEventListener('click', () => {
  zoomed = !zoomed;
  redraw();
});

function refusalOf({ temperature, topK, topP, minP }) {
  const share = (value) => value >= 0 && value <= 1;
  if (![temperature, topK, topP, minP].every(Number.isFinite)) return words.not_a_number;
  if (temperature < 0 || temperature > 1e6) return filled(words.bad_temperature, { value: temperature });
  if (topK < 0 || !Number.isInteger(topK)) return filled(words.bad_top_k, { value: topK });
  if (!share(topP)) return filled(words.bad_top_p, { value: topP });
  return share(minP) ? '' : filled(words.bad_min_p, { value: minP });
}

// A refused setting leaves the last good picture where it is.
function settingsMoved(asked) {
  const refusal = refusalOf(asked);
  const remark = find('remark');
  remark.classList.toggle('refused', refusal !== '');
  if (!refusal) settings = asked;
  const excess = model && !refusal && settings.topK > model.n;
  put(remark, refusal ? `⚠ ${refusal}` : excess ? filled(words.k_over, { k: count(settings.topK), n: count(model.n) }) : '');
  if (!refusal) redraw();
}

function redraw() {
  if (!model) return;
  result = distribution(model.falling, settings);
  const before = sum(result.weights, 0, result.weights.length);
  const shareBefore = (place) => result.weights[place] / before;
  const full = zoomed ? Math.max(probabilityAt(result, 0), shareBefore(0)) : 1;
  rows.forEach(({ box, bar, share, note }, place) => {
    const probability = probabilityAt(result, place);
    const gone = place >= result.kept;
    box.classList.toggle('gone', gone);
    box.setAttribute('aria-selected', String(place === picked));
    box.tabIndex = place === picked ? 0 : -1;
    bar.style.transform = `scaleX(${Math.min(1, (gone ? shareBefore(place) : probability) / full)})`;
    put(share, percent(probability));
    put(note, gone ? filled(words.removed_row, { filter: words[removedBy(result, place)], share: percent(shareBefore(place)) }) : '');
  });
  put(find('axis'), filled(words.axis, { full: percent(full) }));
  put(zoom, zoomed ? words.zoom_out : words.zoom_in);
  zoom.setAttribute('aria-pressed', String(zoomed));
  drawRest();
  drawSummary();
  drawFormula();
  drawStages();
}

function drawRest() {
  const { kept, weights, total } = result;
  const nShown = rows.length;
  const nKept = Math.max(0, kept - nShown);
  const nGone = model.n - nShown - nKept;
  const lines = [];
  if (nKept > 0) lines.push(filled(words.rest_kept, { n: count(nKept), share: percent(sum(weights, nShown, kept) / total) }));
  if (nGone > 0) lines.push(filled(words.rest_removed, { n: count(nGone) }));
  put(find('rest'), lines.join(' · '));
}

function drawSummary() {
  const { bits } = result.stages[3];
  const top = { token: labelOf(model.order[0]).text, share: percent(probabilityAt(result, 0)) };
  const counts = { kept: count(result.kept), n: count(model.n), bits: bits.toFixed(2), alike: (2 ** bits).toFixed(1) };
  put(find('summary'), filled(words.summary, { ...top, ...counts }));
  const place = model.placeOfNext;
  if (place < 0) return put(find('came-next'), '');
  const removal = removedBy(result, place);
  const values = {
    token: labelOf(model.order[place]).text,
    rank: count(place + 1),
    n: count(model.n),
    share: percent(probabilityAt(result, place)),
    filter: removal && words[removal],
  };
  return put(find('came-next'), filled(removal ? words.came_next_removed : words.came_next, values));
}

// p(token) with the picked token's own numbers; the largest logit is subtracted, as the computation does, and cancels.
function drawFormula() {
  const id = model.order[picked];
  const logit = model.falling[picked];
  const most = model.falling[0];
  const temperature = String(settings.temperature);
  const removal = removedBy(result, picked);
  const name = node('span', 'term');
  name.append('p(', chip(id), ') = ');
  const lines = [node('p', 'caption', words.formula_caption)];
  const line = node('p', 'numbers');
  if (removal) line.append(name, filled(words.formula_removed, { filter: words[removal] }));
  else if (result.greedy) line.append(name, words.formula_greedy);
  else {
    const exponent = node('sup', '', `(${logit.toFixed(2)} − ${most.toFixed(2)}) / ${temperature}`);
    const top = result.weights[picked].toPrecision(4);
    const bottom = result.total.toPrecision(4);
    line.append(name, 'e', exponent, ` ÷ ${bottom} = ${top} ÷ ${bottom} = ${percent(probabilityAt(result, picked))}`);
    lines.push(line, node('p', 'meaning', filled(words.formula_meaning, { kept: count(result.kept), sum: bottom, most: most.toFixed(2) })));
  }
  if (lines.length === 1) lines.push(line);
  find('formula').replaceChildren(...lines);
}

const cells = {};

function buildStages() {
  put(find('stages').caption, words.stages_caption);
  const head = node('tr', '');
  head.append(...['step', 'setting', 'kept', 'removed', 'entropy'].map((column) => node('th', '', words[`column_${column}`])));
  find('stages').tHead.replaceChildren(head);
  const lines = stageNames.map((name) => {
    const row = node('tr', '');
    const title = node('th', '', words[name]);
    title.scope = 'row';
    cells[name] = ['setting', 'kept', 'removed', 'entropy'].map((column) => node('td', column));
    row.append(title, ...cells[name]);
    return row;
  });
  find('stages').tBodies[0].replaceChildren(...lines);
}

function drawStages() {
  const off = { temperature: 1, topK: 0, topP: 1, minP: 0 };
  result.stages.forEach(({ name, kept, removed, bits }) => {
    const setting = settings[name] === off[name] ? filled(words.off, { value: off[name] }) : count(settings[name]);
    [setting, count(kept), percent(removed), bits.toFixed(2)].forEach((text, column) => put(cells[name][column], text));
  });
}

buildStages();
watch('value', read);
read();

// Told by widgets/settings, until this figure leaves the page.
const follow = ({ detail }) => {
  if (element.isConnected) settingsMoved(detail);
  else document.removeEventListener('sampling-settings', follow);
};
document.addEventListener('sampling-settings', follow);
const { temperature, top_k: topK, top_p: topP, min_p: minP } = JSON.parse(document.documentElement.dataset.sampling || '{"temperature":1,"top_k":0,"top_p":1,"min_p":0}');
settingsMoved({ temperature, topK, topP, minP });
