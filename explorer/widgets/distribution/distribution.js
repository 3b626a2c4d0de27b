// The picture of one set of logits under the settings of the moment. Rows are built when new logits arrive; a moved setting changes
// only widths and words, which is why it is quick; the sweep follows when the hand rests.
import { chip } from '../shared/chips.js';
import { drawnAgain } from '../shared/canvas.js';
import { asPicture, attributed, filled, finder, follow, node, put, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { clamped, floatsOf, grouped, percent, signed } from '../shared/numbers.js';
import { nextToken } from '../shared/origins.js';
import { drawnPlace, flips, gumbelNoise, sweep, tally, uniforms } from './luck.js';
import { buildPipeline, drawPipeline, nameStages } from './pipeline.js';
import { refusalOf } from './refusal.js';
import { distribution, fallingOrder, penalised, probabilityAt, removedBy, sharesOf, sum } from './sampling.js';
import { CURVES, FLIP_WIDTH, SWEEP_STEPS, SWEEP_TO, drawBand, drawCurves, fits, markTemperature, sweepFrame } from './sweep.js';

const OFF = { temperature: 1, top_k: 0, top_p: 1, min_p: 0 };

export default function mount({ element, props, watch, words, start, limits, tints }) {
  const find = finder(element);

  let source = { logits: null }; // what is looked at: { logits, seen, next, position, heading, nameOf }
  let own = null; // the logits a person typed; null: those of the sentence
  let model = null; // the same in falling order, after the repetition penalty
  let luck = null; // the noise of the draw, by place
  let chances = new Float64Array(0); // of the many draws
  let nDraws = 0;
  let settings = start;
  let picked = 0;
  let zoomed = false;
  let table = null;
  let result = null;
  let drawn = -1; // the place drawn last, by id
  let sweeping;
  let asked = 'share'; // which number of a row the drawer was asked for last

  let frame = sweepFrame(find('sweep'), words);
  const labels = () => document.querySelector('[data-vocabulary]')?.labels || [];
  const tintFor = (id) => tints[id % tints.length]; // token_tint of theme.py goes round
  const sentenceLabel = (id) => ({ text: labels()[id] ?? `#${id}`, tint: tintFor(id) });
  const ownLabel = (id) => ({ text: String.fromCharCode(65 + id), tint: tintFor(id) });
  const labelOf = (place) => source.nameOf(model.order[place]);

  function read() {
    if (own) {
      source = { logits: Float64Array.from(own), seen: [], next: null, position: 1, heading: words.heading_own, nameOf: ownLabel };
    } else {
      const { logits: packed, seen, next, position, heading } = props.value || {};
      if (!packed) return;
      source = { logits: floatsOf(packed), seen: floatsOf(seen), next, position, heading, nameOf: sentenceLabel };
    }
    picked = 0;
    drawn = -1;
    put(find('flip'), '');
    order();
  }

  // Logits sorted once, so that every filter keeps a beginning of the list.
  function order() {
    const penalised_ = penalised(source.logits, source.seen, settings.repetition_penalty);
    const falling = fallingOrder(penalised_);
    const plain = distribution(Float64Array.from(falling, (id) => penalised_[id]), OFF);
    const nRows = Math.min(limits.rows, falling.length);
    const given = sharesOf(source.logits);
    model = {
      order: falling,
      falling: Float64Array.from(falling, (id) => penalised_[id]),
      n: falling.length,
      placeOfNext: source.next === null ? -1 : falling.indexOf(source.next),
      logitShares: Array.from({ length: nRows }, (_, place) => probabilityAt(plain, place)),
      logitBits: plain.stages[3].bits,
      given: Array.from(falling.subarray(0, nRows), (id) => ({ logit: source.logits[id], share: given.shares[id] })),
      givenBits: given.bits,
    };
    put(find('heading'), own ? source.heading : '');
    throwDice();
    table = buildPipeline(find('pipeline'), words, nRows, {
      name: (place) => {
        const name = node('span', 'name', node('span', 'place', String(place + 1)), chip(labelOf(place)));
        if (place === model.placeOfNext) name.append(node('span', 'mark', words.mark_next));
        return name;
      },
      title: (place) => filled(words.row_title, { id: model.order[place], logit: model.falling[place].toFixed(4) }),
      pick,
    });
    table.list.setAttribute('aria-label', source.heading);
    listKeys(table.list, {
      at: () => picked,
      count: () => table.rows.length,
      along: 'vertical',
      go: (place) => {
        pick(place);
        table.rows[picked].row.focus();
      },
    });
    redraw();
    sweepSoon(0);
  }

  function pick(place) {
    picked = clamped(place, 0, table.rows.length - 1);
    redraw();
  }

  function throwDice() {
    const noise = gumbelNoise(source.logits.length, settings.seed, source.position);
    luck = Float64Array.from(model.order, (id) => noise[id]);
    chances = uniforms(settings.seed, nDraws);
  }

  // A refused setting leaves the last good picture where it is.
  function settingsMoved(wanted) {
    const refusal = refusalOf(wanted, limits, words);
    const remark = find('remark');
    remark.classList.toggle('refused', refusal !== '');
    const excess = model && !refusal && wanted.top_k > model.n;
    put(remark, refusal ? `⚠ ${refusal}` : excess ? filled(words.k_over, { k: grouped(wanted.top_k), n: grouped(model.n) }) : '');
    if (refusal) return;
    const before = settings;
    settings = wanted;
    if (!model) return;
    if (before.seed !== wanted.seed) {
      drawn = -1; // another luck is no flip
      throwDice();
    }
    if (before.repetition_penalty !== wanted.repetition_penalty) order();
    else redraw();
    if (['top_k', 'top_p', 'min_p', 'seed'].some((name) => before[name] !== wanted[name])) sweepSoon(150);
  }

  function redraw() {
    if (!model) return;
    result = distribution(model.falling, settings);
    const place = drawnPlace(result, luck);
    const counts = nDraws ? tally(result, chances) : [];
    const full = zoomed ? Math.max(probabilityAt(result, 0), model.logitShares[0]) : 1;
    drawPipeline(table, words, { ...model, result, luck, drawn: place, counts, nDraws, picked, full });
    nameStages(table, words, settings, { seed: settings.seed, nDraws });
    put(find('axis'), filled(words.axis, { full: percent(full) }));
    put(find('zoom'), zoomed ? words.zoom_out : words.zoom_in);
    find('zoom').setAttribute('aria-pressed', String(zoomed));
    drawRest(counts);
    drawSummary();
    drawLuck(place);
    drawFormula();
    offerOrigins();
    markTemperature(frame, words, settings.temperature);
  }

  // Where the picked row's numbers come from; logits that a person typed come from nowhere.
  const originsAt = (place) => (own ? { logits: null, share: null } : nextToken(model.order[place], source.position - 1, settings));
  function offerOrigins() {
    for (const [kind, origin] of Object.entries(originsAt(picked))) {
      const why = own ? words.ask_none_own : origin ? words.ask_info : words.ask_none_filtered;
      attributed(find(`ask-${kind}`), { 'aria-disabled': String(!origin), title: why, 'aria-description': why });
    }
  }
  // only: where the drawer is open already
  function askOrigin(kind, from, only = false) {
    const origins = model ? originsAt(picked) : {};
    const origin = origins[kind] ?? origins.logits;
    if (!origin) return;
    if (!only) asked = kind;
    tell('number-asked', { ...origin, from, follow: only });
  }

  function drawRest(counts) {
    const { kept, weights, total } = result;
    const nShown = table.rows.length;
    const nKept = Math.max(0, kept - nShown);
    const nGone = model.n - nShown - nKept;
    const lines = [];
    if (nKept > 0) {
      const values = { n: grouped(nKept), share: percent(sum(weights, nShown, kept) / total), drawn: grouped(sum(counts, nShown, counts.length)) };
      lines.push(filled(nDraws ? words.rest_drawn : words.rest_kept, values));
    }
    if (nGone > 0) lines.push(filled(words.rest_removed, { n: grouped(nGone) }));
    put(find('rest'), lines.join(' · '));
  }

  function drawSummary() {
    const { bits } = result.stages[3];
    const top = { token: labelOf(0).text, share: percent(probabilityAt(result, 0)) };
    const counts = { kept: grouped(result.kept), n: grouped(model.n), bits: bits.toFixed(2), alike: (2 ** bits).toFixed(1) };
    put(find('summary'), filled(words.summary, { ...top, ...counts }));
    const place = model.placeOfNext;
    if (place < 0) return put(find('came-next'), '');
    const removal = removedBy(result, place);
    const values = {
      token: labelOf(place).text,
      rank: grouped(place + 1),
      n: grouped(model.n),
      share: percent(probabilityAt(result, place)),
      filter: removal && words[`by_${removal}`],
    };
    return put(find('came-next'), filled(removal ? words.came_next_removed : words.came_next, values));
  }

  // Which token this luck draws, and when a moved setting has made it another.
  function drawLuck(place) {
    const id = model.order[place];
    const values = { seed: grouped(settings.seed), token: labelOf(place).text, share: percent(probabilityAt(result, place)), rank: grouped(place + 1) };
    put(find('lot'), filled(words.lot, values));
    find('lot').dataset.id = id;
    if (drawn >= 0 && id !== drawn) put(find('flip'), filled(words.flip, { before: source.nameOf(drawn).text, after: values.token, settings: settingsInWords() }));
    drawn = id;
  }

  function settingsInWords() {
    const { temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: penalty } = settings;
    const named = [`T = ${grouped(temperature)}`];
    if (topK) named.push(`k = ${grouped(topK)}`);
    if (topP < 1) named.push(`p = ${grouped(topP)}`);
    if (minP) named.push(`min = ${grouped(minP)}`);
    if (penalty !== 1) named.push(`r = ${grouped(penalty)}`);
    return named.join(', ');
  }

  // p(token) with the picked token's own numbers; the largest logit is subtracted, as the computation does, and cancels.
  function drawFormula() {
    const logit = model.falling[picked];
    const most = model.falling[0];
    const temperature = grouped(settings.temperature);
    const removal = removedBy(result, picked);
    const term = (text) => node('span', 'term', text, chip(labelOf(picked)), ') = ');
    const lines = [node('p', 'caption', words.formula_caption)];
    const line = node('p', 'numbers');
    lines.push(line);
    line.append(term('p('));
    if (removal) line.append(filled(words.formula_removed, { filter: words[`by_${removal}`] }));
    else if (result.greedy) line.append(words.formula_greedy);
    else {
      const exponent = node('sup', '', `(${logit.toFixed(2)} − ${most.toFixed(2)}) / ${temperature}`);
      const top = result.weights[picked].toPrecision(4);
      const bottom = result.total.toPrecision(4);
      line.append('e', exponent, ` ÷ ${bottom} = ${top} ÷ ${bottom} = ${percent(probabilityAt(result, picked))}`);
      lines.push(node('p', 'meaning', filled(words.formula_meaning, { kept: grouped(result.kept), sum: bottom, most: most.toFixed(2) })));
      const logProbability = result.scaled[picked] - result.scaled[0] - Math.log(result.total);
      const score = node('p', 'numbers');
      score.append(term(words.formula_score), `log p + ${words.luck} = ${signed(logProbability, 3)} ${signed(luck[picked], 3)} = ${signed(logProbability + luck[picked], 3)}`);
      lines.push(score, node('p', 'meaning', words.formula_draw));
    }
    find('formula').replaceChildren(...lines);
  }

  // The curves and the band, a few temperatures at a time so that the page stays quick.
  function sweepSoon(wait) {
    clearTimeout(sweeping);
    find('sweep').classList.add('stale');
    const temperatures = Array.from({ length: SWEEP_STEPS + 1 }, (_, i) => (SWEEP_TO * i) / SWEEP_STEPS);
    const nCurves = Math.min(CURVES, model.n);
    const points = [];
    const steps = sweep(model.falling, settings, luck, temperatures, nCurves);
    const onwards = () => {
      const began = performance.now();
      while (performance.now() - began < 8) {
        const { value, done } = steps.next();
        if (done) {
          drawCurves(frame, points, nCurves, labelOf);
          drawBand(frame, words, flips(model.falling, settings, luck, points, FLIP_WIDTH), labelOf);
          find('sweep').classList.remove('stale');
          return;
        }
        points.push(value);
      }
      sweeping = setTimeout(onwards, 0);
    };
    sweeping = setTimeout(onwards, wait);
  }

  drawnAgain(find('sweep'), () => {
    if (fits(frame, find('sweep'))) return;
    frame = sweepFrame(find('sweep'), words);
    markTemperature(frame, words, settings.temperature);
    if (model) sweepSoon(0);
  });

  // A temperature picked on the curves.
  function temperatureAt(event) {
    const box = find('sweep').getBoundingClientRect();
    const { left, right, width } = frame.plot;
    const x = ((event.clientX - box.left) / box.width) * width;
    const share = clamped((x - left) / (right - left), 0, 1);
    return Math.round(share * SWEEP_TO * 100) / 100;
  }
  const wish = (changed) => document.dispatchEvent(new CustomEvent('sampling-wish', { detail: changed }));
  const drag = (event) => event.buttons && wish({ temperature: temperatureAt(event) });
  find('sweep').addEventListener('pointerdown', drag);
  find('sweep').addEventListener('pointermove', drag);

  // Every token of the vocabulary under the settings of the moment, the likeliest first.
  find('distribution').figureTable = () => {
    const counts = nDraws ? tally(result, chances) : [];
    const rows = Array.from(model?.order ?? [], (id, place) => {
      const removal = removedBy(result, place);
      const [given, share] = [source.logits[id], probabilityAt(result, place)];
      return [id, source.nameOf(id).text, given, model.falling[place], share, removal ? words[`by_${removal}`] : '', counts[place] || 0];
    });
    const origins = (row, column) => ({ 2: originsAt(row).logits, 4: originsAt(row).share })[column] ?? null;
    return { columns: words.csv_head.split(', '), rows, origins };
  };

  const tellZoom = linked(element, 'sampling_zoom', false, (on) => {
    zoomed = on;
    redraw();
  });
  find('zoom').addEventListener('click', () => {
    zoomed = !zoomed;
    tellZoom(zoomed);
    redraw();
  });

  const rowOf = ({ target }) => target.closest('.row');
  find('pipeline').addEventListener('click', (event) => rowOf(event) && askOrigin(asked, rowOf(event), true));
  find('pipeline').addEventListener('dblclick', (event) => rowOf(event) && askOrigin(event.target.closest('.logits') ? 'logits' : 'share', rowOf(event)));
  find('pipeline').addEventListener('keydown', (event) => event.key === '?' && rowOf(event) && askOrigin('share', rowOf(event)));
  for (const kind of ['logits', 'share']) find(`ask-${kind}`).addEventListener('click', () => askOrigin(kind, find(`ask-${kind}`)));

  find('throw').addEventListener('click', () => {
    nDraws = Math.min(limits.draws, nDraws + limits.throw);
    chances = uniforms(settings.seed, nDraws);
    redraw();
  });
  find('clear').addEventListener('click', () => {
    nDraws = 0;
    redraw();
  });
  find('reroll').addEventListener('click', () => wish({ seed: crypto.getRandomValues(new Uint32Array(1))[0] }));

  // "2.0, 1.0, 0.5" as logits; a refusal leaves what is shown.
  function typedLogits() {
    const text = find('own-logits').value;
    const numbers = text.split(/[\s,;]+/).filter((part) => part !== '').map(Number);
    const bad = numbers.length < 2 || numbers.length > limits.logits || !numbers.every((value) => Number.isFinite(value) && Math.abs(value) <= limits.logit);
    const unclear = text.includes(',') && text.includes(';'); // 1,5; 2,5: two numbers or four?
    put(find('own-refusal'), unclear || bad ? `⚠ ${unclear ? words.unclear_logits : words.bad_logits}` : '');
    if (unclear || bad) return;
    own = numbers;
    read();
  }
  const showOwn = (on) => {
    find('from-sentence').setAttribute('aria-pressed', String(!on));
    find('from-own').setAttribute('aria-pressed', String(on));
    find('own').hidden = !on;
    if (on) typedLogits();
    else {
      own = null;
      put(find('own-refusal'), '');
      read();
    }
  };
  find('from-sentence').addEventListener('click', () => showOwn(false));
  find('from-own').addEventListener('click', () => showOwn(true));
  find('own-logits').addEventListener('input', typedLogits);

  for (const name of ['from_sentence', 'from_own', 'throw', 'clear', 'own_label', 'sweep_title', 'sweep_help', 'ask_logits', 'ask_share']) {
    find(name.replace('_', '-')).textContent = words[`say_${name}`];
  }
  find('reroll').textContent = words.shared_reroll;
  find('own-logits').setAttribute('aria-label', words.say_own_label);
  asPicture(find('sweep'), words.say_sweep_title);
  showOwn(false);

  watch('value', () => {
    if (!own) read();
  });

  follow(element, 'sampling-settings', ({ detail }) => settingsMoved(detail));
  follow(element, 'vocabulary', () => {
    if (model && !own) order();
  });
  const told = document.documentElement.dataset.sampling;
  if (told) settingsMoved(JSON.parse(told));
}
