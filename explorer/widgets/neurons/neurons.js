// Rows of neurons: their numbers open where they come from, their switches turn one edit of the page on or off.
import { chip } from '../shared/chips.js';
import { attributed, button, filled, node, tell } from '../shared/dom.js';
import { followEdits, turned, wishEdits } from '../shared/edits.js';
import { opener, openersIn } from '../shared/openers.js';

export default function mount({ element, props, watch, words }) {
  const list = element.querySelector('ol');
  const drawn = openersIn(list);
  let edits = [];

  const told = () => JSON.parse(props.value?.rows ?? '{"heads":[],"rows":[]}');

  const keyFor = ({ number, edits: own }) => {
    const isOff = own.some((edit) => edits.includes(edit));
    const key = button('neuron-switch', isOff ? words.on : words.off, () => wishEdits(turned(edits, own)));
    return attributed(key, { 'aria-pressed': isOff, 'aria-label': filled(words.switch, { neuron: number }), 'data-neuron': number });
  };

  const tokensFor = (kind, name, tokens) => node('p', `neuron-tokens neuron-${kind}`, node('span', 'neuron-does', name), ...tokens.map((token) => chip(token)));

  const rowFor = (row, answer) => {
    const { number, before, after, strength, part, adds, promoted, suppressed } = row;
    const bar = node('span', 'neuron-bar');
    bar.style.width = `${100 * part}%`;
    const from = ({ shown, origin }, label) => opener('neuron-from', shown, origin, { label, title: label });
    const first = from(before, filled(words.before, { neuron: number, value: before.shown }));
    const then = from(after, filled(words.after, { neuron: number, value: after.shown }));
    const added = node('span', 'neuron-adds', adds, node('span', 'neuron-answer', filled(words.to, { answer })));
    const head = node('div', 'neuron-head',
      node('span', 'neuron-number', String(number)),
      node('span', 'neuron-gelu', first, ' → ', then),
      attributed(node('span', 'neuron-track', bar), { title: filled(words.hint, { value: strength }) }),
      node('span', 'neuron-strength', strength), added, keyFor(row));
    const item = node('li', 'neuron', head, tokensFor('promoted', words.promotes, promoted), tokensFor('suppressed', words.suppresses, suppressed));
    item.toggleAttribute('data-off', row.edits.some((edit) => edits.includes(edit)));
    return item;
  };

  const draw = () => {
    const { heads, rows, answer } = told();
    const focused = document.activeElement?.closest?.('.neuron-switch')?.dataset.neuron;
    attributed(list, { 'aria-label': words.list });
    element.querySelector('.neurons-heads').replaceChildren(...heads.map((name) => node('span', '', name)));
    list.replaceChildren(...rows.map((row) => rowFor(row, answer)));
    drawn();
    if (focused) list.querySelector(`.neuron-switch[data-neuron="${focused}"]`)?.focus();
  };

  followEdits(element, (now) => {
    edits = now;
    draw();
  });
  watch('value', draw);
  draw();
  tell('cursor-asked');
}
