// Tokens as chips: coloured in five classes by probability or rank, a line below that says the same by its length.
import { attributed, filled, node } from '../shared/dom.js';

const SHARES = [0.01, 0.1, 0.5, 0.9]; // where the classes of a probability begin, but for the first
const RANKS = [100, 20, 5, 1]; // the last rank of a class, but for the first

const share = (token) => Math.exp(token.own);

// The class of a token, 0 to 4, and how long its line is. by: "own", "drawn" or "rank".
export function shade(token, by) {
  if (by === 'rank') {
    const step = RANKS.filter((last) => token.rank <= last).length;
    return { step, length: (step + 1) / 5 };
  }
  const part = by === 'own' ? share(token) : token.probability;
  return { step: SHARES.filter((least) => part >= least).length, length: part };
}

export function paint(chip, token, by) {
  const { step, length } = shade(token, by);
  chip.style.setProperty('--shade', `var(--heat-${step})`);
  chip.style.setProperty('--share', length);
}

function chipFor(token, by) {
  const chip = node('span', token.forced ? 'chip forced' : 'chip', node('bdi', '', token.text));
  paint(chip, token, by);
  return attributed(chip, { role: 'option', tabindex: -1 });
}

// A line may end after each chip and, if it can, not inside one: every other child of a box of chips is a <wbr>.
export const chipIn = (box, place) => box.children[2 * place];

// `box` shows `tokens`; chips of tokens that it shows already stay. Returns the tokens, for the next time.
export function showChips(box, before, tokens, by) {
  let same = 0;
  while (same < before.length && same < tokens.length && before[same] === tokens[same]) same += 1;
  while (box.children.length > 2 * same) box.lastChild.remove();
  box.append(...tokens.slice(same).flatMap((token) => [chipFor(token, by), node('wbr')]));
  return [...tokens];
}

// limits: { n_gram }.
export function legendFor(by, words, limits) {
  const nameOf = (step) => (by === 'rank' ? words[`rank_${step}`] : words[`share_${step}`]);
  const lengths = by === 'rank' ? [0.2, 0.4, 0.6, 0.8, 1] : [0.01, 0.05, 0.3, 0.7, 0.95];
  const entry = (chip, text) => node('li', '', chip, node('span', '', text));
  const shades = lengths.map((length, step) => {
    const chip = node('span', 'chip', '\u00a0');
    chip.style.setProperty('--shade', `var(--heat-${step})`);
    chip.style.setProperty('--share', length);
    return entry(chip, nameOf(step));
  });
  const example = (className, text) => {
    const chip = node('span', `chip ${className}`, node('bdi', '', text));
    chip.style.setProperty('--share', 0);
    return chip;
  };
  return [...shades, entry(example('repeated', 'abc'), filled(words.legend_repeated, limits)), entry(example('forced', 'a'), words.legend_forced)];
}
