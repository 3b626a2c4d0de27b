// Where the boxes of the tree stand, how they are joined, and where the arrows lead. Box -1 is the sentence.
const BOX = { width: 178, height: 54, across: 40, down: 10, top: 30 };

const nodesOf = (rows) =>
  rows.map(([parent, depth, id, log, sum, fate], index) => ({ index, parent: parent ?? -1, depth, id, log, sum, fate }));

// One column a token; in a column the order in which they were weighed, the likeliest text first.
function columnsOf(nodes, withoutPruned) {
  const columns = [[{ index: -1, depth: 0 }]];
  for (const node of nodes) {
    columns[node.depth] = columns[node.depth] || [];
    if (!withoutPruned || node.fate !== 'pruned') columns[node.depth].push(node);
  }
  return columns;
}

const xOf = (depth) => depth * (BOX.width + BOX.across) + 4;
const yOf = (row) => BOX.top + row * (BOX.height + BOX.down) + 4;

function edgePath(fromDepth, fromRow, row) {
  const x1 = xOf(fromDepth) + BOX.width, y1 = yOf(fromRow) + BOX.height / 2;
  const x2 = xOf(fromDepth + 1), y2 = yOf(row) + BOX.height / 2, middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

// Left: what came before; right: the likeliest that follows; up, down, Home and End: within the column.
function boxFrom(columns, nodes, index, key) {
  const depth = index < 0 ? 0 : nodes[index].depth;
  const column = columns[depth];
  const row = column.findIndex((node) => node.index === index);
  if (key === 'ArrowLeft') return index < 0 ? -1 : nodes[index].parent;
  if (key === 'ArrowRight') return ((columns[depth + 1] || []).find((node) => node.parent === index) || { index }).index;
  const target = { ArrowUp: row - 1, ArrowDown: row + 1, Home: 0, End: column.length - 1 }[key];
  return target === undefined ? undefined : column[Math.max(0, Math.min(column.length - 1, target))].index;
}

const rankOf = (columns, node) => columns[node.depth].findIndex((other) => other.index === node.index) + 1;
