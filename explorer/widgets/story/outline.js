// The tree of branches as an outline with one tab stop.
import { attributed, button, filled, node, put } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { outline } from './branches.js';
import { branchInWords } from './sentences.js';

// find: the story's parts by class. act: { show(branch), discard(branch) }. Returns { show, update }.
export function outlineView({ find, words, limits, state, act }) {
  function rowFor(branch, depth) {
    const remove = button('remove', '×', (event) => {
      event.stopPropagation();
      act.discard(branch);
    });
    const title = filled(words.remove, { name: branch.id });
    attributed(remove, { tabindex: -1, title, 'aria-label': title }); // by keyboard: Delete
    const row = node('div', 'branch', node('span', '', branchInWords(branch, words)), remove);
    const here = branch === state.current;
    attributed(row, { role: 'treeitem', 'data-branch': branch.id, 'aria-level': depth + 1, 'aria-selected': here, tabindex: here ? 0 : -1 });
    row.style.marginLeft = `${Math.min(depth, 6) * 1.2}em`;
    row.addEventListener('click', () => act.show(branch));
    row.addEventListener('keydown', (event) => {
      if (event.key === 'Delete') act.discard(branch);
      else if (event.key === 'Enter' || event.key === ' ') act.show(branch);
      else return;
      event.preventDefault();
      find('outline').querySelector('[tabindex="0"]')?.focus();
    });
    return row;
  }

  function show() {
    const { tree } = state;
    find('branches').hidden = !tree;
    if (!tree) return;
    put(find('heading'), filled(words.branches, { n: tree.branches.length, most: limits.most_branches }));
    put(find('hint'), words.branches_hint);
    const focused = [...find('outline').children].findIndex((row) => row === document.activeElement);
    find('outline').setAttribute('aria-label', words.outline);
    find('outline').replaceChildren(...outline(tree).map(([branch, depth]) => rowFor(branch, depth)));
    if (focused >= 0) find('outline').children[focused]?.focus();
  }

  listKeys(find('outline'), {
    at: () => [...find('outline').children].indexOf(document.activeElement),
    count: () => find('outline').children.length,
    along: 'vertical',
    go: (row) => find('outline').children[row].focus(),
  });

  // The line of the branch on show alone: it changes with every token that is written.
  function update() {
    const line = find('outline').querySelector(`[data-branch="${state.current?.id}"][aria-selected="true"] span`);
    if (line) put(line, branchInWords(state.current, words));
    else show();
  }

  return { show, update };
}
