// The stages side by side: a row a token, a column a stage, a bar in every cell; built once for a set of logits, then only its words
// and widths change.
import { attributed, filled, node, put } from '../shared/dom.js';
import { grouped, percent, signed } from '../shared/numbers.js';
import { probabilityAt } from './sampling.js';

const STAGES = ['logits', 'repetition_penalty', 'temperature', 'top_k', 'top_p', 'min_p', 'softmax', 'draw', 'tally'];
const COUNTS = ['kept', 'removed', 'entropy'];

// `name(place)`: what stands for the token; `pick(place)`: it was clicked. Returns what drawPipeline changes.
export function buildPipeline(box, words, n, { name, pick, title }) {
  const head = node('div', 'line stage-heads');
  const counts = COUNTS.map((count) => node('div', `line counts ${count}`));
  head.append(node('span', 'corner', words.column_token));
  COUNTS.forEach((count, i) => counts[i].append(node('span', 'corner', words[`count_${count}`])));
  const heads = {};
  const told = {};
  for (const stage of STAGES) {
    heads[stage] = node('span', `stage ${stage}`, node('b', '', words[`stage_${stage}`]), node('span', 'setting'));
    head.append(heads[stage]);
    told[stage] = counts.map((line) => line.appendChild(node('span', `stage ${stage}`)));
  }
  const list = attributed(node('div', 'bars'), { role: 'listbox', tabindex: -1 });
  const rows = Array.from({ length: n }, (_, place) => {
    const row = attributed(node('div', 'line row', name(place)), { role: 'option', title: title(place) });
    const cells = {};
    for (const stage of STAGES) {
      const cell = node('span', `stage cell ${stage}`);
      cells[stage] = { cell, bar: cell.appendChild(node('span', 'bar')), text: cell.appendChild(node('span', 'number')), told: '', width: -1 };
      row.append(cell);
    }
    cells.tally.expected = cells.tally.cell.appendChild(node('span', 'expected'));
    row.addEventListener('click', () => pick(place));
    list.append(row);
    return { row, cells };
  });
  box.replaceChildren(head, ...counts, list);
  return { box, head, heads, told, list, rows };
}

function setCell(cell, text, width, state) {
  if (cell.told !== text) {
    cell.text.textContent = text;
    cell.told = text;
  }
  const shown = Math.round(width * 500) / 500;
  if (cell.width !== shown) {
    cell.bar.style.transform = `scaleX(${shown})`;
    cell.width = shown;
  }
  if (cell.state !== state) {
    cell.cell.dataset.state = state;
    cell.state = state;
  }
}

// figure: { falling, logitShares, result, luck, drawn, counts, nDraws, picked, full }; `full` is the share that a whole bar stands for.
export function drawPipeline(table, words, figure) {
  const { falling, logitShares, result, luck, drawn, counts, nDraws, picked, full } = figure;
  const { scaled, weights, stages, kept, total, greedy } = result;
  const before = { logits: falling.length };
  stages.forEach((stage, i) => { before[stage.name] = i ? stages[i - 1].kept : falling.length; });
  const logTotal = Math.log(total);
  table.rows.forEach(({ row, cells }, place) => {
    row.setAttribute('aria-selected', String(place === picked));
    row.tabIndex = place === picked ? 0 : -1;
    row.classList.toggle('gone', place >= kept);
    row.classList.toggle('drawn', place === drawn);
    setCell(cells.logits, figure.given[place].logit.toFixed(2), figure.given[place].share / full, '');
    setCell(cells.repetition_penalty, falling[place].toFixed(2), logitShares[place] / full, '');
    let entering = logitShares[place];
    for (const { name, kept: left, total: sum } of stages) {
      const share = place < left ? weights[place] / sum : 0;
      if (place >= before[name]) setCell(cells[name], '', 0, 'past');
      else if (place >= left) setCell(cells[name], words.shared_cut, entering / full, 'cut');
      else if (name === 'temperature') setCell(cells[name], greedy ? '' : scaled[place].toFixed(2), share / full, '');
      else setCell(cells[name], percent(share), share / full, '');
      entering = share;
    }
    const share = probabilityAt(result, place);
    setCell(cells.softmax, percent(share), share / full, place < kept ? '' : 'past');
    const score = greedy ? 0 : scaled[place] - scaled[0] - logTotal + luck[place];
    setCell(cells.draw, place < kept ? `${place === drawn ? '◆ ' : ''}${greedy ? '' : signed(score)}` : '', 0, place === drawn ? 'won' : '');
    if (nDraws) cells.tally.expected.style.transform = `translateX(${Math.round((10000 * share) / full) / 100}%)`;
    setCell(cells.tally, nDraws && place < kept ? grouped(counts[place]) : '', nDraws && place < kept ? counts[place] / nDraws / full : 0, '');
  });
  const last = { kept, removed: 0, bits: stages[3].bits };
  const all = {
    logits: { kept: falling.length, removed: 0, bits: figure.givenBits },
    repetition_penalty: { kept: falling.length, removed: 0, bits: figure.logitBits },
    softmax: last,
  };
  for (const stage of stages) all[stage.name] = stage;
  for (const [name, { kept: left, removed, bits }] of Object.entries(all)) {
    const lost = ['logits', 'repetition_penalty', 'softmax'].includes(name) ? '' : percent(removed);
    [grouped(left), lost, filled(words.bits, { bits: bits.toFixed(2) })].forEach((text, i) => put(table.told[name][i], text));
  }
}

// Whether a stage does anything now, and the setting in its head.
export function nameStages(table, words, settings, { seed, nDraws }) {
  const off = { repetition_penalty: 1, temperature: 1, top_k: 0, top_p: 1, min_p: 0 };
  const said = { logits: words.setting_logits, softmax: words.setting_softmax, draw: filled(words.setting_draw, { seed: grouped(seed) }) };
  said.tally = nDraws ? filled(words.setting_tally, { n: grouped(nDraws) }) : words.setting_no_tally;
  for (const name of Object.keys(off)) said[name] = settings[name] === off[name] ? words.off : filled(words[`setting_${name}`], { value: grouped(settings[name]) });
  for (const name of STAGES) {
    put(table.heads[name].lastChild, said[name]);
    table.box.classList.toggle(`off-${name}`, (name in off && settings[name] === off[name]) || (name === 'tally' && !nDraws));
  }
}
