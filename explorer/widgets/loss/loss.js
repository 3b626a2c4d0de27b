import { scaled, ticks } from '../shared/axes.js';
import { dot, drawnAgain, levels, penOn, textSizeOf, trace } from '../shared/canvas.js';
import { asPicture, colourOf, filled, finder, node } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';
import { nearestPoint, pointsOf } from './points.js';

// In pixels, around a picture whose text has a size of 15.
const marginsAt = (em) => ({ left: 58 * em, right: 14, top: 16, bottom: 46 * em });

export default function mount({ element, props, watch }) {
  const inside = finder(element);
  const find = (name) => inside(`loss-${name}`);
  const canvas = find('canvas');
  let shown = { train: [], held_out: [], steps: 1, chance: 1, words: {} };
  let pointed = null; // the step under the pointer

  const colour = (name) => colourOf(element, name);

  const plot = () => {
    const paper = penOn(canvas);
    if (!paper) return;
    const { pen, width, height } = paper;
    const em = textSizeOf(canvas) / 15;
    const margins = marginsAt(em);
    const losses = [...shown.train, ...shown.held_out].map((point) => point[1]).filter(Number.isFinite);
    const highest = 1.08 * losses.reduce((most, loss) => Math.max(most, loss), shown.chance);
    const [start, end] = [margins.left, width - margins.right];
    const x = scaled([0, shown.steps], [start, end]);
    const y = scaled([0, highest], [height - margins.bottom, margins.top]);

    levels(pen, ticks(highest, 5), y, [start, end], canvas);
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    for (const step of ticks(shown.steps, width < 480 * em ? 4 : 8)) {
      const text = grouped(step);
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(x(step), width - half), height - margins.bottom + 7);
    }
    pen.fillText(shown.words.x, (start + end) / 2, height - 20 * em);
    pen.save();
    pen.translate(4, (margins.top + height - margins.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(shown.words.y, 0, 0);
    pen.restore();

    pen.strokeStyle = colour('--ink-soft');
    pen.lineWidth = 2;
    pen.setLineDash([7, 6]);
    trace(pen, [[start, y(shown.chance)], [end, y(shown.chance)]]);
    pen.setLineDash([]);
    pen.textAlign = 'right';
    pen.textBaseline = 'top';
    pen.fillStyle = colour('--ink-soft');
    pen.fillText(shown.words.chance, end, y(shown.chance) + 5);

    const line = (points, name, thickness) => {
      pen.strokeStyle = colour(name);
      pen.lineWidth = thickness;
      pen.lineJoin = 'round';
      trace(pen, points.map(([step, loss]) => [x(step), y(loss)]));
    };
    line(shown.train, '--query', 1.6);
    line(shown.held_out, '--key', 2.4);
    pen.fillStyle = colour('--key');
    for (const [step, loss] of shown.held_out) dot(pen, x(step), y(loss), 4);
    if (pointed === null) return;
    pen.strokeStyle = colour('--ink');
    pen.lineWidth = 1;
    trace(pen, [[x(pointed), margins.top], [x(pointed), height - margins.bottom]]);
  };

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const { left, right } = marginsAt(textSizeOf(canvas) / 15);
    const step = scaled([box.left + left, box.right - right], [0, shown.steps])(event.clientX);
    const trained = nearestPoint(shown.train, step);
    if (!trained) return;
    const held = nearestPoint(shown.held_out, trained[0]);
    pointed = trained[0];
    const told = (sentence, [at, loss]) => filled(sentence, { step: grouped(at), loss: loss.toFixed(3) });
    const beside = held && told(shown.words.read_held_out, held);
    find('read').textContent = [told(shown.words.read, trained), beside].filter(Boolean).join('; ');
    plot();
  };

  const show = () => {
    const value = props.value || {};
    if (!value.words) return;
    shown = { ...value, train: pointsOf(value.train), held_out: pointsOf(value.held_out) };
    pointed = null;
    find('read').textContent = '';
    find('origin').textContent = value.origin;
    find('progress').value = value.step / value.steps;
    find('facts').replaceChildren(...value.facts.map((fact) => node('li', '', fact)));
    asPicture(canvas, value.summary);
    plot();
  };

  element.querySelector('.loss').figureTable = () => {
    const { train = '', held_out: heldOut = '', columns = [] } = props.value || {};
    const checked = new Map(pointsOf(heldOut));
    const steps = new Map([...[...checked.keys()].map((step) => [step, '']), ...pointsOf(train)]);
    return { columns, rows: [...steps].sort(([a], [b]) => a - b).map(([step, loss]) => [step, loss, checked.get(step) ?? '']) };
  };
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerleave', () => {
    pointed = null;
    find('read').textContent = '';
    plot();
  });
  drawnAgain(canvas, plot);
  watch('value', show);
  show();
}
