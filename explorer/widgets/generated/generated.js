// Chips in a listbox with one tab stop; pointing at one, or moving to it with the arrows, tells how likely it was.
const words = JSON.parse(props.words);
const find = (name) => element.querySelector(`.${name}`);
const chips = find('chips');
const PROMPT_SHOWN = 80; // characters of the sentence before the chips
let shown = []; // what the chips on screen say
let current = 0;

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const percent = (share) => (share === 1 ? '100 %' : share > 0.9995 ? '> 99.9 %' : `${(100 * share).toPrecision(3)} %`);
const told = ({ text, id, probability, rank }) => filled(words.chip, { token: text, id, share: percent(probability), rank });

const chipFor = (token) => {
  const chip = document.createElement('span');
  chip.className = 'chip';
  chip.setAttribute('role', 'option');
  chip.tabIndex = -1;
  chip.style.background = `var(--token-${token.tint})`;
  chip.style.setProperty('--share', token.probability);
  chip.title = told(token);
  const text = document.createElement('bdi');
  text.textContent = token.text; // data, never markup
  chip.append(text);
  if (token.text.includes('↵')) chip.append(document.createElement('wbr'));
  return chip;
};

const mark = (index) => {
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, index));
  [...chips.children].forEach((chip, place) => {
    chip.tabIndex = place === current ? 0 : -1;
    chip.setAttribute('aria-selected', String(place === current));
  });
  find('detail').textContent = told(shown[current]);
};

const draw = () => {
  const { prompt = '', tokens: packed = '[]' } = props.value || {};
  const tokens = JSON.parse(packed);
  find('empty').textContent = props.value ? '' : words.empty;
  find('text').hidden = !props.value;
  chips.setAttribute('aria-label', words.list);
  find('prompt').textContent = prompt.length > PROMPT_SHOWN ? `… ${prompt.slice(-PROMPT_SHOWN)}` : prompt;
  const same = tokens.length >= shown.length && shown.every(({ id, probability }, i) => id === tokens[i].id && probability === tokens[i].probability);
  const box = find('text');
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40; // follow the text unless the person scrolled back
  if (!same) chips.replaceChildren();
  chips.append(...tokens.slice(same ? shown.length : 0).map(chipFor));
  if (atEnd) box.scrollTop = box.scrollHeight;
  shown = tokens;
  if (!same || !tokens.length) find('detail').textContent = '';
  if (tokens.length && !chips.querySelector('[tabindex="0"]')) chips.children[0].tabIndex = 0;
};

const placeOf = (target) => [...chips.children].indexOf(target.closest('.chip'));
chips.addEventListener('click', (event) => mark(placeOf(event.target)));
chips.addEventListener('pointerover', (event) => {
  const place = placeOf(event.target);
  if (place >= 0) find('detail').textContent = told(shown[place]);
});
chips.addEventListener('focusin', (event) => mark(placeOf(event.target)));
chips.addEventListener('keydown', (event) => {
  const target = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  mark(target);
  chips.children[current].focus();
});

watch('value', draw);
draw();
