// What temperature does, as curves from 0 to SWEEP_TO, and what this draw gives at each, as a band below. Built when logits, filters
// or luck change; a moved temperature only moves the line that marks it.
import { tintOf } from '../shared/chips.js';
import { filled, put, svgNode } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';

export const SWEEP_TO = 5;
export const SWEEP_STEPS = 100;
export const FLIP_WIDTH = 0.005; // half a step of the slider
export const CURVES = 6;
const DASHES = ['', '9 4', '3 3', '12 4 3 4', '1 4', '6 2 1 2'];
export const PLOT = { left: 62, right: 752, top: 12, bottom: 218, band: 250, bandHeight: 30, width: 900, height: 322 };

const acrossSweep = (temperature) => PLOT.left + (PLOT.right - PLOT.left) * Math.min(1, temperature / SWEEP_TO);
const upSweep = (share) => PLOT.bottom - (PLOT.bottom - PLOT.top) * share;

export function sweepFrame(svg, words) {
  svg.setAttribute('viewBox', `0 0 ${PLOT.width} ${PLOT.height}`);
  const made = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const y = upSweep(share);
    made.push(svgNode('line', { class: 'grid', x1: PLOT.left, x2: PLOT.right, y1: y, y2: y }));
    made.push(svgNode('text', { class: 'tick', x: PLOT.left - 8, y: y + 5, 'text-anchor': 'end' }, `${100 * share} %`));
  }
  for (let temperature = 0; temperature <= SWEEP_TO; temperature += 1) {
    const x = acrossSweep(temperature);
    made.push(svgNode('line', { class: 'grid', x1: x, x2: x, y1: PLOT.top, y2: PLOT.bottom }));
    made.push(svgNode('text', { class: 'tick', x, y: PLOT.bottom + 20, 'text-anchor': 'middle' }, String(temperature)));
  }
  made.push(svgNode('text', { class: 'tick', x: PLOT.right + 14, y: PLOT.bottom + 22 }, words.sweep_axis));
  made.push(svgNode('text', { class: 'tick', x: PLOT.right + 14, y: PLOT.band + 20 }, words.sweep_band));
  const curves = svgNode('g', {});
  const band = svgNode('g', {});
  const marker = svgNode('line', { class: 'now', x1: 0, x2: 0, y1: PLOT.top, y2: PLOT.band + PLOT.bandHeight + 6 });
  const now = svgNode('text', { class: 'now-text', x: 0, y: PLOT.band + PLOT.bandHeight + 26, 'text-anchor': 'middle' });
  const place = svgNode('g', {});
  place.append(marker, now);
  svg.replaceChildren(...made, curves, band, place);
  return { svg, curves, band, place, now };
}

// points: of sweep(); labelOf(place): { text, tint }.
export function drawCurves(frame, points, nCurves, labelOf) {
  const ends = [];
  const drawn = [];
  for (let place = 0; place < nCurves; place += 1) {
    const path = points.map(({ temperature, shares }, i) => `${i ? 'L' : 'M'}${acrossSweep(temperature).toFixed(1)} ${upSweep(shares[place]).toFixed(1)}`);
    drawn.push(svgNode('path', { class: 'curve', d: path.join(''), 'stroke-dasharray': DASHES[place % DASHES.length], style: `--tint: ${tintOf(labelOf(place).tint)}` }));
    ends.push({ place, y: upSweep(points[points.length - 1].shares[place]) });
  }
  // Names at the right ends, moved apart so that none covers another.
  ends.sort((a, b) => a.y - b.y || a.place - b.place);
  const gap = 19;
  let floor = PLOT.bottom - gap * (ends.length - 1);
  let above = PLOT.top - gap;
  for (const end of ends) {
    const y = Math.min(Math.max(end.y + 5, above + gap), floor);
    above = y;
    floor += gap;
    const [x, { text, tint }] = [PLOT.right, labelOf(end.place)];
    const dash = DASHES[end.place % DASHES.length];
    drawn.push(svgNode('path', { class: 'lead', d: `M${x} ${end.y.toFixed(1)}L${x + 8} ${(y - 5).toFixed(1)}` }));
    drawn.push(svgNode('path', { class: 'curve', d: `M${x + 10} ${(y - 5).toFixed(1)}h22`, 'stroke-dasharray': dash, style: `--tint: ${tintOf(tint)}` }));
    drawn.push(svgNode('text', { class: 'name', x: x + 37, y }, shortened(text, 9)));
  }
  frame.curves.replaceChildren(...drawn);
}

function shortened(text, n) {
  const characters = [...text];
  return characters.length > n ? `${characters.slice(0, n - 1).join('')}…` : text;
}

// spans: of flips().
export function drawBand(frame, words, spans, labelOf) {
  const drawn = [];
  for (const { from, to, drawn: place } of spans) {
    const [x, end] = [acrossSweep(from), acrossSweep(to)];
    const { text, tint } = labelOf(place);
    const piece = svgNode('rect', { class: 'piece', x, y: PLOT.band, width: Math.max(0.5, end - x), height: PLOT.bandHeight, style: `fill: ${tintOf(tint)}` });
    piece.append(svgNode('title', {}, filled(words.sweep_piece, { token: text, from: from.toFixed(2), to: to.toFixed(2) })));
    drawn.push(piece);
    const room = Math.floor((end - x - 8) / 9);
    if (room >= 2) drawn.push(svgNode('text', { class: 'piece-name', x: (x + end) / 2, y: PLOT.band + 20, 'text-anchor': 'middle' }, shortened(text, room)));
  }
  frame.band.replaceChildren(...drawn);
}

export function markTemperature(frame, words, temperature) {
  frame.place.setAttribute('transform', `translate(${acrossSweep(temperature).toFixed(1)} 0)`);
  put(frame.now, temperature > SWEEP_TO ? filled(words.sweep_beyond, { value: grouped(temperature) }) : `T = ${grouped(temperature)}`);
}
