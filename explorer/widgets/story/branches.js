// The tree of texts written after one sentence. No page here. A token is { id, own, ... }; own: the model's log-probability in nats.
// A branch: { id, parent, from, tokens, target }: `tokens` is all of its text, the first `from` of them its parent's.

export function newTree(run) {
  return { run, branches: [], nextId: 1 };
}

export function branchOf(tree, id) {
  return tree.branches.find((branch) => branch.id === id) || null;
}

// A text of its own that begins like `parent` (null: like nothing).
export function addBranch(tree, parent, from, target) {
  const tokens = parent ? parent.tokens.slice(0, from) : [];
  const branch = { id: tree.nextId, parent: parent && parent.id, from, tokens, target };
  tree.nextId += 1;
  tree.branches.push(branch);
  return branch;
}

// Its children go on hanging on its parent, or, where it had none, on the oldest of them. Returns what takes its place, or null.
export function removeBranch(tree, id) {
  const gone = branchOf(tree, id);
  const children = tree.branches.filter((branch) => branch.parent === id);
  const heir = branchOf(tree, gone.parent) || children[0] || null;
  tree.branches = tree.branches.filter((branch) => branch !== gone);
  for (const child of children) {
    child.parent = child === heir ? null : heir.id;
    child.from = child === heir ? 0 : Math.min(child.from, sharedLength(child.tokens, heir.tokens));
  }
  return heir;
}

// [branch, depth] in the order of an outline: every branch after its parent, the older before the younger.
export function outline(tree, parent = null, depth = 0) {
  const here = tree.branches.filter((branch) => branch.parent === parent);
  return here.flatMap((branch) => [[branch, depth], ...outline(tree, branch.id, depth + 1)]);
}

// How many tokens two texts begin with together.
export function sharedLength(one, other) {
  let n = 0;
  while (n < one.length && n < other.length && one[n].id === other[n].id) n += 1;
  return n;
}

// A branch that has token `id` at `place` after the same beginning as `tokens`, or undefined.
export function branchWith(tree, tokens, place, id) {
  return tree.branches.find(
    (branch) => branch.tokens[place] && branch.tokens[place].id === id && sharedLength(branch.tokens, tokens) >= place,
  );
}

// The mean of the model's log-probabilities from token `from` on, in nats, and e to the minus that; null for no token.
export function meanLogProbability(tokens, from = 0) {
  if (tokens.length <= from) return null;
  let total = 0;
  for (let i = from; i < tokens.length; i += 1) total += tokens[i].own;
  return total / (tokens.length - from);
}

export function perplexity(tokens, from = 0) {
  const mean = meanLogProbability(tokens, from);
  return mean === null ? null : Math.exp(-mean);
}
