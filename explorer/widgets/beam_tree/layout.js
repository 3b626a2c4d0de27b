// Where the boxes of the tree stand, how they are joined, and where the arrows lead. Box -1 is the sentence.
import { stepInList } from '../shared/keys.js';
import { lastPlace } from '../shared/origins.js';

export const TYPE = 16; // of the text in a box, in the drawing's own units, as all of this
export const BOX = { width: 178, height: 54, across: 40, down: 10, top: 30 };

export const nodesOf = (rows) =>
  rows.map(([parent, depth, id, log, sum, fate], index) => ({ index, parent: parent ?? -1, depth, id, log, sum, fate }));

// One column a token; in a column the order in which they were weighed, the likeliest text first.
export function columnsOf(nodes, withoutPruned) {
  const columns = [[{ index: -1, depth: 0 }]];
  for (const node of nodes) {
    columns[node.depth] = columns[node.depth] || [];
    if (!withoutPruned || node.fate !== 'pruned') columns[node.depth].push(node);
  }
  return columns;
}

export const xOf = (depth) => depth * (BOX.width + BOX.across) + 4;
export const yOf = (row) => BOX.top + row * (BOX.height + BOX.down) + 4;

export function edgePath(fromDepth, fromRow, row) {
  const x1 = xOf(fromDepth) + BOX.width, y1 = yOf(fromRow) + BOX.height / 2;
  const x2 = xOf(fromDepth + 1), y2 = yOf(row) + BOX.height / 2, middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

// Left: what came before; right: the likeliest that follows; up, down, Home and End: within the column.
export function boxFrom(columns, nodes, index, key) {
  const depth = index < 0 ? 0 : nodes[index].depth;
  const column = columns[depth];
  const row = column.findIndex((node) => node.index === index);
  if (key === 'ArrowLeft') return index < 0 ? -1 : nodes[index].parent;
  if (key === 'ArrowRight') return ((columns[depth + 1] || []).find((node) => node.parent === index) || { index }).index;
  const target = stepInList(key, row, column.length, 'vertical');
  return target === undefined ? undefined : column[target].index;
}

export const rankOf = (columns, node) => columns[node.depth].findIndex((other) => other.index === node.index) + 1;

// What the drawer is asked for a node's { share, log }: after the sentence, of nTokens tokens, and the nodes before it in its text. limit:
// how many tokens the model reads at once.
export function originsOf(nodes, index, { nTokens, limit }) {
  const after = [];
  for (let at = nodes[index].parent; at >= 0; at = nodes[at].parent) after.unshift(nodes[at].id);
  const number = { index: [lastPlace(nTokens + after.length, limit), nodes[index].id], ...(after.length ? { after } : {}) };
  return { share: { kind: 'share', ...number }, log: { kind: 'log_share', ...number } };
}
