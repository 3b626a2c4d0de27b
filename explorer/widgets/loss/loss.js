// The canvas is a slider: the arrows walk along the newest run, update by update, and what stands there is read below it.
import { drawnAgain, penOn, textSizeOf } from '../shared/canvas.js';
import { scaled } from '../shared/axes.js';
import { attributed, filled, finder, node, put } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { grouped } from '../shared/numbers.js';
import { layOut, marginsAt, paint } from './paint.js';
import { nearestPoint, rowsOf, series, smoothed } from './points.js';

export default function mount({ element, props, watch, words, columns, usual }) {
  const inside = finder(element);
  const find = (name) => inside(`loss-${name}`);
  const canvas = find('canvas');
  const controls = { by: find('by'), of: find('of'), log: find('log'), smooth: find('smooth') };
  let shown = { curves: [], steps: 1, chance: 1, best: null };
  let chosen = { ...usual };
  let pointed = null; // an update: under the pointer
  let keyed = null; // under the key cursor
  let drawn = null; // what the canvas holds: { runs, layout }

  const isLoss = () => chosen.of === 'loss' || chosen.of === 'perplexity';
  const runsNow = () => shown.curves.map((curve) => {
    const { train, held_out: heldOut } = series(curve, chosen.by, chosen.of);
    return { train: chosen.smooth > 0 ? smoothed(train, chosen.smooth) : train, held_out: heldOut, label: curve.label };
  });

  const lastOf = (runs) => {
    if (chosen.by === 'time') return Math.max(1, ...runs.flatMap((run) => run.train.slice(-1).map((point) => point[0])));
    return shown.steps * (chosen.by === 'tokens' ? shown.curves[0].tokens : 1);
  };

  const plot = () => {
    const paper = shown.curves.length ? penOn(canvas) : null;
    if (!paper) return;
    const runs = runsNow();
    const last = lastOf(runs);
    const chance = chosen.of === 'perplexity' ? Math.exp(shown.chance) : shown.chance;
    const level = isLoss() ? chance : null;
    const layout = layOut(canvas, paper, { runs, last, level, isLog: chosen.log });
    drawn = { runs, last };
    const names = { x: words[`by_${chosen.by}`], y: words[`of_${chosen.of}`] };
    const best = isLoss() && shown.best !== null ? nearestPoint(runs[0].held_out, xOf(shown.best)) : null;
    const at = rowAt();
    paint(canvas, paper, layout, { runs, last, level, names, notes: { best: words.best, chance: shown.chanceWords }, pointed: at ? xOf(at[0]) : null, best });
  };

  const rows = () => shown.curves[0]?.train ?? [];
  const rowAt = () => rows().find((row) => row[0] === (pointed ?? keyed)) ?? null;
  const xOf = (step) => {
    const row = rows().find((one) => one[0] === step);
    if (chosen.by === 'time') return row ? row[4] : 0;
    return chosen.by === 'tokens' ? step * shown.curves[0].tokens : step;
  };

  // All that is known of one update, in a sentence.
  const told = ([step, loss, rate, norm, seconds]) => {
    const held = nearestPoint(shown.curves[0].held_out, step);
    const parts = [filled(words.read, { step: grouped(step), loss: loss.toFixed(3), perplexity: short(Math.exp(loss)) })];
    if (held) parts.push(filled(words.read_held_out, { step: grouped(held[0]), loss: held[1].toFixed(3) }));
    if (rate) parts.push(filled(words.read_more, { rate: rate.toExponential(2), norm: short(norm), seconds: seconds.toFixed(1) }));
    for (const { label, train } of shown.curves.slice(1)) { // those beside it, at the same step
      const near = nearestPoint(train, step);
      if (near && step <= train.at(-1)[0]) parts.push(filled(words.read_other, { label, loss: near[1].toFixed(3) }));
    }
    return parts.join('; ');
  };
  const short = (value) => (value < 100 ? value.toPrecision(3) : grouped(Math.round(value)));

  const read = () => {
    const row = rowAt();
    put(find('read'), row ? told(row) : '');
    attributed(canvas, { 'aria-valuenow': row ? row[0] : shown.step ?? 0, 'aria-valuetext': row ? told(row) : shown.summary ?? '' });
    plot();
  };

  const point = (event) => {
    if (!drawn || !rows().length) return;
    const box = canvas.getBoundingClientRect();
    const { left, right } = marginsAt(textSizeOf(canvas) / 15);
    const at = scaled([box.left + left, box.right - right], [0, drawn.last])(event.clientX);
    pointed = rows().reduce((best, row) => (best !== null && Math.abs(xOf(best) - at) <= Math.abs(xOf(row[0]) - at) ? best : row[0]), null);
    read();
  };

  const walk = (place) => {
    keyed = rows()[place][0];
    pointed = null;
    read();
  };

  const show = () => {
    const value = props.value || {};
    if (!value.curves) return;
    shown = {
      ...value,
      curves: value.curves.map((curve) => ({ ...curve, train: rowsOf(curve.train, 5), held_out: rowsOf(curve.held_out, 2) })),
    };
    find('origin').textContent = value.origin;
    find('progress').value = value.step / value.planned;
    find('facts').replaceChildren(...value.facts.map((fact) => node('li', '', fact)));
    attributed(canvas, { role: 'slider', tabindex: 0, 'aria-label': value.summary, 'aria-valuemin': 0, 'aria-valuemax': value.step });
    read();
  };

  // --- what is drawn against what ----------------------------------------------------------------------------------------------

  for (const [name, control] of Object.entries(controls)) {
    const part = control.type === 'checkbox' ? 'checked' : 'value';
    const tellLink = linked(element, `loss_${name}`, usual[name], (value) => {
      control[part] = value;
      chosen = { ...chosen, [name]: typeof usual[name] === 'number' ? Number(value) : value };
      plot();
    });
    control.addEventListener('input', () => {
      chosen = { ...chosen, [name]: typeof usual[name] === 'number' ? Number(control.value) : control[part] };
      tellLink(chosen[name]);
      read();
    });
  }

  element.querySelector('.loss').figureTable = () => {
    const [first] = shown.curves;
    const checked = new Map(first?.held_out);
    const steps = new Map([...[...checked.keys()].map((step) => [step, []]), ...(first?.train ?? []).map(([step, ...rest]) => [step, rest])]);
    const row = ([step, [loss = '', rate = '', norm = '', seconds = '']]) => [step, loss, checked.get(step) ?? '', rate, norm, seconds];
    return { columns, rows: [...steps].sort(([a], [b]) => a - b).map(row) };
  };
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerleave', () => {
    pointed = null;
    read();
  });
  const atKey = () => (keyed === null ? rows().length - 1 : rows().findIndex((row) => row[0] === keyed));
  listKeys(canvas, { at: () => Math.max(0, atKey()), count: () => rows().length, go: walk });
  drawnAgain(canvas, plot);
  watch('value', show);
  show();
}
