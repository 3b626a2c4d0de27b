// One picture in SVG, drawn anew when the heads, the size or the theme's text change; what is read and what is picked are classes on it.
import { scaled } from '../shared/axes.js';
import { drawnAgain, textSizeOf } from '../shared/canvas.js';
import { attributed, follow, node, put, svgNode, tell } from '../shared/dom.js';
import { gridKeys } from '../shared/keys.js';
import { levelsOf, nearest, outstanding, pointsOf, stretched, unhidden } from './place.js';

const REACH = 26; // pixels from a point at which a finger still means it
const KINDS = ['agree', 'disagree', 'neither'];
// A circle, a square on its corner, a small ring: told apart without their colours.
const SHAPES = { agree: 'M-5,0A5,5 0 1 0 5,0A5,5 0 1 0 -5,0Z', disagree: 'M0,-7L7,0L0,7L-7,0Z', neither: 'M-3.5,0A3.5,3.5 0 1 0 3.5,0A3.5,3.5 0 1 0 -3.5,0Z' };

export default function mount({ element, props, trigger, watch, words, group, small }) {
  const find = (name) => element.querySelector(`.plane-${name}`);
  const grid = find('grid');
  const svg = element.querySelector('svg');
  let sent = '';
  let table = null;
  let points = [];
  let place = () => [0, 0]; // of a point, in pixels
  let hover = null; // [layer, head] under the finger or of another picture of the group
  let keyed = null; // [layer, head] under the keys
  let announced = null;

  const size = () => [table?.told.length ?? 0, table?.told[0]?.length ?? 0];
  const picked = () => [props.value?.row ?? 0, props.value?.column ?? 0];
  const nameOf = ({ row, column }) => `${row}.${column}`;
  const marked = (level) => `${level > 0 ? '+' : ''}${String(level).replace('-', '−')}`;
  const text = (className, x, y, said, attributes = {}) => svgNode('text', { class: className, x, y, ...attributes }, said);

  const axes = (height, x, y, em) => {
    const limit = table.limit;
    const levels = levelsOf(limit);
    const [left, right] = [x(-limit), x(limit)];
    const [low, high] = [y(-limit), y(limit)];
    const line = (className, x1, y1, x2, y2) => svgNode('line', { class: className, x1, y1, x2, y2 });
    const drawn = [
      svgNode('rect', { class: 'plane-small', x: left, y: y(small), width: right - left, height: y(-small) - y(small) }),
      svgNode('rect', { class: 'plane-edge', x: left, y: high, width: right - left, height: low - high }),
      line('plane-same', left, low, right, high),
      line('plane-zero', left, y(0), right, y(0)),
      line('plane-zero', x(0), low, x(0), high),
    ];
    for (const level of [...levels, ...levels.map((one) => -one), 0]) {
      drawn.push(text('plane-tick', x(level), low + 1.1 * em, marked(level), { 'text-anchor': 'middle' }));
      drawn.push(text('plane-tick', left - 6, y(level) + 0.35 * em, marked(level), { 'text-anchor': 'end' }));
    }
    drawn.push(text('plane-name', (left + right) / 2, height - 0.4 * em, words.plane_x, { 'text-anchor': 'middle' }));
    const [atX, atY] = [0.9 * em, (low + high) / 2];
    drawn.push(text('plane-name', atX, atY, words.plane_y, { 'text-anchor': 'middle', transform: `rotate(-90 ${atX} ${atY})` }));
    return drawn;
  };

  const draw = () => {
    const width = grid.clientWidth, height = grid.clientHeight;
    if (!table || !width) return; // in a tab that is not open
    const em = textSizeOf(grid);
    attributed(svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const end = stretched(table.limit);
    const across = scaled([-end, end], [4.2 * em, width - 10]), upward = scaled([-end, end], [height - 3.1 * em, 8]);
    const x = (value) => across(stretched(value)), y = (value) => upward(stretched(value));
    place = ({ adds, missing }) => [x(adds), y(missing)];
    const sideOf = ({ adds }) => (adds > 0.6 * table.limit ? -1 : 1);
    const named = unhidden(outstanding(points, table.limit), (one) => {
      const [atX, atY] = place(one);
      return [atX + (sideOf(one) < 0 ? -10 - 2 * em : 10), atY - 6 - em, 2 * em, em];
    });
    const dots = points.map((point) => {
      const [atX, atY] = place(point);
      const attributes = { class: `plane-dot plane-${point.kind}`, transform: `translate(${atX} ${atY})`, 'data-head': nameOf(point) };
      return svgNode('g', attributes, svgNode('circle', { class: 'plane-ring', r: 11 }), svgNode('path', { class: 'plane-mark', d: SHAPES[point.kind] }));
    });
    const labels = points.map((point) => {
      const [atX, atY] = place(point);
      const side = sideOf(point);
      const className = named.includes(point) ? 'plane-label plane-named' : 'plane-label';
      return text(className, atX + 10 * side, atY - 6, nameOf(point), { 'text-anchor': side < 0 ? 'end' : 'start', 'data-head': nameOf(point) });
    });
    svg.replaceChildren(...axes(height, x, y, em), ...dots, ...labels); // no name under a point
    mark();
  };

  const read = () => keyed ?? hover;

  const mark = () => {
    for (const one of svg.querySelectorAll('[data-head]')) {
      one.classList.toggle('plane-picked', one.dataset.head === picked().join('.'));
      one.classList.toggle('plane-read-one', one.dataset.head === read()?.join('.'));
    }
    const [row, column] = read() ?? picked();
    put(find('read'), points.length ? table.told[row]?.[column] ?? '' : words.plane_empty);
    if (keyed) sayKeyed();
    announce();
  };

  const sayKeyed = () => {
    const cell = attributed(node('span', '', table.told[keyed[0]][keyed[1]]), { role: 'gridcell', id: `${element.id}-${keyed.join('-')}`, 'aria-colindex': keyed[1] + 1 });
    attributed(find('row'), { 'aria-rowindex': keyed[0] + 1 }).replaceChildren(cell);
    attributed(grid, { 'aria-activedescendant': cell.id });
  };

  // The matrices of the group light the head that is read here.
  let own = null;
  const announce = () => {
    const cell = keyed ?? own;
    if (String(cell) === String(announced)) return;
    announced = cell;
    tell('cell-hover', { group, cell, size: size(), from: element });
  };

  const pick = ([row, column]) => {
    props.value = { ...props.value, row, column };
    trigger('pick');
    mark();
  };

  const under = ({ clientX, clientY }) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / grid.clientWidth || 1; // an enlarged figure
    return nearest(points, place, [(clientX - box.left) / scale, (clientY - box.top) / scale], REACH);
  };

  grid.addEventListener('pointermove', (event) => {
    const found = under(event);
    const cell = found && [found.row, found.column];
    if (String(cell) === String(own) && !keyed) return;
    own = hover = cell;
    keyed = null;
    mark();
  });
  grid.addEventListener('pointerleave', () => {
    own = hover = null;
    mark();
  });
  grid.addEventListener('click', (event) => {
    const found = under(event);
    if (found) pick([found.row, found.column]);
  });
  gridKeys(grid, {
    at: () => keyed ?? picked(),
    size: () => (points.length ? size() : [0, 0]),
    go: (cell) => {
      keyed = cell;
      mark();
    },
  });
  grid.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !points.length) return;
    event.preventDefault();
    pick(keyed ?? picked());
  });
  grid.addEventListener('focus', () => {
    if (!grid.matches(':focus-visible') || !points.length) return;
    keyed = picked();
    mark();
  });
  grid.addEventListener('blur', () => {
    keyed = null;
    mark();
  });
  follow(element, 'cell-hover', ({ detail }) => {
    if (detail.group !== group || detail.from === element) return;
    hover = table && String(detail.size) === String(size()) ? detail.cell : null;
    if (hover?.includes(null)) hover = null; // a name of an axis
    mark();
  });

  const show = () => {
    const value = props.value ?? {};
    if (!value.table) return;
    if (value.table === sent) return mark(); // only what is picked has changed
    sent = value.table;
    table = JSON.parse(value.table);
    points = pointsOf(table.points);
    element.querySelector('.plane').figureName = table.title;
    put(find('title'), table.title);
    put(find('note'), points.length ? words.plane_hint : '');
    attributed(grid, { 'aria-label': `${table.title}. ${words.plane_keys}`, 'aria-rowcount': size()[0], 'aria-colcount': size()[1] });
    draw();
  };

  const legend = { agree: words.plane_agree, disagree: words.plane_disagree, neither: words.plane_neither };
  find('legend').replaceChildren(...KINDS.map((kind) => {
    const swatch = svgNode('svg', { class: `plane-dot plane-${kind}`, viewBox: '-9 -9 18 18', 'aria-hidden': 'true' }, svgNode('path', { class: 'plane-mark', d: SHAPES[kind] }));
    return node('li', '', swatch, legend[kind]);
  }));

  drawnAgain(grid, draw);
  watch('value', show);
  show();
}
