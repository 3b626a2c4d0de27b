// The canvas shows, the keys over it are picked: one tab stop, arrows move, as the ARIA practices describe for a grid.
import { attributed, filled, node, put, tell } from '../shared/dom.js';
import { gridKeys, select } from '../shared/keys.js';
import { bytesOf } from '../shared/numbers.js';
import { dotOrigin, headPixels, pixelsPerDot, rowOrigin } from './mosaic.js';

const box = (tag, role, className, ...children) => attributed(node(tag, className, ...children), { role });

export default function mount({ element, props, watch }) {
  const frame = element.querySelector('.heads');
  const canvas = element.querySelector('canvas');
  const grid = element.querySelector('.heads-grid');
  const told = element.querySelector('.heads-told');
  let painted;
  let keys = []; // [layer][head]

  const pick = (layer, head) => {
    mark(layer, head);
    keys[layer][head].focus({ preventScroll: true });
    props.value = { ...props.value, layer, head };
    tell('page-wish', { layer, head }); // past Gradio's own events, which would take some 8 ms
  };

  const mark = (layer, head) => {
    const picked = keys[layer]?.[head];
    select(keys.flat(), keys.flat().indexOf(picked));
  };

  const keyFor = (layer, head, name) => {
    const key = box('div', 'gridcell', 'head');
    attributed(key, { title: name, 'aria-label': name });
    key.addEventListener('click', () => pick(layer, head));
    key.addEventListener('dblclick', ({ clientX, clientY }) => {
      const { left, top, width, height } = key.getBoundingClientRect();
      askOrigin(dotOrigin({ ...props.value, layer, head }, (clientX - left) / width, (clientY - top) / height), key);
    });
    key.addEventListener('keydown', (event) => event.key === '?' && askOrigin(rowOrigin({ ...props.value, layer, head }, props.value.token ?? 0), key));
    return key;
  };

  // origin: null for a dot that has no weight; where no weight is a number of the run, why is said.
  const askOrigin = (origin, from) => {
    put(told, props.value.no_origin);
    if (origin && !props.value.no_origin) tell('number-asked', { ...origin, from });
  };

  const lay = ({ layers, heads, label, cell_label: cellLabel }) => {
    const name = (layer, head) => filled(cellLabel, { layer, head });
    const header = box('div', 'row', 'heads-row heads-header', attributed(box('span', 'columnheader', 'heads-number'), { 'aria-label': label }));
    for (let head = 0; head < heads; head++) header.append(box('span', 'columnheader', 'heads-number', String(head)));
    keys = Array.from({ length: layers }, (_, layer) => Array.from({ length: heads }, (_, head) => keyFor(layer, head, name(layer, head))));
    const rows = keys.map((row, layer) => box('div', 'row', 'heads-row', box('span', 'rowheader', 'heads-number', String(layer)), ...row));
    grid.setAttribute('aria-label', label);
    grid.replaceChildren(header, ...rows);
    frame.style.setProperty('--heads', heads);
    frame.style.setProperty('--layers', layers);
  };

  const paint = ({ layers, heads, side, dots, palette }) => {
    const scale = pixelsPerDot(side, layers, heads);
    const size = side * scale;
    const weights = bytesOf(dots);
    const colours = bytesOf(palette);
    const one = document.createElement('canvas');
    one.width = one.height = side;
    canvas.width = heads * size;
    canvas.height = layers * size;
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    for (let index = 0; index < layers * heads; index++) {
      one.getContext('2d').putImageData(new ImageData(headPixels(weights, colours, side, index), side, side), 0, 0);
      context.drawImage(one, (index % heads) * size, Math.floor(index / heads) * size, size, size);
    }
  };

  const draw = () => {
    const value = props.value || {};
    if (!value.dots) return;
    if (value.layers !== keys.length || value.heads !== keys[0].length) lay(value);
    if (value.dots !== painted) {
      paint(value);
      put(told, '');
    }
    painted = value.dots;
    mark(value.layer ?? 0, value.head ?? 0);
  };

  gridKeys(grid, {
    at: () => [props.value.layer ?? 0, props.value.head ?? 0],
    size: () => [keys.length, keys[0]?.length ?? 0],
    go: ([layer, head]) => pick(layer, head),
  });

  watch('value', draw);
  draw();
}
