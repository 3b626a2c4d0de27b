// The canvas shows, the keys over it are picked: one tab stop, arrows move, as the ARIA practices describe for a grid.
import { attributed, filled, follow, node, put, tell } from '../shared/dom.js';
import { gridKeys, select } from '../shared/keys.js';
import { bytesOf } from '../shared/numbers.js';
import { dotOrigin, headPixels, pixelsPerDot, rowOrigin, tokenAt } from './mosaic.js';
import { ordering } from './ordering.js';
import { placeOf } from './roles.js';

const box = (tag, role, className, ...children) => attributed(node(tag, className, ...children), { role });

export default function mount({ element, props, watch, words, exchange, shares }) {
  const find = (name) => element.querySelector(`.heads-${name}`);
  const frame = element.querySelector('.heads');
  const canvas = element.querySelector('canvas');
  const grid = find('grid'), told = find('told');
  let painted = '';
  let rows = []; // [row][column]: { layer, head, score }
  let keys = []; // the same

  const pick = (layer, head, focused = true) => {
    props.value = { ...props.value, layer, head };
    mark(layer, head);
    const place = placeOf(rows, layer, head);
    if (focused && place) keys[place[0]][place[1]].focus({ preventScroll: true });
    tell('page-wish', { layer, head }); // past Gradio's own events, which would take some 8 ms
  };

  const order = ordering(element, { words, exchange, shares }, { changed: () => draw(), best: ({ layer, head }) => pick(layer, head, false) });

  // Where the picked head is left out, the first one is the tab stop.
  const mark = (layer, head) => {
    const [row, column] = placeOf(rows, layer, head) ?? [-1, -1];
    select(keys.flat(), keys.flat().indexOf(keys[row]?.[column]));
    if (row < 0 && keys[0]) keys[0][0].tabIndex = 0;
  };

  const keyFor = ({ layer, head, score }, cellLabel) => {
    const name = filled(cellLabel, { layer, head });
    const key = attributed(box('div', 'gridcell', 'head', ...order.caption({ layer, head, score })), { title: order.named(name, { layer, head, score }) });
    attributed(key, { 'aria-label': key.title });
    const shareOf = ({ clientX, clientY }) => {
      const { left, top, width, height } = key.getBoundingClientRect();
      return [(clientX - left) / width, (clientY - top) / height];
    };
    key.addEventListener('click', () => pick(layer, head));
    key.addEventListener('dblclick', (event) => askOrigin(dotOrigin({ ...props.value, layer, head }, ...shareOf(event)), key));
    key.addEventListener('keydown', (event) => event.key === '?' && askOrigin(rowOrigin({ ...props.value, layer, head }, props.value.token ?? 0), key));
    key.addEventListener('pointermove', (event) => announce(tokenAt(props.value, shareOf(event)[1])));
    return key;
  };

  // origin: null for a dot that has no weight; where no weight is a number of the run, why is said.
  const askOrigin = (origin, from) => {
    put(told, props.value.no_origin);
    if (origin && !props.value.no_origin) tell('number-asked', { ...origin, from });
  };

  const lay = ({ layers, heads, label, cell_label: cellLabel }) => {
    const numbered = !order.isOn();
    const header = box('div', 'row', 'heads-row heads-header', attributed(box('span', 'columnheader', 'heads-number'), { 'aria-label': label }));
    for (let column = 0; column < heads; column++) header.append(box('span', 'columnheader', 'heads-number', numbered ? String(column) : ''));
    keys = rows.map((row) => row.map((place) => keyFor(place, cellLabel)));
    grid.setAttribute('aria-label', label);
    grid.replaceChildren(header, ...keys.map((row, at) => box('div', 'row', 'heads-row', box('span', 'rowheader', 'heads-number', numbered ? String(at) : ''), ...row)));
    frame.style.setProperty('--heads', heads);
    frame.style.setProperty('--layers', Math.max(1, rows.length, Math.min(layers, 3))); // a few heads are not blown up
  };

  const paint = ({ layers, heads, side, dots, palette }) => {
    const scale = pixelsPerDot(side, layers, heads);
    const size = side * scale;
    const weights = bytesOf(dots);
    const colours = bytesOf(palette);
    const one = document.createElement('canvas');
    one.width = one.height = side;
    canvas.width = heads * size;
    canvas.height = Math.max(1, rows.length) * size;
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    rows.forEach((row, y) => row.forEach(({ layer, head }, x) => {
      one.getContext('2d').putImageData(new ImageData(headPixels(weights, colours, side, layer * heads + head), side, side), 0, 0);
      context.drawImage(one, x * size, y * size, size, size);
    }));
  };

  const draw = () => {
    const value = props.value || {};
    if (!value.dots) return;
    order.of(value);
    rows = order.rows(value);
    const wanted = JSON.stringify([value.dots, value.label, rows]);
    if (wanted !== painted) {
      lay(value);
      paint(value);
      put(told, '');
    }
    painted = wanted;
    mark(value.layer ?? 0, value.head ?? 0);
  };

  // A token lights its row and its column in every head, and in the other figures.
  let announced = null;
  const announce = (position) => {
    if (position === announced) return;
    announced = position;
    tell('token-hover', { position, from: element });
  };
  grid.addEventListener('pointerleave', () => announce(null));
  follow(element, 'token-hover', ({ detail: { position } }) => {
    const { tokens = 1, pooling = 1, side = 1 } = props.value || {};
    frame.toggleAttribute('data-lit', position !== null && position < tokens);
    if (position !== null) frame.style.setProperty('--lit', (Math.floor(position / pooling) + 0.5) / side);
  });

  gridKeys(grid, {
    at: () => placeOf(rows, props.value.layer ?? 0, props.value.head ?? 0) ?? [0, -1],
    size: () => [keys.length, Math.max(0, ...keys.map((row) => row.length))],
    go: ([row, column]) => {
      const place = rows[row][Math.min(column, rows[row].length - 1)];
      pick(place.layer, place.head);
    },
  });

  watch('value', draw);
  order.begin();
  draw();
}
