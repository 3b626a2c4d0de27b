// The tree as SVG boxes with one tab stop; arrows walk it, and what a box holds is told below it in words.
import { tintOf } from '../shared/chips.js';
import { attributed, button, filled, finder, node, svgNode, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { linked } from '../shared/linked.js';
import { clamped, exponential, fixed, percentOfLog } from '../shared/numbers.js';
import { BOX, TYPE, boxFrom, columnsOf, edgePath, nodesOf, originsOf, rankOf, xOf, yOf } from './layout.js';

const MARKS = { kept: '', finished: '■', pruned: '✕' };
const MOST_CHARACTERS = 13; // of a token's text in a box; the whole stands below

const type = { 'font-size': TYPE };

const short = (text) => ([...text].length > MOST_CHARACTERS ? `${[...text].slice(0, MOST_CHARACTERS - 1).join('')}…` : text);

export default function mount({ element, props, trigger, watch, words }) {
  const find = finder(element);
  const svg = element.querySelector('svg');
  const hide = element.querySelector('.hide input');
  let tree = null; // what the server sent, nodes by index
  let columns = [];
  let boxes = new Map();
  let current = -1;
  let pickedRow = 0;
  let drawn;

  const labelOf = (index) => (index < 0 ? tree.last : tree.labels[tree.nodes[index].id]);

  // The share, and one in how many where that says more.
  const odds = (nats) => (nats > Math.log(0.01) ? percentOfLog(nats) : filled(words.one_in, { share: percentOfLog(nats), n: exponential(-nats) }));

  function told(index) {
    if (index < 0) return filled(words.told_root, { token: tree.last.text });
    const found = tree.nodes[index];
    return filled(words.told, {
      token: labelOf(index).text,
      id: found.id,
      depth: found.depth,
      before: labelOf(found.parent).text,
      share: percentOfLog(found.log),
      log: fixed(found.log, 4),
      sum: fixed(found.sum, 4),
      whole: odds(found.sum),
      rank: rankOf(tree.columns, found),
      n: tree.columns[found.depth].length,
      fate: words[`fate_${found.fate}`],
    });
  }

  function boxFor(one, row) {
    const { index, depth } = one;
    const { text, tint } = labelOf(index);
    const fate = index < 0 ? 'kept' : one.fate;
    const at = { x: xOf(depth), y: yOf(row) };
    const box = svgNode('g', { class: `box ${fate}`, role: 'treeitem', 'aria-level': depth + 1, 'aria-label': told(index), tabindex: -1 });
    box.dataset.index = index;
    const frame = { ...at, width: BOX.width, height: BOX.height, rx: 6 };
    const back = svgNode('rect', { class: 'back', ...frame });
    if (fate !== 'pruned') back.style.fill = tintOf(tint);
    box.append(back);
    if (fate === 'finished') box.append(svgNode('rect', { class: 'inner', x: at.x + 4, y: at.y + 4, width: BOX.width - 8, height: BOX.height - 8, rx: 4 }));
    box.append(svgNode('text', { ...type, class: 'token', x: at.x + 10, y: at.y + 22 }, `\u2068${short(text)}\u2069`));
    box.append(svgNode('text', { ...type, class: 'mark', x: at.x + BOX.width - 10, y: at.y + 22, 'text-anchor': 'end' }, MARKS[fate]));
    const numbers = index < 0 ? words.root : `${percentOfLog(one.log)}  Σ ${fixed(one.sum, 2)}`;
    box.append(svgNode('text', { ...type, class: 'numbers', x: at.x + 10, y: at.y + 44 }, numbers));
    return box;
  }

  function draw() {
    columns = columnsOf(tree.nodes, hide.checked);
    const place = new Map(columns.flatMap((column) => column.map((one, row) => [one.index, row])));
    if (!place.has(current)) current = -1;
    const height = yOf(Math.max(...columns.map((column) => column.length)));
    const width = xOf(columns.length);
    Object.assign(svg.style, { width: `${width / TYPE}em`, height: `${height / TYPE}em` }); // the page's text size scales the whole
    attributed(svg, { viewBox: `0 0 ${width} ${height}`, 'aria-label': words.tree });
    const heads = columns.slice(1).map((_, i) => svgNode('text', { ...type, class: 'head', x: xOf(i + 1) + 10, y: 20, 'aria-hidden': true }, filled(words.column, { depth: i + 1 })));
    const edges = [], made = [];
    for (const column of columns) {
      column.forEach((one, row) => {
        made.push(boxFor(one, row));
        if (one.depth === 0) return;
        const edge = svgNode('path', { class: `edge ${one.fate}`, d: edgePath(one.depth - 1, place.get(one.parent), row), 'aria-hidden': true });
        edge.dataset.index = one.index;
        edges.push(edge);
      });
    }
    boxes = new Map(made.map((box) => [Number(box.dataset.index), box]));
    const focused = svg.contains(document.activeElement);
    svg.replaceChildren(...heads, ...edges, ...made);
    markPath();
    stand(current);
    if (focused) boxes.get(current).focus();
  }

  function markPath() {
    const row = tree.rows[pickedRow];
    const path = new Set(row ? row.path : tree.best);
    svg.querySelectorAll('.box, .edge').forEach((part) => part.classList.toggle('path', path.has(Number(part.dataset.index))));
    const marked = [...svg.querySelectorAll('.edge.path')];
    marked.forEach((edge) => boxes.get(-1).before(edge)); // above the other edges, below the boxes
    find('texts').querySelectorAll('tbody tr').forEach((line, index) => {
      line.classList.toggle('picked', index === pickedRow);
      line.querySelector('button').tabIndex = index === pickedRow ? 0 : -1; // the list's one tab stop
    });
  }

  // Which box the arrows set out from, and the one tab stop.
  function stand(index) {
    current = index;
    boxes.forEach((box, at) => {
      box.setAttribute('tabindex', at === current ? 0 : -1);
      box.setAttribute('aria-selected', String(at === current));
    });
    find('detail').textContent = told(current);
  }

  function pickRow(index) {
    pickedRow = clamped(index, 0, tree.rows.length - 1);
    markPath();
    const path = tree.rows[pickedRow].path;
    const last = boxes.get(path[path.length - 1]);
    if (!last) return;
    stand(Number(last.dataset.index));
    const { left, width } = last.getBoundingClientRect();
    const view = find('scroll').getBoundingClientRect();
    find('scroll').scrollLeft += left + width / 2 - view.left - view.width / 2; // its end in sight, the page where it is
  }

  function lineFor(row, index) {
    const kind = node('th', 'kind', row.kind);
    kind.scope = 'row';
    const use = button('use', words.use, (event) => {
      event.stopPropagation();
      props.value = { ...props.value, used: row.text };
      trigger('apply');
    });
    use.setAttribute('aria-label', filled(words.use_label, { kind: row.kind }));
    use.addEventListener('focus', () => pickedRow !== index && pickRow(index));
    const numbers = [row.length, row.sum, row.score, row.probability].map((shown) => node('td', 'number', String(shown)));
    const line = node('tr', 'line', kind, node('td', 'text', node('bdi', '', row.text)), ...numbers, node('td', '', use));
    line.addEventListener('click', () => pickRow(index));
    return line;
  }

  function drawTexts() {
    find('title').textContent = words.texts;
    find('texts').setAttribute('aria-label', words.texts);
    const named = { kind: words.text_kind, text: words.text_text, length: words.shared_tokens, sum: words.text_sum, score: words.text_score, probability: words.shared_probability };
    const names = Object.entries(named).map(([name, said]) => node('th', name, said));
    const head = node('tr', '', ...names, node('td'));
    find('texts').tHead.replaceChildren(head);
    find('texts').tBodies[0].replaceChildren(...tree.rows.map(lineFor));
  }

  function show() {
    const { tree: sent } = props.value || {};
    if (!sent) find('detail').textContent = words.empty;
    if (!sent || sent === drawn) return;
    const before = tree;
    tree = JSON.parse(sent);
    tree.nodes = nodesOf(tree.nodes);
    tree.columns = columnsOf(tree.nodes, false);
    drawn = sent;
    pickedRow = 0;
    if (!before || current >= tree.nodes.length) current = -1;
    drawTexts();
    draw();
  }

  // Where a box's numbers come from. A tree that is marked as old is of another sentence than the one that the page has now.
  const originsAt = (index) => (index < 0 || element.closest('[data-stale]') ? {} : originsOf(tree.nodes, index, { nTokens: tree.n_tokens, limit: tree.limit }));
  function askOrigin(index) {
    const { share } = originsAt(index);
    if (share) tell('number-asked', { ...share, from: boxes.get(index) });
  }

  const boxAt = (target) => target.closest && target.closest('.box');
  svg.addEventListener('pointerover', (event) => {
    const box = boxAt(event.target);
    if (box) find('detail').textContent = told(Number(box.dataset.index));
  });
  svg.addEventListener('pointerleave', () => tree && (find('detail').textContent = told(current)));
  svg.addEventListener('click', (event) => {
    const box = boxAt(event.target);
    if (!box) return;
    stand(Number(box.dataset.index));
    box.focus();
  });
  svg.addEventListener('dblclick', ({ target }) => boxAt(target) && askOrigin(Number(boxAt(target).dataset.index)));
  svg.addEventListener('keydown', (event) => {
    if (event.key === '?') return askOrigin(current);
    const target = boxFrom(columns, tree.nodes, current, event.key);
    if (target === undefined) return undefined;
    event.preventDefault();
    stand(target);
    boxes.get(target).focus({ preventScroll: true });
    return boxes.get(target).scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  const tellHide = linked(element, 'beam_hide', false, (on) => {
    hide.checked = on;
    if (tree) draw();
  });
  hide.addEventListener('change', () => {
    tellHide(hide.checked);
    if (tree) draw();
  });
  listKeys(find('texts'), {
    at: () => pickedRow,
    count: () => tree?.rows.length ?? 0,
    along: 'vertical',
    go: (row) => {
      pickRow(row);
      find('texts').querySelectorAll('.use')[pickedRow].focus();
    },
  });

  find('beam-tree').figureTable = () => ({
    columns: words.columns.split(', '),
    rows: tree ? Object.values(tree.nodes).map(({ index, parent, depth, id, log, sum, fate }) =>
      [index, parent < 0 ? words.root : parent, depth, tree.labels[id].text, id, Math.exp(log), log, sum, words[`fate_${fate}`]]) : [],
    origins: (row, column) => ({ 5: originsAt(row).share, 6: originsAt(row).log })[column] ?? null,
  });

  find('legend').replaceChildren(
    ...['kept', 'finished', 'pruned', 'path'].map((name) =>
      node('li', '', node('i', `sign ${name}`, MARKS[name] || ''), node('span', '', words[`legend_${name}`])),
    ),
  );
  find('reading').textContent = words.reading;
  element.querySelector('.hide span').textContent = words.hide;

  watch('value', show);
  show();
}
