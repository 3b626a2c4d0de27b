// What the map of a vocabulary looks like: its points on one canvas, and on another above it marks, names and axes.
import { colourOf } from '../shared/dom.js';
import { dot, penFor, sharpness, styleOf } from '../shared/canvas.js';
import { clamped } from '../shared/numbers.js';
import { groupColours, resolved } from './colours.js';
import { room } from './labels.js';
import { byDepth, dotMask, inWindow, paintDots } from './raster.js';
import { project } from './space.js';

const MOST_NAMES = 34, MOST_TRIED = 2500; // names where there is room
const MOST_PIXELS = 250_000; // of all dots together, so that a frame takes milliseconds
const INKS = ['ink', 'ink-soft', 'paper', 'rule', 'accent', 'token-ink', 'key', 'font-mono'];

// A painter of `root`. What it paints is a scene: width and height of the window; data, view, at, depth, colours, farther, order and
// groups as vocabulary_map.js has them; whether it turns (is3d) and has axes; who is marked (focus, near, sentence, matches, hover, key);
// who stands out (only) or is shown at all (alone, isShown); which names come first (importance); and which sorting colours them.
export function painter(root, picture, marks) {
  let image = null;
  let style = null;
  let papers = { theme: '', colour: [0] };
  let sharp = new Float32Array(0), sorted = new Uint32Array(0); // pixels of the screen; the order in depth
  const widths = new Map();
  const colourNames = new Map();

  const paintPoints = ({ data, width, height, view, at, depth, order, colours, farther, is3d, alone, isShown }) => {
    style ??= styleOf(root, INKS);
    if (sharp.length !== at.length) [sharp, sorted] = [new Float32Array(at.length), new Uint32Array(data.n)];
    const ratio = Math.min(2, sharpness(picture));
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (picture.width !== wide || picture.height !== high || !image) {
      Object.assign(picture, { width: wide, height: high });
      image = picture.getContext('2d', { willReadFrequently: true }).createImageData(wide, high);
    }
    const pixels = new Uint32Array(image.data.buffer);
    const [paper] = paperColour();
    pixels.fill(paper);
    for (let i = 0; i < sharp.length; i++) sharp[i] = at[i] * ratio;
    const closer = clamped(view.scale / (0.25 * Math.min(width, height)), 0.6, 60);
    // as large as the time for a frame allows: how many pixels all dots together have
    const widest = Math.sqrt(MOST_PIXELS / Math.max(1, inWindow(sharp, data.n, wide, high)));
    const radius = Math.min(clamped(1.5 * closer ** 0.4, 0.8, 6) * ratio, (widest - 1) / 2);
    const mask = radius < 1 ? Math.max(1, Math.round(Math.min(2 * ratio, widest))) : dotMask(Math.floor(4 * radius) / 4);
    let turn = alone ? order.filter(isShown) : order;
    if (is3d) {
      turn = alone ? turn : byDepth(order, depth, sorted);
      let first = 0;
      while (first < turn.length && depth[turn[first]] < 0) first += 1;
      paintDots(pixels, wide, high, { order: turn.subarray(0, first), at: sharp, colours: farther ?? colours, mask });
      turn = turn.subarray(first);
    }
    paintDots(pixels, wide, high, { order: turn, at: sharp, colours, mask });
    picture.getContext('2d').putImageData(image, 0, 0);
  };
  const paperColour = () => {
    const name = colourOf(root, '--paper');
    if (papers.theme !== name) papers = { theme: name, colour: resolved(root, ['var(--paper)']) };
    return papers.colour;
  };

  const widthOf = (pen, text) => {
    const named = `${pen.font} ${text}`;
    if (!widths.has(named)) widths.set(named, pen.measureText(text).width);
    return widths.get(named);
  };

  const paintMarks = (scene) => {
    const { data, width, height, at, groups, sort, only, alone, focus: me, near, matches, sentence, hover, key, importance } = scene;
    style ??= styleOf(root, INKS);
    const pen = penFor(marks, { width, height, ratio: sharpness(marks) });
    const small = `${0.86 * style.size}px ${style['font-mono'] || style.family}`;
    const large = `600 ${style.size}px ${style['font-mono'] || style.family}`;
    const high = 1.3 * style.size;
    const labels = room(width, height);
    const inside = (id) => at[2 * id] > 0 && at[2 * id] < width && at[2 * id + 1] > 0 && at[2 * id + 1] < height;
    const jobs = [];

    const name = (id, { font, away = 7, must = false, chipped = false, ink = style.ink, gap = 1 }) => {
      if (!inside(id)) return;
      pen.font = font;
      const text = data.texts[id];
      const wide = widthOf(pen, text) + (chipped ? 8 : 2);
      const box = labels.place(at[2 * id], at[2 * id + 1], wide, high, away, { gap, must });
      if (box) jobs.push({ id, text, box, font, chipped, ink });
    };

    // lines to the nearest in the original space
    if (me >= 0 && near) {
      pen.strokeStyle = style.ink;
      pen.lineWidth = 1.25;
      pen.globalAlpha = 0.55;
      for (const id of near.ids) {
        if (id >= data.n) continue;
        pen.beginPath();
        pen.moveTo(at[2 * me], at[2 * me + 1]);
        pen.lineTo(at[2 * id], at[2 * id + 1]);
        pen.stroke();
      }
      pen.globalAlpha = 1;
    }
    const ring = (id, radius, colour, fill) => {
      pen.fillStyle = fill;
      dot(pen, at[2 * id], at[2 * id + 1], radius);
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(at[2 * id], at[2 * id + 1], radius, 0, 2 * Math.PI);
      pen.stroke();
    };
    const css = groupColours(sort, groups.names.length);
    const fillOf = (id) => colourIn(css[groups.of[id]]);
    for (const id of matches.slice(0, 200)) ring(id, 5, style.accent, fillOf(id));
    if (near) for (const id of near.ids) if (id < data.n) ring(id, 4.5, style.ink, fillOf(id));
    if (!alone) for (const id of new Set(sentence)) if (id < data.n) ring(id, 5, style.ink, style.tints[data.tints[id]]);
    if (me >= 0) ring(me, 7, style.accent, fillOf(me));
    for (const id of [key, hover]) if (id >= 0) ring(id, 6, style.accent, fillOf(id));

    if (hover >= 0) name(hover, { font: large, must: true });
    if (key >= 0 && key !== hover) name(key, { font: large, must: true });
    if (me >= 0) name(me, { font: large, must: true, chipped: true, away: 10 });
    if (near) for (const id of near.ids) if (id < data.n) name(id, { font: small });
    if (!alone) for (const id of new Set(sentence)) if (id < data.n && id !== me) name(id, { font: small, chipped: true });
    for (const id of matches.slice(0, 60)) name(id, { font: small });
    let named = 0, tried = 0;
    if (!alone) {
      for (const id of importance) {
        if (named >= MOST_NAMES || (tried += 1) > MOST_TRIED) break;
        if ((only !== null && groups.of[id] !== only) || !inside(id)) continue;
        const before = jobs.length;
        name(id, { font: small, ink: style['ink-soft'], away: 5, gap: 14 });
        named += jobs.length - before;
      }
    }

    pen.textBaseline = 'middle';
    pen.textAlign = 'left';
    pen.lineJoin = 'round';
    for (const { id, text, box, font, chipped, ink } of jobs.reverse()) {
      pen.font = font;
      const y = (box.top + box.bottom) / 2;
      if (chipped) {
        pen.fillStyle = style.tints[data.tints[id]];
        pen.fillRect(box.left, box.top + 1, box.right - box.left, high - 2);
        pen.fillStyle = style['token-ink'];
        pen.fillText(`\u2068${text}\u2069`, box.left + 4, y + 1);
        continue;
      }
      pen.strokeStyle = style.paper;
      pen.lineWidth = 4;
      pen.strokeText(`\u2068${text}\u2069`, box.left + 1, y + 1);
      pen.fillStyle = ink;
      pen.fillText(`\u2068${text}\u2069`, box.left + 1, y + 1);
    }
    if (scene.hasAxes) paintAxes(pen, scene);
  };

  const colourIn = (css) => {
    const named = `${style.theme} ${css}`;
    if (!colourNames.has(named)) {
      const [number] = resolved(root, [css]);
      colourNames.set(named, `rgb(${number & 255} ${(number >>> 8) & 255} ${(number >>> 16) & 255})`);
    }
    return colourNames.get(named);
  };

  // Which component goes where: two arrows in the corner, three where they turn. t-SNE has none, for its axes mean nothing.
  const paintAxes = (pen, { data, height, view, is3d }) => {
    const long = 34, [x0, y0] = [16 + (is3d ? long : 0), height - 16 - (is3d ? long / 2 : 0)];
    const directions = [[1, 0, 0], [0, 1, 0], ...(is3d ? [[0, 0, 1]] : [])];
    pen.font = `${0.8 * style.size}px ${style.family}`;
    pen.lineWidth = 1.5;
    const unit = new Float32Array(2), deep = new Float32Array(1);
    directions.forEach((direction, place_) => {
      project(direction, 1, { x: 0, y: 0, scale: long, turn: view.turn, tilt: view.tilt }, { width: 0, height: 0 }, unit, deep);
      const [x, y] = [x0 + unit[0], y0 + unit[1]];
      pen.strokeStyle = style['ink-soft'];
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x, y);
      pen.stroke();
      pen.textAlign = 'left';
      pen.textBaseline = 'middle';
      const text = String(data.asked.axes[place_] + 1);
      pen.strokeStyle = style.paper;
      pen.lineWidth = 4;
      pen.strokeText(text, x + 4, y);
      pen.lineWidth = 1.5;
      pen.fillStyle = style['ink-soft'];
      pen.fillText(text, x + 4, y);
    });
  };

  return {
    paint: (scene) => {
      paintPoints(scene);
      paintMarks(scene);
    },
    paintMarks,
    isPainted: () => Boolean(image && style),
    // Another vocabulary, whose names have other widths; a window of another size; other colours.
    renamed: () => widths.clear(),
    resized: () => {
      image = null;
      colourNames.clear();
    },
    restyled: () => { style = styleOf(root, INKS); },
  };
}
