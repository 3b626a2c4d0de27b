// A column is a listbox with one tab stop; pointing at a token, or moving to it with the arrows, tells how likely it was.
const PROMPT_SHOWN = 60; // characters of the sentence before the chips
const frame = element.querySelector('.columns');
let columns = [];

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const percent = (share) => (share === 1 ? '100 %' : share > 0.9995 ? '> 99.9 %' : `${(100 * share).toPrecision(3)} %`);
const told = ([id, text, , probability, rank]) => filled(words.chip, { token: text, id, share: percent(probability), rank });

// Its last words; its last characters where those are one long word.
const endOf = (prompt) => prompt.slice(-PROMPT_SHOWN).replace(/^\S*\s+(?=\S)/, '');

const node = (tag, className, text = '') => {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // data, never markup
  return made;
};

const chipFor = (token) => {
  const [, text, tint, probability] = token;
  const chip = node('span', 'chip');
  chip.setAttribute('role', 'option');
  chip.tabIndex = -1;
  chip.style.background = `var(--token-${tint})`;
  chip.style.setProperty('--share', probability);
  chip.title = told(token);
  chip.append(node('bdi', '', text));
  if (text.includes('↵')) chip.append(document.createElement('wbr'));
  return chip;
};

class Written {
  constructor() {
    this.box = node('section', 'column');
    this.title = node('h4', 'title');
    this.text = node('div', 'text');
    this.prompt = node('bdi', 'prompt');
    this.chips = node('span', 'chips');
    this.chips.setAttribute('role', 'listbox');
    this.chips.setAttribute('aria-orientation', 'horizontal');
    this.detail = node('p', 'detail');
    this.detail.setAttribute('role', 'status');
    this.text.append(this.prompt, this.chips);
    this.box.append(this.title, this.text, this.detail);
    this.tokens = [];
    this.current = 0;
    this.listen();
  }

  show(prompt, { title, tokens, parting }) {
    this.title.textContent = title;
    this.chips.setAttribute('aria-label', title);
    this.prompt.textContent = prompt.length > PROMPT_SHOWN ? `… ${endOf(prompt)}` : prompt;
    const same = tokens.length >= this.tokens.length && this.tokens.every((token, i) => token[0] === tokens[i][0] && token[3] === tokens[i][3]);
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 40; // follow unless the person scrolled back
    if (!same) {
      this.chips.replaceChildren();
      this.detail.textContent = '';
    }
    this.chips.append(...tokens.slice(same ? this.tokens.length : 0).map(chipFor));
    const options = [...this.chips.children];
    options.forEach((chip, place) => {
      if (place === parting) chip.dataset.mark = words.parting;
      else delete chip.dataset.mark;
    });
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
    this.tokens = tokens;
    if (options.length && !options.some(({ tabIndex }) => tabIndex === 0)) options[0].tabIndex = 0;
  }

  mark(index) {
    const options = [...this.chips.children];
    if (!options.length) return;
    this.current = Math.max(0, Math.min(options.length - 1, index));
    options.forEach((chip, place) => {
      chip.tabIndex = place === this.current ? 0 : -1;
      chip.setAttribute('aria-selected', String(place === this.current));
    });
    this.detail.textContent = told(this.tokens[this.current]);
  }

  listen() {
    const placeOf = (target) => [...this.chips.children].indexOf(target.closest('.chip'));
    this.chips.addEventListener('click', (event) => {
      const place = placeOf(event.target);
      if (place >= 0) this.mark(place);
    });
    this.chips.addEventListener('pointerover', (event) => {
      const place = placeOf(event.target);
      if (place >= 0) this.detail.textContent = told(this.tokens[place]);
    });
    this.chips.addEventListener('focusin', (event) => this.mark(placeOf(event.target)));
    this.chips.addEventListener('keydown', (event) => {
      const target = { ArrowRight: this.current + 1, ArrowLeft: this.current - 1, Home: 0, End: this.tokens.length - 1 }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      this.mark(target);
      this.chips.children[this.current].focus();
    });
  }
}

const draw = () => {
  const { prompt = '', columns: packed = '[]' } = props.value || {};
  const given = JSON.parse(packed);
  while (columns.length > given.length) columns.pop().box.remove();
  while (columns.length < given.length) {
    columns.push(new Written());
    frame.append(columns[columns.length - 1].box);
  }
  given.forEach((column, place) => columns[place].show(prompt, column));
};

watch('value', draw);
draw();
