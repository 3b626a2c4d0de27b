// What temperature does, as curves from 0 to SWEEP_TO, and what this draw gives at each, as a band below. Built when logits, filters
// or luck change; a moved temperature only moves the line that marks it.
import { tintOf } from '../shared/chips.js';
import { textSizeOf } from '../shared/canvas.js';
import { filled, put, svgNode } from '../shared/dom.js';
import { grouped } from '../shared/numbers.js';

export const SWEEP_TO = 5;
export const SWEEP_STEPS = 100;
export const FLIP_WIDTH = 0.005; // half a step of the slider
export const CURVES = 6;
const DASHES = ['', '9 4', '3 3', '12 4 3 4', '1 4', '6 2 1 2'];
const TYPE = 17; // the size of text for which the plot below is laid out; larger text takes its room from the curves

// Where the curves and the band lie in a drawing of width x height, and how long a temperature and how high a share is in it.
export function plotOf(em) {
  const plot = { left: 62 * em, right: 900 - 148 * em, top: 12 * em, bottom: 218, band: 218 + 32 * em, bandHeight: 30 * em, width: 900, height: 218 + 104 * em, em };
  const across = (temperature) => plot.left + (plot.right - plot.left) * Math.min(1, temperature / SWEEP_TO);
  const up = (share) => plot.bottom - (plot.bottom - plot.top) * share;
  return { ...plot, across, up };
}

export function sweepFrame(svg, words) {
  const plot = plotOf(textSizeOf(svg) / TYPE);
  const { em, across, up } = plot;
  svg.setAttribute('viewBox', `0 0 ${plot.width} ${plot.height}`);
  const made = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const y = up(share);
    made.push(svgNode('line', { class: 'grid', x1: plot.left, x2: plot.right, y1: y, y2: y }));
    made.push(svgNode('text', { class: 'tick', x: plot.left - 8, y: y + 5 * em, 'text-anchor': 'end' }, `${100 * share} %`));
  }
  for (let temperature = 0; temperature <= SWEEP_TO; temperature += 1) {
    const x = across(temperature);
    made.push(svgNode('line', { class: 'grid', x1: x, x2: x, y1: plot.top, y2: plot.bottom }));
    made.push(svgNode('text', { class: 'tick', x, y: plot.bottom + 20 * em, 'text-anchor': 'middle' }, String(temperature)));
  }
  made.push(svgNode('text', { class: 'tick', x: plot.right + 14 * em, y: plot.bottom + 22 * em }, words.sweep_axis));
  made.push(svgNode('text', { class: 'tick', x: plot.right + 14 * em, y: plot.band + 20 * em }, words.sweep_band));
  const curves = svgNode('g', {});
  const band = svgNode('g', {});
  const marker = svgNode('line', { class: 'now', x1: 0, x2: 0, y1: plot.top, y2: plot.band + plot.bandHeight + 6 });
  const now = svgNode('text', { class: 'now-text', x: 0, y: plot.band + plot.bandHeight + 26 * em, 'text-anchor': 'middle' });
  const place = svgNode('g', {});
  place.append(marker, now);
  svg.replaceChildren(...made, curves, band, place);
  return { plot, curves, band, place, now };
}

// Whether a frame is laid out for the size that text has now.
export function fits({ plot }, svg) {
  return plot.em === textSizeOf(svg) / TYPE;
}

// points: of sweep(); labelOf(place): { text, tint }.
export function drawCurves(frame, points, nCurves, labelOf) {
  const { plot } = frame;
  const { em } = plot;
  const ends = [];
  const drawn = [];
  for (let place = 0; place < nCurves; place += 1) {
    const path = points.map(({ temperature, shares }, i) => `${i ? 'L' : 'M'}${plot.across(temperature).toFixed(1)} ${plot.up(shares[place]).toFixed(1)}`);
    drawn.push(svgNode('path', { class: 'curve', d: path.join(''), 'stroke-dasharray': DASHES[place % DASHES.length], style: `--tint: ${tintOf(labelOf(place).tint)}` }));
    ends.push({ place, y: plot.up(points[points.length - 1].shares[place]) });
  }
  // Names at the right ends, moved apart so that none covers another.
  ends.sort((a, b) => a.y - b.y || a.place - b.place);
  const gap = 19 * em;
  let floor = plot.bottom - gap * (ends.length - 1);
  let above = plot.top - gap;
  for (const end of ends) {
    const y = Math.min(Math.max(end.y + 5 * em, above + gap), floor);
    above = y;
    floor += gap;
    const [x, { text, tint }] = [plot.right, labelOf(end.place)];
    const dash = DASHES[end.place % DASHES.length];
    drawn.push(svgNode('path', { class: 'lead', d: `M${x} ${end.y.toFixed(1)}L${x + 8 * em} ${(y - 5 * em).toFixed(1)}` }));
    drawn.push(svgNode('path', { class: 'curve', d: `M${x + 10 * em} ${(y - 5 * em).toFixed(1)}h${22 * em}`, 'stroke-dasharray': dash, style: `--tint: ${tintOf(tint)}` }));
    drawn.push(svgNode('text', { class: 'name', x: x + 37 * em, y }, shortened(text, 9)));
  }
  frame.curves.replaceChildren(...drawn);
}

function shortened(text, n) {
  const characters = [...text];
  return characters.length > n ? `${characters.slice(0, n - 1).join('')}…` : text;
}

// spans: of flips().
export function drawBand(frame, words, spans, labelOf) {
  const { plot } = frame;
  const drawn = [];
  for (const { from, to, drawn: place } of spans) {
    const [x, end] = [plot.across(from), plot.across(to)];
    const { text, tint } = labelOf(place);
    const piece = svgNode('rect', { class: 'piece', x, y: plot.band, width: Math.max(0.5, end - x), height: plot.bandHeight, style: `fill: ${tintOf(tint)}` });
    piece.append(svgNode('title', {}, filled(words.sweep_piece, { token: text, from: from.toFixed(2), to: to.toFixed(2) })));
    drawn.push(piece);
    const room = Math.floor((end - x - 8) / (9 * plot.em));
    if (room >= 2) drawn.push(svgNode('text', { class: 'piece-name', x: (x + end) / 2, y: plot.band + 20 * plot.em, 'text-anchor': 'middle' }, shortened(text, room)));
  }
  frame.band.replaceChildren(...drawn);
}

export function markTemperature(frame, words, temperature) {
  frame.place.setAttribute('transform', `translate(${frame.plot.across(temperature).toFixed(1)} 0)`);
  put(frame.now, temperature > SWEEP_TO ? filled(words.sweep_beyond, { value: grouped(temperature) }) : `T = ${grouped(temperature)}`);
}
