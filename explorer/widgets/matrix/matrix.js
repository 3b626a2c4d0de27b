// One matrix on the page: what it shows, what the finger and the keys do to it, and what is said of it.

import { drawnAgain, sharpness } from '../shared/canvas.js';
import { attributed, node, put, follow, tell } from '../shared/dom.js';
import { bytesOf, floatsOf } from '../shared/numbers.js';
import { allCells } from './scale.js';
import { wholeView, zoomed, moved, withCell, fewestCells, cellAt, stepped } from './view.js';
import { said, plain } from './reading.js';
import { matrixStyle, measurer, lay, sceneOf, stripsHeight } from './scene.js';
import { paintPicture, paintedNames } from './picture.js';
import { paintMarks, isTokens } from './marks.js';
import { showLegend, pointLegend } from './legend.js';
import { notes } from './notes.js';
import { gestures } from '../shared/gestures.js';
import { figureTable } from './saved.js';
import { placeOf } from './origins.js';
import { sheetAt } from './sheets.js';

const READABLE = { columns: 64, rows: 28 }; // pixels a cell where zooming ends
const STEP = 1.5;

export default function mount({ element, props, trigger, watch, words, palettes, group }) {
  const find = (name) => element.querySelector(`.matrix-${name}`);
  const root = element.querySelector('.matrix');
  const grid = find('grid');
  const picture = find('picture');
  const marks = find('marks');
  const names = new OffscreenCanvas(1, 1);
  const widthOf = measurer();
  const colours = {}; // scale and theme -> bytes
  let sent = {}; // the strings that were unpacked
  let base = null; // what is the same on all sheets
  let table = null; // base and the sheet on top
  let sheets; // the cells of all sheets, one after the other
  let values;
  let cursor = null; // the page's cursor: whose sheet lies on top
  let scene = null;
  let view;
  let key = [0, 0]; // under the key cursor
  let keyed = false; // whether the keys spoke last
  let chosen = null; // the cell that was clicked or reached by keys last: whose origin is asked for
  let hover = null; // under the finger, one index null over names
  let linked = null; // a token that another view lights
  let announced = null;
  let echo = null; // the cell that another matrix of the group reads
  let tellingGroup = null; // the cell that this one told the group

  const inside = (index, n) => (Number.isInteger(index) && index >= 0 && index < n ? index : null);
  let kept = {}; // what was picked last, for a value that says nothing of it
  const picked = () => {
    const { row, column } = props.value?.row === undefined ? kept : props.value;
    return [inside(row, table.size[0]), inside(column, table.size[1])];
  };
  const pickedOrNone = () => (picked().every((index) => index === null) ? null : picked());
  const own = () => hover ?? (keyed ? key : null);
  const read = () => own() ?? echo;

  const unpack = ({ cells, table: told }) => {
    const before = table?.size ?? [];
    base = JSON.parse(told);
    sheets = floatsOf(cells);
    if (base.sheets && !cursor) tell('cursor-asked');
    const [rows, columns] = base.size;
    turnTo(Math.max(0, sheetAt(base.sheets, cursor)));
    sent = { cells, table: told };
    if (before[0] === rows && before[1] === columns) return;
    view = { rows: wholeView(rows), columns: wholeView(columns) };
    key = picked().map((index) => index ?? 0);
    hover = chosen = echo = null;
  };

  const turnTo = (at) => {
    table = base.sheets ? { ...base, ...base.sheets[at] } : base;
    const n = sheets.length / (base.sheets?.length ?? 1);
    values = allCells(sheets.subarray(at * n, (at + 1) * n), ...base.size, base.blank);
  };

  // The sheet of another head, where it was sent: no answer is waited for.
  const turnToCursor = ({ layer, head }) => {
    cursor = { layer, head };
    const at = base?.sheets && scene ? sheetAt(base.sheets, cursor) : -1;
    if (at < 0 || base.sheets[at].label === table.label) return;
    turnTo(at);
    scene = { ...scene, table };
    call();
    if (grid.clientWidth) paint();
  };

  const call = () => {
    root.figureName = table.label;
    grid.setAttribute('aria-label', `${table.label}. ${words.keys}`);
  };

  const draw = () => {
    const value = props.value ?? {};
    if (value.row !== undefined) kept = { row: value.row, column: value.column };
    if (!value.table) return;
    const last = table && sent.picked;
    const isSame = scene !== null && value.cells === sent.cells && value.table === sent.table;
    if (!isSame) unpack(value);
    const { rows, columns } = view;
    sent.picked = picked();
    if (String(last) !== String(sent.picked)) {
      show(sent.picked);
      if (!keyed) key = sent.picked.map((index, axis) => index ?? key[axis]);
    }
    if (isSame && view.rows.from === rows.from && view.columns.from === columns.from) return mark(); // only what is picked has changed
    root.dataset.shape = table.shape;
    call();
    put(find('title'), table.title ?? '');
    grid.setAttribute('aria-rowcount', table.size[0]);
    grid.setAttribute('aria-colcount', table.size[1]);
    layOut();
  };

  const show = ([row, column]) => {
    if (row !== null) view.rows = withCell(view.rows, table.size[0], row);
    if (column !== null) view.columns = withCell(view.columns, table.size[1], column);
  };

  // Everything anew, in the size that the grid has now.
  const layOut = () => {
    if (!table || !grid.clientWidth) return; // in a tab that is not open
    const style = matrixStyle(root);
    if (table.shape === 'strips') grid.style.minHeight = `${stripsHeight(table.size[0], style.size)}px`;
    else grid.style.minHeight = '';
    const layout = { ...lay(table, style, grid.clientWidth, grid.clientHeight, widthOf(style.font)), ratio: sharpness(root) };
    scene = sceneOf(layout, view);
    grid.dataset.box = [layout.box.left, layout.box.top, layout.box.width, layout.box.height].join(' '); // where the cells are
    showLegend(find('legend'), table, paletteNow(), words);
    paint();
  };

  const paletteNow = () => {
    const packed = palettes[table.scale][scene.style.theme];
    return (colours[packed] ??= bytesOf(packed));
  };

  const paint = () => {
    scene = sceneOf(scene, view);
    paintedNames(names, scene);
    const crowd = paintPicture(picture, scene, values, paletteNow());
    put(find('note'), notes(scene, crowd, words));
    grid.classList.toggle('matrix-near', isNear());
    find('farther').setAttribute('aria-disabled', String(!isNear()));
    mark();
  };

  // Another picture of the same values, once a frame however fast the finger is.
  let waiting = false;
  const look = (next) => {
    view = next;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      paint();
    });
  };

  const isNear = () => view.rows.span < table.size[0] || view.columns.span < table.size[1];

  const mark = () => {
    if (!scene) return;
    paintMarks(marks, scene, names, { picked: pickedOrNone(), hover: hover ?? (keyed ? null : echo), key: keyed ? key : null, chosen: placeOfChosen() && chosen, linked });
    say();
    offerOrigin();
    announce();
  };

  // In words: what is under the finger or the keys, else what is picked, else the strongest of all.
  const say = () => {
    const told = said(table, values, read() ?? picked(), words);
    const line = find('read');
    // one voice at a time: under the keys the cell itself speaks, and a finger that moves would never stop
    line.setAttribute('aria-live', read() ? 'off' : 'polite');
    if (line.textContent !== plain(told)) line.replaceChildren(...told.map(({ text, data }) => (data ? node('bdi', '', text) : text)));
    const [row, column] = read() ?? picked();
    pointLegend(find('legend'), table, row === null || column === null ? NaN : values[row * table.size[1] + column]);
    if (!keyed) return;
    const cell = node('span', '', plain(told));
    cell.setAttribute('role', 'gridcell');
    cell.id = `${element.id || 'matrix'}-${key.join('-')}`;
    cell.setAttribute('aria-colindex', key[1] + 1);
    find('row').setAttribute('aria-rowindex', key[0] + 1);
    find('row').replaceChildren(cell);
    grid.setAttribute('aria-activedescendant', cell.id);
  };

  const placeOfChosen = () => chosen && placeOf(table, values, ...chosen);
  const offerOrigin = () => {
    const why = table.no_origin || (placeOfChosen() ? words.where_from_info : words.where_from_none);
    find('from').hidden = !table.origin && !table.no_origin;
    attributed(find('from'), { 'aria-disabled': String(!placeOfChosen()), title: why, 'aria-description': why });
  };
  // follow: only where the drawer is open already
  const askOrigin = (from, only = false) => {
    const place = placeOfChosen();
    if (place) tell('number-asked', { ...place, from, follow: only });
  };

  // Tells the other views which token is read here: the row's, or the column's where rows are no tokens.
  const announce = () => {
    tellGroup();
    const [row, column] = own() ?? [null, null];
    const position = (isTokens(table.rows) ? row : null) ?? (isTokens(table.columns) ? column : null);
    if (position === announced) return;
    announced = position;
    document.dispatchEvent(new CustomEvent('token-hover', { detail: { position, from: element } }));
  };

  // The matrices of the group light the cell that is read here, where they have as many cells.
  const tellGroup = () => {
    const cell = own();
    if (!group || String(cell) === String(tellingGroup)) return;
    tellingGroup = cell;
    tell('cell-hover', { group, cell, size: table.size, from: element });
  };

  const cellUnder = (x, y) => {
    const { box } = scene;
    const row = cellAt(y, box.top, box.height, view.rows, table.size[0]);
    const column = cellAt(x, box.left, box.width, view.columns, table.size[1]);
    if (row >= 0 && column >= 0) return [row, column];
    if (row >= 0 && x < box.left) return [row, null];
    return column >= 0 && y >= box.top + box.height ? [null, column] : null;
  };

  const pick = ([row, column]) => {
    props.value = { ...props.value, row, column };
    trigger('pick');
  };

  const zoom = (factor, atRow, atColumn) => {
    const { box } = scene;
    const [rows, columns] = table.size;
    look({
      rows: table.shape === 'strips' ? view.rows : zoomed(view.rows, rows, factor, atRow, fewestCells(rows, box.height, READABLE.rows)),
      columns: zoomed(view.columns, columns, factor, atColumn, fewestCells(columns, box.width, READABLE.columns)),
    });
  };

  // About the cell that is read or picked, or the middle.
  const zoomHere = (factor) => {
    const [row, column] = (keyed ? key : null) ?? picked();
    const middle = ({ from, span }) => from + span / 2;
    zoom(factor, row === null ? middle(view.rows) : row + 0.5, column === null ? middle(view.columns) : column + 0.5);
  };

  const reset = () => look({ rows: wholeView(table.size[0]), columns: wholeView(table.size[1]) });

  gestures(grid, {
    point: (x, y) => {
      if (!scene) return;
      const next = x === null ? null : cellUnder(x, y);
      if (String(next) === String(hover) && !(next && keyed)) return;
      hover = next;
      if (next) keyed = false;
      mark();
    },
    click: (x, y) => {
      const cell = scene && cellUnder(x, y);
      if (!cell) return;
      key = cell.map((index, axis) => index ?? key[axis]);
      chosen = cell.includes(null) ? null : cell;
      pick(cell);
      mark();
      askOrigin(grid, true);
    },
    zoom: (factor, x, y) => {
      if (!scene) return;
      const { box } = scene;
      const at = (pixel, start, size, { from, span }) => from + ((pixel - start) / size) * span;
      zoom(factor, at(y, box.top, box.height, view.rows), at(x, box.left, box.width, view.columns));
    },
    pan: (dx, dy) => {
      if (!scene) return;
      const { wide, high } = scene;
      look({ rows: moved(view.rows, table.size[0], -dy / high), columns: moved(view.columns, table.size[1], -dx / wide) });
    },
    twice: () => {
      if (!scene) return;
      if (placeOfChosen()) askOrigin(grid);
      else reset();
    },
  });

  const pickKey = () => {
    chosen = key;
    pick(key);
    askOrigin(grid, true);
  };
  const askKey = () => {
    chosen = key;
    askOrigin(grid);
  };
  grid.addEventListener('keydown', (event) => {
    if (!scene || event.altKey || event.metaKey) return;
    const acts = { '+': () => zoomHere(STEP), '=': () => zoomHere(STEP), '-': () => zoomHere(1 / STEP), 0: reset, Enter: pickKey, ' ': pickKey, '?': askKey };
    const act = event.ctrlKey ? undefined : acts[event.key];
    if (hover) key = hover.map((index, axis) => index ?? key[axis]); // the keys go on where the finger was
    const target = stepped(event.key, event.ctrlKey, key, ...table.size);
    if (!act && !target) return;
    event.preventDefault();
    if (act) return act();
    key = chosen = target;
    keyed = true;
    hover = null;
    const before = view;
    view = { ...view };
    show(key);
    if (view.rows.from !== before.rows.from || view.columns.from !== before.columns.from) paint();
    else mark();
  });
  grid.addEventListener('focus', () => {
    keyed = grid.matches(':focus-visible'); // reached by keys: they read at once
    if (keyed) chosen = key;
    if (scene) mark();
  });
  grid.addEventListener('blur', () => {
    keyed = false;
    if (scene) mark();
  });

  for (const [name, does, factor] of [['nearer', words.nearer, STEP], ['farther', words.farther, 1 / STEP]]) {
    attributed(find(name), { 'aria-label': does, title: does });
    find(name).addEventListener('click', () => scene && zoomHere(factor));
  }

  put(find('from'), words.shared_where_from);
  find('from').addEventListener('click', () => askOrigin(find('from')));

  root.figureTable = () => (table ? figureTable(table, values) : { columns: [], rows: [] });

  follow(element, 'cell-hover', ({ detail }) => {
    if (!group || detail.group !== group || detail.from === element) return;
    echo = table && String(detail.size) === String(table.size) ? detail.cell : null;
    if (scene) mark();
  });
  follow(element, 'token-hover', ({ detail }) => {
    if (detail.from === element || linked === detail.position) return;
    linked = detail.position;
    if (table) mark();
  });
  for (const told of ['cursor-turned', 'cursor-moved']) follow(element, told, ({ detail }) => turnToCursor(detail));
  drawnAgain(grid, layOut);

  watch('value', draw);
  draw();
}
