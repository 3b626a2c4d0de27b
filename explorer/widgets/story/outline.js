// The tree of branches as an outline, and two of them side by side from where they part.

const signed = (number) => number.toFixed(3).replace('-', '−');

function measures(tokens, from = 0) {
  const mean = meanLogProbability(tokens, from);
  return mean === null ? words.no_tokens : filled(words.measures, { mean: signed(mean), perplexity: perplexity(tokens, from).toPrecision(3) });
}

const counted = (n) => (n === 1 ? words.one_token : filled(words.tokens, { n }));

function branchInWords(branch) {
  const head = { name: branch.id, n: counted(branch.tokens.length), measures: measures(branch.tokens) };
  if (branch.parent === null) return filled(words.branch, head);
  const token = branch.tokens[branch.from];
  const left = filled(words.leaves, { parent: branch.parent, place: branch.from });
  const how = token && filled(token.forced ? words.by_force : words.by_drawing, { token: token.text, share: percent(token.probability) });
  return `${filled(words.branch, head)} ${left}${how ? ` ${how}` : ''}`;
}

function rowFor(branch, depth) {
  const row = node('div', 'branch');
  row.setAttribute('role', 'treeitem');
  row.dataset.branch = branch.id;
  row.setAttribute('aria-level', String(depth + 1));
  row.setAttribute('aria-selected', String(branch === current));
  row.tabIndex = branch === current ? 0 : -1;
  row.style.marginLeft = `${Math.min(depth, 6) * 1.2}em`;
  const remove = node('button', 'remove', '×');
  remove.type = 'button';
  remove.tabIndex = -1; // by keyboard: Delete
  remove.title = filled(words.remove, { name: branch.id });
  remove.setAttribute('aria-label', remove.title);
  remove.addEventListener('click', (event) => {
    event.stopPropagation();
    discard(branch);
  });
  row.append(node('span', '', branchInWords(branch)), remove);
  row.addEventListener('click', () => choose(branch));
  row.addEventListener('keydown', (event) => {
    const rows = [...find('outline').children];
    const target = { ArrowDown: rows.indexOf(row) + 1, ArrowUp: rows.indexOf(row) - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === 'Delete') discard(branch);
    else if (event.key === 'Enter' || event.key === ' ') choose(branch);
    else if (target === undefined) return;
    else rows[Math.max(0, Math.min(rows.length - 1, target))].focus();
    event.preventDefault();
    if (target === undefined) find('outline').querySelector('[tabindex="0"]')?.focus();
  });
  return row;
}

function showOutline() {
  find('branches').hidden = !tree;
  if (!tree) return;
  put(find('heading'), filled(words.branches, { n: tree.branches.length, most: limits.most_branches }));
  put(find('hint'), words.branches_hint);
  const focused = [...find('outline').children].findIndex((row) => row === document.activeElement);
  find('outline').setAttribute('aria-label', words.outline);
  find('outline').replaceChildren(...outline(tree).map(([branch, depth]) => rowFor(branch, depth)));
  if (focused >= 0) find('outline').children[focused]?.focus();
}

// Which two are compared; null: the branch on show, and what it left.
const compared = [null, null];
const menus = [0, 1].map((side) => {
  const menu = node('select', 'compared');
  menu.addEventListener('change', () => {
    compared[side] = Number(menu.value);
    showComparison();
  });
  return menu;
});

function offer(side, selected) {
  const ids = tree.branches.map(({ id }) => id);
  if ([...menus[side].children].map(({ value }) => value).join() !== ids.join()) {
    menus[side].replaceChildren(...ids.map((id) => Object.assign(node('option', '', filled(words.side, { name: id })), { value: id })));
  }
  menus[side].value = selected.id;
}

function sideFor(branch, from) {
  const side = node('div', 'side');
  const rest = branch.tokens.slice(from);
  side.append(node('p', 'heading', filled(words.side, { name: branch.id })), node('p', '', `${counted(rest.length)} ${words.from_there} ${measures(branch.tokens, from)}`));
  const text = node('div', 'text');
  const box = node('span', 'side-chips');
  showChips(box, [], rest, colours);
  box.querySelectorAll('.chip').forEach((chip, i) => {
    chip.title = inWords(rest[i], from + i, null);
    chip.removeAttribute('role');
    chip.removeAttribute('tabindex');
  });
  text.append(box);
  side.append(text);
  return side;
}

let comparedAt = 0; // it is drawn whole, so not at every token

function showComparison() {
  comparedAt = performance.now();
  const two = Boolean(tree) && tree.branches.length > 1;
  find('comparison').hidden = !two;
  if (!two) return;
  const left = branchOf(tree, compared[0]) || current;
  const usual = branchOf(tree, left.parent) || tree.branches.find((branch) => branch.parent === left.id);
  const right = branchOf(tree, compared[1]) || usual || tree.branches.find((branch) => branch !== left);
  if (!find('choice').children.length) {
    const label = (text, menu) => {
      const made = node('label', '', `${text} `);
      made.append(menu);
      return made;
    };
    find('choice').append(label(words.compare, menus[0]), label(words.with, menus[1]));
  }
  offer(0, left);
  offer(1, right);
  const n = sharedLength(left.tokens, right.tokens);
  if (left === right) put(find('common'), words.same_branch);
  else {
    const last = left.tokens.slice(Math.max(0, n - 8), n).map(({ text }) => text).join('');
    put(find('common'), n === 0 ? words.common_none : filled(words.common, { n: counted(n), last: n > 8 ? `…${last}` : last }));
  }
  find('sides').replaceChildren(...(left === right ? [] : [sideFor(left, n), sideFor(right, n)]));
}
