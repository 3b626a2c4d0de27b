// What else could have come at one place: the likeliest tokens with both probabilities, each a button that forces it.
import { chip } from '../shared/chips.js';
import { attributed, filled, node, put } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';
import { grouped, percent, percentOfLog } from '../shared/numbers.js';
import { tokenInWords } from './sentences.js';

// find: the story's parts by class. act: { choose(place, token, isThere), leave(place), askOrigin(place, id, which, from) }. Returns { show }.
export function panelView({ find, words, act }) {
  // A number that opens where it comes from, inside a row that forces its token; by keyboard: ? on the row.
  function opener(text, which, place, id) {
    const made = attributed(node('span', 'number from', text), { title: words.shared_where_from });
    made.addEventListener('click', (event) => {
      event.stopPropagation();
      act.askOrigin(place, id, which, made.closest('.other'));
    });
    return made;
  }

  function otherFor(other, token, place, most) {
    const chosen = other.id === token.id;
    const bar = node('div', 'bar');
    bar.style.width = `${(100 * other.probability) / most}%`;
    const drawn = other.probability === 0 ? words.removed : percent(other.probability);
    const numbers = [opener(drawn, 'drawn', place, other.id), opener(percentOfLog(other.own), 'own', place, other.id), node('span', 'number', grouped(other.rank))];
    const row = node('div', 'other', chip(other, ''), node('span', 'track', bar), ...numbers);
    row.classList.toggle('chosen', chosen);
    row.classList.toggle('gone', other.probability === 0);
    attributed(row, { role: 'option', 'aria-selected': chosen, tabindex: -1 });
    row.title = chosen ? (token.forced ? words.is_forced : words.is_drawn) : filled(words.force, { token: other.text, place: place + 1 });
    row.addEventListener('click', () => act.choose(place, other, chosen));
    row.addEventListener('keydown', ({ key }) => key === '?' && act.askOrigin(place, other.id, 'drawn', row));
    return row;
  }

  let inPanel = null; // { token, place } on show

  function show(token, place, echo, tree) {
    find('panel').hidden = !token;
    if (!token) {
      inPanel = null;
      return;
    }
    put(find('looked'), tokenInWords(token, place, echo, tree, words));
    if (inPanel && inPanel.token === token && inPanel.place === place) return;
    inPanel = { token, place };
    const most = Math.max(...token.others.map(({ probability }) => probability), 1e-12);
    const rows = token.others.map((other) => otherFor(other, token, place, most));
    rows[0].tabIndex = 0;
    find('others').replaceChildren(...rows);
    find('others').setAttribute('aria-label', filled(words.others, { place: place + 1 }));
    const rest = 1 - token.others.reduce((sum, { probability }) => sum + probability, 0);
    put(find('rest'), rest > 1e-9 ? filled(words.rest, { share: percent(rest) }) : words.no_rest);
  }

  const list = find('others');
  const at = () => [...list.children].indexOf(document.activeElement);
  list.addEventListener('keydown', (event) => {
    const leaves = event.key === 'Escape' || event.key === 'ArrowLeft' || (event.key === 'ArrowUp' && at() === 0);
    if (event.key === 'Enter' || event.key === ' ') document.activeElement.click();
    else if (leaves) act.leave(inPanel.place);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  listKeys(list, { at, count: () => list.children.length, along: 'vertical', go: (row) => list.children[row].focus() });
  return { show };
}
