// The canvas is a slider: the arrows walk along the curve, and the place where it stands is read below it.
import { scaled, ticks } from '../shared/axes.js';
import { dot, drawnAgain, levels, penOn, textSizeOf, trace } from '../shared/canvas.js';
import { attributed, colourOf, filled, finder, put, tell } from '../shared/dom.js';
import { stepInList } from '../shared/keys.js';
import { clamped, fixed, floatsOf, grouped } from '../shared/numbers.js';

const LEVELS = [-1, -0.5, 0, 0.5, 1];
const FAR = 10; // places that Page Up and Page Down go

// In pixels, around a picture whose text has a size of 15.
const marginsAt = (em) => ({ left: 46 * em, right: 14, top: 14, bottom: 44 * em });

export default function mount({ element, props, watch, words }) {
  const find = finder(element);
  const canvas = element.querySelector('canvas');
  let values = new Float32Array(0);
  let picked = 0; // the place that the slider stands at
  let pointed = null; // the one under the pointer
  let drawn;

  const told = (place) => filled(words.reading, { place_name: props.value.names[0], place, value_name: props.value.names[1], value: fixed(values[place], 3) });

  const across = (width) => {
    const { left, right } = marginsAt(textSizeOf(canvas) / 15);
    return [[0, Math.max(1, values.length - 1)], [left, width - right]];
  };

  const draw = () => {
    const paper = values.length ? penOn(canvas) : null;
    if (!paper) return;
    const { pen, width, height } = paper;
    const em = textSizeOf(canvas) / 15;
    const { top, bottom } = marginsAt(em);
    const floor = height - bottom;
    const x = scaled(...across(width));
    const y = scaled([-1, 1], [floor, top]);
    const [start, end] = across(width)[1];
    levels(pen, LEVELS, y, [start, end], canvas);
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    for (const place of ticks(values.length - 1, width < 480 * em ? 4 : 8)) pen.fillText(grouped(place), x(place), floor + 6);
    pen.fillText(props.value.names[0], (start + end) / 2, height - 20 * em);
    pen.strokeStyle = pen.fillStyle = colourOf(canvas, '--accent');
    pen.lineWidth = 2;
    pen.lineJoin = 'round';
    trace(pen, Array.from(values, (value, place) => [x(place), y(value)]));
    dot(pen, x(props.value.at), y(values[props.value.at]), 6);
    const shown = pointed ?? picked;
    pen.strokeStyle = pen.fillStyle = colourOf(canvas, '--ink');
    pen.lineWidth = 1;
    trace(pen, [[x(shown), top], [x(shown), floor]]);
    dot(pen, x(shown), y(values[shown]), 4);
  };

  const read = () => {
    put(find('read'), told(pointed ?? picked));
    attributed(canvas, { 'aria-valuenow': picked, 'aria-valuetext': told(picked) });
    draw();
  };

  const originAt = (place) => ({ ...props.value.origin, index: [...props.value.origin.index, place] });
  // only: where the drawer is open already
  const ask = (from, only = false) => values.length && tell('number-asked', { ...originAt(picked), from, follow: only });

  const pick = (place) => {
    picked = clamped(place, 0, values.length - 1);
    read();
  };

  const placeAt = ({ clientX }) => {
    const [places, pixels] = across(canvas.clientWidth);
    const at = scaled(pixels, places)(clientX - canvas.getBoundingClientRect().left);
    return clamped(Math.round(at), 0, values.length - 1);
  };

  const show = () => {
    const value = props.value || {};
    if (!value.values) return;
    if (value.values !== drawn) picked = value.at;
    drawn = value.values;
    values = floatsOf(value.values);
    pointed = null;
    attributed(canvas, { 'aria-label': value.label, 'aria-valuemin': 0, 'aria-valuemax': values.length - 1 });
    read();
  };

  const point = (place) => {
    if (!values.length) return;
    pointed = place;
    read();
  };
  canvas.addEventListener('pointermove', (event) => point(placeAt(event)));
  canvas.addEventListener('pointerleave', () => point(null));
  canvas.addEventListener('click', (event) => {
    if (!values.length) return;
    pick(placeAt(event));
    ask(canvas, true);
  });
  canvas.addEventListener('dblclick', () => ask(canvas));
  canvas.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const far = { PageUp: FAR, PageDown: -FAR }[event.key];
    const target = far ? picked + far : stepInList(event.key, picked, values.length);
    if (event.key === '?') ask(canvas);
    if (target === undefined) return;
    event.preventDefault();
    pointed = null;
    pick(target);
    ask(canvas, true);
  });

  find('curve').figureTable = () => ({
    columns: props.value?.names ?? ['', ''],
    rows: Array.from(values, (value, place) => [place, value]),
    origins: (row, column) => (column === 1 ? originAt(row) : null),
  });

  put(find('ask'), words.shared_where_from);
  find('ask').title = words.ask_info;
  find('ask').addEventListener('click', () => ask(find('ask')));
  drawnAgain(canvas, draw);
  watch('value', show);
  show();
}
