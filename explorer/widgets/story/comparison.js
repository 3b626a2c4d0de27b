// Two branches side by side from where they part.
import { attributed, filled, node, put } from '../shared/dom.js';
import { branchOf, sharedLength } from './branches.js';
import { showChips } from './chips.js';
import { counted, measures, tokenInWords } from './sentences.js';

const REST_MS = 1000;

// find: the story's parts by class. Returns { show, showNowAndThen, forget }.
export function comparisonView({ find, words, state }) {
  // Which two are compared; null: the branch on show, and what it left.
  const compared = [null, null];
  const menus = [0, 1].map((side) => {
    const menu = node('select', 'compared');
    menu.addEventListener('change', () => {
      compared[side] = Number(menu.value);
      show();
    });
    return menu;
  });

  function offer(side, selected) {
    const { tree } = state;
    const ids = tree.branches.map(({ id }) => id);
    if ([...menus[side].children].map(({ value }) => value).join() !== ids.join()) {
      menus[side].replaceChildren(...ids.map((id) => Object.assign(node('option', '', filled(words.side, { name: id })), { value: id })));
    }
    menus[side].value = selected.id;
  }

  function sideFor(branch, from) {
    const rest = branch.tokens.slice(from);
    const said = `${counted(rest.length, words)} ${words.from_there} ${measures(branch.tokens, from, words)}`;
    const box = node('span', 'side-chips');
    showChips(box, [], rest, state.colours);
    box.querySelectorAll('.chip').forEach((chip, i) => {
      attributed(chip, { title: tokenInWords(rest[i], from + i, null, state.tree, words), role: null, tabindex: null });
    });
    return node('div', 'side', node('p', 'heading', filled(words.side, { name: branch.id })), node('p', '', said), node('div', 'text', box));
  }

  let drawnAt = 0;

  function show() {
    const { tree, current } = state;
    drawnAt = performance.now();
    const two = Boolean(tree) && tree.branches.length > 1;
    find('comparison').hidden = !two;
    if (!two) return;
    const left = branchOf(tree, compared[0]) || current;
    const usual = branchOf(tree, left.parent) || tree.branches.find((branch) => branch.parent === left.id);
    const right = branchOf(tree, compared[1]) || usual || tree.branches.find((branch) => branch !== left);
    if (!find('choice').children.length) {
      const label = (text, menu) => node('label', '', `${text} `, menu);
      find('choice').append(label(words.compare, menus[0]), label(words.with, menus[1]));
    }
    offer(0, left);
    offer(1, right);
    const n = sharedLength(left.tokens, right.tokens);
    if (left === right) put(find('common'), words.same_branch);
    else {
      const last = left.tokens.slice(Math.max(0, n - 8), n).map(({ text }) => text).join('');
      put(find('common'), n === 0 ? words.common_none : filled(words.common, { n: counted(n, words), last: n > 8 ? `…${last}` : last }));
    }
    find('sides').replaceChildren(...(left === right ? [] : [sideFor(left, n), sideFor(right, n)]));
  }

  // While text is written: drawn whole, so not at every token.
  function showNowAndThen() {
    if (performance.now() - drawnAt > REST_MS) show();
  }

  return { show, showNowAndThen, forget: () => compared.fill(null) };
}
