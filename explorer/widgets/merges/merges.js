import { chip } from '../shared/chips.js';
import { attributed, button, filled, finder, node, put } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { grouped } from '../shared/numbers.js';
import { mergesOf, pageOf, rowsOf } from './history.js';

// limits: { rows, parts }: rows on a page, parts in a row. words: sentences of the catalogue.
export default function mount({ element, props, watch, words, limits }) {
  const find = finder(element);
  const list = find('merges'), pages = find('merge-pages'), range = find('merge-range'), end = find('merge-end');
  let first = 0;
  const history = () => (props.value || {}).history;
  const last = () => (history() ? history().joints.length : 0);

  const rowFor = (row) => {
    const { kinds } = props.value;
    const parts = row.parts.map((kind, place) => partFor(kinds[kind], place === row.merged));
    const line = node('span', 'parts', cut(row.hiddenBefore), ...parts, cut(row.hiddenAfter));
    return node('li', '', line, node('span', 'caption', row.step ? stepped(row, kinds) : words.start));
  };
  const partFor = (kind, merged) => {
    const made = chip(kind, merged ? 'part merged' : 'part');
    made.title = kind.id === null ? words.no_entry : filled(words.entry, { id: kind.id });
    return made;
  };
  const cut = (n) => (n ? node('span', 'cut', filled(words.cut, { n: grouped(n) })) : '');
  const stepped = (row, kinds) => {
    const { text: made, id } = kinds[row.parts[row.merged]];
    const named = { number: grouped(row.step), left: kinds[row.left].text, right: kinds[row.right].text, made, rank: id };
    return filled(words.step, named);
  };

  const draw = () => {
    const steps = last();
    list.replaceChildren(...(history() ? rowsOf(history(), first, limits.rows, limits.parts).map(rowFor) : []));
    list.scrollTop = 0;
    pages.hidden = steps < limits.rows;
    const left = steps - first - limits.rows + 1;
    const named = { first: grouped(first), last: grouped(Math.min(steps, first + limits.rows - 1)), all: grouped(steps), left: grouped(left) };
    put(range, pages.hidden ? '' : filled(left > 0 ? words.range : words.range_end, named));
    list.dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
    put(end, (props.value || {}).end ?? '');
    for (const name of ['first', 'earlier']) attributed(buttons[name], { 'aria-disabled': first === 0 });
    for (const name of ['later', 'last']) attributed(buttons[name], { 'aria-disabled': first + limits.rows > steps });
  };
  const go = (step) => {
    const target = pageOf(step, last(), limits.rows);
    if (target === first) return;
    first = target;
    draw();
  };
  const buttons = {
    first: button('', words.first, () => go(0)),
    earlier: button('', words.earlier, () => go(first - limits.rows)),
    later: button('', words.later, () => go(first + limits.rows)),
    last: button('', words.last, () => go(last())),
  };
  find('merge-buttons').append(...Object.values(buttons));
  list.setAttribute('aria-label', words.list);
  list.figureTable = () => {
    const { kinds, history: told } = props.value || {};
    const rows = told ? mergesOf(told) : [];
    return {
      columns: words.table_head.split(', '),
      rows: rows.map(({ step, at, left, right, made }) => [step, at, kinds[left].text, kinds[right].text, kinds[made].text, kinds[made].id]),
    };
  };
  const count = () => Math.floor(last() / limits.rows) + 1;
  listKeys(pages, { at: () => first / limits.rows, count, go: (page) => go(page * limits.rows) });

  watch('value', () => {
    first = 0;
    draw();
  });
  draw();
}
