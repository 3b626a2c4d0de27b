// All casings and spacings of a word, each with the tokens that it is to the model.
import { chip } from '../shared/chips.js';
import { attributed, node } from '../shared/dom.js';

// family: { casings, rows }; rows: [without, with a space][casing] { here, tokens: [text, id, tint] }.
export function familyTable({ rows }, words) {
  const cell = ({ here, tokens }) => {
    const chips = tokens.map(([text, id, tint]) => node('span', 'member', chip({ text, tint }), node('span', 'member-id', String(id))));
    const made = node('td', here ? 'here' : '', ...(chips.length ? chips : [words.not_writable]));
    if (here) made.title = words.as_written;
    return made;
  };
  const [without, spaced] = rows;
  const head = node('tr', '', ...[words.without_space, words.with_space].map((text) => attributed(node('th', '', text), { scope: 'col' })));
  return node('table', 'forms', node('thead', '', head), node('tbody', '', ...without.map((one, place) => node('tr', '', cell(one), cell(spaced[place])))));
}
