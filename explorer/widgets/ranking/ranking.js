// One tab stop; the arrows move, a click or Enter switches the part off, or on again.
import { chip } from '../shared/chips.js';
import { attributed, filled, finder, node, put, tell } from '../shared/dom.js';
import { followEdits, turned, wishEdits } from '../shared/edits.js';
import { listKeys } from '../shared/keys.js';

export default function mount({ element, props, watch, words }) {
  const find = finder(element);
  const list = element.querySelector('ol');
  attributed(list, { 'aria-label': words.list });
  let edits = [];
  let at = 0;

  const rowFor = ({ label, edit, told, part, guess }, place) => {
    const bar = node('span', 'ranking-bar');
    bar.style.width = `${100 * part}%`;
    const key = attributed(node('button', 'ranking-row', node('span', 'ranking-label', label), node('span', 'ranking-track', bar), node('span', 'ranking-told', told)), {
      type: 'button', tabindex: place === at ? 0 : -1, title: filled(edits.includes(edit) ? words.on : words.off, { part: label }), 'aria-pressed': edits.includes(edit),
    });
    if (guess) key.append(node('span', 'ranking-guess', words.guess, chip(guess)));
    key.addEventListener('click', () => wishEdits(turned(edits, [edit])));
    return node('li', '', key);
  };

  const draw = () => {
    const { rows = [], left = 0 } = props.value || {};
    const focused = list.contains(document.activeElement);
    at = Math.min(at, Math.max(0, rows.length - 1));
    list.replaceChildren(...rows.map(rowFor));
    put(find('ranking-rest'), left ? filled(words.rest, { n: left }) : '');
    if (focused) list.children[at]?.firstChild.focus();
  };

  listKeys(list, {
    at: () => [...list.children].findIndex((row) => row.contains(document.activeElement)),
    count: () => list.children.length,
    go: (place) => {
      list.children[at]?.firstChild.setAttribute('tabindex', -1);
      at = place;
      attributed(list.children[at].firstChild, { tabindex: 0 }).focus();
    },
    along: 'vertical',
  });
  followEdits(element, (now) => {
    edits = now;
    draw();
  });
  watch('value', draw);
  draw();
  tell('cursor-asked');
}
