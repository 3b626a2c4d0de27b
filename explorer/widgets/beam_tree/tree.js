// The tree as SVG boxes with one tab stop; arrows walk it, and what a box holds is told below it in words.
const find = (name) => element.querySelector(`.${name}`);
const svg = element.querySelector('svg');
const hide = element.querySelector('.hide input');
const MARKS = { kept: '', finished: '■', pruned: '✕' };
const MOST_CHARACTERS = 13; // of a token's text in a box; the whole stands below
let tree = null; // what the server sent, nodes by index
let columns = [];
let boxes = new Map();
let current = -1;
let pickedRow = 0;
let drawn;

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const minus = (text) => text.replace('-', '−');
const short = (text) => ([...text].length > MOST_CHARACTERS ? `${[...text].slice(0, MOST_CHARACTERS - 1).join('')}…` : text);

const percent = (share) => {
  if (share > 0.9995) return '> 99.9 %';
  if (share < 1e-5) return '< 0.001 %';
  return share >= 0.001 ? `${(100 * share).toFixed(1)} %` : `${(100 * share).toPrecision(2)} %`;
};
const tiny = (share) => (share < 1e-5 ? `${minus((100 * share).toExponential(2)).replace('e', ' × 10^')} %` : percent(share));

const html = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const drawing = (tag, className, attributes, text = '') => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  made.setAttribute('class', className);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
};

const labelOf = (index) => (index < 0 ? tree.last : tree.labels[tree.nodes[index].id]);

function told(index) {
  if (index < 0) return filled(words.told_root, { token: tree.last.text });
  const node = tree.nodes[index];
  return filled(words.told, {
    token: labelOf(index).text,
    id: node.id,
    depth: node.depth,
    before: labelOf(node.parent).text,
    share: percent(Math.exp(node.log)),
    log: minus(node.log.toFixed(4)),
    sum: minus(node.sum.toFixed(4)),
    whole: tiny(Math.exp(node.sum)),
    rank: rankOf(tree.columns, node),
    n: tree.columns[node.depth].length,
    fate: words[`fate_${node.fate}`],
  });
}

function boxFor(node, row) {
  const { index, depth } = node;
  const { text, tint } = labelOf(index);
  const fate = index < 0 ? 'kept' : node.fate;
  const at = { x: xOf(depth), y: yOf(row) };
  const box = drawing('g', `box ${fate}`, { role: 'treeitem', 'aria-level': depth + 1, 'aria-label': told(index), tabindex: -1 });
  box.dataset.index = index;
  const frame = { ...at, width: BOX.width, height: BOX.height, rx: 6 };
  const back = drawing('rect', 'back', frame);
  if (fate !== 'pruned') back.style.fill = `var(--token-${tint})`;
  box.append(back);
  if (fate === 'finished') box.append(drawing('rect', 'inner', { x: at.x + 4, y: at.y + 4, width: BOX.width - 8, height: BOX.height - 8, rx: 4 }));
  box.append(drawing('text', 'token', { x: at.x + 10, y: at.y + 22 }, `\u2068${short(text)}\u2069`));
  box.append(drawing('text', 'mark', { x: at.x + BOX.width - 10, y: at.y + 22, 'text-anchor': 'end' }, MARKS[fate]));
  const numbers = index < 0 ? words.root : `${percent(Math.exp(node.log))}  Σ ${minus(node.sum.toFixed(2))}`;
  box.append(drawing('text', 'numbers', { x: at.x + 10, y: at.y + 44 }, numbers));
  return box;
}

function draw() {
  columns = columnsOf(tree.nodes, hide.checked);
  const place = new Map(columns.flatMap((column) => column.map((node, row) => [node.index, row])));
  if (!place.has(current)) current = -1;
  const height = yOf(Math.max(...columns.map((column) => column.length)));
  const width = xOf(columns.length);
  svg.setAttribute('width', width);
  svg.setAttribute('height', height);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('aria-label', words.tree);
  const heads = columns.slice(1).map((_, i) => drawing('text', 'head', { x: xOf(i + 1) + 10, y: 20, 'aria-hidden': true }, filled(words.column, { depth: i + 1 })));
  const edges = [], made = [];
  for (const column of columns) {
    column.forEach((node, row) => {
      made.push(boxFor(node, row));
      if (node.depth === 0) return;
      const edge = drawing('path', `edge ${node.fate}`, { d: edgePath(node.depth - 1, place.get(node.parent), row), 'aria-hidden': true });
      edge.dataset.index = node.index;
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
  pickedRow = Math.max(0, Math.min(tree.rows.length - 1, index));
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
  const line = html('tr', 'line');
  const kind = html('th', 'kind', row.kind);
  kind.scope = 'row';
  const text = html('td', 'text');
  text.append(html('bdi', '', row.text));
  const use = html('button', 'use', words.use);
  use.type = 'button';
  use.setAttribute('aria-label', filled(words.use_label, { kind: row.kind }));
  use.addEventListener('click', (event) => {
    event.stopPropagation();
    props.value = { ...props.value, used: row.text };
    trigger('apply');
  });
  const last = html('td', '');
  last.append(use);
  line.append(kind, text, ...[row.length, row.sum, row.score, row.probability].map((shown) => html('td', 'number', String(shown))), last);
  use.addEventListener('focus', () => pickedRow !== index && pickRow(index));
  line.addEventListener('click', () => pickRow(index));
  return line;
}

function drawTexts() {
  find('title').textContent = words.texts;
  find('texts').setAttribute('aria-label', words.texts);
  const names = ['kind', 'text', 'length', 'sum', 'score', 'probability'].map((name) => html('th', name, words[`text_${name}`]));
  const head = html('tr', '');
  head.append(...names, html('td', ''));
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
svg.addEventListener('keydown', (event) => {
  const target = boxFrom(columns, tree.nodes, current, event.key);
  if (target === undefined) return;
  event.preventDefault();
  stand(target);
  boxes.get(target).focus({ preventScroll: true });
  boxes.get(target).scrollIntoView({ block: 'nearest', inline: 'nearest' });
});
hide.addEventListener('change', () => tree && draw());
find('texts').addEventListener('keydown', (event) => {
  const target = { ArrowDown: pickedRow + 1, ArrowUp: pickedRow - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  pickRow(target);
  find('texts').querySelectorAll('.use')[pickedRow].focus();
});

// The picture as it stands, its colours written out so that it needs no style sheet.
find('save').addEventListener('click', () => {
  if (!tree) return;
  const copy = svg.cloneNode(true);
  const styles = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-family', 'font-size', 'font-weight', 'opacity'];
  const ours = [...svg.querySelectorAll('*')];
  [...copy.querySelectorAll('*')].forEach((part, i) => {
    const computed = getComputedStyle(ours[i]);
    part.setAttribute('style', styles.map((name) => `${name}:${computed.getPropertyValue(name)}`).join(';'));
  });
  const paper = drawing('rect', '', { width: '100%', height: '100%', fill: getComputedStyle(element).getPropertyValue('--paper').trim() });
  copy.prepend(paper);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }));
  link.download = 'beams.svg';
  link.click();
  URL.revokeObjectURL(link.href);
});

find('legend').replaceChildren(
  ...['kept', 'finished', 'pruned', 'path'].map((name) => {
    const item = html('li', '');
    item.append(html('i', `sign ${name}`, MARKS[name] || ''), html('span', '', words[`legend_${name}`]));
    return item;
  }),
);
find('reading').textContent = words.reading;
element.querySelector('.hide span').textContent = words.hide;
find('save').textContent = words.save;

watch('value', show);
show();
