// The plot as it is drawn on its canvas: the run of this moment in full colour, older ones paler.
import { logTicks, scaled, ticks } from '../shared/axes.js';
import { dot, levels, textSizeOf, trace } from '../shared/canvas.js';
import { colourOf } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';

const PALER = 0.32;
// In pixels, around a picture whose text has a size of 15.
export const marginsAt = (em) => ({ left: 62 * em, right: 14, top: 16, bottom: 46 * em });

const finite = (points) => points.map((point) => point[1]).filter(Number.isFinite);

// From values to pixels: { x, y, start, end, floor, top, marks }. runs: [{ train, held_out }] as they are drawn.
export function layOut(canvas, { width, height }, { runs, last, level, isLog }) {
  const em = textSizeOf(canvas) / 15;
  const margins = marginsAt(em);
  const [start, end] = [margins.left, width - margins.right];
  const [floor, top] = [height - margins.bottom, margins.top];
  const values = [...runs.flatMap((run) => [...finite(run.train), ...finite(run.held_out)]), ...(level === null ? [] : [level])];
  const highest = 1.08 * values.reduce((most, value) => Math.max(most, value), 0) || 1;
  const least = values.filter((value) => value > 0).reduce((low, value) => Math.min(low, value), highest);
  const low = least / 1.1;
  const onLog = scaled([Math.log(low), Math.log(highest)], [floor, top]);
  const y = isLog ? (value) => onLog(Math.log(Math.max(low, value))) : scaled([0, highest], [floor, top]);
  return { em, start, end, floor, top, x: scaled([0, last || 1], [start, end]), y, marks: isLog ? logTicks(low, highest) : ticks(highest, 5) };
}

export function paint(canvas, { pen, width, height }, layout, { runs, last, level, names, notes, pointed, best }) {
  const { em, start, end, floor, top, x, y, marks } = layout;
  const colour = (name) => colourOf(canvas, name);
  levels(pen, marks, y, [start, end], canvas);
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (const mark of ticks(last, width < 480 * em ? 4 : 8)) {
    const text = grouped(mark);
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(x(mark), width - half), floor + 7);
  }
  pen.fillText(names.x, (start + end) / 2, height - 20 * em);
  pen.save();
  pen.translate(4, (top + floor) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(names.y, 0, 0, floor + top - 4);
  pen.restore();

  if (level !== null) {
    pen.strokeStyle = pen.fillStyle = colour('--ink-soft');
    pen.lineWidth = 2;
    pen.setLineDash([7, 6]);
    trace(pen, [[start, y(level)], [end, y(level)]]);
    pen.setLineDash([]);
    pen.textAlign = 'right';
    pen.textBaseline = 'top';
    pen.fillText(notes.chance, end, y(level) + 5);
  }
  pen.lineJoin = 'round';
  [...runs.entries()].reverse().forEach(([number, { train, held_out: heldOut, label }]) => {
    pen.globalAlpha = number ? PALER : 1;
    const line = (points, name, thickness) => {
      pen.strokeStyle = pen.fillStyle = colour(name);
      pen.lineWidth = thickness;
      trace(pen, points.filter((point) => Number.isFinite(point[1])).map(([at, value]) => [x(at), y(value)]));
    };
    line(train, '--query', 1.6);
    line(heldOut, '--key', 2.4);
    for (const [at, value] of heldOut) dot(pen, x(at), y(value), number ? 2.5 : 4);
    const tip = (heldOut.length ? heldOut : train).at(-1);
    if (runs.length < 2 || !tip) return;
    pen.globalAlpha = number ? 0.75 : 1;
    pen.fillStyle = colour('--ink');
    const isRight = x(tip[0]) > (start + end) / 2;
    pen.textAlign = isRight ? 'right' : 'left';
    pen.textBaseline = 'bottom';
    pen.fillText(label, x(tip[0]) + (isRight ? -7 : 7), y(tip[1]) - 6);
  });
  pen.globalAlpha = 1;
  pen.strokeStyle = pen.fillStyle = colour('--ink');
  if (best) {
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x(best[0]), y(best[1]), 8, 0, 2 * Math.PI);
    pen.stroke();
    pen.textAlign = x(best[0]) > (start + end) / 2 ? 'right' : 'left';
    pen.textBaseline = 'bottom';
    pen.fillText(notes.best, x(best[0]), y(best[1]) - 11);
  }
  if (pointed === null) return;
  pen.lineWidth = 1;
  trace(pen, [[x(pointed), top], [x(pointed), floor]]);
}
