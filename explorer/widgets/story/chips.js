// Tokens as chips: coloured in five classes by probability or rank, a line below that says the same by its length.
const SHARES = [0.01, 0.1, 0.5, 0.9]; // where the classes of a probability begin, but for the first
const RANKS = [100, 20, 5, 1]; // the last rank of a class, but for the first

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const grouped = (n) => n.toLocaleString('en');
const share = (token) => Math.exp(token.own);

const percent = (part) => {
  if (part === 0 || part === 1) return `${100 * part} %`;
  if (part > 0.9995) return '> 99.9 %';
  if (part < 1e-5) return '< 0.001 %';
  return part >= 0.001 ? `${(100 * part).toFixed(1)} %` : `${(100 * part).toPrecision(2)} %`;
};

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const put = (target, text) => {
  if (target.textContent !== text) target.textContent = text;
};

// The class of a token, 0 to 4, and how long its line is. by: "own", "drawn" or "rank".
function shade(token, by) {
  if (by === 'rank') {
    const step = RANKS.filter((last) => token.rank <= last).length;
    return { step, length: (step + 1) / 5 };
  }
  const part = by === 'own' ? share(token) : token.probability;
  return { step: SHARES.filter((least) => part >= least).length, length: part };
}

function paint(chip, token, by) {
  const { step, length } = shade(token, by);
  chip.style.setProperty('--shade', `var(--heat-${step})`);
  chip.style.setProperty('--share', length);
}

function chipFor(token, by) {
  const chip = node('span', 'chip');
  chip.classList.toggle('forced', Boolean(token.forced));
  chip.setAttribute('role', 'option');
  chip.tabIndex = -1;
  paint(chip, token, by);
  chip.append(node('bdi', '', token.text));
  return chip;
}

// A line may end after each chip and, if it can, not inside one: every other child of a box of chips is a <wbr>.
const chipIn = (box, place) => box.children[2 * place];

// `box` shows `tokens`; chips of tokens that it shows already stay. Returns the tokens, for the next time.
function showChips(box, before, tokens, by) {
  let same = 0;
  while (same < before.length && same < tokens.length && before[same] === tokens[same]) same += 1;
  while (box.children.length > 2 * same) box.lastChild.remove();
  box.append(...tokens.slice(same).flatMap((token) => [chipFor(token, by), document.createElement('wbr')]));
  return [...tokens];
}

function legendFor(by) {
  const nameOf = (step) => (by === 'rank' ? words[`rank_${step}`] : words[`share_${step}`]);
  const lengths = by === 'rank' ? [0.2, 0.4, 0.6, 0.8, 1] : [0.01, 0.05, 0.3, 0.7, 0.95];
  const entry = (chip, text) => {
    const item = node('li', '');
    item.append(chip, node('span', '', text));
    return item;
  };
  const shades = lengths.map((length, step) => {
    const chip = node('span', 'chip', '\u00a0');
    chip.style.setProperty('--shade', `var(--heat-${step})`);
    chip.style.setProperty('--share', length);
    return entry(chip, nameOf(step));
  });
  const example = (className, text) => {
    const chip = node('span', `chip ${className}`);
    chip.style.setProperty('--share', 0);
    chip.append(node('bdi', '', text));
    return chip;
  };
  return [...shades, entry(example('repeated', 'abc'), filled(words.legend_repeated, limits)), entry(example('forced', 'a'), words.legend_forced)];
}
