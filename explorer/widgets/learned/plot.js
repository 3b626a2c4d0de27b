// Compression against the size of the vocabulary: bytes a token, sizes along a scale on which twice as many is always as far.
import { scaled, ticks } from '../shared/axes.js';
import { dot, levels, penOn, textSizeOf, trace } from '../shared/canvas.js';
import { colourOf } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';

const LEAST = 256;

// In pixels, around a picture whose text has a size of 15.
const marginsAt = (em) => ({ left: 40 * em, right: 16, top: 14, bottom: 46 * em });

// own, gpt2: [size, bytes a token] in order; at: the point of `own` that is marked. Returns sizeAt(x): the size at a pixel; null in a tab that is not open.
export function drawCompression(canvas, { own, gpt2, at, words }) {
  const paper = penOn(canvas);
  if (!paper) return null;
  const { pen, width, height } = paper;
  const em = textSizeOf(canvas) / 15;
  const { left, right, top, bottom } = marginsAt(em);
  const most = Math.max(2 * LEAST, own.at(-1)[0]);
  const seen = gpt2.filter(([size]) => size <= most * 1.001);
  const highest = 1.08 * Math.max(...own.map(([, value]) => value), ...seen.map(([, value]) => value));
  const [start, end, floor] = [left, width - right, height - bottom];
  const along = scaled([Math.log2(LEAST), Math.log2(most)], [start, end]);
  const x = (size) => along(Math.log2(size));
  const y = scaled([0, highest], [floor, top]);
  levels(pen, ticks(highest, 5), y, [start, end], canvas);
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (let size = LEAST; size <= most; size *= 2) pen.fillText(grouped(size), Math.min(x(size), width - 22 * em), floor + 7);
  pen.fillText(words.axis_size, (start + end) / 2, height - 20 * em);

  const series = (points, name, dashes, thickness) => {
    pen.strokeStyle = pen.fillStyle = colourOf(canvas, name);
    pen.lineWidth = thickness;
    pen.lineJoin = 'round';
    pen.setLineDash(dashes);
    trace(pen, points.map(([size, value]) => [x(size), y(value)]));
    pen.setLineDash([]);
  };
  series(seen, '--ink-soft', [7, 5], 2);
  for (const [size, value] of seen) dot(pen, x(size), y(value), 3.5);
  series(own, '--accent', [], 3);
  const [size, value] = own[at];
  pen.strokeStyle = pen.fillStyle = colourOf(canvas, '--ink');
  pen.lineWidth = 1;
  trace(pen, [[x(size), top], [x(size), floor]]);
  dot(pen, x(size), y(value), 6);
  const back = scaled([start, end], [Math.log2(LEAST), Math.log2(most)]);
  return (pixel) => 2 ** back(pixel);
}
